/*
 * neighbour.c
 *	  What rules say about a row and others beside it, as SQL.
 *
 * Values are equal when PARTITION BY says so, NULL to NULL, too.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/compare.h"
#include "quality/neighbour.h"
#include "quality/shape.h"
#include "quality/tuple.h"

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
			return dq_compare_present(determinant, true);
		case DQ_NULLS_DISTINCT:
		case DQ_NULLS_IGNORE_ANY:
			break;
	}
	return dq_compare_present(all, false);
}

/*
 * count_rows: add the number of rows that agree in the columns.
 */
static char *
count_rows(const DqProbe *probe, const char *name, const char *condition,
		   List *columns)
{
	return dq_shape_ordered_add(
		probe, name,
		psprintf("pg_catalog.count(*) FILTER (WHERE %s) OVER %s", condition,
				 dq_shape_ordered_over(probe, columns, NIL)));
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
	char *group = count_rows(probe, "rows_of_group", inside, determinant);
	char *same = count_rows(probe, "rows_alike", inside, all);

	appendStringInfo(buf, "CASE WHEN %s THEN %s OPERATOR(pg_catalog.=) %s END",
					 outside, same, group);
}

/*
 * dq_neighbour_check_transitions: pairs of states, none of them null.
 */
void
dq_neighbour_check_transitions(DqCheck *check)
{
	ListCell *lc;

	foreach(lc, dq_tuple_read(check, "transitions", 2))
	{
		List *pair = (List *) lfirst(lc);

		if (linitial(pair) == NULL || lsecond(pair) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a state in \"transitions\" of %s is null",
							check->what),
					 errhint("Name the states that a key may begin with in \"initial\".")));
	}
}

/*
 * first_state: SQL for "a key may begin with this".
 */
static char *
first_state(const DqProbe *probe, const DqColumn *state)
{
	const DqCheck *check = probe->check;
	StringInfoData buf;
	ListCell *lc;

	if (!dq_json_has(check->doc, "initial"))
		return pstrdup("true");
	initStringInfo(&buf);
	foreach(lc, dq_json_scalar_list(check->doc, "initial", check->what))
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? " OR " : "",
						 dq_compare_value(state, (char *) lfirst(lc)));
	return buf.len > 0 ? buf.data : pstrdup("false");
}

/*
 * dq_neighbour_transitions: the state may follow the one in the row before,
 * in the order given; what is equal by it is ordered by the state itself, so
 * that the verdict does not depend on chance.
 */
void
dq_neighbour_transitions(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	DqColumn *inner = (DqColumn *) linitial(probe->columns);
	DqColumn *state = dq_shape_ordered_column(inner);
	List *order = lappend(option_columns(probe, "order_by"), inner);
	char *over = dq_shape_ordered_over(probe, option_columns(probe, "partition_by"),
									   order);
	DqColumn *before;
	char *number;
	ListCell *lc;

	number = dq_shape_ordered_add(
		probe, "number", psprintf("pg_catalog.row_number() OVER %s", over));
	before = dq_compare_like(
		inner,
		dq_shape_ordered_add(probe, "previous",
							 psprintf("pg_catalog.lag(%s) OVER %s",
									  inner->sql, over)),
		inner->base_type);
	appendStringInfo(buf, "CASE WHEN %s OPERATOR(pg_catalog.=) 1 THEN %s WHEN %s AND %s THEN %s",
					 number, first_state(probe, state),
					 dq_source_is_null(before, false),
					 dq_source_is_null(state, false),
					 dq_json_bool(check->doc, "allow_same", true,
								  check->what) ?
						 dq_compare_columns(before, BTEqualStrategyNumber,
											state) :
						 "false");
	foreach(lc, dq_tuple_read(check, "transitions", 2))
		appendStringInfo(buf, " OR (%s AND %s)",
						 dq_compare_value(before, linitial(lfirst(lc))),
						 dq_compare_value(state, lsecond(lfirst(lc))));
	appendStringInfoString(buf, " END");
}
