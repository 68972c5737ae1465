/*
 * other.c
 *	  The other relation of a check that compares two.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "parser/parse_coerce.h"
#include "quality/other.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#define ALIAS "referenced"

/*
 * dq_other_open: find, lock and describe the other relation; what row security
 * hides of it makes the check one about some of the rows.
 */
DqSource *
dq_other_open(const DqProbe *probe)
{
	Oid relid = RangeVarGetRelid(probe->check->referenced, AccessShareLock,
								 false);
	char *own_name = get_rel_name(probe->source->relid);
	bool taken = own_name != NULL && strcmp(own_name, ALIAS) == 0;
	DqSource *other = dq_source_open(relid, taken ? ALIAS "_" : ALIAS);

	if (other->partial)
		unconstify(DqProbe *, probe)->partial = true;
	return other;
}

/*
 * dq_other_where: the filter alone, a user's text between parentheses and
 * newlines.
 *
 * It is analysed here as it stands, without anything around it: later it may
 * stand where names of our relation could be seen, and a misspelt column must
 * not become one of these.
 */
char *
dq_other_where(const DqSource *other, const char *filter)
{
	char *where;

	if (filter == NULL)
		return pstrdup("");
	where = psprintf(" WHERE (\n%s\n)", filter);
	(void) dq_spi_query_readonly(DQ_USER,
								 psprintf("SELECT FROM %s%s LIMIT 0",
										  dq_sqltext_relation(other->relid),
										  where),
								 NULL);
	return where;
}

/*
 * dq_other_from: an item of FROM.
 */
char *
dq_other_from(const DqSource *other, List *columns, const char *filter)
{
	char *relation = dq_sqltext_relation(other->relid);
	StringInfoData list;
	ListCell *lc;

	if (filter == NULL)
		return pstrdup(other->from);
	initStringInfo(&list);
	foreach(lc, list_concat_unique_ptr(NIL, columns))
		appendStringInfo(&list, "%s%s.%s", list.len > 0 ? ", " : "", relation,
						 dq_sqltext_ident(((DqColumn *) lfirst(lc))->name));
	return psprintf("(SELECT %s FROM %s%s) AS %s", list.data, relation,
					dq_other_where(other, filter), other->alias);
}

/*
 * dq_other_names: names of columns of the other relation.
 */
List *
dq_other_names(const DqCheck *check, const char *option, List *ours)
{
	List *names = dq_json_text_list(check->doc, option, check->what);

	return names == NIL ? ours : names;
}

/*
 * dq_other_close: the tolerance of a comparison of numbers. Infinity is close
 * to nothing but itself, NaN to nothing.
 */
char *
dq_other_close(const DqCheck *check, const char *a, const char *b)
{
	char *difference = dq_json_scalar_text(check->doc, "max_difference",
										   check->what);
	char *share = dq_json_scalar_text(check->doc, "max_relative_difference",
									  check->what);
	char *distance;

	if (difference == NULL && share == NULL)
		return NULL;
	distance = psprintf("pg_catalog.abs(%s::pg_catalog.numeric OPERATOR(pg_catalog.-) %s::pg_catalog.numeric)",
						a, b);
	return psprintf("(CASE WHEN %s OPERATOR(pg_catalog.<) 'Infinity'::pg_catalog.numeric"
					" THEN %s OPERATOR(pg_catalog.<=) GREATEST(%s::pg_catalog.numeric, %s::pg_catalog.numeric OPERATOR(pg_catalog.*) pg_catalog.abs(%s::pg_catalog.numeric))"
					" ELSE false END)",
					distance, distance, difference ? difference : "0",
					share ? share : "0", b);
}

/*
 * operator_schema: the schema that an operator is in.
 */
static Oid
operator_schema(Oid operator)
{
	HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Oid schema = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		schema = ((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace;
		ReleaseSysCache(tuple);
	}
	return schema;
}

/*
 * key_cast: what is appended to the referring column, so that the operator is
 * found by exact types: "" when they are, or when both are built in.
 */
static char *
key_cast(const DqColumn *referenced, const DqColumn *referring, Oid operator)
{
	Oid from = referring->base_type;
	Oid to = referenced->base_type;

	if (from == to)
		return pstrdup("");
	if (OidIsValid(operator))
	{
		if (operator_schema(operator) == PG_CATALOG_NAMESPACE &&
			from < FirstNormalObjectId && to < FirstNormalObjectId &&
			TypeCategory(from) == TypeCategory(to))
			return pstrdup("");
		if (can_coerce_type(1, &from, &to, COERCION_IMPLICIT))
			return psprintf("::%s", dq_sqltext_type(to, -1));
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("key columns \"%s\" and \"%s\" are of incompatible types: %s and %s",
					referring->name, referenced->name, format_type_be(from),
					format_type_be(to))));
	return NULL;
}

/*
 * dq_other_equal: a column of the other relation equals one of ours; appended
 * with AND. By the default equality of the other's type and its collation.
 */
void
dq_other_equal(StringInfo buf, const DqColumn *referenced,
			   const DqColumn *referring)
{
	TypeCacheEntry *type = lookup_type_cache(referenced->base_type,
											 TYPECACHE_EQ_OPR);
	char *cast = key_cast(referenced, referring, type->eq_opr);

	if (!OidIsValid(type->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s of column \"%s\" has no equality",
						format_type_be(referenced->base_type),
						referenced->name)));
	appendStringInfo(buf, "%s%s", buf->len > 0 ? " AND " : "",
					 referenced->sql);
	if (OidIsValid(referenced->collation) &&
		OidIsValid(referring->collation) &&
		referenced->collation != referring->collation)
		appendStringInfo(buf, " COLLATE %s",
						 dq_sqltext_collation(referenced->collation));
	appendStringInfo(buf, " %s %s%s", dq_sqltext_operator(type->eq_opr),
					 referring->sql, cast);
}
