/*
 * comparison.c
 *	  Recognising comparisons of built-in types in analysed expressions.
 *
 * Functions are known by the OIDs that they have in every server, so an
 * operator of a user, or one that search_path hides, is never taken for a
 * built-in one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "quality/comparison.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

typedef struct Function
{
	Oid function;
	DqRelation relation;
	DqKind left;
	DqKind right;
} Function;

/* the six comparisons of two types */
#define SIX(name, left, right)                         \
	{F_##name##LT, DQ_LESS, left, right},              \
		{F_##name##LE, DQ_LESS_EQUAL, left, right},    \
		{F_##name##EQ, DQ_EQUAL, left, right},         \
		{F_##name##GE, DQ_GREATER_EQUAL, left, right}, \
		{F_##name##GT, DQ_GREATER, left, right},       \
	{                                                  \
		F_##name##NE, DQ_NOT_EQUAL, left, right        \
	}

static const Function functions[] = {
	SIX(INT4, DQ_KIND_INT4, DQ_KIND_INT4),
	SIX(INT8, DQ_KIND_INT8, DQ_KIND_INT8),
	SIX(INT2, DQ_KIND_INT2, DQ_KIND_INT2),
	SIX(INT24, DQ_KIND_INT2, DQ_KIND_INT4),
	SIX(INT42, DQ_KIND_INT4, DQ_KIND_INT2),
	SIX(INT28, DQ_KIND_INT2, DQ_KIND_INT8),
	SIX(INT82, DQ_KIND_INT8, DQ_KIND_INT2),
	SIX(INT48, DQ_KIND_INT4, DQ_KIND_INT8),
	SIX(INT84, DQ_KIND_INT8, DQ_KIND_INT4),
	SIX(OID, DQ_KIND_OID, DQ_KIND_OID),
	SIX(BOOL, DQ_KIND_BOOL, DQ_KIND_BOOL),
	SIX(DATE_, DQ_KIND_INT4, DQ_KIND_INT4),
	SIX(TIME_, DQ_KIND_INT8, DQ_KIND_INT8),
	SIX(TIMESTAMP_, DQ_KIND_INT8, DQ_KIND_INT8),
	SIX(TIMESTAMPTZ_, DQ_KIND_INT8, DQ_KIND_INT8),
	SIX(FLOAT4, DQ_KIND_FLOAT4, DQ_KIND_FLOAT4),
	SIX(FLOAT8, DQ_KIND_FLOAT8, DQ_KIND_FLOAT8),
	SIX(FLOAT48, DQ_KIND_FLOAT4, DQ_KIND_FLOAT8),
	SIX(FLOAT84, DQ_KIND_FLOAT8, DQ_KIND_FLOAT4),
	SIX(NUMERIC_, DQ_KIND_NUMERIC, DQ_KIND_NUMERIC),
	SIX(UUID_, DQ_KIND_UUID, DQ_KIND_UUID),
	{F_TEXT_LT, DQ_LESS, DQ_KIND_TEXT, DQ_KIND_TEXT},
	{F_TEXT_LE, DQ_LESS_EQUAL, DQ_KIND_TEXT, DQ_KIND_TEXT},
	{F_TEXTEQ, DQ_EQUAL, DQ_KIND_TEXT, DQ_KIND_TEXT},
	{F_TEXT_GE, DQ_GREATER_EQUAL, DQ_KIND_TEXT, DQ_KIND_TEXT},
	{F_TEXT_GT, DQ_GREATER, DQ_KIND_TEXT, DQ_KIND_TEXT},
	{F_TEXTNE, DQ_NOT_EQUAL, DQ_KIND_TEXT, DQ_KIND_TEXT},
	{F_BPCHAREQ, DQ_EQUAL, DQ_KIND_BPCHAR, DQ_KIND_BPCHAR},
	{F_BPCHARNE, DQ_NOT_EQUAL, DQ_KIND_BPCHAR, DQ_KIND_BPCHAR}};

/*
 * dq_comparison_function: what a function compares, and how.
 */
bool
dq_comparison_function(Oid function, DqRelation *relation, DqKind *left,
					   DqKind *right)
{
	int i;

	for (i = 0; i < lengthof(functions); i++)
	{
		if (functions[i].function != function)
			continue;
		*relation = functions[i].relation;
		*left = functions[i].left;
		*right = functions[i].right;
		return true;
	}
	return false;
}

/*
 * dq_comparison_column: the column that an expression is, or -1. Relabelling
 * changes the type and not a bit of the value.
 */
int
dq_comparison_column(Node *expr)
{
	while (IsA(expr, RelabelType))
		expr = (Node *) ((RelabelType *) expr)->arg;
	if (!IsA(expr, Var) || ((Var *) expr)->varattno <= 0)
		return -1;
	return ((Var *) expr)->varattno - 1;
}

/*
 * flip: x REL y as y REL x.
 */
static DqRelation
flip(DqRelation relation)
{
	switch (relation)
	{
		case DQ_LESS:
			return DQ_GREATER;
		case DQ_LESS_EQUAL:
			return DQ_GREATER_EQUAL;
		case DQ_GREATER_EQUAL:
			return DQ_LESS_EQUAL;
		case DQ_GREATER:
			return DQ_LESS;
		case DQ_EQUAL:
		case DQ_NOT_EQUAL:
			break;
	}
	return relation;
}

/*
 * swap_sides: the same comparison, from the other side.
 */
static void
swap_sides(DqComparison *comparison)
{
	DqKind kind = comparison->kind;

	comparison->relation = flip(comparison->relation);
	comparison->kind = comparison->other_kind;
	comparison->other_kind = kind;
}

/*
 * read_constant: the value of a constant that is not NULL.
 */
static bool
read_constant(Node *expr, Datum *value)
{
	while (IsA(expr, RelabelType))
		expr = (Node *) ((RelabelType *) expr)->arg;
	if (!IsA(expr, Const) || ((Const *) expr)->constisnull)
		return false;
	*value = ((Const *) expr)->constvalue;
	return true;
}

/*
 * dq_comparison_read: a comparison of a column with a constant or another
 * column.
 */
bool
dq_comparison_read(Node *expr, DqComparison *comparison)
{
	OpExpr *op = (OpExpr *) expr;
	Node *left;
	Node *right;

	if (!IsA(expr, OpExpr) || list_length(op->args) != 2)
		return false;
	if (!dq_comparison_function(op->opfuncid, &comparison->relation,
								&comparison->kind, &comparison->other_kind))
		return false;
	left = (Node *) linitial(op->args);
	right = (Node *) lsecond(op->args);
	if (dq_comparison_column(left) < 0)
	{
		Node *swapped = left;

		left = right;
		right = swapped;
		swap_sides(comparison);
	}
	comparison->collation = op->inputcollid;
	comparison->column = dq_comparison_column(left);
	comparison->other = dq_comparison_column(right);
	if (comparison->column < 0)
		return false;
	return comparison->other >= 0 ||
		   read_constant(right, &comparison->constant);
}

/*
 * read_elements: of a constant array, at least one that is not NULL.
 */
static bool
read_elements(Datum value, DqMembership *membership)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	Datum *elements;
	bool *nulls;
	int count;
	int16 len;
	bool byval;
	char align;
	int i;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &len, &byval, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), len, byval, align,
					  &elements, &nulls, &count);
	membership->elements = elements;
	membership->count = 0;
	membership->has_null = false;
	for (i = 0; i < count; i++)
	{
		if (nulls[i])
			membership->has_null = true;
		else
			elements[membership->count++] = elements[i];
	}
	return membership->count > 0;
}

/*
 * dq_comparison_read_set: column = ANY (constant array), column <> ALL (...).
 */
bool
dq_comparison_read_set(Node *expr, DqMembership *membership)
{
	ScalarArrayOpExpr *op = (ScalarArrayOpExpr *) expr;
	DqRelation relation;
	Datum array;

	if (!IsA(expr, ScalarArrayOpExpr))
		return false;
	if (!dq_comparison_function(op->opfuncid, &relation, &membership->kind,
								&membership->element_kind))
		return false;
	if (relation != (op->useOr ? DQ_EQUAL : DQ_NOT_EQUAL))
		return false;
	membership->negated = !op->useOr;
	membership->collation = op->inputcollid;
	membership->column = dq_comparison_column((Node *) linitial(op->args));
	return membership->column >= 0 &&
		   read_constant((Node *) lsecond(op->args), &array) &&
		   read_elements(array, membership);
}
