/*
 * setaside.h
 *	  Bad rows of a stage: out of it, into a table beside it.
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

/* how a step sets rows aside; NULL: it does not */
extern DqBadRowOptions *dq_setaside_options(const DqStep *step);

/* SQL: the table of what a step set aside: row_data, failed_checks */
extern char *dq_setaside_table(DqRun *run, const char *step);

#endif /* DQ_SETASIDE_H */
