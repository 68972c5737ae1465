/*
 * rules_key.c
 *	  Family of rules: keys.
 */
#include "postgres.h"

#include "quality/aggregate.h"
#include "quality/keymetric.h"
#include "quality/rule.h"
#include "quality/shape.h"

static const DqOption duplicates_options[] = {
	{"max_value", DQ_OPTION_INTEGER, true, NULL, "so many there may be"},
	{"unit", DQ_OPTION_WORD, false,
	 "duplicate_rows|duplicate_values|surplus_rows",
	 "rows that share their values with others (default), values that several rows have, or rows beyond the first of each value"},
	DQ_OPTION_END};

static const DqOption distinct_options[] = {
	{"approximate", DQ_OPTION_BOOL, false, NULL,
	 "an estimate will do, whose standard error is 0.81 % (none up to 1024 values) and is told with it: a scan then needs no more than 16 kB and no temporary file; other ways to answer count exactly (default false)"},
	DQ_OPTION_END};

#define TAKES_METRIC (DQ_TAKES_METRIC | DQ_TAKES_NULLS)

static const DqRuleType types[] = {
	{.name = "unique",
	 .dimension = "uniqueness",
	 .shape = &dq_shape_key,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER | DQ_TAKES_NULLS,
	 .help = "no two rows have the same values in all of the columns; all rows that share theirs fail"},
	{.name = "primary_key",
	 .dimension = "uniqueness",
	 .shape = &dq_shape_key,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER,
	 .help = "unique, and every column has a value"},
	{.name = "duplicate_rows_at_most",
	 .dimension = "uniqueness",
	 .shape = &dq_shape_key_metric,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_FILTER | DQ_TAKES_NULLS,
	 .options = duplicates_options,
	 .validate = dq_keymetric_check_duplicates,
	 .look = dq_keymetric_duplicates,
	 .help = "there are at most so many duplicates; failed rows are those that share their values"},
	{.name = "uniqueness_between",
	 .aliases = "uniqueness",
	 .dimension = "uniqueness",
	 .shape = &dq_shape_key_metric,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_METRIC,
	 .validate = dq_aggregate_check_fractions,
	 .look = dq_keymetric_uniqueness,
	 .help = "the share of rows whose values occur once lies between two bounds; rows that nulls leaves out do not count"},
	{.name = "distinctness_between",
	 .aliases = "distinctness",
	 .dimension = "uniqueness",
	 .shape = &dq_shape_key_metric,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_METRIC,
	 .validate = dq_aggregate_check_fractions,
	 .look = dq_keymetric_distinctness,
	 .help = "the number of different values, divided by that of rows, lies between two bounds; rows that nulls leaves out do not count"},
	{.name = "distinct_count_between",
	 .aliases = "distinct_count",
	 .dimension = "uniqueness",
	 .shape = &dq_shape_key_metric,
	 .arity = DQ_COLUMN_LIST,
	 .takes = TAKES_METRIC,
	 .options = distinct_options,
	 .validate = dq_keymetric_check_count,
	 .look = dq_keymetric_distinct,
	 .help = "the number of different values, exact unless approximate is chosen, lies between two bounds; rows that nulls leaves out do not count"}};

const DqRuleFamily dq_rules_key = {"key", types, lengthof(types)};
