/*
 * judge.c
 *	  Do the options of a load agree with each other and with the target?
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/suggest.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "load/index.h"
#include "load/judge.h"
#include "load/map.h"
#include "load/target.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"

/* bits of pg_relation_is_updatable() */
#define CAN_UPDATE (1 << 2)
#define CAN_INSERT (1 << 3)
#define CAN_DELETE (1 << 4)

/*
 * disagree: 22023: an option needs, or excludes, another.
 */
static void
disagree(const DqTask *task, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: %s", task->what, problem)));
}

/*
 * judge_agreement: options among themselves.
 */
static void
judge_agreement(const DqTask *task)
{
	const DqLoadOptions *options = task->options;
	bool dedupes = !dq_options_is(options->dedupe, "error");

	if (dedupes && options->sequence_by == NIL)
		disagree(task, "dedupe needs sequence_by, to tell which row is which");
	if (options->key != NIL && options->on_conflict_columns != NIL)
		disagree(task, "key and on_conflict_columns exclude each other");
	if (options->update_columns != NIL && options->exclude_columns != NIL)
		disagree(task, "update_columns and exclude_columns exclude each other");
	if (task->mode->key <= DQ_KEY_OPTIONAL && options->key == NIL &&
		options->dedupe_key == NIL &&
		(dedupes || options->sequence_by != NIL))
		disagree(task, task->mode->key == DQ_KEY_NONE ?
						   "dedupe and sequence_by need dedupe_key" :
						   "dedupe and sequence_by need key");
	if (options->truncate_when != NULL && options->sequence_by == NIL)
		disagree(task, "truncate_when needs sequence_by, to tell what is older");
	if (options->hash_column != NULL && options->ignore_nulls)
		disagree(task, "hash_column and ignore_nulls exclude each other");
	if (task->mode->needs_window && options->window_column == NULL)
		disagree(task, "window_column is needed, the column that says in which window a row lies");
}

/*
 * has_name: is the name in a List of char *?
 */
static bool
has_name(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * require_column: a column of the target that an option names; 42703 with a
 * suggestion.
 */
static Form_pg_attribute
require_column(const DqTask *task, const char *option, const char *name)
{
	Form_pg_attribute att = dq_map_attribute(task->target, name);

	if (att == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" in option \"%s\" of %s does not exist in %s",
						name, option, task->what,
						dq_target_name(task->target)),
				 dq_suggest_hint(name, dq_target_columns(task->target))));
	return att;
}

/*
 * require_columns: the same for a list; none of them may be of the key.
 */
static void
require_columns(const DqTask *task, const char *option, List *names,
				bool key_too)
{
	ListCell *lc;

	foreach(lc, names)
	{
		char *name = (char *) lfirst(lc);

		(void) require_column(task, option, name);
		if (!key_too && has_name(task->options->key, name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" in option \"%s\" of %s is of the key",
							name, option, task->what)));
	}
}

/*
 * require_type: a column of one of up to three types; 42804.
 */
static void
require_type(const DqTask *task, const char *option, const char *name,
			 const Oid *types, int count)
{
	Form_pg_attribute att;
	List *names = NIL;
	int i;

	if (name == NULL)
		return;
	att = require_column(task, option, name);
	for (i = 0; i < count; i++)
	{
		if (getBaseType(att->atttypid) == types[i])
			return;
		names = lappend(names, format_type_be(types[i]));
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" in option \"%s\" of %s is of type %s",
					name, option, task->what, format_type_be(att->atttypid)),
			 errdetail("It must be one of: %s.",
					   dq_options_enumerate(names))));
}

/*
 * judge_columns: columns of the target that options name.
 */
static void
judge_columns(const DqTask *task)
{
	static const Oid times[] = {TIMESTAMPTZOID, TIMESTAMPOID, DATEOID};
	static const Oid marks[] = {BOOLOID, TIMESTAMPTZOID, TIMESTAMPOID,
								DATEOID};
	static const Oid hashes[] = {BYTEAOID, UUIDOID, TEXTOID};
	static const Oid numbers[] = {INT8OID, NUMERICOID, TEXTOID};
	const DqLoadOptions *options = task->options;

	require_columns(task, "update_columns", options->update_columns, false);
	require_columns(task, "exclude_columns", options->exclude_columns, false);
	require_columns(task, "track", options->track, false);
	require_columns(task, "check_columns", options->check_columns, false);
	require_columns(task, "delete_scope", options->delete_scope, true);
	require_columns(task, "order_by", options->order_by, true);
	require_type(task, "window_column", options->window_column,
				 times, lengthof(times));
	require_type(task, "delete_mark", options->delete_mark,
				 marks, lengthof(marks));
	require_type(task, "loaded_at", options->loaded_at, times, 2);
	require_type(task, "hash_column", options->hash_column,
				 hashes, lengthof(hashes));
	require_type(task, "run_id", options->run_id, numbers, lengthof(numbers));
}

/*
 * index_is_impossible: can no unique index on these columns exist? One of a
 * partitioned table holds the partition key.
 */
static bool
index_is_impossible(Relation target, List *names)
{
	PartitionKey partition;
	int i;

	if (target->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return target->rd_rel->relkind != RELKIND_RELATION;
	partition = RelationGetPartitionKey(target);
	for (i = 0; i < partition->partnatts; i++)
	{
		AttrNumber attnum = partition->partattrs[i];
		char *name = get_attname(RelationGetRelid(target), attnum, true);

		if (attnum == InvalidAttrNumber || name == NULL ||
			!has_name(names, name))
			return true;
	}
	return false;
}

/*
 * version_key: the key and the column behind it that says since when a
 * version is valid.
 */
static DqKey *
version_key(const DqTask *task)
{
	List *names = lappend(list_copy(task->options->key),
						  task->options->valid_from);

	if (index_is_impossible(task->target, names))
		return dq_key_loose(task->target, names);
	return dq_index_find(task->target, names, false, false);
}

/*
 * dq_judge_key: see judge.h.
 */
DqKey *
dq_judge_key(const DqTask *task)
{
	const DqLoadOptions *options = task->options;
	Relation target = task->target;
	DqKey *key = NULL;

	dq_key_check_columns(target, options->key);
	switch (task->mode->key)
	{
		case DQ_KEY_NONE:
			if (options->dedupe_key == NIL)
				return NULL;
			dq_key_check_columns(target, options->dedupe_key);
			if (!index_is_impossible(target, options->dedupe_key))
				key = dq_index_find(target, options->dedupe_key, false, true);
			return key ? key : dq_key_loose(target, options->dedupe_key);
		case DQ_KEY_OPTIONAL:
			return options->key ? dq_key_loose(target, options->key) : NULL;
		case DQ_KEY_COLUMNS:
			return dq_key_loose(target, options->key);
		case DQ_KEY_VERSION:
			return version_key(task);
		case DQ_KEY_INDEX:
			break;
	}
	if (options->on_conflict_columns != NIL)
		return dq_index_find(target, options->on_conflict_columns, true,
							 false);
	if (index_is_impossible(target, options->key))
		return dq_key_loose(target, options->key);
	return dq_index_find(target, options->key, false, false);
}

/*
 * judge_abilities: what foreign tables and views must be able to; 0A000.
 */
static void
judge_abilities(const DqTask *task)
{
	char relkind = task->target->rd_rel->relkind;
	int needed = CAN_INSERT;
	DqArgs args = {0};
	DqRows *rows;
	int able;

	if (relkind != RELKIND_FOREIGN_TABLE && relkind != RELKIND_VIEW)
		return;
	if ((task->mode->takes & DQ_OPT(UPDATE_COLUMNS)) != 0)
		needed |= CAN_UPDATE;
	if ((task->mode->takes & DQ_OPT(DELETE_WHEN)) != 0 ||
		strncmp(task->mode->name, "replace_", 8) == 0)
		needed |= CAN_DELETE;
	/* appending alone is left to the wrapper to refuse */
	if (needed == CAN_INSERT && relkind == RELKIND_FOREIGN_TABLE)
		return;
	dq_args_oid(&args, RelationGetRelid(task->target));
	rows = dq_spi_query(DQ_GENERATED,
						"SELECT pg_catalog.pg_relation_is_updatable"
						"($1::pg_catalog.regclass, true) AS able",
						&args);
	able = dq_rows_int4(rows, 0, "able");
	if ((able & needed) == needed)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot load into %s in mode \"%s\"",
					dq_target_name(task->target), task->mode->name),
			 errdetail("The %s takes no %s.",
					   relkind == RELKIND_VIEW ? "view" : "foreign table",
					   (needed & ~able & CAN_INSERT) != 0 ? "INSERT" :
					   (needed & ~able & CAN_UPDATE) != 0 ? "UPDATE" :
															"DELETE"),
			 relkind == RELKIND_VIEW ?
				 errhint("Give it an INSTEAD OF trigger for that.") :
				 0));
}

/*
 * judge_drift: what is not ours to alter; 0A000.
 */
static void
judge_drift(const DqTask *task)
{
	const char *policy = task->options->on_schema_change;
	char relkind = task->target->rd_rel->relkind;

	if ((dq_options_is(policy, "append_columns") ||
		 dq_options_is(policy, "sync")) &&
		(relkind == RELKIND_FOREIGN_TABLE || relkind == RELKIND_VIEW))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("option \"on_schema_change\" of %s cannot be \"%s\" for %s",
						task->what, policy, dq_target_name(task->target)),
				 errdetail("Only tables are altered.")));
}

/*
 * dq_judge_options: see judge.h.
 */
void
dq_judge_options(DqTask *task)
{
	const DqLoadOptions *options = task->options;

	dq_options_check_taken(task->options, task->mode->takes,
						   task->mode->name, task->what);
	judge_agreement(task);
	if (task->mode->validate != NULL)
		task->mode->validate(task);
	if (task->target == NULL)
	{
		if (options->on_conflict_columns != NIL)
			disagree(task, "a target is created with key, not with on_conflict_columns");
		return;
	}
	judge_drift(task);
	judge_columns(task);
	judge_abilities(task);
	(void) dq_judge_key(task);
}
