/*
 * schema.c
 *	  What etl.* says about the schema of a relation.
 */
#include "postgres.h"

#include "base/spi.h"
#include "fmgr.h"
#include "quality/catalogue.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(dq_etl_schema_fingerprint);

/*
 * etl.schema_fingerprint(relation)
 */
Datum
dq_etl_schema_fingerprint(PG_FUNCTION_ARGS)
{
	char *relation = dq_catalogue_regclass(PG_GETARG_OID(0));
	DqRows *rows = dq_spi_query_readonly(DQ_GENERATED,
										 dq_catalogue_fingerprint(relation),
										 NULL);

	PG_RETURN_TEXT_P(cstring_to_text(dq_rows_text(rows, 0, "fingerprint")));
}
