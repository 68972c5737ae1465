/*
 * carry.h
 *	  Columns that a batch lacks, carried on from version to version.
 */
#ifndef DQ_CARRY_H
#define DQ_CARRY_H

#include "load/task.h"

typedef struct DqCarried
{
	char *name;
	char *fallback; /* SQL of its default */
} DqCarried;

/* those columns of the target: List of DqCarried * */
extern List *dq_carry_columns(const DqTask *task);

#endif /* DQ_CARRY_H */
