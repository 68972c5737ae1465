/*
 * collation.c
 *	  What is certain about a collation.
 *
 * The catalogue says it: a locale of the C library called C or POSIX. "false"
 * for any other is right or careful: nobody is wrong by it, only slower.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/collation.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

/*
 * is_c: is the text in this attribute of a catalogue row C or POSIX?
 */
static bool
is_c(int cache, HeapTuple tuple, AttrNumber attribute)
{
	bool isnull;
	Datum value = SysCacheGetAttr(cache, tuple, attribute, &isnull);
	char *locale;

	if (isnull)
		return false;
	locale = TextDatumGetCString(value);
	return strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0;
}

/*
 * database_is_c: of the database's own collation.
 */
static bool
database_is_c(AttrNumber attribute)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID,
									  ObjectIdGetDatum(MyDatabaseId));
	bool result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_database) GETSTRUCT(tuple))->datlocprovider ==
				 COLLPROVIDER_LIBC &&
			 is_c(DATABASEOID, tuple, attribute);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * collation_is_c: of a collation of the catalogue.
 */
static bool
collation_is_c(Oid collation, AttrNumber attribute)
{
	HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	bool result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_collation) GETSTRUCT(tuple))->collprovider ==
				 COLLPROVIDER_LIBC &&
			 is_c(COLLOID, tuple, attribute);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * dq_collation_order_is_c: are texts ordered by their bytes?
 */
bool
dq_collation_order_is_c(Oid collation)
{
	if (collation == DEFAULT_COLLATION_OID)
		return database_is_c(Anum_pg_database_datcollate);
	return collation_is_c(collation, Anum_pg_collation_collcollate);
}

/*
 * dq_collation_ctype_is_c: are only ASCII characters letters and digits?
 */
bool
dq_collation_ctype_is_c(Oid collation)
{
	if (collation == DEFAULT_COLLATION_OID)
		return database_is_c(Anum_pg_database_datctype);
	return collation_is_c(collation, Anum_pg_collation_collctype);
}
