/*
 * exactsum.c
 *	  Sums of integers and of numerics without rounding, and reading numerics
 *	  fast.
 *
 * "rest" is allocated in the memory context that is current when it grows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "quality/exactsum.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"

/* the header of a stored numeric, see utils/adt/numeric.c */
#define FORM_MASK 0xC000
#define FORM_NEGATIVE 0x4000
#define FORM_SHORT 0x8000
#define FORM_SPECIAL 0xC000
#define SPECIAL_MASK 0xF000
#define SPECIAL_NAN 0xC000
#define SPECIAL_PLUS 0xD000
#define SHORT_NEGATIVE 0x2000
#define SHORT_WEIGHT_SIGN 0x0040
#define SHORT_WEIGHT_MASK 0x003F

#define MAX_SHORT_DIGITS 4
#define LEAST_EXPONENT (-(DQ_SUM_EXPONENTS / 2))

/*
 * dq_exactsum_read: take a numeric apart: its bytes without the length word.
 */
DqNumericClass
dq_exactsum_read(const char *bytes, Size len, DqDecimal *decimal)
{
	uint16 header;
	bool negative;
	int weight;
	int digits;
	int64 mantissa = 0;
	int16 digit;
	int i;

	memcpy(&header, bytes, sizeof(header));
	if ((header & FORM_MASK) == FORM_SPECIAL)
	{
		if ((header & SPECIAL_MASK) == SPECIAL_NAN)
			return DQ_NUMERIC_NAN;
		return (header & SPECIAL_MASK) == SPECIAL_PLUS ?
				   DQ_NUMERIC_PLUS_INFINITY :
				   DQ_NUMERIC_MINUS_INFINITY;
	}
	bytes += sizeof(header);
	len -= sizeof(header);
	if ((header & FORM_MASK) == FORM_SHORT)
	{
		negative = (header & SHORT_NEGATIVE) != 0;
		weight = header & SHORT_WEIGHT_MASK;
		if (header & SHORT_WEIGHT_SIGN)
			weight -= SHORT_WEIGHT_MASK + 1;
	}
	else
	{
		int16 long_weight;

		negative = (header & FORM_MASK) == FORM_NEGATIVE;
		memcpy(&long_weight, bytes, sizeof(long_weight));
		weight = long_weight;
		bytes += sizeof(long_weight);
		len -= sizeof(long_weight);
	}
	digits = (int) (len / sizeof(digit));
	decimal->exponent = digits == 0 ? 0 : weight - digits + 1;
	if (digits > MAX_SHORT_DIGITS || decimal->exponent < LEAST_EXPONENT ||
		decimal->exponent > -LEAST_EXPONENT)
		return DQ_NUMERIC_LONG;
	for (i = 0; i < digits; i++)
	{
		memcpy(&digit, bytes + i * sizeof(digit), sizeof(digit));
		mantissa = mantissa * 10000 + digit;
	}
	decimal->mantissa = negative ? -mantissa : mantissa;
	return DQ_NUMERIC_SHORT;
}

/*
 * dq_exactsum_double: in double precision, to within two roundings.
 */
double
dq_exactsum_double(const DqDecimal *decimal)
{
	static const double powers[] = {1, 1e4, 1e8, 1e12, 1e16};

	if (decimal->exponent < 0)
		return (double) decimal->mantissa / powers[-decimal->exponent];
	return (double) decimal->mantissa * powers[decimal->exponent];
}

/*
 * dq_exactsum_add: one more short numeric; integers have the exponent 0.
 */
void
dq_exactsum_add(DqExactSum *sum, const DqDecimal *decimal)
{
	dq_exactsum_wide(&sum->parts[decimal->exponent - LEAST_EXPONENT],
					 decimal->mantissa);
}

/*
 * dq_exactsum_add_numeric: one more numeric, which is finite.
 */
void
dq_exactsum_add_numeric(DqExactSum *sum, Numeric value)
{
	Numeric old = sum->rest;

	if (old == NULL)
		sum->rest = DatumGetNumericCopy(NumericGetDatum(value));
	else
	{
		Datum total = DirectFunctionCall2(numeric_add, NumericGetDatum(old),
										  NumericGetDatum(value));

		sum->rest = DatumGetNumeric(total);
		pfree(old);
	}
}

/*
 * dq_exactsum_wide_merge: the sum of both.
 */
void
dq_exactsum_wide_merge(DqWide *into, const DqWide *from)
{
	uint64 low = into->low + from->low;

	into->high += from->high + (low < into->low ? 1 : 0);
	into->low = low;
}

/*
 * dq_exactsum_merge: the sum of both.
 */
void
dq_exactsum_merge(DqExactSum *into, const DqExactSum *from)
{
	int i;

	for (i = 0; i < DQ_SUM_EXPONENTS; i++)
		dq_exactsum_wide_merge(&into->parts[i], &from->parts[i]);
	if (from->rest != NULL)
		dq_exactsum_add_numeric(into, from->rest);
}

/*
 * literal: a numeric from text.
 */
static Datum
literal(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/*
 * wide_numeric: a 128-bit integer as a numeric.
 */
static Datum
wide_numeric(const DqWide *wide)
{
	Datum high = NumericGetDatum(int64_to_numeric(wide->high));
	Datum low = literal(psprintf(UINT64_FORMAT, wide->low));

	high = DirectFunctionCall2(numeric_mul, high,
							   literal("18446744073709551616"));
	return DirectFunctionCall2(numeric_add, high, low);
}

/*
 * dq_exactsum_wide_total: the sum as a numeric.
 */
Numeric
dq_exactsum_wide_total(const DqWide *sum)
{
	return DatumGetNumeric(wide_numeric(sum));
}

/*
 * dq_exactsum_total: the sum as a numeric.
 */
Numeric
dq_exactsum_total(const DqExactSum *sum)
{
	static const char *const powers[DQ_SUM_EXPONENTS] = {
		"1e-16", "1e-12", "1e-8", "1e-4", "1", "1e4", "1e8", "1e12", "1e16"};
	Datum total = NumericGetDatum(int64_to_numeric(0));
	int i;

	for (i = 0; i < DQ_SUM_EXPONENTS; i++)
	{
		Datum part;

		if (sum->parts[i].high == 0 && sum->parts[i].low == 0)
			continue;
		part = DirectFunctionCall2(numeric_mul, wide_numeric(&sum->parts[i]),
								   literal(powers[i]));
		total = DirectFunctionCall2(numeric_add, total, part);
	}
	if (sum->rest != NULL)
		total = DirectFunctionCall2(numeric_add, total,
									NumericGetDatum(sum->rest));
	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, total));
}

/*
 * dq_exactsum_save: append to a message.
 */
void
dq_exactsum_save(const DqExactSum *sum, StringInfo buf)
{
	char *rest = "";
	int i;

	for (i = 0; i < DQ_SUM_EXPONENTS; i++)
	{
		pq_sendint64(buf, (uint64) sum->parts[i].high);
		pq_sendint64(buf, sum->parts[i].low);
	}
	if (sum->rest != NULL)
		rest = numeric_normalize(sum->rest);
	pq_send_ascii_string(buf, rest);
}

/*
 * dq_exactsum_load: read what dq_exactsum_save wrote.
 */
void
dq_exactsum_load(DqExactSum *sum, StringInfo buf)
{
	const char *rest;
	int i;

	for (i = 0; i < DQ_SUM_EXPONENTS; i++)
	{
		sum->parts[i].high = pq_getmsgint64(buf);
		sum->parts[i].low = (uint64) pq_getmsgint64(buf);
	}
	rest = pq_getmsgrawstring(buf);
	sum->rest = *rest == '\0' ? NULL : DatumGetNumeric(literal(rest));
}
