/*
 * lock.h
 *	  Locks that tell the living from the dead, and keep two runs of one
 *	  pipeline apart.
 */
#ifndef DQ_LOCK_H
#define DQ_LOCK_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/*
 * session: held until released or the process ends (a worker); else until the
 * end of the transaction (an inline run).
 */
extern bool dq_lock_pipeline_try(int64 pipeline_id, bool session);
extern bool dq_lock_run_try(int64 run_id, bool session);
/* take both again if SQL of a step released them; session locks only */
extern void dq_lock_reassert(int64 pipeline_id, int64 run_id);
extern void dq_lock_release(int64 pipeline_id, int64 run_id);

/*
 * held by the session that starts a worker for a pipeline, until the worker
 * has the pipeline's lock or is gone; ends with the transaction
 */
extern bool dq_lock_start_try(int64 pipeline_id);
extern void dq_lock_start_release(int64 pipeline_id);
extern int dq_lock_start_holder(int64 pipeline_id);

/* for others to see: this process sleeps until process pid is through */
extern void dq_lock_wait_show(int pid);
extern void dq_lock_wait_hide(int pid);
extern List *dq_lock_wait_targets(int pid);

/* by reading, never by acquiring: pid of the holder, 0 when free */
extern int dq_lock_pipeline_holder(int64 pipeline_id);
extern int dq_lock_run_holder(int64 run_id);
extern int64 dq_lock_run_of(int pid);
extern bool dq_lock_run_is_alive(int64 run_id, int pid,
								 TimestampTz backend_start);

#endif /* DQ_LOCK_H */
