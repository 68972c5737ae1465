/*
 * predicate_time.c
 *	  What rules say about one date or time beside the clock and the calendar.
 *
 * The clock is now(), the start of the transaction; a date or timestamp
 * without time zone is of the time zone of the session.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/predicate.h"
#include "quality/rule.h"
#include "quality/source.h"
#include "utils/builtins.h"

/*
 * need_moment: 42804 unless it is a date or timestamp.
 */
static void
need_moment(const DqColumn *column)
{
	if (column->base_type != DATEOID && column->base_type != TIMESTAMPOID &&
		column->base_type != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, which is neither date nor timestamp",
						column->name, format_type_be(column->base_type)),
				 errhint("Write the check as an expression that turns the value into a timestamp.")));
}

/*
 * moment: now, a little later (+) or earlier (-), as the type of the column.
 */
static char *
moment(const DqColumn *column, const char *sign, const char *interval)
{
	char *now = pstrdup("pg_catalog.now()");

	if (interval != NULL)
		now = psprintf("(%s OPERATOR(pg_catalog.%s) %s)", now, sign,
					   dq_source_literal(interval, INTERVALOID));
	if (column->base_type == TIMESTAMPTZOID)
		return now;
	return psprintf("%s::%s", now, dq_sqltext_type(column->base_type, -1));
}

/*
 * dq_predicate_time_not_future: not after now, but for a leeway.
 */
void
dq_predicate_time_not_future(StringInfo buf, const DqCheck *check,
							 const DqColumn *column)
{
	need_moment(column);
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.<=) %s", column->sql,
					 moment(column, "+",
							dq_json_text(check->doc, "leeway", check->what)));
}

/*
 * dq_predicate_time_not_older: not before now less the age.
 */
void
dq_predicate_time_not_older(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	need_moment(column);
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.>=) %s", column->sql,
					 moment(column, "-",
							dq_json_text(check->doc, "max_age",
										 check->what)));
}

/*
 * dq_predicate_time_granularity: at the very start of a unit.
 */
void
dq_predicate_time_granularity(StringInfo buf, const DqCheck *check,
							  const DqColumn *column)
{
	char *unit = dq_json_text(check->doc, "unit", check->what);
	const char *value = column->sql;

	need_moment(column);
	if (column->base_type == DATEOID)
		value = psprintf("%s::%s", value, dq_sqltext_type(TIMESTAMPOID, -1));
	appendStringInfo(buf, "pg_catalog.date_trunc(%s, %s) OPERATOR(pg_catalog.=) %s",
					 dq_source_literal(unit, TEXTOID), value, value);
}
