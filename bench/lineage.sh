#!/usr/bin/env bash
# What do compiling and lineage cost?
#
#   bench/lineage.sh [N]     N measurements of each kind (default 20)
#
# define: a pipeline of 100 steps, each a join with conditions, groups and a
# CASE, defined anew; "off" is the same with dq_etl.compile = off, which neither
# analyses nor traces. query: etl.query_lineage of a query of 60 columns over 12
# joined tables. validate, lineage, impact: of that pipeline. Medians, in ms.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../test/lib.sh"

N=${1:-20}

sql() { dq_as "$DQ_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }

# Print the median of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# Print the statement that defines pipeline $1 of 100 steps.
define()
{
	cat <<END
SELECT count(*) FROM etl.define('$1', ARRAY[etl.extract('s1', 'SELECT id, c1, c2, c3, c4, c5 FROM t1')]
	|| ARRAY(SELECT etl.transform('s' || i, format('SELECT id, a.c1 + 1 AS c1, max(b.c2) AS c2, a.c3, a.c4, CASE WHEN a.c5 > 1 THEN a.c1 END AS c5
		FROM s%s a JOIN t%s b USING (id) WHERE b.c10 > 0 GROUP BY id, a.c1, a.c3, a.c4, a.c5', i - 1, i % 12 + 1)) FROM generate_series(2, 98) i)
	|| etl.load('s98', 'fin') || etl.call('z', 'ANALYZE fin', 'after'), description => :'turn', timezone => 'UTC');
END
}

# Print the statement that traces 60 columns over 12 joins.
query()
{
	local columns joins
	columns=$(for t in $(seq 1 12); do for c in $(seq 1 5); do printf 't%s.c%s AS x%s_%s, ' "$t" "$c" "$t" "$c"; done; done)
	joins=$(for t in $(seq 2 12); do printf ' JOIN t%s USING (id)' "$t"; done)
	echo "SELECT count(*) FROM etl.query_lineage('SELECT ${columns%, } FROM t1$joins WHERE t1.c10 > t2.c10');"
}

# Print the time of each of N executions of the statement on standard input.
measure()
{
	local statement
	statement=$(cat)
	for turn in $(seq 1 "$N"); do
		sql -d bench -A -t -v turn="$1 $turn" <<END | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -1
SET search_path = bench_lineage;
SET dq_etl.compile = $2;
SELECT count(*) FROM etl.query_lineage('SELECT 1');
\\timing on
$statement
END
	done
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
CREATE SCHEMA bench_lineage;
SET search_path = bench_lineage;
SELECT format('CREATE TABLE t%s (id int, %s)', i, string_agg(format('c%s int', c), ', ')) FROM generate_series(1, 12) i, generate_series(1, 10) c GROUP BY i \gexec
CREATE TABLE fin (id int PRIMARY KEY, c1 int, c2 int, c3 int, c4 int, c5 int);
END
printf '%-28s %8s\n' statement ms
printf '%-28s %8s\n' 'define 100 steps, off' "$(define off | measure off off | median)"
printf '%-28s %8s\n' 'define 100 steps' "$(define warn | measure warn warn | median)"
printf '%-28s %8s\n' 'validate 100 steps' "$(echo "SELECT count(*) FROM etl.validate('warn');" | measure validate warn | median)"
printf '%-28s %8s\n' 'query of 60 columns, 12 joins' "$(query | measure query warn | median)"
printf '%-28s %8s\n' 'lineage of a column' "$(echo "SELECT count(*) FROM etl.lineage('fin', col => 'c5');" | measure lineage warn | median)"
printf '%-28s %8s\n' 'impact of a column' "$(echo "SELECT count(*) FROM etl.impact('t1', 'c1');" | measure impact warn | median)"
