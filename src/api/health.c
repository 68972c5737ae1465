/*
 * health.c
 *	  What is wrong with this installation, for whoever asks.
 *
 * The facts come from the view finding of sql/75_health.sql, which is read
 * with the extension's rights and sees all pipelines and processes. Here it
 * is decided which of them the caller may know.
 */
#include "postgres.h"

#include "base/dq_etl.h"
#include "base/spi.h"
#include "catalog/access.h"
#include "fmgr.h"
#include "funcapi.h"

PG_FUNCTION_INFO_V1(dq_etl_health);

/*
 * may_know: is finding "i" the caller's business? One that belongs to nobody
 * is everybody's; one without a pipeline belongs to a role.
 */
static bool
may_know(const DqRows *rows, uint64 i)
{
	Oid owner = dq_rows_oid(rows, i, "owner_oid");
	char *name = dq_rows_text(rows, i, "owner_name");

	if (dq_rows_is_null(rows, i, "pipeline_id") && !OidIsValid(owner))
		return true;
	if (name != NULL && !dq_access_role_agrees(owner, name))
		owner = InvalidOid;
	return dq_access_allowed(dq_rows_int8(rows, i, "pipeline_id"), owner,
							 DQ_MAY_VIEW);
}

/*
 * dq_etl_health: etl.health().
 */
Datum
dq_etl_health(PG_FUNCTION_ARGS)
{
	static const char *const columns[] = {
		"severity", "object", "message", "hint"};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DqRows *rows;
	uint64 i;

	InitMaterializedSRF(fcinfo, 0);
	rows = dq_spi_query_readonly(DQ_BOOKKEEPING,
								 "SELECT * FROM " DQ_CATALOG ".finding"
								 " ORDER BY pg_catalog.array_position"
								 "('{error,warning,info}', severity),"
								 " object, message",
								 NULL);
	for (i = 0; i < rows->count; i++)
	{
		Datum values[lengthof(columns)];
		bool nulls[lengthof(columns)];
		int column;

		if (!may_know(rows, i))
			continue;
		for (column = 0; column < lengthof(columns); column++)
			values[column] = dq_rows_datum(rows, i, columns[column],
										   &nulls[column]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}
