/*
 * rowhash.h
 *	  The hash of a row, for targets that keep it in a column.
 */
#ifndef DQ_ROWHASH_H
#define DQ_ROWHASH_H

#include "load/task.h"

/*
 * SQL, over the stage under its name: the hash of all columns that are
 * compared, as bytea, uuid or text; from now on they are not.
 */
extern char *dq_rowhash_take(const DqTask *task, Oid type);

#endif /* DQ_ROWHASH_H */
