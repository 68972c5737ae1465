/*
 * explain.c
 *	  How a load would go about it, in words.
 */
#include "postgres.h"

#include "load/choose.h"
#include "load/explain.h"

/*
 * add_part: another part of the work.
 */
static List *
add_part(List *parts, const char *name, const char *method,
		 const char *reason)
{
	DqLoadPart *part = palloc(sizeof(DqLoadPart));

	part->name = name;
	part->method = method;
	part->reason = reason;
	return lappend(parts, part);
}

/*
 * insert_name: how people call it.
 */
static const char *
insert_name(DqInsertWay way)
{
	switch (way)
	{
		case DQ_INSERT_BULK:
			return "bulk";
		case DQ_INSERT_PLAIN:
			return "insert";
		case DQ_INSERT_CONFLICT:
			return "on conflict";
	}
	return NULL;
}

/*
 * by_difference: parts of a load that writes what differs.
 */
static List *
by_difference(const DqTask *task, double batch_rows)
{
	DqChoice choice;
	List *parts;

	dq_choose(task, batch_rows, &choice);
	parts = add_part(NIL, "find", dq_choose_method_name(choice.method),
					 choice.method_why);
	parts = add_part(parts, "update",
					 choice.by_place ? "by place" : "on conflict",
					 choice.update_why);
	return add_part(parts, "insert", insert_name(choice.insert),
					choice.insert_why);
}

/*
 * dq_explain_parts: see explain.h.
 */
List *
dq_explain_parts(const DqTask *task, double batch_rows)
{
	const char *why;
	DqInsertWay way;

	if (task->mode->key == DQ_KEY_VERSION)
		return add_part(NIL, "history", "statement",
						"versions are ordered anew for each key of the batch");
	if (task->key == NULL || task->mode->key == DQ_KEY_COLUMNS ||
		task->mode->key == DQ_KEY_OPTIONAL)
	{
		way = dq_choose_insert(task, &why);
		return add_part(NIL, "insert", insert_name(way), why);
	}
	if (task->key->arbiter == NULL)
	{
		why = "no unique index stands behind the key; other writers are held up";
		return add_part(add_part(add_part(NIL, "find", "join", why),
								 "update", "update", why),
						"insert", "insert", why);
	}
	return by_difference(task,
						 batch_rows < 0 ? dq_choose_rows(task->target) :
										  batch_rows);
}
