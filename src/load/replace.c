/*
 * replace.c
 *	  Loads that delete a part of the target, or all of it, and insert the
 *	  batch in its place.
 *
 * Other writers are held up from the DELETE on, so that what they write is
 * either there to be deleted, or comes after us. Readers see the old rows
 * until the commit, then the new; method => 'truncate' makes them wait and
 * shows an empty table to snapshots that are older, method => 'swap' (swap.c)
 * makes them wait and shows those the new rows.
 */
#include "postgres.h"

#include "access/relation.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "load/batch.h"
#include "load/check.h"
#include "load/block.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/insert.h"
#include "load/map.h"
#include "load/replace.h"
#include "load/swap.h"
#include "load/target.h"

/*
 * delete_where: rows of the target that fulfil a condition.
 */
static int64
delete_where(const DqTask *task, const char *where)
{
	char *sql = psprintf("DELETE FROM %s%s AS target WHERE %s",
						 dq_diff_only(task), dq_target_name(task->target),
						 where);

	return dq_spi_execute(DQ_USER, sql, NULL);
}

/*
 * delete_keys: rows of the target whose key occurs among "rows".
 */
static int64
delete_keys(const DqTask *task, const char *rows)
{
	return delete_where(task, psprintf("EXISTS (SELECT 1 FROM %s WHERE %s)",
									   rows,
									   dq_key_same(task->key, "target",
												   "excluded", false)));
}

/*
 * other_keys: SQL: the keys of the stage that keys_from names, as the target
 * would store them.
 */
static char *
other_keys(const DqTask *task)
{
	Relation stage = relation_open(task->run->keys_from, AccessShareLock);
	DqTask other = *task;
	DqLoadOptions options = *task->options;
	char *sql;

	options.source = options.keys_from;
	other.options = &options;
	other.stage = stage;
	other.columns = dq_map_key(&other);
	other.sequence = NIL;
	sql = dq_batch_rows(&other, DQ_BATCH_ALL, "excluded");
	relation_close(stage, NoLock);
	return sql;
}

/*
 * dq_replace_keys: rows with the keys of the batch, and of keys_from, give way
 * to the batch.
 */
void
dq_replace_keys(DqTask *task, DqLoadCounts *counts)
{
	dq_check_batch(task, counts);
	dq_block_writers(task);
	if (counts->rows_read > 0)
		counts->deleted = delete_keys(task,
									  dq_batch_rows(task, DQ_BATCH_ALL,
													"excluded"));
	if (task->options->keys_from != NULL)
		counts->deleted += delete_keys(task, other_keys(task));
	dq_insert_batch(task, counts);
}

/*
 * dq_replace_window: rows of the window give way to the batch.
 */
void
dq_replace_window(DqTask *task, DqLoadCounts *counts)
{
	dq_check_batch(task, counts);
	dq_block_writers(task);
	counts->deleted = delete_where(task, dq_batch_in_window(task, "target"));
	dq_insert_batch(task, counts);
}

/*
 * truncate_target: the target in new, empty storage. The server refuses it for
 * a relation that we hold open.
 */
static int64
truncate_target(DqTask *task)
{
	Oid relid = RelationGetRelid(task->target);
	char *name = dq_target_name(task->target);
	const char *only = dq_diff_only(task);
	char *sql = psprintf("SELECT pg_catalog.count(*) AS n FROM %s%s", only,
						 name);
	int64 deleted;

	dq_block_check_snapshot(task);
	dq_block_relation(relid, AccessExclusiveLock,
					  task->options->lock_timeout);
	deleted = dq_rows_int8(dq_spi_query(DQ_USER, sql, NULL), 0, "n");
	relation_close(task->target, NoLock);
	(void) dq_spi_execute(DQ_USER, psprintf("TRUNCATE %s%s", only, name),
						  NULL);
	task->target = relation_open(relid, NoLock);
	return deleted;
}

/*
 * dq_replace_empty: see replace.h.
 */
int64
dq_replace_empty(DqTask *task)
{
	dq_block_writers(task);
	return delete_where(task, "true");
}

/*
 * dq_replace_validate_all: see replace.h.
 */
void
dq_replace_validate_all(DqTask *task)
{
	if (dq_options_is(task->options->method, "swap"))
		dq_swap_validate(task);
}

/*
 * dq_replace_all: all rows give way to the batch.
 */
void
dq_replace_all(DqTask *task, DqLoadCounts *counts)
{
	dq_check_batch(task, counts);
	if (dq_options_is(task->options->method, "swap"))
	{
		dq_swap_run(task, counts);
		return;
	}
	if (dq_options_is(task->options->method, "truncate"))
		counts->deleted = truncate_target(task);
	else
		counts->deleted = dq_replace_empty(task);
	dq_insert_batch(task, counts);
}
