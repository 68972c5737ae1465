/*
 * profile.h
 *	  What is known of the columns of a relation after one pass over its rows.
 *
 * Counts, extremes, moments and the number of different values come from all
 * rows; quantiles, frequent values and shapes from a sample of the same pass,
 * or, when everything shall be exact, from all values, sorted.
 */
#ifndef DQ_PROFILE_H
#define DQ_PROFILE_H

#include "quality/facts.h"
#include "quality/reservoir.h"
#include "quality/scan.h"

/* where a stretch of rows begins */
typedef struct DqStart
{
	Oid table;
	BlockNumber block;
} DqStart;

typedef struct DqProfile
{
	MemoryContext context;
	MemoryContext scratch; /* reset after each row that used it */
	int64 rows;
	int count;
	DqFacts *columns;
	DqReservoir *sample;
	bool exact;
	/* the order of rows */
	bool has_order; /* it is that of the storage */
	bool alone; /* no other process scans parts of the same relation */
	DqStart now;
	BlockNumber block; /* of the last row */
	DqStart *places; /* of finished stretches */
	int stretches;
	int room;
} DqProfile;

typedef struct DqProfileTask
{
	Oid relid;
	List *columns; /* of char *; NIL: all that may be read */
	char *row_filter; /* NULL: none */
	bool exact;
	int sample_rows;
} DqProfileTask;

/* gathering: columns first, by their place in the slots; then rows */
extern DqProfile *dq_profile_create(int count);
extern void dq_profile_begin(DqProfile *profile, int sample_rows, bool exact);
extern void dq_profile_row(DqProfile *profile, TupleTableSlot *slot);
extern void dq_profile_end(DqProfile *profile);
extern void dq_profile_settle(DqProfile *profile);
extern void dq_profile_save(DqProfile *profile, StringInfo buf,
							bool with_order);
extern DqProfile *dq_profile_load(StringInfo buf);

/*
 * One pass over the relation as the current user, under a new snapshot of the
 * transaction. *partial: row security showed some of the rows only. Throws
 * 42501, 42703, 42P01, 42809, and what a row filter throws.
 */
extern DqProfile *dq_profile_run(const DqProfileTask *task, bool *partial);

/* the names of the columns that would be profiled: a List of char * */
extern List *dq_profile_columns(const DqProfileTask *task);

/* profiles of parts become that of the whole; 42804 when they do not fit */
extern void dq_profile_merge(DqProfile *into, DqProfile *from);

/* as bytes, without the order of rows beyond yes or no; not when exact */
extern bytea *dq_profile_bytes(DqProfile *profile);
extern DqProfile *dq_profile_from_bytes(bytea *bytes);

/* the values of a column in the sample: their number, NULLs left out */
extern int dq_profile_sampled(const DqProfile *profile, int column,
							  Datum *values);

/*
 * A text in the sample longer than this is cut here and ends in a mark and a
 * hash, so that different ones stay different.
 */
#define DQ_PROFILE_CLIP 200
#define DQ_PROFILE_MARK 17

extern const DqSinkType dq_profile_sink_type;

#endif /* DQ_PROFILE_H */
