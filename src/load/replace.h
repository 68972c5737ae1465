/*
 * replace.h
 *	  Loads that delete a part of the target, or all of it, and insert the
 *	  batch in its place.
 */
#ifndef DQ_REPLACE_H
#define DQ_REPLACE_H

#include "load/task.h"

extern void dq_replace_keys(DqTask *task, DqLoadCounts *counts);
extern void dq_replace_window(DqTask *task, DqLoadCounts *counts);
/* delete all rows, holding up other writers until the commit; how many */
extern int64 dq_replace_empty(DqTask *task);

/* what only replace_all refuses, by its method */
extern void dq_replace_validate_all(DqTask *task);
extern void dq_replace_all(DqTask *task, DqLoadCounts *counts);

#endif /* DQ_REPLACE_H */
