/*
 * block.c
 *	  Locks on the target beyond those of its statements.
 *
 * Whoever waits for a strong lock makes everybody wait who comes after. So the
 * lock is asked for briefly, again and again, with pauses in which the others
 * pass, until the load's lock_timeout is over.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/errctx.h"
#include "catalog/objectaddress.h"
#include "load/block.h"
#include "load/target.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* how long others wait behind us, and how long they then have (ms) */
#define TRY_MS 200
#define PAUSE_MS 300

typedef struct LockTry
{
	Oid relid;
	LOCKMODE mode;
	int wait; /* milliseconds */
} LockTry;

/*
 * try_lock: wait a little for the lock; 55P03. "arg" is a LockTry.
 */
static void
try_lock(void *arg)
{
	LockTry *call = (LockTry *) arg;
	char value[32];
	int level = NewGUCNestLevel();

	snprintf(value, sizeof(value), "%d", Max(call->wait, 1));
	(void) set_config_option("lock_timeout", value, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	LockRelationOid(call->relid, call->mode);
	AtEOXact_GUC(false, level);
}

/*
 * let_pass: let the others pass.
 */
static void
let_pass(void)
{
	(void) WaitLatch(MyLatch,
					 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 PAUSE_MS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * check_allowed: 42501. Nobody shall hold up others who could not write.
 */
static void
check_allowed(Oid relid)
{
	AclResult allowed = pg_class_aclcheck(relid, GetUserId(),
										  ACL_UPDATE | ACL_DELETE |
											  ACL_TRUNCATE);

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed,
					   get_relkind_objtype(get_rel_relkind(relid)),
					   get_rel_name(relid));
}

/*
 * dq_block_relation: see block.h.
 */
void
dq_block_relation(Oid relid, LOCKMODE mode, int timeout)
{
	TimestampTz start = GetCurrentTimestamp();

	check_allowed(relid);
	for (;;)
	{
		long left = timeout - TimestampDifferenceMilliseconds(
								  start, GetCurrentTimestamp());
		LockTry call = {relid, mode, (int) Min(left, TRY_MS)};
		ErrorData *error = dq_errctx_try_subxact(try_lock, &call);

		if (error == NULL)
			return;
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE ||
			left <= TRY_MS)
			dq_errctx_rethrow(error);
		let_pass();
	}
}

/*
 * dq_block_check_snapshot: see block.h. A transaction that keeps its snapshot
 * would not see what was written before the lock was there.
 */
void
dq_block_check_snapshot(const DqTask *task)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s in mode \"%s\" cannot run in a transaction that keeps its snapshot",
						task->what, task->options->mode),
				 errhint("BEGIN ISOLATION LEVEL READ COMMITTED;")));
}

/*
 * dq_block_writers: see block.h.
 */
void
dq_block_writers(DqTask *task)
{
	dq_block_check_snapshot(task);
	dq_block_relation(RelationGetRelid(task->target), ShareRowExclusiveLock,
					  task->options->lock_timeout);
}
