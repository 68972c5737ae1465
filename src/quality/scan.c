/*
 * scan.c
 *	  One pass over a heap in C that feeds any number of sinks.
 *
 * The relation's own rows and those of its partitions and children are read
 * through the table access method under the active snapshot, as a sequential
 * scan of SQL reads them: with its read-ahead, its ring of buffers and, in
 * serializable transactions, its predicate locks. Nothing is written, no
 * transaction id is taken: it works on a standby.
 *
 * Rights on the relation are the caller's affair; those on partitions and
 * children do not matter, as in SQL.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/guc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "quality/feed.h"
#include "quality/key_sink.h"
#include "quality/profile.h"
#include "quality/scan_parallel.h"
#include "quality/verdict_sink.h"
#include "storage/bufmgr.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

/* attgenerated of a column that is stored nowhere (18) */
#define GENERATED_VIRTUAL 'v'

/* sinks that exist; a parallel worker finds them by name */
static const DqSinkType *const sink_types[] = {&dq_verdict_sink_type,
											   &dq_profile_sink_type,
											   &dq_key_sink_type};

static int workers_launched = 0;

/*
 * dq_scan_find_type: the type of this name.
 */
const DqSinkType *
dq_scan_find_type(const char *name)
{
	int i;

	for (i = 0; i < lengthof(sink_types); i++)
	{
		if (strcmp(sink_types[i]->name, name) == 0)
			return sink_types[i];
	}
	elog(ERROR, "no sink is called \"%s\"", name);
	return NULL;
}

/*
 * dq_scan_workers_launched: by the last scan of this session.
 */
int
dq_scan_workers_launched(void)
{
	return workers_launched;
}

/*
 * is_readable: can this one relation be read through its access method, or
 * has it no rows of its own? "top": it is what is checked, no part of it.
 */
static bool
is_readable(Relation rel, bool top)
{
	TupleDesc desc = RelationGetDescr(rel);
	int i;

	if (RELATION_IS_OTHER_TEMP(rel) || !RelationIsPopulated(rel))
		return !top && RELATION_IS_OTHER_TEMP(rel);
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_PARTITIONED_TABLE:
			break;
		case RELKIND_RELATION:
		case RELKIND_MATVIEW:
			if (rel->rd_tableam == NULL)
				return false;
			break;
		default:
			return false;
	}
	for (i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attgenerated == GENERATED_VIRTUAL)
			return false;
	}
	return true;
}

/*
 * dq_scan_possible: can the relation, with all its parts, be scanned in C?
 */
bool
dq_scan_possible(Relation rel)
{
	bool possible = true;
	List *parts;
	ListCell *lc;

	if (check_enable_rls(RelationGetRelid(rel), InvalidOid, true) ==
		RLS_ENABLED)
		return false;
	if (!rel->rd_rel->relhassubclass)
		return is_readable(rel, true);
	parts = find_all_inheritors(RelationGetRelid(rel), AccessShareLock, NULL);
	foreach(lc, parts)
	{
		Relation part = table_open(lfirst_oid(lc), NoLock);

		possible = possible &&
				   is_readable(part, lfirst_oid(lc) == RelationGetRelid(rel));
		table_close(part, NoLock);
	}
	return possible;
}

/*
 * dq_scan_heaps: OIDs of what holds the rows of a relation: itself, its
 * partitions, its children. They are locked.
 */
List *
dq_scan_heaps(Relation rel)
{
	List *heaps = NIL;
	ListCell *lc;

	if (!rel->rd_rel->relhassubclass)
	{
		if (RELKIND_HAS_STORAGE(rel->rd_rel->relkind))
			heaps = list_make1_oid(RelationGetRelid(rel));
		return heaps;
	}
	foreach(lc, find_all_inheritors(RelationGetRelid(rel), AccessShareLock,
									NULL))
	{
		Relation part = table_open(lfirst_oid(lc), NoLock);

		/* another session's temporary child is not seen, as in SQL */
		if (RELKIND_HAS_STORAGE(part->rd_rel->relkind) &&
			!RELATION_IS_OTHER_TEMP(part))
			heaps = lappend_oid(heaps, lfirst_oid(lc));
		table_close(part, NoLock);
	}
	return heaps;
}

/*
 * scan_alone: all rows in this process.
 */
static int64
scan_alone(Relation rel, List *sinks)
{
	DqFeed *feed = dq_feed_create(rel, sinks);
	ListCell *lc;

	foreach(lc, dq_scan_heaps(rel))
	{
		Relation heap = table_open(lfirst_oid(lc), NoLock);
		TableScanDesc scan = table_beginscan(heap, GetActiveSnapshot(), 0,
											 NULL);

		dq_feed_heap(feed, heap, scan);
		table_endscan(scan);
		table_close(heap, NoLock);
	}
	dq_feed_end(feed);
	return feed->rows;
}

/*
 * dq_scan_run: feed all rows to the sinks, which have begun in this process.
 */
int64
dq_scan_run(Relation rel, List *sinks, int workers)
{
	workers_launched = 0;
	if (workers > 0)
		return dq_scan_parallel_run(rel, sinks, workers, &workers_launched);
	return scan_alone(rel, sinks);
}

/*
 * workers_by_size: one for a table of min_parallel_table_scan_size, one more
 * whenever it is three times as large, as the planner does.
 */
static int
workers_by_size(Relation rel, int64 pages)
{
	int64 threshold = Max(min_parallel_table_scan_size, 1);
	int workers = 1;

	if (dq_guc_scan_workers > 0)
		return dq_guc_scan_workers;
	while (pages >= threshold * 3)
	{
		workers++;
		threshold *= 3;
	}
	workers = RelationGetParallelWorkers(rel, workers);
	return Min(workers, max_parallel_workers_per_gather);
}

/*
 * dq_scan_workers: how many would be worth asking for, 0 when the scan has to
 * be done alone.
 */
int
dq_scan_workers(Relation rel, List *sinks)
{
	int64 pages = 0;
	ListCell *lc;

	if (dq_guc_scan_workers == 0 || IsInParallelMode())
		return 0;
	foreach(lc, sinks)
	{
		DqSink *sink = (DqSink *) lfirst(lc);

		if (!sink->type->parallel || sink->serial)
			return 0;
	}
	foreach(lc, dq_scan_heaps(rel))
	{
		Relation heap = table_open(lfirst_oid(lc), NoLock);
		bool temporary = RelationUsesLocalBuffers(heap);

		pages += RelationGetNumberOfBlocks(heap);
		table_close(heap, NoLock);
		if (temporary)
			return 0;
	}
	if (pages < min_parallel_table_scan_size)
		return 0;
	return Min(workers_by_size(rel, pages), max_parallel_workers);
}
