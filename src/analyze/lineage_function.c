/*
 * lineage_function.c
 *	  Through the bodies of SQL functions.
 *
 * A body that was parsed when the function was made (BEGIN ATOMIC, RETURN) is
 * a tree that is there; one that is a string is analysed now, under the
 * search_path in force and the function's own if it has one, as a call would
 * be. Any other language is opaque, and so is a function that is entered once
 * more before it is left.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "analyze/lineage_trace.h"
#include "base/errctx.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "executor/functions.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

/* deeper than this a function is opaque */
#define MAX_DEPTH 16

/* a function whose body is being read */
typedef struct BodyCall
{
	HeapTuple tuple;
	FuncExpr *call;
	Query *query;
} BodyCall;

/*
 * parsed_body: the last query of a body that was parsed when it was made;
 * NULL when there is none.
 */
static Query *
parsed_body(HeapTuple tuple)
{
	bool isnull;
	Datum value = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody,
								  &isnull);
	Node *body;

	if (isnull)
		return NULL;
	body = stringToNode(TextDatumGetCString(value));
	if (IsA(body, List))
		body = (Node *) linitial((List *) body);
	if (IsA(body, List))
		body = body == (Node *) NIL ? NULL : (Node *) llast((List *) body);
	return body != NULL && IsA(body, Query) ? (Query *) body : NULL;
}

/*
 * analyse_string: guarded: the last statement of a body that is a string.
 */
static void
analyse_string(void *arg)
{
	BodyCall *body = (BodyCall *) arg;
	bool isnull;
	Datum value = SysCacheGetAttr(PROCOID, body->tuple, Anum_pg_proc_prosrc,
								  &isnull);
	SQLFunctionParseInfoPtr info;
	char *source;
	List *statements;

	if (isnull)
		return;
	source = TextDatumGetCString(value);
	statements = pg_parse_query(source);
	if (statements == NIL)
		return;
	info = prepare_sql_fn_parse_info(body->tuple, (Node *) body->call,
									 body->call->inputcollid);
	body->query =
		parse_analyze_withcb(llast_node(RawStmt, statements), source,
							 (ParserSetupHook) sql_fn_parser_setup, info,
							 NULL);
}

/*
 * string_body: the same outside; NULL when it cannot be analysed here.
 */
static Query *
string_body(HeapTuple tuple, FuncExpr *call)
{
	BodyCall body = {tuple, call, NULL};

	/* its own settings may change what names mean */
	if (!heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL))
		return NULL;
	if (dq_errctx_try_undone(analyse_string, &body) != NULL)
		return NULL;
	return body.query;
}

/*
 * function_body: the query that a call returns the result of; NULL when the
 * function is opaque.
 */
static Query *
function_body(DqTraceState *state, FuncExpr *call)
{
	HeapTuple tuple;
	Form_pg_proc form;
	Query *query = NULL;

	if (call->funcid < FirstNormalObjectId)
		return NULL;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->prolang == SQLlanguageId && state->depth < MAX_DEPTH &&
		form->prokind == PROKIND_FUNCTION)
	{
		query = parsed_body(tuple);
		if (query == NULL)
			query = string_body(tuple, call);
		if (query != NULL && query->commandType == CMD_UTILITY)
			query = NULL;
	}
	/* C code computes from its arguments; others may read what they like */
	if (query == NULL && form->prolang != ClanguageId &&
		form->prolang != INTERNALlanguageId)
		state->opaque = list_append_unique_oid(state->opaque, call->funcid);
	ReleaseSysCache(tuple);
	return query;
}

/*
 * arguments: the origins of each argument, by position; those that have a
 * default have none.
 */
static List *
arguments(DqFrame *frame, FuncExpr *call)
{
	List *params = NIL;
	ListCell *lc;

	foreach(lc, call->args)
	{
		Node *arg = (Node *) lfirst(lc);
		int position = foreach_current_index(lc);

		if (IsA(arg, NamedArgExpr))
			position = ((NamedArgExpr *) arg)->argnumber;
		while (list_length(params) <= position)
			params = lappend(params, dq_lineage_trail_make());
		dq_lineage_expr(frame, arg, DQ_LINEAGE_IDENTITY,
						(DqTrail *) list_nth(params, position));
	}
	return params;
}

/*
 * dq_lineage_call: see lineage_trace.h.
 */
DqLineage *
dq_lineage_call(DqFrame *frame, FuncExpr *call)
{
	Query *body = function_body(frame->state, call);
	DqLineage *lineage;

	if (body == NULL)
		return NULL;
	frame->state->depth++;
	lineage = dq_lineage_query(frame->state, body, NULL,
							   arguments(frame, call));
	frame->state->depth--;
	return lineage;
}
