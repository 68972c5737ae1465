/*
 * rules_aggregate.c
 *	  Family of rules: a number that many rows make, held against bounds.
 */
#include "postgres.h"

#include "base/json.h"
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

static const DqRuleType types[] = {
	{.name = "row_count_between",
	 .aliases = "row_count",
	 .dimension = "volume",
	 .shape = &dq_shape_metric,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_METRIC,
	 .validate = check_count_bounds,
	 .metric = metric_row_count,
	 .help = "the number of rows lies between two bounds"}};

const DqRuleFamily dq_rules_aggregate = {"aggregate", types,
										 lengthof(types)};
