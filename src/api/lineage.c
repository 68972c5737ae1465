/*
 * lineage.c
 *	  etl.query_lineage: where the columns of one query come from.
 *
 * The caller's own SQL under the caller's own rights and settings; nothing of
 * it is executed.
 */
#include "postgres.h"

#include "analyze/deps.h"
#include "analyze/lineage.h"
#include "base/errctx.h"
#include "base/portal.h"
#include "base/sqltext.h"
#include "fmgr.h"
#include "funcapi.h"
#include "parser/analyze.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(dq_etl_query_lineage);

/* columns of the result */
enum
{
	OUT_TARGET,
	OUT_COLUMN,
	OUT_KIND,
	OUT_SOURCE,
	OUT_SOURCE_COLUMN,
	OUT_THROUGH,
	OUT_COLUMNS
};

/* a query on its way through the parser */
typedef struct LineageCall
{
	char *sql;
	Query *query;
	DqStatementLineage *lineage;
} LineageCall;

/*
 * trace: guarded, so that no lock stays.
 */
static void
trace(void *arg)
{
	LineageCall *call = (LineageCall *) arg;
	DqErrorFrame frame;
	RawStmt *raw;
	Node *query;

	dq_errctx_push(&frame, 0, NULL, NULL, call->sql);
	raw = dq_portal_parse_one(call->sql, "query");
	query = dq_deps_query(raw->stmt);
	if (query == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("statement reads no columns"),
				 errhint("Pass a SELECT, INSERT, UPDATE, DELETE or MERGE.")));
	raw->stmt = query;
	call->query = parse_analyze_fixedparams(raw, call->sql, NULL, 0, NULL);
	call->lineage = dq_lineage_trace(call->query);
	dq_errctx_pop(&frame);
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
 * put_relation: a relation as regclass, NULL for none.
 */
static void
put_relation(Datum *values, bool *nulls, int column, Oid relid)
{
	nulls[column] = !OidIsValid(relid);
	values[column] = ObjectIdGetDatum(relid);
}

/*
 * return_trail: a row for each origin and kind.
 */
static void
return_trail(ReturnSetInfo *result, Oid target, const char *column,
			 const DqTrail *trail)
{
	Datum values[OUT_COLUMNS];
	bool nulls[OUT_COLUMNS];
	int kind;
	int i;

	for (i = 0; i < trail->count; i++)
	{
		const DqOrigin *origin = &trail->origins[i];

		for (kind = 1; kind <= DQ_LINEAGE_CONDITIONAL; kind <<= 1)
		{
			if ((origin->kinds & kind) == 0)
				continue;
			put_relation(values, nulls, OUT_TARGET, target);
			put_text(values, nulls, OUT_COLUMN, column);
			put_text(values, nulls, OUT_KIND, dq_lineage_kind_name(kind));
			put_relation(values, nulls, OUT_SOURCE, origin->relid);
			put_text(values, nulls, OUT_SOURCE_COLUMN,
					 get_attname(origin->relid, origin->attnum, true));
			put_relation(values, nulls, OUT_THROUGH, origin->via);
			tuplestore_putvalues(result->setResult, result->setDesc, values,
								 nulls);
		}
	}
}

/*
 * return_result: the columns of a result and its rows.
 */
static void
return_result(ReturnSetInfo *result, const LineageCall *call)
{
	Query *query = call->query;
	List *targets = query->commandType == CMD_SELECT ? query->targetList :
													   query->returningList;
	int column = 0;
	ListCell *lc;

	foreach(lc, targets)
	{
		TargetEntry *target = (TargetEntry *) lfirst(lc);

		if (!target->resjunk)
			return_trail(result, InvalidOid, target->resname,
						 (DqTrail *) list_nth(call->lineage->result->columns,
											  column++));
	}
	return_trail(result, InvalidOid, NULL, call->lineage->result->rows);
}

/*
 * return_write: the columns of a relation that is written.
 */
static void
return_write(ReturnSetInfo *result, const DqWrite *write)
{
	ListCell *lc;

	foreach(lc, write->columns)
	{
		DqWrittenColumn *column = (DqWrittenColumn *) lfirst(lc);

		return_trail(result, write->relid,
					 get_attname(write->relid, column->attnum, true),
					 column->origins);
	}
	return_trail(result, write->relid, NULL, write->rows);
}

/*
 * dq_etl_query_lineage: etl.query_lineage(query).
 */
Datum
dq_etl_query_lineage(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	LineageCall call = {0};
	ErrorData *error;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	call.sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	error = dq_errctx_try_undone(trace, &call);
	if (error != NULL)
		dq_errctx_rethrow(error);
	if (call.lineage->result != NULL)
		return_result(result, &call);
	foreach(lc, call.lineage->writes)
		return_write(result, (DqWrite *) lfirst(lc));
	return (Datum) 0;
}
