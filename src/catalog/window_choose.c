/*
 * window_choose.c
 *	  Which window a run takes: the grid (window.c) against what is done
 *	  (ledger.c).
 *
 * With a period, and nothing asked for (a window counts as finished when it
 * has settled, and with depends_on_past when the one before it is done):
 *	  catchup		the oldest finished window from start_at on that the
 *					ledger does not contain
 *	  no catchup	the latest finished window, unless it is done
 *	  partial		the window that holds the present, up to its grid end; it
 *					is published as it is, the ledger does not move
 * An explicit request is one window or several consecutive whole windows, done
 * in one run; also before start_at, and also when it is done already (it is
 * then repeated on purpose). partial is a permission, not a wish: a request
 * that is over by now is a normal one.
 *
 * Without a period a run takes [end of the last success, now); the first one
 * starts at start_at, or at -infinity when there is none.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "catalog/ledger.h"
#include "catalog/window.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * range_text: "[start, end)" in the pipeline's zone, for messages.
 */
static char *
range_text(const DqPipeline *pipeline, TimestampTz start, TimestampTz end)
{
	return psprintf("[%s, %s)",
					dq_window_literal(start, pipeline->timezone),
					dq_window_literal(end, pipeline->timezone));
}

/*
 * dq_window_statement: the statement that runs a window, to be pasted.
 */
char *
dq_window_statement(const char *pipeline, const char *timezone,
					TimestampTz start, TimestampTz end, bool partial)
{
	return psprintf("SELECT etl.run(%s, window_start => %s,"
					" window_end => %s%s);",
					dq_sqltext_literal(pipeline),
					dq_sqltext_literal(dq_window_literal(start, timezone)),
					dq_sqltext_literal(dq_window_literal(end, timezone)),
					partial ? ", partial => true" : "");
}

/*
 * window_before: the last window that ends at or before t.
 */
static void
window_before(const DqPipeline *pipeline, TimestampTz t, TimestampTz *start,
			  TimestampTz *end)
{
	dq_window_containing(pipeline, t, start, end);
	dq_window_containing(pipeline, *start - 1, start, end);
}

/*
 * period_text: a period in words.
 */
static char *
period_text(Interval *period)
{
	return DatumGetCString(DirectFunctionCall1(interval_out,
											   IntervalPGetDatum(period)));
}

/*
 * check_bounds: an explicit request must have two finite bounds in order.
 */
static void
check_bounds(const DqPipeline *pipeline, const DqWindowRequest *request)
{
	if (TIMESTAMP_NOT_FINITE(request->start) ||
		TIMESTAMP_NOT_FINITE(request->end))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window %s is unbounded",
						range_text(pipeline, request->start, request->end)),
				 errdetail("Both bounds of a window must be finite.")));
	if (request->start >= request->end)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window %s is empty",
						range_text(pipeline, request->start, request->end)),
				 errdetail("A window starts before it ends, and does not include its end.")));
}

/*
 * check_aligned: an explicit request must be made of whole windows. The hint
 * has the whole windows around it; only those that are finished, if there are
 * any, or else the one that holds the present.
 */
static void
check_aligned(const DqPipeline *pipeline, const DqWindowRequest *request,
			  TimestampTz now)
{
	TimestampTz start;
	TimestampTz end;
	TimestampTz current;
	TimestampTz current_end;
	TimestampTz ignored;

	dq_window_containing(pipeline, request->start, &start, &ignored);
	dq_window_containing(pipeline, request->end - 1, &ignored, &end);
	if (start == request->start && end == request->end)
		return;

	dq_window_containing(pipeline, now, &current, &current_end);
	if (end > current)
		end = start < current ? current : current_end;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("window %s does not match the windows of pipeline \"%s\"",
					range_text(pipeline, request->start, request->end),
					pipeline->name),
			 errdetail("A run takes one window or several whole ones; the period is %s, counted from %s in time zone %s.",
					   period_text(pipeline->period),
					   dq_window_literal(pipeline->start_at,
										 pipeline->timezone),
					   pipeline->timezone),
			 errhint("%s", dq_window_statement(pipeline->name,
											   pipeline->timezone,
											   start, end, end > now))));
}

/*
 * check_begun: nothing can be read of a window that lies in the future.
 */
static void
check_begun(const DqPipeline *pipeline, const DqWindowRequest *request,
			TimestampTz now)
{
	if (request->start < now)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("window %s has not begun",
					range_text(pipeline, request->start, request->end))));
}

/*
 * check_finished: a window that ends in the future needs "partial".
 */
static void
check_finished(const DqPipeline *pipeline, const DqWindowRequest *request,
			   TimestampTz now)
{
	if (request->end <= now || request->partial)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("window %s is not finished",
					range_text(pipeline, request->start, request->end)),
			 errdetail("What is published of it now does not count as done."),
			 errhint("%s", dq_window_statement(pipeline->name,
											   pipeline->timezone,
											   request->start, request->end,
											   true))));
}

/*
 * choose_explicit: the window that was asked for, or an error.
 */
static bool
choose_explicit(const DqPipeline *pipeline, const DqWindowRequest *request,
				TimestampTz now, DqWindow *window)
{
	check_bounds(pipeline, request);
	check_begun(pipeline, request, now);
	if (pipeline->period != NULL)
		check_aligned(pipeline, request, now);
	check_finished(pipeline, request, now);
	window->start = request->start;
	window->end = request->end;
	return true;
}

/*
 * choose_since_success: without a period. There is no second window in one
 * call: a loop of etl.run_pending would go on for ever.
 */
static bool
choose_since_success(const DqPipeline *pipeline,
					 const DqWindowRequest *request, TimestampTz now,
					 DqWindow *window, char **reason)
{
	TimestampTz start;

	if (!TIMESTAMP_IS_NOBEGIN(request->after))
	{
		*reason = pstrdup("without a period there is one window at a time");
		return false;
	}
	start = dq_ledger_last_end(pipeline->id);
	if (TIMESTAMP_IS_NOBEGIN(start) && pipeline->has_start)
		start = pipeline->start_at;
	if (start >= now)
	{
		*reason = psprintf("the next window starts at %s",
						   dq_window_literal(start, pipeline->timezone));
		return false;
	}
	window->start = start;
	window->end = now;
	return true;
}

/*
 * choose_open: the window that holds the present.
 */
static bool
choose_open(const DqPipeline *pipeline, TimestampTz now, DqWindow *window,
			char **reason)
{
	if (now < pipeline->start_at)
	{
		*reason = psprintf("the first window starts at %s",
						   dq_window_literal(pipeline->start_at,
											 pipeline->timezone));
		return false;
	}
	dq_window_containing(pipeline, now, &window->start, &window->end);
	return true;
}

/*
 * due_at: from when on a window that ends at "end" may be run by itself.
 */
static TimestampTz
due_at(const DqPipeline *pipeline, TimestampTz end)
{
	return dq_window_shift(end, pipeline->settle, 1, pipeline->timezone);
}

/*
 * latest_settled: the last window that is due at t.
 */
static void
latest_settled(const DqPipeline *pipeline, TimestampTz t, TimestampTz *start,
			   TimestampTz *end)
{
	TimestampTz settled = dq_window_shift(t, pipeline->settle, -1,
										  pipeline->timezone);

	/* begin one window late: a calendar does not go back as it goes forth */
	dq_window_containing(pipeline, settled, start, end);
	while (due_at(pipeline, *end) > t)
		dq_window_containing(pipeline, *start - 1, start, end);
}

/*
 * dq_window_next: see window.h.
 *
 * A done range is maximal: the window that holds its end is not done, so one
 * range skips all that it contains.
 */
void
dq_window_next(const DqPipeline *pipeline, TimestampTz after,
			   TimestampTz now, DqWindowDone done, void *arg,
			   TimestampTz *start, TimestampTz *end)
{
	TimestampTz latest;
	TimestampTz latest_end;
	TimestampTz done_end;

	dq_window_containing(pipeline, Max(pipeline->start_at, after),
						 start, end);
	if (!pipeline->catchup)
	{
		latest_settled(pipeline, now, &latest, &latest_end);
		if (latest > *start)
		{
			*start = latest;
			*end = latest_end;
		}
	}
	while (done(arg, *start, *end, &done_end))
	{
		CHECK_FOR_INTERRUPTS();
		dq_window_containing(pipeline, done_end, start, end);
	}
}

/*
 * done_in_ledger: look into the ledger of a pipeline.
 */
static bool
done_in_ledger(void *arg, TimestampTz start, TimestampTz end,
			   TimestampTz *done_end)
{
	return dq_ledger_find(*(int64 *) arg, start, end, done_end);
}

/*
 * lacks_past: must the window before the one that starts at "start" be done
 * first? Then which one, else false.
 */
static bool
lacks_past(const DqPipeline *pipeline, TimestampTz start,
		   TimestampTz *before, TimestampTz *before_end)
{
	TimestampTz ignored;

	if (!pipeline->depends_on_past || start <= pipeline->start_at)
		return false;
	window_before(pipeline, start, before, before_end);
	return !dq_ledger_find(pipeline->id, *before, *before_end, &ignored);
}

/*
 * check_past: 55000 for an explicit window whose predecessor must be done
 * first.
 */
static void
check_past(const DqPipeline *pipeline, const DqWindow *window)
{
	TimestampTz before;
	TimestampTz before_end;

	if (!lacks_past(pipeline, window->start, &before, &before_end))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("window %s depends on the one before it, which is not done",
					range_text(pipeline, window->start, window->end)),
			 errdetail("Pipeline \"%s\" is defined with depends_on_past.",
					   pipeline->name),
			 errhint("%s", dq_window_statement(pipeline->name,
											   pipeline->timezone, before,
											   before_end, false))));
}

/*
 * choose_due: the oldest window not done, from start_at or "after" on, or the
 * latest finished one when there is no catching up.
 */
static bool
choose_due(const DqPipeline *pipeline, const DqWindowRequest *request,
		   TimestampTz now, DqWindow *window, char **reason)
{
	int64 id = pipeline->id;
	TimestampTz due;
	TimestampTz before;
	TimestampTz before_end;
	char *next;

	dq_window_next(pipeline, request->after, now, done_in_ledger, &id,
				   &window->start, &window->end);
	next = range_text(pipeline, window->start, window->end);
	due = due_at(pipeline, window->end);
	if (window->end > now)
		*reason = psprintf("the next window %s is not finished", next);
	else if (due > now)
		*reason = psprintf("the next window %s is due at %s", next,
						   dq_window_literal(due, pipeline->timezone));
	else if (lacks_past(pipeline, window->start, &before, &before_end))
		*reason = psprintf("the next window %s depends on %s, which is not done",
						   next, range_text(pipeline, before, before_end));
	else
		return true;
	return false;
}

/*
 * choose_done: all that is done, from the first window to the last.
 */
static bool
choose_done(const DqPipeline *pipeline, DqWindow *window, char **reason)
{
	if (dq_ledger_span(pipeline->id, &window->start, &window->end))
		return true;
	*reason = pstrdup("no window is done");
	return false;
}

/*
 * dq_window_choose: see window.h.
 */
bool
dq_window_choose(const DqPipeline *pipeline, const DqWindowRequest *request,
				 TimestampTz now, DqWindow *window, char **reason)
{
	bool found;
	TimestampTz first;

	memset(window, 0, sizeof(DqWindow));
	*reason = NULL;
	if (request->is_rebuild)
		found = choose_done(pipeline, window, reason);
	else if (request->is_explicit)
		found = choose_explicit(pipeline, request, now, window);
	else if (pipeline->period == NULL)
		found = choose_since_success(pipeline, request, now, window, reason);
	else if (request->partial)
		found = choose_open(pipeline, now, window, reason);
	else
		found = choose_due(pipeline, request, now, window, reason);
	if (!found)
		return false;

	first = TIMESTAMP_IS_NOBEGIN(window->start) ? window->end : window->start;
	if (request->is_explicit)
		check_past(pipeline, window);
	window->data_start = dq_window_shift(window->start, pipeline->lookback,
										 -1, pipeline->timezone);
	window->partial = window->end > now;
	window->logical_date =
		dq_window_date(first, pipeline->timezone);
	return true;
}
