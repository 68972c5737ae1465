/*
 * neighbour.c
 *	  What rules say about a row and others beside it, as SQL.
 *
 * Values are equal when PARTITION BY says so, NULL to NULL, too.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/neighbour.h"
#include "quality/shape.h"

/*
 * option_columns: the columns that an option names.
 */
static List *
option_columns(const DqProbe *probe, const char *option)
{
	const DqCheck *check = probe->check;

	return dq_source_columns(probe->source,
							 dq_json_text_list(check->doc, option,
											   check->what));
}

/*
 * write_values: SQL for "all of the columns have values", or any of them.
 */
static char *
write_values(List *columns, bool any)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
	{
		if (buf.len > 0)
			appendStringInfoString(&buf, any ? " OR " : " AND ");
		appendStringInfoString(&buf,
							   dq_source_is_null((DqColumn *) lfirst(lc),
												 false));
	}
	return psprintf("(%s)", buf.data);
}

/*
 * counts_as_row: SQL for "the row takes part" in a dependency.
 */
static char *
counts_as_row(const DqCheck *check, List *determinant, List *all)
{
	switch (check->nulls)
	{
		case DQ_NULLS_EQUAL:
			return pstrdup("true");
		case DQ_NULLS_IGNORE_ALL:
			return write_values(determinant, true);
		case DQ_NULLS_DISTINCT:
		case DQ_NULLS_IGNORE_ANY:
			break;
	}
	return write_values(all, false);
}

/*
 * dq_neighbour_dependency: rows that agree in the determinant agree in the
 * columns: as many rows share both as share the determinant.
 */
void
dq_neighbour_dependency(StringInfo buf, const DqProbe *probe)
{
	List *determinant = option_columns(probe, "determinant");
	List *all = list_concat_copy(determinant, probe->columns);
	char *inside = counts_as_row(probe->check, determinant, all);
	char *outside = counts_as_row(probe->check,
								  dq_shape_ordered_columns(determinant),
								  dq_shape_ordered_columns(all));
	const char *count = "pg_catalog.count(*) FILTER (WHERE %s) OVER %s";
	char *group;
	char *same;

	group = dq_shape_ordered_add(
		probe, "rows_of_group",
		psprintf(count, inside, dq_shape_ordered_over(determinant, NIL)));
	same = dq_shape_ordered_add(
		probe, "rows_alike",
		psprintf(count, inside, dq_shape_ordered_over(all, NIL)));
	appendStringInfo(buf, "CASE WHEN %s THEN %s OPERATOR(pg_catalog.=) %s END",
					 outside, same, group);
}
