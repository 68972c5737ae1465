/*
 * kernel_order.c
 *	  Kernels that compare UUIDs and texts in C collation with constants.
 *
 * A comparison with a constant is an interval whose ends may be left out.
 * Two of one column under AND become one.
 */
#include "postgres.h"

#include "base/collation.h"
#include "base/compat.h"
#include "quality/comparison.h"
#include "quality/kernel.h"
#include "quality/varlena.h"
#include "utils/uuid.h"

/* the bytes of a value */
typedef struct Value
{
	const char *data;
	int len;
} Value;

typedef struct Range
{
	DqKernel head;
	DqKind kind;
	int column;
	bool outside; /* the opposite */
	bool has_low;
	bool has_high;
	bool low_open; /* without the end itself */
	bool high_open;
	Value low;
	Value high;
} Range;

/*
 * compare_bytes: as in C collation, and of UUIDs.
 */
static inline int
compare_bytes(const Value *a, const Value *b)
{
	int order = memcmp(a->data, b->data, Min(a->len, b->len));

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/*
 * is_inside: does a value lie in the interval?
 */
static inline bool
is_inside(const Range *range, const Value *value)
{
	if (range->has_low)
	{
		int order = compare_bytes(value, &range->low);

		if (order < 0 || (order == 0 && range->low_open))
			return false;
	}
	if (range->has_high)
	{
		int order = compare_bytes(value, &range->high);

		if (order > 0 || (order == 0 && range->high_open))
			return false;
	}
	return true;
}

/*
 * finish: rows inside as an answer.
 */
static DqBits
finish(const Range *range, const DqBatch *batch, uint64 found)
{
	DqBits result;

	result.null = batch->nulls[range->column];
	result.yes = (range->outside ? ~found : found) & ~result.null;
	return result;
}

/*
 * answer_text, answer_uuid
 */
static DqBits
answer_text(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Range *range = (Range *) kernel;
	const Datum *values = batch->values[range->column];
	uint64 found = 0;
	int row;

	DQ_EACH_ROW(row, wanted & ~batch->nulls[range->column])
	{
		DqBytes bytes;
		Value value;

		dq_varlena_open(&bytes, values[row]);
		value.data = bytes.data;
		value.len = bytes.len;
		found |= (uint64) is_inside(range, &value) << row;
		dq_varlena_close(&bytes);
	}
	return finish(range, batch, found);
}

static DqBits
answer_uuid(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Range *range = (Range *) kernel;
	const Datum *values = batch->values[range->column];
	Value value = {.len = UUID_LEN};
	uint64 found = 0;
	int row;

	DQ_EACH_ROW(row, wanted & ~batch->nulls[range->column])
	{
		value.data = DatumGetPointer(values[row]);
		found |= (uint64) is_inside(range, &value) << row;
	}
	return finish(range, batch, found);
}

/*
 * narrow: leave of an interval what lies in another one, too.
 */
static void
narrow(Range *range, const Range *other)
{
	int order;

	if (other->has_low)
	{
		order = range->has_low ? compare_bytes(&other->low, &range->low) :
								 1;
		if (order > 0 || (order == 0 && other->low_open))
		{
			range->low = other->low;
			range->low_open = other->low_open;
			range->has_low = true;
		}
	}
	if (other->has_high)
	{
		order = range->has_high ? compare_bytes(&other->high, &range->high) :
								  -1;
		if (order < 0 || (order == 0 && other->high_open))
		{
			range->high = other->high;
			range->high_open = other->high_open;
			range->has_high = true;
		}
	}
}

/*
 * merge: two intervals of one column.
 */
static DqKernel *
merge(DqKernel *kernel, DqKernel *other)
{
	Range *one = (Range *) kernel;
	Range *two = (Range *) other;
	Range *both;

	if (kernel->answer != other->answer || one->column != two->column ||
		one->outside || two->outside)
		return NULL;
	both = palloc0(sizeof(Range));
	*both = *one;
	both->head.expr = NULL;
	both->head.shared = false;
	narrow(both, two);
	return &both->head;
}

/*
 * take_constant: a constant, in the current memory context.
 */
static void
take_constant(Value *value, DqKind kind, Datum constant)
{
	struct varlena *copy;

	if (kind == DQ_KIND_UUID)
	{
		value->data = DatumGetPointer(constant);
		value->len = UUID_LEN;
		return;
	}
	copy = PG_DETOAST_DATUM_PACKED(constant);
	value->data = VARDATA_ANY(copy);
	value->len = VARSIZE_ANY_EXHDR(copy);
}

/*
 * make_range: a column and a constant.
 */
static DqKernel *
make_range(const DqComparison *comparison, DqKernelAnswer answer)
{
	Range *range = palloc0(sizeof(Range));
	DqRelation relation = comparison->relation;

	range->head.answer = answer;
	range->head.merge = merge;
	range->kind = comparison->kind;
	range->column = comparison->column;
	range->outside = relation == DQ_NOT_EQUAL;
	range->has_low = !(relation == DQ_LESS || relation == DQ_LESS_EQUAL);
	range->has_high = !(relation == DQ_GREATER ||
						relation == DQ_GREATER_EQUAL);
	range->low_open = relation == DQ_GREATER;
	range->high_open = relation == DQ_LESS;
	take_constant(&range->low, range->kind, comparison->constant);
	range->high = range->low;
	return &range->head;
}

/*
 * dq_kernel_order_recognise: the recogniser of this file. Whether texts are
 * equal is kernel_text.c's affair.
 */
DqKernel *
dq_kernel_order_recognise(DqKernelSet *set, Node *expr)
{
	DqComparison comparison;

	if (!dq_comparison_read(expr, &comparison) || comparison.other >= 0)
		return NULL;
	if (comparison.kind == DQ_KIND_UUID)
		return make_range(&comparison, answer_uuid);
	if (comparison.kind == DQ_KIND_TEXT &&
		comparison.relation != DQ_EQUAL &&
		comparison.relation != DQ_NOT_EQUAL &&
		OidIsValid(comparison.collation) &&
		dq_collation_order_is_c(comparison.collation))
		return make_range(&comparison, answer_text);
	return NULL;
}
