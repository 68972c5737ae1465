/*
 * rules_row.c
 *	  Family of rules: what holds between several columns of a row, and
 *	  between a row and its neighbours.
 */
#include "postgres.h"

#include "quality/neighbour.h"
#include "quality/rowwise.h"
#include "quality/rule.h"
#include "quality/shape.h"
#include "quality/span.h"

#define TOLERANCE_HELP \
	"numbers that differ by no more are equal; default: none, whole numbers and numerics are added exactly"
#define ZERO_HELP "NULL counts as 0 in the sum; default false"
#define PARTITION_HELP \
	"columns: rows that agree in them belong together; default: all rows do"

static const DqOption compare_options[] = {
	{"op", DQ_OPTION_WORD, true, "=|<>|<|<=|>|>=",
	 "the comparison, by the order of the columns' types"},
	{"tolerance", DQ_OPTION_NUMBER, false, NULL, TOLERANCE_HELP},
	DQ_OPTION_END};

static const DqOption pair_options[] = {
	{"pairs", DQ_OPTION_JSON, true, NULL,
	 "list of pairs of values; null in one matches NULL and needs nulls = equal"},
	DQ_OPTION_END};

static const DqOption apart_options[] = {
	{"min_interval", DQ_OPTION_INTERVAL, false, NULL,
	 "the second is at least so much later"},
	{"max_interval", DQ_OPTION_INTERVAL, false, NULL,
	 "the second is at most so much later"},
	DQ_OPTION_END};

static const DqOption sum_equals_options[] = {
	{"value", DQ_OPTION_NUMBER, false, NULL, "the sum"},
	{"total", DQ_OPTION_COLUMN, false, NULL,
	 "the column that holds the sum, instead of a value"},
	{"tolerance", DQ_OPTION_NUMBER, false, NULL, TOLERANCE_HELP},
	{"null_is_zero", DQ_OPTION_BOOL, false, NULL, ZERO_HELP},
	DQ_OPTION_END};

static const DqOption sum_between_options[] = {
	{"null_is_zero", DQ_OPTION_BOOL, false, NULL, ZERO_HELP},
	DQ_OPTION_END};

static const DqOption required_options[] = {
	{"condition", DQ_OPTION_CONDITION, true, NULL,
	 "SQL condition: where it is true, values are required; other rows are not tested"},
	{"otherwise_null", DQ_OPTION_BOOL, false, NULL,
	 "true: where the condition is not true, there must be no values; default false"},
	DQ_OPTION_END};

static const DqOption dependency_options[] = {
	{"determinant", DQ_OPTION_COLUMNS, true, NULL,
	 "the columns whose values decide those of the others"},
	DQ_OPTION_END};

static const DqOption transition_options[] = {
	{"order_by", DQ_OPTION_COLUMNS, true, NULL,
	 "columns: the order of the rows, ascending"},
	{"transitions", DQ_OPTION_JSON, true, NULL,
	 "list of pairs of states: from, to"},
	{"initial", DQ_OPTION_SCALARS, false, NULL,
	 "states that the first row may have; default: any"},
	{"allow_same", DQ_OPTION_BOOL, false, NULL,
	 "a state may follow itself; default true"},
	{"partition_by", DQ_OPTION_COLUMNS, false, NULL, PARTITION_HELP},
	DQ_OPTION_END};

static const DqOption range_options[] = {
	{"bounds", DQ_OPTION_WORD, false, "[)|[]|(]|()",
	 "of a start and an end: whether they belong to the range, default [)"},
	{"partition_by", DQ_OPTION_COLUMNS, false, NULL, PARTITION_HELP},
	DQ_OPTION_END};

static const DqOption version_options[] = {
	{"valid_from", DQ_OPTION_COLUMN, true, NULL,
	 "column: the version is valid from here, included"},
	{"valid_to", DQ_OPTION_COLUMN, true, NULL,
	 "column: to here, excluded; NULL is without end"},
	{"current", DQ_OPTION_COLUMN, false, NULL,
	 "boolean column: true in exactly one row of each key, the last one"},
	{"allow_ended", DQ_OPTION_BOOL, false, NULL,
	 "a key may have no current row; default false"},
	{"no_gaps", DQ_OPTION_BOOL, false, NULL,
	 "each version but the last ends where the next begins; default false"},
	DQ_OPTION_END};

#define TAKES_PLAIN (DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER)

static const DqRuleType types[] = {
	{.name = "compare_columns",
	 .dimension = "consistency",
	 .shape = &dq_shape_rows,
	 .arity = DQ_TWO_COLUMNS,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_NULLS,
	 .options = compare_options,
	 .validate = dq_rowwise_check_compare,
	 .verdict = dq_rowwise_compare,
	 .help = "the first column is equal to, less than, ... the second"},
	{.name = "pair_in_set",
	 .dimension = "consistency",
	 .shape = &dq_shape_rows,
	 .arity = DQ_TWO_COLUMNS,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_NULLS,
	 .options = pair_options,
	 .validate = dq_rowwise_check_pairs,
	 .verdict = dq_rowwise_pair,
	 .help = "the two values are one of a list of pairs"},
	{.name = "dates_apart",
	 .dimension = "consistency",
	 .shape = &dq_shape_rows,
	 .arity = DQ_TWO_COLUMNS,
	 .takes = DQ_TAKES_ROWS,
	 .options = apart_options,
	 .validate = dq_rowwise_check_apart,
	 .verdict = dq_rowwise_apart,
	 .help = "the second date or timestamp is so much later than the first, by the calendar and the session's time zone"},
	{.name = "row_sum_equals",
	 .dimension = "consistency",
	 .shape = &dq_shape_rows,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_NULLS,
	 .options = sum_equals_options,
	 .validate = dq_rowwise_check_sum,
	 .verdict = dq_rowwise_sum_equals,
	 .help = "the columns add up to a value or to another column: exactly, or in double precision when one of them is a float"},
	{.name = "row_sum_between",
	 .dimension = "consistency",
	 .shape = &dq_shape_rows,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_NULLS | DQ_TAKES_BOUNDS |
			  DQ_NEEDS_BOUND,
	 .options = sum_between_options,
	 .validate = dq_rowwise_check_sum,
	 .verdict = dq_rowwise_sum_between,
	 .help = "the sum of the columns lies between two bounds; NaN lies between none"},
	{.name = "at_least_one_not_null",
	 .dimension = "completeness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN,
	 .validate = dq_rowwise_check_several,
	 .verdict = dq_rowwise_at_least_one,
	 .help = "one or more of the columns have values"},
	{.name = "exactly_one_not_null",
	 .dimension = "completeness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN,
	 .validate = dq_rowwise_check_several,
	 .verdict = dq_rowwise_exactly_one,
	 .help = "one of the columns has a value, the others have none"},
	{.name = "all_or_none_null",
	 .dimension = "completeness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN,
	 .validate = dq_rowwise_check_several,
	 .verdict = dq_rowwise_all_or_none,
	 .help = "the columns have values together, or all of them have none"},
	{.name = "required_if",
	 .dimension = "completeness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN,
	 .options = required_options,
	 .verdict = dq_rowwise_required,
	 .help = "where a condition is true, the columns have values; other rows are counted as null_rows"},
	{.name = "unique_within_row",
	 .dimension = "uniqueness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN | DQ_TAKES_NULLS,
	 .validate = dq_rowwise_check_several,
	 .verdict = dq_rowwise_different,
	 .help = "no two of the columns have the same value in a row; NULL equals NULL when nulls is equal or ignore_all_null"},
	{.name = "functional_dependency",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN | DQ_TAKES_NULLS,
	 .options = dependency_options,
	 .verdict = dq_neighbour_dependency,
	 .help = "rows that agree in the determinant agree in the columns; all rows of a group that does not agree fail; rows with a NULL in any of them are not tested, unless nulls says so"},
	{.name = "allowed_transitions",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = transition_options,
	 .validate = dq_neighbour_check_transitions,
	 .verdict = dq_neighbour_transitions,
	 .help = "each state may follow the one in the row before; no verdict where one of them is NULL"},
	{.name = "non_overlapping_ranges",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN,
	 .options = range_options,
	 .validate = dq_span_check_ranges,
	 .verdict = dq_span_ranges,
	 .help = "no two ranges overlap: a range column, or a start and an end, where NULL is without end; both rows of an overlap fail, and a start after its end; empty ranges overlap nothing"},
	{.name = "scd2_valid",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_PLAIN,
	 .options = version_options,
	 .verdict = dq_span_versions,
	 .help = "the versions of each key begin, end after they begin and do not overlap; all rows of a key without exactly one current row fail"},
	{.name = "correlation_between",
	 .aliases = "correlation",
	 .dimension = "consistency",
	 .shape = &dq_shape_metric,
	 .arity = DQ_TWO_COLUMNS,
	 .takes = DQ_TAKES_METRIC,
	 .metric = dq_rowwise_correlation,
	 .help = "Pearson's correlation of two columns of numbers, in double precision, lies between two bounds; no data when one of them does not vary"}};

const DqRuleFamily dq_rules_row = {"row", types, lengthof(types)};
