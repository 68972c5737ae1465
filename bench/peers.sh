#!/usr/bin/env bash
# What a user would pick instead: sourced by quality.sh --peers, which has made
# the server, the table "big" and "checks". Each tool gets a virtual environment
# of its own below build/; what cannot be installed is skipped.
#
# A peer is bench/peers/run_NAME.py: it reads the checks from the database, runs
# them its own way and writes NAME.told: the number of each check and how many
# rows failed, or "pass" and "fail" where the tool counts differently.

# peer NAME PACKAGE...: install, run, tell seconds and queries.
peer()
{
	local name=$1 env=$DQ_BUILD/peers/$1 begin end queries
	shift
	if [ ! -x "$env/bin/python" ] || [ ! -e "$env/complete" ]; then
		dq_say "installing $*"
		rm -rf "$env"
		mkdir -p "$DQ_BUILD/peers"
		if ! { python3 -m venv "$env" && "$env/bin/pip" install -q --disable-pip-version-check "$@"; } >"$OUT/$name.install" 2>&1; then
			dq_say "$name is skipped: $(tail -n 1 "$OUT/$name.install")"
			return 0
		fi
		touch "$env/complete"
	fi
	value "SELECT pg_stat_statements_reset()" >/dev/null
	value "UPDATE big SET note = 'changed ' || random() WHERE id = 500"
	begin=$EPOCHREALTIME
	if ! PYTHONWARNINGS=ignore "$env/bin/python" "$PEERS_HERE/run_$name.py" "$OUT" >"$OUT/$name.log" 2>&1; then
		dq_say "$name is skipped: $(tail -n 1 "$OUT/$name.log")"
		return 0
	fi
	end=$EPOCHREALTIME
	queries=$(value "SELECT sum(calls) FROM pg_stat_statements JOIN pg_database AS d ON d.oid = dbid WHERE d.datname = 'bench' AND query ~ '\\ybig\\y' AND query !~ '^UPDATE'")
	awk -v name="$name" -v a="$begin" -v b="$end" -v q="$queries" -v ms="$(median check)" 'BEGIN {
		printf "%-58s %9.3f s  %6.1f times etl.check, %d queries that name the table\n", name, b - a, (b - a) * 1000 / ms, q }'
	verdicts "$name"
}

# verdicts NAME: what the peer found against what etl.check found.
verdicts()
{
	awk -F '|' 'NR == FNR { ours[$1] = $2; next }
		{ mine = $2 ~ /^[0-9]+$/ ? ours[$1] : ours[$1] > 0 ? "fail" : "pass" }
		mine != $2 { print "check " $1 ": " $2 " instead of " mine }
		END { if (FNR < 40) print FNR " of 40 checks" >"/dev/stderr" }' "$OUT/check.rows" "$OUT/$1.told" >"$OUT/$1.differ"
	[ -s "$OUT/$1.differ" ] || return 0
	WRONG=1
	dq_say "DIFFERENT: $1"
	head -10 "$OUT/$1.differ"
}

PEERS_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/peers
value "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
measure check "$ONE" big "$(statement check big)"
printf '\nother tools, the same 40 checks\n'
peer soda soda-core-postgres
# later ones fetch a part from elsewhere than PyPI
peer dbt 'dbt-core<1.11' 'dbt-postgres<1.11'
peer great_expectations great-expectations sqlalchemy psycopg2-binary
peer cuallee cuallee pandas psycopg2-binary sqlalchemy
