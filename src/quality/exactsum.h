/*
 * exactsum.h
 *	  Sums of integers and of numerics without rounding, and reading numerics
 *	  fast.
 *
 * A numeric of at most four base-10000 digits (16 decimal ones, aligned to
 * fours) is read straight from its stored form, which has been the same since
 * 9.1 and is what pg_upgrade relies on, as mantissa * 10000^exponent, and
 * summed as a 128-bit integer per exponent. Anything else goes through the
 * server's own functions.
 */
#ifndef DQ_EXACTSUM_H
#define DQ_EXACTSUM_H

#include "lib/stringinfo.h"
#include "utils/numeric.h"

/* a two's complement integer of 128 bits */
typedef struct DqWide
{
	int64 high;
	uint64 low;
} DqWide;

#define DQ_SUM_EXPONENTS 9 /* from -4 to 4 */

typedef struct DqExactSum
{
	DqWide parts[DQ_SUM_EXPONENTS];
	Numeric rest; /* NULL: nothing */
} DqExactSum;

typedef enum DqNumericClass
{
	DQ_NUMERIC_SHORT, /* mantissa and exponent are set */
	DQ_NUMERIC_LONG,
	DQ_NUMERIC_NAN,
	DQ_NUMERIC_PLUS_INFINITY,
	DQ_NUMERIC_MINUS_INFINITY
} DqNumericClass;

typedef struct DqDecimal
{
	int64 mantissa;
	int exponent; /* of 10000 */
} DqDecimal;

extern DqNumericClass dq_exactsum_read(const char *bytes, Size len,
									   DqDecimal *decimal);
extern double dq_exactsum_double(const DqDecimal *decimal);

/*
 * dq_exactsum_wide: one more integer.
 */
static inline void
dq_exactsum_wide(DqWide *sum, int64 x)
{
	uint64 low = sum->low + (uint64) x;

	sum->high += (x < 0 ? -1 : 0) + (low < sum->low ? 1 : 0);
	sum->low = low;
}

extern void dq_exactsum_wide_merge(DqWide *into, const DqWide *from);
extern Numeric dq_exactsum_wide_total(const DqWide *sum);
extern void dq_exactsum_add(DqExactSum *sum, const DqDecimal *decimal);
extern void dq_exactsum_add_numeric(DqExactSum *sum, Numeric value);
extern void dq_exactsum_merge(DqExactSum *into, const DqExactSum *from);
extern Numeric dq_exactsum_total(const DqExactSum *sum);
extern void dq_exactsum_save(const DqExactSum *sum, StringInfo buf);
extern void dq_exactsum_load(DqExactSum *sum, StringInfo buf);

#endif /* DQ_EXACTSUM_H */
