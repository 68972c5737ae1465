/*
 * diff.c
 *	  Bringing rows into a target by their key: writing those that differ.
 *
 * What differs was found under a snapshot and lies in stores (find.c); others
 * may have written the same keys since. So what was found only says where to
 * begin, and every row is decided on the row as it is then:
 *
 * New rows go in without an arbiter, which needs neither a look before the
 * write nor a second entry after it. A unique violation means that somebody
 * was faster, or that the row is wrong by another index: all new rows are then
 * done again through ON CONFLICT, which tells the two apart.
 *
 * Changed rows are updated at the place where they were found, if they still
 * have the key and differ; where one does not, all go through ON CONFLICT,
 * which passes over those that are as they should be.
 *
 * Updates come first, so that what they free can be used by new rows.
 *
 * Where triggers or row security look on, new and changed rows are one
 * statement with ON CONFLICT, as they would be by hand. Aliases in the SQL:
 * excluded the rows of the batch, target those of the target, both as ON
 * CONFLICT calls them, so that a guard in a user's words means the same
 * everywhere; w what was written.
 *
 * The SQL runs in the search_path in force, since the triggers, defaults and
 * checks of the target run with it and must find what an INSERT by hand would
 * let them find. So everything in it is qualified, operators too, and nothing
 * is used that looks for an operator by itself (IS DISTINCT FROM, IN, USING).
 *
 * Inserted or updated? A new version made by ON CONFLICT DO UPDATE keeps our
 * own row lock in xmax, an inserted one has none; that is exact also when
 * somebody else inserted the key after the diff was made. RETURNING has no
 * xmax for partitioned tables: there the DO UPDATE notes the key of the row in
 * dq_etl.load_mark on its way, and RETURNING, which is evaluated for each row
 * before the next is looked at, compares.
 *
 * Rows that ON CONFLICT did not write were dropped by a trigger, or somebody
 * else wrote the same content first. To tell, they are looked for once more
 * under a new snapshot, only if there are such rows.
 *
 * A unique violation on an index over the very key can still happen, where a
 * second index on it is no arbiter: somebody inserted the row between the
 * arbiter's look and the write. It is not reported but done again: then the
 * row is there.
 */
#include "postgres.h"

#include "base/errctx.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/bulk.h"
#include "load/check.h"
#include "load/choose.h"
#include "load/column.h"
#include "load/condition.h"
#include "load/diff.h"
#include "load/emulate.h"
#include "load/find.h"
#include "load/index.h"
#include "load/map.h"
#include "load/target.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

/* how often a unique violation of somebody else's making is met again */
#define MAX_REDO 5

/* what the rows of a store are called in SQL; no relation is called so */
#define STORE "rows of the load"

typedef struct WriteCall
{
	DqTask *task;
	DqSpiTable rows; /* to be written */
	bool bulk;
	DqLoadCounts counts;
} WriteCall;

/*
 * dq_diff_only: see diff.h.
 */
const char *
dq_diff_only(const DqTask *task)
{
	return task->target->rd_rel->relkind == RELKIND_RELATION ? "ONLY " : "";
}

/*
 * dq_diff_changed: see diff.h. With ignore_nulls a NULL of the batch is no
 * change.
 */
char *
dq_diff_changed(const DqTask *task, const char *left, const char *right)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (!column->is_compared)
			continue;
		appendStringInfo(&buf, "%s", buf.len > 0 ? " OR " : "(");
		if (task->options->ignore_nulls)
			appendStringInfo(&buf, "%s.%s IS NOT NULL AND ", left,
							 dq_sqltext_ident(column->name));
		appendStringInfoString(&buf, dq_column_changed(column, left, right));
	}
	if (buf.len == 0)
		return NULL;
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * dq_diff_assignments: see diff.h.
 */
char *
dq_diff_assignments(const DqTask *task, const char *left, const char *right)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		const char *name = dq_sqltext_ident(column->name);

		if (!column->is_updated)
			continue;
		appendStringInfo(&buf, "%s%s = ", buf.len > 0 ? ", " : "", name);
		if (task->options->ignore_nulls && column->expression == NULL)
			appendStringInfo(&buf, "COALESCE(%s.%s, %s.%s)", left, name,
							 right, name);
		else
			appendStringInfo(&buf, "%s.%s", left, name);
	}
	return buf.len > 0 ? buf.data : NULL;
}

/*
 * dq_diff_wins: see diff.h.
 */
char *
dq_diff_wins(const DqTask *task, const char *left, const char *right)
{
	char *after = NULL;

	if (task->sequence_in_target)
		after = dq_column_after(task->sequence, left, right);
	if (task->options->guard == NULL)
		return after;
	return psprintf("(%s%sCASE WHEN %s THEN true ELSE false END)",
					after ? after : "", after ? " AND " : "",
					dq_condition_sql(task->options->guard));
}

/*
 * append_conflict: what to do with a row that is there. With "mark", the key
 * of a row that is about to be updated is noted.
 */
static void
append_conflict(StringInfo sql, const DqTask *task, const char *mark)
{
	char *changed = dq_diff_changed(task, "excluded", "target");
	char *wins = dq_diff_wins(task, "excluded", "target");

	appendStringInfo(sql, " ON CONFLICT %s", task->key->arbiter);
	if (changed == NULL)
	{
		appendStringInfoString(sql, " DO NOTHING");
		return;
	}
	if (wins != NULL)
		changed = psprintf("%s AND %s", changed, wins);
	appendStringInfo(sql, " DO UPDATE SET %s",
					 dq_diff_assignments(task, "excluded", "target"));
	if (mark == NULL)
		appendStringInfo(sql, " WHERE %s", changed);
	else
		appendStringInfo(sql, " WHERE CASE WHEN %s THEN pg_catalog.set_config("
							  "'dq_etl.load_mark', %s, true) IS NOT NULL"
							  " ELSE false END",
						 changed, mark);
}

/*
 * upsert_statement: the rows of a store through ON CONFLICT; returns inserted
 * and updated. They are in the order of the key, so that two writers lock rows
 * in one order.
 */
static char *
upsert_statement(const DqTask *task)
{
	Form_pg_class form = task->target->rd_rel;
	bool has_xmax = form->relkind == RELKIND_RELATION &&
					form->relam == HEAP_TABLE_AM_OID;
	char *mark = psprintf("(ROW(%s))::pg_catalog.text",
						  dq_key_values(task->key, "target"));
	const char *is_unlocked = "target.xmax OPERATOR(pg_catalog.=)"
							  " '0'::pg_catalog.xid";
	char *is_unmarked = psprintf("pg_catalog.current_setting("
								 "'dq_etl.load_mark')"
								 " OPERATOR(pg_catalog.<>) %s",
								 mark);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH written AS (INSERT INTO %s AS target (%s)"
						   " SELECT %s FROM %s AS d",
					 dq_target_name(task->target),
					 dq_column_list(task->columns, ""),
					 dq_column_list(task->columns, "d."),
					 dq_sqltext_ident(STORE));
	append_conflict(&sql, task, has_xmax ? NULL : mark);
	appendStringInfo(&sql, " RETURNING %s AS fresh)"
						   " SELECT pg_catalog.count(*) FILTER (WHERE w.fresh)"
						   " AS inserted, pg_catalog.count(*)"
						   " FILTER (WHERE NOT w.fresh) AS updated"
						   " FROM written AS w",
					 has_xmax ? is_unlocked : is_unmarked);
	return sql.data;
}

/*
 * count_unwritten: rows of a store that are new or differ now, and would win.
 */
static int64
count_unwritten(const WriteCall *call)
{
	const DqTask *task = call->task;
	char *changed = dq_diff_changed(task, "excluded", "target");
	char *wins = dq_diff_wins(task, "excluded", "target");
	StringInfoData sql;
	DqRows *rows;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT pg_catalog.count(*) AS n FROM %s AS excluded"
						   " LEFT JOIN %s%s AS target ON %s"
						   " WHERE target.ctid IS NULL",
					 dq_sqltext_ident(STORE), dq_diff_only(task),
					 dq_target_name(task->target),
					 dq_key_same(task->key, "target", "excluded",
								 task->null_keys));
	if (changed != NULL)
		appendStringInfo(&sql, " OR (%s%s%s)", changed, wins ? " AND " : "",
						 wins ? wins : "");
	rows = dq_spi_query_table(DQ_USER, sql.data, &call->rows);
	return dq_rows_int8(rows, 0, "n");
}

/*
 * forget_mark: no row was updated yet.
 */
static void
forget_mark(void)
{
	(void) set_config_option("dq_etl.load_mark", "", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

/*
 * write_through_index: the rows through ON CONFLICT, once. "arg" is a
 * WriteCall.
 */
static void
write_through_index(void *arg)
{
	WriteCall *call = (WriteCall *) arg;
	DqLoadCounts *counts = &call->counts;
	DqRows *rows;
	int64 unwritten;

	forget_mark();
	rows = dq_spi_query_table(DQ_USER, upsert_statement(call->task),
							  &call->rows);
	counts->inserted = dq_rows_int8(rows, 0, "inserted");
	counts->updated = dq_rows_int8(rows, 0, "updated");
	unwritten = (int64) call->rows.count - counts->inserted - counts->updated;
	if (unwritten > 0)
		counts->suppressed = Min(unwritten, count_unwritten(call));
}

/*
 * write_with_redo: the same, again after a unique violation on the key.
 */
static void
write_with_redo(WriteCall *call)
{
	int redo;

	for (redo = 0; redo < MAX_REDO && call->task->key->twins != NIL; redo++)
	{
		ErrorData *error = dq_errctx_try_subxact(write_through_index, call);

		if (error == NULL)
			return;
		if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION ||
			!dq_index_is_twin(call->task->key, error->schema_name,
							  error->constraint_name))
			dq_errctx_rethrow(error);
		memset(&call->counts, 0, sizeof(DqLoadCounts));
	}
	write_through_index(call);
}

/*
 * insert_many: the rows of a store by hand.
 */
static int64
insert_many(WriteCall *call)
{
	DqBulk *bulk;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(call->rows.desc,
													&TTSOpsMinimalTuple);
	int64 count;

	PushActiveSnapshot(GetTransactionSnapshot());
	bulk = dq_bulk_begin(call->task);
	tuplestore_rescan(call->rows.rows);
	while (tuplestore_gettupleslot(call->rows.rows, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		dq_bulk_put(bulk, slot);
	}
	count = dq_bulk_end(bulk);
	PopActiveSnapshot();
	ExecDropSingleTupleTableSlot(slot);
	return count;
}

/*
 * insert_fresh: the rows without an arbiter. "arg" is a WriteCall.
 */
static void
insert_fresh(void *arg)
{
	WriteCall *call = (WriteCall *) arg;
	const DqTask *task = call->task;

	if (call->bulk)
		call->counts.inserted = insert_many(call);
	else
		call->counts.inserted = dq_spi_execute_table(
			DQ_USER,
			psprintf("INSERT INTO %s (%s) SELECT %s FROM %s AS d",
					 dq_target_name(task->target),
					 dq_column_list(task->columns, ""),
					 dq_column_list(task->columns, "d."),
					 dq_sqltext_ident(STORE)),
			&call->rows);
}

/*
 * write_fresh: rows whose key was not there.
 */
static void
write_fresh(WriteCall *call)
{
	ErrorData *error = dq_errctx_try_subxact(insert_fresh, call);

	if (error == NULL)
		return;
	if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
		dq_errctx_rethrow(error);
	memset(&call->counts, 0, sizeof(DqLoadCounts));
	write_with_redo(call);
}

/*
 * update_by_place: rows that were there otherwise, where they were found;
 * returns how many of them were there still.
 */
static int64
update_by_place(WriteCall *call)
{
	const DqTask *task = call->task;
	char *wins = dq_diff_wins(task, "excluded", "target");
	int level = dq_choose_settings(DQ_METHOD_AUTO);
	int64 updated;
	char *sql;

	dq_choose_by_place();
	sql = psprintf("UPDATE %s%s AS target SET %s FROM %s AS excluded"
				   " WHERE target.ctid OPERATOR(pg_catalog.=) excluded.%s"
				   " AND %s AND %s%s%s",
				   dq_diff_only(task), dq_target_name(task->target),
				   dq_diff_assignments(task, "excluded", "target"),
				   dq_sqltext_ident(STORE),
				   dq_sqltext_ident(dq_difference_place(task)),
				   dq_key_same(task->key, "target", "excluded",
							   task->null_keys),
				   dq_diff_changed(task, "excluded", "target"),
				   wins ? " AND " : "", wins ? wins : "");
	updated = dq_spi_execute_table(DQ_USER, sql, &call->rows);
	dq_session_leave(level);
	return updated;
}

/*
 * write_stale: rows that were there otherwise.
 */
static void
write_stale(WriteCall *call, bool by_place)
{
	int64 updated = by_place ? update_by_place(call) : 0;

	if (updated < (int64) call->rows.count)
		write_with_redo(call);
	call->counts.updated += updated;
	/* those are not unwritten */
	call->counts.suppressed = by_place ? 0 : call->counts.suppressed;
}

/*
 * add_counts: what one part of the rows came to.
 */
static void
add_counts(DqLoadCounts *counts, const WriteCall *call)
{
	counts->inserted += call->counts.inserted;
	counts->updated += call->counts.updated;
	counts->suppressed += call->counts.suppressed;
}

/*
 * write_difference: what was found.
 */
static void
write_difference(DqTask *task, const DqDifference *difference,
				 const DqChoice *choice, DqLoadCounts *counts)
{
	WriteCall stale = {task,
					   {STORE, difference->desc, difference->stale,
						(double) difference->stale_rows},
					   false,
					   {0}};
	WriteCall fresh = {task,
					   {STORE, difference->desc, difference->fresh,
						(double) difference->fresh_rows},
					   choice->insert == DQ_INSERT_BULK,
					   {0}};
	int level = dq_choose_settings(DQ_METHOD_AUTO);

	if (difference->stale_rows > 0)
		write_stale(&stale, choice->by_place);
	if (difference->fresh_rows > 0)
		write_fresh(&fresh);
	dq_session_leave(level);
	add_counts(counts, &stale);
	add_counts(counts, &fresh);
	counts->rejected += difference->lost;
}

/*
 * find_and_write: with "unchecked", what is wrong with the batch is seen while
 * the difference is found. Only then are duplicates known; when one of each
 * shall stay, the rest is done with those.
 */
static void
find_and_write(DqTask *task, DqLoadCounts *counts, bool unchecked)
{
	DqChoice choice;
	DqDifference *difference;

	dq_choose(task, dq_choose_rows(task->stage), &choice);
	difference = dq_difference_new(task, choice.insert != DQ_INSERT_CONFLICT);
	dq_find(task, choice.method, difference);
	if (unchecked)
	{
		dq_check_facts(task, &difference->facts, counts);
		if (task->dedupes)
		{
			dq_difference_clear(difference);
			dq_find(task, choice.method, difference);
		}
	}
	write_difference(task, difference, &choice, counts);
	dq_difference_free(difference);
}

/*
 * write_by_index: does the server find what it needs by an index?
 */
static bool
write_by_index(const DqTask *task)
{
	return task->key->arbiter != NULL;
}

/*
 * dq_diff_write: see diff.h.
 */
void
dq_diff_write(DqTask *task, DqLoadCounts *counts)
{
	DqLoadCounts emulated = {0};

	if (write_by_index(task))
	{
		find_and_write(task, counts, false);
		return;
	}
	dq_emulate_write(task, &emulated);
	counts->inserted += emulated.inserted;
	counts->updated += emulated.updated;
	counts->suppressed += emulated.suppressed;
	counts->rejected += emulated.rejected;
}

/*
 * dq_diff_load: see diff.h. Where NULL equals NULL, it must be known before
 * whether there are any in the keys.
 */
void
dq_diff_load(DqTask *task, DqLoadCounts *counts)
{
	if (write_by_index(task) && !task->key->nulls_equal)
	{
		find_and_write(task, counts, true);
		return;
	}
	dq_check_batch(task, counts);
	if (counts->rows_read > 0)
		dq_diff_write(task, counts);
}
