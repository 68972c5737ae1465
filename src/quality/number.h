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
 * dq_number_membership: of the rows that were found in a set what = ANY says,
 * or <> ALL when negated: NULL instead of false when an element is NULL.
 */
static inline DqBits
dq_number_membership(DqBits found, bool has_null, bool negated)
{
	if (has_null)
		found.null |= ~found.yes;
	if (negated)
		found.yes = ~(found.yes | found.null);
	return found;
}

/*
 * dq_number_holds: does an order fulfil a relation?
 */
static inline bool
dq_number_holds(DqRelation relation, int order)
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
 * dq_number_compare_ints: for qsort.
 */
static inline int
dq_number_compare_ints(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/*
 * dq_number_pack: 64 bytes that are 0 or 1 as bits.
 */
static inline uint64
dq_number_pack(const uint8 *flags)
{
	uint64 bits = 0;
	int i;

	for (i = 0; i < DQ_BATCH_ROWS; i += 8)
	{
		uint64 eight;

		memcpy(&eight, flags + i, sizeof(eight));
#ifdef WORDS_BIGENDIAN
		eight *= UINT64CONST(0x8040201008040201);
#else
		eight *= UINT64CONST(0x0102040810204080);
#endif
		bits |= (eight >> 56) << i;
	}
	return bits;
}

/*
 * DQ_PACK: bits of a condition on "row", of all rows that a batch has room
 * for: those that it does not have may be anything.
 */
#define DQ_PACK(found, row, condition)                  \
	do                                                  \
	{                                                   \
		uint8 flags_[DQ_BATCH_ROWS];                    \
                                                        \
		for ((row) = 0; (row) < DQ_BATCH_ROWS; (row)++) \
			flags_[row] = (condition);                  \
		(found) = dq_number_pack(flags_);               \
	} while (0)

/* the same of "x REL y" */
#define DQ_PACK_RELATION(relation, found, row, x, y) \
	do                                               \
	{                                                \
		switch (relation)                            \
		{                                            \
			case DQ_LESS:                            \
				DQ_PACK(found, row, (x) < (y));      \
				break;                               \
			case DQ_LESS_EQUAL:                      \
				DQ_PACK(found, row, (x) <= (y));     \
				break;                               \
			case DQ_EQUAL:                           \
				DQ_PACK(found, row, (x) == (y));     \
				break;                               \
			case DQ_GREATER_EQUAL:                   \
				DQ_PACK(found, row, (x) >= (y));     \
				break;                               \
			case DQ_GREATER:                         \
				DQ_PACK(found, row, (x) > (y));      \
				break;                               \
			case DQ_NOT_EQUAL:                       \
				DQ_PACK(found, row, (x) != (y));     \
				break;                               \
		}                                            \
	} while (0)

#endif /* DQ_NUMBER_H */
