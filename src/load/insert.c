/*
 * insert.c
 *	  Loads that only insert, and the INSERT of others.
 *
 * Assignment, constraints and triggers are the server's own, triggers under
 * the search_path in force.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/check.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/index.h"
#include "load/insert.h"
#include "load/target.h"

/*
 * dq_insert_batch: see insert.h. Rows that a trigger drops are not counted by
 * INSERT.
 */
void
dq_insert_batch(const DqTask *task, DqLoadCounts *counts)
{
	const char *separator = " ORDER BY ";
	StringInfoData sql;
	ListCell *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s) SELECT %s FROM %s",
					 dq_target_name(task->target),
					 dq_column_list(task->columns, ""),
					 dq_column_list(task->columns, "s."),
					 dq_batch_rows(task, DQ_BATCH_ALL, "s"));
	foreach(lc, task->options->order_by)
	{
		appendStringInfo(&sql, "%ss.%s", separator,
						 dq_sqltext_ident((char *) lfirst(lc)));
		separator = ", ";
	}
	counts->inserted = dq_spi_execute(DQ_USER, sql.data, NULL);
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
	dq_check_batch(task, counts);
	if (counts->rows_read > 0)
		dq_diff_write(task, counts);
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
