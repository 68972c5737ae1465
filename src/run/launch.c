/*
 * launch.c
 *	  Starting a run in a background worker and waiting for it: the caller's
 *	  side of worker.c.
 *
 * The caller writes nothing to the database, so that it gets no transaction
 * id and can call again in the same transaction. Whatever ends its wait other
 * than the outcome (an error, Ctrl-C, statement_timeout, the end of the
 * session) detaches its segment, and the detach callback cancels the run.
 */
#include "postgres.h"

#include "base/dq_etl.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/runlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "run/launch.h"
#include "run/lock.h"
#include "run/start.h"
#include "run/wait.h"
#include "run/worker.h"
#include "storage/dsm.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* longest sleep between two looks at a state in the catalogue */
#define POLL_MS 50

/*
 * caller_left: detach callback. A run that was waited for and is not done is
 * cancelled.
 */
static void
caller_left(dsm_segment *segment, Datum arg)
{
	DqRunShared *shared = (DqRunShared *) DatumGetPointer(arg);

	SpinLockAcquire(&shared->mutex);
	if (shared->caller != NULL && shared->phase != DQ_WORKER_DONE)
	{
		shared->cancel = true;
		/* only while it says it is there: it forgets its pid at exit */
		if (shared->worker_pid != 0)
			kill(shared->worker_pid, SIGINT);
	}
	shared->caller = NULL;
	SpinLockRelease(&shared->mutex);
}

/*
 * make_segment: the segment with the request in it.
 */
static dsm_segment *
make_segment(const DqPipeline *pipeline, const DqWindowRequest *window,
			 Jsonb *params)
{
	char *text = params ? dq_json_out(params) : NULL;
	int len = text ? strlen(text) : 0;
	dsm_segment *segment;
	DqRunShared *shared;

	segment = dsm_create(offsetof(DqRunShared, params) + len + 1, 0);
	shared = (DqRunShared *) dsm_segment_address(segment);
	memset(shared, 0, offsetof(DqRunShared, params) + len + 1);
	shared->database = MyDatabaseId;
	shared->owner = pipeline->owner;
	shared->pipeline_id = pipeline->id;
	shared->window = *window;
	strlcpy(shared->requested_by, GetUserNameFromId(GetUserId(), false),
			NAMEDATALEN);
	SpinLockInit(&shared->mutex);
	shared->caller = MyProc;
	shared->phase = DQ_WORKER_STARTING;
	shared->text_used = 1;
	shared->params_len = len;
	if (len > 0)
		memcpy(shared->params, text, len);
	shared->magic = DQ_SHARED_MAGIC;
	on_dsm_detach(segment, caller_left, PointerGetDatum(shared));
	return segment;
}

/*
 * register_worker: ask the postmaster for the worker; 53400 when all slots
 * are taken.
 */
static BackgroundWorkerHandle *
register_worker(const DqPipeline *pipeline, dsm_segment *segment)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	char *name = psprintf("dq_etl run of pipeline %s", pipeline->name);

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS |
					   BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, DQ_WORKER_LIBRARY,
			sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, DQ_WORKER_FUNCTION,
			sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, dq_sqltext_clip(name, BGW_MAXLEN - 1),
			BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dq_etl run", BGW_MAXLEN);
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no background worker slot is free to run pipeline \"%s\"",
						pipeline->name),
				 errdetail("All %d slots of max_worker_processes are in use.",
						   max_worker_processes),
				 errhint("ALTER SYSTEM SET max_worker_processes = %d; and restart the server, or try again when other workers have ended.",
						 max_worker_processes * 2)));
	return handle;
}

/*
 * shared_text: a copy of a string of the outcome, NULL for none.
 */
static char *
shared_text(DqRunShared *shared, int offset)
{
	if (offset <= 0 || offset >= DQ_SHARED_TEXT)
		return NULL;
	return pstrdup(shared->text + offset);
}

/*
 * read_outcome: the outcome out of the segment; the worker writes no more.
 */
static DqOutcome *
read_outcome(DqRunShared *shared)
{
	DqOutcome *outcome = palloc0(sizeof(DqOutcome));
	DqSharedError *in = &shared->error;
	ErrorData *error;

	outcome->kind = shared->outcome;
	outcome->run_id = shared->run_id;
	outcome->window_end = shared->window.end;
	outcome->note = shared_text(shared, shared->note);
	if (outcome->kind != DQ_OUTCOME_FAILED)
		return outcome;
	error = palloc0(sizeof(ErrorData));
	error->elevel = ERROR;
	error->sqlerrcode = in->sqlerrcode;
	error->message = shared_text(shared, in->message);
	error->detail = shared_text(shared, in->detail);
	error->hint = shared_text(shared, in->hint);
	error->context = shared_text(shared, in->context);
	error->internalquery = shared_text(shared, in->statement);
	error->internalpos = in->position;
	error->schema_name = shared_text(shared, in->schema_name);
	error->table_name = shared_text(shared, in->table_name);
	error->column_name = shared_text(shared, in->column_name);
	error->constraint_name = shared_text(shared, in->constraint_name);
	outcome->error = error;
	return outcome;
}

/*
 * worker_died: the outcome of a worker that ended without telling one.
 */
static DqOutcome *
worker_died(const DqPipeline *pipeline, DqRunShared *shared,
			DqWorkerPhase phase, int64 run_id)
{
	DqOutcome *outcome = palloc0(sizeof(DqOutcome));
	ErrorData *error = palloc0(sizeof(ErrorData));

	outcome->kind = DQ_OUTCOME_FAILED;
	outcome->run_id = run_id;
	outcome->window_end = shared->window.end;
	outcome->error = error;
	error->elevel = ERROR;
	error->sqlerrcode = ERRCODE_DQ_RUN_CRASHED;
	if (phase == DQ_WORKER_RUNNING)
	{
		error->message = psprintf("the process of run " INT64_FORMAT " of pipeline \"%s\" was terminated",
								  run_id, pipeline->name);
		error->detail = "Nothing of it was published, unless etl.runs says that it succeeded.";
		error->hint = psprintf("See what is recorded: SELECT * FROM etl.runs WHERE run_id = " INT64_FORMAT "; then run it again.",
							   run_id);
	}
	else
	{
		error->message = psprintf("the background worker for pipeline \"%s\" ended before the run started",
								  pipeline->name);
		if (phase == DQ_WORKER_ATTACHED)
			error->detail =
				psprintf("It could not connect to the database as role \"%s\".",
						 pipeline->owner_name);
		error->hint = "The server log says why.";
	}
	return outcome;
}

/*
 * look: phase, id and pid of the worker, as of now.
 */
static DqWorkerPhase
look(DqRunShared *shared, int64 *run_id, int *pid)
{
	DqWorkerPhase phase;

	SpinLockAcquire(&shared->mutex);
	phase = shared->phase;
	*run_id = shared->run_id;
	*pid = shared->worker_pid;
	SpinLockRelease(&shared->mutex);
	return phase;
}

/*
 * let_go: the caller no longer waits, so its end shall not cancel the run.
 */
static void
let_go(DqRunShared *shared)
{
	SpinLockAcquire(&shared->mutex);
	shared->caller = NULL;
	SpinLockRelease(&shared->mutex);
}

/*
 * wait_for_worker: until the outcome, or (wait = false) until the run has an
 * id. Never returns NULL.
 */
static DqOutcome *
wait_for_worker(const DqPipeline *pipeline, DqRunShared *shared,
				BackgroundWorkerHandle *handle, bool wait, DqWait *waiting)
{
	for (;;)
	{
		int64 run_id;
		int pid;
		pid_t bgw_pid;
		BgwHandleStatus status = GetBackgroundWorkerPid(handle, &bgw_pid);
		/* look after asking: what a stopped worker told is there by now */
		DqWorkerPhase phase = look(shared, &run_id, &pid);

		if (phase >= DQ_WORKER_RUNNING || status == BGWH_STOPPED)
			dq_lock_start_release(pipeline->id);
		if (phase == DQ_WORKER_DONE)
			return read_outcome(shared);
		if (phase == DQ_WORKER_RUNNING && !wait)
		{
			DqOutcome *outcome = palloc0(sizeof(DqOutcome));

			let_go(shared);
			outcome->kind = DQ_OUTCOME_SUCCEEDED;
			outcome->run_id = run_id;
			outcome->running = true;
			return outcome;
		}
		if (status == BGWH_STOPPED)
			return worker_died(pipeline, shared, phase, run_id);
		if (status == BGWH_POSTMASTER_DIED)
			ereport(FATAL,
					(errcode(ERRCODE_ADMIN_SHUTDOWN),
					 errmsg("the server is going down")));
		dq_wait_sleep(waiting, pid, 1000L, "a run that it started");
	}
}

/*
 * claim_start: may this session start a worker for the pipeline now? One at a
 * time does, so that many callers of one pipeline do not take all the slots
 * for workers that only find it running.
 */
static bool
claim_start(const DqPipeline *pipeline)
{
	dq_wait_cleanup(pipeline->id);
	if (!dq_lock_start_try(pipeline->id))
		return false;
	if (dq_lock_pipeline_holder(pipeline->id) == 0)
		return true;
	dq_lock_start_release(pipeline->id);
	return false;
}

/*
 * dq_launch_run: run a pipeline in a worker. Returns the outcome, in the
 * current memory context, of kind DQ_OUTCOME_BUSY when somebody else runs or
 * starts it; throws only for what concerns the caller itself.
 */
DqOutcome *
dq_launch_run(const DqPipeline *pipeline, const DqWindowRequest *window,
			  Jsonb *params, bool wait)
{
	dsm_segment *segment;
	BackgroundWorkerHandle *handle;
	DqOutcome *outcome;
	DqWait waiting;

	if (!claim_start(pipeline))
	{
		outcome = palloc0(sizeof(DqOutcome));
		outcome->kind = DQ_OUTCOME_BUSY;
		return outcome;
	}
	segment = make_segment(pipeline, window, params);
	handle = register_worker(pipeline, segment);
	dq_wait_begin(&waiting);
	outcome = wait_for_worker(pipeline,
							  (DqRunShared *) dsm_segment_address(segment),
							  handle, wait, &waiting);
	dq_wait_end(&waiting);
	dsm_detach(segment);
	pfree(handle);
	return outcome;
}

/*
 * find_runner: pid of the process that runs or starts a pipeline, or 0.
 */
static int
find_runner(const DqPipeline *pipeline)
{
	int pid = dq_lock_pipeline_holder(pipeline->id);

	if (pid == 0)
		pid = dq_lock_start_holder(pipeline->id);
	return pid != 0 ? pid : dq_start_live_pid(pipeline->id);
}

/*
 * dq_launch_wait_pipeline: wait until no process runs or starts the pipeline.
 */
void
dq_launch_wait_pipeline(const DqPipeline *pipeline)
{
	DqWait waiting;
	int pid;

	dq_wait_begin(&waiting);
	while ((pid = find_runner(pipeline)) != 0)
		dq_wait_sleep(&waiting, pid, POLL_MS, "a run of the pipeline");
	dq_wait_end(&waiting);
}

/*
 * effective_state: the state of a run as it really is: one that is stored as
 * running although its process is gone has crashed. A copy in the current
 * memory context; *pid is set for a running one. 42704 when there is no run.
 */
static char *
effective_state(int64 run_id, int *pid)
{
	DqRunRow row;

	if (!dq_runlog_read(run_id, &row))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run " INT64_FORMAT " does not exist", run_id)));
	*pid = row.live.pid;
	if (strcmp(row.state, dq_runlog_state_name(DQ_RUN_RUNNING)) == 0 &&
		!dq_lock_run_is_alive(run_id, row.live.pid, row.live.backend_start))
	{
		/* it may have ended between the two looks */
		(void) dq_runlog_read(run_id, &row);
		if (strcmp(row.state, dq_runlog_state_name(DQ_RUN_RUNNING)) == 0)
			return pstrdup(dq_runlog_state_name(DQ_RUN_CRASHED));
	}
	return row.state;
}

/*
 * dq_launch_wait_run: the state of a run when it is over, or "running" after
 * timeout_ms (negative: no limit). Over is when its process has cleaned up and
 * let go of the pipeline, so that the next one can start at once. 42704 when
 * there is no such run.
 */
char *
dq_launch_wait_run(int64 run_id, int64 timeout_ms)
{
	TimestampTz until = DT_NOEND;
	MemoryContext loop = AllocSetContextCreate(
		CurrentMemoryContext, "dq_etl wait", ALLOCSET_SMALL_SIZES);
	MemoryContext old = CurrentMemoryContext;
	DqWait waiting;

	if (timeout_ms >= 0)
		until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
	dq_wait_begin(&waiting);
	for (;;)
	{
		int holder = dq_lock_run_holder(run_id);
		int pid;
		char *state;

		MemoryContextReset(loop);
		MemoryContextSwitchTo(loop);
		state = effective_state(run_id, &pid);
		MemoryContextSwitchTo(old);
		/* a run inline in this very transaction keeps its lock */
		if (holder == 0 || holder == MyProcPid ||
			GetCurrentTimestamp() >= until)
		{
			/* what it was when the lock was seen free, not before */
			state = effective_state(run_id, &pid);
			if (strcmp(state, dq_runlog_state_name(DQ_RUN_RUNNING)) != 0 ||
				GetCurrentTimestamp() >= until)
			{
				dq_wait_end(&waiting);
				return state;
			}
		}
		dq_wait_sleep(&waiting, pid, POLL_MS, "a run");
	}
}

/*
 * dq_launch_cancel: ask the process of a run to stop; false when the run is
 * over. The process is identified by its lock and start time before it is
 * signalled.
 */
bool
dq_launch_cancel(int64 run_id)
{
	DqRunRow row;

	if (!dq_runlog_read(run_id, &row) ||
		strcmp(row.state, dq_runlog_state_name(DQ_RUN_RUNNING)) != 0 ||
		!dq_lock_run_is_alive(run_id, row.live.pid, row.live.backend_start))
		return false;
	return kill(row.live.pid, SIGINT) == 0;
}

/*
 * dq_launch_raise_busy: 55006 with who runs the pipeline.
 */
void
dq_launch_raise_busy(const DqPipeline *pipeline)
{
	List *live = dq_runlog_live(pipeline->id);
	int pid = find_runner(pipeline);
	DqLiveRun *run = live != NIL ? (DqLiveRun *) llast(live) : NULL;

	if (run == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("pipeline \"%s\" is already running",
						pipeline->name),
				 errdetail("Process %d is starting or ending a run, or runs it inline (0: it has ended just now).",
						   pid),
				 errhint("Try again, or pass if_running => 'wait' or 'skip'.")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("pipeline \"%s\" is already running", pipeline->name),
			 errdetail("Run " INT64_FORMAT " started %s, step \"%s\", worker PID %d.",
					   run->run_id, timestamptz_to_str(run->started_at),
					   run->step ? run->step : "publish", run->pid),
			 errhint("Wait for it with SELECT etl.wait(" INT64_FORMAT "), or pass if_running => 'wait' or 'skip'.",
					 run->run_id)));
}

/*
 * dq_launch_raise: the error of a failed run, thrown in the caller as the step
 * threw it, with a HINT in any case.
 */
void
dq_launch_raise(DqOutcome *outcome)
{
	ErrorData *error = outcome->error;

	if (error->hint == NULL && outcome->run_id != 0)
		error->hint = psprintf("See the whole record: SELECT * FROM etl.run_errors WHERE run_id = " INT64_FORMAT ";",
							   outcome->run_id);
	ThrowErrorData(error);
}
