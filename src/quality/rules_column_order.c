/*
 * rules_column_order.c
 *	  Family of rules: what holds for every value of a column beside the
 *	  clock, statistics of the column, or the value before it.
 */
#include "postgres.h"

#include "quality/neighbour.h"
#include "quality/predicate.h"
#include "quality/rule.h"
#include "quality/shape.h"

#define PARTITION_HELP \
	"columns: rows that agree in them belong together; default: all rows do"

static const DqOption future_options[] = {
	{"leeway", DQ_OPTION_INTERVAL, false, NULL,
	 "so much after now() is still good; default none"},
	DQ_OPTION_END};

static const DqOption age_options[] = {
	{"max_age", DQ_OPTION_INTERVAL, true, NULL,
	 "the age"},
	DQ_OPTION_END};

static const DqOption unit_options[] = {
	{"unit", DQ_OPTION_WORD, true, "second|minute|hour|day|week|month|quarter|year",
	 "the unit; weeks begin on Monday"},
	DQ_OPTION_END};

static const DqOption z_options[] = {
	{"k", DQ_OPTION_NUMBER, false, NULL,
	 "how many standard deviations; default 3"},
	{"two_sided", DQ_OPTION_BOOL, false, NULL,
	 "false: only values above the mean can be too far; default true"},
	DQ_OPTION_END};

static const DqOption iqr_options[] = {
	{"k", DQ_OPTION_NUMBER, false, NULL,
	 "how many interquartile ranges; default 1.5"},
	DQ_OPTION_END};

static const DqOption mad_options[] = {
	{"k", DQ_OPTION_NUMBER, false, NULL,
	 "how many scaled deviations; default 3.5"},
	DQ_OPTION_END};

static const DqOption monotone_options[] = {
	{"order_by", DQ_OPTION_COLUMNS, true, NULL,
	 "columns: the order of the rows, ascending"},
	{"strict", DQ_OPTION_BOOL, false, NULL,
	 "equal values are out of order; default false"},
	{"partition_by", DQ_OPTION_COLUMNS, false, NULL,
	 PARTITION_HELP},
	DQ_OPTION_END};

static const DqOption step_options[] = {
	{"step", DQ_OPTION_SCALAR, false, NULL,
	 "the step: a number, default 1, or of dates and timestamps an interval, default 1 day"},
	{"partition_by", DQ_OPTION_COLUMNS, false, NULL,
	 PARTITION_HELP},
	DQ_OPTION_END};

static const DqOption change_options[] = {
	{"order_by", DQ_OPTION_COLUMNS, true, NULL,
	 "columns: the order of the rows, ascending"},
	{"relative", DQ_OPTION_BOOL, false, NULL,
	 "the change divided by the value before it; default false: the difference, of dates in days, of timestamps an interval"},
	{"partition_by", DQ_OPTION_COLUMNS, false, NULL,
	 PARTITION_HELP},
	DQ_OPTION_END};

static const DqRuleType types[] = {
	{.name = "not_in_future",
	 .dimension = "timeliness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_EACH_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = future_options,
	 .predicate = dq_predicate_time_not_future,
	 .help = "the date or timestamp is not after now()"},
	{.name = "not_older_than",
	 .dimension = "timeliness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_EACH_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = age_options,
	 .predicate = dq_predicate_time_not_older,
	 .help = "the date or timestamp is not before now() less an age"},
	{.name = "date_granularity",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_EACH_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = unit_options,
	 .predicate = dq_predicate_time_granularity,
	 .help = "the date or timestamp is the first moment of a day, month, ..."},
	{.name = "z_score_below",
	 .dimension = "accuracy",
	 .shape = &dq_shape_rows,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_ON_NULL | DQ_TAKES_ROW_FILTER,
	 .options = z_options,
	 .validate = dq_predicate_outlier_check,
	 .verdict = dq_predicate_outlier_z_score,
	 .help = "the number is nearer to the mean than k sample standard deviations; what is not finite is not"},
	{.name = "not_outlier_iqr",
	 .dimension = "accuracy",
	 .shape = &dq_shape_rows,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_ON_NULL | DQ_TAKES_ROW_FILTER,
	 .options = iqr_options,
	 .validate = dq_predicate_outlier_check,
	 .verdict = dq_predicate_outlier_iqr,
	 .help = "the number is no further than k interquartile ranges below the first or above the third quartile"},
	{.name = "not_outlier_mad",
	 .dimension = "accuracy",
	 .shape = &dq_shape_rows,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_ON_NULL | DQ_TAKES_ROW_FILTER,
	 .options = mad_options,
	 .validate = dq_predicate_outlier_check,
	 .verdict = dq_predicate_outlier_mad,
	 .help = "the number is no further from the median than k times the scaled median of such deviations (their mean, when that is zero)"},
	{.name = "increasing",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = monotone_options,
	 .verdict = dq_neighbour_increasing,
	 .help = "each value is not below the one before it in an order; rows without a value are passed over"},
	{.name = "decreasing",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = monotone_options,
	 .verdict = dq_neighbour_decreasing,
	 .help = "each value is not above the one before it in an order; rows without a value are passed over"},
	{.name = "sequential_values",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = step_options,
	 .validate = dq_neighbour_check_step,
	 .verdict = dq_neighbour_sequential,
	 .help = "the values, put into their own order, are one step apart: no gaps, no repetitions"},
	{.name = "change_between",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_BOUNDS | DQ_NEEDS_BOUND,
	 .options = change_options,
	 .verdict = dq_neighbour_change,
	 .help = "the change from the value before it in an order lies between bounds; the first value is not tested"}};

const DqRuleFamily dq_rules_column_order = {"order", types, lengthof(types)};
