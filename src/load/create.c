/*
 * create.c
 *	  A target that is not there is made from the stage and the options.
 *
 * Columns are those of the stage but for control columns, and those that the
 * load sets. A key that the mode stands on becomes the primary key; another
 * one gets an index, since each run looks rows up by it. Two runs that create
 * the same table wait for each other by its name.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/create.h"
#include "load/map.h"
#include "load/target.h"
#include "utils/lsyscache.h"

/*
 * append_column: "name type", with a collation that is not the type's own.
 */
static void
append_column(StringInfo sql, Form_pg_attribute att)
{
	appendStringInfo(sql, "%s%s %s", sql->len > 0 ? ", " : "",
					 dq_sqltext_ident(NameStr(att->attname)),
					 dq_sqltext_type(att->atttypid, att->atttypmod));
	if (OidIsValid(att->attcollation) &&
		att->attcollation != get_typcollation(att->atttypid))
		appendStringInfo(sql, " COLLATE %s",
						 dq_sqltext_collation(att->attcollation));
}

/*
 * append_set_column: a column that the load sets by itself, if it is to.
 */
static void
append_set_column(StringInfo sql, const char *name, const char *type)
{
	if (name != NULL)
		appendStringInfo(sql, ", %s pg_catalog.%s", dq_sqltext_ident(name),
						 type);
}

/*
 * columns: the list of columns of the new table.
 */
static char *
columns(const DqTask *task)
{
	TupleDesc desc = RelationGetDescr(task->stage);
	StringInfoData sql;
	int i;

	initStringInfo(&sql);
	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped &&
			!dq_map_is_control(task, NameStr(att->attname)))
			append_column(&sql, att);
	}
	append_set_column(&sql, task->options->delete_mark, "bool");
	append_set_column(&sql, task->options->hash_column, "bytea");
	append_set_column(&sql, task->options->loaded_at, "timestamptz");
	append_set_column(&sql, task->options->run_id, "int8");
	return sql.data;
}

/*
 * dq_create_target: see create.h.
 */
void
dq_create_target(const DqTask *task)
{
	const DqLoadOptions *options = task->options;
	const char *name = options->target;
	List *looked_up = options->key ? options->key : options->dedupe_key;
	bool is_primary = task->mode->key == DQ_KEY_INDEX;

	if (dq_target_exists(name))
		return;
	dq_target_lock_name(name);
	if (dq_target_exists(name))
		return;
	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("CREATE TABLE %s (%s%s%s%s)", name,
								   columns(task),
								   is_primary ? ", PRIMARY KEY (" : "",
								   is_primary ?
									   dq_sqltext_ident_list(options->key) :
									   "",
								   is_primary ? ")" : ""),
						  NULL);
	if (looked_up != NIL && !is_primary)
		(void) dq_spi_execute(DQ_GENERATED,
							  psprintf("CREATE INDEX ON %s (%s)", name,
									   dq_sqltext_ident_list(looked_up)),
							  NULL);
}
