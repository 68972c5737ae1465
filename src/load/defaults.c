/*
 * defaults.c
 *	  What an INSERT puts into the columns that a batch does not have.
 *
 * For loads that fill something in the target's place. As for an INSERT: the
 * column's own default, else that of its type, a value of the sequence for
 * an identity column, else NULL.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "load/column.h"
#include "load/defaults.h"
#include "utils/guc.h"

#define QUERY                                                                 \
	"SELECT a.attname::pg_catalog.text AS name, CASE"                         \
	" WHEN a.attidentity <> '' THEN pg_catalog.format("                       \
	"'pg_catalog.nextval(%L::pg_catalog.regclass)',"                          \
	" pg_catalog.pg_get_serial_sequence(a.attrelid::pg_catalog.regclass"      \
	"::pg_catalog.text, a.attname::pg_catalog.text))"                         \
	" WHEN d.oid IS NOT NULL THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid)" \
	" WHEN t.typdefaultbin IS NOT NULL"                                       \
	" THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0)"                        \
	" WHEN t.typdefault IS NOT NULL"                                          \
	" THEN pg_catalog.quote_literal(t.typdefault)"                            \
	" ELSE 'NULL' END AS value,"                                              \
	" a.atttypid AS type"                                                     \
	" FROM pg_catalog.pg_attribute a"                                         \
	" JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"                        \
	" LEFT JOIN pg_catalog.pg_attrdef d"                                      \
	" ON d.adrelid = a.attrelid AND d.adnum = a.attnum"                       \
	" WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped"          \
	" AND a.attgenerated = '' ORDER BY a.attnum"

/*
 * is_given: does the batch have the column?
 */
static bool
is_given(const DqTask *task, const char *name)
{
	ListCell *lc;

	foreach(lc, task->columns)
	{
		if (strcmp(((DqColumn *) lfirst(lc))->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * dq_defaults_missing: see defaults.h.
 */
List *
dq_defaults_missing(const DqTask *task)
{
	List *missing = NIL;
	DqArgs args = {0};
	int level = dq_key_unambiguous();
	DqRows *rows;
	uint64 i;

	dq_args_oid(&args, RelationGetRelid(task->target));
	rows = dq_spi_query(DQ_GENERATED, QUERY, &args);
	AtEOXact_GUC(false, level);
	for (i = 0; i < rows->count; i++)
	{
		DqDefault *one = palloc(sizeof(DqDefault));

		one->name = dq_rows_text(rows, i, "name");
		if (is_given(task, one->name))
			continue;
		one->value = psprintf("(%s)::%s", dq_rows_text(rows, i, "value"),
							  dq_sqltext_type(dq_rows_oid(rows, i, "type"),
											  -1));
		missing = lappend(missing, one);
	}
	return missing;
}
