/*
 * measure.c
 *	  A measure of drift with its options, and its application.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "base/json.h"
#include "quality/measure.h"
#include "utils/float.h"

#define DEFAULT_EPSILON 0.0001
#define DEFAULT_MIN_EXPECTED 5.0

const char *const dq_measure_names[] = {
	"kl_divergence", "psi", "js_distance", "l_infinity",
	"cramers_v", "chi_square", "ks", NULL};

const char *const dq_measure_keys[] = {
	"epsilon", "min_expected", "reference_kind", "distribution", "mean",
	"stddev", "min", "max", "rate", NULL};

/* in the order of the enum */
static const char *const distribution_names[] = {"normal", "uniform",
												 "exponential", NULL};

/* what a distribution needs, in the order of the enum */
static const char *const parameters[][2] = {
	{"mean", "stddev"}, {"min", "max"}, {"rate", NULL}};

static const char *const reference_kinds[] = {"counts", "weights", NULL};

/*
 * read_parameter: a parameter of the distribution, which must be there.
 */
static double
read_parameter(Jsonb *doc, const char *key, const char *what)
{
	if (key == NULL)
		return 0.0;
	if (!dq_json_has(doc, key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs option \"%s\"", what, key),
				 errdetail("Parameters that are estimated from the tested data itself would make the p-value too large.")));
	return dq_json_double(doc, key, 0.0, -DBL_MAX, DBL_MAX, what);
}

/*
 * read_distribution: a distribution and its parameters; a width that is not
 * positive is 22023.
 */
static void
read_distribution(DqMeasure *measure, Jsonb *doc, const char *what)
{
	double width = 0.0;

	measure->distribution = dq_json_word(doc, "distribution",
										 distribution_names, 0, what);
	measure->first = read_parameter(doc, parameters[measure->distribution][0],
									what);
	measure->second = read_parameter(doc,
									 parameters[measure->distribution][1],
									 what);
	switch (measure->distribution)
	{
		case DQ_DISTRIBUTION_NORMAL:
			width = measure->second;
			break;
		case DQ_DISTRIBUTION_UNIFORM:
			width = measure->second - measure->first;
			break;
		case DQ_DISTRIBUTION_EXPONENTIAL:
			width = measure->first;
			break;
	}
	if (!(width > 0.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the parameters of distribution \"%s\" of %s make none",
						distribution_names[measure->distribution], what),
				 errdetail("\"stddev\" and \"rate\" must be positive, \"max\" above \"min\".")));
}

/*
 * dq_measure_read: see measure.h.
 */
void
dq_measure_read(DqMeasure *measure, DqMeasureMethod method, Jsonb *doc,
				const char *what)
{
	memset(measure, 0, sizeof(*measure));
	measure->method = method;
	measure->epsilon = dq_json_double(doc, "epsilon", DEFAULT_EPSILON, 1e-12,
									  0.1, what);
	measure->min_expected = dq_json_double(doc, "min_expected",
										   DEFAULT_MIN_EXPECTED, 0.0, 1e9,
										   what);
	measure->weights = dq_json_word(doc, "reference_kind", reference_kinds, 0,
									what) == 1;
	measure->has_distribution = dq_json_has(doc, "distribution");
	if (measure->has_distribution)
		read_distribution(measure, doc, what);
}

/*
 * apply_ks: samples against each other or against a distribution.
 */
static DqTest
apply_ks(const DqMeasure *measure, double *observed, int n, double *reference,
		 int m)
{
	DqTest test = {0};
	double effective_n = n;

	if (measure->has_distribution)
		test.statistic = dq_divergence_ks_one(observed, n,
											  measure->distribution,
											  measure->first,
											  measure->second);
	else
	{
		test.statistic = dq_divergence_ks_two(observed, n, reference, m);
		effective_n = (double) n * m / ((double) n + m);
	}
	test.df = get_float8_nan();
	test.p_value = dq_divergence_ks_p_value(test.statistic, effective_n);
	return test;
}

/*
 * apply_chi_square: against a sample or against weights.
 */
static DqTest
apply_chi_square(const DqMeasure *measure, const double *observed,
				 const double *reference, int n)
{
	return measure->weights ?
			   dq_divergence_chi_square_fit(observed, reference, n,
											measure->min_expected) :
			   dq_divergence_chi_square_two(observed, reference, n,
											measure->min_expected);
}

/*
 * apply: the method at work; measures that are no tests have a statistic only.
 */
static DqTest
apply(const DqMeasure *measure, double *observed, int n, double *reference,
	  int m)
{
	DqTest test = {0};

	test.df = test.p_value = get_float8_nan();
	switch (measure->method)
	{
		case DQ_MEASURE_KL:
			test.statistic = dq_divergence_kl(observed, reference, n);
			break;
		case DQ_MEASURE_PSI:
			test.statistic = dq_divergence_psi(observed, reference, n,
											   measure->epsilon);
			break;
		case DQ_MEASURE_JS:
			test.statistic = dq_divergence_js(observed, reference, n);
			break;
		case DQ_MEASURE_L_INFINITY:
			test.statistic = dq_divergence_l_infinity(observed, reference, n);
			break;
		case DQ_MEASURE_CRAMERS_V:
			test.statistic = dq_divergence_cramers_v(observed, reference, n);
			break;
		case DQ_MEASURE_CHI_SQUARE:
			return apply_chi_square(measure, observed, reference, n);
		case DQ_MEASURE_KS:
			return apply_ks(measure, observed, n, reference, m);
	}
	return test;
}

/*
 * dq_measure_apply: see measure.h.
 */
DqTest
dq_measure_apply(const DqMeasure *measure, double *observed, int n,
				 double *reference, int m)
{
	DqTest test;

	if (measure->method != DQ_MEASURE_KS && n != m)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("observed and reference have different numbers of categories"),
				 errdetail("They are %d and %d.", n, m)));
	test = apply(measure, observed, n, reference, m);
	if (isnan(test.statistic))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is nothing to compare"),
				 errdetail("Observed or reference is empty or all zero.")));
	return test;
}
