/*
 * batch.c
 *	  Some rows of a scan, as columns.
 *
 * Taking tuples apart is most of what a scan costs. Heap tuples are taken
 * apart here, column by column of all rows at once: where a value begins
 * follows from the one before it in its row, but not from those of other
 * rows, so that the processor works at many rows at a time. Columns before
 * the first of variable width are read at constant offsets, and what nobody
 * wants is stepped over. Every other kind of row goes through its slot.
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "base/compat.h"
#include "port/pg_bitutils.h"
#include "quality/batch.h"
#include "quality/varlena.h"
#include "storage/bufmgr.h"

/*
 * alignment: of a type, in bytes.
 */
static uint8
alignment(char align)
{
	switch (align)
	{
		case TYPALIGN_CHAR:
			return 1;
		case TYPALIGN_SHORT:
			return ALIGNOF_SHORT;
		case TYPALIGN_INT:
			return ALIGNOF_INT;
		default:
			return ALIGNOF_DOUBLE;
	}
}

/*
 * reading: how values of a type are read.
 */
static DqBatchReading
reading(Form_pg_attribute att)
{
	if (att->attlen == -1)
		return DQ_READ_VARLENA;
	if (att->attlen == -2)
		return DQ_READ_CSTRING;
	if (!att->attbyval)
		return DQ_READ_FIXED;
	switch (att->attlen)
	{
		case sizeof(char):
			return DQ_READ_BYTE;
		case sizeof(int16):
			return DQ_READ_INT2;
		case sizeof(int32):
			return DQ_READ_INT4;
		default:
			return DQ_READ_INT8;
	}
}

/* results are kept by serial numbers, which no two batches share */
static uint64 last_serial = 0;

/*
 * lay_out: where columns lie, and how many have constant offsets.
 */
static void
lay_out(DqBatch *batch, TupleDesc desc)
{
	Datum *unwanted = palloc(sizeof(Datum) * DQ_BATCH_ROWS);
	int32 *lengths = palloc(sizeof(int32) * DQ_BATCH_ROWS);
	int offset = 0;
	int i;

	batch->fixed = batch->natts;
	for (i = 0; i < batch->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DqBatchLayout *layout = &batch->layout[i];

		layout->wanted = batch->values[i] != NULL;
		layout->values = layout->wanted ? batch->values[i] : unwanted;
		layout->lengths = layout->wanted ? batch->lengths[i] : lengths;
		layout->reading = reading(att);
		layout->len = att->attlen;
		layout->align = alignment(att->attalign);
		layout->offset = -1;
		if (layout->wanted && !att->attbyval)
			batch->by_reference = true;
		if (batch->fixed < batch->natts)
			continue;
		if (layout->len < 0)
		{
			batch->fixed = i;
			continue;
		}
		offset = TYPEALIGN(layout->align, offset);
		layout->offset = offset;
		offset += layout->len;
		batch->fixed_end = offset;
	}
}

/*
 * dq_batch_create: an empty batch in the current memory context.
 */
DqBatch *
dq_batch_create(TupleDesc desc, const Bitmapset *wanted)
{
	DqBatch *batch = palloc0(sizeof(DqBatch));
	int member = -1;

	batch->serial = ++last_serial;
	batch->values = palloc0(sizeof(Datum *) * (desc->natts + 1));
	batch->lengths = palloc0(sizeof(int32 *) * (desc->natts + 1));
	batch->nulls = palloc0(sizeof(uint64) * (desc->natts + 1));
	batch->layout = palloc0(sizeof(DqBatchLayout) * (desc->natts + 1));
	while ((member = bms_next_member(wanted, member)) >= 0)
	{
		batch->values[member - 1] = palloc0(sizeof(Datum) * DQ_BATCH_ROWS);
		if (TupleDescAttr(desc, member - 1)->attlen == -1)
			batch->lengths[member - 1] = palloc0(sizeof(int32) *
												 DQ_BATCH_ROWS);
		batch->natts = member;
	}
	lay_out(batch, desc);
	return batch;
}

/*
 * dq_batch_page_of: the page that the row's values point into, if it is
 * pinned.
 */
Buffer
dq_batch_page_of(TupleTableSlot *stored)
{
	if (!TTS_IS_BUFFERTUPLE(stored))
		return InvalidBuffer;
	return ((BufferHeapTupleTableSlot *) stored)->buffer;
}

/*
 * dq_batch_has_room: for a row of this page.
 */
bool
dq_batch_has_room(const DqBatch *batch, Buffer page)
{
	return batch->n_pages < DQ_BATCH_PAGES ||
		   batch->pages[batch->n_pages - 1] == page;
}

/*
 * dq_batch_is_full: a row that does not lie on a pinned page is gone when the
 * next one is fetched.
 */
bool
dq_batch_is_full(const DqBatch *batch)
{
	return batch->count == DQ_BATCH_ROWS ||
		   (batch->by_reference && batch->n_pages == 0);
}

/*
 * keep_page: pin the page of a row for as long as the batch points into it.
 */
static inline void
keep_page(DqBatch *batch, Buffer page)
{
	if (!BufferIsValid(page) ||
		(batch->n_pages > 0 && batch->pages[batch->n_pages - 1] == page))
		return;
	IncrBufferRefCount(page);
	batch->pages[batch->n_pages++] = page;
}

/*
 * align_at: the next place that is aligned. Tuples are, so an aligned place
 * is an aligned offset.
 */
static inline const char *
align_at(const char *at, uint8 align)
{
	return (const char *) TYPEALIGN(align, at);
}

/*
 * take_varlena: the value of variable length at a place, which it may lie
 * behind for its alignment; returns the place behind it.
 */
static inline const char *
take_varlena(const char *at, uint8 align, Datum *value, int32 *length)
{
	/* a short one is not aligned and does not begin with a zero */
	if (*at == 0)
		at = align_at(at, align);
	*value = PointerGetDatum(at);
	if (VARATT_IS_1B(at) && !VARATT_IS_1B_E(at))
	{
		*length = VARSIZE_1B(at) - VARHDRSZ_SHORT;
		return at + VARSIZE_1B(at);
	}
	*length = VARATT_IS_4B_U(at) ? (int32) (VARSIZE_4B(at) - VARHDRSZ) :
								   DQ_LENGTH_UNKNOWN;
	return at + VARSIZE_ANY(at);
}

/*
 * is_null: is a value of a row that waits NULL? Then it is noted.
 */
static inline bool
is_null(DqBatch *batch, int column, int row)
{
	if ((batch->with_nulls >> row & 1) == 0 ||
		!att_isnull(column, batch->bitmaps[row]))
		return false;
	batch->nulls[column] |= UINT64CONST(1) << row;
	batch->layout[column].values[row] = (Datum) 0;
	if (batch->layout[column].lengths != NULL)
		batch->layout[column].lengths[row] = 0;
	return true;
}

/*
 * For take_column: of each row that waits and has a value, make "step" of the
 * place "at" where the value may begin; it is the place behind the value.
 */
#define TAKE_ROWS(step)                              \
	for (row = from; row < to; row++)                \
	{                                                \
		const char *at;                              \
                                                     \
		if (nullable && is_null(batch, column, row)) \
			continue;                                \
		at = batch->at[row];                         \
		batch->at[row] = (step);                     \
	}
#define TAKE_NUMBER(type, convert)                        \
	TAKE_ROWS((at = align_at(at, align),                  \
			   values[row] = convert(*(const type *) at), \
			   at + sizeof(type)))

/*
 * take_column: the next column of some rows that wait.
 */
static pg_attribute_always_inline void
take_column(DqBatch *batch, int column, int from, int to, bool nullable)
{
	const DqBatchLayout *layout = &batch->layout[column];
	Datum *values = layout->values;
	int32 *lengths = layout->lengths;
	uint8 align = layout->align;
	int len = layout->len;
	int row;

	switch (layout->reading)
	{
		case DQ_READ_BYTE:
			TAKE_NUMBER(char, CharGetDatum);
			break;
		case DQ_READ_INT2:
			TAKE_NUMBER(int16, Int16GetDatum);
			break;
		case DQ_READ_INT4:
			TAKE_NUMBER(int32, Int32GetDatum);
			break;
		case DQ_READ_INT8:
			TAKE_NUMBER(Datum, (Datum));
			break;
		case DQ_READ_FIXED:
			TAKE_ROWS((at = align_at(at, align),
					   values[row] = PointerGetDatum(at), at + len));
			break;
		case DQ_READ_VARLENA:
			TAKE_ROWS(take_varlena(at, align, &values[row], &lengths[row]));
			break;
		case DQ_READ_CSTRING:
			TAKE_ROWS((values[row] = PointerGetDatum(at),
					   at + strlen(at) + 1));
			break;
	}
}

/* for read_column: the value of each row from the place "at" where it is */
#define READ_ROWS(value)                          \
	for (row = from; row < to; row++)             \
	{                                             \
		const char *at = batch->at[row] + offset; \
                                                  \
		values[row] = (value);                    \
	}

/*
 * read_column: a column at a constant offset of some rows that wait and have
 * no NULLs.
 */
static void
read_column(DqBatch *batch, int column, int from, int to)
{
	const DqBatchLayout *layout = &batch->layout[column];
	Datum *values = layout->values;
	int offset = layout->offset;
	int row;

	switch (layout->reading)
	{
		case DQ_READ_BYTE:
			READ_ROWS(CharGetDatum(*at));
			break;
		case DQ_READ_INT2:
			READ_ROWS(Int16GetDatum(*(const int16 *) at));
			break;
		case DQ_READ_INT4:
			READ_ROWS(Int32GetDatum(*(const int32 *) at));
			break;
		case DQ_READ_INT8:
			READ_ROWS(*(const Datum *) at);
			break;
		case DQ_READ_FIXED:
			READ_ROWS(PointerGetDatum(at));
			break;
		case DQ_READ_VARLENA:
		case DQ_READ_CSTRING:
			break; /* their offset is not constant */
	}
}

/*
 * take_apart: some rows that wait, all columns of them.
 */
static void
take_apart(DqBatch *batch, int from, int to)
{
	uint64 some = (~UINT64CONST(0) >> (DQ_BATCH_ROWS - (to - from))) << from;
	int i;

	if ((batch->with_nulls & some) != 0)
	{
		for (i = 0; i < batch->natts; i++)
			take_column(batch, i, from, to, true);
		return;
	}
	for (i = 0; i < batch->fixed; i++)
	{
		if (batch->layout[i].wanted)
			read_column(batch, i, from, to);
	}
	if (batch->fixed == batch->natts)
		return;
	for (i = from; i < to; i++)
		batch->at[i] += batch->fixed_end;
	for (i = batch->fixed; i < batch->natts; i++)
		take_column(batch, i, from, to, false);
}

/*
 * dq_batch_complete: make columns of all rows. Those that wait follow each
 * other, but for tables with rows of several shapes.
 */
void
dq_batch_complete(DqBatch *batch)
{
	uint64 rest = batch->waiting;

	while (rest != 0)
	{
		int from = pg_rightmost_one_pos64(rest);
		uint64 gap = ~(rest >> from);
		int to = gap == 0 ? DQ_BATCH_ROWS :
							from + pg_rightmost_one_pos64(gap);

		to = Min(to, batch->count);
		take_apart(batch, from, to);
		rest = to == DQ_BATCH_ROWS ? 0 : rest & (~UINT64CONST(0) << to);
	}
	batch->waiting = 0;
	batch->with_nulls = 0;
}

/*
 * length_of: as it is kept in a batch.
 */
static int32
length_of(Datum value)
{
	return dq_varlena_is_plain(value) ? dq_varlena_length(value) :
										DQ_LENGTH_UNKNOWN;
}

/*
 * copy_row: the wanted columns of a slot.
 */
static void
copy_row(DqBatch *batch, TupleTableSlot *slot)
{
	uint64 bit = UINT64CONST(1) << batch->count;
	int i;

	slot_getsomeattrs(slot, batch->natts);
	for (i = 0; i < batch->natts; i++)
	{
		if (batch->values[i] == NULL)
			continue;
		batch->values[i][batch->count] =
			slot->tts_isnull[i] ? (Datum) 0 : slot->tts_values[i];
		if (slot->tts_isnull[i])
			batch->nulls[i] |= bit;
		if (batch->lengths[i] != NULL)
			batch->lengths[i][batch->count] =
				slot->tts_isnull[i] ? 0 : length_of(slot->tts_values[i]);
	}
}

/*
 * dq_batch_add_tuple: a tuple of a page; there must be room.
 */
bool
dq_batch_add_tuple(DqBatch *batch, HeapTupleHeader tuple, Buffer page,
				   BlockNumber block, OffsetNumber offset)
{
	int row = batch->count;
	uint64 bit = UINT64CONST(1) << row;

	if (HeapTupleHeaderGetNatts(tuple) < batch->natts)
		return false;
	batch->at[row] = (const char *) tuple + tuple->t_hoff;
	batch->waiting |= bit;
	if ((tuple->t_infomask & HEAP_HASNULL) != 0)
	{
		batch->with_nulls |= bit;
		batch->bitmaps[row] = tuple->t_bits;
	}
	keep_page(batch, page);
	ItemPointerSet(&batch->tids[row], block, offset);
	batch->all |= bit;
	batch->count++;
	return true;
}

/*
 * dq_batch_add: a row; there must be room.
 */
void
dq_batch_add(DqBatch *batch, TupleTableSlot *slot, bool direct,
			 TupleTableSlot *stored)
{
	Buffer page = dq_batch_page_of(stored);
	HeapTuple tuple = NULL;

	if (direct && BufferIsValid(page))
		tuple = ((HeapTupleTableSlot *) slot)->tuple;
	if (tuple != NULL &&
		dq_batch_add_tuple(batch, tuple->t_data, page,
						   ItemPointerGetBlockNumber(&stored->tts_tid),
						   ItemPointerGetOffsetNumber(&stored->tts_tid)))
		return;
	copy_row(batch, slot);
	if (batch->by_reference)
		keep_page(batch, page);
	batch->tids[batch->count] = stored->tts_tid;
	batch->all |= UINT64CONST(1) << batch->count;
	batch->count++;
}

/*
 * dq_batch_empty: forget all rows and let go of their pages.
 */
void
dq_batch_empty(DqBatch *batch)
{
	int i;

	for (i = 0; i < batch->n_pages; i++)
		ReleaseBuffer(batch->pages[i]);
	batch->n_pages = 0;
	batch->serial = ++last_serial;
	batch->count = 0;
	batch->all = 0;
	memset(batch->nulls, 0, sizeof(uint64) * batch->natts);
}
