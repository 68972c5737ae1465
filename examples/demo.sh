#!/usr/bin/env bash
# Run the two example pipelines in a private PostgreSQL and show what happens.
#
#   examples/demo.sh            start a server, run everything, leave it running
#   examples/demo.sh server     start a server with nothing but the extension
#   examples/demo.sh psql ...   open a session in it (arguments go to psql)
#   examples/demo.sh stop       stop it and remove its data
#
# The server lives in the working copy, with a socket of its own; nothing else
# on the machine is touched. Missing Debian packages are installed when root
# runs this, named otherwise. The exit status is 0 only if every number came
# out as it must; the bad day in the story has to fail, and that is checked.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../test/lib.sh"

DEMO=$DQ_TOP/examples/demo.sh
WRONG=0

usage()
{
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
	exit "$1"
}

# ------------------------------------------------------------------- psql

# sql USER DATABASE [psql's arguments]: run psql in the demo's server.
sql()
{
	local user=$1 database=$2
	shift 2
	dq_as "$DQ_BINDIR/psql" -X -q -P pager=off -v ON_ERROR_STOP=1 -U "$user" -d "$database" "$@"
}

# The bare value of a query, asked by the superuser.
value() { sql postgres "${2:-warehouse}" -A -t -c "$1"; }

# file USER DATABASE FILE [psql's arguments]: run a file of examples/.
file() { sql "$1" "$2" -f "$DQ_SRC/examples/$3" "${@:4}"; }

# Show a statement as the pipelines' owner types it, and what it prints.
show()
{
	printf '%s\n' "$1" | sed '1s/^/warehouse=> /; 2,$s/^/warehouse-> /'
	sql etl_owner warehouse -c "$1"
}

# Show a statement that has to fail; its SQLSTATE goes to FAILED_WITH.
show_failure()
{
	local output

	printf '%s\n' "$1" | sed '1s/^/warehouse=> /; 2,$s/^/warehouse-> /'
	output=$(printf '%s\n\\echo %s\n' "$1" ':LAST_ERROR_SQLSTATE' |
			 sql etl_owner warehouse -v ON_ERROR_STOP=0 -f - 2>&1 | sed 's/^psql:<stdin>:[0-9]*: //')
	FAILED_WITH=${output##*$'\n'}
	printf '%s\n\n' "${output%$'\n'*}"
}

heading() { printf '\n\033[1m%s\033[0m\n%s\n\n' "$1" "${1//?/=}"; }
say() { printf '%s\n' "$@" ''; }

# expect WHAT ACTUAL EXPECTED: say that a number is right, or remember it is not.
expect()
{
	if [ "$2" = "$3" ]; then
		printf '  ok      %s: %s\n' "$1" "$2"
	else
		printf '  WRONG   %s: %s instead of %s\n' "$1" "$2" "$3"
		WRONG=$((WRONG + 1))
	fi
}

# ------------------------------------------------------------- the server

start_server()
{
	dq_detect_major
	dq_need_packages $(dq_package_names build server)
	dq_begin keep
	dq_lock demo
	dq_say "Building dq_etl for $("$PG_CONFIG" --version) and starting a server in $DQ_BUILD/server/demo"
	dq_stage demo
	dq_server_start demo \
		"shared_preload_libraries = 'pg_cron'" \
		"cron.database_name = 'warehouse'" \
		"cron.host = '@SOCKET@'" \
		"max_worker_processes = 24"
	value 'CREATE ROLE crm_reader LOGIN' postgres
	value 'CREATE DATABASE warehouse' postgres
	value 'CREATE DATABASE crm' postgres
	value 'CREATE EXTENSION dq_etl; CREATE EXTENSION pg_cron' warehouse
}

# Is the demo running? Sets what dq_server_locate sets.
locate_server()
{
	local place found=

	for place in "${DQ_BUILD:-}" "$(cat "$DQ_TOP/build/location" 2>/dev/null)" "$DQ_TOP"/build "$DQ_TOP"/build/as-*; do
		[ -z "$place" ] || [ ! -d "$place/server/demo" ] || found=1
	done
	[ -n "$found" ] || return 1
	dq_detect_major
	dq_begin keep
	dq_server_running demo
}

how_to_go_on()
{
	heading "Now you"
	say "Look around:   '$DEMO' psql" \
		"               (or: psql -h $PGHOST -p $PGPORT -U postgres warehouse)" \
		"Stop it:       '$DEMO' stop" \
		"Read on:       doc/tutorial.md builds the customer pipeline step by step"
}

# ------------------------------------------------------------- the stories

# The counts of the newest run's load steps, as "inserted/updated/unchanged".
last_load()
{
	value "SELECT string_agg(format('%s/%s/%s', rows_inserted, rows_updated, rows_unchanged), ' ' ORDER BY run_order)
		   FROM etl.run_steps
		   WHERE kind = 'load' AND run_id = (SELECT max(run_id) FROM etl.runs)"
}

show_run()
{
	show "SELECT run_id, pipeline, state, logical_date FROM etl.runs ORDER BY run_id DESC LIMIT 1;"
	show "SELECT step, kind, state, rows_read, rows_inserted AS ins, rows_updated AS upd, rows_unchanged AS same
FROM   etl.run_steps WHERE run_id = (SELECT max(run_id) FROM etl.runs) ORDER BY run_order;"
}

show_checks()
{
	show "SELECT source, check_name, severity, status, tested_rows, failed_rows
FROM   etl.check_results WHERE run_id = (SELECT max(run_id) FROM etl.runs) ORDER BY checked_at, position;"
}

customer_story()
{
	local day1="window_start => '2024-03-01 00:00+00', window_end => '2024-03-02 00:00+00'"

	file postgres crm customer_pipeline/crm/1_customers.sql
	file postgres warehouse customer_pipeline/setup.sql
	value 'GRANT USAGE ON SCHEMA cron TO etl_owner'

	heading "1. customer_pipeline: a good day"
	say "The source is the database crm, read through postgres_fdw." \
		"The definition is examples/customer_pipeline/pipeline.sql; defining says what changed:"
	file etl_owner warehouse customer_pipeline/pipeline.sql
	say "The oldest day that is not done is 2024-03-01:"
	show "SELECT etl.run('customer_pipeline');"
	show_run
	show_checks
	show "SELECT segment, count(*), round(avg(lifetime_value), 2) AS lifetime_value, round(avg(risk_score), 3) AS risk
FROM   dwh.customer_analytics WHERE processed_date = '2024-03-01' GROUP BY segment ORDER BY segment;"
	expect "inserted/updated/unchanged" "$(last_load)" "380/0/0"
	expect "active, inactive, moderate" \
		"$(value "SELECT string_agg(n::text, ', ' ORDER BY segment) FROM (SELECT segment, count(*) AS n FROM dwh.customer_analytics GROUP BY segment) AS s")" \
		"28, 262, 90"
	expect "implausible ages, tolerated" \
		"$(value "SELECT failed_rows FROM etl.check_results WHERE check_name = 'plausible_age'")" 3

	heading "2. The same day again: nothing changes"
	show "SELECT etl.run('customer_pipeline', $day1);"
	expect "inserted/updated/unchanged" "$(last_load)" "0/0/380"

	heading "3. A late correction: one row changes"
	say "In the CRM, the e-mail address of customer 65 is put right. The day is run once more:"
	file postgres crm customer_pipeline/crm/2_late_correction.sql
	show "SELECT etl.run('customer_pipeline', $day1);"
	expect "inserted/updated/unchanged" "$(last_load)" "0/1/379"
	expect "the new address" "$(value "SELECT email FROM dwh.customer_analytics WHERE customer_id = 65")" "frida.garcia@example.com"

	heading "4. A bad day is stopped, and nothing is loaded"
	say "2024-03-02: an import into the CRM went wrong. The next day due fails:"
	file postgres crm customer_pipeline/crm/3_bad_import.sql
	show_failure "SELECT etl.run('customer_pipeline');"
	show_checks
	say "What has to be looked at, and the statement to go on with:"
	show "SELECT problem, run_id, reason, next_statement FROM etl.attention;"
	expect "SQLSTATE" "$FAILED_WITH" "QE001"
	expect "rows of that day in the target" "$(value "SELECT count(*) FROM dwh.customer_analytics WHERE processed_date = '2024-03-02'")" 0
	expect "duplicate rows, bad addresses" \
		"$(value "SELECT string_agg(failed_rows::text, ', ' ORDER BY position) FROM etl.check_results WHERE status = 'fail'")" "2, 12"

	heading "5. The source is repaired: run again"
	say "The ledger did not move, so the same call takes the same day:"
	file postgres crm customer_pipeline/crm/4_repair.sql
	show "SELECT etl.run('customer_pipeline');"
	show_run
	expect "inserted/updated/unchanged" "$(last_load)" "400/0/0"
	echo
	show "SELECT run_id, state, logical_date FROM etl.runs WHERE pipeline = 'customer_pipeline' ORDER BY run_id;"
	expect "left to look at" "$(value "SELECT count(*) FROM etl.attention")" 0
	expect "the runs" \
		"$(value "SELECT string_agg(state, ', ' ORDER BY run_id) FROM etl.runs")" \
		"succeeded, succeeded, succeeded, failed, succeeded"
}

registry_story()
{
	local naive="INSERT INTO dwh.hardware_vendor
SELECT assignment, registry, 24, organization_name, organization_address FROM ieee.oui
ON CONFLICT (assignment) DO UPDATE SET organization = excluded.organization;"
	local entry="(TABLE ieee.oui UNION ALL TABLE ieee.mam UNION ALL TABLE ieee.oui36 UNION ALL TABLE ieee.iab) AS entry"
	local total duplicated blank stray

	file postgres warehouse ieee_registry/setup.sql

	heading "6. ieee_registry: real data with real dirt"
	say "Debian's package ieee-data, read through file_fdw. A plain upsert of it fails:"
	show_failure "$naive"
	expect "SQLSTATE" "$FAILED_WITH" "21000"

	# what must come out, by plain SQL on the files
	total=$(value "SELECT count(*) FROM $entry")
	duplicated=$(value "SELECT count(*) - count(DISTINCT assignment) FROM $entry")
	blank=$(value "SELECT count(*) FROM $entry WHERE organization_address IS NULL OR organization_address ~ '^\s*\$'")
	stray=$(value "SELECT count(*) FROM $entry WHERE organization_name ~ '^\s|\s\$'")

	say '' "The pipeline looks at it first (examples/ieee_registry/pipeline.sql):"
	file etl_owner warehouse ieee_registry/pipeline.sql
	show "SELECT etl.run('ieee_registry');"
	show_run
	show_checks
	show "SELECT * FROM dwh.hardware_vendor_surplus ORDER BY assignment, place;"
	expect "vendors, surplus" "$(last_load)" "$((total - duplicated))/0/0 $duplicated/0/0"
	expect "stray white space, blank addresses" \
		"$(value "SELECT string_agg(failed_rows::text, ', ' ORDER BY checked_at) FROM etl.check_results WHERE status = 'warn'")" \
		"$stray, $blank"
	if [ "$(dpkg-query -W -f '${Version}' ieee-data 2>/dev/null)" = 20220827.1 ]; then
		expect "entries, surplus, stray, blank" "$total, $duplicated, $stray, $blank" "46524, 3, 497, 200"
	fi
	say '' "And again:"
	show "SELECT etl.run('ieee_registry');"
	expect "inserted/updated/unchanged" "$(last_load)" "0/0/$((total - duplicated)) 0/0/$duplicated"
}

schedule_story()
{
	heading "7. Every night from now on"
	say "pg_cron calls at midnight GMT; the first call catches up with all days since."
	show "SELECT etl.schedule('customer_pipeline');"
	show "SELECT pipeline, owner, schedule, job_id, job_schedule, active, drift FROM etl.schedules;"
	expect "jobs in pg_cron" "$(value "SELECT count(*) FROM cron.job WHERE username = 'etl_owner'")" 1
}

# -------------------------------------------------------------- the command

case ${1:-run} in
	run)
		start_server
		customer_story
		registry_story
		schedule_story
		how_to_go_on
		if [ "$WRONG" != 0 ]; then
			dq_die "$WRONG numbers are not as they must be: look for WRONG above."
		fi
		say "Everything came out as it must, in $SECONDS seconds."
		;;
	server)
		start_server
		how_to_go_on
		;;
	psql)
		locate_server || dq_die "The demo is not running: start it with '$DEMO'"
		shift
		PGUSER=postgres PGDATABASE=warehouse
		export PGHOST PGPORT PGUSER PGDATABASE
		# in the sources, so that \i examples/... finds its file
		dq_as bash -c 'cd "$0" && exec "$@"' "$DQ_SRC" "$DQ_BINDIR/psql" "$@"
		;;
	stop)
		locate_server || [ -n "${DQ_HOME:-}" ] || dq_die "There is no demo here."
		dq_server_stop demo
		rm -rf "$DQ_HOME"
		dq_forget
		dq_say "The demo is stopped and its data removed."
		;;
	-h | --help) usage 0 ;;
	*) usage 2 >&2 ;;
esac
