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

#include "quality/number.h"
#include "utils/float.h"

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

/* one function for each kind: the loop has to know how to read */
#define INT_RANGE(name, kind)                                                 \
	static DqBits name(DqKernel *kernel, const DqBatch *batch,                \
					   uint64 wanted)                                         \
	{                                                                         \
		IntRange *range = (IntRange *) kernel;                                \
		uint64 low = (uint64) range->low;                                     \
		uint64 span = (uint64) range->high - low;                             \
		const Datum *values = batch->values[range->column];                   \
		uint64 found = 0;                                                     \
		int row;                                                              \
                                                                              \
		if (range->low <= range->high)                                        \
			DQ_PACK(found, row,                                               \
					(uint64) dq_number_int(values[row], kind) - low <= span); \
		return dq_number_answer(batch, range->column, found, range->outside); \
	}

INT_RANGE(answer_int2, DQ_KIND_INT2)
INT_RANGE(answer_int4, DQ_KIND_INT4)
INT_RANGE(answer_int8, DQ_KIND_INT8)
INT_RANGE(answer_oid, DQ_KIND_OID)
INT_RANGE(answer_bool, DQ_KIND_BOOL)

#define FLOAT_RANGE(name, kind)                                               \
	static DqBits name(DqKernel *kernel, const DqBatch *batch,                \
					   uint64 wanted)                                         \
	{                                                                         \
		FloatRange *range = (FloatRange *) kernel;                            \
		float8 low = range->low;                                              \
		float8 high = range->high;                                            \
		const Datum *values = batch->values[range->column];                   \
		uint64 found = 0;                                                     \
		int row;                                                              \
                                                                              \
		if (isnan(low))                                                       \
		{                                                                     \
			if (isnan(high))                                                  \
				DQ_PACK(found, row,                                           \
						isnan(dq_number_float(values[row], kind)));           \
		}                                                                     \
		else if (isnan(high))                                                 \
			DQ_PACK(found, row, !(dq_number_float(values[row], kind) < low)); \
		else                                                                  \
			DQ_PACK(found, row,                                               \
					(dq_number_float(values[row], kind) >= low) &             \
						(dq_number_float(values[row], kind) <= high));        \
		return dq_number_answer(batch, range->column, found, range->outside); \
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
			  dq_number_int(comparison->constant, comparison->other_kind));
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
	float8 value = dq_number_float(comparison->constant,
								   comparison->other_kind);
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
 * dq_kernel_number_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_number_recognise(DqKernelSet *set, Node *expr)
{
	DqComparison comparison;

	if (!dq_comparison_read(expr, &comparison) || comparison.other >= 0)
		return NULL;
	if (dq_number_is_int(comparison.kind))
		return make_int(&comparison);
	if (dq_number_is_float(comparison.kind))
		return make_float(&comparison);
	return NULL;
}
