/*
 * batch.c
 *	  The rows of a stage as the target would store them.
 *
 * One FROM item gives them to every statement of a load: values converted as
 * an INSERT would, then what options leave out. It is only as deep as it must
 * be: without duplicates and conditions the planner sees the stage itself.
 *
 * Of several rows with one key, the last (or first) by sequence_by stays.
 * Where the sequence is the same too, the bytes of the row decide, so that
 * whoever runs it again gets the same row.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "catalog/window.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/column.h"
#include "load/condition.h"
#include "load/map.h"
#include "load/target.h"
#include "load/truncation.h"
#include "utils/lsyscache.h"

/*
 * dq_batch_append_stage: see batch.h.
 */
void
dq_batch_append_stage(StringInfo sql, const DqTask *task, const char *alias)
{
	const char *stage = dq_sqltext_ident(task->options->source);
	const char *separator = "(SELECT ";
	ListCell *lc;

	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(sql, "%s%s AS %s", separator,
						 dq_column_assigned(column, stage),
						 dq_sqltext_ident(column->output));
		separator = ", ";
	}
	foreach(lc, task->sequence)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (!task->sequence_in_target)
			appendStringInfo(sql, ", %s.%s AS %s", stage,
							 dq_sqltext_ident(column->name),
							 dq_sqltext_ident(column->output));
	}
	if (task->delete_output != NULL)
		appendStringInfo(sql, ", CASE WHEN %s THEN true ELSE false END AS %s",
						 dq_condition_sql(task->options->delete_when),
						 dq_sqltext_ident(task->delete_output));
	appendStringInfo(sql, " FROM %s AS %s%s%s) AS %s",
					 dq_sqltext_relation(RelationGetRelid(task->stage)),
					 stage, task->truncates ? " WHERE " : "",
					 task->truncates ? dq_truncation_outlived(task, stage) :
									   "",
					 alias);
}

/*
 * append_choice: ORDER BY that puts the row that stays first of its key.
 */
static void
append_choice(StringInfo sql, const DqTask *task)
{
	bool latest = dq_options_is(task->options->dedupe, "latest");
	const char *separator = ", ROW(";
	ListCell *lc;

	appendStringInfo(sql, " ORDER BY %s", dq_key_values(task->key, "a"));
	foreach(lc, task->sequence)
		appendStringInfo(sql, ", a.%s%s",
						 dq_sqltext_ident(((DqColumn *) lfirst(lc))->output),
						 latest ? " DESC" : "");
	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (column->expression != NULL)
			continue;
		appendStringInfo(sql, "%sa.%s", separator,
						 dq_sqltext_ident(column->output));
		separator = ", ";
	}
	appendStringInfo(sql, ") USING OPERATOR(pg_catalog.%s)",
					 latest ? "*>" : "*<");
}

/*
 * dq_batch_has_window: see batch.h.
 */
bool
dq_batch_has_window(const DqTask *task)
{
	return (task->mode->takes & DQ_OPT(OUTSIDE_WINDOW)) != 0 &&
		   task->options->window_column != NULL;
}

/*
 * dq_batch_drops_outside: see batch.h.
 */
bool
dq_batch_drops_outside(const DqTask *task)
{
	return dq_batch_has_window(task) &&
		   dq_options_is(task->options->outside_window, "drop");
}

/*
 * dq_batch_rows: see batch.h.
 */
char *
dq_batch_rows(const DqTask *task, DqBatchRows which, const char *alias)
{
	StringInfoData sql;
	bool divides = which != DQ_BATCH_ALL && task->delete_output != NULL;

	initStringInfo(&sql);
	if (!task->dedupes && !dq_batch_drops_outside(task))
	{
		if (!divides)
		{
			dq_batch_append_stage(&sql, task, alias);
			return sql.data;
		}
		appendStringInfoString(&sql, "(SELECT a.* FROM ");
		dq_batch_append_stage(&sql, task, "a");
	}
	else
	{
		appendStringInfoString(&sql, "(SELECT a.* FROM (SELECT ");
		if (task->dedupes)
			appendStringInfo(&sql, "DISTINCT ON (%s) ",
							 dq_key_values(task->key, "a"));
		appendStringInfoString(&sql, "a.* FROM ");
		dq_batch_append_stage(&sql, task, "a");
		if (dq_batch_drops_outside(task))
			appendStringInfo(&sql, " WHERE %s", dq_batch_in_window(task, "a"));
		if (task->dedupes)
			append_choice(&sql, task);
		appendStringInfoString(&sql, ") AS a");
	}
	if (divides)
		appendStringInfo(&sql, " WHERE %sa.%s",
						 which == DQ_BATCH_LIVE ? "NOT " : "",
						 dq_sqltext_ident(task->delete_output));
	appendStringInfo(&sql, ") AS %s", alias);
	return sql.data;
}

/*
 * dq_batch_window_type: see batch.h.
 */
Oid
dq_batch_window_type(const DqTask *task)
{
	Form_pg_attribute att = dq_map_attribute(task->target,
											 task->options->window_column);

	return getBaseType(att->atttypid);
}

/*
 * dq_batch_bound: see batch.h. Local time of the pipeline where the type has
 * no zone.
 */
char *
dq_batch_bound(const DqTask *task, TimestampTz bound)
{
	Oid type = dq_batch_window_type(task);
	char *sql = psprintf("%s::pg_catalog.timestamptz",
						 dq_sqltext_literal(dq_window_literal(bound, "UTC")));

	if (type == TIMESTAMPTZOID)
		return sql;
	sql = psprintf("pg_catalog.timezone(%s, %s)",
				   dq_sqltext_literal(task->run->timezone), sql);
	return type == DATEOID ? psprintf("(%s)::pg_catalog.date", sql) : sql;
}

/*
 * dq_batch_in_window: see batch.h.
 */
char *
dq_batch_in_window(const DqTask *task, const char *alias)
{
	char *value = psprintf("(%s.%s)::%s", alias,
						   dq_sqltext_ident(task->options->window_column),
						   dq_sqltext_type(dq_batch_window_type(task), -1));

	return psprintf("COALESCE(%s OPERATOR(pg_catalog.>=) %s"
					" AND %s OPERATOR(pg_catalog.<) %s, false)",
					value, dq_batch_bound(task, task->run->data_start),
					value, dq_batch_bound(task, task->run->window_end));
}
