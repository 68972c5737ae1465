/*
 * metric.h
 *	  What metrics were: numbers that checks compare with.
 */
#ifndef DQ_METRIC_H
#define DQ_METRIC_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* a number, and all that says of what it is one */
typedef struct DqMetricPoint
{
	int64 pipeline_id; /* 0: of the current user's own etl.check */
	const char *step; /* NULL: etl.check */
	const char *source;
	const char *check_name;
	const char *metric; /* what is measured, as text */
	Jsonb *group; /* NULL: all rows */
	TimestampTz at;
	double value;
	int64 tested_rows;
} DqMetricPoint;

typedef struct DqMetricValue
{
	TimestampTz at;
	double value;
} DqMetricValue;

/*
 * The latest values of the point's series before its time, at most "limit",
 * in no order, under the active snapshot. Returns how many.
 */
extern int dq_metric_read(const DqMetricPoint *like, int limit,
						  bool unpublished_too, DqMetricValue **values);

/*
 * Store points (List of DqMetricPoint *); each replaces what its series had
 * for the time, but an unpublished one never a published one.
 */
extern void dq_metric_store(List *points, int64 run_id, bool published);

#endif /* DQ_METRIC_H */
