/*
 * divergence.h
 *	  How far apart two distributions are, from counts, weights and samples.
 *
 * Pure C on arrays; memory is the caller's context. Nothing is thrown: what
 * cannot be computed is NaN, what has no bound infinite.
 */
#ifndef DQ_DIVERGENCE_H
#define DQ_DIVERGENCE_H

/* a test statistic and how often chance alone would exceed it */
typedef struct DqTest
{
	double statistic;
	double df; /* chi-square: degrees of freedom */
	double p_value;
	int pooled; /* chi-square: categories that were put together */
} DqTest;

/* weights need not add up to one; NaN when all are zero */
extern double dq_divergence_kl(const double *observed, const double *expected,
							   int n);
extern double dq_divergence_psi(const double *observed,
								const double *expected, int n,
								double epsilon);
extern double dq_divergence_js(const double *observed, const double *expected,
							   int n);
extern double dq_divergence_l_infinity(const double *observed,
									   const double *expected, int n);

/* both are counts */
extern double dq_divergence_cramers_v(const double *observed,
									  const double *reference, int n);
extern DqTest dq_divergence_chi_square_two(const double *observed,
										   const double *reference, int n,
										   double min_expected);

/* counts against weights */
extern DqTest dq_divergence_chi_square_fit(const double *observed,
										   const double *weights, int n,
										   double min_expected);

/* p-value of Kolmogorov and Smirnov's D; effective n: n m / (n + m) */
extern double dq_divergence_ks_p_value(double d, double effective_n);

/* D of two samples; sorts both */
extern double dq_divergence_ks_two(double *sample, int n, double *reference,
								   int m);

typedef enum DqDistribution
{
	DQ_DISTRIBUTION_NORMAL, /* mean, standard deviation */
	DQ_DISTRIBUTION_UNIFORM, /* low, high */
	DQ_DISTRIBUTION_EXPONENTIAL /* rate; the second is not used */
} DqDistribution;

/* D of a sample and a distribution; sorts */
extern double dq_divergence_ks_one(double *sample, int n, DqDistribution kind,
								   double first, double second);

/* P(X <= x) */
extern double dq_divergence_cdf(double x, DqDistribution kind, double first,
								double second);

#endif /* DQ_DIVERGENCE_H */
