/*
 * deps.h
 *	  Which names a step's SQL reads, from its raw parse tree.
 */
#ifndef DQ_DEPS_H
#define DQ_DEPS_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/*
 * All relations that a query or expression reads: a List of RangeVar *, each
 * once. CTE names are respected as PostgreSQL scopes them. The target of an
 * UPDATE, DELETE or MERGE is read, that of an INSERT is not.
 */
extern List *dq_deps_relations(Node *tree);

/*
 * The same for a statement of any kind: utility statements other than those
 * that wrap a query (EXPLAIN, CREATE TABLE AS, DECLARE, COPY (query)) read
 * nothing.
 */
extern List *dq_deps_statement_relations(Node *statement);
extern Node *dq_deps_query(Node *statement);

/* a relation that is read shares rows with one that is written */
typedef struct DqOverlap
{
	Oid read;
	Oid written;
} DqOverlap;

/*
 * Which of the relations "read" share rows with which of "written" (Lists of
 * OIDs): because they are the same, or through views, SQL functions in these,
 * children and partitions of either. A List of DqOverlap *.
 */
extern List *dq_deps_overlaps(List *read, List *written);

#endif /* DQ_DEPS_H */
