/*
 * anomaly.c
 *	  Does a number fit the numbers before it?
 *
 * The interval is a prediction interval for one further number,
 *
 *		centre +- t(df) * scale * sqrt(1 + 1/n)
 *
 * (NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.2 and 4.5.1.2), with
 * t so that its tail is as rare as that of "sigmas" standard deviations of a
 * normal distribution. Few points widen it: that is what makes the rate of
 * false alarms the same for a young check as for an old one.
 *
 * mad: the median, and the median absolute deviation times 1.4826, which
 * makes it estimate the standard deviation of normal data, and times b(n) of
 * Croux and Rousseeuw, Time-efficient algorithms for two highly robust
 * estimators of scale (1992), which takes away its bias in small samples. It
 * knows the scale only as well as 0.3675 n points would by the standard
 * deviation (its asymptotic efficiency), so these are its degrees of freedom;
 * n - 1 would give four times the false alarms at n = 10. When more than half
 * of the points are equal it is zero, and the mean absolute deviation times
 * sqrt(pi/2) stands in (Iglewicz and Hoaglin, How to detect and handle
 * outliers, 1993; efficiency 0.876).
 *
 * A count cannot be known better than Poisson's sqrt(centre), at least 1; an
 * interval is never narrower than "sigmas" of these, nor than rounding.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "quality/anomaly.h"
#include "quality/smooth.h"
#include "quality/special.h"
#include "utils/float.h"

#define MAD_TO_SIGMA 1.482602218505602
#define MAD_EFFICIENCY 0.3675
#define MEAN_DEVIATION_TO_SIGMA 1.2533141373155003
#define MEAN_DEVIATION_EFFICIENCY 0.876

/* differences of this part of the centre are rounding */
#define ROUNDING 1e-9

/*
 * dq_anomaly_defaults: what holds when nothing is said.
 */
void
dq_anomaly_defaults(DqAnomalyOptions *options)
{
	memset(options, 0, sizeof(*options));
	options->sigmas = 3.0;
	options->min_points = 7;
	options->min_season_points = 4;
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
 * median_of: sorts its values.
 */
static double
median_of(double *values, int n)
{
	qsort(values, n, sizeof(double), compare_doubles);
	return n % 2 ? values[n / 2] :
				   values[n / 2 - 1] / 2.0 + values[n / 2] / 2.0;
}

/*
 * small_sample_factor: b(n) of Croux and Rousseeuw.
 */
static double
small_sample_factor(int n)
{
	static const double factors[] = {1.0, 1.0, 1.196, 1.495, 1.363,
									 1.206, 1.200, 1.140, 1.129, 1.107};

	return n < (int) lengthof(factors) ? factors[n] : n / (n - 0.8);
}

/*
 * mean_deviation: of distances that were taken already.
 */
static double
mean_deviation(const double *distances, int n)
{
	double sum = 0.0;
	int i;

	for (i = 0; i < n; i++)
		sum += distances[i] / n;
	return sum;
}

/*
 * estimate_mad: median and median absolute deviation. Changes values.
 */
static DqEstimate
estimate_mad(double *values, int n)
{
	DqEstimate result;
	int i;

	result.n = n;
	result.widen = sqrt(1.0 + 1.0 / n);
	result.centre = median_of(values, n);
	for (i = 0; i < n; i++)
		values[i] = fabs(values[i] - result.centre);
	result.scale = median_of(values, n) * MAD_TO_SIGMA *
				   small_sample_factor(n);
	result.df = MAD_EFFICIENCY * n;
	if (result.scale == 0.0)
	{
		result.scale = mean_deviation(values, n) * MEAN_DEVIATION_TO_SIGMA;
		result.df = MEAN_DEVIATION_EFFICIENCY * n;
	}
	return result;
}

/*
 * estimate_zscore: mean and sample standard deviation, in two passes.
 */
static DqEstimate
estimate_zscore(const double *values, int n)
{
	DqEstimate result;
	double squares = 0.0;
	int i;

	result.n = n;
	result.centre = 0.0;
	for (i = 0; i < n; i++)
		result.centre += values[i] / n;
	for (i = 0; i < n; i++)
		squares += (values[i] - result.centre) * (values[i] - result.centre);
	result.scale = sqrt(squares / (n - 1));
	result.df = n - 1;
	result.widen = sqrt(1.0 + 1.0 / n);
	return result;
}

/*
 * dq_anomaly_estimate: mean or median of numbers with their spread, by the
 * methods mad and zscore. The spread of a single number is NaN or 0.
 */
DqEstimate
dq_anomaly_estimate(const double *values, int n, DqAnomalyMethod method)
{
	double *copy = palloc(sizeof(double) * n);
	DqEstimate result;

	memcpy(copy, values, sizeof(double) * n);
	result = method == DQ_ANOMALY_ZSCORE ? estimate_zscore(copy, n) :
										   estimate_mad(copy, n);
	pfree(copy);
	return result;
}

/*
 * collect: the values there are, of one season (any: -1). Returns how many.
 */
static int
collect(const DqPoint *history, int count, int season, double *values)
{
	int n = 0;
	int i;

	for (i = 0; i < count; i++)
	{
		if (isnan(history[i].value) ||
			(season >= 0 && history[i].season != season))
			continue;
		values[n++] = history[i].value;
	}
	return n;
}

/*
 * estimate: centre and scale by the method, from the season's own points when
 * they are enough. n is what there is when that is too little.
 */
static DqEstimate
estimate(const DqPoint *history, int count, int season,
		 const DqAnomalyOptions *options, DqAnomaly *answer)
{
	DqEstimate result = {0};
	double *values = palloc(sizeof(double) * Max(count, 1));
	int n = 0;

	if (options->seasonal)
	{
		n = answer->season_points = collect(history, count, season, values);
		answer->seasonal = n >= Max(options->min_season_points, 2);
	}
	if (!answer->seasonal)
		n = collect(history, count, -1, values);
	answer->enough = answer->seasonal ||
					 n >= Max(options->min_points, 2);
	result.n = n;
	if (answer->enough)
		result = options->method == DQ_ANOMALY_ZSCORE ?
					 estimate_zscore(values, n) :
					 estimate_mad(values, n);
	pfree(values);
	return result;
}

/*
 * forecast: the same by smoothing, where a season is part of the model.
 */
static DqEstimate
forecast(const DqPoint *history, int count, int season,
		 const DqAnomalyOptions *options, DqAnomaly *answer)
{
	DqEstimate result = {0};
	double *values = palloc(sizeof(double) * Max(count, 1));

	if (options->seasonal)
		answer->season_points = collect(history, count, season, values);
	result.n = collect(history, count, -1, values);
	pfree(values);
	answer->enough = result.n >= Max(options->min_points, 5);
	if (!answer->enough)
		return result;
	if (options->method == DQ_ANOMALY_EWMA)
		return dq_smooth_ewma(history, count, options->alpha);
	return dq_smooth_holt_winters(history, count, season, options,
								  &answer->seasonal);
}

/*
 * draw_interval: low, high and score of an estimate.
 */
static void
draw_interval(DqAnomaly *answer, const DqEstimate *found, double value,
			  const DqAnomalyOptions *options)
{
	double tail = dq_special_normal_tail(options->sigmas);
	double half = dq_special_t_quantile(tail, found->df) * found->scale *
				  found->widen;
	double distance = value - found->centre;
	double rounding = Max(fabs(found->centre) * ROUNDING, DBL_MIN);

	answer->n = found->n;
	answer->centre = found->centre;
	answer->scale = found->scale;
	if (options->count)
	{
		double noise = sqrt(Max(found->centre, 1.0));

		answer->scale = Max(answer->scale, noise);
		half = Max(half, options->sigmas * noise * found->widen);
	}
	if (half < rounding)
		answer->score = fabs(distance) <= rounding ?
							0.0 :
							copysign(get_float8_infinity(), distance);
	else
		answer->score = options->sigmas * distance / half;
	half = Max(half, options->min_effect);
	half = Max(half, fabs(found->centre) * options->min_effect_fraction);
	half = Max(half, rounding);
	answer->low = options->side == DQ_SIDE_HIGH ? -get_float8_infinity() :
												  found->centre - half;
	answer->high = options->side == DQ_SIDE_LOW ? get_float8_infinity() :
												  found->centre + half;
	if (options->count && options->side != DQ_SIDE_HIGH)
		answer->low = Max(answer->low, 0.0);
	answer->anomalous = value < answer->low || value > answer->high;
}

/*
 * dq_anomaly_judge: test a value against the history before it, which is in
 * order of time. No value and no point may be infinite, and the value not be
 * NaN. "season" is that of the value.
 */
DqAnomaly
dq_anomaly_judge(const DqPoint *history, int count, double value, int season,
				 const DqAnomalyOptions *options)
{
	DqAnomaly answer = {0};
	DqEstimate found = {0};

	switch (options->method)
	{
		case DQ_ANOMALY_MAD:
		case DQ_ANOMALY_ZSCORE:
			found = estimate(history, count, season, options, &answer);
			break;
		case DQ_ANOMALY_EWMA:
		case DQ_ANOMALY_HOLT_WINTERS:
			found = forecast(history, count, season, options, &answer);
			break;
	}
	answer.n = found.n;
	if (answer.enough)
		draw_interval(&answer, &found, value, options);
	return answer;
}
