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
 * In a new version, columns that the batch lacks are carried on from the last
 * stored version before it (carry.c).
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

#include "base/dq_etl.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/carry.h"
#include "load/column.h"
#include "load/history.h"
#include "load/target.h"
#include "load/timeline.h"
#include "load/version.h"

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
					 dq_version_own(h, "gone"), dq_version_same_key(h, "o", "f"),
					 dq_version_compare(h, dq_version_from(h, "o"),
										BTEqualStrategyNumber,
										psprintf("f.%s", dq_version_own(h, "was"))),
					 dq_version_target(h, "target"), dq_version_same_key(h, "target", "o"),
					 dq_version_same_start(h, "target", "o"));
}

/*
 * written_value: SQL: what is written into a column.
 */
static char *
written_value(const DqHistory *h, const DqColumn *column)
{
	if (column->expression != NULL && !dq_version_is_start(h, column) &&
		!dq_version_is_mark(h, column))
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
	const char *kind = dq_version_own(h, "kind");
	ListCell *lc;

	appendStringInfo(sql, ", changed AS (UPDATE %s SET %s = %s",
					 dq_version_target(h, "target"),
					 dq_sqltext_ident(options->valid_to),
					 dq_version_to(h, "f"));
	if (options->is_current != NULL)
		appendStringInfo(sql, ", %s = %s",
						 dq_sqltext_ident(options->is_current),
						 dq_version_is_open(h, dq_version_to(h, "f")));
	foreach(lc, h->task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (column->is_updated || dq_version_is_start(h, column))
			appendStringInfo(sql, ", %s = %s",
							 dq_sqltext_ident(column->name),
							 written_value(h, column));
	}
	appendStringInfo(sql,
					 " FROM work AS f WHERE %s AND %s"
					 " AND f.%s OPERATOR(pg_catalog.>) 1"
					 " AND (SELECT pg_catalog.count(*) FROM removed)"
					 " OPERATOR(pg_catalog.>=) 0 RETURNING f.%s AS kind)",
					 dq_version_same_key(h, "target", "f"),
					 dq_version_compare(h, dq_version_from(h, "target"),
										BTEqualStrategyNumber,
										psprintf("f.%s", dq_version_own(h, "was"))),
					 kind, kind);
}

/*
 * append_carried: the columns that the batch lacks, each after a comma; their
 * names, or with "values" what a new version holds in them.
 */
static void
append_carried(StringInfo sql, const DqHistory *h, bool values)
{
	char *start = dq_version_from(h, "source");
	ListCell *lc;

	foreach(lc, h->carried)
	{
		DqCarried *column = (DqCarried *) lfirst(lc);
		const char *name = dq_sqltext_ident(column->name);

		if (values)
			appendStringInfo(sql, ", CASE WHEN %s IS NULL THEN %s"
								  " ELSE source.%s END",
							 start, column->fallback, name);
		else
			appendStringInfo(sql, ", %s", name);
	}
}

/*
 * append_insert: versions that are new.
 */
static void
append_insert(StringInfo sql, const DqHistory *h)
{
	const DqLoadOptions *options = h->task->options;
	ListCell *lc;

	appendStringInfo(sql, ", added AS (INSERT INTO %s (%s, %s%s%s",
					 dq_target_name(h->task->target),
					 dq_column_list(h->task->columns, ""),
					 dq_sqltext_ident(options->valid_to),
					 options->is_current ? ", " : "",
					 options->is_current ?
						 dq_sqltext_ident(options->is_current) :
						 "");
	append_carried(sql, h, false);
	appendStringInfoString(sql, ") SELECT ");
	foreach(lc, h->task->columns)
		appendStringInfo(sql, "%s, ",
						 written_value(h, (DqColumn *) lfirst(lc)));
	appendStringInfoString(sql, dq_version_to(h, "f"));
	if (options->is_current != NULL)
		appendStringInfo(sql, ", %s",
						 dq_version_is_open(h, dq_version_to(h, "f")));
	append_carried(sql, h, true);
	appendStringInfoString(sql, " FROM work AS f");
	if (h->carried != NIL)
		appendStringInfo(sql, " LEFT JOIN %s ON %s AND %s",
						 dq_version_target(h, "source"),
						 dq_version_same_key(h, "source", "f"),
						 dq_version_compare(
							 h, dq_version_from(h, "source"),
							 BTEqualStrategyNumber,
							 psprintf("f.%s", dq_version_own(h, "source"))));
	appendStringInfo(sql,
					 " WHERE f.%s OPERATOR(pg_catalog.=) 1"
					 " AND (SELECT pg_catalog.count(*) FROM changed)"
					 " OPERATOR(pg_catalog.>=) 0 ORDER BY %s, %s RETURNING 1)",
					 dq_version_own(h, "kind"), dq_key_values(h->entity, "f"),
					 dq_version_from(h, "f"));
}

/*
 * statement: all of it, and what was done.
 */
static char *
statement(const DqHistory *h)
{
	const char *kind = dq_version_own(h, "kind");
	StringInfoData sql;

	initStringInfo(&sql);
	dq_timeline_append(&sql, h);
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
					 dq_version_own(h, "missed"), kind);
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
				   dq_version_missing(h, "target"), dq_version_target(h, "target"),
				   dq_version_present(h, "target"));
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
	int64 written;
	DqRows *rows;

	check_fraction(h);
	rows = dq_spi_query(DQ_USER, statement(h), NULL);
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
