/*
 * version.c
 *	  Versions of a key and rows of a batch, compared as SQL.
 *
 * Everything is qualified, as in diff.c.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/diff.h"
#include "load/map.h"
#include "load/target.h"
#include "load/version.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * dq_version_own: see version.h.
 */
const char *
dq_version_own(const DqHistory *h, const char *name)
{
	return dq_sqltext_ident(dq_map_free_name(h->task, name));
}

/*
 * dq_version_from, dq_version_to: see version.h.
 */
char *
dq_version_from(const DqHistory *h, const char *alias)
{
	return psprintf("%s.%s", alias,
					dq_sqltext_ident(h->task->options->valid_from));
}

char *
dq_version_to(const DqHistory *h, const char *alias)
{
	return psprintf("%s.%s", alias,
					dq_sqltext_ident(h->task->options->valid_to));
}

/*
 * dq_version_compare: see version.h.
 */
char *
dq_version_compare(const DqHistory *h, const char *left,
				   StrategyNumber strategy,
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
 * dq_version_is_open: see version.h.
 */
char *
dq_version_is_open(const DqHistory *h, const char *end)
{
	if (dq_options_is(h->task->options->open_end, "null"))
		return psprintf("%s IS NULL", end);
	return psprintf("COALESCE(%s, true)",
					dq_version_compare(h, end, BTEqualStrategyNumber,
									   psprintf("'infinity'::%s",
												dq_sqltext_type(h->type,
																-1))));
}

/*
 * dq_version_contains: see version.h.
 */
char *
dq_version_contains(const DqHistory *h, const char *alias, const char *point)
{
	char *end = dq_version_to(h, alias);

	return psprintf("%s AND (%s OR %s)",
					dq_version_compare(h, dq_version_from(h, alias),
									   BTLessEqualStrategyNumber,
									   point),
					dq_version_is_open(h, end),
					dq_version_compare(h, point, BTLessStrategyNumber, end));
}

/*
 * dq_version_is_start: see version.h.
 */
bool
dq_version_is_start(const DqHistory *h, const DqColumn *column)
{
	return strcmp(column->name, h->task->options->valid_from) == 0;
}

/*
 * dq_version_is_mark: see version.h.
 */
bool
dq_version_is_mark(const DqHistory *h, const DqColumn *column)
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

	if (dq_version_is_mark(h, column))
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
 * dq_version_changed: see version.h. The sequence alone is
 * no difference, or each row would be one.
 */
char *
dq_version_changed(const DqHistory *h, const char *left, const char *right,
				   bool tracked)
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
 * dq_version_after: see version.h.
 */
char *
dq_version_after(const DqHistory *h, const char *left, const char *right)
{
	const DqTask *task = h->task;

	if (!task->sequence_in_target)
		return pstrdup("false");
	return psprintf("COALESCE(%s, false)",
					dq_column_after(task->sequence, left, right));
}

/*
 * dq_version_same_key: see version.h.
 */
char *
dq_version_same_key(const DqHistory *h, const char *left, const char *right)
{
	return dq_key_same(h->entity, left, right, h->task->null_keys);
}

/*
 * dq_version_same_start: see version.h.
 */
char *
dq_version_same_start(const DqHistory *h, const char *left, const char *right)
{
	return dq_version_compare(h, dq_version_from(h, left),
							  BTEqualStrategyNumber,
							  dq_version_from(h, right));
}

/*
 * dq_version_deletes: see version.h.
 */
char *
dq_version_deletes(const DqHistory *h, const char *alias)
{
	if (h->task->delete_output == NULL)
		return pstrdup("false");
	return psprintf("%s.%s", alias, dq_sqltext_ident(h->task->delete_output));
}

/*
 * dq_version_window_end: see version.h.
 */
char *
dq_version_window_end(const DqHistory *h)
{
	DqKeyColumn *start = (DqKeyColumn *) linitial(h->start->columns);

	return psprintf("(%s)::%s",
					dq_batch_bound(h->task, h->task->run->window_end),
					dq_sqltext_type(start->type, -1));
}

/*
 * dq_version_present: see version.h.
 */
char *
dq_version_present(const DqHistory *h, const char *alias)
{
	const char *mark = h->task->options->delete_mark;
	char *valid = dq_version_contains(h, alias, dq_version_window_end(h));

	if (mark == NULL)
		return valid;
	return psprintf("%s AND NOT COALESCE(%s.%s::pg_catalog.bool, false)",
					valid, alias, dq_sqltext_ident(mark));
}

/*
 * dq_version_missing: see version.h.
 */
char *
dq_version_missing(const DqHistory *h, const char *alias)
{
	return psprintf("NOT EXISTS (SELECT 1 FROM %s WHERE %s)",
					dq_batch_rows(h->task, DQ_BATCH_ALL, "excluded"),
					dq_version_same_key(h, alias, "excluded"));
}

/*
 * dq_version_target: see version.h.
 */
char *
dq_version_target(const DqHistory *h, const char *alias)
{
	return psprintf("%s%s AS %s", dq_diff_only(h->task),
					dq_target_name(h->task->target), alias);
}
