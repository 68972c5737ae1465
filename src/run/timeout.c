/*
 * timeout.c
 *	  How long a step and a run may take: timers of the process.
 *
 * A timer that fires cancels the statement under way as a cancel by a person
 * does, and leaves a mark, by which the error is told from such a cancel.
 */
#include "postgres.h"

#include "base/dq_etl.h"
#include "miscadmin.h"
#include "run/timeout.h"
#include "run/tx.h"
#include "storage/latch.h"
#include "utils/timeout.h"

static bool registered = false;
static TimeoutId step_timer;
static TimeoutId run_timer;

/* set by the handlers */
static volatile sig_atomic_t step_is_over = false;
static volatile sig_atomic_t run_is_over = false;

/*
 * interrupt: cancel what this process does, unless it records how the run
 * ends.
 */
static void
interrupt(void)
{
	if (dq_tx_cancel_deferred)
		return;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

/*
 * step_fired, run_fired: handlers, called from a signal handler.
 */
static void
step_fired(void)
{
	step_is_over = true;
	interrupt();
}

static void
run_fired(void)
{
	run_is_over = true;
	interrupt();
}

/*
 * start: arm a timer; there are two of them in a process.
 */
static void
start(TimeoutId *timer, volatile sig_atomic_t *mark, int64 ms)
{
	if (!registered)
	{
		step_timer = RegisterTimeout(USER_TIMEOUT, step_fired);
		run_timer = RegisterTimeout(USER_TIMEOUT, run_fired);
		registered = true;
	}
	*mark = false;
	disable_timeout(*timer, false);
	if (ms > 0)
		enable_timeout_after(*timer, (int) Min(ms, PG_INT32_MAX));
}

/*
 * dq_timeout_start_run: see timeout.h.
 */
void
dq_timeout_start_run(int64 ms)
{
	start(&run_timer, &run_is_over, ms);
}

/*
 * dq_timeout_start_step: see timeout.h.
 */
void
dq_timeout_start_step(int64 ms)
{
	start(&step_timer, &step_is_over, ms);
}

/*
 * dq_timeout_stop_step: see timeout.h.
 */
void
dq_timeout_stop_step(void)
{
	if (registered)
		disable_timeout(step_timer, false);
}

/*
 * dq_timeout_stop_run: see timeout.h.
 */
void
dq_timeout_stop_run(void)
{
	if (registered)
		disable_timeout(run_timer, false);
}

/*
 * dq_timeout_run_is_over: see timeout.h.
 */
bool
dq_timeout_run_is_over(void)
{
	return run_is_over;
}

/*
 * length_text: milliseconds as people say them.
 */
static char *
length_text(int64 ms)
{
	if (ms % 60000 == 0)
		return psprintf(INT64_FORMAT " min", ms / 60000);
	if (ms % 1000 == 0)
		return psprintf(INT64_FORMAT " s", ms / 1000);
	return psprintf(INT64_FORMAT " ms", ms);
}

/*
 * dq_timeout_explain: see timeout.h.
 */
void
dq_timeout_explain(const DqRun *run, ErrorData *error)
{
	bool step_timed_out = step_is_over && run->current != NULL;
	int64 limit;

	step_is_over = false;
	if (error->sqlerrcode != ERRCODE_QUERY_CANCELED)
		return;
	if (!run_is_over && !step_timed_out)
		return;
	limit = run_is_over ? run->pipeline->policy->timeout_ms :
						  run->current->policy->timeout_ms;
	error->message = psprintf("%s took longer than its timeout of %s",
							  run_is_over ? "the run" :
											psprintf("step \"%s\"",
													 run->current->name),
							  length_text(limit));
	error->sqlerrcode = ERRCODE_DQ_TIMEOUT;
	error->hint = pstrdup("Find out what it waited for or worked at, or raise timeout in the definition.");
}
