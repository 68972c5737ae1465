/*
 * target.h
 *	  Finding, locking and refusing what is to be loaded into.
 */
#ifndef DQ_TARGET_H
#define DQ_TARGET_H

#include "nodes/pg_list.h"
#include "utils/rel.h"

/* who looks for the target; for messages, and the CREATE TABLE of a HINT */
typedef struct DqTargetWish
{
	const char *name; /* as SQL text: t, dwh.t, "T" */
	List *key; /* of char *, may be NIL */
	Relation stage; /* NULL at definition */
} DqTargetWish;

/*
 * Resolve by the search_path in force and look at it under AccessShareLock.
 */
extern Relation dq_target_open(const DqTargetWish *wish);

/* does a relation of this name exist? By the search_path in force. */
extern bool dq_target_exists(const char *name);

/*
 * The schema-qualified name that a table to be created under this name has,
 * for SQL. 3F000, 42501 when the schema is not there or not open to us.
 */
extern char *dq_target_future_name(const char *name);

/*
 * Wait until no other load creates a target of this (qualified) name; until
 * the end of the transaction no other does.
 */
extern void dq_target_lock_name(const char *name);

/*
 * The same to write: waits for other loads of this target, then locks it in
 * RowExclusiveLock.
 */
extern Relation dq_target_open_to_write(const DqTargetWish *wish);

/*
 * Wait for the turn at each of these targets (List of char *, qualified), in
 * the order of their OIDs; one that does not exist is passed by.
 */
extern void dq_target_take_turns(List *names);

/* 42809 or 0A000 for what no mode can load into */
extern void dq_target_check(Relation target);

/* schema-qualified name for SQL and messages */
extern char *dq_target_name(Relation target);

/* names of the live columns: List of char * */
extern List *dq_target_columns(Relation rel);

#endif /* DQ_TARGET_H */
