/*
 * feed.h
 *	  What one process of a scan does: rows of heaps into sinks.
 */
#ifndef DQ_FEED_H
#define DQ_FEED_H

#include "access/relscan.h"
#include "quality/scan.h"

typedef struct DqFeed
{
	Relation rel; /* what is checked; sinks know its columns */
	List *sinks;
	AttrNumber last_attr; /* of any sink */
	bool by_row; /* a sink wants single rows */
	DqBatch *batch; /* NULL: no sink wants batches */
	int64 rows; /* fed */
} DqFeed;

extern DqFeed *dq_feed_create(Relation rel, List *sinks);

/* all rows of a scan of "leaf", which is the relation or a part of it */
extern void dq_feed_heap(DqFeed *feed, Relation leaf, TableScanDesc scan);

/* no more rows come in this process */
extern void dq_feed_end(DqFeed *feed);

#endif /* DQ_FEED_H */
