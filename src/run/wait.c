/*
 * wait.c
 *	  The one wait primitive: sleep on the latch without hiding a deadlock.
 *
 * A process that waits on a latch is invisible to the server's deadlock
 * detector: if the one it waits for needs a lock that it holds itself,
 * directly or because a third one queues between them, nothing would ever
 * end. So every deadlock_timeout the waits of the other process are followed
 * through pg_blocking_pids, which knows granted locks and places in queues;
 * if they lead back here, the wait ends with 40P01.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "run/wait.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* longer chains than this are not followed */
#define MAX_CHAIN 64

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
	schedule_look(wait);
}

/*
 * waits_for_me: does process pid wait, through any number of others, for a
 * lock of this process?
 */
static bool
waits_for_me(int pid)
{
	int todo[MAX_CHAIN];
	int count = 1;
	int next;

	todo[0] = pid;
	for (next = 0; next < count; next++)
	{
		Datum blockers = DirectFunctionCall1(pg_blocking_pids,
											 Int32GetDatum(todo[next]));
		ArrayType *array = DatumGetArrayTypeP(blockers);
		int32 *pids = (int32 *) ARR_DATA_PTR(array);
		int n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
		int i;

		for (i = 0; i < n; i++)
		{
			int k;

			if (pids[i] == MyProcPid)
				return true;
			for (k = 0; k < count && todo[k] != pids[i]; k++)
				;
			if (k == count && count < MAX_CHAIN && pids[i] != 0)
				todo[count++] = pids[i];
		}
		pfree(array);
	}
	return false;
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

	CHECK_FOR_INTERRUPTS();
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Max(1, Min(max_ms, until_look)), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();

	if (GetCurrentTimestamp() < wait->next_look)
		return;
	if (pid != 0 && waits_for_me(pid))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_DEADLOCK_DETECTED),
				 errmsg("deadlock detected"),
				 errdetail("This session waits for %s, and process %d of it waits for a lock of this session's transaction.",
						   what, pid),
				 errhint("COMMIT or ROLLBACK before calling, or do not wait for the result: wait => false.")));
	schedule_look(wait);
}
