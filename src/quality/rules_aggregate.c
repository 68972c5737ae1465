/*
 * rules_aggregate.c
 *	  Family of rules: a number that many rows make, held against bounds.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/aggregate.h"
#include "quality/tally.h"
#include "quality/rule.h"
#include "quality/shape.h"

/*
 * check_count_bounds: bounds of a count are whole numbers in order.
 */
static void
check_count_bounds(DqCheck *check)
{
	int64 min = dq_json_int(check->doc, "min_value", 0, check->what);
	int64 max = dq_json_int(check->doc, "max_value", PG_INT64_MAX,
							check->what);

	if (min < 0 || max < 0 || min > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of %s must be in order and not negative",
						check->what)));
}

/*
 * metric_row_count: the number of rows.
 */
static void
metric_row_count(StringInfo buf, const DqProbe *probe)
{
	appendStringInfoString(buf, "pg_catalog.count(*)");
}

#define KIND_HELP "the rows are a sample (default), or all there are"
#define METHOD_HELP \
	"a value that is there (default), or one between two of them, in double precision"

static const DqOption kind_options[] = {
	{"kind", DQ_OPTION_WORD, false, "sample|population", KIND_HELP},
	DQ_OPTION_END};

static const DqOption kurtosis_options[] = {
	{"kind", DQ_OPTION_WORD, false, "sample|population", KIND_HELP},
	{"excess", DQ_OPTION_BOOL, false, NULL,
	 "true: 0 for a normal distribution (default); false: 3"},
	DQ_OPTION_END};

static const DqOption method_options[] = {
	{"method", DQ_OPTION_WORD, false, "discrete|continuous", METHOD_HELP},
	DQ_OPTION_END};

static const DqOption quantile_options[] = {
	{"quantile", DQ_OPTION_FRACTION, false, NULL, "which one, from 0 to 1"},
	{"quantiles", DQ_OPTION_SCALARS, false, NULL, "several of them"},
	{"ranges", DQ_OPTION_JSON, false, NULL,
	 "an object with min_value and max_value for each of them"},
	{"method", DQ_OPTION_WORD, false, "discrete|continuous", METHOD_HELP},
	DQ_OPTION_END};

static const DqOption frequency_options[] = {
	{"value", DQ_OPTION_SCALAR, true, NULL, "the value"},
	{"unit", DQ_OPTION_WORD, false, "fraction|count",
	 "what the bounds are, default fraction"},
	DQ_OPTION_END};

static const DqOption mode_options[] = {
	{"ties", DQ_OPTION_WORD, false, "any|all|fail",
	 "of several most frequent values any one has to be in the list (default), or all, or there must be one only"},
	DQ_OPTION_END};

static const DqOption set_options[] = {
	{"allowed", DQ_OPTION_SCALARS, false, NULL, "the values"},
	{"value_set", DQ_OPTION_SCALARS, false, NULL, "the same"},
	DQ_OPTION_END};

static const DqOption entropy_options[] = {
	{"base", DQ_OPTION_WORD, false, "e|2|10",
	 "base of the logarithm, default e"},
	DQ_OPTION_END};

/*
 * check_set: one list of values.
 */
static void
check_set(DqCheck *check)
{
	if (dq_json_has(check->doc, "allowed") &&
		dq_json_has(check->doc, "value_set"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has both \"allowed\" and \"value_set\"",
						check->what)));
}

static const DqRuleType types[] = {
	{.name = "row_count_between",
	 .aliases = "row_count",
	 .dimension = "volume",
	 .shape = &dq_shape_metric,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_METRIC,
	 .validate = check_count_bounds,
	 .metric = metric_row_count,
	 .help = "the number of rows lies between two bounds"},
	{.name = "completeness_between",
	 .aliases = "completeness",
	 .dimension = "completeness",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC | DQ_TESTS_NULLS,
	 .validate = dq_aggregate_check_fractions,
	 .metric = dq_aggregate_completeness,
	 .help = "the share of rows that have a value lies between two bounds"},
	{.name = "min_between",
	 .aliases = "min",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC | DQ_IS_EXTREME,
	 .validate = dq_aggregate_check_order,
	 .metric = dq_aggregate_min,
	 .holds = dq_aggregate_extreme_holds,
	 .help = "the least value, by the order of the column's type, lies between two bounds"},
	{.name = "max_between",
	 .aliases = "max",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC | DQ_IS_EXTREME,
	 .validate = dq_aggregate_check_order,
	 .metric = dq_aggregate_max,
	 .holds = dq_aggregate_extreme_holds,
	 .help = "the greatest value, by the order of the column's type, lies between two bounds; NaN, which is above all numbers, is an error"},
	{.name = "range_between",
	 .aliases = "range_of_values",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_order,
	 .metric = dq_aggregate_range,
	 .help = "the greatest value less the least one lies between two bounds: a number, days for dates, an interval for timestamps and times"},
	{.name = "mean_between",
	 .aliases = "mean|avg_between",
	 .dimension = "accuracy",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_mean,
	 .help = "the mean of the numbers lies between two bounds; exact to 16 digits or more unless they are floats"},
	{.name = "sum_between",
	 .aliases = "sum",
	 .dimension = "accuracy",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_sum,
	 .help = "the sum of the numbers lies between two bounds; exact unless they are floats"},
	{.name = "stddev_between",
	 .aliases = "stddev",
	 .dimension = "accuracy",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = kind_options,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_stddev,
	 .help = "the standard deviation of the numbers lies between two bounds; that of a sample needs two of them"},
	{.name = "variance_between",
	 .aliases = "variance",
	 .dimension = "accuracy",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = kind_options,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_variance,
	 .help = "the variance of the numbers lies between two bounds; that of a sample needs two of them"},
	{.name = "skewness_between",
	 .aliases = "skewness",
	 .dimension = "accuracy",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = kind_options,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_skewness,
	 .help = "the skewness of the numbers lies between two bounds: G1 of Joanes and Gill (1998), of a sample of three or more, or g1 of the population; none when all numbers are equal"},
	{.name = "kurtosis_between",
	 .aliases = "kurtosis",
	 .dimension = "accuracy",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = kurtosis_options,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_kurtosis,
	 .help = "the kurtosis of the numbers lies between two bounds: G2 of Joanes and Gill (1998), of a sample of four or more, or g2 of the population; none when all numbers are equal"},
	{.name = "median_between",
	 .aliases = "median",
	 .dimension = "accuracy",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_tally_median,
	 .help = "the median of the numbers, the mean of the two middle ones, lies between two bounds; exact unless they are floats"},
	{.name = "quantile_between",
	 .aliases = "quantile",
	 .dimension = "accuracy",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = quantile_options,
	 .validate = dq_tally_check_quantiles,
	 .metric = dq_tally_quantile,
	 .holds = dq_tally_holds,
	 .help = "a quantile lies between two bounds, or several lie each in a range of its own"},
	{.name = "iqr_between",
	 .aliases = "iqr",
	 .dimension = "accuracy",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = method_options,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_tally_iqr,
	 .help = "the third quartile less the first lies between two bounds"},
	{.name = "zero_fraction_between",
	 .aliases = "zero_fraction",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_fractions,
	 .metric = dq_aggregate_zeros,
	 .help = "the share of zeros among the numbers lies between two bounds"},
	{.name = "true_fraction_between",
	 .aliases = "true_fraction",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_fractions,
	 .metric = dq_aggregate_trues,
	 .help = "the share of true among the values that are not NULL lies between two bounds"},
	{.name = "value_frequency_between",
	 .aliases = "value_frequency",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = frequency_options,
	 .validate = dq_aggregate_check_frequency,
	 .metric = dq_aggregate_frequency,
	 .help = "the share of one value among those that are not NULL, or the number of its rows, lies between two bounds"},
	{.name = "most_common_value_in_set",
	 .dimension = "validity",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ALLOWED | DQ_TAKES_FILTER,
	 .options = mode_options,
	 .metric = dq_tally_mode,
	 .holds = dq_tally_holds,
	 .help = "the most frequent value is one of a list"},
	{.name = "distinct_values_in_set",
	 .dimension = "validity",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_FILTER,
	 .options = set_options,
	 .validate = check_set,
	 .metric = dq_tally_in_set,
	 .holds = dq_tally_holds,
	 .help = "every value is one of a list; without a list nothing is demanded"},
	{.name = "distinct_values_contain_set",
	 .dimension = "validity",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ALLOWED | DQ_TAKES_FILTER,
	 .metric = dq_tally_contain_set,
	 .holds = dq_tally_holds,
	 .help = "every value of a list is there"},
	{.name = "distinct_values_equal_set",
	 .dimension = "validity",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ALLOWED | DQ_TAKES_FILTER,
	 .metric = dq_tally_equal_set,
	 .holds = dq_tally_holds,
	 .help = "the values are those of a list, no more and no fewer"},
	{.name = "not_constant",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_FILTER,
	 .metric = dq_aggregate_varies,
	 .holds = dq_aggregate_varies_holds,
	 .help = "there are at least two different values"},
	{.name = "entropy_between",
	 .aliases = "entropy",
	 .dimension = "validity",
	 .shape = &dq_shape_select,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .options = entropy_options,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_tally_entropy,
	 .help = "Shannon's entropy of the values lies between two bounds, in double precision; 0 when all are equal"},
	{.name = "min_length_between",
	 .aliases = "min_length",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_min_length,
	 .help = "the length of the shortest text, in characters (bytes of a bytea), lies between two bounds"},
	{.name = "max_length_between",
	 .aliases = "max_length",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_max_length,
	 .help = "the length of the longest text, in characters (bytes of a bytea), lies between two bounds"},
	{.name = "mean_length_between",
	 .aliases = "mean_length",
	 .dimension = "validity",
	 .shape = &dq_shape_metric,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_METRIC,
	 .validate = dq_aggregate_check_numbers,
	 .metric = dq_aggregate_mean_length,
	 .help = "the mean length of the texts, in characters (bytes of a bytea), lies between two bounds"}};

const DqRuleFamily dq_rules_aggregate = {"aggregate", types,
										 lengthof(types)};
