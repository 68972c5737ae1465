/*
 * insert.h
 *	  Loads that only insert, and the INSERT of others.
 */
#ifndef DQ_INSERT_H
#define DQ_INSERT_H

#include "load/task.h"

extern void dq_insert_append(DqTask *task, DqLoadCounts *counts);
extern void dq_insert_ignore(DqTask *task, DqLoadCounts *counts);

/* all rows of a checked batch, in the order that order_by says */
extern void dq_insert_batch(const DqTask *task, DqLoadCounts *counts);

#endif /* DQ_INSERT_H */
