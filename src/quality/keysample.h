/*
 * keysample.h
 *	  Do rows share their keys? A look at the first ones.
 */
#ifndef DQ_KEYSAMPLE_H
#define DQ_KEYSAMPLE_H

#include "nodes/pg_list.h"
#include "utils/rel.h"

typedef struct DqKeySample
{
	uint64 *hashes; /* open addressing; 0 is free */
	int rows; /* that were seen */
	int repeated; /* of these, with a hash seen before */
} DqKeySample;

/* an empty one, in the current context */
extern DqKeySample *dq_keysample_create(void);
extern void dq_keysample_free(DqKeySample *sample);

/* a key by its mixed hash; ignored once there are enough */
extern void dq_keysample_add(DqKeySample *sample, uint64 hash);

/* so many that looking at their rows again one by one will not do? */
extern bool dq_keysample_is_repetitive(const DqKeySample *sample);

/* is the relation so large that a sample is worth its cost? */
extern bool dq_keysample_is_worth_it(Relation rel);

/*
 * Feed rows from the beginning of such a relation to sinks that take samples,
 * under the active snapshot.
 */
extern void dq_keysample_feed(Relation rel, List *sinks);

#endif /* DQ_KEYSAMPLE_H */
