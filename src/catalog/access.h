/*
 * access.h
 *	  Who may see, run and edit a pipeline. The owner (any role that has the
 *	  owner's privileges) and superusers may do all; grants add view and run.
 */
#ifndef DQ_ACCESS_H
#define DQ_ACCESS_H

#include "catalog/pipeline.h"

typedef enum DqPrivilege
{
	DQ_MAY_VIEW,
	DQ_MAY_RUN,
	DQ_MAY_EDIT
} DqPrivilege;

/* for the current user */
extern bool dq_access_allowed(int64 pipeline_id, Oid owner,
							  DqPrivilege privilege);
/* 42501 with a HINT when not */
extern void dq_access_require(const DqPipeline *pipeline,
							  DqPrivilege privilege);

#endif							/* DQ_ACCESS_H */
