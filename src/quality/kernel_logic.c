/*
 * kernel_logic.c
 *	  Kernels of what connects conditions: AND, OR, NOT, IS TRUE and the like,
 *	  IS NULL, CASE, boolean columns and constants.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "catalog/pg_type.h"
#include "quality/comparison.h"
#include "quality/kernel.h"

/* a kernel of other kernels */
typedef struct Logic
{
	DqKernel head;
	int count;
	DqKernel **parts;
	BoolTestType test; /* IS TRUE and the like */
} Logic;

/* a kernel of one column or of none */
typedef struct Simple
{
	DqKernel head;
	int column;
	bool flag;
} Simple;

/*
 * make_logic: a kernel of "count" parts.
 */
static Logic *
make_logic(DqKernelAnswer answer, int count)
{
	Logic *logic = palloc0(sizeof(Logic));

	logic->head.answer = answer;
	logic->parts = palloc0(sizeof(DqKernel *) * (count + 1));
	return logic;
}

/*
 * add_part: the kernel of an expression as the next part.
 */
static void
add_part(DqKernelSet *set, Logic *logic, Node *expr)
{
	DqKernel *part = dq_kernel_compile(set, expr);

	logic->parts[logic->count++] = part;
	logic->head.throws |= part->throws;
}

/*
 * make_simple: a kernel of a column (from 0), or of none.
 */
static DqKernel *
make_simple(DqKernelAnswer answer, int column, bool flag)
{
	Simple *simple = palloc0(sizeof(Simple));

	simple->head.answer = answer;
	simple->head.dense = true;
	simple->column = column;
	simple->flag = flag;
	return &simple->head;
}

/*
 * answer_and: false as soon as a part is false.
 */
static DqBits
answer_and(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Logic *logic = (Logic *) kernel;
	DqBits result = {wanted, 0};
	uint64 open = wanted;
	int i;

	for (i = 0; i < logic->count && open != 0; i++)
	{
		DqBits bits = dq_kernel_ask(logic->parts[i], batch, open);

		open &= bits.yes | bits.null;
		result.yes &= bits.yes;
		result.null |= bits.null;
	}
	result.yes &= open;
	result.null &= open;
	return result;
}

/*
 * answer_or: true as soon as a part is true.
 */
static DqBits
answer_or(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Logic *logic = (Logic *) kernel;
	DqBits result = {0, 0};
	uint64 open = wanted;
	int i;

	for (i = 0; i < logic->count && open != 0; i++)
	{
		DqBits bits = dq_kernel_ask(logic->parts[i], batch, open);

		open &= ~bits.yes;
		result.yes |= bits.yes;
		result.null |= bits.null;
	}
	result.null &= open;
	return result;
}

/*
 * answer_not
 */
static DqBits
answer_not(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	DqBits bits = dq_kernel_ask(((Logic *) kernel)->parts[0], batch, wanted);

	bits.yes = wanted & ~(bits.yes | bits.null);
	return bits;
}

/*
 * answer_test: IS TRUE and the like: never NULL.
 */
static DqBits
answer_test(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Logic *logic = (Logic *) kernel;
	DqBits bits = dq_kernel_ask(logic->parts[0], batch, wanted);
	DqBits result = {0, 0};

	switch (logic->test)
	{
		case IS_TRUE:
			result.yes = bits.yes;
			break;
		case IS_NOT_TRUE:
			result.yes = ~bits.yes;
			break;
		case IS_FALSE:
			result.yes = ~(bits.yes | bits.null);
			break;
		case IS_NOT_FALSE:
			result.yes = bits.yes | bits.null;
			break;
		case IS_UNKNOWN:
			result.yes = bits.null;
			break;
		case IS_NOT_UNKNOWN:
			result.yes = ~bits.null;
			break;
	}
	return result;
}

/*
 * answer_case: parts are condition, result, condition, result, ..., default.
 */
static DqBits
answer_case(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Logic *logic = (Logic *) kernel;
	DqBits result = {0, 0};
	uint64 open = wanted;
	int i;

	for (i = 0; i < logic->count && open != 0; i += 2)
	{
		bool last = i + 1 == logic->count;
		uint64 chosen = open;
		DqBits bits;

		if (!last)
			chosen = dq_kernel_ask(logic->parts[i], batch, open).yes;
		open &= ~chosen;
		if (chosen == 0)
			continue;
		bits = dq_kernel_ask(logic->parts[last ? i : i + 1], batch, chosen);
		result.yes |= bits.yes;
		result.null |= bits.null;
	}
	return result;
}

/*
 * answer_constant: true or, with the flag, NULL; false when it has neither.
 */
static DqBits
answer_constant(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Simple *simple = (Simple *) kernel;
	DqBits result = {0, 0};

	if (simple->flag)
		result.null = wanted;
	else if (simple->column != 0)
		result.yes = wanted;
	return result;
}

/*
 * answer_null: IS NULL or, with the flag, IS NOT NULL, of a column.
 */
static DqBits
answer_null(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Simple *simple = (Simple *) kernel;
	uint64 nulls = batch->nulls[simple->column];
	DqBits result = {simple->flag ? ~nulls : nulls, 0};

	return result;
}

/*
 * answer_boolean: a boolean column.
 */
static DqBits
answer_boolean(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	int column = ((Simple *) kernel)->column;
	const Datum *values = batch->values[column];
	DqBits result = {0, batch->nulls[column]};
	int i;

	for (i = 0; i < batch->count; i++)
		result.yes |= (uint64) DatumGetBool(values[i]) << i;
	result.yes &= ~result.null;
	return result;
}

/*
 * merge_into: a condition of AND that is one kernel with an earlier one.
 *
 * Only kernels that can be merged, which never throw, are passed by: a part
 * that throws must see the rows that it would see in SQL.
 */
static bool
merge_into(Logic *logic, int kept, DqKernel *part)
{
	int i;

	for (i = kept - 1; i >= 0 && logic->parts[i]->merge != NULL; i--)
	{
		DqKernel *merged = logic->parts[i]->merge(logic->parts[i], part);

		if (merged != NULL)
		{
			logic->parts[i] = merged;
			return true;
		}
	}
	return false;
}

/*
 * merge_parts: fewer conditions of AND.
 */
static void
merge_parts(Logic *logic)
{
	int kept = 0;
	int i;

	for (i = 0; i < logic->count; i++)
	{
		if (!merge_into(logic, kept, logic->parts[i]))
			logic->parts[kept++] = logic->parts[i];
	}
	logic->count = kept;
}

/*
 * recognise_bool: AND, OR, NOT.
 */
static DqKernel *
recognise_bool(DqKernelSet *set, BoolExpr *expr)
{
	DqKernelAnswer answer = answer_not;
	Logic *logic;
	ListCell *lc;

	if (expr->boolop != NOT_EXPR)
		answer = expr->boolop == AND_EXPR ? answer_and : answer_or;
	logic = make_logic(answer, list_length(expr->args));
	foreach(lc, expr->args)
		add_part(set, logic, (Node *) lfirst(lc));
	if (expr->boolop == AND_EXPR)
		merge_parts(logic);
	return &logic->head;
}

/*
 * recognise_test: IS TRUE and the like.
 */
static DqKernel *
recognise_test(DqKernelSet *set, BooleanTest *expr)
{
	Logic *logic = make_logic(answer_test, 1);

	add_part(set, logic, (Node *) expr->arg);
	logic->test = expr->booltesttype;
	return &logic->head;
}

/*
 * recognise_case: CASE WHEN ... whose results are booleans, of course.
 */
static DqKernel *
recognise_case(DqKernelSet *set, CaseExpr *expr)
{
	Logic *logic;
	ListCell *lc;

	if (expr->arg != NULL || expr->casetype != BOOLOID)
		return NULL;
	logic = make_logic(answer_case, 2 * list_length(expr->args) + 1);
	foreach(lc, expr->args)
	{
		CaseWhen *when = lfirst_node(CaseWhen, lc);

		add_part(set, logic, (Node *) when->expr);
		add_part(set, logic, (Node *) when->result);
	}
	add_part(set, logic, (Node *) expr->defresult);
	return &logic->head;
}

/*
 * recognise_column: a boolean column, of a domain perhaps.
 */
static DqKernel *
recognise_column(Node *expr)
{
	int column = dq_comparison_column(expr);

	return column < 0 ? NULL : make_simple(answer_boolean, column, false);
}

/*
 * recognise_null: IS [NOT] NULL of a column.
 */
static DqKernel *
recognise_null(NullTest *expr)
{
	int column = dq_comparison_column((Node *) expr->arg);

	if (column < 0 || expr->argisrow)
		return NULL;
	return make_simple(answer_null, column,
					   expr->nulltesttype == IS_NOT_NULL);
}

/*
 * dq_kernel_logic_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_logic_recognise(DqKernelSet *set, Node *expr)
{
	switch (nodeTag(expr))
	{
		case T_BoolExpr:
			return recognise_bool(set, (BoolExpr *) expr);
		case T_BooleanTest:
			return recognise_test(set, (BooleanTest *) expr);
		case T_CaseExpr:
			return recognise_case(set, (CaseExpr *) expr);
		case T_NullTest:
			return recognise_null((NullTest *) expr);
		case T_Const:
			return make_simple(answer_constant,
							   !((Const *) expr)->constisnull &&
								   DatumGetBool(((Const *) expr)->constvalue),
							   ((Const *) expr)->constisnull);
		case T_Var:
		case T_RelabelType:
			return recognise_column(expr);
		default:
			return NULL;
	}
}
