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

/* for the current user; owner is InvalidOid when name and OID disagree */
extern bool dq_access_allowed(int64 pipeline_id, Oid owner,
							  DqPrivilege privilege);
/* 42501 with a HINT when not */
extern void dq_access_require(const DqPipeline *pipeline,
							  DqPrivilege privilege);

/* a stored role counts only while its OID and name agree */
extern bool dq_access_role_agrees(Oid role, const char *name);
extern Oid dq_access_owner(const DqPipeline *pipeline);

/* names of the pipelines that the current user may see */
extern List *dq_access_visible_names(void);

#endif /* DQ_ACCESS_H */
