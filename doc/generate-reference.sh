#!/usr/bin/env bash
# Print doc/reference.md, made from the catalogue of a database that has the
# extension (named by PGHOST, PGPORT, PGUSER, PGDATABASE) and from the header that lists the SQLSTATEs.
#
#   doc/generate-reference.sh >doc/reference.md
#
# test/run.sh tap 091_reference tells when the page is behind, and leaves the
# new one in build/src/doc/reference.new.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Print the rows of a header's "/* meaning */ #define ERRCODE_DQ_NAME
# MAKE_SQLSTATE(...)" pairs as a table.
sqlstates()
{
	awk '
		/^\/\* .* \*\/$/ { meaning = substr($0, 4, length($0) - 6) }
		/^#define ERRCODE_DQ_.*MAKE_SQLSTATE/ {
			split($0, part, "\047")
			printf "| `%s%s%s%s%s` | %s |\n", part[2], part[4], part[6], part[8], part[10], meaning
		}' ../src/base/dq_etl.h
}

psql -X -q -A -t -v ON_ERROR_STOP=1 -f reference.sql
cat <<'END'

## Rules

What `etl.rule` and rule objects know, as `etl.rule_types()` lists it. Options that are no arguments of `etl.rule` go into its `params`. `column` takes one name where `columns` takes a list; `value_set` is another word for `allowed`; of two bounds one will do. "columns" says what a rule is about: no column, one, each of several, several together, two, or any number.

END
psql -X -q -A -t -v ON_ERROR_STOP=1 -f rule-types.sql
printf '\n## SQLSTATEs\n\n'
printf 'Of its own. Everything else carries the standard SQLSTATE that fits.\n\n'
printf '| SQLSTATE | meaning |\n|---|---|\n'
sqlstates
