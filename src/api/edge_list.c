/*
 * edge_list.c
 *	  What a compiled pipeline depends on, as edges to be stored.
 *
 * What depends is a column of a step's stage, a column of a relation that a
 * step writes, or a check; number 0 stands for all columns. It depends on a
 * column of a relation or of the stage of an earlier step.
 */
#include "postgres.h"

#include "analyze/lineage.h"
#include "api/edge_list.h"
#include "api/validate_columns.h"
#include "base/errctx.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

/* a step on its way through the tracer */
typedef struct TraceCall
{
	DqCompiledStep *compiled;
} TraceCall;

/* where an edge begins */
typedef struct EdgeEnd
{
	const char *step;
	const char *check; /* "": none */
	Oid relid; /* InvalidOid: the stage of the step */
	const char *name;
	AttrNumber attnum;
	const char *column;
} EdgeEnd;

/* the list while it is written */
typedef struct EdgeList
{
	const DqCompile *compile;
	StringInfoData json;
} EdgeList;

/*
 * trace_queries: guarded: the query of a step, or those of its checks.
 */
static void
trace_queries(void *arg)
{
	DqCompiledStep *compiled = ((TraceCall *) arg)->compiled;
	ListCell *lc;
	ListCell *query;

	if (compiled->query != NULL)
		compiled->lineage = dq_lineage_trace(compiled->query);
	foreach(lc, compiled->checks)
	{
		DqCompiledCheck *check = (DqCompiledCheck *) lfirst(lc);

		foreach(query, check->queries)
			check->lineages = lappend(check->lineages,
									  dq_lineage_trace(lfirst(query)));
	}
}

/*
 * dq_edge_list_trace: see edge_list.h.
 */
void
dq_edge_list_trace(DqCompile *compile, DqCompiledStep *compiled)
{
	TraceCall call = {compiled};
	ErrorData *error = dq_errctx_try_undone(trace_queries, &call);
	ListCell *lc;

	if (error != NULL)
	{
		(void) dq_finding_add_error(&compile->findings, compiled->step->name,
									error, NULL);
		return;
	}
	if (compiled->lineage == NULL)
		return;
	foreach(lc, compiled->lineage->opaque)
		dq_finding_add(&compile->findings, DQ_FINDING_INFO,
					   compiled->step->name, ERRCODE_SUCCESSFUL_COMPLETION,
					   psprintf("lineage ends at function %s",
								format_procedure_qualified(lfirst_oid(lc))))
			->detail = "What a function that is not written in SQL reads cannot be seen; its result counts as computed from its arguments.";
}

/*
 * add_stage_columns: columns of a stage, by name.
 */
static void
add_stage_columns(DqTrail *trail, const char *stage, TupleDesc desc,
				  List *names, int kind)
{
	ListCell *lc;

	foreach(lc, names)
	{
		Form_pg_attribute att =
			dq_validate_columns_find(desc, (char *) lfirst(lc));
		DqOrigin origin = {0};

		if (att == NULL)
			continue;
		origin.stage = stage;
		origin.attnum = att->attnum;
		origin.kinds = kind;
		dq_lineage_trail_add(trail, &origin);
	}
}

/*
 * dq_edge_list_load: see edge_list.h.
 */
void
dq_edge_list_load(DqCompiledStep *compiled, const char *source,
				  TupleDesc stage, Oid target_oid, TupleDesc target,
				  List *keys, List *filters)
{
	DqStatementLineage *lineage = palloc0(sizeof(DqStatementLineage));
	DqWrite *write = palloc0(sizeof(DqWrite));
	int i;

	write->relid = target_oid;
	write->rows = dq_lineage_trail_make();
	for (i = 0; i < stage->natts; i++)
	{
		Form_pg_attribute from = TupleDescAttr(stage, i);
		char *name = NameStr(from->attname);
		Form_pg_attribute to = dq_validate_columns_find(target, name);
		DqWrittenColumn *column;
		int kind = DQ_LINEAGE_TRANSFORMATION;

		if (to == NULL)
			continue;
		if (from->atttypid == to->atttypid)
			kind = DQ_LINEAGE_IDENTITY;
		column = palloc0(sizeof(DqWrittenColumn));
		column->attnum = to->attnum;
		column->origins = dq_lineage_trail_make();
		add_stage_columns(column->origins, source, stage, list_make1(name),
						  kind);
		write->columns = lappend(write->columns, column);
	}
	add_stage_columns(write->rows, source, stage, keys, DQ_LINEAGE_JOIN);
	add_stage_columns(write->rows, source, stage, filters,
					  DQ_LINEAGE_FILTER);
	lineage->writes = list_make1(write);
	compiled->lineage = lineage;
}

/*
 * add_text: a member of the edge that is being written.
 */
static void
add_text(EdgeList *list, const char *key, const char *value)
{
	appendStringInfo(&list->json, ",\"%s\":", key);
	escape_json(&list->json, value ? value : "");
}

/*
 * source_column: the name of the column that an edge leads to.
 */
static const char *
source_column(const EdgeList *list, const DqOrigin *origin)
{
	DqCompiledStep *stage;

	if (origin->attnum <= 0)
		return "";
	if (origin->stage == NULL)
		return get_attname(origin->relid, origin->attnum, true);
	stage = dq_compile_find(list->compile, origin->stage);
	if (stage == NULL || stage->result == NULL)
		return "";
	return NameStr(TupleDescAttr(stage->result,
								 origin->attnum - 1)
					   ->attname);
}

/*
 * add_edge: one edge.
 */
static void
add_edge(EdgeList *list, const EdgeEnd *end, const DqOrigin *origin,
		 const char *kind)
{
	const char *name = origin->stage;

	if (name == NULL)
		name = dq_sqltext_relation(origin->relid);
	appendStringInfo(&list->json,
					 "%s{\"target_oid\":%u,\"target_attnum\":%d,"
					 "\"source_oid\":%u,\"source_attnum\":%d,"
					 "\"through_oid\":%u",
					 list->json.len > 1 ? "," : "", end->relid, end->attnum,
					 origin->relid, origin->attnum, origin->via);
	add_text(list, "step", end->step);
	add_text(list, "check_name", end->check);
	add_text(list, "target_name", end->name);
	add_text(list, "target_column", end->column);
	add_text(list, "source_name", name);
	add_text(list, "source_column", source_column(list, origin));
	add_text(list, "through_name",
			 OidIsValid(origin->via) ? dq_sqltext_relation(origin->via) : "");
	add_text(list, "kind", kind);
	appendStringInfoChar(&list->json, '}');
}

/*
 * add_trail: an edge for each origin and kind; "kind" instead when given.
 */
static void
add_trail(EdgeList *list, const EdgeEnd *end, const DqTrail *trail,
		  const char *kind)
{
	int bit;
	int i;

	for (i = 0; i < trail->count; i++)
	{
		const DqOrigin *origin = &trail->origins[i];

		if (kind != NULL)
			add_edge(list, end, origin, kind);
		for (bit = 1; kind == NULL && bit <= DQ_LINEAGE_CONDITIONAL; bit <<= 1)
		{
			if ((origin->kinds & bit) != 0)
				add_edge(list, end, origin, dq_lineage_kind_name(bit));
		}
	}
}

/*
 * add_stage: edges of the columns of a stage.
 */
static void
add_stage(EdgeList *list, const DqCompiledStep *compiled)
{
	const DqLineage *result = compiled->lineage->result;
	EdgeEnd end = {0};
	ListCell *lc;

	end.step = compiled->step->name;
	end.check = "";
	end.name = end.step;
	foreach(lc, result->columns)
	{
		end.attnum = foreach_current_index(lc) + 1;
		end.column = NameStr(TupleDescAttr(compiled->result,
										   end.attnum - 1)
								 ->attname);
		add_trail(list, &end, (DqTrail *) lfirst(lc), NULL);
	}
	end.attnum = 0;
	end.column = "";
	add_trail(list, &end, result->rows, NULL);
}

/*
 * add_write: edges of a relation that a step writes.
 */
static void
add_write(EdgeList *list, const DqCompiledStep *compiled,
		  const DqWrite *write)
{
	EdgeEnd end = {0};
	ListCell *lc;

	end.step = compiled->step->name;
	end.check = "";
	end.relid = write->relid;
	end.name = dq_sqltext_relation(write->relid);
	foreach(lc, write->columns)
	{
		DqWrittenColumn *column = (DqWrittenColumn *) lfirst(lc);

		end.attnum = column->attnum;
		end.column = get_attname(write->relid, column->attnum, true);
		add_trail(list, &end, column->origins, NULL);
	}
	end.attnum = 0;
	end.column = "";
	add_trail(list, &end, write->rows, NULL);
}

/*
 * add_check: edges of a check: it depends on every column that it names or
 * whose value it looks at.
 */
static void
add_check(EdgeList *list, const DqCompiledStep *compiled,
		  const DqCompiledCheck *check)
{
	DqTrail *trail = dq_lineage_trail_make();
	EdgeEnd end = {0};
	ListCell *lc;
	ListCell *column;

	end.step = compiled->step->name;
	end.check = check->name ? check->name : "";
	end.name = end.step;
	end.column = "";
	foreach(lc, check->columns)
	{
		DqOrigin origin = {0};
		Form_pg_attribute att =
			dq_validate_columns_find(compiled->source, (char *) lfirst(lc));

		if (att == NULL)
			continue;
		origin.relid = compiled->source_oid;
		if (!OidIsValid(origin.relid))
			origin.stage = compiled->source_stage;
		origin.attnum = att->attnum;
		dq_lineage_trail_add(trail, &origin);
	}
	foreach(lc, check->lineages)
	{
		const DqStatementLineage *lineage = lfirst(lc);

		foreach(column, lineage->result->columns)
			dq_lineage_trail_merge(trail, (DqTrail *) lfirst(column));
		dq_lineage_trail_merge(trail, lineage->result->rows);
	}
	add_trail(list, &end, trail, "check");
}

/*
 * dq_edge_list_json: see edge_list.h.
 */
char *
dq_edge_list_json(const DqCompile *compile)
{
	EdgeList list = {compile};
	ListCell *lc;
	ListCell *cell;

	initStringInfo(&list.json);
	appendStringInfoChar(&list.json, '[');
	foreach(lc, compile->steps)
	{
		const DqCompiledStep *compiled = (DqCompiledStep *) lfirst(lc);

		foreach(cell, compiled->checks)
			add_check(&list, compiled, (DqCompiledCheck *) lfirst(cell));
		if (compiled->lineage == NULL)
			continue;
		if (compiled->result != NULL)
			add_stage(&list, compiled);
		foreach(cell, compiled->lineage->writes)
			add_write(&list, compiled, (DqWrite *) lfirst(cell));
	}
	appendStringInfoChar(&list.json, ']');
	return list.json.data;
}
