/*
 * window.h
 *	  The grid of windows of a pipeline, and which window a run takes.
 *
 * Window k is [anchor + k * period, anchor + (k + 1) * period), computed from
 * the anchor (start_at) as local time in the pipeline's zone when the period
 * has days or months (so a day has 23, 24 or 25 hours), as elapsed time
 * otherwise.
 */
#ifndef DQ_WINDOW_H
#define DQ_WINDOW_H

#include "catalog/pipeline.h"
#include "utils/date.h"

typedef struct DqWindow
{
	TimestampTz start; /* DT_NOBEGIN: first run without a period */
	TimestampTz end;
	TimestampTz data_start; /* start less the lookback */
	DateADT logical_date; /* local date of start, of end if start is
								 * -infinity */
	bool partial; /* published, but the ledger does not move */
} DqWindow;

/* what a caller asked for */
typedef struct DqWindowRequest
{
	bool is_rebuild; /* all that is done, once; nothing else is given */
	bool is_explicit; /* start and end given */
	bool partial;
	TimestampTz start;
	TimestampTz end;
	/* implicit only: windows that end at or before this are not considered
	 * (etl.run_pending goes on past one that failed); DT_NOBEGIN: all */
	TimestampTz after;
} DqWindowRequest;

/*
 * Choose the window; false when nothing is due, then *reason says why in a
 * phrase. Explicit requests that are off the grid, unfinished without partial,
 * empty or unbounded throw 22023 with the aligned literals in the HINT; they
 * may be several consecutive whole windows, before start_at, done already.
 * "partial" permits an unfinished window; without bounds it takes the one that
 * holds the present, up to its end on the grid. Without a period there is
 * nothing "after" a window. "now" is the time that counts as the present.
 */
extern bool dq_window_choose(const DqPipeline *pipeline,
							 const DqWindowRequest *request, TimestampTz now,
							 DqWindow *window, char **reason);

/* is [start, end) done? then *done_end is where the done range ends */
typedef bool (*DqWindowDone)(void *arg, TimestampTz start, TimestampTz end,
							 TimestampTz *done_end);

/*
 * The window that an implicit request takes next, finished or not; "after" as
 * in the request. The pipeline has a period.
 */
extern void dq_window_next(const DqPipeline *pipeline, TimestampTz after,
						   TimestampTz now, DqWindowDone done, void *arg,
						   TimestampTz *start, TimestampTz *end);

/* the window of the grid that contains t; the pipeline has a period */
extern void dq_window_containing(const DqPipeline *pipeline, TimestampTz t,
								 TimestampTz *start, TimestampTz *end);

/*
 * At definition: 22023 when the period is zero, negative or mixes months or
 * days with time, or the zone is unknown.
 */
extern void dq_window_validate(const Interval *period, const char *timezone);

/* default anchor: one period before the period that holds "now" */
extern TimestampTz dq_window_default_start(const Interval *period,
										   const char *timezone,
										   TimestampTz now);

/*
 * t and an interval, or with sign -1 less it: months and days by the calendar
 * of the zone, the rest as elapsed time. Infinite times, and those plus NULL,
 * stay as they are.
 */
extern TimestampTz dq_window_shift(TimestampTz t, const Interval *step,
								   int sign, const char *timezone);

/* the local date of t in a zone */
extern DateADT dq_window_date(TimestampTz t, const char *timezone);

/*
 * t as ISO text with its offset in the zone ("UTC" for the run settings): it
 * reads the same under every DateStyle and TimeZone. -infinity and infinity
 * are written so.
 */
extern char *dq_window_literal(TimestampTz t, const char *timezone);

/* SELECT etl.run(...) for a window, to be pasted */
extern char *dq_window_statement(const char *pipeline, const char *timezone,
								 TimestampTz start, TimestampTz end,
								 bool partial);

#endif /* DQ_WINDOW_H */
