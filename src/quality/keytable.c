/*
 * keytable.c
 *	  A hash table of keys that are kept as they are.
 */
#include "postgres.h"

#include "quality/keytable.h"
#include "utils/memutils.h"

#define LEAST_ENTRIES 1024

/*
 * dq_keytable_open: without keys.
 */
void
dq_keytable_open(DqKeyTable *table, int64 keys, Size memory)
{
	uint64 size = LEAST_ENTRIES;

	while (size / 4 * 3 < (uint64) keys &&
		   size * 2 * sizeof(DqKeyEntry) <= memory)
		size *= 2;
	table->mask = size - 1;
	table->limit = size / 4 * 3;
	table->used = 0;
	table->entries = MemoryContextAllocExtended(CurrentMemoryContext,
												size * sizeof(DqKeyEntry),
												MCXT_ALLOC_HUGE |
													MCXT_ALLOC_ZERO);
}

/*
 * dq_keytable_close: forget it.
 */
void
dq_keytable_close(DqKeyTable *table)
{
	pfree(table->entries);
}
