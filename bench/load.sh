#!/usr/bin/env bash
# How fast do rows reach their target, beside what one would write instead?
#
#   bench/load.sh [--rows N] [--times N] [--large N]
#
# --rows   rows of the target, with a primary key and 7 columns (default
#          3000000); a batch has a third of that
# --times  measurements of each way (default 3)
# --large  rows of a second target, for a batch of 10000 rows (default 0: not)
#
# Each measurement begins with a fresh copy of the same database, all of it
# cached. All ways to the same end must leave the same rows: if not, this is
# told and the exit status is 1.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../test/lib.sh"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

ROWS=3000000 TIMES=3 LARGE=0
while [ $# -gt 0 ]; do
	case $1 in
		--rows) ROWS=$2; shift 2 ;;
		--times) TIMES=$2; shift 2 ;;
		--large) LARGE=$2; shift 2 ;;
		*) dq_die "usage: bench/load.sh [--rows N] [--times N] [--large N]" ;;
	esac
done
WRONG=0
COLUMNS_SET='customer = excluded.customer, status = excluded.status, amount = excluded.amount, quantity = excluded.quantity, note = excluded.note, updated_at = excluded.updated_at'
DIFFER='(t.customer, t.status, t.amount, t.quantity, t.note, t.updated_at) IS DISTINCT FROM (EXCLUDED.customer, EXCLUDED.status, EXCLUDED.amount, EXCLUDED.quantity, EXCLUDED.note, EXCLUDED.updated_at)'

sql() { dq_as "$DQ_BINDIR/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n "$OUT/$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# The statement that brings the stage s into t in some way.
statement()
{
	case $1 in
		on_conflict) echo "INSERT INTO t SELECT * FROM s ON CONFLICT (id) DO UPDATE SET $COLUMNS_SET" ;;
		guarded) echo "INSERT INTO t SELECT * FROM s ON CONFLICT (id) DO UPDATE SET $COLUMNS_SET WHERE $DIFFER" ;;
		merge) echo "MERGE INTO t USING s AS excluded ON t.id = excluded.id WHEN MATCHED AND $DIFFER THEN UPDATE SET $COLUMNS_SET WHEN NOT MATCHED THEN INSERT VALUES (excluded.id, excluded.customer, excluded.status, excluded.amount, excluded.quantity, excluded.note, excluded.updated_at)" ;;
		delete_insert) echo "DELETE FROM t USING s WHERE t.id = s.id; INSERT INTO t SELECT * FROM s" ;;
		insert) echo "INSERT INTO t SELECT * FROM s" ;;
		heap_insert) echo "INSERT INTO heap SELECT * FROM s" ;;
		heap_copy) echo "COPY heap FROM '$OUT/batch' (FORMAT binary)" ;;
	esac
}

# A fresh copy of a database, in the cache.
fresh()
{
	sql -d postgres -c "DROP DATABASE IF EXISTS bench" -c "CREATE DATABASE bench TEMPLATE $1 STRATEGY file_copy" -c CHECKPOINT
	sql -d bench -c "SELECT pg_prewarm(oid) FROM pg_class WHERE relname ~ '^(t|t_pkey|heap|source_.*)$'" >/dev/null
}

# told NAME: what a session printed: milliseconds of load and whole, bytes of
# WAL; then dead rows and a digest of the target.
told()
{
	local load whole wal
	read -r load whole wal <"$OUT/line"
	echo "$load" >>"$OUT/$1.load"; echo "$whole" >>"$OUT/$1.whole"; echo "$wal" >>"$OUT/$1.wal"
	sql -d bench -c "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = '$2'" >>"$OUT/$1.dead"
	sql -d bench -c "SELECT count(*), sum(hashtextextended($2::text, 0)) FROM $2" >"$OUT/$1.rows"
}

# measure CASE WAY [DATABASE [TABLE]]: once, in a session of its own.
measure()
{
	local case=$1 way=$2 base=${3:-base} table=${4:-t} settings="SET work_mem = '64MB'; SET client_min_messages = warning;" mode
	fresh "$base"
	if [ "$way" = dq_etl ]; then
		mode=$([ "$table" = heap ] && echo append || echo upsert)
		sql -d bench -F ' ' >"$OUT/line" <<-SQL
			$settings
			SELECT count(*) FROM etl.define('bench', ARRAY[etl.extract('s', 'SELECT * FROM public.source_$case'), etl.load('s', 'public.$table', mode => '$mode')]) \\g /dev/null
			SELECT clock_timestamp() AS t0, pg_current_wal_insert_lsn() AS w0 \\gset
			SELECT etl.run('bench', inline => true) AS run \\gset
			SELECT clock_timestamp() AS t1, pg_current_wal_insert_lsn() AS w1 \\gset
			SELECT extract(epoch FROM finished_at - started_at) * 1000, extract(epoch FROM :'t1'::timestamptz - :'t0') * 1000, :'w1'::pg_lsn - :'w0'
			FROM etl.run_steps WHERE run_id = :run AND kind = 'load';
		SQL
	else
		[ "$way" != heap_copy ] || sql -d bench -c "COPY source_$case TO '$OUT/batch' (FORMAT binary)"
		sql -d bench -F ' ' >"$OUT/line" <<-SQL
			$settings
			SELECT clock_timestamp() AS t0, pg_current_wal_insert_lsn() AS w0 \\gset
			BEGIN; CREATE UNLOGGED TABLE s AS SELECT * FROM source_$case; ANALYZE s;
			SELECT clock_timestamp() AS t1 \\gset
			$(statement "$way");
			SELECT clock_timestamp() AS t2 \\gset
			COMMIT;
			SELECT clock_timestamp() AS t3, pg_current_wal_insert_lsn() AS w1 \\gset
			SELECT extract(epoch FROM :'t2'::timestamptz - :'t1') * 1000, extract(epoch FROM :'t3'::timestamptz - :'t0') * 1000, :'w1'::pg_lsn - :'w0';
		SQL
	fi
	told "$base.$case.$way" "$table"
	cmp -s "$OUT/$base.$case.$way.rows" "$OUT/$base.$case.dq_etl.rows" || { WRONG=1; dq_say "DIFFERENT ROWS: $case, $way"; }
}

# show CASE WAY [FACTOR]: a line; how many times dq_etl is faster, and whether
# that is what was wanted.
show()
{
	awk -v way="$2" -v f="${3:-}" -v load="$(median "base.$1.$2.load")" -v whole="$(median "base.$1.$2.whole")" -v wal="$(median "base.$1.$2.wal")" \
		-v dead="$(median "base.$1.$2.dead")" -v our_load="$(median "base.$1.dq_etl.load")" -v our_whole="$(median "base.$1.dq_etl.whole")" 'BEGIN {
		printf "  %-14s load %7.3f s  whole %7.3f s  WAL %7.1f MB  dead rows %8d", way, load / 1000, whole / 1000, wal / 1048576, dead
		if (way != "dq_etl") printf "  dq_etl: %5.2f, whole %5.2f times faster", load / our_load, whole / our_whole
		if (f != "") printf " (wanted: %s)%s%s", f, (load / our_load >= f + 0 ? "" : "  MISSED"), (whole / our_whole >= f + 0 ? "" : "  MISSED (whole)")
		print "" }'
}

dq_detect_major
dq_need_packages $(dq_package_names build server)
dq_begin
dq_lock bench
dq_stage bench
dq_server_start bench "shared_buffers = $((ROWS * 500 / 1048576 + 256))MB" "maintenance_work_mem = 64MB" "max_wal_size = 8GB" "autovacuum = off"
OUT=$DQ_BUILD/bench
rm -rf "$OUT"
dq_as mkdir "$OUT"
chmod a+rwx "$OUT"
cp "$HERE/load/base.sql" "$OUT/base.sql" && chmod a+r "$OUT/base.sql"

dq_say "making a target of $ROWS rows"
sql -d postgres -c 'CREATE DATABASE base'
sql -d base -v rows="$ROWS" -f "$OUT/base.sql"
if [ "$LARGE" != 0 ]; then
	dq_say "making a target of $LARGE rows"
	sql -d postgres -c 'CREATE DATABASE large'
	sql -d large -v rows="$LARGE" -f "$OUT/base.sql"
fi
for round in $(seq 1 "$TIMES"); do
	dq_say "round $round of $TIMES"
	for case in some same all; do
		for way in dq_etl on_conflict guarded merge delete_insert; do measure "$case" "$way"; done
	done
	for way in dq_etl on_conflict insert merge; do measure new "$way"; done
	for way in dq_etl heap_copy heap_insert; do measure heap "$way" base heap; done
	for way in dq_etl on_conflict; do measure few "$way"; done
	[ "$LARGE" = 0 ] || measure few dq_etl large
done

dq_say "" "$ROWS rows in the target, $((ROWS / 3)) in a batch; medians of $TIMES" "load: the step or statement; whole: with the stage"
printf '\n1 %% of the batch changed\n'
show some dq_etl; show some on_conflict 6; show some guarded 2.5; show some merge 2.5; show some delete_insert
printf '\nnothing changed\n'
show same dq_etl; show same on_conflict 8; show same guarded; show same merge; show same delete_insert
printf '\nall changed\n'
show all dq_etl; show all on_conflict 1; show all guarded; show all merge; show all delete_insert 1
printf '\nall new\n'
show new dq_etl; show new on_conflict 1.8; show new insert 0.87; show new merge
printf '\ninto a table without indexes\n'
show heap dq_etl; show heap heap_copy 0.87; show heap heap_insert
printf '\n10000 rows\n'
show few dq_etl; show few on_conflict
if [ "$LARGE" != 0 ]; then
	awk -v a="$(median base.few.dq_etl.load)" -v b="$(median large.few.dq_etl.load)" -v rows="$LARGE" 'BEGIN {
		printf "  the same into %d rows: %.3f s, %.2f times (wanted: at most 2)%s\n", rows, b / 1000, b / a, (b <= 2 * a ? "" : "  MISSED") }'
fi
[ "$WRONG" = 0 ] || dq_die "rows differ"
