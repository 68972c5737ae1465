/*
 * rules_row.c
 *	  Family of rules: what holds between several columns of a row, and
 *	  between a row and its neighbours.
 */
#include "postgres.h"

#include "quality/neighbour.h"
#include "quality/rule.h"
#include "quality/shape.h"

static const DqOption dependency_options[] = {
	{"determinant", DQ_OPTION_COLUMNS, true, NULL,
	 "the columns whose values decide those of the others"},
	DQ_OPTION_END};

static const DqRuleType types[] = {
	{.name = "functional_dependency",
	 .dimension = "consistency",
	 .shape = &dq_shape_ordered,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER | DQ_TAKES_NULLS,
	 .options = dependency_options,
	 .verdict = dq_neighbour_dependency,
	 .help = "rows that agree in the determinant agree in the columns; all rows of a group that does not agree fail"}};

const DqRuleFamily dq_rules_row = {"row", types, lengthof(types)};
