#!/usr/bin/env bash
# How fast are checks, beside what one would write instead?
#
#   bench/quality.sh [--rows N] [--times N] [--growth N] [--peers]
#
# --rows    rows of the table of 16 columns (default 5000000, about 870 MB)
# --times   measurements of each statement, interleaved (default 5)
# --growth  rows of a table more, to see that cost grows no faster than rows
# --peers   other tools, too, from PyPI: bench/peers.sh
#
# Everything is cached. Before each statement a row changes, so that nothing
# can be answered from what an earlier one found; in each round a violation
# more is planted. Statements that answer the same question must give the same
# counts: if not, this is told and the exit status is 1.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../test/lib.sh"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

ROWS=5000000 TIMES=5 GROWTH=0 PEERS=
while [ $# -gt 0 ]; do
	case $1 in
		--rows) ROWS=$2; shift 2 ;;
		--times) TIMES=$2; shift 2 ;;
		--growth) GROWTH=$2; shift 2 ;;
		--peers) PEERS=1; shift ;;
		*) dq_die "usage: bench/quality.sh [--rows N] [--times N] [--growth N] [--peers]" ;;
	esac
done
EMAIL='^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$'
ONE='SET max_parallel_workers_per_gather = 0; SET dq_etl.scan_workers = 0; SET jit = off;'
TWO='SET max_parallel_workers_per_gather = 1; SET dq_etl.scan_workers = 1; SET jit = off;'
JIT='SET max_parallel_workers_per_gather = 0; SET jit = on;'
WRONG=0

sql() { dq_as "$DQ_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -d bench "$@"; }
value() { sql -A -t -c "$1"; }
median() { sort -n "$OUT/$1.ms" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# The statement of that name in checks.sql, for a table.
statement() { value "SELECT replace(statement, ':TABLE', '$2') FROM statements WHERE name = '$1'"; }

# measure NAME SETTINGS TABLE STATEMENTS [WARMUP]: keep the milliseconds that
# the statements take in a session of their own, and what they print.
measure()
{
	{
		echo "$2"
		# what every session loads once is not the question
		echo "SELECT count(*) FROM etl.check('few', ARRAY['id IS NOT NULL']) \\g /dev/null"
		[ -z "${5:-}" ] || printf '%s\n' '\o /dev/null' "$5" '\o'
		echo "UPDATE $3 SET note = 'changed ' || random() WHERE ctid = (SELECT ctid FROM $3 WHERE id > 100 LIMIT 1);"
		echo '\timing on'
		echo "$4"
	} >"$OUT/statement.sql"
	sql -A -t -f "$OUT/statement.sql" >"$OUT/$1.all" </dev/null
	grep '^Time: ' "$OUT/$1.all" | awk '{ sum += $2 } END { print sum }' >>"$OUT/$1.ms"
	grep -v '^Time: ' "$OUT/$1.all" >"$OUT/$1.rows" || true
}

# same NAME NAME ...: all printed the same.
same()
{
	local first=$1 other
	shift
	for other in "$@"; do
		cmp -s "$OUT/$first.rows" "$OUT/$other.rows" && continue
		WRONG=1
		dq_say "DIFFERENT ANSWERS: $first and $other"
		diff "$OUT/$first.rows" "$OUT/$other.rows" | head -10 || true
	done
}

# line TEXT NAME [OTHER FACTOR|-FACTOR]: seconds of a measurement; how many
# times faster it is than another (wanted: at least FACTOR), or with a minus,
# how many times as long it takes (wanted: at most FACTOR).
line()
{
	awk -v text="$1" -v ms="$(median "$2")" -v other="${3:+$(median "$3")}" -v what="${3:-}" -v f="${4:-}" 'BEGIN {
		printf "%-58s %9.3f s", text, ms / 1000
		if (what != "" && (f == "" || f + 0 >= 0)) {
			r = other / ms
			printf "  %6.2f times faster than %s", r, what
			if (f != "") printf " (wanted: %s)%s", f, (r >= f + 0 ? "" : "  MISSED")
		}
		else if (what != "") {
			r = ms / other
			printf "  %6.2f times %s (wanted: at most %s)%s", r, what, -f, (r <= -f ? "" : "  MISSED")
		}
		print "" }'
}

make_table() { sql -v name="$1" -v rows="$2" -f "$HERE/quality/table.sql"; }

# Forty checks, by every means.
forty_checks()
{
	measure check "$ONE" big "$(statement check big)"
	measure check_2 "$TWO" big "$(statement check big)"
	measure filter "$ONE" big "$(statement filter big)"
	measure filter_jit "$JIT" big "$(statement filter big)"
	measure separate "$ONE" big "$(statement separate big)"
	measure count "$ONE" big "$(statement count big)"
	measure check_small "$ONE" small "$(statement check small)"
	same check check_2 filter filter_jit separate
}

key() { echo "SELECT failed_rows FROM etl.check('$1', ARRAY[etl.rule('unique', '{$2}')$3], sample_rows => 0);"; }

# Keys, patterns, a profile.
other_checks()
{
	measure unique "$ONE" big "$(key big code '')"
	measure unique_2 "$TWO" big "$(key big code '')"
	measure group_by "$ONE" big "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM big WHERE code IS NOT NULL GROUP BY code HAVING count(*) > 1) AS g;"
	measure unique_3 "$ONE" big "$(key big code ", etl.rule('unique', '{id}'), etl.rule('unique', '{email,customer}')")"
	measure unique_small "$ONE" small "$(key small code '')"
	head -1 "$OUT/unique_3.rows" >"$OUT/unique_first.rows"
	same unique unique_2 group_by unique_first
	measure regex "$ONE" big "SELECT failed_rows FROM etl.check('big', ARRAY[etl.rule('match_regex', '{email}', pattern => '$EMAIL')], sample_rows => 0);"
	measure tilde "$ONE" big "SELECT count(*) FILTER (WHERE NOT email ~ '$EMAIL') FROM big;"
	same regex tilde
	measure profile "$ONE" big "SELECT column_name, total_rows, null_count FROM etl.profile('big') ORDER BY column_name;"
	measure profile_sql "$ONE" big "$(value "SELECT string_agg(format('SELECT %L, count(*), count(*) - count(%I) FROM big', attname, attname), ' UNION ALL ') || ' ORDER BY 1;' FROM pg_attribute WHERE attrelid = 'big'::regclass AND attnum > 0")"
	same profile profile_sql
	measure proven "$ONE" few "$(statement proven few)" "$(statement proven few)"
}

# run_pipeline NAME WORKERS AS: keep what the step that checks takes and what
# the whole run takes, in milliseconds, as step_AS and run_AS. Without samples
# of failing rows, which take their time whatever becomes of the rows.
run_pipeline()
{
	sql -c "ALTER DATABASE bench SET dq_etl.scan_workers = $2" -c 'ALTER DATABASE bench SET dq_etl.sample_rows = 0'
	value "SELECT etl.run('$1')" >/dev/null
	value "SELECT extract(epoch FROM finished_at - started_at) * 1000 FROM etl.run_steps WHERE run_id = (SELECT max(run_id) FROM etl.runs) AND kind = 'expect'" >>"$OUT/step_$3.ms"
	value "SELECT extract(epoch FROM finished_at - started_at) * 1000 FROM etl.runs WHERE run_id = (SELECT max(run_id) FROM etl.runs)" >>"$OUT/run_$3.ms"
}

# Steps that set aside, beside the same ones that only count, in runs of
# pipelines; SQL says how many rows fail, and how many checks.
quarantine()
{
	local workers
	sql -c "UPDATE incoming SET quantity = -$round WHERE id = $((round * 3 + ROWS / 2))"
	for workers in 0 1; do
		run_pipeline bench_warn $workers warn_$workers
		value "SELECT sum(failed_rows) FROM etl.check_results WHERE run_id = (SELECT max(run_id) FROM etl.runs)" >"$OUT/warn_$workers.rows"
		run_pipeline bench_quarantine $workers quarantine_$workers
		value "SELECT count(*), sum(cardinality(failed_checks)) FROM etl.quarantine WHERE run_id = (SELECT max(run_id) FROM etl.runs)" >"$OUT/quarantine_$workers.rows"
		cut -d '|' -f 2 "$OUT/quarantine_$workers.rows" >"$OUT/named_$workers.rows"
		same warn_$workers named_$workers
	done
	run_pipeline bench_narrow_warn 0 narrow_warn
	run_pipeline bench_narrow_quarantine 0 narrow_quarantine
	value "$(statement bad incoming)" >"$OUT/bad.rows"
	same bad quarantine_0 quarantine_1
	# what was set aside would make the table grow from round to round
	sql -c 'TRUNCATE etl_catalog.quarantine'
	sql -c 'ALTER DATABASE bench RESET ALL'
}

dq_detect_major
dq_need_packages $(dq_package_names build server)
dq_begin
dq_lock bench
dq_stage bench
LARGEST=$((GROWTH > ROWS ? GROWTH : ROWS))
dq_server_start bench "shared_buffers = $((LARGEST * 260 / 1048576 + 512))MB" "work_mem = 64MB" \
	"maintenance_work_mem = 256MB" "max_worker_processes = 24" "max_wal_size = 8GB" "autovacuum = off" \
	${PEERS:+"shared_preload_libraries = 'pg_stat_statements'"} ${PEERS:+"pg_stat_statements.track = all"}
dq_as "$DQ_BINDIR/psql" -X -q -d postgres -c 'CREATE DATABASE bench'
OUT=$DQ_BUILD/bench
rm -rf "$OUT"
dq_as mkdir "$OUT"
cp -r "$HERE/quality" "$OUT/sql" && chmod -R a+rX "$OUT/sql" && HERE=$OUT
mv "$OUT/sql" "$OUT/quality"
chmod a+rwx "$OUT"

dq_say "making a table of $ROWS rows"
sql -c 'CREATE EXTENSION dq_etl'
make_table big "$ROWS"
make_table small $((ROWS / 4))
sql -f "$HERE/quality/checks.sql"
sql -v rows="$ROWS" -f "$HERE/quality/proven.sql"
sql -v rows="$ROWS" -f "$HERE/quality/quarantine.sql" >/dev/null

for round in $(seq 1 "$TIMES"); do
	dq_say "round $round of $TIMES"
	# one violation more, so that a result of an earlier round would be seen
	sql -c "UPDATE big SET quantity = -$round, email = 'round $round', code = md5('twin') WHERE id = $((round * 3 + ROWS / 2))"
	forty_checks
	other_checks
	quarantine
done

dq_say "" "$(printf '%s rows, %s; medians of %s' "$ROWS" "$(value "SELECT pg_size_pretty(pg_table_size('big'))")" "$TIMES")" ""
printf '\n40 row checks\n'
line "etl.check, one process" check
line "etl.check, two processes" check_2 check 1.6
line "40 queries" separate; line "  etl.check beside them" check separate 20
line "one query with FILTER, without JIT" filter; line "  etl.check beside it" check filter 4
line "one query with FILTER, with JIT" filter_jit; line "  etl.check beside it" check filter_jit 2.5
line "SELECT count(last column)" count; line "  etl.check beside it" check count -1.7
printf '\nexact uniqueness of a text of 32 bytes\n'
line "etl.check" unique group_by 5
line "etl.check, two processes" unique_2 group_by
line "GROUP BY ... HAVING count(*) > 1" group_by
line "three keys in one suite" unique_3 unique -2
printf '\nan email address by a regular expression\n'
line "etl.check" regex tilde 4
line "~" tilde
printf '\nprofile of 16 columns\n'
line "etl.profile" profile check -3
printf '\nset aside 1 %% of the rows: 40 checks, all columns, the step of a run\n'
line "on_fail => 'quarantine', one process" step_quarantine_0 step_warn_0 -1.4
line "on_fail => 'warn'" step_warn_0
line "on_fail => 'quarantine', two processes" step_quarantine_1 step_warn_1 -1.4
line "on_fail => 'warn', two processes" step_warn_1
line "the whole run, with extract and publish" run_quarantine_0 run_warn_0 -1.4
line "one check, six columns: quarantine (not asked for)" step_narrow_quarantine step_narrow_warn -1.4
line "one check, six columns: warn" step_narrow_warn
printf '\na suite answered by proofs and probes\n'
line "etl.check (wanted: 0.005 s)" proven
printf '\ngrowth: four times the rows\n'
line "40 checks on a quarter of the rows" check_small; line "  all rows" check check_small -4.4
line "uniqueness on a quarter of the rows" unique_small; line "  all rows" unique unique_small -4.4

if [ "$GROWTH" -gt 0 ]; then
	dq_say "" "making a table of $GROWTH rows"
	make_table huge "$GROWTH"
	value "SELECT count(note) FROM huge" >/dev/null
	measure check_huge "$ONE" huge "$(statement check huge)"
	measure unique_huge "$ONE" huge "$(key huge code '')"
	line "40 checks on $GROWTH rows" check_huge
	line "uniqueness on $GROWTH rows" unique_huge
	for name in big huge; do
		sql -A -t -c "SELECT count(*) FROM etl.check('$name', (SELECT array_agg(rule) FROM checks) || etl.rule('unique', '{code}'), sample_rows => 0)" \
			-c "SELECT '$name: private memory of the backend at its peak ' || pg_size_pretty(((regexp_match(pg_read_file('/proc/self/status'), 'VmPeak:\s+(\d+)'))[1]::bigint * 1024) - pg_size_bytes(current_setting('shared_buffers')))" | tail -1
	done
fi
if [ -n "$PEERS" ]; then
	# shellcheck source=bench/peers.sh
	. "$(dirname "${BASH_SOURCE[0]}")/peers.sh"
fi
[ "$WRONG" = 0 ] || dq_die "answers differ"
