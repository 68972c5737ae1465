/*
 * shape_query.c
 *	  Failing rows by a user's own query.
 *
 * The query stands in a subselect that sees nothing of ours. What it returns
 * fails; tested are the rows of another query, or of the relation, and never
 * fewer than failed: a query that finds something wrong is heard on an empty
 * relation too.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/fused.h"
#include "quality/shape.h"

/*
 * text_of: a user's query, NULL when it is not given.
 */
static char *
text_of(const DqProbe *probe, const char *option)
{
	const DqCheck *check = probe->check;

	return dq_json_text(check->doc, option, check->what);
}

/*
 * prepare: there is nothing to resolve.
 */
static void
prepare(DqProbe *probe)
{
}

/*
 * count_of: SQL for the number of rows of a user's query.
 */
static char *
count_of(const char *query)
{
	return psprintf("(SELECT pg_catalog.count(*) FROM (\n%s\n) AS q)", query);
}

/*
 * write_numbers: both numbers.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	char *tested = text_of(probe, "tested_query");

	probe->own_at =
		dq_fused_own(fused,
					 psprintf("SELECT ARRAY[%s::pg_catalog.text, %s::pg_catalog.text]",
							  count_of(text_of(probe, "query")),
							  tested ? count_of(tested) : "NULL"));
}

/*
 * read_numbers: every failing row was tested.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	char **own = dq_fused_own_answers(fused, probe->own_at);
	DqCounts *counts = &probe->counts;

	counts->failed = dq_fused_int(own, 0);
	counts->scope = counts->total;
	counts->tested = own[1] == NULL ? counts->scope : dq_fused_int(own, 1);
	counts->tested = Max(counts->tested, counts->failed);
}

/*
 * failed_rows: the query.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return psprintf("SELECT q.* FROM (\n%s\n) AS q", text_of(probe, "query"));
}

/*
 * equivalent: the numbers.
 */
static char *
equivalent(const DqProbe *probe)
{
	char *tested = text_of(probe, "tested_query");

	if (tested == NULL)
		tested = psprintf("SELECT FROM %s", probe->source->from);
	return psprintf("SELECT GREATEST(%s, %s) AS tested_rows, %s AS failed_rows",
					count_of(tested), count_of(text_of(probe, "query")),
					count_of(text_of(probe, "query")));
}

const DqShape dq_shape_query = {.is_metric = false,
								.scan_only = false,
								.prepare = prepare,
								.write = write_numbers,
								.read = read_numbers,
								.failed_rows = failed_rows,
								.equivalent = equivalent};
