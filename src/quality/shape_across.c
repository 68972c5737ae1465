/*
 * shape_across.c
 *	  Order in time between two relations: an event here is not before the one
 *	  in another relation that has the same key.
 *
 * The other relation is first reduced to the latest time of each key, so that
 * a row has at most one partner. A row without one, and one where a time is
 * NULL on either side, has no verdict.
 */
#include "postgres.h"

#include "base/json.h"
#include "catalog/pg_type.h"
#include "quality/fused.h"
#include "quality/moment.h"
#include "quality/other.h"
#include "quality/shape.h"

typedef struct Across
{
	DqSource *other;
	List *key; /* of DqColumn *, ours */
	char *latest; /* SQL: the latest time of each key of the other */
	char *match; /* SQL of the join */
} Across;

/*
 * other_columns: columns k0, k1, ... of the reduced relation, instead of what
 * they are in the other.
 */
static List *
other_columns(const DqSource *other, List *columns)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc, columns)
	{
		DqColumn *column = palloc(sizeof(DqColumn));

		*column = *(DqColumn *) lfirst(lc);
		column->sql = psprintf("%s.k%d", other->alias,
							   foreach_current_index(lc));
		result = lappend(result, column);
	}
	return result;
}

/*
 * write_latest: the other relation, reduced.
 */
static char *
write_latest(const DqSource *other, List *key, const DqColumn *moment,
			 const char *filter)
{
	List *needed = lappend(list_copy(key), (void *) moment);
	StringInfoData list;
	StringInfoData group;
	ListCell *lc;

	initStringInfo(&list);
	initStringInfo(&group);
	foreach(lc, key)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&list, "%s AS k%d, ", column->sql,
						 foreach_current_index(lc));
		appendStringInfo(&group, "%s%s", group.len > 0 ? ", " : "",
						 column->sql);
	}
	return psprintf("(SELECT %spg_catalog.max(%s) AS latest FROM %s GROUP BY %s) AS %s",
					list.data, moment->sql,
					dq_other_from(other, needed, filter), group.data,
					other->alias);
}

/*
 * prepare: resolve names on both sides, write the verdict.
 */
static void
prepare(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	Across *across = palloc0(sizeof(Across));
	DqColumn *here;
	DqColumn *there;
	List *names = dq_json_text_list(check->doc, "key", check->what);
	List *other_key;
	char *filter = dq_json_text(check->doc, "relation_filter", check->what);
	bool strict = dq_json_bool(check->doc, "strict", false, check->what);
	StringInfoData buf;
	ListCell *lc;
	ListCell *other;

	probe->columns = dq_source_columns(probe->source, check->columns);
	here = (DqColumn *) linitial(probe->columns);
	across->other = dq_other_open(probe);
	across->key = dq_source_columns(probe->source, names);
	other_key = dq_source_columns(across->other,
								  dq_other_names(check, "relation_key",
												 names));
	there = (DqColumn *) linitial(dq_source_columns(
		across->other,
		dq_other_names(check, "relation_columns", check->columns)));
	dq_moment_require(here);
	dq_moment_require(there);
	across->latest = write_latest(across->other, other_key, there, filter);
	initStringInfo(&buf);
	forboth(lc, other_columns(across->other, other_key), other, across->key)
		dq_other_equal(&buf, (DqColumn *) lfirst(lc),
					   (DqColumn *) lfirst(other));
	across->match = buf.data;
	probe->state = across;
	probe->verdict = psprintf("(%s OPERATOR(pg_catalog.%s) %s.latest)",
							  here->sql, strict ? ">" : ">=",
							  across->other->alias);
}

/*
 * joined: FROM: the rows within the filter, each with its partner.
 */
static char *
joined(const DqProbe *probe, const char *columns)
{
	const Across *across = (const Across *) probe->state;

	return psprintf("(SELECT %s FROM %s%s) AS %s LEFT JOIN %s ON %s", columns,
					probe->source->from, dq_shape_where(probe),
					probe->source->alias, across->latest, across->match);
}

/*
 * needed: the columns that the numbers need.
 */
static char *
needed(const DqProbe *probe)
{
	const Across *across = (const Across *) probe->state;
	List *columns = list_concat_unique_ptr(list_copy(probe->columns),
										   across->key);
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 ((DqColumn *) lfirst(lc))->sql);
	return buf.data;
}

/*
 * write_numbers: verdicts that are NULL and that are true, by the join.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	probe->own_at =
		dq_fused_own(fused,
					 psprintf("SELECT ARRAY[pg_catalog.count(*) FILTER (WHERE %s IS NULL)::pg_catalog.text, pg_catalog.count(*) FILTER (WHERE %s)::pg_catalog.text] FROM %s",
							  probe->verdict, probe->verdict,
							  joined(probe, needed(probe))));
}

/*
 * read_numbers: as for any rule on rows.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	char **own = dq_fused_own_answers(fused, probe->own_at);

	dq_shape_rows_settle(probe, dq_fused_int(own, 0), dq_fused_int(own, 1));
}

/*
 * failed_rows: the rows that are too early.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return psprintf("SELECT %s.* FROM %s WHERE %s %s", probe->source->alias,
					joined(probe, psprintf("%s.*", probe->source->alias)),
					probe->verdict, dq_shape_rows_failing(probe));
}

/*
 * equivalent: the join.
 */
static char *
equivalent(const DqProbe *probe)
{
	char *tested = probe->check->on_null != DQ_NULL_IGNORE ?
					   pstrdup("pg_catalog.count(*)") :
					   psprintf("pg_catalog.count(*) FILTER (WHERE %s IS NOT NULL)",
								probe->verdict);

	return psprintf("SELECT %s AS tested_rows, pg_catalog.count(*) FILTER (WHERE %s %s) AS failed_rows FROM %s",
					tested, probe->verdict, dq_shape_rows_failing(probe),
					joined(probe, needed(probe)));
}

const DqShape dq_shape_across = {.is_metric = false,
								 .scan_only = false,
								 .prepare = prepare,
								 .write = write_numbers,
								 .read = read_numbers,
								 .failed_rows = failed_rows,
								 .equivalent = equivalent};
