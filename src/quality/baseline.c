/*
 * baseline.c
 *	  A number against its history, from options to answer, both jsonb.
 */
#include "postgres.h"

#include <math.h>

#include "base/sqltext.h"
#include "catalog/window.h"
#include "pgtime.h"
#include "quality/baseline.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define MAX_SIGMAS 30.0
#define MAX_EFFECT 1e300
#define MAX_POINTS 100000

const char *const dq_baseline_keys[] = {
	"method", "sigmas", "side", "counts", "season", "timezone",
	"period", "min_points", "min_season_points", "max_points",
	"min_effect", "min_effect_fraction", "alpha", "beta", "gamma", NULL};

/* in the order of the enums; the first is the default */
static const char *const method_names[] = {"mad", "zscore", "ewma",
										   "holt_winters", NULL};
static const char *const side_names[] = {"both", "high", "low", NULL};
static const char *const season_names[] = {"none", "hour", "weekday",
										   "weekday_hour", NULL};

/*
 * read_int: a whole number within bounds, or "missing" when not given.
 */
static int
read_int(Jsonb *doc, const char *key, int missing, int min, int max,
		 const char *what)
{
	int64 value = dq_json_int(doc, key, missing, what);

	if (dq_json_has(doc, key) && (value < min || value > max))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be between %d and %d", key,
						what, min, max)));
	return (int) value;
}

/*
 * read_series: what there is to say about time.
 */
static void
read_series(DqSeriesOptions *series, Jsonb *doc, bool count, const char *what)
{
	char *period = dq_json_text(doc, "period", what);

	series->season = dq_json_word(doc, "season", season_names, 0, what);
	series->missing = count ? 0.0 : get_float8_nan();
	series->max_points = read_int(doc, "max_points", 0, 2, MAX_POINTS, what);
	series->timezone = dq_json_text(doc, "timezone", what);
	if (series->timezone == NULL)
		series->timezone = pstrdup(pg_get_timezone_name(session_timezone));
	if (pg_tzset(series->timezone) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized",
						dq_sqltext_clip(series->timezone, 63)),
				 errhint("SELECT name FROM pg_catalog.pg_timezone_names;")));
	series->period = NULL;
	if (period == NULL)
		return;
	series->period = DatumGetIntervalP(
		DirectFunctionCall3(interval_in, CStringGetDatum(period),
							ObjectIdGetDatum(InvalidOid),
							Int32GetDatum(-1)));
	dq_window_validate(series->period, series->timezone);
}

/*
 * dq_baseline_read: see baseline.h.
 */
void
dq_baseline_read(DqBaseline *baseline, Jsonb *doc, bool count,
				 const char *what)
{
	DqAnomalyOptions *anomaly = &baseline->anomaly;

	dq_anomaly_defaults(anomaly);
	count = dq_json_bool(doc, "counts", count, what);
	anomaly->count = count;
	anomaly->method = dq_json_word(doc, "method", method_names, 0, what);
	anomaly->side = dq_json_word(doc, "side", side_names, 0, what);
	anomaly->sigmas = dq_json_double(doc, "sigmas", anomaly->sigmas, 0.5,
									 MAX_SIGMAS, what);
	anomaly->min_points = read_int(doc, "min_points", anomaly->min_points, 2,
								   MAX_POINTS, what);
	anomaly->min_season_points = read_int(doc, "min_season_points",
										  anomaly->min_season_points, 2,
										  MAX_POINTS, what);
	anomaly->min_effect = dq_json_double(doc, "min_effect", 0, 0,
										 MAX_EFFECT, what);
	anomaly->min_effect_fraction = dq_json_double(doc,
												  "min_effect_fraction", 0,
												  0, MAX_EFFECT, what);
	anomaly->alpha = dq_json_double(doc, "alpha", 0, 0.001, 1, what);
	anomaly->beta = dq_json_double(doc, "beta", 0, 0.001, 1, what);
	anomaly->gamma = dq_json_double(doc, "gamma", 0, 0.001, 1, what);
	read_series(&baseline->series, doc, count, what);
	anomaly->seasonal = baseline->series.season != DQ_SEASON_NONE;
}

/*
 * judge: 22003 when an answer is not finite, which must never be a pass.
 */
static DqAnomaly
judge(const DqBaseline *baseline, const DqPoint *points, int count,
	  double value, int season)
{
	DqAnomaly answer;

	if (isnan(value) || isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the tested value is not a finite number")));
	answer = dq_anomaly_judge(points, count, value, season,
							  &baseline->anomaly);
	if (answer.enough && (!isfinite(answer.centre) ||
						  !isfinite(answer.scale) || isnan(answer.score)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the numbers of the history are out of range")));
	return answer;
}

/*
 * dq_baseline_judge: see baseline.h.
 */
DqAnomaly
dq_baseline_judge(const DqBaseline *baseline, DqTimed *history, int n,
				  double value, TimestampTz at)
{
	int count;
	DqPoint *points = dq_series_before(at, history, n, &baseline->series,
									   &count);

	return judge(baseline, points, count, value,
				 dq_series_season(at, &baseline->series));
}

/*
 * dq_baseline_judge_plain: see baseline.h.
 */
DqAnomaly
dq_baseline_judge_plain(const DqBaseline *baseline, const double *history,
						int n, double value)
{
	DqPoint *points = palloc(sizeof(DqPoint) * Max(n, 1));
	int skip = baseline->series.max_points;
	int i;

	skip = skip > 0 ? Max(n - skip, 0) : 0;
	for (i = 0; i < n; i++)
	{
		points[i].value = history[i];
		points[i].season = 0;
	}
	return judge(baseline, points + skip, n - skip, value, 0);
}

/*
 * describe_season: whose numbers the baseline is made of.
 */
static void
describe_season(DqJsonBuild *build, const DqBaseline *baseline,
				const DqAnomaly *answer, TimestampTz at)
{
	DqSeason season = baseline->series.season;
	char *name;

	if (season == DQ_SEASON_NONE)
	{
		dq_json_add_text(build, "season", "all");
		return;
	}
	name = dq_series_season_name(season,
								 dq_series_season(at, &baseline->series));
	dq_json_add_text(build, "season", answer->seasonal ? name : "all");
	dq_json_add_int(build, "season_points", answer->season_points);
	if (!answer->seasonal && answer->enough)
		dq_json_add_text(build, "season_note",
						 psprintf("too few points of %s, all are used",
								  name));
}

/*
 * dq_baseline_describe: see baseline.h.
 */
void
dq_baseline_describe(DqJsonBuild *build, const DqBaseline *baseline,
					 const DqAnomaly *answer, TimestampTz at,
					 const char *method)
{
	double interval[2] = {answer->low, answer->high};

	if (method == NULL)
		method = method_names[baseline->anomaly.method];
	dq_json_add_text(build, "method", method);
	dq_json_add_int(build, "n", answer->n);
	describe_season(build, baseline, answer, at);
	if (!answer->enough)
		return;
	dq_json_add_double(build, "centre", answer->centre);
	dq_json_add_double(build, "scale", answer->scale);
	dq_json_add_double_list(build, "interval", interval, 2);
	dq_json_add_double(build, "score", answer->score);
}
