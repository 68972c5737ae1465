/*
 * arguments.h
 *	  Unpacking the arguments of functions that take checks.
 */
#ifndef DQ_ARGUMENTS_H
#define DQ_ARGUMENTS_H

#include "base/json.h"
#include "fmgr.h"

extern void dq_arguments_require(FunctionCallInfo fcinfo, int n,
								 const char *name);
extern char *dq_arguments_text(FunctionCallInfo fcinfo, int n);
extern List *dq_arguments_list(FunctionCallInfo fcinfo, int n,
							   const char *name);
extern List *dq_arguments_required_list(FunctionCallInfo fcinfo, int n,
										const char *name);
extern int dq_arguments_int(FunctionCallInfo fcinfo, int n, const char *name,
							int least, int most);
extern char *dq_arguments_numeric(FunctionCallInfo fcinfo, int n);

/* rule objects: started with their type; a NULL argument adds nothing */
extern void dq_arguments_begin_rule(DqJsonBuild *build, const char *type);
extern void dq_arguments_add_value(DqJsonBuild *build, const char *key,
								   FunctionCallInfo fcinfo, int n);
extern void dq_arguments_add_list(DqJsonBuild *build, const char *key,
								  FunctionCallInfo fcinfo, int n);

#endif /* DQ_ARGUMENTS_H */
