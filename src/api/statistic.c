/*
 * statistic.c
 *	  Statistics as functions: a number against its history, a distribution
 *	  against another. They read no table.
 */
#include "postgres.h"

#include <math.h>

#include "api/arguments.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "quality/baseline.h"
#include "quality/measure.h"
#include "quality/special.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(dq_etl_detect_anomaly);
PG_FUNCTION_INFO_V1(dq_etl_measure_drift);
PG_FUNCTION_INFO_V1(dq_etl_catalog_special);

/* what is said of an options document in messages */
#define PARAMS "\"params\""

/*
 * bad_array: 22023 for an array argument.
 */
static void
bad_array(const char *name, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" %s", name, problem)));
}

/*
 * read_elements: the elements of a one-dimensional array argument.
 */
static int
read_elements(FunctionCallInfo fcinfo, int n, const char *name, Oid type,
			  Datum **elements, bool **nulls)
{
	ArrayType *array;
	int count;

	dq_arguments_require(fcinfo, n, name);
	array = PG_GETARG_ARRAYTYPE_P(n);
	if (ARR_NDIM(array) > 1)
		bad_array(name, "must have one dimension");
	deconstruct_array(array, type, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  elements, nulls, &count);
	return count;
}

/*
 * read_doubles: an array of finite numbers; NULL is NaN or, unless nulls_too,
 * 22004.
 */
static double *
read_doubles(FunctionCallInfo fcinfo, int n, const char *name, bool nulls_too,
			 int *count)
{
	Datum *elements;
	bool *nulls;
	double *values;
	int i;

	*count = read_elements(fcinfo, n, name, FLOAT8OID, &elements, &nulls);
	values = palloc(sizeof(double) * Max(*count, 1));
	for (i = 0; i < *count; i++)
	{
		if (nulls[i] && !nulls_too)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain NULL", name)));
		values[i] = nulls[i] ? get_float8_nan() :
							   DatumGetFloat8(elements[i]);
		if (!nulls[i] && !isfinite(values[i]))
			bad_array(name, "must hold finite numbers only");
	}
	return values;
}

/*
 * read_history: numbers with their times, which must be as many.
 */
static DqTimed *
read_history(FunctionCallInfo fcinfo, const double *values, int n)
{
	DqTimed *history = palloc(sizeof(DqTimed) * Max(n, 1));
	Datum *elements;
	bool *nulls;
	int i;

	if (read_elements(fcinfo, 4, "history_at", TIMESTAMPTZOID, &elements,
					  &nulls) != n)
		bad_array("history_at", "must have as many elements as \"history\"");
	for (i = 0; i < n; i++)
	{
		history[i].value = values[i];
		history[i].at = nulls[i] ? DT_NOBEGIN :
								   DatumGetTimestampTz(elements[i]);
		if (TIMESTAMP_NOT_FINITE(history[i].at))
			bad_array("history_at", "must hold finite times only");
	}
	return history;
}

/*
 * judge_value: with times when they are given.
 */
static DqAnomaly
judge_value(FunctionCallInfo fcinfo, const DqBaseline *baseline, double value,
			TimestampTz at)
{
	int n;
	double *values = read_doubles(fcinfo, 1, "history", true, &n);

	if (!PG_ARGISNULL(3) && TIMESTAMP_NOT_FINITE(at))
		bad_array("value_at", "must be finite");
	if (!PG_ARGISNULL(3) || !PG_ARGISNULL(4))
	{
		dq_arguments_require(fcinfo, 3, "value_at");
		return dq_baseline_judge(baseline, read_history(fcinfo, values, n), n,
								 value, at);
	}
	if (baseline->series.season != DQ_SEASON_NONE ||
		baseline->series.period != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"season\" and \"period\" need times"),
				 errhint("Give \"value_at\" and \"history_at\".")));
	return dq_baseline_judge_plain(baseline, values, n, value);
}

/*
 * etl.detect_anomaly(value, history, params, value_at, history_at)
 */
Datum
dq_etl_detect_anomaly(PG_FUNCTION_ARGS)
{
	DqBaseline baseline;
	DqJsonBuild build;
	DqAnomaly answer;
	Jsonb *params = NULL;
	TimestampTz at = PG_ARGISNULL(3) ? 0 : PG_GETARG_TIMESTAMPTZ(3);

	dq_arguments_require(fcinfo, 0, "value");
	if (!PG_ARGISNULL(2))
		params = PG_GETARG_JSONB_P(2);
	dq_json_check_keys(params, dq_baseline_keys, PARAMS);
	dq_baseline_read(&baseline, params, false, PARAMS);
	answer = judge_value(fcinfo, &baseline, PG_GETARG_FLOAT8(0), at);

	dq_json_begin(&build);
	dq_json_add_text(&build, "status",
					 answer.enough ? (answer.anomalous ? "anomaly" : "ok") :
									 "no_data");
	dq_json_add_double(&build, "value", PG_GETARG_FLOAT8(0));
	dq_baseline_describe(&build, &baseline, &answer, at, NULL);
	PG_RETURN_JSONB_P(dq_json_end(&build));
}

/*
 * read_method: the measure of a name; 22023 with a suggestion.
 */
static DqMeasureMethod
read_method(FunctionCallInfo fcinfo)
{
	char *name = dq_arguments_text(fcinfo, 0);
	List *known = NIL;
	int i;

	for (i = 0; dq_measure_names[i] != NULL; i++)
	{
		if (strcmp(name, dq_measure_names[i]) == 0)
			return (DqMeasureMethod) i;
		known = lappend(known, pstrdup(dq_measure_names[i]));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown measure \"%s\"", dq_sqltext_clip(name, 63)),
			 dq_suggest_hint(name, known)));
	return DQ_MEASURE_KL;
}

/*
 * check_weights: 22023 when a count or weight is negative.
 */
static void
check_weights(const double *values, int n, const char *name)
{
	int i;

	for (i = 0; i < n; i++)
	{
		if (values[i] < 0.0)
			bad_array(name, "must not hold negative numbers");
	}
}

/*
 * set_number: a column of the result; NaN is NULL.
 */
static void
set_number(Datum *values, bool *nulls, int column, double number)
{
	values[column] = Float8GetDatum(number);
	nulls[column] = isnan(number);
}

/*
 * return_test: the columns of etl.measure_drift.
 */
static Datum
return_test(FunctionCallInfo fcinfo, const DqTest *test)
{
	TupleDesc desc;
	Datum values[3];
	bool nulls[3];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	set_number(values, nulls, 0, test->statistic);
	set_number(values, nulls, 1, test->p_value);
	set_number(values, nulls, 2, test->df);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}

/*
 * etl.measure_drift(measure, observed, reference, params)
 */
Datum
dq_etl_measure_drift(PG_FUNCTION_ARGS)
{
	DqMeasure measure;
	DqTest test;
	Jsonb *params = NULL;
	double *observed;
	double *reference = NULL;
	int n;
	int m = 0;

	dq_arguments_require(fcinfo, 0, "measure");
	if (!PG_ARGISNULL(3))
		params = PG_GETARG_JSONB_P(3);
	dq_json_check_keys(params, dq_measure_keys, PARAMS);
	dq_measure_read(&measure, read_method(fcinfo), params, PARAMS);
	observed = read_doubles(fcinfo, 1, "observed", false, &n);
	if (measure.method != DQ_MEASURE_KS || !measure.has_distribution)
		reference = read_doubles(fcinfo, 2, "reference", false, &m);
	if (measure.method != DQ_MEASURE_KS)
	{
		check_weights(observed, n, "observed");
		check_weights(reference, m, "reference");
	}
	test = dq_measure_apply(&measure, observed, n, reference, m);
	return return_test(fcinfo, &test);
}

/* the functions of etl_catalog.special */
typedef double (*SpecialFunction)(const double *args);

static double
call_gamma_q(const double *args)
{
	return dq_special_gamma_q(args[0], args[1]);
}

static double
call_beta_i(const double *args)
{
	return dq_special_beta_i(args[0], args[1], args[2]);
}

static double
call_normal_tail(const double *args)
{
	return dq_special_normal_tail(args[0]);
}

static double
call_t_tail(const double *args)
{
	return dq_special_t_tail(args[0], args[1]);
}

static double
call_t_quantile(const double *args)
{
	return dq_special_t_quantile(args[0], args[1]);
}

static double
call_chi_square_tail(const double *args)
{
	return dq_special_chi_square_tail(args[0], args[1]);
}

static double
call_kolmogorov_tail(const double *args)
{
	return dq_special_kolmogorov_tail(args[0]);
}

static const struct
{
	const char *name;
	int arguments;
	SpecialFunction call;
} special_functions[] = {
	{"gamma_q", 2, call_gamma_q},
	{"beta_i", 3, call_beta_i},
	{"normal_tail", 1, call_normal_tail},
	{"t_tail", 2, call_t_tail},
	{"t_quantile", 2, call_t_quantile},
	{"chi_square_tail", 2, call_chi_square_tail},
	{"kolmogorov_tail", 1, call_kolmogorov_tail}};

/*
 * etl_catalog.special(name, args)
 */
Datum
dq_etl_catalog_special(PG_FUNCTION_ARGS)
{
	char *name;
	double *args;
	int count;
	int i;

	dq_arguments_require(fcinfo, 0, "name");
	name = dq_arguments_text(fcinfo, 0);
	args = read_doubles(fcinfo, 1, "args", false, &count);
	for (i = 0; i < lengthof(special_functions); i++)
	{
		if (strcmp(name, special_functions[i].name) == 0 &&
			count == special_functions[i].arguments)
			PG_RETURN_FLOAT8(special_functions[i].call(args));
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("there is no special function \"%s\" of %d arguments",
					dq_sqltext_clip(name, 63), count)));
	PG_RETURN_NULL();
}
