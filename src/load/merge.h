/*
 * merge.h
 *	  Upsert, and upsert with deletes.
 */
#ifndef DQ_MERGE_H
#define DQ_MERGE_H

#include "load/task.h"

extern void dq_merge_upsert(DqTask *task, DqLoadCounts *counts);
extern void dq_merge_validate(DqTask *task);
extern void dq_merge_run(DqTask *task, DqLoadCounts *counts);

#endif /* DQ_MERGE_H */
