/*
 * distribution.c
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
}
