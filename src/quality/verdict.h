/*
 * verdict.h
 *	  From counts to verdicts.
 */
#ifndef DQ_VERDICT_H
#define DQ_VERDICT_H

#include "quality/shape.h"

extern DqVerdict *dq_verdict_judge(const DqProbe *probe,
								   const DqQualityTask *task);

#endif /* DQ_VERDICT_H */
