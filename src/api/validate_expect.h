/*
 * validate_expect.h
 *	  An expect, compiled.
 */
#ifndef DQ_VALIDATE_EXPECT_H
#define DQ_VALIDATE_EXPECT_H

#include "analyze/compile.h"

/* checks and their filter against the columns of what is checked */
extern void dq_validate_expect_step(DqCompile *compile,
									DqCompiledStep *compiled);

#endif /* DQ_VALIDATE_EXPECT_H */
