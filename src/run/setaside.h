/*
 * setaside.h
 *	  Bad rows of a stage: out of it, into the quarantine, and back again.
 */
#ifndef DQ_SETASIDE_H
#define DQ_SETASIDE_H

#include "quality/badrow.h"
#include "run/run.h"
#include "run/step.h"

/* what an expect step wants to know of its checks; NULL: no quarantine */
extern DqBadRows *dq_setaside_begin(DqRun *run, DqStep *step);

/* after its checks: take the bad rows out of the stage; a note or NULL */
extern char *dq_setaside_take(DqRun *run, DqStep *step, DqGate *gate,
							  DqBadRows *bad);

/* before its checks: rows that a person sent back, into a new stage */
extern int64 dq_setaside_return(DqRun *run, const char *stage);

/* in the publish transaction: store what was taken, and count again */
extern void dq_setaside_publish(DqRun *run);

#endif /* DQ_SETASIDE_H */
