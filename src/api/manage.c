/*
 * manage.c
 *	  What happens to a pipeline as a whole: drop, rename, enable, disable,
 *	  another owner.
 *
 * All of it needs the owner's privileges. The row is locked first, so that
 * two of these, or one and a definition, come one after the other.
 */
#include "postgres.h"

#include "analyze/definition.h"
#include "api/guard.h"
#include "api/schedule.h"
#include "base/compat.h"
#include "base/errctx.h"
#include "base/guc.h"
#include "base/sqltext.h"
#include "catalog/access.h"
#include "catalog/runlog.h"
#include "catalog/store.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "run/lock.h"
#include "run/wait.h"
#include "stage/stage.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(dq_etl_drop_pipeline);
PG_FUNCTION_INFO_V1(dq_etl_rename_pipeline);
PG_FUNCTION_INFO_V1(dq_etl_enable);
PG_FUNCTION_INFO_V1(dq_etl_disable);
PG_FUNCTION_INFO_V1(dq_etl_set_owner);

typedef struct RenameCall
{
	int64 pipeline_id;
	const char *new_name;
} RenameCall;

/*
 * require_idle: 55006 while a run of the pipeline is live; none can start
 * until this transaction ends. A row that is called running while nobody
 * holds the lock is that of a dead run.
 */
static void
require_idle(const DqPipeline *pipeline)
{
	List *live;
	int64 run_id;

	dq_wait_cleanup(pipeline->id);
	if (dq_lock_pipeline_try(pipeline->id, false))
		return;
	live = dq_runlog_live(pipeline->id);
	if (live == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("pipeline \"%s\" is running", pipeline->name),
				 errdetail("Process %d runs it.",
						   dq_lock_pipeline_holder(pipeline->id))));
	run_id = ((DqLiveRun *) linitial(live))->run_id;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("pipeline \"%s\" is running", pipeline->name),
			 errdetail("Run " INT64_FORMAT ", process %d.", run_id,
					   dq_lock_pipeline_holder(pipeline->id)),
			 errhint("Wait for it with SELECT etl.wait(" INT64_FORMAT "), or end it with SELECT etl.cancel(" INT64_FORMAT ").",
					 run_id, run_id)));
}

/*
 * drop_run_stages: what is left of a failed run; *arg is its id. Run in a
 * subtransaction, since somebody may have made a view of it.
 */
static void
drop_run_stages(void *arg)
{
	int64 run_id = *(int64 *) arg;

	if (dq_stage_drop(run_id, DQ_STAGE_DROP_BATCH))
		dq_runlog_stages_dropped(run_id);
}

/*
 * drop_stages: the kept stages of all runs of a pipeline that is idle, as far
 * as they can be dropped. No later run would do it.
 */
static void
drop_stages(const DqPipeline *pipeline)
{
	List *kept = dq_runlog_stale_stages(pipeline->id, 0, 0);

	while (kept != NIL)
	{
		List *left;
		ListCell *lc;

		foreach(lc, kept)
		{
			int64 run_id = *(int64 *) lfirst(lc);
			ErrorData *error = dq_errctx_try_subxact(drop_run_stages, &run_id);

			if (error != NULL)
				ereport(NOTICE,
						(errmsg("stages of run " INT64_FORMAT " are kept: %s",
								run_id, error->message),
						 errhint("Drop schema %s when nothing needs it.",
								 dq_stage_schema_name(run_id))));
		}
		left = dq_runlog_stale_stages(pipeline->id, 0, 0);
		if (list_length(left) == list_length(kept) &&
			*(int64 *) linitial(left) == *(int64 *) linitial(kept))
			return;
		kept = left;
	}
}

/*
 * plural: "1 window", "2 windows".
 */
static char *
plural(int64 n, const char *noun)
{
	return psprintf(INT64_FORMAT " %s%s", n, noun, n == 1 ? "" : "s");
}

/*
 * dq_etl_drop_pipeline: etl.drop_pipeline(pipeline, if_exists).
 */
Datum
dq_etl_drop_pipeline(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool if_exists = PG_GETARG_BOOL(1);
	DqPipeline *pipeline;
	DqForgotten forgotten;

	dq_guard_writable("etl.drop_pipeline()");
	if (if_exists && dq_pipeline_load(name, 0, true) == NULL)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("pipeline \"%s\" does not exist, nothing was dropped",
												  name)));
	pipeline = dq_guard_open(name);
	require_idle(pipeline);
	dq_schedule_forget(pipeline);
	drop_stages(pipeline);
	forgotten = dq_store_drop(pipeline->id);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("pipeline \"%s\" dropped: %s in %s forgotten, %s kept in the history",
											  name,
											  plural(forgotten.windows, "loaded window"),
											  plural(forgotten.ranges, "finished range"),
											  plural(forgotten.runs, "run"))));
}

/*
 * name_taken: 42710 for a name that another pipeline has.
 */
static void
name_taken(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("pipeline \"%s\" already exists", name)));
}

/*
 * store_name: guarded; somebody else may take the name at the same time.
 */
static void
store_name(void *arg)
{
	RenameCall *call = (RenameCall *) arg;

	dq_store_rename(call->pipeline_id, call->new_name);
}

/*
 * dq_etl_rename_pipeline: etl.rename_pipeline(pipeline, new_name).
 */
Datum
dq_etl_rename_pipeline(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *new_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	DqPipeline *pipeline;
	RenameCall call;
	ErrorData *error;

	dq_guard_writable("etl.rename_pipeline()");
	pipeline = dq_guard_open(name);
	dq_definition_check_name(new_name, "pipeline");
	if (dq_pipeline_load(new_name, 0, true) != NULL)
		name_taken(new_name);
	require_idle(pipeline);
	call.pipeline_id = pipeline->id;
	call.new_name = new_name;
	error = dq_errctx_try_subxact(store_name, &call);
	if (error != NULL && error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION)
		name_taken(new_name);
	if (error != NULL)
		dq_errctx_rethrow(error);
	pipeline->name = new_name;
	dq_schedule_follow_name(pipeline);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("pipeline \"%s\" is called \"%s\" now",
											  name, new_name)));
}

/*
 * dq_etl_enable: etl.enable(pipeline).
 */
Datum
dq_etl_enable(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline;

	dq_guard_writable("etl.enable()");
	pipeline = dq_guard_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (pipeline->enabled)
		PG_RETURN_BOOL(false);
	dq_store_set_enabled(pipeline->id, true, NULL);
	PG_RETURN_BOOL(true);
}

/*
 * dq_etl_disable: etl.disable(pipeline, reason).
 */
Datum
dq_etl_disable(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline;
	char *reason = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		reason = text_to_cstring(PG_GETARG_TEXT_PP(1));
	dq_guard_writable("etl.disable()");
	pipeline = dq_guard_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	dq_store_set_enabled(pipeline->id, false, reason);
	PG_RETURN_BOOL(pipeline->enabled);
}

/*
 * open_for_owner: the pipeline, locked, when the current user may give it
 * away: with the owner's privileges, or, when the stored owner has become
 * somebody else, as the role that has the stored name. 42501.
 */
static DqPipeline *
open_for_owner(const char *name)
{
	DqPipeline *pipeline = dq_pipeline_load(name, 0, false);
	char *user = GetUserNameFromId(GetUserId(), false);

	if (OidIsValid(dq_access_owner(pipeline)) ||
		strcmp(user, pipeline->owner_name) != 0)
		return dq_guard_open(name);
	(void) dq_store_lock(pipeline->id);
	pipeline = dq_pipeline_load(name, 0, false);
	if (OidIsValid(dq_access_owner(pipeline)) ||
		strcmp(user, pipeline->owner_name) != 0)
		dq_access_require(pipeline, DQ_MAY_EDIT);
	return pipeline;
}

/*
 * require_can_give: 42501 when the current user may not make "owner" the
 * role that a pipeline executes as.
 */
static void
require_can_give(Oid owner, const char *owner_name)
{
	char *user = GetUserNameFromId(GetUserId(), false);

	if (superuser_arg(owner) && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to give a pipeline to superuser \"%s\"",
						owner_name)));
	if (superuser_arg(owner) && !dq_guc_allow_superuser)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a superuser may not own a pipeline while dq_etl.allow_superuser_pipelines is off")));
	if (!dq_compat_can_set_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be able to SET ROLE \"%s\"", owner_name),
				 errhint("GRANT %s TO %s;", dq_sqltext_ident(owner_name),
						 dq_sqltext_ident(user))));
}

/*
 * dq_etl_set_owner: etl.set_owner(pipeline, owner).
 */
Datum
dq_etl_set_owner(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid owner = PG_GETARG_OID(1);
	DqPipeline *pipeline;
	char *owner_name;

	dq_guard_writable("etl.set_owner()");
	pipeline = open_for_owner(name);
	owner_name = GetUserNameFromId(owner, true);
	if (owner_name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist", owner)));
	require_can_give(owner, owner_name);
	if (pipeline->owner == owner &&
		strcmp(pipeline->owner_name, owner_name) == 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("pipeline \"%s\" belongs to \"%s\" already",
												  name, owner_name)));
	dq_schedule_forget(pipeline);
	dq_store_set_owner(pipeline->id, owner, owner_name);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("pipeline \"%s\" belongs to \"%s\" now",
											  name, owner_name)));
}
