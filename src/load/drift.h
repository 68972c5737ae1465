/*
 * drift.h
 *	  When stage and target have come apart: on_schema_change.
 */
#ifndef DQ_DRIFT_H
#define DQ_DRIFT_H

#include "load/task.h"

/*
 * Change the target as append_columns or sync wish, as the current user; with
 * fail and ignore nothing is done here. The task has a stage; its target is
 * open to write, and may be opened anew. 42501 when we do not own it.
 */
extern void dq_drift_apply(DqTask *task);

#endif /* DQ_DRIFT_H */
