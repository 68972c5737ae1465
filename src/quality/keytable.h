/*
 * keytable.h
 *	  A hash table of keys that are kept as they are.
 */
#ifndef DQ_KEYTABLE_H
#define DQ_KEYTABLE_H

#include "quality/keyhold.h"

typedef struct DqKeyEntry
{
	uint64 hash;
	DqKeyRow *first; /* NULL: free */
	uint64 rows;
} DqKeyEntry;

typedef struct DqKeyTable
{
	DqKeyEntry *entries;
	uint64 mask; /* entries - 1 */
	uint64 used;
	uint64 limit; /* three quarters of the entries */
} DqKeyTable;

/* so many different keys of one hash, and no further one is looked for */
#define DQ_KEY_MAX_ALIKE 1000

/* for so many keys, or as many as memory allows; in the current context */
extern void dq_keytable_open(DqKeyTable *table, int64 keys, Size memory);
extern void dq_keytable_close(DqKeyTable *table);

/*
 * The entry of this row's key, a free one when it is new; NULL when too many
 * others have its hash. "same" says what images do not; NULL: then they are
 * different.
 */
static inline DqKeyEntry *
dq_keytable_find(const DqKeyTable *table, const DqKeyRow *row, DqKeySame same,
				 void *arg)
{
	uint64 at = row->hash & table->mask;
	int others = 0;

	for (;; at = (at + 1) & table->mask)
	{
		DqKeyEntry *entry = &table->entries[at];
		const DqKeyRow *first = entry->first;

		if (first == NULL)
			return entry;
		if (entry->hash != row->hash)
			continue;
		if (first->size == row->size && first->size > 0 &&
			memcmp(first->image, row->image, row->size) == 0)
			return entry;
		if (same != NULL && same(arg, first, row))
			return entry;
		if (++others >= DQ_KEY_MAX_ALIKE)
			return NULL;
	}
}

/* the place of a row that will soon be looked for; NULL: none */
static inline void
dq_keytable_prefetch(const DqKeyTable *table, const DqKeyRow *row)
{
	if (row != NULL)
		DQ_PREFETCH(&table->entries[row->hash & table->mask], 1);
}

/* fill a free entry; false when the table is full then */
static inline bool
dq_keytable_fill(DqKeyTable *table, DqKeyEntry *entry, DqKeyRow *row)
{
	entry->hash = row->hash;
	entry->first = row;
	entry->rows = row->rows;
	return ++table->used < table->limit;
}

#endif /* DQ_KEYTABLE_H */
