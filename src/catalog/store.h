/*
 * store.h
 *	  Pipelines, versions, steps and grants, written.
 *
 * No rights are checked here: callers do, see access.h.
 */
#ifndef DQ_STORE_H
#define DQ_STORE_H

#include "catalog/pipeline.h"

/* lock the row until the transaction ends; false when it is gone */
extern bool dq_store_lock(int64 pipeline_id);

/*
 * A new pipeline with the name, version and owner given; its id, or 0 when
 * somebody else made one of that name. Waits for a transaction that is about
 * to.
 */
extern int64 dq_store_create(const DqPipeline *pipeline);

/* the document that the version was stored with, see definition.h */
extern Jsonb *dq_store_definition(int64 pipeline_id, int version);

/* a new version with its steps (in any order); new runs take it */
extern void dq_store_add_version(const DqPipeline *pipeline,
								 Jsonb *definition);

/* how many windows succeeded runs of a version have loaded */
extern int64 dq_store_loaded_windows(int64 pipeline_id, int version);

/* does a load of the current version of any pipeline write the relation? */
extern bool dq_store_is_target(const char *relation);

typedef struct DqForgotten
{
	int64 windows; /* of succeeded runs */
	int64 ranges; /* of the ledger */
	int64 runs; /* that stay in the history */
} DqForgotten;

extern DqForgotten dq_store_drop(int64 pipeline_id);
extern void dq_store_rename(int64 pipeline_id, const char *name);
extern void dq_store_set_enabled(int64 pipeline_id, bool enabled,
								 const char *reason);
extern void dq_store_set_owner(int64 pipeline_id, Oid owner,
							   const char *owner_name);

/* what the role had before: "view", "run" or NULL */
extern char *dq_store_granted(int64 pipeline_id, Oid role);
extern void dq_store_grant(int64 pipeline_id, Oid role, const char *name,
						   const char *privilege);
extern void dq_store_revoke(int64 pipeline_id, Oid role);

/* does another pipeline, as it is defined now, load into this target? */
extern bool dq_store_target_is_shared(const char *target, int64 pipeline_id);

#endif /* DQ_STORE_H */
