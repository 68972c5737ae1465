/*
 * shape_rows.c
 *	  Checks that give every row a verdict: true, false or NULL.
 *
 * The verdict is the check's own expression, what its rule says about the
 * row, or about each of its columns, all of which must hold.
 */
#include "postgres.h"

#include "quality/fused.h"
#include "quality/predicate.h"
#include "quality/shape.h"

/*
 * dq_shape_where: the filter of a check as a WHERE clause.
 */
char *
dq_shape_where(const DqProbe *probe)
{
	if (probe->filter == NULL)
		return pstrdup("");
	return psprintf(" WHERE %s", probe->filter);
}

/*
 * dq_shape_partition: what rows have to agree in to be compared with each
 * other: the columns of group_by, and these.
 */
char *
dq_shape_partition(const DqProbe *probe, List *columns)
{
	List *all = list_concat(dq_source_columns(probe->source,
											  probe->check->group_by),
							columns);
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, all)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 ((DqColumn *) lfirst(lc))->sql);
	return buf.data;
}

/*
 * prepare: write the verdict.
 *
 * A user's text stands alone between parentheses and newlines.
 */
static void
prepare(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	StringInfoData buf;
	ListCell *lc;

	if (check->expression != NULL)
	{
		probe->verdict = psprintf("(\n%s\n)", check->expression);
		return;
	}
	probe->columns = dq_source_columns(probe->source, check->columns);
	initStringInfo(&buf);
	if (check->type->verdict != NULL)
	{
		check->type->verdict(&buf, probe);
		probe->verdict = psprintf("(%s)", buf.data);
		return;
	}
	foreach(lc, probe->columns)
	{
		appendStringInfoString(&buf, buf.len > 0 ? " AND (" : "(");
		check->type->predicate(&buf, check, (DqColumn *) lfirst(lc));
		appendStringInfoChar(&buf, ')');
	}
	probe->verdict = psprintf("(%s)", buf.data);
}

/*
 * write_numbers: the verdicts of the rows within the filter.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	probe->verdict_at = dq_fused_verdict(fused, probe->filter,
										 probe->verdict);
}

/*
 * dq_shape_rows_settle: apply the NULL rule. NULL counts as what on_null
 * says, and is told apart in any case; for not_null it is the failure itself.
 */
void
dq_shape_rows_settle(DqProbe *probe, int64 nulls, int64 trues)
{
	DqCounts *counts = &probe->counts;
	int64 falses = counts->scope - nulls - trues;

	counts->nulls = nulls;
	counts->failed = falses;
	counts->tested = counts->scope;
	if (probe->check->type->predicate == dq_predicate_not_null)
		counts->nulls = falses;
	switch (probe->check->on_null)
	{
		case DQ_NULL_IGNORE:
			counts->tested -= nulls;
			break;
		case DQ_NULL_FAIL:
			counts->failed += nulls;
			break;
		case DQ_NULL_PASS:
			break;
	}
}

/*
 * read_numbers: from the sum of the verdicts.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	dq_shape_rows_settle(probe, dq_fused_int(fused->scan, probe->verdict_at),
						 dq_fused_int(fused->scan, probe->verdict_at + 1));
}

/*
 * dq_shape_rows_failing: SQL for "this verdict fails".
 */
const char *
dq_shape_rows_failing(const DqProbe *probe)
{
	return probe->check->on_null == DQ_NULL_FAIL ? "IS NOT TRUE" :
												   "IS FALSE";
}

/*
 * select_failed: something of the rows whose verdict fails.
 *
 * With a filter the order of evaluation is kept by CASE: the planner may
 * reorder what AND connects, and the filter may guard the verdict.
 */
static char *
select_failed(const DqProbe *probe, const char *what)
{
	const DqSource *source = probe->source;
	const char *fails = dq_shape_rows_failing(probe);

	if (probe->filter == NULL)
		return psprintf("SELECT %s.%s FROM %s WHERE %s %s", source->alias,
						what, source->from, probe->verdict, fails);
	return psprintf("SELECT %s.%s FROM %s WHERE CASE WHEN %s THEN %s %s END",
					source->alias, what, source->from, probe->filter,
					probe->verdict, fails);
}

/*
 * failed_rows: the rows whose verdict fails.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return select_failed(probe, "*");
}

/*
 * failed_places: where they are.
 */
static char *
failed_places(const DqProbe *probe)
{
	return select_failed(probe, "ctid AS place");
}

/*
 * equivalent: the textbook form.
 */
static char *
equivalent(const DqProbe *probe)
{
	char *tested;

	if (probe->check->on_null == DQ_NULL_IGNORE)
		tested = psprintf("pg_catalog.count(*) FILTER (WHERE %s IS NOT NULL)",
						  probe->verdict);
	else
		tested = pstrdup("pg_catalog.count(*)");
	return psprintf("SELECT %s AS tested_rows, pg_catalog.count(*) FILTER (WHERE %s %s) AS failed_rows FROM %s%s",
					tested, probe->verdict, dq_shape_rows_failing(probe),
					probe->source->from, dq_shape_where(probe));
}

const DqShape dq_shape_rows = {.is_metric = false,
							   .scan_only = true,
							   .prepare = prepare,
							   .write = write_numbers,
							   .read = read_numbers,
							   .failed_rows = failed_rows,
							   .failed_places = failed_places,
							   .equivalent = equivalent};
