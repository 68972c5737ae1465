/*
 * takeout.c
 *	  Rows leave a stage for a table beside it.
 *
 * By the way of the table access method rather than by statements: a row is
 * looked up once, and while its page is at hand it is copied and deleted. No
 * trigger, rule or policy that somebody put on the tables has a say, which is
 * right as nobody may change the result of a step. What a statement would ask
 * is whether the user may do this: so the tables must be the user's own.
 *
 * The rows were put there by earlier commands, seen under a fresh snapshot.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "stage/takeout.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* bytes of copies that wait to be written */
#define WAITING_BYTES (4 * 1024 * 1024)

struct DqTakeout
{
	Relation stage;
	Relation aside;
	CommandId command;
	TupleTableSlot *slot; /* of a row of the stage */
	TupleTableSlot *waiting[DQ_TAKEOUT_ROWS];
	int n_waiting;
	Size bytes;
	MemoryContext copies; /* of the rows that wait */
};

/*
 * is_own: a table of the current user, where a place is enough to find a row?
 */
static bool
is_own(Relation rel)
{
	return rel->rd_rel->relkind == RELKIND_RELATION &&
		   rel->rd_rel->relowner == GetUserId();
}

/*
 * fits: can the rows of the stage be stored in the other table?
 */
static bool
fits(Relation stage, Relation aside)
{
	TupleDesc desc = RelationGetDescr(aside);

	return is_own(stage) && is_own(aside) && desc->natts == 2 &&
		   TupleDescAttr(desc, 0)->atttypid == stage->rd_rel->reltype &&
		   TupleDescAttr(desc, 1)->atttypid == TEXTOID;
}

/*
 * dq_takeout_begin: see takeout.h. Locks are held until the transaction ends.
 */
DqTakeout *
dq_takeout_begin(Oid stage, Oid aside)
{
	DqTakeout *takeout = palloc0(sizeof(DqTakeout));

	takeout->stage = table_open(stage, RowExclusiveLock);
	takeout->aside = table_open(aside, RowExclusiveLock);
	if (!fits(takeout->stage, takeout->aside))
	{
		table_close(takeout->aside, NoLock);
		table_close(takeout->stage, NoLock);
		return NULL;
	}
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	takeout->command = GetCurrentCommandId(true);
	takeout->slot = table_slot_create(takeout->stage, NULL);
	takeout->copies = AllocSetContextCreate(CurrentMemoryContext,
											"dq_etl rows taken out",
											ALLOCSET_DEFAULT_SIZES);
	return takeout;
}

/*
 * write_waiting: store the copies that wait.
 */
static void
write_waiting(DqTakeout *takeout)
{
	MemoryContext old = MemoryContextSwitchTo(takeout->copies);
	int i;

	if (takeout->n_waiting > 0)
		table_multi_insert(takeout->aside, takeout->waiting,
						   takeout->n_waiting, takeout->command, 0, NULL);
	for (i = 0; i < takeout->n_waiting; i++)
		ExecClearTuple(takeout->waiting[i]);
	takeout->n_waiting = 0;
	takeout->bytes = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(takeout->copies);
}

/*
 * copy_row: let a copy of the row that was looked up wait, with its text.
 */
static void
copy_row(DqTakeout *takeout, Datum text)
{
	TupleTableSlot **slot = &takeout->waiting[takeout->n_waiting++];
	MemoryContext old;
	Datum row;

	old = MemoryContextSwitchTo(GetMemoryChunkContext(takeout));
	if (*slot == NULL)
		*slot = table_slot_create(takeout->aside, NULL);
	MemoryContextSwitchTo(takeout->copies);
	row = ExecFetchSlotHeapTupleDatum(takeout->slot);
	MemoryContextSwitchTo(old);
	(*slot)->tts_values[0] = row;
	(*slot)->tts_isnull[0] = false;
	(*slot)->tts_values[1] = text;
	(*slot)->tts_isnull[1] = false;
	ExecStoreVirtualTuple(*slot);
	takeout->bytes += HeapTupleHeaderGetDatumLength(
		(HeapTupleHeader) DatumGetPointer(row));
}

/*
 * delete_row: what was at a place is there no more; false when it was not.
 */
static bool
delete_row(DqTakeout *takeout, ItemPointer place)
{
	TM_FailureData failure;

	return table_tuple_delete(takeout->stage, place, takeout->command,
							  GetActiveSnapshot(), InvalidSnapshot, true,
							  &failure, false) == TM_Ok;
}

/*
 * dq_takeout_rows: see takeout.h.
 */
bool
dq_takeout_rows(DqTakeout *takeout, ItemPointer *places, const Datum *texts,
				int count)
{
	int i;

	Assert(count <= DQ_TAKEOUT_ROWS);
	for (i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!table_tuple_fetch_row_version(takeout->stage, places[i],
										   GetActiveSnapshot(),
										   takeout->slot))
			return false;
		copy_row(takeout, texts[i]);
		if (!delete_row(takeout, places[i]))
			return false;
		if (takeout->bytes > WAITING_BYTES)
			write_waiting(takeout);
	}
	ExecClearTuple(takeout->slot);
	write_waiting(takeout);
	return true;
}

/*
 * dq_takeout_end: what was taken out can be seen from now on.
 */
void
dq_takeout_end(DqTakeout *takeout)
{
	int i;

	for (i = 0; i < DQ_TAKEOUT_ROWS && takeout->waiting[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(takeout->waiting[i]);
	ExecDropSingleTupleTableSlot(takeout->slot);
	MemoryContextDelete(takeout->copies);
	PopActiveSnapshot();
	table_close(takeout->aside, NoLock);
	table_close(takeout->stage, NoLock);
	CommandCounterIncrement();
	pfree(takeout);
}
