/*
 * key_sink.h
 *	  A sink that finds out how many rows share their keys.
 *
 * Memory is bounded by 4 times work_mem times hash_mem_multiplier, or 1 MB if
 * that is more, for each key in each process; more is in temporary files.
 *
 * Nearly always one scan is enough. If so many keys look equal that their rows
 * cannot be looked at one by one, which a sample of the first rows did not
 * tell, the sink wants to see the rows again.
 */
#ifndef DQ_KEY_SINK_H
#define DQ_KEY_SINK_H

#include "quality/place.h"
#include "quality/rule.h"
#include "quality/scan.h"

/* a key and the rows that it is about */
typedef struct DqKeyTask
{
	List *attnums; /* integers */
	DqNulls nulls;
	bool null_fails; /* a row whose key counts as NULL fails, too */
	Node *filter; /* from dq_exprtree_analyse; NULL: all rows */
	bool approximate; /* distinct values only, nearly right */
} DqKeyTask;

/* what was found */
typedef struct DqKeyCount
{
	int64 scope; /* rows within the filter */
	int64 nulls; /* of these, with a key that counts as NULL */
	int64 tested; /* of these, not left out because of a NULL */
	int64 distinct_values;
	double standard_error; /* of the last, as a part of it; 0: exact */
	int64 duplicate_values; /* exact only */
	int64 duplicate_rows; /* exact only */
	/* failing rows, by part and place; not all of them: none */
	DqPlace *places;
	int n_places;
	bool all_places;
} DqKeyCount;

extern const DqSinkType dq_key_sink_type;

/* the same key of the same rows? */
extern bool dq_key_sink_is_same(const DqKeyTask *a, const DqKeyTask *b);

/* can its columns be hashed as they are compared? */
extern bool dq_key_sink_possible(Relation rel, const DqKeyTask *task);

/* a sink for a possible task, in the current context */
extern DqSink *dq_key_sink_create(Relation rel, const DqKeyTask *task);

/* after an error: was this sink at work? Is it able to fail at all? */
extern bool dq_key_sink_blamed(DqSink *sink);
extern bool dq_key_sink_throws(DqSink *sink);

/*
 * Before the scan, under its snapshot: let the sinks look at a few rows.
 */
extern void dq_key_sink_sample(Relation rel, List *sinks);

typedef enum DqKeyOutcome
{
	DQ_KEY_COUNTED,
	DQ_KEY_AGAIN, /* after one scan more of the sink it will be known */
	DQ_KEY_UNKNOWN /* SQL has to find out */
} DqKeyOutcome;

/*
 * After the scan, under its snapshot: what was found, places in the current
 * context.
 */
extern DqKeyOutcome dq_key_sink_count(DqSink *sink, DqKeyCount *count);

/* forget a sink; "failed": the (sub)transaction of the scan was rolled back */
extern void dq_key_sink_free(DqSink *sink, bool failed);

#endif /* DQ_KEY_SINK_H */
