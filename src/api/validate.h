/*
 * validate.h
 *	  A whole pipeline compiled, for etl.validate and etl.define.
 */
#ifndef DQ_VALIDATE_H
#define DQ_VALIDATE_H

#include "analyze/compile.h"

/*
 * Compile all steps as the owner and under the settings of the pipeline. The
 * caller has the privileges of the owner. What is wrong stands in the
 * findings, in the order of the steps.
 */
extern DqCompile *dq_validate_pipeline(const DqPipeline *pipeline);

/*
 * For a definition that is about to be stored: raise what is wrong, as
 * dq_etl.compile says. NULL when nothing was compiled.
 */
extern DqCompile *dq_validate_definition(const DqPipeline *pipeline);

/*
 * Store what the pipeline, which is locked, depends on; nothing when it was
 * not compiled. Returns the number of edges.
 */
extern int64 dq_validate_store_edges(const DqPipeline *pipeline,
									 const DqCompile *compile);

#endif /* DQ_VALIDATE_H */
