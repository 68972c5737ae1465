/*
 * lineage.c
 *	  Which columns a query's result comes from: one query.
 *
 * The tree is that of parse analysis: views and CTEs are whole queries in it,
 * joins have their merged columns, `*` and USING are spelled out. Of each
 * result column the origins are found by going down its expression
 * (lineage_expr.c) to columns of the range table (lineage_table.c); of the
 * rows, by all clauses that decide which there are.
 *
 * Every set only ever grows with those that it is made of, so a recursive CTE
 * is traced with what is known of it so far until nothing is added.
 */
#include "postgres.h"

#include "analyze/lineage_trace.h"
#include "base/compat.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"

/*
 * dq_lineage_frame: see lineage_trace.h. Arguments of a function are known in
 * all queries of its body.
 */
DqFrame *
dq_lineage_frame(DqTraceState *state, Query *query, DqFrame *outer,
				 List *params)
{
	DqFrame *frame = palloc0(sizeof(DqFrame));

	frame->state = state;
	frame->query = query;
	frame->outer = outer;
	frame->params = outer ? outer->params : params;
	frame->tables = palloc0(sizeof(DqLineage *) *
							(list_length(query->rtable) + 1));
	return frame;
}

/*
 * set_columns: what the arms of a set operation give to one column; of EXCEPT
 * the first arm only.
 */
static void
set_column(DqFrame *frame, Node *node, int column, DqTrail *out)
{
	SetOperationStmt *operation;

	if (IsA(node, RangeTblRef))
	{
		dq_lineage_column(frame, ((RangeTblRef *) node)->rtindex, column + 1,
						  DQ_LINEAGE_IDENTITY, out);
		return;
	}
	operation = castNode(SetOperationStmt, node);
	set_column(frame, operation->larg, column, out);
	if (operation->op == SETOP_UNION)
		set_column(frame, operation->rarg, column, out);
}

/*
 * arm_columns: all columns of an arm, as seen with a kind.
 */
static void
arm_columns(DqFrame *frame, Node *arm, int columns, int kind, DqTrail *out)
{
	DqTrail *found = dq_lineage_trail_make();
	int i;

	for (i = 0; i < columns; i++)
		set_column(frame, arm, i, found);
	dq_lineage_pass(out, found, kind);
}

/*
 * set_rows: what decides which rows a set operation has. Rows that are
 * compared with each other depend on all of their columns.
 */
static void
set_rows(DqFrame *frame, Node *node, DqTrail *out)
{
	SetOperationStmt *operation;
	int columns;
	int kind = DQ_LINEAGE_FILTER;

	if (IsA(node, RangeTblRef))
	{
		dq_lineage_table_rows(frame, ((RangeTblRef *) node)->rtindex, out);
		return;
	}
	operation = castNode(SetOperationStmt, node);
	set_rows(frame, operation->larg, out);
	set_rows(frame, operation->rarg, out);
	if (operation->op == SETOP_UNION)
	{
		if (operation->all)
			return;
		kind = DQ_LINEAGE_GROUP_BY;
	}
	columns = list_length(operation->colTypes);
	arm_columns(frame, operation->larg, columns, kind, out);
	arm_columns(frame, operation->rarg, columns, kind, out);
}

/*
 * clause_rows: the expressions that a list of SortGroupClause names.
 */
static void
clause_rows(DqFrame *frame, List *clauses, int kind, DqTrail *out)
{
	Query *query = frame->query;
	ListCell *lc;

	foreach(lc, clauses)
	{
		TargetEntry *target =
			get_sortgroupclause_tle((SortGroupClause *) lfirst(lc),
									query->targetList);

		if (query->setOperations != NULL && !target->resjunk)
		{
			DqTrail *column = dq_lineage_trail_make();

			set_column(frame, query->setOperations, target->resno - 1,
					   column);
			dq_lineage_pass(out, column, kind);
		}
		else
			dq_lineage_expr(frame, (Node *) target->expr, kind, out);
	}
}

/*
 * from_rows: what decides about rows in the FROM clause; a condition in WHERE
 * of a MERGE is what it joins on.
 */
static void
from_rows(DqFrame *frame, Node *node, DqTrail *out)
{
	ListCell *lc;

	if (node == NULL)
		return;
	if (IsA(node, RangeTblRef))
		dq_lineage_table_rows(frame, ((RangeTblRef *) node)->rtindex, out);
	else if (IsA(node, FromExpr))
	{
		FromExpr *from = (FromExpr *) node;

		foreach(lc, from->fromlist)
			from_rows(frame, (Node *) lfirst(lc), out);
		if (frame->query->commandType == CMD_MERGE)
			dq_lineage_expr(frame, from->quals, DQ_LINEAGE_JOIN, out);
		else
			dq_lineage_qual(frame, from->quals, out);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr *join = (JoinExpr *) node;

		from_rows(frame, join->larg, out);
		from_rows(frame, join->rarg, out);
		dq_lineage_expr(frame, join->quals, DQ_LINEAGE_JOIN, out);
	}
}

/*
 * dq_lineage_rows: see lineage_trace.h: what decides which rows there are, in
 * what groups and order.
 */
DqTrail *
dq_lineage_rows(DqFrame *frame)
{
	Query *query = frame->query;
	DqTrail *rows = dq_lineage_trail_make();

	if (query->setOperations != NULL)
		set_rows(frame, query->setOperations, rows);
	else
		from_rows(frame, (Node *) query->jointree, rows);
	dq_lineage_expr(frame, dq_compat_merge_condition(query), DQ_LINEAGE_JOIN,
					rows);
	clause_rows(frame, query->groupClause, DQ_LINEAGE_GROUP_BY, rows);
	dq_lineage_expr(frame, query->havingQual, DQ_LINEAGE_FILTER, rows);
	clause_rows(frame, query->distinctClause, DQ_LINEAGE_GROUP_BY, rows);
	clause_rows(frame, query->sortClause, DQ_LINEAGE_SORT, rows);
	dq_lineage_expr(frame, query->limitCount, DQ_LINEAGE_FILTER, rows);
	dq_lineage_expr(frame, query->limitOffset, DQ_LINEAGE_FILTER, rows);
	return rows;
}

/*
 * dq_lineage_query: see lineage_trace.h. A statement that changes data has
 * the columns of its RETURNING.
 */
DqLineage *
dq_lineage_query(DqTraceState *state, Query *query, DqFrame *outer,
				 List *params)
{
	DqFrame *frame = dq_lineage_frame(state, query, outer, params);
	DqLineage *lineage = palloc0(sizeof(DqLineage));
	List *targets = query->targetList;
	ListCell *lc;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (query->commandType != CMD_SELECT)
	{
		targets = query->returningList;
		dq_lineage_writes(frame);
	}
	foreach(lc, targets)
	{
		TargetEntry *target = (TargetEntry *) lfirst(lc);
		DqTrail *column;

		if (target->resjunk)
			continue;
		column = dq_lineage_trail_make();
		if (query->setOperations != NULL)
			set_column(frame, query->setOperations, target->resno - 1,
					   column);
		else
			dq_lineage_expr(frame, (Node *) target->expr,
							DQ_LINEAGE_IDENTITY, column);
		lineage->columns = lappend(lineage->columns, column);
	}
	lineage->rows = dq_lineage_rows(frame);
	return lineage;
}

/*
 * modifying_ctes: statements in WITH change data whether they are read or not.
 */
static void
modifying_ctes(DqFrame *frame)
{
	ListCell *lc;

	foreach(lc, frame->query->cteList)
	{
		Query *query = castNode(Query,
								((CommonTableExpr *) lfirst(lc))->ctequery);

		if (query->commandType != CMD_SELECT)
			dq_lineage_writes(dq_lineage_frame(frame->state, query, frame,
											   NIL));
	}
}

/*
 * dq_lineage_trace: see lineage.h.
 */
DqStatementLineage *
dq_lineage_trace(Query *query)
{
	DqStatementLineage *statement = palloc0(sizeof(DqStatementLineage));
	DqTraceState state = {0};

	modifying_ctes(dq_lineage_frame(&state, query, NULL, NIL));
	statement->result = dq_lineage_query(&state, query, NULL, NIL);
	if (query->commandType != CMD_SELECT && query->returningList == NIL)
		statement->result = NULL;
	statement->writes = state.writes;
	statement->opaque = state.opaque;
	return statement;
}
