/*
 * diff.c
 *	  Bringing rows into a target by their key: which differ, and writing
 *	  these.
 *
 * Aliases in the SQL: excluded the rows of the batch, target those of the
 * target, both as ON CONFLICT calls them, so that a guard in a user's words
 * means the same in the diff and on the row as it is then; d rows that are new
 * or differ, w what was written. All of it is one statement, so that nothing
 * of a batch passes through this process's memory but counts; tuplestores
 * spill to disk.
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
 * Rows of the diff that were not written were dropped by a trigger, or
 * somebody else wrote the same content first. To tell, the diff is counted
 * once more under a new snapshot, only if there are such rows.
 *
 * A unique violation on an index over the very key can still happen, where a
 * second index on it is no arbiter: somebody inserted the row between the
 * arbiter's look and the write. It is not reported but done again: then the
 * row is there.
 */
#include "postgres.h"

#include "base/errctx.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/column.h"
#include "load/condition.h"
#include "load/diff.h"
#include "load/emulate.h"
#include "load/index.h"
#include "load/map.h"
#include "load/target.h"
#include "utils/guc.h"

/* how often a unique violation of somebody else's making is met again */
#define MAX_REDO 5

typedef struct WriteCall
{
	DqTask *task;
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
 * wins_name: how the diff says that a row wins; no column is called so.
 */
static const char *
wins_name(const DqTask *task)
{
	return dq_sqltext_ident(dq_map_free_name(task, "wins"));
}

/*
 * append_half: rows of the batch that are new or differ, of those with or
 * without a NULL in the key. "half" is a condition on excluded or NULL.
 */
static void
append_half(StringInfo sql, const DqTask *task, const char *half,
			bool match_nulls)
{
	char *changed = dq_diff_changed(task, "excluded", "target");
	char *wins = dq_diff_wins(task, "excluded", "target");

	appendStringInfo(sql, "SELECT %s",
					 dq_column_list(task->columns, "excluded."));
	if (wins != NULL)
		appendStringInfo(sql, ", target.ctid IS NULL OR %s AS %s", wins,
						 wins_name(task));
	appendStringInfo(sql, " FROM %s LEFT JOIN %s%s AS target ON %s",
					 dq_batch_rows(task, DQ_BATCH_LIVE, "excluded"),
					 dq_diff_only(task), dq_target_name(task->target),
					 dq_key_same(task->key, "target", "excluded",
								 match_nulls));
	appendStringInfo(sql, " WHERE (target.ctid IS NULL%s%s)%s%s",
					 changed != NULL ? " OR " : "",
					 changed != NULL ? changed : "",
					 half != NULL ? " AND " : "", half != NULL ? half : "");
}

/*
 * append_diff: rows of the batch that are new or differ. Where NULL equals
 * NULL, rows with a NULL in the key are joined apart: the join condition for
 * them can be neither hashed nor looked up.
 */
static void
append_diff(StringInfo sql, const DqTask *task)
{
	char *is_null;

	if (!task->null_keys)
	{
		append_half(sql, task, NULL, false);
		return;
	}
	is_null = dq_key_any_null(task->key, "excluded");
	append_half(sql, task, psprintf("NOT %s", is_null), false);
	appendStringInfoString(sql, " UNION ALL ");
	append_half(sql, task, is_null, true);
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
 * upsert_statement: the whole statement; returns differing, lost, inserted and
 * updated.
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
	bool may_lose = dq_diff_wins(task, "excluded", "target") != NULL;
	const char *wins = wins_name(task);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "WITH diff AS MATERIALIZED (");
	append_diff(&sql, task);
	/* sorted, so that two writers lock rows in one order */
	appendStringInfo(&sql, "), written AS (INSERT INTO %s AS target (%s)"
						   " SELECT %s FROM diff AS d%s%s ORDER BY %s",
					 dq_target_name(task->target),
					 dq_column_list(task->columns, ""),
					 dq_column_list(task->columns, "d."),
					 may_lose ? " WHERE d." : "", may_lose ? wins : "",
					 dq_key_values(task->key, "d"));
	append_conflict(&sql, task, has_xmax ? NULL : mark);
	appendStringInfo(&sql, " RETURNING %s AS fresh)",
					 has_xmax ? is_unlocked : is_unmarked);
	appendStringInfo(&sql,
					 " SELECT (SELECT pg_catalog.count(*) FROM diff) AS differing,"
					 " (SELECT pg_catalog.count(*) FROM diff AS d WHERE %s%s) AS lost,"
					 " pg_catalog.count(*) FILTER (WHERE w.fresh) AS inserted,"
					 " pg_catalog.count(*) FILTER (WHERE NOT w.fresh) AS updated"
					 " FROM written AS w",
					 may_lose ? "NOT d." : "false", may_lose ? wins : "");
	return sql.data;
}

/*
 * count_diff: rows of the batch that are new or differ now, and would win.
 */
static int64
count_diff(const DqTask *task)
{
	bool may_lose = dq_diff_wins(task, "excluded", "target") != NULL;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.count(*) AS n FROM (");
	append_diff(&sql, task);
	appendStringInfo(&sql, ") AS d%s%s", may_lose ? " WHERE d." : "",
					 may_lose ? wins_name(task) : "");
	return dq_rows_int8(dq_spi_query(DQ_USER, sql.data, NULL), 0, "n");
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
 * write_through_index: the statement, once. "arg" is a WriteCall.
 */
static void
write_through_index(void *arg)
{
	WriteCall *call = (WriteCall *) arg;
	DqTask *task = call->task;
	DqLoadCounts *counts = &call->counts;
	DqRows *rows;
	int64 unwritten;

	forget_mark();
	rows = dq_spi_query(DQ_USER, upsert_statement(task), NULL);
	counts->inserted = dq_rows_int8(rows, 0, "inserted");
	counts->updated = dq_rows_int8(rows, 0, "updated");
	counts->rejected = dq_rows_int8(rows, 0, "lost");
	unwritten = dq_rows_int8(rows, 0, "differing") - counts->rejected -
				counts->inserted - counts->updated;
	if (unwritten > 0)
		counts->suppressed = Min(unwritten, count_diff(task));
}

/*
 * write_with_redo: the statement, again after a unique violation on the key.
 */
static void
write_with_redo(WriteCall *call)
{
	int redo;

	for (redo = 0; redo < MAX_REDO; redo++)
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
 * dq_diff_write: see diff.h.
 */
void
dq_diff_write(DqTask *task, DqLoadCounts *counts)
{
	WriteCall call = {task, {0}};

	if (task->key->arbiter == NULL)
		dq_emulate_write(task, &call.counts);
	else if (task->key->twins != NIL)
		write_with_redo(&call);
	else
		write_through_index(&call);
	counts->inserted += call.counts.inserted;
	counts->updated += call.counts.updated;
	counts->suppressed += call.counts.suppressed;
	counts->rejected += call.counts.rejected;
}
