/*
 * check.c
 *	  What is wrong with a batch, before anything of it is written.
 *
 * One query looks at the whole batch; only what it finds wrong is looked at
 * again, for examples.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "catalog/window.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/check.h"
#include "load/column.h"
#include "load/target.h"

#define MAX_EXAMPLES 5
#define MAX_EXAMPLE_BYTES 100

/*
 * is_midnight: does the local day of the pipeline begin then? The ends of
 * time count.
 */
static bool
is_midnight(const DqTask *task, TimestampTz t)
{
	char *local = psprintf("pg_catalog.timezone(%s, %s::pg_catalog.timestamptz)",
						   dq_sqltext_literal(task->run->timezone),
						   dq_sqltext_literal(dq_window_literal(t, "UTC")));
	char *sql = psprintf("SELECT %s OPERATOR(pg_catalog.=)"
						 " (%s)::pg_catalog.date::pg_catalog.timestamp AS midnight",
						 local, local);

	return dq_rows_bool(dq_spi_query(DQ_GENERATED, sql, NULL), 0, "midnight");
}

/*
 * dq_check_window: see check.h.
 */
void
dq_check_window(const DqTask *task)
{
	const DqLoadRun *run = task->run;
	const char *column = task->options->window_column;

	if (run == NULL || dq_batch_window_type(task) != DATEOID ||
		(is_midnight(task, run->data_start) &&
		 is_midnight(task, run->window_end)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("window of %s is not made of whole days, which its column \"%s\" of type date needs",
					task->what, column),
			 errdetail("The window is [%s, %s).",
					   dq_window_literal(run->data_start, run->timezone),
					   dq_window_literal(run->window_end, run->timezone)),
			 errhint("ALTER TABLE %s ALTER COLUMN %s TYPE timestamptz;",
					 dq_target_name(task->target),
					 dq_sqltext_ident(column))));
}

/*
 * describe_duplicates: "Key (a, b)=(1, x) occurs 2 times." for some of them.
 */
static char *
describe_duplicates(const DqTask *task, int64 duplicated)
{
	DqKey *key = task->key;
	char *values = dq_key_values(key, "s");
	StringInfoData sql;
	StringInfoData text;
	DqRows *rows;
	ListCell *lc;
	uint64 i;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.concat_ws(', '");
	foreach(lc, key->columns)
		appendStringInfo(&sql, ", COALESCE((%s)::pg_catalog.text, 'null')",
						 dq_key_value(key, (DqKeyColumn *) lfirst(lc), "s"));
	appendStringInfo(&sql, ") AS k, pg_catalog.count(*) AS n FROM %s"
						   " GROUP BY %s HAVING pg_catalog.count(*)"
						   " OPERATOR(pg_catalog.>) 1"
						   " ORDER BY %s LIMIT %d",
					 dq_batch_rows(task, DQ_BATCH_ALL, "s"), values, values,
					 MAX_EXAMPLES);
	rows = dq_spi_query(DQ_USER, sql.data, NULL);

	initStringInfo(&text);
	for (i = 0; i < rows->count; i++)
	{
		char *value = dq_rows_text(rows, i, "k");

		appendStringInfo(&text,
						 "%sKey (%s)=(%s) occurs " INT64_FORMAT " times.",
						 i > 0 ? " " : "", dq_key_text(key),
						 dq_sqltext_clip(value, MAX_EXAMPLE_BYTES),
						 dq_rows_int8(rows, i, "n"));
	}
	if (duplicated > (int64) rows->count)
		appendStringInfo(&text, " " INT64_FORMAT " keys in all.", duplicated);
	return text.data;
}

/*
 * report_duplicates: 21000 naming keys.
 */
static void
report_duplicates(const DqTask *task, int64 duplicated)
{
	const char *source = task->options->source;
	char *keys = dq_key_text(task->key);

	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("\"%s\" has duplicate keys for %s (%s)", source,
					dq_target_name(task->target), keys),
			 errdetail("%s", describe_duplicates(task, duplicated)),
			 errhint("Choose one row per key, by dedupe => 'latest' and sequence_by, or in a transform: SELECT DISTINCT ON (%s) * FROM %s ORDER BY %s;",
					 keys, dq_sqltext_ident(source), keys),
			 errtable(task->target)));
}

/*
 * report_null_keys: 23502 with the number of rows.
 */
static void
report_null_keys(const DqTask *task, const DqBatchFacts *facts)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("\"%s\" has nulls in the key for %s (%s)",
					task->options->source, dq_target_name(task->target),
					dq_key_text(task->key)),
			 errdetail(INT64_FORMAT " of " INT64_FORMAT " rows: a null equals no key that is there, so each run would insert them again.",
					   facts->null_keys, facts->rows),
			 errhint("See the rows: SELECT * FROM %s WHERE %s;",
					 dq_sqltext_ident(task->options->source),
					 dq_key_any_null(task->key, dq_sqltext_ident(
													task->options->source))),
			 errtable(task->target)));
}

/*
 * report_outside_index: 23514 for rows that a partial index knows nothing of.
 */
static void
report_outside_index(const DqTask *task, const DqBatchFacts *facts)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("\"%s\" has rows outside the partial unique index on %s (%s)",
					task->options->source, dq_target_name(task->target),
					dq_key_text(task->key)),
			 errdetail(INT64_FORMAT " of " INT64_FORMAT " rows are not %s: they have no key, so each run would insert them again.",
					   facts->outside_index, facts->rows,
					   dq_key_inside(task->key, dq_sqltext_ident(
													task->options->source))),
			 errtable(task->target)));
}

/*
 * report_null_sequences: 23502 with the number of rows.
 */
static void
report_null_sequences(const DqTask *task, const DqBatchFacts *facts)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("\"%s\" has nulls in its sequence for %s (%s)",
					task->options->source, dq_target_name(task->target),
					dq_options_enumerate(task->options->sequence_by)),
			 errdetail(INT64_FORMAT " of " INT64_FORMAT " rows cannot be ordered.",
					   facts->null_sequences, facts->rows),
			 errtable(task->target)));
}

/*
 * report_leaked: 23514 for rows outside the window.
 */
static void
report_leaked(const DqTask *task, const DqBatchFacts *facts)
{
	const DqLoadRun *run = task->run;

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("\"%s\" has rows outside the window for %s (%s)",
					task->options->source, dq_target_name(task->target),
					dq_sqltext_ident(task->options->window_column)),
			 errdetail(INT64_FORMAT " of " INT64_FORMAT " rows do not lie in [%s, %s).",
					   facts->leaked, facts->rows,
					   dq_window_literal(run->data_start, run->timezone),
					   dq_window_literal(run->window_end, run->timezone)),
			 errhint("Filter the query of \"%s\", or pass outside_window => 'drop' to leave them out.",
					 task->options->source),
			 errtable(task->target)));
}

/*
 * dq_check_null_sequence: see check.h.
 */
char *
dq_check_null_sequence(const DqTask *task, const char *alias)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, task->sequence)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s.%s IS NULL",
						 buf.len > 0 ? " OR " : "", alias,
						 dq_sqltext_ident(column->output));
	}
	return buf.len > 0 ? buf.data : NULL;
}

/*
 * outside_window: SQL: does a row lie outside the window? NULL: that is not
 * asked.
 */
static char *
outside_window(const DqTask *task, const char *alias)
{
	if (!dq_batch_has_window(task))
		return NULL;
	return psprintf("NOT %s", dq_batch_in_window(task, alias));
}

/*
 * dq_check_outside_index: see check.h.
 */
char *
dq_check_outside_index(const DqTask *task, const char *alias)
{
	char *inside = task->key ? dq_key_inside(task->key, alias) : NULL;

	return inside ? psprintf("COALESCE(NOT %s, true)", inside) : NULL;
}

/*
 * append_look: the query that gathers the facts; what is not asked costs
 * nothing. Keys are compared as the index would, after assignment; rows that
 * are left out as outside the window have no say in duplicates.
 */
static void
append_look(StringInfo sql, const DqTask *task, const char *keys)
{
	char *leaked = outside_window(task, "s");
	const struct
	{
		const char *name;
		char *condition;
	} asked[] = {
		{"null_keys", task->key ? dq_key_any_null(task->key, "s") : NULL},
		{"null_sequences", dq_check_null_sequence(task, "s")},
		{"outside_index", dq_check_outside_index(task, "s")},
		{"leaked", leaked}};
	StringInfoData inner;
	int i;

	initStringInfo(&inner);
	appendStringInfoString(sql, "SELECT COALESCE(pg_catalog.sum(g.n), 0)"
								"::pg_catalog.int8 AS rows");
	for (i = 0; i < lengthof(asked); i++)
	{
		if (asked[i].condition == NULL)
		{
			appendStringInfo(sql, ", 0::pg_catalog.int8 AS %s",
							 asked[i].name);
			continue;
		}
		appendStringInfo(sql, ", COALESCE(pg_catalog.sum(g.%s), 0)"
							  "::pg_catalog.int8 AS %s",
						 asked[i].name, asked[i].name);
		appendStringInfo(&inner, ", pg_catalog.count(*) FILTER (WHERE %s)"
								 " AS %s",
						 asked[i].condition, asked[i].name);
	}
	appendStringInfo(sql,
					 ", pg_catalog.count(*) FILTER (WHERE g.inside OPERATOR(pg_catalog.>) 1) AS duplicated,"
					 " COALESCE(pg_catalog.sum(g.inside OPERATOR(pg_catalog.-) 1)"
					 " FILTER (WHERE g.inside OPERATOR(pg_catalog.>) 1), 0)::pg_catalog.int8 AS excess"
					 " FROM (SELECT pg_catalog.count(*) AS n%s, pg_catalog.count(*)",
					 inner.data);
	if (leaked != NULL)
		appendStringInfo(sql, " FILTER (WHERE NOT (%s))", leaked);
	appendStringInfoString(sql, " AS inside FROM ");
	dq_batch_append_stage(sql, task, "s");
	if (keys != NULL)
		appendStringInfo(sql, " GROUP BY %s", keys);
	appendStringInfoString(sql, ") AS g");
}

/*
 * look: gather the facts.
 */
static void
look(const DqTask *task, DqBatchFacts *facts)
{
	const char *keys = NULL;
	StringInfoData sql;
	DqRows *rows;

	if (task->key != NULL && task->mode->key != DQ_KEY_COLUMNS)
		keys = dq_key_values(task->key, "s");
	initStringInfo(&sql);
	append_look(&sql, task, keys);
	rows = dq_spi_query(DQ_USER, sql.data, NULL);

	facts->rows = dq_rows_int8(rows, 0, "rows");
	facts->null_keys = dq_rows_int8(rows, 0, "null_keys");
	facts->null_sequences = dq_rows_int8(rows, 0, "null_sequences");
	facts->outside_index = dq_rows_int8(rows, 0, "outside_index");
	facts->leaked = dq_rows_int8(rows, 0, "leaked");
	/* without a key, all rows are one group */
	if (keys != NULL)
	{
		facts->duplicated = dq_rows_int8(rows, 0, "duplicated");
		facts->excess = dq_rows_int8(rows, 0, "excess");
	}
}

/*
 * dq_check_facts: see check.h.
 */
void
dq_check_facts(DqTask *task, const DqBatchFacts *facts, DqLoadCounts *counts)
{
	counts->rows_read = facts->rows;
	if (facts->leaked > 0 && !dq_batch_drops_outside(task))
		report_leaked(task, facts);
	if (facts->null_keys > 0 && !task->key->nulls_equal)
		report_null_keys(task, facts);
	if (facts->outside_index > 0)
		report_outside_index(task, facts);
	if (facts->null_sequences > 0)
		report_null_sequences(task, facts);
	if (facts->duplicated > 0 &&
		dq_options_is(task->options->dedupe, "error"))
		report_duplicates(task, facts->duplicated);
	task->null_keys = facts->null_keys > 0;
	task->dedupes = facts->duplicated > 0;
	counts->rejected = facts->excess + facts->leaked;
}

/*
 * dq_check_batch: see check.h.
 */
void
dq_check_batch(DqTask *task, DqLoadCounts *counts)
{
	DqBatchFacts facts = {0};

	look(task, &facts);
	dq_check_facts(task, &facts, counts);
}
