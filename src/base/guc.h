/*
 * guc.h
 *	  Settings dq_etl.*.
 */
#ifndef DQ_GUC_H
#define DQ_GUC_H

/* what an administrator sets */
extern bool dq_guc_enabled;
extern bool dq_guc_allow_superuser;
extern int dq_guc_sample_rows;
extern int dq_guc_stage_retention;

/* how checks are answered */
typedef enum DqForcedEvaluation
{
	DQ_FORCE_AUTO, /* the cheapest way that applies */
	DQ_FORCE_PROOF,
	DQ_FORCE_PROBE,
	DQ_FORCE_SCAN,
	DQ_FORCE_SQL
} DqForcedEvaluation;

extern int dq_guc_force_evaluation;
extern int dq_guc_scan_workers;

/* what etl.define does with what it finds wrong when it compiles */
typedef enum DqCompileMode
{
	DQ_COMPILE_OFF, /* does not look */
	DQ_COMPILE_WARN,
	DQ_COMPILE_ERROR
} DqCompileMode;

extern int dq_guc_compile;

/* how a load finds what differs from its target */
typedef enum DqLoadMethod
{
	DQ_METHOD_AUTO, /* by the sizes of batch and target */
	DQ_METHOD_WALK, /* along the unique index, by our own scan */
	DQ_METHOD_PROBE, /* joins of the server: nested loop, */
	DQ_METHOD_MERGE, /* merge join, */
	DQ_METHOD_HASH /* hash join */
} DqLoadMethod;

/* how a load writes what differs */
typedef enum DqLoadWrite
{
	DQ_WRITE_AUTO, /* the best that the target allows */
	DQ_WRITE_PLAIN, /* INSERT and UPDATE where the target allows it */
	DQ_WRITE_CONFLICT /* always INSERT ... ON CONFLICT */
} DqLoadWrite;

extern int dq_guc_load_method;
extern int dq_guc_load_write;

/*
 * What a run tells its step SQL, as text; empty outside a run. Anyone may set
 * them in a session of their own; bookkeeping never reads them.
 */
extern char *dq_guc_window_start;
extern char *dq_guc_window_end;
extern char *dq_guc_data_start;
extern char *dq_guc_logical_date;
extern char *dq_guc_run_id;
extern char *dq_guc_params;

extern void dq_guc_init(void);

#endif /* DQ_GUC_H */
