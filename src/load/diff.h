/*
 * diff.h
 *	  The SQL of an upsert, its checks before writing and its counts.
 */
#ifndef DQ_DIFF_H
#define DQ_DIFF_H

#include "load/key.h"
#include "load/load.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

typedef struct DqUpsert
{
	Relation target; /* locked in RowExclusiveLock */
	Relation stage;
	const char *step; /* how messages call the stage */
	DqKey *key;
	List *columns; /* of DqColumn * */
} DqUpsert;

/*
 * Bring the rows of the stage into the target: new keys inserted, changed
 * rows updated, the rest untouched. 21000 for duplicate keys in the stage,
 * 23502 for NULL in a key, before anything is written.
 */
extern DqLoadCounts dq_diff_upsert(const DqUpsert *upsert);

#endif /* DQ_DIFF_H */
