/*
 * window.c
 *	  The grid of windows as functions: for the views, and doors for tests.
 *
 * What the views call is computed from arguments alone: the views pass what
 * the caller may see, so these functions need no rights and read no table.
 * What is done comes as two arrays of the same length, where the ranges begin
 * and where they end, in order and disjoint; runs come in the same form with
 * their ids, the latest first.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/access.h"
#include "catalog/ledger.h"
#include "catalog/pg_type.h"
#include "catalog/window.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(dq_etl_catalog_has_role);
PG_FUNCTION_INFO_V1(dq_etl_catalog_window_at);
PG_FUNCTION_INFO_V1(dq_etl_catalog_next_window);
PG_FUNCTION_INFO_V1(dq_etl_catalog_shift_time);
PG_FUNCTION_INFO_V1(dq_etl_catalog_window_list);
PG_FUNCTION_INFO_V1(dq_etl_catalog_run_statement);
PG_FUNCTION_INFO_V1(dq_etl_catalog_ledger_add);

/* ranges of time, sorted and disjoint when they are what is done */
typedef struct Ranges
{
	int count;
	Datum *starts;
	Datum *ends;
} Ranges;

/* one window of the list */
typedef struct Listed
{
	TimestampTz start;
	TimestampTz end;
	int64 run_id; /* 0: none */
} Listed;

/*
 * etl_catalog.has_role(role_oid, role_name): has the current user the
 * privileges of a stored role, which counts while it is still called so?
 */
Datum
dq_etl_catalog_has_role(PG_FUNCTION_ARGS)
{
	Oid role = PG_GETARG_OID(0);
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL(superuser() ||
				   (dq_access_role_agrees(role, name) &&
					has_privs_of_role(GetUserId(), role)));
}

/*
 * grid_of: a pipeline that is nothing but its grid; NULL for a time zone that
 * the server does not know any more, which must not break a view.
 */
static DqPipeline *
grid_of(Interval *period, TimestampTz start_at, text *timezone)
{
	DqPipeline *pipeline = palloc0(sizeof(DqPipeline));

	pipeline->period = period;
	pipeline->has_start = true;
	pipeline->start_at = start_at;
	pipeline->timezone = text_to_cstring(timezone);
	if (pg_tzset(pipeline->timezone) == NULL)
		return NULL;
	return pipeline;
}

/*
 * read_array: the elements of an array without NULLs.
 */
static int
read_array(ArrayType *array, Oid type, Datum **elements)
{
	int count;

	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array must not contain nulls")));
	deconstruct_array(array, type, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  elements, NULL, &count);
	return count;
}

/*
 * read_ranges: two arrays as ranges.
 */
static void
read_ranges(ArrayType *starts, ArrayType *ends, Ranges *ranges)
{
	ranges->count = read_array(starts, TIMESTAMPTZOID, &ranges->starts);
	if (read_array(ends, TIMESTAMPTZOID, &ranges->ends) != ranges->count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays must have the same length")));
}

/*
 * done_in_ranges: is [start, end) within one of the ranges?
 */
static bool
done_in_ranges(void *arg, TimestampTz start, TimestampTz end,
			   TimestampTz *done_end)
{
	Ranges *done = (Ranges *) arg;
	int low = 0;
	int high = done->count;

	/* the last range that starts at or before start is low - 1 */
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (DatumGetTimestampTz(done->starts[middle]) <= start)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*done_end = DatumGetTimestampTz(done->ends[low - 1]);
	return *done_end >= end;
}

/*
 * make_row: a row of the result type of the call.
 */
static Datum
make_row(FunctionCallInfo fcinfo, Datum *values)
{
	bool nulls[3] = {false};
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/*
 * etl_catalog.window_at(period, start_at, timezone, instant): the window that
 * contains an instant.
 */
Datum
dq_etl_catalog_window_at(PG_FUNCTION_ARGS)
{
	DqPipeline grid = {0};
	TimestampTz start;
	TimestampTz end;
	Datum values[3];

	grid.period = PG_GETARG_INTERVAL_P(0);
	grid.start_at = PG_GETARG_TIMESTAMPTZ(1);
	grid.timezone = text_to_cstring(PG_GETARG_TEXT_PP(2));
	dq_window_containing(&grid, PG_GETARG_TIMESTAMPTZ(3), &start, &end);
	values[0] = TimestampTzGetDatum(start);
	values[1] = TimestampTzGetDatum(end);
	values[2] = DateADTGetDatum(dq_window_date(start, grid.timezone));
	PG_RETURN_DATUM(make_row(fcinfo, values));
}

/*
 * etl_catalog.next_window(period, start_at, timezone, catchup, settle,
 * done_starts, done_ends, instant): what a run without a window takes next.
 */
Datum
dq_etl_catalog_next_window(PG_FUNCTION_ARGS)
{
	DqPipeline *grid = grid_of(PG_GETARG_INTERVAL_P(0),
							   PG_GETARG_TIMESTAMPTZ(1),
							   PG_GETARG_TEXT_PP(2));
	Ranges done;
	TimestampTz start;
	TimestampTz end;
	Datum values[2];

	if (grid == NULL)
		PG_RETURN_NULL();
	grid->catchup = PG_GETARG_BOOL(3);
	grid->settle = PG_GETARG_INTERVAL_P(4);
	read_ranges(PG_GETARG_ARRAYTYPE_P(5), PG_GETARG_ARRAYTYPE_P(6), &done);
	dq_window_next(grid, DT_NOBEGIN, PG_GETARG_TIMESTAMPTZ(7),
				   done_in_ranges, &done, &start, &end);
	values[0] = TimestampTzGetDatum(start);
	values[1] = TimestampTzGetDatum(end);
	PG_RETURN_DATUM(make_row(fcinfo, values));
}

/*
 * etl_catalog.shift_time(instant, step, timezone)
 */
Datum
dq_etl_catalog_shift_time(PG_FUNCTION_ARGS)
{
	char *zone = text_to_cstring(PG_GETARG_TEXT_PP(2));

	if (pg_tzset(zone) == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(dq_window_shift(PG_GETARG_TIMESTAMPTZ(0),
										  PG_GETARG_INTERVAL_P(1), 1, zone));
}

/*
 * list_windows: the windows from the one that holds "now" back to the first,
 * at most "limit". Returns their number.
 */
static int
list_windows(const DqPipeline *grid, TimestampTz now, int limit,
			 Listed *windows)
{
	int count = 0;
	TimestampTz t = now;

	while (count < limit && t >= grid->start_at)
	{
		Listed *window = &windows[count++];

		CHECK_FOR_INTERRUPTS();
		dq_window_containing(grid, t, &window->start, &window->end);
		window->run_id = 0;
		t = window->start - 1;
	}
	return count;
}

/*
 * assign_run: a run is the last one of the windows within its own that have
 * none yet. The windows are in descending order.
 */
static void
assign_run(Listed *windows, int count, TimestampTz start, TimestampTz end,
		   int64 run_id)
{
	int low = 0;
	int high = count;

	/* the first window that ends at or before "end" is low */
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (windows[middle].end > end)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && windows[low].start >= start; low++)
	{
		if (windows[low].run_id == 0)
			windows[low].run_id = run_id;
	}
}

/*
 * put_window: one row of the list.
 */
static void
put_window(ReturnSetInfo *rsinfo, const DqPipeline *grid,
		   const Listed *window, Ranges *done)
{
	TimestampTz ignored;
	Datum values[5];
	bool nulls[5] = {false};

	values[0] = TimestampTzGetDatum(window->start);
	values[1] = TimestampTzGetDatum(window->end);
	values[2] = DateADTGetDatum(dq_window_date(window->start,
											   grid->timezone));
	values[3] = BoolGetDatum(done_in_ranges(done, window->start, window->end,
											&ignored));
	values[4] = Int64GetDatum(window->run_id);
	nulls[4] = window->run_id == 0;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * etl_catalog.window_list(period, start_at, timezone, done_starts, done_ends,
 * run_starts, run_ends, run_ids, instant, max_windows): the latest windows of
 * a grid, newest first.
 */
Datum
dq_etl_catalog_window_list(PG_FUNCTION_ARGS)
{
	DqPipeline *grid = grid_of(PG_GETARG_INTERVAL_P(0),
							   PG_GETARG_TIMESTAMPTZ(1),
							   PG_GETARG_TEXT_PP(2));
	int limit = Min(Max(PG_GETARG_INT32(9), 0), 100000);
	Listed *windows = palloc(sizeof(Listed) * (limit + 1));
	Ranges done;
	Ranges runs;
	Datum *run_ids;
	int count;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	if (grid == NULL)
		PG_RETURN_NULL();
	read_ranges(PG_GETARG_ARRAYTYPE_P(3), PG_GETARG_ARRAYTYPE_P(4), &done);
	read_ranges(PG_GETARG_ARRAYTYPE_P(5), PG_GETARG_ARRAYTYPE_P(6), &runs);
	if (read_array(PG_GETARG_ARRAYTYPE_P(7), INT8OID, &run_ids) !=
		runs.count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays must have the same length")));

	count = list_windows(grid, PG_GETARG_TIMESTAMPTZ(8), limit, windows);
	for (i = 0; i < runs.count; i++)
		assign_run(windows, count, DatumGetTimestampTz(runs.starts[i]),
				   DatumGetTimestampTz(runs.ends[i]),
				   DatumGetInt64(run_ids[i]));
	for (i = 0; i < count; i++)
		put_window((ReturnSetInfo *) fcinfo->resultinfo, grid, &windows[i],
				   &done);
	PG_RETURN_NULL();
}

/*
 * is_whole: is [start, end) one window or several whole ones?
 */
static bool
is_whole(const DqPipeline *grid, TimestampTz start, TimestampTz end)
{
	TimestampTz first;
	TimestampTz last;
	TimestampTz ignored;

	dq_window_containing(grid, start, &first, &ignored);
	dq_window_containing(grid, end - 1, &ignored, &last);
	return first == start && last == end;
}

/*
 * etl_catalog.run_statement(pipeline, period, start_at, timezone,
 * window_start, window_end, instant): the statement that runs a window; NULL
 * when etl.run would refuse it.
 */
Datum
dq_etl_catalog_run_statement(PG_FUNCTION_ARGS)
{
	DqPipeline *grid = grid_of(PG_GETARG_INTERVAL_P(1),
							   PG_GETARG_TIMESTAMPTZ(2),
							   PG_GETARG_TEXT_PP(3));
	TimestampTz start = PG_GETARG_TIMESTAMPTZ(4);
	TimestampTz end = PG_GETARG_TIMESTAMPTZ(5);
	TimestampTz now = PG_GETARG_TIMESTAMPTZ(6);
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (grid == NULL || TIMESTAMP_NOT_FINITE(start) ||
		TIMESTAMP_NOT_FINITE(end) || start >= now ||
		!is_whole(grid, start, end))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(dq_window_statement(name,
														 grid->timezone,
														 start, end,
														 end > now)));
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
