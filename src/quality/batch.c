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
#include "base/compat.h"
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

/*
 * lay_out: where columns lie, and how many have constant offsets.
 */
static void
lay_out(DqBatch *batch, TupleDesc desc)
{
	Datum *unwanted = palloc(sizeof(Datum) * DQ_BATCH_ROWS);
	int offset = 0;
	int i;

	batch->fixed = batch->natts;
	for (i = 0; i < batch->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DqBatchLayout *layout = &batch->layout[i];

		layout->values = batch->values[i] ? batch->values[i] : unwanted;
		layout->reading = reading(att);
		layout->len = att->attlen;
		layout->align = alignment(att->attalign);
		layout->offset = -1;
		if (batch->values[i] != NULL && !att->attbyval)
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
 * take_value: the value at an offset, which it may lie behind for its
 * alignment; returns the offset behind it.
 */
static pg_attribute_always_inline uint32
take_value(const DqBatchLayout *layout, int row, const char *data,
		   uint32 offset)
{
	const char *at;

	switch (layout->reading)
	{
		case DQ_READ_BYTE:
			layout->values[row] = CharGetDatum(data[offset]);
			return offset + sizeof(char);
		case DQ_READ_INT2:
			offset = TYPEALIGN(layout->align, offset);
			at = data + offset;
			layout->values[row] = Int16GetDatum(*(const int16 *) at);
			return offset + sizeof(int16);
		case DQ_READ_INT4:
			offset = TYPEALIGN(layout->align, offset);
			at = data + offset;
			layout->values[row] = Int32GetDatum(*(const int32 *) at);
			return offset + sizeof(int32);
		case DQ_READ_INT8:
			offset = TYPEALIGN(layout->align, offset);
			at = data + offset;
			layout->values[row] = *(const Datum *) at;
			return offset + sizeof(Datum);
		case DQ_READ_FIXED:
			offset = TYPEALIGN(layout->align, offset);
			layout->values[row] = PointerGetDatum(data + offset);
			return offset + layout->len;
		case DQ_READ_VARLENA:
			/* a short one is not aligned and does not begin with a zero */
			if (data[offset] == 0)
				offset = TYPEALIGN(layout->align, offset);
			layout->values[row] = PointerGetDatum(data + offset);
			return offset + VARSIZE_ANY(data + offset);
		case DQ_READ_CSTRING:
			layout->values[row] = PointerGetDatum(data + offset);
			return offset + strlen(data + offset) + 1;
	}
	return offset;
}

/*
 * take_apart: a heap tuple straight into columns.
 */
static void
take_apart(DqBatch *batch, HeapTuple tuple)
{
	HeapTupleHeader header = tuple->t_data;
	const char *data = (const char *) header + header->t_hoff;
	const DqBatchLayout *layout = batch->layout;
	uint64 bit = UINT64CONST(1) << batch->count;
	uint32 offset = 0;
	int i;

	if (!HeapTupleHasNulls(tuple))
	{
		for (i = 0; i < batch->natts; i++)
			offset = take_value(&layout[i], batch->count, data, offset);
		return;
	}
	for (i = 0; i < batch->natts; i++)
	{
		if (!att_isnull(i, header->t_bits))
		{
			offset = take_value(&layout[i], batch->count, data, offset);
			continue;
		}
		batch->nulls[i] |= bit;
		layout[i].values[batch->count] = (Datum) 0;
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
