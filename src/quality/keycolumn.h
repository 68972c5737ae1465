/*
 * keycolumn.h
 *	  A column of a key, and its value in the row at hand.
 *
 * Values of common types are equal exactly when some bytes of theirs are:
 * integers and what is stored as one, texts under deterministic collations,
 * float numbers after -0 became 0 and all NaN the same, numerics of up to 16
 * digits after they were taken apart. Any other value is opaque: equal when
 * the type's equality says so, and hashed as its operator class does.
 */
#ifndef DQ_KEYCOLUMN_H
#define DQ_KEYCOLUMN_H

#include "access/tupdesc.h"
#include "fmgr.h"

/* a short numeric: its mantissa and a byte for the rest */
#define DQ_KEY_DECIMAL_BYTES 9

typedef enum DqKeyKind
{
	DQ_KEY_WORD, /* by value, equal when the bits are */
	DQ_KEY_FLOAT4,
	DQ_KEY_FLOAT8,
	DQ_KEY_FIXED, /* by reference, of fixed length */
	DQ_KEY_NAME,
	DQ_KEY_TEXT,
	DQ_KEY_BPCHAR, /* trailing blanks do not count */
	DQ_KEY_NUMERIC, /* most are short */
	DQ_KEY_OTHER /* all are opaque */
} DqKeyKind;

typedef struct DqKeyColumn
{
	int at; /* attribute number - 1 */
	DqKeyKind kind;
	int len; /* bytes of each value, 0 when it varies or they are opaque */
	bool by_value; /* as the type is stored, and its length */
	int16 stored_len;
	Oid collation;
	FmgrInfo equal;
	FmgrInfo hash;
	/* of the row at hand */
	bool isnull;
	bool opaque; /* the bytes mean nothing; word is the value */
	const char *bytes;
	int n_bytes;
	uint64 word; /* where bytes may be */
	char decimal[DQ_KEY_DECIMAL_BYTES];
} DqKeyColumn;

/*
 * False when its type cannot be hashed as it is compared. What it needs is in
 * the current context.
 */
extern bool dq_keycolumn_open(DqKeyColumn *column, Form_pg_attribute att);

/*
 * The bytes by which this value of the row is compared, or that it is opaque.
 * May leave garbage in the current context.
 */
extern void dq_keycolumn_find(DqKeyColumn *column, Datum value);

/* of a column whose values fit a word: the same for all that are equal */
extern uint64 dq_keycolumn_double(double value);
extern uint64 dq_keycolumn_real(float value);

static inline uint64
dq_keycolumn_word(const DqKeyColumn *column, Datum value)
{
	if (column->kind == DQ_KEY_FLOAT8)
		return dq_keycolumn_double(DatumGetFloat8(value));
	if (column->kind == DQ_KEY_FLOAT4)
		return dq_keycolumn_real(DatumGetFloat4(value));
	switch (column->len)
	{
		case 1:
			return (uint8) DatumGetChar(value);
		case 2:
			return DatumGetUInt16(value);
		case 4:
			return DatumGetUInt32(value);
		default:
			return (uint64) DatumGetInt64(value);
	}
}

/* may values of it be opaque? */
static inline bool
dq_keycolumn_may_be_opaque(const DqKeyColumn *column)
{
	return column->kind == DQ_KEY_OTHER || column->kind == DQ_KEY_NUMERIC;
}

#endif /* DQ_KEYCOLUMN_H */
