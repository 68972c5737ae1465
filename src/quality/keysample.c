/*
 * keysample.c
 *	  Do rows share their keys? A look at the first ones.
 *
 * If d different keys are spread over a table, among its first n rows n * n /
 * (2 * d) repeat a key. So even a small sample shows repetitions when keys
 * have several rows in the whole table, unless it is sorted by something
 * else. What the sample says decides about cost only, never about a verdict.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "quality/feed.h"
#include "quality/keysample.h"
#include "quality/scan.h"
#include "storage/bufmgr.h"
#include "utils/snapmgr.h"

/* so many rows are looked at, in so many blocks */
#define SAMPLE_ROWS 65536
#define SAMPLE_SLOTS (2 * SAMPLE_ROWS)
#define SAMPLE_BLOCKS 1024

/* a table with fewer blocks is not worth it */
#define LEAST_BLOCKS (4 * SAMPLE_BLOCKS)

/* one row of so many repeats a key: it is repetitive */
#define REPETITIVE 256

/*
 * dq_keysample_create: nothing seen yet.
 */
DqKeySample *
dq_keysample_create(void)
{
	DqKeySample *sample = palloc0(sizeof(DqKeySample));

	sample->hashes = palloc0(sizeof(uint64) * SAMPLE_SLOTS);
	return sample;
}

/*
 * dq_keysample_free: forget it.
 */
void
dq_keysample_free(DqKeySample *sample)
{
	pfree(sample->hashes);
	pfree(sample);
}

/*
 * dq_keysample_add: one more row.
 */
void
dq_keysample_add(DqKeySample *sample, uint64 hash)
{
	uint32 at = (uint32) hash % SAMPLE_SLOTS;

	if (sample->rows >= SAMPLE_ROWS)
		return;
	sample->rows++;
	if (hash == 0)
		hash = 1;
	for (; sample->hashes[at] != 0; at = (at + 1) % SAMPLE_SLOTS)
	{
		if (sample->hashes[at] == hash)
		{
			sample->repeated++;
			return;
		}
	}
	sample->hashes[at] = hash;
}

/*
 * dq_keysample_is_repetitive: did many rows repeat a key?
 */
bool
dq_keysample_is_repetitive(const DqKeySample *sample)
{
	return sample->repeated > sample->rows / REPETITIVE;
}

/*
 * largest_heap: that holds rows of the relation; InvalidOid when none is
 * worth a sample.
 */
static Oid
largest_heap(Relation rel)
{
	BlockNumber most = LEAST_BLOCKS - 1;
	Oid largest = InvalidOid;
	ListCell *lc;

	foreach(lc, dq_scan_heaps(rel))
	{
		Relation heap = table_open(lfirst_oid(lc), NoLock);
		BlockNumber blocks = RelationGetNumberOfBlocks(heap);

		if (blocks > most && heap->rd_tableam == GetHeapamTableAmRoutine())
		{
			most = blocks;
			largest = lfirst_oid(lc);
		}
		table_close(heap, NoLock);
	}
	return largest;
}

/*
 * dq_keysample_is_worth_it: has it enough rows in one table?
 */
bool
dq_keysample_is_worth_it(Relation rel)
{
	return OidIsValid(largest_heap(rel));
}

/*
 * dq_keysample_feed: the first blocks of the largest table.
 */
void
dq_keysample_feed(Relation rel, List *sinks)
{
	Relation heap = table_open(largest_heap(rel), NoLock);
	TableScanDesc scan = table_beginscan_strat(heap, GetActiveSnapshot(), 0,
											   NULL, true, false);

	heap_setscanlimits(scan, 0, SAMPLE_BLOCKS);
	dq_feed_heap(dq_feed_create(rel, sinks), heap, scan);
	table_endscan(scan);
	table_close(heap, NoLock);
}
