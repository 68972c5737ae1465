/*
 * validate_load.h
 *	  A load, compiled.
 */
#ifndef DQ_VALIDATE_LOAD_H
#define DQ_VALIDATE_LOAD_H

#include "analyze/compile.h"

/* options and columns against the target as it is now */
extern void dq_validate_load_step(DqCompile *compile,
								  DqCompiledStep *compiled);

#endif /* DQ_VALIDATE_LOAD_H */
