/*
 * relationquery.c
 *	  Queries that find one value here and one in another relation.
 *
 *	SELECT h.v, <how they compare>, h.n, {"relation_value": o.v}
 *	FROM (SELECT ... AS v, ... AS n FROM here WHERE ...) AS h,
 *		 (SELECT ... AS v, ... AS n FROM there WHERE ...) AS o
 *
 * Items of FROM do not see each other, so each user's text sees its own
 * relation only.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/other.h"
#include "quality/relationquery.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

/* both sides of a comparison */
typedef struct Sides
{
	char *here;
	char *there;
} Sides;

/*
 * relation_filter: the filter of the other side, or NULL.
 */
static char *
relation_filter(const DqCheck *check)
{
	return dq_json_text(check->doc, "relation_filter", check->what);
}

/*
 * write_comparison: the query; "holds" compares h.v and o.v when both are
 * there.
 */
static void
write_comparison(StringInfo buf, const Sides *sides, const char *holds)
{
	appendStringInfo(buf, "SELECT h.v,"
						  " CASE WHEN h.v IS NULL AND o.v IS NULL THEN NULL WHEN h.v IS NULL OR o.v IS NULL THEN false ELSE %s END AS h,"
						  " h.n, pg_catalog.jsonb_build_object('relation_value', o.v) AS d"
						  " FROM (%s) AS h, (%s) AS o",
					 holds, sides->here, sides->there);
}

/*
 * equal_or_close: h.v and o.v are equal, or as close as the check says.
 */
static char *
equal_or_close(const DqCheck *check)
{
	char *close = dq_other_close(check, "h.v", "o.v");

	return psprintf("(h.v OPERATOR(pg_catalog.=) o.v%s%s)",
					close ? " OR " : "", close ? close : "");
}

/*
 * select_from: "SELECT value AS v, count(*) AS n FROM" our relation, or the
 * other.
 */
static Sides
select_values(const DqProbe *probe, const char *here, const char *there)
{
	const DqSource *source = probe->source;
	DqSource *other = dq_other_open(probe);
	Sides sides;

	sides.here = psprintf("SELECT %s AS v, pg_catalog.count(*) AS n FROM %s%s HAVING true",
						  here, source->from, dq_shape_where(probe));
	sides.there = psprintf("SELECT %s AS v, pg_catalog.count(*) AS n FROM %s%s HAVING true",
						   there, dq_sqltext_relation(other->relid),
						   dq_other_where(other,
										  relation_filter(probe->check)));
	return sides;
}

/*
 * dq_relationquery_row_count: numbers of rows, equal or close.
 */
void
dq_relationquery_row_count(StringInfo buf, const DqProbe *probe)
{
	Sides sides = select_values(probe, "pg_catalog.count(*)",
								"pg_catalog.count(*)");

	write_comparison(buf, &sides, equal_or_close(probe->check));
}

/*
 * dq_relationquery_fewer_rows: fewer here.
 */
void
dq_relationquery_fewer_rows(StringInfo buf, const DqProbe *probe)
{
	Sides sides = select_values(probe, "pg_catalog.count(*)",
								"pg_catalog.count(*)");

	write_comparison(buf, &sides, "h.v OPERATOR(pg_catalog.<) o.v");
}

/*
 * dq_relationquery_aggregate: a user's aggregates. HAVING makes a query of
 * aggregates of what would be one value for each row.
 */
void
dq_relationquery_aggregate(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *here = dq_json_text(check->doc, "expression", check->what);
	char *there = dq_json_text(check->doc, "relation_expression",
							   check->what);
	Sides sides = select_values(probe, psprintf("(\n%s\n)", here),
								psprintf("(\n%s\n)", there ? there : here));

	write_comparison(buf, &sides, equal_or_close(check));
}

/*
 * distinct_values: the number of different values of some columns.
 */
static char *
distinct_values(List *columns, const char *from, const char *where)
{
	StringInfoData names;
	StringInfoData complete;
	ListCell *lc;

	initStringInfo(&names);
	initStringInfo(&complete);
	foreach(lc, columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 column->sql);
		appendStringInfo(&complete, "%s%s", complete.len > 0 ? " AND " : "",
						 dq_source_is_null(column, false));
	}
	return psprintf("SELECT pg_catalog.count(*) AS v, COALESCE(pg_catalog.sum(g.n), 0)::pg_catalog.int8 AS n FROM (SELECT pg_catalog.count(*) AS n FROM %s%s%s%s GROUP BY %s) AS g",
					from, where, *where ? " AND " : " WHERE ", complete.data,
					names.data);
}

/*
 * dq_relationquery_distinct: numbers of different values.
 */
void
dq_relationquery_distinct(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	DqSource *other = dq_other_open(probe);
	List *columns = dq_source_columns(other,
									  dq_other_names(check,
													 "relation_columns",
													 check->columns));
	Sides sides;

	sides.here = distinct_values(probe->columns, probe->source->from,
								 dq_shape_where(probe));
	sides.there = distinct_values(columns,
								  dq_other_from(other, columns,
												relation_filter(check)),
								  "");
	write_comparison(buf, &sides, equal_or_close(check));
}

/*
 * hash_of: a sum that is the same for the same rows in any order. numeric
 * does not overflow.
 */
static char *
hash_of(List *columns)
{
	StringInfoData names;
	ListCell *lc;

	initStringInfo(&names);
	foreach(lc, columns)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 ((DqColumn *) lfirst(lc))->sql);
	return psprintf("COALESCE(pg_catalog.sum(pg_catalog.hash_record_extended(ROW(%s), 0)), 0)",
					names.data);
}

/*
 * require_same_hash: 42804 when equal values of two columns need not have the
 * same hash.
 */
static void
require_same_hash(const DqColumn *here, const DqColumn *there)
{
	TypeCacheEntry *left = lookup_type_cache(here->base_type,
											 TYPECACHE_HASH_OPFAMILY);
	TypeCacheEntry *right = lookup_type_cache(there->base_type,
											  TYPECACHE_HASH_OPFAMILY);

	if (here->base_type != there->base_type &&
		(!OidIsValid(left->hash_opf) || left->hash_opf != right->hash_opf))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("columns \"%s\" and \"%s\" are of types that cannot be compared by hash: %s and %s",
						here->name, there->name,
						format_type_be(here->base_type),
						format_type_be(there->base_type))));
}

/*
 * dq_relationquery_hash: sums of hashes of rows.
 */
void
dq_relationquery_hash(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const DqSource *source = probe->source;
	DqSource *other = dq_other_open(probe);
	List *columns = probe->columns != NIL ? probe->columns : source->columns;
	List *names = NIL;
	List *others;
	ListCell *lc;
	ListCell *there;
	Sides sides;

	foreach(lc, columns)
		names = lappend(names, ((DqColumn *) lfirst(lc))->name);
	others = dq_source_columns(other,
							   dq_other_names(check, "relation_columns",
											  names));
	if (list_length(columns) != list_length(others))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has another number of columns on the other side",
						check->what)));
	forboth(lc, columns, there, others)
		require_same_hash((DqColumn *) lfirst(lc), (DqColumn *) lfirst(there));
	sides.here = psprintf("SELECT %s AS v, pg_catalog.count(*) AS n FROM %s%s",
						  hash_of(columns), source->from,
						  dq_shape_where(probe));
	sides.there = psprintf("SELECT %s AS v, pg_catalog.count(*) AS n FROM %s",
						   hash_of(others),
						   dq_other_from(other, others,
										 relation_filter(check)));
	write_comparison(buf, &sides,
					 "(h.v OPERATOR(pg_catalog.=) o.v AND h.n OPERATOR(pg_catalog.=) o.n)");
}
