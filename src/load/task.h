/*
 * task.h
 *	  One load while it is carried out, or judged at definition.
 */
#ifndef DQ_TASK_H
#define DQ_TASK_H

#include "load/key.h"
#include "load/load.h"
#include "load/options.h"

struct DqMode;

typedef struct DqTask
{
	const char *what; /* load "x", for messages */
	DqLoadOptions *options;
	const struct DqMode *mode;
	Relation target; /* NULL: still to be created */
	/* the rest at run time only */
	const DqLoadRun *run;
	Relation stage;
	DqKey *key; /* NULL: rows have no identity */
	List *columns; /* of DqColumn *: what is written */
	List *sequence; /* of DqColumn *: order of rows of one key */
	List *stage_sequence; /* the same, as the stage has it */
	bool sequence_in_target; /* holds across runs */
	char *delete_output; /* how rows of a batch say that they delete; NULL */
	bool truncates; /* rows of the batch empty the target */
	bool dedupes; /* the batch has duplicates and one of each stays */
	bool null_keys; /* the batch has keys with NULL in them */
} DqTask;

typedef enum DqKeyNeed
{
	DQ_KEY_NONE, /* the mode has no use for a key */
	DQ_KEY_OPTIONAL, /* only to find duplicates in the batch */
	DQ_KEY_COLUMNS, /* any columns */
	DQ_KEY_INDEX, /* those of a unique index */
	DQ_KEY_VERSION /* those of a unique index, with valid_from behind them */
} DqKeyNeed;

typedef struct DqMode
{
	const char *name;
	DqKeyNeed key;
	bool needs_window; /* of a pipeline with a period */
	uint64 takes; /* bits of options */
	/* throw what only this mode refuses; at definition and before run; NULL */
	void (*validate)(DqTask *task);
	void (*run)(DqTask *task, DqLoadCounts *counts);
} DqMode;

#endif /* DQ_TASK_H */
