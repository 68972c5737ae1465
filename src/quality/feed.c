/*
 * feed.c
 *	  What one process of a scan does: rows of heaps into sinks.
 *
 * A partition whose columns lie as those of the checked relation do is fed as
 * it is. Rows of any other are brought into the relation's order first, which
 * costs a copy of the columns that are read.
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/heapam.h"
#include "access/tableam.h"
#include "base/compat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "quality/feed.h"
#include "storage/bufmgr.h"

/* rows of one heap on their way */
typedef struct Stream
{
	DqFeed *feed;
	TupleTableSlot *stored; /* as it is in the heap */
	TupleTableSlot *row; /* the same, or in the relation's order */
	AttrMap *map; /* NULL: the same */
	AttrNumber last_stored; /* of the columns that are mapped */
	HeapTupleData tuple; /* in the slot, when rows come by the page */
} Stream;

/*
 * dq_feed_create: for sinks that have begun; in the current memory context.
 */
DqFeed *
dq_feed_create(Relation rel, List *sinks)
{
	DqFeed *feed = palloc0(sizeof(DqFeed));
	Bitmapset *columns = NULL;
	bool by_batch = false;
	ListCell *lc;

	feed->rel = rel;
	feed->sinks = sinks;
	foreach(lc, sinks)
	{
		DqSink *sink = (DqSink *) lfirst(lc);

		if (sink->type->rows != NULL)
		{
			columns = bms_add_members(columns, sink->columns);
			by_batch = true;
			continue;
		}
		feed->by_row = true;
		feed->last_attr = Max(feed->last_attr, sink->last_attr);
	}
	if (by_batch)
	{
		feed->batch = dq_batch_create(RelationGetDescr(rel), columns);
		feed->last_attr = Max(feed->last_attr, feed->batch->natts);
	}
	return feed;
}

/*
 * is_same_layout: do the columns that are read lie at the same places?
 */
static bool
is_same_layout(const DqFeed *feed, Relation leaf, const AttrMap *map)
{
	TupleDesc ours = RelationGetDescr(feed->rel);
	TupleDesc theirs = RelationGetDescr(leaf);
	int i;

	for (i = 0; i < feed->last_attr; i++)
	{
		Form_pg_attribute our;
		Form_pg_attribute their;

		if (i >= theirs->natts ||
			(map->attnums[i] != 0 && map->attnums[i] != i + 1))
			return false;
		our = TupleDescAttr(ours, i);
		their = TupleDescAttr(theirs, i);
		if (our->attlen != their->attlen ||
			our->attalign != their->attalign ||
			our->attbyval != their->attbyval)
			return false;
	}
	return true;
}

/*
 * open_stream: slots for the rows of a heap.
 */
static void
open_stream(Stream *stream, DqFeed *feed, Relation leaf)
{
	int i;

	stream->feed = feed;
	stream->stored = table_slot_create(leaf, NULL);
	stream->row = stream->stored;
	stream->map = NULL;
	stream->last_stored = 0;
	if (RelationGetRelid(leaf) == RelationGetRelid(feed->rel))
		return;
	stream->map = dq_compat_attrmap(RelationGetDescr(leaf),
									RelationGetDescr(feed->rel));
	if (is_same_layout(feed, leaf, stream->map))
	{
		free_attrmap(stream->map);
		stream->map = NULL;
		return;
	}
	for (i = 0; i < feed->last_attr; i++)
		stream->last_stored = Max(stream->last_stored,
								  stream->map->attnums[i]);
	stream->row = MakeSingleTupleTableSlot(RelationGetDescr(feed->rel),
										   &TTSOpsVirtual);
}

/*
 * close_stream: undo open_stream.
 */
static void
close_stream(Stream *stream)
{
	if (stream->row != stream->stored)
		ExecDropSingleTupleTableSlot(stream->row);
	ExecDropSingleTupleTableSlot(stream->stored);
	if (stream->map != NULL)
		free_attrmap(stream->map);
}

/*
 * map_row: the stored row in the relation's order, as far as it is read.
 */
static void
map_row(Stream *stream)
{
	TupleTableSlot *from = stream->stored;
	TupleTableSlot *to = stream->row;
	int natts = to->tts_tupleDescriptor->natts;
	int i;

	slot_getsomeattrs(from, stream->last_stored);
	ExecClearTuple(to);
	memset(to->tts_isnull, true, natts * sizeof(bool));
	for (i = 0; i < stream->feed->last_attr; i++)
	{
		int at = stream->map->attnums[i] - 1;

		to->tts_values[i] = at >= 0 ? from->tts_values[at] : (Datum) 0;
		to->tts_isnull[i] = at >= 0 ? from->tts_isnull[at] : true;
	}
	ExecStoreVirtualTuple(to);
	to->tts_tid = from->tts_tid;
	to->tts_tableOid = from->tts_tableOid;
}

/*
 * feed_batch: give the rows that were gathered to the sinks.
 */
static void
feed_batch(DqFeed *feed)
{
	ListCell *lc;

	if (feed->batch == NULL || feed->batch->count == 0)
		return;
	dq_batch_complete(feed->batch);
	foreach(lc, feed->sinks)
	{
		DqSink *sink = (DqSink *) lfirst(lc);

		if (sink->type->rows != NULL)
			sink->type->rows(sink, feed->batch);
	}
	dq_batch_empty(feed->batch);
}

/*
 * feed_row: give a row to the sinks that want it alone.
 */
static void
feed_row(DqFeed *feed, TupleTableSlot *row)
{
	ListCell *lc;

	slot_getsomeattrs(row, feed->last_attr);
	foreach(lc, feed->sinks)
	{
		DqSink *sink = (DqSink *) lfirst(lc);

		if (sink->type->rows == NULL)
			sink->type->row(sink, row);
	}
}

/*
 * next_row: the row that is in the slot now.
 */
static inline void
next_row(Stream *stream)
{
	DqFeed *feed = stream->feed;
	DqBatch *batch = feed->batch;

	if (stream->map != NULL)
		map_row(stream);
	if (feed->by_row)
		feed_row(feed, stream->row);
	if (batch == NULL)
		return;
	if (!dq_batch_has_room(batch, dq_batch_page_of(stream->stored)))
		feed_batch(feed);
	dq_batch_add(batch, stream->row,
				 stream->map == NULL && !feed->by_row, stream->stored);
	if (dq_batch_is_full(batch))
		feed_batch(feed);
}

/*
 * is_by_page: may the rows of a page be read where they lie? That is so when
 * nothing but batches reads them, and the access method is the heap, which
 * under this snapshot looks at all rows of a page when it comes to it.
 */
static bool
is_by_page(const Stream *stream, Relation leaf, TableScanDesc scan)
{
	return stream->feed->batch != NULL && !stream->feed->by_row &&
		   stream->map == NULL &&
		   leaf->rd_tableam == GetHeapamTableAmRoutine() &&
		   (scan->rs_flags & SO_ALLOW_PAGEMODE) != 0;
}

/*
 * store_item: a row of the current page, in the slot.
 */
static void
store_item(Stream *stream, HeapScanDesc scan, ItemId item, OffsetNumber offset)
{
	HeapTuple tuple = &stream->tuple;

	tuple->t_data = (HeapTupleHeader) PageGetItem(BufferGetPage(scan->rs_cbuf),
												  item);
	tuple->t_len = ItemIdGetLength(item);
	tuple->t_tableOid = RelationGetRelid(scan->rs_base.rs_rd);
	ItemPointerSet(&tuple->t_self, scan->rs_cblock, offset);
	ExecStoreBufferHeapTuple(tuple, stream->stored, scan->rs_cbuf);
}

/*
 * feed_page: the rows of the current page from the one that the scan has
 * just returned on; the scan believes then that it returned them all.
 *
 * The heap has noted which of them the snapshot sees, told serializable
 * transactions, and keeps the page pinned until the scan goes on.
 */
static void
feed_page(Stream *stream, HeapScanDesc scan)
{
	DqFeed *feed = stream->feed;
	DqBatch *batch = feed->batch;
	Page page = BufferGetPage(scan->rs_cbuf);
	int count = scan->rs_ntuples;
	int first = scan->rs_cindex;
	int i;

	for (i = first; i < count; i++)
	{
		OffsetNumber offset = scan->rs_vistuples[i];
		ItemId item = PageGetItemId(page, offset);

		if (!dq_batch_has_room(batch, scan->rs_cbuf))
			feed_batch(feed);
		if (!dq_batch_add_tuple(batch,
								(HeapTupleHeader) PageGetItem(page, item),
								scan->rs_cbuf, scan->rs_cblock, offset))
		{
			store_item(stream, scan, item, offset);
			dq_batch_add(batch, stream->stored, true, stream->stored);
		}
		if (dq_batch_is_full(batch))
			feed_batch(feed);
	}
	feed->rows += count - first;
	/* as the scan counts those that it returns, but for the first */
	pgstat_count_index_tuples(scan->rs_base.rs_rd, count - first - 1);
	scan->rs_cindex = count - 1;
}

/*
 * dq_feed_heap: all rows that the scan returns. Interruptible at each page,
 * or at each row.
 */
void
dq_feed_heap(DqFeed *feed, Relation leaf, TableScanDesc scan)
{
	Stream stream;
	bool by_page;

	open_stream(&stream, feed, leaf);
	by_page = is_by_page(&stream, leaf, scan);
	if (feed->batch != NULL)
		feed->batch->tableoid = RelationGetRelid(leaf);
	while (table_scan_getnextslot(scan, ForwardScanDirection, stream.stored))
	{
		CHECK_FOR_INTERRUPTS();
		if (by_page)
		{
			feed_page(&stream, (HeapScanDesc) scan);
			continue;
		}
		feed->rows++;
		next_row(&stream);
	}
	feed_batch(feed);
	close_stream(&stream);
}

/*
 * dq_feed_end: tell the sinks that this process has no more rows.
 */
void
dq_feed_end(DqFeed *feed)
{
	ListCell *lc;

	foreach(lc, feed->sinks)
	{
		DqSink *sink = (DqSink *) lfirst(lc);

		if (sink->type->end != NULL)
			sink->type->end(sink);
	}
}
