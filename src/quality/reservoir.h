/*
 * reservoir.h
 *	  A random sample of rows, without replacement, of bounded size.
 *
 * Each row has a priority, a hash of where it is; the rows with the least are
 * the sample (a bottom-k sample: Cohen and Kaplan, "Summarizing data using
 * bottom-k sketches", 2007). Unlike a reservoir that is drawn in the order of
 * the rows, it is the same however the rows are divided among processes, and
 * samples of parts merge into one of the whole.
 */
#ifndef DQ_RESERVOIR_H
#define DQ_RESERVOIR_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "lib/stringinfo.h"

typedef struct DqPick
{
	uint64 priority;
	MinimalTuple row;
} DqPick;

typedef struct DqReservoir
{
	MemoryContext context;
	TupleDesc desc;
	int size; /* at most so many rows */
	int count;
	DqPick *picks; /* a heap, the greatest priority first */
} DqReservoir;

extern DqReservoir *dq_reservoir_create(TupleDesc desc, int size);
extern void dq_reservoir_put(DqReservoir *reservoir, uint64 priority,
							 Datum *values, bool *nulls);
extern void dq_reservoir_merge(DqReservoir *into, const DqReservoir *from);
extern void dq_reservoir_save(const DqReservoir *reservoir, StringInfo buf);
extern void dq_reservoir_load(DqReservoir *reservoir, StringInfo buf);

/*
 * dq_reservoir_wants: would a row of this priority be in the sample now?
 */
static inline bool
dq_reservoir_wants(const DqReservoir *reservoir, uint64 priority)
{
	return reservoir->count < reservoir->size ||
		   (reservoir->count > 0 && priority < reservoir->picks[0].priority);
}

#endif /* DQ_RESERVOIR_H */
