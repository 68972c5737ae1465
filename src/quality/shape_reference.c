/*
 * shape_reference.c
 *	  References: rows whose key is not in another relation.
 *
 * MATCH SIMPLE: a key that holds a NULL refers to nothing and is not tested.
 * Keys are compared as a foreign key would: by the default equality of the
 * referenced column's type and its collation.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "parser/parse_coerce.h"
#include "quality/fused.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

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
 * write_match: one column of the key, equal on both sides.
 */
static void
write_match(StringInfo buf, const DqColumn *referenced,
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

/*
 * prepare: find the referenced relation by the search_path in force, and the
 * columns on both sides.
 */
static void
prepare(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	DqReference *reference = palloc0(sizeof(DqReference));
	Oid relid = RangeVarGetRelid(check->referenced, AccessShareLock,
								 false);
	char *own_name = get_rel_name(probe->source->relid);
	const char *alias = "referenced";
	StringInfoData buf;
	ListCell *lc;
	ListCell *other;

	probe->columns = dq_source_columns(probe->source, check->columns);
	if (own_name != NULL && strcmp(own_name, alias) == 0)
		alias = "referenced_";
	reference->source = dq_source_open(relid, alias);
	if (check->referenced_columns == NIL)
		reference->columns = dq_source_primary_key(reference->source);
	else
		reference->columns = dq_source_columns(reference->source,
											   check->referenced_columns);
	if (list_length(reference->columns) != list_length(probe->columns))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FOREIGN_KEY),
				 errmsg("number of referring and referenced columns for foreign key disagree")));
	initStringInfo(&buf);
	forboth(lc, reference->columns, other, probe->columns)
		write_match(&buf, (DqColumn *) lfirst(lc), (DqColumn *) lfirst(other));
	reference->match = buf.data;
	probe->reference = reference;
}

/*
 * complete_key: SQL for "no column of the key is NULL".
 */
static char *
complete_key(const DqProbe *probe)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, probe->columns)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? " AND " : "",
						 dq_source_is_null((DqColumn *) lfirst(lc), false));
	return psprintf("(%s)", buf.data);
}

/*
 * orphan: SQL for "nothing is referenced".
 */
static char *
orphan(const DqProbe *probe)
{
	return psprintf("NOT EXISTS (SELECT 1 FROM %s WHERE %s)",
					probe->reference->source->from, probe->reference->match);
}

/*
 * from_orphans: FROM and WHERE of the rows that refer to nothing. What is
 * added to the filter cannot fail, so the planner may order it as it likes.
 */
static char *
from_orphans(const DqProbe *probe)
{
	return psprintf(" FROM %s WHERE %s%s%s AND %s", probe->source->from,
					probe->filter ? probe->filter : "",
					probe->filter ? " AND " : "",
					complete_key(probe), orphan(probe));
}

/*
 * write_numbers: complete keys in the common scan, orphans by an anti-join.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	char *complete = complete_key(probe);

	if (probe->filter != NULL)
		complete = psprintf("%s AND %s", probe->filter, complete);
	probe->verdict_at = dq_fused_count(fused, complete);
	probe->own_at = dq_fused_own(fused,
								 psprintf("SELECT ARRAY[pg_catalog.count(*)::pg_catalog.text]%s",
										  from_orphans(probe)));
}

/*
 * read_numbers: NULL keys are told apart and not tested.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	DqCounts *counts = &probe->counts;
	char **own;

	counts->tested = dq_fused_int(fused->scan, probe->verdict_at);
	counts->nulls = counts->scope - counts->tested;
	own = dq_fused_own_answers(fused, probe->own_at);
	counts->failed = dq_fused_int(own, 0);
}

/*
 * failed_rows: the rows that refer to nothing.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return psprintf("SELECT %s.*%s", probe->source->alias,
					from_orphans(probe));
}

/*
 * equivalent: by a subquery for each row instead of a join.
 */
static char *
equivalent(const DqProbe *probe)
{
	char *complete = complete_key(probe);

	return psprintf("SELECT pg_catalog.count(*) FILTER (WHERE %s) AS tested_rows, pg_catalog.count(*) FILTER (WHERE %s AND %s) AS failed_rows FROM %s%s",
					complete, complete, orphan(probe), probe->source->from,
					dq_shape_where(probe));
}

const DqShape dq_shape_reference = {.is_metric = false,
									.scan_only = false,
									.prepare = prepare,
									.write = write_numbers,
									.read = read_numbers,
									.failed_rows = failed_rows,
									.equivalent = equivalent};
