/*
 * scan_parallel.h
 *	  A scan by several processes.
 */
#ifndef DQ_SCAN_PARALLEL_H
#define DQ_SCAN_PARALLEL_H

#include "quality/scan.h"

/* as dq_scan_run; *launched is how many workers came */
extern int64 dq_scan_parallel_run(Relation rel, List *sinks, int workers,
								  int *launched);

#endif /* DQ_SCAN_PARALLEL_H */
