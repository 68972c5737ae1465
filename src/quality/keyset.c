/*
 * keyset.c
 *	  How many different keys are there, and how many of them are shared?
 *
 * Records go to partitions by the first bits of their hash as they come;
 * partitions are spooled (spool.h). At the end each partition is counted by
 * itself in a hash table that fits into memory; a partition with too many
 * different keys is divided once more by further bits. Every record is
 * written and read once or, in very large sets, twice: cost is linear.
 *
 * Half of the memory is for the spool, half for the hash table. The table
 * holds keys and numbers of rows only, in one array: an entry is the words of
 * the key and its number of rows, 0 when it is empty.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "quality/keyset.h"
#include "utils/memutils.h"

#define MAX_BITS 8
#define MIN_BITS 4

/* marks of candidates: bits for each row, and bytes at least and at most */
#define MARKS_OF_ROW 8
#define MIN_MARKS 8192
#define MAX_MARKS (16 * 1024 * 1024)

/* so far ahead the place of a record in the hash table is asked for */
#define PREFETCH_RECORDS 8

typedef struct Table
{
	uint64 *entries;
	int words; /* of a key */
	uint64 mask; /* entries - 1 */
	uint64 used;
	uint64 limit; /* three quarters of the entries */
} Table;

/*
 * new_set: whose partitions depend on bits from "shift" on.
 */
static DqKeyset *
new_set(int words, Size memory, int shift)
{
	DqKeyset *set = palloc0(sizeof(DqKeyset));

	set->words = words;
	set->memory = memory;
	set->shift = shift;
	set->bits = MIN_BITS;
	while (set->bits < MAX_BITS &&
		   ((Size) BLCKSZ << (set->bits + 1)) <= memory / 4)
		set->bits++;
	set->spool = dq_spool_create(2 << set->bits, memory / 2);
	return set;
}

/*
 * dq_keyset_create: a set without keys, in the current context.
 */
DqKeyset *
dq_keyset_create(int words, Size memory)
{
	return new_set(words, memory, 0);
}

/*
 * dq_keyset_free: with its temporary file.
 */
void
dq_keyset_free(DqKeyset *set)
{
	dq_spool_free(set->spool);
	pfree(set);
}

/*
 * dq_keyset_streams: of the spool.
 */
int
dq_keyset_streams(const DqKeyset *set)
{
	return 2 << set->bits;
}

/*
 * is_hashed: does this stream hold hashed keys?
 */
static bool
is_hashed(const DqKeyset *set, int stream)
{
	return stream >= (1 << set->bits);
}

/*
 * dq_keyset_record_words: the key and the reference.
 */
int
dq_keyset_record_words(const DqKeyset *set, int stream)
{
	return is_hashed(set, stream) ? 2 : set->words + 1;
}

/*
 * dq_keyset_note: one more, unless they are too many.
 */
void
dq_keyset_note(DqKeyCandidates *list, uint64 hash, uint64 ref)
{
	if (list->count >= list->limit)
	{
		list->exceeded = true;
		return;
	}
	if (list->keys == NULL)
		list->keys = MemoryContextAlloc(list->context,
										sizeof(DqKeyCandidate) * list->limit);
	list->keys[list->count].hash = hash;
	list->keys[list->count].ref = ref;
	list->count++;
}

/*
 * open_table: a hash table for at most so many records, as large as memory
 * allows.
 */
static Table *
open_table(const DqKeyset *set, int words, int64 records)
{
	Table *table = palloc(sizeof(Table));
	Size entry = sizeof(uint64) * (words + 1);
	uint64 size = 1024;

	while (size / 4 * 3 < (uint64) records &&
		   size * 2 * entry <= set->memory / 2)
		size *= 2;
	table->words = words;
	table->mask = size - 1;
	table->limit = size / 4 * 3;
	table->used = 0;
	table->entries = MemoryContextAllocExtended(CurrentMemoryContext,
												size * entry,
												MCXT_ALLOC_HUGE |
													MCXT_ALLOC_ZERO);
	return table;
}

/*
 * close_table: forget it.
 */
static void
close_table(Table *table)
{
	pfree(table->entries);
	pfree(table);
}

/*
 * first_place: where the search for a key of so many words begins.
 */
static inline uint64
first_place(const Table *table, const uint64 *key, const int words)
{
	uint64 mixed = dq_keyset_mix(key[0]);

	if (words == 2)
		mixed = dq_keyset_mix(mixed + key[1]);
	return mixed & table->mask;
}

/*
 * find_entry: of this key, empty when it is new.
 */
static inline uint64 *
find_entry(const Table *table, const uint64 *key, const int words)
{
	uint64 at = first_place(table, key, words);
	uint64 *entry;

	for (;; at = (at + 1) & table->mask)
	{
		entry = table->entries + at * (words + 1);
		if (entry[words] == 0 ||
			(entry[0] == key[0] && (words == 1 || entry[1] == key[1])))
			return entry;
	}
}

/*
 * count_chunk: rows of a chunk; false when the table is full.
 */
static inline bool
count_chunk(Table *table, const uint64 *record, const uint64 *end,
			const int words)
{
	for (; record + words < end; record += words + 1)
	{
		const uint64 *later = record + PREFETCH_RECORDS * (words + 1);
		uint64 *entry;

		if (later + words < end)
			DQ_PREFETCH(table->entries +
							first_place(table, later, words) * (words + 1),
						1);
		entry = find_entry(table, record, words);
		if (entry[words]++ != 0)
			continue;
		entry[0] = record[0];
		entry[words - 1] = record[words - 1];
		if (++table->used >= table->limit)
			return false;
	}
	return true;
}

/*
 * fill_table: the records of a stream; false when they do not fit.
 */
static bool
fill_table(DqKeyset *set, int stream, Table *table)
{
	bool fits = true;
	DqSpoolReader reader;
	char *bytes;
	Size len;

	dq_spool_open(&reader, set->spool, stream);
	while (fits && dq_spool_read(&reader, &bytes, &len))
	{
		const uint64 *record = (const uint64 *) bytes;
		const uint64 *end = record + len / sizeof(uint64);

		fits = table->words == 1 ? count_chunk(table, record, end, 1) :
								   count_chunk(table, record, end, 2);
	}
	dq_spool_close(&reader);
	return fits;
}

/*
 * read_table: add up the entries of exact keys, or those of hashed ones that
 * are alone; returns the number of rows that share their entry.
 */
static int64
read_table(const Table *table, bool hashed, DqKeyNumbers *numbers)
{
	int64 shared_rows = 0;
	int64 shared_values = 0;
	uint64 i;

	for (i = 0; i <= table->mask; i++)
	{
		uint64 rows = table->entries[(i + 1) * (table->words + 1) - 1];

		if (rows > 1)
		{
			shared_values++;
			shared_rows += rows;
		}
	}
	numbers->values += table->used - (hashed ? shared_values : 0);
	if (hashed)
		numbers->alone += table->used - shared_values;
	else
	{
		numbers->shared_values += shared_values;
		numbers->shared_rows += shared_rows;
	}
	return shared_rows;
}

/*
 * count_hashed: the rows in a set whose keys are hashed.
 */
static int64
count_hashed(const DqKeyset *set)
{
	int64 rows = 0;
	int i;

	for (i = 1 << set->bits; i < dq_keyset_streams(set); i++)
		rows += dq_spool_size(set->spool, i) / (2 * sizeof(uint64));
	return rows;
}

/*
 * create_marks: none is set.
 */
static DqKeyMarks *
create_marks(const DqKeyset *set, const DqKeyNumbers *numbers)
{
	Size most = Min(set->memory / 16, MAX_MARKS);
	Size wanted = (Size) numbers->hashed_rows * MARKS_OF_ROW / 8;
	Size bytes = MIN_MARKS;
	DqKeyMarks *marks;

	while (bytes < wanted && bytes * 2 <= most)
		bytes *= 2;
	marks = MemoryContextAllocExtended(numbers->unknown.context,
									   offsetof(DqKeyMarks, bits) + bytes,
									   MCXT_ALLOC_ZERO);
	marks->mask = bytes * 8 - 1;
	return marks;
}

/*
 * mark: the hashes that several rows of a table of hashed keys have.
 */
static void
mark(const DqKeyset *set, const Table *table, DqKeyNumbers *numbers)
{
	DqKeyMarks *marks;
	uint64 i;

	if (numbers->marks == NULL)
		numbers->marks = create_marks(set, numbers);
	marks = numbers->marks;
	for (i = 0; i <= table->mask; i++)
	{
		const uint64 *entry = table->entries + i * (table->words + 1);
		uint64 at = dq_keyset_mix(entry[0]) & marks->mask;

		if (entry[1] > 1)
			marks->bits[at / 64] |= UINT64CONST(1) << (at % 64);
	}
}

/*
 * collect: the rows of a stream that share their entry; there are "rows".
 */
static void
collect(DqKeyset *set, int stream, const Table *table, int64 rows,
		DqKeyCandidates *list)
{
	DqSpoolReader reader;
	char *bytes;
	Size len;

	if (list->exceeded || list->count + rows > list->limit)
	{
		list->exceeded = true;
		return;
	}
	dq_spool_open(&reader, set->spool, stream);
	while (dq_spool_read(&reader, &bytes, &len))
	{
		const uint64 *record = (const uint64 *) bytes;
		const uint64 *end = record + len / sizeof(uint64);
		int words = table->words;

		for (; record + words < end; record += words + 1)
		{
			if (find_entry(table, record, words)[words] > 1)
				dq_keyset_note(list, record[0], record[words]);
		}
	}
	dq_spool_close(&reader);
}

/*
 * divide: the records of a stream as a set of their own.
 */
static DqKeyset *
divide(DqKeyset *set, int stream)
{
	DqKeyset *part = new_set(set->words, set->memory,
							 set->shift + set->bits);
	int step = dq_keyset_record_words(set, stream);
	DqSpoolReader reader;
	char *bytes;
	Size len;

	dq_spool_spill(set->spool);
	dq_spool_open(&reader, set->spool, stream);
	while (dq_spool_read(&reader, &bytes, &len))
	{
		const uint64 *record = (const uint64 *) bytes;
		const uint64 *end = record + len / sizeof(uint64);

		for (; record + step <= end; record += step)
		{
			if (is_hashed(set, stream))
				dq_keyset_add_hashed(part, record[0], record[1]);
			else if (set->words == 1)
				dq_keyset_add_word(part, record[0], record[1]);
			else
				dq_keyset_add_words(part, record, record[2]);
		}
	}
	dq_spool_close(&reader);
	return part;
}

/*
 * count_stream: the keys of one partition.
 */
static void
count_stream(DqKeyset *set, int stream, DqKeyNumbers *numbers)
{
	bool hashed = is_hashed(set, stream);
	int step = dq_keyset_record_words(set, stream);
	int64 size = dq_spool_size(set->spool, stream);
	Table *table;
	int64 shared;

	if (size == 0)
		return;
	table = open_table(set, step - 1, size / sizeof(uint64) / step);
	if (fill_table(set, stream, table))
	{
		shared = read_table(table, hashed, numbers);
		if (shared > 0 && hashed)
			mark(set, table, numbers);
		if (shared > 0)
			collect(set, stream, table, shared,
					hashed ? &numbers->unknown : &numbers->shared);
		close_table(table);
		return;
	}
	close_table(table);
	if (set->shift + 2 * set->bits > 64)
		elog(ERROR, "keys cannot be divided any further");
	set = divide(set, stream);
	dq_keyset_count(set, numbers);
	dq_keyset_free(set);
}

/*
 * dq_keyset_count: partition by partition.
 */
void
dq_keyset_count(DqKeyset *set, DqKeyNumbers *numbers)
{
	int streams = dq_keyset_streams(set);
	int i;

	check_stack_depth();
	if (numbers->hashed_rows == 0)
		numbers->hashed_rows = count_hashed(set);
	for (i = 0; i < streams; i++)
		count_stream(set, i, numbers);
}
