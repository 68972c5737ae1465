/*
 * errctx.h
 *	  Catching errors as data, and saying where in a run an error happened.
 */
#ifndef DQ_ERRCTX_H
#define DQ_ERRCTX_H

#include "utils/elog.h"

typedef void (*DqGuarded)(void *arg);

extern ErrorData *dq_errctx_try(DqGuarded fn, void *arg);
extern ErrorData *dq_errctx_try_subxact(DqGuarded fn, void *arg);
extern ErrorData *dq_errctx_try_undone(DqGuarded fn, void *arg);
extern void dq_errctx_rethrow(ErrorData *error);

/*
 * A frame on the error context stack. "source" is the text of the step, shown
 * with a caret when an error has a position in it; may be NULL.
 */
typedef struct DqErrorFrame
{
	ErrorContextCallback callback;
	int64 run_id; /* 0: not in a run */
	const char *pipeline; /* NULL: only the source is shown */
	const char *step; /* NULL: not in a step */
	const char *source;
} DqErrorFrame;

extern void dq_errctx_push(DqErrorFrame *frame, int64 run_id,
						   const char *pipeline, const char *step,
						   const char *source);
extern void dq_errctx_pop(DqErrorFrame *frame);

#endif /* DQ_ERRCTX_H */
