/*
 * load.h
 *	  How data reaches a target.
 *
 * strategy.c holds a table of modes: another mode is a row there.
 */
#ifndef DQ_LOAD_H
#define DQ_LOAD_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/*
 * Rows of the stage: rows_read = inserted + updated + unchanged + suppressed +
 * rejected + those that only delete. Rows of the target: deleted (removed, or
 * marked as deleted), closed.
 *
 * With history, one row of the stage may write several versions, or none with
 * others beside it. There inserted, updated, closed, deleted and suppressed
 * are versions, and rows_read = unchanged + rejected + those with news.
 */
typedef struct DqLoadCounts
{
	int64 rows_read;
	int64 inserted;
	int64 updated;
	int64 unchanged; /* as they should be already */
	int64 deleted;
	int64 closed; /* versions that ended */
	int64 rejected; /* left out: duplicates, late ones, outside the window */
	int64 suppressed; /* dropped by a trigger of the target */
} DqLoadCounts;

/* what a run hands over to one of its loads */
typedef struct DqLoadRun
{
	int64 run_id;
	TimestampTz data_start; /* DT_NOBEGIN: first run without a period */
	TimestampTz window_end;
	const char *timezone; /* of the pipeline */
	Oid source; /* stage whose rows are loaded */
	Oid keys_from; /* stage of the option, or InvalidOid */
} DqLoadRun;

/*
 * At definition, as the definer: options of a load step checked and completed:
 * target schema-qualified, key and mode from the table when not given. 42P01
 * with a CREATE TABLE in the HINT, 42P10 with the CREATE UNIQUE INDEX in the
 * HINT, 42703, 42804 when types do not fit, 42809 for what cannot be a target,
 * 0A000, 22023. "query" is SQL of the rows that the stage will hold, in which
 * names mean what they mean in a run; NULL when it cannot be written.
 */
extern Jsonb *dq_load_validate(const char *step, Jsonb *options,
							   const char *query);

/* the step besides the source whose stage a validated load reads, or NULL */
extern char *dq_load_keys_from(Jsonb *options);

/* the target of a validated load, as SQL text */
extern char *dq_load_target(Jsonb *options);

/* checks that the target must pass after the load: List of char * */
extern List *dq_load_target_checks(Jsonb *options);

/* does a validated load mean a window on the grid of a pipeline? */
extern bool dq_load_needs_window(Jsonb *options);

/*
 * Before the first of several loads in one transaction: wait for the turn at
 * all their targets in an order that all runs share, so that two of them never
 * wait for each other. options: List of Jsonb *, of load steps.
 */
extern void dq_load_take_turns(List *options);

/*
 * Why the target of a validated load cannot be emptied and loaded again from
 * one run over all that is done: a sentence, or NULL when it can.
 */
extern const char *dq_load_lost_past(Jsonb *options);

/*
 * Delete all rows of the target, if it is there, with other writers held up
 * until the commit; returns how many.
 */
extern int64 dq_load_empty(const char *step, Jsonb *options);

/*
 * Load all rows of a stage into the target, as the current user, inside the
 * current transaction. The target's deferred constraints are not yet checked.
 */
extern DqLoadCounts dq_load_run(const char *step, const DqLoadRun *run,
								Jsonb *options);

/* a part of the work of a load, in words */
typedef struct DqLoadPart
{
	const char *name;
	const char *method;
	const char *reason;
} DqLoadPart;

/*
 * How a validated load would go about a batch of so many rows (less than 0: as
 * many as the target has): List of DqLoadPart *. 42P01, and what
 * dq_load_validate throws.
 */
extern List *dq_load_explain(const char *step, Jsonb *options,
							 double batch_rows);

#endif /* DQ_LOAD_H */
