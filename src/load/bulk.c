/*
 * bulk.c
 *	  Putting many rows into a table at a time.
 *
 * As COPY does: a page is filled with one record in the write-ahead log, and a
 * ring of buffers keeps the cache of the others. For tables where nothing
 * happens to a row on its way in but what is done here: generated columns,
 * NOT NULL and CHECK, the bounds of a partition, all kinds of indexes. Foreign
 * keys, triggers, row security and defaults belong to INSERT.
 *
 * An active snapshot is needed throughout. The rows are seen by the commands
 * after dq_bulk_end.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/compat.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "load/bulk.h"
#include "load/column.h"
#include "miscadmin.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

/* as COPY */
#define MAX_ROWS 1000
#define MAX_BYTES 65535

struct DqBulk
{
	Relation target;
	EState *estate;
	ResultRelInfo *result;
	BulkInsertState state;
	CommandId command;
	int n_columns;
	int *places; /* of task->columns in a row of the target, from 0 */
	TupleTableSlot *rows[MAX_ROWS]; /* made when first needed */
	int n_rows;
	Size bytes;
	int64 total;
};

/*
 * is_loaded: does the load give values to the column?
 */
static bool
is_loaded(const DqTask *task, const char *name)
{
	ListCell *lc;

	foreach(lc, task->columns)
	{
		if (strcmp(((DqColumn *) lfirst(lc))->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * column_refusal: why a column of the target keeps us from it. Without
 * columns (at definition nothing is known of the stage) all may be loaded.
 */
static const char *
column_refusal(const DqTask *task, Form_pg_attribute att)
{
	if (att->attisdropped || att->attgenerated == ATTRIBUTE_GENERATED_STORED)
		return NULL;
	if (att->attgenerated != '\0')
		return "a column is computed when it is read";
	if (task->columns == NIL || is_loaded(task, NameStr(att->attname)))
		return NULL;
	if (get_typtype(att->atttypid) == TYPTYPE_DOMAIN ||
		build_column_default(task->target, att->attnum) != NULL)
		return "a column takes its default";
	return NULL;
}

/*
 * has_insert_triggers: also those behind constraints.
 */
static bool
has_insert_triggers(const TriggerDesc *triggers)
{
	return triggers != NULL &&
		   (triggers->trig_insert_before_row ||
			triggers->trig_insert_after_row ||
			triggers->trig_insert_instead_row ||
			triggers->trig_insert_before_statement ||
			triggers->trig_insert_after_statement ||
			triggers->trig_insert_new_table);
}

/*
 * dq_bulk_refusal: see bulk.h.
 */
const char *
dq_bulk_refusal(const DqTask *task)
{
	Relation target = task->target;
	Oid relid = RelationGetRelid(target);
	TupleDesc desc = RelationGetDescr(target);
	const char *refusal = NULL;
	int i;

	if (target->rd_rel->relkind != RELKIND_RELATION ||
		target->rd_rel->relam != HEAP_TABLE_AM_OID)
		return "it is no plain table";
	if (has_insert_triggers(target->trigdesc))
		return "it has triggers, foreign keys or deferrable constraints";
	if (target->rd_rel->relhasrules)
		return "it has rules";
	if (check_enable_rls(relid, InvalidOid, true) != RLS_NONE)
		return "it has row security";
	if (XactReadOnly ||
		pg_class_aclcheck(relid, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
		return "not all its columns may be written";
	for (i = 0; i < desc->natts && refusal == NULL; i++)
		refusal = column_refusal(task, TupleDescAttr(desc, i));
	return refusal;
}

/*
 * dq_bulk_begin: see bulk.h.
 */
DqBulk *
dq_bulk_begin(const DqTask *task)
{
	DqBulk *bulk = palloc0(sizeof(DqBulk));
	Oid relid = RelationGetRelid(task->target);
	ListCell *lc;

	bulk->target = task->target;
	bulk->estate = CreateExecutorState();
	bulk->result = makeNode(ResultRelInfo);
	InitResultRelInfo(bulk->result, bulk->target, 0, NULL, 0);
	ExecOpenIndices(bulk->result, false);
	bulk->state = GetBulkInsertState();
	bulk->command = GetCurrentCommandId(true);
	bulk->n_columns = list_length(task->columns);
	bulk->places = palloc(sizeof(int) * bulk->n_columns);
	foreach(lc, task->columns)
		bulk->places[foreach_current_index(lc)] =
			get_attnum(relid, ((DqColumn *) lfirst(lc))->name) - 1;
	return bulk;
}

/*
 * flush: write the rows that are gathered.
 */
static void
flush(DqBulk *bulk)
{
	MemoryContext old;
	int i;

	if (bulk->n_rows == 0)
		return;
	/* what is leaked goes with the row */
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(bulk->estate));
	table_multi_insert(bulk->target, bulk->rows, bulk->n_rows, bulk->command,
					   0, bulk->state);
	MemoryContextSwitchTo(old);
	for (i = 0; i < bulk->n_rows; i++)
	{
		ResetPerTupleExprContext(bulk->estate);
		if (bulk->result->ri_NumIndices > 0)
			dq_compat_insert_index_entries(bulk->result, bulk->rows[i],
										   bulk->estate);
		ExecClearTuple(bulk->rows[i]);
	}
	ResetPerTupleExprContext(bulk->estate);
	bulk->total += bulk->n_rows;
	bulk->n_rows = 0;
	bulk->bytes = 0;
}

/*
 * next_row: an empty slot for a row of the target.
 */
static TupleTableSlot *
next_row(DqBulk *bulk)
{
	TupleTableSlot *row = bulk->rows[bulk->n_rows];
	MemoryContext old;

	if (row != NULL)
		return row;
	old = MemoryContextSwitchTo(bulk->estate->es_query_cxt);
	row = MakeSingleTupleTableSlot(RelationGetDescr(bulk->target),
								   table_slot_callbacks(bulk->target));
	row->tts_tableOid = RelationGetRelid(bulk->target);
	MemoryContextSwitchTo(old);
	bulk->rows[bulk->n_rows] = row;
	return row;
}

/*
 * check: what the table says about a row.
 */
static void
check(DqBulk *bulk, TupleTableSlot *row)
{
	TupleConstr *constraints = RelationGetDescr(bulk->target)->constr;

	if (constraints != NULL && constraints->has_generated_stored)
		ExecComputeStoredGenerated(bulk->result, bulk->estate, row,
								   CMD_INSERT);
	if (constraints != NULL)
		ExecConstraints(bulk->result, row, bulk->estate);
	if (bulk->target->rd_rel->relispartition)
		ExecPartitionCheck(bulk->result, row, bulk->estate, true);
}

/*
 * dq_bulk_put: see bulk.h.
 */
void
dq_bulk_put(DqBulk *bulk, TupleTableSlot *row)
{
	TupleTableSlot *target = next_row(bulk);
	int i;

	slot_getsomeattrs(row, bulk->n_columns);
	ExecClearTuple(target);
	memset(target->tts_isnull, true,
		   target->tts_tupleDescriptor->natts * sizeof(bool));
	for (i = 0; i < bulk->n_columns; i++)
	{
		target->tts_values[bulk->places[i]] = row->tts_values[i];
		target->tts_isnull[bulk->places[i]] = row->tts_isnull[i];
	}
	ExecStoreVirtualTuple(target);
	ExecMaterializeSlot(target);
	check(bulk, target);
	ResetPerTupleExprContext(bulk->estate);
	bulk->bytes += ExecFetchSlotHeapTuple(target, true, NULL)->t_len;
	if (++bulk->n_rows == MAX_ROWS || bulk->bytes > MAX_BYTES)
		flush(bulk);
}

/*
 * dq_bulk_end: see bulk.h.
 */
int64
dq_bulk_end(DqBulk *bulk)
{
	int64 total;
	int i;

	flush(bulk);
	total = bulk->total;
	for (i = 0; i < MAX_ROWS && bulk->rows[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(bulk->rows[i]);
	FreeBulkInsertState(bulk->state);
	table_finish_bulk_insert(bulk->target, 0);
	ExecCloseIndices(bulk->result);
	FreeExecutorState(bulk->estate);
	CommandCounterIncrement();
	return total;
}
