/*
 * keyform.c
 *	  Keys of rows, as keyset.h wants them.
 *
 * A key of columns whose bytes (keycolumn.h) fit into 16 is exact: a single
 * value of fixed length as it is; otherwise a byte that tells which columns
 * are NULL comes first, and a value of variable length has its length before
 * it. Whether they fit depends on the bytes only, so equal keys have the same
 * form.
 *
 * Any other key is hashed: of columns with bytes these, of the rest the values
 * by the extended hash function of the type's operator class (under the
 * column's collation), which agrees with the equality of GROUP BY.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "quality/keycolumn.h"
#include "quality/keyform.h"
#include "quality/keyimage.h"
#include "quality/kernel.h"
#include "quality/varlena.h"
#include "utils/lsyscache.h"

#define EXACT_BYTES 16

/* a bit of a byte for each column */
#define MAX_TAGGED 8

/* columns of keys that are packed */
#define MAX_PACKED 8

struct DqKeyform
{
	int n_columns;
	DqKeyColumn *columns;
	bool nulls_inside;
	bool tagged; /* exact keys begin with a byte for NULLs */
	bool may_be_exact;
	bool may_be_opaque; /* a value of it */
	int words; /* of exact keys */
	bool is_packed; /* values without NULL, by words and texts */
};

/* a value that is a word, or the bytes of a text */
typedef struct Pack
{
	uint64 word;
	const char *bytes; /* NULL: a word */
	uint16 length;
} Pack;

/*
 * can_pack: are all columns numbers or texts?
 */
static bool
can_pack(const DqKeyform *form)
{
	int i;

	if (form->n_columns > MAX_PACKED)
		return false;
	for (i = 0; i < form->n_columns; i++)
	{
		switch (form->columns[i].kind)
		{
			case DQ_KEY_WORD:
			case DQ_KEY_FLOAT4:
			case DQ_KEY_FLOAT8:
			case DQ_KEY_TEXT:
				break;
			case DQ_KEY_FIXED:
			case DQ_KEY_NAME:
			case DQ_KEY_BPCHAR:
			case DQ_KEY_NUMERIC:
			case DQ_KEY_OTHER:
				return false;
		}
	}
	return true;
}

/*
 * dq_keyform_create: the form of the keys of these columns.
 */
DqKeyform *
dq_keyform_create(Relation rel, List *attnums, bool nulls_inside)
{
	DqKeyform *form = palloc0(sizeof(DqKeyform));
	int bytes = 0;
	bool fixed = true;
	ListCell *lc;

	form->columns = palloc0(sizeof(DqKeyColumn) * list_length(attnums));
	form->may_be_exact = true;
	foreach(lc, attnums)
	{
		DqKeyColumn *column = &form->columns[form->n_columns++];

		if (!dq_keycolumn_open(column, TupleDescAttr(RelationGetDescr(rel),
													 lfirst_int(lc) - 1)))
			return NULL;
		if (column->kind == DQ_KEY_OTHER)
			form->may_be_exact = false;
		if (dq_keycolumn_may_be_opaque(column))
			form->may_be_opaque = true;
		bytes += column->len;
		fixed = fixed && column->len > 0;
	}
	form->nulls_inside = nulls_inside;
	form->tagged = nulls_inside || !fixed;
	if (form->tagged && form->n_columns > MAX_TAGGED)
		form->may_be_exact = false;
	form->is_packed = !nulls_inside && can_pack(form);
	form->words = !form->tagged && bytes <= sizeof(uint64) ? 1 : 2;
	return form;
}

/*
 * dq_keyform_is_parallel_safe: the functions of built-in types are.
 */
bool
dq_keyform_is_parallel_safe(const DqKeyform *form)
{
	int i;

	for (i = 0; i < form->n_columns; i++)
	{
		const DqKeyColumn *column = &form->columns[i];

		if (column->kind == DQ_KEY_OTHER &&
			func_parallel(column->hash.fn_oid) != PROPARALLEL_SAFE)
			return false;
	}
	return true;
}

/*
 * dq_keyform_keyset: for keys of this form.
 */
DqKeyset *
dq_keyform_keyset(const DqKeyform *form, Size memory)
{
	return dq_keyset_create(form->words, memory);
}

/*
 * dq_keyform_columns: how many.
 */
int
dq_keyform_columns(const DqKeyform *form)
{
	return form->n_columns;
}

/*
 * mix_bytes: into a hash so far, eight at a time.
 */
static inline uint64
mix_bytes(uint64 hash, const char *bytes, int n)
{
	uint64 word;

	hash ^= (uint64) n * UINT64CONST(0x9E3779B97F4A7C15);
	for (; n >= (int) sizeof(word); n -= sizeof(word))
	{
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * UINT64CONST(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
		bytes += sizeof(word);
	}
	if (n > 0)
	{
		word = 0;
		memcpy(&word, bytes, n);
		hash = (hash ^ word) * UINT64CONST(0xc4ceb9fe1a85ec53);
		hash ^= hash >> 32;
	}
	return hash;
}

/*
 * hash_key: of the row that dq_keycolumn_find has seen.
 */
static uint64
hash_key(DqKeyform *form)
{
	uint64 hash = 0;
	int i;

	for (i = 0; i < form->n_columns; i++)
	{
		DqKeyColumn *column = &form->columns[i];

		if (column->isnull)
			hash = dq_keyset_mix(hash + 1);
		else if (column->opaque)
			hash = dq_keyset_mix(hash) +
				   DatumGetUInt64(FunctionCall2Coll(&column->hash,
													column->collation,
													(Datum) column->word,
													Int64GetDatum(0)));
		else
			hash = mix_bytes(hash, column->bytes, column->n_bytes);
	}
	return hash;
}

/*
 * exact_key: the words of the row that dq_keycolumn_find has seen, or false.
 */
static bool
exact_key(const DqKeyform *form, uint64 *words)
{
	char image[EXACT_BYTES] = {0};
	int used = form->tagged ? 1 : 0;
	int i;

	if (!form->may_be_exact)
		return false;
	for (i = 0; i < form->n_columns; i++)
	{
		const DqKeyColumn *column = &form->columns[i];

		if (column->isnull)
		{
			image[0] |= 1 << i;
			continue;
		}
		if (column->opaque ||
			used + column->n_bytes + (column->len == 0) > EXACT_BYTES)
			return false;
		if (column->len == 0)
			image[used++] = (char) column->n_bytes;
		memcpy(image + used, column->bytes, column->n_bytes);
		used += column->n_bytes;
	}
	memcpy(words, image, EXACT_BYTES);
	return true;
}

/*
 * add_words: keys of one column that is a number.
 */
static void
add_words(const DqKeyColumn *column, DqKeyset *set, const DqBatch *batch,
		  uint64 rows, uint64 table)
{
	const Datum *values = batch->values[column->at];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		dq_keyset_add_word(set, dq_keycolumn_word(column, values[row]),
						   dq_keyform_ref(batch, row, table));
	}
}

/*
 * add_texts: keys of one column of variable length, as exact_key and hash_key
 * make them.
 */
static void
add_texts(const DqKeyColumn *column, DqKeyset *set, const DqBatch *batch,
		  uint64 rows, uint64 table)
{
	const Datum *values = batch->values[column->at];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		uint64 ref = dq_keyform_ref(batch, row, table);
		char image[EXACT_BYTES] = {0};
		uint64 words[2];
		DqBytes bytes;

		dq_varlena_open(&bytes, values[row]);
		if (bytes.len > EXACT_BYTES - 2)
			dq_keyset_add_hashed(set, mix_bytes(0, bytes.data, bytes.len),
								 ref);
		else
		{
			image[1] = (char) bytes.len;
			memcpy(image + 2, bytes.data, bytes.len);
			memcpy(words, image, EXACT_BYTES);
			dq_keyset_add_words(set, words, ref);
		}
		dq_varlena_close(&bytes);
	}
}

/*
 * find_row: the values of a row.
 */
static inline void
find_row(DqKeyform *form, const DqBatch *batch, int row)
{
	int i;

	for (i = 0; i < form->n_columns; i++)
	{
		DqKeyColumn *column = &form->columns[i];

		column->isnull = (batch->nulls[column->at] >> row) & 1;
		if (!column->isnull)
			dq_keycolumn_find(column, batch->values[column->at][row]);
	}
}

/*
 * hold_row: the key of the row at hand as it is.
 */
static inline void
hold_row(DqKeyform *form, DqKeyhold *hold, uint64 hash, uint64 ref)
{
	int size = dq_keyimage_size(form->columns, form->n_columns,
								form->nulls_inside);
	char *image = dq_keyhold_add(hold, hash, ref, size);

	if (size > 0)
		dq_keyimage_write(form->columns, form->n_columns, form->nulls_inside,
						  image);
}

/*
 * add_long: keys that are not exact, to a sample or a second look.
 */
static void
add_long(DqKeyform *form, DqKeyTarget *target, const DqBatch *batch,
		 uint64 rows, uint64 table)
{
	uint64 words[2];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		uint64 hash;

		find_row(form, batch, row);
		if (exact_key(form, words))
			continue;
		hash = dq_keyset_mix(hash_key(form));
		if (target->sample != NULL)
			dq_keysample_add(target->sample, hash);
		else if (!dq_keymarks_has(target->marks, hash))
			target->alone++;
		else
			hold_row(form, target->hold, hash,
					 dq_keyform_ref(batch, row, table));
	}
}

/*
 * add_held: all keys as they are.
 */
static void
add_held(DqKeyform *form, DqKeyhold *hold, const DqBatch *batch, uint64 rows,
		 uint64 table)
{
	int row;

	DQ_EACH_ROW(row, rows)
	{
		find_row(form, batch, row);
		hold_row(form, hold, dq_keyset_mix(hash_key(form)),
				 dq_keyform_ref(batch, row, table));
	}
}

/*
 * pack_row: find the values of a row, which have bytes, and mix them into a
 * hash; returns the length of its image, 0 when it is too long.
 */
static inline int
pack_row(const DqKeyform *form, const DqBatch *batch, int row, Pack *packs,
		 uint64 *hash)
{
	int size = 0;
	int i;

	*hash = 0;
	for (i = 0; i < form->n_columns; i++)
	{
		const DqKeyColumn *column = &form->columns[i];
		Datum value = batch->values[column->at][row];
		Pack *pack = &packs[i];
		DqBytes bytes;

		if (column->kind != DQ_KEY_TEXT)
		{
			pack->word = dq_keycolumn_word(column, value);
			pack->bytes = NULL;
			*hash = dq_keyset_mix(*hash ^ pack->word);
			size += sizeof(uint64);
			continue;
		}
		dq_varlena_open(&bytes, value);
		if (bytes.len > DQ_KEY_MAX_IMAGE)
			return 0;
		pack->bytes = bytes.data;
		pack->length = (uint16) bytes.len;
		*hash = mix_bytes(*hash, bytes.data, bytes.len);
		size += sizeof(pack->length) + bytes.len;
	}
	return size > DQ_KEY_MAX_IMAGE ? 0 : size;
}

/*
 * write_packs: as an image.
 */
static inline void
write_packs(const Pack *packs, int n, char *at)
{
	int i;

	for (i = 0; i < n; i++)
	{
		const Pack *pack = &packs[i];

		if (pack->bytes == NULL)
		{
			memcpy(at, &pack->word, sizeof(pack->word));
			at += sizeof(pack->word);
			continue;
		}
		memcpy(at, &pack->length, sizeof(pack->length));
		at += sizeof(pack->length);
		memcpy(at, pack->bytes, pack->length);
		at += pack->length;
	}
}

/*
 * add_packed: as add_held, keys of numbers and texts without NULL.
 */
static void
add_packed(DqKeyform *form, DqKeyhold *hold, const DqBatch *batch,
		   uint64 rows, uint64 table)
{
	Pack packs[MAX_PACKED];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		uint64 ref = dq_keyform_ref(batch, row, table);
		uint64 hash;
		int size = pack_row(form, batch, row, packs, &hash);

		if (size == 0)
		{
			find_row(form, batch, row);
			(void) dq_keyhold_add(hold, dq_keyset_mix(hash_key(form)), ref, 0);
			continue;
		}
		write_packs(packs, form->n_columns,
					dq_keyhold_add(hold, dq_keyset_mix(hash), ref, size));
	}
}

/*
 * add_sketch: how many different keys, about.
 */
static void
add_sketch(DqKeyform *form, DqSketch *sketch, const DqBatch *batch,
		   uint64 rows)
{
	bool number = form->words == 1 && form->n_columns == 1;
	const DqKeyColumn *column = &form->columns[0];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		uint64 hash;

		if (number)
			hash = dq_keycolumn_word(column, batch->values[column->at][row]);
		else
		{
			find_row(form, batch, row);
			hash = hash_key(form);
		}
		dq_sketch_add(sketch, dq_keyset_mix(hash));
	}
}

/*
 * add_to_set: exact keys, or hashes.
 */
static void
add_to_set(DqKeyform *form, DqKeyset *set, const DqBatch *batch, uint64 rows,
		   uint64 table)
{
	uint64 words[2];
	int row;

	DQ_EACH_ROW(row, rows)
	{
		uint64 ref = dq_keyform_ref(batch, row, table);

		find_row(form, batch, row);
		if (!exact_key(form, words))
			dq_keyset_add_hashed(set, hash_key(form), ref);
		else if (form->words == 1)
			dq_keyset_add_word(set, words[0], ref);
		else
			dq_keyset_add_words(set, words, ref);
	}
}

/*
 * dq_keyform_add: the keys of some rows.
 */
void
dq_keyform_add(DqKeyform *form, DqKeyTarget *target, const DqBatch *batch,
			   uint64 rows, uint64 table)
{
	const DqKeyColumn *first = &form->columns[0];

	if (target->sketch != NULL)
		add_sketch(form, target->sketch, batch, rows);
	else if (target->sample != NULL || target->marks != NULL)
		add_long(form, target, batch, rows, table);
	else if (target->hold != NULL && form->is_packed)
		add_packed(form, target->hold, batch, rows, table);
	else if (target->hold != NULL)
		add_held(form, target->hold, batch, rows, table);
	else if (form->words == 1 && form->n_columns == 1)
		add_words(first, target->set, batch, rows, table);
	else if (first->kind == DQ_KEY_TEXT && form->n_columns == 1)
		add_texts(first, target->set, batch, rows, table);
	else
		add_to_set(form, target->set, batch, rows, table);
}

/*
 * dq_keyform_is_fixed: are all of its keys exact?
 */
bool
dq_keyform_is_fixed(const DqKeyform *form)
{
	return form->words == 1;
}

/*
 * dq_keyform_images_equal: although they differ?
 */
bool
dq_keyform_images_equal(DqKeyform *form, const char *a, const char *b)
{
	return form->may_be_opaque &&
		   dq_keyimage_equal(form->columns, form->n_columns,
							 form->nulls_inside, a, b);
}

/*
 * dq_keyform_equal: by the equality of each type.
 */
bool
dq_keyform_equal(DqKeyform *form, const Datum *a, const bool *a_nulls,
				 const Datum *b, const bool *b_nulls)
{
	int i;

	for (i = 0; i < form->n_columns; i++)
	{
		DqKeyColumn *column = &form->columns[i];

		if (a_nulls[i] != b_nulls[i])
			return false;
		if (!a_nulls[i] &&
			!DatumGetBool(FunctionCall2Coll(&column->equal,
											column->collation, a[i], b[i])))
			return false;
	}
	return true;
}
