/*
 * lineage_guard.c
 *	  Event triggers that tell of, or refuse, changes of the schema that would
 *	  break a pipeline.
 *
 * An administrator makes them; they look at stored edges, whoever changes the
 * schema, and name the pipelines, which that role may not see otherwise.
 */
#include "postgres.h"

#include "base/spi.h"
#include "catalog/edges.h"
#include "commands/event_trigger.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

PG_FUNCTION_INFO_V1(dq_etl_warn_of_broken_steps);
PG_FUNCTION_INFO_V1(dq_etl_refuse_broken_steps);

/* of so many steps a message tells */
#define MAX_TOLD 20

/*
 * list_steps: what uses what, a line for each.
 */
static char *
list_steps(List *broken)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, broken)
	{
		DqBrokenStep *one = (DqBrokenStep *) lfirst(lc);

		if (foreach_current_index(lc) == MAX_TOLD)
		{
			appendStringInfo(&buf, "\nand %d more",
							 list_length(broken) - MAX_TOLD);
			break;
		}
		appendStringInfo(&buf, "%sstep \"%s\" of pipeline \"%s\" uses %s",
						 buf.len > 0 ? "\n" : "", one->step, one->pipeline,
						 one->object);
	}
	return buf.data;
}

/*
 * tell: raise what the command that is ending has broken, if anything.
 */
static Datum
tell(FunctionCallInfo fcinfo, int elevel)
{
	EventTriggerData *trigger = (EventTriggerData *) fcinfo->context;
	List *broken = NIL;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function can only be called by an event trigger")));
	if (!OidIsValid(dq_spi_extension_oid(true)))
		PG_RETURN_NULL();
	if (strcmp(trigger->event, "sql_drop") == 0)
		broken = dq_edges_dropped();
	else if (strcmp(trigger->event, "ddl_command_end") == 0)
		broken = dq_edges_renamed();
	else
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("event \"%s\" tells nothing about pipelines",
						trigger->event),
				 errhint("Make the event trigger ON sql_drop or ON ddl_command_end.")));
	if (broken != NIL)
		ereport(elevel,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("pipelines use what this command drops or renames"),
				 errdetail_internal("%s", list_steps(broken)),
				 errhint("Define these pipelines without it.")));
	PG_RETURN_NULL();
}

/*
 * dq_etl_warn_of_broken_steps: etl.warn_of_broken_steps().
 */
Datum
dq_etl_warn_of_broken_steps(PG_FUNCTION_ARGS)
{
	return tell(fcinfo, WARNING);
}

/*
 * dq_etl_refuse_broken_steps: etl.refuse_broken_steps().
 */
Datum
dq_etl_refuse_broken_steps(PG_FUNCTION_ARGS)
{
	return tell(fcinfo, ERROR);
}
