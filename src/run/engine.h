/*
 * engine.h
 *	  One run of a pipeline, from its window to its publish.
 */
#ifndef DQ_ENGINE_H
#define DQ_ENGINE_H

#include "run/run.h"
#include "utils/elog.h"

extern ErrorData *dq_engine_execute(DqRun *run);
extern void dq_engine_execute_inline(DqRun *run);
extern void dq_engine_record_exit(DqRun *run);

#endif /* DQ_ENGINE_H */
