/*
 * keyform.h
 *	  Keys of rows, as keyset.h wants them.
 */
#ifndef DQ_KEYFORM_H
#define DQ_KEYFORM_H

#include "quality/batch.h"
#include "quality/keyhold.h"
#include "quality/keysample.h"
#include "quality/sketch.h"
#include "utils/rel.h"

typedef struct DqKeyform DqKeyform;

/*
 * Keys of these columns (attribute numbers, in an integer list) are equal when
 * GROUP BY says so. nulls_inside: keys that hold a NULL are counted too, and
 * NULL equals NULL. In the current context; NULL when a type cannot be hashed
 * as it is compared.
 */
extern DqKeyform *dq_keyform_create(Relation rel, List *attnums,
									bool nulls_inside);

/* may its keys be hashed in a parallel worker? */
extern bool dq_keyform_is_parallel_safe(const DqKeyform *form);

/* an empty set for keys of this form */
extern DqKeyset *dq_keyform_keyset(const DqKeyform *form, Size memory);

/*
 * Where keys go. The first of these that is there takes them all: sketch,
 * sample; with marks, hold and nobody else what is not exact; hold; set.
 */
typedef struct DqKeyTarget
{
	DqSketch *sketch; /* how many different keys, about */
	DqKeySample *sample; /* are they repeated? */
	const DqKeyMarks *marks; /* which of them are looked at again */
	int64 alone; /* those that are not exact and have no mark */
	DqKeyhold *hold; /* as they are */
	DqKeyset *set; /* exact, or by their hashes */
} DqKeyTarget;

/*
 * Put the keys of these rows of a batch where they go. The reference of a row
 * is its place in the table (in the lower 48 bits) and "table" (in the upper
 * 16). May leave garbage in the current context.
 */
extern void dq_keyform_add(DqKeyform *form, DqKeyTarget *target,
						   const DqBatch *batch, uint64 rows, uint64 table);

/* are all of its keys exact? */
extern bool dq_keyform_is_fixed(const DqKeyform *form);

/*
 * Are the keys of two images that differ equal? May leave garbage in the
 * current context.
 */
extern bool dq_keyform_images_equal(DqKeyform *form, const char *a,
									const char *b);

static inline uint64
dq_keyform_ref(const DqBatch *batch, int row, uint64 table)
{
	const ItemPointerData *tid = &batch->tids[row];

	return table << 48 |
		   (uint64) ItemPointerGetBlockNumberNoCheck(tid) << 16 |
		   ItemPointerGetOffsetNumberNoCheck(tid);
}

/* the parts of such a reference */
static inline int
dq_keyform_table(uint64 ref)
{
	return (int) (ref >> 48);
}

static inline void
dq_keyform_place(uint64 ref, ItemPointer place)
{
	ItemPointerSet(place, (BlockNumber) (ref >> 16), (OffsetNumber) ref);
}

/* how many columns, and are two keys equal? NULL equals NULL. */
extern int dq_keyform_columns(const DqKeyform *form);
extern bool dq_keyform_equal(DqKeyform *form, const Datum *a,
							 const bool *a_nulls, const Datum *b,
							 const bool *b_nulls);

#endif /* DQ_KEYFORM_H */
