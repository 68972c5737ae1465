/*
 * premise.h
 *	  What the catalogue says of every row of a relation.
 */
#ifndef DQ_PREMISE_H
#define DQ_PREMISE_H

#include "access/htup.h"
#include "catalog/pg_attribute.h"
#include "nodes/nodes.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

/* something that is true of every row */
typedef struct DqPremise
{
	Node *expr;
	char *name; /* as the result tells it */
	bool only_not_false; /* it may be NULL: a CHECK */
} DqPremise;

extern List *dq_premises(Relation rel, Node *expr);

/* was this catalogue row there when the active snapshot was taken? */
extern bool dq_premise_seen(HeapTuple tuple);

/* is the column NOT NULL, for this snapshot too? */
extern bool dq_premise_not_null(Oid relid, AttrNumber attnum);

/* "column IS NOT NULL" as a tree */
extern Node *dq_premise_not_null_test(Form_pg_attribute att);

/* is what the expression says of a row the same for ever? */
extern bool dq_premise_lasting(Node *expr);

/* constants folded, AND and OR flat */
extern Node *dq_premise_folded(Node *expr);

#endif /* DQ_PREMISE_H */
