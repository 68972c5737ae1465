/*
 * distribution.c
<<<<<<< HEAD
 *	  How the values of a column are distributed, asked of SQL.
 *
 * A user's filter stands in the innermost subselect only, where it sees the
 * relation and nothing of ours. Times count in seconds.
 */
#include "postgres.h"

#include <math.h>

#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "quality/distribution.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

/* distinct values that are counted one by one */
#define MAX_VALUES 10000

/* distinct numbers that are held against a distribution */
#define MAX_NUMBERS 2000000

/*
 * dq_distribution_has_numbers: see distribution.h.
 */
bool
dq_distribution_has_numbers(const DqColumn *column)
{
	char category;
	bool preferred;

	get_type_category_preferred(column->base_type, &category, &preferred);
	return column->base_type != CASHOID &&
		   (category == TYPCATEGORY_NUMERIC ||
			category == TYPCATEGORY_DATETIME ||
			category == TYPCATEGORY_TIMESPAN);
}

/*
 * number_sql: the column as a double precision.
 */
static char *
number_sql(const DqSample *sample)
{
	const DqColumn *column = sample->column;
	char category;
	bool preferred;

	if (!dq_distribution_has_numbers(column))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s needs numbers or times, but column \"%s\" is of type %s",
						sample->what, column->name,
						format_type_be(column->base_type))));
	get_type_category_preferred(column->base_type, &category, &preferred);
	if (category == TYPCATEGORY_NUMERIC)
		return psprintf("%s::pg_catalog.float8", column->sql);
	return psprintf("EXTRACT(epoch FROM %s)::pg_catalog.float8", column->sql);
}

/*
 * text_sql: a value of the column's type as text, the same for equal ones.
 */
static char *
text_sql(const DqColumn *column, const char *value)
{
	if (column->base_type == NUMERICOID)
		value = psprintf("pg_catalog.trim_scale(%s)", value);
	return psprintf("(%s)::pg_catalog.text COLLATE pg_catalog.\"C\"", value);
}

/*
 * from_sample: the rows that are not NULL as (v), in parentheses.
 */
static char *
from_sample(const DqSample *sample, const char *value)
{
	return psprintf("(SELECT %s AS v FROM %s WHERE %s%s%s)", value,
					sample->source->from,
					sample->filter ? sample->filter : "",
					sample->filter ? " AND " : "",
					dq_source_is_null(sample->column, false));
}

/*
 * refuse_nan: 22003.
 */
static void
refuse_nan(const DqSample *sample)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("column \"%s\" holds NaN, which %s has no place for",
					sample->column->name, sample->what),
			 errhint("Leave the rows out with row_filter, or check the column with the rule \"finite\".")));
}

/*
 * compare_entries: for qsort, by the bytes of the values.
 */
typedef struct Entry
{
	char *value;
	double count;
} Entry;

static int
compare_entries(const void *left, const void *right)
{
	return strcmp(((const Entry *) left)->value,
				  ((const Entry *) right)->value);
}

/*
 * dq_distribution_values: see distribution.h.
 */
DqValueCounts *
dq_distribution_values(const DqSample *sample)
{
	DqValueCounts *result = palloc0(sizeof(DqValueCounts));
	DqRows *rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT s.v AS v, pg_catalog.count(*) AS n FROM %s AS s GROUP BY s.v LIMIT %d",
				 from_sample(sample,
							 text_sql(sample->column, sample->column->sql)),
				 MAX_VALUES + 1),
		NULL);
	Entry *entries = palloc(sizeof(Entry) * (rows->count + 1));
	int i;

	if (rows->count > MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" has more than %d distinct values",
						sample->column->name, MAX_VALUES),
				 errhint("Set \"binning\" to \"quantiles\" for numbers, or leave rows out with row_filter.")));
	result->n = (int) rows->count;
	result->values = palloc(sizeof(char *) * (result->n + 1));
	result->counts = palloc(sizeof(double) * (result->n + 1));
	for (i = 0; i < result->n; i++)
	{
		entries[i].value = dq_rows_text(rows, i, "v");
		entries[i].count = (double) dq_rows_int8(rows, i, "n");
	}
	qsort(entries, result->n, sizeof(Entry), compare_entries);
	for (i = 0; i < result->n; i++)
	{
		result->values[i] = entries[i].value;
		result->counts[i] = entries[i].count;
		result->total += entries[i].count;
	}
	return result;
}

/*
 * dq_distribution_canonical: see distribution.h. 22P02 and its like for what
 * is no value of the type.
 */
List *
dq_distribution_canonical(const DqSample *sample, List *texts)
{
	const DqColumn *column = sample->column;
	StringInfoData buf;
	List *result = NIL;
	DqRows *rows;
	ListCell *lc;
	int i;

	if (column->base_type == TEXTOID || column->base_type == VARCHAROID)
		return texts;
	initStringInfo(&buf);
	foreach(lc, texts)
	{
		char *literal = dq_source_literal((char *) lfirst(lc),
										  column->base_type);

		appendStringInfo(&buf, "%s(%s, %d)", buf.len > 0 ? ", " : "",
						 text_sql(column, literal),
						 foreach_current_index(lc));
	}
	rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT s.v AS v FROM (VALUES %s) AS s (v, n) ORDER BY s.n",
				 buf.data),
		NULL);
	for (i = 0; i < rows->count; i++)
		result = lappend(result, dq_rows_text(rows, i, "v"));
	return result;
}

/*
 * array_sql: numbers as a float8[] literal.
 */
static char *
array_sql(const double *numbers, int n)
{
	StringInfoData buf;
	int i;

	initStringInfo(&buf);
	for (i = 0; i < n; i++)
	{
		char text[DOUBLE_SHORTEST_DECIMAL_LEN];

		double_to_shortest_decimal_buf(numbers[i], text);
		appendStringInfo(&buf, "%s%s", i > 0 ? "," : "", text);
	}
	return psprintf("'{%s}'::pg_catalog.float8[]", buf.data);
}

/*
 * dq_distribution_bins: see distribution.h.
 */
double *
dq_distribution_bins(const DqSample *sample, const double *edges, int n_edges,
					 bool last_closed, double *total)
{
	double *counts = palloc0(sizeof(double) * (n_edges + 1));
	char *bin = psprintf("pg_catalog.width_bucket(s.v, %s)",
						 array_sql(edges, n_edges));
	DqRows *rows;
	int i;

	if (last_closed && n_edges > 1)
		bin = psprintf("CASE WHEN s.v OPERATOR(pg_catalog.=) (%s)[%d] THEN %d ELSE %s END",
					   array_sql(edges, n_edges), n_edges, n_edges - 1, bin);
	rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT b.b AS b, pg_catalog.count(*) AS n"
				 " FROM (SELECT CASE WHEN s.v OPERATOR(pg_catalog.=) 'NaN'::pg_catalog.float8 THEN -1 ELSE %s END AS b FROM %s AS s) AS b"
				 " GROUP BY b.b",
				 bin, from_sample(sample, number_sql(sample))),
		NULL);
	*total = 0.0;
	for (i = 0; i < rows->count; i++)
	{
		int at = dq_rows_int4(rows, i, "b");

		if (at < 0)
			refuse_nan(sample);
		counts[at] = (double) dq_rows_int8(rows, i, "n");
		*total += counts[at];
	}
	return counts;
}

/*
 * numbers_of: a float8[] of a result row; *n is 0 when it is NULL.
 */
static double *
numbers_of(const DqRows *rows, const char *column, int *n)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, 0, column, &isnull);
	Datum *elements;
	bool *nulls;
	double *numbers;
	int i;

	*n = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), FLOAT8OID, 8,
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &nulls, n);
	numbers = palloc(sizeof(double) * (*n + 1));
	for (i = 0; i < *n; i++)
		numbers[i] = nulls[i] ? get_float8_nan() :
								DatumGetFloat8(elements[i]);
	return numbers;
}

/*
 * dq_distribution_edges: see distribution.h.
 */
double *
dq_distribution_edges(const DqSample *sample, int bins, int *n_edges)
{
	double *fractions = palloc(sizeof(double) * bins);
	double *edges;
	DqRows *rows;
	int found;
	int i;

	for (i = 1; i < bins; i++)
		fractions[i - 1] = (double) i / bins;
	rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT pg_catalog.percentile_disc(%s) WITHIN GROUP (ORDER BY s.v) AS edges FROM %s AS s",
				 array_sql(fractions, bins - 1),
				 from_sample(sample, number_sql(sample))),
		NULL);
	edges = numbers_of(rows, "edges", &found);
	if (edges == NULL)
		return NULL;
	*n_edges = 0;
	for (i = 0; i < found; i++)
	{
		if (isnan(edges[i]))
			refuse_nan(sample);
		if (!isinf(edges[i]) &&
			(*n_edges == 0 || edges[i] > edges[*n_edges - 1]))
			edges[(*n_edges)++] = edges[i];
	}
	return edges;
}

/*
 * dq_distribution_ks_two: see distribution.h. The distribution functions of
 * both are sums over the numbers in order, each number once.
 */
double
dq_distribution_ks_two(const DqSample *sample, const DqSample *reference,
					   double *n, double *m)
{
	DqRows *rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT pg_catalog.max(CASE WHEN f.n OPERATOR(pg_catalog.>) 0::pg_catalog.float8 AND f.m OPERATOR(pg_catalog.>) 0::pg_catalog.float8 THEN"
				 " pg_catalog.abs((f.a OPERATOR(pg_catalog./) f.n) OPERATOR(pg_catalog.-) (f.b OPERATOR(pg_catalog./) f.m)) END) AS d,"
				 " pg_catalog.max(f.n) AS n, pg_catalog.max(f.m) AS m,"
				 " pg_catalog.bool_or(f.v OPERATOR(pg_catalog.=) 'NaN'::pg_catalog.float8) AS nan"
				 " FROM (SELECT g.v,"
				 " pg_catalog.sum(g.a) OVER (ORDER BY g.v) AS a,"
				 " pg_catalog.sum(g.b) OVER (ORDER BY g.v) AS b,"
				 " pg_catalog.sum(g.a) OVER () AS n,"
				 " pg_catalog.sum(g.b) OVER () AS m"
				 " FROM (SELECT u.v, pg_catalog.sum(u.a)::pg_catalog.float8 AS a, pg_catalog.sum(u.b)::pg_catalog.float8 AS b"
				 " FROM (SELECT s.v, 1 AS a, 0 AS b FROM %s AS s UNION ALL SELECT r.v, 0, 1 FROM %s AS r) AS u"
				 " GROUP BY u.v) AS g) AS f",
				 from_sample(sample, number_sql(sample)),
				 from_sample(reference, number_sql(reference))),
		NULL);
	bool isnull;
	Datum d = dq_rows_datum(rows, 0, "d", &isnull);

	*n = *m = 0.0;
	if (!dq_rows_is_null(rows, 0, "nan") && dq_rows_bool(rows, 0, "nan"))
		refuse_nan(sample);
	if (!dq_rows_is_null(rows, 0, "n"))
		*n = DatumGetFloat8(dq_rows_datum(rows, 0, "n", &isnull));
	if (!dq_rows_is_null(rows, 0, "m"))
		*m = DatumGetFloat8(dq_rows_datum(rows, 0, "m", &isnull));
	return dq_rows_is_null(rows, 0, "d") ? get_float8_nan() :
										   DatumGetFloat8(d);
}

/*
 * dq_distribution_ks_one: see distribution.h. Each distinct number comes once,
 * with how often; 54000 when these are too many to hold.
 */
double
dq_distribution_ks_one(const DqSample *sample, DqDistribution kind,
					   double first, double second, double *n)
{
	DqRows *rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT pg_catalog.array_agg(g.v ORDER BY g.v) AS v, pg_catalog.array_agg(g.n ORDER BY g.v) AS n"
				 " FROM (SELECT s.v, pg_catalog.count(*)::pg_catalog.float8 AS n FROM %s AS s GROUP BY s.v LIMIT %d) AS g",
				 from_sample(sample, number_sql(sample)), MAX_NUMBERS + 1),
		NULL);
	int count;
	double *values = numbers_of(rows, "v", &count);
	double *counts = numbers_of(rows, "n", &count);
	double below = 0.0;
	double largest = 0.0;
	int i;

	*n = 0.0;
	if (count > MAX_NUMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" has more than %d distinct values",
						sample->column->name, MAX_NUMBERS),
				 errhint("Leave rows out with row_filter, or compare with the rows of a \"reference\".")));
	for (i = 0; i < count; i++)
		*n += counts[i];
	for (i = 0; i < count; i++)
	{
		double f = dq_divergence_cdf(values[i], kind, first, second);

		if (isnan(values[i]))
			refuse_nan(sample);
		largest = Max(largest, f - below / *n);
		below += counts[i];
		largest = Max(largest, below / *n - f);
	}
	return *n > 0.0 ? largest : get_float8_nan();
=======
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
#include "quality/distribution.h"
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
 * dq_distribution_check_quantiles: one quantile with bounds, or lists.
 */
void
dq_distribution_check_quantiles(DqCheck *check)
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
 * dq_distribution_holds: the SELECT itself says it, as h.
 */
void
dq_distribution_holds(StringInfo buf, const DqProbe *probe,
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
 * dq_distribution_median: the mean of the two middle values, exact unless
 * they are floats.
 */
void
dq_distribution_median(StringInfo buf, const DqProbe *probe)
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
 * dq_distribution_quantile: one quantile within bounds, or several, each
 * within its own.
 */
void
dq_distribution_quantile(StringInfo buf, const DqProbe *probe)
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
 * dq_distribution_iqr: the third quartile less the first.
 */
void
dq_distribution_iqr(StringInfo buf, const DqProbe *probe)
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
 * dq_distribution_entropy: Shannon's: the sum of p ln(1 / p) over the shares
 * of the different values, in double precision; 0 when there is one value.
 */
void
dq_distribution_entropy(StringInfo buf, const DqProbe *probe)
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
 * dq_distribution_mode: the most frequent value is in the set. Of several
 * that are equally frequent one is enough, or all have to be in it, or there
 * must not be several.
 */
void
dq_distribution_mode(StringInfo buf, const DqProbe *probe)
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
 * dq_distribution_in_set: every value is one of the set.
 */
void
dq_distribution_in_set(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const char *option = dq_json_has(check->doc, "allowed") ? "allowed" :
															  "value_set";

	write_set(buf, probe, dq_json_scalar_list(check->doc, option, check->what),
			  dq_json_has(check->doc, option), true, false);
}

/*
 * dq_distribution_contain_set: every value of the set is there.
 */
void
dq_distribution_contain_set(StringInfo buf, const DqProbe *probe)
{
	write_set(buf, probe, probe->check->allowed, true, false, true);
}

/*
 * dq_distribution_equal_set: the values are those of the set.
 */
void
dq_distribution_equal_set(StringInfo buf, const DqProbe *probe)
{
	write_set(buf, probe, probe->check->allowed, true, true, true);
>>>>>>> 0193301 (Rules on keys and on one value of many rows, exact wherever the type is)
}
