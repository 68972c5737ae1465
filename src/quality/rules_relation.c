/*
 * rules_relation.c
 *	  Family of rules: one relation held against another.
 */
#include "postgres.h"

#include "quality/rule.h"
#include "quality/shape.h"

static const DqOption reference_options[] = {
	{"references", DQ_OPTION_RELATION, true, NULL, "the other relation"},
	{"referenced_columns", DQ_OPTION_COLUMNS, false, NULL,
	 "its columns; default: its primary key"},
	DQ_OPTION_END};

static const DqRuleType types[] = {
	{.name = "foreign_key",
	 .aliases = "relationships",
	 .dimension = "consistency",
	 .shape = &dq_shape_reference,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER,
	 .options = reference_options,
	 .help = "the values of the columns exist in another relation"}};

const DqRuleFamily dq_rules_relation = {"relation", types, lengthof(types)};
