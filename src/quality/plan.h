/*
 * plan.h
 *	  Which strategy answers which check.
 */
#ifndef DQ_PLAN_H
#define DQ_PLAN_H

#include "quality/shape.h"

extern List *dq_plan_prepare(const DqSource *source, List *checks,
							 const DqQualityTask *task);
extern void dq_plan_answer(const DqSource *source, List *probes);
extern const char *dq_plan_evaluation(const DqSource *source,
									  DqProbe *probe);

#endif /* DQ_PLAN_H */
