/*
 * engine.c
 *	  One run of a pipeline, from its window to its publish.
 *
 * In a worker a run is a row of transactions:
 *
 *	start		take the pipeline's lock, find the dead, choose the window, draw
 *				the id, take the run's lock, make the stage schema, insert the
 *				row that says running: one commit
 *	stages		one transaction for each step; its record commits with it
 *	publish		one transaction: loads and what follows them, deferred
 *				constraints, verdicts, the state "succeeded", the ledger. There
 *				is no other place that writes any of these for a success.
 *	after		calls that want the published state, one transaction each
 *	clean up	stages dropped in transactions of their own
 *
 * An error ends the transaction that it happened in. Its record, the verdicts
 * gathered so far and the new state then commit in another one; a later
 * attempt starts at the step that failed, with the stages that are there, or
 * at the beginning of publish.
 *
 * Inline, all of it happens in the caller's transaction in the same order, no
 * identity is switched, and an error is simply the caller's.
 *
 * Every transaction first takes a share lock on the extension and sees that
 * it is still there: DROP EXTENSION waits for the transaction under way and
 * the run ends at the next one.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/dq_etl.h"
#include "base/errctx.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/suggest.h"
#include "catalog/ledger.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/runlog.h"
#include "commands/prepare.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "run/engine.h"
#include "run/lock.h"
#include "run/retry.h"
#include "run/step.h"
#include "stage/stage.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* stages dropped in one transaction: each takes up to five locks */
#define DROP_BATCH 100
/* how often a failure record is tried before only the log has it */
#define RECORD_TRIES 3

volatile sig_atomic_t dq_engine_cancel_requested = false;

/* what a guarded function of this file needs */
typedef struct StepCall
{
	DqRun	   *run;
	DqStep	   *step;
} StepCall;

typedef struct StaleCall
{
	DqRun	   *run;
	List	   *run_ids;		/* of int64 * */
} StaleCall;

typedef struct FailureCall
{
	DqRun	   *run;
	ErrorData  *error;
	bool		will_retry;
	TimestampTz retry_at;
} FailureCall;

/*
 * dq_engine_prepare_session: settings of ours that neither the owner's ALTER
 * ROLE nor a step may change for what comes after.
 */
void
dq_engine_prepare_session(void)
{
	static const char *const fixed[][2] = {
		{"role", "none"},
		{"session_replication_role", "origin"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"application_name", "dq_etl"}
	};
	int			i;

	for (i = 0; i < lengthof(fixed); i++)
		(void) set_config_option(fixed[i][0], fixed[i][1],
								 PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SET,
								 true, 0, false);
}

/*
 * dq_engine_begin: start a transaction of a worker. A temporary table or
 * prepared statement of an earlier step does not reach into it.
 */
void
dq_engine_begin(bool discard)
{
	Oid			extension;

	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	extension = dq_spi_extension_oid(false);
	LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
	if (dq_spi_extension_oid(true) != extension)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"%s\" was dropped", DQ_EXTENSION)));
	if (discard)
	{
		ResetTempTableNamespace();
		DropAllPreparedStatements();
	}
}

/*
 * commit: end a transaction of a worker. What a crash of the server makes
 * worthless anyway (stages) need not wait for the disk.
 */
static void
commit(bool durable)
{
	if (!durable)
		(void) set_config_option("synchronous_commit", "off",
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	CommitTransactionCommand();
}

/*
 * needs_stages: does any step of the pipeline build a stage?
 */
static bool
needs_stages(const DqPipeline *pipeline)
{
	ListCell   *lc;

	foreach(lc, pipeline->steps)
	{
		DqStep	   *step = (DqStep *) lfirst(lc);

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
	ListCell   *lc;

	foreach(lc, dq_runlog_live(0))
	{
		DqLiveRun  *live = (DqLiveRun *) lfirst(lc);

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
 * merge_params: the definition's parameters with those of the run over them;
 * 22023 for one that the definition does not have.
 */
static Jsonb *
merge_params(const DqPipeline *pipeline, Jsonb *given)
{
	DqJsonBuild build;
	List	   *known = dq_json_keys(pipeline->params);
	ListCell   *lc;

	if (given == NULL)
		return pipeline->params;
	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("params must be a JSON object")));
	foreach(lc, dq_json_keys(given))
	{
		char	   *key = (char *) lfirst(lc);

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
		char	   *key = (char *) lfirst(lc);

		dq_json_add_from(&build, key, dq_json_has_key(given, key) ?
						 given : pipeline->params);
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
	int64		id = dq_runlog_next_id();

	while (dq_stage_schema_exists(id))
		id = dq_runlog_next_id();
	return id;
}

/*
 * dq_engine_start: everything up to the row that says running, in the current
 * transaction, which a worker commits next. The run lives in "cxt".
 */
DqStartResult
dq_engine_start(const DqRunRequest *request, MemoryContext cxt, DqRun **result,
				char **reason)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	bool		session = !request->is_inline;
	DqRun	   *run = palloc0(sizeof(DqRun));

	*result = run;
	run->cxt = cxt;
	run->is_inline = request->is_inline;
	run->attempt = 1;
	if (!dq_lock_pipeline_try(request->pipeline_id, session))
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
	run->params = merge_params(run->pipeline, request->params);
	if (!dq_window_choose(run->pipeline, &request->window,
						  GetCurrentTimestamp(), &run->window, reason))
	{
		dq_runlog_note_idle(run->pipeline->id, *reason);
		MemoryContextSwitchTo(old);
		return DQ_START_IDLE;
	}
	run->id = draw_id();
	run->done = palloc0(sizeof(bool) *
						(list_length(run->pipeline->steps) + 1));
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

/*
 * show_activity: what pg_stat_activity says of this process.
 */
static void
show_activity(DqRun *run, const char *what)
{
	char		text[512];

	snprintf(text, sizeof(text), "run " INT64_FORMAT " of pipeline %s: %s",
			 run->id, run->pipeline->name, what);
	pgstat_report_activity(STATE_RUNNING, text);
}

/*
 * run_one: one step in a transaction of its own. The row of the run names the
 * step that follows, so that who looks on sees the one under way.
 */
static void
run_one(void *arg)
{
	StepCall   *call = (StepCall *) arg;
	DqRun	   *run = call->run;
	DqStep	   *step = call->step;
	List	   *steps = run->pipeline->steps;
	MemoryContext old;

	show_activity(run, step->name);
	dq_engine_begin(true);
	old = MemoryContextSwitchTo(run->cxt);
	dq_step_execute(run, step);
	if (step->run_order < list_length(steps) && !run->finished)
		dq_runlog_set_step(run->id,
						   ((DqStep *) list_nth(steps, step->run_order))->name);
	MemoryContextSwitchTo(old);
	commit(step->phase != DQ_PHASE_STAGE);
	run->done[step->run_order - 1] = true;
}

/*
 * finish_publish: the end of the publish transaction. What it writes is
 * visible together with the loads, or not at all.
 */
static void
finish_publish(DqRun *run)
{
	dq_step_check_constraints(run);
	dq_step_store_verdicts(run);
	dq_runlog_set_state(run->id, DQ_RUN_SUCCEEDED, false);
	if (!run->window.partial)
		dq_ledger_add(run->pipeline->id, run->window.start, run->window.end);
}

/*
 * publish: all steps of the publish phase and the outcome, in one transaction.
 */
static void
publish(void *arg)
{
	DqRun	   *run = (DqRun *) arg;
	MemoryContext old;
	ListCell   *lc;

	show_activity(run, "publish");
	dq_engine_begin(true);
	old = MemoryContextSwitchTo(run->cxt);
	foreach(lc, run->pipeline->steps)
	{
		DqStep	   *step = (DqStep *) lfirst(lc);

		if (step->phase == DQ_PHASE_PUBLISH)
			dq_step_execute(run, step);
	}
	finish_publish(run);
	MemoryContextSwitchTo(old);
	commit(true);
	run->finished = true;
}

/*
 * attempt: what is left to do up to the publish; throws where it fails.
 */
static void
attempt(void *arg)
{
	DqRun	   *run = (DqRun *) arg;
	ListCell   *lc;

	foreach(lc, run->pipeline->steps)
	{
		StepCall	call = {run, (DqStep *) lfirst(lc)};

		if (call.step->phase != DQ_PHASE_BEFORE &&
			call.step->phase != DQ_PHASE_STAGE)
			continue;
		if (!run->done[call.step->run_order - 1])
			run_one(&call);
	}
	publish(run);
}

/*
 * write_failure: the complete record of a failed attempt, one transaction.
 */
static void
write_failure(void *arg)
{
	FailureCall *call = (FailureCall *) arg;
	DqRun	   *run = call->run;
	const char *step = run->current ? run->current->name : NULL;
	bool		cancelled = dq_engine_cancel_requested;

	dq_engine_begin(false);
	if (run->current != NULL)
		dq_runlog_add_step(run->id, run->attempt, run->current,
						   cancelled ? "cancelled" : "failed",
						   run->step_started, NULL, call->error->message);
	dq_runlog_add_error(run->id, run->attempt, step, call->error,
						call->will_retry);
	if (call->will_retry)
		dq_runlog_set_retry(run->id, call->retry_at);
	else if (!run->finished)
	{
		dq_step_store_verdicts(run);
		dq_runlog_set_state(run->id,
							cancelled ? DQ_RUN_CANCELLED : DQ_RUN_FAILED,
							run->schema != NULL);
	}
	commit(true);
	if (!call->will_retry)
		run->finished = true;
}

/*
 * record_failure: store a failed attempt, again if that fails; the server log
 * has the error if the table cannot.
 */
static void
record_failure(DqRun *run, ErrorData *error, bool will_retry,
			   TimestampTz retry_at)
{
	FailureCall call = {run, error, will_retry, retry_at};
	int			try;

	for (try = 1; try <= RECORD_TRIES; try++)
	{
		ErrorData  *second = dq_errctx_try(write_failure, &call);

		if (second == NULL)
			return;
		AbortCurrentTransaction();
		ereport(LOG,
				(errmsg("could not record the failure of run " INT64_FORMAT ": %s",
						run->id, second->message),
				 errdetail("The run failed with: %s", error->message)));
		if (second->sqlerrcode == ERRCODE_UNDEFINED_OBJECT ||
			second->sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
			return;
	}
}

/*
 * wait_until: sleep without a transaction until a time; a cancel throws.
 */
static void
wait_until(void *arg)
{
	TimestampTz at = *(TimestampTz *) arg;

	pgstat_report_activity(STATE_IDLE, NULL);
	for (;;)
	{
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   at);

		CHECK_FOR_INTERRUPTS();
		if (left <= 0)
			return;
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 left, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

/*
 * begin_attempt: record that the next attempt starts.
 */
static void
begin_attempt(void *arg)
{
	DqRun	   *run = (DqRun *) arg;

	dq_engine_begin(false);
	dq_runlog_set_attempt(run->id, run->attempt);
	commit(true);
}

/*
 * guarded: run a function; on error abort the transaction it left behind.
 */
static ErrorData *
guarded(DqRun *run, DqGuarded fn, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(run->cxt);
	ErrorData  *error = dq_errctx_try(fn, arg);

	if (error != NULL)
		AbortCurrentTransaction();
	MemoryContextSwitchTo(old);
	return error;
}

/*
 * next_attempt_at: now and the pipeline's delay.
 */
static TimestampTz
next_attempt_at(const DqPipeline *pipeline)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTimestamp());
	Datum		delay = IntervalPGetDatum(pipeline->retry_delay);

	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   now, delay));
}

/*
 * attempt_with_retries: attempts until one publishes or none is left; NULL or
 * the error of the last one, recorded.
 */
static ErrorData *
attempt_with_retries(DqRun *run)
{
	for (;;)
	{
		ErrorData  *error = guarded(run, attempt, run);
		TimestampTz retry_at;
		bool		again;

		if (error == NULL)
			return NULL;
		again = !dq_engine_cancel_requested &&
			run->attempt <= run->pipeline->retries &&
			dq_retry_may_heal(error->sqlerrcode);
		retry_at = next_attempt_at(run->pipeline);
		record_failure(run, error, again, retry_at);
		if (!again)
			return error;
		run->current = NULL;
		error = guarded(run, wait_until, &retry_at);
		run->attempt++;
		if (error == NULL)
			error = guarded(run, begin_attempt, run);
		if (error != NULL)
		{
			record_failure(run, error, false, 0);
			return error;
		}
	}
}

/*
 * run_after: calls that follow the publish. The data is out: a failure here
 * is told, but does not make the run a failed one.
 */
static void
run_after(DqRun *run)
{
	ListCell   *lc;

	foreach(lc, run->pipeline->steps)
	{
		StepCall	call = {run, (DqStep *) lfirst(lc)};
		ErrorData  *error;

		if (call.step->phase != DQ_PHASE_AFTER)
			continue;
		error = guarded(run, run_one, &call);
		if (error == NULL)
			continue;
		record_failure(run, error, false, 0);
		run->note = psprintf("step \"%s\" after the publish failed: %s",
							 call.step->name, error->message);
		return;
	}
}

/*
 * drop_batch: some stages of a run, in a transaction of their own; clears
 * *arg's run id when nothing is left.
 */
static void
drop_batch(void *arg)
{
	int64	   *run_id = (int64 *) arg;
	bool		finished;

	dq_engine_begin(false);
	(void) set_config_option("lock_timeout", "2s", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	finished = dq_stage_drop(*run_id, DROP_BATCH);
	if (finished)
		dq_runlog_stages_dropped(*run_id);
	commit(false);
	if (finished)
		*run_id = 0;
}

/*
 * drop_stages: all stages of a run. What cannot be dropped now stays and is
 * named in the log; the next run of the pipeline tries again.
 */
static void
drop_stages(DqRun *run, int64 run_id)
{
	int64		left = run_id;

	while (left != 0)
	{
		ErrorData  *error = guarded(run, drop_batch, &left);

		if (error == NULL)
			continue;
		ereport(LOG,
				(errmsg("stages of run " INT64_FORMAT " are kept: %s",
						run_id, error->message)));
		return;
	}
}

/*
 * find_stale: earlier runs whose kept stages can go.
 */
static void
find_stale(void *arg)
{
	StaleCall  *call = (StaleCall *) arg;
	MemoryContext old;

	dq_engine_begin(false);
	old = MemoryContextSwitchTo(call->run->cxt);
	call->run_ids = dq_runlog_stale_stages(call->run->pipeline->id,
										   call->run->id,
										   dq_guc_stage_retention);
	MemoryContextSwitchTo(old);
	commit(false);
}

/*
 * clean_up: drop the stages of this run if it published, and those of earlier
 * ones that nobody needs any more.
 */
static void
clean_up(DqRun *run, bool published)
{
	StaleCall	call = {run, NIL};
	ListCell   *lc;

	if (published && run->schema != NULL)
		drop_stages(run, run->id);
	if (guarded(run, find_stale, &call) != NULL)
		return;
	foreach(lc, call.run_ids)
		drop_stages(run, *(int64 *) lfirst(lc));
}

/*
 * dq_engine_execute: a started run in a worker, to its end; NULL when it
 * published, else why it did not. Everything is recorded on return.
 */
ErrorData *
dq_engine_execute(DqRun *run)
{
	ErrorData  *error = attempt_with_retries(run);

	if (error == NULL)
		run_after(run);
	clean_up(run, error == NULL);
	pgstat_report_activity(STATE_IDLE, NULL);
	return error;
}

/*
 * dq_engine_execute_inline: a started run in the caller's transaction.
 */
void
dq_engine_execute_inline(DqRun *run)
{
	ListCell   *lc;

	ResetPlanCache();
	foreach(lc, run->pipeline->steps)
	{
		DqStep	   *step = (DqStep *) lfirst(lc);

		if (step->phase != DQ_PHASE_AFTER)
			dq_step_execute(run, step);
	}
	finish_publish(run);
	run->finished = true;
	foreach(lc, run->pipeline->steps)
	{
		DqStep	   *step = (DqStep *) lfirst(lc);

		if (step->phase == DQ_PHASE_AFTER)
			dq_step_execute(run, step);
	}
	if (run->schema != NULL)
	{
		while (!dq_stage_drop(run->id, DROP_BATCH))
			CommandCounterIncrement();
	}
	ResetPlanCache();
}

/*
 * dq_engine_record_exit: the process was told to end in the middle of a run
 * (FATAL); called while it can still write. Afterwards the run is failed with
 * 57P01 instead of being found dead later.
 */
void
dq_engine_record_exit(DqRun *run)
{
	ErrorData	error = {0};
	FailureCall call = {run, &error, false, 0};

	if (run->finished)
		return;
	error.sqlerrcode = ERRCODE_ADMIN_SHUTDOWN;
	error.message = "terminating the run due to administrator command";
	AbortOutOfAnyTransaction();
	if (dq_errctx_try(write_failure, &call) != NULL)
		AbortOutOfAnyTransaction();
}
