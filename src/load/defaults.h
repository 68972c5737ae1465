/*
 * defaults.h
 *	  What an INSERT puts into the columns that a batch does not have.
 */
#ifndef DQ_DEFAULTS_H
#define DQ_DEFAULTS_H

#include "load/task.h"

typedef struct DqDefault
{
	char *name; /* of the column */
	char *value; /* SQL, of the column's type; never empty */
} DqDefault;

/*
 * The columns of the target that the batch lacks, but for generated ones:
 * List of DqDefault *, in the order of the columns.
 */
extern List *dq_defaults_missing(const DqTask *task);

#endif /* DQ_DEFAULTS_H */
