#!/usr/bin/env bash
# Static analysis that is too slow for every run: clang's analyzer and gcc's
# -fanalyzer over each source file.  Ends with what they found in our code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=test/lib.sh
. test/lib.sh

dq_need_packages clang $(dq_package_names build)
dq_begin
dq_copy_sources
FLAGS=(-Isrc "-I$("$PG_CONFIG" --includedir-server)" -D_GNU_SOURCE '-DDQ_VERSION=""' -O2 -fPIC -fwrapv -fno-strict-aliasing)
LOG=$DQ_BUILD/analyze.log
: >"$LOG"
cd "$DQ_SRC"
for FILE in src/*.c src/*/*.c; do
	[ -f "$FILE" ] || continue
	clang --analyze -Xclang -analyzer-output=text \
		-Xclang -analyzer-disable-checker -Xclang deadcode.DeadStores \
		"${FLAGS[@]}" "$FILE" -o /dev/null >>"$LOG" 2>&1 || dq_say "clang failed on $FILE"
	# palloc never returns NULL and ereport(ERROR) never returns, which gcc cannot know of all callers
	gcc -fanalyzer -Wno-analyzer-too-complex -Wno-analyzer-possible-null-dereference "${FLAGS[@]}" \
		-c "$FILE" -o /dev/null >>"$LOG" 2>&1 || dq_say "gcc failed on $FILE"
done
FOUND=$(grep -E '^src/.*: warning: .*\[(.*-Wanalyzer-.*|[a-z]+\.[A-Za-z.]+)\]$' "$LOG" | sort -u || true)
[ -z "$FOUND" ] || dq_say "$FOUND"
dq_say "warnings: $(printf '%s' "$FOUND" | grep -c . || true) (all of it is in $LOG)"
[ -z "$FOUND" ]
