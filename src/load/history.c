/*
 * history.c
 *	  The versions of keys in a target, brought in line with a batch.
 *
 * A batch says what holds for a key at certain points ("events"), a version
 * says it for an interval. So the versions that are there are read as events
 * again: one where each begins, and one that says "gone" where one ends and
 * none begins. Those of the batch are put among them in the order of time; at
 * the same point the batch takes the place of what was there. Neighbours that
 * say the same become one version, which lasts until the next. Whatever the
 * order in which batches arrive, the outcome follows from the events that the
 * stored versions still tell of.
 *
 * Stored versions that are neighbours and differ in nothing that this load
 * compares ("apart") differ in what it knows nothing of, as columns that the
 * batch lacks; they stay apart.
 *
 * Only keys are looked at of which some row of the batch does not find what it
 * says already ("affected"). All of it is one statement, in the stages
 *
 *	 affected  keys with news, by one join of batch and target
 *	 old	   versions of these keys
 *	 event	   those of old and of the batch, numbered by key and time
 *	 placed	   without events in whose place one of the batch comes
 *	 run	   numbered by stretches that say the same
 *	 version   one row for each stretch: the youngest row of it, its begin,
 *			   and "was": the begin of the stored version that it goes on with
 *	 work	   with its end, and what is to be written: 1 insert, 2 update,
 *			   3 update that ends an open version, 0 nothing
 *
 * and then DELETE, UPDATE and INSERT, each of which waits for the one before,
 * so that no unique index is in the way for a moment. Who else writes the
 * target is held up meanwhile (scd.c). Everything is qualified, as in diff.c.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "base/dq_etl.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/history.h"
#include "load/map.h"
#include "load/target.h"
#include "utils/lsyscache.h"
#include "utils/guc.h"
#include "utils/typcache.h"

/*
 * own: a name of ours as SQL, that no column of the target has.
 */
static const char *
own(const DqHistory *h, const char *name)
{
	return dq_sqltext_ident(dq_map_free_name(h->task, name));
}

/*
 * from_of, to_of: SQL: the begin and the end of a row.
 */
static char *
from_of(const DqHistory *h, const char *alias)
{
	return psprintf("%s.%s", alias,
					dq_sqltext_ident(h->task->options->valid_from));
}

static char *
to_of(const DqHistory *h, const char *alias)
{
	return psprintf("%s.%s", alias,
					dq_sqltext_ident(h->task->options->valid_to));
}

/*
 * compare: SQL: two points in time, by an operator of their order.
 */
static char *
compare(const DqHistory *h, const char *left, StrategyNumber strategy,
		const char *right)
{
	TypeCacheEntry *entry = lookup_type_cache(h->type,
											  TYPECACHE_BTREE_OPFAMILY);
	Oid operator= get_opfamily_member(entry->btree_opf, entry->btree_opintype,
									  entry->btree_opintype, strategy);
	DqKeyColumn *start = (DqKeyColumn *) linitial(h->start->columns);
	const char *type = dq_sqltext_type(h->type, -1);

	if (start->type == h->type)
		return psprintf("%s %s %s", left, dq_sqltext_operator(operator),
						right);
	return psprintf("(%s)::%s %s (%s)::%s", left, type,
					dq_sqltext_operator(operator), right, type);
}

/*
 * is_open: SQL: is this end none? never NULL.
 */
static char *
is_open(const DqHistory *h, const char *end)
{
	if (dq_options_is(h->task->options->open_end, "null"))
		return psprintf("%s IS NULL", end);
	return psprintf("COALESCE(%s, true)",
					compare(h, end, BTEqualStrategyNumber,
							psprintf("'infinity'::%s",
									 dq_sqltext_type(h->type, -1))));
}

/*
 * contains: SQL: is a version valid at a point?
 */
static char *
contains(const DqHistory *h, const char *alias, const char *point)
{
	char *end = to_of(h, alias);

	return psprintf("%s AND (%s OR %s)",
					compare(h, from_of(h, alias), BTLessEqualStrategyNumber,
							point),
					is_open(h, end),
					compare(h, point, BTLessStrategyNumber, end));
}

/*
 * is_start: is this the column that says since when a version is valid?
 */
static bool
is_start(const DqHistory *h, const DqColumn *column)
{
	return strcmp(column->name, h->task->options->valid_from) == 0;
}

/*
 * is_mark: is this the column that marks keys that are gone?
 */
static bool
is_mark(const DqHistory *h, const DqColumn *column)
{
	return dq_options_is(h->task->options->delete_mark, column->name);
}

/*
 * is_sequence: is this the column of the sequence?
 */
static bool
is_sequence(const DqHistory *h, const DqColumn *column)
{
	List *names = h->task->options->sequence_by;

	return names != NIL &&
		   strcmp((char *) linitial(names), column->name) == 0;
}

/*
 * is_tracked: does a difference in the column begin a version?
 */
static bool
is_tracked(const DqHistory *h, const DqColumn *column)
{
	ListCell *lc;

	if (is_mark(h, column))
		return true;
	if (h->task->options->track == NIL)
		return h->is_tracked_all || !is_sequence(h, column);
	foreach(lc, h->task->options->track)
	{
		if (strcmp((char *) lfirst(lc), column->name) == 0)
			return true;
	}
	return false;
}

/*
 * changed: SQL: do two rows differ in columns that are tracked, or in the
 * others that are compared? The sequence alone is no difference, or each row
 * would be one.
 */
static char *
changed(const DqHistory *h, const char *left, const char *right, bool tracked)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, h->task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (!column->is_compared || is_tracked(h, column) != tracked ||
			(!tracked && is_sequence(h, column)))
			continue;
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? " OR " : "(",
						 dq_column_changed(column, left, right));
	}
	if (buf.len == 0)
		return pstrdup("false");
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * sequence_after: SQL: is the row "left" younger than "right", as far as the
 * target keeps the sequence? never NULL.
 */
static char *
sequence_after(const DqHistory *h, const char *left, const char *right)
{
	const DqTask *task = h->task;

	if (!task->sequence_in_target)
		return pstrdup("false");
	return psprintf("COALESCE(%s, false)",
					dq_column_after(task->sequence, left, right));
}

/*
 * same_key: SQL: are two rows versions of one key? "left" may be the target.
 */
static char *
same_key(const DqHistory *h, const char *left, const char *right)
{
	return dq_key_same(h->entity, left, right, h->task->null_keys);
}

/*
 * same_start: SQL: do two rows begin at one point?
 */
static char *
same_start(const DqHistory *h, const char *left, const char *right)
{
	return compare(h, from_of(h, left), BTEqualStrategyNumber,
				   from_of(h, right));
}

/*
 * differs: SQL: do two neighbours of one key say different things?
 */
static char *
differs(const DqHistory *h, const char *left, const char *right)
{
	const char *gone = own(h, "gone");

	return psprintf("CASE WHEN %s.%s OR %s.%s THEN NOT (%s.%s AND %s.%s)"
					" ELSE %s END",
					left, gone, right, gone, left, gone, right, gone,
					changed(h, left, right, true));
}

/*
 * deletes: SQL: does a row of the batch say that its key is gone?
 */
static char *
deletes(const DqHistory *h, const char *alias)
{
	if (h->task->delete_output == NULL)
		return pstrdup("false");
	return psprintf("%s.%s", alias, dq_sqltext_ident(h->task->delete_output));
}

/*
 * append_columns: "a.x AS x, ..." with another begin when that is given; with
 * "marked", the mark says that the key is gone.
 */
static void
append_columns(StringInfo sql, const DqHistory *h, const char *alias,
			   const char *start, bool marked)
{
	const char *separator = "";
	ListCell *lc;

	foreach(lc, h->task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		const char *name = dq_sqltext_ident(column->name);

		appendStringInfoString(sql, separator);
		separator = ", ";
		if (start != NULL && is_start(h, column))
			appendStringInfo(sql, "%s AS %s", start, name);
		else if (marked && is_mark(h, column))
			appendStringInfo(sql, "(true)::%s AS %s",
							 dq_sqltext_type(column->type, column->typmod),
							 name);
		else
			appendStringInfo(sql, "%s.%s AS %s", alias, name, name);
	}
}

/*
 * window_end: SQL: the point at which keys that are missing are gone.
 */
static char *
window_end(const DqHistory *h)
{
	DqKeyColumn *start = (DqKeyColumn *) linitial(h->start->columns);

	return psprintf("(%s)::%s",
					dq_batch_bound(h->task, h->task->run->window_end),
					dq_sqltext_type(start->type, -1));
}

/*
 * present: SQL: is a version one of those that a complete batch would name?
 */
static char *
present(const DqHistory *h, const char *alias)
{
	const char *mark = h->task->options->delete_mark;
	char *valid = contains(h, alias, window_end(h));

	if (mark == NULL)
		return valid;
	return psprintf("%s AND NOT COALESCE(%s.%s::pg_catalog.bool, false)",
					valid, alias, dq_sqltext_ident(mark));
}

/*
 * missing: SQL: has the batch no row of the key of a version?
 */
static char *
missing(const DqHistory *h, const char *alias)
{
	return psprintf("NOT EXISTS (SELECT 1 FROM %s WHERE %s)",
					dq_batch_rows(h->task, DQ_BATCH_ALL, "excluded"),
					same_key(h, alias, "excluded"));
}

/*
 * target_rows: SQL of a FROM item: the target.
 */
static char *
target_rows(const DqHistory *h)
{
	return psprintf("%s%s AS target", dq_diff_only(h->task),
					dq_target_name(h->task->target));
}

/*
 * key_columns: "a.k, a.l"
 */
static char *
key_columns(const DqHistory *h, const char *alias)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, dq_key_names(h->entity))
		appendStringInfo(&buf, "%s%s.%s", buf.len > 0 ? ", " : "", alias,
						 dq_sqltext_ident((char *) lfirst(lc)));
	return buf.data;
}

/*
 * append_affected: the keys with news, and how many rows of the batch bring
 * them.
 */
static void
append_affected(StringInfo sql, const DqHistory *h)
{
	const char *missed = own(h, "missed");

	appendStringInfo(sql,
					 "WITH affected AS MATERIALIZED (SELECT %s, false AS %s"
					 " FROM %s LEFT JOIN %s ON %s AND %s"
					 " WHERE CASE WHEN %s THEN target.%s IS NOT NULL"
					 " ELSE target.%s IS NULL OR %s OR (NOT %s AND %s) END",
					 key_columns(h, "excluded"), missed,
					 dq_batch_rows(h->task, DQ_BATCH_ALL, "excluded"),
					 target_rows(h), same_key(h, "target", "excluded"),
					 contains(h, "target", from_of(h, "excluded")),
					 deletes(h, "excluded"),
					 dq_sqltext_ident(h->task->options->valid_from),
					 dq_sqltext_ident(h->task->options->valid_from),
					 changed(h, "excluded", "target", true),
					 sequence_after(h, "target", "excluded"),
					 changed(h, "excluded", "target", false));
	if (h->closes_missing)
		appendStringInfo(sql, " UNION ALL SELECT %s, true FROM %s"
							  " WHERE %s AND %s",
						 key_columns(h, "target"), target_rows(h),
						 present(h, "target"), missing(h, "target"));
	appendStringInfoString(sql, ")");
}

/*
 * append_old: the versions of these keys.
 */
static void
append_old(StringInfo sql, const DqHistory *h)
{
	appendStringInfoString(sql, ", old AS MATERIALIZED (SELECT ");
	append_columns(sql, h, "target", NULL, false);
	appendStringInfo(sql,
					 ", %s, pg_catalog.row_number() OVER (ORDER BY %s, %s) AS %s"
					 " FROM %s WHERE EXISTS"
					 " (SELECT 1 FROM affected AS a WHERE %s))",
					 to_of(h, "target"), dq_key_values(h->entity, "target"),
					 from_of(h, "target"), own(h, "m"), target_rows(h),
					 same_key(h, "target", "a"));
}

/*
 * append_events: what old and batch say, numbered (n) by key (k) and time.
 */
static void
append_events(StringInfo sql, const DqHistory *h)
{
	char *keys = dq_key_values(h->entity, "e");
	char *end = to_of(h, "o");
	const char *was = own(h, "was");
	const char *gone = own(h, "gone");
	const char *fresh = own(h, "fresh");
	const char *next = own(h, "next");
	const char *m = own(h, "m");
	char *following = psprintf("o.%s", next);

	appendStringInfo(sql, ", event AS MATERIALIZED (SELECT e.*,"
						  " pg_catalog.row_number() OVER (ORDER BY %s, %s, e.%s) AS %s,"
						  " pg_catalog.dense_rank() OVER (ORDER BY %s) AS %s"
						  " FROM (SELECT ",
					 keys, from_of(h, "e"), fresh, own(h, "n"), keys,
					 own(h, "k"));
	append_columns(sql, h, "o", NULL, false);
	appendStringInfo(sql,
					 ", %s AS %s, false AS %s, false AS %s,"
					 " p.%s IS NOT NULL AND NOT %s AS %s FROM old AS o"
					 " LEFT JOIN old AS p ON p.%s OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.=) o.%s"
					 " AND %s AND %s UNION ALL SELECT ",
					 from_of(h, "o"), was, gone, fresh, m,
					 changed(h, "p", "o", true), own(h, "apart"), m, m,
					 same_key(h, "p", "o"),
					 compare(h, to_of(h, "p"), BTEqualStrategyNumber,
							 from_of(h, "o")));
	append_columns(sql, h, "o", end, false);
	appendStringInfo(sql, ", NULL, true, false, false FROM (SELECT o.*,"
						  " pg_catalog.lead(%s) OVER (PARTITION BY %s ORDER BY %s) AS %s"
						  " FROM old AS o) AS o WHERE NOT %s AND (%s IS NULL OR %s)"
						  " UNION ALL SELECT ",
					 from_of(h, "o"), dq_key_values(h->entity, "o"),
					 from_of(h, "o"), next, is_open(h, end), following,
					 compare(h, following, BTGreaterStrategyNumber, end));
	append_columns(sql, h, "b", NULL, false);
	appendStringInfo(sql, ", NULL, %s, true, false FROM %s WHERE EXISTS"
						  " (SELECT 1 FROM affected AS a WHERE %s)",
					 deletes(h, "b"),
					 dq_batch_rows(h->task, DQ_BATCH_ALL, "b"),
					 same_key(h, "b", "a"));
	if (h->closes_missing)
	{
		appendStringInfoString(sql, " UNION ALL SELECT ");
		append_columns(sql, h, "o", window_end(h), true);
		appendStringInfo(sql, ", NULL, %s, true, false FROM old AS o WHERE %s AND %s",
						 h->task->options->delete_mark ? "false" : "true",
						 present(h, "o"), missing(h, "o"));
	}
	appendStringInfoString(sql, ") AS e)");
}

/*
 * append_placed: without the events in whose place another comes, which then
 * knows the version ("was") that it replaces; numbered anew.
 */
static void
append_placed(StringInfo sql, const DqHistory *h)
{
	const char *was = own(h, "was");
	const char *n = own(h, "n");
	const char *k = own(h, "k");

	appendStringInfoString(sql, ", placed AS MATERIALIZED (SELECT ");
	append_columns(sql, h, "e", NULL, false);
	appendStringInfo(sql,
					 ", e.%s, e.%s, e.%s, e.%s, COALESCE(e.%s, p.%s) AS %s,"
					 " pg_catalog.row_number() OVER (ORDER BY e.%s) AS %s"
					 " FROM event AS e"
					 " LEFT JOIN event AS p ON p.%s OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.=) e.%s"
					 " AND p.%s OPERATOR(pg_catalog.=) e.%s AND %s"
					 " LEFT JOIN event AS x ON x.%s OPERATOR(pg_catalog.=) (e.%s OPERATOR(pg_catalog.+) 1)"
					 " AND x.%s OPERATOR(pg_catalog.=) e.%s AND %s"
					 " WHERE x.%s IS NULL OR NOT %s)",
					 own(h, "gone"), own(h, "fresh"), own(h, "apart"), k, was,
					 was, was, n, n, n, n, k, k, same_start(h, "p", "e"), n, n,
					 k, k, same_start(h, "x", "e"), n, differs(h, "e", "x"));
}

/*
 * append_versions: stretches of neighbours that say the same, and one version
 * of each. It looks like the youngest row of the stretch: by the sequence
 * where the target keeps it, else as they came.
 */
static void
append_versions(StringInfo sql, const DqHistory *h)
{
	const char *was = own(h, "was");
	const char *n = own(h, "n");
	const char *k = own(h, "k");
	const char *r = own(h, "r");
	char *start;
	ListCell *lc;

	appendStringInfo(sql,
					 ", run AS (SELECT e.*, pg_catalog.count(*) FILTER (WHERE p.%s IS NULL OR e.%s OR %s)"
					 " OVER (ORDER BY e.%s) AS %s FROM placed AS e"
					 " LEFT JOIN placed AS p ON p.%s OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.=) e.%s"
					 " AND p.%s OPERATOR(pg_catalog.=) e.%s)",
					 n, own(h, "apart"), differs(h, "p", "e"), n, r, n, n, k,
					 k);
	start = psprintf("pg_catalog.first_value(%s) OVER"
					 " (PARTITION BY e.%s ORDER BY e.%s)",
					 from_of(h, "e"), r, n);
	appendStringInfo(sql, ", version AS (SELECT DISTINCT ON (e.%s) ", r);
	append_columns(sql, h, "e", start, false);
	appendStringInfo(sql,
					 ", e.%s, e.%s, e.%s, pg_catalog.first_value(e.%s) OVER"
					 " (PARTITION BY e.%s ORDER BY e.%s IS NULL, e.%s) AS %s"
					 " FROM run AS e ORDER BY e.%s",
					 own(h, "gone"), k, r, was, r, was, n, was, r);
	if (h->task->sequence_in_target)
	{
		foreach(lc, h->task->sequence)
		{
			DqColumn *column = (DqColumn *) lfirst(lc);

			appendStringInfo(sql, ", e.%s DESC NULLS LAST",
							 dq_sqltext_ident(column->name));
		}
		appendStringInfo(sql, ", e.%s DESC", own(h, "fresh"));
	}
	appendStringInfo(sql, ", e.%s DESC)", n);
}

/*
 * append_work: versions with their ends, and what is to be written of them.
 */
static void
append_work(StringInfo sql, const DqHistory *h)
{
	const char *to = dq_sqltext_ident(h->task->options->valid_to);
	const char *was = own(h, "was");
	const char *k = own(h, "k");
	const char *r = own(h, "r");
	char *end = to_of(h, "f");
	char *old_end = to_of(h, "o");
	DqKeyColumn *start = (DqKeyColumn *) linitial(h->start->columns);
	bool null_end = dq_options_is(h->task->options->open_end, "null");

	appendStringInfo(sql,
					 ", ended AS (SELECT v.*, CASE WHEN"
					 " pg_catalog.lead(v.%s) OVER w OPERATOR(pg_catalog.=) v.%s"
					 " THEN pg_catalog.lead(%s) OVER w ELSE %s::%s END AS %s"
					 " FROM version AS v WINDOW w AS (ORDER BY v.%s))",
					 k, k, from_of(h, "v"), null_end ? "NULL" : "'infinity'",
					 dq_sqltext_type(start->type, -1), to, r);
	appendStringInfo(sql,
					 ", work AS MATERIALIZED (SELECT f.*, CASE"
					 " WHEN f.%s THEN 0 WHEN f.%s IS NULL THEN 1"
					 " WHEN %s IS NULL THEN 1"
					 " WHEN %s AND NOT %s THEN 3"
					 " WHEN NOT %s OR NOT COALESCE(%s, %s IS NULL AND %s IS NULL)"
					 " OR %s OR %s THEN 2 ELSE 0 END AS %s"
					 " FROM ended AS f LEFT JOIN old AS o ON %s AND %s)",
					 own(h, "gone"), was, from_of(h, "o"),
					 is_open(h, old_end), is_open(h, end),
					 same_start(h, "f", "o"),
					 compare(h, end, BTEqualStrategyNumber, old_end), end,
					 old_end, changed(h, "f", "o", true),
					 changed(h, "f", "o", false), own(h, "kind"),
					 same_key(h, "o", "f"),
					 compare(h, from_of(h, "o"), BTEqualStrategyNumber,
							 psprintf("f.%s", was)));
}

/*
 * append_delete: versions that no stretch goes on with.
 */
static void
append_delete(StringInfo sql, const DqHistory *h)
{
	appendStringInfo(sql,
					 ", doomed AS MATERIALIZED (SELECT o.* FROM old AS o"
					 " WHERE NOT EXISTS (SELECT 1 FROM work AS f"
					 " WHERE NOT f.%s AND %s AND %s))"
					 ", removed AS (DELETE FROM %s USING doomed AS o"
					 " WHERE %s AND %s RETURNING 1)",
					 own(h, "gone"), same_key(h, "o", "f"),
					 compare(h, from_of(h, "o"), BTEqualStrategyNumber,
							 psprintf("f.%s", own(h, "was"))),
					 target_rows(h), same_key(h, "target", "o"),
					 same_start(h, "target", "o"));
}

/*
 * written_value: SQL: what is written into a column.
 */
static char *
written_value(const DqHistory *h, const DqColumn *column)
{
	if (column->expression != NULL && !is_start(h, column) &&
		!is_mark(h, column))
		return column->expression;
	return psprintf("f.%s", dq_sqltext_ident(column->name));
}

/*
 * append_update: versions that begin, end or look otherwise.
 */
static void
append_update(StringInfo sql, const DqHistory *h)
{
	const DqLoadOptions *options = h->task->options;
	const char *kind = own(h, "kind");
	ListCell *lc;

	appendStringInfo(sql, ", changed AS (UPDATE %s SET %s = %s",
					 target_rows(h), dq_sqltext_ident(options->valid_to),
					 to_of(h, "f"));
	if (options->is_current != NULL)
		appendStringInfo(sql, ", %s = %s",
						 dq_sqltext_ident(options->is_current),
						 is_open(h, to_of(h, "f")));
	foreach(lc, h->task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (column->is_updated || is_start(h, column))
			appendStringInfo(sql, ", %s = %s",
							 dq_sqltext_ident(column->name),
							 written_value(h, column));
	}
	appendStringInfo(sql,
					 " FROM work AS f WHERE %s AND %s"
					 " AND f.%s OPERATOR(pg_catalog.>) 1"
					 " AND (SELECT pg_catalog.count(*) FROM removed)"
					 " OPERATOR(pg_catalog.>=) 0 RETURNING f.%s AS kind)",
					 same_key(h, "target", "f"),
					 compare(h, from_of(h, "target"), BTEqualStrategyNumber,
							 psprintf("f.%s", own(h, "was"))),
					 kind, kind);
}

/*
 * append_insert: versions that are new.
 */
static void
append_insert(StringInfo sql, const DqHistory *h)
{
	const DqLoadOptions *options = h->task->options;
	ListCell *lc;

	appendStringInfo(sql, ", added AS (INSERT INTO %s (%s, %s%s%s) SELECT ",
					 dq_target_name(h->task->target),
					 dq_column_list(h->task->columns, ""),
					 dq_sqltext_ident(options->valid_to),
					 options->is_current ? ", " : "",
					 options->is_current ?
						 dq_sqltext_ident(options->is_current) :
						 "");
	foreach(lc, h->task->columns)
		appendStringInfo(sql, "%s, ",
						 written_value(h, (DqColumn *) lfirst(lc)));
	appendStringInfoString(sql, to_of(h, "f"));
	if (options->is_current != NULL)
		appendStringInfo(sql, ", %s", is_open(h, to_of(h, "f")));
	appendStringInfo(sql,
					 " FROM work AS f WHERE f.%s OPERATOR(pg_catalog.=) 1"
					 " AND (SELECT pg_catalog.count(*) FROM changed)"
					 " OPERATOR(pg_catalog.>=) 0 ORDER BY %s, %s RETURNING 1)",
					 own(h, "kind"), dq_key_values(h->entity, "f"),
					 from_of(h, "f"));
}

/*
 * statement: all of it, and what was done.
 */
static char *
statement(const DqHistory *h)
{
	const char *kind = own(h, "kind");
	StringInfoData sql;

	initStringInfo(&sql);
	append_affected(&sql, h);
	append_old(&sql, h);
	append_events(&sql, h);
	append_placed(&sql, h);
	append_versions(&sql, h);
	append_work(&sql, h);
	append_delete(&sql, h);
	append_update(&sql, h);
	append_insert(&sql, h);
	appendStringInfo(&sql,
					 " SELECT (SELECT pg_catalog.count(*) FROM affected AS a"
					 " WHERE NOT a.%s) AS news,"
					 " (SELECT pg_catalog.count(*) FROM doomed)"
					 " OPERATOR(pg_catalog.+) (SELECT pg_catalog.count(*) FROM work AS f"
					 " WHERE f.%s OPERATOR(pg_catalog.>) 0) AS planned,"
					 " (SELECT pg_catalog.count(*) FROM added) AS inserted,"
					 " (SELECT pg_catalog.count(*) FROM changed AS c"
					 " WHERE c.kind OPERATOR(pg_catalog.=) 2) AS updated,"
					 " (SELECT pg_catalog.count(*) FROM changed AS c"
					 " WHERE c.kind OPERATOR(pg_catalog.=) 3) AS closed,"
					 " (SELECT pg_catalog.count(*) FROM removed) AS deleted",
					 own(h, "missed"), kind);
	return sql.data;
}

/*
 * check_fraction: QE004 when more keys are missing than may go.
 */
static void
check_fraction(const DqHistory *h)
{
	const DqTask *task = h->task;
	double limit = task->options->max_delete_fraction;
	int64 total;
	int64 lacking;
	DqRows *rows;
	char *sql;

	if (!h->closes_missing || limit >= 1)
		return;
	sql = psprintf("SELECT pg_catalog.count(*) AS total,"
				   " pg_catalog.count(*) FILTER (WHERE %s) AS lacking"
				   " FROM %s WHERE %s",
				   missing(h, "target"), target_rows(h),
				   present(h, "target"));
	rows = dq_spi_query(DQ_USER, sql, NULL);
	total = dq_rows_int8(rows, 0, "total");
	lacking = dq_rows_int8(rows, 0, "lacking");
	if (lacking == 0 || lacking <= limit * total)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DQ_DELETE_LIMIT),
			 errmsg("%s would end " INT64_FORMAT " of " INT64_FORMAT " keys of %s",
					task->what, lacking, total, dq_target_name(task->target)),
			 errdetail("They are missing in \"%s\"; max_delete_fraction is %g. Nothing was loaded.",
					   task->options->source, limit),
			 errhint("If they shall go, pass a higher max_delete_fraction.")));
}

/*
 * dq_history_write: see history.h.
 */
void
dq_history_write(const DqHistory *h, DqLoadCounts *counts)
{
	int level = NewGUCNestLevel();
	int64 written;
	DqRows *rows;

	/* one statement of many expressions: compiling them takes longer */
	dq_session_set("jit", "off", true);
	check_fraction(h);
	rows = dq_spi_query(DQ_USER, statement(h), NULL);
	dq_session_leave(level);
	counts->inserted = dq_rows_int8(rows, 0, "inserted");
	counts->updated = dq_rows_int8(rows, 0, "updated");
	counts->closed = dq_rows_int8(rows, 0, "closed");
	counts->deleted = dq_rows_int8(rows, 0, "deleted");
	written = counts->inserted + counts->updated + counts->closed +
			  counts->deleted;
	counts->suppressed = dq_rows_int8(rows, 0, "planned") - written;
	counts->unchanged = counts->rows_read - counts->rejected;
	if (written + counts->suppressed > 0)
		counts->unchanged -= dq_rows_int8(rows, 0, "news");
}
