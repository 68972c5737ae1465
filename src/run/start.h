/*
 * start.h
 *	  The beginning of a run.
 */
#ifndef DQ_START_H
#define DQ_START_H

#include "run/run.h"

typedef struct DqRunRequest
{
	int64 pipeline_id;
	DqWindowRequest window;
	Jsonb *params; /* of this run; NULL: none */
	const char *requested_by;
	bool is_inline;
} DqRunRequest;

typedef enum DqStartResult
{
	DQ_START_OK,
	DQ_START_IDLE, /* nothing is due */
	DQ_START_BUSY /* another process runs the pipeline */
} DqStartResult;

extern DqStartResult dq_start_run(const DqRunRequest *request,
								  MemoryContext cxt, DqRun **run,
								  char **reason);

extern int dq_start_live_pid(int64 pipeline_id);

#endif /* DQ_START_H */
