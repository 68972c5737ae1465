/*
 * kernel_length.c
 *	  Kernels that compare the length of a text with constants.
 *
 * The number of bytes is in the value's header, also of one that is
 * compressed or stored elsewhere. It often decides about the number of
 * characters, too: n bytes are between n / longest character and n of them.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "quality/comparison.h"
#include "quality/kernel.h"
#include "quality/varlena.h"
#include "utils/fmgroids.h"

typedef struct Length
{
	DqKernel head;
	int column;
	int longest; /* bytes of a character; 1: bytes are counted */
	bool outside; /* the opposite */
	int64 low;
	int64 high;
} Length;

/*
 * count_utf8: bytes that begin a character, eight at a time.
 */
static int
count_utf8(const char *data, int len)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	int count = len;
	uint64 word;
	int i;

	for (i = 0; i + 8 <= len; i += 8)
	{
		memcpy(&word, data + i, 8);
		if ((word & (ones << 7)) == 0)
			continue;
		/* a byte that goes on with a character is 10xxxxxx */
		word = (word >> 7) & ~(word >> 6) & ones;
		count -= (int) ((word * ones) >> 56);
	}
	for (; i < len; i++)
		count -= ((unsigned char) data[i] & 0xC0) == 0x80;
	return count;
}

/*
 * count_characters: of a text in the encoding of the database.
 */
static int
count_characters(const char *data, int len)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return count_utf8(data, len);
	return pg_mbstrlen_with_len(data, len);
}

/*
 * is_inside: is the length of a value within the bounds?
 */
static inline bool
is_inside(const Length *length, Datum value)
{
	int bytes = dq_varlena_length(value);
	int least = (bytes + length->longest - 1) / length->longest;
	DqBytes text;
	int characters;

	if (least >= length->low && bytes <= length->high)
		return true;
	if (bytes < length->low || least > length->high)
		return false;
	dq_varlena_open(&text, value);
	characters = count_characters(text.data, text.len);
	dq_varlena_close(&text);
	return characters >= length->low && characters <= length->high;
}

/*
 * answer_length
 */
static DqBits
answer_length(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Length *length = (Length *) kernel;
	const Datum *values = batch->values[length->column];
	DqBits result = {0, batch->nulls[length->column]};
	int row;

	DQ_EACH_ROW(row, wanted & ~result.null)
	result.yes |= (uint64) is_inside(length, values[row]) << row;
	if (length->outside)
		result.yes = ~(result.yes | result.null);
	return result;
}

/*
 * merge: two bounds of one length.
 */
static DqKernel *
merge(DqKernel *kernel, DqKernel *other)
{
	Length *one = (Length *) kernel;
	Length *two = (Length *) other;
	Length *both;

	if (kernel->answer != other->answer || one->column != two->column ||
		one->longest != two->longest || one->outside || two->outside)
		return NULL;
	both = palloc0(sizeof(Length));
	*both = *one;
	both->head.expr = NULL;
	both->head.shared = false;
	both->low = Max(one->low, two->low);
	both->high = Min(one->high, two->high);
	return &both->head;
}

/*
 * measured_column: the column whose length this is, or -1, and the number of
 * bytes of the longest thing that is counted.
 */
static int
measured_column(Node *expr, int *longest)
{
	FuncExpr *function = (FuncExpr *) expr;

	if (!IsA(expr, FuncExpr))
		return -1;
	switch (function->funcid)
	{
		case F_LENGTH_TEXT:
		case F_CHAR_LENGTH_TEXT:
		case F_CHARACTER_LENGTH_TEXT:
			*longest = pg_database_encoding_max_length();
			break;
		case F_OCTET_LENGTH_TEXT:
		case F_OCTET_LENGTH_BYTEA:
		case F_LENGTH_BYTEA:
			*longest = 1;
			break;
		default:
			return -1;
	}
	return dq_comparison_column((Node *) linitial(function->args));
}

/*
 * bound: the lengths that REL value means.
 */
static void
bound(Length *length, DqRelation relation, int64 value)
{
	length->low = 0;
	length->high = PG_INT32_MAX;
	length->outside = relation == DQ_NOT_EQUAL;
	switch (relation)
	{
		case DQ_LESS:
			length->high = value - 1;
			break;
		case DQ_LESS_EQUAL:
			length->high = value;
			break;
		case DQ_EQUAL:
		case DQ_NOT_EQUAL:
			length->low = length->high = value;
			break;
		case DQ_GREATER_EQUAL:
			length->low = value;
			break;
		case DQ_GREATER:
			length->low = value + 1;
			break;
	}
}

/*
 * dq_kernel_length_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_length_recognise(DqKernelSet *set, Node *expr)
{
	OpExpr *op = (OpExpr *) expr;
	DqRelation relation;
	DqKind left;
	DqKind right;
	Const *constant;
	Length *length;
	int longest;
	int column;

	if (!IsA(expr, OpExpr) || list_length(op->args) != 2 ||
		!IsA(lsecond(op->args), Const))
		return NULL;
	constant = lsecond_node(Const, op->args);
	column = measured_column(linitial(op->args), &longest);
	if (column < 0 || constant->constisnull ||
		!dq_comparison_function(op->opfuncid, &relation, &left, &right) ||
		left != DQ_KIND_INT4 || right != DQ_KIND_INT4)
		return NULL;
	length = palloc0(sizeof(Length));
	length->head.answer = answer_length;
	length->head.merge = merge;
	length->column = column;
	length->longest = longest;
	bound(length, relation, DatumGetInt32(constant->constvalue));
	return &length->head;
}
