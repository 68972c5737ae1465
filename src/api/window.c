/*
 * window.c
 *	  The grid of windows as functions: for the views, and doors for tests.
 *
 * What the views call is computed from arguments alone: the views pass what
 * the caller may see, so these functions need no rights and read no table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/ledger.h"
#include "catalog/window.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(dq_etl_catalog_window_at);
PG_FUNCTION_INFO_V1(dq_etl_catalog_ledger_add);

/*
 * grid_of: a pipeline that is nothing but its grid.
 */
static DqPipeline *
grid_of(Interval *period, TimestampTz start_at, char *timezone)
{
	DqPipeline *pipeline = palloc0(sizeof(DqPipeline));

	pipeline->period = period;
	pipeline->has_start = true;
	pipeline->start_at = start_at;
	pipeline->timezone = timezone;
	return pipeline;
}

/*
 * result_desc: the row type that the call expects.
 */
static TupleDesc
result_desc(FunctionCallInfo fcinfo)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(desc);
}

/*
 * etl_catalog.window_at(period, start_at, timezone, instant): the window that
 * contains an instant.
 */
Datum
dq_etl_catalog_window_at(PG_FUNCTION_ARGS)
{
	DqPipeline *grid = grid_of(PG_GETARG_INTERVAL_P(0),
							   PG_GETARG_TIMESTAMPTZ(1),
							   text_to_cstring(PG_GETARG_TEXT_PP(2)));
	TimestampTz start;
	TimestampTz end;
	Datum values[3];
	bool nulls[3] = {false};

	dq_window_containing(grid, PG_GETARG_TIMESTAMPTZ(3), &start, &end);
	values[0] = TimestampTzGetDatum(start);
	values[1] = TimestampTzGetDatum(end);
	values[2] = DateADTGetDatum(dq_window_date(start, grid->timezone));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo),
													  values, nulls)));
}

/*
 * etl_catalog.ledger_add(pipeline_id, window_start, window_end): mark as done
 * what no run did.
 */
Datum
dq_etl_catalog_ledger_add(PG_FUNCTION_ARGS)
{
	TimestampTz start = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz end = PG_GETARG_TIMESTAMPTZ(2);

	if (start >= end || TIMESTAMP_NOT_FINITE(end))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window is empty or has no end")));
	dq_ledger_add(PG_GETARG_INT64(0), start, end);
	PG_RETURN_BOOL(true);
}
