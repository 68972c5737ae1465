/*
 * compile.h
 *	  A pipeline's SQL, analysed before it ever runs.
 *
 * Each step is given to the server's own parse analysis with the results of
 * the steps before it standing in as relations without rows. Nothing is
 * planned and nothing executed. Call it as the role and under the settings
 * that runs have; each text is looked at in a subtransaction that is undone,
 * so no lock stays.
 */
#ifndef DQ_COMPILE_H
#define DQ_COMPILE_H

#include "access/tupdesc.h"
#include "analyze/finding.h"
#include "catalog/pipeline.h"
#include "nodes/parsenodes.h"
#include "utils/queryenvironment.h"

/* one check of an expect */
typedef struct DqCompiledCheck
{
	char *name;
	List *columns; /* of char *: of the source, by name */
	List *queries; /* of Query *: its expressions over the source */
	List *lineages; /* of DqStatementLineage *, of these */
} DqCompiledCheck;

typedef struct DqCompiledStep
{
	const DqStep *step;
	const char *sql; /* of an extract, transform or call; NULL: none */
	Query *query; /* analysed; NULL: could not be, or is no query */
	TupleDesc result; /* of a stage; NULL: not known */
	bool blocked; /* reads a stage whose result is not known */
	List *stages; /* of char *: steps whose stage it reads */
	List *checks; /* of DqCompiledCheck *, of an expect */
	TupleDesc source; /* columns that an expect is about */
	Oid source_oid; /* of a relation; InvalidOid: a stage */
	const char *source_stage;
	struct DqStatementLineage *lineage; /* what it depends on; NULL: unknown */
} DqCompiledStep;

typedef struct DqCompile
{
	const DqPipeline *pipeline;
	List *steps; /* of DqCompiledStep *, in the order of the definition */
	List *findings; /* of DqFinding * */
	QueryEnvironment *stages; /* what names of stages mean */
	bool makes_objects; /* a call may have made what is not there now */
} DqCompile;

/* prepare; nothing is analysed yet */
extern DqCompile *dq_compile_begin(const DqPipeline *pipeline);

/*
 * The next step that has SQL of its own: analysed, its stage made known to
 * those that follow; what is wrong becomes a finding.
 */
extern void dq_compile_step(DqCompile *compile, DqCompiledStep *compiled);

/*
 * One statement as it stands among the stages known so far, or NULL and a
 * finding for the step. "sql" is the text it was parsed from.
 */
extern Query *dq_compile_analyse(DqCompile *compile, const char *step,
								 RawStmt *raw, const char *sql);

/* the compiled step of this name, NULL when there is none */
extern DqCompiledStep *dq_compile_find(const DqCompile *compile,
									   const char *step);

/* is it the first word about a stage? */
extern bool dq_compile_has_stage(const DqStep *step);

#endif /* DQ_COMPILE_H */
