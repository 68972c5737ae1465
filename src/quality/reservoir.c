/*
 * reservoir.c
 *	  A random sample of rows, without replacement, of bounded size.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "libpq/pqformat.h"
#include "base/compat.h"
#include "quality/reservoir.h"
#include "utils/memutils.h"

/*
 * dq_reservoir_create: an empty sample, in the current memory context.
 */
DqReservoir *
dq_reservoir_create(TupleDesc desc, int size)
{
	DqReservoir *reservoir = palloc0(sizeof(DqReservoir));

	reservoir->context = CurrentMemoryContext;
	reservoir->desc = desc;
	reservoir->size = size;
	reservoir->picks = palloc(sizeof(DqPick) * (size + 1));
	return reservoir;
}

/*
 * sift_down: put a pick where it belongs, from the top.
 */
static void
sift_down(DqReservoir *reservoir, DqPick pick)
{
	DqPick *picks = reservoir->picks;
	int at = 0;
	int child;

	while ((child = 2 * at + 1) < reservoir->count)
	{
		if (child + 1 < reservoir->count &&
			picks[child + 1].priority > picks[child].priority)
			child++;
		if (picks[child].priority <= pick.priority)
			break;
		picks[at] = picks[child];
		at = child;
	}
	picks[at] = pick;
}

/*
 * sift_up: put a pick where it belongs, from the end.
 */
static void
sift_up(DqReservoir *reservoir, DqPick pick)
{
	DqPick *picks = reservoir->picks;
	int at = reservoir->count++;

	while (at > 0 && picks[(at - 1) / 2].priority < pick.priority)
	{
		picks[at] = picks[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	picks[at] = pick;
}

/*
 * drop_greatest: one row less.
 */
static void
drop_greatest(DqReservoir *reservoir)
{
	pfree(reservoir->picks[0].row);
	reservoir->count--;
	if (reservoir->count > 0)
		sift_down(reservoir, reservoir->picks[reservoir->count]);
}

/*
 * put_row: a row that is wanted and belongs to the sample.
 */
static void
put_row(DqReservoir *reservoir, uint64 priority, MinimalTuple row)
{
	DqPick pick = {priority, row};

	if (reservoir->count < reservoir->size)
	{
		sift_up(reservoir, pick);
		return;
	}
	pfree(reservoir->picks[0].row);
	sift_down(reservoir, pick);
}

/*
 * dq_reservoir_put: a row that dq_reservoir_wants.
 */
void
dq_reservoir_put(DqReservoir *reservoir, uint64 priority, Datum *values,
				 bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(reservoir->context);

	put_row(reservoir, priority,
			dq_compat_form_minimal(reservoir->desc, values, nulls));
	MemoryContextSwitchTo(old);
}

/*
 * dq_reservoir_merge: a sample of the rows of both. A sample that is not full
 * holds all of its rows and does not limit the other.
 */
void
dq_reservoir_merge(DqReservoir *into, const DqReservoir *from)
{
	MemoryContext old = MemoryContextSwitchTo(into->context);
	int i;

	if (from->count == from->size && from->size < into->size)
		into->size = from->size;
	while (into->count > into->size)
		drop_greatest(into);
	for (i = 0; i < from->count; i++)
	{
		if (dq_reservoir_wants(into, from->picks[i].priority))
			put_row(into, from->picks[i].priority,
					dq_compat_copy_minimal(from->picks[i].row));
	}
	MemoryContextSwitchTo(old);
}

/*
 * dq_reservoir_save: append to a message.
 */
void
dq_reservoir_save(const DqReservoir *reservoir, StringInfo buf)
{
	int i;

	pq_sendint32(buf, (uint32) reservoir->size);
	pq_sendint32(buf, (uint32) reservoir->count);
	for (i = 0; i < reservoir->count; i++)
	{
		MinimalTuple row = reservoir->picks[i].row;

		pq_sendint64(buf, reservoir->picks[i].priority);
		pq_sendint32(buf, row->t_len);
		pq_sendbytes(buf, (char *) row, row->t_len);
	}
}

/*
 * dq_reservoir_load: read what dq_reservoir_save wrote into an empty sample of
 * the same descriptor.
 */
void
dq_reservoir_load(DqReservoir *reservoir, StringInfo buf)
{
	MemoryContext old = MemoryContextSwitchTo(reservoir->context);
	int size = (int) pq_getmsgint(buf, 4);
	int count = (int) pq_getmsgint(buf, 4);
	int i;

	reservoir->size = size;
	reservoir->picks = palloc(sizeof(DqPick) * (size + 1));
	for (i = 0; i < count; i++)
	{
		uint64 priority = (uint64) pq_getmsgint64(buf);
		int len = (int) pq_getmsgint(buf, 4);
		MinimalTuple row = palloc(len);

		memcpy(row, pq_getmsgbytes(buf, len), len);
		put_row(reservoir, priority, row);
	}
	MemoryContextSwitchTo(old);
}
