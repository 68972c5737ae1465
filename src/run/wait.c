/*
 * wait.c
 *	  The one wait primitive: sleep on the latch without hiding a deadlock.
 *
 * A process that waits on a latch is invisible to the server's deadlock
 * detector: if the one it waits for needs a lock that it holds itself,
 * directly or because a third one queues between them, nothing would ever
 * end. So every deadlock_timeout the waits of the other process are followed
 * through pg_blocking_pids, which knows granted locks and places in queues;
 * if they lead back here, the wait ends with 40P01. Sleeps of this kind are
 * part of the chain (the step of one run may wait for another run, and the
 * other way round): from the first look on, each shows by a lock for whom it
 * sleeps (lock.c). That lock ends with the wait or with the transaction.
 */
#include "postgres.h"

#include "catalog/runlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "run/lock.h"
#include "run/wait.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* longer chains than this are not followed */
#define MAX_CHAIN 64

/* how long, and how often looked at, a run may clean up before it is called
 * running */
#define CLEANUP_LIMIT_MS 10000
#define CLEANUP_POLL_MS 5L

/*
 * schedule_look: the next look for a deadlock.
 */
static void
schedule_look(DqWait *wait)
{
	wait->next_look = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
												  DeadlockTimeout);
}

/*
 * dq_wait_begin: start waiting.
 */
void
dq_wait_begin(DqWait *wait)
{
	wait->shown = 0;
	schedule_look(wait);
}

/*
 * dq_wait_end: the wait is over.
 */
void
dq_wait_end(DqWait *wait)
{
	if (wait->shown != 0)
		dq_lock_wait_hide(wait->shown);
	wait->shown = 0;
}

/*
 * show_wait: let others see for whom this process sleeps.
 */
static void
show_wait(DqWait *wait, int pid)
{
	if (wait->shown == pid)
		return;
	dq_wait_end(wait);
	dq_lock_wait_show(pid);
	wait->shown = pid;
}

/*
 * blockers_of: whom a process waits for, in a lock queue or asleep; a List of
 * int.
 */
static List *
blockers_of(int pid)
{
	List *result = dq_lock_wait_targets(pid);
	Datum blockers = DirectFunctionCall1(pg_blocking_pids,
										 Int32GetDatum(pid));
	ArrayType *array = DatumGetArrayTypeP(blockers);
	int32 *pids = (int32 *) ARR_DATA_PTR(array);
	int n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int i;

	for (i = 0; i < n; i++)
		result = list_append_unique_int(result, pids[i]);
	return result;
}

/*
 * waits_for_me: does process pid wait, through any number of others, for this
 * process?
 */
static bool
waits_for_me(int pid)
{
	List *todo = list_make1_int(pid);
	int next;

	for (next = 0; next < list_length(todo) && next < MAX_CHAIN; next++)
	{
		List *blockers = blockers_of(list_nth_int(todo, next));

		if (list_member_int(blockers, MyProcPid))
			return true;
		todo = list_concat_unique_int(todo, blockers);
	}
	return false;
}

/*
 * refuse_deadlock: 40P01.
 */
static void
refuse_deadlock(int pid, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_DEADLOCK_DETECTED),
			 errmsg("deadlock detected"),
			 errdetail("This session waits for %s, whose process %d waits for this session.",
					   what, pid),
			 errhint("COMMIT or ROLLBACK before calling, or do not wait for the result: wait => false.")));
}

/*
 * look_for_deadlock: in a memory context of its own, since a wait may take
 * days.
 */
static void
look_for_deadlock(int pid, const char *what)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "dq_etl wait",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	bool found = waits_for_me(pid);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	if (found)
		refuse_deadlock(pid, what);
}

/*
 * dq_wait_sleep: sleep until the latch is set or max_ms passed, at most until
 * the next look for a deadlock with process pid (0: none known). Handles
 * interrupts. "what" names the thing waited for in the message of 40P01.
 */
void
dq_wait_sleep(DqWait *wait, int pid, long max_ms, const char *what)
{
	long until_look =
		TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
										wait->next_look);

	if (pid == MyProcPid)
		refuse_deadlock(pid, what);
	CHECK_FOR_INTERRUPTS();
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Max(1, Min(max_ms, until_look)), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();

	if (GetCurrentTimestamp() < wait->next_look)
		return;
	if (pid != 0)
	{
		show_wait(wait, pid);
		look_for_deadlock(pid, what);
	}
	schedule_look(wait);
}

/*
 * only_cleans_up: is the run of a process over by what everybody can read?
 * Not so a run that is inline in an open transaction.
 */
static bool
only_cleans_up(int pid)
{
	int64 run_id = dq_lock_run_of(pid);
	DqRunRow row;

	return run_id != 0 && dq_runlog_read(run_id, &row) &&
		   strcmp(row.state, dq_runlog_state_name(DQ_RUN_RUNNING)) != 0;
}

/*
 * dq_wait_cleanup: who has seen a run end in its record shall be able to start
 * the next one, or drop the pipeline, although the process of the run has its
 * locks until the stages are gone. Waits for that, a few seconds at most.
 */
void
dq_wait_cleanup(int64 pipeline_id)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													CLEANUP_LIMIT_MS);
	DqWait waiting;
	int pid;

	dq_wait_begin(&waiting);
	while ((pid = dq_lock_pipeline_holder(pipeline_id)) != 0 &&
		   pid != MyProcPid && only_cleans_up(pid) &&
		   GetCurrentTimestamp() < until)
		dq_wait_sleep(&waiting, pid, CLEANUP_POLL_MS, "a run that cleans up");
	dq_wait_end(&waiting);
}
