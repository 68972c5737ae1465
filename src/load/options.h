/*
 * options.h
 *	  What a load step was told: its options as data.
 */
#ifndef DQ_OPTIONS_H
#define DQ_OPTIONS_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* every option but source, target, mode and name; bits of a mode's "takes" */
typedef enum DqOption
{
	DQ_OPT_KEY,
	DQ_OPT_ON_CONFLICT_COLUMNS,
	DQ_OPT_DEDUPE_KEY,
	DQ_OPT_DEDUPE,
	DQ_OPT_SEQUENCE_BY,
	DQ_OPT_UPDATE_COLUMNS,
	DQ_OPT_EXCLUDE_COLUMNS,
	DQ_OPT_IGNORE_NULLS,
	DQ_OPT_GUARD,
	DQ_OPT_DELETE_WHEN,
	DQ_OPT_TRUNCATE_WHEN,
	DQ_OPT_DELETE_MISSING,
	DQ_OPT_DELETE_SCOPE,
	DQ_OPT_DELETE_MARK,
	DQ_OPT_MAX_DELETE_FRACTION,
	DQ_OPT_KEYS_FROM,
	DQ_OPT_WINDOW_COLUMN,
	DQ_OPT_OUTSIDE_WINDOW,
	DQ_OPT_METHOD,
	DQ_OPT_CONTROL_COLUMNS,
	DQ_OPT_LOADED_AT,
	DQ_OPT_RUN_ID,
	DQ_OPT_HASH_COLUMN,
	DQ_OPT_ORDER_BY,
	DQ_OPT_TRACK,
	DQ_OPT_VALID_FROM,
	DQ_OPT_VALID_TO,
	DQ_OPT_IS_CURRENT,
	DQ_OPT_OPEN_END,
	DQ_OPT_STRATEGY,
	DQ_OPT_UPDATED_AT,
	DQ_OPT_CHECK_COLUMNS,
	DQ_OPT_HARD_DELETES,
	DQ_OPT_ON_SCHEMA_CHANGE,
	DQ_OPT_MISSING_TARGET,
	DQ_OPT_NARROWING,
	DQ_OPT_TARGET_CHECKS,
	DQ_OPT_LOCK_TIMEOUT
} DqOption;

#define DQ_OPT(option) (UINT64CONST(1) << (DQ_OPT_##option))

typedef struct DqLoadOptions
{
	uint64 given; /* bits of what the user gave */
	char *source;
	char *target;
	char *mode; /* NULL: follows from the target */
	List *key; /* of char *, as all lists here */
	List *on_conflict_columns;
	List *dedupe_key;
	char *dedupe;
	List *sequence_by;
	List *update_columns;
	List *exclude_columns;
	bool ignore_nulls;
	char *guard;
	char *delete_when;
	char *truncate_when;
	char *delete_missing;
	List *delete_scope;
	char *delete_mark;
	double max_delete_fraction;
	char *keys_from;
	char *window_column;
	char *outside_window;
	char *method;
	List *control_columns;
	char *loaded_at;
	char *run_id;
	char *hash_column;
	List *order_by;
	List *track;
	char *valid_from;
	char *valid_to;
	char *is_current;
	char *open_end;
	char *strategy;
	char *updated_at;
	List *check_columns;
	char *hard_deletes;
	char *on_schema_change;
	char *missing_target;
	char *narrowing;
	List *target_checks; /* evaluated by whoever carries out the load */
	int lock_timeout; /* milliseconds */
} DqLoadOptions;

/*
 * Read a document; what stands below "params" counts as if it stood beside
 * it. 22023 for an unknown option (with a suggestion), for a value of the
 * wrong kind, for one that is given twice; 42601 for a condition that is no
 * expression. "what" is the step in messages.
 */
extern DqLoadOptions *dq_options_read(Jsonb *doc, const char *what);

/* 22023 when something was given that is no bit of "takes" */
extern void dq_options_check_taken(const DqLoadOptions *options, uint64 takes,
								   const char *mode, const char *what);

/* the document to store: what the mode takes, completed with defaults */
extern Jsonb *dq_options_write(const DqLoadOptions *options, uint64 takes);

/* is a choice this value? */
extern bool dq_options_is(const char *choice, const char *value);

/* "a, b, c" of a List of char *, for messages */
extern char *dq_options_enumerate(List *names);

#endif /* DQ_OPTIONS_H */
