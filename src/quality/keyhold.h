/*
 * keyhold.h
 *	  Keys kept as they are: how many are different, how many are shared?
 *
 * Where many keys have equal hashes, looking at their rows again one by one
 * would take too long. So the bytes of a key (its image, see keyform.h) are
 * kept with its hash; two keys are the same when their images are, and where
 * that does not tell, the caller does.
 */
#ifndef DQ_KEYHOLD_H
#define DQ_KEYHOLD_H

#include "quality/keyset.h"

/* rows that are known to have the same key */
typedef struct DqKeyRow
{
	uint64 size : 16; /* of the image; 0: too long to be kept */
	uint64 rows : 48;
	uint64 hash; /* mixed */
	uint64 ref; /* of the first row */
	char image[FLEXIBLE_ARRAY_MEMBER];
} DqKeyRow;

/* an image begins at a multiple of this, and so does what is aligned in it */
#define DQ_KEY_ALIGN 8

/* the longest image that is kept */
#define DQ_KEY_MAX_IMAGE 2048

/*
 * Are the keys of two rows with equal hashes the same? Asked only where their
 * images differ or are missing.
 */
typedef bool (*DqKeySame)(void *arg, const DqKeyRow *a, const DqKeyRow *b);

typedef struct DqKeyhold
{
	int bits; /* 2^bits partitions */
	int shift; /* bits of the hash that are used up */
	Size memory;
	DqSpool *spool; /* a stream for each partition */
	bool compacts; /* that was worth it last time */
	DqKeyCandidates shared; /* rows that became one with others */
} DqKeyhold;

/*
 * An empty one; uses about so much memory, whatever it is given. "shared" says
 * how many shared rows are wanted, and where.
 */
extern DqKeyhold *dq_keyhold_create(Size memory,
									const DqKeyCandidates *shared);
extern void dq_keyhold_free(DqKeyhold *hold);

/*
 * A row; returns a place for its image, to be filled at once. "hash" is mixed;
 * size at most DQ_KEY_MAX_IMAGE, 0 for none.
 */
extern char *dq_keyhold_add(DqKeyhold *hold, uint64 hash, uint64 ref,
							int size);

/* a row of another hold, with another reference */
extern void dq_keyhold_take(DqKeyhold *hold, const DqKeyRow *row, uint64 ref);

/*
 * At the end: add what is held to the numbers: values, shared values, rows and
 * places. False when that many different keys have the same hash that it would
 * take too long.
 */
extern bool dq_keyhold_count(DqKeyhold *hold, DqKeySame same, void *arg,
							 DqKeyNumbers *numbers);

/* bytes of a row, its image with it */
static inline Size
dq_keyhold_row_size(int size)
{
	return offsetof(DqKeyRow, image) + TYPEALIGN(DQ_KEY_ALIGN, size);
}

/*
 * The next of the rows in a piece of a stream; *at moves behind it. NULL at
 * its end.
 */
static inline DqKeyRow *
dq_keyhold_next(char **at, const char *end)
{
	DqKeyRow *row = (DqKeyRow *) *at;

	if (end - *at < (ptrdiff_t) offsetof(DqKeyRow, image) || row->rows == 0)
		return NULL;
	*at += dq_keyhold_row_size(row->size);
	return row;
}

#endif /* DQ_KEYHOLD_H */
