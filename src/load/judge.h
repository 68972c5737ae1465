/*
 * judge.h
 *	  Do the options of a load agree with each other and with the target?
 */
#ifndef DQ_JUDGE_H
#define DQ_JUDGE_H

#include "load/task.h"

/*
 * Throw when they do not: 22023, 42703, 42701, 42804, 42P10, 55000, 0A000,
 * 42809. At definition and before each run.
 */
extern void dq_judge_options(DqTask *task);

/* the key of a task that was judged; NULL when rows have no identity */
extern DqKey *dq_judge_key(const DqTask *task);

#endif /* DQ_JUDGE_H */
