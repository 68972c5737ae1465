/*
 * special.c
 *	  Special functions and tail probabilities, in double precision.
 */
#include "postgres.h"

#include <math.h>

#include "quality/special.h"
#include "utils/float.h"

#define PRECISION 1e-16
#define TINY 1e-300
#define MAX_TERMS 1000000

/* from here on t and normal agree to all digits that matter */
#define DF_NORMAL 1e8

/*
 * gamma_p_series: P(a, x) for x < a + 1, DLMF 8.11.4.
 */
static double
gamma_p_series(double a, double x)
{
	double term = 1.0 / a;
	double sum = term;
	int k;

	for (k = 1; k < MAX_TERMS && term > sum * PRECISION; k++)
	{
		term *= x / (a + k);
		sum += term;
	}
	return sum * exp(a * log(x) - x - lgamma(a));
}

/*
 * gamma_q_fraction: Q(a, x) for x >= a + 1, the even part of the continued
 * fraction DLMF 8.9.2, evaluated from the front by Lentz's method as modified
 * by Thompson and Barnett (DLMF 3.10(iii)).
 */
static double
gamma_q_fraction(double a, double x)
{
	double b = x + 1.0 - a;
	double c = 1.0 / TINY;
	double d = 1.0 / b;
	double h = d;
	int k;

	for (k = 1; k < MAX_TERMS; k++)
	{
		double an = -k * (k - a);
		double factor;

		b += 2.0;
		d = an * d + b;
		if (fabs(d) < TINY)
			d = TINY;
		c = b + an / c;
		if (fabs(c) < TINY)
			c = TINY;
		d = 1.0 / d;
		factor = d * c;
		h *= factor;
		if (fabs(factor - 1.0) < PRECISION * 4)
			break;
	}
	return h * exp(a * log(x) - x - lgamma(a));
}

/*
 * dq_special_gamma_q: Q(a, x) = Gamma(a, x) / Gamma(a), for a > 0, x >= 0.
 */
double
dq_special_gamma_q(double a, double x)
{
	if (!(a > 0.0) || !(x >= 0.0))
		return get_float8_nan();
	if (x == 0.0)
		return 1.0;
	if (isinf(x))
		return 0.0;
	if (x < a + 1.0)
		return Max(0.0, 1.0 - gamma_p_series(a, x));
	return gamma_q_fraction(a, x);
}

/*
 * beta_numerator: the m-th partial numerator of DLMF 8.17.22.
 */
static double
beta_numerator(double a, double b, double x, int m)
{
	int half = m / 2;

	if (m % 2 == 0)
		return half * (b - half) * x / ((a + m - 1) * (a + m));
	return -(a + half) * (a + b + half) * x / ((a + m - 1) * (a + m));
}

/*
 * beta_fraction: 1 + d1/(1 + d2/(1 + ...)), the denominator of DLMF 8.17.22,
 * by Lentz's method; converges fast for x < (a + 1) / (a + b + 2).
 */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1.0;
	double d = 0.0;
	double h = 1.0;
	int m;

	for (m = 1; m < MAX_TERMS; m++)
	{
		double an = beta_numerator(a, b, x, m);

		d = 1.0 + an * d;
		if (fabs(d) < TINY)
			d = TINY;
		d = 1.0 / d;
		c = 1.0 + an / c;
		if (fabs(c) < TINY)
			c = TINY;
		h *= c * d;
		if (fabs(c * d - 1.0) < PRECISION * 4)
			break;
	}
	return h;
}

/*
 * dq_special_beta_i: I_x(a, b), for a, b > 0 and 0 <= x <= 1, by DLMF 8.17.22
 * on the side where it converges and by the symmetry 8.17.4 on the other.
 */
double
dq_special_beta_i(double a, double b, double x)
{
	double front;

	if (!(a > 0.0) || !(b > 0.0) || !(x >= 0.0 && x <= 1.0))
		return get_float8_nan();
	if (x == 0.0 || x == 1.0)
		return x;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) +
				b * log1p(-x));
	if (x < (a + 1.0) / (a + b + 2.0))
		return front / (a * beta_fraction(a, b, x));
	return 1.0 - front / (b * beta_fraction(b, a, 1.0 - x));
}

/*
 * dq_special_normal_tail: P(Z > z), DLMF 7.1.2 through libm.
 */
double
dq_special_normal_tail(double z)
{
	return 0.5 * erfc(z / M_SQRT2);
}

/*
 * dq_special_t_tail: P(T > t) for Student's t with df > 0 degrees of freedom,
 * not necessarily whole; Abramowitz and Stegun 26.7.1 with 26.5.27.
 */
double
dq_special_t_tail(double t, double df)
{
	double tail;

	if (!(df > 0.0) || isnan(t))
		return get_float8_nan();
	if (df > DF_NORMAL)
		return dq_special_normal_tail(t);
	/* df/(df + t^2), without overflow for a large t */
	tail = 0.5 * dq_special_beta_i(df / 2.0, 0.5,
								   1.0 / (1.0 + t / df * t));
	return t >= 0.0 ? tail : 1.0 - tail;
}

/*
 * dq_special_chi_square_tail: P(X > x) for chi-square with df > 0 degrees of
 * freedom, Abramowitz and Stegun 26.4.19.
 */
double
dq_special_chi_square_tail(double x, double df)
{
	return dq_special_gamma_q(df / 2.0, x / 2.0);
}

/*
 * dq_special_t_quantile: the t that is exceeded with probability "tail". The
 * tail falls strictly, so a bracket and bisection cannot miss it.
 */
double
dq_special_t_quantile(double tail, double df)
{
	double low = 0.0;
	double high = 1.0;
	int i;

	if (!(df > 0.0) || !(tail > 0.0 && tail <= 0.5))
		return get_float8_nan();
	while (dq_special_t_tail(high, df) > tail && high < 1e150)
	{
		low = high;
		high *= 2.0;
	}
	for (i = 0; i < 100 && high - low > high * 1e-15; i++)
	{
		double middle = low + (high - low) / 2.0;

		if (dq_special_t_tail(middle, df) > tail)
			low = middle;
		else
			high = middle;
	}
	return low + (high - low) / 2.0;
}

/*
 * dq_special_kolmogorov_tail: P(K > lambda). Kolmogorov's alternating series
 * for a large lambda, and for a small one, where that converges slowly, its
 * transform by the theta function's identity (DLMF 20.7.32): Feller, On the
 * Kolmogorov-Smirnov limit theorems, Ann. Math. Stat. 19 (1948), 1.4 and 1.5.
 */
double
dq_special_kolmogorov_tail(double lambda)
{
	double sum = 0.0;
	int j;

	if (isnan(lambda))
		return get_float8_nan();
	if (lambda <= 0.0)
		return 1.0;
	if (lambda < 1.0)
	{
		for (j = 1; j <= 20; j += 2)
			sum += exp(-j * j * M_PI * M_PI / (8.0 * lambda * lambda));
		return 1.0 - sqrt(2.0 * M_PI) / lambda * sum;
	}
	for (j = 1; j <= 20; j++)
		sum += (j % 2 ? 2.0 : -2.0) * exp(-2.0 * j * j * lambda * lambda);
	return Min(1.0, sum);
}
