/*
 * strategy_scan.h
 *	  Answering checks on rows by one scan in C.
 */
#ifndef DQ_STRATEGY_SCAN_H
#define DQ_STRATEGY_SCAN_H

#include "quality/shape.h"

/* rows of the table of plan.c; a probe may be left unanswered */
extern bool dq_strategy_scan_applies(const DqSource *source, DqProbe *probe);
extern void dq_strategy_scan_answer(const DqSource *source, List *probes);

#endif /* DQ_STRATEGY_SCAN_H */
