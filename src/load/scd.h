/*
 * scd.h
 *	  Loads that keep the history of each key, and what they ask for.
 */
#ifndef DQ_SCD_H
#define DQ_SCD_H

#include "load/task.h"

/* modes scd1, scd2, snapshot: 22023, 42703, 42804, 0A000 */
extern void dq_scd_validate_current(DqTask *task);
extern void dq_scd_validate(DqTask *task);
extern void dq_scd_validate_snapshot(DqTask *task);

/* the columns of a primary key without the one that valid_from names */
extern List *dq_scd_key(const DqTask *task, List *primary);

/* does a validated load date anything by the end of the window? */
extern bool dq_scd_needs_window(Jsonb *options);

extern void dq_scd_run(DqTask *task, DqLoadCounts *counts);

#endif /* DQ_SCD_H */
