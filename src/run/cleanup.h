/*
 * cleanup.h
 *	  Dropping the stages of runs that nobody needs any more.
 */
#ifndef DQ_CLEANUP_H
#define DQ_CLEANUP_H

#include "run/run.h"

extern void dq_cleanup_stages(DqRun *run, bool published);

#endif /* DQ_CLEANUP_H */
