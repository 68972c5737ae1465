/*
 * launch.h
 *	  Starting a run in a background worker and waiting for it.
 */
#ifndef DQ_LAUNCH_H
#define DQ_LAUNCH_H

#include "catalog/pipeline.h"
#include "catalog/window.h"
#include "run/shared.h"
#include "utils/elog.h"

typedef struct DqOutcome
{
	DqOutcomeKind kind;
	int64 run_id; /* 0: none was started */
	ErrorData *error; /* of a failed one; NULL: still running */
	char *note; /* why nothing was due, or a warning */
	TimestampTz window_end; /* of the run that was started */
	bool running; /* not waited for */
} DqOutcome;

extern DqOutcome *dq_launch_run(const DqPipeline *pipeline,
								const DqWindowRequest *window, Jsonb *params,
								bool wait);
extern void dq_launch_wait_pipeline(const DqPipeline *pipeline);
extern char *dq_launch_wait_run(int64 run_id, int64 timeout_ms);
extern bool dq_launch_cancel(int64 run_id);
extern void dq_launch_raise_busy(const DqPipeline *pipeline);
extern void dq_launch_raise(DqOutcome *outcome);

#endif /* DQ_LAUNCH_H */
