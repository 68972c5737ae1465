/*
 * profile.c
 *	  Profiles as functions: what is known of each column, as rows.
 *
 * Relations are read as the caller and with the caller's search_path. Saved
 * profiles are read and written under the extension's rights, once it is clear
 * that the caller may see or drop them.
 */
#include "postgres.h"

#include <math.h>

#include "api/arguments.h"
#include "api/guard.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "catalog/profiles.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "quality/portrait.h"
#include "quality/profile_diff.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(dq_etl_profile);
PG_FUNCTION_INFO_V1(dq_etl_save_profile);
PG_FUNCTION_INFO_V1(dq_etl_show_profile);
PG_FUNCTION_INFO_V1(dq_etl_merge_profiles);
PG_FUNCTION_INFO_V1(dq_etl_drop_profile);
PG_FUNCTION_INFO_V1(dq_etl_profile_diff);
PG_FUNCTION_INFO_V1(dq_etl_catalog_may_read);

#define MAX_SAMPLE_ROWS 1000000
#define MAX_TOP_VALUES 1000

/*
 * read_task: the source is the first argument; columns is this one, and the
 * row filter follows it.
 */
static void
read_task(DqProfileTask *task, FunctionCallInfo fcinfo, int columns)
{
	memset(task, 0, sizeof(DqProfileTask));
	dq_arguments_require(fcinfo, 0, "source");
	task->relid = PG_GETARG_OID(0);
	if (!PG_ARGISNULL(columns))
		task->columns = dq_arguments_required_list(fcinfo, columns,
												   "columns");
	task->row_filter = dq_arguments_text(fcinfo, columns + 1);
}

/*
 * take_profile: the pass. A notice tells when row security hides rows.
 */
static DqProfile *
take_profile(const DqProfileTask *task, bool *partial)
{
	DqProfile *profile = dq_profile_run(task, partial);

	if (*partial)
		ereport(NOTICE,
				(errmsg("the profile of %s covers only the rows that row security shows to you",
						dq_sqltext_relation(task->relid))));
	return profile;
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

	read_task(&task, fcinfo, 1);
	dq_arguments_require(fcinfo, 3, "exact");
	task.exact = PG_GETARG_BOOL(3);
	task.sample_rows = dq_arguments_int(fcinfo, 4, "sample_rows", 1,
										MAX_SAMPLE_ROWS);
	top = dq_arguments_int(fcinfo, 5, "top_values", 0, MAX_TOP_VALUES);
	profile = take_profile(&task, &partial);
	return return_profile(fcinfo, profile, top);
}

/*
 * column_names: of a profile, as a List of char *.
 */
static List *
column_names(const DqProfile *profile)
{
	List *names = NIL;
	int i;

	for (i = 0; i < profile->count; i++)
		names = lappend(names, profile->columns[i].name);
	return names;
}

/*
 * etl.save_profile(source, label, columns, row_filter, sample_rows)
 */
Datum
dq_etl_save_profile(PG_FUNCTION_ARGS)
{
	DqProfileTask task;
	DqSavedProfile saved = {0};
	DqProfile *profile;

	dq_guard_writable("etl.save_profile()");
	read_task(&task, fcinfo, 2);
	task.sample_rows = dq_arguments_int(fcinfo, 4, "sample_rows", 1,
										MAX_SAMPLE_ROWS);
	profile = take_profile(&task, &saved.partial);
	saved.relation = dq_sqltext_relation(task.relid);
	saved.label = dq_arguments_text(fcinfo, 1);
	saved.oids = list_make1_oid(task.relid);
	saved.names = list_make1(saved.relation);
	saved.columns = column_names(profile);
	saved.all_columns = task.columns == NIL;
	saved.row_filter = task.row_filter;
	saved.rows = profile->rows;
	saved.state = dq_profile_bytes(profile);
	PG_RETURN_INT64(dq_profiles_insert(&saved));
}

/*
 * etl.show_profile(profile_id, top_values)
 */
Datum
dq_etl_show_profile(PG_FUNCTION_ARGS)
{
	DqSavedProfile *saved;
	int top;

	dq_arguments_require(fcinfo, 0, "profile_id");
	top = dq_arguments_int(fcinfo, 1, "top_values", 0, MAX_TOP_VALUES);
	saved = dq_profiles_read(PG_GETARG_INT64(0));
	return return_profile(fcinfo, dq_profile_from_bytes(saved->state), top);
}

/*
 * add_relations: those of a profile that are not among those of "all" yet.
 */
static void
add_relations(DqSavedProfile *all, const DqSavedProfile *part)
{
	ListCell *oid;
	ListCell *name;

	forboth(oid, part->oids, name, part->names)
	{
		if (list_member_oid(all->oids, lfirst_oid(oid)))
			continue;
		all->oids = lappend_oid(all->oids, lfirst_oid(oid));
		all->names = lappend(all->names, lfirst(name));
	}
}

/*
 * join_filters: the condition of the rows of both; NULL stands for all rows.
 */
static char *
join_filters(char *a, char *b)
{
	if (a == NULL || b == NULL || strcmp(a, b) == 0)
		return a == NULL || b == NULL ? NULL : a;
	return psprintf("(\n%s\n) OR (\n%s\n)", a, b);
}

/*
 * read_ids: a bigint[] argument; 22004, 22023.
 */
static Datum *
read_ids(FunctionCallInfo fcinfo, int n, const char *name, int *count)
{
	Datum *ids;
	bool *nulls;
	int i;

	dq_arguments_require(fcinfo, n, name);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &ids, &nulls, count);
	for (i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain null", name)));
	}
	if (*count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be empty", name)));
	return ids;
}

/*
 * etl.merge_profiles(profile_ids, source, label)
 */
Datum
dq_etl_merge_profiles(PG_FUNCTION_ARGS)
{
	int count;
	Datum *ids = read_ids(fcinfo, 0, "profile_ids", &count);
	DqSavedProfile *all;
	DqProfile *profile;
	int i;

	dq_guard_writable("etl.merge_profiles()");
	all = dq_profiles_read(DatumGetInt64(ids[0]));
	profile = dq_profile_from_bytes(all->state);
	for (i = 1; i < count; i++)
	{
		DqSavedProfile *part = dq_profiles_read(DatumGetInt64(ids[i]));

		CHECK_FOR_INTERRUPTS();
		dq_profile_merge(profile, dq_profile_from_bytes(part->state));
		add_relations(all, part);
		all->row_filter = join_filters(all->row_filter, part->row_filter);
		all->partial = all->partial || part->partial;
	}
	if (!PG_ARGISNULL(1))
		all->relation = dq_sqltext_relation(PG_GETARG_OID(1));
	all->label = dq_arguments_text(fcinfo, 2);
	all->rows = profile->rows;
	all->state = dq_profile_bytes(profile);
	PG_RETURN_INT64(dq_profiles_insert(all));
}

/*
 * etl.drop_profile(profile_id)
 */
Datum
dq_etl_drop_profile(PG_FUNCTION_ARGS)
{
	dq_guard_writable("etl.drop_profile()");
	dq_arguments_require(fcinfo, 0, "profile_id");
	dq_profiles_drop(PG_GETARG_INT64(0));
	PG_RETURN_INT64(PG_GETARG_INT64(0));
}

/*
 * profile_now: the relation as it is now, in the way the saved profile was
 * taken. Of chosen columns those that are still there.
 */
static DqProfile *
profile_now(const DqSavedProfile *saved, const DqProfile *before, Oid source)
{
	DqProfileTask task = {0};
	List *all;
	bool partial;
	ListCell *lc;

	task.relid = OidIsValid(source) ? source : linitial_oid(saved->oids);
	task.row_filter = saved->row_filter;
	task.sample_rows = Max(1, before->sample->size);
	if (!saved->all_columns)
	{
		all = dq_profile_columns(&task);
		foreach(lc, saved->columns)
		{
			ListCell *known;

			foreach(known, all)
			{
				if (strcmp((char *) lfirst(lc), (char *) lfirst(known)) == 0)
					task.columns = lappend(task.columns, lfirst(lc));
			}
		}
	}
	return take_profile(&task, &partial);
}

/*
 * return_differences: as rows.
 */
static Datum
return_differences(FunctionCallInfo fcinfo, List *differences, double least)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, differences)
	{
		DqDifference *difference = (DqDifference *) lfirst(lc);
		const char *texts[] = {difference->column, difference->difference,
							   difference->before, difference->after};
		Datum values[5];
		bool nulls[5];
		int i;

		if (difference->magnitude < least)
			continue;
		for (i = 0; i < lengthof(texts); i++)
		{
			nulls[i] = texts[i] == NULL;
			values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
		}
		nulls[4] = isnan(difference->magnitude);
		values[4] = Float8GetDatum(difference->magnitude);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

/*
 * etl.profile_diff(before_id, after_id, source, min_magnitude)
 */
Datum
dq_etl_profile_diff(PG_FUNCTION_ARGS)
{
	DqSavedProfile *saved;
	DqProfile *before;
	DqProfile *after;

	dq_arguments_require(fcinfo, 0, "before_id");
	dq_arguments_require(fcinfo, 3, "min_magnitude");
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"after_id\" and \"source\" exclude each other")));
	saved = dq_profiles_read(PG_GETARG_INT64(0));
	before = dq_profile_from_bytes(saved->state);
	if (!PG_ARGISNULL(1))
		after = dq_profile_from_bytes(
			dq_profiles_read(PG_GETARG_INT64(1))->state);
	else
		after = profile_now(saved, before,
							PG_ARGISNULL(2) ? InvalidOid : PG_GETARG_OID(2));
	return return_differences(fcinfo, dq_profile_diff(before, after),
							  PG_GETARG_FLOAT8(3));
}

/*
 * etl_catalog.may_read(relation_oids, relation_names, columns)
 */
Datum
dq_etl_catalog_may_read(PG_FUNCTION_ARGS)
{
	Datum *elements;
	List *oids = NIL;
	int count;
	int i;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), OIDOID, sizeof(Oid), true,
					  TYPALIGN_INT, &elements, NULL, &count);
	for (i = 0; i < count; i++)
		oids = lappend_oid(oids, DatumGetObjectId(elements[i]));
	PG_RETURN_BOOL(dq_profiles_may_read(
		oids, dq_arguments_list(fcinfo, 1, "relation_names"),
		dq_arguments_list(fcinfo, 2, "columns")));
}
