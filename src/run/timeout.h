/*
 * timeout.h
 *	  How long a step and a run may take. statement_timeout does nothing in a
 *	  worker, and would end one statement of many.
 */
#ifndef DQ_TIMEOUT_H
#define DQ_TIMEOUT_H

#include "run/run.h"

/* arm; negative or 0: no limit */
extern void dq_timeout_start_run(int64 ms);
extern void dq_timeout_start_step(int64 ms);

/* disarm; nothing fires any more, what has fired is still told */
extern void dq_timeout_stop_step(void);
extern void dq_timeout_stop_run(void);

/* has the limit of the run passed? */
extern bool dq_timeout_run_is_over(void);

/*
 * An error that a timeout of ours caused becomes QE005 and says which; others
 * stay as they are. Forgets a timeout of a step.
 */
extern void dq_timeout_explain(const DqRun *run, ErrorData *error);

#endif /* DQ_TIMEOUT_H */
