/*
 * suggest.c
 *	  Suggestions as functions: checks that the data suggest, constraints that
 *	  make checks cost nothing.
 *
 * Everything reads, as the caller and with the caller's search_path.
 */
#include "postgres.h"

#include "api/arguments.h"
#include "base/sqltext.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "quality/constrain.h"
#include "quality/mine.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(dq_etl_suggest_checks);
PG_FUNCTION_INFO_V1(dq_etl_suggest_suite);
PG_FUNCTION_INFO_V1(dq_etl_suggest_constraints);

#define MAX_VALUES 1000
#define MAX_SAMPLE_ROWS 1000000

/*
 * relation_name: of the first argument.
 */
static char *
relation_name(Oid relid)
{
	char *name = get_rel_name(relid);

	return name ? name : pstrdup("");
}

/*
 * mine: (source, columns, row_filter, max_values, sample_rows)
 */
static List *
mine(FunctionCallInfo fcinfo)
{
	DqProfileTask task = {0};
	int max_values;

	dq_arguments_require(fcinfo, 0, "source");
	task.relid = PG_GETARG_OID(0);
	if (!PG_ARGISNULL(1))
		task.columns = dq_arguments_required_list(fcinfo, 1, "columns");
	task.row_filter = dq_arguments_text(fcinfo, 2);
	max_values = dq_arguments_int(fcinfo, 3, "max_values", 0, MAX_VALUES);
	task.sample_rows = dq_arguments_int(fcinfo, 4, "sample_rows", 1,
										MAX_SAMPLE_ROWS);
	return dq_mine_checks(&task, relation_name(task.relid), max_values);
}

/*
 * etl.suggest_checks(...)
 */
Datum
dq_etl_suggest_checks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List *suggestions = mine(fcinfo);
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, suggestions)
	{
		DqSuggestion *suggestion = (DqSuggestion *) lfirst(lc);
		Datum values[3];
		bool nulls[3] = {false, false, false};

		values[0] = CStringGetTextDatum(suggestion->check);
		values[1] = CStringGetTextDatum(suggestion->reason);
		values[2] = Int64GetDatum(suggestion->support);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

/*
 * etl.suggest_suite(...)
 */
Datum
dq_etl_suggest_suite(PG_FUNCTION_ARGS)
{
	List *suggestions = mine(fcinfo);
	StringInfoData array;
	ListCell *lc;

	initStringInfo(&array);
	appendStringInfoString(&array, "ARRAY[");
	foreach(lc, suggestions)
	{
		DqSuggestion *suggestion = (DqSuggestion *) lfirst(lc);

		appendStringInfo(&array, "%s\n  %s",
						 foreach_current_index(lc) > 0 ? "," : "",
						 dq_sqltext_literal(suggestion->check));
	}
	appendStringInfoString(&array, suggestions ? "\n]" : "]::text[]");
	PG_RETURN_TEXT_P(cstring_to_text(array.data));
}

/*
 * etl.suggest_constraints(source, checks, row_filter)
 */
Datum
dq_etl_suggest_constraints(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DqQualityTask task = {0};
	List *constraints;
	ListCell *lc;

	dq_arguments_require(fcinfo, 0, "source");
	task.relid = PG_GETARG_OID(0);
	task.source = relation_name(task.relid);
	task.checks = dq_arguments_required_list(fcinfo, 1, "checks");
	task.row_filter = dq_arguments_text(fcinfo, 2);
	constraints = dq_constrain_checks(&task);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, constraints)
	{
		DqConstraint *constraint = (DqConstraint *) lfirst(lc);
		const char *texts[] = {constraint->check_name, constraint->sql,
							   constraint->note};
		Datum values[3];
		bool nulls[3];
		int i;

		for (i = 0; i < lengthof(texts); i++)
		{
			nulls[i] = texts[i] == NULL;
			values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}
