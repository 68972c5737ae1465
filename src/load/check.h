/*
 * check.h
 *	  What is wrong with a batch, before anything of it is written.
 */
#ifndef DQ_CHECK_H
#define DQ_CHECK_H

#include "load/task.h"

/*
 * Look at the batch before anything is written: counts rows_read and what is
 * rejected, and fills task->dedupes and null_keys. 21000 duplicate keys, 23502
 * NULL in a key or a sequence, 23514 rows outside the window or the partial
 * index of the key.
 */
extern void dq_check_batch(DqTask *task, DqLoadCounts *counts);

/* 22023 when window_column is a date and the window not made of whole days */
extern void dq_check_window(const DqTask *task);

#endif /* DQ_CHECK_H */
