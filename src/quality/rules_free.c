/*
 * rules_free.c
 *	  Family of rules: what people write themselves.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/composite.h"
#include "quality/rule.h"
#include "quality/shape.h"

static const DqOption expression_options[] = {
	{"expression", DQ_OPTION_CONDITION, true, NULL,
	 "an SQL condition that must not be false, the body of a CHECK"},
	DQ_OPTION_END};

static const DqOption where_options[] = {
	{"condition", DQ_OPTION_CONDITION, true, NULL,
	 "an SQL condition that is true for a bad row"},
	DQ_OPTION_END};

static const DqOption failed_rows_options[] = {
	{"query", DQ_OPTION_QUERY, true, NULL, "a SELECT of the bad rows"},
	{"tested_query", DQ_OPTION_QUERY, false, NULL,
	 "a SELECT of all rows that were tested; default: the rows of the relation"},
	DQ_OPTION_END};

static const DqOption query_options[] = {
	{"query", DQ_OPTION_QUERY, true, NULL,
	 "a SELECT of one row and one column"},
	DQ_OPTION_END};

static const DqOption metric_options[] = {
	{"expression", DQ_OPTION_EXPRESSION, true, NULL,
	 "an SQL expression of aggregates over the relation"},
	DQ_OPTION_END};

static const DqOption composite_options[] = {
	{"all", DQ_OPTION_JSON, false, NULL,
	 "a list of rules that must all hold"},
	{"any", DQ_OPTION_JSON, false, NULL,
	 "a list of rules of which one must hold"},
	{"none", DQ_OPTION_JSON, false, NULL,
	 "a list of rules of which none may hold"},
	{"by", DQ_OPTION_WORD, false, "default|rows|checks",
	 "rows: every row must satisfy them, as SQL connects conditions; checks: their outcomes count; default: rows when all are rules on rows without filter, tolerance, groups and levels"},
	DQ_OPTION_END};

/*
 * verdict_where: what is true for a bad row is false for a good one; NULL is
 * no verdict.
 */
static void
verdict_where(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;

	appendStringInfo(buf, "NOT (\n%s\n)",
					 dq_json_text(check->doc, "condition", check->what));
}

/*
 * metric_query: a user's query as a value.
 */
static void
metric_query(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;

	appendStringInfoString(buf, "SELECT q.v, CASE WHEN q.v IS NOT NULL THEN ");
	dq_shape_metric_bounds(buf, probe, "q.v");
	appendStringInfo(buf, " END, NULL::pg_catalog.int8, NULL::pg_catalog.jsonb FROM (SELECT (\n%s\n) AS v) AS q",
					 dq_json_text(check->doc, "query", check->what));
}

/*
 * metric_expression: a user's aggregates.
 */
static void
metric_expression(StringInfo buf, const DqProbe *probe)
{
	appendStringInfo(buf, "(\n%s\n)", probe->check->expression);
}

/* a composite by outcomes; reading one chooses */
const DqRuleType dq_rules_free_composite_checks = {
	.name = "composite",
	.dimension = "validity",
	.shape = &dq_shape_composite,
	.arity = DQ_NO_COLUMNS,
	.takes = DQ_TAKES_ROW_FILTER,
	.options = composite_options};

static const DqRuleType types[] = {
	{.name = "expression",
	 .aliases = "row_expression",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_ROWS,
	 .options = expression_options,
	 .help = "an SQL condition holds for every row"},
	{.name = "failed_rows_where",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_ROWS,
	 .options = where_options,
	 .verdict = verdict_where,
	 .help = "an SQL condition is true for no row; where it is NULL there is no verdict"},
	{.name = "failed_rows_query",
	 .dimension = "validity",
	 .shape = &dq_shape_query,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_TOLERANCE,
	 .options = failed_rows_options,
	 .help = "a query of one's own returns no rows; those it returns are the failures; row filters do not reach into it"},
	{.name = "metric_query",
	 .dimension = "accuracy",
	 .shape = &dq_shape_found,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_BOUNDS | DQ_NEEDS_BOUND,
	 .options = query_options,
	 .metric = metric_query,
	 .help = "what a query of one's own returns lies between two bounds; no row, or NULL, is no data; row filters do not reach into it"},
	{.name = "metric_expression",
	 .dimension = "accuracy",
	 .shape = &dq_shape_metric,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_METRIC | DQ_NEEDS_BOUND,
	 .options = metric_options,
	 .metric = metric_expression,
	 .help = "an expression of aggregates over the relation lies between two bounds"},
	{.name = "composite",
	 .dimension = "validity",
	 .shape = &dq_shape_rows,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_ROWS,
	 .options = composite_options,
	 .validate = dq_composite_read,
	 .verdict = dq_composite_verdict,
	 .help = "AND, OR or NOT of other rules, row by row or of their outcomes; a member in error makes it an error"}};

const DqRuleFamily dq_rules_free = {"free", types, lengthof(types)};
