/*
 * baseline.h
 *	  A number against its history, from options to answer, both jsonb.
 */
#ifndef DQ_BASELINE_H
#define DQ_BASELINE_H

#include "base/json.h"
#include "quality/series.h"

typedef struct DqBaseline
{
	DqAnomalyOptions anomaly;
	DqSeriesOptions series;
} DqBaseline;

/* the keys it reads, NULL-terminated */
extern const char *const dq_baseline_keys[];

/*
 * The options in a document that may hold other keys too; "count": are
 * numbers of things tested when it does not say. 22023 and 22007 for what
 * makes no sense.
 */
extern void dq_baseline_read(DqBaseline *baseline, Jsonb *doc, bool count,
							 const char *what);

/*
 * Test a value of the time "at"; the history may hold later numbers, which
 * are left out. 22003 when numbers grow out of range.
 */
extern DqAnomaly dq_baseline_judge(const DqBaseline *baseline,
								   DqTimed *history, int n, double value,
								   TimestampTz at);

/* the same without times: all of the history, in its order */
extern DqAnomaly dq_baseline_judge_plain(const DqBaseline *baseline,
										 const double *history, int n,
										 double value);

/* n, centre, scale, interval, score, season, method (NULL: the baseline's) */
extern void dq_baseline_describe(DqJsonBuild *build,
								 const DqBaseline *baseline,
								 const DqAnomaly *answer, TimestampTz at,
								 const char *method);

#endif /* DQ_BASELINE_H */
