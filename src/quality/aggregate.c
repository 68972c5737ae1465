/*
 * aggregate.c
 *	  Values of many rows that one pass gives, as SQL of aggregates.
 *
 * Integers and numerics are computed as numerics: sums, means and moments of
 * them are exact up to the last division. Floats are computed in double
 * precision by the server's own aggregates, whose last digits depend on the
 * order of the rows. NULL is left out everywhere; of no value there is none.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/aggregate.h"
#include "quality/bounds.h"
#include "quality/compare.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

/*
 * number_option: an option as a numeric, 22023 when it is none, or NaN.
 */
static Datum
number_option(const DqCheck *check, const char *option)
{
	char *text = dq_json_scalar_text(check->doc, option, check->what);
	char *end = text;

	(void) strtod(text, &end);
	if (end == text || *end != '\0' || pg_strncasecmp(text, "nan", 3) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be a number", option,
						check->what)));
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/*
 * dq_aggregate_check_pair: two bounds that are numbers are in order; either
 * may be missing.
 */
void
dq_aggregate_check_pair(const DqCheck *check, const char *min,
						const char *max)
{
	if (!dq_json_has(check->doc, min) || !dq_json_has(check->doc, max))
		return;
	if (DatumGetBool(DirectFunctionCall2(numeric_gt,
										 number_option(check, min),
										 number_option(check, max))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s is above \"%s\"", min, check->what,
						max),
				 errhint("Exchange the bounds.")));
}

/*
 * dq_aggregate_check_numbers: bounds are numbers, in order.
 */
void
dq_aggregate_check_numbers(DqCheck *check)
{
	if (check->min_value != NULL)
		(void) number_option(check, "min_value");
	if (check->max_value != NULL)
		(void) number_option(check, "max_value");
	dq_aggregate_check_pair(check, "min_value", "max_value");
}

/*
 * check_fraction: 22023 for a bound that no fraction can reach.
 */
static void
check_fraction(const DqCheck *check, const char *option)
{
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	Datum one = DirectFunctionCall1(int4_numeric, Int32GetDatum(1));
	Datum value;

	if (!dq_json_has(check->doc, option))
		return;
	value = number_option(check, option);
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, value, zero)) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, value, one)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be between 0 and 1",
						option, check->what),
				 errhint("Give a fraction: \"%s\": 0.95 is 95 percent.",
						 option)));
}

/*
 * dq_aggregate_check_fractions: bounds are fractions, in order.
 */
void
dq_aggregate_check_fractions(DqCheck *check)
{
	check_fraction(check, "min_value");
	check_fraction(check, "max_value");
	dq_aggregate_check_pair(check, "min_value", "max_value");
}

/*
 * dq_aggregate_check_order: bounds may be values of any type; numbers are in
 * order.
 */
void
dq_aggregate_check_order(DqCheck *check)
{
	if (dq_json_is_number(check->doc, "min_value") &&
		dq_json_is_number(check->doc, "max_value"))
		dq_aggregate_check_pair(check, "min_value", "max_value");
}

/*
 * is_counted: does value_frequency_between count rows?
 */
static bool
is_counted(const DqCheck *check)
{
	return dq_option_word(check->type->options, check->doc, "unit",
						  check->what) == 1;
}

/*
 * dq_aggregate_check_frequency: bounds are fractions, or counts.
 */
void
dq_aggregate_check_frequency(DqCheck *check)
{
	if (is_counted(check))
		dq_aggregate_check_numbers(check);
	else
		dq_aggregate_check_fractions(check);
}

/*
 * only_column: the column of the check.
 */
static const DqColumn *
only_column(const DqProbe *probe)
{
	return (const DqColumn *) linitial(probe->columns);
}

/*
 * write_ratio: append two numbers of rows as an exact fraction; NULL of no
 * rows.
 */
static void
write_ratio(StringInfo buf, const char *part, const char *whole)
{
	appendStringInfo(buf, "CASE WHEN %s OPERATOR(pg_catalog.>) 0 THEN pg_catalog.trim_scale(%s::pg_catalog.numeric OPERATOR(pg_catalog./) %s::pg_catalog.numeric) END",
					 whole, part, whole);
}

/*
 * dq_aggregate_completeness: the share of rows that have a value.
 */
void
dq_aggregate_completeness(StringInfo buf, const DqProbe *probe)
{
	write_ratio(buf,
				psprintf("pg_catalog.count(*) FILTER (WHERE %s)",
						 dq_source_is_null(only_column(probe), false)),
				"pg_catalog.count(*)");
}

/*
 * write_extreme: append min or max, integers as numerics.
 */
static void
write_extreme(StringInfo buf, const DqProbe *probe, const char *name)
{
	const DqColumn *column = only_column(probe);
	Oid type = column->base_type;

	dq_compare_need_order(column, probe->check->what);
	if (probe->check->bounds_are_numbers && !dq_compare_is_number(type) &&
		type != OIDOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, its bounds are numbers",
						column->name, format_type_be(type)),
				 errhint("Give the bounds as strings: values of the column's type.")));
	appendStringInfo(buf, "%s(%s)%s",
					 dq_compare_aggregate(name, type, column->name),
					 column->sql,
					 dq_compare_is_number(type) &&
							 !dq_compare_is_float(type) ?
						 "::pg_catalog.numeric" :
						 "");
}

/*
 * dq_aggregate_min: the least value by the order of the column's type.
 */
void
dq_aggregate_min(StringInfo buf, const DqProbe *probe)
{
	write_extreme(buf, probe, "min");
}

/*
 * dq_aggregate_max: the greatest one.
 */
void
dq_aggregate_max(StringInfo buf, const DqProbe *probe)
{
	write_extreme(buf, probe, "max");
}

/*
 * dq_aggregate_extreme_holds: within the bounds by the order of the column's
 * type.
 */
void
dq_aggregate_extreme_holds(StringInfo buf, const DqProbe *probe,
						   const char *value)
{
	const DqCheck *check = probe->check;
	const DqColumn *column = only_column(probe);
	Oid type = column->base_type;

	if (check->min_value == NULL && check->max_value == NULL)
		appendStringInfoString(buf, "true");
	dq_bounds_check_values(check,
						   dq_compare_is_number(type) &&
								   !dq_compare_is_float(type) ?
							   NUMERICOID :
							   type,
						   column->collation);
	if (check->min_value != NULL)
		appendStringInfoString(
			buf, dq_compare_bound(column, value,
								  check->min_excluded ?
									  BTGreaterStrategyNumber :
									  BTGreaterEqualStrategyNumber,
								  check->min_value));
	if (check->min_value != NULL && check->max_value != NULL)
		appendStringInfoString(buf, " AND ");
	if (check->max_value != NULL)
		appendStringInfoString(
			buf, dq_compare_bound(column, value,
								  check->max_excluded ?
									  BTLessStrategyNumber :
									  BTLessEqualStrategyNumber,
								  check->max_value));
}

/*
 * dq_aggregate_range: the greatest value less the least one: days for dates,
 * an interval for timestamps and times.
 */
void
dq_aggregate_range(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *column = only_column(probe);
	Oid type = column->base_type;
	bool number = dq_compare_is_number(type) || type == DATEOID;
	const char *cast = "";

	if (!number && type != TIMESTAMPOID && type != TIMESTAMPTZOID &&
		type != TIMEOID && type != INTERVALOID)
		dq_compare_need_number(column, probe->check->what);
	if (probe->check->bounds_are_numbers && !number)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the range of column \"%s\" is an interval, its bounds are numbers",
						column->name),
				 errhint("Give the bounds as intervals: \"max_value\": \"1 day\".")));
	if (dq_compare_is_float(type))
		cast = "::pg_catalog.float8";
	else if (dq_compare_is_number(type))
		cast = "::pg_catalog.numeric";
	appendStringInfo(buf, "(pg_catalog.max(%s)%s OPERATOR(pg_catalog.-) pg_catalog.min(%s)%s)%s",
					 column->sql, cast, column->sql, cast,
					 type == DATEOID ? "::pg_catalog.numeric" : "");
}

/*
 * as_number: the column of numbers, floats in double precision.
 */
static const char *
as_number(const DqProbe *probe)
{
	const DqColumn *column = only_column(probe);

	dq_compare_need_number(column, probe->check->what);
	if (column->base_type == FLOAT4OID)
		return psprintf("%s::pg_catalog.float8", column->sql);
	return column->sql;
}

/*
 * write_number: append an aggregate of numbers, exact ones as numeric.
 */
static void
write_number(StringInfo buf, const DqProbe *probe, const char *aggregate)
{
	const char *number = as_number(probe);

	if (dq_compare_is_float(only_column(probe)->base_type))
		appendStringInfo(buf, "pg_catalog.%s(%s)", aggregate, number);
	else
		appendStringInfo(buf, "pg_catalog.trim_scale(pg_catalog.%s(%s)::pg_catalog.numeric)",
						 aggregate, number);
}

/*
 * dq_aggregate_mean: the arithmetic mean.
 */
void
dq_aggregate_mean(StringInfo buf, const DqProbe *probe)
{
	write_number(buf, probe, "avg");
}

/*
 * dq_aggregate_sum: the sum, which cannot overflow.
 */
void
dq_aggregate_sum(StringInfo buf, const DqProbe *probe)
{
	write_number(buf, probe, "sum");
}

/*
 * is_population: do the rows stand for themselves, not for more of them?
 */
static bool
is_population(const DqCheck *check)
{
	return dq_option_word(check->type->options, check->doc, "kind",
						  check->what) == 1;
}

/*
 * dq_aggregate_stddev: the standard deviation; that of a sample needs two
 * values.
 */
void
dq_aggregate_stddev(StringInfo buf, const DqProbe *probe)
{
	write_number(buf, probe,
				 is_population(probe->check) ? "stddev_pop" : "stddev_samp");
}

/*
 * dq_aggregate_variance: its square.
 */
void
dq_aggregate_variance(StringInfo buf, const DqProbe *probe)
{
	write_number(buf, probe,
				 is_population(probe->check) ? "var_pop" : "var_samp");
}

/*
 * power_sum: SQL for the sum of the values to the power of k, as numeric. A
 * float is taken with its 15 digits, so that the differences of large sums
 * lose nothing.
 */
static char *
power_sum(const DqProbe *probe, int k)
{
	const DqColumn *column = only_column(probe);
	StringInfoData buf;
	int i;

	dq_compare_need_number(column, probe->check->what);
	initStringInfo(&buf);
	for (i = 0; i < k; i++)
		appendStringInfo(&buf, "%s%s::pg_catalog.numeric",
						 i > 0 ? " OPERATOR(pg_catalog.*) " : "",
						 column->sql);
	return psprintf("pg_catalog.sum(%s)", buf.data);
}

/*
 * formula: arithmetic of the number of values ("n") and their power sums ("s1"
 * to "s4") as SQL; "R(" is a square root. As qualified operators all bind
 * alike, everything stands in parentheses but for chains of one kind.
 */
static char *
formula(const DqProbe *probe, const char *text)
{
	StringInfoData buf;
	const char *p;

	initStringInfo(&buf);
	for (p = text; *p != '\0'; p++)
	{
		if (*p == 'n')
			appendStringInfo(&buf, "pg_catalog.count(%s)::pg_catalog.numeric",
							 only_column(probe)->sql);
		else if (*p == 's')
			appendStringInfoString(&buf, power_sum(probe, *++p - '0'));
		else if (*p == 'R')
			appendStringInfoString(&buf, "pg_catalog.sqrt");
		else if (strchr("+-*/", *p) != NULL)
			appendStringInfo(&buf, " OPERATOR(pg_catalog.%c) ", *p);
		else
			appendStringInfoChar(&buf, *p);
	}
	return buf.data;
}

/* n^2 times the variance, n^3 the third and n^4 the fourth central moment */
#define SPREAD "((n*s2)-(s1*s1))"
#define THIRD "((n*n*s3)-(3*n*s1*s2)+(2*s1*s1*s1))"
#define FOURTH "((n*n*n*s4)-(4*n*n*s1*s3)+(6*n*s1*s1*s2)-(3*s1*s1*s1*s1))"
#define SKEWNESS "(" THIRD "/(" SPREAD "*R(" SPREAD ")))"
#define KURTOSIS "((" FOURTH "/(" SPREAD "*" SPREAD "))-3)"

/*
 * write_moment: append a formula for at least so many values that are not all
 * the same.
 */
static void
write_moment(StringInfo buf, const DqProbe *probe, int least,
			 const char *text)
{
	appendStringInfo(buf, "CASE WHEN %s OPERATOR(pg_catalog.>=) %d AND %s OPERATOR(pg_catalog.>) 0 THEN pg_catalog.trim_scale(pg_catalog.round(%s, 15)) END",
					 formula(probe, "n"), least, formula(probe, SPREAD),
					 formula(probe, text));
}

/*
 * dq_aggregate_skewness: of the population m3 / m2^1.5; of a sample that
 * times sqrt(n (n - 1)) / (n - 2): g1 and G1 of Joanes and Gill, "Comparing
 * measures of sample skewness and kurtosis" (1998). Exact but for the root
 * and the division.
 */
void
dq_aggregate_skewness(StringInfo buf, const DqProbe *probe)
{
	if (is_population(probe->check))
		write_moment(buf, probe, 1, SKEWNESS);
	else
		write_moment(buf, probe, 3, SKEWNESS "*R(n*(n-1))/(n-2)");
}

/*
 * dq_aggregate_kurtosis: of the population m4 / m2^2 - 3; of a sample
 * (n - 1) ((n + 1) g2 + 6) / ((n - 2)(n - 3)): g2 and G2 of Joanes and Gill.
 * Zero for a normal distribution; excess => false adds 3.
 */
void
dq_aggregate_kurtosis(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	bool excess = dq_json_bool(check->doc, "excess", true, check->what);

	if (is_population(check))
		write_moment(buf, probe, 1,
					 excess ? KURTOSIS : "(" KURTOSIS "+3)");
	else
		write_moment(buf, probe, 4,
					 excess ? "(n-1)*(((n+1)*" KURTOSIS ")+6)/((n-2)*(n-3))" :
							  "((n-1)*(((n+1)*" KURTOSIS ")+6)/((n-2)*(n-3)))+3");
}

/*
 * write_share: append the share of the values that meet a condition.
 */
static void
write_share(StringInfo buf, const DqProbe *probe, const char *condition)
{
	write_ratio(buf,
				psprintf("pg_catalog.count(*) FILTER (WHERE %s)", condition),
				psprintf("pg_catalog.count(%s)", only_column(probe)->sql));
}

/*
 * dq_aggregate_zeros: the share of zeros.
 */
void
dq_aggregate_zeros(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *column = only_column(probe);

	dq_compare_need_number(column, probe->check->what);
	write_share(buf, probe, dq_compare_value(column, "0"));
}

/*
 * dq_aggregate_trues: the share of true.
 */
void
dq_aggregate_trues(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *column = only_column(probe);

	if (column->base_type != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, not boolean",
						column->name, format_type_be(column->base_type))));
	write_share(buf, probe, column->sql);
}

/*
 * dq_aggregate_frequency: the share of one value, or its number of rows.
 */
void
dq_aggregate_frequency(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *value = dq_json_scalar_text(check->doc, "value", check->what);
	char *condition = dq_compare_value(only_column(probe), value);

	if (is_counted(check))
		appendStringInfo(buf, "pg_catalog.count(*) FILTER (WHERE %s)::pg_catalog.numeric",
						 condition);
	else
		write_share(buf, probe, condition);
}

/*
 * dq_aggregate_varies: are there two different values? Found by the least
 * and the greatest one where the type has them.
 */
void
dq_aggregate_varies(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *column = only_column(probe);
	Oid type = column->base_type;
	char *min;
	char *max;

	if (type == BOOLOID)
	{
		appendStringInfo(buf, "pg_catalog.bool_or(%s) AND NOT pg_catalog.bool_and(%s)",
						 column->sql, column->sql);
		return;
	}
	dq_compare_need_order(column, probe->check->what);
	if (type == UUIDOID || type == JSONBOID)
	{
		/* without these aggregates, on some versions */
		appendStringInfo(buf, "CASE WHEN pg_catalog.count(%s) OPERATOR(pg_catalog.>) 0 THEN pg_catalog.count(DISTINCT %s) OPERATOR(pg_catalog.>) 1 END",
						 column->sql, column->sql);
		return;
	}
	min = psprintf("%s(%s)", dq_compare_aggregate("min", type, column->name),
				   column->sql);
	max = psprintf("%s(%s)", dq_compare_aggregate("max", type, column->name),
				   column->sql);
	appendStringInfoString(buf,
						   dq_compare_columns(dq_compare_like(column, min,
															  type),
											  BTLessStrategyNumber,
											  dq_compare_like(column, max,
															  type)));
}

/*
 * dq_aggregate_varies_holds: the value says it.
 */
void
dq_aggregate_varies_holds(StringInfo buf, const DqProbe *probe,
						  const char *value)
{
	appendStringInfoString(buf, value);
}

/*
 * write_length: append an aggregate of the lengths: characters of a text,
 * bytes of a bytea.
 */
static void
write_length(StringInfo buf, const DqProbe *probe, const char *aggregate)
{
	const DqColumn *column = only_column(probe);
	const char *length = "pg_catalog.char_length(%s::pg_catalog.text)";
	char category;
	bool preferred;

	get_type_category_preferred(column->base_type, &category, &preferred);
	if (column->base_type == BYTEAOID)
		length = "pg_catalog.octet_length(%s)";
	else if (category != TYPCATEGORY_STRING)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, which is no text",
						column->name, format_type_be(column->base_type))));
	appendStringInfo(buf, "pg_catalog.trim_scale(pg_catalog.%s(",
					 aggregate);
	appendStringInfo(buf, length, column->sql);
	appendStringInfoString(buf, ")::pg_catalog.numeric)");
}

/*
 * dq_aggregate_min_length: the length of the shortest text.
 */
void
dq_aggregate_min_length(StringInfo buf, const DqProbe *probe)
{
	write_length(buf, probe, "min");
}

/*
 * dq_aggregate_max_length: the length of the longest text.
 */
void
dq_aggregate_max_length(StringInfo buf, const DqProbe *probe)
{
	write_length(buf, probe, "max");
}

/*
 * dq_aggregate_mean_length: the mean of the lengths.
 */
void
dq_aggregate_mean_length(StringInfo buf, const DqProbe *probe)
{
	write_length(buf, probe, "avg");
}
