/*
 * swap.c
 *	  All rows of a target replaced by putting other storage in its place.
 *
 * The batch is written to a heap of its own, which nobody else sees, while
 * readers and writers of the target go on. Then the target is locked (ACCESS
 * EXCLUSIVE) until the commit, the two exchange their storage, and indexes
 * are built, as CLUSTER does it: the relation keeps its OID, and with it
 * views, privileges, statistics targets, comments and its indexes. It is
 * never renamed.
 *
 * Rows go past the executor, so what it does is done here: defaults, generated
 * columns, NOT NULL, CHECK, the bounds of a partition, foreign keys; the
 * indexes check what is unique. What cannot be done in its place is refused:
 * triggers, row security, publications, foreign keys that refer to the
 * target.
 *
 * The price: rows are written as if they had been there always, so a snapshot
 * that is older than the commit sees the new rows, not the old ones.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/multixact.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/compat.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "commands/cluster.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "load/batch.h"
#include "load/block.h"
#include "load/column.h"
#include "load/defaults.h"
#include "load/map.h"
#include "load/swap.h"
#include "load/target.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* rows that are written together, and about how many bytes they have */
#define MAX_BUFFERED 1000
#define MAX_BUFFERED_BYTES 65536

#define INSERT_OPTIONS (TABLE_INSERT_SKIP_FSM | TABLE_INSERT_FROZEN)

typedef struct Writer
{
	Relation target; /* says what rows must fulfil */
	Relation heap; /* gets them */
	AttrNumber *attnums; /* where each value of the query goes */
	int count; /* of them */
	EState *estate;
	ResultRelInfo *rules;
	TupleTableSlot *row; /* as the target has it */
	TupleTableSlot *buffer[MAX_BUFFERED];
	int buffered;
	Size bytes;
	BulkInsertState bulk;
	int64 written;
} Writer;

/*
 * cannot: 0A000 with the reason and the way out.
 */
static void
cannot(const DqTask *task, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot swap the storage of %s",
					dq_target_name(task->target)),
			 errdetail("%s", reason),
			 errhint("Pass params => '{\"method\": \"delete\"}', which writes through the table.")));
}

/*
 * is_true: the answer of a query about the target, given as $1.
 */
static bool
is_true(const DqTask *task, const char *sql)
{
	DqArgs args = {0};

	dq_args_oid(&args, RelationGetRelid(task->target));
	return dq_rows_bool(dq_spi_query(DQ_GENERATED, sql, &args), 0, "answer");
}

/*
 * dq_swap_validate: see swap.h.
 */
void
dq_swap_validate(DqTask *task)
{
	Relation target = task->target;

	if (target == NULL)
		return;
	if (target->rd_rel->relkind != RELKIND_RELATION)
		cannot(task, target->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ?
						 "It is partitioned and has no storage of its own." :
						 "It has no storage here.");
	if (!dq_compat_owns_relation(RelationGetRelid(target), GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE,
					   RelationGetRelationName(target));
	if (target->rd_rel->relrowsecurity)
		cannot(task, "It has row security, which would be passed by.");
	if (is_true(task, "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t"
					  " WHERE NOT t.tgisinternal AND t.tgrelid = $1) AS answer"))
		cannot(task, "It has triggers, which would not fire.");
	if (is_true(task, "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint c"
					  " WHERE c.contype = 'f' AND c.confrelid = $1) AS answer"))
		cannot(task, "Foreign keys refer to it, which would not be checked.");
	if (is_true(task, "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_publication_tables p"
					  " JOIN pg_catalog.pg_class c ON c.relname = p.tablename"
					  " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
					  " AND n.nspname = p.schemaname WHERE c.oid = $1) AS answer"))
		cannot(task, "It is published, and subscribers would not see the change.");
}

/*
 * batch_query: the rows to write, with all that an INSERT would add; says in
 * the writer where each value goes.
 */
static char *
batch_query(const DqTask *task, Writer *writer)
{
	List *missing = dq_defaults_missing(task);
	const char *separator = " ORDER BY ";
	StringInfoData sql;
	ListCell *lc;

	writer->attnums = palloc(sizeof(AttrNumber) *
							 (list_length(task->columns) +
							  list_length(missing)));
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s", dq_column_list(task->columns, "s."));
	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		writer->attnums[writer->count++] =
			dq_map_attribute(task->target, column->name)->attnum;
	}
	foreach(lc, missing)
	{
		DqDefault *one = (DqDefault *) lfirst(lc);

		appendStringInfo(&sql, ", %s", one->value);
		writer->attnums[writer->count++] =
			dq_map_attribute(task->target, one->name)->attnum;
	}
	appendStringInfo(&sql, " FROM %s",
					 dq_batch_rows(task, DQ_BATCH_ALL, "s"));
	foreach(lc, task->options->order_by)
	{
		appendStringInfo(&sql, "%ss.%s", separator,
						 dq_sqltext_ident((char *) lfirst(lc)));
		separator = ", ";
	}
	return sql.data;
}

/*
 * flush: write what is buffered.
 */
static void
flush(Writer *writer)
{
	int i;

	if (writer->buffered == 0)
		return;
	table_multi_insert(writer->heap, writer->buffer, writer->buffered,
					   GetCurrentCommandId(true), INSERT_OPTIONS,
					   writer->bulk);
	for (i = 0; i < writer->buffered; i++)
		ExecClearTuple(writer->buffer[i]);
	writer->buffered = 0;
	writer->bytes = 0;
}

/*
 * place: a row of the query in the columns of the target, with its generated
 * columns, checked as an INSERT would.
 */
static void
place(Writer *writer, TupleTableSlot *from)
{
	TupleTableSlot *row = writer->row;
	TupleConstr *rules = RelationGetDescr(writer->target)->constr;
	int i;

	ExecClearTuple(row);
	memset(row->tts_isnull, true,
		   sizeof(bool) * row->tts_tupleDescriptor->natts);
	slot_getallattrs(from);
	for (i = 0; i < writer->count; i++)
	{
		AttrNumber attnum = writer->attnums[i];

		row->tts_values[attnum - 1] = from->tts_values[i];
		row->tts_isnull[attnum - 1] = from->tts_isnull[i];
	}
	ExecStoreVirtualTuple(row);
	row->tts_tableOid = RelationGetRelid(writer->target);
	if (rules != NULL && rules->has_generated_stored)
		ExecComputeStoredGenerated(writer->rules, writer->estate, row,
								   CMD_INSERT);
	if (rules != NULL)
		ExecConstraints(writer->rules, row, writer->estate);
	if (writer->target->rd_rel->relispartition)
		(void) ExecPartitionCheck(writer->rules, row, writer->estate, true);
}

/*
 * write_row: one row of the batch; for dq_spi_stream.
 */
static void
write_row(void *arg, TupleTableSlot *slot)
{
	Writer *writer = (Writer *) arg;
	MemoryContext old;
	TupleTableSlot *kept;

	CHECK_FOR_INTERRUPTS();
	ResetPerTupleExprContext(writer->estate);
	place(writer, slot);
	old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	kept = writer->buffer[writer->buffered];
	if (kept == NULL)
	{
		kept = table_slot_create(writer->heap, NULL);
		writer->buffer[writer->buffered] = kept;
	}
	ExecCopySlot(kept, writer->row);
	MemoryContextSwitchTo(old);
	if (TTS_IS_HEAPTUPLE(kept) || TTS_IS_BUFFERTUPLE(kept))
		writer->bytes += ((HeapTupleTableSlot *) kept)->tuple->t_len;
	writer->buffered++;
	writer->written++;
	if (writer->buffered == MAX_BUFFERED ||
		writer->bytes >= MAX_BUFFERED_BYTES)
		flush(writer);
}

/*
 * fill: all rows of the batch into the new heap; returns how many.
 */
static int64
fill(const DqTask *task, Oid heap)
{
	Writer writer = {0};
	char *sql = batch_query(task, &writer);
	int i;

	writer.target = task->target;
	writer.heap = table_open(heap, NoLock);
	writer.estate = CreateExecutorState();
	writer.rules = makeNode(ResultRelInfo);
	InitResultRelInfo(writer.rules, task->target, 0, NULL, 0);
	writer.row = MakeSingleTupleTableSlot(RelationGetDescr(task->target),
										  &TTSOpsVirtual);
	writer.bulk = GetBulkInsertState();
	PushActiveSnapshot(GetTransactionSnapshot());
	UpdateActiveSnapshotCommandId();
	dq_spi_stream(DQ_USER, sql, write_row, &writer);
	PopActiveSnapshot();
	flush(&writer);

	FreeBulkInsertState(writer.bulk);
	table_finish_bulk_insert(writer.heap, INSERT_OPTIONS);
	for (i = 0; i < MAX_BUFFERED && writer.buffer[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(writer.buffer[i]);
	ExecDropSingleTupleTableSlot(writer.row);
	FreeExecutorState(writer.estate);
	table_close(writer.heap, NoLock);
	return writer.written;
}

/*
 * references: the foreign keys of the target that are enforced, in an order
 * that all loads share.
 */
static DqRows *
references(const DqTask *task)
{
	DqArgs args = {0};

	dq_args_oid(&args, RelationGetRelid(task->target));
	return dq_spi_query(DQ_GENERATED,
						"SELECT c.oid, c.conname::pg_catalog.text AS name,"
						" c.confrelid AS referenced, c.conindid AS index"
						" FROM pg_catalog.pg_constraint c"
						" WHERE c.contype = 'f' AND c.conrelid = $1"
						" AND pg_catalog.pg_get_constraintdef(c.oid)"
						" NOT LIKE '%NOT ENFORCED'"
						" AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint p"
						" WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)"
						" ORDER BY c.confrelid, c.oid",
						&args);
}

/*
 * lock_referenced: hold up writers of what foreign keys refer to, so that what
 * will be found there stays until the commit.
 */
static void
lock_referenced(const DqTask *task, const DqRows *keys)
{
	uint64 i;

	for (i = 0; i < keys->count; i++)
	{
		Oid other = dq_rows_oid(keys, i, "referenced");

		if (pg_class_aclcheck(other, GetUserId(),
							  ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE) !=
			ACLCHECK_OK)
			cannot(task, psprintf("Its foreign key \"%s\" refers to %s, whose writers you may not hold up.",
								  dq_rows_text(keys, i, "name"),
								  dq_sqltext_relation(other)));
		dq_block_relation(other, ShareRowExclusiveLock,
						  task->options->lock_timeout);
	}
}

/*
 * check_references: all rows of the target against its foreign keys; 23503.
 */
static void
check_references(const DqTask *task, const DqRows *keys)
{
	uint64 i;

	for (i = 0; i < keys->count; i++)
	{
		Relation other = table_open(dq_rows_oid(keys, i, "referenced"),
									NoLock);
		Trigger trigger = {0};

		trigger.tgname = dq_rows_text(keys, i, "name");
		trigger.tgenabled = TRIGGER_FIRES_ON_ORIGIN;
		trigger.tgisinternal = true;
		trigger.tgconstrrelid = RelationGetRelid(other);
		trigger.tgconstrindid = dq_rows_oid(keys, i, "index");
		trigger.tgconstraint = dq_rows_oid(keys, i, "oid");
		if (!RI_Initial_Check(&trigger, task->target, other))
			cannot(task, psprintf("Its foreign key \"%s\" refers to %s, which you may not read.",
								  trigger.tgname, dq_target_name(other)));
		table_close(other, NoLock);
	}
}

/*
 * count_rows: of the target as they are now.
 */
static int64
count_rows(const DqTask *task)
{
	char *sql = psprintf("SELECT pg_catalog.count(*) AS n FROM ONLY %s",
						 dq_target_name(task->target));

	return dq_rows_int8(dq_spi_query(DQ_USER, sql, NULL), 0, "n");
}

/*
 * exchange: the storage of the target for that of the heap, which goes, and
 * the indexes for new ones. Neither may be held open here.
 */
static void
exchange(DqTask *task, Oid heap)
{
	Oid relid = RelationGetRelid(task->target);
	char persistence = task->target->rd_rel->relpersistence;

	CheckTableForSerializableConflictIn(task->target);
	relation_close(task->target, NoLock);
	CommandCounterIncrement();
	finish_heap_swap(relid, heap, false, false, true, true, RecentXmin,
					 ReadNextMultiXactId(), persistence);
	CommandCounterIncrement();
	task->target = relation_open(relid, NoLock);
}

/*
 * dq_swap_run: see swap.h.
 */
void
dq_swap_run(DqTask *task, DqLoadCounts *counts)
{
	Form_pg_class form = task->target->rd_rel;
	Oid relid = RelationGetRelid(task->target);
	DqRows *keys = references(task);
	Oid heap;

	dq_block_check_snapshot(task);
	heap = make_new_heap(relid, form->reltablespace, form->relam,
						 form->relpersistence, RowExclusiveLock);
	LockRelationOid(heap, AccessExclusiveLock);
	CommandCounterIncrement();
	counts->inserted = fill(task, heap);
	lock_referenced(task, keys);
	dq_block_relation(relid, AccessExclusiveLock,
					  task->options->lock_timeout);
	/* somebody may have added what forbids it */
	dq_swap_validate(task);
	CheckTableNotInUse(task->target, "swap the storage of");
	counts->deleted = count_rows(task);
	exchange(task, heap);
	check_references(task, keys);
	pgstat_count_truncate(task->target);
	pgstat_count_heap_insert(task->target, counts->inserted);
}
