/*
 * guard.h
 *	  What every door checks before it looks at anything else.
 */
#ifndef DQ_GUARD_H
#define DQ_GUARD_H

#include "catalog/pipeline.h"
#include "fmgr.h"

/*
 * Refuse where nothing may be written: 25006 in recovery and in a read-only
 * transaction, 25000 in a parallel operation, 42501 in a security-restricted
 * one. "function" is what was called, as "etl.define()".
 */
extern void dq_guard_writable(const char *function);

/* 22004 for a NULL argument that must not be one */
extern void dq_guard_not_null(FunctionCallInfo fcinfo, int n,
							  const char *name);

/*
 * A pipeline that the current user may edit, locked until the transaction
 * ends, as it is now. 42704, 42501.
 */
extern DqPipeline *dq_guard_open(const char *name);

#endif /* DQ_GUARD_H */
