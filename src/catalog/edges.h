/*
 * edges.h
 *	  What depends on which column, as it is stored: one edge per step, column
 *	  and way of depending.
 */
#ifndef DQ_EDGES_H
#define DQ_EDGES_H

#include "nodes/pg_list.h"

/*
 * Make the edges of a pipeline those of a JSON list (see edges.c for its
 * keys); what is the same already is not written again. Returns how many
 * there are.
 */
extern int64 dq_edges_store(int64 pipeline_id, const char *edges);

/* a step that a change of the schema breaks */
typedef struct DqBrokenStep
{
	char *pipeline;
	char *step;
	char *object; /* relation.column, or relation */
} DqBrokenStep;

/*
 * Inside an event trigger: steps that use what was dropped (sql_drop), or
 * what was renamed and stands in their text (ddl_command_end): a List of
 * DqBrokenStep *.
 */
extern List *dq_edges_dropped(void);
extern List *dq_edges_renamed(void);

#endif /* DQ_EDGES_H */
