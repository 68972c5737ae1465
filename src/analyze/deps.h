/*
 * deps.h
 *	  Which names a step's SQL reads, from its raw parse tree.
 */
#ifndef DQ_DEPS_H
#define DQ_DEPS_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/*
 * All relations that a statement or expression reads: a List of RangeVar *,
 * each once. CTE names are respected as PostgreSQL scopes them. Utility
 * statements other than those that wrap a query (EXPLAIN, CREATE TABLE AS ...)
 * read nothing.
 */
extern List *dq_deps_relations(Node *tree);

#endif							/* DQ_DEPS_H */
