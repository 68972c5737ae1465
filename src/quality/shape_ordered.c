/*
 * shape_ordered.c
 *	  Checks on rows that look at other rows through windows.
 *
 * The rule's verdict is written over a subselect "k" of all columns of the
 * relation within the filter, and of the windows that the rule adds to it. So
 * a row filter decides which rows are neighbours. Rows that are equal by
 * ORDER BY come in any order: a rule that cares adds columns to it.
 *
 * Nothing that a user wrote may stand in the verdict, where "k" can be seen;
 * in a window it may, as it sees the relation only.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "quality/fused.h"
#include "quality/shape.h"

/* places in the array of the subselect */
#define AT_NULLS 0
#define AT_TRUES 1

/*
 * prepare: resolve the columns and write the verdict, which adds windows.
 */
static void
prepare(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	StringInfoData buf;

	probe->columns = dq_source_columns(probe->source, check->columns);
	probe->windows = palloc0(sizeof(DqWindows));
	initStringInfo(&buf);
	check->type->verdict(&buf, probe);
	probe->verdict = psprintf("(%s)", buf.data);
}

/*
 * dq_shape_ordered_column: a column of the relation as the verdict calls it.
 */
DqColumn *
dq_shape_ordered_column(const DqColumn *column)
{
	DqColumn *outer = palloc(sizeof(DqColumn));

	*outer = *column;
	outer->sql = psprintf("k.%s", dq_sqltext_ident(column->name));
	return outer;
}

/*
 * dq_shape_ordered_columns: several of them.
 */
List *
dq_shape_ordered_columns(List *columns)
{
	List *outer = NIL;
	ListCell *lc;

	foreach(lc, columns)
		outer = lappend(outer, dq_shape_ordered_column(lfirst(lc)));
	return outer;
}

/*
 * dq_shape_ordered_add: add the value of a window function (SQL over the
 * relation, OVER included) to the rows; how the verdict calls it. Its name is
 * made of "wish".
 */
char *
dq_shape_ordered_add(const DqProbe *probe, const char *wish, const char *sql)
{
	DqWindows *windows = probe->windows;
	char *name = psprintf("%s_%d", wish, list_length(windows->sql) + 1);

	name = pstrdup(dq_source_free_name(probe->source, name));
	windows->names = lappend(windows->names, name);
	windows->sql = lappend(windows->sql, pstrdup(sql));
	return psprintf("k.%s", dq_sqltext_ident(name));
}

/*
 * dq_shape_ordered_over: "(PARTITION BY ... ORDER BY ...)" of two Lists of
 * DqColumn *, either of which may be NIL.
 */
char *
dq_shape_ordered_over(const DqProbe *probe, List *partition, List *order)
{
	char *columns = dq_shape_partition(probe, partition);
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '(');
	if (*columns != '\0')
		appendStringInfo(&buf, "PARTITION BY %s", columns);
	foreach(lc, order)
		appendStringInfo(&buf, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " :
						 *columns != '\0'			   ? " ORDER BY " :
														 "ORDER BY ",
						 ((DqColumn *) lfirst(lc))->sql);
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * windowed_rows: the subselect "k".
 */
static char *
windowed_rows(const DqProbe *probe)
{
	StringInfoData buf;
	ListCell *lc;
	ListCell *name;

	initStringInfo(&buf);
	appendStringInfo(&buf, "(SELECT %s.*", probe->source->alias);
	forboth(lc, probe->windows->sql, name, probe->windows->names)
		appendStringInfo(&buf, ", %s AS %s", (char *) lfirst(lc),
						 dq_sqltext_ident((char *) lfirst(name)));
	appendStringInfo(&buf, " FROM %s%s) AS k", probe->source->from,
					 dq_shape_where(probe));
	return buf.data;
}

/*
 * write_numbers: count verdicts in a subselect of its own.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	probe->own_at =
		dq_fused_own(fused,
					 psprintf("SELECT ARRAY[pg_catalog.count(*) FILTER (WHERE v.v IS NULL), pg_catalog.count(*) FILTER (WHERE v.v)]::pg_catalog.text[]"
							  " FROM (SELECT %s AS v FROM %s) AS v",
							  probe->verdict, windowed_rows(probe)));
}

/*
 * read_numbers: as for any verdicts on rows.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	char **own = dq_fused_own_answers(fused, probe->own_at);

	dq_shape_rows_settle(probe, dq_fused_int(own, AT_NULLS),
						 dq_fused_int(own, AT_TRUES));
}

/*
 * failed_rows: the rows whose verdict fails, without the windows.
 */
static char *
failed_rows(const DqProbe *probe)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, probe->source->columns)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 dq_shape_ordered_column(lfirst(lc))->sql);
	return psprintf("SELECT %s FROM %s WHERE %s %s", buf.data,
					windowed_rows(probe), probe->verdict,
					dq_shape_rows_failing(probe));
}

/*
 * failed_places: where they are.
 */
static char *
failed_places(const DqProbe *probe)
{
	char *place = dq_shape_ordered_add(probe, "place",
									   psprintf("%s.ctid",
												probe->source->alias));

	return psprintf("SELECT %s AS place FROM %s WHERE %s %s", place,
					windowed_rows(probe), probe->verdict,
					dq_shape_rows_failing(probe));
}

/*
 * equivalent: the textbook form.
 */
static char *
equivalent(const DqProbe *probe)
{
	const char *tested = "pg_catalog.count(*)";

	if (probe->check->on_null == DQ_NULL_IGNORE)
		tested = psprintf("pg_catalog.count(*) FILTER (WHERE %s IS NOT NULL)",
						  probe->verdict);
	return psprintf("SELECT %s AS tested_rows, pg_catalog.count(*) FILTER (WHERE %s %s) AS failed_rows FROM %s",
					tested, probe->verdict, dq_shape_rows_failing(probe),
					windowed_rows(probe));
}

const DqShape dq_shape_ordered = {.is_metric = false,
								  .scan_only = false,
								  .prepare = prepare,
								  .write = write_numbers,
								  .read = read_numbers,
								  .failed_rows = failed_rows,
								  .failed_places = failed_places,
								  .equivalent = equivalent};
