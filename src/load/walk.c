/*
 * walk.c
 *	  What differs, found by a walk along the unique index of the target.
 *
 * Batch and index are both followed in the order of the key, so each is read
 * once. Where the batch leaves gaps the walk does not step through them but
 * descends the index anew, so that it costs what the smaller of the two costs:
 * a few rows against a large target are probes, a batch as large as the target
 * is a merge. A row of the target is fetched only when its key occurs in the
 * batch, and most of those are found the same by their bytes, without a call
 * of the type's equality.
 *
 * The batch is the stage. When statistics say that it nearly lies in the order
 * of its key (a parallel plan that filled it leaves it in pieces of some
 * pages), it is read as it lies, and where it goes back the index is descended
 * anew; which rows of the target were met is remembered in a bitmap, so that
 * duplicates are noticed. Then all begins anew, as with a stage in another
 * order: keys and places of its rows are sorted, not the rows.
 *
 * Everything is read under one snapshot, as a statement would; expressions are
 * those of the SQL that a join would have (rowquery.c). Whoever may not read
 * the target as a whole is left to SQL.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "base/compat.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "load/check.h"
#include "load/choose.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/order.h"
#include "load/rowquery.h"
#include "load/walk.h"
#include "load/walk_index.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/sortsupport.h"
#include "utils/typcache.h"

/* correlation of a stage with its key from which it is read as it lies */
#define NEARLY_SORTED 0.8

/*
 * index_refusal: why an index cannot be walked along, or NULL.
 */
static const char *
index_refusal(Oid indexid)
{
	Relation index = index_open(indexid, AccessShareLock);
	const char *refusal = NULL;
	int i;

	if (index->rd_rel->relam != BTREE_AM_OID)
		refusal = "its unique index is no btree";
	for (i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		if (index->rd_indoption[i] != 0)
			refusal = "its unique index is not in ascending order";
		else if (TupleDescAttr(RelationGetDescr(index), i)->attlen == -2)
			refusal = "its unique index stores values otherwise";
	}
	index_close(index, NoLock);
	return refusal;
}

/*
 * dq_walk_refusal: see walk.h.
 */
const char *
dq_walk_refusal(const DqTask *task)
{
	Relation target = task->target;
	Oid relid = RelationGetRelid(target);

	if (target->rd_rel->relkind != RELKIND_RELATION ||
		target->rd_rel->relam != HEAP_TABLE_AM_OID)
		return "it is no plain table";
	if (task->key == NULL || !OidIsValid(task->key->index))
		return "no unique index stands behind the key";
	if (check_enable_rls(relid, InvalidOid, true) != RLS_NONE)
		return "it has row security";
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		return "it may not be read as a whole";
	return index_refusal(task->key->index);
}

/*
 * suits: can the rows of this batch be read from the stage one by one?
 */
static bool
suits(const DqTask *task)
{
	return !task->dedupes && task->delete_output == NULL &&
		   !(task->key->nulls_equal && task->null_keys) &&
		   task->stage->rd_rel->relkind == RELKIND_RELATION &&
		   task->stage->rd_rel->relam == HEAP_TABLE_AM_OID &&
		   pg_class_aclcheck(RelationGetRelid(task->stage), GetUserId(),
							 ACL_SELECT) == ACLCHECK_OK;
}

/*
 * outputs: the select list: what decides about a row, then its key.
 */
static char *
outputs(const DqTask *task)
{
	const char *decisions[4];
	StringInfoData sql;
	ListCell *lc;
	int i;

	decisions[0] = dq_diff_changed(task, "excluded", "target");
	decisions[1] = dq_diff_wins(task, "excluded", "target");
	decisions[2] = dq_check_null_sequence(task, "excluded");
	decisions[3] = dq_check_outside_index(task, "excluded");
	initStringInfo(&sql);
	for (i = 0; i < lengthof(decisions); i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "",
						 decisions[i] ? decisions[i] :
										"NULL::pg_catalog.bool");
	foreach(lc, task->key->columns)
		appendStringInfo(&sql, ", %s",
						 dq_key_value(task->key, (DqKeyColumn *) lfirst(lc),
									  "excluded"));
	return sql.data;
}

/*
 * prepare_condition: an output to be executed, NULL when it is not asked.
 */
static ExprState *
prepare_condition(const DqRowQuery *query, int n)
{
	Expr *expression = (Expr *) list_nth(query->outputs, n);

	if (IsA(expression, Const) && ((Const *) expression)->constisnull)
		return NULL;
	return ExecInitExpr(expression, NULL);
}

/*
 * prepare_keys: values and order of the columns of the key.
 */
static void
prepare_keys(DqWalk *walk, const DqRowQuery *query, int first)
{
	List *columns = walk->task->key->columns;
	ListCell *lc;

	walk->n_keys = list_length(columns);
	walk->keys = palloc0(sizeof(DqWalkKey) * walk->n_keys);
	foreach(lc, columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);
		int i = foreach_current_index(lc);
		DqWalkKey *key = &walk->keys[i];
		Expr *output = (Expr *) list_nth(query->outputs, first + i);
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(walk->index),
											  i);
		Oid at_least;

		key->of_stage = ExecInitExpr(dq_rowquery_over_stage(query, output),
									 NULL);
		key->less = dq_key_less(column);
		key->by_value = att->attbyval;
		key->length = att->attlen;
		key->order.ssup_cxt = CurrentMemoryContext;
		key->order.ssup_collation = walk->index->rd_indcollation[i];
		key->order.ssup_attno = i + 1;
		PrepareSortSupportFromOrderingOp(key->less, &key->order);
		fmgr_info_copy(&key->compare,
					   index_getprocinfo(walk->index, i + 1, BTORDER_PROC),
					   CurrentMemoryContext);
		at_least = get_opfamily_member(walk->index->rd_opfamily[i],
									   walk->index->rd_opcintype[i],
									   walk->index->rd_opcintype[i],
									   BTGreaterEqualStrategyNumber);
		fmgr_info(get_opcode(at_least), &key->at_least);
	}
}

/*
 * prepare_columns: where the columns that are compared are found.
 */
static void
prepare_columns(DqWalk *walk)
{
	const DqTask *task = walk->task;
	ListCell *lc;

	walk->compared = palloc0(sizeof(DqWalkColumn) *
							 list_length(task->columns));
	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		DqWalkColumn *compared = &walk->compared[walk->n_compared];
		AttrNumber attnum;

		if (!column->is_compared)
			continue;
		attnum = get_attnum(RelationGetRelid(task->target), column->name);
		compared->batch = foreach_current_index(lc);
		compared->target = attnum - 1;
		get_typlenbyval(column->type, &compared->length,
						&compared->by_value);
		walk->n_compared++;
	}
}

/*
 * prepare: expressions, slots and the scan of the index.
 */
static void
prepare(DqWalk *walk, const DqRowQuery *query)
{
	const DqTask *task = walk->task;
	int n = list_length(task->columns) + 1;

	walk->context = CreateStandaloneExprContext();
	walk->stage = table_slot_create(task->stage, NULL);
	walk->target = table_slot_create(task->target, NULL);
	walk->batch = MakeSingleTupleTableSlot(ExecTypeFromTL(query->batch),
										   &TTSOpsVirtual);
	walk->context->ecxt_scantuple = walk->stage;
	walk->context->ecxt_outertuple = walk->batch;
	walk->context->ecxt_innertuple = walk->target;
	walk->project = ExecBuildProjectionInfo(query->batch, walk->context,
											walk->batch, NULL,
											RelationGetDescr(task->stage));
	walk->changed = prepare_condition(query, 0);
	walk->wins = prepare_condition(query, 1);
	walk->null_sequence = prepare_condition(query, 2);
	walk->outside_index = prepare_condition(query, 3);
	walk->index = index_open(task->key->index, AccessShareLock);
	prepare_keys(walk, query, 4);
	prepare_columns(walk);
	walk->values = palloc0(sizeof(Datum) * n);
	walk->nulls = palloc0(sizeof(bool) * n);
	walk->kept[0] = AllocSetContextCreate(CurrentMemoryContext,
										  "dq_etl key of a batch",
										  ALLOCSET_SMALL_SIZES);
	walk->kept[1] = AllocSetContextCreate(CurrentMemoryContext,
										  "dq_etl key of a batch",
										  ALLOCSET_SMALL_SIZES);
	walk->sought = AllocSetContextCreate(CurrentMemoryContext,
										 "dq_etl key of a scan",
										 ALLOCSET_SMALL_SIZES);
	walk->scan = dq_compat_index_beginscan(task->target, walk->index,
										   walk->snapshot, 1);
	walk->scan->xs_want_itup = true;
}

/*
 * finish: give everything back.
 */
static void
finish(DqWalk *walk)
{
	index_endscan(walk->scan);
	index_close(walk->index, NoLock);
	ExecDropSingleTupleTableSlot(walk->stage);
	ExecDropSingleTupleTableSlot(walk->batch);
	ExecDropSingleTupleTableSlot(walk->target);
	FreeExprContext(walk->context, true);
}

/*
 * holds: is a condition true? NULL of it is false.
 */
static bool
holds(DqWalk *walk, ExprState *condition)
{
	bool isnull;
	Datum value = ExecEvalExprSwitchContext(condition, walk->context,
											&isnull);

	return !isnull && DatumGetBool(value);
}

/*
 * has_other_bytes: is a compared column stored otherwise in the batch than in
 * the target?
 */
static bool
has_other_bytes(DqWalk *walk)
{
	TupleTableSlot *batch = walk->batch;
	TupleTableSlot *target = walk->target;
	int i;

	slot_getallattrs(target);
	for (i = 0; i < walk->n_compared; i++)
	{
		DqWalkColumn *column = &walk->compared[i];
		Datum a = batch->tts_values[column->batch];
		Datum b = target->tts_values[column->target];
		bool isnull = batch->tts_isnull[column->batch];

		if (isnull != target->tts_isnull[column->target])
			return true;
		if (isnull)
			continue;
		if (column->by_value ? a != b :
							   !datum_image_eq(a, b, false, column->length))
			return true;
	}
	return false;
}

/*
 * judge: what is to be done with the row of the batch at hand.
 */
static DqRowState
judge(DqWalk *walk, bool found)
{
	bool same;
	MemoryContext old;

	if (!found)
		return DQ_ROW_FRESH;
	if (walk->changed == NULL)
		return DQ_ROW_SAME;
	/* large values are read again to be compared */
	old = MemoryContextSwitchTo(walk->context->ecxt_per_tuple_memory);
	same = !has_other_bytes(walk);
	MemoryContextSwitchTo(old);
	if (same || !holds(walk, walk->changed))
		return DQ_ROW_SAME;
	if (walk->wins != NULL && !holds(walk, walk->wins))
		return DQ_ROW_LOST;
	return DQ_ROW_STALE;
}

/*
 * put: hand a row of the batch over.
 */
static void
put(DqWalk *walk, DqRowState state)
{
	int written = list_length(walk->task->columns);

	if (state == DQ_ROW_FRESH || state == DQ_ROW_STALE)
	{
		memcpy(walk->values, walk->batch->tts_values,
			   sizeof(Datum) * written);
		memcpy(walk->nulls, walk->batch->tts_isnull, sizeof(bool) * written);
		walk->values[written] = PointerGetDatum(&walk->target->tts_tid);
		walk->nulls[written] = state == DQ_ROW_FRESH;
	}
	dq_difference_put(walk->difference, state, walk->values, walk->nulls);
}

/*
 * is_repeated: has the row the key of the one before? Counted.
 */
static bool
is_repeated(DqWalk *walk)
{
	DqBatchFacts *facts = &walk->difference->facts;
	int order = walk->has_previous ? dq_walk_index_compare(walk) : 1;

	if (order < 0)
	{
		walk->goes_back = true;
		walk->has_entry = false;
		walk->ended = false;
	}
	if (order == 0)
		facts->excess++;
	if (order == 0 && !walk->repeats)
		facts->duplicated++;
	walk->repeats = order == 0;
	return order == 0;
}

/*
 * meet: note that the row of the target at hand was met; false when it was
 * before.
 */
static bool
meet(DqWalk *walk)
{
	ItemPointer place = &walk->target->tts_tid;
	uint64 bit = (uint64) ItemPointerGetBlockNumber(place) *
					 MaxHeapTuplesPerPage +
				 ItemPointerGetOffsetNumber(place) - 1;
	uint8 mask = 1 << (bit % 8);

	if (walk->met[bit / 8] & mask)
		return false;
	walk->met[bit / 8] |= mask;
	return true;
}

/*
 * take_row: a row of the batch, in "stage", in its turn.
 */
static void
take_row(DqWalk *walk)
{
	DqBatchFacts *facts = &walk->difference->facts;
	bool found;

	CHECK_FOR_INTERRUPTS();
	ResetExprContext(walk->context);
	facts->rows++;
	(void) ExecProject(walk->project);
	if (walk->null_sequence != NULL && holds(walk, walk->null_sequence))
		facts->null_sequences++;
	if (walk->outside_index != NULL && holds(walk, walk->outside_index))
		facts->outside_index++;
	if (!dq_walk_index_read_key(walk))
	{
		facts->null_keys++;
		return;
	}
	if (is_repeated(walk))
		return;
	found = dq_walk_index_find(walk);
	if (found && walk->met != NULL && !meet(walk))
		walk->is_doubtful = true;
	put(walk, judge(walk, found));
	dq_walk_index_keep_key(walk);
}

/*
 * begin_stage: a scan of the stage as it lies.
 */
static TableScanDesc
begin_stage(DqWalk *walk)
{
	return table_beginscan_strat(walk->task->stage, walk->snapshot, 0, NULL,
								 true, false);
}

/*
 * is_sorted: does the stage lie in the order of its key? A look at the keys.
 */
static bool
is_sorted(DqWalk *walk)
{
	TableScanDesc scan = begin_stage(walk);
	bool sorted = true;

	while (sorted &&
		   table_scan_getnextslot(scan, ForwardScanDirection, walk->stage))
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(walk->context);
		if (!dq_walk_index_read_key(walk))
			continue;
		sorted = !walk->has_previous || dq_walk_index_compare(walk) >= 0;
		dq_walk_index_keep_key(walk);
	}
	walk->has_previous = false;
	table_endscan(scan);
	return sorted;
}

/*
 * take_as_it_lies: all rows of the stage in the order in which they lie.
 */
static void
take_as_it_lies(DqWalk *walk)
{
	TableScanDesc scan = begin_stage(walk);

	while (!walk->is_doubtful &&
		   table_scan_getnextslot(scan, ForwardScanDirection, walk->stage))
		take_row(walk);
	table_endscan(scan);
}

/*
 * make_bitmap: bits for all places of the target; false when that is too much.
 */
static bool
make_bitmap(DqWalk *walk)
{
	Size size = (Size) RelationGetNumberOfBlocks(walk->task->target) *
					MaxHeapTuplesPerPage / 8 +
				1;

	if (size / 1024 > dq_difference_memory())
		return false;
	walk->met = MemoryContextAllocExtended(CurrentMemoryContext, size,
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	return true;
}

/*
 * forget: begin anew.
 */
static void
forget(DqWalk *walk)
{
	dq_difference_clear(walk->difference);
	walk->met = NULL;
	walk->goes_back = false;
	walk->is_doubtful = false;
	walk->has_previous = false;
	walk->repeats = false;
	walk->has_entry = false;
	walk->ended = false;
}

/*
 * take_nearly_sorted: all rows of a stage that goes back now and then. False
 * when that will not do; then all is as it was.
 */
static bool
take_nearly_sorted(DqWalk *walk)
{
	DqBatchFacts *facts = &walk->difference->facts;

	if (!dq_order_is_possible(walk->task) ||
		dq_choose_order(walk->task, RelationGetRelid(walk->task->stage)) <
			NEARLY_SORTED ||
		!make_bitmap(walk))
		return false;
	take_as_it_lies(walk);
	if (walk->goes_back && facts->duplicated == 0 && !walk->is_doubtful)
		walk->is_doubtful = !dq_order_rows(walk->task, walk->difference);
	else if (walk->goes_back)
		walk->is_doubtful = true;
	pfree(walk->met);
	walk->met = NULL;
	if (walk->is_doubtful)
		forget(walk);
	return !walk->is_doubtful && facts->rows > 0;
}

/*
 * begin_sort: a sort of keys and places, and a slot for them.
 */
static Tuplesortstate *
begin_sort(DqWalk *walk, TupleTableSlot **slot)
{
	TupleDesc desc = CreateTemplateTupleDesc(walk->n_keys + 1);
	AttrNumber attnums[INDEX_MAX_KEYS];
	Oid operators[INDEX_MAX_KEYS];
	Oid collations[INDEX_MAX_KEYS];
	bool nulls_first[INDEX_MAX_KEYS] = {false};
	int i;

	for (i = 0; i < walk->n_keys; i++)
	{
		TupleDescCopyEntry(desc, i + 1, RelationGetDescr(walk->index), i + 1);
		attnums[i] = i + 1;
		operators[i] = walk->keys[i].less;
		collations[i] = walk->index->rd_indcollation[i];
	}
	TupleDescInitEntry(desc, walk->n_keys + 1, "place", TIDOID, -1, 0);
	*slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	return tuplesort_begin_heap(desc, walk->n_keys, attnums, operators,
								collations, nulls_first,
								dq_difference_memory(), NULL,
								TUPLESORT_NONE);
}

/*
 * fill_sort: keys and places of all rows of the stage. Rows without a key are
 * taken at once.
 */
static void
fill_sort(DqWalk *walk, Tuplesortstate *sort, TupleDesc desc)
{
	TupleTableSlot *pair = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	TableScanDesc scan = begin_stage(walk);
	int i;

	while (table_scan_getnextslot(scan, ForwardScanDirection, walk->stage))
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(walk->context);
		if (!dq_walk_index_read_key(walk))
		{
			take_row(walk);
			continue;
		}
		ExecClearTuple(pair);
		for (i = 0; i < walk->n_keys; i++)
		{
			pair->tts_values[i] = walk->keys[i].value;
			pair->tts_isnull[i] = false;
		}
		pair->tts_values[i] = PointerGetDatum(&walk->stage->tts_tid);
		pair->tts_isnull[i] = false;
		ExecStoreVirtualTuple(pair);
		tuplesort_puttupleslot(sort, pair);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(pair);
}

/*
 * take_sorted: all rows of the stage in the order of their keys.
 */
static void
take_sorted(DqWalk *walk)
{
	TupleTableSlot *pair;
	Tuplesortstate *sort = begin_sort(walk, &pair);
	/* keeps the page at hand, which mostly holds the next row too */
	IndexFetchTableData *fetch = table_index_fetch_begin(walk->task->stage);

	fill_sort(walk, sort, pair->tts_tupleDescriptor);
	tuplesort_performsort(sort);
	while (tuplesort_gettupleslot(sort, true, false, pair, NULL))
	{
		bool isnull;
		Datum place = slot_getattr(pair, walk->n_keys + 1, &isnull);

		bool again = false;

		if (!table_index_fetch_tuple(fetch,
									 (ItemPointer) DatumGetPointer(place),
									 walk->snapshot, walk->stage, &again,
									 NULL))
			elog(ERROR, "a row of the stage is gone");
		take_row(walk);
	}
	table_index_fetch_end(fetch);
	tuplesort_end(sort);
	ExecDropSingleTupleTableSlot(pair);
}

/*
 * dq_walk: see walk.h.
 */
bool
dq_walk(const DqTask *task, DqDifference *difference)
{
	DqRowQuery *query;
	DqWalk walk = {0};

	if (!suits(task) || dq_walk_refusal(task) != NULL)
		return false;
	query = dq_rowquery_compile(task, outputs(task));
	if (query == NULL)
		return false;
	walk.task = task;
	walk.difference = difference;
	walk.snapshot = GetActiveSnapshot();
	prepare(&walk, query);
	if (take_nearly_sorted(&walk))
		/* done */;
	else if (is_sorted(&walk))
		take_as_it_lies(&walk);
	else
		take_sorted(&walk);
	finish(&walk);
	return true;
}
