/*
 * group.c
 *	  Checks with group_by: one check answered for every group of rows.
 *
 * A check whose numbers all come from the common scan is one statement with
 * GROUP BY; any other is asked once for each group, with the group's values
 * added to its filter. The number of groups is bounded.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "base/errctx.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "quality/fused.h"
#include "quality/shape.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* groups of one check */
#define MAX_GROUPS 1000

typedef struct GroupTask
{
	const DqSource *source;
	DqProbe *probe;
} GroupTask;

/*
 * columns_sql: the columns of group_by, "a.x, a.y".
 */
static char *
columns_sql(List *columns)
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
 * key_sql: the values of the group as one jsonb object.
 */
static char *
key_sql(List *columns)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s, %s", buf.len > 0 ? ", " : "",
						 dq_sqltext_literal(column->name), column->sql);
	}
	return psprintf("pg_catalog.jsonb_build_object(%s)", buf.data);
}

/*
 * texts_sql: the values of the group as a text[].
 */
static char *
texts_sql(List *columns)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
		appendStringInfo(&buf, "%s%s::pg_catalog.text",
						 buf.len > 0 ? ", " : "",
						 ((DqColumn *) lfirst(lc))->sql);
	return psprintf("ARRAY[%s]", buf.data);
}

/*
 * refuse_too_many: 54000: more groups than a verdict can hold.
 */
static void
refuse_too_many(const DqProbe *probe)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s has more than %d groups", probe->check->what,
					MAX_GROUPS),
			 errhint("Group by fewer columns, or leave groups out with row_filter.")));
}

/*
 * group_probe: the probe of one group, not answered yet.
 */
static DqProbe *
group_probe(const DqProbe *probe, Jsonb *key)
{
	DqProbe *group = palloc(sizeof(DqProbe));

	*group = *probe;
	group->group = key;
	group->groups = NIL;
	return group;
}

/*
 * answer_by_scan: one statement for all groups.
 */
static void
answer_by_scan(const DqSource *source, DqProbe *probe, List *columns)
{
	DqProbe unfiltered = *probe;
	DqFused fused = {.source = source};
	char *from = psprintf("%s%s GROUP BY %s ORDER BY %s LIMIT %d",
						  source->from, dq_shape_where(probe),
						  columns_sql(columns), columns_sql(columns),
						  MAX_GROUPS + 1);
	DqRows *rows;
	int i;

	/* the WHERE of the statement is the filter */
	unfiltered.filter = NULL;
	rows = dq_fused_grouped(&fused, &unfiltered, key_sql(columns), from);
	if (rows->count > MAX_GROUPS)
		refuse_too_many(probe);
	for (i = 0; i < rows->count; i++)
	{
		DqProbe *group = group_probe(&unfiltered,
									 dq_rows_jsonb(rows, i, "k"));

		dq_fused_read_grouped(&fused, rows, i, group);
		group->filter = probe->filter;
		probe->groups = lappend(probe->groups, group);
	}
}

/*
 * same_group: SQL for "the row belongs to the group with these values".
 */
static char *
same_group(List *columns, char **values)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
	{
		const char *value = values[foreach_current_index(lc)];
		const DqColumn *column = (DqColumn *) lfirst(lc);
		TypeCacheEntry *type = lookup_type_cache(column->base_type,
												 TYPECACHE_EQ_OPR);

		appendStringInfoString(&buf, buf.len > 0 ? " AND " : "");
		if (value == NULL)
			appendStringInfoString(&buf, dq_source_is_null(column, true));
		else
			appendStringInfo(&buf, "%s %s %s", column->sql,
							 dq_sqltext_operator(type->eq_opr),
							 dq_source_literal(value,
											   column->base_type));
	}
	return buf.data;
}

/*
 * answer_one_by_one: a filter for each group.
 */
static void
answer_one_by_one(const DqSource *source, DqProbe *probe, List *columns)
{
	DqRows *rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT %s AS k, %s AS v FROM %s%s GROUP BY %s ORDER BY %s LIMIT %d",
				 key_sql(columns), texts_sql(columns), source->from,
				 dq_shape_where(probe), columns_sql(columns),
				 columns_sql(columns), MAX_GROUPS + 1),
		NULL);
	int i;

	if (rows->count > MAX_GROUPS)
		refuse_too_many(probe);
	for (i = 0; i < rows->count; i++)
	{
		DqProbe *group = group_probe(probe, dq_rows_jsonb(rows, i, "k"));
		char *same = same_group(columns,
								dq_fused_texts(rows, i, "v"));

		group->filter = probe->filter == NULL ?
							psprintf("(%s)", same) :
							psprintf("(CASE WHEN %s THEN %s ELSE false END)",
									 probe->filter, same);
		probe->groups = lappend(probe->groups, group);
	}
	dq_fused_answer(source, probe->groups);
}

/*
 * answer_groups: all groups of a probe, and their sum.
 */
static void
answer_groups(void *arg)
{
	GroupTask *task = (GroupTask *) arg;
	DqProbe *probe = task->probe;
	List *columns = dq_source_columns(task->source, probe->check->group_by);
	DqCounts *sum = &probe->counts;
	ListCell *lc;

	if (probe->check->type->shape->scan_only)
		answer_by_scan(task->source, probe, columns);
	else
		answer_one_by_one(task->source, probe, columns);
	probe->holds = -1;
	foreach(lc, probe->groups)
	{
		const DqProbe *group = (DqProbe *) lfirst(lc);

		if (group->error != NULL)
			dq_errctx_rethrow(group->error);
		sum->scope += group->counts.scope;
		sum->tested += group->counts.tested;
		sum->nulls += group->counts.nulls;
		sum->failed += group->counts.failed;
	}
	sum->total = dq_fused_total(task->source);
	probe->evaluation = "sql";
}

/*
 * dq_fused_answer_grouped: answer checks with group_by (a List of DqProbe *),
 * each in a subtransaction of its own.
 */
void
dq_fused_answer_grouped(const DqSource *source, List *probes)
{
	ListCell *lc;

	foreach(lc, probes)
	{
		GroupTask task = {.source = source, .probe = (DqProbe *) lfirst(lc)};
		ErrorData *error = dq_errctx_try_subxact(answer_groups, &task);

		if (error == NULL)
			continue;
		if (dq_fused_is_fatal(error))
			dq_errctx_rethrow(error);
		task.probe->groups = NIL;
		dq_fused_blame(task.probe, error);
	}
}
