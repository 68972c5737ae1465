/*
 * exchange.h
 *	  Rows between a run and the quarantine: into it, and back into a stage.
 */
#ifndef DQ_EXCHANGE_H
#define DQ_EXCHANGE_H

#include "run/run.h"

/* before its checks: rows that a person sent back, into a new stage */
extern int64 dq_exchange_return(DqRun *run, const char *stage);

/* in the publish transaction: store what was set aside, and count again */
extern void dq_exchange_publish(DqRun *run);

#endif /* DQ_EXCHANGE_H */
