/*
 * keyimage.c
 *	  A key as bytes from which its values can be had again.
 *
 * An image has
 *
 *	- a bit for each column that is NULL, in whole bytes, if any may be
 *	- for each column that is not: its bytes. A length of two bytes is before
 *	  those that vary, with a mark when they are the value itself because it is
 *	  opaque; an opaque value begins at a multiple of DQ_KEY_ALIGN.
 *
 * The same key may have several images, but only where values are opaque.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "base/compat.h"
#include "quality/keyhold.h"
#include "quality/keyimage.h"

/* in the length of a value */
#define OPAQUE 0x8000

StaticAssertDecl(DQ_KEY_MAX_IMAGE < OPAQUE, "lengths leave room for a mark");

/* a value in an image */
typedef struct Part
{
	bool isnull;
	bool opaque;
	const char *bytes;
	int n_bytes;
} Part;

/*
 * null_bytes: that an image begins with.
 */
static inline int
null_bytes(int n, bool nulls)
{
	return nulls ? (n + 7) / 8 : 0;
}

/*
 * find_stored: the bytes of an opaque value, unless they are too many.
 */
static bool
find_stored(DqKeyColumn *column)
{
	Datum value = (Datum) column->word;

	column->bytes = DatumGetPointer(value);
	column->n_bytes = column->stored_len;
	if (column->by_value)
	{
		column->bytes = (const char *) &column->word;
		column->n_bytes = sizeof(column->word);
	}
	else if (column->stored_len == -1)
	{
		struct varlena *plain;

		if (toast_raw_datum_size(value) > DQ_KEY_MAX_IMAGE)
			return false;
		plain = pg_detoast_datum_packed((struct varlena *) column->bytes);
		column->bytes = (const char *) plain;
		column->n_bytes = VARSIZE_ANY(plain);
	}
	else if (column->stored_len == -2)
		column->n_bytes = strlen(column->bytes) + 1;
	return true;
}

/*
 * dq_keyimage_size: of the row at hand, 0 when it is too long.
 */
int
dq_keyimage_size(DqKeyColumn *columns, int n, bool nulls)
{
	int size = null_bytes(n, nulls);
	int i;

	for (i = 0; i < n; i++)
	{
		DqKeyColumn *column = &columns[i];

		if (column->isnull)
			continue;
		if (column->opaque && !find_stored(column))
			return 0;
		if (column->n_bytes > DQ_KEY_MAX_IMAGE)
			return 0;
		if (column->len == 0)
			size += sizeof(uint16);
		if (column->opaque)
			size = TYPEALIGN(DQ_KEY_ALIGN, size);
		size += column->n_bytes;
		if (size > DQ_KEY_MAX_IMAGE)
			return 0;
	}
	return size;
}

/*
 * dq_keyimage_write: the row at hand, of which the size was asked.
 */
void
dq_keyimage_write(const DqKeyColumn *columns, int n, bool nulls, char *image)
{
	int at = null_bytes(n, nulls);
	int i;

	memset(image, 0, at);
	for (i = 0; i < n; i++)
	{
		const DqKeyColumn *column = &columns[i];

		if (column->isnull)
		{
			image[i / 8] |= 1 << (i % 8);
			continue;
		}
		if (column->len == 0)
		{
			uint16 length = column->n_bytes | (column->opaque ? OPAQUE : 0);

			memcpy(image + at, &length, sizeof(length));
			at += sizeof(length);
		}
		if (column->opaque)
		{
			int start = TYPEALIGN(DQ_KEY_ALIGN, at);

			memset(image + at, 0, start - at);
			at = start;
		}
		memcpy(image + at, column->bytes, column->n_bytes);
		at += column->n_bytes;
	}
}

/*
 * read_part: the value of the nth column, *at moves behind it.
 */
static Part
read_part(const DqKeyColumn *column, int n, bool nulls, const char *image,
		  int *at)
{
	Part part = {false};
	uint16 length;

	if (nulls && ((image[n / 8] >> (n % 8)) & 1) != 0)
	{
		part.isnull = true;
		return part;
	}
	part.n_bytes = column->len;
	if (column->len == 0)
	{
		memcpy(&length, image + *at, sizeof(length));
		*at += sizeof(length);
		part.opaque = (length & OPAQUE) != 0;
		part.n_bytes = length & ~OPAQUE;
	}
	if (part.opaque)
		*at = TYPEALIGN(DQ_KEY_ALIGN, *at);
	part.bytes = image + *at;
	*at += part.n_bytes;
	return part;
}

/*
 * opaque_value: as a function takes it.
 */
static Datum
opaque_value(const DqKeyColumn *column, const Part *part)
{
	if (column->by_value)
		return (Datum) * (const uint64 *) part->bytes;
	return PointerGetDatum(part->bytes);
}

/*
 * parts_equal: two values of a column.
 */
static bool
parts_equal(DqKeyColumn *column, const Part *a, const Part *b)
{
	if (a->isnull || b->isnull)
		return a->isnull && b->isnull;
	if (a->opaque != b->opaque)
		return false;
	if (a->n_bytes == b->n_bytes &&
		memcmp(a->bytes, b->bytes, a->n_bytes) == 0)
		return true;
	return a->opaque &&
		   DatumGetBool(FunctionCall2Coll(&column->equal, column->collation,
										  opaque_value(column, a),
										  opaque_value(column, b)));
}

/*
 * dq_keyimage_equal: column by column.
 */
bool
dq_keyimage_equal(DqKeyColumn *columns, int n, bool nulls, const char *a,
				  const char *b)
{
	int at_a = null_bytes(n, nulls);
	int at_b = at_a;
	int i;

	for (i = 0; i < n; i++)
	{
		Part one = read_part(&columns[i], i, nulls, a, &at_a);
		Part two = read_part(&columns[i], i, nulls, b, &at_b);

		if (!parts_equal(&columns[i], &one, &two))
			return false;
	}
	return true;
}
