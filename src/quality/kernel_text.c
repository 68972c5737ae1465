/*
 * kernel_text.c
 *	  Kernels of texts that are equal to a constant or to one of several.
 *
 * Under a deterministic collation texts are equal when their bytes are; of
 * bpchar, without the blanks at their ends. The length and the first eight
 * bytes decide nearly always; they are read once for all sets of a column.
 */
#include "postgres.h"

#include "quality/number.h"
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

/* what kernels of a column read of the texts of a batch */
typedef struct Prefixes
{
	int column;
	uint64 serial; /* of the batch */
	uint64 known; /* rows */
	uint64 prefixes[DQ_BATCH_ROWS];
} Prefixes;

/* a hash table, open addressing */
typedef struct TextSet
{
	DqKernel head;
	int column;
	Prefixes *prefixes;
	bool blanks; /* blanks at the end mean nothing */
	bool negated;
	bool has_null;
	int longest;
	uint64 lengths; /* that texts of the set have, as bits; 63: or more */
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
 * length_bit: of a set of lengths.
 */
static inline uint64
length_bit(int len)
{
	return UINT64CONST(1) << Min(len, 63);
}

/*
 * contains: is a text of this prefix one of the set?
 */
static inline bool
contains(const TextSet *set, uint64 prefix, const char *data, int len)
{
	uint32 at = place_of(set, prefix, len);

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
 * contains_value: is a value, however it is stored, one of the set? What is
 * too long is not even fetched.
 */
static bool
contains_value(const TextSet *set, Datum value)
{
	DqBytes bytes;
	int len;
	bool found = false;

	if (!set->blanks && dq_varlena_length(value) > set->longest)
		return false;
	dq_varlena_open(&bytes, value);
	len = bytes.len;
	if (set->blanks)
		len = bpchartruelen(unconstify(char *, bytes.data), len);
	if (len <= set->longest)
		found = contains(set, dq_varlena_prefix(bytes.data, len), bytes.data,
						 len);
	dq_varlena_close(&bytes);
	return found;
}

/*
 * read_prefixes: of rows whose values are stored as they are.
 */
static void
read_prefixes(Prefixes *prefixes, const DqBatch *batch, uint64 rows)
{
	const Datum *values = batch->values[prefixes->column];
	const int32 *lengths = batch->lengths[prefixes->column];
	int row;

	if (prefixes->serial != batch->serial)
		prefixes->known = 0;
	prefixes->serial = batch->serial;
	DQ_EACH_ROW(row, rows & ~prefixes->known)
	{
		prefixes->prefixes[row] =
			dq_varlena_prefix(VARDATA_ANY(DatumGetPointer(values[row])),
							  lengths[row]);
	}
	prefixes->known |= rows;
}

/*
 * find_plain: rows whose values are stored as they are and are in the set.
 */
static uint64
find_plain(const TextSet *set, const DqBatch *batch, uint64 wanted)
{
	const Datum *values = batch->values[set->column];
	const int32 *lengths = batch->lengths[set->column];
	const uint64 *prefixes = set->prefixes->prefixes;
	uint64 rows = 0;
	uint64 found = 0;
	int row;

	for (row = 0; row < batch->count; row++)
		rows |= (set->lengths >> Min((uint32) lengths[row], 63) & 1) << row;
	rows &= wanted;
	read_prefixes(set->prefixes, batch, rows);
	DQ_EACH_ROW(row, rows)
	{
		found |= (uint64) contains(set, prefixes[row],
								   VARDATA_ANY(DatumGetPointer(values[row])),
								   lengths[row])
				 << row;
	}
	return found;
}

/*
 * unknown_lengths: rows whose values are compressed or stored elsewhere.
 */
static uint64
unknown_lengths(const DqBatch *batch, int column)
{
	const int32 *lengths = batch->lengths[column];
	uint64 rows;
	int row;

	DQ_PACK(rows, row, lengths[row] < 0);
	return rows;
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
	uint64 others = wanted & ~result.null;
	int row;

	if (!set->blanks)
	{
		others &= unknown_lengths(batch, set->column);
		result.yes = find_plain(set, batch, wanted & ~result.null & ~others);
	}
	DQ_EACH_ROW(row, others)
	result.yes |= (uint64) contains_value(set, values[row]) << row;
	return dq_number_membership(result, set->has_null, set->negated);
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
	set->lengths |= length_bit(entry.len);
	at = place_of(set, entry.prefix, entry.len);
	while (set->entries[at].data != NULL)
		at = (at + 1) & set->mask;
	set->entries[at] = entry;
}

/*
 * prefixes_of: a column, shared by its kernels.
 */
static Prefixes *
prefixes_of(DqKernelSet *kernels, int column)
{
	Prefixes *prefixes;
	ListCell *lc;

	foreach(lc, kernels->prefixes)
	{
		prefixes = (Prefixes *) lfirst(lc);
		if (prefixes->column == column)
			return prefixes;
	}
	prefixes = palloc0(sizeof(Prefixes));
	prefixes->column = column;
	kernels->prefixes = lappend(kernels->prefixes, prefixes);
	return prefixes;
}

/*
 * make_set: of these elements.
 */
static DqKernel *
make_set(DqKernelSet *kernels, const DqMembership *membership)
{
	TextSet *set = palloc0(sizeof(TextSet));
	uint32 places = 4;
	int i;

	while (places < 2 * (uint32) membership->count)
		places *= 2;
	set->head.answer = answer_set;
	set->column = membership->column;
	set->prefixes = prefixes_of(kernels, set->column);
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
		return is_text(one.kind, one.collation) ? make_set(set, &one) : NULL;
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
	return make_set(set, &one);
}
