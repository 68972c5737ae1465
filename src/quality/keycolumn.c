/*
 * keycolumn.c
 *	  A column of a key, and its value in the row at hand.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "quality/exactsum.h"
#include "quality/keycolumn.h"
#include "quality/varlena.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * kind_of: how values are compared by this function.
 */
static DqKeyKind
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
			return DQ_KEY_WORD;
		case F_FLOAT4EQ:
			return DQ_KEY_FLOAT4;
		case F_FLOAT8EQ:
			return DQ_KEY_FLOAT8;
		case F_UUID_EQ:
		case F_MACADDR_EQ:
		case F_MACADDR8_EQ:
			return DQ_KEY_FIXED;
		case F_NAMEEQ:
			return DQ_KEY_NAME;
		case F_BYTEAEQ:
			return DQ_KEY_TEXT;
		case F_NUMERIC_EQ:
			return DQ_KEY_NUMERIC;
		case F_TEXTEQ:
			return get_collation_isdeterministic(collation) ? DQ_KEY_TEXT :
															  DQ_KEY_OTHER;
		case F_BPCHAREQ:
			return get_collation_isdeterministic(collation) ? DQ_KEY_BPCHAR :
															  DQ_KEY_OTHER;
		default:
			return DQ_KEY_OTHER;
	}
}

/*
 * dq_keycolumn_open: false when its type cannot be hashed as it is compared.
 */
bool
dq_keycolumn_open(DqKeyColumn *column, Form_pg_attribute att)
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
	column->stored_len = att->attlen;
	column->by_value = att->attbyval;
	if (att->attlen < 0 || column->kind == DQ_KEY_NAME ||
		column->kind == DQ_KEY_OTHER)
		column->len = 0;
	fmgr_info_copy(&column->equal, &type->eq_opr_finfo, CurrentMemoryContext);
	fmgr_info_copy(&column->hash, &type->hash_extended_proc_finfo,
				   CurrentMemoryContext);
	return true;
}

/*
 * dq_keycolumn_double: the same for all that are equal.
 */
uint64
dq_keycolumn_double(double value)
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
 * dq_keycolumn_real: as dq_keycolumn_double.
 */
uint64
dq_keycolumn_real(float value)
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
 * find_decimal: the bytes of a numeric. Trailing zeros are not stored but for
 * those within a base-10000 digit, so equal numerics are taken apart alike.
 */
static void
find_decimal(DqKeyColumn *column, Datum value)
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
	column->n_bytes = DQ_KEY_DECIMAL_BYTES;
}

/*
 * dq_keycolumn_find: those by which this value of the row is compared.
 */
void
dq_keycolumn_find(DqKeyColumn *column, Datum value)
{
	DqBytes bytes;

	column->opaque = false;
	column->n_bytes = column->len;
	column->bytes = (const char *) &column->word;
	switch (column->kind)
	{
		case DQ_KEY_WORD:
		case DQ_KEY_FLOAT4:
		case DQ_KEY_FLOAT8:
			column->word = dq_keycolumn_word(column, value);
#ifdef WORDS_BIGENDIAN
			column->bytes += sizeof(uint64) - column->len;
#endif
			return;
		case DQ_KEY_FIXED:
			column->bytes = (const char *) DatumGetPointer(value);
			return;
		case DQ_KEY_NAME:
			column->bytes = NameStr(*DatumGetName(value));
			column->n_bytes = strlen(column->bytes);
			return;
		case DQ_KEY_TEXT:
		case DQ_KEY_BPCHAR:
			dq_varlena_open(&bytes, value);
			column->bytes = bytes.data;
			column->n_bytes = bytes.len;
			if (column->kind == DQ_KEY_BPCHAR)
				column->n_bytes = bpchartruelen(unconstify(char *,
														   bytes.data),
												bytes.len);
			return;
		case DQ_KEY_NUMERIC:
			find_decimal(column, value);
			return;
		case DQ_KEY_OTHER:
			column->opaque = true;
			column->word = (uint64) value;
			return;
	}
}
