/*
 * series.c
 *	  Numbers in time: their order, seasons, and buckets without a number.
 *
 * Buckets lie around the points of a grid through the earliest number, half a
 * period to each side, so that a job which starts some minutes early or late
 * stays in its bucket.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/window.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "quality/series.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#define MAX_BUCKETS 100000

/* points as they are found */
typedef struct Points
{
	DqPoint *points;
	int count;
	int room;
} Points;

/*
 * dq_series_season: the season of an instant by the clock of the zone.
 */
int
dq_series_season(TimestampTz at, const DqSeriesOptions *options)
{
	pg_tz *zone;
	struct pg_tm tm;
	fsec_t fsec;
	int offset;
	int weekday;

	if (options->season == DQ_SEASON_NONE)
		return 0;
	zone = pg_tzset(options->timezone);
	if (zone == NULL || TIMESTAMP_NOT_FINITE(at) ||
		timestamp2tm(at, &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	weekday = (j2day(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday)) + 6) % 7;
	switch (options->season)
	{
		case DQ_SEASON_NONE:
			break;
		case DQ_SEASON_HOUR:
			return tm.tm_hour;
		case DQ_SEASON_WEEKDAY:
			return weekday;
		case DQ_SEASON_WEEKDAY_HOUR:
			return weekday * HOURS_PER_DAY + tm.tm_hour;
	}
	return 0;
}

/*
 * dq_series_season_name: for people; in the current context.
 */
char *
dq_series_season_name(DqSeason season, int key)
{
	static const char *const names[] = {
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
		"Sunday"};

	switch (season)
	{
		case DQ_SEASON_NONE:
			break;
		case DQ_SEASON_HOUR:
			return psprintf("%02d:00", key);
		case DQ_SEASON_WEEKDAY:
			return pstrdup(names[key]);
		case DQ_SEASON_WEEKDAY_HOUR:
			return psprintf("%s %02d:00", names[key / HOURS_PER_DAY],
							key % HOURS_PER_DAY);
	}
	return pstrdup("all");
}

/*
 * compare_times: for qsort.
 */
static int
compare_times(const void *left, const void *right)
{
	TimestampTz a = ((const DqTimed *) left)->at;
	TimestampTz b = ((const DqTimed *) right)->at;

	return (a > b) - (a < b);
}

/*
 * add_point: one more, with its season.
 */
static void
add_point(Points *points, TimestampTz at, double value,
		  const DqSeriesOptions *options)
{
	if (points->count == points->room)
	{
		points->room *= 2;
		points->points = repalloc(points->points,
								  sizeof(DqPoint) * points->room);
	}
	points->points[points->count].value = value;
	points->points[points->count].season = dq_series_season(at, options);
	points->count++;
}

/*
 * begin_grid: the grid of buckets around the first number.
 */
static void
begin_grid(DqPipeline *grid, TimestampTz first, const DqSeriesOptions *options)
{
	TimestampTz start;
	TimestampTz end;

	memset(grid, 0, sizeof(*grid));
	grid->period = options->period;
	grid->timezone = options->timezone;
	grid->start_at = first;
	dq_window_containing(grid, first, &start, &end);
	grid->start_at = first - (end - start) / 2;
}

/*
 * fill_buckets: a point for each bucket that ends at or before "until", from
 * the one that ends at *end on, which is moved behind them. In the middle of
 * a bucket is its time.
 */
static void
fill_buckets(Points *points, const DqPipeline *grid, TimestampTz *end,
			 TimestampTz until, const DqSeriesOptions *options)
{
	for (;;)
	{
		TimestampTz start = *end;
		TimestampTz next;

		CHECK_FOR_INTERRUPTS();
		dq_window_containing(grid, start, &start, &next);
		if (next > until)
			return;
		if (points->count >= MAX_BUCKETS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the history has more than %d periods",
							MAX_BUCKETS),
					 errhint("Give a longer \"period\", or a shorter history.")));
		add_point(points, start + (next - start) / 2, options->missing,
				  options);
		*end = next;
	}
}

/*
 * add_bucketed: all points, with buckets in between. Those in the bucket of
 * "at" are no history.
 */
static void
add_bucketed(Points *points, TimestampTz at, const DqTimed *history, int n,
			 const DqSeriesOptions *options)
{
	DqPipeline grid;
	TimestampTz last_start;
	TimestampTz last_end;
	TimestampTz start;
	TimestampTz end;
	int i;

	if (n == 0)
		return;
	begin_grid(&grid, history[0].at, options);
	dq_window_containing(&grid, at, &last_start, &last_end);
	dq_window_containing(&grid, history[0].at, &end, &start);
	for (i = 0; i < n && history[i].at < last_start; i++)
	{
		TimestampTz before;

		dq_window_containing(&grid, history[i].at, &start, &before);
		fill_buckets(points, &grid, &end, start, options);
		add_point(points, history[i].at, history[i].value, options);
		end = before;
	}
	fill_buckets(points, &grid, &end, last_start, options);
}

/*
 * dq_series_before: see series.h.
 */
DqPoint *
dq_series_before(TimestampTz at, DqTimed *history, int n,
				 const DqSeriesOptions *options, int *count)
{
	Points points;
	int skip;
	int i;

	points.count = 0;
	points.room = Max(n, 8);
	points.points = palloc(sizeof(DqPoint) * points.room);
	qsort(history, n, sizeof(DqTimed), compare_times);
	if (options->period != NULL)
		add_bucketed(&points, at, history, n, options);
	for (i = 0; options->period == NULL && i < n && history[i].at < at; i++)
		add_point(&points, history[i].at, history[i].value, options);

	skip = options->max_points > 0 ?
			   Max(points.count - options->max_points, 0) :
			   0;
	*count = points.count - skip;
	return points.points + skip;
}
