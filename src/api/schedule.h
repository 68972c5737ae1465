/*
 * schedule.h
 *	  What the other doors need of schedules: src/api/README.md says why this
 *	  folder has a header at all.
 */
#ifndef DQ_SCHEDULE_H
#define DQ_SCHEDULE_H

#include "catalog/pipeline.h"

/*
 * Before a pipeline is dropped or given to another owner: remove its jobs,
 * whoever they run as. The caller has checked the right to edit. Says by
 * NOTICE what it removed, and what it could not reach.
 */
extern void dq_schedule_forget(const DqPipeline *pipeline);

/* After a change of name: let the jobs call the pipeline by the new one. */
extern void dq_schedule_follow_name(const DqPipeline *renamed);

#endif /* DQ_SCHEDULE_H */
