/*
 * shape_found.c
 *	  One value that a query of the rule's own finds, and whether it is good.
 *
 * "metric" writes a whole SELECT of four columns, called by their places:
 *
 *	the value, of any type
 *	whether it is good, boolean; NULL when there is nothing to judge
 *	the number of rows that were tested, bigint; NULL when nobody knows
 *	what else is worth telling, a jsonb object, in it perhaps "message";
 *		may be NULL
 *
 * A user's text in it stands where none of our names can be seen: in items of
 * FROM, which do not see each other, and in subselects without outer rows.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/fused.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/* places among the answers */
#define AT_VALUE 0
#define AT_HOLDS 1
#define AT_SPECIAL 2
#define AT_ROWS 3
#define AT_DETAIL 4

/*
 * prepare: resolve the columns; the query is written later, per group if any.
 */
static void
prepare(DqProbe *probe)
{
	probe->columns = dq_source_columns(probe->source, probe->check->columns);
}

/*
 * query_of: the rule's query, with the filter of the probe.
 */
static char *
query_of(const DqProbe *probe)
{
	StringInfoData buf;

	initStringInfo(&buf);
	probe->check->type->metric(&buf, probe);
	return buf.data;
}

/*
 * write_query: a subselect of its own.
 */
static void
write_query(struct DqFused *fused, DqProbe *probe)
{
	probe->own_at =
		dq_fused_own(fused,
					 psprintf("SELECT ARRAY[pg_catalog.to_jsonb(s.v)::pg_catalog.text,"
							  " s.h::pg_catalog.int4::pg_catalog.text,"
							  " %s,"
							  " s.n::pg_catalog.text, s.d::pg_catalog.text]"
							  " FROM (%s) AS s (v, h, n, d)",
							  dq_shape_metric_special("s.v"),
							  query_of(probe)));
}

/*
 * tell_both: a message with the other relation's value, if there is one.
 */
static void
tell_both(DqProbe *probe, const char *value)
{
	Jsonb *other = dq_json_part(probe->observed, "relation_value");

	if (probe->holds < 0 ||
		!dq_json_has_key(probe->observed, "relation_value"))
		return;
	probe->finding = psprintf("found %s here, %s in the other relation",
							  value ? dq_sqltext_clip(value, 200) : "nothing",
							  other ? dq_sqltext_clip(dq_json_out(other),
													  200) :
									  "nothing");
}

/*
 * take_message: the query may have written the message itself.
 */
static void
take_message(DqProbe *probe)
{
	char *message = dq_json_text(probe->observed, "message", "a detail");

	if (message == NULL)
		return;
	if (probe->holds >= 0)
		probe->finding = message;
	probe->observed = DatumGetJsonbP(DirectFunctionCall2(
		jsonb_delete, JsonbPGetDatum(probe->observed),
		CStringGetTextDatum("message")));
}

/*
 * read_answers: what was found.
 */
static void
read_answers(const struct DqFused *fused, DqProbe *probe)
{
	char **answers = dq_fused_own_answers(fused, probe->own_at);
	DqCounts *counts = &probe->counts;

	counts->tested = dq_fused_int(answers, AT_ROWS);
	if (answers[AT_ROWS] != NULL)
		counts->nulls = Max(counts->scope - counts->tested, 0);
	probe->holds = answers[AT_HOLDS] == NULL ?
					   -1 :
					   (int) dq_fused_int(answers, AT_HOLDS);
	dq_shape_metric_refuse(probe, (int) dq_fused_int(answers, AT_SPECIAL));
	probe->observed = dq_shape_metric_observed(answers[AT_VALUE],
											   answers[AT_DETAIL]);
	tell_both(probe, answers[AT_VALUE]);
	take_message(probe);
}

/*
 * failed_rows: there are none to show.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return NULL;
}

/*
 * equivalent: the query.
 */
static char *
equivalent(const DqProbe *probe)
{
	return psprintf("SELECT COALESCE(s.n, 0) AS tested_rows, 0::pg_catalog.int8 AS failed_rows, s.v AS value, s.h AS holds FROM (%s) AS s (v, h, n, d)",
					query_of(probe));
}

const DqShape dq_shape_found = {.is_metric = true,
								.scan_only = false,
								.prepare = prepare,
								.write = write_query,
								.read = read_answers,
								.failed_rows = failed_rows,
								.equivalent = equivalent};
