/*
 * smooth.h
 *	  Forecasts of the next number by exponential smoothing.
 */
#ifndef DQ_SMOOTH_H
#define DQ_SMOOTH_H

#include "quality/anomaly.h"

extern DqEstimate dq_smooth_ewma(const DqPoint *points, int count,
								 double alpha);
extern DqEstimate dq_smooth_holt_winters(const DqPoint *points, int count,
										 int season,
										 const DqAnomalyOptions *options,
										 bool *seasonal);

#endif /* DQ_SMOOTH_H */
