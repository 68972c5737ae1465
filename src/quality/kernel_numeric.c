/*
 * kernel_numeric.c
 *	  Kernels that compare numerics with constants and with each other.
 *
 * As integers where they are small (decimal.h), else digit by digit, both in
 * PostgreSQL's order. A comparison with a constant is an interval whose ends
 * may be left out. Two of one column under AND become one.
 */
#include "postgres.h"

#include "quality/decimal.h"
#include "quality/number.h"
#include "quality/varlena.h"

/* a larger set is left to the executor, which has a hash table */
#define MAX_MEMBERS 64

/* an end of an interval */
typedef struct End
{
	bool exists;
	bool open; /* without the end itself */
	DqNumericForm value;
} End;

typedef struct Range
{
	DqKernel head;
	DqDecimals *decimals;
	bool outside; /* the opposite */
	End low;
	End high;
	/* the same of keys; below each other: empty */
	int64 low_key;
	int64 high_key;
} Range;

typedef struct Pair
{
	DqKernel head;
	DqRelation relation;
	DqDecimals *left;
	DqDecimals *right;
} Pair;

typedef struct Set
{
	DqKernel head;
	DqDecimals *decimals;
	bool negated;
	bool has_null;
	int n_keys;
	int64 *keys; /* of elements that have one; sorted */
	int count;
	DqNumericForm *elements; /* all of them */
} Set;

/*
 * is_inside: does a value lie in the interval?
 */
static bool
is_inside(const Range *range, const DqNumericForm *value)
{
	int order;

	if (range->low.exists)
	{
		order = dq_numericform_compare(value, &range->low.value);
		if (order < 0 || (order == 0 && range->low.open))
			return false;
	}
	if (range->high.exists)
	{
		order = dq_numericform_compare(value, &range->high.value);
		if (order > 0 || (order == 0 && range->high.open))
			return false;
	}
	return true;
}

/*
 * open_value: a value in a batch, taken apart; to be closed.
 */
static void
open_value(DqNumericForm *value, DqBytes *bytes, const DqBatch *batch,
		   int column, int row)
{
	dq_varlena_open(bytes, batch->values[column][row]);
	dq_numericform_read(value, bytes->data, bytes->len);
}

/*
 * answer_range
 */
static DqBits
answer_range(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Range *range = (Range *) kernel;
	int column = range->decimals->column;
	const int64 *keys = range->decimals->keys;
	uint64 low = (uint64) range->low_key;
	uint64 span = (uint64) range->high_key - low;
	uint64 found = 0;
	int row;

	dq_decimal_read(range->decimals, batch);
	if (range->low_key <= range->high_key)
		DQ_PACK(found, row, (uint64) keys[row] - low <= span);
	found &= ~range->decimals->hard;
	DQ_EACH_ROW(row, range->decimals->hard & wanted)
	{
		DqNumericForm value;
		DqBytes bytes;

		open_value(&value, &bytes, batch, column, row);
		found |= (uint64) is_inside(range, &value) << row;
		dq_varlena_close(&bytes);
	}
	return dq_number_answer(batch, column, found, range->outside);
}

/*
 * answer_pair
 */
static DqBits
answer_pair(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Pair *pair = (Pair *) kernel;
	const int64 *left = pair->left->keys;
	const int64 *right = pair->right->keys;
	DqBits result = {0, 0};
	uint64 hard;
	int row;

	dq_decimal_read(pair->left, batch);
	dq_decimal_read(pair->right, batch);
	result.null = batch->nulls[pair->left->column] |
				  batch->nulls[pair->right->column];
	hard = (pair->left->hard | pair->right->hard) & wanted & ~result.null;
	DQ_PACK_RELATION(pair->relation, result.yes, row, left[row], right[row]);
	result.yes &= ~(hard | result.null);
	DQ_EACH_ROW(row, hard)
	{
		DqNumericForm one;
		DqNumericForm two;
		DqBytes bytes_one;
		DqBytes bytes_two;
		int order;

		open_value(&one, &bytes_one, batch, pair->left->column, row);
		open_value(&two, &bytes_two, batch, pair->right->column, row);
		order = dq_numericform_compare(&one, &two);
		result.yes |= (uint64) dq_number_holds(pair->relation, order) << row;
		dq_varlena_close(&bytes_one);
		dq_varlena_close(&bytes_two);
	}
	return result;
}

/*
 * has_key: is the key one of the set?
 */
static inline bool
has_key(const Set *set, int64 key)
{
	int low = 0;
	int high = set->n_keys;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (set->keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->n_keys && set->keys[low] == key;
}

/*
 * has_value: is the value one of the set?
 */
static bool
has_value(const Set *set, const DqNumericForm *value)
{
	int i;

	for (i = 0; i < set->count; i++)
	{
		if (dq_numericform_compare(&set->elements[i], value) == 0)
			return true;
	}
	return false;
}

/*
 * answer_set: = ANY; NULL instead of false when an element is NULL.
 */
static DqBits
answer_set(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Set *set = (Set *) kernel;
	int column = set->decimals->column;
	DqBits result;
	uint64 found = 0;
	int row;

	dq_decimal_read(set->decimals, batch);
	for (row = 0; row < batch->count; row++)
		found |= (uint64) has_key(set, set->decimals->keys[row]) << row;
	found &= ~set->decimals->hard;
	DQ_EACH_ROW(row, set->decimals->hard & wanted)
	{
		DqNumericForm value;
		DqBytes bytes;

		open_value(&value, &bytes, batch, column, row);
		found |= (uint64) has_value(set, &value) << row;
		dq_varlena_close(&bytes);
	}
	result = dq_number_answer(batch, column, found, false);
	return dq_number_membership(result, set->has_null, set->negated);
}

/*
 * bound_keys: the interval of keys. Nothing is above NaN, and nothing below
 * -Infinity.
 */
static void
bound_keys(Range *range)
{
	int groups = range->decimals->groups;
	bool empty = false;
	bool exact;

	range->low_key = PG_INT64_MIN;
	range->high_key = PG_INT64_MAX;
	if (range->low.exists)
	{
		range->low_key = dq_decimal_floor(&range->low.value, groups, &exact);
		if (!exact || range->low.open)
		{
			empty = range->low_key == PG_INT64_MAX;
			range->low_key += !empty;
		}
	}
	if (range->high.exists)
	{
		range->high_key = dq_decimal_floor(&range->high.value, groups, &exact);
		if (exact && range->high.open)
		{
			empty |= range->high_key == PG_INT64_MIN;
			range->high_key -= !empty;
		}
	}
	if (empty)
	{
		range->low_key = PG_INT64_MAX;
		range->high_key = PG_INT64_MIN;
	}
}

/*
 * narrow: leave of an end what another one leaves, too. "sign": 1 for a low
 * end, -1 for a high one.
 */
static void
narrow(End *end, const End *other, int sign)
{
	int order;

	if (!other->exists)
		return;
	order = end->exists ?
				sign * dq_numericform_compare(&other->value, &end->value) :
				1;
	if (order > 0 || (order == 0 && other->open))
		*end = *other;
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

	if (kernel->answer != other->answer || one->decimals != two->decimals ||
		one->outside || two->outside)
		return NULL;
	both = palloc0(sizeof(Range));
	*both = *one;
	both->head.expr = NULL;
	both->head.shared = false;
	narrow(&both->low, &two->low, 1);
	narrow(&both->high, &two->high, -1);
	bound_keys(both);
	return &both->head;
}

/*
 * take_constant: a constant, in the current memory context.
 */
static void
take_constant(DqNumericForm *value, Datum constant)
{
	struct varlena *copy = PG_DETOAST_DATUM_PACKED(constant);

	dq_numericform_read(value, VARDATA_ANY(copy), VARSIZE_ANY_EXHDR(copy));
}

/*
 * make_range: a column and a constant.
 */
static DqKernel *
make_range(DqKernelSet *set, const DqComparison *comparison)
{
	Range *range = palloc0(sizeof(Range));
	DqRelation relation = comparison->relation;
	int column = comparison->column;

	range->head.answer = answer_range;
	range->head.merge = merge;
	range->decimals = dq_decimal_of(set, column,
									dq_decimal_groups(set, column));
	range->outside = relation == DQ_NOT_EQUAL;
	range->low.exists = !(relation == DQ_LESS || relation == DQ_LESS_EQUAL);
	range->high.exists = !(relation == DQ_GREATER ||
						   relation == DQ_GREATER_EQUAL);
	range->low.open = relation == DQ_GREATER;
	range->high.open = relation == DQ_LESS;
	take_constant(&range->low.value, comparison->constant);
	range->high.value = range->low.value;
	bound_keys(range);
	return &range->head;
}

/*
 * make_pair: two columns; both with the decimal places of the finer one.
 */
static DqKernel *
make_pair(DqKernelSet *set, const DqComparison *comparison)
{
	Pair *pair = palloc0(sizeof(Pair));
	int groups = Max(dq_decimal_groups(set, comparison->column),
					 dq_decimal_groups(set, comparison->other));

	pair->head.answer = answer_pair;
	pair->relation = comparison->relation;
	pair->left = dq_decimal_of(set, comparison->column, groups);
	pair->right = dq_decimal_of(set, comparison->other, groups);
	return &pair->head;
}

/*
 * make_set: a column and constants.
 */
static DqKernel *
make_set(DqKernelSet *set, const DqMembership *membership)
{
	Set *members = palloc0(sizeof(Set));
	int column = membership->column;
	int groups = dq_decimal_groups(set, column);
	bool exact;
	int i;

	members->head.answer = answer_set;
	members->decimals = dq_decimal_of(set, column, groups);
	members->negated = membership->negated;
	members->has_null = membership->has_null;
	members->count = membership->count;
	members->elements = palloc(sizeof(DqNumericForm) * members->count);
	members->keys = palloc(sizeof(int64) * members->count);
	for (i = 0; i < members->count; i++)
	{
		int64 key;

		take_constant(&members->elements[i], membership->elements[i]);
		key = dq_decimal_floor(&members->elements[i], groups, &exact);
		if (exact)
			members->keys[members->n_keys++] = key;
	}
	qsort(members->keys, members->n_keys, sizeof(int64),
		  dq_number_compare_ints);
	return &members->head;
}

/*
 * dq_kernel_numeric_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_numeric_recognise(DqKernelSet *set, Node *expr)
{
	DqComparison comparison;
	DqMembership membership;

	if (dq_comparison_read_set(expr, &membership))
		return membership.kind == DQ_KIND_NUMERIC &&
					   membership.count <= MAX_MEMBERS ?
				   make_set(set, &membership) :
				   NULL;
	if (!dq_comparison_read(expr, &comparison) ||
		comparison.kind != DQ_KIND_NUMERIC)
		return NULL;
	return comparison.other >= 0 ? make_pair(set, &comparison) :
								   make_range(set, &comparison);
}
