/*
 * rowhash.c
 *	  The hash of a row, for targets that keep it in a column.
 *
 * SHA-256 of the text of the values as a row, in which no two lists of values
 * look the same; a uuid holds its first half. The text is that of the types
 * under the settings that the pipeline is pinned to. The columns go in the
 * order of the target, so that their order in a query does not matter.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "load/column.h"
#include "load/rowhash.h"
#include "mb/pg_wchar.h"

/*
 * hash_of: SQL: the hash of a list of values as a type.
 */
static char *
hash_of(const char *values, Oid type)
{
	char *hash = psprintf("pg_catalog.sha256(pg_catalog.convert_to("
						  "(ROW(%s))::pg_catalog.text, %s))",
						  values,
						  dq_sqltext_literal(GetDatabaseEncodingName()));

	if (type == BYTEAOID)
		return hash;
	if (type == UUIDOID)
		hash = psprintf("pg_catalog.substr(%s, 1, 16)", hash);
	return psprintf("pg_catalog.encode(%s, 'hex')", hash);
}

/*
 * dq_rowhash_take: see rowhash.h.
 */
char *
dq_rowhash_take(const DqTask *task, Oid type)
{
	TupleDesc desc = RelationGetDescr(task->target);
	const char *stage = dq_sqltext_ident(task->options->source);
	StringInfoData values;
	int i;

	initStringInfo(&values);
	for (i = 0; i < desc->natts; i++)
	{
		const char *wanted = NameStr(TupleDescAttr(desc, i)->attname);
		ListCell *lc;

		foreach(lc, task->columns)
		{
			DqColumn *column = (DqColumn *) lfirst(lc);

			if (!column->is_compared || strcmp(column->name, wanted) != 0)
				continue;
			appendStringInfo(&values, "%s%s", values.len > 0 ? ", " : "",
							 dq_column_assigned(column, stage));
			column->is_compared = false;
		}
	}
	return hash_of(values.data, type);
}
