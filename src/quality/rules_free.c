/*
 * rules_free.c
 *	  Family of rules: what people write themselves.
 */
#include "postgres.h"

#include "quality/rule.h"
#include "quality/shape.h"

static const DqOption expression_options[] = {
	{"expression", DQ_OPTION_CONDITION, true, NULL,
	 "an SQL condition that must not be false, the body of a CHECK"},
	DQ_OPTION_END};

static const DqRuleType types[] = {
	{.name = "expression",
	 .aliases = "row_expression",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_ROWS,
	 .options = expression_options,
	 .help = "an SQL condition holds for every row"}};

const DqRuleFamily dq_rules_free = {"free", types, lengthof(types)};
