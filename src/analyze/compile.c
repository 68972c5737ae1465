/*
 * compile.c
 *	  A pipeline's SQL, analysed before it ever runs.
 *
 * A stage stands in as an ephemeral named relation: the parser finds it by its
 * plain name, after the names of CTEs and before relations, which is what such
 * a name means in a run; and no schema, table or event trigger is needed for
 * it. What only a real table has (its system columns, TABLESAMPLE, its row
 * type, its name as a regclass) such a relation has not: an error about a
 * stage that says so is left out rather than reported.
 */
#include "postgres.h"

#include "analyze/compile.h"
#include "analyze/deps.h"
#include "analyze/statement.h"
#include "base/errctx.h"
#include "base/json.h"
#include "catalog/heap.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"

/* one text on its way through the parser */
typedef struct AnalyseCall
{
	const char *pipeline;
	const char *step;
	RawStmt *raw;
	const char *sql;
	QueryEnvironment *stages;
	Query *query;
} AnalyseCall;

/* one step's text, parsed */
typedef struct ParseCall
{
	const char *pipeline;
	const DqStep *step;
	const char *sql;
	RawStmt *raw;
} ParseCall;

/* a result that a stage shall have */
typedef struct ResultCall
{
	List *targets;
	TupleDesc result;
} ResultCall;

/*
 * by_position: list_sort comparator of DqCompiledStep.
 */
static int
by_position(const ListCell *a, const ListCell *b)
{
	const DqCompiledStep *left = (const DqCompiledStep *) lfirst(a);
	const DqCompiledStep *right = (const DqCompiledStep *) lfirst(b);

	return left->step->position - right->step->position;
}

/*
 * step_text: the SQL of a step that has some of its own, else NULL.
 */
static const char *
step_text(const DqStep *step)
{
	switch (step->kind)
	{
		case DQ_EXTRACT:
		case DQ_TRANSFORM:
			return dq_json_text(step->options, "query", step->name);
		case DQ_CALL:
			return dq_json_text(step->options, "command", step->name);
		case DQ_EXPECT:
		case DQ_LOAD:
			break;
	}
	return NULL;
}

/*
 * dq_compile_has_stage: see compile.h.
 */
bool
dq_compile_has_stage(const DqStep *step)
{
	return step->kind == DQ_EXTRACT || step->kind == DQ_TRANSFORM;
}

/*
 * dq_compile_begin: see compile.h.
 */
DqCompile *
dq_compile_begin(const DqPipeline *pipeline)
{
	DqCompile *compile = palloc0(sizeof(DqCompile));
	ListCell *lc;

	compile->pipeline = pipeline;
	compile->stages = create_queryEnv();
	foreach(lc, pipeline->steps)
	{
		DqCompiledStep *compiled = palloc0(sizeof(DqCompiledStep));

		compiled->step = (DqStep *) lfirst(lc);
		compiled->sql = step_text(compiled->step);
		compile->steps = lappend(compile->steps, compiled);
	}
	list_sort(compile->steps, by_position);
	return compile;
}

/*
 * dq_compile_find: see compile.h.
 */
DqCompiledStep *
dq_compile_find(const DqCompile *compile, const char *step)
{
	ListCell *lc;

	foreach(lc, compile->steps)
	{
		DqCompiledStep *compiled = (DqCompiledStep *) lfirst(lc);

		if (strcmp(compiled->step->name, step) == 0)
			return compiled;
	}
	return NULL;
}

/*
 * parse_text: guarded; the text was parsed when it was defined, under other
 * settings perhaps.
 */
static void
parse_text(void *arg)
{
	ParseCall *call = (ParseCall *) arg;
	DqErrorFrame frame;

	dq_errctx_push(&frame, 0, call->pipeline, call->step->name, call->sql);
	if (call->step->kind == DQ_CALL)
		call->raw = dq_statement_parse_command(call->sql);
	else
		call->raw = dq_statement_parse_query(call->sql);
	dq_errctx_pop(&frame);
}

/*
 * analyse_text: guarded.
 */
static void
analyse_text(void *arg)
{
	AnalyseCall *call = (AnalyseCall *) arg;
	DqErrorFrame frame;

	/* positions are in this text, not in that of a function around us */
	dq_errctx_push(&frame, 0, call->pipeline, call->step, call->sql);
	call->query = parse_analyze_fixedparams(call->raw, call->sql, NULL, 0,
											call->stages);
	dq_errctx_pop(&frame);
}

/*
 * is_missing: does the error say that something is not there, which an
 * earlier call of the pipeline may make?
 */
static bool
is_missing(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_UNDEFINED_TABLE ||
		   sqlerrcode == ERRCODE_UNDEFINED_COLUMN ||
		   sqlerrcode == ERRCODE_UNDEFINED_FUNCTION ||
		   sqlerrcode == ERRCODE_UNDEFINED_OBJECT ||
		   sqlerrcode == ERRCODE_UNDEFINED_SCHEMA;
}

/*
 * names_stage: is it the name of a stage that is known so far?
 */
static bool
names_stage(DqCompile *compile, const char *name)
{
	return name != NULL && get_ENR(compile->stages, name) != NULL;
}

/*
 * is_stage: does a relation that is written mean a stage?
 */
static bool
is_stage(DqCompile *compile, const RangeVar *relation)
{
	return relation != NULL && relation->schemaname == NULL &&
		   names_stage(compile, relation->relname);
}

/*
 * needs_table: tree walker: does the statement ask for what only a real table
 * has, be it of a stage or not?
 */
static bool
needs_table(Node *node, void *compile)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTableSample))
		return true;
	if (IsA(node, ColumnRef))
	{
		Node *field = llast(((ColumnRef *) node)->fields);

		return IsA(field, String) &&
			   SystemAttributeByName(strVal(field)) != NULL;
	}
	if (IsA(node, A_Const))
		return !((A_Const *) node)->isnull &&
			   IsA(&((A_Const *) node)->val, String) &&
			   names_stage(compile, strVal(&((A_Const *) node)->val));
	if (IsA(node, TypeName) && ((TypeName *) node)->names != NIL)
		return names_stage(compile,
						   strVal(llast(((TypeName *) node)->names)));
	if (IsA(node, InsertStmt) &&
		is_stage(compile, ((InsertStmt *) node)->relation))
		return true;
	if (IsA(node, UpdateStmt) &&
		is_stage(compile, ((UpdateStmt *) node)->relation))
		return true;
	if (IsA(node, DeleteStmt) &&
		is_stage(compile, ((DeleteStmt *) node)->relation))
		return true;
	if (IsA(node, MergeStmt) &&
		is_stage(compile, ((MergeStmt *) node)->relation))
		return true;
	return raw_expression_tree_walker(node, needs_table, compile);
}

/*
 * dq_compile_analyse: see compile.h.
 */
Query *
dq_compile_analyse(DqCompile *compile, const char *step, RawStmt *raw,
				   const char *sql)
{
	bool unsure = needs_table(raw->stmt, compile);
	AnalyseCall call = {compile->pipeline->name, step, raw, sql,
						compile->stages, NULL};
	ErrorData *error = dq_errctx_try_undone(analyse_text, &call);
	DqFinding *finding;

	if (error == NULL)
		return call.query;
	if (unsure)
	{
		finding = dq_finding_add(&compile->findings, DQ_FINDING_INFO, step,
								 error->sqlerrcode,
								 "SQL of the step can only be judged by a run");
		finding->detail = "It asks for what only the table of a stage has: a system column, a sample, its type, its name as text.";
		return NULL;
	}
	finding = dq_finding_add_error(&compile->findings, step, error, sql);
	if (compile->makes_objects && is_missing(error->sqlerrcode))
	{
		finding->level = DQ_FINDING_WARNING;
		finding->detail = "An earlier call step may make it.";
	}
	return NULL;
}

/*
 * note_stages: which earlier stages the text names; false when the result of
 * one is not known.
 */
static bool
note_stages(DqCompile *compile, DqCompiledStep *compiled, RawStmt *raw)
{
	List *relations = dq_deps_statement_relations(raw->stmt);
	bool known = true;
	ListCell *lc;

	foreach(lc, relations)
	{
		RangeVar *relation = (RangeVar *) lfirst(lc);
		DqCompiledStep *stage;

		if (relation->schemaname != NULL)
			continue;
		stage = dq_compile_find(compile, relation->relname);
		if (stage == NULL || !dq_compile_has_stage(stage->step) ||
			stage->step->position >= compiled->step->position)
			continue;
		compiled->stages = lappend(compiled->stages, stage->step->name);
		if (stage->result == NULL)
			known = false;
	}
	return known;
}

/*
 * make_result: guarded: the columns that CREATE TABLE AS would make. 42701
 * for two of one name, 42P16 for a type that no column can have.
 */
static void
make_result(void *arg)
{
	ResultCall *call = (ResultCall *) arg;

	call->result = ExecCleanTypeFromTL(call->targets);
	CheckAttributeNamesTypes(call->result, RELKIND_RELATION, 0);
}

/*
 * add_stage: make the result of a step known by its name.
 */
static void
add_stage(DqCompile *compile, DqCompiledStep *compiled)
{
	ResultCall call = {compiled->query->targetList, NULL};
	ErrorData *error = dq_errctx_try_undone(make_result, &call);
	EphemeralNamedRelation stage;

	if (error != NULL)
	{
		(void) dq_finding_add_error(&compile->findings, compiled->step->name,
									error, NULL);
		return;
	}
	compiled->result = call.result;
	stage = palloc0(sizeof(EphemeralNamedRelationData));
	stage->md.name = compiled->step->name;
	stage->md.reliddesc = InvalidOid;
	stage->md.tupdesc = call.result;
	stage->md.enrtype = ENR_NAMED_TUPLESTORE;
	register_ENR(compile->stages, stage);
}

/*
 * statement_query: the query inside a statement, as a statement; NULL when
 * there is none: then the statement may make or change anything.
 */
static RawStmt *
statement_query(RawStmt *raw)
{
	RawStmt *inner;
	Node *query = dq_deps_query(raw->stmt);

	if (query == NULL || query == raw->stmt)
		return query ? raw : NULL;
	inner = makeNode(RawStmt);
	inner->stmt = query;
	inner->stmt_location = raw->stmt_location;
	inner->stmt_len = raw->stmt_len;
	return inner;
}

/*
 * dq_compile_step: see compile.h.
 */
void
dq_compile_step(DqCompile *compile, DqCompiledStep *compiled)
{
	ParseCall parse = {compile->pipeline->name, compiled->step, compiled->sql,
					   NULL};
	ErrorData *error;
	RawStmt *query;

	CHECK_FOR_INTERRUPTS();
	error = dq_errctx_try_undone(parse_text, &parse);
	if (error != NULL)
	{
		(void) dq_finding_add_error(&compile->findings, compiled->step->name,
									error, compiled->sql);
		return;
	}
	if (!note_stages(compile, compiled, parse.raw))
	{
		compiled->blocked = true;
		return;
	}
	query = statement_query(parse.raw);
	if (query != NULL)
		compiled->query = dq_compile_analyse(compile, compiled->step->name,
											 query, compiled->sql);
	if (query == NULL || query != parse.raw)
		compile->makes_objects = true;
	if (compiled->query != NULL && dq_compile_has_stage(compiled->step))
		add_stage(compile, compiled);
}
