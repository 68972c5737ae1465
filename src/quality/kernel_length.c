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
#include "quality/number.h"
#include "quality/varlena.h"
#include "utils/fmgroids.h"

typedef struct Length
{
	DqKernel head;
	int column;
	int longest; /* bytes of a character; 1: bytes are counted */
	bool ascii; /* bytes without the highest bit are characters */
	bool utf8;
	bool outside; /* the opposite */
	int32 low; /* at least 0 */
	int32 high; /* below low: none */
	/* bytes: from so many on at least low characters, beyond so many more
	 * than high characters */
	int32 sure_low;
	int32 sure_high;
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
 * is_ascii: has no byte its highest bit set? The last bytes are looked at
 * twice rather than one by one.
 */
static inline bool
is_ascii(const char *data, int len)
{
	const uint64 high = UINT64CONST(0x8080808080808080);
	uint64 seen = 0;
	uint64 word;
	int i;

	if (len < 8)
		return (dq_varlena_prefix(data, len) & high) == 0;
	for (i = 0; i < len - 8; i += 8)
	{
		memcpy(&word, data + i, 8);
		seen |= word;
	}
	memcpy(&word, data + len - 8, 8);
	return ((seen | word) & high) == 0;
}

/*
 * count_characters: of a text in the encoding of the database.
 */
static inline int
count_characters(const Length *length, const char *data, int len)
{
	if (length->ascii && is_ascii(data, len))
		return len;
	if (length->utf8)
		return count_utf8(data, len);
	return pg_mbstrlen_with_len(data, len);
}

/*
 * is_inside: is the length of a value within the bounds?
 */
static bool
is_inside(const Length *length, Datum value)
{
	int bytes = dq_varlena_length(value);
	DqBytes text;
	int characters;

	if (bytes >= length->sure_low && bytes <= length->high)
		return true;
	if (bytes < length->low || bytes > length->sure_high)
		return false;
	dq_varlena_open(&text, value);
	characters = count_characters(length, text.data, text.len);
	dq_varlena_close(&text);
	return characters >= length->low && characters <= length->high;
}

/*
 * answer_length: by the number of bytes for all rows; those that it does not
 * tell, or whose number of bytes is not known, one by one.
 */
static DqBits
answer_length(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	Length *length = (Length *) kernel;
	const Datum *values = batch->values[length->column];
	const int32 *bytes = batch->lengths[length->column];
	DqBits result = {0, batch->nulls[length->column]};
	int32 low = length->low;
	int32 high = length->high;
	int32 sure_low = length->sure_low;
	int32 sure_high = length->sure_high;
	uint64 open;
	int row;

	DQ_PACK(result.yes, row, (bytes[row] >= sure_low) & (bytes[row] <= high));
	DQ_PACK(open, row,
			(bytes[row] < 0) |
				((bytes[row] >= low) & (bytes[row] <= sure_high)));
	open &= ~result.yes & ~result.null & wanted;
	DQ_EACH_ROW(row, open)
	{
		int characters;

		if (bytes[row] < 0)
		{
			result.yes |= (uint64) is_inside(length, values[row]) << row;
			continue;
		}
		characters =
			count_characters(length, VARDATA_ANY(DatumGetPointer(values[row])),
							 bytes[row]);
		result.yes |= (uint64) (characters >= low && characters <= high)
					  << row;
	}
	result.yes &= ~result.null;
	if (length->outside)
		result.yes = ~(result.yes | result.null);
	return result;
}

/*
 * clamp: as a number of bytes or characters.
 */
static int32
clamp(int64 value)
{
	return (int32) Max(Min(value, PG_INT32_MAX), 0);
}

/*
 * be_sure: what numbers of bytes tell.
 */
static void
be_sure(Length *length)
{
	length->sure_low = 0;
	if (length->low > 0)
		length->sure_low =
			clamp((int64) length->longest * (length->low - 1) + 1);
	length->sure_high = -1;
	if (length->high >= 0)
		length->sure_high = clamp((int64) length->longest * length->high);
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
	be_sure(both);
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
 * bound: the lengths that REL value means; none: high is -1.
 */
static void
bound(Length *length, DqRelation relation, int64 value)
{
	int64 low = 0;
	int64 high = PG_INT32_MAX;

	length->outside = relation == DQ_NOT_EQUAL;
	switch (relation)
	{
		case DQ_LESS:
			high = value - 1;
			break;
		case DQ_LESS_EQUAL:
			high = value;
			break;
		case DQ_EQUAL:
		case DQ_NOT_EQUAL:
			low = high = value;
			break;
		case DQ_GREATER_EQUAL:
			low = value;
			break;
		case DQ_GREATER:
			low = value + 1;
			break;
	}
	length->low = clamp(low);
	length->high = high < 0 || low > PG_INT32_MAX ? -1 : clamp(high);
	be_sure(length);
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
	length->utf8 = GetDatabaseEncoding() == PG_UTF8;
	length->ascii = longest == 1 || length->utf8;
	bound(length, relation, DatumGetInt32(constant->constvalue));
	return &length->head;
}
