/*
 * divergence.c
 *	  How far apart two distributions are, from counts, weights and samples.
 *
 * kl, js: Kullback and Leibler, On information and sufficiency (1951), in
 * nats; Lin, Divergence measures based on the Shannon entropy (1991), as the
 * square root of the divergence to base 2, a metric from 0 to 1 (Endres and
 * Schindelin, 2003). psi: the symmetric (p - q) ln(p/q); a share below
 * epsilon counts as epsilon, since an empty bin would make it infinite.
 * l_infinity: the largest difference of a share, as TensorFlow Data
 * Validation measures drift of categories. cramers_v: Cramer, Mathematical
 * Methods of Statistics (1946), of the table of both samples by category.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "quality/divergence.h"
#include "quality/special.h"
#include "utils/float.h"

/*
 * sum_of: all weights together.
 */
static double
sum_of(const double *weights, int n)
{
	double sum = 0.0;
	int i;

	for (i = 0; i < n; i++)
		sum += weights[i];
	return sum;
}

/*
 * dq_divergence_kl: sum of p ln(p/q). Infinite when something is observed that
 * is not expected at all.
 */
double
dq_divergence_kl(const double *observed, const double *expected, int n)
{
	double all_observed = sum_of(observed, n);
	double all_expected = sum_of(expected, n);
	double sum = 0.0;
	int i;

	if (!(all_observed > 0.0) || !(all_expected > 0.0))
		return get_float8_nan();
	for (i = 0; i < n; i++)
	{
		double p = observed[i] / all_observed;
		double q = expected[i] / all_expected;

		if (p == 0.0)
			continue;
		if (q == 0.0)
			return get_float8_infinity();
		sum += p * log(p / q);
	}
	/* of the sum of n roundings nothing is left but noise */
	return fabs(sum) < n * DBL_EPSILON ? 0.0 : Max(sum, 0.0);
}

/*
 * dq_divergence_psi: population stability index.
 */
double
dq_divergence_psi(const double *observed, const double *expected, int n,
				  double epsilon)
{
	double all_observed = sum_of(observed, n);
	double all_expected = sum_of(expected, n);
	double sum = 0.0;
	int i;

	if (!(all_observed > 0.0) || !(all_expected > 0.0))
		return get_float8_nan();
	for (i = 0; i < n; i++)
	{
		double p = Max(observed[i] / all_observed, epsilon);
		double q = Max(expected[i] / all_expected, epsilon);

		if (p != q)
			sum += (p - q) * log(p / q);
	}
	return sum;
}

/*
 * dq_divergence_js: Jensen-Shannon distance, 0 to 1.
 */
double
dq_divergence_js(const double *observed, const double *expected, int n)
{
	double all_observed = sum_of(observed, n);
	double all_expected = sum_of(expected, n);
	double sum = 0.0;
	int i;

	if (!(all_observed > 0.0) || !(all_expected > 0.0))
		return get_float8_nan();
	for (i = 0; i < n; i++)
	{
		double p = observed[i] / all_observed;
		double q = expected[i] / all_expected;
		double middle = (p + q) / 2.0;

		if (p > 0.0)
			sum += p * log2(p / middle);
		if (q > 0.0)
			sum += q * log2(q / middle);
	}
	return sqrt(Min(Max(sum / 2.0, 0.0), 1.0));
}

/*
 * dq_divergence_l_infinity: the largest difference of a share, 0 to 1.
 */
double
dq_divergence_l_infinity(const double *observed, const double *expected,
						 int n)
{
	double all_observed = sum_of(observed, n);
	double all_expected = sum_of(expected, n);
	double largest = 0.0;
	int i;

	if (!(all_observed > 0.0) || !(all_expected > 0.0))
		return get_float8_nan();
	for (i = 0; i < n; i++)
	{
		double difference = fabs(observed[i] / all_observed -
								 expected[i] / all_expected);

		largest = Max(largest, difference);
	}
	return largest;
}

/*
 * dq_divergence_cramers_v: sqrt(chi-square / n) of two rows of counts, 0 to 1.
 */
double
dq_divergence_cramers_v(const double *observed, const double *reference,
						int n)
{
	DqTest test = dq_divergence_chi_square_two(observed, reference, n, 0.0);
	double all = sum_of(observed, n) + sum_of(reference, n);

	return sqrt(Min(Max(test.statistic / all, 0.0), 1.0));
}

/*
 * finish_chi_square: degrees of freedom and p-value of a statistic over so
 * many categories. One category alone cannot differ.
 */
static void
finish_chi_square(DqTest *test, int categories)
{
	test->df = Max(categories - 1, 0);
	if (isnan(test->statistic))
		test->p_value = get_float8_nan();
	else if (isinf(test->statistic))
		test->p_value = 0.0;
	else if (test->df == 0.0)
		test->p_value = 1.0;
	else
		test->p_value = dq_special_chi_square_tail(test->statistic, test->df);
}

/*
 * dq_divergence_chi_square_two: are both counts from one distribution? The
 * chi-square test of homogeneity of a table of two rows (NIST/SEMATECH
 * e-Handbook 7.4.5). Categories of which less than min_expected is expected
 * in one of the rows are put together (Cochran, 1954).
 */
DqTest
dq_divergence_chi_square_two(const double *observed, const double *reference,
							 int n, double min_expected)
{
	double rows[2] = {sum_of(observed, n), sum_of(reference, n)};
	double all = rows[0] + rows[1];
	double pool[2] = {0.0, 0.0};
	DqTest test = {0};
	int categories = 0;
	int i;

	if (!(rows[0] > 0.0) || !(rows[1] > 0.0))
		test.statistic = get_float8_nan();
	for (i = 0; i <= n; i++)
	{
		double cells[2] = {i < n ? observed[i] : pool[0],
						   i < n ? reference[i] : pool[1]};
		double both = cells[0] + cells[1];
		double least = both * Min(rows[0], rows[1]) / all;

		if (both == 0.0)
			continue;
		if (i < n && least < min_expected)
		{
			pool[0] += cells[0];
			pool[1] += cells[1];
			test.pooled++;
			continue;
		}
		categories++;
		/* both rows' (O - E)^2 / E at once */
		test.statistic += (cells[0] * rows[1] - cells[1] * rows[0]) *
						  (cells[0] / rows[0] - cells[1] / rows[1]) / both;
	}
	finish_chi_square(&test, categories);
	return test;
}

/*
 * dq_divergence_chi_square_fit: are the counts from a distribution with these
 * weights? Pearson's test of fit (NIST/SEMATECH e-Handbook 1.3.5.15).
 */
DqTest
dq_divergence_chi_square_fit(const double *observed, const double *weights,
							 int n, double min_expected)
{
	double total = sum_of(observed, n);
	double all_weights = sum_of(weights, n);
	double pool[2] = {0.0, 0.0};
	DqTest test = {0};
	int categories = 0;
	int i;

	if (!(total > 0.0) || !(all_weights > 0.0))
		test.statistic = get_float8_nan();
	for (i = 0; i <= n; i++)
	{
		double seen = i < n ? observed[i] : pool[0];
		double wanted = i < n ? weights[i] / all_weights * total : pool[1];

		if (seen == 0.0 && wanted == 0.0)
			continue;
		/* what is not expected at all is never excused by pooling */
		if (i < n && wanted > 0.0 && wanted < min_expected)
		{
			pool[0] += seen;
			pool[1] += wanted;
			test.pooled++;
			continue;
		}
		categories++;
		if (wanted == 0.0)
			test.statistic = get_float8_infinity();
		else
			test.statistic += (seen - wanted) * (seen - wanted) / wanted;
	}
	finish_chi_square(&test, categories);
	return test;
}

/*
 * dq_divergence_ks_p_value: from Kolmogorov's asymptotic distribution, with
 * the correction for small samples of Stephens, Use of the Kolmogorov-Smirnov,
 * Cramer-Von Mises and related statistics without extensive tables (1970).
 */
double
dq_divergence_ks_p_value(double d, double effective_n)
{
	double root = sqrt(effective_n);

	return dq_special_kolmogorov_tail((root + 0.12 + 0.11 / root) * d);
}

/*
 * compare_doubles: for qsort; there are no NaNs.
 */
static int
compare_doubles(const void *left, const void *right)
{
	double a = *(const double *) left;
	double b = *(const double *) right;

	return (a > b) - (a < b);
}

/*
 * dq_divergence_ks_two: the largest difference of the two empirical
 * distribution functions, looked at behind each run of equal values.
 */
double
dq_divergence_ks_two(double *sample, int n, double *reference, int m)
{
	double largest = 0.0;
	int i = 0;
	int j = 0;

	if (n == 0 || m == 0)
		return get_float8_nan();
	qsort(sample, n, sizeof(double), compare_doubles);
	qsort(reference, m, sizeof(double), compare_doubles);
	while (i < n && j < m)
	{
		double x = Min(sample[i], reference[j]);
		double difference;

		while (i < n && sample[i] <= x)
			i++;
		while (j < m && reference[j] <= x)
			j++;
		difference = fabs((double) i / n - (double) j / m);
		largest = Max(largest, difference);
	}
	return largest;
}

/*
 * dq_divergence_cdf: P(X <= x).
 */
double
dq_divergence_cdf(double x, DqDistribution kind, double first, double second)
{
	switch (kind)
	{
		case DQ_DISTRIBUTION_NORMAL:
			return dq_special_normal_tail((first - x) / second);
		case DQ_DISTRIBUTION_UNIFORM:
			return Min(Max((x - first) / (second - first), 0.0), 1.0);
		case DQ_DISTRIBUTION_EXPONENTIAL:
			return x > 0.0 ? -expm1(-first * x) : 0.0;
	}
	return get_float8_nan();
}

/*
 * dq_divergence_ks_one: the largest difference of the empirical distribution
 * function, before and behind each value, and the true one.
 */
double
dq_divergence_ks_one(double *sample, int n, DqDistribution kind, double first,
					 double second)
{
	double largest = 0.0;
	int i;

	if (n == 0)
		return get_float8_nan();
	qsort(sample, n, sizeof(double), compare_doubles);
	for (i = 0; i < n; i++)
	{
		double f = dq_divergence_cdf(sample[i], kind, first, second);

		largest = Max(largest, (double) (i + 1) / n - f);
		largest = Max(largest, f - (double) i / n);
	}
	return largest;
}
