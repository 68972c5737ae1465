/*
 * element.h
 *	  What a key is asked to be made of: columns and expressions.
 */
#ifndef DQ_ELEMENT_H
#define DQ_ELEMENT_H

#include "nodes/pg_list.h"
#include "utils/rel.h"

/*
 * Texts (List of char *) as opaque elements: names of columns of the target
 * and, where "expressions" says so, expressions over it. 42601, 42703 and
 * whatever else analysing an index expression throws.
 */
extern List *dq_element_read(Relation target, List *texts, bool expressions);

/* is a key column of an index among them? expression: NULL for a column */
extern bool dq_element_has(List *elements, const char *name,
						   Node *expression);

/* the texts for messages and the statement of a HINT */
extern char *dq_element_text(Relation target, List *texts);

#endif /* DQ_ELEMENT_H */
