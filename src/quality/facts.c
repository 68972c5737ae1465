/*
 * facts.c
 *	  What is known of one column after some rows, in constant memory.
 *
 * dq_facts_add runs once for every value of every row: by-value types take no
 * function call but the sketch's. What a value leaves behind is copied into
 * the context of the facts; detoasted copies go to the caller's scratch
 * context, which is reset after each row.
 */
#include "postgres.h"

#include <math.h>

#include "base/compat.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "quality/facts.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* remembered texts, whose comparison is expensive */
#define MEMO_SLOTS 1024

/* doubles closer than this do not order two numerics */
#define NEARLY 4e-15

/*
 * dq_facts_init: nothing is known yet of this column. The facts live in the
 * current memory context.
 */
void
dq_facts_init(DqFacts *facts, const char *name, Oid type, int32 typmod,
			  Oid collation)
{
	memset(facts, 0, sizeof(DqFacts));
	facts->name = pstrdup(name);
	facts->type_name = format_type_with_typemod(type, typmod);
	facts->column_type = type;
	facts->typmod = typmod;
	facts->context = CurrentMemoryContext;
	dq_kind_init(&facts->kind, type, collation);
	dq_sketch_init(&facts->sketch);
	facts->rising = facts->falling = facts->kind.can_order;
	if (facts->kind.class == DQ_KIND_TEXT && !facts->kind.bytewise)
		facts->memo = palloc0(sizeof(uint64) * MEMO_SLOTS);
}

/*
 * dq_facts_sort: keep all values, sorted, spilling what is more than that
 * many kB. Types without an order have no sort.
 */
void
dq_facts_sort(DqFacts *facts, int work_mem_kb)
{
	if (facts->kind.can_order)
		facts->sort = tuplesort_begin_datum(facts->kind.type,
											facts->kind.less,
											facts->kind.collation, false,
											work_mem_kb, NULL,
											TUPLESORT_NONE);
}

/*
 * keep: put a copy of a value into a place of the facts.
 */
static void
keep(DqFacts *facts, DqScalar *place, DqScalar value, bool used)
{
	MemoryContext old;

	if (!dq_kind_by_reference(&facts->kind))
	{
		*place = value;
		return;
	}
	old = MemoryContextSwitchTo(facts->context);
	if (used)
		pfree(DatumGetPointer(place->d));
	*place = dq_kind_copy(&facts->kind, value);
	MemoryContextSwitchTo(old);
}

/*
 * follow: take note of how a value compares to the one before it.
 */
static void
follow(DqFacts *facts, int comparison)
{
	if (comparison < 0)
		facts->rising = false;
	else if (comparison > 0)
		facts->falling = false;
	else
		facts->repeating = true;
}

/*
 * order_value: the order of the rows, for types whose comparison is a call.
 */
static void
order_value(DqFacts *facts, DqScalar value)
{
	if (!dq_facts_is_ordered(facts))
		return;
	if (facts->now.seen)
		follow(facts, dq_kind_compare(&facts->kind, value, facts->now.last));
	else
		keep(facts, &facts->now.first, value, false);
	keep(facts, &facts->now.last, value, facts->now.seen);
	facts->now.seen = true;
}

/*
 * order_integer: the same where it is not.
 */
static inline void
order_integer(DqFacts *facts, int64 value)
{
	DqStretch *now = &facts->now;

	if (!dq_facts_is_ordered(facts))
		return;
	if (now->seen)
		follow(facts, (value > now->last.i) - (value < now->last.i));
	else
		now->first.i = value;
	now->last.i = value;
	now->seen = true;
}

/*
 * extend: the extremes, for types whose comparison is a call.
 */
static void
extend(DqFacts *facts, DqScalar value)
{
	if (!facts->has_extremes)
	{
		keep(facts, &facts->min, value, false);
		keep(facts, &facts->max, value, false);
		facts->has_extremes = true;
	}
	else if (dq_kind_compare(&facts->kind, value, facts->min) < 0)
		keep(facts, &facts->min, value, true);
	else if (dq_kind_compare(&facts->kind, value, facts->max) > 0)
		keep(facts, &facts->max, value, true);
}

/*
 * add_whole: a finite integer or time.
 */
static inline void
add_whole(DqFacts *facts, int64 x)
{
	if (!facts->has_extremes)
	{
		facts->min.i = facts->max.i = x;
		facts->has_extremes = true;
	}
	else if (x < facts->min.i)
		facts->min.i = x;
	else if (x > facts->max.i)
		facts->max.i = x;
	dq_moments_add(&facts->moments, (double) x);
}

/*
 * add_integer: int2, int4, int8.
 */
static inline void
add_integer(DqFacts *facts, int64 x)
{
	facts->zeros += x == 0;
	facts->negatives += x < 0;
	dq_exactsum_wide(&facts->sum, x);
	add_whole(facts, x);
	order_integer(facts, x);
	dq_sketch_add(&facts->sketch, dq_sketch_mix((uint64) x));
}

/*
 * add_time: date, time, timestamp, timestamptz. The infinities are the ends
 * of the integers.
 */
static inline void
add_time(DqFacts *facts, int64 x)
{
	bool is_date = facts->kind.type == DATEOID;

	order_integer(facts, x);
	dq_sketch_add(&facts->sketch, dq_sketch_mix((uint64) x));
	if (x == (is_date ? PG_INT32_MIN : PG_INT64_MIN))
		facts->minus_infinities++;
	else if (x == (is_date ? PG_INT32_MAX : PG_INT64_MAX))
		facts->plus_infinities++;
	else
		add_whole(facts, x);
}

/*
 * add_float: float4, float8. NaN is one value, and so are 0 and -0.
 */
static inline void
add_float(DqFacts *facts, double x)
{
	DqScalar value;
	uint64 bits;

	if (x == 0)
		x = 0;
	if (unlikely(isnan(x)))
		x = get_float8_nan();
	value.f = x;
	memcpy(&bits, &x, sizeof(bits));
	dq_sketch_add(&facts->sketch, dq_sketch_mix(bits));
	order_value(facts, value);
	if (unlikely(isnan(x)))
	{
		facts->nans++;
		return;
	}
	facts->zeros += x == 0;
	facts->negatives += x < 0;
	if (unlikely(isinf(x)))
	{
		facts->plus_infinities += x > 0;
		facts->minus_infinities += x < 0;
		return;
	}
	if (!facts->has_extremes)
	{
		facts->min.f = facts->max.f = x;
		facts->has_extremes = true;
	}
	else if (x < facts->min.f)
		facts->min.f = x;
	else if (x > facts->max.f)
		facts->max.f = x;
	dq_moments_add(&facts->moments, x);
}

/*
 * extend_numeric: the extremes of a finite numeric, with the exact comparison
 * only where doubles are too close to tell.
 */
static inline void
extend_numeric(DqFacts *facts, Datum value, double x)
{
	DqScalar scalar;

	scalar.d = value;
	if (!facts->has_extremes)
	{
		extend(facts, scalar);
		facts->min_double = facts->max_double = x;
		return;
	}
	if (x <= facts->min_double + NEARLY * fabs(facts->min_double) &&
		dq_kind_compare(&facts->kind, scalar, facts->min) < 0)
	{
		keep(facts, &facts->min, scalar, true);
		facts->min_double = x;
	}
	if (x >= facts->max_double - NEARLY * fabs(facts->max_double) &&
		dq_kind_compare(&facts->kind, scalar, facts->max) > 0)
	{
		keep(facts, &facts->max, scalar, true);
		facts->max_double = x;
	}
}

/*
 * add_numeric: a numeric, detoasted.
 */
static void
add_numeric(DqFacts *facts, struct varlena *packed)
{
	Datum value = PointerGetDatum(packed);
	DqScalar scalar;
	DqDecimal decimal;
	DqNumericClass class;
	MemoryContext old;
	uint64 hash;
	double x = 0;

	scalar.d = value;
	class = dq_exactsum_read(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed),
							 &decimal);
	if (class == DQ_NUMERIC_SHORT)
	{
		hash = dq_sketch_mix((uint64) decimal.mantissa);
		hash = dq_sketch_mix(hash ^ (uint64) (decimal.exponent + 64));
		x = dq_exactsum_double(&decimal);
		dq_exactsum_add(&facts->exact, &decimal);
	}
	else if (class == DQ_NUMERIC_LONG)
		hash = dq_sketch_mix(DatumGetUInt64(
			FunctionCall2Coll(&facts->kind.hash, InvalidOid, value,
							  Int64GetDatum(0))));
	else
		hash = dq_sketch_mix(UINT64CONST(0x9e3779b97f4a7c15) + class);
	dq_sketch_add(&facts->sketch, hash);
	if (dq_facts_is_ordered(facts))
		order_value(facts, scalar);
	switch (class)
	{
		case DQ_NUMERIC_NAN:
			facts->nans++;
			return;
		case DQ_NUMERIC_PLUS_INFINITY:
			facts->plus_infinities++;
			return;
		case DQ_NUMERIC_MINUS_INFINITY:
			facts->minus_infinities++;
			facts->negatives++;
			return;
		case DQ_NUMERIC_LONG:
			x = dq_kind_double(&facts->kind, scalar);
			old = MemoryContextSwitchTo(facts->context);
			dq_exactsum_add_numeric(&facts->exact, DatumGetNumeric(value));
			MemoryContextSwitchTo(old);
			break;
		case DQ_NUMERIC_SHORT:
			break;
	}
	facts->zeros += class == DQ_NUMERIC_SHORT && decimal.mantissa == 0;
	facts->negatives += x < 0;
	extend_numeric(facts, value, x);
	dq_moments_add(&facts->moments, x);
}

/*
 * count_characters: in the encoding of the database.
 */
static int64
count_characters(const char *bytes, int len)
{
	int64 count = 0;
	int i;

	if (pg_database_encoding_max_length() == 1)
		return len;
	if (GetDatabaseEncoding() != PG_UTF8)
		return pg_mbstrlen_with_len(bytes, len);
	/* every byte but the following ones of a character, eight at a time */
	for (i = 0; i + 8 <= len; i += 8)
	{
		uint64 word;

		memcpy(&word, bytes + i, 8);
		if ((word & UINT64CONST(0x8080808080808080)) == 0)
			count += 8;
		else
			count += 8 - pg_popcount64((word >> 7) & ~(word >> 6) &
									   UINT64CONST(0x0101010101010101));
	}
	for (; i < len; i++)
		count += (bytes[i] & 0xC0) != 0x80;
	return count;
}

/*
 * is_blank: nothing but white space?
 */
static inline bool
is_blank(const char *bytes, int len)
{
	int i;

	for (i = 0; i < len; i++)
	{
		if (bytes[i] != ' ' && (bytes[i] < '\t' || bytes[i] > '\r'))
			return false;
	}
	return true;
}

/*
 * note_length: of one value.
 */
static inline void
note_length(DqFacts *facts, int64 length)
{
	if (facts->values == 1 || length < facts->length_min)
		facts->length_min = length;
	if (length > facts->length_max)
		facts->length_max = length;
	facts->length_sum += length;
}

/*
 * prefix_of: the first eight bytes as a number in their order.
 */
static inline uint64
prefix_of(const char *bytes, int len)
{
	uint64 prefix = 0;

	memcpy(&prefix, bytes, Min(len, 8));
#ifndef WORDS_BIGENDIAN
	prefix = pg_bswap64(prefix);
#endif
	return prefix;
}

/*
 * extend_text: the extremes. Most texts are neither; what can be told by the
 * first bytes, or was compared a while ago, is not compared.
 */
static inline void
extend_text(DqFacts *facts, DqScalar value, const char *bytes, int len,
			uint64 hash)
{
	uint64 prefix = 0;

	if (facts->kind.bytewise)
	{
		prefix = prefix_of(bytes, len);
		if (facts->has_extremes && prefix > facts->min_prefix &&
			prefix < facts->max_prefix)
			return;
	}
	else
	{
		if (facts->memo[hash % MEMO_SLOTS] == hash)
			return;
		facts->memo[hash % MEMO_SLOTS] = hash;
	}
	if (!facts->has_extremes)
		facts->min_prefix = facts->max_prefix = prefix;
	facts->min_prefix = Min(facts->min_prefix, prefix);
	facts->max_prefix = Max(facts->max_prefix, prefix);
	extend(facts, value);
}

/*
 * add_text: text, varchar, char(n), detoasted. An equal value next to the
 * last one changes no extremes.
 */
static void
add_text(DqFacts *facts, struct varlena *packed)
{
	DqKind *kind = &facts->kind;
	char *bytes = VARDATA_ANY(packed);
	int len = VARSIZE_ANY_EXHDR(packed);
	DqScalar value;
	uint64 hash;
	bool same;

	value.d = PointerGetDatum(packed);
	if (kind->type == BPCHAROID)
		len = bpchartruelen(bytes, len);
	if (kind->same_bytes)
		hash = dq_sketch_hash(bytes, len);
	else
		hash = dq_sketch_mix(DatumGetUInt64(
			FunctionCall2Coll(&kind->hash, kind->collation, value.d,
							  Int64GetDatum(0))));
	same = hash == facts->sketch.last && facts->values > 1;
	dq_sketch_add(&facts->sketch, hash);
	if (is_blank(bytes, len))
	{
		facts->blanks++;
		facts->empties += len == 0;
	}
	note_length(facts, count_characters(bytes, len));
	if (dq_facts_is_ordered(facts))
		order_value(facts, value);
	if (!same)
		extend_text(facts, value, bytes, len, hash);
}

/*
 * add_other: any other type.
 */
static void
add_other(DqFacts *facts, Datum datum)
{
	DqKind *kind = &facts->kind;
	DqScalar value;

	value.d = datum;
	if (kind->can_hash)
		dq_sketch_add(&facts->sketch,
					  dq_sketch_mix(DatumGetUInt64(
						  FunctionCall2Coll(&kind->hash, kind->collation,
											datum, Int64GetDatum(0)))));
	if (kind->type == BYTEAOID)
	{
		int len = VARSIZE_ANY_EXHDR(DatumGetPointer(datum));

		facts->empties += len == 0;
		note_length(facts, len);
	}
	if (kind->can_order)
	{
		if (dq_facts_is_ordered(facts))
			order_value(facts, value);
		extend(facts, value);
	}
}

/*
 * whole: an integer or time of any width; dq_kind_scalar without the call.
 */
static inline int64
whole(const DqKind *kind, Datum value)
{
	if (kind->typlen == sizeof(int64))
		return DatumGetInt64(value);
	if (kind->typlen == sizeof(int32))
		return DatumGetInt32(value);
	return DatumGetInt16(value);
}

/*
 * dq_facts_add: one more value.
 */
void
dq_facts_add(DqFacts *facts, Datum value, bool isnull, MemoryContext scratch)
{
	DqKind *kind = &facts->kind;
	MemoryContext old;

	if (isnull)
	{
		facts->nulls++;
		return;
	}
	facts->values++;
	if (facts->sort != NULL)
		tuplesort_putdatum(facts->sort, value, false);
	switch (kind->class)
	{
		case DQ_KIND_INTEGER:
			add_integer(facts, whole(kind, value));
			return;
		case DQ_KIND_FLOAT:
			add_float(facts, kind->typlen == sizeof(float8) ?
								 DatumGetFloat8(value) :
								 (double) DatumGetFloat4(value));
			return;
		case DQ_KIND_TIME:
			add_time(facts, whole(kind, value));
			return;
		case DQ_KIND_BOOL:
			facts->trues += DatumGetBool(value);
			order_integer(facts, DatumGetBool(value));
			dq_sketch_add(&facts->sketch,
						  dq_sketch_mix(1 + DatumGetBool(value)));
			return;
		case DQ_KIND_NUMERIC:
		case DQ_KIND_TEXT:
		case DQ_KIND_OTHER:
			break;
	}
	old = MemoryContextSwitchTo(scratch);
	if (kind->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	if (kind->class == DQ_KIND_NUMERIC)
		add_numeric(facts, (struct varlena *) DatumGetPointer(value));
	else if (kind->class == DQ_KIND_TEXT)
		add_text(facts, (struct varlena *) DatumGetPointer(value));
	else
		add_other(facts, value);
	MemoryContextSwitchTo(old);
}

/*
 * dq_facts_end_stretch: the rows that come next do not follow those that came
 * last. The stretch that ends is kept as this number.
 */
void
dq_facts_end_stretch(DqFacts *facts, int number)
{
	if (number >= facts->room)
	{
		MemoryContext old = MemoryContextSwitchTo(facts->context);
		int room = Max(64, number * 2);
		DqStretch *larger = palloc0(sizeof(DqStretch) * room);

		if (facts->stretches != NULL)
		{
			memcpy(larger, facts->stretches, sizeof(DqStretch) * facts->room);
			pfree(facts->stretches);
		}
		facts->stretches = larger;
		facts->room = room;
		MemoryContextSwitchTo(old);
	}
	facts->stretches[number] = facts->now;
	memset(&facts->now, 0, sizeof(DqStretch));
}

/*
 * dq_facts_begin_chain: what comes first in a table is about to be told.
 */
void
dq_facts_begin_chain(DqFacts *facts)
{
	memset(&facts->now, 0, sizeof(DqStretch));
}

/*
 * dq_facts_chain: the stretch of this number comes next in the table.
 */
void
dq_facts_chain(DqFacts *facts, int number)
{
	DqStretch *next = number < facts->room ? &facts->stretches[number] : NULL;

	if (!dq_facts_is_ordered(facts) || next == NULL || !next->seen)
		return;
	if (facts->now.seen)
		follow(facts, dq_kind_compare(&facts->kind, next->first,
									  facts->now.last));
	facts->now = *next;
}

/*
 * dq_facts_take_stretches: those of "from", numbered from "at" on.
 */
void
dq_facts_take_stretches(DqFacts *into, int at, DqFacts *from, int count)
{
	DqStretch now = into->now;
	int i;

	for (i = 0; i < count; i++)
	{
		memset(&into->now, 0, sizeof(DqStretch));
		if (i < from->room && from->stretches[i].seen)
		{
			into->now.seen = true;
			keep(into, &into->now.first, from->stretches[i].first, false);
			keep(into, &into->now.last, from->stretches[i].last, false);
		}
		dq_facts_end_stretch(into, at + i);
	}
	into->now = now;
}

/*
 * merge_extremes: of both.
 */
static void
merge_extremes(DqFacts *into, DqFacts *from)
{
	if (!from->has_extremes)
		return;
	if (!into->has_extremes)
	{
		into->min_double = from->min_double;
		into->max_double = from->max_double;
		into->min_prefix = from->min_prefix;
		into->max_prefix = from->max_prefix;
	}
	extend(into, from->min);
	extend(into, from->max);
	into->min_double = Min(into->min_double, from->min_double);
	into->max_double = Max(into->max_double, from->max_double);
	into->min_prefix = Min(into->min_prefix, from->min_prefix);
	into->max_prefix = Max(into->max_prefix, from->max_prefix);
}

/*
 * dq_facts_merge: the facts of the rows of both; the order is not looked at
 * across the seam. Both are of one type and collation.
 */
void
dq_facts_merge(DqFacts *into, DqFacts *from)
{
	MemoryContext old = MemoryContextSwitchTo(into->context);

	if (from->values > 0)
	{
		into->length_min = into->values > 0 ?
							   Min(into->length_min, from->length_min) :
							   from->length_min;
		into->length_max = Max(into->length_max, from->length_max);
	}
	into->length_sum += from->length_sum;
	into->nulls += from->nulls;
	into->values += from->values;
	into->nans += from->nans;
	into->plus_infinities += from->plus_infinities;
	into->minus_infinities += from->minus_infinities;
	into->zeros += from->zeros;
	into->negatives += from->negatives;
	into->trues += from->trues;
	into->empties += from->empties;
	into->blanks += from->blanks;
	merge_extremes(into, from);
	dq_exactsum_wide_merge(&into->sum, &from->sum);
	dq_exactsum_merge(&into->exact, &from->exact);
	dq_moments_merge(&into->moments, &from->moments);
	dq_sketch_merge(&into->sketch, &from->sketch);
	into->rising = into->rising && from->rising;
	into->falling = into->falling && from->falling;
	into->repeating = into->repeating || from->repeating;
	MemoryContextSwitchTo(old);
}
