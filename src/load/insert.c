/*
 * insert.c
 *	  Loads that only insert, and the INSERT of others.
 *
 * Assignment, constraints and triggers are the server's own, triggers under
 * the search_path in force.
 */
#include "postgres.h"

#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/bulk.h"
#include "load/check.h"
#include "load/choose.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/index.h"
#include "load/insert.h"
#include "load/target.h"
#include "utils/snapmgr.h"

/*
 * append_source: the SELECT of the rows, in the order that order_by says.
 */
static void
append_source(StringInfo sql, const DqTask *task)
{
	const char *separator = " ORDER BY ";
	ListCell *lc;

	appendStringInfo(sql, "SELECT %s FROM %s",
					 dq_column_list(task->columns, "s."),
					 dq_batch_rows(task, DQ_BATCH_ALL, "s"));
	foreach(lc, task->options->order_by)
	{
		appendStringInfo(sql, "%ss.%s", separator,
						 dq_sqltext_ident((char *) lfirst(lc)));
		separator = ", ";
	}
}

/*
 * put_row: DqSpiRow: a row of the batch. "arg" is a DqBulk.
 */
static void
put_row(void *arg, TupleTableSlot *slot)
{
	dq_bulk_put((DqBulk *) arg, slot);
}

/*
 * insert_many: all rows, many at a time.
 */
static int64
insert_many(const DqTask *task, const char *source)
{
	DqBulk *bulk;
	int64 count;

	PushActiveSnapshot(GetTransactionSnapshot());
	bulk = dq_bulk_begin(task);
	dq_choose_alone();
	dq_spi_stream(DQ_USER, source, put_row, bulk);
	count = dq_bulk_end(bulk);
	PopActiveSnapshot();
	return count;
}

/*
 * dq_insert_batch: see insert.h. Rows that a trigger drops are not counted by
 * INSERT.
 */
void
dq_insert_batch(const DqTask *task, DqLoadCounts *counts)
{
	int level = dq_choose_settings(DQ_METHOD_AUTO);
	const char *why;
	StringInfoData sql;

	initStringInfo(&sql);
	if (dq_choose_insert(task, &why) == DQ_INSERT_BULK)
	{
		append_source(&sql, task);
		counts->inserted = insert_many(task, sql.data);
	}
	else
	{
		appendStringInfo(&sql, "INSERT INTO %s (%s) ",
						 dq_target_name(task->target),
						 dq_column_list(task->columns, ""));
		append_source(&sql, task);
		counts->inserted = dq_spi_execute(DQ_USER, sql.data, NULL);
	}
	dq_session_leave(level);
	counts->suppressed = counts->rows_read - counts->rejected -
						 counts->inserted;
}

/*
 * dq_insert_ignore: rows whose key is not there; the rest is left alone.
 */
void
dq_insert_ignore(DqTask *task, DqLoadCounts *counts)
{
	ListCell *lc;

	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		column->is_updated = false;
		column->is_compared = false;
	}
	dq_diff_load(task, counts);
	counts->unchanged = counts->rows_read - counts->inserted -
						counts->suppressed - counts->rejected;
}

/*
 * dq_insert_append: all rows, or with dedupe_key those whose key is not there.
 */
void
dq_insert_append(DqTask *task, DqLoadCounts *counts)
{
	if (task->key != NULL)
	{
		dq_insert_ignore(task, counts);
		return;
	}
	dq_check_batch(task, counts);
	dq_insert_batch(task, counts);
}
