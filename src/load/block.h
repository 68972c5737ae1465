/*
 * block.h
 *	  Locks on the target beyond those of its statements.
 */
#ifndef DQ_BLOCK_H
#define DQ_BLOCK_H

#include "load/task.h"
#include "storage/lockdefs.h"

/*
 * Hold up other writers of the target until the end of the transaction;
 * readers go on (SHARE ROW EXCLUSIVE). 55P03 when that takes longer than the
 * load's lock_timeout, 25001 when the snapshot of the transaction is older.
 */
extern void dq_block_writers(DqTask *task);

/* 25001 when the snapshot of the transaction is older than any lock of ours */
extern void dq_block_check_snapshot(const DqTask *task);

/*
 * Any lock on any relation, without a look at the snapshot. As for LOCK TABLE,
 * one must be allowed to write what is there, or own it: 42501.
 */
extern void dq_block_relation(Oid relid, LOCKMODE mode, int timeout);

#endif /* DQ_BLOCK_H */
