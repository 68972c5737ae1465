/*
 * lineage_expr.c
 *	  Which columns an expression comes from, and in what way.
 *
 * "kind" is how the expression is looked at where it stands: as a value that
 * is passed on, computed with, aggregated, or as a condition. Going down, a
 * function makes a value that was passed on one that is computed with.
 */
#include "postgres.h"

#include "analyze/lineage_trace.h"
#include "base/compat.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"

#define computed(kind) dq_lineage_computed(kind)

/* an expression on its way down */
typedef struct ExprTrace
{
	DqFrame *frame;
	int kind;
	DqTrail *out;
} ExprTrace;

/* how many relations a condition compares */
typedef struct TableCount
{
	int level; /* of the query that we are in, seen from the condition */
	int varno; /* the first relation found; 0: none yet */
	int levelsup;
	bool several;
} TableCount;

/*
 * aggregated: the kind of what is inside an aggregate.
 */
static int
aggregated(int kind)
{
	return (kind & DQ_LINEAGE_DIRECT) != 0 ? DQ_LINEAGE_AGGREGATION : kind;
}

/*
 * expr_list: each of a list of expressions.
 */
static void
expr_list(DqFrame *frame, List *list, int kind, DqTrail *out)
{
	ListCell *lc;

	foreach(lc, list)
		dq_lineage_expr(frame, (Node *) lfirst(lc), kind, out);
}

/*
 * frame_above: the frame that a number of levels leads to; NULL: none, as in
 * a condition of a policy that was taken out of its query.
 */
static DqFrame *
frame_above(DqFrame *frame, int levels)
{
	while (levels-- > 0 && frame != NULL)
		frame = frame->outer;
	return frame;
}

/*
 * trace_var: a column of a range table.
 */
static void
trace_var(DqFrame *frame, Var *var, int kind, DqTrail *out)
{
	DqFrame *of = frame_above(frame, var->varlevelsup);

	if (of != NULL)
		dq_lineage_column(of, var->varno, var->varattno, kind, out);
}

/*
 * trace_aggregate: its arguments; what is there only to sort them, and its
 * filter.
 */
static void
trace_aggregate(DqFrame *frame, Aggref *aggregate, int kind, DqTrail *out)
{
	ListCell *lc;

	expr_list(frame, aggregate->aggdirectargs, aggregated(kind), out);
	foreach(lc, aggregate->args)
	{
		TargetEntry *target = (TargetEntry *) lfirst(lc);

		dq_lineage_expr(frame, (Node *) target->expr,
						target->resjunk ? DQ_LINEAGE_SORT : aggregated(kind),
						out);
	}
	dq_lineage_expr(frame, (Node *) aggregate->aggfilter,
					DQ_LINEAGE_CONDITIONAL, out);
}

/*
 * window_clause: expressions that a list of SortGroupClause names.
 */
static void
window_clause(DqFrame *frame, List *clauses, DqTrail *out)
{
	ListCell *lc;

	foreach(lc, clauses)
	{
		Node *expr = get_sortgroupclause_expr((SortGroupClause *) lfirst(lc),
											  frame->query->targetList);

		dq_lineage_expr(frame, expr, DQ_LINEAGE_WINDOW, out);
	}
}

/*
 * trace_window: a window function: its arguments, its filter and its window.
 */
static void
trace_window(DqFrame *frame, WindowFunc *call, int kind, DqTrail *out)
{
	ListCell *lc;

	expr_list(frame, call->args,
			  call->winagg ? aggregated(kind) : computed(kind), out);
	dq_lineage_expr(frame, (Node *) call->aggfilter, DQ_LINEAGE_CONDITIONAL,
					out);
	foreach(lc, frame->query->windowClause)
	{
		WindowClause *window = (WindowClause *) lfirst(lc);

		if (window->winref != call->winref)
			continue;
		window_clause(frame, window->partitionClause, out);
		window_clause(frame, window->orderClause, out);
		dq_lineage_expr(frame, window->startOffset, DQ_LINEAGE_WINDOW, out);
		dq_lineage_expr(frame, window->endOffset, DQ_LINEAGE_WINDOW, out);
	}
}

/*
 * trace_case: conditions decide, results flow.
 */
static void
trace_case(DqFrame *frame, CaseExpr *expr, int kind, DqTrail *out)
{
	ListCell *lc;

	dq_lineage_expr(frame, (Node *) expr->arg, DQ_LINEAGE_CONDITIONAL, out);
	foreach(lc, expr->args)
	{
		CaseWhen *when = (CaseWhen *) lfirst(lc);

		dq_lineage_expr(frame, (Node *) when->expr, DQ_LINEAGE_CONDITIONAL,
						out);
		dq_lineage_expr(frame, (Node *) when->result, computed(kind), out);
	}
	dq_lineage_expr(frame, (Node *) expr->defresult, computed(kind), out);
}

/*
 * sub_columns: columns of a subquery, as seen with a kind.
 */
static void
sub_columns(const DqLineage *sub, int kind, DqTrail *out)
{
	ListCell *lc;

	foreach(lc, sub->columns)
		dq_lineage_pass(out, (DqTrail *) lfirst(lc), kind);
}

/*
 * trace_sublink: a subquery in an expression. Which rows it has decides about
 * the value.
 */
static void
trace_sublink(DqFrame *frame, SubLink *link, int kind, DqTrail *out)
{
	DqLineage *sub = dq_lineage_query(frame->state,
									  castNode(Query, link->subselect), frame,
									  NIL);

	dq_lineage_trail_merge(out, sub->rows);
	if (link->subLinkType == EXISTS_SUBLINK)
		return;
	if (link->subLinkType == EXPR_SUBLINK)
	{
		sub_columns(sub, kind, out);
		return;
	}
	dq_lineage_expr(frame, link->testexpr, computed(kind), out);
	sub_columns(sub, computed(kind), out);
}

/*
 * trace_param: an argument of an SQL function, or one of the columns that
 * UPDATE SET (a, b) = (SELECT ...) assigns.
 */
static void
trace_param(DqFrame *frame, Param *param, int kind, DqTrail *out)
{
	ListCell *lc;

	if (param->paramkind == PARAM_EXTERN && param->paramid >= 1 &&
		param->paramid <= list_length(frame->params))
		dq_lineage_pass(out,
						(DqTrail *) list_nth(frame->params,
											 param->paramid - 1),
						kind);
	if (param->paramkind != PARAM_MULTIEXPR)
		return;
	foreach(lc, frame->query->targetList)
	{
		SubLink *link = (SubLink *) ((TargetEntry *) lfirst(lc))->expr;
		DqLineage *sub;

		if (!IsA(link, SubLink) || link->subLinkId != param->paramid >> 16)
			continue;
		sub = dq_lineage_query(frame->state, castNode(Query, link->subselect),
							   frame, NIL);
		dq_lineage_trail_merge(out, sub->rows);
		dq_lineage_pass(out,
						(DqTrail *) list_nth(sub->columns,
											 (param->paramid & 0xFFFF) - 1),
						kind);
	}
}

/*
 * trace_function: a call: through the body of an SQL function, else the
 * arguments.
 */
static void
trace_function(DqFrame *frame, FuncExpr *call, int kind, DqTrail *out)
{
	DqLineage *body = dq_lineage_call(frame, call);

	if (body == NULL)
	{
		expr_list(frame, call->args, computed(kind), out);
		return;
	}
	dq_lineage_trail_merge(out, body->rows);
	sub_columns(body, kind, out);
}

/*
 * field_of_subquery: a field of a row that a subquery in FROM passes on as a
 * column; false when it is not that.
 */
static bool
field_of_subquery(DqFrame *frame, FieldSelect *field, Var *var, int kind,
				  DqTrail *out)
{
	DqFrame *of = frame_above(frame, var->varlevelsup);
	FieldSelect inner = *field;
	RangeTblEntry *rte;
	TargetEntry *target;

	if (of == NULL)
		return false;
	rte = list_nth_node(RangeTblEntry, of->query->rtable, var->varno - 1);
	if (rte->rtekind != RTE_SUBQUERY || var->varattno <= 0 ||
		rte->subquery->setOperations != NULL)
		return false;
	target = list_nth_node(TargetEntry, rte->subquery->targetList,
						   var->varattno - 1);
	inner.arg = target->expr;
	dq_lineage_expr(dq_lineage_frame(frame->state, rte->subquery, of, NIL),
					(Node *) &inner, kind, out);
	return true;
}

/*
 * trace_field: a field of a row: of a whole row of the range table, or of one
 * that is put together on the spot, the column itself.
 */
static void
trace_field(DqFrame *frame, FieldSelect *field, int kind, DqTrail *out)
{
	Node *arg = (Node *) field->arg;

	if (IsA(arg, Var) && ((Var *) arg)->varattno == InvalidAttrNumber)
	{
		Var var = *(Var *) arg;

		var.varattno = field->fieldnum;
		trace_var(frame, &var, kind, out);
	}
	else if (IsA(arg, Var) &&
			 field_of_subquery(frame, field, (Var *) arg, kind, out))
		return;
	else if (IsA(arg, RowExpr) &&
			 field->fieldnum <= list_length(((RowExpr *) arg)->args))
		dq_lineage_expr(frame,
						(Node *) list_nth(((RowExpr *) arg)->args,
										  field->fieldnum - 1),
						kind, out);
	else
		dq_lineage_expr(frame, arg, computed(kind), out);
}

/*
 * walk: expression_tree_walker callback.
 */
static bool
walk(Node *node, void *context)
{
	ExprTrace *expr = (ExprTrace *) context;

	dq_lineage_expr(expr->frame, node, expr->kind, expr->out);
	return false;
}

/*
 * trace_other: anything else computes with what is in it.
 */
static void
trace_other(DqFrame *frame, Node *node, int kind, DqTrail *out)
{
	ExprTrace context = {frame, computed(kind), out};

	(void) expression_tree_walker(node, walk, &context);
}

/*
 * dq_lineage_expr: see lineage_trace.h.
 */
void
dq_lineage_expr(DqFrame *frame, Node *expr, int kind, DqTrail *out)
{
	if (expr == NULL)
		return;
	check_stack_depth();
	if (IsA(expr, Var))
		trace_var(frame, (Var *) expr, kind, out);
	else if (IsA(expr, RelabelType))
		dq_lineage_expr(frame, (Node *) ((RelabelType *) expr)->arg, kind,
						out);
	else if (IsA(expr, CollateExpr))
		dq_lineage_expr(frame, (Node *) ((CollateExpr *) expr)->arg, kind,
						out);
	else if (IsA(expr, CoerceToDomain))
		dq_lineage_expr(frame, (Node *) ((CoerceToDomain *) expr)->arg, kind,
						out);
	else if (IsA(expr, NamedArgExpr))
		dq_lineage_expr(frame, (Node *) ((NamedArgExpr *) expr)->arg, kind,
						out);
	else if (IsA(expr, Aggref))
		trace_aggregate(frame, (Aggref *) expr, kind, out);
	else if (IsA(expr, WindowFunc))
		trace_window(frame, (WindowFunc *) expr, kind, out);
	else if (IsA(expr, CaseExpr))
		trace_case(frame, (CaseExpr *) expr, kind, out);
	else if (IsA(expr, NullIfExpr))
	{
		List *args = ((NullIfExpr *) expr)->args;

		dq_lineage_expr(frame, linitial(args), computed(kind), out);
		dq_lineage_expr(frame, lsecond(args), DQ_LINEAGE_CONDITIONAL, out);
	}
	else if (IsA(expr, SubLink))
		trace_sublink(frame, (SubLink *) expr, kind, out);
	else if (IsA(expr, Param))
		trace_param(frame, (Param *) expr, kind, out);
	else if (IsA(expr, FuncExpr))
		trace_function(frame, (FuncExpr *) expr, kind, out);
	else if (IsA(expr, FieldSelect))
		trace_field(frame, (FieldSelect *) expr, kind, out);
	else if (!IsA(expr, GroupingFunc))
		trace_other(frame, expr, kind, out);
}

/*
 * count_tables: tree walker: stops when a second relation is found. Subqueries
 * have conditions of their own.
 */
static bool
count_tables(Node *node, void *context)
{
	TableCount *count = (TableCount *) context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return false;
	if (IsA(node, Var))
	{
		Var *var = (Var *) node;

		if (count->varno == 0)
		{
			count->varno = var->varno;
			count->levelsup = var->varlevelsup;
		}
		else if (count->varno != (int) var->varno ||
				 count->levelsup != (int) var->varlevelsup)
			count->several = true;
		return count->several;
	}
	return expression_tree_walker(node, count_tables, context);
}

/*
 * dq_lineage_qual: see lineage_trace.h: a WHERE clause. A condition between
 * columns of several relations joins them, all others filter.
 */
void
dq_lineage_qual(DqFrame *frame, Node *qual, DqTrail *out)
{
	TableCount count = {0};
	ListCell *lc;

	if (qual == NULL)
		return;
	if (IsA(qual, BoolExpr) && ((BoolExpr *) qual)->boolop == AND_EXPR)
	{
		foreach(lc, ((BoolExpr *) qual)->args)
			dq_lineage_qual(frame, (Node *) lfirst(lc), out);
		return;
	}
	(void) count_tables(qual, &count);
	dq_lineage_expr(frame, qual,
					count.several ? DQ_LINEAGE_JOIN : DQ_LINEAGE_FILTER, out);
}
