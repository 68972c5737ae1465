/*
 * diff.h
 *	  Bringing rows into a target by their key: which differ, and writing
 *	  these.
 */
#ifndef DQ_DIFF_H
#define DQ_DIFF_H

#include "load/task.h"

/*
 * Check the batch (check.h) and bring its rows into the target, with one look
 * at it where that is possible. Adds to the counts what dq_check_batch and
 * dq_diff_write do.
 */
extern void dq_diff_load(DqTask *task, DqLoadCounts *counts);

/*
 * Bring the live rows of a checked batch into the target: new keys inserted,
 * changed rows updated where the task has columns to update, the rest
 * untouched. Adds inserted, updated, suppressed and rejected to the counts.
 * Through the unique index of the key (ON CONFLICT) where there is one.
 */
extern void dq_diff_write(DqTask *task, DqLoadCounts *counts);

/*
 * SQL: does the row "right" of the target give way to the row "left" of the
 * batch? NULL: always. Sequence and guard decide.
 */
extern char *dq_diff_wins(const DqTask *task, const char *left,
						  const char *right);

/* SQL: do they differ in a column that is compared? NULL: there is none. */
extern char *dq_diff_changed(const DqTask *task, const char *left,
							 const char *right);

/* SQL: "a = left.a, ..." of the columns that are updated; NULL: none */
extern char *dq_diff_assignments(const DqTask *task, const char *left,
								 const char *right);

/* "ONLY " where rows of inheritance children are not meant */
extern const char *dq_diff_only(const DqTask *task);

#endif /* DQ_DIFF_H */
