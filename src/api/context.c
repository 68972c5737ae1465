/*
 * context.c
 *	  What step SQL reads about its run: the window, the run id, parameters.
 *
 * The values come from settings (base/guc.h) that a run sets for its steps, so
 * they reach parallel workers. Outside a run they say the day before the
 * current one, in the time zone of the session, so that step SQL pasted into
 * psql works. Each function reads its own setting and derives what is not set
 * from the others: SET dq_etl.window_end is enough to look at another day.
 *
 * A planner support function turns a call into a constant when its setting is
 * set: partitions are pruned when the query is planned, estimates are right
 * and postgres_fdw sends the condition to the other server. Changing the
 * settings invalidates cached plans (base/guc.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/suggest.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(dq_etl_window_start);
PG_FUNCTION_INFO_V1(dq_etl_window_end);
PG_FUNCTION_INFO_V1(dq_etl_data_start);
PG_FUNCTION_INFO_V1(dq_etl_logical_date);
PG_FUNCTION_INFO_V1(dq_etl_run_id);
PG_FUNCTION_INFO_V1(dq_etl_param);
PG_FUNCTION_INFO_V1(dq_etl_catalog_context_support);

/*
 * is_set: does a run setting have a value?
 */
static bool
is_set(const char *setting)
{
	return setting != NULL && *setting != '\0';
}

/*
 * read_timestamp: the value of a run setting.
 */
static TimestampTz
read_timestamp(const char *setting)
{
	Datum value = DirectFunctionCall3(timestamptz_in,
									  CStringGetDatum(setting),
									  ObjectIdGetDatum(InvalidOid),
									  Int32GetDatum(-1));

	return DatumGetTimestampTz(value);
}

/*
 * window_end: outside a run, the beginning of the current day.
 */
static TimestampTz
window_end(void)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	if (is_set(dq_guc_window_end))
		return read_timestamp(dq_guc_window_end);
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_trunc,
												   CStringGetTextDatum("day"),
												   TimestampTzGetDatum(now)));
}

/*
 * window_start: outside a run, one day before the end.
 */
static TimestampTz
window_start(void)
{
	Interval distance = {0};
	TimestampTz end;
	Datum start;

	if (is_set(dq_guc_window_start))
		return read_timestamp(dq_guc_window_start);
	end = window_end();
	distance.day = 1;
	start = DirectFunctionCall2(timestamptz_mi_interval,
								TimestampTzGetDatum(end),
								IntervalPGetDatum(&distance));
	return DatumGetTimestampTz(start);
}

/*
 * etl.window_start()
 */
Datum
dq_etl_window_start(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(window_start());
}

/*
 * etl.window_end()
 */
Datum
dq_etl_window_end(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(window_end());
}

/*
 * etl.data_start()
 */
Datum
dq_etl_data_start(PG_FUNCTION_ARGS)
{
	if (is_set(dq_guc_data_start))
		PG_RETURN_TIMESTAMPTZ(read_timestamp(dq_guc_data_start));
	PG_RETURN_TIMESTAMPTZ(window_start());
}

/*
 * etl.logical_date()
 */
Datum
dq_etl_logical_date(PG_FUNCTION_ARGS)
{
	const char *setting = dq_guc_logical_date;
	TimestampTz start;

	if (is_set(setting))
		PG_RETURN_DATUM(DirectFunctionCall1(date_in,
											CStringGetDatum(setting)));
	start = window_start();
	if (TIMESTAMP_IS_NOBEGIN(start))
		start = window_end();
	PG_RETURN_DATUM(DirectFunctionCall1(timestamptz_date,
										TimestampTzGetDatum(start)));
}

/*
 * etl.run_id()
 */
Datum
dq_etl_run_id(PG_FUNCTION_ARGS)
{
	if (!is_set(dq_guc_run_id))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall1(int8in,
										CStringGetDatum(dq_guc_run_id)));
}

/*
 * run_params: the parameters of the run, NULL outside a run.
 */
static Jsonb *
run_params(void)
{
	Jsonb *params;

	if (!is_set(dq_guc_params) && !is_set(dq_guc_run_id))
		return NULL;
	params = dq_json_parse(is_set(dq_guc_params) ? dq_guc_params : "{}",
						   "dq_etl.params");
	if (!JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dq_etl.params must be a JSON object")));
	return params;
}

/*
 * find_param: a parameter; false when there is none of that name.
 */
static bool
find_param(Jsonb *params, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(&params->root, name, strlen(name),
										value) != NULL;
}

/*
 * etl.param(name): text of a parameter; 42704 for an unknown one in a run.
 */
Datum
dq_etl_param(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Jsonb *params = run_params();
	JsonbValue value;
	char *result;

	if (params == NULL)
		PG_RETURN_NULL();
	if (!find_param(params, name, &value))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("parameter \"%s\" does not exist", name),
				 dq_suggest_hint(name, dq_json_keys(params))));
	if (value.type == jbvNull)
		PG_RETURN_NULL();
	if (value.type == jbvBinary)
		result = JsonbToCString(NULL, value.val.binary.data,
								value.val.binary.len);
	else
		result = dq_json_scalar_text(params, name, "the parameters");
	PG_RETURN_TEXT_P(cstring_to_text(result));
}

/*
 * is_fixed: does a call of this function have a value that stays for the plan?
 * Outside a run it does not, since the day goes on. An unknown parameter is
 * left to execution, which may never come to it.
 */
static bool
is_fixed(PGFunction function, List *args)
{
	Const *name;
	JsonbValue value;

	if (function == dq_etl_window_start)
		return is_set(dq_guc_window_start);
	if (function == dq_etl_window_end)
		return is_set(dq_guc_window_end);
	if (function == dq_etl_data_start)
		return is_set(dq_guc_data_start);
	if (function == dq_etl_logical_date)
		return is_set(dq_guc_logical_date);
	if (function == dq_etl_run_id)
		return is_set(dq_guc_run_id);
	if (function != dq_etl_param || !is_set(dq_guc_params))
		return false;
	name = linitial_node(Const, args);
	return find_param(run_params(), TextDatumGetCString(name->constvalue),
					  &value);
}

/*
 * evaluate: the constant that a call of a function stands for.
 */
static Node *
evaluate(FuncExpr *call, FmgrInfo *flinfo)
{
	LOCAL_FCINFO(fcinfo, 1);
	Datum result;
	int16 length;
	bool by_value;

	InitFunctionCallInfoData(*fcinfo, flinfo, list_length(call->args),
							 call->inputcollid, NULL, NULL);
	if (call->args != NIL)
	{
		fcinfo->args[0].value = linitial_node(Const, call->args)->constvalue;
		fcinfo->args[0].isnull = false;
	}
	result = FunctionCallInvoke(fcinfo);
	get_typlenbyval(call->funcresulttype, &length, &by_value);
	return (Node *) makeConst(call->funcresulttype, -1, call->funccollid,
							  length, fcinfo->isnull ? (Datum) 0 : result,
							  fcinfo->isnull, by_value);
}

/*
 * etl_catalog.context_support(internal): planner support of the functions
 * above. A call that cannot be folded now stays as it is.
 */
Datum
dq_etl_catalog_context_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);
	FuncExpr *call;
	FmgrInfo flinfo;

	if (!IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	call = ((SupportRequestSimplify *) request)->fcall;
	if (list_length(call->args) > 1 ||
		(call->args != NIL && (!IsA(linitial(call->args), Const) ||
							   linitial_node(Const, call->args)->constisnull)))
		PG_RETURN_POINTER(NULL);
	fmgr_info(call->funcid, &flinfo);
	if (!is_fixed(flinfo.fn_addr, call->args))
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(evaluate(call, &flinfo));
}
