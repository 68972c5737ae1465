/*
 * worker.c
 *	  The background worker that executes one run, connected as the owner.
 *
 * Life: attach to the segment of the caller; connect to the database as the
 * owner of the pipeline (never as somebody else who then changes identity);
 * start the run, commit, tell its id; execute it; tell the outcome; exit. The
 * worker belongs to nobody once its run has an id: the caller's death cancels
 * the run only if the caller was waiting for it.
 *
 * SIGINT cancels the run: the flag stays set, so that a cancel that arrives
 * between two statements is not lost. SIGTERM ends the process (die); the
 * exit callback still records the run as failed. SIGKILL ends the server's
 * sessions, and the run is found dead by the next one.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/errctx.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "run/engine.h"
#include "run/lock.h"
#include "run/shared.h"
#include "run/start.h"
#include "run/tx.h"
#include "run/worker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timeout.h"

/* the run of this process, for the exit callback */
static DqRun *current_run = NULL;

typedef struct StartCall
{
	DqRunShared *shared;
	MemoryContext cxt;
	DqStartResult result;
	DqRun *run;
	char *reason;
} StartCall;

/*
 * handle_cancel: SIGINT. As StatementCancelHandler, and remembered. The server
 * sends the signal to itself when lock_timeout or statement_timeout is over:
 * that ends a statement, not the run, and is never put off.
 */
static void
handle_cancel(SIGNAL_ARGS)
{
	int save_errno = errno;
	bool timed_out = get_timeout_indicator(LOCK_TIMEOUT, false) ||
					 get_timeout_indicator(STATEMENT_TIMEOUT, false);

	if (!proc_exit_inprogress)
	{
		if (!timed_out)
			dq_tx_cancel_requested = true;
		if (timed_out || !dq_tx_cancel_deferred)
		{
			InterruptPending = true;
			QueryCancelPending = true;
		}
	}
	SetLatch(MyLatch);
	errno = save_errno;
}

/*
 * put_text: store a string for the caller, clipped to what is left; returns
 * its offset, 0 for none.
 */
static int
put_text(DqRunShared *shared, const char *text)
{
	int offset = shared->text_used;
	int room = DQ_SHARED_TEXT - offset - 1;
	int len;

	if (text == NULL || room <= 0)
		return 0;
	len = strlen(text);
	if (len > room)
		len = room;
	memcpy(shared->text + offset, text, len);
	shared->text[offset + len] = '\0';
	shared->text_used = offset + len + 1;
	return offset;
}

/*
 * clip: a field of an error, short enough that the other fields fit.
 */
static const char *
clip(const char *text, int max_bytes)
{
	return text ? dq_sqltext_clip(text, max_bytes) : NULL;
}

/*
 * put_error: store an error for the caller. The strings are clipped beforehand
 * by clip_error.
 */
static void
put_error(DqRunShared *shared, const ErrorData *error)
{
	DqSharedError *out = &shared->error;

	out->sqlerrcode = error->sqlerrcode;
	out->message = put_text(shared, error->message);
	out->hint = put_text(shared, error->hint);
	out->detail = put_text(shared, error->detail);
	out->schema_name = put_text(shared, error->schema_name);
	out->table_name = put_text(shared, error->table_name);
	out->column_name = put_text(shared, error->column_name);
	out->constraint_name = put_text(shared, error->constraint_name);
	out->context = put_text(shared, error->context);
	out->statement = put_text(shared, error->internalquery);
	out->position = out->statement ? error->internalpos : 0;
}

/*
 * clip_error: a copy of the error whose strings fit into the segment.
 */
static ErrorData
clip_error(const ErrorData *error)
{
	ErrorData copy = *error;

	copy.message = (char *) clip(error->message, 2000);
	copy.hint = (char *) clip(error->hint, 1000);
	copy.detail = (char *) clip(error->detail, 1500);
	copy.context = (char *) clip(error->context, 1000);
	/* a text cut before its caret shows nothing */
	if (error->internalquery != NULL && strlen(error->internalquery) > 2000)
		copy.internalquery = NULL;
	return copy;
}

/*
 * wake: set the latch of whoever waited when the mutex was held. It may have
 * left since; another process is then woken for nothing.
 */
static void
wake(PGPROC *caller)
{
	if (caller != NULL)
		SetLatch(&caller->procLatch);
}

/*
 * tell_phase: how far the worker is.
 */
static void
tell_phase(DqRunShared *shared, DqWorkerPhase phase, int64 run_id)
{
	PGPROC *caller;
	bool cancel;

	SpinLockAcquire(&shared->mutex);
	shared->phase = phase;
	shared->run_id = run_id;
	shared->worker_pid = MyProcPid;
	cancel = shared->cancel;
	caller = shared->caller;
	SpinLockRelease(&shared->mutex);
	wake(caller);
	if (cancel)
		dq_tx_cancel_requested = true;
}

/*
 * tell_outcome: the end. error and note may be NULL.
 */
static void
tell_outcome(DqRunShared *shared, DqOutcomeKind outcome,
			 const ErrorData *error, const char *note)
{
	PGPROC *caller;

	/* the caller looks at these only once it has seen the last phase */
	shared->outcome = outcome;
	if (error != NULL)
	{
		ErrorData clipped = clip_error(error);

		put_error(shared, &clipped);
	}
	shared->note = put_text(shared, clip(note, 1000));

	SpinLockAcquire(&shared->mutex);
	shared->phase = DQ_WORKER_DONE;
	shared->worker_pid = 0;
	caller = shared->caller;
	SpinLockRelease(&shared->mutex);
	wake(caller);
}

/*
 * forget_worker: exit callback; nobody signals a process that is gone.
 */
static void
forget_worker(int code, Datum arg)
{
	DqRunShared *shared = (DqRunShared *) DatumGetPointer(arg);
	PGPROC *caller;

	SpinLockAcquire(&shared->mutex);
	shared->worker_pid = 0;
	caller = shared->caller;
	SpinLockRelease(&shared->mutex);
	wake(caller);
}

/*
 * record_exit: exit callback while the database can still be written.
 */
static void
record_exit(int code, Datum arg)
{
	if (code != 0 && current_run != NULL)
		dq_engine_record_exit(current_run);
}

/*
 * start_run: guarded; one transaction up to the row that says running.
 */
static void
start_run(void *arg)
{
	StartCall *call = (StartCall *) arg;
	DqRunShared *shared = call->shared;
	DqRunRequest request = {0};
	MemoryContext old;

	dq_tx_begin(false);
	dq_tx_prepare_session();
	old = MemoryContextSwitchTo(call->cxt);
	request.pipeline_id = shared->pipeline_id;
	request.window = shared->window;
	request.requested_by = shared->requested_by;
	if (shared->params_len > 0)
		request.params = dq_json_parse(shared->params, "params");
	call->result = dq_start_run(&request, call->cxt, &call->run,
								&call->reason);
	MemoryContextSwitchTo(old);
	CommitTransactionCommand();
}

/*
 * run_request: start and execute the run that the segment asks for, and tell
 * the outcome.
 */
static void
run_request(DqRunShared *shared)
{
	StartCall call = {shared};
	ErrorData *error;
	int64 run_id = 0;

	call.cxt = AllocSetContextCreate(TopMemoryContext, "dq_etl run",
									 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(call.cxt);
	error = dq_errctx_try(start_run, &call);
	if (error != NULL)
	{
		dq_tx_abort();
		MemoryContextSwitchTo(call.cxt);
		dq_lock_release(shared->pipeline_id, 0);
		tell_outcome(shared, DQ_OUTCOME_FAILED, error, NULL);
		return;
	}
	MemoryContextSwitchTo(call.cxt);
	switch (call.result)
	{
		case DQ_START_BUSY:
			tell_outcome(shared, DQ_OUTCOME_BUSY, NULL, NULL);
			return;
		case DQ_START_IDLE:
			dq_lock_release(shared->pipeline_id, 0);
			tell_outcome(shared, DQ_OUTCOME_IDLE, NULL, call.reason);
			return;
		case DQ_START_OK:
			break;
	}
	run_id = call.run->id;
	current_run = call.run;
	shared->window.start = call.run->window.start;
	shared->window.end = call.run->window.end;
	tell_phase(shared, DQ_WORKER_RUNNING, run_id);
	error = dq_engine_execute(call.run);
	current_run = NULL;
	dq_lock_release(shared->pipeline_id, run_id);
	MemoryContextSwitchTo(call.cxt);
	tell_outcome(shared, error ? DQ_OUTCOME_FAILED : DQ_OUTCOME_SUCCEEDED,
				 error, call.run->note);
}

/*
 * dq_worker_main: entry point of the worker; the argument is the handle of
 * the caller's segment.
 */
void
dq_worker_main(Datum arg)
{
	dsm_segment *segment;
	DqRunShared *shared;

	pqsignal(SIGINT, handle_cancel);
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();

	CurrentResourceOwner = ResourceOwnerCreate(NULL, "dq_etl worker");
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0); /* the caller gave up before we came */
	dsm_pin_mapping(segment);
	shared = (DqRunShared *) dsm_segment_address(segment);
	if (shared->magic != DQ_SHARED_MAGIC)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("segment of the run is not ours")));

	before_shmem_exit(forget_worker, PointerGetDatum(shared));
	tell_phase(shared, DQ_WORKER_ATTACHED, 0);
	BackgroundWorkerInitializeConnectionByOid(shared->database, shared->owner,
											  DQ_BGW_BYPASS_LOGIN);
	before_shmem_exit(record_exit, (Datum) 0);
	tell_phase(shared, DQ_WORKER_CONNECTED, 0);
	dq_tx_prepare_session();
	run_request(shared);
	proc_exit(0);
}
