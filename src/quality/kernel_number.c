/*
 * kernel_number.c
 *	  Kernels that compare integers, dates, times and floats with constants.
 *
 * Every comparison with a constant becomes "lies in a closed interval" or its
 * opposite; two of one column under AND become one. Integers of all sizes,
 * dates and times are compared as int64. Floats are compared as float8, to
 * which float4 converts exactly, in PostgreSQL's order: NaN is equal to
 * itself and above all others, so an interval may end at NaN.
 */
#include "postgres.h"

#include <math.h>

#include "quality/comparison.h"
#include "quality/kernel.h"
#include "utils/float.h"

/* a set of integers may span so many values to be kept as bits */
#define MAX_SPAN 65536

typedef struct IntRange
{
	DqKernel head;
	int column;
	bool outside; /* the opposite */
	int64 low;
	int64 high; /* below low: empty */
} IntRange;

typedef struct FloatRange
{
	DqKernel head;
	int column;
	bool outside;
	float8 low;
	float8 high;
} FloatRange;

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

/* x REL y of two columns */
typedef struct Pair
{
	DqKernel head;
	DqComparison comparison;
} Pair;

/*
 * read_int: a Datum of an integer kind.
 */
static inline int64
read_int(Datum value, DqKind kind)
{
	switch (kind)
	{
		case DQ_KIND_INT2:
			return DatumGetInt16(value);
		case DQ_KIND_INT4:
			return DatumGetInt32(value);
		case DQ_KIND_OID:
			return DatumGetObjectId(value);
		case DQ_KIND_BOOL:
			return DatumGetBool(value);
		default:
			return DatumGetInt64(value);
	}
}

/*
 * read_float: a Datum of a float kind.
 */
static inline float8
read_float(Datum value, DqKind kind)
{
	if (kind == DQ_KIND_FLOAT4)
		return (float8) DatumGetFloat4(value);
	return DatumGetFloat8(value);
}

/*
 * is_int, is_float: kinds of this file.
 */
static bool
is_int(DqKind kind)
{
	return kind <= DQ_KIND_BOOL;
}

static bool
is_float(DqKind kind)
{
	return kind == DQ_KIND_FLOAT4 || kind == DQ_KIND_FLOAT8;
}

/*
 * finish: set bits of all rows, as found, as an answer.
 */
static inline DqBits
finish(const DqBatch *batch, int column, uint64 found, bool opposite)
{
	DqBits result;

	result.null = batch->nulls[column];
	result.yes = (opposite ? ~found : found) & ~result.null;
	return result;
}

/*
 * gather: evaluate an expression of "value" for each row, bits from the top,
 * which needs no shift by a variable.
 */
#define GATHER(batch, column, found, condition)                      \
	do                                                               \
	{                                                                \
		const Datum *values_ = (batch)->values[column];              \
		int count_ = (batch)->count;                                 \
		int row_;                                                    \
                                                                     \
		(found) = 0;                                                 \
		for (row_ = 0; row_ < count_; row_++)                        \
		{                                                            \
			Datum value = values_[row_];                             \
                                                                     \
			(found) = ((found) >> 1) | ((uint64) (condition) << 63); \
		}                                                            \
		(found) >>= DQ_BATCH_ROWS - count_;                          \
	} while (0)

/* one function for each kind: the loop has to know how to read */
#define INT_RANGE(name, kind)                                       \
	static DqBits name(DqKernel *kernel, const DqBatch *batch,      \
					   uint64 wanted)                               \
	{                                                               \
		IntRange *range = (IntRange *) kernel;                      \
		uint64 low = (uint64) range->low;                           \
		uint64 span = (uint64) range->high - low;                   \
		uint64 found = 0;                                           \
                                                                    \
		if (range->low <= range->high)                              \
			GATHER(batch, range->column, found,                     \
				   (uint64) read_int(value, kind) - low <= span);   \
		return finish(batch, range->column, found, range->outside); \
	}

INT_RANGE(answer_int2, DQ_KIND_INT2)
INT_RANGE(answer_int4, DQ_KIND_INT4)
INT_RANGE(answer_int8, DQ_KIND_INT8)
INT_RANGE(answer_oid, DQ_KIND_OID)
INT_RANGE(answer_bool, DQ_KIND_BOOL)

#define FLOAT_RANGE(name, kind)                                     \
	static DqBits name(DqKernel *kernel, const DqBatch *batch,      \
					   uint64 wanted)                               \
	{                                                               \
		FloatRange *range = (FloatRange *) kernel;                  \
		float8 low = range->low;                                    \
		float8 high = range->high;                                  \
		uint64 found = 0;                                           \
                                                                    \
		if (isnan(low))                                             \
		{                                                           \
			if (isnan(high))                                        \
				GATHER(batch, range->column, found,                 \
					   isnan(read_float(value, kind)));             \
		}                                                           \
		else if (isnan(high))                                       \
			GATHER(batch, range->column, found,                     \
				   !(read_float(value, kind) < low));               \
		else                                                        \
			GATHER(batch, range->column, found,                     \
				   (read_float(value, kind) >= low) &               \
					   (read_float(value, kind) <= high));          \
		return finish(batch, range->column, found, range->outside); \
	}

FLOAT_RANGE(answer_float4, DQ_KIND_FLOAT4)
FLOAT_RANGE(answer_float8, DQ_KIND_FLOAT8)

/*
 * merge_int: two intervals of one column.
 */
static DqKernel *
merge_int(DqKernel *kernel, DqKernel *other)
{
	IntRange *one = (IntRange *) kernel;
	IntRange *two = (IntRange *) other;
	IntRange *both;

	if (kernel->answer != other->answer || one->column != two->column ||
		one->outside || two->outside)
		return NULL;
	both = palloc0(sizeof(IntRange));
	both->head.answer = kernel->answer;
	both->head.merge = merge_int;
	both->head.dense = true;
	both->column = one->column;
	both->low = Max(one->low, two->low);
	both->high = Min(one->high, two->high);
	return &both->head;
}

/*
 * merge_float: the same for floats.
 */
static DqKernel *
merge_float(DqKernel *kernel, DqKernel *other)
{
	FloatRange *one = (FloatRange *) kernel;
	FloatRange *two = (FloatRange *) other;
	FloatRange *both;

	if (kernel->answer != other->answer || one->column != two->column ||
		one->outside || two->outside)
		return NULL;
	both = palloc0(sizeof(FloatRange));
	both->head.answer = kernel->answer;
	both->head.merge = merge_float;
	both->head.dense = true;
	both->column = one->column;
	both->low = float8_max(one->low, two->low);
	both->high = float8_min(one->high, two->high);
	return &both->head;
}

/*
 * bound_int: the interval of integers that REL constant means. There is
 * nothing below the least int64 and above the greatest.
 */
static void
bound_int(IntRange *range, DqRelation relation, int64 value)
{
	range->low = PG_INT64_MIN;
	range->high = PG_INT64_MAX;
	range->outside = relation == DQ_NOT_EQUAL;
	if (relation == DQ_LESS_EQUAL || relation == DQ_EQUAL ||
		relation == DQ_NOT_EQUAL)
		range->high = value;
	if (relation == DQ_GREATER_EQUAL || relation == DQ_EQUAL ||
		relation == DQ_NOT_EQUAL)
		range->low = value;
	if (relation == DQ_LESS)
	{
		range->high = value - (value > PG_INT64_MIN);
		range->low += value == PG_INT64_MIN;
	}
	if (relation == DQ_GREATER)
	{
		range->low = value + (value < PG_INT64_MAX);
		range->high -= value == PG_INT64_MAX;
	}
}

/*
 * make_int: an integer column and a constant.
 */
static DqKernel *
make_int(const DqComparison *comparison)
{
	IntRange *range = palloc0(sizeof(IntRange));

	range->column = comparison->column;
	range->head.merge = merge_int;
	range->head.dense = true;
	bound_int(range, comparison->relation,
			  read_int(comparison->constant, comparison->other_kind));
	switch (comparison->kind)
	{
		case DQ_KIND_INT2:
			range->head.answer = answer_int2;
			break;
		case DQ_KIND_INT4:
			range->head.answer = answer_int4;
			break;
		case DQ_KIND_OID:
			range->head.answer = answer_oid;
			break;
		case DQ_KIND_BOOL:
			range->head.answer = answer_bool;
			break;
		default:
			range->head.answer = answer_int8;
			break;
	}
	return &range->head;
}

/*
 * below, above: the next number in PostgreSQL's order; there is one unless
 * the value is the first or the last.
 */
static float8
below(float8 value)
{
	return isnan(value) ? get_float8_infinity() :
						  nextafter(value, -get_float8_infinity());
}

static float8
above(float8 value)
{
	if (isinf(value) && value > 0)
		return get_float8_nan();
	return nextafter(value, get_float8_infinity());
}

/*
 * make_float: the interval of floats that REL constant means.
 */
static DqKernel *
make_float(const DqComparison *comparison)
{
	FloatRange *range = palloc0(sizeof(FloatRange));
	float8 value = read_float(comparison->constant, comparison->other_kind);
	bool first = isinf(value) && value < 0;

	range->column = comparison->column;
	range->head.merge = merge_float;
	range->head.dense = true;
	range->head.answer = comparison->kind == DQ_KIND_FLOAT4 ? answer_float4 :
															  answer_float8;
	range->low = -get_float8_infinity();
	range->high = get_float8_nan();
	switch (comparison->relation)
	{
		case DQ_LESS_EQUAL:
			range->high = value;
			break;
		case DQ_GREATER_EQUAL:
			range->low = value;
			break;
		case DQ_EQUAL:
			range->low = range->high = value;
			break;
		case DQ_NOT_EQUAL:
			range->low = range->high = value;
			range->outside = true;
			break;
		case DQ_LESS:
			if (first) /* not (anything) */
				range->outside = true;
			else
				range->high = below(value);
			break;
		case DQ_GREATER:
			if (isnan(value))
				range->outside = true;
			else
				range->low = above(value);
			break;
	}
	return &range->head;
}

/*
 * answer_pair_int, answer_pair_float: two columns.
 */
static inline bool
holds(DqRelation relation, int order)
{
	switch (relation)
	{
		case DQ_LESS:
			return order < 0;
		case DQ_LESS_EQUAL:
			return order <= 0;
		case DQ_EQUAL:
			return order == 0;
		case DQ_GREATER_EQUAL:
			return order >= 0;
		case DQ_GREATER:
			return order > 0;
		case DQ_NOT_EQUAL:
			break;
	}
	return order != 0;
}

/*
 * finish_pair: NULL when one of them is.
 */
static inline DqBits
finish_pair(const DqBatch *batch, const DqComparison *comparison,
			uint64 found)
{
	DqBits result;

	result.null = batch->nulls[comparison->column] |
				  batch->nulls[comparison->other];
	result.yes = found & ~result.null;
	return result;
}

static DqBits
answer_pair_int(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	const DqComparison *c = &((Pair *) kernel)->comparison;
	const Datum *left = batch->values[c->column];
	const Datum *right = batch->values[c->other];
	uint64 found = 0;
	int i;

	for (i = 0; i < batch->count; i++)
	{
		int64 x = read_int(left[i], c->kind);
		int64 y = read_int(right[i], c->other_kind);

		found |= (uint64) holds(c->relation, (x > y) - (x < y)) << i;
	}
	return finish_pair(batch, c, found);
}

static DqBits
answer_pair_float(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	const DqComparison *c = &((Pair *) kernel)->comparison;
	const Datum *left = batch->values[c->column];
	const Datum *right = batch->values[c->other];
	uint64 found = 0;
	int i;

	for (i = 0; i < batch->count; i++)
	{
		int order = float8_cmp_internal(read_float(left[i], c->kind),
										read_float(right[i], c->other_kind));

		found |= (uint64) holds(c->relation, order) << i;
	}
	return finish_pair(batch, c, found);
}

/*
 * make_pair: two columns of numbers.
 */
static DqKernel *
make_pair(const DqComparison *comparison, DqKernelAnswer answer)
{
	Pair *pair = palloc0(sizeof(Pair));

	pair->head.answer = answer;
	pair->head.dense = true;
	pair->comparison = *comparison;
	return &pair->head;
}

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

	GATHER(batch, set->column, found,
		   is_member(set, read_int(value, set->kind)));
	result = finish(batch, set->column, found, false);
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
		set->values[i] = read_int(membership->elements[i],
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
 * dq_kernel_number_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_number_recognise(DqKernelSet *set, Node *expr)
{
	DqComparison comparison;
	DqMembership membership;

	if (dq_comparison_read_set(expr, &membership))
		return is_int(membership.kind) ? make_set(&membership) : NULL;
	if (!dq_comparison_read(expr, &comparison))
		return NULL;
	if (is_int(comparison.kind) && comparison.other < 0)
		return make_int(&comparison);
	if (is_int(comparison.kind))
		return make_pair(&comparison, answer_pair_int);
	if (is_float(comparison.kind) && comparison.other < 0)
		return make_float(&comparison);
	if (is_float(comparison.kind))
		return make_pair(&comparison, answer_pair_float);
	return NULL;
}
