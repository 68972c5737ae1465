/*
 * scd.c
 *	  Loads that keep the history of each key, and what they ask for.
 *
 * Modes scd2 and snapshot are one engine (history.c): they differ in how the
 * options say what counts as a change and when it happened. Mode scd1 is merge
 * with a sequence.
 *
 * Nothing is ever dated by the clock (dating.c).
 */
#include "postgres.h"

#include "base/json.h"
#include "base/session.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "load/batch.h"
#include "load/block.h"
#include "load/carry.h"
#include "load/check.h"
#include "load/dating.h"
#include "load/history.h"
#include "load/map.h"
#include "load/scd.h"
#include "load/target.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

/*
 * refuse: 22023: an option needs another, or cannot be what it is.
 */
static void
refuse(const DqTask *task, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: %s", task->what, problem)));
}

/*
 * require: a column of the target that the mode needs; 42703 with the ALTER
 * TABLE in the HINT.
 */
static Form_pg_attribute
require(const DqTask *task, const char *option, const char *name,
		const char *type)
{
	Form_pg_attribute att = dq_map_attribute(task->target, name);
	const char *table = dq_target_name(task->target);

	if (att == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" in option \"%s\" of %s does not exist in %s",
						name, option, task->what, table),
				 errhint("ALTER TABLE %s ADD COLUMN %s %s;", table,
						 dq_sqltext_ident(name), type)));
	return att;
}

/*
 * mismatch: 42804 with the ALTER TABLE in the HINT.
 */
static void
mismatch(const DqTask *task, const char *option, Form_pg_attribute att,
		 const char *wanted, const char *type)
{
	const char *table = dq_target_name(task->target);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" in option \"%s\" of %s is of type %s",
					NameStr(att->attname), option, task->what,
					format_type_be(att->atttypid)),
			 errdetail("It must be %s.", wanted),
			 errhint("ALTER TABLE %s ALTER COLUMN %s TYPE %s;", table,
					 dq_sqltext_ident(NameStr(att->attname)), type)));
}

/*
 * is_number: can this (base) type date a version, too?
 */
static bool
is_number(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID ||
		   type == NUMERICOID || type == FLOAT4OID || type == FLOAT8OID;
}

/*
 * dates_by_window: is anything dated by the end of the window?
 */
static bool
dates_by_window(const DqLoadOptions *options)
{
	return options->sequence_by == NIL ||
		   dq_options_is(options->delete_missing, "all");
}

/*
 * check_validity: the columns that say when a version is valid.
 */
static void
check_validity(const DqTask *task)
{
	const DqLoadOptions *options = task->options;
	bool null_end = dq_options_is(options->open_end, "null");
	Form_pg_attribute from = require(task, "valid_from", options->valid_from,
									 "timestamptz NOT NULL");
	Form_pg_attribute to = require(task, "valid_to", options->valid_to,
								   "timestamptz");
	Oid type = getBaseType(from->atttypid);
	Form_pg_attribute current;

	if (strcmp(options->valid_from, options->valid_to) == 0)
		refuse(task, "valid_from and valid_to cannot be one column");
	if (dates_by_window(options) && !dq_dating_is_time(type))
		mismatch(task, "valid_from", from,
				 "a date or timestamp, since the end of the window goes into it",
				 "timestamptz");
	if (!dq_dating_is_time(type) && !is_number(type))
		mismatch(task, "valid_from", from, "a date, timestamp or number",
				 "timestamptz");
	if (getBaseType(to->atttypid) != type)
		mismatch(task, "valid_to", to, "of the type of valid_from",
				 format_type_be(from->atttypid));
	if (!null_end && (type == INT2OID || type == INT4OID || type == INT8OID))
		mismatch(task, "valid_to", to,
				 "of a type that has an infinity, or open_end 'null'",
				 "numeric");
	if (null_end && to->attnotnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" of %s takes no nulls, which %s writes as open end",
						options->valid_to, dq_target_name(task->target),
						task->what),
				 errhint("Pass open_end 'infinity' in params, or: ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;",
						 dq_target_name(task->target),
						 dq_sqltext_ident(options->valid_to))));
	if (options->is_current == NULL)
		return;
	current = require(task, "is_current", options->is_current,
					  "boolean NOT NULL");
	if (getBaseType(current->atttypid) != BOOLOID)
		mismatch(task, "is_current", current, "boolean", "boolean");
}

/*
 * check_tracked: 22023 for what cannot be tracked.
 */
static void
check_tracked(const DqTask *task)
{
	const DqLoadOptions *options = task->options;
	ListCell *lc;

	foreach(lc, options->track)
	{
		char *name = (char *) lfirst(lc);

		if (strcmp(name, options->valid_from) == 0 ||
			strcmp(name, options->valid_to) == 0 ||
			dq_options_is(options->is_current, name))
			refuse(task, "columns that say when a version is valid cannot be tracked");
	}
	foreach(lc, options->key)
	{
		char *name = (char *) lfirst(lc);

		if (strcmp(name, options->valid_from) == 0 ||
			strcmp(name, options->valid_to) == 0)
			refuse(task, "key is what all versions have in common, without valid_from and valid_to");
	}
}

/*
 * refuse_partial: versions outside of a partial index would be overlooked.
 */
static void
refuse_partial(const DqTask *task)
{
	if (task->key != NULL && task->key->predicate != NULL)
		refuse(task, "a history needs a unique index on all of its rows, not a partial one");
}

/*
 * validate_history: what scd2 and snapshot have in common.
 */
static void
validate_history(DqTask *task)
{
	DqLoadOptions *options = task->options;
	char relkind = task->target->rd_rel->relkind;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot load into %s in mode \"%s\"",
						dq_target_name(task->target), task->mode->name),
				 errdetail("History is kept in tables only.")));
	if (dq_options_is(options->on_schema_change, "sync"))
		refuse(task, "on_schema_change cannot be sync, which would drop what older versions hold");
	if (options->key == NIL)
		refuse(task, "key is needed, the columns that all versions of one thing have in common");
	if (list_length(options->sequence_by) > 1)
		refuse(task, "sequence_by takes one column here, which dates the versions");
	refuse_partial(task);
	check_validity(task);
	check_tracked(task);
	/* windows are then checked to be of whole days where the type is date */
	if (dates_by_window(options))
		options->window_column = options->valid_from;
}

/*
 * dq_scd_validate: see scd.h.
 */
void
dq_scd_validate(DqTask *task)
{
	if (dq_options_is(task->options->delete_missing, "window"))
		refuse(task, "delete_missing is none or all here");
	validate_history(task);
}

/*
 * dq_scd_validate_snapshot: see scd.h. The strategies are put as options of
 * scd2.
 */
void
dq_scd_validate_snapshot(DqTask *task)
{
	DqLoadOptions *options = task->options;
	bool marks = dq_options_is(options->hard_deletes, "new_record");
	Form_pg_attribute mark;

	if (options->strategy == NULL)
		refuse(task, "strategy is needed: timestamp or check");
	if (dq_options_is(options->strategy, "timestamp"))
	{
		if (options->updated_at == NULL || options->check_columns != NIL)
			refuse(task, "strategy timestamp needs updated_at, and no check_columns");
		options->sequence_by = list_make1(options->updated_at);
	}
	else
	{
		if (options->updated_at != NULL || options->check_columns == NIL)
			refuse(task, "strategy check needs check_columns, and no updated_at");
		options->track = options->check_columns;
	}
	if (marks != (options->delete_mark != NULL))
		refuse(task, "hard_deletes new_record and delete_mark need each other");
	options->delete_missing =
		pstrdup(dq_options_is(options->hard_deletes, "ignore") ? "none" : "all");
	validate_history(task);
	if (!marks)
		return;
	mark = require(task, "delete_mark", options->delete_mark, "boolean");
	if (getBaseType(mark->atttypid) != BOOLOID)
		mismatch(task, "delete_mark", mark, "boolean", "boolean");
}

/*
 * dq_scd_validate_current: see scd.h.
 */
void
dq_scd_validate_current(DqTask *task)
{
	DqLoadOptions *options = task->options;
	ListCell *lc;

	if (options->sequence_by == NIL)
		refuse(task, "sequence_by is needed, to tell which row is the newer one");
	foreach(lc, options->sequence_by)
		(void) require(task, "sequence_by", (char *) lfirst(lc),
					   "timestamptz");
	if (options->delete_mark != NULL && options->delete_when == NULL)
		refuse(task, "delete_mark needs delete_when");
	if ((options->given & DQ_OPT(DEDUPE)) == 0)
		options->dedupe = pstrdup("latest");
}

/*
 * dq_scd_key: see scd.h.
 */
List *
dq_scd_key(const DqTask *task, List *primary)
{
	List *key = NIL;
	ListCell *lc;

	foreach(lc, primary)
	{
		if (strcmp((char *) lfirst(lc), task->options->valid_from) != 0)
			key = lappend(key, lfirst(lc));
	}
	return key;
}

/*
 * dq_scd_needs_window: see scd.h.
 */
bool
dq_scd_needs_window(Jsonb *options)
{
	char *mode = dq_json_text(options, "mode", "load");
	char *missing = dq_json_text(options, "delete_missing", "load");
	char *strategy = dq_json_text(options, "strategy", "load");
	char *deletes = dq_json_text(options, "hard_deletes", "load");

	if (dq_options_is(mode, "scd2"))
		return !dq_json_has(options, "sequence_by") ||
			   dq_options_is(missing, "all");
	return dq_options_is(mode, "snapshot") &&
		   (dq_options_is(strategy, "check") ||
			!dq_options_is(deletes, "ignore"));
}

/*
 * part_of_key: the key with only the columns of this number, or without them.
 */
static DqKey *
part_of_key(const DqKey *key, const char *start, bool only_start)
{
	DqKey *part = palloc(sizeof(DqKey));
	ListCell *lc;

	*part = *key;
	part->columns = NIL;
	part->arbiter = NULL;
	part->predicate = NULL;
	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		if ((strcmp(column->name, start) == 0) == only_start)
			part->columns = lappend(part->columns, column);
	}
	return part;
}

/*
 * set_up: settings for the statements of a load, until dq_session_leave. They
 * are of many expressions and executed once, so compiling them takes longer;
 * and a load is maintenance, as CREATE INDEX is.
 */
static int
set_up(void)
{
	int level = NewGUCNestLevel();

	dq_session_set("jit", "off", true);
	dq_session_set("work_mem",
				   psprintf("%dkB", Max(work_mem, maintenance_work_mem)),
				   true);
	return level;
}

/*
 * dq_scd_run: modes scd2 and snapshot.
 */
void
dq_scd_run(DqTask *task, DqLoadCounts *counts)
{
	const char *start = task->options->valid_from;
	DqHistory history = {0};
	DqKeyColumn *column;
	int level;

	dq_dating_settle(task);
	history.task = task;
	refuse_partial(task);
	history.entity = part_of_key(task->key, start, false);
	history.start = part_of_key(task->key, start, true);
	column = (DqKeyColumn *) linitial(history.start->columns);
	history.type = getBaseType(column->type);
	history.carried = dq_carry_columns(task);
	history.closes_missing = dq_options_is(task->options->delete_missing,
										   "all");
	history.is_tracked_all = dq_options_is(task->options->strategy,
										   "timestamp");
	level = set_up();
	dq_check_batch(task, counts);
	if (counts->rows_read > 0 || history.closes_missing)
	{
		dq_dating_check(&history);
		dq_block_writers(task);
		dq_history_write(&history, counts);
	}
	dq_session_leave(level);
}
