/*
 * lock.c
 *	  Locks that tell the living from the dead, and keep two runs of one
 *	  pipeline apart.
 *
 * A process that executes a run holds an advisory lock for the run and one for
 * its pipeline. The tag's fourth field is a class that SQL's own functions
 * cannot produce, so nobody can take or squat them; the tag contains the
 * database, so a copy of a database has locks of its own.
 *
 * 1. Session-level advisory locks survive aborts and are released when the
 *    process ends, however it ends. Locks of the standard method are dropped
 *    by every top-level abort and survive an exit outside a transaction:
 *    neither would do.
 * 2. pg_advisory_unlock_all() in a step's SQL releases ours too. Therefore
 *    they are re-taken after every statement of a user, and a run is dead only
 *    when its lock is free *and* no backend with the recorded pid and start
 *    time lives.
 * 3. Probing reads the lock table. A probe that acquired would make the
 *    conditional lock of somebody who starts fail.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "base/compat.h"
#include "base/dq_etl.h"
#include "miscadmin.h"
#include "run/lock.h"
#include "storage/lock.h"
#include "storage/procarray.h"

/*
 * set_tag: the tag of a 64-bit id of a class.
 */
static void
set_tag(LOCKTAG *tag, int64 id, uint16 class)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId,
						 (uint32) ((uint64) id >> 32), (uint32) id, class);
}

/*
 * try_lock: take a lock without waiting.
 */
static bool
try_lock(int64 id, uint16 class, bool session)
{
	LOCKTAG tag;

	set_tag(&tag, id, class);
	return LockAcquire(&tag, ExclusiveLock, session, true) !=
		   LOCKACQUIRE_NOT_AVAIL;
}

/*
 * dq_lock_pipeline_try: become the one process that runs a pipeline; false
 * when another one does.
 */
bool
dq_lock_pipeline_try(int64 pipeline_id, bool session)
{
	return try_lock(pipeline_id, DQ_LOCK_PIPELINE, session);
}

/*
 * dq_lock_run_try: mark a run as executed by this process.
 */
bool
dq_lock_run_try(int64 run_id, bool session)
{
	return try_lock(run_id, DQ_LOCK_RUN, session);
}

/*
 * reassert_one: see that a session lock is still held, else take it again.
 */
static void
reassert_one(int64 id, uint16 class)
{
	LOCKTAG tag;

	set_tag(&tag, id, class);
	if (!dq_compat_lock_held(&tag, ExclusiveLock) &&
		!try_lock(id, class, true))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the lock of the run was released by a step and taken by another process")));
}

/*
 * dq_lock_reassert: after a statement of a user (invariant 2).
 */
void
dq_lock_reassert(int64 pipeline_id, int64 run_id)
{
	reassert_one(pipeline_id, DQ_LOCK_PIPELINE);
	reassert_one(run_id, DQ_LOCK_RUN);
}

/*
 * dq_lock_release: give the session locks back; those not held are skipped.
 */
void
dq_lock_release(int64 pipeline_id, int64 run_id)
{
	LOCKTAG tag;

	set_tag(&tag, pipeline_id, DQ_LOCK_PIPELINE);
	if (dq_compat_lock_held(&tag, ExclusiveLock))
		(void) LockRelease(&tag, ExclusiveLock, true);
	set_tag(&tag, run_id, DQ_LOCK_RUN);
	if (run_id != 0 && dq_compat_lock_held(&tag, ExclusiveLock))
		(void) LockRelease(&tag, ExclusiveLock, true);
}

/*
 * dq_lock_start_try: become the one session that starts a worker for a
 * pipeline; false when another one does.
 */
bool
dq_lock_start_try(int64 pipeline_id)
{
	return try_lock(pipeline_id, DQ_LOCK_START, false);
}

/*
 * dq_lock_start_release: let others start it; nothing when it is not held.
 */
void
dq_lock_start_release(int64 pipeline_id)
{
	LOCKTAG tag;

	set_tag(&tag, pipeline_id, DQ_LOCK_START);
	if (dq_compat_lock_held(&tag, ExclusiveLock))
		(void) LockRelease(&tag, ExclusiveLock, false);
}

/*
 * dq_lock_wait_show: a share lock that says for whom this process sleeps.
 * Nobody ever waits for it.
 */
void
dq_lock_wait_show(int pid)
{
	LOCKTAG tag;

	set_tag(&tag, pid, DQ_LOCK_WAIT);
	(void) LockAcquire(&tag, ShareLock, false, true);
}

/*
 * dq_lock_wait_hide: the sleep is over.
 */
void
dq_lock_wait_hide(int pid)
{
	LOCKTAG tag;

	set_tag(&tag, pid, DQ_LOCK_WAIT);
	if (dq_compat_lock_held(&tag, ShareLock))
		(void) LockRelease(&tag, ShareLock, false);
}

/*
 * dq_lock_wait_targets: for whom a process sleeps; a List of int.
 */
List *
dq_lock_wait_targets(int pid)
{
	LockData *locks = GetLockStatusData();
	List *targets = NIL;
	int i;

	for (i = 0; i < locks->nelements; i++)
	{
		LOCKTAG *tag = &locks->locks[i].locktag;

		if (locks->locks[i].pid == pid &&
			locks->locks[i].holdMask != 0 &&
			tag->locktag_type == LOCKTAG_ADVISORY &&
			tag->locktag_field1 == MyDatabaseId &&
			tag->locktag_field4 == DQ_LOCK_WAIT)
			targets = lappend_int(targets, (int) tag->locktag_field3);
	}
	return targets;
}

/*
 * find_holder: pid of the process that holds a lock, 0 when none does.
 */
static int
find_holder(int64 id, uint16 class)
{
	LOCKTAG tag;
	LockData *locks = GetLockStatusData();
	int i;

	set_tag(&tag, id, class);
	for (i = 0; i < locks->nelements; i++)
	{
		LockInstanceData *lock = &locks->locks[i];

		if (memcmp(&lock->locktag, &tag, sizeof(LOCKTAG)) == 0 &&
			(lock->holdMask & LOCKBIT_ON(ExclusiveLock)) != 0)
			return lock->pid;
	}
	return 0;
}

/*
 * dq_lock_pipeline_holder: pid of the process that runs a pipeline, or 0.
 */
int
dq_lock_pipeline_holder(int64 pipeline_id)
{
	return find_holder(pipeline_id, DQ_LOCK_PIPELINE);
}

/*
 * dq_lock_start_holder: pid of the session that starts a worker for a
 * pipeline, or 0.
 */
int
dq_lock_start_holder(int64 pipeline_id)
{
	return find_holder(pipeline_id, DQ_LOCK_START);
}

/*
 * dq_lock_run_holder: pid of the process that executes a run, or 0.
 */
int
dq_lock_run_holder(int64 run_id)
{
	return find_holder(run_id, DQ_LOCK_RUN);
}

/*
 * dq_lock_run_of: the run whose lock a process holds, or 0.
 */
int64
dq_lock_run_of(int pid)
{
	LockData *locks = GetLockStatusData();
	int i;

	for (i = 0; i < locks->nelements; i++)
	{
		LOCKTAG *tag = &locks->locks[i].locktag;

		if (locks->locks[i].pid == pid &&
			(locks->locks[i].holdMask & LOCKBIT_ON(ExclusiveLock)) != 0 &&
			tag->locktag_type == LOCKTAG_ADVISORY &&
			tag->locktag_field1 == MyDatabaseId &&
			tag->locktag_field4 == DQ_LOCK_RUN)
			return (int64) ((uint64) tag->locktag_field2 << 32 |
							tag->locktag_field3);
	}
	return 0;
}

/*
 * backend_lives: is there a backend with this pid that started then?
 */
static bool
backend_lives(int pid, TimestampTz backend_start)
{
	int count;
	int i;

	if (pid == 0 || BackendPidGetProc(pid) == NULL)
		return false;
	pgstat_clear_backend_activity_snapshot();
	count = pgstat_fetch_stat_numbackends();
	for (i = 1; i <= count; i++)
	{
		LocalPgBackendStatus *local = dq_compat_local_backend(i);

		if (local != NULL &&
			local->backendStatus.st_procpid == pid &&
			local->backendStatus.st_proc_start_timestamp == backend_start)
			return true;
	}
	return false;
}

/*
 * dq_lock_run_is_alive: does the process that executes a run still live
 * (invariant 2)? A standby cannot know, and believes the primary.
 */
bool
dq_lock_run_is_alive(int64 run_id, int pid, TimestampTz backend_start)
{
	return RecoveryInProgress() ||
		   find_holder(run_id, DQ_LOCK_RUN) != 0 ||
		   backend_lives(pid, backend_start);
}
