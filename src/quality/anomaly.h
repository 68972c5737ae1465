/*
 * anomaly.h
 *	  Does a number fit the numbers before it?
 *
 * Pure C on arrays. The answer is an interval in which the next number should
 * lie, estimated from the history alone: the number that is tested never
 * takes part (a z-score that includes it cannot exceed (n - 1) / sqrt(n)).
 * Memory is the caller's context.
 */
#ifndef DQ_ANOMALY_H
#define DQ_ANOMALY_H

typedef enum DqAnomalyMethod
{
	DQ_ANOMALY_MAD, /* median and median absolute deviation */
	DQ_ANOMALY_ZSCORE, /* mean and standard deviation */
	DQ_ANOMALY_EWMA, /* exponential smoothing, one step ahead */
	DQ_ANOMALY_HOLT_WINTERS /* with trend and additive season */
} DqAnomalyMethod;

typedef enum DqAnomalySide
{
	DQ_SIDE_BOTH,
	DQ_SIDE_HIGH, /* only too high is one */
	DQ_SIDE_LOW
} DqAnomalySide;

/* one number of the history, in order of time */
typedef struct DqPoint
{
	double value; /* NaN: missing, holds its place only */
	int season; /* from 0; any number when there is no season */
} DqPoint;

typedef struct DqAnomalyOptions
{
	DqAnomalyMethod method;
	DqAnomalySide side;
	bool count; /* numbers of things: never below Poisson's noise */
	bool seasonal; /* compare within the season */
	double sigmas; /* how rare: as this many of a normal distribution */
	int min_points;
	int min_season_points;
	double min_effect; /* smaller differences are none */
	double min_effect_fraction; /* the same, as a part of the centre */
	double alpha; /* weights of smoothing; 0: default or chosen */
	double beta;
	double gamma;
} DqAnomalyOptions;

typedef struct DqAnomaly
{
	bool enough; /* false: too few points, only n is set */
	bool anomalous;
	bool seasonal; /* the season's own points were enough */
	int season_points; /* how many they are */
	int n; /* points that the estimate rests on */
	double centre;
	double scale; /* one standard deviation of a single number */
	double low; /* may be infinite */
	double high;
	double score; /* distance in sigmas; infinite without a scale */
} DqAnomaly;

/* what a method makes of the numbers of a baseline */
typedef struct DqEstimate
{
	int n; /* numbers that the scale rests on */
	double centre;
	double scale;
	double df; /* how well the scale is known: degrees of freedom */
	double widen; /* of the interval, for what the centre is unsure of */
} DqEstimate;

/* mean or median of so many numbers, at least one, with their spread */
extern DqEstimate dq_anomaly_estimate(const double *values, int n,
									  DqAnomalyMethod method);
extern void dq_anomaly_defaults(DqAnomalyOptions *options);
extern DqAnomaly dq_anomaly_judge(const DqPoint *history, int count,
								  double value, int season,
								  const DqAnomalyOptions *options);

#endif /* DQ_ANOMALY_H */
