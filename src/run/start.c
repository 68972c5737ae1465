/*
 * start.c
 *	  The beginning of a run: everything up to the row that says running.
 *
 * The order matters. The pipeline's lock first, so that nobody else starts it;
 * then the dead are found, whose rows would stand in the way; then the window
 * is chosen, from a ledger that cannot move meanwhile; the run's lock before
 * its row, so that a row that says running belongs to a process that can be
 * found.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/suggest.h"
#include "catalog/runlog.h"
#include "catalog/store.h"
#include "load/load.h"
#include "miscadmin.h"
#include "run/lock.h"
#include "run/start.h"
#include "stage/stage.h"
#include "utils/timestamp.h"

/*
 * needs_stages: does any step of the pipeline build a stage?
 */
static bool
needs_stages(const DqPipeline *pipeline)
{
	ListCell *lc;

	foreach(lc, pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (step->kind == DQ_EXTRACT || step->kind == DQ_TRANSFORM)
			return true;
	}
	return false;
}

/*
 * reap: mark runs of dead processes as crashed. Only what is not alive after
 * the row was read as running: see lock.c.
 */
static void
reap(void)
{
	ListCell *lc;

	foreach(lc, dq_runlog_live(0))
	{
		DqLiveRun *live = (DqLiveRun *) lfirst(lc);

		if (dq_lock_run_is_alive(live->run_id, live->pid,
								 live->backend_start))
			continue;
		if (dq_runlog_mark_crashed(live))
			ereport(LOG,
					(errmsg("run " INT64_FORMAT " is marked crashed: its process %d is gone",
							live->run_id, live->pid)));
	}
}

/*
 * dq_start_live_pid: pid of the process that executes a run of the pipeline by
 * the record, or 0. The lock of the pipeline says the same, save while a step
 * has released it (invariant 2).
 */
int
dq_start_live_pid(int64 pipeline_id)
{
	ListCell *lc;

	foreach(lc, dq_runlog_live(pipeline_id))
	{
		DqLiveRun *live = (DqLiveRun *) lfirst(lc);

		if (dq_lock_run_is_alive(live->run_id, live->pid,
								 live->backend_start))
			return live->pid;
	}
	return 0;
}

/*
 * merge_params: the definition's parameters with those of the run over them;
 * 22023 for one that the definition does not have.
 */
static Jsonb *
merge_params(const DqPipeline *pipeline, Jsonb *given)
{
	DqJsonBuild build;
	List *known = dq_json_keys(pipeline->params);
	ListCell *lc;

	if (given == NULL)
		return pipeline->params;
	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("params must be a JSON object")));
	foreach(lc, dq_json_keys(given))
	{
		char *key = (char *) lfirst(lc);

		if (!dq_json_has_key(pipeline->params, key))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("pipeline \"%s\" has no parameter \"%s\"",
							pipeline->name, key),
					 dq_suggest_hint(key, known)));
	}
	dq_json_begin(&build);
	foreach(lc, known)
	{
		char *key = (char *) lfirst(lc);

		if (dq_json_has_key(given, key))
			dq_json_add_from(&build, key, given);
		else
			dq_json_add_from(&build, key, pipeline->params);
	}
	return dq_json_end(&build);
}

/*
 * draw_id: an id whose stage schema is free; a schema of that name that
 * somebody made is passed by, never adopted.
 */
static int64
draw_id(void)
{
	int64 id = dq_runlog_next_id();

	while (dq_stage_schema_exists(id))
		id = dq_runlog_next_id();
	return id;
}

/*
 * check_rebuild: 0A000 or 55000 when the targets of the pipeline cannot be
 * made anew from one run.
 */
static void
check_rebuild(const DqPipeline *pipeline)
{
	ListCell *lc;
	bool loads = false;

	foreach(lc, pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);
		const char *lost;
		char *target;

		if (step->kind != DQ_LOAD)
			continue;
		loads = true;
		lost = dq_load_lost_past(step->options);
		if (lost != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("load \"%s\" of pipeline \"%s\" cannot be rebuilt",
							step->name, pipeline->name),
					 errdetail("%s", lost)));
		target = dq_load_target(step->options);
		if (dq_store_target_is_shared(target, pipeline->id))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("load \"%s\" of pipeline \"%s\" cannot be rebuilt",
							step->name, pipeline->name),
					 errdetail("Another pipeline loads into %s too, and its rows would be lost.",
							   target)));
	}
	if (!loads)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("pipeline \"%s\" has no loads to rebuild",
						pipeline->name)));
}

/*
 * dq_start_run: everything up to the row that says running, in the current
 * transaction, which a worker commits next. The run lives in "cxt".
 */
DqStartResult
dq_start_run(const DqRunRequest *request, MemoryContext cxt, DqRun **result,
			 char **reason)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	bool session = !request->is_inline;
	DqRun *run = palloc0(sizeof(DqRun));
	int steps;

	*result = run;
	run->cxt = cxt;
	run->is_inline = request->is_inline;
	run->attempt = 1;
	if (dq_start_live_pid(request->pipeline_id) != 0 ||
		!dq_lock_pipeline_try(request->pipeline_id, session))
	{
		MemoryContextSwitchTo(old);
		return DQ_START_BUSY;
	}
	reap();
	run->pipeline = dq_pipeline_load_id(request->pipeline_id, 0, false);
	dq_pipeline_check_runnable(run->pipeline, false);
	if (GetUserId() != run->pipeline->owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("pipeline \"%s\" changed its owner",
						run->pipeline->name)));
	if (request->window.is_rebuild)
		check_rebuild(run->pipeline);
	run->is_rebuild = request->window.is_rebuild;
	run->params = merge_params(run->pipeline, request->params);
	if (!dq_window_choose(run->pipeline, &request->window,
						  GetCurrentTimestamp(), &run->window, reason))
	{
		dq_runlog_note_idle(run->pipeline->id, *reason);
		MemoryContextSwitchTo(old);
		return DQ_START_IDLE;
	}
	run->id = draw_id();
	steps = list_length(run->pipeline->steps);
	run->done = palloc0(sizeof(bool) * (steps + 1));
	run->missing = palloc0(sizeof(bool) * (steps + 1));
	run->failures = palloc0(sizeof(int) * (steps + 1));
	if (!dq_lock_run_try(run->id, session))
		elog(ERROR, "run " INT64_FORMAT " is locked", run->id);
	if (needs_stages(run->pipeline))
	{
		run->schema = dq_stage_schema_name(run->id);
		dq_stage_create_schema(run->id, run->pipeline->owner);
	}
	dq_runlog_insert(run->id, run->pipeline, &run->window, run->params,
					 run->is_inline, request->requested_by);
	MemoryContextSwitchTo(old);
	return DQ_START_OK;
}
