/*
 * strategy.c
 *	  How data reaches a target: the table of modes and the way into each.
 *
 * At definition and at run time the same questions are asked, since the world
 * changes between the two. Everything runs as the current user.
 */
#include "postgres.h"

#include "access/relation.h"
#include "base/errctx.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/pg_class.h"
#include "load/check.h"
#include "load/create.h"
#include "load/drift.h"
#include "load/exchange.h"
#include "load/explain.h"
#include "load/index.h"
#include "load/insert.h"
#include "load/judge.h"
#include "load/load.h"
#include "load/map.h"
#include "load/merge.h"
#include "load/options.h"
#include "load/partition.h"
#include "load/replace.h"
#include "load/scd.h"
#include "load/target.h"
#include "load/task.h"
#include "nodes/pg_list.h"
#include "utils/guc.h"

/* what a guarded look at a query needs, and finds */
typedef struct Description
{
	const char *query;
	TupleDesc desc;
} Description;

/* what every mode takes */
#define TAKES_ALL                                                     \
	(DQ_OPT(DEDUPE) | DQ_OPT(SEQUENCE_BY) | DQ_OPT(CONTROL_COLUMNS) | \
	 DQ_OPT(LOADED_AT) | DQ_OPT(RUN_ID) | DQ_OPT(ON_SCHEMA_CHANGE) |  \
	 DQ_OPT(MISSING_TARGET) | DQ_OPT(NARROWING) |                     \
	 DQ_OPT(TARGET_CHECKS) | DQ_OPT(LOCK_TIMEOUT))
#define TAKES_KEY (DQ_OPT(KEY) | DQ_OPT(ON_CONFLICT_COLUMNS))
#define TAKES_UPDATE                                    \
	(DQ_OPT(UPDATE_COLUMNS) | DQ_OPT(EXCLUDE_COLUMNS) | \
	 DQ_OPT(IGNORE_NULLS) | DQ_OPT(GUARD) |             \
	 DQ_OPT(HASH_COLUMN))
#define TAKES_HISTORY                                                      \
	(DQ_OPT(KEY) | DQ_OPT(VALID_FROM) | DQ_OPT(VALID_TO) |                 \
	 DQ_OPT(IS_CURRENT) | DQ_OPT(OPEN_END) | DQ_OPT(MAX_DELETE_FRACTION) | \
	 DQ_OPT(CONTROL_COLUMNS) | DQ_OPT(LOADED_AT) | DQ_OPT(RUN_ID) |        \
	 DQ_OPT(ON_SCHEMA_CHANGE) | DQ_OPT(NARROWING) |                        \
	 DQ_OPT(TARGET_CHECKS) | DQ_OPT(LOCK_TIMEOUT))
#define TAKES_WINDOW (DQ_OPT(WINDOW_COLUMN) | DQ_OPT(OUTSIDE_WINDOW))

static const DqMode modes[] = {
	{"append", DQ_KEY_NONE, false,
	 TAKES_ALL | DQ_OPT(DEDUPE_KEY) | DQ_OPT(ORDER_BY),
	 NULL, dq_insert_append},
	{"insert_ignore", DQ_KEY_INDEX, false,
	 TAKES_ALL | TAKES_KEY,
	 NULL, dq_insert_ignore},
	{"upsert", DQ_KEY_INDEX, false,
	 TAKES_ALL | TAKES_KEY | TAKES_UPDATE,
	 NULL, dq_merge_upsert},
	{"merge", DQ_KEY_INDEX, false,
	 TAKES_ALL | TAKES_KEY | TAKES_UPDATE | DQ_OPT(DELETE_WHEN) |
		 DQ_OPT(TRUNCATE_WHEN) | DQ_OPT(DELETE_MISSING) |
		 DQ_OPT(DELETE_SCOPE) | DQ_OPT(DELETE_MARK) |
		 DQ_OPT(MAX_DELETE_FRACTION) | DQ_OPT(WINDOW_COLUMN),
	 dq_merge_validate, dq_merge_run},
	{"replace_keys", DQ_KEY_COLUMNS, false,
	 (TAKES_ALL & ~(DQ_OPT(DEDUPE) | DQ_OPT(SEQUENCE_BY))) | DQ_OPT(KEY) |
		 DQ_OPT(KEYS_FROM) | DQ_OPT(ORDER_BY),
	 NULL, dq_replace_keys},
	{"replace_window", DQ_KEY_OPTIONAL, true,
	 TAKES_ALL | DQ_OPT(KEY) | TAKES_WINDOW | DQ_OPT(ORDER_BY),
	 NULL, dq_replace_window},
	{"replace_all", DQ_KEY_OPTIONAL, false,
	 TAKES_ALL | DQ_OPT(KEY) | DQ_OPT(METHOD) | DQ_OPT(ORDER_BY),
	 dq_replace_validate_all, dq_replace_all},
	{"replace_partition", DQ_KEY_OPTIONAL, false,
	 (TAKES_ALL & ~DQ_OPT(MISSING_TARGET)) | DQ_OPT(KEY) | TAKES_WINDOW |
		 DQ_OPT(ORDER_BY),
	 dq_exchange_validate, dq_partition_run},
	{"scd1", DQ_KEY_INDEX, false,
	 (TAKES_ALL & ~DQ_OPT(MISSING_TARGET)) | TAKES_KEY | TAKES_UPDATE |
		 DQ_OPT(DELETE_WHEN) | DQ_OPT(TRUNCATE_WHEN) | DQ_OPT(DELETE_MARK),
	 dq_scd_validate_current, dq_merge_run},
	{"scd2", DQ_KEY_VERSION, false,
	 TAKES_HISTORY | DQ_OPT(DEDUPE) | DQ_OPT(SEQUENCE_BY) | DQ_OPT(TRACK) |
		 DQ_OPT(DELETE_WHEN) | DQ_OPT(DELETE_MISSING),
	 dq_scd_validate, dq_scd_run},
	{"snapshot", DQ_KEY_VERSION, false,
	 TAKES_HISTORY | DQ_OPT(STRATEGY) | DQ_OPT(UPDATED_AT) |
		 DQ_OPT(CHECK_COLUMNS) | DQ_OPT(HARD_DELETES) | DQ_OPT(DELETE_MARK),
	 dq_scd_validate_snapshot, dq_scd_run}};

/*
 * find_mode: the mode of this name; 22023 with a suggestion.
 */
static const DqMode *
find_mode(const char *name, const char *what)
{
	List *known = NIL;
	int i;

	for (i = 0; i < lengthof(modes); i++)
	{
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
		known = lappend(known, pstrdup(modes[i].name));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown mode \"%s\" of %s", name, what),
			 errdetail("Modes are %s.", dq_options_enumerate(known)),
			 dq_suggest_hint(name, known)));
	return NULL;
}

/*
 * settle_mode: the mode asked for, upsert when nothing is asked and there is a
 * key, and the key that goes with it.
 */
static void
settle_mode(DqTask *task)
{
	DqLoadOptions *options = task->options;
	List *key = options->key;
	bool has_key;

	if (options->mode != NULL)
		task->mode = find_mode(options->mode, task->what);
	if (key == NIL && options->on_conflict_columns == NIL &&
		task->target != NULL)
		key = dq_index_primary(task->target);
	has_key = key != NIL || options->on_conflict_columns != NIL;
	if (task->mode == NULL && has_key)
		task->mode = find_mode("upsert", task->what);
	if (task->mode == NULL ||
		(task->mode->key >= DQ_KEY_COLUMNS && !has_key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s into %s needs a key or another mode", task->what,
						options->target),
				 task->target ? errdetail("The table has no primary key.") : 0,
				 errhint("Pass key => '{...}' with the columns of a unique index, or mode => 'append'.")));
	options->mode = pstrdup(task->mode->name);
	if (task->mode->key == DQ_KEY_VERSION && options->key == NIL)
		key = dq_scd_key(task, key);
	if (task->mode->key >= DQ_KEY_COLUMNS)
		options->key = key;
}

/*
 * start_task: what is known before the target is looked at.
 */
static DqTask *
start_task(const char *step, Jsonb *doc)
{
	DqTask *task = palloc0(sizeof(DqTask));

	task->what = psprintf("load \"%s\"", step);
	task->options = dq_options_read(doc, task->what);
	return task;
}

/*
 * describe: the columns of a query. "arg" is a Description. Whoever holds the
 * tables of the query shall not hold up a definition.
 */
static void
describe(void *arg)
{
	Description *call = (Description *) arg;
	int level = NewGUCNestLevel();

	(void) set_config_option("lock_timeout", "1s", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	call->desc = dq_spi_describe(DQ_USER, call->query);
	AtEOXact_GUC(false, level);
}

/*
 * check_types: 42804 when columns of the stage, as far as they can be known,
 * do not fit into the target. A query that cannot be analysed now, as over
 * tables that are not there yet, is judged when it runs.
 */
static void
check_types(const DqTask *task, const char *query)
{
	Description call = {query, NULL};

	if (query == NULL || task->target == NULL ||
		dq_errctx_try_undone(describe, &call) != NULL)
		return;
	dq_map_check_types(task, call.desc);
}

/*
 * dq_load_validate: options of a load step, checked and completed.
 */
Jsonb *
dq_load_validate(const char *step, Jsonb *doc, const char *query)
{
	DqTask *task = start_task(step, doc);
	DqTargetWish wish = {0};

	wish.name = task->options->target;
	wish.key = task->options->key;
	if (dq_options_is(task->options->missing_target, "create") &&
		!dq_target_exists(wish.name))
		task->options->target = dq_target_future_name(wish.name);
	else
	{
		task->target = dq_target_open(&wish);
		dq_target_check(task->target);
		task->options->target = dq_target_name(task->target);
	}
	settle_mode(task);
	dq_judge_options(task);
	check_types(task, query);
	if (task->target != NULL)
		relation_close(task->target, NoLock);
	return dq_options_write(task->options, task->mode->takes);
}

/*
 * dq_load_keys_from: see load.h.
 */
char *
dq_load_keys_from(Jsonb *options)
{
	return dq_json_text(options, "keys_from", "load");
}

/*
 * dq_load_target_checks: see load.h.
 */
List *
dq_load_target_checks(Jsonb *options)
{
	return dq_json_text_list(options, "target_checks", "load");
}

/*
 * dq_load_target: see load.h.
 */
char *
dq_load_target(Jsonb *options)
{
	return dq_json_text(options, "target", "load");
}

/*
 * dq_load_needs_window: see load.h.
 */
bool
dq_load_needs_window(Jsonb *options)
{
	char *mode = dq_json_text(options, "mode", "load");
	char *missing = dq_json_text(options, "delete_missing", "load");

	if (dq_options_is(missing, "window") || dq_scd_needs_window(options))
		return true;
	return (find_mode(mode, "load")->takes & DQ_OPT(OUTSIDE_WINDOW)) != 0 &&
		   dq_json_has(options, "window_column");
}

/*
 * dq_load_take_turns: wait for the turn at the targets of several loads.
 */
void
dq_load_take_turns(List *options)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, options)
	{
		char *target = dq_json_text((Jsonb *) lfirst(lc), "target", "load");

		if (target != NULL)
			names = lappend(names, target);
	}
	dq_target_take_turns(names);
}

/*
 * dq_load_lost_past: see load.h.
 */
const char *
dq_load_lost_past(Jsonb *options)
{
	char *mode = dq_json_text(options, "mode", "load");

	if (find_mode(mode, "load")->key != DQ_KEY_VERSION)
		return NULL;
	if (dq_json_text_list(options, "sequence_by", "load") != NIL)
		return NULL;
	return "It keeps a history that its runs have dated, and one run has one date only.";
}

/*
 * dq_load_empty: see load.h.
 */
int64
dq_load_empty(const char *step, Jsonb *doc)
{
	DqTask *task = start_task(step, doc);
	DqTargetWish wish = {0};
	int64 deleted;

	wish.name = task->options->target;
	wish.key = task->options->key;
	if (dq_options_is(task->options->missing_target, "create") &&
		!dq_target_exists(wish.name))
		return 0;
	task->target = dq_target_open_to_write(&wish);
	dq_target_check(task->target);
	deleted = dq_replace_empty(task);
	relation_close(task->target, NoLock);
	return deleted;
}

/*
 * dq_load_run: load all rows of a stage into the target.
 */
DqLoadCounts
dq_load_run(const char *step, const DqLoadRun *run, Jsonb *doc)
{
	DqTask *task = start_task(step, doc);
	DqTargetWish wish = {0};
	DqLoadCounts counts = {0};

	task->run = run;
	task->stage = relation_open(run->source, AccessShareLock);
	wish.name = task->options->target;
	wish.key = task->options->key;
	wish.stage = task->stage;
	settle_mode(task);
	if (dq_options_is(task->options->missing_target, "create"))
		dq_create_target(task);
	task->target = dq_target_open_to_write(&wish);
	dq_target_check(task->target);
	dq_drift_apply(task);
	dq_judge_options(task);
	task->key = dq_judge_key(task);
	dq_map_columns(task);
	if (task->options->window_column != NULL)
		dq_check_window(task);
	task->mode->run(task, &counts);

	relation_close(task->target, NoLock);
	relation_close(task->stage, NoLock);
	return counts;
}

/*
 * dq_load_explain: see load.h.
 */
List *
dq_load_explain(const char *step, Jsonb *doc, double batch_rows)
{
	DqTask *task = start_task(step, doc);
	DqTargetWish wish = {0};
	List *parts;

	wish.name = task->options->target;
	wish.key = task->options->key;
	task->target = dq_target_open(&wish);
	dq_target_check(task->target);
	settle_mode(task);
	dq_judge_options(task);
	task->key = dq_judge_key(task);
	parts = dq_explain_parts(task, batch_rows);
	relation_close(task->target, NoLock);
	return parts;
}
