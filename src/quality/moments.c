/*
 * moments.c
 *	  Mean, variance, skewness and kurtosis of numbers that come one by one.
 */
#include "postgres.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "quality/moments.h"
#include "utils/float.h"

/*
 * combine: central moments of the union, into "a".
 */
static void
combine(DqMoments *a, double n, double mean, double m2, double m3, double m4)
{
	double total = a->n + n;
	double delta = mean - a->mean;
	double dn = delta / total;
	double product = a->n * n;

	if (n == 0)
		return;
	a->m4 += m4 +
			 delta * dn * dn * dn * product *
				 (a->n * a->n - product + n * n) +
			 6 * dn * dn * (a->n * a->n * m2 + n * n * a->m2) +
			 4 * dn * (a->n * m3 - n * a->m3);
	a->m3 += m3 + delta * dn * dn * product * (a->n - n) +
			 3 * dn * (a->n * m2 - n * a->m2);
	a->m2 += m2 + delta * dn * product;
	a->mean += dn * n;
	a->n = total;
}

/*
 * dq_moments_close: merge the open block into the rest.
 */
void
dq_moments_close(DqMoments *moments)
{
	double n = moments->pending;
	double mean;
	double m2;
	double m3;
	double m4;

	if (moments->pending == 0)
		return;
	mean = moments->s1 / n;
	m2 = moments->s2 - mean * moments->s1;
	m3 = moments->s3 - 3 * mean * moments->s2 + 2 * mean * mean * moments->s1;
	m4 = moments->s4 - 4 * mean * moments->s3 +
		 6 * mean * mean * moments->s2 -
		 3 * mean * mean * mean * moments->s1;
	combine(moments, n, moments->shift + mean, Max(m2, 0), m3, Max(m4, 0));
	moments->pending = 0;
	moments->s1 = moments->s2 = moments->s3 = moments->s4 = 0;
}

/*
 * dq_moments_merge: the moments of both.
 */
void
dq_moments_merge(DqMoments *into, DqMoments *from)
{
	dq_moments_close(into);
	dq_moments_close(from);
	combine(into, from->n, from->mean, from->m2, from->m3, from->m4);
}

/*
 * dq_moments_stddev: of the sample (n - 1); NaN for fewer than two numbers.
 */
double
dq_moments_stddev(DqMoments *moments)
{
	dq_moments_close(moments);
	if (moments->n < 2)
		return get_float8_nan();
	return sqrt(moments->m2 / (moments->n - 1));
}

/*
 * dq_moments_skewness: of the population; NaN when all numbers are equal.
 */
double
dq_moments_skewness(DqMoments *moments)
{
	dq_moments_close(moments);
	if (moments->n < 2 || moments->m2 <= 0)
		return get_float8_nan();
	return sqrt(moments->n) * moments->m3 / pow(moments->m2, 1.5);
}

/*
 * dq_moments_kurtosis: the excess over a normal distribution's, of the
 * population; NaN when all numbers are equal.
 */
double
dq_moments_kurtosis(DqMoments *moments)
{
	dq_moments_close(moments);
	if (moments->n < 2 || moments->m2 <= 0)
		return get_float8_nan();
	return moments->n * moments->m4 / (moments->m2 * moments->m2) - 3;
}

/*
 * dq_moments_save: append to a message.
 */
void
dq_moments_save(DqMoments *moments, StringInfo buf)
{
	dq_moments_close(moments);
	pq_sendfloat8(buf, moments->n);
	pq_sendfloat8(buf, moments->mean);
	pq_sendfloat8(buf, moments->m2);
	pq_sendfloat8(buf, moments->m3);
	pq_sendfloat8(buf, moments->m4);
}

/*
 * dq_moments_load: read what dq_moments_save wrote.
 */
void
dq_moments_load(DqMoments *moments, StringInfo buf)
{
	memset(moments, 0, sizeof(DqMoments));
	moments->n = pq_getmsgfloat8(buf);
	moments->mean = pq_getmsgfloat8(buf);
	moments->m2 = pq_getmsgfloat8(buf);
	moments->m3 = pq_getmsgfloat8(buf);
	moments->m4 = pq_getmsgfloat8(buf);
}
