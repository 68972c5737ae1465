/*
 * series.h
 *	  Numbers in time: their order, seasons, and buckets without a number.
 */
#ifndef DQ_SERIES_H
#define DQ_SERIES_H

#include "datatype/timestamp.h"
#include "quality/anomaly.h"

typedef enum DqSeason
{
	DQ_SEASON_NONE,
	DQ_SEASON_HOUR, /* of the day */
	DQ_SEASON_WEEKDAY,
	DQ_SEASON_WEEKDAY_HOUR
} DqSeason;

/* a number and when it was; value NaN: none */
typedef struct DqTimed
{
	TimestampTz at;
	double value;
} DqTimed;

typedef struct DqSeriesOptions
{
	DqSeason season;
	char *timezone; /* of seasons and of periods of days and months */
	Interval *period; /* NULL: buckets are not known */
	double missing; /* of an empty bucket: 0, or NaN to leave it out */
	int max_points; /* the latest so many; 0: all */
} DqSeriesOptions;

/* 0 without a season, else 0 for Monday, midnight, Monday at midnight */
extern int dq_series_season(TimestampTz at, const DqSeriesOptions *options);

/* "Monday", "14:00", "Monday 14:00" */
extern char *dq_series_season_name(DqSeason season, int key);

/*
 * The points before "at", in order of time, with empty buckets filled. Sorts
 * "history". 22023 when the period is none or there are too many buckets.
 */
extern DqPoint *dq_series_before(TimestampTz at, DqTimed *history, int n,
								 const DqSeriesOptions *options, int *count);

#endif /* DQ_SERIES_H */
