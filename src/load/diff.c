/*
 * diff.c
 *	  The SQL of an upsert, its checks before writing and its counts.
 *
 * Aliases in the SQL: s the stage's rows as an INSERT would convert them, t
 * the target, d rows that are new or differ, w what was written. All of it is
 * one statement, so that nothing of a batch passes through this process's
 * memory but counts; tuplestores spill to disk.
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
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/target.h"
#include "utils/guc.h"

#define MAX_EXAMPLES 5
#define MAX_EXAMPLE_BYTES 100

/*
 * columns_of: the columns with this place in the key; NULL: outside it.
 */
static List *
columns_of(const DqUpsert *upsert, const DqKeyColumn *key)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc, upsert->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (column->key == key)
			result = lappend(result, column);
	}
	return result;
}

/*
 * key_columns: the columns that make up the key, in the index's order.
 */
static List *
key_columns(const DqUpsert *upsert)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc, upsert->key->columns)
		result = list_concat(result,
							 columns_of(upsert, (DqKeyColumn *) lfirst(lc)));
	return result;
}

/*
 * value_columns: the columns that are not of the key.
 */
static List *
value_columns(const DqUpsert *upsert)
{
	return columns_of(upsert, NULL);
}

/*
 * append_stage: the columns of the stage as the target would store them.
 */
static void
append_stage(StringInfo sql, const DqUpsert *upsert, List *columns)
{
	const char *separator = "(SELECT ";
	ListCell *lc;

	foreach(lc, columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(sql, "%s%s AS %s", separator,
						 dq_column_assigned(column, "r"),
						 dq_sqltext_ident(column->name));
		separator = ", ";
	}
	appendStringInfo(sql, " FROM %s AS r) AS s",
					 dq_sqltext_relation(RelationGetRelid(upsert->stage)));
}

/*
 * any_null: does a column of the key hold NULL?
 */
static char *
any_null(List *keys, const char *prefix)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, keys)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s%s IS NULL", buf.len > 0 ? " OR " : "(",
						 prefix, dq_sqltext_ident(column->name));
	}
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * any_changed: do two rows differ in a column outside the key? NULL when
 * there is no such column.
 */
static char *
any_changed(List *values, const char *left, const char *right)
{
	StringInfoData buf;
	ListCell *lc;

	if (values == NIL)
		return NULL;
	initStringInfo(&buf);
	foreach(lc, values)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? " OR " : "",
						 dq_column_changed((DqColumn *) lfirst(lc),
										   left, right));
	return buf.data;
}

/*
 * append_half: rows of the stage that are new or differ, of those with or
 * without a NULL in the key. "half" is a condition on s or NULL.
 */
static void
append_half(StringInfo sql, const DqUpsert *upsert, List *keys,
			const char *half, bool match_nulls)
{
	char *changed = any_changed(value_columns(upsert), "s", "t");
	bool partitioned = upsert->target->rd_rel->relkind ==
					   RELKIND_PARTITIONED_TABLE;
	const char *separator = " ON ";
	ListCell *lc;

	appendStringInfo(sql, "SELECT %s FROM ",
					 dq_column_list(upsert->columns, "s."));
	append_stage(sql, upsert, upsert->columns);
	appendStringInfo(sql, " LEFT JOIN %s%s AS t", partitioned ? "" : "ONLY ",
					 dq_target_name(upsert->target));
	foreach(lc, keys)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		const char *name = dq_sqltext_ident(column->name);
		char *same = dq_column_same_key(column, "t", "s");

		if (match_nulls && column->key->nullable)
			appendStringInfo(sql, "%s(%s OR (t.%s IS NULL AND s.%s IS NULL))",
							 separator, same, name, name);
		else
			appendStringInfo(sql, "%s%s", separator, same);
		separator = " AND ";
	}
	appendStringInfo(sql, " WHERE (t.ctid IS NULL%s%s)%s%s",
					 changed != NULL ? " OR " : "",
					 changed != NULL ? changed : "",
					 half != NULL ? " AND " : "", half != NULL ? half : "");
}

/*
 * append_diff: rows of the stage that are new or differ. Where NULL equals
 * NULL, rows with a NULL in the key are joined apart: the join condition for
 * them can be neither hashed nor looked up.
 */
static void
append_diff(StringInfo sql, const DqUpsert *upsert, bool null_keys)
{
	List *keys = key_columns(upsert);
	char *is_null;

	if (!null_keys)
	{
		append_half(sql, upsert, keys, NULL, false);
		return;
	}
	is_null = any_null(keys, "s.");
	append_half(sql, upsert, keys, psprintf("NOT %s", is_null), false);
	appendStringInfoString(sql, " UNION ALL ");
	append_half(sql, upsert, keys, is_null, true);
}

/*
 * append_conflict: what to do with a row that is there. With "mark", the key
 * of a row that is about to be updated is noted.
 */
static void
append_conflict(StringInfo sql, const DqUpsert *upsert, const char *mark)
{
	List *values = value_columns(upsert);
	const char *separator = " DO UPDATE SET ";
	char *changed = any_changed(values, "excluded", "t");
	ListCell *lc;

	appendStringInfo(sql, " ON CONFLICT %s", upsert->key->arbiter);
	if (changed == NULL)
	{
		appendStringInfoString(sql, " DO NOTHING");
		return;
	}
	foreach(lc, values)
	{
		const char *name = dq_sqltext_ident(((DqColumn *) lfirst(lc))->name);

		appendStringInfo(sql, "%s%s = excluded.%s", separator, name, name);
		separator = ", ";
	}
	if (mark == NULL)
		appendStringInfo(sql, " WHERE %s", changed);
	else
		appendStringInfo(sql, " WHERE CASE WHEN %s THEN pg_catalog.set_config("
							  "'dq_etl.load_mark', %s, true) IS NOT NULL"
							  " ELSE false END",
						 changed, mark);
}

/*
 * upsert_statement: the whole statement; returns differing, inserted and
 * updated.
 */
static char *
upsert_statement(const DqUpsert *upsert, bool null_keys)
{
	List *keys = key_columns(upsert);
	Form_pg_class form = upsert->target->rd_rel;
	bool has_xmax = form->relkind == RELKIND_RELATION &&
					form->relam == HEAP_TABLE_AM_OID;
	char *mark = psprintf("(ROW(%s))::pg_catalog.text",
						  dq_column_list(keys, "t."));
	const char *is_unlocked = "t.xmax OPERATOR(pg_catalog.=)"
							  " '0'::pg_catalog.xid";
	char *is_unmarked = psprintf("pg_catalog.current_setting("
								 "'dq_etl.load_mark')"
								 " OPERATOR(pg_catalog.<>) %s",
								 mark);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "WITH diff AS MATERIALIZED (");
	append_diff(&sql, upsert, null_keys);
	/* sorted, so that two writers lock rows in one order */
	appendStringInfo(&sql, "), written AS (INSERT INTO %s AS t (%s)"
						   " SELECT %s FROM diff AS d ORDER BY %s",
					 dq_target_name(upsert->target),
					 dq_column_list(upsert->columns, ""),
					 dq_column_list(upsert->columns, "d."),
					 dq_column_list(keys, "d."));
	append_conflict(&sql, upsert, has_xmax ? NULL : mark);
	appendStringInfo(&sql, " RETURNING %s AS fresh)",
					 has_xmax ? is_unlocked : is_unmarked);
	appendStringInfoString(&sql,
						   " SELECT (SELECT pg_catalog.count(*) FROM diff) AS differing,"
						   " pg_catalog.count(*) FILTER (WHERE w.fresh) AS inserted,"
						   " pg_catalog.count(*) FILTER (WHERE NOT w.fresh) AS updated"
						   " FROM written AS w");
	return sql.data;
}

/*
 * count_diff: rows of the stage that are new or differ now.
 */
static int64
count_diff(const DqUpsert *upsert, bool null_keys)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.count(*) AS n FROM (");
	append_diff(&sql, upsert, null_keys);
	appendStringInfoString(&sql, ") AS d");
	return dq_rows_int8(dq_spi_query(DQ_USER, sql.data, NULL), 0, "n");
}

/*
 * key_text: "dwh.t (a, b)", for messages.
 */
static char *
key_text(const DqUpsert *upsert)
{
	return psprintf("%s (%s)", dq_target_name(upsert->target),
					dq_column_list(key_columns(upsert), ""));
}

/*
 * describe_duplicates: "Key (a, b)=(1, x) occurs 2 times." for some of them.
 */
static char *
describe_duplicates(const DqUpsert *upsert, int64 duplicated)
{
	List *keys = key_columns(upsert);
	char *names = dq_column_list(keys, "s.");
	const char *separator = "pg_catalog.concat_ws(', '";
	StringInfoData sql;
	StringInfoData text;
	DqRows *rows;
	ListCell *lc;
	uint64 i;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	foreach(lc, keys)
	{
		appendStringInfo(&sql, "%s, COALESCE((s.%s)::pg_catalog.text, 'null')",
						 separator,
						 dq_sqltext_ident(((DqColumn *) lfirst(lc))->name));
		separator = "";
	}
	appendStringInfoString(&sql, ") AS k, pg_catalog.count(*) AS n FROM ");
	append_stage(&sql, upsert, keys);
	appendStringInfo(&sql, " GROUP BY %s HAVING pg_catalog.count(*)"
						   " OPERATOR(pg_catalog.>) 1"
						   " ORDER BY %s LIMIT %d",
					 names, names, MAX_EXAMPLES);
	rows = dq_spi_query(DQ_USER, sql.data, NULL);

	initStringInfo(&text);
	for (i = 0; i < rows->count; i++)
	{
		char *value = dq_rows_text(rows, i, "k");

		appendStringInfo(&text,
						 "%sKey (%s)=(%s) occurs " INT64_FORMAT " times.",
						 i > 0 ? " " : "", dq_column_list(keys, ""),
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
report_duplicates(const DqUpsert *upsert, int64 duplicated)
{
	char *keys = dq_column_list(key_columns(upsert), "");
	const char *source = dq_sqltext_ident(upsert->step);

	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("\"%s\" has duplicate keys for %s",
					upsert->step, key_text(upsert)),
			 errdetail("%s", describe_duplicates(upsert, duplicated)),
			 errhint("Choose one row per key in a transform: SELECT DISTINCT ON (%s) * FROM %s ORDER BY %s;",
					 keys, source, keys),
			 errtable(upsert->target)));
}

/*
 * report_null_keys: 23502 with the number of rows.
 */
static void
report_null_keys(const DqUpsert *upsert, int64 null_rows, int64 rows_read)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("\"%s\" has nulls in the key for %s",
					upsert->step, key_text(upsert)),
			 errdetail(INT64_FORMAT " of " INT64_FORMAT " rows: a null equals no key that is there, so each run would insert them again.",
					   null_rows, rows_read),
			 errhint("See the rows: SELECT * FROM %s WHERE %s;",
					 dq_sqltext_ident(upsert->step),
					 any_null(key_columns(upsert), "")),
			 errtable(upsert->target)));
}

/*
 * check_batch: count the rows of the stage, and those with a NULL in the key;
 * throw when the batch cannot be an upsert. Keys are compared as the index
 * would, after assignment.
 */
static void
check_batch(const DqUpsert *upsert, int64 *rows_read, int64 *null_rows)
{
	List *keys = key_columns(upsert);
	StringInfoData sql;
	DqRows *rows;
	int64 duplicated;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "SELECT COALESCE(pg_catalog.sum(g.n), 0)::pg_catalog.int8 AS rows_read,"
					 " COALESCE(pg_catalog.sum(g.nulls), 0)::pg_catalog.int8 AS null_rows,"
					 " pg_catalog.count(*) FILTER (WHERE g.n OPERATOR(pg_catalog.>) 1) AS duplicated"
					 " FROM (SELECT pg_catalog.count(*) AS n,"
					 " pg_catalog.count(*) FILTER (WHERE %s) AS nulls FROM ",
					 any_null(keys, "s."));
	append_stage(&sql, upsert, keys);
	appendStringInfo(&sql, " GROUP BY %s) AS g", dq_column_list(keys, "s."));
	rows = dq_spi_query(DQ_USER, sql.data, NULL);

	*rows_read = dq_rows_int8(rows, 0, "rows_read");
	*null_rows = dq_rows_int8(rows, 0, "null_rows");
	duplicated = dq_rows_int8(rows, 0, "duplicated");
	if (*null_rows > 0 && !upsert->key->nulls_equal)
		report_null_keys(upsert, *null_rows, *rows_read);
	if (duplicated > 0)
		report_duplicates(upsert, duplicated);
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
 * dq_diff_upsert: check the batch, write what is new or differs, count.
 */
DqLoadCounts
dq_diff_upsert(const DqUpsert *upsert)
{
	DqLoadCounts counts = {0};
	DqRows *rows;
	int64 null_rows;
	int64 unwritten;

	check_batch(upsert, &counts.rows_read, &null_rows);
	if (counts.rows_read == 0)
		return counts;

	forget_mark();
	rows = dq_spi_query(DQ_USER,
						upsert_statement(upsert, null_rows > 0), NULL);
	counts.inserted = dq_rows_int8(rows, 0, "inserted");
	counts.updated = dq_rows_int8(rows, 0, "updated");
	unwritten = dq_rows_int8(rows, 0, "differing") -
				counts.inserted - counts.updated;
	if (unwritten > 0)
		counts.suppressed = Min(unwritten,
								count_diff(upsert, null_rows > 0));
	counts.unchanged = counts.rows_read - counts.inserted - counts.updated -
					   counts.suppressed;
	return counts;
}
