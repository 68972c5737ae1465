/*
 * validate_expect.c
 *	  An expect, compiled: a check's own words are analysed as if they were
 *	  selected from what it is about.
 */
#include "postgres.h"

#include "access/relation.h"
#include "api/validate_columns.h"
#include "api/validate_expect.h"
#include "base/errctx.h"
#include "base/json.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "quality/checktext.h"
#include "quality/rule.h"
#include "utils/builtins.h"
#include "utils/rel.h"

/* an expect while it is looked at */
typedef struct ExpectCall
{
	DqCompile *compile;
	DqCompiledStep *compiled;
	RangeVar *source;
	TupleDesc columns; /* of the source */
	List *checks; /* of DqCheck * */
	char *row_filter;
} ExpectCall;

/*
 * read_columns: guarded: the columns of a relation, copied.
 */
static void
read_columns(void *arg)
{
	ExpectCall *call = (ExpectCall *) arg;
	Relation rel = relation_openrv(call->source, AccessShareLock);

	call->columns = CreateTupleDescCopy(RelationGetDescr(rel));
	call->compiled->source = call->columns;
	call->compiled->source_oid = RelationGetRelid(rel);
	relation_close(rel, NoLock);
}

/*
 * read_checks: guarded: texts and rule objects as data.
 */
static void
read_checks(void *arg)
{
	ExpectCall *call = (ExpectCall *) arg;
	Jsonb *options = call->compiled->step->options;

	call->checks = dq_rule_read(dq_json_text_list(options, "checks", "expect"));
	call->row_filter = dq_json_text(options, "row_filter", "expect");
	if (call->row_filter != NULL)
		(void) dq_checktext_expression(call->row_filter, DQ_FILTER_TEXT);
}

/*
 * select_expression: an expression as if it was selected from the source.
 */
static RawStmt *
select_expression(const ExpectCall *call, Node *expression)
{
	SelectStmt *select = makeNode(SelectStmt);
	ResTarget *target = makeNode(ResTarget);
	RawStmt *raw = makeNode(RawStmt);

	target->val = expression;
	target->location = -1;
	select->targetList = list_make1(target);
	select->fromClause = list_make1(copyObject(call->source));
	raw->stmt = (Node *) select;
	return raw;
}

/*
 * analyse_expression: the query of a boolean expression over the source, or
 * NULL and a finding.
 */
static Query *
analyse_expression(ExpectCall *call, const char *text, const char *what)
{
	const char *step = call->compiled->step->name;
	RawStmt *raw = select_expression(call,
									 dq_checktext_expression(text, what));
	Query *query = dq_compile_analyse(call->compile, step, raw, text);
	Oid type;

	if (query == NULL)
		return NULL;
	type = exprType((Node *) linitial_node(TargetEntry,
										   query->targetList)
						->expr);
	if (!can_coerce_type(1, &type, (Oid[]){BOOLOID}, COERCION_ASSIGNMENT))
	{
		DqFinding *finding =
			dq_finding_add(&call->compile->findings, DQ_FINDING_ERROR, step,
						   ERRCODE_DATATYPE_MISMATCH,
						   psprintf("%s must be of type boolean, not %s",
									what, format_type_be(type)));

		finding->sql = text;
		finding->position = 1;
	}
	return query;
}

/*
 * check_names: a finding for each column that the source has not.
 */
static void
check_names(ExpectCall *call, List *names)
{
	ListCell *lc;

	foreach(lc, names)
	{
		char *name = (char *) lfirst(lc);
		DqFinding *finding;

		if (dq_validate_columns_find(call->columns, name) != NULL)
			continue;
		finding = dq_finding_add(&call->compile->findings, DQ_FINDING_ERROR,
								 call->compiled->step->name,
								 ERRCODE_UNDEFINED_COLUMN,
								 psprintf("column \"%s\" of \"%s\" does not exist",
										  name, call->source->relname));
		finding->hint = dq_validate_columns_similar(call->columns, name);
	}
}

/*
 * compile_check: one check, its levels and members into "compiled".
 */
static void
compile_check(ExpectCall *call, const DqCheck *check,
			  DqCompiledCheck *compiled)
{
	ListCell *lc;
	Query *query;

	/* rules about the schema ask for columns that may be absent */
	if ((check->type->takes & (DQ_TAKES_ROW_FILTER | DQ_TAKES_NULLS)) != 0)
	{
		check_names(call, check->columns);
		check_names(call, check->group_by);
	}
	compiled->columns = list_concat(compiled->columns, check->columns);
	compiled->columns = list_concat(compiled->columns, check->group_by);
	if (check->expression != NULL)
	{
		query = analyse_expression(call, check->expression, DQ_CHECK_TEXT);
		if (query != NULL)
			compiled->queries = lappend(compiled->queries, query);
	}
	if (check->row_filter != NULL)
	{
		query = analyse_expression(call, check->row_filter, DQ_FILTER_TEXT);
		if (query != NULL)
			compiled->queries = lappend(compiled->queries, query);
	}
	/* levels repeat what the check has, but for their options */
	foreach(lc, check->members)
		compile_check(call, (DqCheck *) lfirst(lc), compiled);
}

/*
 * compile_filter: the filter that all checks of the step share.
 */
static void
compile_filter(ExpectCall *call)
{
	Query *query;
	ListCell *lc;

	if (call->row_filter == NULL)
		return;
	query = analyse_expression(call, call->row_filter, DQ_FILTER_TEXT);
	if (query == NULL)
		return;
	foreach(lc, call->compiled->checks)
	{
		DqCompiledCheck *check = (DqCompiledCheck *) lfirst(lc);

		check->queries = lappend(check->queries, query);
	}
}

/*
 * find_source: what the expect is about; false when it is not known.
 */
static bool
find_source(ExpectCall *call)
{
	DqCompile *compile = call->compile;
	DqCompiledStep *compiled = call->compiled;
	char *name = dq_json_text(compiled->step->options, "source", "expect");
	DqCompiledStep *stage = dq_compile_find(compile, name);
	ErrorData *error;

	if (stage != NULL && dq_compile_has_stage(stage->step))
	{
		compiled->stages = lappend(compiled->stages, name);
		compiled->blocked = stage->result == NULL;
		call->source = makeRangeVar(NULL, name, -1);
		call->columns = stage->result;
		compiled->source = stage->result;
		compiled->source_stage = name;
		return !compiled->blocked;
	}
	call->source = dq_rule_relation(name);
	error = dq_errctx_try_undone(read_columns, call);
	if (error != NULL)
		(void) dq_finding_add_error(&compile->findings, compiled->step->name,
									error, NULL);
	return error == NULL;
}

/*
 * dq_validate_expect_step: see validate_expect.h.
 */
void
dq_validate_expect_step(DqCompile *compile, DqCompiledStep *compiled)
{
	ExpectCall call = {0};
	ErrorData *error;
	ListCell *lc;

	call.compile = compile;
	call.compiled = compiled;
	if (!find_source(&call))
		return;
	error = dq_errctx_try_undone(read_checks, &call);
	if (error != NULL)
	{
		(void) dq_finding_add_error(&compile->findings, compiled->step->name,
									error, NULL);
		return;
	}
	foreach(lc, call.checks)
	{
		DqCheck *check = (DqCheck *) lfirst(lc);
		DqCompiledCheck *one = palloc0(sizeof(DqCompiledCheck));

		one->name = check->name;
		compiled->checks = lappend(compiled->checks, one);
		compile_check(&call, check, one);
	}
	compile_filter(&call);
}
