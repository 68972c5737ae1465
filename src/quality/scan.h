/*
 * scan.h
 *	  One pass over a heap in C that feeds any number of sinks.
 *
 * A sink sees every row that the snapshot sees, once: one at a time in a slot,
 * or up to 64 as columns. It declares what it reads, so that tuples are
 * deformed once and no further. Attribute numbers are those of the relation
 * that is scanned, whatever the layout of its partitions. In a parallel scan
 * each worker begins the sinks anew from their specs and saves its states as
 * bytes, which the leader merges: a sink knows nothing of processes.
 */
#ifndef DQ_SCAN_H
#define DQ_SCAN_H

#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "quality/batch.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

struct DqSink;

/* where saved bytes go, in pieces of any size */
typedef void (*DqSinkWrite)(void *arg, const char *bytes, Size len);

typedef struct DqSinkType
{
	const char *name; /* a worker finds the type by it */
	bool parallel; /* has save and merge */
	/* a sink from its spec (any bytes); rel is what is scanned */
	struct DqSink *(*begin)(Relation rel, const char *spec, Size len);
	/* the next row; attributes up to last_attr are deformed in the slot */
	void (*row)(struct DqSink *sink, TupleTableSlot *slot);
	/* instead of row: the next rows, the columns asked for in "columns" */
	void (*rows)(struct DqSink *sink, const DqBatch *batch);
	/* after the last row of this process (leader too, before merge) */
	void (*end)(struct DqSink *sink);
	/* worker: the state as bytes */
	void (*save)(struct DqSink *sink, DqSinkWrite write, void *arg);
	/* leader: one piece that a worker wrote, as it was written (aligned) */
	void (*merge)(struct DqSink *sink, const char *bytes, Size len);
} DqSinkType;

/* the head of every sink's own struct */
typedef struct DqSink
{
	const DqSinkType *type;
	AttrNumber last_attr; /* for row; 0: reads none */
	Bitmapset *columns; /* for rows: attribute numbers */
	bool serial; /* although its type is parallel, this one is not */
	const char *spec;
	Size spec_len;
} DqSink;

/*
 * Can this relation be scanned in C as the current user sees it? A heap, or
 * partitioned into heaps all the way down; no row security in force, no
 * virtual generated column; SELECT on the columns up to last_attr is the
 * caller's affair.
 */
extern bool dq_scan_possible(Relation rel);

/*
 * Scan under the active snapshot. "rows" of it were seen. Interruptible.
 * workers: at most so many besides the leader, 0 for none; fewer may come.
 * Throws what sinks throw.
 */
extern int64 dq_scan_run(Relation rel, List *sinks, int workers);

/* how many workers would be worth asking for, by size and settings */
extern int dq_scan_workers(Relation rel, List *sinks);

/* how many took part in the last scan of this session */
extern int dq_scan_workers_launched(void);

/* the type of this name, for workers */
extern const DqSinkType *dq_scan_find_type(const char *name);

/* OIDs of what holds the rows: itself, partitions, children; locked */
extern List *dq_scan_heaps(Relation rel);

#endif /* DQ_SCAN_H */
