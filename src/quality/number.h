/*
 * number.h
 *	  Reading numbers from batches.
 */
#ifndef DQ_NUMBER_H
#define DQ_NUMBER_H

#include "quality/comparison.h"
#include "quality/kernel.h"

/*
 * dq_number_int: a Datum of an integer kind.
 */
static inline int64
dq_number_int(Datum value, DqKind kind)
{
	switch (kind)
	{
		case DQ_KIND_INT2:
			return DatumGetInt16(value);
		case DQ_KIND_INT4:
			return DatumGetInt32(value);
		case DQ_KIND_OID:
			return DatumGetObjectId(value);
		case DQ_KIND_BOOL:
			return DatumGetBool(value);
		default:
			return DatumGetInt64(value);
	}
}

/*
 * dq_number_float: a Datum of a float kind.
 */
static inline float8
dq_number_float(Datum value, DqKind kind)
{
	if (kind == DQ_KIND_FLOAT4)
		return (float8) DatumGetFloat4(value);
	return DatumGetFloat8(value);
}

/*
 * dq_number_is_int, dq_number_is_float: kinds of this file.
 */
static inline bool
dq_number_is_int(DqKind kind)
{
	return kind <= DQ_KIND_BOOL;
}

static inline bool
dq_number_is_float(DqKind kind)
{
	return kind == DQ_KIND_FLOAT4 || kind == DQ_KIND_FLOAT8;
}

/*
 * dq_number_answer: set bits of all rows, as found, as an answer.
 */
static inline DqBits
dq_number_answer(const DqBatch *batch, int column, uint64 found, bool opposite)
{
	DqBits result;

	result.null = batch->nulls[column];
	result.yes = (opposite ? ~found : found) & ~result.null;
	return result;
}

/*
 * DQ_GATHER: evaluate an expression of "value" for each row, bits from the
 * top, which needs no shift by a variable.
 */
#define DQ_GATHER(batch, column, found, condition)                   \
	do                                                               \
	{                                                                \
		const Datum *values_ = (batch)->values[column];              \
		int count_ = (batch)->count;                                 \
		int row_;                                                    \
                                                                     \
		(found) = 0;                                                 \
		for (row_ = 0; row_ < count_; row_++)                        \
		{                                                            \
			Datum value = values_[row_];                             \
                                                                     \
			(found) = ((found) >> 1) | ((uint64) (condition) << 63); \
		}                                                            \
		(found) >>= DQ_BATCH_ROWS - count_;                          \
	} while (0)

#endif /* DQ_NUMBER_H */
