/*
 * timeline.c
 *	  What the versions of keys become when a batch is put among them, as SQL.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "load/batch.h"
#include "load/timeline.h"
#include "load/version.h"

/*
 * differs: SQL: do two neighbours of one key say different things?
 */
static char *
differs(const DqHistory *h, const char *left, const char *right)
{
	const char *gone = dq_version_own(h, "gone");

	return psprintf("CASE WHEN %s.%s OR %s.%s THEN NOT (%s.%s AND %s.%s)"
					" ELSE %s END",
					left, gone, right, gone, left, gone, right, gone,
					dq_version_changed(h, left, right, true));
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
		if (start != NULL && dq_version_is_start(h, column))
			appendStringInfo(sql, "%s AS %s", start, name);
		else if (marked && dq_version_is_mark(h, column))
			appendStringInfo(sql, "(true)::%s AS %s",
							 dq_sqltext_type(column->type, column->typmod),
							 name);
		else
			appendStringInfo(sql, "%s.%s AS %s", alias, name, name);
	}
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
	const char *missed = dq_version_own(h, "missed");

	appendStringInfo(sql,
					 "WITH affected AS MATERIALIZED (SELECT %s, false AS %s"
					 " FROM %s LEFT JOIN %s ON %s AND %s"
					 " WHERE CASE WHEN %s THEN target.%s IS NOT NULL"
					 " ELSE target.%s IS NULL OR %s OR (NOT %s AND %s) END",
					 key_columns(h, "excluded"), missed,
					 dq_batch_rows(h->task, DQ_BATCH_ALL, "excluded"),
					 dq_version_target(h, "target"), dq_version_same_key(h, "target", "excluded"),
					 dq_version_contains(h, "target", dq_version_from(h, "excluded")),
					 dq_version_deletes(h, "excluded"),
					 dq_sqltext_ident(h->task->options->valid_from),
					 dq_sqltext_ident(h->task->options->valid_from),
					 dq_version_changed(h, "excluded", "target", true),
					 dq_version_after(h, "target", "excluded"),
					 dq_version_changed(h, "excluded", "target", false));
	if (h->closes_missing)
		appendStringInfo(sql, " UNION ALL SELECT %s, true FROM %s"
							  " WHERE %s AND %s",
						 key_columns(h, "target"), dq_version_target(h, "target"),
						 dq_version_present(h, "target"), dq_version_missing(h, "target"));
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
					 dq_version_to(h, "target"), dq_key_values(h->entity, "target"),
					 dq_version_from(h, "target"), dq_version_own(h, "m"), dq_version_target(h, "target"),
					 dq_version_same_key(h, "target", "a"));
}

/*
 * append_events: what old and batch say, numbered (n) by key (k) and time.
 */
static void
append_events(StringInfo sql, const DqHistory *h)
{
	char *keys = dq_key_values(h->entity, "e");
	char *end = dq_version_to(h, "o");
	const char *was = dq_version_own(h, "was");
	const char *gone = dq_version_own(h, "gone");
	const char *fresh = dq_version_own(h, "fresh");
	const char *next = dq_version_own(h, "next");
	const char *m = dq_version_own(h, "m");
	char *following = psprintf("o.%s", next);

	appendStringInfo(sql, ", event AS MATERIALIZED (SELECT e.*,"
						  " pg_catalog.row_number() OVER (ORDER BY %s, %s, e.%s) AS %s,"
						  " pg_catalog.dense_rank() OVER (ORDER BY %s) AS %s"
						  " FROM (SELECT ",
					 keys, dq_version_from(h, "e"), fresh,
					 dq_version_own(h, "n"), keys,
					 dq_version_own(h, "k"));
	append_columns(sql, h, "o", NULL, false);
	appendStringInfo(sql,
					 ", %s AS %s, false AS %s, false AS %s,"
					 " p.%s IS NOT NULL AND NOT %s AS %s FROM old AS o"
					 " LEFT JOIN old AS p ON p.%s OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.=) o.%s"
					 " AND %s AND %s UNION ALL SELECT ",
					 dq_version_from(h, "o"), was, gone, fresh, m,
					 dq_version_changed(h, "p", "o", true),
					 dq_version_own(h, "apart"), m, m,
					 dq_version_same_key(h, "p", "o"),
					 dq_version_compare(h, dq_version_to(h, "p"),
										BTEqualStrategyNumber,
										dq_version_from(h, "o")));
	append_columns(sql, h, "o", end, false);
	appendStringInfo(sql, ", NULL, true, false, false FROM (SELECT o.*,"
						  " pg_catalog.lead(%s) OVER (PARTITION BY %s ORDER BY %s) AS %s"
						  " FROM old AS o) AS o WHERE NOT %s AND (%s IS NULL OR %s)"
						  " UNION ALL SELECT ",
					 dq_version_from(h, "o"), dq_key_values(h->entity, "o"),
					 dq_version_from(h, "o"), next, dq_version_is_open(h, end),
					 following,
					 dq_version_compare(h, following, BTGreaterStrategyNumber,
										end));
	append_columns(sql, h, "b", NULL, false);
	appendStringInfo(sql, ", NULL, %s, true, false FROM %s WHERE EXISTS"
						  " (SELECT 1 FROM affected AS a WHERE %s)",
					 dq_version_deletes(h, "b"),
					 dq_batch_rows(h->task, DQ_BATCH_ALL, "b"),
					 dq_version_same_key(h, "b", "a"));
	if (h->closes_missing)
	{
		appendStringInfoString(sql, " UNION ALL SELECT ");
		append_columns(sql, h, "o", dq_version_window_end(h), true);
		appendStringInfo(sql, ", NULL, %s, true, false FROM old AS o WHERE %s AND %s",
						 h->task->options->delete_mark ? "false" : "true",
						 dq_version_present(h, "o"), dq_version_missing(h, "o"));
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
	const char *was = dq_version_own(h, "was");
	const char *n = dq_version_own(h, "n");
	const char *k = dq_version_own(h, "k");

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
					 dq_version_own(h, "gone"), dq_version_own(h, "fresh"),
					 dq_version_own(h, "apart"), k, was,
					 was, was, n, n, n, n, k, k,
					 dq_version_same_start(h, "p", "e"), n, n,
					 k, k, dq_version_same_start(h, "x", "e"), n, differs(h, "e", "x"));
}

/*
 * append_versions: stretches of neighbours that say the same, and one version
 * of each. It looks like the youngest row of the stretch: by the sequence
 * where the target keeps it, else as they came.
 */
static void
append_versions(StringInfo sql, const DqHistory *h)
{
	const char *was = dq_version_own(h, "was");
	const char *n = dq_version_own(h, "n");
	const char *k = dq_version_own(h, "k");
	const char *r = dq_version_own(h, "r");
	char *start;
	ListCell *lc;

	appendStringInfo(sql,
					 ", run AS (SELECT e.*, pg_catalog.count(*) FILTER (WHERE p.%s IS NULL OR e.%s OR %s)"
					 " OVER (ORDER BY e.%s) AS %s FROM placed AS e"
					 " LEFT JOIN placed AS p ON p.%s OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.=) e.%s"
					 " AND p.%s OPERATOR(pg_catalog.=) e.%s)",
					 n, dq_version_own(h, "apart"), differs(h, "p", "e"), n, r,
					 n, n, k,
					 k);
	start = psprintf("pg_catalog.first_value(%s) OVER"
					 " (PARTITION BY e.%s ORDER BY e.%s)",
					 dq_version_from(h, "e"), r, n);
	appendStringInfo(sql, ", version AS (SELECT DISTINCT ON (e.%s) ", r);
	append_columns(sql, h, "e", start, false);
	appendStringInfo(sql,
					 ", e.%s, e.%s, e.%s, pg_catalog.first_value(e.%s) OVER"
					 " (PARTITION BY e.%s ORDER BY e.%s IS NULL, e.%s) AS %s"
					 " FROM run AS e ORDER BY e.%s",
					 dq_version_own(h, "gone"), k, r, was, r, was, n, was, r);
	if (h->task->sequence_in_target)
	{
		foreach(lc, h->task->sequence)
		{
			DqColumn *column = (DqColumn *) lfirst(lc);

			appendStringInfo(sql, ", e.%s DESC NULLS LAST",
							 dq_sqltext_ident(column->name));
		}
		appendStringInfo(sql, ", e.%s DESC", dq_version_own(h, "fresh"));
	}
	appendStringInfo(sql, ", e.%s DESC)", n);
}

/*
 * append_source: the versions, and of each the begin of the last stored one
 * before it with no gap between them, when something is carried on from there.
 */
static void
append_source(StringInfo sql, const DqHistory *h)
{
	const char *gone = dq_version_own(h, "gone");
	const char *life = dq_version_own(h, "life");
	const char *k = dq_version_own(h, "k");
	const char *r = dq_version_own(h, "r");

	if (h->carried == NIL)
	{
		appendStringInfoString(sql, " FROM version AS v");
		return;
	}
	appendStringInfo(sql,
					 ", pg_catalog.max(CASE WHEN NOT v.%s THEN v.%s END) OVER"
					 " (PARTITION BY v.%s ORDER BY v.%s) AS %s"
					 " FROM (SELECT v.*, ROW(v.%s, pg_catalog.count(*)"
					 " FILTER (WHERE v.%s) OVER (ORDER BY v.%s)) AS %s"
					 " FROM version AS v) AS v",
					 gone, dq_version_own(h, "was"), life, r,
					 dq_version_own(h, "source"), k, gone, r, life);
}

/*
 * append_work: versions with their ends, and what is to be written of them.
 */
static void
append_work(StringInfo sql, const DqHistory *h)
{
	const char *to = dq_sqltext_ident(h->task->options->valid_to);
	const char *was = dq_version_own(h, "was");
	const char *k = dq_version_own(h, "k");
	const char *r = dq_version_own(h, "r");
	char *end = dq_version_to(h, "f");
	char *old_end = dq_version_to(h, "o");
	DqKeyColumn *start = (DqKeyColumn *) linitial(h->start->columns);
	bool null_end = dq_options_is(h->task->options->open_end, "null");

	appendStringInfo(sql,
					 ", ended AS (SELECT v.*, CASE WHEN"
					 " pg_catalog.lead(v.%s) OVER w OPERATOR(pg_catalog.=) v.%s"
					 " THEN pg_catalog.lead(%s) OVER w ELSE %s::%s END AS %s",
					 k, k, dq_version_from(h, "v"),
					 null_end ? "NULL" : "'infinity'",
					 dq_sqltext_type(start->type, -1), to);
	append_source(sql, h);
	appendStringInfo(sql, " WINDOW w AS (ORDER BY v.%s))", r);
	appendStringInfo(sql,
					 ", work AS MATERIALIZED (SELECT f.*, CASE"
					 " WHEN f.%s THEN 0 WHEN f.%s IS NULL THEN 1"
					 " WHEN %s IS NULL THEN 1"
					 " WHEN %s AND NOT %s THEN 3"
					 " WHEN NOT %s OR NOT COALESCE(%s, %s IS NULL AND %s IS NULL)"
					 " OR %s OR %s THEN 2 ELSE 0 END AS %s"
					 " FROM ended AS f LEFT JOIN old AS o ON %s AND %s)",
					 dq_version_own(h, "gone"), was, dq_version_from(h, "o"),
					 dq_version_is_open(h, old_end),
					 dq_version_is_open(h, end),
					 dq_version_same_start(h, "f", "o"),
					 dq_version_compare(h, end, BTEqualStrategyNumber,
										old_end),
					 end,
					 old_end, dq_version_changed(h, "f", "o", true),
					 dq_version_changed(h, "f", "o", false), dq_version_own(h, "kind"),
					 dq_version_same_key(h, "o", "f"),
					 dq_version_compare(h, dq_version_from(h, "o"),
										BTEqualStrategyNumber,
										psprintf("f.%s", was)));
}


/*
 * dq_timeline_append: see timeline.h.
 */
void
dq_timeline_append(StringInfo sql, const DqHistory *h)
{
	append_affected(sql, h);
	append_old(sql, h);
	append_events(sql, h);
	append_placed(sql, h);
	append_versions(sql, h);
	append_work(sql, h);
}
