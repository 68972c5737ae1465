/*
 * calls.h
 *	  What a query reads through the functions that it calls.
 */
#ifndef DQ_CALLS_H
#define DQ_CALLS_H

#include "nodes/pg_list.h"

/*
 * The relations that SQL functions called in a query use in their bodies, as
 * a List of OIDs: what the server keeps dependencies of, which are functions
 * with a BEGIN ATOMIC or RETURN body, and what these call in turn. A function
 * whose body is a string tells nothing. All functions of a name count, as far
 * as the search_path in force finds them.
 */
extern List *dq_calls_relations(Node *tree);

#endif /* DQ_CALLS_H */
