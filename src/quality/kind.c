/*
 * kind.c
 *	  The kinds of values that a profile tells apart, by the type of a column.
 *
 * Times are integers in their own unit (days, microseconds) until they are
 * shown. Function caches live in the memory context that is current when a
 * kind is made.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/collation.h"
#include "base/compat.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "quality/kind.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/* from our epoch to that of Unix */
#define EPOCH_SECONDS \
	((double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/*
 * class_of: the class of a base type.
 */
static DqKindClass
class_of(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return DQ_KIND_INTEGER;
		case FLOAT4OID:
		case FLOAT8OID:
			return DQ_KIND_FLOAT;
		case NUMERICOID:
			return DQ_KIND_NUMERIC;
		case BOOLOID:
			return DQ_KIND_BOOL;
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return DQ_KIND_TIME;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return DQ_KIND_TEXT;
		default:
			return DQ_KIND_OTHER;
	}
}

/*
 * database_locale: is the database's own collation one of the C library, and
 * which? NULL otherwise.
 */
static char *
database_locale(void)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID,
									  ObjectIdGetDatum(MyDatabaseId));
	char *result = NULL;
	Datum value;
	bool isnull;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	value = SysCacheGetAttr(DATABASEOID, tuple, Anum_pg_database_datcollate,
							&isnull);
	if (!isnull && ((Form_pg_database) GETSTRUCT(tuple))->datlocprovider ==
					   COLLPROVIDER_LIBC)
		result = TextDatumGetCString(value);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * collation_locale: the same for a collation.
 */
static char *
collation_locale(Oid collation)
{
	HeapTuple tuple;
	char *result = NULL;
	Datum value;
	bool isnull;

	if (collation == DEFAULT_COLLATION_OID)
		return database_locale();
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	value = SysCacheGetAttr(COLLOID, tuple, Anum_pg_collation_collcollate,
							&isnull);
	if (!isnull && ((Form_pg_collation) GETSTRUCT(tuple))->collprovider ==
					   COLLPROVIDER_LIBC)
		result = TextDatumGetCString(value);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * is_bytewise: does a collation order texts by their bytes? C does, and so
 * does C.UTF-8 of the C library: by code points, which is the order of the
 * bytes in UTF-8.
 */
static bool
is_bytewise(Oid collation)
{
	char *locale;

	if (!OidIsValid(collation))
		return false;
	if (dq_collation_order_is_c(collation))
		return true;
	locale = collation_locale(collation);
	return locale != NULL && GetDatabaseEncoding() == PG_UTF8 &&
		   (pg_strcasecmp(locale, "C.UTF-8") == 0 ||
			pg_strcasecmp(locale, "C.UTF8") == 0);
}

/*
 * is_parallel_safe: may a parallel worker call this function, if there is one?
 */
static bool
is_parallel_safe(Oid function)
{
	return !OidIsValid(function) ||
		   func_parallel(function) == PROPARALLEL_SAFE;
}

/*
 * dq_kind_init: the kind of a type and collation.
 */
void
dq_kind_init(DqKind *kind, Oid type, Oid collation)
{
	const int needed = TYPECACHE_LT_OPR | TYPECACHE_CMP_PROC_FINFO |
					   TYPECACHE_HASH_EXTENDED_PROC_FINFO;
	TypeCacheEntry *entry;
	Oid output;
	bool varlena;

	memset(kind, 0, sizeof(DqKind));
	kind->type = getBaseType(type);
	kind->collation = collation;
	kind->class = class_of(kind->type);
	entry = lookup_type_cache(kind->type, needed);
	kind->typlen = entry->typlen;
	kind->typbyval = entry->typbyval;
	kind->can_hash = OidIsValid(entry->hash_extended_proc_finfo.fn_oid);
	kind->can_order = OidIsValid(entry->cmp_proc_finfo.fn_oid) &&
					  OidIsValid(entry->lt_opr);
	kind->less = entry->lt_opr;
	if (kind->can_hash)
		fmgr_info_copy(&kind->hash, &entry->hash_extended_proc_finfo,
					   CurrentMemoryContext);
	if (kind->can_order)
		fmgr_info_copy(&kind->compare, &entry->cmp_proc_finfo,
					   CurrentMemoryContext);
	if (kind->class == DQ_KIND_TEXT)
	{
		kind->bytewise = is_bytewise(collation);
		kind->same_bytes = kind->bytewise || !OidIsValid(collation) ||
						   get_collation_isdeterministic(collation);
	}
	getTypeOutputInfo(kind->type, &output, &varlena);
	fmgr_info(output, &kind->output);
	kind->parallel_safe = is_parallel_safe(output) &&
						  is_parallel_safe(kind->hash.fn_oid) &&
						  is_parallel_safe(kind->compare.fn_oid);
}

/*
 * dq_kind_scalar: a value in the form that its kind computes with. A pointer
 * stays the same.
 */
DqScalar
dq_kind_scalar(const DqKind *kind, Datum value)
{
	DqScalar scalar;

	scalar.i = 0;
	switch (kind->class)
	{
		case DQ_KIND_INTEGER:
		case DQ_KIND_TIME:
			if (kind->type == INT2OID)
				scalar.i = DatumGetInt16(value);
			else if (kind->type == INT4OID || kind->type == DATEOID)
				scalar.i = DatumGetInt32(value);
			else
				scalar.i = DatumGetInt64(value);
			break;
		case DQ_KIND_FLOAT:
			scalar.f = kind->type == FLOAT4OID ?
						   (double) DatumGetFloat4(value) :
						   DatumGetFloat8(value);
			break;
		case DQ_KIND_BOOL:
			scalar.i = DatumGetBool(value);
			break;
		case DQ_KIND_NUMERIC:
		case DQ_KIND_TEXT:
		case DQ_KIND_OTHER:
			scalar.d = value;
			break;
	}
	return scalar;
}

/*
 * dq_kind_datum: back again.
 */
Datum
dq_kind_datum(const DqKind *kind, DqScalar value)
{
	switch (kind->class)
	{
		case DQ_KIND_INTEGER:
		case DQ_KIND_TIME:
			if (kind->type == INT2OID)
				return Int16GetDatum((int16) value.i);
			if (kind->type == INT4OID || kind->type == DATEOID)
				return Int32GetDatum((int32) value.i);
			return Int64GetDatum(value.i);
		case DQ_KIND_FLOAT:
			if (kind->type == FLOAT4OID)
				return Float4GetDatum((float4) value.f);
			return Float8GetDatum(value.f);
		case DQ_KIND_BOOL:
			return BoolGetDatum(value.i != 0);
		case DQ_KIND_NUMERIC:
		case DQ_KIND_TEXT:
		case DQ_KIND_OTHER:
			break;
	}
	return value.d;
}

/*
 * compare_bytes: two texts by their bytes; blanks at the end of a char(n) do
 * not count.
 */
static int
compare_bytes(const DqKind *kind, Datum a, Datum b)
{
	struct varlena *x = PG_DETOAST_DATUM_PACKED(a);
	struct varlena *y = PG_DETOAST_DATUM_PACKED(b);
	int x_len = VARSIZE_ANY_EXHDR(x);
	int y_len = VARSIZE_ANY_EXHDR(y);
	int result;

	if (kind->type == BPCHAROID)
	{
		x_len = bpchartruelen(VARDATA_ANY(x), x_len);
		y_len = bpchartruelen(VARDATA_ANY(y), y_len);
	}
	result = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(x_len, y_len));
	if (result == 0)
		result = x_len - y_len;
	if ((Pointer) x != DatumGetPointer(a))
		pfree(x);
	if ((Pointer) y != DatumGetPointer(b))
		pfree(y);
	return result;
}

/*
 * dq_kind_compare: in the order of the type, as its ORDER BY.
 */
int
dq_kind_compare(DqKind *kind, DqScalar a, DqScalar b)
{
	switch (kind->class)
	{
		case DQ_KIND_INTEGER:
		case DQ_KIND_BOOL:
		case DQ_KIND_TIME:
			return (a.i > b.i) - (a.i < b.i);
		case DQ_KIND_FLOAT:
			return float8_cmp_internal(a.f, b.f);
		case DQ_KIND_TEXT:
			if (kind->bytewise)
				return compare_bytes(kind, a.d, b.d);
			break;
		case DQ_KIND_NUMERIC:
		case DQ_KIND_OTHER:
			break;
	}
	return DatumGetInt32(FunctionCall2Coll(&kind->compare, kind->collation,
										   a.d, b.d));
}

/*
 * dq_kind_double: a number or time in double precision, in its own unit.
 */
double
dq_kind_double(const DqKind *kind, DqScalar value)
{
	switch (kind->class)
	{
		case DQ_KIND_INTEGER:
		case DQ_KIND_BOOL:
		case DQ_KIND_TIME:
			return (double) value.i;
		case DQ_KIND_FLOAT:
			return value.f;
		case DQ_KIND_NUMERIC:
			return DatumGetFloat8(
				DirectFunctionCall1(numeric_float8_no_overflow, value.d));
		case DQ_KIND_TEXT:
		case DQ_KIND_OTHER:
			break;
	}
	return get_float8_nan();
}

/*
 * dq_kind_span: a distance in its own unit as people read it: times in
 * seconds.
 */
double
dq_kind_span(const DqKind *kind, double value)
{
	if (kind->class != DQ_KIND_TIME)
		return value;
	if (kind->type == DATEOID)
		return value * SECS_PER_DAY;
	return value / USECS_PER_SEC;
}

/*
 * dq_kind_seconds: a value in its own unit as people read it: times in seconds
 * since 1970, as extract(epoch) says, times of day since midnight.
 */
double
dq_kind_seconds(const DqKind *kind, double value)
{
	if (kind->class != DQ_KIND_TIME || kind->type == TIMEOID)
		return dq_kind_span(kind, value);
	return dq_kind_span(kind, value) + EPOCH_SECONDS;
}

/*
 * dq_kind_copy: a copy in the current memory context.
 */
DqScalar
dq_kind_copy(const DqKind *kind, DqScalar value)
{
	if (dq_kind_by_reference(kind))
		value.d = datumCopy(value.d, false, kind->typlen);
	return value;
}

/*
 * dq_kind_datum_text: as the type writes it; times as in ISO 8601, which every
 * DateStyle reads.
 */
char *
dq_kind_datum_text(DqKind *kind, Datum value)
{
	char buffer[MAXDATELEN + 1];

	if (kind->class == DQ_KIND_TIME)
		return pstrdup(JsonEncodeDateTime(buffer, value, kind->type, NULL));
	return OutputFunctionCall(&kind->output, value);
}

/*
 * dq_kind_text: the same of a scalar.
 */
char *
dq_kind_text(DqKind *kind, DqScalar value)
{
	return dq_kind_datum_text(kind, dq_kind_datum(kind, value));
}
