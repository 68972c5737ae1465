/*
 * emulate.c
 *	  Bringing rows into a target by a key that no index stands behind.
 *
 * UPDATE and INSERT of what differs are two statements; between them, and
 * between the look and the write, nobody else may write the target, so other
 * writers are held up before the look. A foreign table is locked on this side
 * only: who writes the remote table meanwhile is not kept from it.
 *
 * Several rows of the target may have the key: each of them is updated.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/block.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/emulate.h"
#include "load/target.h"

/*
 * absent: SQL: has no row of the target the key?
 */
static char *
absent(const DqTask *task)
{
	return psprintf("NOT EXISTS (SELECT 1 FROM %s%s AS target WHERE %s)",
					dq_diff_only(task), dq_target_name(task->target),
					dq_key_same(task->key, "target", "excluded", false));
}

/*
 * count_new: rows of the batch whose key is not there.
 */
static int64
count_new(const DqTask *task)
{
	char *sql = psprintf("SELECT pg_catalog.count(*) AS n FROM %s WHERE %s",
						 dq_batch_rows(task, DQ_BATCH_LIVE, "excluded"),
						 absent(task));

	return dq_rows_int8(dq_spi_query(DQ_USER, sql, NULL), 0, "n");
}

/*
 * count_changed: rows of the batch that differ from a row that is there, and
 * of these the ones that lose against it.
 */
static int64
count_changed(const DqTask *task, const char *changed, const char *wins,
			  int64 *lost)
{
	char *sql;
	DqRows *rows;

	*lost = 0;
	if (changed == NULL)
		return 0;
	sql = psprintf("SELECT pg_catalog.count(*) AS n,"
				   " pg_catalog.count(*) FILTER (WHERE NOT %s) AS lost"
				   " FROM %s JOIN %s%s AS target ON %s WHERE %s",
				   wins ? wins : "true",
				   dq_batch_rows(task, DQ_BATCH_LIVE, "excluded"),
				   dq_diff_only(task), dq_target_name(task->target),
				   dq_key_same(task->key, "target", "excluded", false),
				   changed);
	rows = dq_spi_query(DQ_USER, sql, NULL);
	*lost = dq_rows_int8(rows, 0, "lost");
	return dq_rows_int8(rows, 0, "n");
}

/*
 * update_changed: write what differs over what is there.
 */
static int64
update_changed(const DqTask *task, const char *changed, const char *wins)
{
	char *sql = psprintf("UPDATE %s%s AS target SET %s FROM %s"
						 " WHERE %s AND %s%s%s",
						 dq_diff_only(task), dq_target_name(task->target),
						 dq_diff_assignments(task, "excluded", "target"),
						 dq_batch_rows(task, DQ_BATCH_LIVE, "excluded"),
						 dq_key_same(task->key, "target", "excluded", false),
						 changed, wins ? " AND " : "", wins ? wins : "");

	return dq_spi_execute(DQ_USER, sql, NULL);
}

/*
 * insert_new: write what is not there.
 */
static int64
insert_new(const DqTask *task)
{
	char *sql = psprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s"
						 " ORDER BY %s",
						 dq_target_name(task->target),
						 dq_column_list(task->columns, ""),
						 dq_column_list(task->columns, "excluded."),
						 dq_batch_rows(task, DQ_BATCH_LIVE, "excluded"),
						 absent(task), dq_key_values(task->key, "excluded"));

	return dq_spi_execute(DQ_USER, sql, NULL);
}

/*
 * dq_emulate_write: see emulate.h.
 */
void
dq_emulate_write(DqTask *task, DqLoadCounts *counts)
{
	char *changed = dq_diff_changed(task, "excluded", "target");
	char *wins = dq_diff_wins(task, "excluded", "target");
	int64 differing;

	/* who inserts besides us comes after us; an update must not miss a row */
	if (changed != NULL)
		dq_block_writers(task);
	differing = count_changed(task, changed, wins, &counts->rejected) +
				count_new(task) - counts->rejected;
	if (changed != NULL)
		counts->updated = update_changed(task, changed, wins);
	counts->inserted = insert_new(task);
	counts->suppressed = Max(differing - counts->updated - counts->inserted,
							 0);
}
