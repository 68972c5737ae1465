/*
 * batch.h
 *	  Some rows of a scan, as columns.
 *
 * A batch holds up to 64 rows, so that a set of them is one machine word.
 * Values of types that are passed by reference point into pages which the
 * batch keeps pinned; they are valid until it is emptied. Rows that were
 * added are columns only after dq_batch_complete.
 */
#ifndef DQ_BATCH_H
#define DQ_BATCH_H

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "storage/buf.h"
#include "storage/itemptr.h"

#define DQ_BATCH_ROWS 64

/* the length of a value that is compressed or stored elsewhere */
#define DQ_LENGTH_UNKNOWN (-1)

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
	/* of a column that nobody wants: places for all of them */
	Datum *values;
	int32 *lengths; /* DQ_READ_VARLENA */
	bool wanted;
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
	/* the same, of types of variable length: bytes of a value that is stored
	 * as it is, or DQ_LENGTH_UNKNOWN */
	int32 **lengths;
	uint64 *nulls; /* [attnum - 1], a bit for each row */
	Oid tableoid; /* of all of these rows */
	ItemPointerData tids[DQ_BATCH_ROWS];
	/* private to batch.c */
	int natts; /* columns up to the last wanted one */
	int fixed; /* of these, so many have constant offsets */
	int fixed_end; /* the offset behind them */
	bool by_reference; /* one of the wanted ones is */
	DqBatchLayout *layout;
	uint64 waiting; /* rows that have not been taken apart yet */
	uint64 with_nulls; /* of these, those that have NULLs */
	const char *at[DQ_BATCH_ROWS]; /* what is to be read next of them */
	const bits8 *bitmaps[DQ_BATCH_ROWS]; /* of those with NULLs */
	int n_pages;
	Buffer pages[DQ_BATCH_PAGES];
} DqBatch;

/* a batch for rows of this shape; "wanted" holds attribute numbers */
extern DqBatch *dq_batch_create(TupleDesc desc, const Bitmapset *wanted);

/* may a row of this page be added, or must the batch be emptied first? */
extern bool dq_batch_has_room(const DqBatch *batch, Buffer page);

/* the page that a row's values point into, if it is pinned */
extern Buffer dq_batch_page_of(TupleTableSlot *stored);

/* must it be emptied before the next row is fetched? */
extern bool dq_batch_is_full(const DqBatch *batch);

/*
 * Add the row of a slot. "direct": the slot has the shape of the batch and
 * nobody else reads its columns. "stored": where the row really lies.
 */
extern void dq_batch_add(DqBatch *batch, TupleTableSlot *slot, bool direct,
						 TupleTableSlot *stored);

/*
 * Add a tuple of a pinned page, of the batch's shape; false when it has fewer
 * columns than are read, so that it has to come in a slot.
 */
extern bool dq_batch_add_tuple(DqBatch *batch, HeapTupleHeader tuple,
							   Buffer page, BlockNumber block,
							   OffsetNumber offset);

/* no row is added any more: make columns of all */
extern void dq_batch_complete(DqBatch *batch);

/* forget all rows */
extern void dq_batch_empty(DqBatch *batch);

#endif /* DQ_BATCH_H */
