/*
 * comparison.h
 *	  Recognising comparisons of built-in types in analysed expressions.
 */
#ifndef DQ_COMPARISON_H
#define DQ_COMPARISON_H

#include "nodes/primnodes.h"

/* how the two sides of a built-in comparison are to be read */
typedef enum DqKind
{
	DQ_KIND_INT2,
	DQ_KIND_INT4,
	DQ_KIND_INT8,
	DQ_KIND_OID,
	DQ_KIND_BOOL,
	DQ_KIND_FLOAT4,
	DQ_KIND_FLOAT8,
	DQ_KIND_NUMERIC,
	DQ_KIND_TEXT,
	DQ_KIND_BPCHAR,
	DQ_KIND_UUID
} DqKind;

typedef enum DqRelation
{
	DQ_LESS,
	DQ_LESS_EQUAL,
	DQ_EQUAL,
	DQ_GREATER_EQUAL,
	DQ_GREATER,
	DQ_NOT_EQUAL
} DqRelation;

/* column REL constant, or column REL other column */
typedef struct DqComparison
{
	DqRelation relation;
	int column; /* attnum - 1 */
	DqKind kind; /* of the column */
	int other; /* -1: a constant */
	DqKind other_kind;
	Datum constant; /* not NULL */
	Oid collation;
} DqComparison;

/* a comparison of x REL any or all of the elements of a constant array */
typedef struct DqMembership
{
	int column;
	DqKind kind;
	bool negated; /* x <> ALL */
	bool has_null; /* an element is NULL */
	int count; /* of the others, at least one */
	Datum *elements;
	DqKind element_kind;
	Oid collation;
} DqMembership;

extern bool dq_comparison_read(Node *expr, DqComparison *comparison);
extern bool dq_comparison_read_set(Node *expr, DqMembership *membership);

/* the column (attnum - 1) that an expression is, perhaps relabelled; or -1 */
extern int dq_comparison_column(Node *expr);

/* "constant REL x" as "x REL constant" when the left side is the constant */
extern bool dq_comparison_function(Oid function, DqRelation *relation,
								   DqKind *left, DqKind *right);

#endif /* DQ_COMPARISON_H */
