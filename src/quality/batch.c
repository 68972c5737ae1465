/*
 * batch.c
 *	  Some rows of a scan, as columns.
 *
 * Taking tuples apart is most of what a scan costs. A heap tuple is taken
 * apart here, straight into columns: columns before the first of variable
 * width are read at constant offsets, and what nobody wants is stepped over.
 * Every other kind of row goes through its slot.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "quality/batch.h"
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
 * lay_out: where columns lie, and how many have constant offsets.
 */
static void
lay_out(DqBatch *batch, TupleDesc desc)
{
	int offset = 0;
	int i;

	batch->fixed = batch->natts;
	for (i = 0; i < batch->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DqBatchLayout *layout = &batch->layout[i];

		layout->len = att->attlen;
		layout->align = alignment(att->attalign);
		layout->byval = att->attbyval;
		layout->wanted = batch->values[i] != NULL;
		layout->offset = -1;
		if (layout->wanted && !layout->byval)
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

	batch->serial = 1;
	batch->values = palloc0(sizeof(Datum *) * (desc->natts + 1));
	batch->nulls = palloc0(sizeof(uint64) * (desc->natts + 1));
	batch->layout = palloc0(sizeof(DqBatchLayout) * (desc->natts + 1));
	while ((member = bms_next_member(wanted, member)) >= 0)
	{
		batch->values[member - 1] = palloc0(sizeof(Datum) * DQ_BATCH_ROWS);
		batch->natts = member;
	}
	lay_out(batch, desc);
	return batch;
}

/*
 * page_of: the page that the row's values point into, if it is pinned.
 */
static inline Buffer
page_of(TupleTableSlot *stored)
{
	if (!TTS_IS_BUFFERTUPLE(stored))
		return InvalidBuffer;
	return ((BufferHeapTupleTableSlot *) stored)->buffer;
}

/*
 * dq_batch_has_room: for the row that is stored in this slot.
 */
bool
dq_batch_has_room(const DqBatch *batch, TupleTableSlot *stored)
{
	return batch->n_pages < DQ_BATCH_PAGES ||
		   batch->pages[batch->n_pages - 1] == page_of(stored);
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
keep_page(DqBatch *batch, TupleTableSlot *stored)
{
	Buffer page = page_of(stored);

	if (!BufferIsValid(page) ||
		(batch->n_pages > 0 && batch->pages[batch->n_pages - 1] == page))
		return;
	IncrBufferRefCount(page);
	batch->pages[batch->n_pages++] = page;
}

/*
 * put: a value of the row that is being added.
 */
static inline void
put(DqBatch *batch, int column, const char *at)
{
	const DqBatchLayout *layout = &batch->layout[column];
	Datum value;

	if (!layout->wanted)
		return;
	if (!layout->byval)
		value = PointerGetDatum(at);
	else if (layout->len == sizeof(int32))
		value = Int32GetDatum(*(const int32 *) at);
	else
		value = fetch_att(at, true, layout->len);
	batch->values[column][batch->count] = value;
}

/*
 * step_over: the offset behind the value that begins at "at".
 */
static inline uint32
step_over(const DqBatchLayout *layout, uint32 offset, const char *at)
{
	if (layout->len > 0)
		return offset + layout->len;
	if (layout->len == -1)
		return offset + VARSIZE_ANY(at);
	return offset + strlen(at) + 1;
}

/*
 * take_apart: a heap tuple straight into columns.
 */
static void
take_apart(DqBatch *batch, HeapTuple tuple)
{
	HeapTupleHeader header = tuple->t_data;
	const char *data = (const char *) header + header->t_hoff;
	bool has_nulls = HeapTupleHasNulls(tuple);
	uint64 bit = UINT64CONST(1) << batch->count;
	uint32 offset = 0;
	int i = 0;

	if (!has_nulls)
	{
		for (; i < batch->fixed; i++)
			put(batch, i, data + batch->layout[i].offset);
		if (i > 0)
			offset = batch->layout[i - 1].offset + batch->layout[i - 1].len;
	}
	for (; i < batch->natts; i++)
	{
		const DqBatchLayout *layout = &batch->layout[i];

		if (has_nulls && att_isnull(i, header->t_bits))
		{
			batch->nulls[i] |= bit;
			if (layout->wanted)
				batch->values[i][batch->count] = (Datum) 0;
			continue;
		}
		/* a short varlena is not aligned and does not begin with a zero */
		if (layout->len != -1 || data[offset] == 0)
			offset = TYPEALIGN(layout->align, offset);
		put(batch, i, data + offset);
		offset = step_over(layout, offset, data + offset);
	}
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
	}
}

/*
 * dq_batch_add: a row; there must be room.
 */
void
dq_batch_add(DqBatch *batch, TupleTableSlot *slot, bool direct,
			 TupleTableSlot *stored)
{
	HeapTuple tuple = NULL;

	if (direct && TTS_IS_BUFFERTUPLE(slot))
		tuple = ((BufferHeapTupleTableSlot *) slot)->base.tuple;
	if (tuple != NULL &&
		HeapTupleHeaderGetNatts(tuple->t_data) >= batch->natts)
		take_apart(batch, tuple);
	else
		copy_row(batch, slot);
	if (batch->by_reference)
		keep_page(batch, stored);
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
	batch->serial++;
	batch->count = 0;
	batch->all = 0;
	memset(batch->nulls, 0, sizeof(uint64) * batch->natts);
}
