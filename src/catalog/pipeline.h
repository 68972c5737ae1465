/*
 * pipeline.h
 *	  Pipelines as they are stored: definitions, versions, steps.
 */
#ifndef DQ_PIPELINE_H
#define DQ_PIPELINE_H

#include "catalog/policy.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef enum DqStepKind
{
	DQ_EXTRACT,
	DQ_TRANSFORM,
	DQ_EXPECT,
	DQ_LOAD,
	DQ_CALL
} DqStepKind;

/* in the order in which a run goes through them */
typedef enum DqPhase
{
	DQ_PHASE_BEFORE, /* calls before anything else */
	DQ_PHASE_STAGE, /* stages are built and checked */
	DQ_PHASE_PUBLISH, /* one transaction */
	DQ_PHASE_AFTER, /* calls after the commit */
	DQ_PHASE_FAILURE, /* calls when the run has failed */
	DQ_PHASE_FINALLY /* calls at the end, whatever it is */
} DqPhase;

typedef struct DqStep
{
	int position; /* in the list as defined, from 1 */
	int run_order; /* in the order of execution, from 1 */
	char *name;
	DqStepKind kind;
	DqPhase phase;
	/*
	 * Complete and validated. extract, transform: query. expect: source,
	 * checks (list of strings), on_fail (stop, warn), row_filter,
	 * max_failed_fraction (number). load: source, target (schema-qualified,
	 * quoted), key (list), mode. call: command. All: policy.
	 */
	Jsonb *options;
	DqPolicy *policy;
	List *depends_on; /* of char *: step names */
} DqStep;

typedef struct DqPipeline
{
	int64 id;
	char *name;
	Oid owner;
	char *owner_name;
	bool enabled;
	char *disabled_reason;
	/* of the version that was loaded */
	int version;
	char *description;
	Interval *period; /* NULL: from success to success */
	bool has_start;
	TimestampTz start_at;
	char *timezone;
	bool catchup;
	Interval *lookback; /* widens what is read and replaced; NULL: not */
	Interval *settle; /* a window is due this long after its end; or NULL */
	Interval *deadline; /* and late this long after that; NULL: never */
	bool depends_on_past; /* only after the window before it */
	char *schedule; /* NULL: none */
	int retries;
	Interval *retry_delay;
	Jsonb *policy_given; /* beside these two */
	DqPolicy *policy; /* with them */
	List *tags; /* of char * */
	Jsonb *params;
	Jsonb *settings; /* pinned, see base/session.h */
	List *steps; /* of DqStep *, in run_order */
} DqPipeline;

/* names of kinds and phases as they are stored and shown */
extern const char *dq_pipeline_kind_name(DqStepKind kind);
extern const char *dq_pipeline_phase_name(DqPhase phase);
extern bool dq_pipeline_find_kind(const char *name, DqStepKind *kind);
extern bool dq_pipeline_find_phase(const char *name, DqPhase *phase);

/*
 * Load the current version (version = 0) or a given one. A pipeline that does
 * not exist is 42704 with "Perhaps you meant", or NULL when missing_ok.
 * Reads what is committed now, whatever the caller's snapshot.
 */
extern DqPipeline *dq_pipeline_load(const char *name, int version,
									bool missing_ok);
extern DqPipeline *dq_pipeline_load_id(int64 id, int version, bool missing_ok);

/*
 * May runs execute as the owner? Throws 42704/55000/42501 with a HINT when the
 * role is gone or is another one than the definition says (name and oid must
 * agree), is a superuser and dq_etl.allow_superuser_pipelines is off, or the
 * pipeline is disabled, or dq_etl.enabled is off. With for_worker also when it
 * could not connect: no LOGIN (before 17), no CONNECT, database closed.
 */
extern void dq_pipeline_check_runnable(const DqPipeline *pipeline,
									   bool for_worker);

#endif /* DQ_PIPELINE_H */
