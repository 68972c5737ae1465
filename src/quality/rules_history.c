/*
 * rules_history.c
 *	  Family of rules: what is now, held against what was before or against
 *	  a reference.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "quality/history.h"
#include "quality/partition.h"
#include "quality/rules_history.h"
#include "quality/shape.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#define DEFAULT_ALPHA 0.05
#define DEFAULT_BINS 10
#define MAX_BINS 1000

/* for all rules that have a history */
const DqOption dq_rules_history_options[] = {
	{"baseline_query", DQ_OPTION_QUERY, false, NULL,
	 "a SELECT of the numbers to compare with, or of times and numbers; default: what runs of the pipeline, or etl.check with record, stored"},
	{"include_failed", DQ_OPTION_BOOL, false, NULL,
	 "count numbers of runs that did not succeed too; default false"},
	{"at", DQ_OPTION_TEXT, false, NULL,
	 "the time that the rows are about; default: the start of the window (its end without a period), else now"},
	{"season", DQ_OPTION_WORD, false, "none|hour|weekday|weekday_hour",
	 "compare with numbers of the same hour of the day, weekday or both, when there are enough; default none"},
	{"timezone", DQ_OPTION_TEXT, false, NULL,
	 "of seasons and periods; default: that of the session, in a run that of the pipeline"},
	{"min_points", DQ_OPTION_INTEGER, false, NULL,
	 "with fewer numbers there is no verdict (status no_data); default 7, for changes 1"},
	{"max_points", DQ_OPTION_INTEGER, false, NULL,
	 "the latest numbers that count; default 90, with a season 720 (hour), 182 (weekday) or 2016 (weekday_hour)"},
	DQ_OPTION_END};

/* for all that compare with the rows of another relation */
const DqOption dq_rules_history_references[] = {
	{"reference", DQ_OPTION_RELATION, false, NULL,
	 "a relation with the rows to compare with"},
	{"reference_column", DQ_OPTION_TEXT, false, NULL,
	 "its column; default: the same name"},
	{"reference_filter", DQ_OPTION_FOREIGN_CONDITION, false, NULL,
	 "only its rows that meet this SQL condition"},
	DQ_OPTION_END};

/* for all that count values */
const DqOption dq_rules_history_partitions[] = {
	{"partition", DQ_OPTION_JSON, false, NULL,
	 "the expected distribution: an object of values or bins, and weights"},
	{"binning", DQ_OPTION_WORD, false, "auto|values|quantiles",
	 "with a reference: count each value, or cut at quantiles of the reference (auto: for numbers and times)"},
	{"bins", DQ_OPTION_INTEGER, false, NULL,
	 "how many parts the quantiles make; default 10"},
	DQ_OPTION_END};

#define COMPARE_HELP \
	"the latest number before (default), or the mean or median of all"
#define UNIT_HELP \
	"of the bounds: a fraction of what it is compared with (default), or the metric's own unit"
#define METRIC_HELP \
	"a rule object of the aggregate family, whose value is taken"
#define EXPRESSION_HELP \
	"an SQL expression of aggregates over the relation, a number"
#define THRESHOLD_HELP "the most that is good"
#define ALPHA_HELP "a smaller p-value fails; default 0.05"
#define EFFECT_HELP \
	"fail only when the statistic is above this too: with many rows any difference is significant"

static const DqOption change_options[] = {
	{"compare_with", DQ_OPTION_WORD, false, "previous|mean|median",
	 COMPARE_HELP},
	{"unit", DQ_OPTION_WORD, false, "fraction|absolute", UNIT_HELP},
	DQ_OPTION_END};

static const DqOption metric_change_options[] = {
	{"metric", DQ_OPTION_JSON, false, NULL, METRIC_HELP},
	{"expression", DQ_OPTION_EXPRESSION, false, NULL, EXPRESSION_HELP},
	{"compare_with", DQ_OPTION_WORD, false, "previous|mean|median",
	 COMPARE_HELP},
	{"unit", DQ_OPTION_WORD, false, "fraction|absolute", UNIT_HELP},
	DQ_OPTION_END};

static const DqOption anomaly_options[] = {
	{"metric", DQ_OPTION_JSON, false, NULL, METRIC_HELP},
	{"expression", DQ_OPTION_EXPRESSION, false, NULL, EXPRESSION_HELP},
	{"method", DQ_OPTION_WORD, false, "mad|zscore|ewma|holt_winters",
	 "how to tell what is usual: median and median absolute deviation (default), mean and standard deviation, exponential smoothing, the same with trend and season"},
	{"sigmas", DQ_OPTION_NUMBER, false, NULL,
	 "how rare a number must be, as so many standard deviations of a normal distribution; default 3"},
	{"side", DQ_OPTION_WORD, false, "both|high|low",
	 "which deviations count; default both"},
	{"counts", DQ_OPTION_BOOL, false, NULL,
	 "the metric is a number of things, known no better than Poisson noise; default: true for numbers of rows"},
	{"period", DQ_OPTION_INTERVAL, false, NULL,
	 "how often there should be a number: a missing one counts, as 0 for counts"},
	{"min_season_points", DQ_OPTION_INTEGER, false, NULL,
	 "with fewer numbers of its season all others count too; default 4"},
	{"min_effect", DQ_OPTION_NUMBER, false, NULL,
	 "smaller differences are none; default 0"},
	{"min_effect_fraction", DQ_OPTION_NUMBER, false, NULL,
	 "the same as a part of what is usual; default 0"},
	{"alpha", DQ_OPTION_NUMBER, false, NULL,
	 "weight of the level in smoothing; default 0.3, for holt_winters the best"},
	{"beta", DQ_OPTION_NUMBER, false, NULL,
	 "weight of the trend; default: the best"},
	{"gamma", DQ_OPTION_NUMBER, false, NULL,
	 "weight of the season; default: the best"},
	DQ_OPTION_END};

static const DqOption kl_options[] = {
	{"threshold", DQ_OPTION_NUMBER, false, NULL,
	 THRESHOLD_HELP "; without it the divergence is only measured"},
	{"tail_weight_holdout", DQ_OPTION_FRACTION, false, NULL,
	 "weight kept for values outside the partition; default 0"},
	{"internal_weight_holdout", DQ_OPTION_FRACTION, false, NULL,
	 "weight kept for bins of weight zero; default 0"},
	DQ_OPTION_END};

static const DqOption psi_options[] = {
	{"threshold", DQ_OPTION_NUMBER, true, NULL, THRESHOLD_HELP},
	{"epsilon", DQ_OPTION_NUMBER, false, NULL,
	 "smaller shares count as this; default 0.0001"},
	DQ_OPTION_END};

static const DqOption js_options[] = {
	{"threshold", DQ_OPTION_NUMBER, true, NULL, THRESHOLD_HELP},
	DQ_OPTION_END};

static const DqOption category_options[] = {
	{"threshold", DQ_OPTION_NUMBER, true, NULL, THRESHOLD_HELP},
	{"measure", DQ_OPTION_WORD, false, "l_infinity|cramers_v",
	 "the largest difference of a share (default), or Cramer's V"},
	DQ_OPTION_END};

static const DqOption chi_square_options[] = {
	{"alpha", DQ_OPTION_FRACTION, false, NULL, ALPHA_HELP},
	{"threshold", DQ_OPTION_NUMBER, false, NULL, EFFECT_HELP},
	{"min_expected", DQ_OPTION_NUMBER, false, NULL,
	 "values of which fewer are expected are put together; default 5"},
	DQ_OPTION_END};

static const DqOption ks_options[] = {
	{"alpha", DQ_OPTION_FRACTION, false, NULL, ALPHA_HELP},
	{"threshold", DQ_OPTION_NUMBER, false, NULL, EFFECT_HELP},
	{"distribution", DQ_OPTION_WORD, false, "normal|uniform|exponential",
	 "compare with this instead of a reference"},
	{"mean", DQ_OPTION_NUMBER, false, NULL, "of the normal distribution"},
	{"stddev", DQ_OPTION_NUMBER, false, NULL, "of the normal distribution"},
	{"min", DQ_OPTION_NUMBER, false, NULL, "of the uniform distribution"},
	{"max", DQ_OPTION_NUMBER, false, NULL, "of the uniform distribution"},
	{"rate", DQ_OPTION_NUMBER, false, NULL,
	 "of the exponential distribution"},
	DQ_OPTION_END};

/*
 * dq_rules_history_metric: see rules_history.h. Only rules whose value comes
 * of aggregates.
 */
const DqCheck *
dq_rules_history_metric(const DqCheck *check)
{
	Jsonb *part;
	DqCheck *metric;

	if (!dq_json_has(check->doc, "metric"))
		return NULL;
	part = dq_json_part(check->doc, "metric");
	if (!JB_ROOT_IS_OBJECT(part))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be a rule object", "metric",
						check->what)));
	metric = dq_rule_read_object(part);
	if (metric->type->shape != &dq_shape_metric || metric->levels != NIL ||
		metric->row_filter != NULL || metric->group_by != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be a rule of the aggregate family, without row_filter, group_by and levels",
						"metric", check->what),
				 errhint("Give these to the outer rule.")));
	return metric;
}

/*
 * dq_rules_history_counts: see rules_history.h.
 */
bool
dq_rules_history_counts(const DqCheck *check)
{
	const DqCheck *metric = dq_rules_history_metric(check);

	if (metric != NULL)
		return strcmp(metric->type->name, "row_count_between") == 0;
	return check->expression == NULL;
}

/*
 * dq_rules_history_is_change: see rules_history.h.
 */
bool
dq_rules_history_is_change(const DqCheck *check)
{
	return (check->type->takes & DQ_TAKES_BOUNDS) != 0;
}

/*
 * validate_metric: exactly one metric at most, and options that make sense.
 */
static void
validate_metric(DqCheck *check)
{
	DqHistory history;

	if (check->expression != NULL && dq_json_has(check->doc, "metric"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has both \"metric\" and \"expression\"",
						check->what)));
	dq_history_read(&history, check, dq_rules_history_is_change(check),
					dq_rules_history_counts(check));
}

/*
 * validate_metric_change: the same with a metric that must be given.
 */
static void
validate_metric_change(DqCheck *check)
{
	if (check->expression == NULL && !dq_json_has(check->doc, "metric"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs option \"metric\" or \"expression\"",
						check->what)));
	validate_metric(check);
}

/*
 * metric_rows: the number of rows.
 */
static void
metric_rows(StringInfo buf, const DqProbe *probe)
{
	appendStringInfoString(buf, "pg_catalog.count(*)");
}

/*
 * metric_bytes: what the relation takes on disk, indexes apart, with all its
 * partitions. 42809 for relations that store nothing.
 */
static void
metric_bytes(StringInfo buf, const DqProbe *probe)
{
	Oid relid = probe->source->relid;
	char kind = get_rel_relkind(relid);
	char *name = dq_sqltext_literal(dq_sqltext_relation(relid));

	if (kind == RELKIND_PARTITIONED_TABLE)
		appendStringInfo(buf, "SELECT pg_catalog.sum(pg_catalog.pg_table_size(t.relid)) FROM pg_catalog.pg_partition_tree(%s::pg_catalog.regclass) AS t",
						 name);
	else if (kind == RELKIND_RELATION || kind == RELKIND_MATVIEW)
		appendStringInfo(buf, "SELECT pg_catalog.pg_table_size(%s::pg_catalog.regclass)",
						 name);
	else
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s has no size on disk",
						dq_sqltext_relation(relid))));
}

/*
 * holds_always: the history decides, not SQL.
 */
static void
holds_always(StringInfo buf, const DqProbe *probe, const char *value)
{
	appendStringInfoString(buf, "true");
}

/*
 * read_number: an option that is a number; NaN when not given.
 */
static double
read_number(const DqCheck *check, const char *key, double min, double max)
{
	return dq_json_double(check->doc, key, get_float8_nan(), min, max,
						  check->what);
}

/*
 * dq_rules_history_threshold: see rules_history.h.
 */
double
dq_rules_history_threshold(const DqCheck *check)
{
	return read_number(check, "threshold", 0.0, 1e300);
}

/*
 * dq_rules_history_alpha: see rules_history.h.
 */
double
dq_rules_history_alpha(const DqCheck *check)
{
	return dq_json_double(check->doc, "alpha", DEFAULT_ALPHA, 0.0, 1.0,
						  check->what);
}

/*
 * dq_rules_history_measure: see rules_history.h.
 */
void
dq_rules_history_measure(const DqCheck *check, DqMeasure *measure)
{
	static const struct
	{
		const char *type;
		DqMeasureMethod method;
	} methods[] = {
		{"kl_divergence_below", DQ_MEASURE_KL},
		{"psi_below", DQ_MEASURE_PSI},
		{"js_distance_below", DQ_MEASURE_JS},
		{"chi_square_test", DQ_MEASURE_CHI_SQUARE},
		{"ks_test", DQ_MEASURE_KS}};
	DqMeasureMethod method = DQ_MEASURE_L_INFINITY;
	int i;

	for (i = 0; i < lengthof(methods); i++)
	{
		if (strcmp(check->type->name, methods[i].type) == 0)
			method = methods[i].method;
	}
	if (check->type->options == category_options &&
		dq_option_word(category_options, check->doc, "measure",
					   check->what) == 1)
		method = DQ_MEASURE_CRAMERS_V;
	dq_measure_read(measure, method, check->doc, check->what);
	measure->weights = dq_json_has(check->doc, "partition");
}

/*
 * dq_rules_history_quantiles: see rules_history.h.
 */
bool
dq_rules_history_quantiles(const DqCheck *check, bool numbers)
{
	int binning = dq_option_word(dq_rules_history_partitions, check->doc,
								 "binning", check->what);

	if (check->type->options == category_options && binning == 0)
		return false;
	return binning == 2 || (binning == 0 && numbers);
}

/*
 * dq_rules_history_bins: how many parts quantiles make.
 */
int
dq_rules_history_bins(const DqCheck *check)
{
	int64 bins = dq_json_int(check->doc, "bins", DEFAULT_BINS, check->what);

	if (bins < 2 || bins > MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be between %d and %d",
						"bins", check->what, 2, MAX_BINS)));
	return (int) bins;
}

/*
 * check_references: 22023 unless there is exactly one thing to compare with.
 */
static void
check_references(const DqCheck *check, const char *other)
{
	bool relation = dq_json_has(check->doc, "reference");

	if (relation == dq_json_has(check->doc, other))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs either option \"%s\" or option \"reference\"",
						check->what, other)));
	if (!relation && (dq_json_has(check->doc, "reference_column") ||
					  dq_json_has(check->doc, "reference_filter")))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"reference_column\" and \"reference_filter\" of %s need option \"reference\"",
						check->what)));
}

/*
 * validate_drift: rules on distributions.
 */
static void
validate_drift(DqCheck *check)
{
	bool is_ks = check->type->options == ks_options;
	DqMeasure measure;

	check_references(check, is_ks ? "distribution" : "partition");
	dq_rules_history_measure(check, &measure);
	(void) dq_rules_history_threshold(check);
	(void) dq_rules_history_alpha(check);
	if (is_ks)
		return;
	(void) dq_partition_read(check->doc, check->what);
	(void) dq_rules_history_bins(check);
	if (measure.method == DQ_MEASURE_CRAMERS_V && measure.weights)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("measure \"%s\" of %s needs a reference that is counted",
						"cramers_v", check->what),
				 errhint("Use \"reference\" instead of \"partition\".")));
}

#define TAKES_CHANGE \
	(DQ_TAKES_BOUNDS | DQ_NEEDS_BOUND | DQ_TAKES_HISTORY)
#define TAKES_PARTS \
	(DQ_TAKES_FILTER | DQ_TAKES_REFERENCE | DQ_TAKES_PARTITION)

static const DqRuleType types[] = {
	{.name = "row_count_change",
	 .dimension = "volume",
	 .shape = &dq_shape_history,
	 .arity = DQ_NO_COLUMNS,
	 .takes = TAKES_CHANGE | DQ_TAKES_FILTER,
	 .options = change_options,
	 .validate = validate_metric,
	 .metric = metric_rows,
	 .holds = holds_always,
	 .help = "the number of rows changed by no more than the bounds since before"},
	{.name = "volume_change",
	 .dimension = "volume",
	 .shape = &dq_shape_history,
	 .arity = DQ_NO_COLUMNS,
	 .takes = TAKES_CHANGE,
	 .options = change_options,
	 .validate = validate_metric,
	 .metric = metric_bytes,
	 .holds = holds_always,
	 .help = "the bytes on disk, indexes apart, changed by no more than the bounds since before"},
	{.name = "metric_change",
	 .dimension = "volume",
	 .shape = &dq_shape_history,
	 .arity = DQ_NO_COLUMNS,
	 .takes = TAKES_CHANGE | DQ_TAKES_FILTER,
	 .options = metric_change_options,
	 .validate = validate_metric_change,
	 .holds = holds_always,
	 .help = "a metric changed by no more than the bounds since before"},
	{.name = "anomaly",
	 .dimension = "volume",
	 .shape = &dq_shape_history,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_FILTER | DQ_TAKES_HISTORY,
	 .options = anomaly_options,
	 .validate = validate_metric,
	 .metric = metric_rows,
	 .holds = holds_always,
	 .help = "a metric, by default the number of rows, is not unusual for its history, which it is no part of; too short a history passes"},
	{.name = "kl_divergence_below",
	 .dimension = "consistency",
	 .shape = &dq_shape_drift,
	 .arity = DQ_ONE_COLUMN,
	 .takes = TAKES_PARTS,
	 .options = kl_options,
	 .validate = validate_drift,
	 .help = "the Kullback-Leibler divergence of a column from a reference is at most a threshold, in nats"},
	{.name = "psi_below",
	 .dimension = "consistency",
	 .shape = &dq_shape_drift,
	 .arity = DQ_ONE_COLUMN,
	 .takes = TAKES_PARTS,
	 .options = psi_options,
	 .validate = validate_drift,
	 .help = "the population stability index of a column against a reference is at most a threshold"},
	{.name = "js_distance_below",
	 .dimension = "consistency",
	 .shape = &dq_shape_drift,
	 .arity = DQ_ONE_COLUMN,
	 .takes = TAKES_PARTS,
	 .options = js_options,
	 .validate = validate_drift,
	 .help = "the Jensen-Shannon distance of a column from a reference, 0 to 1, is at most a threshold"},
	{.name = "categorical_drift",
	 .dimension = "consistency",
	 .shape = &dq_shape_drift,
	 .arity = DQ_ONE_COLUMN,
	 .takes = TAKES_PARTS,
	 .options = category_options,
	 .validate = validate_drift,
	 .help = "the shares of the values of a column differ from a reference by at most a threshold"},
	{.name = "chi_square_test",
	 .dimension = "consistency",
	 .shape = &dq_shape_drift,
	 .arity = DQ_ONE_COLUMN,
	 .takes = TAKES_PARTS,
	 .options = chi_square_options,
	 .validate = validate_drift,
	 .help = "the values of a column are distributed as in a reference, by the chi-square test"},
	{.name = "ks_test",
	 .dimension = "consistency",
	 .shape = &dq_shape_drift,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_FILTER | DQ_TAKES_REFERENCE,
	 .options = ks_options,
	 .validate = validate_drift,
	 .help = "the numbers of a column are distributed as in a reference, by the Kolmogorov-Smirnov test"}};

const DqRuleFamily dq_rules_history = {"history", types, lengthof(types)};
