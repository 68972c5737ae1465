/*
 * batch.h
 *	  Some rows of a scan, as columns.
 *
 * A batch holds up to 64 rows, so that a set of them is one machine word.
 * Values of types that are passed by reference point into pages which the
 * batch keeps pinned; they are valid until it is emptied.
 */
#ifndef DQ_BATCH_H
#define DQ_BATCH_H

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "storage/buf.h"
#include "storage/itemptr.h"

#define DQ_BATCH_ROWS 64

/* pages that a batch may span */
#define DQ_BATCH_PAGES 8

/* how a column is read from a tuple */
typedef enum DqBatchReading
{
	DQ_READ_BYTE,
	DQ_READ_INT2,
	DQ_READ_INT4,
	DQ_READ_INT8,
	DQ_READ_FIXED, /* by reference, of a fixed width */
	DQ_READ_VARLENA,
	DQ_READ_CSTRING
} DqBatchReading;

/* how a column lies in a tuple, and where its values go */
typedef struct DqBatchLayout
{
	Datum *values; /* of a column that nobody wants: a place for all of them */
	DqBatchReading reading;
	int16 len;
	uint8 align; /* bytes */
	int offset; /* in a tuple without NULLs; -1: not constant */
} DqBatchLayout;

typedef struct DqBatch
{
	int count;
	uint64 serial; /* counts batches; results may be kept by it */
	uint64 all; /* the rows there are, a bit for each */
	Datum **values; /* [attnum - 1][row]; NULL: nobody wants the column */
	uint64 *nulls; /* [attnum - 1], a bit for each row */
	Oid tableoid; /* of all of these rows */
	ItemPointerData tids[DQ_BATCH_ROWS];
	/* private to batch.c */
	int natts; /* columns up to the last wanted one */
	int fixed; /* of these, so many have constant offsets */
	bool by_reference; /* one of the wanted ones is */
	DqBatchLayout *layout;
	int n_pages;
	Buffer pages[DQ_BATCH_PAGES];
} DqBatch;

/* a batch for rows of this shape; "wanted" holds attribute numbers */
extern DqBatch *dq_batch_create(TupleDesc desc, const Bitmapset *wanted);

/* may the row in this slot be added, or must the batch be emptied first? */
extern bool dq_batch_has_room(const DqBatch *batch, TupleTableSlot *stored);

/* must it be emptied before the next row is fetched? */
extern bool dq_batch_is_full(const DqBatch *batch);

/*
 * Add the row of a slot. "direct": the slot has the shape of the batch and
 * nobody else reads its columns. "stored": where the row really lies.
 */
extern void dq_batch_add(DqBatch *batch, TupleTableSlot *slot, bool direct,
						 TupleTableSlot *stored);

/* forget all rows */
extern void dq_batch_empty(DqBatch *batch);

#endif /* DQ_BATCH_H */
