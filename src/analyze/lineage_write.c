/*
 * lineage_write.c
 *	  What a statement changes: INSERT, UPDATE, DELETE, MERGE.
 */
#include "postgres.h"

#include "analyze/lineage_trace.h"

/*
 * written_column: the column of a write, made when it is not there yet.
 */
static DqTrail *
written_column(DqWrite *write, AttrNumber attnum)
{
	DqWrittenColumn *column;
	ListCell *lc;

	foreach(lc, write->columns)
	{
		column = (DqWrittenColumn *) lfirst(lc);
		if (column->attnum == attnum)
			return column->origins;
	}
	column = palloc0(sizeof(DqWrittenColumn));
	column->attnum = attnum;
	column->origins = dq_lineage_trail_make();
	write->columns = lappend(write->columns, column);
	return column->origins;
}

/*
 * add_targets: what a target list assigns.
 */
static void
add_targets(DqFrame *frame, DqWrite *write, List *targets)
{
	ListCell *lc;

	foreach(lc, targets)
	{
		TargetEntry *target = (TargetEntry *) lfirst(lc);

		if (!target->resjunk)
			dq_lineage_expr(frame, (Node *) target->expr, DQ_LINEAGE_IDENTITY,
							written_column(write, target->resno));
	}
}

/*
 * add_conflict: what ON CONFLICT DO UPDATE assigns.
 */
static void
add_conflict(DqFrame *frame, DqWrite *write)
{
	OnConflictExpr *conflict = frame->query->onConflict;

	if (conflict == NULL)
		return;
	add_targets(frame, write, conflict->onConflictSet);
	dq_lineage_qual(frame, conflict->onConflictWhere, write->rows);
}

/*
 * add_actions: what the actions of a MERGE assign.
 */
static void
add_actions(DqFrame *frame, DqWrite *write)
{
	ListCell *lc;

	foreach(lc, frame->query->mergeActionList)
	{
		MergeAction *action = (MergeAction *) lfirst(lc);

		add_targets(frame, write, action->targetList);
		dq_lineage_expr(frame, action->qual, DQ_LINEAGE_FILTER, write->rows);
	}
}

/*
 * dq_lineage_writes: see lineage_trace.h.
 */
void
dq_lineage_writes(DqFrame *frame)
{
	Query *query = frame->query;
	RangeTblEntry *rte;
	DqWrite *write;

	if (query->resultRelation <= 0 ||
		list_member_ptr(frame->state->written, query))
		return;
	frame->state->written = lappend(frame->state->written, query);
	rte = list_nth_node(RangeTblEntry, query->rtable,
						query->resultRelation - 1);
	write = palloc0(sizeof(DqWrite));
	write->relid = rte->relid;
	write->rows = dq_lineage_rows(frame);
	if (query->commandType != CMD_DELETE)
		add_targets(frame, write, query->targetList);
	add_conflict(frame, write);
	add_actions(frame, write);
	frame->state->writes = lappend(frame->state->writes, write);
}
