/*
 * partition.h
 *	  Loads that put whole partitions in the place of others.
 */
#ifndef DQ_PARTITION_H
#define DQ_PARTITION_H

#include "load/task.h"

extern void dq_partition_run(DqTask *task, DqLoadCounts *counts);

#endif /* DQ_PARTITION_H */
