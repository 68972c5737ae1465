#!/usr/bin/env bash
# What does a run cost that changes nothing?
#
#   bench/noop.sh [N]     N measurements of each kind (default 50)
#
# A pipeline of four steps (extract, transform, expect, load) on an unchanged
# table of 100 rows, through SELECT etl.run(...), beside a bare SELECT 1; each
# in a new connection, alternating, after a warm-up. "statement" is what psql's
# \timing says, "psql" the whole process: start, connection, statement, end.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../test/lib.sh"

N=${1:-50}

sql() { dq_as "$DQ_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }

# Print the median of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# Print the script that measures: each statement N times in a new connection.
# It runs as the unprivileged user, so that no runuser is in what it measures.
loop_script()
{
	cat <<'END'
psql=$1 n=$2 out=$3
measure()
{
	local begin end
	begin=$EPOCHREALTIME
	"$psql" -X -A -t -v ON_ERROR_STOP=1 -d bench -c '\timing on' -c "$2" >"$out/last" || exit 1
	end=$EPOCHREALTIME
	[ "$3" -gt 5 ] || return 0
	sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' "$out/last" >>"$out/$1.statement"
	awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.3f\n", (b - a) * 1000 }' >>"$out/$1.psql"
}
for i in $(seq 1 $((n + 5))); do
	measure one 'SELECT 1' "$i"
	measure run "SELECT etl.run('noop')" "$i"
done
END
}

dq_detect_major
dq_need_packages $(dq_package_names build server)
dq_begin
dq_lock bench
dq_stage bench
dq_server_start bench "max_worker_processes = 24"
sql -d postgres -c 'CREATE DATABASE bench'
sql -d bench >/dev/null <<'END'
CREATE EXTENSION dq_etl;
CREATE TABLE source AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, 100) AS i;
CREATE TABLE target (id integer PRIMARY KEY, name text);
SELECT * FROM etl.define('noop', steps => ARRAY[
  etl.extract('read', 'SELECT id, name FROM source'),
  etl.transform('done', 'SELECT id, upper(name) AS name FROM read'),
  etl.expect('done', ARRAY['PRIMARY KEY (id)', $$name <> ''$$]),
  etl.load('done', target => 'target', key => '{id}')]);
VACUUM ANALYZE source;
END

OUT=$DQ_BUILD/bench
rm -rf "$OUT"
dq_as mkdir "$OUT"
loop_script >"$OUT/loop"
chmod 644 "$OUT/loop"
dq_as bash "$OUT/loop" "$DQ_BINDIR/psql" "$N" "$OUT"

# the same without the cost of a connection and of cold caches
{
	echo '\timing on'
	for _ in $(seq 1 "$N"); do echo "SELECT etl.run('noop');"; done
} >"$OUT/same"
sql -d bench -A -t -f "$OUT/same" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' >"$OUT/same.statement"

printf 'medians of %s, in milliseconds\n\n' "$N"
printf '%-24s %10s %10s\n' '' statement psql \
	'SELECT 1' "$(median <"$OUT/one.statement")" "$(median <"$OUT/one.psql")" \
	"SELECT etl.run('noop')" "$(median <"$OUT/run.statement")" "$(median <"$OUT/run.psql")"
awk -v a="$(median <"$OUT/one.psql")" -v b="$(median <"$OUT/run.psql")" \
	'BEGIN { printf "\na run costs %.1f ms more than a bare statement: %.1f times, psql and connection included\n", b - a, b / a }'
printf '\nin one connection, run after run: %s ms\n' "$(median <"$OUT/same.statement")"
printf '\nwhere the time of the last run went, in milliseconds:\n'
sql -d bench -P pager=off <<'END'
SELECT step, round(1000 * extract(epoch FROM finished_at - started_at), 1) AS ms
FROM   etl.run_steps WHERE run_id = (SELECT max(run_id) FROM etl.runs)
UNION ALL
SELECT 'the run', round(1000 * extract(epoch FROM finished_at - started_at), 1)
FROM   etl.runs WHERE run_id = (SELECT max(run_id) FROM etl.runs);
END
