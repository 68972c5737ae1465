/*
 * merge.c
 *	  Upsert, and upsert with deletes.
 *
 * Deletes go first, so that what they free can be used again. A row of the
 * target goes because a row of the batch with its key says so (delete_when),
 * or because the batch has no row with its key (delete_missing). With
 * delete_mark a row stays and is marked; the same rows count as deleted. Rows
 * that empty the target (truncate_when) go before all others.
 *
 * Before missing rows are deleted they are counted: an extract that came back
 * empty must not empty the target (max_delete_fraction).
 */
#include "postgres.h"

#include "base/dq_etl.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/check.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/map.h"
#include "load/merge.h"
#include "load/target.h"
#include "load/truncation.h"
#include "utils/lsyscache.h"

/*
 * dq_merge_upsert: new keys inserted, changed rows updated, the rest left.
 */
void
dq_merge_upsert(DqTask *task, DqLoadCounts *counts)
{
	dq_diff_load(task, counts);
	counts->unchanged = counts->rows_read - counts->inserted -
						counts->updated - counts->suppressed -
						counts->rejected;
}

/*
 * dq_merge_validate: what agrees with what. 22023.
 */
void
dq_merge_validate(DqTask *task)
{
	DqLoadOptions *options = task->options;
	bool missing = !dq_options_is(options->delete_missing, "none");
	const char *lacking = NULL;

	if (options->delete_when == NULL && options->truncate_when == NULL &&
		!missing)
		lacking = "delete_when, truncate_when or delete_missing";
	else if (dq_options_is(options->delete_missing, "window") &&
			 options->window_column == NULL)
		lacking = "window_column";
	else if (!missing && options->delete_scope != NIL)
		lacking = "delete_missing";
	if (lacking == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s in mode \"merge\" needs the option %s", task->what,
					lacking),
			 strncmp(lacking, "delete_when", 11) == 0 ?
				 errhint("Without deletes, pass mode => 'upsert'.") :
				 0));
}

/*
 * is_marked: SQL: is a row of the target marked as deleted already? NULL
 * without delete_mark.
 */
static char *
is_marked(const DqTask *task)
{
	const char *name = task->options->delete_mark;
	Form_pg_attribute att;

	if (name == NULL)
		return NULL;
	att = dq_map_attribute(task->target, name);
	if (getBaseType(att->atttypid) == BOOLOID)
		return psprintf("COALESCE(target.%s::pg_catalog.bool, false)",
						dq_sqltext_ident(name));
	return psprintf("(target.%s IS NOT NULL)", dq_sqltext_ident(name));
}

/*
 * marking: SQL: what is written into a row that is marked; of the sequence
 * too when "from" is a row of the batch.
 */
static char *
marking(const DqTask *task, const char *from)
{
	const DqLoadOptions *options = task->options;
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		const char *value = column->expression;

		if (value == NULL || column->is_hash)
			continue;
		if (options->delete_mark != NULL &&
			strcmp(column->name, options->delete_mark) == 0)
			value = psprintf("(%s)::%s", dq_map_mark_value(task, true),
							 dq_sqltext_type(column->type, column->typmod));
		appendStringInfo(&buf, "%s%s = %s", buf.len > 0 ? ", " : "",
						 dq_sqltext_ident(column->name), value);
	}
	if (from == NULL || !task->sequence_in_target)
		return buf.data;
	foreach(lc, task->sequence)
	{
		const char *name =
			dq_sqltext_ident(((DqColumn *) lfirst(lc))->name);

		appendStringInfo(&buf, ", %s = %s.%s", name, from, name);
	}
	return buf.data;
}

/*
 * delete_named: rows of the target that rows of the batch delete. A row of
 * the batch that finds none, or a marked one, is as it should be.
 */
static void
delete_named(const DqTask *task, DqLoadCounts *counts)
{
	char *rows = dq_batch_rows(task, DQ_BATCH_DELETES, "excluded");
	char *same = dq_key_same(task->key, "target", "excluded",
							 task->null_keys);
	char *wins = dq_diff_wins(task, "excluded", "target");
	char *marked = is_marked(task);
	const char *name = dq_target_name(task->target);
	const char *only = dq_diff_only(task);
	char *where = psprintf("%s%s%s", same, marked ? " AND NOT " : "",
						   marked ? marked : "");
	int64 found;
	int64 losing;
	char *sql;
	DqRows *result;

	sql = psprintf("SELECT pg_catalog.count(*) AS found,"
				   " pg_catalog.count(*) FILTER (WHERE NOT %s) AS losing"
				   " FROM %s JOIN %s%s AS target ON %s",
				   wins ? wins : "true", rows, only, name, where);
	result = dq_spi_query(DQ_USER, sql, NULL);
	found = dq_rows_int8(result, 0, "found");
	losing = dq_rows_int8(result, 0, "losing");
	counts->rejected += losing;
	if (found == losing)
		return;
	if (wins != NULL)
		where = psprintf("%s AND %s", where, wins);
	if (marked != NULL)
		sql = psprintf("UPDATE %s%s AS target SET %s FROM %s WHERE %s",
					   only, name, marking(task, "excluded"), rows, where);
	else
		sql = psprintf("DELETE FROM %s%s AS target"
					   " WHERE EXISTS (SELECT 1 FROM %s WHERE %s)",
					   only, name, rows, where);
	counts->deleted = dq_spi_execute(DQ_USER, sql, NULL);
	counts->suppressed += Max(found - losing - counts->deleted, 0);
}

/*
 * candidates: SQL: may a row of the target be deleted because it is missing?
 */
static char *
candidates(const DqTask *task)
{
	const DqLoadOptions *options = task->options;
	StringInfoData buf;
	DqKey *scope;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "true");
	if (dq_options_is(options->delete_missing, "window"))
		appendStringInfo(&buf, " AND %s", dq_batch_in_window(task, "target"));
	if (options->delete_mark != NULL)
		appendStringInfo(&buf, " AND NOT %s", is_marked(task));
	if (options->delete_scope != NIL)
	{
		scope = dq_key_loose(task->target, options->delete_scope);
		appendStringInfo(&buf,
						 " AND EXISTS (SELECT 1 FROM %s WHERE %s)",
						 dq_batch_rows(task, DQ_BATCH_ALL, "scope"),
						 dq_key_same(scope, "target", "scope", true));
	}
	if (task->key->predicate != NULL)
		appendStringInfo(&buf, " AND %s",
						 dq_key_inside(task->key, "target"));
	return buf.data;
}

/*
 * count_target: rows of the target that fulfil a condition.
 */
static int64
count_target(const DqTask *task, const char *where)
{
	char *sql = psprintf("SELECT pg_catalog.count(*) AS n"
						 " FROM %s%s AS target WHERE %s",
						 dq_diff_only(task), dq_target_name(task->target),
						 where);

	return dq_rows_int8(dq_spi_query(DQ_USER, sql, NULL), 0, "n");
}

/*
 * check_fraction: QE004 when more is missing than may go.
 */
static void
check_fraction(const DqTask *task, const char *candidate, int64 missing)
{
	double limit = task->options->max_delete_fraction;
	int64 total;

	if (missing == 0 || limit >= 1)
		return;
	total = count_target(task, candidate);
	if (missing <= limit * total)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DQ_DELETE_LIMIT),
			 errmsg("%s would delete " INT64_FORMAT " of " INT64_FORMAT " rows of %s",
					task->what, missing, total,
					dq_target_name(task->target)),
			 errdetail("They are missing in \"%s\"; max_delete_fraction is %g. Nothing was loaded.",
					   task->options->source, limit),
			 errhint("If they shall go, pass a higher max_delete_fraction.")));
}

/*
 * delete_missing: rows of the target that the batch does not have.
 */
static void
delete_missing(const DqTask *task, DqLoadCounts *counts)
{
	const char *name = dq_target_name(task->target);
	const char *only = dq_diff_only(task);
	char *candidate = candidates(task);
	char *where = psprintf("%s AND NOT EXISTS (SELECT 1 FROM %s WHERE %s)",
						   candidate,
						   dq_batch_rows(task, DQ_BATCH_ALL, "excluded"),
						   dq_key_same(task->key, "target", "excluded",
									   task->null_keys));
	int64 missing = count_target(task, where);
	char *sql;

	check_fraction(task, candidate, missing);
	if (missing == 0)
		return;
	if (task->options->delete_mark != NULL)
		sql = psprintf("UPDATE %s%s AS target SET %s WHERE %s", only, name,
					   marking(task, NULL), where);
	else
		sql = psprintf("DELETE FROM %s%s AS target WHERE %s", only, name,
					   where);
	counts->deleted += dq_spi_execute(DQ_USER, sql, NULL);
}

/*
 * delete_truncated: rows of the target that are older than a row of the batch
 * that empties it.
 */
static void
delete_truncated(const DqTask *task, DqLoadCounts *counts)
{
	const char *name = dq_target_name(task->target);
	const char *only = dq_diff_only(task);
	char *where = dq_truncation_overrides(task, "target");
	char *inside = dq_key_inside(task->key, "target");
	char *sql;

	if (inside != NULL)
		where = psprintf("%s AND %s", where, inside);
	if (task->options->delete_mark != NULL)
		sql = psprintf("UPDATE %s%s AS target SET %s WHERE %s AND NOT %s",
					   only, name, marking(task, NULL), where,
					   is_marked(task));
	else
		sql = psprintf("DELETE FROM %s%s AS target WHERE %s", only, name,
					   where);
	counts->deleted += dq_spi_execute(DQ_USER, sql, NULL);
}

/*
 * count_deletes: rows of the batch that only delete.
 */
static int64
count_deletes(const DqTask *task)
{
	char *sql = psprintf("SELECT pg_catalog.count(*) AS n FROM %s",
						 dq_batch_rows(task, DQ_BATCH_DELETES, "s"));

	return dq_rows_int8(dq_spi_query(DQ_USER, sql, NULL), 0, "n");
}

/*
 * dq_merge_run: see the head of the file.
 */
void
dq_merge_run(DqTask *task, DqLoadCounts *counts)
{
	DqTruncation truncation;
	int64 live;
	int64 named = 0;

	dq_truncation_find(task, &truncation);
	dq_check_batch(task, counts);
	live = counts->rows_read;
	if (task->truncates)
	{
		/* those before a row that truncates, and these themselves */
		counts->rejected += truncation.others - live;
		counts->rows_read = truncation.others + truncation.truncating;
		delete_truncated(task, counts);
	}
	if (task->delete_output != NULL && live > 0)
	{
		int64 before = counts->deleted;

		if (count_deletes(task) > 0)
			delete_named(task, counts);
		named = counts->deleted - before;
	}
	if (!dq_options_is(task->options->delete_missing, "none"))
		delete_missing(task, counts);
	if (live > 0)
		dq_diff_write(task, counts);
	counts->unchanged = counts->rows_read - counts->inserted -
						counts->updated - counts->suppressed -
						counts->rejected - named - truncation.truncating;
}
