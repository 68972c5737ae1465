/*
 * run.h
 *	  A run in memory: what the parts of the engine hand to each other.
 */
#ifndef DQ_RUN_H
#define DQ_RUN_H

#include "catalog/pipeline.h"
#include "catalog/window.h"

/* rows of the quarantine that became rows of a stage again */
typedef struct DqReturn
{
	char *stage;
	int64 count;
	Datum ids; /* bigint[] */
	Datum rows; /* jsonb[] */
} DqReturn;

/* rows of a target that gave way to a rebuild */
typedef struct DqEmptied
{
	char *target;
	int64 rows; /* not yet told of by a load */
} DqEmptied;

typedef struct DqRun
{
	int64 id;
	DqPipeline *pipeline;
	DqWindow window;
	Jsonb *params; /* the definition's, with the run's over them */
	bool is_inline;
	bool is_rebuild; /* targets are emptied before they are loaded */
	int attempt;
	char *schema; /* of the stages; NULL: no step needs one */
	MemoryContext cxt; /* lives as long as the run */
	bool *done; /* by run_order - 1 */
	bool *missing; /* likewise: left out, and so is what depends on it */
	int *failures; /* likewise: attempts that failed, by a step's own policy */
	int other_failures; /* by the pipeline's */
	List *verdicts; /* of DqGate *, not stored yet */
	List *emptied; /* of DqEmptied *, by the publish */
	List *returned; /* of DqReturn *, settled by the publish */
	DqStep *current;
	TimestampTz step_started;
	bool finished; /* a terminal state is stored */
	char *note; /* something to tell although it succeeded */
} DqRun;

#endif /* DQ_RUN_H */
