/*
 * tableguard.c
 *	  The trigger on the catalogue tables that lets only their owner write:
 *	  sql/21_tableguard.sql says why.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(dq_etl_catalog_tableguard);

/*
 * dq_etl_catalog_tableguard: before a statement that writes. Throws 42501.
 */
Datum
dq_etl_catalog_tableguard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Relation table;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not called by the trigger manager")));
	table = trigger->tg_relation;
	if (GetUserId() != table->rd_rel->relowner && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s",
						RelationGetRelationName(table)),
				 errdetail("Only the extension writes its catalogue.")));
	PG_RETURN_POINTER(NULL);
}
