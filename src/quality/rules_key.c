/*
 * rules_key.c
 *	  Family of rules: keys.
 */
#include "postgres.h"

#include "quality/rule.h"
#include "quality/shape.h"

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
	 .help = "unique, and every column has a value"}};

const DqRuleFamily dq_rules_key = {"key", types, lengthof(types)};
