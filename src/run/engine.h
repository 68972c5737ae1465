/*
 * engine.h
 *	  One run of a pipeline, from its window to its publish.
 */
#ifndef DQ_ENGINE_H
#define DQ_ENGINE_H

#include <signal.h>

#include "base/errctx.h"
#include "catalog/pipeline.h"
#include "catalog/window.h"
#include "utils/elog.h"

typedef struct DqRun
{
	int64 id;
	DqPipeline *pipeline;
	DqWindow window;
	Jsonb *params; /* the definition's, with the run's over them */
	bool is_inline;
	int attempt;
	char *schema; /* of the stages; NULL: no step needs one */
	MemoryContext cxt; /* lives as long as the run */
	bool *done; /* by run_order - 1 */
	List *verdicts; /* of DqGate *, not stored yet */
	DqStep *current;
	TimestampTz step_started;
	bool finished; /* a terminal state is stored */
	char *note; /* something to tell although it succeeded */
} DqRun;

/* set by the signal handler of a worker; looked at between statements */
extern volatile sig_atomic_t dq_engine_cancel_requested;

extern ErrorData *dq_engine_execute(DqRun *run);
extern void dq_engine_execute_inline(DqRun *run);
extern void dq_engine_record_exit(DqRun *run);
extern ErrorData *dq_engine_guarded(DqRun *run, DqGuarded fn, void *arg);

#endif /* DQ_ENGINE_H */
