#!/usr/bin/env bash
# How fast is a load that keeps history, beside the SQL of a dbt snapshot and
# what one writes by hand?
#
#   bench/scd2.sh [--rows N] [--changed N] [--times N]
#
# --rows     versions in the history before (default 3000000); the batch has a
#            third of that
# --changed  rows of the batch that are new, per mille (default 10)
# --times    measurements of each way, interleaved (default 3)
#
# Settings are PostgreSQL's defaults, but for shared_buffers, checkpoints and
# autovacuum, which would disturb. Each way begins with the same rows in a new
# table; the versions at the end must be the same: if not, this is told and the
# exit status is 1. Of etl.run the step of the load is measured, and the whole
# run, which makes a stage first.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../test/lib.sh"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

ROWS=3000000 CHANGED=10 TIMES=3
while [ $# -gt 0 ]; do
	case $1 in
		--rows) ROWS=$2; shift 2 ;;
		--changed) CHANGED=$2; shift 2 ;;
		--times) TIMES=$2; shift 2 ;;
		*) dq_die "usage: bench/scd2.sh [--rows N] [--changed N] [--times N]" ;;
	esac
done
WRONG=0

sql() { dq_as "$DQ_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -d bench "$@"; }
value() { sql -A -t -c "$1"; }
median() { sort -n "$OUT/$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# fresh SELECT-LIST KEY: the target as it was.
fresh()
{
	sql -c "DROP TABLE IF EXISTS target" -c "CREATE TABLE target AS SELECT $1 FROM base"
	[ -z "$2" ] || sql -c "ALTER TABLE target ADD PRIMARY KEY ($2)"
	sql -c "VACUUM ANALYZE target" -c "CHECKPOINT"
	value "SELECT count(name) FROM target" >/dev/null
	LSN=$(value "SELECT pg_current_wal_insert_lsn()")
}

# keep NAME FROM TO: WAL, dead rows and the versions at the end, of which
# columns FROM and TO say when they are valid.
keep()
{
	value "SELECT pg_current_wal_insert_lsn() - '$LSN'" >>"$OUT/$1.wal"
	value "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'target'" >"$OUT/$1.dead"
	value "SELECT count(*), sum(hashtextextended(ROW(id, name, email, segment, amount, active, $2, $3)::text, 0)) FROM target" >"$OUT/$1.rows"
}

# statements NAME FROM TO: those of a file, in one transaction.
statements()
{
	{ echo '\timing on'; echo "BEGIN;"; cat "$HERE/scd2/$1.sql"; echo "COMMIT;"; } >"$OUT/statement.sql"
	sql -f "$OUT/statement.sql" </dev/null | awk '/^Time: / { sum += $2 } END { print sum }' >>"$OUT/$1.ms"
	keep "$1" "$2" "$3"
}

# pipeline NAME: a run.
pipeline()
{
	value "SELECT etl.run('bench_$1', '2026-01-01 00:00+00', '2026-01-02 00:00+00')" >/dev/null
	value "SELECT extract(epoch FROM finished_at - started_at) * 1000 FROM etl.run_steps WHERE run_id = (SELECT max(run_id) FROM etl.runs) AND kind = 'load'" >>"$OUT/$1.ms"
	value "SELECT extract(epoch FROM finished_at - started_at) * 1000 FROM etl.runs WHERE run_id = (SELECT max(run_id) FROM etl.runs)" >>"$OUT/$1_run.ms"
	keep "$1" valid_from valid_to
	value "SELECT etl.drop_pipeline('bench_$1')" >/dev/null
	sql -f "$OUT/define.sql" >/dev/null
}

# line TEXT TIMES FACTS [OWN WANTED]: a result; how many times as long it takes
# as our own load.
line()
{
	awk -v text="$1" -v ms="$(median "$2.ms")" -v wal="$(median "${3}.wal")" -v dead="$(cat "$OUT/$3.dead")" -v own="$(median "${4:-$2}.ms")" -v f="${5:-}" 'BEGIN {
		printf "%-44s %8.3f s %7.1f MB of WAL %8d dead", text, ms / 1000, wal / 1048576, dead
		r = ms / own
		if (f != "") printf "  %5.2f times the load%s", r, (f + 0 == 0 ? "" : " (wanted: " f ")" (r >= f ? "" : "  MISSED"))
		print "" }'
}

dq_detect_major
dq_need_packages $(dq_package_names build server)
dq_begin
dq_lock bench
dq_stage bench
dq_server_start bench "shared_buffers = 1GB" "max_worker_processes = 24" "max_wal_size = 8GB" "checkpoint_timeout = 1h" "autovacuum = off"
dq_as "$DQ_BINDIR/psql" -X -q -d postgres -c 'CREATE DATABASE bench'
OUT=$DQ_BUILD/bench
rm -rf "$OUT"
dq_as mkdir "$OUT"
cp -r "$HERE/scd2" "$OUT/scd2" && chmod -R a+rwX "$OUT" && HERE=$OUT
cat >"$OUT/define.sql" <<-'EOF'
	SELECT etl.define('bench_scd2', ARRAY[etl.extract('s', 'SELECT * FROM batch'),
		etl.load('s', 'target', '{id}', 'scd2', params => '{"sequence_by": "updated_at"}')],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
	SELECT etl.define('bench_snapshot', ARRAY[etl.extract('s', 'SELECT * FROM batch'),
		etl.load('s', 'target', '{id}', 'snapshot', params => '{"strategy": "timestamp", "updated_at": "updated_at"}')],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
EOF
sql -c 'CREATE EXTENSION dq_etl'
sql -v rows="$ROWS" -v changed="$CHANGED" -f "$HERE/scd2/tables.sql"
DBT="id, name, email, segment, amount, active, updated_at, md5(coalesce(id::text, '') || '|' || coalesce(valid_from::text, '')) AS dbt_scd_id,
	valid_from AS dbt_updated_at, valid_from AS dbt_valid_from, valid_to AS dbt_valid_to"

for round in $(seq 1 "$TIMES"); do
	dq_say "round $round of $TIMES"
	fresh '*' 'id, valid_from'
	[ "$round" -gt 1 ] || sql -f "$OUT/define.sql" >/dev/null
	pipeline scd2
	fresh '*' 'id, valid_from'
	pipeline snapshot
	fresh "$DBT" ''
	statements dbt dbt_valid_from dbt_valid_to
	fresh '*' 'id, valid_from'
	statements hand valid_from valid_to
done
for name in snapshot dbt hand; do
	cmp -s "$OUT/scd2.rows" "$OUT/$name.rows" && continue
	WRONG=1
	dq_say "DIFFERENT VERSIONS: scd2 and $name"
done
dq_say "" "$ROWS versions, a batch of $((ROWS / 3)) rows, $CHANGED per mille of them new; medians of $TIMES" ""
line "scd2, the load" scd2 scd2
line "scd2, the whole run" scd2_run scd2
line "snapshot, strategy timestamp, the load" snapshot snapshot
line "dbt snapshot: staging, UPDATE, INSERT" dbt dbt scd2 4
line "by hand: UPDATE, INSERT" hand hand scd2 0
[ "$WRONG" = 0 ] || dq_die "versions differ"
