/*
 * rowquery.h
 *	  SQL over a row of the batch and a row of the target, as expressions.
 */
#ifndef DQ_ROWQUERY_H
#define DQ_ROWQUERY_H

#include "load/task.h"

typedef struct DqRowQuery
{
	List *batch; /* of TargetEntry *, over a row of the stage (scan tuple) */
	List *outputs; /* of Expr *, over batch (outer) and target (inner tuple) */
} DqRowQuery;

/*
 * The select list "outputs", in which a row of the batch is "excluded" and one
 * of the target "target". NULL where it needs more than these two rows, or
 * is not the same each time.
 */
extern DqRowQuery *dq_rowquery_compile(const DqTask *task,
									   const char *outputs);

/* an output over the stage's row instead of that of the batch */
extern Expr *dq_rowquery_over_stage(const DqRowQuery *query, Expr *output);

#endif /* DQ_ROWQUERY_H */
