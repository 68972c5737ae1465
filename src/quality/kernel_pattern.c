/*
 * kernel_pattern.c
 *	  Kernels of texts that match a constant pattern: ~, !~, LIKE, NOT LIKE.
 *
 * Only patterns whose meaning is certain are compiled (dfa.h); the others are
 * the executor's. The blanks at the end of a bpchar are part of what matches.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "quality/comparison.h"
#include "quality/dfa.h"
#include "quality/kernel.h"
#include "quality/varlena.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

typedef struct Pattern
{
	DqKernel head;
	int column;
	bool negated;
	DqDfa *dfa;
} Pattern;

/*
 * answer_pattern
 */
static DqBits
answer_pattern(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Pattern *pattern = (Pattern *) kernel;
	const Datum *values = batch->values[pattern->column];
	DqBits result = {0, batch->nulls[pattern->column]};
	int row;

	DQ_EACH_ROW(row, wanted & ~result.null)
	{
		DqBytes bytes;
		bool matches;

		dq_varlena_open(&bytes, values[row]);
		matches = dq_dfa_match(pattern->dfa, bytes.data, bytes.len);
		dq_varlena_close(&bytes);
		result.yes |= (uint64) matches << row;
	}
	if (pattern->negated)
		result.yes = ~(result.yes | result.null);
	return result;
}

/*
 * compile: the automaton of a call of a function with a pattern, or NULL.
 */
static DqDfa *
compile(Oid function, Datum pattern, Oid collation)
{
	switch (function)
	{
		case F_TEXTREGEXEQ:
		case F_TEXTREGEXNE:
		case F_BPCHARREGEXEQ:
		case F_BPCHARREGEXNE:
			return dq_dfa_compile(TextDatumGetCString(pattern), collation);
		case F_TEXTLIKE:
		case F_TEXTNLIKE:
		case F_BPCHARLIKE:
		case F_BPCHARNLIKE:
			return dq_dfa_compile_like(TextDatumGetCString(pattern),
									   collation);
		default:
			return NULL;
	}
}

/*
 * is_negated: !~ or NOT LIKE?
 */
static bool
is_negated(Oid function)
{
	return function == F_TEXTREGEXNE || function == F_TEXTNLIKE ||
		   function == F_BPCHARREGEXNE || function == F_BPCHARNLIKE;
}

/*
 * dq_kernel_pattern_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_pattern_recognise(DqKernelSet *set, Node *expr)
{
	OpExpr *op = (OpExpr *) expr;
	Pattern *pattern;
	Const *constant;
	DqDfa *dfa;
	int column;

	if (!IsA(expr, OpExpr) || list_length(op->args) != 2 ||
		!IsA(lsecond(op->args), Const))
		return NULL;
	constant = lsecond_node(Const, op->args);
	column = dq_comparison_column((Node *) linitial(op->args));
	if (column < 0 || constant->constisnull || !OidIsValid(op->inputcollid))
		return NULL;
	dfa = compile(op->opfuncid, constant->constvalue, op->inputcollid);
	if (dfa == NULL)
		return NULL;
	pattern = palloc0(sizeof(Pattern));
	pattern->head.answer = answer_pattern;
	pattern->head.throws = true;
	pattern->column = column;
	pattern->negated = is_negated(op->opfuncid);
	pattern->dfa = dfa;
	return &pattern->head;
}
