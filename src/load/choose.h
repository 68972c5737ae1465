/*
 * choose.h
 *	  How a load goes about it: which rows differ, and writing them.
 */
#ifndef DQ_CHOOSE_H
#define DQ_CHOOSE_H

#include "base/guc.h"
#include "load/task.h"

/* how new rows are written */
typedef enum DqInsertWay
{
	DQ_INSERT_BULK, /* many at a time (bulk.h) */
	DQ_INSERT_PLAIN, /* INSERT without an arbiter */
	DQ_INSERT_CONFLICT /* INSERT ... ON CONFLICT */
} DqInsertWay;

/* "why" is a clause for people, about the target or the batch */
typedef struct DqChoice
{
	DqLoadMethod method; /* never auto */
	const char *method_why;
	DqInsertWay insert; /* of keys that are not there */
	const char *insert_why;
	bool by_place; /* rows updated where they were found, else ON CONFLICT */
	const char *update_why;
} DqChoice;

/* for a load by key */
extern void dq_choose(const DqTask *task, double batch_rows, DqChoice *choice);

/* for a load that only inserts; never ON CONFLICT */
extern DqInsertWay dq_choose_insert(const DqTask *task, const char **why);

/* rows of a relation, as the planner guesses; of a tree, all together */
extern double dq_choose_rows(Relation rel);

/*
 * How well a relation lies in the order of the first column of the key, 0 to
 * 1; -1 when that is not known.
 */
extern double dq_choose_order(const DqTask *task, Oid relid);

/*
 * Settings for the statements of a load, until AtEOXact_GUC(false, level) with
 * the level that is returned.
 */
extern int dq_choose_settings(DqLoadMethod method);

/* only a look-up of places makes sense */
extern void dq_choose_by_place(void);

/* rows go on into a table one by one, so no other process may find them */
extern void dq_choose_alone(void);

extern const char *dq_choose_method_name(DqLoadMethod method);

#endif /* DQ_CHOOSE_H */
