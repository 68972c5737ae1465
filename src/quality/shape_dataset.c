/*
 * shape_dataset.c
 *	  Two relations with the same rows: what is missing, too much, changed.
 *
 * Both sides are joined in full by a key. Of each side only the columns that
 * are compared are read, under names of ours (k0, c0, ...),
		so that the filters
 * see their own relations and the join sees no user's text. A NULL in the key
 * matches nothing. A key that stands twice on a side that has partners shows
 * in the numbers and is an error: which of the rows would be compared?
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/fused.h"
#include "quality/other.h"
#include "quality/shape.h"

/* places among the answers */
#define AT_MISSING 0
#define AT_EXTRA 1
#define AT_CHANGED 2
#define AT_BOTH 3
#define AT_OTHER 4
#define AT_COLUMNS 5

typedef struct Side
{
	List *key; /* of DqColumn *: h.k0, ... */
	List *columns; /* of DqColumn *: h.c0, ... */
	char *from; /* SQL */
	char *count; /* SQL of the number of its rows */
} Side;

typedef struct Dataset
{
	Side here;
	Side there;
	char *join; /* SQL: both sides, joined */
	List *changes; /* of char *: SQL, for each column */
	char *changed; /* SQL: any of these */
} Dataset;

/*
 * add_columns: columns under names of ours, and "a.x AS k0" for the list of
 * what is read.
 */
static List *
add_columns(StringInfo list, List *columns, const char *side,
			const char *letter)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc, columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);
		DqColumn *renamed = palloc(sizeof(DqColumn));

		*renamed = *column;
		renamed->sql = psprintf("%s.%s%d", side, letter,
								foreach_current_index(lc));
		appendStringInfo(list, ", %s AS %s%d", column->sql, letter,
						 foreach_current_index(lc));
		result = lappend(result, renamed);
	}
	return result;
}

/*
 * write_side: one side of the join; "rows" is FROM and WHERE.
 */
static void
write_side(Side *side, const char *alias, List *key, List *columns,
		   const char *rows)
{
	StringInfoData list;

	initStringInfo(&list);
	side->key = add_columns(&list, key, alias, "k");
	side->columns = add_columns(&list, columns, alias, "c");
	side->from = psprintf("(SELECT true AS p%s FROM %s) AS %s", list.data,
						  rows, alias);
	side->count = psprintf("(SELECT pg_catalog.count(*) FROM %s)", rows);
}

/*
 * is_number: may the tolerance apply to the column?
 */
static bool
is_number(const DqColumn *column)
{
	switch (column->base_type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return true;
		default:
			return false;
	}
}

/*
 * change: SQL for "the values differ"; NULL equals NULL.
 */
static char *
change(const DqCheck *check, const DqColumn *there, const DqColumn *here)
{
	StringInfoData equal;
	char *close = NULL;

	initStringInfo(&equal);
	dq_other_equal(&equal, there, here);
	if (is_number(there) && is_number(here))
		close = dq_other_close(check, here->sql, there->sql);
	return psprintf("(CASE WHEN %s THEN %s WHEN %s THEN true ELSE NOT (%s%s%s) END)",
					dq_source_is_null(here, true),
					dq_source_is_null(there, false),
					dq_source_is_null(there, true), equal.data,
					close ? " OR " : "", close ? close : "");
}

/*
 * write_join: how the sides are joined and compared.
 */
static void
write_join(Dataset *dataset, const DqCheck *check)
{
	StringInfoData match;
	StringInfoData any;
	ListCell *lc;
	ListCell *other;

	initStringInfo(&match);
	forboth(lc, dataset->there.key, other, dataset->here.key)
		dq_other_equal(&match, (DqColumn *) lfirst(lc),
					   (DqColumn *) lfirst(other));
	dataset->join = psprintf("%s FULL JOIN %s ON %s", dataset->here.from,
							 dataset->there.from, match.data);
	initStringInfo(&any);
	forboth(lc, dataset->there.columns, other, dataset->here.columns)
	{
		char *sql = change(check, (DqColumn *) lfirst(lc),
						   (DqColumn *) lfirst(other));

		dataset->changes = lappend(dataset->changes, sql);
		appendStringInfo(&any, "%s%s", any.len > 0 ? " OR " : "", sql);
	}
	dataset->changed = psprintf("(h.p AND t.p AND (%s))",
								any.len > 0 ? any.data : "false");
}

/*
 * compared_columns: those that are given, or all that are not in the key.
 */
static List *
compared_columns(const DqProbe *probe, List *key)
{
	List *columns = NIL;
	ListCell *lc;

	if (probe->check->columns != NIL)
		return probe->check->columns;
	foreach(lc, list_difference_ptr(probe->source->columns, key))
		columns = lappend(columns, ((DqColumn *) lfirst(lc))->name);
	return columns;
}

/*
 * prepare: resolve names on both sides.
 */
static void
prepare(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const DqSource *source = probe->source;
	Dataset *dataset = palloc0(sizeof(Dataset));
	DqSource *other = dq_other_open(probe);
	char *filter = dq_json_text(check->doc, "relation_filter", check->what);
	List *names = dq_json_text_list(check->doc, "key", check->what);
	List *key = dq_source_columns(source, names);
	List *columns = compared_columns(probe, key);
	List *other_key =
		dq_source_columns(other, dq_other_names(check, "relation_key", names));
	List *other_columns =
		dq_source_columns(other, dq_other_names(check, "relation_columns",
												columns));

	if (list_length(key) != list_length(other_key) ||
		list_length(columns) != list_length(other_columns))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has another number of columns on the other side",
						check->what)));
	write_side(&dataset->here, "h", key, dq_source_columns(source, columns),
			   psprintf("%s%s", source->from, dq_shape_where(probe)));
	write_side(&dataset->there, "t", other_key, other_columns,
			   dq_other_from(other,
							 list_concat_copy(other_key, other_columns),
							 filter));
	write_join(dataset, check);
	probe->state = dataset;
}

/*
 * write_numbers: count the differences, and those of each column.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	const Dataset *dataset = (const Dataset *) probe->state;
	StringInfoData counts;
	ListCell *lc;

	initStringInfo(&counts);
	foreach(lc, dataset->changes)
		appendStringInfo(&counts, "%spg_catalog.count(*) FILTER (WHERE h.p AND t.p AND %s)",
						 counts.len > 0 ? ", " : "", (char *) lfirst(lc));
	probe->own_at =
		dq_fused_own(fused,
					 psprintf("SELECT ARRAY[pg_catalog.count(*) FILTER (WHERE h.p IS NULL)::pg_catalog.text,"
							  " pg_catalog.count(*) FILTER (WHERE t.p IS NULL)::pg_catalog.text,"
							  " pg_catalog.count(*) FILTER (WHERE %s)::pg_catalog.text,"
							  " pg_catalog.count(*) FILTER (WHERE h.p AND t.p)::pg_catalog.text,"
							  " %s::pg_catalog.text,"
							  " pg_catalog.to_jsonb(ARRAY[%s]::pg_catalog.int8[])::pg_catalog.text] FROM %s",
							  dataset->changed, dataset->there.count,
							  counts.data, dataset->join));
}

/*
 * changed_columns: {"column": rows}, of the columns in which something
 * differs.
 */
static Jsonb *
changed_columns(const Dataset *dataset, const char *counts)
{
	DqJsonBuild list;
	DqJsonBuild build;
	List *values;
	ListCell *lc;
	ListCell *column;

	dq_json_begin(&list);
	dq_json_add_jsonb(&list, "n", dq_json_parse(counts, "the numbers"));
	values = dq_json_scalar_list(dq_json_end(&list), "n", "the numbers");
	dq_json_begin(&build);
	forboth(lc, values, column, dataset->here.columns)
	{
		char *value = (char *) lfirst(lc);

		if (strcmp(value, "0") != 0)
			dq_json_add_int(&build, ((DqColumn *) lfirst(column))->name,
							dq_fused_int(&value, 0));
	}
	return dq_json_end(&build);
}

/*
 * read_numbers: every row of either side is tested.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	const Dataset *dataset = (const Dataset *) probe->state;
	char **own = dq_fused_own_answers(fused, probe->own_at);
	DqCounts *counts = &probe->counts;
	int64 missing = dq_fused_int(own, AT_MISSING);
	int64 extra = dq_fused_int(own, AT_EXTRA);
	int64 changed = dq_fused_int(own, AT_CHANGED);
	int64 both = dq_fused_int(own, AT_BOTH);
	DqJsonBuild build;

	if (extra + both != counts->scope ||
		missing + both != dq_fused_int(own, AT_OTHER))
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("the key of %s is not unique", probe->check->what),
				 errhint("Check both relations with the rule \"unique\".")));
	counts->tested = counts->scope + missing;
	counts->failed = missing + extra + changed;
	dq_json_begin(&build);
	dq_json_add_int(&build, "missing_rows", missing);
	dq_json_add_int(&build, "extra_rows", extra);
	dq_json_add_int(&build, "changed_rows", changed);
	dq_json_add_jsonb(&build, "changed_columns",
					  changed_columns(dataset, own[AT_COLUMNS]));
	probe->observed = dq_json_end(&build);
}

/*
 * row_json: a row of one side as JSON, under the names it has there.
 */
static char *
row_json(const Side *side, const char *alias)
{
	StringInfoData list;
	ListCell *lc;

	initStringInfo(&list);
	foreach(lc, list_concat_copy(side->key, side->columns))
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&list, "%s%s AS %s", list.len > 0 ? ", " : "",
						 column->sql, dq_sqltext_ident(column->name));
	}
	return psprintf("CASE WHEN %s.p THEN (SELECT pg_catalog.to_jsonb(r.*) FROM (SELECT %s) AS r) END",
					alias, list.data);
}

/*
 * failed_rows: what differs, and both rows.
 */
static char *
failed_rows(const DqProbe *probe)
{
	const Dataset *dataset = (const Dataset *) probe->state;

	return psprintf("SELECT CASE WHEN h.p IS NULL THEN 'missing' WHEN t.p IS NULL THEN 'extra' ELSE 'changed' END AS difference,"
					" %s AS here, %s AS there FROM %s WHERE h.p IS NULL OR t.p IS NULL OR %s",
					row_json(&dataset->here, "h"),
					row_json(&dataset->there, "t"), dataset->join,
					dataset->changed);
}

/*
 * equivalent: the join, counted.
 */
static char *
equivalent(const DqProbe *probe)
{
	const Dataset *dataset = (const Dataset *) probe->state;

	return psprintf("SELECT pg_catalog.count(*) AS tested_rows, pg_catalog.count(*) FILTER (WHERE h.p IS NULL OR t.p IS NULL OR %s) AS failed_rows FROM %s",
					dataset->changed, dataset->join);
}

const DqShape dq_shape_dataset = {.is_metric = false,
								  .scan_only = false,
								  .prepare = prepare,
								  .write = write_numbers,
								  .read = read_numbers,
								  .failed_rows = failed_rows,
								  .equivalent = equivalent};
