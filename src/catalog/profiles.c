/*
 * profiles.c
 *	  Saved profiles of relations.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/access.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "catalog/profiles.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/*
 * may_read_column: a column by its name.
 */
static bool
may_read_column(Oid relid, const char *column)
{
	AttrNumber attnum = get_attnum(relid, column);

	if (attnum == InvalidAttrNumber)
		return false;
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		   pg_attribute_aclcheck(relid, attnum, GetUserId(), ACL_SELECT) ==
			   ACLCHECK_OK;
}

/*
 * is_still_called: does the OID mean the relation of this name?
 */
static bool
is_still_called(Oid relid, const char *name)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return false;
	return strcmp(dq_sqltext_relation(relid), name) == 0;
}

/*
 * shows_all_the_same: does who may read the relation see the same rows as
 * anybody else? Not through a view, which may ask who looks, nor in a foreign
 * table, where it may be another user on the other side.
 */
static bool
shows_all_the_same(Oid relid)
{
	char kind = get_rel_relkind(relid);

	return (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE ||
			kind == RELKIND_MATVIEW) &&
		   check_enable_rls(relid, GetUserId(), true) != RLS_ENABLED;
}

/*
 * dq_profiles_may_read: see profiles.h.
 */
bool
dq_profiles_may_read(List *oids, List *names, List *columns)
{
	ListCell *oid;
	ListCell *name;
	ListCell *column;

	forboth(oid, oids, name, names)
	{
		if (!is_still_called(lfirst_oid(oid), (char *) lfirst(name)) ||
			!shows_all_the_same(lfirst_oid(oid)))
			return false;
		foreach(column, columns)
		{
			if (!may_read_column(lfirst_oid(oid), (char *) lfirst(column)))
				return false;
		}
	}
	return oids != NIL && list_length(oids) == list_length(names);
}

/*
 * oid_array: a List of OIDs as oid[].
 */
static Datum
oid_array(List *oids)
{
	Datum *elements = palloc(sizeof(Datum) * (list_length(oids) + 1));
	int count = 0;
	ListCell *lc;

	foreach(lc, oids)
		elements[count++] = ObjectIdGetDatum(lfirst_oid(lc));
	return PointerGetDatum(construct_array(elements, count, OIDOID,
										   sizeof(Oid), true, TYPALIGN_INT));
}

/*
 * dq_profiles_insert: see profiles.h.
 */
int64
dq_profiles_insert(const DqSavedProfile *profile)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_text(&args, profile->relation);
	dq_args_text(&args, profile->label);
	dq_args_datum(&args, OIDARRAYOID, oid_array(profile->oids), false);
	dq_args_text_list(&args, profile->names);
	dq_args_text_list(&args, profile->columns);
	dq_args_bool(&args, profile->all_columns);
	dq_args_text(&args, profile->row_filter);
	dq_args_bool(&args, profile->partial);
	dq_args_int8(&args, profile->rows);
	dq_args_oid(&args, GetUserId());
	dq_args_text(&args, GetUserNameFromId(GetUserId(), false));
	dq_args_datum(&args, BYTEAOID, PointerGetDatum(profile->state), false);
	rows = dq_spi_query(DQ_BOOKKEEPING,
						"INSERT INTO etl_catalog.profile (relation, label,"
						" relation_oids, relation_names, columns,"
						" all_columns, row_filter, partial, total_rows,"
						" owner_oid, owner_name, state)"
						" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
						" $11, $12) RETURNING profile_id",
						&args);
	return dq_rows_int8(rows, 0, "profile_id");
}

/*
 * oid_list: an oid[] column as a List of OIDs.
 */
static List *
oid_list(const DqRows *rows, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, 0, column, &isnull);
	Datum *elements;
	List *result = NIL;
	int count;
	int i;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), OIDOID, sizeof(Oid), true,
					  TYPALIGN_INT, &elements, NULL, &count);
	for (i = 0; i < count; i++)
		result = lappend_oid(result, DatumGetObjectId(elements[i]));
	return result;
}

/*
 * is_owned: does the current user have the privileges of the role that saved
 * the profile?
 */
static bool
is_owned(const DqRows *rows)
{
	Oid owner = dq_rows_oid(rows, 0, "owner_oid");

	return dq_access_role_agrees(owner, dq_rows_text(rows, 0, "owner_name")) &&
		   has_privs_of_role(GetUserId(), owner);
}

/*
 * find: the row of a profile that the current user may see, else 42704.
 */
static DqRows *
find(int64 id)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_int8(&args, id);
	rows = dq_spi_query(DQ_BOOKKEEPING,
						"SELECT * FROM etl_catalog.profile"
						" WHERE profile_id = $1",
						&args);
	if (rows->count == 1 &&
		(superuser() || is_owned(rows) ||
		 (!dq_rows_bool(rows, 0, "partial") &&
		  dq_profiles_may_read(oid_list(rows, "relation_oids"),
							   dq_rows_text_list(rows, 0, "relation_names"),
							   dq_rows_text_list(rows, 0, "columns")))))
		return rows;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("profile " INT64_FORMAT " does not exist", id),
			 errhint("SELECT * FROM etl.profiles;")));
	return NULL;
}

/*
 * dq_profiles_read: see profiles.h.
 */
DqSavedProfile *
dq_profiles_read(int64 id)
{
	DqRows *rows = find(id);
	DqSavedProfile *profile = palloc0(sizeof(DqSavedProfile));
	bool isnull;
	Datum state = dq_rows_datum(rows, 0, "state", &isnull);

	profile->id = id;
	profile->relation = dq_rows_text(rows, 0, "relation");
	profile->label = dq_rows_text(rows, 0, "label");
	profile->oids = oid_list(rows, "relation_oids");
	profile->names = dq_rows_text_list(rows, 0, "relation_names");
	profile->columns = dq_rows_text_list(rows, 0, "columns");
	profile->all_columns = dq_rows_bool(rows, 0, "all_columns");
	profile->row_filter = dq_rows_text(rows, 0, "row_filter");
	profile->partial = dq_rows_bool(rows, 0, "partial");
	profile->rows = dq_rows_int8(rows, 0, "total_rows");
	profile->state = DatumGetByteaPCopy(state);
	return profile;
}

/*
 * dq_profiles_drop: see profiles.h.
 */
void
dq_profiles_drop(int64 id)
{
	DqRows *rows = find(id);
	DqArgs args = {0};

	if (!superuser() && !is_owned(rows))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for profile " INT64_FORMAT, id),
				 errdetail("Only the role that saved a profile may drop it.")));
	dq_args_int8(&args, id);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "DELETE FROM etl_catalog.profile"
						  " WHERE profile_id = $1",
						  &args);
}
