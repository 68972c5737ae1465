/*
 * profile.c
 *	  What is known of the columns of a relation: gathered row by row, as a
 *	  sink of a scan, merged, kept as bytes.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "quality/profile.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* the first bytes of a saved profile: a name and a version */
#define MAGIC 0x44515001

/* more stretches than this, and the order of rows is not known */
#define MAX_STRETCHES 20000

/* larger values of other types are not in the sample */
#define MAX_SAMPLED_BYTES 8192
#define MAX_SAMPLED_NUMERIC 512

/*
 * sampled_type: the type in which values of a column are in the sample.
 */
static Oid
sampled_type(const DqKind *kind)
{
	switch (kind->class)
	{
		case DQ_KIND_INTEGER:
		case DQ_KIND_FLOAT:
		case DQ_KIND_NUMERIC:
		case DQ_KIND_BOOL:
		case DQ_KIND_TIME:
			return kind->type;
		case DQ_KIND_TEXT:
		case DQ_KIND_OTHER:
			break;
	}
	return TEXTOID;
}

/*
 * dq_profile_create: room for so many columns, in the current memory context.
 */
DqProfile *
dq_profile_create(int count)
{
	DqProfile *profile = palloc0(sizeof(DqProfile));

	profile->context = CurrentMemoryContext;
	profile->scratch = AllocSetContextCreate(CurrentMemoryContext,
											 "dq_etl profile row",
											 ALLOCSET_DEFAULT_SIZES);
	profile->count = count;
	profile->columns = palloc0(sizeof(DqFacts) * (count + 1));
	return profile;
}

/*
 * create_sample: the sample, once all columns are known.
 */
static void
create_sample(DqProfile *profile, int size)
{
	TupleDesc desc = CreateTemplateTupleDesc(profile->count);
	int i;

	for (i = 0; i < profile->count; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), NULL,
						   sampled_type(&profile->columns[i].kind), -1, 0);
	profile->sample = dq_reservoir_create(desc, size);
}

/*
 * clip_text: a text as it is in the sample.
 */
static Datum
clip_text(const char *bytes, int len)
{
	StringInfoData buf;
	text *result;

	if (len <= DQ_PROFILE_CLIP)
		return PointerGetDatum(cstring_to_text_with_len(bytes, len));
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, bytes,
						   pg_mbcliplen(bytes, len, DQ_PROFILE_CLIP));
	/* filled up, so that longer than the limit always means clipped */
	while (buf.len < DQ_PROFILE_CLIP)
		appendStringInfoChar(&buf, ' ');
	appendStringInfo(&buf, "\x1f%08x%08x",
					 (unsigned) (dq_sketch_hash(bytes, len) >> 32),
					 (unsigned) dq_sketch_hash(bytes, len));
	result = cstring_to_text_with_len(buf.data, buf.len);
	return PointerGetDatum(result);
}

/*
 * sample_value: a value as it is in the sample; false when it is too large.
 */
static bool
sample_value(DqKind *kind, Datum value, Datum *sampled)
{
	struct varlena *packed;
	char *output;
	int len;

	*sampled = value;
	if (kind->class == DQ_KIND_NUMERIC)
	{
		*sampled = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
		return VARSIZE_ANY(DatumGetPointer(*sampled)) <= MAX_SAMPLED_NUMERIC;
	}
	if (kind->class == DQ_KIND_TEXT)
	{
		packed = PG_DETOAST_DATUM_PACKED(value);
		len = VARSIZE_ANY_EXHDR(packed);
		if (kind->type == BPCHAROID)
			len = bpchartruelen(VARDATA_ANY(packed), len);
		*sampled = clip_text(VARDATA_ANY(packed), len);
	}
	else if (kind->class == DQ_KIND_OTHER)
	{
		if (kind->typlen == -1 &&
			toast_raw_datum_size(value) > MAX_SAMPLED_BYTES)
			return false;
		output = OutputFunctionCall(&kind->output, value);
		*sampled = clip_text(output, strlen(output));
	}
	return true;
}

/*
 * take_sample: the row is in the sample, for now.
 */
static void
take_sample(DqProfile *profile, TupleTableSlot *slot, uint64 priority)
{
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	MemoryContext old = MemoryContextSwitchTo(profile->scratch);
	int i;

	for (i = 0; i < profile->count; i++)
	{
		int at = profile->columns[i].slot_attr - 1;

		nulls[i] = slot->tts_isnull[at];
		if (!nulls[i])
			nulls[i] = !sample_value(&profile->columns[i].kind,
									 slot->tts_values[at], &values[i]);
	}
	dq_reservoir_put(profile->sample, priority, values, nulls);
	MemoryContextSwitchTo(old);
}

/*
 * end_stretch: what comes next does not follow what came last.
 */
static void
end_stretch(DqProfile *profile)
{
	int i;

	if (!OidIsValid(profile->now.table))
		return;
	if (profile->stretches >= profile->room)
	{
		Size size;

		profile->room = Max(64, profile->room * 2);
		size = sizeof(DqStart) * profile->room;
		profile->places = profile->places ?
							  repalloc(profile->places, size) :
							  MemoryContextAlloc(profile->context, size);
	}
	profile->places[profile->stretches] = profile->now;
	for (i = 0; i < profile->count; i++)
	{
		if (dq_facts_is_ordered(&profile->columns[i]))
			dq_facts_end_stretch(&profile->columns[i], profile->stretches);
	}
	profile->stretches++;
	if (profile->stretches > MAX_STRETCHES)
		profile->has_order = false;
}

/*
 * locate: the hash of where the row is; a new stretch begins where the scan
 * jumps.
 */
static uint64
locate(DqProfile *profile, TupleTableSlot *slot)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(&slot->tts_tid);
	OffsetNumber offset = ItemPointerGetOffsetNumberNoCheck(&slot->tts_tid);

	if (slot->tts_tableOid != profile->now.table || block < profile->block ||
		(block > profile->block + 1 && !profile->alone))
	{
		end_stretch(profile);
		profile->now.table = slot->tts_tableOid;
		profile->now.block = block;
	}
	profile->block = block;
	return dq_sketch_mix(dq_sketch_mix(slot->tts_tableOid) ^
						 (((uint64) block << 16) | offset));
}

/*
 * dq_profile_begin: the columns are there, rows may come.
 */
void
dq_profile_begin(DqProfile *profile, int sample_rows, bool exact)
{
	int share = Max(64, work_mem / Max(1, profile->count));
	int i;

	create_sample(profile, sample_rows);
	profile->exact = exact;
	for (i = 0; i < profile->count; i++)
	{
		DqFacts *facts = &profile->columns[i];

		if (exact)
			dq_facts_sort(facts, share);
		if (!profile->has_order)
			facts->rising = facts->falling = false;
	}
}

/*
 * dq_profile_row: one more row, deformed as far as the columns need.
 */
void
dq_profile_row(DqProfile *profile, TupleTableSlot *slot)
{
	uint64 priority;
	int i;

	profile->rows++;
	if (profile->has_order)
		priority = locate(profile, slot);
	else
		priority = dq_sketch_mix((uint64) profile->rows);
	for (i = 0; i < profile->count; i++)
	{
		DqFacts *facts = &profile->columns[i];
		int at = facts->slot_attr - 1;

		dq_facts_add(facts, slot->tts_values[at], slot->tts_isnull[at],
					 profile->scratch);
	}
	if (dq_reservoir_wants(profile->sample, priority))
		take_sample(profile, slot, priority);
	MemoryContextReset(profile->scratch);
}

/*
 * dq_profile_end: after the last row of this process.
 */
void
dq_profile_end(DqProfile *profile)
{
	if (profile->has_order)
		end_stretch(profile);
	profile->now.table = InvalidOid;
}

/*
 * compare_places: by table and block; qsort's.
 */
static int
compare_places(const void *a, const void *b, void *arg)
{
	const DqStart *places = (const DqStart *) arg;
	const DqStart *x = &places[*(const int *) a];
	const DqStart *y = &places[*(const int *) b];

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return (x->block > y->block) - (x->block < y->block);
}

/*
 * dq_profile_settle: after the last merge, find out about the order of rows:
 * put the stretches into the order of the table and look at their seams. In a
 * partitioned table each partition has an order of its own.
 */
void
dq_profile_settle(DqProfile *profile)
{
	int *order = palloc(sizeof(int) * (profile->stretches + 1));
	int i;
	int j;

	for (j = 0; j < profile->stretches; j++)
		order[j] = j;
	if (profile->stretches > 1)
		qsort_arg(order, profile->stretches, sizeof(int), compare_places,
				  profile->places);
	for (i = 0; i < profile->count; i++)
	{
		DqFacts *facts = &profile->columns[i];

		dq_facts_begin_chain(facts);
		for (j = 0; j < profile->stretches; j++)
		{
			if (j > 0 && profile->places[order[j]].table !=
							 profile->places[order[j - 1]].table)
				dq_facts_begin_chain(facts);
			dq_facts_chain(facts, order[j]);
		}
	}
	profile->stretches = 0;
	pfree(order);
}

/*
 * find_partner: the column that merges into this one: of the same name, type
 * and collation; 42804 when there is none.
 */
static DqFacts *
find_partner(const DqFacts *facts, DqProfile *from)
{
	int i;

	for (i = 0; i < from->count; i++)
	{
		DqFacts *other = &from->columns[i];

		if (strcmp(other->name, facts->name) == 0 &&
			other->kind.type == facts->kind.type &&
			other->kind.collation == facts->kind.collation)
			return other;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("profiles do not fit together"),
			 errdetail("Column \"%s\" of type %s is not in all of them, or is of another type or collation.",
					   facts->name, facts->type_name)));
	return NULL;
}

/*
 * merge_samples: the columns may be in another order.
 */
static void
merge_samples(DqProfile *into, DqProfile *from, const int *partner)
{
	DqReservoir *other = dq_reservoir_create(into->sample->desc,
											 from->sample->size);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(from->sample->desc,
													&TTSOpsMinimalTuple);
	Datum *values = palloc(sizeof(Datum) * (into->count + 1));
	bool *nulls = palloc(sizeof(bool) * (into->count + 1));
	int i;
	int j;

	for (i = 0; i < from->sample->count; i++)
	{
		ExecStoreMinimalTuple(from->sample->picks[i].row, slot, false);
		slot_getallattrs(slot);
		for (j = 0; j < into->count; j++)
		{
			values[j] = slot->tts_values[partner[j]];
			nulls[j] = slot->tts_isnull[partner[j]];
		}
		dq_reservoir_put(other, from->sample->picks[i].priority, values,
						 nulls);
	}
	ExecDropSingleTupleTableSlot(slot);
	dq_reservoir_merge(into->sample, other);
}

/*
 * take_places: the stretches of "from" are ours, too.
 */
static void
take_places(DqProfile *into, const DqProfile *from)
{
	int total = into->stretches + from->stretches;

	if (from->stretches == 0)
		return;
	if (total > into->room)
	{
		DqStart *larger = MemoryContextAlloc(into->context,
											 sizeof(DqStart) * total);

		if (into->places != NULL)
			memcpy(larger, into->places, sizeof(DqStart) * into->stretches);
		into->places = larger;
		into->room = total;
	}
	memcpy(into->places + into->stretches, from->places,
		   sizeof(DqStart) * from->stretches);
	into->stretches = total;
}

/*
 * dq_profile_merge: profiles of parts become that of the whole.
 */
void
dq_profile_merge(DqProfile *into, DqProfile *from)
{
	int *partner = palloc(sizeof(int) * (into->count + 1));
	int i;

	Assert(!into->exact && !from->exact);
	for (i = 0; i < into->count; i++)
	{
		DqFacts *facts = &into->columns[i];
		DqFacts *other = find_partner(facts, from);

		partner[i] = (int) (other - from->columns);
		dq_facts_take_stretches(facts, into->stretches, other,
								from->stretches);
		dq_facts_merge(facts, other);
	}
	take_places(into, from);
	merge_samples(into, from, partner);
	into->rows += from->rows;
	into->has_order = into->has_order && from->has_order;
	pfree(partner);
}

/*
 * dq_profile_save: append to a message; with the stretches of the order, or
 * only with what is settled.
 */
void
dq_profile_save(DqProfile *profile, StringInfo buf, bool with_order)
{
	int stretches = with_order ? profile->stretches : 0;
	int i;

	pq_sendint32(buf, MAGIC);
	pq_sendint32(buf, (uint32) profile->count);
	pq_sendint32(buf, (uint32) stretches);
	pq_sendint64(buf, (uint64) profile->rows);
	pq_sendbyte(buf, profile->has_order);
	for (i = 0; i < profile->count; i++)
		dq_facts_save(&profile->columns[i], buf, stretches);
	for (i = 0; i < stretches; i++)
	{
		pq_sendint32(buf, profile->places[i].table);
		pq_sendint32(buf, profile->places[i].block);
	}
	dq_reservoir_save(profile->sample, buf);
}

/*
 * dq_profile_load: read what dq_profile_save wrote, in the current memory
 * context.
 */
DqProfile *
dq_profile_load(StringInfo buf)
{
	DqProfile *profile;
	int i;

	if (pq_getmsgint(buf, 4) != MAGIC)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("saved profile is of an unknown version")));
	profile = dq_profile_create((int) pq_getmsgint(buf, 4));
	profile->stretches = profile->room = (int) pq_getmsgint(buf, 4);
	profile->rows = pq_getmsgint64(buf);
	profile->has_order = pq_getmsgbyte(buf) != 0;
	for (i = 0; i < profile->count; i++)
		dq_facts_load(&profile->columns[i], buf, profile->stretches);
	profile->places = palloc(sizeof(DqStart) * (profile->stretches + 1));
	for (i = 0; i < profile->stretches; i++)
	{
		profile->places[i].table = pq_getmsgint(buf, 4);
		profile->places[i].block = pq_getmsgint(buf, 4);
	}
	create_sample(profile, 0);
	dq_reservoir_load(profile->sample, buf);
	return profile;
}

/*
 * dq_profile_bytes: what dq_profile_from_bytes reads.
 */
bytea *
dq_profile_bytes(DqProfile *profile)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	dq_profile_save(profile, &buf, false);
	return pq_endtypsend(&buf);
}

/*
 * dq_profile_from_bytes: a saved profile, in the current memory context.
 */
DqProfile *
dq_profile_from_bytes(bytea *bytes)
{
	StringInfoData buf;

	buf.data = VARDATA_ANY(bytes);
	buf.len = VARSIZE_ANY_EXHDR(bytes);
	buf.maxlen = buf.len;
	buf.cursor = 0;
	return dq_profile_load(&buf);
}

/*
 * dq_profile_sampled: see profile.h. Pointers lead into the sample.
 */
int
dq_profile_sampled(const DqProfile *profile, int column, Datum *values)
{
	DqReservoir *sample = profile->sample;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(sample->desc,
													&TTSOpsMinimalTuple);
	int count = 0;
	int i;

	for (i = 0; i < sample->count; i++)
	{
		bool isnull;
		Datum value;

		ExecStoreMinimalTuple(sample->picks[i].row, slot, false);
		value = slot_getattr(slot, column + 1, &isnull);
		if (!isnull)
			values[count++] = value;
	}
	ExecDropSingleTupleTableSlot(slot);
	return count;
}
