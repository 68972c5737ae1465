/*
 * kernel_text.c
 *	  Kernels of texts that are equal to a constant or to one of several.
 *
 * Under a deterministic collation texts are equal when their bytes are; of
 * bpchar, without the blanks at their ends. The length and the first eight
 * bytes decide nearly always.
 */
#include "postgres.h"

#include "quality/comparison.h"
#include "quality/kernel.h"
#include "quality/varlena.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* an element of the set */
typedef struct Entry
{
	const char *data; /* NULL: this place is free */
	int len;
	uint64 prefix;
} Entry;

/* a hash table, open addressing */
typedef struct TextSet
{
	DqKernel head;
	int column;
	bool blanks; /* blanks at the end mean nothing */
	bool negated;
	bool has_null;
	int longest;
	uint32 mask; /* places - 1 */
	Entry *entries;
} TextSet;

/*
 * place_of: where the search for a text begins.
 */
static inline uint32
place_of(const TextSet *set, uint64 prefix, int len)
{
	uint64 hash = (prefix ^ (uint64) len * UINT64CONST(0x9E3779B97F4A7C15)) *
				  UINT64CONST(0xD6E8FEB86659FD93);

	return (uint32) (hash >> 32) & set->mask;
}

/*
 * contains: is it one of the set?
 */
static inline bool
contains(const TextSet *set, const char *data, int len)
{
	uint64 prefix;
	uint32 at;

	if (set->blanks)
		len = bpchartruelen(unconstify(char *, data), len);
	if (len > set->longest)
		return false;
	prefix = dq_varlena_prefix(data, len);
	at = place_of(set, prefix, len);
	while (set->entries[at].data != NULL)
	{
		const Entry *entry = &set->entries[at];

		if (entry->prefix == prefix && entry->len == len &&
			dq_varlena_rest_equal(entry->data, data, len))
			return true;
		at = (at + 1) & set->mask;
	}
	return false;
}

/*
 * answer_set: = ANY; NULL instead of false when an element is NULL.
 */
static DqBits
answer_set(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	TextSet *set = (TextSet *) kernel;
	const Datum *values = batch->values[set->column];
	DqBits result = {0, batch->nulls[set->column]};
	int row;

	DQ_EACH_ROW(row, wanted & ~result.null)
	{
		DqBytes bytes;

		/* what is too long is not even fetched */
		if (!set->blanks && dq_varlena_length(values[row]) > set->longest)
			continue;
		dq_varlena_open(&bytes, values[row]);
		result.yes |= (uint64) contains(set, bytes.data, bytes.len) << row;
		dq_varlena_close(&bytes);
	}
	if (set->has_null)
		result.null |= ~result.yes;
	if (set->negated)
		result.yes = ~(result.yes | result.null);
	return result;
}

/*
 * add: an element.
 */
static void
add(TextSet *set, Datum element)
{
	struct varlena *copy = PG_DETOAST_DATUM_PACKED(element);
	Entry entry;
	uint32 at;

	entry.data = VARDATA_ANY(copy);
	entry.len = VARSIZE_ANY_EXHDR(copy);
	if (set->blanks)
		entry.len = bpchartruelen(unconstify(char *, entry.data), entry.len);
	entry.prefix = dq_varlena_prefix(entry.data, entry.len);
	set->longest = Max(set->longest, entry.len);
	at = place_of(set, entry.prefix, entry.len);
	while (set->entries[at].data != NULL)
		at = (at + 1) & set->mask;
	set->entries[at] = entry;
}

/*
 * make_set: of these elements.
 */
static DqKernel *
make_set(const DqMembership *membership)
{
	TextSet *set = palloc0(sizeof(TextSet));
	uint32 places = 4;
	int i;

	while (places < 2 * (uint32) membership->count)
		places *= 2;
	set->head.answer = answer_set;
	set->column = membership->column;
	set->blanks = membership->kind == DQ_KIND_BPCHAR;
	set->negated = membership->negated;
	set->has_null = membership->has_null;
	set->mask = places - 1;
	set->entries = palloc0(sizeof(Entry) * places);
	for (i = 0; i < membership->count; i++)
		add(set, membership->elements[i]);
	return &set->head;
}

/*
 * is_text: a kind whose equality is that of bytes under this collation.
 */
static bool
is_text(DqKind kind, Oid collation)
{
	return (kind == DQ_KIND_TEXT || kind == DQ_KIND_BPCHAR) &&
		   OidIsValid(collation) && get_collation_isdeterministic(collation);
}

/*
 * dq_kernel_text_recognise: the recogniser of this file.
 */
DqKernel *
dq_kernel_text_recognise(DqKernelSet *set, Node *expr)
{
	DqComparison comparison;
	DqMembership one = {.count = 1};

	if (dq_comparison_read_set(expr, &one))
		return is_text(one.kind, one.collation) ? make_set(&one) : NULL;
	if (!dq_comparison_read(expr, &comparison) || comparison.other >= 0 ||
		!is_text(comparison.kind, comparison.collation))
		return NULL;
	if (comparison.relation != DQ_EQUAL && comparison.relation != DQ_NOT_EQUAL)
		return NULL;
	one.column = comparison.column;
	one.kind = comparison.kind;
	one.negated = comparison.relation == DQ_NOT_EQUAL;
	one.has_null = false;
	one.count = 1;
	one.elements = &comparison.constant;
	return make_set(&one);
}
