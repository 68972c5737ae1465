/*
 * moments.h
 *	  Mean, variance, skewness and kurtosis of numbers that come one by one.
 *
 * Numbers are gathered in blocks: within a block powers of the distance to a
 * nearby value are summed, which needs no division; a full block becomes
 * central moments and is merged into the rest by the formulas of Chan, Golub
 * and LeVeque (1979) and Pebay, "Formulas for robust, one-pass parallel
 * computation of covariances and arbitrary-order statistical moments" (2008).
 * All in double precision: the relative error of the mean and the standard
 * deviation is about 1e-12 unless the mean exceeds the standard deviation by
 * many orders of magnitude.
 */
#ifndef DQ_MOMENTS_H
#define DQ_MOMENTS_H

#include "lib/stringinfo.h"

#define DQ_MOMENTS_BLOCK 1024

typedef struct DqMoments
{
	/* closed blocks: count, mean, sums of powers of distances to it */
	double n;
	double mean;
	double m2;
	double m3;
	double m4;
	/* the open one */
	int pending;
	double shift;
	double s1;
	double s2;
	double s3;
	double s4;
} DqMoments;

extern void dq_moments_close(DqMoments *moments);
extern void dq_moments_merge(DqMoments *into, DqMoments *from);
extern double dq_moments_stddev(DqMoments *moments);
extern double dq_moments_skewness(DqMoments *moments);
extern double dq_moments_kurtosis(DqMoments *moments);
extern void dq_moments_save(DqMoments *moments, StringInfo buf);
extern void dq_moments_load(DqMoments *moments, StringInfo buf);

/*
 * dq_moments_add: one more number, which is finite.
 */
static inline void
dq_moments_add(DqMoments *moments, double x)
{
	double d;
	double d2;

	if (moments->pending == 0)
		moments->shift = moments->n > 0 ? moments->mean : x;
	d = x - moments->shift;
	d2 = d * d;
	moments->s1 += d;
	moments->s2 += d2;
	moments->s3 += d2 * d;
	moments->s4 += d2 * d2;
	if (++moments->pending == DQ_MOMENTS_BLOCK)
		dq_moments_close(moments);
}

#endif /* DQ_MOMENTS_H */
