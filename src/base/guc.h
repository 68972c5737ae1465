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
