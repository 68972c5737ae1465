/*
 * walk.h
 *	  What differs, found by a walk along the unique index of the target.
 */
#ifndef DQ_WALK_H
#define DQ_WALK_H

#include "load/difference.h"

/* why the target cannot be walked along; NULL when it can */
extern const char *dq_walk_refusal(const DqTask *task);

/*
 * Fill the difference by a walk. False, with nothing done, when rows of this
 * stage or options of this load need the server's own join.
 */
extern bool dq_walk(const DqTask *task, DqDifference *difference);

#endif /* DQ_WALK_H */
