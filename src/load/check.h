/*
 * check.h
 *	  What is wrong with a batch, before anything of it is written.
 */
#ifndef DQ_CHECK_H
#define DQ_CHECK_H

#include "load/task.h"

/* what a look at the batch found */
typedef struct DqBatchFacts
{
	int64 rows;
	int64 null_keys;
	int64 null_sequences;
	int64 outside_index;
	int64 leaked;
	int64 duplicated; /* keys */
	int64 excess; /* rows beyond one for each key */
} DqBatchFacts;

/*
 * Refuse a batch for what was found, before anything is written; otherwise
 * counts rows_read and what is rejected, and fills task->dedupes and
 * null_keys. 21000 duplicate keys, 23502
 * NULL in a key or a sequence, 23514 rows outside the window or the partial
 * index of the key.
 */
extern void dq_check_facts(DqTask *task, const DqBatchFacts *facts,
						   DqLoadCounts *counts);

/* look at the batch, and the same */
extern void dq_check_batch(DqTask *task, DqLoadCounts *counts);

/* SQL: is a column of the sequence NULL? NULL: there is none. */
extern char *dq_check_null_sequence(const DqTask *task, const char *alias);

/* SQL: is a row outside the partial index of the key? NULL: it is whole. */
extern char *dq_check_outside_index(const DqTask *task, const char *alias);

/* 22023 when window_column is a date and the window not made of whole days */
extern void dq_check_window(const DqTask *task);

#endif /* DQ_CHECK_H */
