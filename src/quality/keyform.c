/*
 * keyform.c
 *	  Keys of rows, as keyset.h wants them.
 *
 * Values of common types are equal exactly when some bytes of theirs are:
 * integers and what is stored as one, texts under deterministic collations,
 * float numbers after -0 became 0 and all NaN the same, numerics of up to 16
 * digits after they were taken apart. A key of such columns
 * whose bytes fit into 16 is exact: a single value of fixed length as it is;
 * otherwise a byte that tells which columns are NULL comes first, and a value
 * of variable length has its length before it. Whether they fit depends on
 * the bytes only, so equal keys have the same form.
 *
 * Any other key is hashed: of such columns their bytes, of the rest the values
 * by the extended hash function of the type's operator class (under the
 * column's collation), which agrees with the equality of GROUP BY.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "quality/exactsum.h"
#include "quality/keyform.h"
#include "quality/kernel.h"
#include "quality/varlena.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define EXACT_BYTES 16

/* a short numeric: its mantissa and a byte for the rest */
#define DECIMAL_BYTES 9

/* a bit of a byte for each column */
#define MAX_TAGGED 8

typedef enum ColumnKind
{
	COLUMN_WORD, /* by value, equal when the bits are */
	COLUMN_FLOAT4,
	COLUMN_FLOAT8,
	COLUMN_FIXED, /* by reference, of fixed length */
	COLUMN_NAME,
	COLUMN_TEXT,
	COLUMN_BPCHAR, /* trailing blanks do not count */
	COLUMN_NUMERIC, /* most are short */
	COLUMN_OTHER
} ColumnKind;

typedef struct Column
{
	int at; /* attribute number - 1 */
	ColumnKind kind;
	int len; /* of a value, 0 when it varies */
	Oid collation;
	FmgrInfo equal;
	FmgrInfo hash; /* of those that have no bytes */
	/* of the row at hand */
	bool isnull;
	bool opaque; /* has no bytes; word is the value */
	const char *bytes;
	int n_bytes;
	uint64 word; /* where bytes may be */
	char decimal[DECIMAL_BYTES];
} Column;

struct DqKeyform
{
	int n_columns;
	Column *columns;
	bool tagged; /* exact keys begin with a byte for NULLs */
	bool may_be_exact;
	int words; /* of exact keys */
};

/*
 * kind_of: how values are compared by this function.
 */
static ColumnKind
kind_of(Oid equal, Oid collation)
{
	switch (equal)
	{
		case F_BOOLEQ:
		case F_CHAREQ:
		case F_INT2EQ:
		case F_INT4EQ:
		case F_INT8EQ:
		case F_OIDEQ:
		case F_DATE_EQ:
		case F_TIME_EQ:
		case F_TIMESTAMP_EQ:
		case F_TIMESTAMPTZ_EQ:
		case F_CASH_EQ:
		case F_ENUM_EQ:
		case F_PG_LSN_EQ:
			return COLUMN_WORD;
		case F_FLOAT4EQ:
			return COLUMN_FLOAT4;
		case F_FLOAT8EQ:
			return COLUMN_FLOAT8;
		case F_UUID_EQ:
		case F_MACADDR_EQ:
		case F_MACADDR8_EQ:
			return COLUMN_FIXED;
		case F_NAMEEQ:
			return COLUMN_NAME;
		case F_BYTEAEQ:
			return COLUMN_TEXT;
		case F_NUMERIC_EQ:
			return COLUMN_NUMERIC;
		case F_TEXTEQ:
			return get_collation_isdeterministic(collation) ? COLUMN_TEXT :
															  COLUMN_OTHER;
		case F_BPCHAREQ:
			return get_collation_isdeterministic(collation) ? COLUMN_BPCHAR :
															  COLUMN_OTHER;
		default:
			return COLUMN_OTHER;
	}
}

/*
 * open_column: false when its type cannot be hashed as it is compared.
 */
static bool
open_column(Column *column, Form_pg_attribute att)
{
	TypeCacheEntry *type =
		lookup_type_cache(getBaseType(att->atttypid),
						  TYPECACHE_EQ_OPR_FINFO |
							  TYPECACHE_HASH_EXTENDED_PROC_FINFO);

	if (!OidIsValid(type->eq_opr_finfo.fn_oid) ||
		!OidIsValid(type->hash_extended_proc_finfo.fn_oid))
		return false;
	column->at = att->attnum - 1;
	column->collation = att->attcollation;
	column->kind = kind_of(type->eq_opr_finfo.fn_oid, att->attcollation);
	column->len = att->attlen;
	if (att->attlen < 0 || column->kind == COLUMN_NAME ||
		column->kind == COLUMN_OTHER)
		column->len = 0;
	fmgr_info_copy(&column->equal, &type->eq_opr_finfo, CurrentMemoryContext);
	fmgr_info_copy(&column->hash, &type->hash_extended_proc_finfo,
				   CurrentMemoryContext);
	return true;
}

/*
 * dq_keyform_create: the form of the keys of these columns.
 */
DqKeyform *
dq_keyform_create(Relation rel, List *attnums, bool nulls_inside)
{
	DqKeyform *form = palloc0(sizeof(DqKeyform));
	int bytes = 0;
	bool fixed = true;
	ListCell *lc;

	form->columns = palloc0(sizeof(Column) * list_length(attnums));
	form->may_be_exact = true;
	foreach(lc, attnums)
	{
		Column *column = &form->columns[form->n_columns++];

		if (!open_column(column, TupleDescAttr(RelationGetDescr(rel),
											   lfirst_int(lc) - 1)))
			return NULL;
		if (column->kind == COLUMN_OTHER)
			form->may_be_exact = false;
		bytes += column->len;
		fixed = fixed && column->len > 0;
	}
	form->tagged = nulls_inside || !fixed;
	if (form->tagged && form->n_columns > MAX_TAGGED)
		form->may_be_exact = false;
	form->words = !form->tagged && bytes <= sizeof(uint64) ? 1 : 2;
	return form;
}

/*
 * dq_keyform_is_parallel_safe: the functions of built-in types are.
 */
bool
dq_keyform_is_parallel_safe(const DqKeyform *form)
{
	int i;

	for (i = 0; i < form->n_columns; i++)
	{
		const Column *column = &form->columns[i];

		if (column->kind == COLUMN_OTHER &&
			func_parallel(column->hash.fn_oid) != PROPARALLEL_SAFE)
			return false;
	}
	return true;
}

/*
 * dq_keyform_keyset: for keys of this form.
 */
DqKeyset *
dq_keyform_keyset(const DqKeyform *form, Size memory)
{
	return dq_keyset_create(form->words, memory);
}

/*
 * dq_keyform_columns: how many.
 */
int
dq_keyform_columns(const DqKeyform *form)
{
	return form->n_columns;
}

/*
 * double_word: the same for all that are equal.
 */
static uint64
double_word(double value)
{
	uint64 word;

	if (isnan(value))
		value = get_float8_nan();
	else if (value == 0)
		value = 0;
	memcpy(&word, &value, sizeof(word));
	return word;
}

/*
 * real_word: as double_word.
 */
static uint64
real_word(float value)
{
	uint32 word;

	if (isnan(value))
		value = get_float4_nan();
	else if (value == 0)
		value = 0;
	memcpy(&word, &value, sizeof(word));
	return word;
}

/*
 * word_of: a value that is passed by value as a number.
 */
static inline uint64
word_of(const Column *column, Datum value)
{
	if (column->kind == COLUMN_FLOAT8)
		return double_word(DatumGetFloat8(value));
	if (column->kind == COLUMN_FLOAT4)
		return real_word(DatumGetFloat4(value));
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

/*
 * find_decimal: the bytes of a numeric. Trailing zeros are not stored but for
 * those within a base-10000 digit, so equal numerics are taken apart alike.
 */
static void
find_decimal(Column *column, Datum value)
{
	DqBytes bytes;
	DqDecimal decimal = {0, 0};
	DqNumericClass class;

	dq_varlena_open(&bytes, value);
	class = dq_exactsum_read(bytes.data, bytes.len, &decimal);
	if (class == DQ_NUMERIC_LONG)
	{
		column->opaque = true;
		column->word = (uint64) value;
		column->n_bytes = 0;
		return;
	}
	if (class != DQ_NUMERIC_SHORT)
		decimal.exponent = 100 + class; /* NaN or infinite */
	memcpy(column->decimal, &decimal.mantissa, sizeof(int64));
	column->decimal[sizeof(int64)] = (char) decimal.exponent;
	column->bytes = column->decimal;
	column->n_bytes = DECIMAL_BYTES;
}

/*
 * find_bytes: those by which this value of the row is compared.
 */
static inline void
find_bytes(Column *column, Datum value)
{
	DqBytes bytes;

	column->opaque = false;
	column->n_bytes = column->len;
	column->bytes = (const char *) &column->word;
	switch (column->kind)
	{
		case COLUMN_WORD:
		case COLUMN_FLOAT4:
		case COLUMN_FLOAT8:
			column->word = word_of(column, value);
#ifdef WORDS_BIGENDIAN
			column->bytes += sizeof(uint64) - column->len;
#endif
			return;
		case COLUMN_FIXED:
			column->bytes = (const char *) DatumGetPointer(value);
			return;
		case COLUMN_NAME:
			column->bytes = NameStr(*DatumGetName(value));
			column->n_bytes = strlen(column->bytes);
			return;
		case COLUMN_TEXT:
		case COLUMN_BPCHAR:
			dq_varlena_open(&bytes, value);
			column->bytes = bytes.data;
			column->n_bytes = bytes.len;
			if (column->kind == COLUMN_BPCHAR)
				column->n_bytes = bpchartruelen(unconstify(char *,
														   bytes.data),
												bytes.len);
			return;
		case COLUMN_NUMERIC:
			find_decimal(column, value);
			return;
		case COLUMN_OTHER:
			column->opaque = true;
			column->word = (uint64) value;
			return;
	}
}

/*
 * mix_bytes: into a hash so far, eight at a time.
 */
static inline uint64
mix_bytes(uint64 hash, const char *bytes, int n)
{
	uint64 word;

	hash ^= (uint64) n * UINT64CONST(0x9E3779B97F4A7C15);
	for (; n >= (int) sizeof(word); n -= sizeof(word))
	{
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * UINT64CONST(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
		bytes += sizeof(word);
	}
	if (n > 0)
	{
		word = 0;
		memcpy(&word, bytes, n);
		hash = (hash ^ word) * UINT64CONST(0xc4ceb9fe1a85ec53);
		hash ^= hash >> 32;
	}
	return hash;
}

/*
 * hash_key: of the row that find_bytes has seen.
 */
static uint64
hash_key(DqKeyform *form)
{
	uint64 hash = 0;
	int i;

	for (i = 0; i < form->n_columns; i++)
	{
		Column *column = &form->columns[i];

		if (column->isnull)
			hash = dq_keyset_mix(hash + 1);
		else if (column->opaque)
			hash = dq_keyset_mix(hash) +
				   DatumGetUInt64(FunctionCall2Coll(&column->hash,
													column->collation,
													(Datum) column->word,
													Int64GetDatum(0)));
		else
			hash = mix_bytes(hash, column->bytes, column->n_bytes);
	}
	return hash;
}

/*
 * exact_key: the words of the row that find_bytes has seen, or false.
 */
static bool
exact_key(const DqKeyform *form, uint64 *words)
{
	char image[EXACT_BYTES] = {0};
	int used = form->tagged ? 1 : 0;
	int i;

	if (!form->may_be_exact)
		return false;
	for (i = 0; i < form->n_columns; i++)
	{
		const Column *column = &form->columns[i];

		if (column->isnull)
		{
			image[0] |= 1 << i;
			continue;
		}
		if (column->opaque ||
			used + column->n_bytes + (column->len == 0) > EXACT_BYTES)
			return false;
		if (column->len == 0)
			image[used++] = (char) column->n_bytes;
		memcpy(image + used, column->bytes, column->n_bytes);
		used += column->n_bytes;
	}
	memcpy(words, image, EXACT_BYTES);
	return true;
}

/*
 * add_words: keys of one column that is a number.
 */
static void
add_words(const Column *column, DqKeyset *set, const DqBatch *batch,
		  uint64 rows, uint64 table)
{
	const Datum *values = batch->values[column->at];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		dq_keyset_add_word(set, word_of(column, values[row]),
						   dq_keyform_ref(batch, row, table));
	}
}

/*
 * add_texts: keys of one column of variable length, as exact_key and hash_key
 * make them.
 */
static void
add_texts(const Column *column, DqKeyset *set, const DqBatch *batch,
		  uint64 rows, uint64 table)
{
	const Datum *values = batch->values[column->at];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		uint64 ref = dq_keyform_ref(batch, row, table);
		char image[EXACT_BYTES] = {0};
		uint64 words[2];
		DqBytes bytes;

		dq_varlena_open(&bytes, values[row]);
		if (bytes.len > EXACT_BYTES - 2)
			dq_keyset_add_hashed(set, mix_bytes(0, bytes.data, bytes.len),
								 ref);
		else
		{
			image[1] = (char) bytes.len;
			memcpy(image + 2, bytes.data, bytes.len);
			memcpy(words, image, EXACT_BYTES);
			dq_keyset_add_words(set, words, ref);
		}
		dq_varlena_close(&bytes);
	}
}

/*
 * dq_keyform_add: the keys of some rows.
 */
void
dq_keyform_add(DqKeyform *form, DqKeyset *set, const DqBatch *batch,
			   uint64 rows, uint64 table)
{
	uint64 words[2];
	int row;
	int i;

	if (form->words == 1 && form->n_columns == 1)
	{
		add_words(&form->columns[0], set, batch, rows, table);
		return;
	}
	if (form->columns[0].kind == COLUMN_TEXT && form->n_columns == 1)
	{
		add_texts(&form->columns[0], set, batch, rows, table);
		return;
	}
	DQ_EACH_ROW(row, rows)
	{
		for (i = 0; i < form->n_columns; i++)
		{
			Column *column = &form->columns[i];

			column->isnull = (batch->nulls[column->at] >> row) & 1;
			if (!column->isnull)
				find_bytes(column, batch->values[column->at][row]);
		}
		if (!exact_key(form, words))
			dq_keyset_add_hashed(set, hash_key(form),
								 dq_keyform_ref(batch, row, table));
		else if (form->words == 1)
			dq_keyset_add_word(set, words[0],
							   dq_keyform_ref(batch, row, table));
		else
			dq_keyset_add_words(set, words,
								dq_keyform_ref(batch, row, table));
	}
}

/*
 * dq_keyform_equal: by the equality of each type.
 */
bool
dq_keyform_equal(DqKeyform *form, const Datum *a, const bool *a_nulls,
				 const Datum *b, const bool *b_nulls)
{
	int i;

	for (i = 0; i < form->n_columns; i++)
	{
		Column *column = &form->columns[i];

		if (a_nulls[i] != b_nulls[i])
			return false;
		if (!a_nulls[i] &&
			!DatumGetBool(FunctionCall2Coll(&column->equal,
											column->collation, a[i], b[i])))
			return false;
	}
	return true;
}
