/*
 * batch.h
 *	  The rows of a stage as the target would store them.
 */
#ifndef DQ_BATCH_H
#define DQ_BATCH_H

#include "lib/stringinfo.h"
#include "load/task.h"

typedef enum DqBatchRows
{
	DQ_BATCH_ALL,
	DQ_BATCH_LIVE, /* without those that only delete */
	DQ_BATCH_DELETES /* only those */
} DqBatchRows;

/*
 * SQL of a FROM item: the rows of the batch after assignment, duplicates
 * resolved and what lies outside the window left out; columns by their
 * "output" names.
 */
extern char *dq_batch_rows(const DqTask *task, DqBatchRows which,
						   const char *alias);

/* SQL: does a row lie in the window of the run? never NULL */
extern char *dq_batch_in_window(const DqTask *task, const char *alias);

/* the type by which rows lie in a window, of window_column */
extern Oid dq_batch_window_type(const DqTask *task);

/* SQL of a bound of the window in the type of window_column */
extern char *dq_batch_bound(const DqTask *task, TimestampTz bound);

/* may a batch of this load hold rows of the window only? */
extern bool dq_batch_has_window(const DqTask *task);

/* are rows outside it left out, instead of an error? */
extern bool dq_batch_drops_outside(const DqTask *task);

/*
 * The stage, converted, as a FROM item; nothing is left out. A user's
 * condition in it finds the columns of the stage by their names, or after the
 * name of the step.
 */
extern void dq_batch_append_stage(StringInfo sql, const DqTask *task,
								  const char *alias);

#endif /* DQ_BATCH_H */
