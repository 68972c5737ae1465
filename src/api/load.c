/*
 * load.c
 *	  How loads go about it: etl.explain_load.
 */
#include "postgres.h"

#include "api/guard.h"
#include "base/compat.h"
#include "base/suggest.h"
#include "catalog/access.h"
#include "catalog/pipeline.h"
#include "funcapi.h"
#include "load/load.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(dq_etl_explain_load);

/*
 * find_load: the load step of this name; 42704, 22023.
 */
static DqStep *
find_load(const DqPipeline *pipeline, const char *name)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (strcmp(step->name, name) != 0)
		{
			names = lappend(names, step->name);
			continue;
		}
		if (step->kind != DQ_LOAD)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("step \"%s\" of pipeline \"%s\" is no load",
							name, pipeline->name)));
		return step;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("pipeline \"%s\" has no step \"%s\"", pipeline->name,
					name),
			 dq_suggest_hint(name, names)));
	return NULL;
}

/*
 * etl.explain_load(pipeline, step, batch_rows)
 */
Datum
dq_etl_explain_load(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	double batch_rows = PG_ARGISNULL(2) ? -1 : (double) PG_GETARG_INT64(2);
	DqPipeline *pipeline;
	DqStep *step;
	ListCell *lc;

	dq_guard_not_null(fcinfo, 0, "pipeline");
	dq_guard_not_null(fcinfo, 1, "step");
	if (!PG_ARGISNULL(2) && batch_rows < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_rows must not be negative")));
	pipeline = dq_pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)), 0,
								false);
	dq_access_require(pipeline, DQ_MAY_VIEW);
	step = find_load(pipeline, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, dq_load_explain(step->name, step->options, batch_rows))
	{
		DqLoadPart *part = (DqLoadPart *) lfirst(lc);
		Datum values[3];
		bool nulls[3] = {false, false, false};

		values[0] = CStringGetTextDatum(part->name);
		values[1] = CStringGetTextDatum(part->method);
		values[2] = CStringGetTextDatum(part->reason);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}
