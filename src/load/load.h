/*
 * load.h
 *	  How data reaches a target.
 *
 * strategy.c holds a table of modes (name, validate, run): another mode is a
 * row there.
 */
#ifndef DQ_LOAD_H
#define DQ_LOAD_H

#include "utils/jsonb.h"

typedef struct DqLoadCounts
{
	int64		rows_read;
	int64		inserted;
	int64		updated;
	int64		unchanged;
	int64		suppressed;		/* dropped by a trigger of the target */
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
 * Load all rows of a stage into the target, as the current user, inside the
 * current transaction. The target's deferred constraints are not yet checked.
 */
extern DqLoadCounts dq_load_run(const char *step, Oid source, Jsonb *options);

#endif							/* DQ_LOAD_H */
