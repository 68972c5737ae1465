/*
 * truncation.c
 *	  Rows of a batch that empty the target: truncate_when.
 *
 * Such a row stands in the sequence like any other, and is about no key: what
 * is before it goes, in the batch as in the target, what is at its place or
 * behind it stays. Of several the last one counts. A target that does not
 * have the sequence is emptied altogether.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/column.h"
#include "load/condition.h"
#include "load/target.h"
#include "load/truncation.h"

/*
 * truncates: SQL: does a row of the stage empty the target? Never NULL.
 */
static char *
truncates(const DqTask *task)
{
	return psprintf("CASE WHEN %s THEN true ELSE false END",
					dq_condition_sql(task->options->truncate_when));
}

/*
 * stage_item: SQL of a FROM item: the stage under the name that conditions
 * know.
 */
static char *
stage_item(const DqTask *task)
{
	return psprintf("%s AS %s",
					dq_sqltext_relation(RelationGetRelid(task->stage)),
					dq_sqltext_ident(task->options->source));
}

/*
 * last_one: SQL of a FROM item: the place of the last row that truncates, with
 * columns as the stage or as the target has them.
 */
static char *
last_one(const DqTask *task, List *sequence, bool of_target)
{
	const char *stage = dq_sqltext_ident(task->options->source);
	StringInfoData values;
	StringInfoData order;
	ListCell *lc;

	initStringInfo(&values);
	initStringInfo(&order);
	foreach(lc, sequence)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		const char *name = dq_sqltext_ident(column->name);

		appendStringInfo(&values, "%s%s AS %s", values.len > 0 ? ", " : "",
						 of_target ? dq_column_assigned(column, stage) :
									 psprintf("%s.%s", stage, name),
						 name);
		appendStringInfo(&order, "%s%d DESC", order.len > 0 ? ", " : "",
						 foreach_current_index(lc) + 1);
	}
	return psprintf("(SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT 1)"
					" AS truncation",
					values.data, stage_item(task), truncates(task),
					order.data);
}

/*
 * any_null: SQL: is a column of the sequence NULL in a row of the stage?
 */
static char *
any_null(const DqTask *task)
{
	const char *stage = dq_sqltext_ident(task->options->source);
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, task->stage_sequence)
		appendStringInfo(&buf, "%s%s.%s IS NULL", buf.len > 0 ? " OR " : "",
						 stage,
						 dq_sqltext_ident(((DqColumn *) lfirst(lc))->name));
	return buf.data;
}

/*
 * dq_truncation_find: see truncation.h.
 */
void
dq_truncation_find(DqTask *task, DqTruncation *found)
{
	char *sql;
	DqRows *rows;
	int64 unordered;

	memset(found, 0, sizeof(DqTruncation));
	if (task->options->truncate_when == NULL)
		return;
	sql = psprintf("SELECT pg_catalog.count(*) FILTER (WHERE %s) AS truncating,"
				   " pg_catalog.count(*) FILTER (WHERE NOT %s) AS others,"
				   " pg_catalog.count(*) FILTER (WHERE %s AND (%s)) AS unordered"
				   " FROM %s",
				   truncates(task), truncates(task), truncates(task),
				   any_null(task), stage_item(task));
	rows = dq_spi_query(DQ_USER, sql, NULL);
	found->truncating = dq_rows_int8(rows, 0, "truncating");
	found->others = dq_rows_int8(rows, 0, "others");
	unordered = dq_rows_int8(rows, 0, "unordered");
	if (unordered > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("\"%s\" has nulls in its sequence for %s (%s)",
						task->options->source, dq_target_name(task->target),
						dq_options_enumerate(task->options->sequence_by)),
				 errdetail(INT64_FORMAT " rows that truncate cannot be ordered.",
						   unordered),
				 errtable(task->target)));
	task->truncates = found->truncating > 0;
}

/*
 * dq_truncation_outlived: see truncation.h.
 */
char *
dq_truncation_outlived(const DqTask *task, const char *stage)
{
	return psprintf("NOT %s AND NOT EXISTS (SELECT 1 FROM %s WHERE %s)",
					truncates(task),
					last_one(task, task->stage_sequence, false),
					dq_column_after(task->stage_sequence, "truncation",
									stage));
}

/*
 * dq_truncation_overrides: see truncation.h.
 */
char *
dq_truncation_overrides(const DqTask *task, const char *target)
{
	if (!task->sequence_in_target)
		return pstrdup("true");
	return psprintf("EXISTS (SELECT 1 FROM %s WHERE %s)",
					last_one(task, task->sequence, true),
					dq_column_after(task->sequence, "truncation", target));
}
