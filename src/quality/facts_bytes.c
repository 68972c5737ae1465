/*
 * facts_bytes.c
 *	  What is known of one column as bytes, for another process or for later.
 */
#include "postgres.h"

#include "base/compat.h"
#include "libpq/pqformat.h"
#include "quality/facts.h"
#include "utils/datum.h"
#include "utils/syscache.h"

/*
 * put_string: a text with its length; no conversion of encodings.
 */
static void
put_string(StringInfo buf, const char *string)
{
	int len = strlen(string);

	pq_sendint32(buf, len);
	pq_sendbytes(buf, string, len);
}

/*
 * get_string: read what put_string wrote.
 */
static char *
get_string(StringInfo buf)
{
	int len = (int) pq_getmsgint(buf, 4);

	return pnstrdup(pq_getmsgbytes(buf, len), len);
}

/*
 * put_scalar: a value with its length.
 */
static void
put_scalar(StringInfo buf, const DqKind *kind, DqScalar value)
{
	struct varlena *packed;
	Size len;

	if (!dq_kind_by_reference(kind))
	{
		pq_sendint64(buf, (uint64) value.i);
		return;
	}
	if (kind->typlen == -1)
	{
		packed = PG_DETOAST_DATUM(value.d);
		len = VARSIZE(packed);
		pq_sendint32(buf, (uint32) len);
		pq_sendbytes(buf, (char *) packed, len);
		return;
	}
	len = datumGetSize(value.d, false, kind->typlen);
	pq_sendint32(buf, (uint32) len);
	pq_sendbytes(buf, DatumGetPointer(value.d), len);
}

/*
 * get_scalar: read what put_scalar wrote.
 */
static DqScalar
get_scalar(StringInfo buf, const DqKind *kind)
{
	DqScalar value;
	int len;
	char *copy;

	value.i = 0;
	if (!dq_kind_by_reference(kind))
	{
		value.i = pq_getmsgint64(buf);
		return value;
	}
	len = (int) pq_getmsgint(buf, 4);
	copy = palloc(Max(len, 8));
	memcpy(copy, pq_getmsgbytes(buf, len), len);
	value.d = PointerGetDatum(copy);
	return value;
}

/*
 * put_stretches: the finished ones.
 */
static void
put_stretches(DqFacts *facts, StringInfo buf, int count)
{
	int i;

	for (i = 0; i < count; i++)
	{
		bool seen = dq_facts_is_ordered(facts) && i < facts->room &&
					facts->stretches[i].seen;

		pq_sendbyte(buf, seen);
		if (!seen)
			continue;
		put_scalar(buf, &facts->kind, facts->stretches[i].first);
		put_scalar(buf, &facts->kind, facts->stretches[i].last);
	}
}

/*
 * get_stretches: read what put_stretches wrote.
 */
static void
get_stretches(DqFacts *facts, StringInfo buf, int count)
{
	int i;

	for (i = 0; i < count; i++)
	{
		facts->now.seen = pq_getmsgbyte(buf) != 0;
		if (facts->now.seen)
		{
			facts->now.first = get_scalar(buf, &facts->kind);
			facts->now.last = get_scalar(buf, &facts->kind);
		}
		dq_facts_end_stretch(facts, i);
	}
}

/* the counters, in the order in which they are written */
#define COUNTERS(f)                                                     \
	{                                                                   \
		&(f)->nulls, &(f)->values, &(f)->nans, &(f)->plus_infinities,   \
			&(f)->minus_infinities, &(f)->zeros, &(f)->negatives,       \
			&(f)->trues, &(f)->empties, &(f)->blanks, &(f)->length_sum, \
			&(f)->length_min, &(f)->length_max                          \
	}

/*
 * dq_facts_save: see facts.h.
 */
void
dq_facts_save(DqFacts *facts, StringInfo buf, int stretches)
{
	int64 *counters[] = COUNTERS(facts);
	int i;

	put_string(buf, facts->name);
	put_string(buf, facts->type_name);
	pq_sendint32(buf, facts->column_type);
	pq_sendint32(buf, (uint32) facts->typmod);
	pq_sendint32(buf, facts->kind.collation);
	for (i = 0; i < lengthof(counters); i++)
		pq_sendint64(buf, (uint64) *counters[i]);
	pq_sendbyte(buf, facts->has_extremes);
	if (facts->has_extremes)
	{
		put_scalar(buf, &facts->kind, facts->min);
		put_scalar(buf, &facts->kind, facts->max);
		pq_sendfloat8(buf, facts->min_double);
		pq_sendfloat8(buf, facts->max_double);
		pq_sendint64(buf, facts->min_prefix);
		pq_sendint64(buf, facts->max_prefix);
	}
	pq_sendint64(buf, (uint64) facts->sum.high);
	pq_sendint64(buf, facts->sum.low);
	dq_exactsum_save(&facts->exact, buf);
	dq_moments_save(&facts->moments, buf);
	dq_sketch_save(&facts->sketch, buf);
	pq_sendbyte(buf, facts->rising);
	pq_sendbyte(buf, facts->falling);
	pq_sendbyte(buf, facts->repeating);
	put_stretches(facts, buf, stretches);
}

/*
 * read_head: which column it is. 42704 when its type is gone.
 */
static void
read_head(DqFacts *facts, StringInfo buf)
{
	char *name = get_string(buf);
	char *type_name = get_string(buf);
	Oid type = pq_getmsgint(buf, 4);
	int32 typmod = (int32) pq_getmsgint(buf, 4);
	Oid collation = pq_getmsgint(buf, 4);

	if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(type)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type %s of column \"%s\" does not exist any more",
						type_name, name)));
	dq_facts_init(facts, name, type, typmod, collation);
	facts->type_name = type_name;
}

/*
 * dq_facts_load: read what dq_facts_save wrote, in the current memory
 * context.
 */
void
dq_facts_load(DqFacts *facts, StringInfo buf, int stretches)
{
	int64 *counters[] = COUNTERS(facts);
	int i;

	read_head(facts, buf);
	for (i = 0; i < lengthof(counters); i++)
		*counters[i] = pq_getmsgint64(buf);
	facts->has_extremes = pq_getmsgbyte(buf) != 0;
	if (facts->has_extremes)
	{
		facts->min = get_scalar(buf, &facts->kind);
		facts->max = get_scalar(buf, &facts->kind);
		facts->min_double = pq_getmsgfloat8(buf);
		facts->max_double = pq_getmsgfloat8(buf);
		facts->min_prefix = (uint64) pq_getmsgint64(buf);
		facts->max_prefix = (uint64) pq_getmsgint64(buf);
	}
	facts->sum.high = pq_getmsgint64(buf);
	facts->sum.low = (uint64) pq_getmsgint64(buf);
	dq_exactsum_load(&facts->exact, buf);
	dq_moments_load(&facts->moments, buf);
	dq_sketch_load(&facts->sketch, buf);
	facts->rising = pq_getmsgbyte(buf) != 0;
	facts->falling = pq_getmsgbyte(buf) != 0;
	facts->repeating = pq_getmsgbyte(buf) != 0;
	get_stretches(facts, buf, stretches);
}
