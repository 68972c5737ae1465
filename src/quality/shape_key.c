/*
 * shape_key.c
 *	  Uniqueness: rows grouped by their key.
 *
 * Keys are equal when GROUP BY says so: by the default equality of their
 * types, which no search_path can redirect. A primary key has values in all
 * of its columns besides; a row without is counted as NULL and as failed.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "quality/fused.h"
#include "quality/shape.h"

/* places in the array of the subselect */
#define AT_TESTED 0
#define AT_NULLS 1
#define AT_DISTINCT 2
#define AT_DUPLICATE 3

/*
 * dq_shape_key_is_primary: must there be values in all columns?
 */
bool
dq_shape_key_is_primary(const DqProbe *probe)
{
	return strcmp(probe->check->type->name, "primary_key") == 0;
}

/*
 * prepare: resolve the columns.
 */
static void
prepare(DqProbe *probe)
{
	probe->columns = dq_source_columns(probe->source, probe->check->columns);
}

/*
 * columns_list: the key's columns, each called "alias.column".
 */
static char *
columns_list(List *columns)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 ((DqColumn *) lfirst(lc))->sql);
	return buf.data;
}

/*
 * null_key: SQL for "any (or every) column of the key is NULL".
 */
static char *
null_key(List *columns, bool every)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
	{
		if (buf.len > 0)
			appendStringInfoString(&buf, every ? " AND " : " OR ");
		appendStringInfoString(&buf,
							   dq_source_is_null((DqColumn *) lfirst(lc),
												 true));
	}
	return psprintf("(%s)", buf.data);
}

/*
 * nulls_condition: SQL for "the key counts as NULL".
 */
static char *
nulls_condition(const DqProbe *probe, List *columns)
{
	return null_key(columns, probe->check->nulls == DQ_NULLS_IGNORE_ALL);
}

/*
 * left_out: SQL for "the key is not compared with others".
 */
static char *
left_out(const DqProbe *probe, List *columns)
{
	switch (probe->check->nulls)
	{
		case DQ_NULLS_EQUAL:
			return pstrdup("false");
		case DQ_NULLS_DISTINCT:
		case DQ_NULLS_IGNORE_ANY:
		case DQ_NULLS_IGNORE_ALL:
			break;
	}
	return nulls_condition(probe, columns);
}

/*
 * write_numbers: group the rows by key, then count groups.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf,
						   "SELECT ARRAY["
						   "COALESCE(pg_catalog.sum(g.n) FILTER (WHERE NOT g.left_out), 0)::pg_catalog.int8, "
						   "COALESCE(pg_catalog.sum(g.n) FILTER (WHERE g.has_null), 0)::pg_catalog.int8, "
						   "pg_catalog.count(*) FILTER (WHERE NOT g.left_out), "
						   "pg_catalog.count(*) FILTER (WHERE NOT g.left_out AND g.n OPERATOR(pg_catalog.>) 1)]::pg_catalog.text[]");
	appendStringInfo(&buf,
					 " FROM (SELECT pg_catalog.count(*) AS n, %s AS left_out, %s AS has_null FROM %s%s GROUP BY %s) AS g",
					 left_out(probe, probe->columns),
					 nulls_condition(probe, probe->columns),
					 probe->source->from, dq_shape_where(probe),
					 columns_list(probe->columns));
	probe->own_at = dq_fused_own(fused, buf.data);
}

/*
 * dq_shape_key_read: all five numbers of duplicates follow from these. The
 * unit of failure is the row that shares its key with another.
 */
void
dq_shape_key_read(DqProbe *probe, int64 tested, int64 nulls, int64 values,
				  int64 duplicate_values)
{
	DqCounts *counts = &probe->counts;

	counts->tested = tested;
	counts->nulls = nulls;
	counts->distinct_values = values;
	counts->duplicate_values = duplicate_values;
	counts->failed = tested - (values - duplicate_values);
	if (dq_shape_key_is_primary(probe))
	{
		counts->tested = counts->scope;
		counts->failed += counts->nulls;
	}
	if (probe->check->type->look != NULL)
		probe->check->type->look(probe);
}

/*
 * read_numbers: from the answers of the subselect.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	char **answers = dq_fused_own_answers(fused, probe->own_at);

	dq_shape_key_read(probe, dq_fused_int(answers, AT_TESTED),
					  dq_fused_int(answers, AT_NULLS),
					  dq_fused_int(answers, AT_DISTINCT),
					  dq_fused_int(answers, AT_DUPLICATE));
}

/*
 * numbered_rows: a subselect "k" of all columns and the number of rows that
 * share the key, called *number.
 */
static char *
numbered_rows(const DqProbe *probe, const char **number)
{
	const DqSource *source = probe->source;

	*number = dq_source_free_name(source, "rows_of_key");
	return psprintf("(SELECT %s.*, pg_catalog.count(*) OVER (PARTITION BY %s) AS %s FROM %s%s) AS k",
					source->alias, dq_shape_partition(probe, probe->columns),
					*number,
					source->from, dq_shape_where(probe));
}

/*
 * outer_columns: the key's columns as seen outside of numbered_rows.
 */
static List *
outer_columns(const DqProbe *probe)
{
	List *columns = NIL;
	ListCell *lc;

	foreach(lc, probe->columns)
	{
		DqColumn *column = palloc(sizeof(DqColumn));

		*column = *(DqColumn *) lfirst(lc);
		column->sql = psprintf("k.%s", dq_sqltext_ident(column->name));
		columns = lappend(columns, column);
	}
	return columns;
}

/*
 * failing: SQL for "this row of k fails".
 */
static char *
failing(const DqProbe *probe, const char *number)
{
	char *ignored = left_out(probe, outer_columns(probe));

	if (dq_shape_key_is_primary(probe))
		return psprintf("(%s OR k.%s OPERATOR(pg_catalog.>) 1)", ignored,
						number);
	return psprintf("(NOT %s AND k.%s OPERATOR(pg_catalog.>) 1)", ignored,
					number);
}

/*
 * dq_shape_key_number: failing rows, all of them, with the number of rows of
 * each key, as failed_rows has it.
 */
char *
dq_shape_key_number(const DqProbe *probe, const char *rows)
{
	return psprintf("SELECT k.*, pg_catalog.count(*) OVER (PARTITION BY %s) AS %s FROM (%s) AS k",
					columns_list(outer_columns(probe)),
					dq_source_free_name(probe->source, "rows_of_key"), rows);
}

/*
 * failed_rows: the rows that share their key, with the number of them.
 */
static char *
failed_rows(const DqProbe *probe)
{
	const char *number;
	char *from = numbered_rows(probe, &number);

	return psprintf("SELECT k.* FROM %s WHERE %s", from,
					failing(probe, number));
}

/*
 * failed_places: where they are.
 */
static char *
failed_places(const DqProbe *probe)
{
	const char *place = dq_source_free_name(probe->source, "place_of_row");
	const char *number;
	char *from = numbered_rows(probe, &number);

	/* the place beside the columns, which alone do not have it */
	from = psprintf("(SELECT %s.ctid AS %s, %s", probe->source->alias, place,
					from + strlen("(SELECT "));
	return psprintf("SELECT k.%s AS place FROM %s WHERE %s", place, from,
					failing(probe, number));
}

/*
 * equivalent: by a window instead of groups.
 */
static char *
equivalent(const DqProbe *probe)
{
	const char *number;
	char *from = numbered_rows(probe, &number);
	const char *tested = "pg_catalog.count(*)";

	if (!dq_shape_key_is_primary(probe))
		tested = psprintf("pg_catalog.count(*) FILTER (WHERE NOT %s)",
						  left_out(probe, outer_columns(probe)));
	return psprintf("SELECT %s AS tested_rows, pg_catalog.count(*) FILTER (WHERE %s) AS failed_rows FROM %s",
					tested, failing(probe, number), from);
}

const DqShape dq_shape_key = {.is_metric = false,
							  .scan_only = false,
							  .is_key = true,
							  .prepare = prepare,
							  .write = write_numbers,
							  .read = read_numbers,
							  .failed_rows = failed_rows,
							  .failed_places = failed_places,
							  .equivalent = equivalent};

/*
 * equivalent_metric: groups, counted.
 */
static char *
equivalent_metric(const DqProbe *probe)
{
	return psprintf("SELECT COALESCE(pg_catalog.sum(g.n), 0)::pg_catalog.int8 AS tested_rows,"
					" COALESCE(pg_catalog.sum(g.n) FILTER (WHERE g.n OPERATOR(pg_catalog.>) 1), 0)::pg_catalog.int8 AS failed_rows,"
					" pg_catalog.count(*) AS distinct_values, pg_catalog.count(*) FILTER (WHERE g.n OPERATOR(pg_catalog.>) 1) AS duplicate_values"
					" FROM (SELECT pg_catalog.count(*) AS n FROM %s WHERE %s%sNOT %s GROUP BY %s) AS g",
					probe->source->from, probe->filter ? probe->filter : "",
					probe->filter ? " AND " : "",
					left_out(probe, probe->columns),
					dq_shape_partition(probe, probe->columns));
}

const DqShape dq_shape_key_metric = {.is_metric = true,
									 .scan_only = false,
									 .is_key = true,
									 .prepare = prepare,
									 .write = write_numbers,
									 .read = read_numbers,
									 .failed_rows = failed_rows,
									 .equivalent = equivalent_metric};
