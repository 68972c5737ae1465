#!/usr/bin/env bash
# How long does a check go on after it was cancelled?
#
#   bench/cancel.sh [--rows N] [--times N]
#
# --rows   rows of the table of 16 columns (default 1000000)
# --times  cancels of each statement, at times spread over it (default 40)
#
# The cancel is that of statement_timeout, which is what pg_cancel_backend
# sends, too; what the statement takes beyond it is printed. Less than 100 ms
# is wanted.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../test/lib.sh"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

ROWS=1000000 TIMES=40
while [ $# -gt 0 ]; do
	case $1 in
		--rows) ROWS=$2; shift 2 ;;
		--times) TIMES=$2; shift 2 ;;
		*) dq_die "usage: bench/cancel.sh [--rows N] [--times N]" ;;
	esac
done

sql() { dq_as "$DQ_BINDIR/psql" -X -q -A -t -d bench "$@"; }

# cancels TEXT WORKERS STATEMENT: the milliseconds beyond the timeout.
cancels()
{
	local whole step
	whole=$(sql -c "SET dq_etl.scan_workers = $2" -c '\timing on' -c "$3" | sed -n 's/^Time: \([0-9]*\).*/\1/p' | tail -1)
	step=$((whole / (TIMES + 1) + 1))
	{
		echo "SET dq_etl.scan_workers = $2;"
		echo '\timing on'
		for i in $(seq 1 "$TIMES"); do
			printf '\\echo at %s\nSET statement_timeout = %s;\n\\echo now\n%s;\n' $((i * step)) $((i * step)) "$3"
		done
	} >"$OUT/cancel.sql"
	sql -f "$OUT/cancel.sql" >"$OUT/cancel.out" 2>"$OUT/cancel.err" </dev/null || true
	awk -v text="$1" '
		$1 == "at" { at = $2 }
		$1 == "now" { now = 1 }
		now && $1 == "Time:" { if ($2 > at) v[++n] = $2 - at; now = 0 }
		END {
			for (i = 1; i <= n; i++) { if (v[i] > max) max = v[i]; sum += v[i] }
			printf "%-40s %3d cancels  mean %6.1f ms  longest %6.1f ms%s\n", text, n, n ? sum / n : 0, max, (max < 100 ? "" : "  MISSED")
		}' "$OUT/cancel.out"
}

dq_detect_major
dq_need_packages $(dq_package_names build server)
dq_begin
dq_lock bench
dq_stage bench
dq_server_start bench "shared_buffers = 1GB" "work_mem = 16MB" "max_worker_processes = 24" "max_wal_size = 8GB" "autovacuum = off"
dq_as "$DQ_BINDIR/psql" -X -q -d postgres -c 'CREATE DATABASE bench'
OUT=$DQ_BUILD/bench
rm -rf "$OUT"
dq_as mkdir "$OUT"
cp -r "$HERE/quality" "$OUT/quality" && chmod -R a+rwX "$OUT"

sql -c 'CREATE EXTENSION dq_etl'
sql -v name=big -v rows="$ROWS" -f "$OUT/quality/table.sql" >/dev/null
sql -f "$OUT/quality/checks.sql" >/dev/null
FORTY="SELECT count(*) FROM etl.check('big', (SELECT array_agg(rule) FROM checks), sample_rows => 5)"
KEYS="SELECT count(*) FROM etl.check('big', ARRAY[etl.rule('unique', '{code}'), etl.rule('unique', '{id}'), etl.rule('unique', '{email,customer}')], sample_rows => 5)"
for workers in 0 1; do
	cancels "40 checks, $workers workers" $workers "$FORTY"
	cancels "three keys that spill, $workers workers" $workers "$KEYS"
	cancels "a profile, $workers workers" $workers "SELECT count(*) FROM etl.profile('big')"
done
cancels "an exact profile" 0 "SELECT count(*) FROM etl.profile('big', exact => true)"
