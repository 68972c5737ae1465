/*
 * walk_index.h
 *	  A walk (walk.h) while it is under way, and its steps along the index.
 */
#ifndef DQ_WALK_INDEX_H
#define DQ_WALK_INDEX_H

#include "access/genam.h"
#include "access/relscan.h"
#include "fmgr.h"
#include "load/difference.h"
#include "nodes/execnodes.h"
#include "utils/snapshot.h"
#include "utils/sortsupport.h"

/* a column of the key */
typedef struct DqWalkKey
{
	ExprState *of_stage; /* its value, from a row of the stage */
	SortSupportData order;
	FmgrInfo compare; /* the index's own comparison */
	FmgrInfo at_least; /* the operator >= that goes with it */
	Oid less;
	bool by_value;
	int16 length;
	Datum value; /* of the row of the batch at hand */
	Datum previous; /* of the one before */
	Datum sought; /* where the scan began last */
} DqWalkKey;

/* a column whose difference is a change */
typedef struct DqWalkColumn
{
	int batch; /* position in a row of the batch, from 0 */
	int target; /* in one of the target, from 0 */
	bool by_value;
	int16 length;
} DqWalkColumn;

typedef struct DqWalk
{
	const DqTask *task;
	DqDifference *difference;
	Relation index;
	Snapshot snapshot;
	ExprContext *context;
	TupleTableSlot *stage;
	TupleTableSlot *batch;
	TupleTableSlot *target;
	ProjectionInfo *project; /* the batch's row from the stage's */
	int n_keys;
	DqWalkKey *keys;
	int n_compared;
	DqWalkColumn *compared;
	ExprState *changed; /* NULL: nothing is compared */
	ExprState *wins; /* NULL: always */
	ExprState *null_sequence; /* NULL: not asked, as below */
	ExprState *outside_index;
	Datum *values; /* of a row for the difference */
	bool *nulls;
	/* the rows of the batch */
	bool has_previous;
	bool goes_back; /* a key came after a greater one */
	bool is_doubtful; /* there may be duplicates among those */
	uint8 *met; /* a bit for each place in the target; NULL: not needed */
	bool repeats; /* the row before had the key of the one before it */
	MemoryContext kept[2]; /* of "previous", in turns */
	int turn;
	/* the index */
	IndexScanDesc scan;
	bool has_entry;
	bool ended;
	MemoryContext sought; /* of DqWalkKey.sought */
} DqWalk;

/*
 * The key of the row of the stage at hand becomes the key at hand. False when
 * a value in it is NULL.
 */
extern bool dq_walk_index_read_key(DqWalk *walk);

/* remember the key at hand as the previous one */
extern void dq_walk_index_keep_key(DqWalk *walk);

/* the key at hand against the previous one */
extern int dq_walk_index_compare(DqWalk *walk);

/*
 * Fetch the row of the target with the key at hand; false when there is none
 * that we see.
 */
extern bool dq_walk_index_find(DqWalk *walk);

#endif /* DQ_WALK_INDEX_H */
