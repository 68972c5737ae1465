/*
 * load.h
 *	  How data reaches a target.
 *
 * strategy.c holds a table of modes (name, validate, run): another mode is a
 * row there.
 */
#ifndef DQ_LOAD_H
#define DQ_LOAD_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct DqLoadCounts
{
	int64 rows_read;
	int64 inserted;
	int64 updated;
	int64 unchanged;
	int64 suppressed; /* dropped by a trigger of the target */
} DqLoadCounts;

/*
 * At definition, as the definer: options (source, target, key, mode) of a load
 * step checked and completed: target schema-qualified, key from the primary
 * key when not given. 42P01 with a CREATE TABLE in the HINT, 42P10 with the
 * CREATE UNIQUE INDEX in the HINT, 42703, 42809 for what cannot be a target,
 * 0A000, 22023.
 */
extern Jsonb *dq_load_validate(const char *step, Jsonb *options);

/*
 * Before the first of several loads in one transaction: wait for the turn at
 * all their targets in an order that all runs share, so that two of them never
 * wait for each other. options: List of Jsonb *, of load steps.
 */
extern void dq_load_take_turns(List *options);

/*
 * Load all rows of a stage into the target, as the current user, inside the
 * current transaction. The target's deferred constraints are not yet checked.
 */
extern DqLoadCounts dq_load_run(const char *step, Oid source, Jsonb *options);

#endif /* DQ_LOAD_H */
