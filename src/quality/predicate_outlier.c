/*
 * predicate_outlier.c
 *	  What rules say about one value beside statistics of its column.
 *
 * The statistics are subselects over the rows within the filter that stand
 * alone, so that they are computed once; only finite values count in them,
 * and a value that is not finite is always far out. User's text stands only
 * in the filter of the innermost subselect, which sees the relation alone.
 * Operators written as OPERATOR() have one precedence: parentheses everywhere.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/compare.h"
#include "quality/predicate.h"
#include "quality/shape.h"

/* of a normal distribution: its deviation by its median and mean ones */
#define PER_MEDIAN_DEVIATION "1.482602218505602"
#define PER_MEAN_DEVIATION "1.2533141373155"

/*
 * dq_predicate_outlier_check: 22023 unless the distance is above zero.
 */
void
dq_predicate_outlier_check(DqCheck *check)
{
	if (dq_predicate_sign(check, "k") <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"k\" of %s must be above 0", check->what)));
}

/*
 * distance: the option "k" as SQL of a type.
 */
static char *
distance(const DqCheck *check, const char *missing, Oid type)
{
	char *k = dq_json_scalar_text(check->doc, "k", check->what);

	return dq_source_literal(k != NULL ? k : missing, type);
}

/*
 * the_column: the one of the rule, a number.
 */
static DqColumn *
the_column(const DqProbe *probe)
{
	DqColumn *column = (DqColumn *) linitial(probe->columns);

	dq_compare_need_number(column, probe->check->what);
	return column;
}

/*
 * if_finite: SQL for "the value is finite", with "prefix" before it and
 * "suffix" behind; "" for types all of whose values are.
 */
static char *
if_finite(const DqProbe *probe, const char *prefix, const char *suffix)
{
	DqColumn *column = the_column(probe);
	StringInfoData buf;

	if (!dq_compare_is_float(column->base_type) &&
		column->base_type != NUMERICOID)
		return pstrdup("");
	initStringInfo(&buf);
	appendStringInfoString(&buf, prefix);
	dq_predicate_value_finite(&buf, probe->check, column);
	appendStringInfoString(&buf, suffix);
	return buf.data;
}

/*
 * statistic: a subselect of an aggregate over the finite values.
 */
static char *
statistic(const DqProbe *probe, const char *aggregate)
{
	return psprintf("(SELECT %s%s FROM %s%s)", aggregate,
					if_finite(probe, " FILTER (WHERE ", ")"),
					probe->source->from, dq_shape_where(probe));
}

/*
 * dq_predicate_outlier_z_score: nearer to the mean than k sample standard
 * deviations, on both sides or above only. What is the mean itself is near
 * even without any deviation.
 */
void
dq_predicate_outlier_z_score(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	DqColumn *column = the_column(probe);
	bool two_sided = dq_json_bool(check->doc, "two_sided", true, check->what);
	Oid type = dq_compare_is_float(column->base_type) ? FLOAT8OID :
														NUMERICOID;
	char *mean = statistic(probe,
						   psprintf("pg_catalog.avg(%s)", column->sql));
	char *deviation = statistic(
		probe, psprintf("pg_catalog.stddev_samp(%s)", column->sql));

	appendStringInfo(buf, "%s(%s(%s OPERATOR(pg_catalog.-) %s) OPERATOR(pg_catalog.<) (%s OPERATOR(pg_catalog.*) %s) OR %s OPERATOR(pg_catalog.%s) %s)",
					 if_finite(probe, "", " AND "),
					 two_sided ? "pg_catalog.abs" : "", column->sql, mean,
					 distance(check, "3", type), deviation, column->sql,
					 two_sided ? "=" : "<=", mean);
}

/*
 * as_float: the value as double precision.
 */
static char *
as_float(const DqColumn *column)
{
	return psprintf("%s::%s", column->sql, dq_sqltext_type(FLOAT8OID, -1));
}

/*
 * dq_predicate_outlier_iqr: not further than k interquartile ranges outside
 * of the quartiles (Tukey's fences); the quartiles interpolate, in double
 * precision.
 */
void
dq_predicate_outlier_iqr(StringInfo buf, const DqProbe *probe)
{
	char *value = as_float(the_column(probe));
	char *k = distance(probe->check, "1.5", FLOAT8OID);
	char *quartiles = statistic(
		probe,
		psprintf("pg_catalog.percentile_cont(ARRAY[0.25, 0.75]::pg_catalog.float8[]) WITHIN GROUP (ORDER BY %s)",
				 value));
	const char *fence =
		"(SELECT s.q[%d] OPERATOR(pg_catalog.%s) (%s OPERATOR(pg_catalog.*) (s.q[2] OPERATOR(pg_catalog.-) s.q[1])) FROM %s AS s (q))";

	/* the subselect in FROM, instead of a value */
	appendStringInfo(buf, "%s%s OPERATOR(pg_catalog.>=) %s AND %s OPERATOR(pg_catalog.<=) %s",
					 if_finite(probe, "", " AND "), value,
					 psprintf(fence, 1, "-", k, quartiles), value,
					 psprintf(fence, 2, "+", k, quartiles));
}

/*
 * dq_predicate_outlier_mad: nearer to the median than k robust deviations:
 * the median of the deviations from it, scaled to agree with the standard
 * deviation of a normal distribution; their mean, when more than half of the
 * values are the same.
 */
void
dq_predicate_outlier_mad(StringInfo buf, const DqProbe *probe)
{
	char *value = as_float(the_column(probe));
	char *k = distance(probe->check, "3.5", FLOAT8OID);
	char *median = statistic(
		probe,
		psprintf("pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)",
				 value));
	char *deviation = psprintf(
		"pg_catalog.abs(%s OPERATOR(pg_catalog.-) %s)", value, median);
	char *only = if_finite(probe, " FILTER (WHERE ", ")");
	char *both = psprintf(
		"(SELECT ARRAY[pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)%s, pg_catalog.avg(%s)%s] FROM %s%s)",
		deviation, only, deviation, only, probe->source->from,
		dq_shape_where(probe));

	appendStringInfo(buf, "%s%s OPERATOR(pg_catalog.<=) (%s OPERATOR(pg_catalog.*) (SELECT CASE WHEN s.d[1] OPERATOR(pg_catalog.>) 0 THEN s.d[1] OPERATOR(pg_catalog.*) " PER_MEDIAN_DEVIATION "::pg_catalog.float8 ELSE s.d[2] OPERATOR(pg_catalog.*) " PER_MEAN_DEVIATION "::pg_catalog.float8 END FROM %s AS s (d)))",
					 if_finite(probe, "", " AND "), deviation, k, both);
}
