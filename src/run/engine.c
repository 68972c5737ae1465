/*
 * engine.c
 *	  One run of a pipeline, from its window to its publish.
 *
 * In a worker a run is a row of transactions:
 *
 *	start		take the pipeline's lock, find the dead, choose the window,
 *				draw the id, take the run's lock, make the stage schema, insert
 *				the row that says running: one commit
 *	stages		one transaction for each step; its record commits with it
 *	publish		one transaction: loads and what follows them, deferred
 *				constraints, verdicts, the state "succeeded", the ledger. There
 *				is no other place that writes any of these for a success.
 *	after		calls that want the published state, one transaction each;
 *				those of failure when it came to nothing, those of finally in
 *				any case
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
 * What every transaction begins with is in tx.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/errctx.h"
#include "catalog/ledger.h"
#include "catalog/runlog.h"
#include "load/load.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "run/cleanup.h"
#include "run/engine.h"
#include "run/exchange.h"
#include "run/step.h"
#include "run/timeout.h"
#include "run/tx.h"
#include "stage/stage.h"
#include "storage/latch.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* how often a failure record is tried before only the log has it */
#define RECORD_TRIES 3

/* what a guarded function of this file needs */
typedef struct StepCall
{
	DqRun *run;
	DqStep *step;
} StepCall;

typedef struct FailureCall
{
	DqRun *run;
	ErrorData *error;
	bool will_retry;
	TimestampTz retry_at;
} FailureCall;

/*
 * show_activity: what pg_stat_activity says of this process.
 */
static void
show_activity(DqRun *run, const char *what)
{
	char text[512];

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
	StepCall *call = (StepCall *) arg;
	DqRun *run = call->run;
	DqStep *step = call->step;
	List *steps = run->pipeline->steps;
	MemoryContext old;

	show_activity(run, step->name);
	dq_tx_begin(true);
	old = MemoryContextSwitchTo(run->cxt);
	dq_step_execute(run, step);
	if (step->run_order < list_length(steps) && !run->finished)
	{
		DqStep *next = (DqStep *) list_nth(steps, step->run_order);

		if (next->phase <= DQ_PHASE_AFTER)
			dq_runlog_set_step(run->id, next->name);
	}
	MemoryContextSwitchTo(old);
	/* what is deferred may fail it until the commit is through */
	run->current = step;
	dq_tx_commit(step->phase != DQ_PHASE_STAGE);
	run->current = NULL;
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
	dq_tx_check_cancel();
	dq_step_store_verdicts(run, true);
	dq_exchange_publish(run);
	/* until they are dropped, the stages are there */
	dq_runlog_set_state(run->id, DQ_RUN_SUCCEEDED,
						run->schema != NULL && !run->is_inline);
	if (!run->window.partial)
		dq_ledger_add(run->pipeline->id, run->window.start, run->window.end);
}

/*
 * take_turns: at the targets of all loads of the run, before the first of
 * them, so that two runs with targets in common do not wait for each other.
 */
static void
take_turns(DqRun *run)
{
	List *loads = NIL;
	ListCell *lc;

	foreach(lc, run->pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (step->kind == DQ_LOAD)
			loads = lappend(loads, step->options);
	}
	dq_load_take_turns(loads);
}

/*
 * publish: all steps of the publish phase and the outcome, in one transaction.
 */
static void
publish(void *arg)
{
	DqRun *run = (DqRun *) arg;
	MemoryContext old;
	ListCell *lc;

	show_activity(run, "publish");
	dq_tx_begin(true);
	old = MemoryContextSwitchTo(run->cxt);
	take_turns(run);
	if (run->is_rebuild)
		dq_step_empty_targets(run);
	foreach(lc, run->pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (step->phase == DQ_PHASE_PUBLISH)
			dq_step_execute(run, step);
	}
	finish_publish(run);
	MemoryContextSwitchTo(old);
	dq_tx_commit(true);
	run->finished = true;
}

/*
 * attempt: what is left to do up to the publish; throws where it fails.
 */
static void
attempt(void *arg)
{
	DqRun *run = (DqRun *) arg;
	ListCell *lc;

	foreach(lc, run->pipeline->steps)
	{
		StepCall call = {run, (DqStep *) lfirst(lc)};

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
	DqRun *run = call->run;
	const char *step = run->current ? run->current->name : NULL;
	bool cancelled = dq_tx_cancel_requested;

	dq_tx_begin(false);
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
		dq_step_store_verdicts(run, false);
		/* it may have ended between two attempts */
		dq_runlog_set_attempt(run->id, run->attempt);
		dq_runlog_set_state(run->id,
							cancelled ? DQ_RUN_CANCELLED : DQ_RUN_FAILED,
							run->schema != NULL);
	}
	dq_tx_commit(true);
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
	int try;

	dq_tx_defer_cancel(true);
	for (try = 1; try <= RECORD_TRIES; try++)
	{
		ErrorData *second = dq_errctx_try(write_failure, &call);

		if (second == NULL)
			break;
		dq_tx_abort();
		ereport(LOG,
				(errmsg("could not record the failure of run " INT64_FORMAT ": %s",
						run->id, second->message),
				 errdetail("The run failed with: %s", error->message)));
		if (second->sqlerrcode == ERRCODE_UNDEFINED_OBJECT ||
			second->sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
			break;
	}
	dq_tx_defer_cancel(false);
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
		long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
													at);

		CHECK_FOR_INTERRUPTS();
		dq_tx_check_cancel();
		if (dq_timeout_run_is_over())
			ereport(ERROR,
					(errcode(ERRCODE_QUERY_CANCELED),
					 errmsg("canceling the run due to its timeout")));
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
	DqRun *run = (DqRun *) arg;

	dq_tx_begin(false);
	dq_runlog_set_attempt(run->id, run->attempt);
	dq_tx_commit(true);
}

/*
 * another_attempt: does the policy of the step that failed, or else of the
 * pipeline, want another attempt? Then *at is when.
 */
static bool
another_attempt(DqRun *run, const ErrorData *error, TimestampTz *at)
{
	const DqPolicy *common = run->pipeline->policy;
	const DqPolicy *own = run->current ? run->current->policy : NULL;
	bool counts_own = own != NULL && own->retries >= 0;
	int n = counts_own ? ++run->failures[run->current->run_order - 1] :
						 ++run->other_failures;

	*at = 0;
	if (dq_tx_cancel_requested || dq_timeout_run_is_over() ||
		n > (counts_own ? own->retries : common->retries) ||
		!dq_policy_may_retry(own, common, error->sqlerrcode))
		return false;
	*at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
									  dq_policy_delay(own, common, n));
	return true;
}

/*
 * write_left_out: the record of a step that the run goes on without.
 */
static void
write_left_out(void *arg)
{
	FailureCall *call = (FailureCall *) arg;

	dq_tx_begin(false);
	dq_runlog_add_step(call->run->id, call->run->attempt, call->run->current,
					   "failed", call->run->step_started, NULL,
					   call->error->message);
	dq_tx_commit(true);
}

/*
 * leave_out: go on without the step that failed, if its policy says so; false
 * when it does not. In publish that is decided in its transaction (step.c).
 */
static bool
leave_out(DqRun *run, ErrorData *error)
{
	FailureCall call = {run, error, false, 0};
	DqStep *step = run->current;

	if (step == NULL || step->policy->on_failure == DQ_FAILURE_FAIL ||
		step->phase > DQ_PHASE_STAGE || dq_tx_cancel_requested ||
		dq_timeout_run_is_over())
		return false;
	if (dq_tx_guarded(run->cxt, write_left_out, &call) != NULL)
		return false;
	run->done[step->run_order - 1] = true;
	dq_step_note_missing(run, step);
	run->current = NULL;
	return true;
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
		ErrorData *error = dq_tx_guarded(run->cxt, attempt, run);
		TimestampTz retry_at;
		bool again;

		if (error == NULL)
			return NULL;
		dq_timeout_stop_step();
		dq_timeout_explain(run, error);
		again = another_attempt(run, error, &retry_at);
		if (!again && leave_out(run, error))
			continue;
		record_failure(run, error, again, retry_at);
		if (!again)
			return error;
		run->current = NULL;
		error = dq_tx_guarded(run->cxt, wait_until, &retry_at);
		run->attempt++;
		if (error == NULL)
			error = dq_tx_guarded(run->cxt, begin_attempt, run);
		if (error != NULL)
		{
			dq_timeout_explain(run, error);
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
	ListCell *lc;

	foreach(lc, run->pipeline->steps)
	{
		StepCall call = {run, (DqStep *) lfirst(lc)};
		ErrorData *error;

		if (call.step->phase != DQ_PHASE_AFTER)
			continue;
		error = dq_tx_guarded(run->cxt, run_one, &call);
		dq_timeout_stop_step();
		if (error == NULL)
			continue;
		dq_timeout_explain(run, error);
		record_failure(run, error, false, 0);
		run->note = psprintf("step \"%s\" after the publish failed: %s",
							 call.step->name, error->message);
		return;
	}
}

/*
 * write_hook_failure: a call of phase failure or finally failed.
 */
static void
write_hook_failure(void *arg)
{
	FailureCall *call = (FailureCall *) arg;
	DqRun *run = call->run;

	dq_tx_begin(false);
	dq_runlog_add_step(run->id, run->attempt, run->current, "failed",
					   run->step_started, NULL, call->error->message);
	dq_tx_commit(true);
}

/*
 * run_hooks: the calls of a phase that follows the end of the run. Its state
 * is stored and stays; one that fails does not keep the others from running.
 */
static void
run_hooks(DqRun *run, DqPhase phase)
{
	ListCell *lc;

	foreach(lc, run->pipeline->steps)
	{
		StepCall call = {run, (DqStep *) lfirst(lc)};
		FailureCall failure = {run, NULL, false, 0};

		if (call.step->phase != phase)
			continue;
		/* a cancel of the run is not one of these */
		dq_tx_cancel_requested = false;
		QueryCancelPending = false;
		failure.error = dq_tx_guarded(run->cxt, run_one, &call);
		dq_timeout_stop_step();
		if (failure.error == NULL)
			continue;
		run->current = call.step;
		dq_timeout_explain(run, failure.error);
		ereport(LOG,
				(errmsg("step \"%s\" of phase %s of run " INT64_FORMAT " failed: %s",
						call.step->name, dq_pipeline_phase_name(phase),
						run->id, failure.error->message)));
		(void) dq_tx_guarded(run->cxt, write_hook_failure, &failure);
		run->current = NULL;
		if (run->note == NULL)
			run->note = psprintf("step \"%s\" of phase %s failed: %s",
								 call.step->name,
								 dq_pipeline_phase_name(phase),
								 failure.error->message);
	}
}

/*
 * dq_engine_execute: a started run in a worker, to its end; NULL when it
 * published, else why it did not. Everything is recorded on return.
 */
ErrorData *
dq_engine_execute(DqRun *run)
{
	ErrorData *error;

	dq_timeout_start_run(run->pipeline->policy->timeout_ms);
	error = attempt_with_retries(run);
	dq_timeout_stop_run();
	if (error == NULL)
		run_after(run);
	else
		run_hooks(run, DQ_PHASE_FAILURE);
	run_hooks(run, DQ_PHASE_FINALLY);
	/* what is left is nobody's wish to stop */
	dq_tx_defer_cancel(true);
	dq_cleanup_stages(run, error == NULL);
	pgstat_report_activity(STATE_IDLE, NULL);
	return error;
}

/*
 * execute_inline: a started run in the caller's transaction. Nothing follows
 * an error, which is the caller's.
 */
static void
execute_inline(void *arg)
{
	DqRun *run = (DqRun *) arg;
	bool turn = false;
	ListCell *lc;

	foreach(lc, run->pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (step->phase > DQ_PHASE_PUBLISH)
			continue;
		if (step->phase == DQ_PHASE_PUBLISH && !turn)
		{
			take_turns(run);
			turn = true;
		}
		dq_step_execute(run, step);
	}
	finish_publish(run);
	run->finished = true;
	foreach(lc, run->pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (step->phase == DQ_PHASE_AFTER || step->phase == DQ_PHASE_FINALLY)
			dq_step_execute(run, step);
	}
	if (run->schema != NULL)
	{
		while (!dq_stage_drop(run->id, DQ_STAGE_DROP_BATCH))
			CommandCounterIncrement();
	}
}

/*
 * dq_engine_execute_inline: a started run in the caller's transaction. Its
 * timers must not outlive an error that the caller handles.
 */
void
dq_engine_execute_inline(DqRun *run)
{
	ErrorData *error;

	dq_timeout_start_run(run->pipeline->policy->timeout_ms);
	error = dq_errctx_try(execute_inline, run);
	dq_timeout_stop_step();
	dq_timeout_stop_run();
	if (error == NULL)
		return;
	dq_timeout_explain(run, error);
	dq_errctx_rethrow(error);
}

/*
 * dq_engine_record_exit: the process was told to end in the middle of a run
 * (FATAL); called while it can still write. Afterwards the run is failed with
 * 57P01 instead of being found dead later.
 */
void
dq_engine_record_exit(DqRun *run)
{
	ErrorData error = {0};
	FailureCall call = {run, &error, false, 0};

	/* published: only a call that follows is left to tell of */
	if (run->finished && run->current == NULL)
		return;
	error.sqlerrcode = ERRCODE_ADMIN_SHUTDOWN;
	error.message = "terminating the run due to administrator command";
	AbortOutOfAnyTransaction();
	if (dq_errctx_try(write_failure, &call) != NULL)
		AbortOutOfAnyTransaction();
}
