/*
 * map.h
 *	  Which columns of the stage go to which columns of the target.
 */
#ifndef DQ_MAP_H
#define DQ_MAP_H

#include "catalog/pg_attribute.h"
#include "load/task.h"

/* a live column of a relation, or NULL */
extern Form_pg_attribute dq_map_attribute(Relation rel, const char *name);

/* does a column of the stage only steer the load? */
extern bool dq_map_is_control(const DqTask *task, const char *name);

/* a name near the wished one that no column of the target has */
extern char *dq_map_free_name(const DqTask *task, const char *wish);

/* SQL: what delete_mark holds in a row that is deleted, or is not */
extern char *dq_map_mark_value(const DqTask *task, bool is_deleted);

/* the columns of the key alone, from task->stage: List of DqColumn * */
extern List *dq_map_key(const DqTask *task);

/*
 * 42804 when columns that a stage will have do not fit into the target, as far
 * as they are of it and on_schema_change does not make room.
 */
extern void dq_map_check_types(const DqTask *task, TupleDesc stage);

/*
 * Fill columns, sequence and delete_output of a task whose key is known.
 * 42703, 428C9, 42804 when stage and target do not fit, 22023, 42883.
 */
extern void dq_map_columns(DqTask *task);

#endif /* DQ_MAP_H */
