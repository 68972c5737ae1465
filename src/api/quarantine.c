/*
 * quarantine.c
 *	  Rows in quarantine as functions: repair, replay, discard.
 *
 * They are the rows of the role that executed the run, and of a pipeline that
 * one must be able to edit.
 */
#include "postgres.h"

#include "api/arguments.h"
#include "api/guard.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/access.h"
#include "catalog/quarantine.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(dq_etl_repair_quarantine);
PG_FUNCTION_INFO_V1(dq_etl_replay_quarantine);
PG_FUNCTION_INFO_V1(dq_etl_discard_quarantine);

/*
 * is_owned: has the current user the privileges of the role whose row it is?
 */
static bool
is_owned(const DqQuarantineRow *row)
{
	return superuser() ||
		   (dq_access_role_agrees(row->owner, row->owner_name) &&
			has_privs_of_role(GetUserId(), row->owner));
}

/*
 * find_row: a row that the current user may change. 42704 also when it is not
 * the user's, who is not to learn that it exists.
 */
static void
find_row(int64 quarantine_id, DqQuarantineRow *row)
{
	if (!dq_quarantine_find(quarantine_id, row) || !is_owned(row))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("row " INT64_FORMAT " is not in quarantine",
						quarantine_id),
				 errhint("See what is: SELECT * FROM etl.quarantine WHERE state = 'waiting';")));
	if (strcmp(row->state, "waiting") != 0 &&
		strcmp(row->state, "replay") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("row " INT64_FORMAT " of the quarantine is %s",
						quarantine_id, row->state)));
}

/*
 * etl.repair_quarantine(quarantine_id, row_data)
 */
Datum
dq_etl_repair_quarantine(PG_FUNCTION_ARGS)
{
	DqQuarantineRow row;
	Jsonb *repaired;

	dq_guard_writable("etl.repair_quarantine()");
	dq_guard_not_null(fcinfo, 0, "quarantine_id");
	dq_guard_not_null(fcinfo, 1, "row_data");
	repaired = PG_GETARG_JSONB_P(1);
	if (!JB_ROOT_IS_OBJECT(repaired))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"row_data\" must be a JSON object"),
				 errhint("Give the whole row, a key for each column.")));
	find_row(PG_GETARG_INT64(0), &row);
	dq_quarantine_repair(PG_GETARG_INT64(0), repaired);
	PG_RETURN_BOOL(true);
}

/*
 * ids_argument: a bigint[] or 0.
 */
static Datum
ids_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? (Datum) 0 : PG_GETARG_DATUM(n);
}

/*
 * open_pipeline: the pipeline of the first argument.
 */
static DqPipeline *
open_pipeline(FunctionCallInfo fcinfo, const char *function)
{
	dq_guard_writable(function);
	dq_guard_not_null(fcinfo, 0, "pipeline");
	return dq_guard_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
}

/*
 * stage_names: the steps that rows can go back to.
 */
static List *
stage_names(const DqPipeline *pipeline)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, pipeline->steps)
	{
		const DqStep *step = (DqStep *) lfirst(lc);

		if (step->kind == DQ_EXTRACT || step->kind == DQ_TRANSFORM)
			names = lappend(names, step->name);
	}
	return names;
}

/*
 * check_homes: 55000 when a row came from a step that is not there any more.
 */
static void
check_homes(const DqPipeline *pipeline, Datum ids, const char *step)
{
	int64 homeless = dq_quarantine_homeless(pipeline->id, ids, step,
											stage_names(pipeline));

	if (homeless == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg(INT64_FORMAT " of these rows come from steps that pipeline \"%s\" does not have any more",
					homeless, pipeline->name),
			 errhint("See which: SELECT source, count(*) FROM etl.quarantine WHERE pipeline = %s GROUP BY source;",
					 dq_sqltext_literal(pipeline->name))));
}

/*
 * etl.replay_quarantine(pipeline, quarantine_ids, step)
 */
Datum
dq_etl_replay_quarantine(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline = open_pipeline(fcinfo, "etl.replay_quarantine()");
	Datum ids = ids_argument(fcinfo, 1);
	char *step = dq_arguments_text(fcinfo, 2);
	int64 masked = dq_quarantine_masked(pipeline->id, ids, step);

	if (masked > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg(INT64_FORMAT " of these rows of pipeline \"%s\" have masked columns",
						masked, pipeline->name),
				 errdetail("What the columns held is not stored, or not as it was."),
				 errhint("Give the whole row first: SELECT etl.repair_quarantine(quarantine_id, row_data);")));
	check_homes(pipeline, ids, step);
	PG_RETURN_INT64(dq_quarantine_replay(pipeline->id, ids, step));
}

/*
 * etl.discard_quarantine(pipeline, quarantine_ids, reason)
 */
Datum
dq_etl_discard_quarantine(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline = open_pipeline(fcinfo, "etl.discard_quarantine()");

	PG_RETURN_INT64(dq_quarantine_discard(pipeline->id,
										  ids_argument(fcinfo, 1),
										  dq_arguments_text(fcinfo, 2)));
}
