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
struct DqKeycheck
{
	MemoryContext context; /* of the slot */
	MemoryContext scratch; /* of one comparison */
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
};

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
close_table(DqKeycheck *reader)
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
open_table(DqKeycheck *reader, int n)
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
fetch(DqKeycheck *reader, uint64 ref)
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
keep_value(DqKeycheck *reader)
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
 * find_value: the one that the key at hand is equal to, or NULL.
 */
static Value *
find_value(DqKeycheck *reader, List *known)
{
	MemoryContext caller = MemoryContextSwitchTo(reader->scratch);
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
	MemoryContextReset(reader->scratch);
	return found;
}

/*
 * check_group: candidates of one hash.
 */
static void
check_group(DqKeycheck *reader, const DqKeyCandidate *keys, int count,
			DqKeyNumbers *numbers)
{
	List *known = NIL;
	int i;

	for (i = 0; i < count; i++)
	{
		Value *value;

		fetch(reader, keys[i].ref);
		value = find_value(reader, known);
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
 * dq_keycheck_open: for rows of these tables, in the current context.
 */
DqKeycheck *
dq_keycheck_open(Relation rel, List *attnums, DqKeyform *form,
				 const Oid *tables)
{
	DqKeycheck *reader = palloc0(sizeof(DqKeycheck));

	reader->context = CurrentMemoryContext;
	reader->scratch = AllocSetContextCreate(CurrentMemoryContext,
											"dq_etl key comparison",
											ALLOCSET_DEFAULT_SIZES);
	reader->rel = rel;
	reader->attnums = attnums;
	reader->form = form;
	reader->tables = tables;
	reader->table = -1;
	reader->places = palloc(sizeof(AttrNumber) * list_length(attnums));
	reader->values = palloc(sizeof(Datum) * list_length(attnums));
	reader->nulls = palloc(sizeof(bool) * list_length(attnums));
	return reader;
}

/*
 * dq_keycheck_close: forget it.
 */
void
dq_keycheck_close(DqKeycheck *reader)
{
	close_table(reader);
	MemoryContextDelete(reader->scratch);
}

/*
 * rows_equal: two rows that have to be looked at again.
 */
static bool
rows_equal(DqKeycheck *reader, uint64 a, uint64 b)
{
	const Value *first;

	fetch(reader, a);
	first = keep_value(reader);
	fetch(reader, b);
	return dq_keyform_equal(reader->form, reader->values, reader->nulls,
							first->values, first->nulls);
}

/*
 * dq_keycheck_same: do two rows with equal hashes have the same key, as their
 * images do not tell?
 */
bool
dq_keycheck_same(void *arg, const DqKeyRow *a, const DqKeyRow *b)
{
	DqKeycheck *reader = (DqKeycheck *) arg;
	MemoryContext caller = MemoryContextSwitchTo(reader->scratch);
	bool equal;

	if (a->size > 0 && b->size > 0)
		equal = dq_keyform_images_equal(reader->form, a->image, b->image);
	else
		equal = rows_equal(reader, a->ref, b->ref);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(reader->scratch);
	return equal;
}

/*
 * dq_keycheck_run: hash by hash.
 */
void
dq_keycheck_run(DqKeycheck *reader, DqKeyNumbers *numbers)
{
	DqKeyCandidates *candidates = &numbers->unknown;
	MemoryContext group = AllocSetContextCreate(CurrentMemoryContext,
												"dq_etl keys of a hash",
												ALLOCSET_DEFAULT_SIZES);
	int start = 0;
	int i;

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
		check_group(reader, candidates->keys + start, i - start, numbers);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(group);
		start = i;
	}
	MemoryContextDelete(group);
}
