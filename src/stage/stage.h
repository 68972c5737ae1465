/*
 * stage.h
 *	  Where the results of extract and transform steps are during a run: one
 *	  schema per run, one table per step.
 */
#ifndef DQ_STAGE_H
#define DQ_STAGE_H

#include "nodes/parsenodes.h"

/* stages dropped in one transaction: each takes up to five locks */
#define DQ_STAGE_DROP_BATCH 100

extern char *dq_stage_schema_name(int64 run_id);
extern bool dq_stage_schema_exists(int64 run_id);
extern void dq_stage_create_schema(int64 run_id, Oid owner);
extern uint64 dq_stage_build(const char *schema, const char *step,
							 const char *query);
extern Oid dq_stage_relation(const char *schema, const char *step);
extern bool dq_stage_drop(int64 run_id, int max_tables);

#endif /* DQ_STAGE_H */
