/*
 * guard.c
 *	  What every door checks before it looks at anything else.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "api/guard.h"
#include "catalog/access.h"
#include "catalog/store.h"
#include "miscadmin.h"
#include "tcop/utility.h"

/*
 * dq_guard_writable: see guard.h. Recovery first: its message says more.
 */
void
dq_guard_writable(const char *function)
{
	PreventCommandDuringRecovery(function);
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
	if (InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot execute %s within security-restricted operation",
						function)));
}

/*
 * dq_guard_not_null: see guard.h.
 */
void
dq_guard_not_null(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
}

/*
 * dq_guard_open: see guard.h. Rights are checked before the lock is waited
 * for, and again on what is there afterwards.
 */
DqPipeline *
dq_guard_open(const char *name)
{
	int64 locked = 0;

	for (;;)
	{
		DqPipeline *pipeline = dq_pipeline_load(name, 0, false);

		dq_access_require(pipeline, DQ_MAY_EDIT);
		if (pipeline->id == locked)
			return pipeline;
		/* the name may mean another one by the time the lock is there */
		locked = pipeline->id;
		(void) dq_store_lock(locked);
		CHECK_FOR_INTERRUPTS();
	}
}
