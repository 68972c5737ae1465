/*
 * step.h
 *	  Executing one step of a run inside the current transaction.
 */
#ifndef DQ_STEP_H
#define DQ_STEP_H

#include "nodes/bitmapset.h"
#include "run/run.h"

/* verdicts of one expect step, kept until they can be stored */
typedef struct DqGate
{
	char *step;
	char *source;
	int attempt;
	List *verdicts; /* of DqVerdict * */
	int64 read; /* rows, when some may be set aside */
	int64 set_aside;
	bool has_table; /* there are some, beside the stage */
	Bitmapset *let_go; /* verdicts that would have stopped the run */
} DqGate;

extern DqStep *dq_step_find(DqRun *run, const char *name);
extern void dq_step_execute(DqRun *run, DqStep *step);
extern void dq_step_empty_targets(DqRun *run);
extern void dq_step_check_constraints(DqRun *run);
extern void dq_step_store_verdicts(DqRun *run, bool published);

/* a step was left out: others do without its result */
extern void dq_step_note_missing(DqRun *run, DqStep *step);

#endif /* DQ_STEP_H */
