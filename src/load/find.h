/*
 * find.h
 *	  What differs, found.
 */
#ifndef DQ_FIND_H
#define DQ_FIND_H

#include "load/choose.h"
#include "load/difference.h"

/*
 * Fill an empty difference: the live rows of the batch that are new or differ,
 * and facts about the whole batch. Keys that occur twice are counted there
 * unless the task dedupes.
 */
extern void dq_find(const DqTask *task, DqLoadMethod method,
					DqDifference *difference);

#endif /* DQ_FIND_H */
