/*
 * history.c
 *	  What a check of the history family compares its metric with.
 *
 * The history is what runs of the same pipeline (or etl.check with record, of
 * the same role) stored for the same check, source and metric, or what
 * baseline_query returns. Either way numbers of the tested time and later are
 * left out, so that a check never confirms itself.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "analyze/statement.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/metric.h"
#include "catalog/pg_type.h"
#include "quality/history.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/*
 * Numbers that count when max_points says nothing, by season: a quarter of
 * days; with a season enough to hold some of each.
 */
static const int default_points[] = {
	[DQ_SEASON_NONE] = 90,
	[DQ_SEASON_HOUR] = 30 * 24,
	[DQ_SEASON_WEEKDAY] = 26 * 7,
	[DQ_SEASON_WEEKDAY_HOUR] = 12 * 7 * 24};

/* rows of baseline_query */
#define MAX_QUERY_ROWS 100000

static const char *const compare_words[] = {"previous", "mean", "median",
											NULL};
static const char *const unit_words[] = {"fraction", "absolute", NULL};

/* the numbers before */
typedef struct Past
{
	DqTimed *points;
	int count;
	bool timed;
} Past;

/*
 * read_changes: the options of the rules on changes.
 */
static void
read_changes(DqHistory *history, const DqCheck *check)
{
	Jsonb *doc = check->doc;
	double infinity = get_float8_infinity();

	history->compare = DQ_COMPARE_PREVIOUS +
					   dq_json_word(doc, "compare_with", compare_words, 0,
									check->what);
	history->absolute = dq_json_word(doc, "unit", unit_words, 0,
									 check->what) == 1;
	history->min_change = dq_json_double(doc, "min_value", -infinity,
										 -infinity, infinity, check->what);
	history->max_change = dq_json_double(doc, "max_value", infinity,
										 -infinity, infinity, check->what);
	history->min_excluded = check->min_excluded;
	history->max_excluded = check->max_excluded;
	if (history->min_change > history->max_change)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of %s must be in order", check->what)));
	if (!dq_json_has(doc, "min_points"))
		history->baseline.anomaly.min_points = 1;
}

/*
 * dq_history_read: see history.h.
 */
void
dq_history_read(DqHistory *history, const DqCheck *check, bool changes,
				bool counts)
{
	Jsonb *doc = check->doc;
	char *at = dq_json_text(doc, "at", check->what);

	memset(history, 0, sizeof(*history));
	dq_baseline_read(&history->baseline, doc, counts, check->what);
	if (changes)
		read_changes(history, check);
	if (!dq_json_has(doc, "max_points"))
		history->baseline.series.max_points =
			default_points[history->baseline.series.season];
	history->query = dq_json_text(doc, "baseline_query", check->what);
	history->failed_too = dq_json_bool(doc, "include_failed", false,
									   check->what);
	history->has_at = at != NULL;
	if (at == NULL)
		return;
	history->at = DatumGetTimestampTz(
		DirectFunctionCall3(timestamptz_in, CStringGetDatum(at),
							ObjectIdGetDatum(InvalidOid),
							Int32GetDatum(-1)));
	if (TIMESTAMP_NOT_FINITE(history->at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be a finite time", "at",
						check->what)));
}

/*
 * wrong_result: 42804 for what baseline_query returns.
 */
static void
wrong_result(const DqProbe *probe)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("option \"baseline_query\" of %s must return numbers, or times and numbers",
					probe->check->what),
			 errhint("Use SELECT value FROM ..., or SELECT recorded_at, value FROM ....")));
}

/*
 * numeric_number: a numeric; infinite when it is too large.
 */
static double
numeric_number(Datum value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  value));
}

/*
 * number_of: a field as a number; NaN for NULL.
 */
static double
number_of(const DqProbe *probe, HeapTuple row, TupleDesc desc, int column)
{
	bool isnull;
	Datum value = heap_getattr(row, column, desc, &isnull);
	Oid type = getBaseType(TupleDescAttr(desc, column - 1)->atttypid);
	double number;

	switch (type)
	{
		case INT2OID:
			number = DatumGetInt16(value);
			break;
		case INT4OID:
			number = DatumGetInt32(value);
			break;
		case INT8OID:
			number = (double) DatumGetInt64(value);
			break;
		case FLOAT4OID:
			number = isnull ? 0.0 : DatumGetFloat4(value);
			break;
		case FLOAT8OID:
			number = isnull ? 0.0 : DatumGetFloat8(value);
			break;
		case NUMERICOID:
			number = isnull ? 0.0 : numeric_number(value);
			break;
		default:
			wrong_result(probe);
			return 0.0;
	}
	if (isnull)
		return get_float8_nan();
	if (!isfinite(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("option \"baseline_query\" of %s returns a number that is not finite",
						probe->check->what)));
	return number;
}

/*
 * time_of: a field as a time; false when it is NULL or not finite.
 */
static bool
time_of(const DqProbe *probe, HeapTuple row, TupleDesc desc, TimestampTz *at)
{
	bool isnull;
	Datum value = heap_getattr(row, 1, desc, &isnull);
	Oid type = getBaseType(TupleDescAttr(desc, 0)->atttypid);

	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID)
		wrong_result(probe);
	if (isnull)
		return false;
	if (type == TIMESTAMPOID)
		value = DirectFunctionCall1(timestamp_timestamptz, value);
	else if (type == DATEOID)
		value = DirectFunctionCall1(date_timestamptz, value);
	*at = DatumGetTimestampTz(value);
	return !TIMESTAMP_NOT_FINITE(*at);
}

/*
 * query_text: baseline_query without what may stand behind it, a semicolon
 * and comments.
 */
static char *
query_text(const DqHistory *history)
{
	RawStmt *raw = dq_statement_parse_query(history->query);

	if (raw->stmt_len == 0)
		return history->query + raw->stmt_location;
	return pnstrdup(history->query + raw->stmt_location, raw->stmt_len);
}

/*
 * query_past: what baseline_query returns; a row without a time is left out.
 */
static void
query_past(const DqHistory *history, const DqProbe *probe, Past *past)
{
	DqRows *rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT * FROM (\n%s\n) AS baseline LIMIT %d",
				 query_text(history), MAX_QUERY_ROWS + 1),
		NULL);
	int i;

	if (rows->desc->natts < 1 || rows->desc->natts > 2)
		wrong_result(probe);
	if (rows->count > MAX_QUERY_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("option \"baseline_query\" of %s returns more than %d rows",
						probe->check->what, MAX_QUERY_ROWS)));
	past->timed = rows->desc->natts == 2;
	past->points = palloc0(sizeof(DqTimed) * (rows->count + 1));
	past->count = 0;
	for (i = 0; i < rows->count; i++)
	{
		DqTimed *point = &past->points[past->count];

		if (past->timed && !time_of(probe, rows->rows[i], rows->desc,
									&point->at))
			continue;
		point->value = number_of(probe, rows->rows[i], rows->desc,
								 rows->desc->natts);
		past->count++;
	}
}

/*
 * stored_past: what was stored.
 */
static void
stored_past(const DqHistory *history, const DqProbe *probe, Past *past)
{
	DqMetricValue *values;
	int i;

	past->timed = true;
	past->count = dq_metric_read(probe->point,
								 history->baseline.series.max_points,
								 history->failed_too, &values);
	past->points = palloc(sizeof(DqTimed) * (past->count + 1));
	for (i = 0; i < past->count; i++)
	{
		past->points[i].at = values[i].at;
		past->points[i].value = values[i].value;
	}
}

/*
 * make_point: the number with all that says of what it is one.
 */
static DqMetricPoint *
make_point(const DqHistory *history, const DqProbe *probe, double value)
{
	const DqQualityTask *task = probe->task;
	DqMetricPoint *point = palloc0(sizeof(DqMetricPoint));

	point->pipeline_id = task->pipeline_id;
	point->step = task->step;
	point->source = task->pipeline_id != 0 ?
						task->source :
						dq_sqltext_relation(task->relid);
	point->check_name = probe->check->name;
	point->metric = psprintf("%s WHERE (%s) AND (%s)", probe->value,
							 task->row_filter ? task->row_filter : "true",
							 probe->check->row_filter ?
								 probe->check->row_filter :
								 "true");
	point->group = probe->group;
	if (history->has_at)
		point->at = history->at;
	else if (task->has_at)
		point->at = task->at;
	else
		point->at = GetCurrentTransactionStartTimestamp();
	point->value = value;
	point->tested_rows = probe->counts.tested;
	return point;
}

/*
 * of_season: the values of the season, or all of them when it has none; *used
 * tells. Returns how many.
 */
static int
of_season(const DqPoint *points, int count, int season, bool seasonal,
		  double *values, bool *used)
{
	int n = 0;
	int i;

	for (i = 0; seasonal && i < count; i++)
	{
		if (points[i].season == season && !isnan(points[i].value))
			values[n++] = points[i].value;
	}
	*used = n > 0;
	for (i = 0; !*used && i < count; i++)
	{
		if (!isnan(points[i].value))
			values[n++] = points[i].value;
	}
	return n;
}

/*
 * compare_change: a change against a number made of the history.
 */
static DqAnomaly
compare_change(const DqHistory *history, const double *values, int n,
			   double value)
{
	DqAnomaly answer = {0};
	DqEstimate found;
	double difference;
	double unit;

	answer.n = n;
	answer.enough = n >= history->baseline.anomaly.min_points;
	if (!answer.enough)
		return answer;
	found = dq_anomaly_estimate(values, n,
								history->compare == DQ_COMPARE_MEDIAN ?
									DQ_ANOMALY_MAD :
									DQ_ANOMALY_ZSCORE);
	if (history->compare == DQ_COMPARE_PREVIOUS)
		found.centre = values[n - 1];
	answer.centre = found.centre;
	answer.scale = n > 1 ? found.scale : get_float8_nan();
	unit = history->absolute ? 1.0 : fabs(found.centre);
	difference = value - found.centre;
	answer.score = difference == 0.0 ? 0.0 : difference / unit;
	answer.low = isinf(history->min_change) ?
					 history->min_change :
					 found.centre + history->min_change * unit;
	answer.high = isinf(history->max_change) ?
					  history->max_change :
					  found.centre + history->max_change * unit;
	answer.anomalous = answer.score < history->min_change ||
					   answer.score > history->max_change ||
					   (history->min_excluded &&
						answer.score == history->min_change) ||
					   (history->max_excluded &&
						answer.score == history->max_change);
	return answer;
}

/*
 * judge_change: the rules on changes.
 */
static DqAnomaly
judge_change(const DqHistory *history, Past *past, double value,
			 TimestampTz at)
{
	const DqSeriesOptions *series = &history->baseline.series;
	double *values = palloc(sizeof(double) * (past->count + 1));
	int count = past->count;
	DqPoint *points;
	DqAnomaly answer;
	bool seasonal;
	int n;
	int i;

	if (past->timed)
		points = dq_series_before(at, past->points, past->count, series,
								  &count);
	else
	{
		points = palloc0(sizeof(DqPoint) * (count + 1));
		for (i = 0; i < count; i++)
			points[i].value = past->points[i].value;
	}
	n = of_season(points, count, dq_series_season(at, series),
				  history->baseline.anomaly.seasonal, values, &seasonal);
	answer = compare_change(history, values, n, value);
	answer.seasonal = seasonal;
	answer.season_points = seasonal ? n : 0;
	return answer;
}

/*
 * judge_interval: the rule "anomaly".
 */
static DqAnomaly
judge_interval(const DqHistory *history, Past *past, double value,
			   TimestampTz at)
{
	double *values;
	int i;

	if (past->timed)
		return dq_baseline_judge(&history->baseline, past->points,
								 past->count, value, at);
	values = palloc(sizeof(double) * (past->count + 1));
	for (i = 0; i < past->count; i++)
		values[i] = past->points[i].value;
	return dq_baseline_judge_plain(&history->baseline, values, past->count,
								   value);
}

/*
 * describe: what was found.
 */
static Jsonb *
describe(const DqHistory *history, const DqAnomaly *answer, double value,
		 TimestampTz at)
{
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_double(&build, "value", value);
	if (history->compare != DQ_COMPARE_INTERVAL && answer->enough)
		dq_json_add_double(&build, "change", answer->score);
	dq_baseline_describe(&build, &history->baseline, answer, at,
						 history->compare == DQ_COMPARE_INTERVAL ?
							 NULL :
							 compare_words[history->compare -
										   DQ_COMPARE_PREVIOUS]);
	return dq_json_end(&build);
}

/*
 * need_times: 22023 when a season or period is asked of numbers without.
 */
static void
need_times(const DqHistory *history, const DqProbe *probe)
{
	if (history->baseline.series.season == DQ_SEASON_NONE &&
		history->baseline.series.period == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("options \"season\" and \"period\" of %s need times",
					probe->check->what),
			 errhint("Let \"baseline_query\" return times and numbers.")));
}

/*
 * dq_history_judge: see history.h.
 */
void
dq_history_judge(const DqHistory *history, DqProbe *probe, double value)
{
	DqAnomaly answer;
	Past past;

	probe->point = make_point(history, probe, value);
	if (history->query != NULL)
		query_past(history, probe, &past);
	else
		stored_past(history, probe, &past);
	if (!past.timed)
		need_times(history, probe);
	answer = history->compare == DQ_COMPARE_INTERVAL ?
				 judge_interval(history, &past, value, probe->point->at) :
				 judge_change(history, &past, value, probe->point->at);
	if (answer.enough && !isfinite(answer.centre))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the numbers of the history are out of range")));
	probe->holds = answer.enough ? !answer.anomalous : -1;
	probe->observed = describe(history, &answer, value, probe->point->at);
}
