/*
 * order.c
 *	  Rows of a difference in the order of their keys.
 *
 * So that two writers lock rows in one order, an index is filled from one end,
 * and duplicates are neighbours.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "load/column.h"
#include "load/order.h"
#include "miscadmin.h"
#include "utils/sortsupport.h"
#include "utils/tuplesort.h"

typedef struct OrderKey
{
	AttrNumber attnums[INDEX_MAX_KEYS]; /* in the stores */
	Oid less[INDEX_MAX_KEYS];
	Oid collations[INDEX_MAX_KEYS];
	bool nulls_first[INDEX_MAX_KEYS];
	SortSupportData compare[INDEX_MAX_KEYS];
	int count;
} OrderKey;

/*
 * place_of: where in the stores a column of the key is; 0: nowhere.
 */
static AttrNumber
place_of(const DqTask *task, const DqKeyColumn *key)
{
	ListCell *lc;

	foreach(lc, task->columns)
	{
		if (key->expression == NULL &&
			strcmp(((DqColumn *) lfirst(lc))->name, key->name) == 0)
			return foreach_current_index(lc) + 1;
	}
	return 0;
}

/*
 * dq_order_is_possible: see order.h.
 */
bool
dq_order_is_possible(const DqTask *task)
{
	ListCell *lc;

	foreach(lc, task->key->columns)
	{
		if (place_of(task, (DqKeyColumn *) lfirst(lc)) == 0)
			return false;
	}
	return true;
}

/*
 * describe_order: the key, for a sort and for a look at neighbours.
 */
static void
describe_order(const DqTask *task, OrderKey *order)
{
	ListCell *lc;

	memset(order, 0, sizeof(OrderKey));
	foreach(lc, task->key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);
		int i = order->count++;

		order->attnums[i] = place_of(task, column);
		order->less[i] = dq_key_less(column);
		order->collations[i] = column->collation;
		order->compare[i].ssup_cxt = CurrentMemoryContext;
		order->compare[i].ssup_collation = column->collation;
		PrepareSortSupportFromOrderingOp(order->less[i], &order->compare[i]);
	}
}

/*
 * have_same_key: have two rows one key?
 */
static bool
have_same_key(OrderKey *order, TupleTableSlot *left, TupleTableSlot *right)
{
	int i;

	for (i = 0; i < order->count; i++)
	{
		bool left_null;
		bool right_null;
		Datum a = slot_getattr(left, order->attnums[i], &left_null);
		Datum b = slot_getattr(right, order->attnums[i], &right_null);

		if (ApplySortComparator(a, left_null, b, right_null,
								&order->compare[i]) != 0)
			return false;
	}
	return true;
}

/*
 * sort_store: put the rows of a store into it again, in order. False when two
 * of them have one key; then the store is left half full.
 */
static bool
sort_store(OrderKey *order, TupleDesc desc, Tuplestorestate *store)
{
	TupleTableSlot *slots[2];
	Tuplesortstate *sort = tuplesort_begin_heap(desc, order->count,
												order->attnums, order->less,
												order->collations,
												order->nulls_first,
												dq_difference_memory(), NULL,
												TUPLESORT_NONE);
	bool distinct = true;
	int turn = 0;

	slots[0] = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	slots[1] = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	tuplestore_rescan(store);
	while (tuplestore_gettupleslot(store, true, false, slots[0]))
		tuplesort_puttupleslot(sort, slots[0]);
	tuplestore_clear(store);
	ExecClearTuple(slots[0]);
	tuplesort_performsort(sort);
	while (distinct &&
		   tuplesort_gettupleslot(sort, true, true, slots[turn], NULL))
	{
		CHECK_FOR_INTERRUPTS();
		distinct = TTS_EMPTY(slots[1 - turn]) ||
				   !have_same_key(order, slots[0], slots[1]);
		tuplestore_puttupleslot(store, slots[turn]);
		turn = 1 - turn;
	}
	tuplesort_end(sort);
	ExecDropSingleTupleTableSlot(slots[0]);
	ExecDropSingleTupleTableSlot(slots[1]);
	return distinct;
}

/*
 * dq_order_rows: see order.h.
 */
bool
dq_order_rows(const DqTask *task, DqDifference *difference)
{
	OrderKey order;

	describe_order(task, &order);
	return sort_store(&order, difference->desc, difference->stale) &&
		   sort_store(&order, difference->desc, difference->fresh);
}
