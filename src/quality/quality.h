/*
 * quality.h
 *	  Checks on a relation: from text to verdicts.
 *
 * The pieces: rule.c reads check texts and rule objects into DqCheck;
 * plan.c decides how they are answered (now: one fused SQL query; the seam
 * where proofs, probes and a scan in C go); verdict.c makes result rows.
 */
#ifndef DQ_QUALITY_H
#define DQ_QUALITY_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

struct DqBadRows;

typedef enum DqStatus
{
	DQ_CHECK_PASS,
	DQ_CHECK_WARN,
	DQ_CHECK_FAIL,
	DQ_CHECK_ERROR,
	DQ_CHECK_NO_DATA,
	DQ_CHECK_SKIPPED
} DqStatus;

typedef enum DqSeverity
{
	DQ_INFO,
	DQ_WARN,
	DQ_ERROR,
	DQ_CRITICAL
} DqSeverity;

/* etl.check_result in C; pointers may be NULL */
typedef struct DqVerdict
{
	char *check_name;
	char *check_type;
	List *columns; /* of char * */
	const char *dimension;
	DqStatus status;
	DqSeverity severity;
	bool success; /* does not stop anything */
	bool uncounted; /* a proof or a probe: of the rows only failed is known */
	int64 tested_rows;
	int64 null_rows;
	int64 excluded_rows;
	int64 failed_rows;
	char *failed_fraction; /* numeric as text, NULL when no rows */
	Jsonb *observed;
	Jsonb *expected;
	Jsonb *sample;
	Jsonb *top_failed;
	char *failed_rows_sql;
	const char *evaluation;
	char *proof;
	double duration_ms;
	char *error_sqlstate;
	char *error_message;
	char *message;
	char *description;
	List *tags; /* of char * */
	List *points; /* of DqMetricPoint *: what a history may keep */
} DqVerdict;

typedef struct DqQualityTask
{
	Oid relid; /* what is checked */
	const char *source; /* its name as the user wrote it */
	List *checks; /* of char *: texts and rule objects */
	const char *row_filter; /* of all checks; NULL: none */
	const char *max_failed_fraction; /* default tolerance, numeric as text */
	int sample_rows;
	/* where row security hides rows, check the others; false: 42501 */
	bool visible_rows;
	/* whose history counts: of a step of a pipeline, else of etl.check */
	int64 pipeline_id; /* 0: etl.check */
	const char *step;
	bool has_at; /* false: the rows are about now */
	TimestampTz at;
	struct DqBadRows *bad; /* to be filled; NULL: nobody asks */
} DqQualityTask;

/*
 * At definition, without looking at any relation: 42601 (with caret) or 22023
 * with a HINT when a check text or rule object cannot be one.
 */
extern void dq_quality_validate(List *checks, const char *row_filter);

/* relations that FOREIGN KEY checks and the row filter read: RangeVar * */
extern List *dq_quality_relations(List *checks, const char *row_filter);

/*
 * Evaluate all checks under one snapshot as the current user, names in check
 * texts resolved by the search_path in force: List of DqVerdict *, in order.
 * A text that cannot be a check, and a check that cannot be evaluated, is a
 * verdict with status error; only two checks of one name (42710), a
 * cancel, a relation that cannot be read at all and an error that says nothing
 * about the check (SQLSTATE classes 08, 40, 53, 57, 58, and 55P03) throw.
 */
extern List *dq_quality_run(const DqQualityTask *task);

/* how a check is answered, and a query of tested_rows and failed_rows */
typedef struct DqExplanation
{
	char *check_name;
	const char *evaluation;
	char *equivalent_sql;
} DqExplanation;

/*
 * What dq_quality_run would do, without doing it: List of DqExplanation *. A
 * text that is no check, or does not fit the relation, is evaluation "error".
 */
extern List *dq_quality_explain(const DqQualityTask *task);

/* pass, fail, ... as in results */
extern const char *dq_verdict_status_name(DqStatus status);

/* the verdict as a datum of type etl.check_result */
extern Datum dq_verdict_datum(const DqVerdict *verdict);

#endif /* DQ_QUALITY_H */
