/*
 * kernel_generic.c
 *	  Kernels of expressions that only the server's executor can evaluate.
 *
 * Row by row, in a memory context that is reset for each. The verdicts of an
 * immutable expression over one column of variable length are remembered by
 * the bytes of its value: real columns repeat themselves. Where they do not,
 * remembering ends by itself.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "quality/kernel.h"
#include "quality/varlena.h"

/* pairs of places of a memo, and the longest value that it remembers */
#define MEMO_PAIRS 1024
#define MEMO_BYTES 55

/* after so many questions one in MEMO_USEFUL must have been known */
#define MEMO_TRIAL 4096
#define MEMO_USEFUL 16

typedef struct Memory
{
	uint8 len;
	bool used;
	bool is_true;
	bool is_null;
	char bytes[MEMO_BYTES];
} Memory;

typedef struct Generic
{
	DqKernel head;
	ExprState *state;
	DqKernelSet *set;
	int count;
	int *columns; /* that it reads */
	Memory *memo; /* NULL: none, or no more */
	int64 asked;
	int64 known;
} Generic;

/*
 * find_columns: what the expression reads (attnum - 1).
 */
static void
find_columns(Generic *generic, Node *expr)
{
	Bitmapset *attnums = NULL;
	int member = -1;

	pull_varattnos(expr, 1, &attnums);
	generic->columns = palloc(sizeof(int) * (bms_num_members(attnums) + 1));
	while ((member = bms_next_member(attnums, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			generic->columns[generic->count++] = attnum - 1;
	}
	bms_free(attnums);
}

/*
 * fill_slot: the columns of a row for the executor.
 */
static inline void
fill_slot(Generic *generic, const DqBatch *batch, int row)
{
	TupleTableSlot *slot = generic->set->slot;
	uint64 bit = UINT64CONST(1) << row;
	int i;

	for (i = 0; i < generic->count; i++)
	{
		int column = generic->columns[i];

		slot->tts_values[column] = batch->values[column][row];
		slot->tts_isnull[column] = (batch->nulls[column] & bit) != 0;
	}
	slot->tts_tid = batch->tids[row];
	slot->tts_tableOid = batch->tableoid;
}

/*
 * evaluate: the verdict on one row.
 */
static inline bool
evaluate(Generic *generic, const DqBatch *batch, int row, bool *isnull)
{
	ExprContext *econtext = generic->set->econtext;
	Datum value;

	ResetExprContext(econtext);
	fill_slot(generic, batch, row);
	value = ExecEvalExprSwitchContext(generic->state, econtext, isnull);
	return !*isnull && DatumGetBool(value);
}

/*
 * is_memory_of: does this place remember these bytes?
 */
static inline bool
is_memory_of(const Memory *memory, const char *data, int len)
{
	return memory->used && memory->len == len &&
		   memcmp(memory->bytes, data, len) == 0;
}

/*
 * recall: the place of a value in the memo, with its bytes put there when
 * "used" is false; NULL when it is not to be remembered. A value may be at two
 * places; the newer one comes first.
 */
static inline Memory *
recall(Generic *generic, Datum value)
{
	const char *data;
	int len;
	Memory *pair;

	if (!dq_varlena_is_plain(value))
		return NULL;
	data = VARDATA_ANY(DatumGetPointer(value));
	len = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
	if (len > MEMO_BYTES)
		return NULL;
	pair = &generic->memo[2 * (hash_bytes((const unsigned char *) data, len) %
							   MEMO_PAIRS)];
	generic->asked++;
	generic->known++;
	if (is_memory_of(&pair[0], data, len))
		return &pair[0];
	if (is_memory_of(&pair[1], data, len))
		return &pair[1];
	generic->known--;
	pair[1] = pair[0];
	pair[0].used = false;
	pair[0].len = len;
	memcpy(pair[0].bytes, data, len);
	return &pair[0];
}

/*
 * evaluate_once: the verdict on a row, from the memo if possible.
 */
static inline bool
evaluate_once(Generic *generic, const DqBatch *batch, int row, bool *isnull)
{
	int column = generic->columns[0];
	Memory *memory = NULL;
	bool is_true;

	if ((batch->nulls[column] & (UINT64CONST(1) << row)) == 0)
		memory = recall(generic, batch->values[column][row]);
	if (memory != NULL && memory->used)
	{
		*isnull = memory->is_null;
		return memory->is_true;
	}
	is_true = evaluate(generic, batch, row, isnull);
	if (memory != NULL)
	{
		memory->is_true = is_true;
		memory->is_null = *isnull;
		memory->used = true;
	}
	return is_true;
}

/*
 * answer_generic
 */
static DqBits
answer_generic(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Generic *generic = (Generic *) kernel;
	DqBits result = {0, 0};
	int row;

	DQ_EACH_ROW(row, wanted)
	{
		bool isnull;
		bool is_true;

		if (generic->memo != NULL)
			is_true = evaluate_once(generic, batch, row, &isnull);
		else
			is_true = evaluate(generic, batch, row, &isnull);
		result.yes |= (uint64) is_true << row;
		result.null |= (uint64) isnull << row;
	}
	if (generic->memo != NULL && generic->asked > MEMO_TRIAL &&
		generic->known < generic->asked / MEMO_USEFUL)
	{
		pfree(generic->memo);
		generic->memo = NULL;
	}
	return result;
}

/*
 * may_remember: does the verdict follow from the bytes of one value?
 */
static bool
may_remember(const Generic *generic, Node *expr)
{
	Bitmapset *attnums = NULL;
	int read;

	pull_varattnos(expr, 1, &attnums);
	read = bms_num_members(attnums);
	bms_free(attnums);
	return read == 1 && generic->count == 1 &&
		   TupleDescAttr(generic->set->desc, generic->columns[0])->attlen ==
			   -1 &&
		   !contain_mutable_functions(expr);
}

/*
 * dq_kernel_generic_create: a kernel of any expression. Throws what the
 * executor throws when it prepares it: no right to call a function.
 */
DqKernel *
dq_kernel_generic_create(DqKernelSet *set, Node *expr)
{
	Generic *generic = palloc0(sizeof(Generic));
	Node *copy = copyObject(expr);

	convert_saop_to_hashed_saop(copy);
	generic->head.answer = answer_generic;
	generic->head.throws = true;
	generic->state = ExecInitExpr((Expr *) copy, NULL);
	generic->set = set;
	find_columns(generic, expr);
	if (may_remember(generic, expr))
		generic->memo = palloc0(sizeof(Memory) * 2 * MEMO_PAIRS);
	return &generic->head;
}
