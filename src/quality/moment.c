/*
 * moment.c
 *	  Points in time: columns of dates and time stamps, and what time it is.
 *
 * "as_of" fixes the clock: a time stamp, "now" (the start of the transaction,
 * the default), or "window_end": the end of the window of the run.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "pgtime.h"
#include "quality/moment.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/*
 * dq_moment_require: 42804 when the column holds no points in time.
 */
void
dq_moment_require(const DqColumn *column)
{
	if (column->base_type == DATEOID || column->base_type == TIMESTAMPOID ||
		column->base_type == TIMESTAMPTZOID)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" is of type %s, which is no date and no timestamp",
					column->name, format_type_be(column->base_type))));
}

/*
 * dq_moment_zone: the time zone of the check, as an SQL text.
 */
char *
dq_moment_zone(const DqCheck *check)
{
	char *zone = dq_json_text(check->doc, "timezone", check->what);

	if (zone == NULL)
		return pstrdup("pg_catalog.current_setting('TimeZone')");
	return dq_sqltext_literal(zone);
}

/*
 * dq_moment_instant: the column as timestamptz.
 */
char *
dq_moment_instant(const DqCheck *check, const DqColumn *column)
{
	dq_moment_require(column);
	if (column->base_type == TIMESTAMPTZOID)
		return psprintf("%s::pg_catalog.timestamptz", column->sql);
	return psprintf("pg_catalog.timezone(%s, %s::pg_catalog.timestamp)",
					dq_moment_zone(check), column->sql);
}

/*
 * dq_moment_local: the column as timestamp, local in the zone.
 */
char *
dq_moment_local(const DqCheck *check, const DqColumn *column)
{
	dq_moment_require(column);
	if (column->base_type == TIMESTAMPTZOID)
		return psprintf("pg_catalog.timezone(%s, %s::pg_catalog.timestamptz)",
						dq_moment_zone(check), column->sql);
	return psprintf("%s::pg_catalog.timestamp", column->sql);
}

/*
 * dq_moment_now: what time it is.
 */
char *
dq_moment_now(const DqCheck *check)
{
	char *text = dq_json_text(check->doc, "as_of", check->what);

	if (text == NULL || strcmp(text, "now") == 0)
		return pstrdup("pg_catalog.now()");
	if (strcmp(text, "window_end") == 0)
		return pstrdup("etl.window_end()");
	return psprintf("%s::pg_catalog.timestamptz", dq_sqltext_literal(text));
}

/*
 * dq_moment_check_literal: 22007 or 22008 when an option is no time stamp,
 * 22023 when it is infinite.
 */
void
dq_moment_check_literal(const DqCheck *check, const char *option)
{
	char *text = dq_json_text(check->doc, option, check->what);
	Datum value;

	if (text == NULL)
		return;
	value = DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1));
	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s must be finite", option, check->what)));
}

/*
 * dq_moment_check: "timezone" is a time zone, "as_of" a point in time.
 */
void
dq_moment_check(DqCheck *check)
{
	char *zone = dq_json_text(check->doc, "timezone", check->what);
	char *as_of = dq_json_text(check->doc, "as_of", check->what);

	if (zone != NULL && pg_tzset(zone) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized",
						dq_sqltext_clip(zone, 63)),
				 errhint("Look at SELECT name FROM pg_timezone_names.")));
	if (as_of != NULL && strcmp(as_of, "now") != 0 &&
		strcmp(as_of, "window_end") != 0)
		dq_moment_check_literal(check, "as_of");
}
