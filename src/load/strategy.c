/*
 * strategy.c
 *	  How data reaches a target: the table of modes, their options, and the
 *	  way into each.
 *
 * At definition and at run time the same questions are asked, since the world
 * changes between the two. Everything runs as the current user.
 */
#include "postgres.h"

#include "access/relation.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/pg_class.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/key.h"
#include "load/load.h"
#include "load/target.h"

/* one load, as its options say and as it is carried out */
typedef struct LoadTask
{
	const char *step; /* its name */
	const char *source; /* the step whose rows it loads */
	List *key; /* of char *, NIL: none */
	Relation target;
	Relation stage; /* NULL at definition */
} LoadTask;

typedef struct LoadMode
{
	const char *name;
	bool needs_key; /* without one, "key" is refused */
	/* throw what only this mode refuses; at definition and before run */
	void (*validate)(const LoadTask *task);
	DqLoadCounts (*run)(const LoadTask *task);
} LoadMode;

static void validate_append(const LoadTask *task);
static DqLoadCounts run_append(const LoadTask *task);
static void validate_upsert(const LoadTask *task);
static DqLoadCounts run_upsert(const LoadTask *task);

static const LoadMode load_modes[] = {
	{"append", false, validate_append, run_append},
	{"upsert", true, validate_upsert, run_upsert}};

static const char *const load_options[] = {
	"source", "target", "key", "mode", NULL};

/*
 * validate_append: any target will do.
 */
static void
validate_append(const LoadTask *task)
{
}

/*
 * run_append: insert all rows. Assignment, constraints and triggers are the
 * server's own, triggers under the search_path in force; what one drops is not
 * counted by INSERT.
 */
static DqLoadCounts
run_append(const LoadTask *task)
{
	DqLoadCounts counts = {0};
	List *columns = dq_column_map(task->target, task->stage,
								  task->source, NULL);
	char *stage = dq_sqltext_relation(RelationGetRelid(task->stage));
	char *sql;
	DqRows *rows;

	sql = psprintf("SELECT pg_catalog.count(*) AS n FROM %s AS s", stage);
	rows = dq_spi_query(DQ_USER, sql, NULL);
	counts.rows_read = dq_rows_int8(rows, 0, "n");

	sql = psprintf("INSERT INTO %s (%s) SELECT %s FROM %s AS s",
				   dq_target_name(task->target),
				   dq_column_list(columns, ""),
				   dq_column_list(columns, "s."), stage);
	counts.inserted = dq_spi_execute(DQ_USER, sql, NULL);
	counts.suppressed = counts.rows_read - counts.inserted;
	return counts;
}

/*
 * validate_upsert: a table of this server with a unique index on the key.
 */
static void
validate_upsert(const LoadTask *task)
{
	if (task->target->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot upsert into %s",
						dq_target_name(task->target)),
				 errdetail("A foreign table has no unique index."),
				 errhint("Pass mode => 'append'.")));
	(void) dq_key_find(task->target, task->key);
}

/*
 * run_upsert: see diff.c.
 */
static DqLoadCounts
run_upsert(const LoadTask *task)
{
	DqUpsert upsert = {0};

	upsert.target = task->target;
	upsert.stage = task->stage;
	upsert.step = task->source;
	upsert.key = dq_key_find(task->target, task->key);
	upsert.columns = dq_column_map(task->target, task->stage, task->source,
								   upsert.key);
	return dq_diff_upsert(&upsert);
}

/*
 * find_mode: the mode of this name; 22023 with a suggestion.
 */
static const LoadMode *
find_mode(const char *name, const char *what)
{
	List *known = NIL;
	int i;

	for (i = 0; i < lengthof(load_modes); i++)
	{
		if (strcmp(load_modes[i].name, name) == 0)
			return &load_modes[i];
		known = lappend(known, pstrdup(load_modes[i].name));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown mode \"%s\" of %s", name, what),
			 errdetail("Modes are append and upsert."),
			 dq_suggest_hint(name, known)));
	return NULL;
}

/*
 * require_text: a string option that must be given; 22023 otherwise.
 */
static char *
require_text(Jsonb *options, const char *key, const char *what)
{
	char *value = dq_json_text(options, key, what);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs the option \"%s\"", what, key)));
	return value;
}

/*
 * settle_mode: the mode asked for, upsert when nothing is asked and there is a
 * key, and the key that goes with it.
 */
static const LoadMode *
settle_mode(LoadTask *task, const LoadMode *asked, const char *what)
{
	List *key = task->key;
	const LoadMode *mode = asked;

	if (key == NIL)
		key = dq_key_primary(task->target);
	if (mode == NULL && key != NIL)
		mode = find_mode("upsert", what);
	if (mode == NULL || (mode->needs_key && key == NIL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s into %s needs a key or another mode", what,
						dq_target_name(task->target)),
				 errdetail("The table has no primary key."),
				 errhint("Pass key => '{...}' with the columns of a unique index, or mode => 'append'.")));
	if (!mode->needs_key && task->key != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"key\" of %s means nothing in mode \"%s\"",
						what, mode->name),
				 errhint("Leave out key, or pass mode => 'upsert'.")));
	task->key = mode->needs_key ? key : NIL;
	return mode;
}

/*
 * dq_load_validate: options of a load step, checked and completed.
 */
Jsonb *
dq_load_validate(const char *step, Jsonb *options)
{
	const char *what = psprintf("load \"%s\"", step);
	LoadTask *task = palloc0(sizeof(LoadTask));
	DqTargetWish wish = {0};
	const LoadMode *mode = NULL;
	char *asked;
	DqJsonBuild build;

	dq_json_check_keys(options, load_options, what);
	task->step = step;
	task->source = require_text(options, "source", what);
	task->key = dq_json_text_list(options, "key", what);
	asked = dq_json_text(options, "mode", what);
	if (asked != NULL)
		mode = find_mode(asked, what);

	wish.name = require_text(options, "target", what);
	wish.key = task->key;
	task->target = dq_target_open(&wish);
	dq_target_check(task->target);
	dq_key_check_columns(task->target, task->key);
	mode = settle_mode(task, mode, what);
	mode->validate(task);

	dq_json_begin(&build);
	dq_json_add_text(&build, "source", task->source);
	dq_json_add_text(&build, "target", dq_target_name(task->target));
	if (task->key != NIL)
		dq_json_add_text_list(&build, "key", task->key);
	dq_json_add_text(&build, "mode", mode->name);
	relation_close(task->target, NoLock);
	return dq_json_end(&build);
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
 * dq_load_run: load all rows of a stage into the target.
 */
DqLoadCounts
dq_load_run(const char *step, Oid source, Jsonb *options)
{
	const char *what = psprintf("load \"%s\"", step);
	const LoadMode *mode = find_mode(require_text(options, "mode", what),
									 what);
	LoadTask *task = palloc0(sizeof(LoadTask));
	DqTargetWish wish = {0};
	DqLoadCounts counts;

	task->step = step;
	task->source = require_text(options, "source", what);
	task->key = dq_json_text_list(options, "key", what);
	task->stage = relation_open(source, AccessShareLock);

	wish.name = require_text(options, "target", what);
	wish.key = task->key;
	wish.stage = task->stage;
	task->target = dq_target_open_to_write(&wish);
	dq_target_check(task->target);
	dq_key_check_columns(task->target, task->key);
	mode->validate(task);
	counts = mode->run(task);

	relation_close(task->target, NoLock);
	relation_close(task->stage, NoLock);
	return counts;
}
