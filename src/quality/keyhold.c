/*
 * keyhold.c
 *	  Keys kept as they are.
 *
 * As keyset.c does it with hashes: rows go to partitions by the first bits of
 * their hash as they come; partitions are spooled, and at the end counted one
 * by one. When memory is full, rows with the same image become one (several
 * keys that many rows share take little room, and may never need a file);
 * where that does not help, all rows go to the file.
 *
 * Half of the memory is for the spool, a quarter for a hash table, and a
 * quarter for the first rows of keys where these do not stay in memory by
 * themselves because they come from the file.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "quality/keyhold.h"
#include "quality/keytable.h"
#include "utils/memutils.h"

#define MAX_BITS 8
#define MIN_BITS 4

/* so far ahead the place of a row in the hash table is asked for */
#define PREFETCH_ROWS 8

/* the keys of one partition while they are counted */
typedef struct Count
{
	DqKeyTable table;
	MemoryContext copies; /* of first rows */
	Size copied;
	Size max_copied;
	DqKeySame same;
	void *arg;
	DqKeyNumbers *numbers;
} Count;

typedef enum Outcome
{
	COUNTED,
	TOO_MANY, /* keys for the table */
	ALIKE /* too many keys of one hash */
} Outcome;

/*
 * new_hold: whose partitions depend on bits from "shift" on.
 */
static DqKeyhold *
new_hold(Size memory, const DqKeyCandidates *shared, int shift)
{
	DqKeyhold *hold = palloc0(sizeof(DqKeyhold));

	hold->memory = memory;
	hold->shift = shift;
	hold->bits = MIN_BITS;
	while (hold->bits < MAX_BITS &&
		   ((Size) BLCKSZ << (hold->bits + 1)) <= memory / 4)
		hold->bits++;
	hold->spool = dq_spool_create(1 << hold->bits, memory / 2);
	hold->compacts = true;
	hold->shared.context = shared->context;
	hold->shared.limit = shared->limit;
	return hold;
}

/*
 * dq_keyhold_create: without keys, in the current context.
 */
DqKeyhold *
dq_keyhold_create(Size memory, const DqKeyCandidates *shared)
{
	return new_hold(memory, shared, 0);
}

/*
 * dq_keyhold_free: with its temporary file.
 */
void
dq_keyhold_free(DqKeyhold *hold)
{
	dq_spool_free(hold->spool);
	if (hold->shared.keys != NULL)
		pfree(hold->shared.keys);
	pfree(hold);
}

/*
 * note_row: that it shares its key. Several rows in one were noted when they
 * became one.
 */
static inline void
note_row(DqKeyCandidates *shared, const DqKeyRow *row)
{
	if (row->rows == 1 && !shared->exceeded)
		dq_keyset_note(shared, 0, row->ref);
}

/*
 * end_chunk: mark that there are no more rows.
 */
static inline void
end_chunk(const DqKeyhold *hold, char *chunk, Size used)
{
	if (used + offsetof(DqKeyRow, image) <= hold->spool->chunk)
		((DqKeyRow *) (chunk + used))->rows = 0;
}

/*
 * compact_rows: of a chunk: those whose keys are new to the table move to
 * where "writer" is, which is never ahead of them.
 */
static void
compact_rows(DqKeyhold *hold, DqKeyTable *table, char *at, const char *end,
			 DqSpoolReader *reader, DqSpoolWriter *writer)
{
	DqKeyRow *row;

	while ((row = dq_keyhold_next(&at, end)) != NULL)
	{
		Size size = dq_keyhold_row_size(row->size);
		DqKeyEntry *entry = NULL;
		char *to;

		if (row->size > 0 && table->used < table->limit)
			entry = dq_keytable_find(table, row, NULL, NULL);
		if (entry != NULL && entry->first != NULL)
		{
			note_row(&hold->shared, entry->first);
			note_row(&hold->shared, row);
			entry->first->rows += row->rows;
			continue;
		}
		if (writer->used + size > hold->spool->chunk)
		{
			end_chunk(hold, writer->chunk, writer->used);
			dq_spool_next_room(writer, reader);
		}
		to = writer->chunk + writer->used;
		writer->used += size;
		if (to != (char *) row)
			memmove(to, row, size);
		if (entry != NULL)
			(void) dq_keytable_fill(table, entry, (DqKeyRow *) to);
	}
}

/*
 * compact_stream: the rows of a partition that are in memory.
 */
static void
compact_stream(DqKeyhold *hold, int stream)
{
	DqSpoolWriter writer;
	DqSpoolReader reader;
	DqKeyTable table;
	char *bytes;
	Size len;

	if (!dq_spool_rewrite(&writer, &reader, hold->spool, stream))
		return;
	dq_keytable_open(&table,
					 dq_spool_rest(&reader) / offsetof(DqKeyRow, image),
					 hold->memory / 4);
	while (dq_spool_read(&reader, &bytes, &len))
		compact_rows(hold, &table, bytes, bytes + len, &reader,
					 &writer);
	dq_spool_rewritten(&writer, &reader);
	dq_keytable_close(&table);
}

/*
 * compact: all rows in memory. When less than a quarter of it is free then, it
 * is not done again.
 */
static void
compact(DqKeyhold *hold)
{
	int before = hold->spool->n_chunks;
	int i;

	for (i = 0; i < 1 << hold->bits; i++)
		compact_stream(hold, i);
	hold->compacts = hold->spool->n_chunks <= before / 4 * 3;
}

/*
 * room_for: a row of this hash at the end of its partition.
 */
static inline DqKeyRow *
room_for(DqKeyhold *hold, uint64 hash, Size size)
{
	int n = (int) ((hash << hold->shift) >> (64 - hold->bits));
	DqSpoolStream *stream = &hold->spool->streams[n];

	if (stream->used + size > hold->spool->chunk && hold->compacts &&
		dq_spool_is_full(hold->spool))
		compact(hold);
	if (stream->used + size > hold->spool->chunk)
		end_chunk(hold, stream->current, stream->used);
	return dq_spool_room(hold->spool, n, size);
}

/*
 * dq_keyhold_add: a row to its partition.
 */
char *
dq_keyhold_add(DqKeyhold *hold, uint64 hash, uint64 ref, int size)
{
	DqKeyRow *row = room_for(hold, hash, dq_keyhold_row_size(size));

	row->size = size;
	row->rows = 1;
	row->hash = hash;
	row->ref = ref;
	return row->image;
}

/*
 * dq_keyhold_take: a row of another hold.
 */
void
dq_keyhold_take(DqKeyhold *hold, const DqKeyRow *row, uint64 ref)
{
	Size size = dq_keyhold_row_size(row->size);
	DqKeyRow *copy = room_for(hold, row->hash, size);

	memcpy(copy, row, size);
	copy->ref = ref;
}

/*
 * divide: the rows of a partition as a set of their own.
 */
static DqKeyhold *
divide(DqKeyhold *hold, int stream)
{
	DqKeyhold *part = new_hold(hold->memory, &hold->shared,
							   hold->shift + hold->bits);
	DqSpoolReader reader;
	char *bytes;
	Size len;

	dq_spool_spill(hold->spool);
	dq_spool_open(&reader, hold->spool, stream);
	while (dq_spool_read(&reader, &bytes, &len))
	{
		const char *end = bytes + len;
		DqKeyRow *row;

		while ((row = dq_keyhold_next(&bytes, end)) != NULL)
			dq_keyhold_take(part, row, row->ref);
	}
	dq_spool_close(&reader);
	return part;
}

/*
 * keep_first: the first row of a key, in memory as long as the table is.
 */
static DqKeyRow *
keep_first(Count *count, DqKeyRow *row, bool in_file)
{
	Size size = dq_keyhold_row_size(row->size);
	DqKeyRow *copy;

	if (!in_file)
		return row;
	copy = MemoryContextAlloc(count->copies, size);
	memcpy(copy, row, size);
	count->copied += size;
	return copy;
}

/*
 * count_row: one of a partition.
 */
static inline Outcome
count_row(Count *count, DqKeyRow *row, bool in_file)
{
	DqKeyEntry *entry = dq_keytable_find(&count->table, row, count->same,
										 count->arg);
	DqKeyCandidates *shared = &count->numbers->shared;

	if (entry == NULL)
		return ALIKE;
	if (entry->first != NULL)
	{
		if (entry->rows == 1)
			note_row(shared, entry->first);
		entry->rows += row->rows;
		note_row(shared, row);
		return COUNTED;
	}
	if (dq_keytable_fill(&count->table, entry,
						 keep_first(count, row, in_file)) &&
		count->copied < count->max_copied)
		return COUNTED;
	return TOO_MANY;
}

/*
 * count_chunk: the rows of one.
 */
static Outcome
count_chunk(Count *count, char *at, const char *end, bool in_file)
{
	Outcome outcome = COUNTED;
	char *later = at;
	DqKeyRow *row;
	int i;

	for (i = 0; i < PREFETCH_ROWS; i++)
		(void) dq_keyhold_next(&later, end);
	while (outcome == COUNTED && (row = dq_keyhold_next(&at, end)) != NULL)
	{
		dq_keytable_prefetch(&count->table, dq_keyhold_next(&later, end));
		outcome = count_row(count, row, in_file);
	}
	return outcome;
}

/*
 * count_rows: of a partition. What they add to the numbers is taken back when
 * they do not fit into the table.
 */
static Outcome
count_rows(DqKeyhold *hold, int stream, Count *count)
{
	DqKeyCandidates before = count->numbers->shared;
	Outcome outcome = COUNTED;
	DqSpoolReader reader;
	char *bytes;
	Size len;

	dq_spool_open(&reader, hold->spool, stream);
	while (outcome == COUNTED && dq_spool_read(&reader, &bytes, &len))
		outcome = count_chunk(count, bytes, bytes + len,
							  dq_spool_is_copy(&reader, bytes));
	dq_spool_close(&reader);
	if (outcome != COUNTED)
	{
		count->numbers->shared.count = before.count;
		count->numbers->shared.exceeded = before.exceeded;
	}
	return outcome;
}

/*
 * read_table: add up its entries.
 */
static void
read_table(const DqKeyTable *table, DqKeyNumbers *numbers)
{
	uint64 i;

	for (i = 0; i <= table->mask; i++)
	{
		const DqKeyEntry *entry = &table->entries[i];

		if (entry->first == NULL)
			continue;
		numbers->values++;
		if (entry->rows == 1)
			continue;
		numbers->shared_values++;
		numbers->shared_rows += entry->rows;
	}
}

/*
 * count_stream: the keys of one partition, if they fit into memory.
 */
static Outcome
count_stream(DqKeyhold *hold, int stream, DqKeySame same, void *arg,
			 DqKeyNumbers *numbers)
{
	int64 size = dq_spool_size(hold->spool, stream);
	Count count = {.same = same, .arg = arg, .numbers = numbers};
	Outcome outcome;

	if (size == 0)
		return COUNTED;
	dq_keytable_open(&count.table, size / offsetof(DqKeyRow, image),
					 hold->memory / 4);
	count.max_copied = hold->memory / 4;
	count.copies = AllocSetContextCreate(CurrentMemoryContext,
										 "dq_etl keys that are kept",
										 ALLOCSET_DEFAULT_SIZES);
	outcome = count_rows(hold, stream, &count);
	if (outcome == COUNTED)
		read_table(&count.table, numbers);
	MemoryContextDelete(count.copies);
	dq_keytable_close(&count.table);
	return outcome;
}

/*
 * count_part: the keys of one partition, divided further.
 */
static bool
count_part(DqKeyhold *hold, int stream, DqKeySame same, void *arg,
		   DqKeyNumbers *numbers)
{
	DqKeyhold *part;
	bool known;

	if (hold->shift + 2 * hold->bits > 64)
		return false;
	part = divide(hold, stream);
	known = dq_keyhold_count(part, same, arg, numbers);
	dq_keyhold_free(part);
	return known;
}

/*
 * take_shared: rows that were noted when they became one.
 */
static void
take_shared(const DqKeyCandidates *shared, DqKeyNumbers *numbers)
{
	int i;

	for (i = 0; i < shared->count; i++)
		dq_keyset_note(&numbers->shared, 0, shared->keys[i].ref);
	if (shared->exceeded)
		numbers->shared.exceeded = true;
}

/*
 * dq_keyhold_count: partition by partition.
 */
bool
dq_keyhold_count(DqKeyhold *hold, DqKeySame same, void *arg,
				 DqKeyNumbers *numbers)
{
	Outcome outcome = COUNTED;
	int i;

	check_stack_depth();
	take_shared(&hold->shared, numbers);
	for (i = 0; i < 1 << hold->bits && outcome != ALIKE; i++)
	{
		outcome = count_stream(hold, i, same, arg, numbers);
		if (outcome == TOO_MANY &&
			!count_part(hold, i, same, arg, numbers))
			return false;
	}
	return outcome != ALIKE;
}
