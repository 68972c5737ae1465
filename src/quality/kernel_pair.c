/*
 * kernel_pair.c
 *	  Kernels that compare two columns of integers, dates, times or floats.
 */
#include "postgres.h"

#include "quality/number.h"
#include "utils/float.h"

/* x REL y of two columns */
typedef struct Pair
{
	DqKernel head;
	DqComparison comparison;
} Pair;

/*
 * holds: does an order fulfil a relation?
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
		int64 x = dq_number_int(left[i], c->kind);
		int64 y = dq_number_int(right[i], c->other_kind);

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
		float8 x = dq_number_float(left[i], c->kind);
		float8 y = dq_number_float(right[i], c->other_kind);
		int order = float8_cmp_internal(x, y);

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
 * dq_kernel_pair_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_pair_recognise(DqKernelSet *set, Node *expr)
{
	DqComparison comparison;

	if (!dq_comparison_read(expr, &comparison) || comparison.other < 0)
		return NULL;
	if (dq_number_is_int(comparison.kind))
		return make_pair(&comparison, answer_pair_int);
	if (dq_number_is_float(comparison.kind))
		return make_pair(&comparison, answer_pair_float);
	return NULL;
}
