/*
 * changes.h
 *	  What differs between two versions of a definition.
 */
#ifndef DQ_CHANGES_H
#define DQ_CHANGES_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct DqChange
{
	const char *action;
	char *object;
	char *detail; /* NULL: nothing to say */
} DqChange;

extern DqChange *dq_changes_make(const char *action, const char *object,
								 const char *detail);

/*
 * From one document of dq_definition_document to another, as a List of
 * DqChange *; NIL when nothing differs. "before" is NULL for a new pipeline:
 * then only steps are listed.
 */
extern List *dq_changes_between(Jsonb *before, Jsonb *after);

#endif /* DQ_CHANGES_H */
