/*
 * history.h
 *	  The versions of keys in a target, brought in line with a batch.
 */
#ifndef DQ_HISTORY_H
#define DQ_HISTORY_H

#include "load/task.h"

typedef struct DqHistory
{
	DqTask *task; /* its columns include valid_from */
	DqKey *entity; /* the key without valid_from */
	DqKey *start; /* valid_from alone */
	Oid type; /* of valid_from and valid_to, below domains */
	List *carried; /* of DqCarried *: what the batch lacks, see carry.h */
	bool closes_missing; /* keys that the batch lacks end with the window */
	bool is_tracked_all; /* the sequence counts as content, too */
} DqHistory;

/*
 * Write what the batch says into the versions that are there: inserted,
 * updated, closed, deleted, suppressed, unchanged. The caller has checked the
 * batch and holds other writers up. QE004 when too many keys are missing.
 */
extern void dq_history_write(const DqHistory *history, DqLoadCounts *counts);

#endif /* DQ_HISTORY_H */
