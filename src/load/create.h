/*
 * create.h
 *	  A target that is not there is made from the stage and the options.
 */
#ifndef DQ_CREATE_H
#define DQ_CREATE_H

#include "load/task.h"

/*
 * missing_target => 'create': make the table when there is none, as the
 * current user, in the current transaction. The task has a stage and a mode.
 */
extern void dq_create_target(const DqTask *task);

#endif /* DQ_CREATE_H */
