/*
 * tally.c
 *	  Values of many rows that need them sorted or grouped, as SQL.
 *
 * Each is a SELECT of its own, see shape.h. NULL is left out everywhere; of
 * no value there is none. Lists of values are capped; the numbers beside them
 * are exact.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/aggregate.h"
#include "quality/compare.h"
#include "quality/tally.h"
#include "quality/predicate.h"
#include "quality/shape.h"
#include "utils/builtins.h"

/* values of a list that are shown */
#define MAX_SHOWN 100

/* both middle values of any number of them: the next double above a half */
#define MIDDLE "'{0.5,0.5000000000000001}'::pg_catalog.float8[]"

/*
 * only_column: the column of the check.
 */
static const DqColumn *
only_column(const DqProbe *probe)
{
	return (const DqColumn *) linitial(probe->columns);
}

/*
 * is_continuous: are quantiles interpolated?
 */
static bool
is_continuous(const DqCheck *check)
{
	return dq_option_word(check->type->options, check->doc, "method",
						  check->what) == 1;
}

/*
 * quantile_lists: are several quantiles asked for?
 */
static bool
quantile_lists(const DqCheck *check)
{
	return dq_json_has(check->doc, "quantiles");
}

/*
 * range_of: the bounds of one of several quantiles, as an object.
 */
static Jsonb *
range_of(const DqCheck *check, int i)
{
	Jsonb *ranges = dq_json_part(check->doc, "ranges");
	JsonbValue *value = getIthJsonbValueFromContainer(&ranges->root, i);

	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"ranges\" of %s must be a list of objects",
						check->what),
				 errhint("Write it like \"ranges\": [{\"min_value\": 1, \"max_value\": 2}, {\"max_value\": 9}].")));
	return JsonbValueToJsonb(value);
}

/*
 * check_ranges: a range for each quantile, with bounds in order.
 */
static void
check_ranges(const DqCheck *check, int count)
{
	static const char *const keys[] = {"min_value", "max_value", NULL};
	Jsonb *ranges = dq_json_part(check->doc, "ranges");
	int i;

	if (ranges == NULL || !JB_ROOT_IS_ARRAY(ranges) ||
		JB_ROOT_IS_SCALAR(ranges) || JB_ROOT_COUNT(ranges) != count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs a list \"ranges\" with one range for each of its %d quantiles",
						check->what, count)));
	for (i = 0; i < count; i++)
	{
		DqCheck range = *check;

		range.doc = range_of(check, i);
		range.what = psprintf("\"ranges\" of %s", check->what);
		dq_json_check_keys(range.doc, keys, range.what);
		dq_aggregate_check_order(&range);
	}
}

/*
 * refuse_quantile: 22023: a quantile that is no fraction.
 */
static void
refuse_quantile(const DqCheck *check)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"quantiles\" of %s must be numbers between 0 and 1",
					check->what)));
}

/*
 * dq_tally_check_quantiles: one quantile with bounds, or lists.
 */
void
dq_tally_check_quantiles(DqCheck *check)
{
	bool lists = quantile_lists(check);
	List *quantiles;
	ListCell *lc;

	if (lists == dq_json_has(check->doc, "quantile"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs either option \"quantile\" or options \"quantiles\" and \"ranges\"",
						check->what)));
	dq_aggregate_check_order(check);
	if (!lists)
		return;
	if (check->min_value != NULL || check->max_value != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has \"quantiles\" and bounds of one",
						check->what),
				 errhint("Put the bounds into \"ranges\".")));
	quantiles = dq_json_scalar_list(check->doc, "quantiles", check->what);
	if (quantiles == NIL)
		refuse_quantile(check);
	foreach(lc, quantiles)
	{
		char *end;
		double q = strtod((char *) lfirst(lc), &end);

		if (*end != '\0' || !(q >= 0 && q <= 1))
			refuse_quantile(check);
	}
	check_ranges(check, list_length(quantiles));
}

/*
 * quantile_array: the quantiles as an array, in SQL.
 */
static char *
quantile_array(const DqCheck *check)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, dq_json_scalar_list(check->doc, "quantiles", check->what))
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? "," : "",
						 (char *) lfirst(lc));
	return psprintf("%s::pg_catalog.float8[]",
					dq_sqltext_literal(psprintf("{%s}", buf.data)));
}

/*
 * percentile: SQL for the quantiles of the column ("what": a fraction or an
 * array of them): values that are there or, when continuous, between them.
 */
static char *
percentile(const DqProbe *probe, const char *what, bool continuous)
{
	const DqColumn *column = only_column(probe);

	if (continuous)
		dq_compare_need_number(column, probe->check->what);
	else
		dq_compare_need_order(column, probe->check->what);
	return psprintf("pg_catalog.%s(%s) WITHIN GROUP (ORDER BY %s%s)",
					continuous ? "percentile_cont" : "percentile_disc", what,
					column->sql, continuous ? "::pg_catalog.float8" : "");
}

/*
 * dq_tally_holds: the SELECT itself says it, as h.
 */
void
dq_tally_holds(StringInfo buf, const DqProbe *probe,
			   const char *value)
{
	appendStringInfoString(buf, "s.h");
}

/*
 * from_sorted: append the SELECT of something sorted as "m.q".
 */
static void
from_sorted(StringInfo buf, const DqProbe *probe, const char *value,
			const char *holds, const char *sorted)
{
	appendStringInfo(buf, "SELECT %s AS v, m.n, (%s) AS h, NULL::pg_catalog.jsonb AS d FROM (SELECT %s AS q, pg_catalog.count(%s) AS n FROM %s%s) AS m",
					 value, holds, sorted, only_column(probe)->sql,
					 probe->source->from, dq_shape_where(probe));
}

/*
 * dq_tally_median: the mean of the two middle values, exact unless
 * they are floats.
 */
void
dq_tally_median(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *column = only_column(probe);
	const char *value = "pg_catalog.trim_scale(((m.q)[1]::pg_catalog.numeric OPERATOR(pg_catalog.+) (m.q)[2]::pg_catalog.numeric) OPERATOR(pg_catalog./) 2)";

	dq_compare_need_number(column, probe->check->what);
	if (dq_compare_is_float(column->base_type))
		value = "(((m.q)[1]::pg_catalog.float8 OPERATOR(pg_catalog./) 2) OPERATOR(pg_catalog.+) ((m.q)[2]::pg_catalog.float8 OPERATOR(pg_catalog./) 2))";
	from_sorted(buf, probe, value, "true",
				percentile(probe, MIDDLE, false));
}

/*
 * held: append that a quantile lies within bounds; "holds" began with true.
 */
static void
held(StringInfo holds, const DqColumn *like, const char *value,
	 const char *min, StrategyNumber lower, const char *max,
	 StrategyNumber upper)
{
	if (min != NULL)
		appendStringInfo(holds, " AND %s",
						 dq_compare_bound(like, value, lower, min));
	if (max != NULL)
		appendStringInfo(holds, " AND %s",
						 dq_compare_bound(like, value, upper, max));
}

/*
 * dq_tally_quantile: one quantile within bounds, or several, each
 * within its own.
 */
void
dq_tally_quantile(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const DqColumn *column = only_column(probe);
	bool continuous = is_continuous(check);
	const DqColumn *like =
		dq_compare_like(column, column->sql,
						continuous ? FLOAT8OID : column->base_type);
	StringInfoData holds;
	char *sorted;
	int i;

	initStringInfo(&holds);
	appendStringInfoString(&holds, "true");
	if (!quantile_lists(check))
	{
		char *q = dq_json_scalar_text(check->doc, "quantile", check->what);

		sorted = percentile(probe, dq_source_literal(q, FLOAT8OID),
							continuous);
		held(&holds, like, "m.q", check->min_value,
			 check->min_excluded ? BTGreaterStrategyNumber :
								   BTGreaterEqualStrategyNumber,
			 check->max_value,
			 check->max_excluded ? BTLessStrategyNumber :
								   BTLessEqualStrategyNumber);
	}
	else
	{
		Jsonb *ranges = dq_json_part(check->doc, "ranges");

		sorted = percentile(probe, quantile_array(check), continuous);
		for (i = 0; i < JB_ROOT_COUNT(ranges); i++)
		{
			Jsonb *range = range_of(check, i);

			held(&holds, like, psprintf("(m.q)[%d]", i + 1),
				 dq_json_scalar_text(range, "min_value", check->what),
				 BTGreaterEqualStrategyNumber,
				 dq_json_scalar_text(range, "max_value", check->what),
				 BTLessEqualStrategyNumber);
		}
	}
	from_sorted(buf, probe, "m.q", holds.data, sorted);
}

/*
 * dq_tally_iqr: the third quartile less the first.
 */
void
dq_tally_iqr(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	bool continuous = is_continuous(check);
	const char *type = "pg_catalog.numeric";

	dq_compare_need_number(only_column(probe), check->what);
	if (continuous || dq_compare_is_float(only_column(probe)->base_type))
		type = "pg_catalog.float8";
	from_sorted(buf, probe,
				psprintf("((m.q)[2]::%s OPERATOR(pg_catalog.-) (m.q)[1]::%s)",
						 type, type),
				"true",
				percentile(probe, "'{0.25,0.75}'::pg_catalog.float8[]",
						   continuous));
}

/*
 * grouped: SQL for a subselect of the different values (v) and the number of
 * rows that have each (n).
 */
static char *
grouped(const DqProbe *probe)
{
	const DqColumn *column = only_column(probe);

	dq_compare_need_order(column, probe->check->what);
	return psprintf("(SELECT %s AS v, pg_catalog.count(*) AS n FROM %s WHERE %s%s%s GROUP BY %s)",
					column->sql, probe->source->from,
					probe->filter ? probe->filter : "",
					probe->filter ? " AND " : "",
					dq_source_is_null(column, false), column->sql);
}

/*
 * dq_tally_entropy: Shannon's: the sum of p ln(1 / p) over the shares
 * of the different values, in double precision; 0 when there is one value.
 */
void
dq_tally_entropy(StringInfo buf, const DqProbe *probe)
{
	static const char *const bases[] = {"1", "pg_catalog.ln(2::pg_catalog.float8)",
										"pg_catalog.ln(10::pg_catalog.float8)"};
	const DqCheck *check = probe->check;
	int base = dq_option_word(check->type->options, check->doc, "base",
							  check->what);

	appendStringInfo(buf, "SELECT pg_catalog.sum(p.p OPERATOR(pg_catalog.*) pg_catalog.ln(1 OPERATOR(pg_catalog./) p.p) OPERATOR(pg_catalog./) %s ORDER BY p.n) AS v,"
						  " COALESCE(pg_catalog.sum(p.n), 0)::pg_catalog.int8 AS n,"
						  " pg_catalog.jsonb_build_object('distinct_values', pg_catalog.count(*)) AS d"
						  " FROM (SELECT g.n, g.n::pg_catalog.float8 OPERATOR(pg_catalog./) (pg_catalog.sum(g.n) OVER ())::pg_catalog.float8 AS p FROM %s AS g) AS p",
					 bases[base], grouped(probe));
}

/*
 * known: SQL for "g.v is one of the set", never NULL.
 */
static char *
known(const DqProbe *probe, List *set)
{
	DqCheck check = *probe->check;
	const DqColumn *column = only_column(probe);
	StringInfoData buf;

	check.allowed = set;
	initStringInfo(&buf);
	dq_predicate_in_set(&buf, &check,
						dq_compare_like(column, "g.v", column->base_type));
	return psprintf("(%s)", buf.data);
}

/*
 * dq_tally_mode: the most frequent value is in the set. Of several
 * that are equally frequent one is enough, or all have to be in it, or there
 * must not be several.
 */
void
dq_tally_mode(StringInfo buf, const DqProbe *probe)
{
	static const char *const rules[] = {"pg_catalog.bool_or(r.known)",
										"pg_catalog.bool_and(r.known)",
										"pg_catalog.bool_and(r.known) AND pg_catalog.count(*) OPERATOR(pg_catalog.=) 1"};
	const DqCheck *check = probe->check;
	int ties = dq_option_word(check->type->options, check->doc, "ties",
							  check->what);

	appendStringInfo(buf, "SELECT pg_catalog.jsonb_agg(r.v ORDER BY r.v) FILTER (WHERE r.i OPERATOR(pg_catalog.<=) %d) AS v, COALESCE(pg_catalog.max(r.total), 0)::pg_catalog.int8 AS n, %s AS h,"
						  " pg_catalog.jsonb_build_object('rows_of_value', pg_catalog.max(r.n), 'tied_values', pg_catalog.count(*)) AS d"
						  " FROM (SELECT f.*, pg_catalog.row_number() OVER (ORDER BY f.v) AS i FROM"
						  " (SELECT g.v, g.n, %s AS known, pg_catalog.sum(g.n) OVER () AS total, pg_catalog.rank() OVER (ORDER BY g.n DESC) AS place FROM %s AS g) AS f"
						  " WHERE f.place OPERATOR(pg_catalog.=) 1) AS r",
					 MAX_SHOWN, rules[ties], known(probe, check->allowed),
					 grouped(probe));
}

/*
 * missing: SQL for the values of the set that no row has, as text[], of rows
 * "r" of values "v".
 */
static char *
missing(const DqProbe *probe, List *set)
{
	const DqColumn *column = only_column(probe);
	DqColumn *like = dq_compare_like(column, "r.v", column->base_type);
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, set)
	{
		const char *value = (const char *) lfirst(lc);

		appendStringInfo(&buf, "%sCASE WHEN pg_catalog.bool_or(%s) THEN NULL ELSE %s END",
						 buf.len > 0 ? ", " : "",
						 dq_compare_value(like, value),
						 dq_sqltext_literal(value));
	}
	return psprintf("pg_catalog.array_remove(ARRAY[%s]::pg_catalog.text[], NULL)",
					buf.data);
}

/*
 * write_set: append the SELECT of the different values held against a set;
 * NIL: no set, no restriction.
 */
static void
write_set(StringInfo buf, const DqProbe *probe, List *set, bool has_set,
		  bool in, bool contain)
{
	const char *holds = "true";
	StringInfoData detail;

	initStringInfo(&detail);
	if (has_set && in)
		appendStringInfo(&detail, ", 'unexpected_values', s.u, 'unexpected', COALESCE(s.ul, '[]')");
	if (has_set && contain)
		appendStringInfo(&detail, ", 'missing', pg_catalog.to_jsonb(s.m)");
	if (has_set && in && contain)
		holds = "s.u OPERATOR(pg_catalog.=) 0 AND pg_catalog.cardinality(s.m) OPERATOR(pg_catalog.=) 0";
	else if (has_set && in)
		holds = "s.u OPERATOR(pg_catalog.=) 0";
	else if (has_set && contain)
		holds = "pg_catalog.cardinality(s.m) OPERATOR(pg_catalog.=) 0";
	appendStringInfo(buf, "SELECT s.v, s.n, %s AS h, pg_catalog.jsonb_build_object('distinct_values', s.c%s) AS d FROM"
						  " (SELECT pg_catalog.jsonb_agg(r.v ORDER BY r.v) FILTER (WHERE r.i OPERATOR(pg_catalog.<=) %d) AS v,"
						  " COALESCE(pg_catalog.sum(r.n), 0)::pg_catalog.int8 AS n, pg_catalog.count(*) AS c,"
						  " pg_catalog.count(*) FILTER (WHERE NOT r.known) AS u,"
						  " pg_catalog.jsonb_agg(r.v ORDER BY r.v) FILTER (WHERE NOT r.known AND r.j OPERATOR(pg_catalog.<=) %d) AS ul,"
						  " %s AS m FROM"
						  " (SELECT f.*, pg_catalog.row_number() OVER (ORDER BY f.v) AS i, pg_catalog.row_number() OVER (PARTITION BY f.known ORDER BY f.v) AS j FROM"
						  " (SELECT g.v, g.n, %s AS known FROM %s AS g) AS f) AS r) AS s",
					 holds, detail.data, MAX_SHOWN, MAX_SHOWN,
					 contain ? missing(probe, set) :
							   "NULL::pg_catalog.text[]",
					 has_set ? known(probe, set) : "true", grouped(probe));
}

/*
 * dq_tally_in_set: every value is one of the set.
 */
void
dq_tally_in_set(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const char *option = dq_json_has(check->doc, "allowed") ? "allowed" :
															  "value_set";

	write_set(buf, probe, dq_json_scalar_list(check->doc, option, check->what),
			  dq_json_has(check->doc, option), true, false);
}

/*
 * dq_tally_contain_set: every value of the set is there.
 */
void
dq_tally_contain_set(StringInfo buf, const DqProbe *probe)
{
	write_set(buf, probe, probe->check->allowed, true, false, true);
}

/*
 * dq_tally_equal_set: the values are those of the set.
 */
void
dq_tally_equal_set(StringInfo buf, const DqProbe *probe)
{
	write_set(buf, probe, probe->check->allowed, true, true, true);
}
