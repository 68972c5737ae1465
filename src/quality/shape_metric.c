/*
 * shape_metric.c
 *	  One value that many rows make, held against bounds.
 *
 * The rule writes the value as SQL of aggregates, without a filter. Without a
 * row filter it is taken from the scan that all checks share; with one it has
 * a subselect of its own, whose WHERE is the filter.
 *
 * No value (of no rows, of NULLs only) is no data. NaN is no number that
 * bounds could hold: the check is in error, never passed. An infinite number,
 * which an overflow leaves behind as well, may fail a bound, but passes none
 * unless one is written as infinity itself.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "quality/bounds.h"
#include "quality/fused.h"
#include "quality/shape.h"
#include "utils/builtins.h"

/* places among the answers */
#define AT_VALUE 0
#define AT_HOLDS 1
#define AT_SPECIAL 2
#define AT_ROWS 3 /* with values in all columns */
#define AT_DETAIL 4
#define N_ANSWERS 5

/*
 * prepare: resolve the columns, write the value.
 */
static void
prepare(DqProbe *probe)
{
	StringInfoData buf;

	probe->columns = dq_source_columns(probe->source, probe->check->columns);
	initStringInfo(&buf);
	probe->check->type->metric(&buf, probe);
	probe->value = psprintf("(%s)", buf.data);
}

/*
 * dq_shape_metric_bounds: the value lies within the check's bounds. Infinity
 * as a bound is none, whatever the type of the value.
 */
void
dq_shape_metric_bounds(StringInfo buf, const DqProbe *probe,
					   const char *value)
{
	const DqCheck *check = probe->check;

	bool low = check->min_value != NULL && !dq_bounds_open_below(check);
	bool high = check->max_value != NULL && !dq_bounds_open_above(check);

	if (!low && !high)
		appendStringInfoString(buf, "true");
	if (low)
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.%s) %s", value,
						 check->min_excluded ? ">" : ">=",
						 dq_sqltext_literal(check->min_value));
	if (low && high)
		appendStringInfoString(buf, " AND ");
	if (high)
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.%s) %s", value,
						 check->max_excluded ? "<" : "<=",
						 dq_sqltext_literal(check->max_value));
}

/*
 * rows_with_values: SQL for the number of rows with values in all columns.
 */
static char *
rows_with_values(const DqProbe *probe)
{
	StringInfoData buf;
	ListCell *lc;

	if (probe->columns == NIL || (probe->check->type->takes & DQ_TESTS_NULLS))
		return pstrdup("pg_catalog.count(*)");
	initStringInfo(&buf);
	foreach(lc, probe->columns)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? " AND " : "",
						 dq_source_is_null((DqColumn *) lfirst(lc), false));
	return psprintf("pg_catalog.count(*) FILTER (WHERE %s)", buf.data);
}

/*
 * dq_shape_metric_special: SQL for the number, as text, of what a value (or
 * one of a list) is that is no finite number: see the enum.
 */
char *
dq_shape_metric_special(const char *value)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf,
					 "(CASE WHEN pg_catalog.pg_typeof(%s)::pg_catalog.oid OPERATOR(pg_catalog.=) ANY (ARRAY[700, 701, 1700]::pg_catalog.oid[])"
					 " THEN CASE %s::pg_catalog.text WHEN 'NaN' THEN '%d' WHEN 'Infinity' THEN '%d' WHEN '-Infinity' THEN '%d' END",
					 value, value, DQ_VALUE_NAN, DQ_VALUE_INFINITE,
					 DQ_VALUE_INFINITE);
	appendStringInfo(&buf,
					 " WHEN pg_catalog.pg_typeof(%s)::pg_catalog.oid OPERATOR(pg_catalog.=) ANY (ARRAY[1021, 1022, 1231]::pg_catalog.oid[])"
					 " THEN CASE WHEN 'NaN' OPERATOR(pg_catalog.=) ANY (%s::pg_catalog.text::pg_catalog.text[]) THEN '%d'"
					 " WHEN %s::pg_catalog.text::pg_catalog.text[] OPERATOR(pg_catalog.&&) ARRAY['Infinity', '-Infinity'] THEN '%d' END END)",
					 value, value, DQ_VALUE_NAN, value, DQ_VALUE_INFINITE);
	return buf.data;
}

/*
 * write_answers: what is made of the value ("value") and the number of rows
 * ("rows"), in the order of the places.
 */
static void
write_answers(const DqProbe *probe, const char *value, const char *rows,
			  char **answers)
{
	const DqRuleType *type = probe->check->type;
	StringInfoData holds;

	initStringInfo(&holds);
	if (type->holds != NULL)
		type->holds(&holds, probe, value);
	else
		dq_shape_metric_bounds(&holds, probe, value);
	answers[AT_VALUE] = psprintf("pg_catalog.to_jsonb(%s)::pg_catalog.text",
								 value);
	answers[AT_HOLDS] = psprintf("(CASE WHEN %s IS NOT NULL THEN (%s)::pg_catalog.int4 END)::pg_catalog.text",
								 value, holds.data);
	answers[AT_SPECIAL] = dq_shape_metric_special(value);
	answers[AT_ROWS] = psprintf("%s::pg_catalog.text", rows);
	answers[AT_DETAIL] = pstrdup("NULL::pg_catalog.text");
	if (type->detail != NULL)
	{
		StringInfoData detail;

		initStringInfo(&detail);
		type->detail(&detail, probe, value);
		answers[AT_DETAIL] = psprintf("(%s)::pg_catalog.text", detail.data);
	}
}

/*
 * write_numbers: ask for the answers, in the common scan or in a subselect.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	char *answers[N_ANSWERS];
	int i;

	probe->own_at = -1;
	if (probe->filter != NULL)
	{
		write_answers(probe, "s.v", "s.n", answers);
		probe->own_at =
			dq_fused_own(fused,
						 psprintf("SELECT ARRAY[%s, %s, %s, %s, %s] FROM (SELECT %s AS v, %s AS n FROM %s%s) AS s",
								  answers[AT_VALUE], answers[AT_HOLDS],
								  answers[AT_SPECIAL], answers[AT_ROWS],
								  answers[AT_DETAIL], probe->value,
								  rows_with_values(probe),
								  probe->source->from,
								  dq_shape_where(probe)));
		return;
	}
	write_answers(probe,
				  psprintf("s.a%d", dq_fused_aggregate(fused, probe->value)),
				  psprintf("s.a%d",
						   dq_fused_aggregate(fused,
											  rows_with_values(probe))),
				  answers);
	for (i = 0; i < N_ANSWERS; i++)
		probe->answers_at[i] = dq_fused_output(fused, answers[i]);
}

/*
 * dq_shape_metric_observed: {"value": ...} and the keys of "detail", both
 * JSON or NULL.
 */
Jsonb *
dq_shape_metric_observed(const char *value, const char *detail)
{
	DqJsonBuild build;
	ListCell *lc;

	dq_json_begin(&build);
	if (value == NULL)
		dq_json_add_null(&build, "value");
	else
		dq_json_add_jsonb(&build, "value", dq_json_parse(value, "a value"));
	if (detail != NULL)
	{
		Jsonb *more = dq_json_parse_object(detail, "a detail");

		foreach(lc, dq_json_keys(more))
			dq_json_add_from(&build, (char *) lfirst(lc), more);
	}
	return dq_json_end(&build);
}

/*
 * dq_shape_metric_refuse: 22003 for NaN, and for an infinite value that would
 * pass a bound although none is infinite.
 */
void
dq_shape_metric_refuse(const DqProbe *probe, int special)
{
	const DqCheck *check = probe->check;
	bool bounded = (check->min_value != NULL || check->max_value != NULL ||
					dq_json_has(check->doc, "ranges")) &&
				   !dq_bounds_infinite(check);

	if (special == DQ_VALUE_FINITE ||
		(special == DQ_VALUE_INFINITE && (probe->holds != 1 || !bounded)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the value of %s is %s", check->what,
					special == DQ_VALUE_NAN ? "NaN" : "infinite"),
			 errhint("Leave the rows out with row_filter, or check the column with the rule \"finite\".")));
}

/*
 * take_answers: the value, and whether it is good.
 */
static void
take_answers(DqProbe *probe, char **answers)
{
	probe->holds = answers[AT_HOLDS] == NULL ?
					   -1 :
					   (int) dq_fused_int(answers, AT_HOLDS);
	dq_shape_metric_refuse(probe, (int) dq_fused_int(answers, AT_SPECIAL));
	probe->observed = dq_shape_metric_observed(answers[AT_VALUE],
											   answers[AT_DETAIL]);
}

/*
 * read_numbers: what the common statement says.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	char *answers[N_ANSWERS];
	int i;

	for (i = 0; i < N_ANSWERS; i++)
		answers[i] = probe->own_at < 0 ?
						 fused->scan[probe->answers_at[i]] :
						 dq_fused_own_answers(fused, probe->own_at)[i];
	probe->counts.tested = dq_fused_int(answers, AT_ROWS);
	probe->counts.nulls = probe->counts.scope - probe->counts.tested;
	take_answers(probe, answers);
}

/*
 * dq_shape_metric_alone: the value by a statement of its own, which may read
 * it off an index; nobody counts the rows.
 */
void
dq_shape_metric_alone(DqProbe *probe)
{
	char *answers[N_ANSWERS];
	char *sql;

	write_answers(probe, "s.v", "0", answers);
	sql = psprintf("SELECT ARRAY[%s, %s, %s, %s, %s] AS answers FROM (SELECT %s AS v FROM %s%s) AS s",
				   answers[AT_VALUE], answers[AT_HOLDS], answers[AT_SPECIAL],
				   answers[AT_ROWS], answers[AT_DETAIL], probe->value,
				   probe->source->from, dq_shape_where(probe));
	take_answers(probe,
				 dq_fused_texts(dq_spi_query_readonly(DQ_USER, sql, NULL), 0,
								"answers"));
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
 * equivalent: the textbook form.
 */
static char *
equivalent(const DqProbe *probe)
{
	return psprintf("SELECT %s AS tested_rows, 0::pg_catalog.int8 AS failed_rows, %s AS value FROM %s%s",
					rows_with_values(probe), probe->value,
					probe->source->from, dq_shape_where(probe));
}

/*
 * prepare_select: resolve the columns, write the SELECT.
 */
static void
prepare_select(DqProbe *probe)
{
	StringInfoData buf;

	probe->columns = dq_source_columns(probe->source, probe->check->columns);
	initStringInfo(&buf);
	probe->check->type->metric(&buf, probe);
	probe->value = buf.data;
}

/*
 * write_select: its answers, in a subselect.
 */
static void
write_select(struct DqFused *fused, DqProbe *probe)
{
	char *answers[N_ANSWERS];

	write_answers(probe, "s.v", "s.n", answers);
	probe->own_at =
		dq_fused_own(fused,
					 psprintf("SELECT ARRAY[%s, %s, %s, %s, s.d::pg_catalog.text] FROM (%s) AS s",
							  answers[AT_VALUE], answers[AT_HOLDS],
							  answers[AT_SPECIAL], answers[AT_ROWS],
							  probe->value));
}

/*
 * equivalent_select: the same SELECT, with the columns of every equivalent.
 */
static char *
equivalent_select(const DqProbe *probe)
{
	return psprintf("SELECT s.n AS tested_rows, 0::pg_catalog.int8 AS failed_rows, s.v AS value FROM (%s) AS s",
					probe->value);
}

const DqShape dq_shape_metric = {.is_metric = true,
								 .scan_only = true,
								 .prepare = prepare,
								 .write = write_numbers,
								 .read = read_numbers,
								 .failed_rows = failed_rows,
								 .equivalent = equivalent};

const DqShape dq_shape_select = {.is_metric = true,
								 .scan_only = false,
								 .prepare = prepare_select,
								 .write = write_select,
								 .read = read_numbers,
								 .failed_rows = failed_rows,
								 .equivalent = equivalent_select};
