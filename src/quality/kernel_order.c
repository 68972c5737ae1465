/*
 * kernel_order.c
 *	  Kernels that compare numerics, UUIDs and texts in C collation with
 *	  constants.
 *
 * A comparison with a constant is an interval whose ends may be left out.
 * Two of one column under AND become one.
 *
 * The numeric's format on disk is that of all supported versions: a header
 * with the sign, the weight of the first digit, and digits to the base of
 * 10000 without leading or trailing zeros.
 */
#include "postgres.h"

#include "base/collation.h"
#include "base/compat.h"
#include "quality/comparison.h"
#include "quality/kernel.h"
#include "quality/varlena.h"
#include "utils/uuid.h"

/* the two upper bits of a numeric's header, and what they can be */
#define SIGN_MASK 0xC000
#define SIGN_NEGATIVE 0x4000
#define SIGN_SHORT 0x8000
#define SIGN_SPECIAL 0xC000
/* special values, by the four upper bits */
#define SPECIAL_MASK 0xF000
#define SPECIAL_NAN 0xC000
#define SPECIAL_INFINITY 0xD000
/* the short format */
#define SHORT_NEGATIVE 0x2000
#define SHORT_WEIGHT_NEGATIVE 0x0040
#define SHORT_WEIGHT_MASK 0x003F

/* a value, taken apart as far as comparing it needs */
typedef struct Value
{
	/* numeric: -2 -Infinity, -1, 0, 1, 2 Infinity, 3 NaN */
	int rank;
	int weight;
	/* digits of a numeric, bytes of anything else */
	const char *data;
	int len; /* bytes */
} Value;

typedef int (*Compare)(const Value *a, const Value *b);

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
 * read_u16: a number of two bytes that may not be aligned.
 */
static inline uint16
read_u16(const char *at)
{
	uint16 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/*
 * take_numeric: the bytes of a numeric as a value.
 */
static inline void
take_numeric(Value *value, const char *data, int len)
{
	uint16 header = read_u16(data);
	bool negative;

	value->weight = 0;
	value->data = data;
	value->len = 0;
	if ((header & SIGN_MASK) == SIGN_SPECIAL)
	{
		value->rank = 3;
		if ((header & SPECIAL_MASK) != SPECIAL_NAN)
			value->rank = (header & SPECIAL_MASK) == SPECIAL_INFINITY ? 2 :
																		-2;
		return;
	}
	if ((header & SIGN_MASK) == SIGN_SHORT)
	{
		negative = (header & SHORT_NEGATIVE) != 0;
		value->weight = header & SHORT_WEIGHT_MASK;
		if (header & SHORT_WEIGHT_NEGATIVE)
			value->weight |= ~SHORT_WEIGHT_MASK;
		value->data = data + sizeof(uint16);
		value->len = len - sizeof(uint16);
	}
	else
	{
		negative = (header & SIGN_MASK) == SIGN_NEGATIVE;
		value->weight = (int16) read_u16(data + sizeof(uint16));
		value->data = data + 2 * sizeof(uint16);
		value->len = len - 2 * sizeof(uint16);
	}
	value->rank = negative ? -1 : 1;
	if (value->len == 0)
		value->rank = 0;
}

/*
 * compare_digits: of two positive numerics.
 */
static inline int
compare_digits(const Value *a, const Value *b)
{
	int common = Min(a->len, b->len);
	int i;

	if (a->weight != b->weight)
		return a->weight > b->weight ? 1 : -1;
	for (i = 0; i < common; i += sizeof(uint16))
	{
		uint16 x = read_u16(a->data + i);
		uint16 y = read_u16(b->data + i);

		if (x != y)
			return x > y ? 1 : -1;
	}
	return (a->len > b->len) - (a->len < b->len);
}

/*
 * compare_numerics: in PostgreSQL's order.
 */
static inline int
compare_numerics(const Value *a, const Value *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank ? 1 : -1;
	if (a->rank == 1)
		return compare_digits(a, b);
	if (a->rank == -1)
		return compare_digits(b, a);
	return 0;
}

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
is_inside(const Range *range, const Value *value, Compare compare)
{
	if (range->has_low)
	{
		int order = compare(value, &range->low);

		if (order < 0 || (order == 0 && range->low_open))
			return false;
	}
	if (range->has_high)
	{
		int order = compare(value, &range->high);

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
 * answer_numeric, answer_text, answer_uuid
 */
static DqBits
answer_numeric(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
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
		take_numeric(&value, bytes.data, bytes.len);
		found |= (uint64) is_inside(range, &value, compare_numerics) << row;
		dq_varlena_close(&bytes);
	}
	return finish(range, batch, found);
}

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
		found |= (uint64) is_inside(range, &value, compare_bytes) << row;
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
		found |= (uint64) is_inside(range, &value, compare_bytes) << row;
	}
	return finish(range, batch, found);
}

/*
 * compare_values: of a kind, while kernels are made.
 */
static int
compare_values(DqKind kind, const Value *a, const Value *b)
{
	return kind == DQ_KIND_NUMERIC ? compare_numerics(a, b) :
									 compare_bytes(a, b);
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
		order = range->has_low ? compare_values(range->kind, &other->low,
												&range->low) :
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
		order = range->has_high ? compare_values(range->kind, &other->high,
												 &range->high) :
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
	if (kind == DQ_KIND_NUMERIC)
		take_numeric(value, value->data, value->len);
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
	if (comparison.kind == DQ_KIND_NUMERIC)
		return make_range(&comparison, answer_numeric);
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
