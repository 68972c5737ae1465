/*
 * walk_index.c
 *	  The steps of a walk along the unique index of the target.
 *
 * From one key of the batch to the next the index is stepped through, and
 * descended anew when that takes more steps than a descent costs.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "load/walk_index.h"
#include "utils/datum.h"
#include "utils/memutils.h"

/* steps along the index that cost about as much as a descent */
#define MAX_STEPS 24

/*
 * dq_walk_index_read_key: see walk_index.h.
 */
bool
dq_walk_index_read_key(DqWalk *walk)
{
	bool isnull;
	int i;

	for (i = 0; i < walk->n_keys; i++)
	{
		DqWalkKey *key = &walk->keys[i];

		key->value = ExecEvalExprSwitchContext(key->of_stage, walk->context,
											   &isnull);
		if (isnull)
			return false;
		/* compared many times */
		if (key->length == -1)
		{
			MemoryContext old = MemoryContextSwitchTo(
				walk->context->ecxt_per_tuple_memory);

			key->value = PointerGetDatum(
				PG_DETOAST_DATUM_PACKED(key->value));
			MemoryContextSwitchTo(old);
		}
	}
	return true;
}

/*
 * dq_walk_index_keep_key: see walk_index.h.
 */
void
dq_walk_index_keep_key(DqWalk *walk)
{
	MemoryContext old;
	int i;

	walk->turn = 1 - walk->turn;
	MemoryContextReset(walk->kept[walk->turn]);
	old = MemoryContextSwitchTo(walk->kept[walk->turn]);
	for (i = 0; i < walk->n_keys; i++)
	{
		DqWalkKey *key = &walk->keys[i];

		key->previous = key->by_value ?
							key->value :
							datumCopy(key->value, false, key->length);
	}
	MemoryContextSwitchTo(old);
	walk->has_previous = true;
}

/*
 * dq_walk_index_compare: see walk_index.h.
 */
int
dq_walk_index_compare(DqWalk *walk)
{
	int i;

	for (i = 0; i < walk->n_keys; i++)
	{
		DqWalkKey *key = &walk->keys[i];
		int result = ApplySortComparator(key->value, false, key->previous,
										 false, &key->order);

		if (result != 0)
			return result;
	}
	return 0;
}

/*
 * compare_entry: the entry of the index at hand against the key at hand.
 */
static int
compare_entry(DqWalk *walk)
{
	int i;

	for (i = 0; i < walk->n_keys; i++)
	{
		DqWalkKey *key = &walk->keys[i];
		bool isnull;
		Datum value = index_getattr(walk->scan->xs_itup, i + 1,
									walk->scan->xs_itupdesc, &isnull);
		int result = ApplySortComparator(value, isnull, key->value, false,
										 &key->order);

		if (result != 0)
			return result;
	}
	return 0;
}

/*
 * next_entry: one step along the index.
 */
static void
next_entry(DqWalk *walk)
{
	walk->has_entry = index_getnext_tid(walk->scan,
										ForwardScanDirection) != NULL;
	walk->ended = !walk->has_entry;
}

/*
 * row_key: the columns sought at or after their values, as a row. The server
 * makes no rows of one column, and 18 takes one for "after".
 */
static void
row_key(DqWalk *walk, ScanKeyData *row)
{
	ScanKeyData *keys = MemoryContextAllocZero(
		walk->sought, sizeof(ScanKeyData) * walk->n_keys);
	int i;

	for (i = 0; i < walk->n_keys; i++)
	{
		DqWalkKey *key = &walk->keys[i];

		keys[i].sk_flags = SK_ROW_MEMBER;
		keys[i].sk_attno = i + 1;
		keys[i].sk_strategy = BTGreaterEqualStrategyNumber;
		keys[i].sk_subtype = InvalidOid;
		keys[i].sk_collation = walk->index->rd_indcollation[i];
		keys[i].sk_argument = key->sought;
		keys[i].sk_func = key->compare;
	}
	keys[walk->n_keys - 1].sk_flags |= SK_ROW_END;
	MemSet(row, 0, sizeof(ScanKeyData));
	row->sk_flags = SK_ROW_HEADER;
	row->sk_attno = 1;
	row->sk_strategy = BTGreaterEqualStrategyNumber;
	row->sk_argument = PointerGetDatum(keys);
}

/*
 * descend: go to the first entry whose key is not before the one at hand.
 */
static void
descend(DqWalk *walk)
{
	ScanKeyData sought;
	MemoryContext old;
	int i;

	MemoryContextReset(walk->sought);
	old = MemoryContextSwitchTo(walk->sought);
	for (i = 0; i < walk->n_keys; i++)
	{
		DqWalkKey *key = &walk->keys[i];

		key->sought = datumCopy(key->value, key->by_value, key->length);
	}
	MemoryContextSwitchTo(old);
	if (walk->n_keys == 1)
		ScanKeyEntryInitializeWithInfo(&sought, 0, 1,
									   BTGreaterEqualStrategyNumber,
									   InvalidOid,
									   walk->index->rd_indcollation[0],
									   &walk->keys[0].at_least,
									   walk->keys[0].sought);
	else
		row_key(walk, &sought);
	index_rescan(walk->scan, &sought, 1, NULL, 0);
	walk->ended = false;
	next_entry(walk);
}

/*
 * seek: go on to the first entry whose key is not before the one at hand; has
 * it that key?
 */
static bool
seek(DqWalk *walk)
{
	int steps = 0;

	while (!walk->ended)
	{
		if (walk->has_entry)
		{
			int order = compare_entry(walk);

			if (order >= 0)
				return order == 0;
		}
		if (!walk->has_entry || ++steps == MAX_STEPS)
			descend(walk);
		else
			next_entry(walk);
	}
	return false;
}

/*
 * dq_walk_index_find: see walk_index.h.
 */
bool
dq_walk_index_find(DqWalk *walk)
{
	bool found;

	if (!seek(walk))
		return false;
	do
	{
		found = index_fetch_heap(walk->scan, walk->target);
		if (!found)
			next_entry(walk);
	} while (!found && walk->has_entry && compare_entry(walk) == 0);
	return found;
}
