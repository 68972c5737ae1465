/*
 * kernel_set.c
 *	  Kernels of integers, dates, times and floats that are one of several.
 *
 * A set that spans few values is kept as bits, any other one sorted. Floats
 * are in PostgreSQL's order: NaN is equal to itself and above all others, and
 * zero has no sign.
 */
#include "postgres.h"

#include "quality/number.h"
#include "utils/float.h"

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

typedef struct FloatSet
{
	DqKernel head;
	int column;
	DqKind kind;
	bool negated;
	bool has_null;
	int count;
	float8 *values;
} FloatSet;

/* a set of more floats is left to the executor, which has a hash table */
#define MAX_FLOATS 16

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
 * answer_set
 */
static DqBits
answer_set(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	IntSet *set = (IntSet *) kernel;
	const Datum *values = batch->values[set->column];
	uint64 found = 0;
	int row;

	DQ_PACK(found, row, is_member(set, dq_number_int(values[row], set->kind)));
	return dq_number_membership(dq_number_answer(batch, set->column, found,
												 false),
								set->has_null, set->negated);
}

/*
 * answer_one: of a set of one integer.
 */
static DqBits
answer_one(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	IntSet *set = (IntSet *) kernel;
	const Datum *values = batch->values[set->column];
	int64 one = set->low;
	uint64 found = 0;
	int row;

	if (set->kind == DQ_KIND_INT4)
		DQ_PACK(found, row, DatumGetInt32(values[row]) == one);
	else
		DQ_PACK(found, row, dq_number_int(values[row], set->kind) == one);
	return dq_number_membership(dq_number_answer(batch, set->column, found,
												 false),
								set->has_null, set->negated);
}

/*
 * has_float: is the value in the set?
 */
static inline bool
has_float(const FloatSet *set, float8 value)
{
	int i;

	for (i = 0; i < set->count; i++)
	{
		if (float8_eq(set->values[i], value))
			return true;
	}
	return false;
}

/*
 * answer_floats
 */
static DqBits
answer_floats(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	FloatSet *set = (FloatSet *) kernel;
	const Datum *values = batch->values[set->column];
	uint64 found = 0;
	int row;

	DQ_PACK(found, row,
			has_float(set, dq_number_float(values[row], set->kind)));
	return dq_number_membership(dq_number_answer(batch, set->column, found,
												 false),
								set->has_null, set->negated);
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
	qsort(set->values, set->count, sizeof(int64), dq_number_compare_ints);
	set->low = set->values[0];
	set->span = (uint64) set->values[set->count - 1] - (uint64) set->low;
	if (set->span == 0)
		set->head.answer = answer_one;
	if (set->span == 0 || set->span >= MAX_SPAN)
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
 * make_floats: a set of floats.
 */
static DqKernel *
make_floats(const DqMembership *membership)
{
	FloatSet *set = palloc0(sizeof(FloatSet));
	int i;

	set->head.answer = answer_floats;
	set->head.dense = true;
	set->column = membership->column;
	set->kind = membership->kind;
	set->negated = membership->negated;
	set->has_null = membership->has_null;
	set->count = membership->count;
	set->values = palloc(sizeof(float8) * set->count);
	for (i = 0; i < set->count; i++)
		set->values[i] = dq_number_float(membership->elements[i],
										 membership->element_kind);
	return &set->head;
}

/*
 * dq_kernel_set_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_set_recognise(DqKernelSet *set, Node *expr)
{
	DqMembership membership;

	if (!dq_comparison_read_set(expr, &membership))
		return NULL;
	if (dq_number_is_int(membership.kind))
		return make_set(&membership);
	if (dq_number_is_float(membership.kind) &&
		membership.count <= MAX_FLOATS)
		return make_floats(&membership);
	return NULL;
}
