/*
 * decimal.h
 *	  The numerics of a column of a batch as integers.
 *
 * Numerics are compared again and again: by several kernels, with two bounds
 * each. Most of them, amounts of money and the like, are small and have few
 * decimal places. They become fixed-point numbers once, which are compared in
 * no time; the others are marked, to be compared digit by digit.
 */
#ifndef DQ_DECIMAL_H
#define DQ_DECIMAL_H

#include "quality/kernel.h"
#include "quality/numericform.h"

/* keys of what is no finite number, in PostgreSQL's order */
#define DQ_DECIMAL_NAN PG_INT64_MAX
#define DQ_DECIMAL_INFINITY (PG_INT64_MAX - 1)
#define DQ_DECIMAL_MINUS_INFINITY PG_INT64_MIN

typedef struct DqDecimals
{
	int column; /* attnum - 1 */
	int groups; /* of four decimal places that keys have */
	uint64 serial; /* of the batch that keys are of */
	uint64 hard; /* rows without a key; none of them is NULL */
	int64 keys[DQ_BATCH_ROWS];
} DqDecimals;

/* groups of decimal places that suffice for most values of a column */
extern int dq_decimal_groups(const DqKernelSet *set, int column);

/* the keys of a column, which the kernels of a set share */
extern DqDecimals *dq_decimal_of(DqKernelSet *set, int column, int groups);

/* the keys of a batch */
extern void dq_decimal_read(DqDecimals *decimals, const DqBatch *batch);

/*
 * The greatest key that is not greater than a constant, or what is next to
 * the keys when it is beyond them. "exact": it is equal.
 */
extern int64 dq_decimal_floor(const DqNumericForm *constant, int groups,
							  bool *exact);

#endif /* DQ_DECIMAL_H */
