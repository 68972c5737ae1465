/*
 * rules_time.c
 *	  Family of rules: time.
 *
 * Every rule that asks what time it is has an option that fixes the clock.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/bucket.h"
#include "quality/moment.h"
#include "quality/rule.h"
#include "quality/shape.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

static const DqOption freshness_options[] = {
	{"max_age", DQ_OPTION_INTERVAL, true, NULL,
	 "so old the latest row may be, an interval"},
	{"as_of", DQ_OPTION_TEXT, false, NULL,
	 "what time it is: now (the default), window_end for the end of the run's window, or a timestamp"},
	{"timezone", DQ_OPTION_TEXT, false, NULL,
	 "of dates and of timestamps without one; default: that of the session"},
	DQ_OPTION_END};

static const DqOption continuity_options[] = {
	DQ_BUCKET_OPTIONS,
	{"max_missing", DQ_OPTION_INTEGER, false, NULL,
	 "so many buckets may be missing, default 0"},
	DQ_OPTION_END};

static const DqOption window_options[] = {
	DQ_BUCKET_OPTIONS,
	{"max_outside", DQ_OPTION_INTEGER, false, NULL,
	 "so many buckets may be outside of the bounds, default 0"},
	DQ_OPTION_END};

static const DqOption latency_options[] = {
	{"timezone", DQ_OPTION_TEXT, false, NULL,
	 "of dates and of timestamps without one; default: that of the session"},
	DQ_OPTION_END};

/*
 * check_groups: freshness per group needs groups.
 */
static void
check_groups(DqCheck *check)
{
	dq_moment_check(check);
	if (check->group_by == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs option \"group_by\"", check->what)));
}

/*
 * check_rows: bounds that are numbers of rows, in order.
 */
static void
check_rows(DqCheck *check)
{
	int64 min = dq_json_int(check->doc, "min_value", 0, check->what);
	int64 max = dq_json_int(check->doc, "max_value", PG_INT64_MAX,
							check->what);

	dq_bucket_check(check);
	if (min < 0 || max < 0 || min > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of %s must be in order and not negative",
						check->what)));
}

/*
 * interval_of: a bound as an interval; 22007 when it is none.
 */
static Datum
interval_of(const char *text)
{
	return DirectFunctionCall3(interval_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/*
 * check_latency: bounds that are intervals, in order.
 */
static void
check_latency(DqCheck *check)
{
	Datum min = 0;
	Datum max = 0;

	dq_moment_check(check);
	if (check->min_value != NULL)
		min = interval_of(check->min_value);
	if (check->max_value != NULL)
		max = interval_of(check->max_value);
	if (check->min_value != NULL && check->max_value != NULL &&
		DatumGetBool(DirectFunctionCall2(interval_gt, min, max)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of %s must be in order", check->what)));
}

/*
 * metric_latest: the latest finite time that is not in the future.
 */
static void
metric_latest(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *column = (DqColumn *) linitial(probe->columns);

	appendStringInfo(buf, "pg_catalog.max(%s) FILTER (WHERE CASE WHEN pg_catalog.isfinite(%s) THEN %s OPERATOR(pg_catalog.<=) %s END)",
					 column->sql, column->sql,
					 dq_moment_instant(probe->check, column),
					 dq_moment_now(probe->check));
}

/*
 * value_instant: the metric's value as timestamptz.
 */
static char *
value_instant(const DqProbe *probe, const char *value)
{
	DqColumn column = *(DqColumn *) linitial(probe->columns);

	column.sql = value;
	return dq_moment_instant(probe->check, &column);
}

/*
 * latest_is_fresh: it is no older than it may be.
 */
static void
latest_is_fresh(StringInfo buf, const DqProbe *probe, const char *value)
{
	const DqCheck *check = probe->check;

	appendStringInfo(buf, "%s OPERATOR(pg_catalog.>=) (%s OPERATOR(pg_catalog.-) %s::pg_catalog.interval)",
					 value_instant(probe, value), dq_moment_now(check),
					 dq_sqltext_literal(dq_json_text(check->doc, "max_age",
													 check->what)));
}

/*
 * age_of_latest: how old it is.
 */
static void
age_of_latest(StringInfo buf, const DqProbe *probe, const char *value)
{
	appendStringInfo(buf, "pg_catalog.jsonb_build_object('age', (%s OPERATOR(pg_catalog.-) %s)::pg_catalog.text, 'as_of', %s)",
					 dq_moment_now(probe->check), value_instant(probe, value),
					 dq_moment_now(probe->check));
}

/*
 * verdict_latency: the second time is so long after the first.
 */
static void
verdict_latency(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *event = dq_moment_instant(check,
									(DqColumn *) linitial(probe->columns));
	char *arrival = dq_moment_instant(check,
									  (DqColumn *) lsecond(probe->columns));

	if (check->min_value != NULL)
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.%s) (%s OPERATOR(pg_catalog.+) %s::pg_catalog.interval)",
						 arrival, check->min_excluded ? ">" : ">=", event,
						 dq_sqltext_literal(check->min_value));
	if (check->min_value != NULL && check->max_value != NULL)
		appendStringInfoString(buf, " AND ");
	if (check->max_value != NULL)
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.%s) (%s OPERATOR(pg_catalog.+) %s::pg_catalog.interval)",
						 arrival, check->max_excluded ? "<" : "<=", event,
						 dq_sqltext_literal(check->max_value));
}

static const DqRuleType types[] = {
	{.name = "freshness",
	 .dimension = "timeliness",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_FILTER,
	 .options = freshness_options,
	 .validate = dq_moment_check,
	 .metric = metric_latest,
	 .holds = latest_is_fresh,
	 .detail = age_of_latest,
	 .help = "the latest row is not too old; times in the future do not count, nor do infinite ones"},
	{.name = "freshness_per_group",
	 .dimension = "timeliness",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_FILTER,
	 .options = freshness_options,
	 .validate = check_groups,
	 .metric = metric_latest,
	 .holds = latest_is_fresh,
	 .detail = age_of_latest,
	 .help = "the latest row of each group is not too old"},
	{.name = "continuity",
	 .dimension = "completeness",
	 .shape = &dq_shape_found,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_FILTER,
	 .options = continuity_options,
	 .validate = dq_bucket_check,
	 .metric = dq_bucket_continuity,
	 .help = "no day (hour, month, ...) between the first and the last is without rows"},
	{.name = "rows_per_window_between",
	 .dimension = "volume",
	 .shape = &dq_shape_found,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_BOUNDS | DQ_NEEDS_BOUND | DQ_TAKES_FILTER,
	 .options = window_options,
	 .validate = check_rows,
	 .metric = dq_bucket_rows,
	 .help = "the number of rows of every day (hour, month, ...) lies between two bounds, empty ones included"},
	{.name = "event_latency_between",
	 .dimension = "timeliness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_TWO_COLUMNS,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_BOUNDS | DQ_NEEDS_BOUND,
	 .options = latency_options,
	 .validate = check_latency,
	 .verdict = verdict_latency,
	 .help = "the time from the first column to the second lies between two intervals"}};

const DqRuleFamily dq_rules_time = {"time", types, lengthof(types)};
