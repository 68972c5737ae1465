/*
 * inspect.h
 *	  What an analysed query will stumble over, or does not mean.
 */
#ifndef DQ_INSPECT_H
#define DQ_INSPECT_H

#include "analyze/compile.h"

/*
 * Look at the query of a step: rights of the owner, foreign servers without
 * a user mapping, code of other roles in a superuser's pipeline, functions
 * that make an extract of a window come out different. Findings are added.
 */
extern void dq_inspect_query(DqCompile *compile, DqCompiledStep *compiled);

/*
 * The rights of the owner on a relation that is written without SQL of the
 * pipeline's own; "wanted" are ACL_ bits.
 */
extern void dq_inspect_target(DqCompile *compile, const char *step,
							  Oid relid, AclMode wanted);

#endif /* DQ_INSPECT_H */
