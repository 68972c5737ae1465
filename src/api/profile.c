/*
 * profile.c
 *	  Profiles as functions: what is known of each column, as rows.
 *
 * Everything reads, as the caller and with the caller's search_path.
 */
#include "postgres.h"

#include "api/arguments.h"
#include "base/sqltext.h"
#include "funcapi.h"
#include "quality/portrait.h"

PG_FUNCTION_INFO_V1(dq_etl_profile);

#define MAX_SAMPLE_ROWS 1000000
#define MAX_TOP_VALUES 1000

/*
 * read_int: an integer argument within bounds; 22004, 22023.
 */
static int
read_int(FunctionCallInfo fcinfo, int n, const char *name, int least,
		 int most)
{
	int value;

	dq_arguments_require(fcinfo, n, name);
	value = PG_GETARG_INT32(n);
	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be between %d and %d", name, least,
						most)));
	return value;
}

/*
 * read_task: (source, columns, row_filter, ...)
 */
static void
read_task(DqProfileTask *task, FunctionCallInfo fcinfo)
{
	memset(task, 0, sizeof(DqProfileTask));
	dq_arguments_require(fcinfo, 0, "source");
	task->relid = PG_GETARG_OID(0);
	if (!PG_ARGISNULL(1))
		task->columns = dq_arguments_required_list(fcinfo, 1, "columns");
	task->row_filter = dq_arguments_text(fcinfo, 2);
}

/*
 * tell_partial: what row security hides is not in the profile.
 */
static void
tell_partial(Oid relid)
{
	ereport(NOTICE,
			(errmsg("the profile of %s covers only the rows that row security shows to you",
					dq_sqltext_relation(relid))));
}

/*
 * put_datum: a row of the result that is a composite datum.
 */
static void
put_datum(FunctionCallInfo fcinfo, Datum row)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	tuplestore_puttuple(result->setResult, &tuple);
}

/*
 * return_profile: the columns of a profile as rows.
 */
static Datum
return_profile(FunctionCallInfo fcinfo, DqProfile *profile, int top)
{
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, dq_portrait_draw(profile, top))
		put_datum(fcinfo,
				  dq_portrait_datum(profile, (DqPortrait *) lfirst(lc)));
	return (Datum) 0;
}

/*
 * etl.profile(source, columns, row_filter, exact, sample_rows, top_values)
 */
Datum
dq_etl_profile(PG_FUNCTION_ARGS)
{
	DqProfileTask task;
	DqProfile *profile;
	bool partial;
	int top;

	read_task(&task, fcinfo);
	dq_arguments_require(fcinfo, 3, "exact");
	task.exact = PG_GETARG_BOOL(3);
	task.sample_rows = read_int(fcinfo, 4, "sample_rows", 1, MAX_SAMPLE_ROWS);
	top = read_int(fcinfo, 5, "top_values", 0, MAX_TOP_VALUES);
	profile = dq_profile_run(&task, &partial);
	if (partial)
		tell_partial(task.relid);
	return return_profile(fcinfo, profile, top);
}
