#!/usr/bin/env bash
# Build dq_etl, test it, and end with the line "N passed, N failed".
#
#   test/run.sh                       everything
#   test/run.sh SUITE...              lint, regress, isolation, pgtap, tap
#   test/run.sh SUITE NAME...         only these tests of one suite
#   test/run.sh --accept SUITE NAME...  take over results/ as expected/ (regress, isolation)
#
# Needs nothing but Debian and, for missing packages, root.  Works in build/,
# which is kept to make the next run quick; see test/README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=test/lib.sh
. test/lib.sh

ALL_SUITES="lint regress isolation pgtap tap"
TOTAL_PASSED=0
TOTAL_FAILED=0

usage()
{
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
	exit "$1"
}

# ------------------------------------------------------------------ counting

# Print "PASSED FAILED SKIPPED" of a log: TAP lines at the left margin, or the
# "test name ... ok" of pg_regress before 16.  A failing TODO is no failure.
count()
{
	awk '
		/^ok( |$)[^.]*# *[Ss][Kk][Ii][Pp]/ { skipped++; next }
		/^not ok .*# *[Tt][Oo][Dd][Oo]/ { skipped++; next }
		/^ok [0-9]+/ || /^ok - / { passed++; next }
		/^not ok/ { failed++; next }
		/^(test|   ) .* \.\.\. ok( |$)/ { passed++; next }
		/^(test|   ) .* \.\.\. (FAILED|failed)/ { failed++; next }
		END { printf "%d %d %d\n", passed, failed, skipped }' "$@"
}

# conclude SUITE STATUS LOG...: add a suite to the totals and say how it went.
conclude()
{
	local suite=$1 status=$2 passed failed skipped note=
	shift 2

	read -r passed failed skipped < <(count "$@")
	if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then
		failed=1
		note=" (it ran no test)"
	elif [ "$status" != 0 ] && [ "$failed" = 0 ]; then
		failed=1
		note=" (exit status $status)"
		[ "$status" != 124 ] || note=" (out of time)"
	fi
	TOTAL_PASSED=$((TOTAL_PASSED + passed))
	TOTAL_FAILED=$((TOTAL_FAILED + failed))
	[ "$skipped" = 0 ] || note+=" ($skipped skipped)"
	dq_say "== $suite: $passed passed, $failed failed$note [$((SECONDS - SUITE_START)) s]"
	[ "$failed" = 0 ]
}

# Print a file that explains a failure, shortened when it is very long.
show()
{
	[ -s "$1" ] || return 0
	dq_say "--- $(basename "$1")"
	head -n "${2:-400}" "$1"
	[ "$(wc -l <"$1")" -le "${2:-400}" ] || dq_say "... cut here; the whole is in $1"
}

# The names of a suite's tests: those asked for, else all there are.
names()
{
	local directory=$1 extension=$2

	if [ ${#NAMES[@]} -gt 0 ]; then
		printf '%s\n' "${NAMES[@]}"
	else
		find "$DQ_SRC/$directory" -maxdepth 1 -name "*.$extension" -printf '%f\n' 2>/dev/null |
			sed "s/\.$extension\$//" | LC_ALL=C sort
	fi
}

# Run a command as the unprivileged user in build/src, with a time limit.
in_source()
{
	local seconds=$1
	shift
	dq_as timeout -k 10 $((seconds * ${DQ_PATIENCE:-1})) bash -c 'cd "$0" && exec "$@"' "$DQ_SRC" "$@"
}

# ---------------------------------------------------------------- the suites

# The server that regress, isolation and pgtap share.  pg_cron lives in the
# regress tests' database, whose launcher waits until pg_regress creates it.
need_server()
{
	[ -z "${SERVER_UP:-}" ] || return 0
	dq_server_start test \
		"shared_preload_libraries = 'pg_cron'" \
		"cron.database_name = 'contrib_regression'" \
		"cron.host = '@SOCKET@'" \
		"max_worker_processes = 24" \
		"max_connections = 60" \
		"max_prepared_transactions = 5" \
		"wal_level = replica" \
		"fsync = off" \
		"autovacuum_naptime = '1h'"
	SERVER_UP=1
}

run_lint()
{
	local script status=0 log=$DQ_BUILD/lint.log

	: >"$log"
	for script in $(names test/lint sh) $(names test/lint pl); do
		for script in "test/lint/$script".{sh,pl}; do
			[ -f "$DQ_SRC/$script" ] || continue
			in_source 300 env "PG_CONFIG=$PG_CONFIG" "$DQ_SRC/$script" >>"$log" 2>&1 ||
				{ status=$?; dq_say "not ok - $script ended with status $status" >>"$log"; }
		done
	done
	conclude lint "$status" "$log" || { grep -v '^ok' "$log" || true; }
}

# pg_regress and its isolation twin, in build/src as "make installcheck" would.
run_regress() { run_driver regress test/sql sql regress/pg_regress contrib_regression; }
run_isolation() { run_driver isolation test/specs spec isolation/pg_isolation_regress isolation_regression; }

run_driver()
{
	local suite=$1 directory=$2 extension=$3 driver=$4 database=$5 log=$DQ_BUILD/$1.log status=0 tests

	need_server
	mapfile -t tests < <(names "$directory" "$extension")
	in_source 60 rm -rf results regression.diffs regression.out
	rm -f "$DQ_BUILD/$suite.diffs"
	if [ ${#tests[@]} = 0 ]; then
		: >"$log"
	else
		# without an expected file pg_regress would give up on all that follow
		in_source 60 bash -c 'mkdir -p expected && cd expected && touch -a "$@"' - "${tests[@]/%/.out}"
		in_source 420 "$DQ_PGXS/src/test/$driver" --bindir="$DQ_BINDIR" --inputdir=test --outputdir=. \
			--dbname="$database" --load-extension=dq_etl "${tests[@]}" >"$log" 2>&1 || status=$?
	fi
	if conclude "$suite" "$status" "$log"; then
		return 0
	fi
	grep -v -E '^(ok |test .* \.\.\. ok|=+ .* =+$|(SET|DROP|CREATE|ALTER)( DATABASE| EXTENSION)?$|$)' "$log" || true
	[ ! -f "$DQ_SRC/regression.diffs" ] || mv "$DQ_SRC/regression.diffs" "$DQ_BUILD/$suite.diffs"
	show "$DQ_BUILD/$suite.diffs"
	! grep -q 'server closed the connection\|in recovery mode\|terminated by signal' "$DQ_BUILD/$suite.diffs" "$DQ_HOME/log" 2>/dev/null ||
		grep -A 3 'terminated by signal' "$DQ_HOME/log" || true
}

run_pgtap()
{
	local log=$DQ_BUILD/pgtap.log errors=$DQ_BUILD/pgtap.err status=0 tests

	need_server
	mapfile -t tests < <(names test/pgtap sql | sed 's,.*,test/pgtap/&.sql,')
	: >"$log"; : >"$errors"
	if [ ${#tests[@]} -gt 0 ]; then
		dq_as "$DQ_BINDIR/dropdb" --if-exists -f pgtap 2>/dev/null
		dq_as "$DQ_BINDIR/createdb" -T template0 pgtap 2>"$errors" &&
			dq_as "$DQ_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -d pgtap \
				-c 'CREATE EXTENSION pgtap' -c 'CREATE EXTENSION dq_etl' 2>"$errors" &&
			in_source 300 pg_prove --verbose --psql-bin "$DQ_BINDIR/psql" -d pgtap "${tests[@]}" \
				>"$log" 2>"$errors" || status=$?
	fi
	conclude pgtap "$status" "$log" || { show_tap "$log"; show "$errors"; }
}

# Each file of the TAP suite has a prove, a log and a directory of its own,
# two at a time.
run_tap()
{
	local directory=$DQ_BUILD/tap status=0 tests sockets

	# PostgreSQL::Test leaves the directories of its sockets behind when a
	# test breaks off; they are in one that goes with the suite
	sockets=$(dq_as mktemp -d /tmp/dq.XXXXXX)
	DQ_TEMPORARY+=("$sockets")
	rm -rf "$directory"
	dq_as mkdir -p "$directory"
	printf '%s\n' "$DQ_SETTINGS" "fsync = off" >"$directory/postgresql.conf"
	chmod 644 "$directory/postgresql.conf"
	mapfile -t tests < <(names test/t pl)
	cat >"$directory/one" <<'END'
cd "$1"
mkdir -p "$2/$3"
export TESTDIR=$2/$3 TESTDATADIR=$2/$3 TESTLOGDIR=$2/$3/log
exec timeout -k 10 300 prove --verbose -I "$4" -I test/t "test/t/$3.pl" >"$2/$3.log" 2>"$2/$3.err"
END
	chmod 644 "$directory/one"
	if [ ${#tests[@]} = 0 ]; then
		: >"$directory/none.log"
	else
		printf '%s\n' "${tests[@]}" |
			dq_as env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE "PATH=$DQ_BINDIR:$PATH" "TMPDIR=$sockets" \
				"PG_REGRESS=$DQ_PGXS/src/test/regress/pg_regress" "TEMP_CONFIG=$directory/postgresql.conf" \
				"DQ_TEST_DATA=$DQ_SRC/test/data" \
				xargs -P 2 -I '{}' bash "$directory/one" "$DQ_SRC" "$directory" '{}' "$DQ_PGXS/src/test/perl" ||
			status=$?
	fi
	rm -rf "$sockets"
	for tests in "$directory"/*.log; do
		# a file that died or ran out of time counts, whatever it asserted before
		grep -q -E '^(Result: (PASS|NOTESTS)|not ok)' "$tests" ||
			[ "$tests" = "$directory/none.log" ] ||
			echo "not ok - $(basename "$tests" .log) broke off" >>"$tests"
	done
	if ! conclude tap "$status" "$directory"/*.log; then
		for tests in "$directory"/*.log; do
			grep -q -E '^Result: (PASS|NOTESTS)' "$tests" || { show_tap "$tests"; show "${tests%.log}.err" 60; }
		done
	fi
}

# The lines of a TAP log that say what failed.
show_tap()
{
	dq_say "--- $(basename "$1")"
	grep -E -A 8 '^(not ok|# *Failed|# *Looks like|Bail out|psql:|ERROR)|Dubious|Bad plan|Parse errors' "$1" | head -n 200 || true
}

# ---------------------------------------------------------------- the work

# Copy the results of the named tests over the expected ones of the clone.
accept()
{
	local name file

	for name in "${NAMES[@]}"; do
		file=$DQ_TOP/expected/$name.out
		[ -f "$DQ_SRC/results/$name.out" ] || { dq_say "no result of $name"; continue; }
		if [ ! -e "$file" ]; then
			: >"$file"
			chown --reference="$DQ_TOP/expected" "$file" 2>/dev/null || true
		fi
		cat "$DQ_SRC/results/$name.out" >"$file"
		git -c safe.directory="$DQ_TOP" -C "$DQ_TOP" --no-pager diff --stat -- "$file" 2>/dev/null || true
	done
	dq_say "Read the difference before you commit it: git diff expected"
}

# Called by dq_end: the closing line.  A run that broke off (a failed build,
# a server that did not start) has failed, whatever it counted so far.
dq_last_words()
{
	[ -n "${DONE:-}" ] || TOTAL_FAILED=$((TOTAL_FAILED + 1))
	dq_say "$TOTAL_PASSED passed, $TOTAL_FAILED failed"
	[ "$TOTAL_FAILED" = 0 ]
}

ACCEPT=
case ${1:-} in
	-h | --help) usage 0 ;;
	--accept) ACCEPT=1; shift ;;
	-*) usage 2 ;;
esac
SUITES=()
while [ $# -gt 0 ] && [[ " $ALL_SUITES " == *" $1 "* ]]; do
	SUITES+=("$1")
	shift
done
NAMES=("$@")
[ ${#SUITES[@]} -gt 0 ] || [ ${#NAMES[@]} = 0 ] || { dq_say "no such suite: $1"; usage 2; } >&2
[ ${#SUITES[@]} -gt 0 ] || read -r -a SUITES <<<"$ALL_SUITES"
[ ${#NAMES[@]} = 0 ] || [ ${#SUITES[@]} = 1 ] || dq_die "names need exactly one suite"
if [ -n "$ACCEPT" ]; then
	[ ${#NAMES[@]} -gt 0 ] && [[ ${SUITES[0]} == regress || ${SUITES[0]} == isolation ]] || usage 2
fi
PURPOSES=(build)
[[ " ${SUITES[*]} " != *" lint "* ]] || PURPOSES+=(lint)
[[ " ${SUITES[*]} " != *" pgtap "* ]] || PURPOSES+=(pgtap)
[[ " ${SUITES[*]} " != *" tap "* ]] || PURPOSES+=(tap)
[ "${SUITES[*]}" = lint ] || PURPOSES+=(server)
dq_detect_major
dq_need_packages $(dq_package_names "${PURPOSES[@]}")
dq_begin
dq_lock run
dq_say "dq_etl against $("$PG_CONFIG" --version)"
dq_stage test
for SUITE in "${SUITES[@]}"; do
	SUITE_START=$SECONDS
	"run_$SUITE"
done
[ -z "$ACCEPT" ] || accept
DONE=1
