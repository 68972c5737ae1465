/*
 * difference.h
 *	  What a batch has and its target has not, row by row.
 */
#ifndef DQ_DIFFERENCE_H
#define DQ_DIFFERENCE_H

#include "load/check.h"
#include "utils/tuplestore.h"

typedef enum DqRowState
{
	DQ_ROW_SAME, /* is there already */
	DQ_ROW_FRESH, /* its key is not there */
	DQ_ROW_STALE, /* is there otherwise */
	DQ_ROW_LOST /* the same, but the row that is there has precedence */
} DqRowState;

/*
 * Rows of the batch by the order of their keys, with the place of the row that
 * they meet (a tid, NULL for those whose key is not there) as last column.
 */
typedef struct DqDifference
{
	bool separate; /* are new ones kept apart? else all are in "stale" */
	TupleDesc desc; /* of both stores */
	Tuplestorestate *fresh;
	Tuplestorestate *stale;
	int64 fresh_rows; /* in the stores */
	int64 stale_rows;
	int64 lost;
	DqBatchFacts facts; /* of the whole batch */
} DqDifference;

/* empty stores in this memory context, of the resource owner of now */
extern DqDifference *dq_difference_new(const DqTask *task, bool separate);

/* values: those of task->columns, then the place */
extern void dq_difference_put(DqDifference *difference, DqRowState state,
							  Datum *values, bool *nulls);

/* forget all rows and facts */
extern void dq_difference_clear(DqDifference *difference);

extern void dq_difference_free(DqDifference *difference);

/* kilobytes that one sort or store of a load may take */
extern int dq_difference_memory(void);

/* how the last column is called: no column of the target is */
extern const char *dq_difference_place(const DqTask *task);

#endif /* DQ_DIFFERENCE_H */
