/*
 * shape_reference.c
 *	  References: rows whose key is not in another relation, or is.
 *
 * MATCH SIMPLE: a key that holds a NULL refers to nothing and is not tested.
 * MATCH FULL: nor is a key of NULLs only; one that is NULL in part fails.
 * Keys are compared as a foreign key would: by the default equality of the
 * referenced column's type and its collation.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/fused.h"
#include "quality/other.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * is_inverse: must the key not be there?
 */
static bool
is_inverse(const DqCheck *check)
{
	return strcmp(check->type->name, "not_in_relation") == 0;
}

/*
 * is_full: MATCH FULL?
 */
static bool
is_full(const DqCheck *check)
{
	char *match = dq_json_text(check->doc, "match", check->what);

	return match != NULL && strcmp(match, "full") == 0;
}

/*
 * prepare: find the referenced relation by the search_path in force, and the
 * columns on both sides.
 */
static void
prepare(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	DqReference *reference = palloc0(sizeof(DqReference));
	const char *option = dq_json_has(check->doc, "relation") ?
							 "relation_filter" :
							 "reference_filter";
	StringInfoData buf;
	ListCell *lc;
	ListCell *other;

	probe->columns = dq_source_columns(probe->source, check->columns);
	reference->source = dq_other_open(probe);
	if (check->referenced_columns == NIL)
		reference->columns = dq_source_primary_key(reference->source);
	else
		reference->columns = dq_source_columns(reference->source,
											   check->referenced_columns);
	if (list_length(reference->columns) != list_length(probe->columns))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FOREIGN_KEY),
				 errmsg("number of referring and referenced columns for foreign key disagree")));
	initStringInfo(&buf);
	forboth(lc, reference->columns, other, probe->columns)
		dq_other_equal(&buf, (DqColumn *) lfirst(lc),
					   (DqColumn *) lfirst(other));
	reference->match = buf.data;
	reference->source->from =
		dq_other_from(reference->source, reference->columns,
					  dq_json_text(check->doc, option, check->what));
	probe->reference = reference;
}

/*
 * key_is: SQL for "no column of the key is NULL", or for "not all are".
 */
static char *
key_is(const DqProbe *probe, const char *connective)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, probe->columns)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? connective : "",
						 dq_source_is_null((DqColumn *) lfirst(lc), false));
	return psprintf("(%s)", buf.data);
}

/*
 * complete_key: SQL for "no column of the key is NULL".
 */
static char *
complete_key(const DqProbe *probe)
{
	return key_is(probe, " AND ");
}

/*
 * tested_key: SQL for "the row is tested".
 */
static char *
tested_key(const DqProbe *probe)
{
	return is_full(probe->check) ? key_is(probe, " OR ") :
								   complete_key(probe);
}

/*
 * failing: SQL for "a tested row fails".
 */
static char *
failing(const DqProbe *probe)
{
	char *found = psprintf("EXISTS (SELECT 1 FROM %s WHERE %s)",
						   probe->reference->source->from,
						   probe->reference->match);

	if (is_inverse(probe->check))
		return found;
	if (is_full(probe->check))
		return psprintf("(NOT %s OR NOT %s)", complete_key(probe), found);
	return psprintf("NOT %s", found);
}

/*
 * from_failing: FROM and WHERE of the rows that fail. What is added to the
 * filter cannot fail, so the planner may order it as it likes.
 */
static char *
from_failing(const DqProbe *probe)
{
	return psprintf(" FROM %s WHERE %s%s%s AND %s", probe->source->from,
					probe->filter ? probe->filter : "",
					probe->filter ? " AND " : "",
					tested_key(probe), failing(probe));
}

/*
 * write_numbers: tested keys in the common scan, those that fail by an
 * anti-join.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	char *tested = tested_key(probe);

	if (probe->filter != NULL)
		tested = psprintf("%s AND %s", probe->filter, tested);
	probe->verdict_at = dq_fused_count(fused, tested);
	probe->own_at = dq_fused_own(fused,
								 psprintf("SELECT ARRAY[pg_catalog.count(*)::pg_catalog.text]%s",
										  from_failing(probe)));
}

/*
 * read_numbers: NULL keys are told apart and not tested.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	DqCounts *counts = &probe->counts;
	char **own;

	counts->tested = dq_fused_int(fused->scan, probe->verdict_at);
	counts->nulls = counts->scope - counts->tested;
	own = dq_fused_own_answers(fused, probe->own_at);
	counts->failed = dq_fused_int(own, 0);
}

/*
 * within: is the share of "part" in "whole" within a bound, exactly? NULL is
 * no bound.
 */
static bool
within(int64 part, int64 whole, const char *bound, bool is_max,
	   bool excluded)
{
	Datum limit;
	int order;

	if (bound == NULL)
		return true;
	limit = DirectFunctionCall3(numeric_in, CStringGetDatum(bound),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1));
	limit = DirectFunctionCall2(numeric_mul, limit,
								DirectFunctionCall1(int8_numeric,
													Int64GetDatum(whole)));
	order = DatumGetInt32(DirectFunctionCall2(
		numeric_cmp,
		DirectFunctionCall1(int8_numeric, Int64GetDatum(part)), limit));
	if (order == 0)
		return !excluded;
	return is_max ? order < 0 : order > 0;
}

/*
 * read_fraction: the share of the keys that are there.
 */
static void
read_fraction(const struct DqFused *fused, DqProbe *probe)
{
	const DqCheck *check = probe->check;
	DqCounts *counts = &probe->counts;
	int64 tested;
	int64 found;
	char *value = NULL;

	read_numbers(fused, probe);
	tested = counts->tested;
	found = tested - counts->failed;
	probe->holds = -1;
	if (tested > 0)
	{
		Datum share = DirectFunctionCall2(
			numeric_div,
			DirectFunctionCall1(int8_numeric, Int64GetDatum(found)),
			DirectFunctionCall1(int8_numeric, Int64GetDatum(tested)));

		share = DirectFunctionCall1(numeric_trim_scale, share);
		value = DatumGetCString(DirectFunctionCall1(numeric_out, share));
		probe->holds = within(found, tested, check->min_value, false,
							  check->min_excluded) &&
					   within(found, tested, check->max_value, true,
							  check->max_excluded);
	}
	probe->observed = dq_shape_metric_observed(
		value, psprintf("{\"found_rows\": " INT64_FORMAT ", \"missing_rows\": " INT64_FORMAT "}",
						found, counts->failed));
	counts->failed = 0;
}

/*
 * failed_rows: the rows that refer to nothing, or to something.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return psprintf("SELECT %s.*%s", probe->source->alias,
					from_failing(probe));
}

/*
 * failed_places: where they are.
 */
static char *
failed_places(const DqProbe *probe)
{
	return psprintf("SELECT %s.ctid AS place%s", probe->source->alias,
					from_failing(probe));
}

/*
 * equivalent: by a subquery for each row instead of a join.
 */
static char *
equivalent(const DqProbe *probe)
{
	char *tested = tested_key(probe);

	return psprintf("SELECT pg_catalog.count(*) FILTER (WHERE %s) AS tested_rows, pg_catalog.count(*) FILTER (WHERE %s AND %s) AS failed_rows FROM %s%s",
					tested, tested, failing(probe), probe->source->from,
					dq_shape_where(probe));
}

/*
 * equivalent_fraction: the same for the share of keys that are there.
 */
static char *
equivalent_fraction(const DqProbe *probe)
{
	return psprintf("SELECT q.tested_rows, 0::pg_catalog.int8 AS failed_rows,"
					" 1 OPERATOR(pg_catalog.-) (q.failed_rows::pg_catalog.numeric OPERATOR(pg_catalog./) CASE WHEN q.tested_rows OPERATOR(pg_catalog.>) 0 THEN q.tested_rows END) AS value FROM (%s) AS q",
					equivalent(probe));
}

const DqShape dq_shape_reference = {.is_metric = false,
									.scan_only = false,
									.prepare = prepare,
									.write = write_numbers,
									.read = read_numbers,
									.failed_rows = failed_rows,
									.failed_places = failed_places,
									.equivalent = equivalent};

const DqShape dq_shape_inclusion = {.is_metric = true,
									.scan_only = false,
									.prepare = prepare,
									.write = write_numbers,
									.read = read_fraction,
									.failed_rows = failed_rows,
									.equivalent = equivalent_fraction};
