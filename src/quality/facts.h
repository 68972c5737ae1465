/*
 * facts.h
 *	  What is known of one column after some rows, in constant memory.
 */
#ifndef DQ_FACTS_H
#define DQ_FACTS_H

#include "quality/exactsum.h"
#include "quality/kind.h"
#include "quality/moments.h"
#include "quality/sketch.h"
#include "utils/tuplesort.h"

/* a stretch of rows that follow each other: its first and last value */
typedef struct DqStretch
{
	bool seen; /* a value that is not NULL */
	DqScalar first;
	DqScalar last;
} DqStretch;

typedef struct DqFacts
{
	char *name;
	char *type_name;
	Oid column_type; /* as declared; kind.type is the base type */
	int32 typmod;
	AttrNumber slot_attr; /* its place in the slots that come */
	DqKind kind;
	MemoryContext context; /* of everything in here */

	int64 nulls;
	int64 values; /* not NULL */
	int64 nans;
	int64 plus_infinities;
	int64 minus_infinities;
	int64 zeros;
	int64 negatives;
	int64 trues;
	int64 empties;
	int64 blanks; /* nothing but white space; empty ones too */
	int64 length_sum; /* in characters; bytes of a bytea */
	int64 length_min;
	int64 length_max;

	/* of finite values */
	bool has_extremes;
	DqScalar min;
	DqScalar max;
	double min_double; /* numerics: nearly the same */
	double max_double;
	uint64 min_prefix; /* texts in the order of bytes: the first eight */
	uint64 max_prefix;
	uint64 *memo; /* other texts: hashes of some that were compared */
	DqWide sum; /* integers */
	DqExactSum exact; /* numerics */
	DqMoments moments;

	DqSketch sketch;

	/* order of the rows as they came */
	bool rising; /* no value is less than the one before it */
	bool falling;
	bool repeating; /* two neighbours are equal */
	DqStretch now;
	DqStretch *stretches; /* finished ones */
	int room; /* for so many */

	/* exact: all values, sorted; NULL: there is a sample only */
	Tuplesortstate *sort;
} DqFacts;

extern void dq_facts_init(DqFacts *facts, const char *name, Oid type,
						  int32 typmod, Oid collation);
extern void dq_facts_sort(DqFacts *facts, int work_mem_kb);
extern void dq_facts_add(DqFacts *facts, Datum value, bool isnull,
						 MemoryContext scratch);
extern void dq_facts_end_stretch(DqFacts *facts, int number);
extern void dq_facts_begin_chain(DqFacts *facts);
extern void dq_facts_chain(DqFacts *facts, int number);
extern void dq_facts_merge(DqFacts *into, DqFacts *from);
extern void dq_facts_take_stretches(DqFacts *into, int at, DqFacts *from,
									int count);

/* as bytes; finished stretches, of which there are so many, too */
extern void dq_facts_save(DqFacts *facts, StringInfo buf, int stretches);
extern void dq_facts_load(DqFacts *facts, StringInfo buf, int stretches);

/* could it be so that neighbours have an order? */
#define dq_facts_is_ordered(f) ((f)->rising || (f)->falling)
#define dq_facts_finite(f) \
	((f)->values - (f)->nans - (f)->plus_infinities - (f)->minus_infinities)

#endif /* DQ_FACTS_H */
