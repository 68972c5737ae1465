/*
 * keycheck.c
 *	  Are keys with equal hashes equal?
 *
 * The rows of candidates are fetched again where the scan found them and
 * compared by the equality of their types. So a duplicate is never reported
 * without being one, and a collision of hashes costs nothing but time.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "quality/keycheck.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* a key that is different from the others of its hash */
typedef struct Value
{
	Datum *values;
	bool *nulls;
	int64 rows;
	uint64 first; /* reference of its first row */
} Value;

/* the table whose rows are looked at */
typedef struct Reader
{
	MemoryContext context; /* of the slot */
	Relation rel; /* what is checked */
	List *attnums;
	DqKeyform *form;
	const Oid *tables;
	int table; /* -1: none is open */
	Relation open;
	TupleTableSlot *slot;
	AttrNumber *places; /* of the key's columns in the open table */
	AttrNumber last;
	/* the key of the row at hand, in the slot */
	Datum *values;
	bool *nulls;
} Reader;

/*
 * compare_candidates: by hash, then by place, for qsort.
 */
static int
compare_candidates(const void *a, const void *b)
{
	const DqKeyCandidate *x = (const DqKeyCandidate *) a;
	const DqKeyCandidate *y = (const DqKeyCandidate *) b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->ref > y->ref) - (x->ref < y->ref);
}

/*
 * close_table: the one that is open, if any.
 */
static void
close_table(Reader *reader)
{
	if (reader->table < 0)
		return;
	ExecDropSingleTupleTableSlot(reader->slot);
	table_close(reader->open, NoLock);
	reader->table = -1;
}

/*
 * open_table: the nth of the tables, which the scan has locked. A partition
 * has the columns at places of its own.
 */
static void
open_table(Reader *reader, int n)
{
	Oid relid = reader->tables[n];
	Oid top = RelationGetRelid(reader->rel);
	MemoryContext caller;
	int i = 0;
	ListCell *lc;

	if (reader->table == n)
		return;
	close_table(reader);
	caller = MemoryContextSwitchTo(reader->context);
	reader->open = table_open(relid, NoLock);
	reader->slot = table_slot_create(reader->open, NULL);
	MemoryContextSwitchTo(caller);
	reader->table = n;
	reader->last = 0;
	foreach(lc, reader->attnums)
	{
		AttrNumber place = lfirst_int(lc);

		if (relid != top)
			place = get_attnum(relid, get_attname(top, place, false));
		reader->places[i++] = place;
		reader->last = Max(reader->last, place);
	}
}

/*
 * fetch: the key of a row, into the slot.
 */
static void
fetch(Reader *reader, uint64 ref)
{
	ItemPointerData tid;
	int i;

	CHECK_FOR_INTERRUPTS();
	open_table(reader, dq_keyform_table(ref));
	dq_keyform_place(ref, &tid);
	if (!table_tuple_fetch_row_version(reader->open, &tid,
									   GetActiveSnapshot(), reader->slot))
		elog(ERROR, "a row of a scan is gone under the snapshot of the scan");
	slot_getsomeattrs(reader->slot, reader->last);
	for (i = 0; i < list_length(reader->attnums); i++)
	{
		reader->values[i] = reader->slot->tts_values[reader->places[i] - 1];
		reader->nulls[i] = reader->slot->tts_isnull[reader->places[i] - 1];
	}
}

/*
 * keep_value: the key at hand as a new value, in the current context.
 */
static Value *
keep_value(Reader *reader)
{
	int count = list_length(reader->attnums);
	Value *value = palloc(sizeof(Value));
	int i;

	value->values = palloc0(sizeof(Datum) * count);
	value->nulls = palloc(sizeof(bool) * count);
	value->rows = 1;
	for (i = 0; i < count; i++)
	{
		Form_pg_attribute att =
			TupleDescAttr(reader->slot->tts_tupleDescriptor,
						  reader->places[i] - 1);

		value->nulls[i] = reader->nulls[i];
		if (!value->nulls[i])
			value->values[i] = datumCopy(reader->values[i], att->attbyval,
										 att->attlen);
	}
	return value;
}

/*
 * find_value: the one that the key at hand is equal to, or NULL. "scratch" is
 * for what comparing leaves behind.
 */
static Value *
find_value(Reader *reader, List *known, MemoryContext scratch)
{
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Value *found = NULL;
	ListCell *lc;

	foreach(lc, known)
	{
		Value *value = (Value *) lfirst(lc);

		if (dq_keyform_equal(reader->form, reader->values, reader->nulls,
							 value->values, value->nulls))
		{
			found = value;
			break;
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch);
	return found;
}

/*
 * check_group: candidates of one hash.
 */
static void
check_group(Reader *reader, const DqKeyCandidate *keys, int count,
			MemoryContext scratch, DqKeyNumbers *numbers)
{
	List *known = NIL;
	int i;

	for (i = 0; i < count; i++)
	{
		Value *value;

		fetch(reader, keys[i].ref);
		value = find_value(reader, known, scratch);
		if (value == NULL)
		{
			value = keep_value(reader);
			value->first = keys[i].ref;
			known = lappend(known, value);
			numbers->values++;
			continue;
		}
		if (value->rows++ == 1)
		{
			numbers->shared_values++;
			numbers->shared_rows++;
			dq_keyset_note(&numbers->shared, 0, value->first);
		}
		numbers->shared_rows++;
		dq_keyset_note(&numbers->shared, 0, keys[i].ref);
	}
}

/*
 * dq_keycheck_run: hash by hash.
 */
void
dq_keycheck_run(Relation rel, List *attnums, DqKeyform *form,
				const Oid *tables, DqKeyNumbers *numbers)
{
	DqKeyCandidates *candidates = &numbers->unknown;
	MemoryContext group = AllocSetContextCreate(CurrentMemoryContext,
												"dq_etl keys of a hash",
												ALLOCSET_DEFAULT_SIZES);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "dq_etl key comparison",
												  ALLOCSET_DEFAULT_SIZES);
	Reader reader = {.rel = rel, .attnums = attnums, .form = form};
	int start = 0;
	int i;

	reader.context = CurrentMemoryContext;
	reader.tables = tables;
	reader.table = -1;
	reader.places = palloc(sizeof(AttrNumber) * list_length(attnums));
	reader.values = palloc(sizeof(Datum) * list_length(attnums));
	reader.nulls = palloc(sizeof(bool) * list_length(attnums));
	if (candidates->count > 0)
		qsort(candidates->keys, candidates->count, sizeof(DqKeyCandidate),
			  compare_candidates);
	for (i = 1; i <= candidates->count; i++)
	{
		MemoryContext caller;

		if (i < candidates->count &&
			candidates->keys[i].hash == candidates->keys[start].hash)
			continue;
		caller = MemoryContextSwitchTo(group);
		check_group(&reader, candidates->keys + start, i - start, scratch,
					numbers);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(group);
		start = i;
	}
	close_table(&reader);
	MemoryContextDelete(scratch);
	MemoryContextDelete(group);
}
