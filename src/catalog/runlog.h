/*
 * runlog.h
 *	  The record of runs: run, run_step, run_error, check_result.
 *
 * All functions write in the current transaction, under the extension owner's
 * rights. A change of a run's state goes through dq_runlog_set_state, which
 * allows the edges running -> succeeded, failed, cancelled, crashed only and
 * throws when the row is not in the state it should be in.
 */
#ifndef DQ_RUNLOG_H
#define DQ_RUNLOG_H

#include "catalog/pipeline.h"
#include "catalog/window.h"
#include "utils/elog.h"

typedef enum DqRunState
{
	DQ_RUN_QUEUED,
	DQ_RUN_RUNNING,
	DQ_RUN_SUCCEEDED,
	DQ_RUN_FAILED,
	DQ_RUN_CANCELLED,
	DQ_RUN_CRASHED,
	DQ_RUN_SKIPPED
} DqRunState;

typedef struct DqStepCounts
{
	int64 read; /* -1: not known, stored as NULL */
	int64 inserted;
	int64 updated;
	int64 unchanged;
	int64 suppressed;
	int64 deleted;
	int64 closed;
	int64 rejected;
} DqStepCounts;

/* a row of run that is not finished */
typedef struct DqLiveRun
{
	int64 run_id;
	int64 pipeline_id;
	int pid;
	TimestampTz backend_start;
	char *step; /* may be NULL */
	TimestampTz started_at;
} DqLiveRun;

/* what is needed to find and judge one run */
typedef struct DqRunRow
{
	DqLiveRun live;
	char *pipeline;
	Oid owner;
	char *state; /* as stored */
} DqRunRow;

extern const char *dq_runlog_state_name(DqRunState state);

/* draw the id of a new run; the sequence never gives one twice */
extern int64 dq_runlog_next_id(void);
extern void dq_runlog_insert(int64 run_id, const DqPipeline *pipeline,
							 const DqWindow *window, Jsonb *params,
							 bool is_inline, const char *requested_by);
extern void dq_runlog_set_state(int64 run_id, DqRunState to,
								bool stages_kept);
extern void dq_runlog_set_step(int64 run_id, const char *step);
extern void dq_runlog_set_attempt(int64 run_id, int attempt);
extern void dq_runlog_set_retry(int64 run_id, TimestampTz at);
extern void dq_runlog_add_step(int64 run_id, int attempt, const DqStep *step,
							   const char *state, TimestampTz started_at,
							   const DqStepCounts *counts,
							   const char *message);
extern void dq_runlog_add_error(int64 run_id, int attempt, const char *step,
								const ErrorData *error, bool will_retry);
extern void dq_runlog_add_verdict(int64 run_id, int attempt, const char *step,
								  const char *source, int position,
								  Datum result);
extern void dq_runlog_note_idle(int64 pipeline_id, const char *reason);

/* unfinished runs of a pipeline, of all for 0: List of DqLiveRun * */
extern List *dq_runlog_live(int64 pipeline_id);
extern bool dq_runlog_read(int64 run_id, DqRunRow *row);
extern bool dq_runlog_mark_crashed(const DqLiveRun *live);

/* kept stages of a pipeline's earlier runs that nothing needs any more */
extern List *dq_runlog_stale_stages(int64 pipeline_id, int64 current_run,
									int keep_minutes);
extern void dq_runlog_stages_dropped(int64 run_id);

#endif /* DQ_RUNLOG_H */
