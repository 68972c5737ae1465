/*
 * errctx.c
 *	  Catching errors as data, and saying where in a run an error happened.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/errctx.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/*
 * dq_errctx_try: run fn(arg); NULL when it returned, else the error it threw,
 * copied into the caller's memory context.
 *
 * The transaction is left as the error left it: the caller must abort it
 * (AbortCurrentTransaction) before anything else. Every error is caught, a
 * cancel too; FATAL is not.
 */
ErrorData *
dq_errctx_try(DqGuarded fn, void *arg)
{
	MemoryContext outer = CurrentMemoryContext;
	ErrorData *volatile error = NULL;

	PG_TRY();
	{
		fn(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(outer);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	return error;
}

/*
 * dq_errctx_try_subxact: the same inside a subtransaction, which is rolled
 * back on error so that the transaction goes on. A cancel is not caught:
 * somebody wants the whole to stop.
 *
 * After plpgsql's exec_stmt_block.
 */
ErrorData *
dq_errctx_try_subxact(DqGuarded fn, void *arg)
{
	MemoryContext outer = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(outer);
	PG_TRY();
	{
		fn(arg);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(outer);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(outer);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(outer);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(error);
	}
	PG_END_TRY();
	return error;
}

/*
 * dq_errctx_try_undone: as dq_errctx_try_subxact, but whatever fn did to the
 * database, and the locks that it took, are gone afterwards in either case.
 * What it allocated in the caller's memory context stays.
 */
ErrorData *
dq_errctx_try_undone(DqGuarded fn, void *arg)
{
	MemoryContext outer = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(outer);
	PG_TRY();
	{
		fn(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(outer);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(outer);
	CurrentResourceOwner = owner;
	if (error != NULL && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return error;
}

/*
 * dq_errctx_rethrow: throw a caught error again, as it was.
 */
void
dq_errctx_rethrow(ErrorData *error)
{
	ReThrowError(error);
}

/*
 * add_context: error context callback of a frame.
 *
 * A position in the step's text becomes an internal one, so that the client
 * shows the step's line and caret, not those of the statement that it sent.
 */
static void
add_context(void *arg)
{
	DqErrorFrame *frame = (DqErrorFrame *) arg;
	int position = geterrposition();

	if (frame->source != NULL && position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(frame->source);
	}
	if (frame->pipeline == NULL)
		return;
	if (frame->run_id > 0 && frame->step != NULL)
		errcontext("run " INT64_FORMAT " of pipeline \"%s\", step \"%s\"",
				   frame->run_id, frame->pipeline, frame->step);
	else if (frame->run_id > 0)
		errcontext("run " INT64_FORMAT " of pipeline \"%s\"",
				   frame->run_id, frame->pipeline);
	else if (frame->step != NULL)
		errcontext("step \"%s\" of pipeline \"%s\"",
				   frame->step, frame->pipeline);
	else
		errcontext("pipeline \"%s\"", frame->pipeline);
}

/*
 * dq_errctx_push: put a frame, in the caller's storage, on the stack. Errors
 * pop it by themselves (the stack is restored by whoever catches).
 */
void
dq_errctx_push(DqErrorFrame *frame, int64 run_id, const char *pipeline,
			   const char *step, const char *source)
{
	frame->run_id = run_id;
	frame->pipeline = pipeline;
	frame->step = step;
	frame->source = source;
	frame->callback.callback = add_context;
	frame->callback.arg = frame;
	frame->callback.previous = error_context_stack;
	error_context_stack = &frame->callback;
}

/*
 * dq_errctx_pop: take the frame off again.
 */
void
dq_errctx_pop(DqErrorFrame *frame)
{
	error_context_stack = frame->callback.previous;
}
