/*
 * verdict.h
 *	  From counts to verdicts.
 */
#ifndef DQ_VERDICT_H
#define DQ_VERDICT_H

#include "quality/shape.h"

/* probes: the levels of one check */
extern DqVerdict *dq_verdict_judge(List *probes, const DqQualityTask *task);

/* does an answered check hold? Without data, as on_empty says */
extern bool dq_verdict_outcome(const DqProbe *probe);

extern bool dq_verdict_failed(const DqVerdict *verdict);

#endif /* DQ_VERDICT_H */
