/*
 * swap.h
 *	  All rows of a target replaced by putting other storage in its place.
 */
#ifndef DQ_SWAP_H
#define DQ_SWAP_H

#include "load/task.h"

/*
 * Throw where the storage cannot be exchanged without losing or passing by
 * something: 0A000 with what to do instead, 42501 for who does not own it.
 * Nothing is asked while there is no target.
 */
extern void dq_swap_validate(DqTask *task);

/* the batch, which was looked at, in the place of all rows */
extern void dq_swap_run(DqTask *task, DqLoadCounts *counts);

#endif /* DQ_SWAP_H */
