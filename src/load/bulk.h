/*
 * bulk.h
 *	  Putting many rows into a table at a time.
 */
#ifndef DQ_BULK_H
#define DQ_BULK_H

#include "executor/tuptable.h"
#include "load/task.h"

typedef struct DqBulk DqBulk;

/* why it cannot be, as a clause about the target; NULL when it can */
extern const char *dq_bulk_refusal(const DqTask *task);

/*
 * Begin; rows are then put one by one, with the values of task->columns in
 * front. What an INSERT would check is checked: 23502, 23505, 23514, 23P01.
 * dq_bulk_end writes what is left and returns the number of rows.
 */
extern DqBulk *dq_bulk_begin(const DqTask *task);
extern void dq_bulk_put(DqBulk *bulk, TupleTableSlot *row);
extern int64 dq_bulk_end(DqBulk *bulk);

#endif /* DQ_BULK_H */
