/*
 * drift.c
 *	  When stage and target have come apart: on_schema_change.
 *
 * append_columns adds to the target what it lacks. sync also widens the type
 * of a column when every value of the old type is one of the new (int to
 * bigint, never back), and drops what the stage does not have any more, except
 * what is not the stage's to say: columns of the key and of the partition key,
 * generated and identity columns, inherited ones, and those that options name.
 *
 * ALTER TABLE locks out readers until the commit, so it is done only when
 * there is something to do, and the lock is asked for briefly.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/tupdesc.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/block.h"
#include "load/drift.h"
#include "load/map.h"
#include "load/narrow.h"
#include "load/target.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"

/*
 * append_added: columns of the stage that the target lacks.
 */
static void
append_added(StringInfo sql, const DqTask *task)
{
	TupleDesc desc = RelationGetDescr(task->stage);
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char *name = NameStr(att->attname);

		if (att->attisdropped || dq_map_is_control(task, name) ||
			dq_map_attribute(task->target, name) != NULL)
			continue;
		appendStringInfo(sql, "%sADD COLUMN %s %s", sql->len > 0 ? ", " : "",
						 dq_sqltext_ident(name),
						 dq_sqltext_type(att->atttypid, att->atttypmod));
		if (OidIsValid(att->attcollation) &&
			att->attcollation != get_typcollation(att->atttypid))
			appendStringInfo(sql, " COLLATE %s",
							 dq_sqltext_collation(att->attcollation));
	}
}

/*
 * append_widened: columns that the stage has in a wider type.
 */
static void
append_widened(StringInfo sql, const DqTask *task)
{
	TupleDesc desc = RelationGetDescr(task->stage);
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute from = TupleDescAttr(desc, i);
		const char *name = NameStr(from->attname);
		Form_pg_attribute to = dq_map_attribute(task->target, name);

		if (from->attisdropped || to == NULL ||
			dq_map_is_control(task, name) ||
			!dq_narrow_is_wider(from->atttypid, from->atttypmod,
								to->atttypid, to->atttypmod))
			continue;
		appendStringInfo(sql, "%sALTER COLUMN %s TYPE %s",
						 sql->len > 0 ? ", " : "", dq_sqltext_ident(name),
						 dq_sqltext_type(from->atttypid, from->atttypmod));
	}
}

/*
 * named_columns: columns of the target that options name.
 */
static List *
named_columns(const DqLoadOptions *options)
{
	List *names = list_copy(options->key);

	names = list_concat(names, options->dedupe_key);
	names = list_concat(names, options->sequence_by);
	names = list_concat(names, options->update_columns);
	names = list_concat(names, options->exclude_columns);
	names = list_concat(names, options->delete_scope);
	names = list_concat(names, options->order_by);
	if (options->delete_mark != NULL)
		names = lappend(names, options->delete_mark);
	if (options->window_column != NULL)
		names = lappend(names, options->window_column);
	if (options->hash_column != NULL)
		names = lappend(names, options->hash_column);
	if (options->loaded_at != NULL)
		names = lappend(names, options->loaded_at);
	if (options->run_id != NULL)
		names = lappend(names, options->run_id);
	return names;
}

/*
 * is_partition_key: does the column decide into which partition a row goes?
 */
static bool
is_partition_key(Relation target, AttrNumber attnum)
{
	PartitionKey key = RelationGetPartitionKey(target);
	Bitmapset *used = NULL;
	int i;

	if (key == NULL)
		return false;
	for (i = 0; i < key->partnatts; i++)
	{
		if (key->partattrs[i] == attnum)
			return true;
	}
	pull_varattnos((Node *) key->partexprs, 1, &used);
	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, used);
}

/*
 * append_dropped: columns of the target that the stage has no more.
 */
static void
append_dropped(StringInfo sql, const DqTask *task)
{
	TupleDesc desc = RelationGetDescr(task->target);
	List *named = named_columns(task->options);
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char *name = NameStr(att->attname);
		ListCell *lc;
		bool stays;

		if (att->attisdropped)
			continue;
		stays = att->attgenerated != '\0' || att->attidentity != '\0' ||
				att->attinhcount > 0 ||
				is_partition_key(task->target, att->attnum) ||
				dq_map_attribute(task->stage, name) != NULL;
		foreach(lc, named)
			stays = stays || strcmp((char *) lfirst(lc), name) == 0;
		if (!stays)
			appendStringInfo(sql, "%sDROP COLUMN %s",
							 sql->len > 0 ? ", " : "",
							 dq_sqltext_ident(name));
	}
}

/*
 * wanted_changes: what ALTER TABLE has to do, or NULL.
 */
static char *
wanted_changes(const DqTask *task)
{
	StringInfoData sql;

	initStringInfo(&sql);
	append_added(&sql, task);
	if (dq_options_is(task->options->on_schema_change, "sync"))
	{
		append_widened(&sql, task);
		append_dropped(&sql, task);
	}
	return sql.len > 0 ? sql.data : NULL;
}

/*
 * dq_drift_apply: see drift.h. What is to be done is asked again under the
 * lock; ALTER TABLE refuses a relation that we hold open.
 */
void
dq_drift_apply(DqTask *task)
{
	const char *policy = task->options->on_schema_change;
	Oid relid = RelationGetRelid(task->target);
	char *name = dq_target_name(task->target);
	char *changes;

	if (!dq_options_is(policy, "append_columns") &&
		!dq_options_is(policy, "sync"))
		return;
	if (wanted_changes(task) == NULL)
		return;
	dq_block_relation(relid, AccessExclusiveLock,
					  task->options->lock_timeout);
	changes = wanted_changes(task);
	if (changes == NULL)
		return;
	relation_close(task->target, NoLock);
	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("ALTER TABLE %s %s", name, changes), NULL);
	task->target = relation_open(relid, NoLock);
}
