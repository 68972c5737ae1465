/*
 * special.h
 *	  Special functions and tail probabilities, in double precision.
 *
 * Pure C on numbers: nothing is allocated and nothing throws. An argument
 * outside a function's domain gives NaN. Each function's comment names where
 * its formula is published: DLMF is the NIST Digital Library of Mathematical
 * Functions, https://dlmf.nist.gov.
 */
#ifndef DQ_SPECIAL_H
#define DQ_SPECIAL_H

/* regularised incomplete gamma, upper: 1 - P(a, x) */
extern double dq_special_gamma_q(double a, double x);

/* regularised incomplete beta */
extern double dq_special_beta_i(double a, double b, double x);

/* P(Z > z), P(T > t), P(chi-square > x), all upper tails */
extern double dq_special_normal_tail(double z);
extern double dq_special_t_tail(double t, double df);
extern double dq_special_chi_square_tail(double x, double df);

/* the t >= 0 that is exceeded with probability tail, 0 < tail <= 0.5 */
extern double dq_special_t_quantile(double tail, double df);

/* P(K > lambda) of Kolmogorov's distribution */
extern double dq_special_kolmogorov_tail(double lambda);

#endif /* DQ_SPECIAL_H */
