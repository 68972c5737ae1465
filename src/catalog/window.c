/*
 * window.c
 *	  The grid of windows of a pipeline, as arithmetic. No table is read here.
 *
 * Every window start is computed from the anchor, never from its neighbour:
 * '2026-01-31' + 2 months is 31 March, not 28 March. Periods of days and
 * months are counted in local time of the pipeline's zone, so a day has 23 or
 * 25 hours when the clock changes; a local time that does not exist or exists
 * twice is what PostgreSQL makes of it. Where a zone skipped a whole day
 * (Pacific/Apia, 30 December 2011) the window of that day would be empty: it
 * is left out, so windows always tile the line and are never empty.
 *
 * The window of an instant is found by division and a correction of a few
 * steps, whatever the distance from the anchor.
 */
#include "postgres.h"

#include "catalog/window.h"
#include "common/int.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* mean length of a month: 400 years have 4800 months and 146097 days */
#define USECS_PER_MEAN_MONTH (INT64CONST(2629746) * USECS_PER_SEC)

typedef enum GridKind
{
	GRID_MONTHS,
	GRID_DAYS,
	GRID_TIME
} GridKind;

typedef struct Grid
{
	GridKind kind;
	int64 step; /* months, days or microseconds */
	pg_tz *zone;
	TimestampTz anchor;
	Timestamp local_anchor;
} Grid;

/*
 * out_of_range: a time that PostgreSQL cannot represent.
 */
static void
out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("timestamp out of range")));
}

/*
 * find_zone: a time zone as SET TimeZone would take it; 22023 when unknown.
 */
static pg_tz *
find_zone(const char *name)
{
	pg_tz *zone = pg_tzset(name);

	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("SELECT name FROM pg_catalog.pg_timezone_names;")));
	return zone;
}

/*
 * to_local: what a clock in the zone shows at an instant.
 */
static Timestamp
to_local(TimestampTz t, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t fsec;
	int offset;
	Timestamp local;

	if (TIMESTAMP_NOT_FINITE(t) ||
		timestamp2tm(t, &offset, &tm, &fsec, NULL, zone) != 0 ||
		tm2timestamp(&tm, fsec, NULL, &local) != 0)
		out_of_range();
	return local;
}

/*
 * from_local: the instant at which a clock in the zone shows a local time.
 */
static TimestampTz
from_local(Timestamp local, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t fsec;
	int offset;
	TimestampTz t;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		out_of_range();
	offset = DetermineTimeZoneOffset(&tm, zone);
	if (tm2timestamp(&tm, fsec, &offset, &t) != 0)
		out_of_range();
	return t;
}

/*
 * dq_window_validate: see window.h. An infinite interval (PostgreSQL 17) has
 * all its fields set and is refused as a mix.
 */
void
dq_window_validate(const Interval *period, const char *timezone)
{
	int parts = (period->month != 0) + (period->day != 0) +
				(period->time != 0);

	(void) find_zone(timezone);
	if (period->month < 0 || period->day < 0 || period->time < 0 ||
		parts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period must be longer than zero")));
	if (parts > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period must be in months, in days or in time, not in a mixture"),
				 errdetail("Months and days follow the calendar of the time zone, hours and less are elapsed time."),
				 errhint("Use a period such as '1 month', '7 days' or '15 minutes'.")));
}

/*
 * grid_init: the grid of a period, an anchor and a zone.
 */
static void
grid_init(Grid *grid, const Interval *period, TimestampTz anchor,
		  const char *timezone)
{
	dq_window_validate(period, timezone);
	grid->zone = find_zone(timezone);
	grid->anchor = anchor;
	grid->local_anchor = to_local(anchor, grid->zone);
	if (period->month != 0)
	{
		grid->kind = GRID_MONTHS;
		grid->step = period->month;
	}
	else if (period->day != 0)
	{
		grid->kind = GRID_DAYS;
		grid->step = period->day;
	}
	else
	{
		grid->kind = GRID_TIME;
		grid->step = period->time;
	}
}

/*
 * grid_start: where window k starts.
 */
static TimestampTz
grid_start(const Grid *grid, int64 k)
{
	Interval distance = {0};
	int64 steps;
	Datum local;
	TimestampTz t;

	if (pg_mul_s64_overflow(k, grid->step, &steps))
		out_of_range();
	if (grid->kind == GRID_TIME)
	{
		if (pg_add_s64_overflow(grid->anchor, steps, &t) ||
			!IS_VALID_TIMESTAMP(t))
			out_of_range();
		return t;
	}
	if (steps < PG_INT32_MIN || steps > PG_INT32_MAX)
		out_of_range();
	if (grid->kind == GRID_MONTHS)
		distance.month = steps;
	else
		distance.day = steps;
	local = DirectFunctionCall2(timestamp_pl_interval,
								TimestampGetDatum(grid->local_anchor),
								IntervalPGetDatum(&distance));
	return from_local(DatumGetTimestamp(local), grid->zone);
}

/*
 * floor_div: division that rounds down; b is positive.
 */
static int64
floor_div(int64 a, int64 b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

/*
 * grid_index: the last window that starts at or before t. With the estimate
 * off by a month end or a clock change, the correction takes a few steps.
 */
static int64
grid_index(const Grid *grid, TimestampTz t)
{
	int64 unit;
	int64 distance;
	int64 length;
	int64 k;

	if (grid->kind == GRID_TIME)
	{
		if (TIMESTAMP_NOT_FINITE(t) ||
			pg_sub_s64_overflow(t, grid->anchor, &distance))
			out_of_range();
		return floor_div(distance, grid->step);
	}
	if (pg_sub_s64_overflow(to_local(t, grid->zone), grid->local_anchor,
							&distance))
		out_of_range();
	unit = grid->kind == GRID_MONTHS ? USECS_PER_MEAN_MONTH : USECS_PER_DAY;
	if (pg_mul_s64_overflow(grid->step, unit, &length))
		out_of_range();
	k = floor_div(distance, length);
	while (grid_start(grid, k) > t)
		k--;
	while (grid_start(grid, k + 1) <= t)
		k++;
	return k;
}

/*
 * dq_window_containing: see window.h. 22008 near the ends of what a timestamp
 * can hold.
 */
void
dq_window_containing(const DqPipeline *pipeline, TimestampTz t,
					 TimestampTz *start, TimestampTz *end)
{
	Grid grid;
	int64 k;

	grid_init(&grid, pipeline->period, pipeline->start_at,
			  pipeline->timezone);
	k = grid_index(&grid, t);
	*start = grid_start(&grid, k);
	*end = grid_start(&grid, k + 1);
}

/*
 * dq_window_shift: see window.h.
 */
TimestampTz
dq_window_shift(TimestampTz t, const Interval *step, int sign,
				const char *timezone)
{
	pg_tz *zone;
	Interval days = {0};
	TimestampTz result = t;
	Datum local;

	if (step == NULL || TIMESTAMP_NOT_FINITE(t))
		return t;
	if (step->month != 0 || step->day != 0)
	{
		zone = find_zone(timezone);
		days.month = sign * step->month;
		days.day = sign * step->day;
		local = DirectFunctionCall2(timestamp_pl_interval,
									TimestampGetDatum(to_local(t, zone)),
									IntervalPGetDatum(&days));
		result = from_local(DatumGetTimestamp(local), zone);
	}
	if (pg_add_s64_overflow(result, sign * step->time, &result) ||
		!IS_VALID_TIMESTAMP(result))
		out_of_range();
	return result;
}

/*
 * dq_window_date: the local date of an instant in a zone.
 */
DateADT
dq_window_date(TimestampTz t, const char *timezone)
{
	Timestamp local = to_local(t, find_zone(timezone));

	return DatumGetDateADT(DirectFunctionCall1(timestamp_date,
											   TimestampGetDatum(local)));
}

/*
 * dq_window_literal: an instant as text with its offset in the zone, which
 * reads the same under every DateStyle and TimeZone.
 */
char *
dq_window_literal(TimestampTz t, const char *timezone)
{
	char *buf = palloc(MAXDATELEN + 1);
	struct pg_tm tm;
	fsec_t fsec;
	int offset;

	if (TIMESTAMP_NOT_FINITE(t))
	{
		EncodeSpecialTimestamp(t, buf);
		return buf;
	}
	if (timestamp2tm(t, &offset, &tm, &fsec, NULL, find_zone(timezone)) != 0)
		out_of_range();
	EncodeDateTime(&tm, fsec, true, offset, NULL, USE_ISO_DATES, buf);
	return buf;
}

/*
 * first_of: the first day of the month, or of the year's part of "months"
 * months when a year holds a whole number of those, that holds a local day;
 * of the year for periods of whole years.
 */
static Timestamp
first_of(Timestamp local, int64 months)
{
	struct pg_tm tm;
	fsec_t fsec;
	Timestamp result;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		out_of_range();
	if (months % 12 == 0)
		tm.tm_mon = 1;
	else if (12 % months == 0)
		tm.tm_mon -= (tm.tm_mon - 1) % months;
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	if (tm2timestamp(&tm, 0, NULL, &result) != 0)
		out_of_range();
	return result;
}

/*
 * current_period: where the period that holds "now" begins when nobody said
 * so: with the month, quarter or year; with Monday for whole weeks; with the
 * day; for shorter ones counted from midnight.
 */
static TimestampTz
current_period(const Grid *grid, TimestampTz now)
{
	Timestamp local = to_local(now, grid->zone);
	Timestamp midnight = floor_div(local, USECS_PER_DAY) * USECS_PER_DAY;
	TimestampTz start;
	int64 days;

	switch (grid->kind)
	{
		case GRID_MONTHS:
			return from_local(first_of(local, grid->step), grid->zone);
		case GRID_DAYS:
			/* 2000-01-03 was a Monday */
			days = floor_div(midnight, USECS_PER_DAY) - 2;
			if (grid->step % 7 == 0)
				midnight -= (days - floor_div(days, 7) * 7) * USECS_PER_DAY;
			return from_local(midnight, grid->zone);
		case GRID_TIME:
			start = from_local(midnight, grid->zone);
			return start + floor_div(now - start, grid->step) * grid->step;
	}
	return 0; /* keep the compiler quiet */
}

/*
 * dq_window_default_start: see window.h.
 */
TimestampTz
dq_window_default_start(const Interval *period, const char *timezone,
						TimestampTz now)
{
	Grid grid;
	TimestampTz start;

	grid_init(&grid, period, now, timezone);
	start = current_period(&grid, now);
	grid.anchor = start;
	grid.local_anchor = to_local(start, grid.zone);
	return grid_start(&grid, -1);
}
