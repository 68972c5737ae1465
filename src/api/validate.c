/*
 * validate.c
 *	  etl.validate, and what etl.define says about mistakes.
 *
 * Steps are compiled in the order of the definition, each on what those before
 * it leave behind; then the pipeline is looked at as a whole. Nothing is
 * written and nothing of the pipeline's SQL is executed, so this is no promise
 * that a run succeeds: data decide the rest.
 */
#include "postgres.h"

#include "access/relation.h"
#include "analyze/inspect.h"
#include "api/edge_list.h"
#include "api/guard.h"
#include "api/validate.h"
#include "api/validate_expect.h"
#include "api/validate_load.h"
#include "base/errctx.h"
#include "base/guc.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/access.h"
#include "catalog/edges.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/store.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(dq_etl_validate);
PG_FUNCTION_INFO_V1(dq_etl_refresh_lineage);

/* relations of the pipeline's queries */
typedef struct Relations
{
	List *read; /* of Oid */
	List *written;
} Relations;

/* one relation to be looked at */
typedef struct EmptyCall
{
	Oid relid;
	bool empty;
} EmptyCall;

/*
 * compile_step: by its kind.
 */
static void
compile_step(DqCompile *compile, DqCompiledStep *compiled)
{
	switch (compiled->step->kind)
	{
		case DQ_EXTRACT:
		case DQ_TRANSFORM:
		case DQ_CALL:
			dq_compile_step(compile, compiled);
			break;
		case DQ_EXPECT:
			dq_validate_expect_step(compile, compiled);
			break;
		case DQ_LOAD:
			dq_validate_load_step(compile, compiled);
			break;
	}
	if (compiled->query != NULL)
		dq_inspect_query(compile, compiled);
	if (compiled->query != NULL || compiled->checks != NIL)
		dq_edge_list_trace(compile, compiled);
}

/*
 * check_names: warnings for steps that hide a table from those after them.
 */
static void
check_names(DqCompile *compile)
{
	ListCell *lc;

	foreach(lc, compile->steps)
	{
		const DqStep *step = ((DqCompiledStep *) lfirst(lc))->step;
		Oid relid = RelnameGetRelid(step->name);
		DqFinding *finding;

		if (!dq_compile_has_stage(step) || !OidIsValid(relid))
			continue;
		finding = dq_finding_add(&compile->findings, DQ_FINDING_WARNING,
								 step->name, ERRCODE_DUPLICATE_TABLE,
								 psprintf("step \"%s\" hides %s", step->name,
										  dq_sqltext_relation(relid)));
		finding->detail = "Later steps that read the plain name read the step.";
		finding->hint = psprintf("Give the step another name, or write %s where the table is meant.",
								 dq_sqltext_relation(relid));
	}
}

/*
 * has_name: is the name in a List of char *?
 */
static bool
has_name(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * is_read: does any step read the stage?
 */
static bool
is_read(const DqCompile *compile, const char *stage)
{
	ListCell *lc;

	foreach(lc, compile->steps)
	{
		if (has_name(((DqCompiledStep *) lfirst(lc))->stages, stage))
			return true;
	}
	return false;
}

/*
 * check_unread: warnings for stages that are built for nobody.
 */
static void
check_unread(DqCompile *compile)
{
	ListCell *lc;

	foreach(lc, compile->steps)
	{
		const DqStep *step = ((DqCompiledStep *) lfirst(lc))->step;

		if (!dq_compile_has_stage(step) || is_read(compile, step->name))
			continue;
		dq_finding_add(&compile->findings, DQ_FINDING_WARNING, step->name,
					   ERRCODE_INVALID_OBJECT_DEFINITION,
					   psprintf("no step reads \"%s\"", step->name))
			->hint = "Load it, check it, or leave the step out.";
	}
}

/*
 * find_relations: tree walker: what queries read and write.
 */
static bool
find_relations(Node *node, void *context)
{
	Relations *relations = (Relations *) context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query *query = (Query *) node;
		ListCell *lc;

		foreach(lc, query->rtable)
		{
			RangeTblEntry *rte = (RangeTblEntry *) lfirst(lc);
			bool target = foreach_current_index(lc) + 1 ==
						  query->resultRelation;

			if (rte->rtekind != RTE_RELATION)
				continue;
			if (target)
				relations->written =
					list_append_unique_oid(relations->written, rte->relid);
			else
				relations->read = list_append_unique_oid(relations->read,
														 rte->relid);
		}
		return query_tree_walker(query, find_relations, context, 0);
	}
	return expression_tree_walker(node, find_relations, context);
}

/*
 * look_whether_empty: guarded: has a table no row and never had one since it
 * was last emptied? Only its size is looked at.
 */
static void
look_whether_empty(void *arg)
{
	EmptyCall *call = (EmptyCall *) arg;
	Relation rel = relation_open(call->relid, AccessShareLock);

	if (rel->rd_rel->relkind == RELKIND_RELATION &&
		!rel->rd_rel->relhassubclass)
		call->empty = RelationGetNumberOfBlocks(rel) == 0;
	relation_close(rel, NoLock);
}

/*
 * check_inputs: a warning for each table that a step reads, that is empty,
 * and that no pipeline writes.
 */
static void
check_inputs(DqCompile *compile, DqCompiledStep *compiled, List *written)
{
	Relations relations = {NIL, NIL};
	ListCell *lc;

	(void) find_relations((Node *) compiled->query, &relations);
	foreach(lc, relations.read)
	{
		EmptyCall call = {lfirst_oid(lc), false};

		if (list_member_oid(written, call.relid) ||
			dq_errctx_try_undone(look_whether_empty, &call) != NULL ||
			!call.empty ||
			dq_store_is_target(dq_sqltext_relation(call.relid)))
			continue;
		dq_finding_add(&compile->findings, DQ_FINDING_WARNING,
					   compiled->step->name, ERRCODE_NO_DATA_FOUND,
					   psprintf("%s is empty, and no step of any pipeline writes it",
								dq_sqltext_relation(call.relid)))
			->hint = "Add the step that fills it, or read the step whose rows are meant.";
	}
}

/*
 * check_all_inputs: check_inputs for every step.
 */
static void
check_all_inputs(DqCompile *compile)
{
	Relations all = {NIL, NIL};
	ListCell *lc;

	foreach(lc, compile->steps)
		(void) find_relations((Node *) ((DqCompiledStep *) lfirst(lc))->query,
							  &all);
	foreach(lc, compile->steps)
		check_inputs(compile, (DqCompiledStep *) lfirst(lc), all.written);
}

/*
 * compile_all: as the owner, under the settings of the pipeline.
 */
static void
compile_all(void *arg)
{
	DqCompile *compile = (DqCompile *) arg;
	ListCell *lc;

	foreach(lc, compile->steps)
		compile_step(compile, (DqCompiledStep *) lfirst(lc));
	check_names(compile);
	check_unread(compile);
	check_all_inputs(compile);
}

/*
 * in_order: the findings by their steps, then those about the pipeline as a
 * whole; within a step as they were found.
 */
static List *
in_order(const DqCompile *compile)
{
	List *sorted = NIL;
	ListCell *lc;
	ListCell *cell;

	foreach(lc, compile->steps)
	{
		const char *step = ((DqCompiledStep *) lfirst(lc))->step->name;

		foreach(cell, compile->findings)
		{
			DqFinding *finding = (DqFinding *) lfirst(cell);

			if (finding->step != NULL && strcmp(finding->step, step) == 0)
				sorted = lappend(sorted, finding);
		}
	}
	foreach(cell, compile->findings)
	{
		if (((DqFinding *) lfirst(cell))->step == NULL)
			sorted = lappend(sorted, lfirst(cell));
	}
	return sorted;
}

/*
 * dq_validate_pipeline: see validate.h.
 */
DqCompile *
dq_validate_pipeline(const DqPipeline *pipeline)
{
	DqCompile *compile = dq_compile_begin(pipeline);
	int level = dq_session_enter(pipeline->settings, NULL, true);

	dq_spi_as_role(pipeline->owner, compile_all, compile);
	dq_session_leave(level);
	compile->findings = in_order(compile);
	return compile;
}

/*
 * dq_validate_definition: see validate.h.
 */
DqCompile *
dq_validate_definition(const DqPipeline *pipeline)
{
	int elevel = dq_guc_compile == DQ_COMPILE_ERROR ? ERROR : WARNING;
	DqCompile *compile;
	ListCell *lc;

	if (dq_guc_compile == DQ_COMPILE_OFF ||
		!OidIsValid(dq_access_owner(pipeline)))
		return NULL;
	compile = dq_validate_pipeline(pipeline);
	foreach(lc, compile->findings)
	{
		DqFinding *finding = (DqFinding *) lfirst(lc);

		if (finding->level == DQ_FINDING_ERROR)
			dq_finding_raise(finding, elevel, pipeline->name);
	}
	return compile;
}

/*
 * dq_validate_store_edges: see validate.h.
 */
int64
dq_validate_store_edges(const DqPipeline *pipeline, const DqCompile *compile)
{
	return dq_edges_store(pipeline->id,
						  compile ? dq_edge_list_json(compile) : "[]");
}

/*
 * dq_etl_refresh_lineage: etl.refresh_lineage(pipeline).
 */
Datum
dq_etl_refresh_lineage(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline;
	DqCompile *compile = NULL;

	dq_guard_writable("etl.refresh_lineage()");
	pipeline = dq_guard_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (OidIsValid(dq_access_owner(pipeline)))
		compile = dq_validate_pipeline(pipeline);
	PG_RETURN_INT64(dq_validate_store_edges(pipeline, compile));
}

/*
 * check_runnable: guarded: may runs execute as the owner at all?
 */
static void
check_runnable(void *arg)
{
	dq_pipeline_check_runnable((DqPipeline *) arg, true);
}

/*
 * put_text: a column of the result, NULL for NULL.
 */
static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

/*
 * return_finding: one row of etl.validate.
 */
static void
return_finding(FunctionCallInfo fcinfo, const DqPipeline *pipeline,
			   const DqFinding *finding)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int line = dq_finding_line(finding);
	Datum values[8];
	bool nulls[8] = {false};

	put_text(values, nulls, 0, dq_finding_level_name(finding->level));
	put_text(values, nulls, 1, finding->step ? finding->step : pipeline->name);
	put_text(values, nulls, 2, finding->message);
	put_text(values, nulls, 3, finding->hint);
	put_text(values, nulls, 4, finding->detail);
	put_text(values, nulls, 5, unpack_sql_state(finding->sqlerrcode));
	nulls[6] = line == 0;
	values[6] = Int32GetDatum(line);
	put_text(values, nulls, 7, dq_finding_excerpt(finding));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * dq_etl_validate: etl.validate(pipeline).
 */
Datum
dq_etl_validate(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline;
	DqCompile *compile;
	ErrorData *error;
	List *findings = NIL;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	pipeline = dq_pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)), 0,
								false);
	dq_access_require(pipeline, DQ_MAY_EDIT);
	error = dq_errctx_try_undone(check_runnable, pipeline);
	if (error != NULL)
		(void) dq_finding_add_error(&findings, NULL, error, NULL);
	if (OidIsValid(dq_access_owner(pipeline)))
	{
		compile = dq_validate_pipeline(pipeline);
		findings = list_concat(findings, compile->findings);
	}
	foreach(lc, findings)
		return_finding(fcinfo, pipeline, (DqFinding *) lfirst(lc));
	return (Datum) 0;
}
