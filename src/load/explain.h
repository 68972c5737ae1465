/*
 * explain.h
 *	  How a load would go about it, in words.
 */
#ifndef DQ_EXPLAIN_H
#define DQ_EXPLAIN_H

#include "load/task.h"

/* List of DqLoadPart *; the target is open, key and mode known */
extern List *dq_explain_parts(const DqTask *task, double batch_rows);

#endif /* DQ_EXPLAIN_H */
