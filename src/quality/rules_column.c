/*
 * rules_column.c
 *	  Family of rules: what holds for every value of a column.
 */
#include "postgres.h"

#include "quality/predicate.h"
#include "quality/rule.h"
#include "quality/shape.h"

static const DqOption pattern_options[] = {
	{"pattern", DQ_OPTION_PATTERN, true, NULL,
	 "the regular expression, found anywhere in the value"},
	DQ_OPTION_END};

static const DqRuleType types[] = {
	{.name = "not_null",
	 .dimension = "completeness",
	 .shape = &dq_shape_rows,
	 .arity = DQ_EACH_COLUMN,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER,
	 .predicate = dq_predicate_not_null,
	 .help = "a value is there"},
	{.name = "between",
	 .aliases = "range",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_EACH_COLUMN,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_BOUNDS | DQ_NEEDS_BOUND,
	 .predicate = dq_predicate_range,
	 .help = "the value lies between two bounds in the order of its own type"},
	{.name = "match_regex",
	 .aliases = "regex",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_EACH_COLUMN,
	 .takes = DQ_TAKES_ROWS,
	 .options = pattern_options,
	 .predicate = dq_predicate_regex,
	 .help = "the text matches a regular expression"},
	{.name = "accepted_values",
	 .aliases = "in_set",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_EACH_COLUMN,
	 .takes = DQ_TAKES_ROWS | DQ_TAKES_ALLOWED,
	 .predicate = dq_predicate_in_set,
	 .help = "the value is one of a list; nothing is in the empty list"}};

const DqRuleFamily dq_rules_column = {"column", types, lengthof(types)};
