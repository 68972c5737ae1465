/*
 * truncation.h
 *	  Rows of a batch that empty the target: truncate_when.
 */
#ifndef DQ_TRUNCATION_H
#define DQ_TRUNCATION_H

#include "load/task.h"

typedef struct DqTruncation
{
	int64 truncating; /* rows of the stage that empty the target */
	int64 others;
} DqTruncation;

/*
 * Look for such rows before the batch is looked at; says in task->truncates
 * whether there are any. 23502 when one has no place in the sequence.
 */
extern void dq_truncation_find(DqTask *task, DqTruncation *found);

/*
 * SQL: does a row of the stage, called "stage", outlive them? Never NULL. For
 * tasks that truncate.
 */
extern char *dq_truncation_outlived(const DqTask *task, const char *stage);

/* SQL: is a row of the target older than the last of them? Never NULL. */
extern char *dq_truncation_overrides(const DqTask *task, const char *target);

#endif /* DQ_TRUNCATION_H */
