/*
 * lineage_table.c
 *	  Which columns a column of the range table comes from.
 *
 * Tables, foreign tables and stages are where a trace ends. A view (a
 * materialized one too) is an origin itself, and what it reads is one through
 * it: both break what depends on them.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/tupdesc.h"
#include "analyze/lineage_trace.h"
#include "base/compat.h"
#include "catalog/pg_class.h"
#include "catalog/pg_rewrite.h"
#include "rewrite/prs2lock.h"
#include "utils/rel.h"

/* deeper than this nothing is looked through any more */
#define MAX_DEPTH 50

/* a view, traced once */
typedef struct TracedView
{
	Oid relid;
	DqLineage *lineage; /* NULL: is being traced, or cannot be */
} TracedView;

/* a CTE of a query, traced once unless it is recursive */
typedef struct TracedCte
{
	CommonTableExpr *cte;
	DqLineage *lineage;
} TracedCte;

/*
 * add_column: a column where a trace ends.
 */
static void
add_column(const char *stage, Oid relid, AttrNumber attnum, int kind,
		   DqTrail *out)
{
	DqOrigin origin = {0};

	origin.stage = stage;
	origin.relid = relid;
	origin.attnum = attnum;
	origin.kinds = kind;
	dq_lineage_trail_add(out, &origin);
}

/*
 * shared_name: the one copy of a stage's name.
 */
static const char *
shared_name(DqTraceState *state, const char *name)
{
	ListCell *lc;

	foreach(lc, state->stages)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return (char *) lfirst(lc);
	}
	state->stages = lappend(state->stages, pstrdup(name));
	return (char *) llast(state->stages);
}

/*
 * nth_column: a column of a result; NULL when it has none of that number.
 */
static DqTrail *
nth_column(const DqLineage *lineage, AttrNumber attnum)
{
	if (attnum < 1 || attnum > list_length(lineage->columns))
		return NULL;
	return (DqTrail *) list_nth(lineage->columns, attnum - 1);
}

/*
 * pass_result: one column of a result, or all of them for the row as a whole.
 */
static void
pass_result(const DqLineage *lineage, AttrNumber attnum, int kind,
			DqTrail *out)
{
	DqTrail *column = nth_column(lineage, attnum);
	ListCell *lc;

	if (column != NULL)
		dq_lineage_pass(out, column, kind);
	if (attnum != InvalidAttrNumber)
		return;
	foreach(lc, lineage->columns)
		dq_lineage_pass(out, (DqTrail *) lfirst(lc),
						dq_lineage_computed(kind));
}

/*
 * view_query: the query of a view, copied; NULL for anything else.
 */
static Query *
view_query(Oid relid)
{
	Relation rel = try_relation_open(relid, AccessShareLock);
	Query *query = NULL;
	int i;

	if (rel == NULL)
		return NULL;
	if (rel->rd_rel->relkind == RELKIND_VIEW ||
		rel->rd_rel->relkind == RELKIND_MATVIEW)
	{
		for (i = 0; rel->rd_rules != NULL && i < rel->rd_rules->numLocks; i++)
		{
			RewriteRule *rule = rel->rd_rules->rules[i];

			if (rule->event == CMD_SELECT && list_length(rule->actions) == 1)
				query = copyObject(linitial_node(Query, rule->actions));
		}
	}
	relation_close(rel, NoLock);
	return query;
}

/*
 * trace_view: what a view reads; NULL when it is no view.
 */
static DqLineage *
trace_view(DqTraceState *state, Oid relid)
{
	TracedView *view;
	Query *query;
	ListCell *lc;

	foreach(lc, state->views)
	{
		view = (TracedView *) lfirst(lc);
		if (view->relid == relid)
			return view->lineage;
	}
	view = palloc0(sizeof(TracedView));
	view->relid = relid;
	state->views = lappend(state->views, view);
	query = state->depth < MAX_DEPTH ? view_query(relid) : NULL;
	if (query == NULL)
		return NULL;
	state->depth++;
	view->lineage = dq_lineage_query(state, query, NULL, NIL);
	state->depth--;
	return view->lineage;
}

/*
 * through: a set as it is seen from outside a view.
 */
static DqTrail *
through(const DqTrail *trail, Oid view)
{
	DqTrail *seen = dq_lineage_trail_make();
	int i;

	for (i = 0; i < trail->count; i++)
	{
		DqOrigin origin = trail->origins[i];

		origin.via = view;
		dq_lineage_trail_add(seen, &origin);
	}
	return seen;
}

/*
 * whole_relation: every column of a relation.
 */
static void
whole_relation(DqFrame *frame, int index, Oid relid, int kind, DqTrail *out)
{
	Relation rel = try_relation_open(relid, AccessShareLock);
	TupleDesc desc;
	int i;

	if (rel == NULL)
		return;
	desc = CreateTupleDescCopy(RelationGetDescr(rel));
	relation_close(rel, NoLock);
	for (i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped)
			dq_lineage_column(frame, index, i + 1,
							  dq_lineage_computed(kind),
							  out);
	}
}

/*
 * excluded_column: what an INSERT would have put into the column.
 */
static void
excluded_column(DqFrame *frame, AttrNumber attnum, int kind, DqTrail *out)
{
	ListCell *lc;

	foreach(lc, frame->query->targetList)
	{
		TargetEntry *target = (TargetEntry *) lfirst(lc);

		if (target->resno == attnum ||
			(attnum == InvalidAttrNumber && !target->resjunk))
			dq_lineage_expr(frame, (Node *) target->expr, kind, out);
	}
}

/*
 * relation_column: a column of a table or view; system columns are nobody's.
 */
static void
relation_column(DqFrame *frame, int index, RangeTblEntry *rte,
				AttrNumber attnum, int kind, DqTrail *out)
{
	OnConflictExpr *conflict = frame->query->onConflict;
	DqLineage *view;
	DqTrail *column;

	if (conflict != NULL && conflict->exclRelIndex == index)
	{
		excluded_column(frame, attnum, kind, out);
		return;
	}
	if (attnum == InvalidAttrNumber)
		whole_relation(frame, index, rte->relid, kind, out);
	if (attnum <= 0)
		return;
	add_column(NULL, rte->relid, attnum, kind, out);
	view = trace_view(frame->state, rte->relid);
	column = view ? nth_column(view, attnum) : NULL;
	if (column != NULL)
		dq_lineage_pass(out, through(column, rte->relid), kind);
}

/*
 * add_named: a column that SEARCH or CYCLE computes from others of its CTE.
 */
static void
add_named(TracedCte *traced, List *names)
{
	List *known = traced->cte->ctecolnames;
	DqTrail *column = dq_lineage_trail_make();
	ListCell *name;
	ListCell *lc;

	foreach(name, names)
	{
		foreach(lc, known)
		{
			DqTrail *of = nth_column(traced->lineage,
									 foreach_current_index(lc) + 1);

			if (of != NULL &&
				strcmp(strVal(lfirst(lc)), strVal(lfirst(name))) == 0)
				dq_lineage_pass(column, of, DQ_LINEAGE_TRANSFORMATION);
		}
	}
	traced->lineage->columns = lappend(traced->lineage->columns, column);
}

/*
 * add_computed_columns: those of SEARCH and CYCLE, which the query of a CTE
 * gets when it is rewritten only.
 */
static void
add_computed_columns(TracedCte *traced)
{
	CommonTableExpr *cte = traced->cte;

	if (cte->search_clause != NULL)
		add_named(traced, cte->search_clause->search_col_list);
	if (cte->cycle_clause != NULL)
	{
		add_named(traced, cte->cycle_clause->cycle_col_list);
		add_named(traced, cte->cycle_clause->cycle_col_list);
	}
}

/*
 * lineage_size: how much is known: grows until all is.
 */
static int64
lineage_size(const DqLineage *lineage)
{
	int64 size = 0;
	ListCell *lc;
	int i;

	foreach(lc, lineage->columns)
	{
		const DqTrail *column = (DqTrail *) lfirst(lc);

		for (i = 0; i < column->count; i++)
			size += 1 + pg_popcount32(column->origins[i].kinds);
	}
	for (i = 0; i < lineage->rows->count; i++)
		size += 1 + pg_popcount32(lineage->rows->origins[i].kinds);
	return size;
}

/*
 * unknown: a result of which nothing is known yet.
 */
static DqLineage *
unknown(int columns)
{
	DqLineage *lineage = palloc0(sizeof(DqLineage));

	while (columns-- > 0)
		lineage->columns = lappend(lineage->columns, dq_lineage_trail_make());
	lineage->rows = dq_lineage_trail_make();
	return lineage;
}

/*
 * trace_cte: a CTE of the query of "frame". One that reads itself is traced
 * with what is known of it, until that grows no more.
 */
static DqLineage *
trace_cte(DqFrame *frame, CommonTableExpr *cte)
{
	Query *query = castNode(Query, cte->ctequery);
	TracedCte *traced;
	int64 size = -1;
	ListCell *lc;

	foreach(lc, frame->ctes)
	{
		traced = (TracedCte *) lfirst(lc);
		if (traced->cte == cte)
			return traced->lineage;
	}
	traced = palloc0(sizeof(TracedCte));
	traced->cte = cte;
	traced->lineage = unknown(list_length(cte->ctecolnames));
	frame->ctes = lappend(frame->ctes, traced);
	do
	{
		size = lineage_size(traced->lineage);
		traced->lineage = dq_lineage_query(frame->state, query, frame, NIL);
		add_computed_columns(traced);
	} while (cte->cterecursive && lineage_size(traced->lineage) != size);
	return traced->lineage;
}

/*
 * find_cte: the CTE that an entry of the range table means.
 */
static DqLineage *
find_cte(DqFrame *frame, RangeTblEntry *rte)
{
	Index levels = rte->ctelevelsup;
	ListCell *lc;

	while (levels-- > 0 && frame != NULL)
		frame = frame->outer;
	if (frame == NULL)
		return NULL;
	foreach(lc, frame->query->cteList)
	{
		CommonTableExpr *cte = (CommonTableExpr *) lfirst(lc);

		if (strcmp(cte->ctename, rte->ctename) == 0)
			return trace_cte(frame, cte);
	}
	return NULL;
}

/*
 * function_column: a column of a function in FROM: which function of
 * ROWS FROM, and which column of it.
 */
static void
function_column(DqFrame *frame, RangeTblEntry *rte, AttrNumber attnum,
				int kind, DqTrail *out)
{
	AttrNumber before = 0;
	ListCell *lc;

	foreach(lc, rte->functions)
	{
		RangeTblFunction *function = (RangeTblFunction *) lfirst(lc);
		DqLineage *body = NULL;

		if (attnum == InvalidAttrNumber ||
			(attnum > before && attnum <= before + function->funccolcount))
		{
			if (IsA(function->funcexpr, FuncExpr))
				body = dq_lineage_call(frame,
									   (FuncExpr *) function->funcexpr);
			if (body == NULL)
				dq_lineage_expr(frame, function->funcexpr, kind, out);
			else if (attnum != InvalidAttrNumber &&
					 list_length(body->columns) == function->funccolcount)
				pass_result(body, attnum - before, kind, out);
			else
				pass_result(body, InvalidAttrNumber, kind, out);
		}
		before += function->funccolcount;
	}
}

/*
 * values_column: a column of a VALUES list.
 */
static void
values_column(DqFrame *frame, RangeTblEntry *rte, AttrNumber attnum, int kind,
			  DqTrail *out)
{
	ListCell *lc;
	ListCell *cell;

	foreach(lc, rte->values_lists)
	{
		foreach(cell, (List *) lfirst(lc))
		{
			if (attnum == InvalidAttrNumber ||
				attnum == foreach_current_index(cell) + 1)
				dq_lineage_expr(frame, (Node *) lfirst(cell), kind, out);
		}
	}
}

/*
 * join_column: a column of a join, as the parser says what it is.
 */
static void
join_column(DqFrame *frame, RangeTblEntry *rte, AttrNumber attnum, int kind,
			DqTrail *out)
{
	ListCell *lc;

	foreach(lc, rte->joinaliasvars)
	{
		if (attnum == InvalidAttrNumber ||
			attnum == foreach_current_index(lc) + 1)
			dq_lineage_expr(frame, (Node *) lfirst(lc), kind, out);
	}
}

/*
 * stage_column: a column of the result of an earlier step.
 */
static void
stage_column(DqFrame *frame, RangeTblEntry *rte, AttrNumber attnum, int kind,
			 DqTrail *out)
{
	const char *stage = shared_name(frame->state, rte->enrname);
	int i;

	if (attnum != InvalidAttrNumber)
	{
		add_column(stage, InvalidOid, attnum, kind, out);
		return;
	}
	for (i = 1; i <= list_length(rte->coltypes); i++)
		add_column(stage, InvalidOid, i, kind, out);
}

/*
 * subquery: a subquery in FROM, traced once.
 */
static DqLineage *
subquery(DqFrame *frame, int index, RangeTblEntry *rte)
{
	if (frame->tables[index] == NULL)
		frame->tables[index] = dq_lineage_query(frame->state, rte->subquery,
												frame, NIL);
	return frame->tables[index];
}

/*
 * dq_lineage_column: see lineage_trace.h.
 */
void
dq_lineage_column(DqFrame *frame, int index, AttrNumber attnum, int kind,
				  DqTrail *out)
{
	RangeTblEntry *rte = list_nth_node(RangeTblEntry, frame->query->rtable,
									   index - 1);
	DqLineage *lineage = NULL;
	List *groups = dq_compat_group_exprs(rte);

	if (groups != NIL)
	{
		if (attnum > 0 && attnum <= list_length(groups))
			dq_lineage_expr(frame, (Node *) list_nth(groups, attnum - 1),
							kind, out);
	}
	else if (rte->rtekind == RTE_RELATION)
		relation_column(frame, index, rte, attnum, kind, out);
	else if (rte->rtekind == RTE_JOIN)
		join_column(frame, rte, attnum, kind, out);
	else if (rte->rtekind == RTE_FUNCTION)
		function_column(frame, rte, attnum, kind, out);
	else if (rte->rtekind == RTE_VALUES)
		values_column(frame, rte, attnum, kind, out);
	else if (rte->rtekind == RTE_TABLEFUNC)
		dq_lineage_expr(frame, (Node *) rte->tablefunc, kind, out);
	else if (rte->rtekind == RTE_NAMEDTUPLESTORE)
		stage_column(frame, rte, attnum, kind, out);
	else if (rte->rtekind == RTE_SUBQUERY)
		lineage = subquery(frame, index, rte);
	else if (rte->rtekind == RTE_CTE)
		lineage = find_cte(frame, rte);
	if (lineage != NULL)
		pass_result(lineage, attnum, kind, out);
}

/*
 * function_rows: a function is called for each row beside it.
 */
static void
function_rows(DqFrame *frame, RangeTblEntry *rte, DqTrail *out)
{
	ListCell *lc;

	foreach(lc, rte->functions)
	{
		RangeTblFunction *function = (RangeTblFunction *) lfirst(lc);
		DqLineage *body = NULL;

		if (IsA(function->funcexpr, FuncExpr))
			body = dq_lineage_call(frame, (FuncExpr *) function->funcexpr);
		if (body != NULL)
			dq_lineage_trail_merge(out, body->rows);
		else
			dq_lineage_expr(frame, function->funcexpr, DQ_LINEAGE_JOIN, out);
	}
}

/*
 * dq_lineage_table_rows: see lineage_trace.h.
 */
void
dq_lineage_table_rows(DqFrame *frame, int index, DqTrail *out)
{
	RangeTblEntry *rte = list_nth_node(RangeTblEntry, frame->query->rtable,
									   index - 1);
	DqLineage *lineage = NULL;

	if (rte->rtekind == RTE_RELATION)
	{
		lineage = trace_view(frame->state, rte->relid);
		if (lineage != NULL)
			dq_lineage_trail_merge(out, through(lineage->rows, rte->relid));
		return;
	}
	if (rte->rtekind == RTE_FUNCTION)
		function_rows(frame, rte, out);
	else if (rte->rtekind == RTE_TABLEFUNC)
		dq_lineage_expr(frame, (Node *) rte->tablefunc, DQ_LINEAGE_JOIN, out);
	else if (rte->rtekind == RTE_SUBQUERY)
		lineage = subquery(frame, index, rte);
	else if (rte->rtekind == RTE_CTE)
		lineage = find_cte(frame, rte);
	if (lineage != NULL)
		dq_lineage_trail_merge(out, lineage->rows);
}
