/*
 * decimal.c
 *	  The numerics of a column of a batch as integers.
 *
 * A key is value * 10000^groups and has at most four digits to the base of
 * 10000, so that it is below 10^16. With one group those are numbers below
 * 10^12 with up to four decimal places.
 */
#include "postgres.h"

#include "quality/decimal.h"
#include "quality/varlena.h"
#include "utils/numeric.h"

#define BASE 10000
#define MAX_DIGITS 4
#define MAX_GROUPS 2

static const int64 powers[MAX_DIGITS + 1] = {
	1, INT64CONST(10000), INT64CONST(100000000), INT64CONST(1000000000000),
	INT64CONST(10000000000000000)};

/*
 * dq_decimal_groups: by the declared scale; one when there is none.
 */
int
dq_decimal_groups(const DqKernelSet *set, int column)
{
	int32 typmod = TupleDescAttr(set->desc, column)->atttypmod;
	int scale;

	if (typmod < (int32) VARHDRSZ)
		return 1;
	/* a signed number of 11 bits since 15 */
	scale = (((typmod - VARHDRSZ) & 0x7FF) ^ 1024) - 1024;
	return scale > 4 ? MAX_GROUPS : 1;
}

/*
 * dq_decimal_of: the keys of a column.
 */
DqDecimals *
dq_decimal_of(DqKernelSet *set, int column, int groups)
{
	DqDecimals *decimals;
	ListCell *lc;

	foreach(lc, set->decimals)
	{
		decimals = (DqDecimals *) lfirst(lc);
		if (decimals->column == column && decimals->groups == groups)
			return decimals;
	}
	decimals = palloc0(sizeof(DqDecimals));
	decimals->column = column;
	decimals->groups = groups;
	set->decimals = lappend(set->decimals, decimals);
	return decimals;
}

/*
 * read_special: the key of what is no finite number; false for a finite one.
 */
static inline bool
read_special(uint16 header, int64 *key)
{
	if ((header & DQ_FORM_MASK) != DQ_FORM_SPECIAL)
		return false;
	*key = DQ_DECIMAL_MINUS_INFINITY;
	if ((header & DQ_FORM_SPECIAL_MASK) == DQ_FORM_NAN)
		*key = DQ_DECIMAL_NAN;
	else if ((header & DQ_FORM_SPECIAL_MASK) == DQ_FORM_INFINITY)
		*key = DQ_DECIMAL_INFINITY;
	return true;
}

/*
 * read_key: the key of the bytes of a numeric; false when it has none.
 */
static inline bool
read_key(const char *data, int len, int groups, int64 *key)
{
	uint16 header = dq_numericform_u16(data);
	int digits = (len - (int) sizeof(uint16)) / (int) sizeof(uint16);
	int before; /* digits that the key has before its end */
	int64 mantissa = 0;
	int i;

	if ((header & DQ_FORM_MASK) != DQ_FORM_SHORT)
		return read_special(header, key);
	*key = 0;
	if (digits == 0)
		return true;
	before = dq_numericform_short_weight(header) + 1 + groups;
	if (before < digits || before > MAX_DIGITS)
		return false;
	for (i = 1; i <= digits; i++)
		mantissa = mantissa * BASE +
				   dq_numericform_u16(data + i * sizeof(uint16));
	mantissa *= powers[before - digits];
	*key = (header & DQ_FORM_SHORT_NEGATIVE) != 0 ? -mantissa : mantissa;
	return true;
}

/*
 * dq_decimal_read: the keys of a batch, unless they were read.
 */
void
dq_decimal_read(DqDecimals *decimals, const DqBatch *batch)
{
	const Datum *values = batch->values[decimals->column];
	const int32 *lengths = batch->lengths[decimals->column];
	uint64 nulls = batch->nulls[decimals->column];
	uint64 hard = 0;
	int row;

	if (decimals->serial == batch->serial)
		return;
	for (row = 0; row < batch->count; row++)
	{
		const char *at = DatumGetPointer(values[row]);

		/* NULLs have a length, too: 0 */
		if (lengths[row] < (int) sizeof(uint16) ||
			!read_key(VARDATA_ANY(at), lengths[row], decimals->groups,
					  &decimals->keys[row]))
			hard |= UINT64CONST(1) << row;
	}
	decimals->hard = hard & ~nulls;
	decimals->serial = batch->serial;
}

/*
 * dq_decimal_floor: see decimal.h.
 */
int64
dq_decimal_floor(const DqNumericForm *constant, int groups, bool *exact)
{
	int digits = constant->len / (int) sizeof(uint16);
	int before = constant->weight + 1 + groups;
	int64 key = 0;
	int i;

	*exact = true;
	switch (constant->rank)
	{
		case 3:
			return DQ_DECIMAL_NAN;
		case 2:
			return DQ_DECIMAL_INFINITY;
		case 0:
			return 0;
		case -2:
			return DQ_DECIMAL_MINUS_INFINITY;
		default:
			break;
	}
	*exact = digits <= before && before <= MAX_DIGITS;
	if (before > MAX_DIGITS)
		return constant->rank > 0 ? DQ_DECIMAL_INFINITY - 1 :
									DQ_DECIMAL_MINUS_INFINITY;
	for (i = 0; i < before; i++)
		key = key * BASE +
			  (i < digits ? dq_numericform_u16(constant->digits +
											   i * sizeof(uint16)) :
							0);
	if (constant->rank > 0)
		return key;
	return *exact ? -key : -key - 1;
}
