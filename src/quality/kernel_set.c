/*
 * kernel_set.c
 *	  Kernels of integers, dates and times that are one of several.
 *
 * A set that spans few values is kept as bits, any other one sorted.
 */
#include "postgres.h"

#include "quality/number.h"

/* a set of integers may span so many values to be kept as bits */
#define MAX_SPAN 65536

typedef struct IntSet
{
	DqKernel head;
	int column;
	DqKind kind;
	bool negated;
	bool has_null;
	int64 low;
	uint64 span; /* greatest - low */
	uint64 *bits; /* value - low; NULL: too many */
	int count;
	int64 *values; /* sorted */
} IntSet;

/*
 * is_member: is the value in the set?
 */
static inline bool
is_member(const IntSet *set, int64 value)
{
	uint64 at = (uint64) value - (uint64) set->low;
	int low = 0;
	int high = set->count;

	if (at > set->span)
		return false;
	if (set->bits != NULL)
		return (set->bits[at / 64] >> (at % 64)) & 1;
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (set->values[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return set->values[low] == value;
}

/*
 * answer_set: = ANY; NULL instead of false when an element is NULL.
 */
static DqBits
answer_set(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	IntSet *set = (IntSet *) kernel;
	DqBits result;
	uint64 found;

	DQ_GATHER(batch, set->column, found,
			  is_member(set, dq_number_int(value, set->kind)));
	result = dq_number_answer(batch, set->column, found, false);
	if (set->has_null)
		result.null |= ~result.yes;
	if (set->negated)
		result.yes = ~(result.yes | result.null);
	return result;
}

/*
 * compare_ints: for qsort.
 */
static int
compare_ints(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/*
 * make_set: a set of integers.
 */
static DqKernel *
make_set(const DqMembership *membership)
{
	IntSet *set = palloc0(sizeof(IntSet));
	int i;

	set->head.answer = answer_set;
	set->head.dense = true;
	set->column = membership->column;
	set->kind = membership->kind;
	set->negated = membership->negated;
	set->has_null = membership->has_null;
	set->count = membership->count;
	set->values = palloc(sizeof(int64) * set->count);
	for (i = 0; i < set->count; i++)
		set->values[i] = dq_number_int(membership->elements[i],
									   membership->element_kind);
	qsort(set->values, set->count, sizeof(int64), compare_ints);
	set->low = set->values[0];
	set->span = (uint64) set->values[set->count - 1] - (uint64) set->low;
	if (set->span >= MAX_SPAN)
		return &set->head;
	set->bits = palloc0(sizeof(uint64) * (set->span / 64 + 1));
	for (i = 0; i < set->count; i++)
	{
		uint64 at = (uint64) set->values[i] - (uint64) set->low;

		set->bits[at / 64] |= UINT64CONST(1) << (at % 64);
	}
	return &set->head;
}

/*
 * dq_kernel_set_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_set_recognise(DqKernelSet *set, Node *expr)
{
	DqMembership membership;

	if (!dq_comparison_read_set(expr, &membership) ||
		!dq_number_is_int(membership.kind))
		return NULL;
	return make_set(&membership);
}
