/*
 * varlena.h
 *	  Looking at values of variable length where they lie.
 */
#ifndef DQ_VARLENA_H
#define DQ_VARLENA_H

#include "access/detoast.h"
#include "base/compat.h"
#include "fmgr.h"

/* the bytes of a value */
typedef struct DqBytes
{
	const char *data;
	int len;
	void *copy; /* to be given to dq_varlena_close; NULL: none was made */
} DqBytes;

/*
 * Is it stored as it is, in its tuple?
 */
static inline bool
dq_varlena_is_plain(Datum value)
{
	const struct varlena *at = (struct varlena *) DatumGetPointer(value);

	return VARATT_IS_4B_U(at) || (VARATT_IS_1B(at) && !VARATT_IS_1B_E(at));
}

/*
 * The bytes of a value: where they lie or, when it is compressed or stored
 * elsewhere, in a copy.
 */
static inline void
dq_varlena_open(DqBytes *bytes, Datum value)
{
	struct varlena *at = (struct varlena *) DatumGetPointer(value);

	bytes->copy = NULL;
	if (!dq_varlena_is_plain(value))
		at = bytes->copy = pg_detoast_datum_packed(at);
	bytes->data = VARDATA_ANY(at);
	bytes->len = VARSIZE_ANY_EXHDR(at);
}

static inline void
dq_varlena_close(DqBytes *bytes)
{
	if (bytes->copy != NULL)
		pfree(bytes->copy);
}

/*
 * How many bytes it has, without fetching it.
 */
static inline int
dq_varlena_length(Datum value)
{
	if (dq_varlena_is_plain(value))
		return VARSIZE_ANY_EXHDR(DatumGetPointer(value));
	return (int) (toast_raw_datum_size(value) - VARHDRSZ);
}

/*
 * The first eight bytes, or all of a shorter value, as a number. Values of
 * one length of at most eight bytes are equal when their numbers are.
 */
static inline uint64
dq_varlena_prefix(const char *data, int len)
{
	uint64 whole = 0;
	uint32 first;
	uint32 last;

	if (len >= 8)
	{
		memcpy(&whole, data, 8);
		return whole;
	}
	if (len >= 4)
	{
		memcpy(&first, data, 4);
		memcpy(&last, data + len - 4, 4);
		return first | (uint64) last << 32;
	}
	if (len > 0)
		whole = (uint64) (unsigned char) data[0] |
				(uint64) (unsigned char) data[len / 2] << 8 |
				(uint64) (unsigned char) data[len - 1] << 16;
	return whole;
}

/*
 * Are two values of one length equal, given that their prefixes are?
 */
static inline bool
dq_varlena_rest_equal(const char *a, const char *b, int len)
{
	return len <= 8 || memcmp(a + 8, b + 8, len - 8) == 0;
}

#endif /* DQ_VARLENA_H */
