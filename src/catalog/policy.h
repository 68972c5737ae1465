/*
 * policy.h
 *	  What a run does when things do not go well: attempts, timeouts, and
 *	  steps that may be left out. A step has its own or inherits the
 *	  pipeline's.
 */
#ifndef DQ_POLICY_H
#define DQ_POLICY_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef enum DqOnFailure
{
	DQ_FAILURE_FAIL, /* the run fails */
	DQ_FAILURE_SKIP, /* the run goes on without the step */
	DQ_FAILURE_SKIP_DOWNSTREAM /* and without all that depend on it */
} DqOnFailure;

/* what was not given is negative, NULL or NIL */
typedef struct DqPolicy
{
	int64 timeout_ms;
	int retries;
	int64 retry_delay_ms;
	int64 max_retry_delay_ms;
	List *retry_on; /* of char *: SQLSTATEs, or classes of them */
	List *never_retry;
	char *run_if; /* boolean SQL; steps only */
	DqOnFailure on_failure; /* steps only */
	Jsonb *settings; /* name to value; steps only */
} DqPolicy;

/*
 * A policy as it is stored, NULL for the empty one. 22023 with a HINT for what
 * is wrong in it, and what PostgreSQL says of settings; "what" names its owner
 * in messages. A pipeline has no run_if, on_failure and settings.
 */
extern DqPolicy *dq_policy_read(Jsonb *stored, bool for_step,
								const char *what);

/* the policy of a pipeline with what is stored beside it */
extern DqPolicy *dq_policy_of_pipeline(Jsonb *stored, int retries,
									   const Interval *retry_delay);

/* an interval in milliseconds; months count 30 days */
extern int64 dq_policy_ms(const Interval *interval);

/* may another attempt follow an error by the step's policy, its pipeline's? */
extern bool dq_policy_may_retry(const DqPolicy *step,
								const DqPolicy *pipeline, int sqlerrcode);

/* how long to wait before attempt n + 1 when the nth failed, in milliseconds */
extern int64 dq_policy_delay(const DqPolicy *step, const DqPolicy *pipeline,
							 int n);

#endif /* DQ_POLICY_H */
