/*
 * rowquery.c
 *	  SQL over a row of the batch and a row of the target, as expressions.
 *
 * The server's own parser and analyser read the same SQL that a join would
 * have, so that both ways to find a difference mean the same.
 */
#include "postgres.h"

#include "base/portal.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/diff.h"
#include "load/rowquery.h"
#include "load/target.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"

/* places in the range table */
#define BATCH 1
#define TARGET 2

/*
 * is_plain: does the query do nothing but compute its select list?
 */
static bool
is_plain(const Query *query)
{
	return query->commandType == CMD_SELECT && !query->hasAggs &&
		   !query->hasWindowFuncs && !query->hasTargetSRFs &&
		   !query->hasSubLinks && query->distinctClause == NIL &&
		   query->sortClause == NIL && query->cteList == NIL &&
		   query->jointree->quals == NULL;
}

/*
 * is_unfit: does the expression hold a Var that only the executor can fill?
 * "context" is the target; NULL for expressions over the stage.
 */
static bool
is_unfit(Node *node, void *context)
{
	Relation target = (Relation) context;
	Var *var = (Var *) node;
	char generated;

	if (node == NULL)
		return false;
	if (!IsA(node, Var))
		return expression_tree_walker(node, is_unfit, context);
	if (var->varattno <= 0 || var->varlevelsup > 0)
		return true;
	if (target == NULL || var->varno != TARGET)
		return false;
	/* one that is not stored is not in the row */
	generated = TupleDescAttr(RelationGetDescr(target),
							  var->varattno - 1)
					->attgenerated;
	return generated != '\0' && generated != ATTRIBUTE_GENERATED_STORED;
}

/*
 * place_vars: Vars of the two rows as the executor finds them.
 */
static Node *
place_vars(Node *node, void *context)
{
	Var *var;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, place_vars, context);
	var = copyObject((Var *) node);
	var->varno = var->varno == BATCH ? OUTER_VAR : INNER_VAR;
	return (Node *) var;
}

/*
 * replace_vars: Vars of the batch by what they are in the stage. "context" is
 * the select list of the batch.
 */
static Node *
replace_vars(Node *node, void *context)
{
	List *batch = (List *) context;
	TargetEntry *entry;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, replace_vars, context);
	entry = list_nth_node(TargetEntry, batch, ((Var *) node)->varattno - 1);
	return copyObject((Node *) entry->expr);
}

/*
 * plan_expression: ready to be executed; NULL when it is unfit.
 */
static Expr *
plan_expression(Expr *expression, Relation target)
{
	Node *planned = (Node *) expression_planner(expression);

	if (is_unfit(planned, target) || contain_volatile_functions(planned))
		return NULL;
	return (Expr *) planned;
}

/*
 * analyse: the query of both rows, NULL when it is more than that.
 */
static Query *
analyse(const DqTask *task, const char *outputs)
{
	StringInfoData sql;
	Query *query;
	RangeTblEntry *batch;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s FROM %s, ONLY %s AS target", outputs,
					 dq_batch_rows(task, DQ_BATCH_LIVE, "excluded"),
					 dq_target_name(task->target));
	query = parse_analyze_fixedparams(dq_portal_parse_one(sql.data,
														  "a load"),
									  sql.data, NULL, 0, NULL);
	batch = linitial_node(RangeTblEntry, query->rtable);
	if (!is_plain(query) || list_length(query->rtable) != 2 ||
		batch->rtekind != RTE_SUBQUERY || !is_plain(batch->subquery) ||
		list_length(batch->subquery->rtable) != 1)
		return NULL;
	return query;
}

/*
 * dq_rowquery_compile: see rowquery.h.
 */
DqRowQuery *
dq_rowquery_compile(const DqTask *task, const char *outputs)
{
	Query *query = analyse(task, outputs);
	DqRowQuery *result = palloc0(sizeof(DqRowQuery));
	ListCell *lc;

	if (query == NULL)
		return NULL;
	foreach(lc, linitial_node(RangeTblEntry, query->rtable)
					->subquery->targetList)
	{
		TargetEntry *entry = copyObject(lfirst_node(TargetEntry, lc));

		entry->expr = plan_expression(entry->expr, NULL);
		if (entry->expr == NULL)
			return NULL;
		result->batch = lappend(result->batch, entry);
	}
	foreach(lc, query->targetList)
	{
		Expr *expression = plan_expression(lfirst_node(TargetEntry, lc)->expr,
										   task->target);

		if (expression == NULL)
			return NULL;
		result->outputs = lappend(result->outputs,
								  place_vars((Node *) expression, NULL));
	}
	return result;
}

/*
 * dq_rowquery_over_stage: see rowquery.h.
 */
Expr *
dq_rowquery_over_stage(const DqRowQuery *query, Expr *output)
{
	return (Expr *) replace_vars((Node *) output, query->batch);
}
