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

/* one function for each kind: the loop has to know how to read */
#define INT_PAIR(name, kind)                                    \
	static DqBits name(DqKernel *kernel, const DqBatch *batch,  \
					   uint64 wanted)                           \
	{                                                           \
		const DqComparison *c = &((Pair *) kernel)->comparison; \
		const Datum *left = batch->values[c->column];           \
		const Datum *right = batch->values[c->other];           \
		uint64 found = 0;                                       \
		int row;                                                \
                                                                \
		DQ_PACK_RELATION(c->relation, found, row,               \
						 dq_number_int(left[row], kind),        \
						 dq_number_int(right[row], kind));      \
		return finish_pair(batch, c, found);                    \
	}

INT_PAIR(answer_pair_int4, DQ_KIND_INT4)
INT_PAIR(answer_pair_int8, DQ_KIND_INT8)

/*
 * answer_pair_int: of any two kinds of integers.
 */
static DqBits
answer_pair_int(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	const DqComparison *c = &((Pair *) kernel)->comparison;
	const Datum *left = batch->values[c->column];
	const Datum *right = batch->values[c->other];
	uint64 found = 0;
	int row;

	DQ_PACK_RELATION(c->relation, found, row,
					 dq_number_int(left[row], c->kind),
					 dq_number_int(right[row], c->other_kind));
	return finish_pair(batch, c, found);
}

/*
 * answer_pair_float
 */
static DqBits
answer_pair_float(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	const DqComparison *c = &((Pair *) kernel)->comparison;
	const Datum *left = batch->values[c->column];
	const Datum *right = batch->values[c->other];
	uint64 found = 0;
	int row;

	for (row = 0; row < batch->count; row++)
	{
		float8 x = dq_number_float(left[row], c->kind);
		float8 y = dq_number_float(right[row], c->other_kind);
		int order = float8_cmp_internal(x, y);

		found |= (uint64) dq_number_holds(c->relation, order) << row;
	}
	return finish_pair(batch, c, found);
}

/*
 * answer_of: two kinds of integers.
 */
static DqKernelAnswer
answer_of(DqKind left, DqKind right)
{
	if (left == DQ_KIND_INT4 && right == DQ_KIND_INT4)
		return answer_pair_int4;
	if (left == DQ_KIND_INT8 && right == DQ_KIND_INT8)
		return answer_pair_int8;
	return answer_pair_int;
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
		return make_pair(&comparison, answer_of(comparison.kind,
												comparison.other_kind));
	if (dq_number_is_float(comparison.kind))
		return make_pair(&comparison, answer_pair_float);
	return NULL;
}
