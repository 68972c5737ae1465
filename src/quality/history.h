/*
 * history.h
 *	  What a check of the history family compares its metric with.
 */
#ifndef DQ_HISTORY_H
#define DQ_HISTORY_H

#include "quality/baseline.h"
#include "quality/shape.h"

typedef enum DqHistoryCompare
{
	DQ_COMPARE_INTERVAL, /* within what the history lets expect */
	DQ_COMPARE_PREVIOUS, /* the latest number */
	DQ_COMPARE_MEAN,
	DQ_COMPARE_MEDIAN
} DqHistoryCompare;

/* the options of a rule, read */
typedef struct DqHistory
{
	DqBaseline baseline;
	DqHistoryCompare compare;
	bool absolute; /* changes in the metric's own unit, not as fractions */
	double min_change; /* infinite when not given */
	double max_change;
	bool min_excluded;
	bool max_excluded;
	char *query; /* baseline_query; NULL: what was stored */
	bool failed_too;
	bool has_at;
	TimestampTz at;
} DqHistory;

/*
 * Read the options; "counts" when the metric is a number of things. 22023 and
 * 22007 for what makes no sense.
 */
extern void dq_history_read(DqHistory *history, const DqCheck *check,
							bool changes, bool counts);

/*
 * Compare the probe's value: sets holds and observed, and the point that may
 * be stored. Runs baseline_query as the current user; throws what it throws,
 * and 22003 for numbers out of range.
 */
extern void dq_history_judge(const DqHistory *history, DqProbe *probe,
							 double value);

#endif /* DQ_HISTORY_H */
