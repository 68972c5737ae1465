/*
 * verdict_sink.h
 *	  A sink that evaluates any number of verdicts on rows.
 */
#ifndef DQ_VERDICT_SINK_H
#define DQ_VERDICT_SINK_H

#include "quality/place.h"
#include "quality/scan.h"

/* failing rows of one verdict that are kept when there are too many of them */
#define DQ_KEPT_ROWS 1000

/* a verdict and the rows that it is about */
typedef struct DqVerdictTask
{
	Node *verdict; /* from dq_exprtree_analyse */
	Node *filter; /* the same; NULL: all rows */
	bool null_fails; /* a row fails when the verdict is NULL, too */
} DqVerdictTask;

/* what was found */
typedef struct DqVerdictCount
{
	int64 scope; /* rows within the filter */
	int64 yes;
	int64 null;
	/* failing rows, in the order in which they were met */
	int n_places;
	DqPlace *places;
	bool all_places; /* else some of them were let go */
} DqVerdictCount;

extern const DqSinkType dq_verdict_sink_type;

/*
 * A sink for these (a List of DqVerdictTask *) in the current context. All
 * places are kept when no more than "wanted" rows fail, and few of them more
 * than two tasks; for 0, as long as they are few.
 */
extern DqSink *dq_verdict_sink_create(Relation rel, List *tasks,
									  int64 wanted);

/* after the scan: of the nth task */
extern const DqVerdictCount *dq_verdict_sink_count(DqSink *sink, int n);

/*
 * After an error: the task that was being evaluated, -1 when there was none
 * or when it happened in a worker. Equal tasks share it: the first is meant.
 */
extern int dq_verdict_sink_blame(DqSink *sink);

/* do two tasks share an evaluation? */
extern bool dq_verdict_sink_is_same(DqSink *sink, int n, int other);

/* can the task throw, or is it made of kernels that never do? */
extern bool dq_verdict_sink_throws(DqSink *sink, int n);

/* forget a sink; what was found goes with it */
extern void dq_verdict_sink_free(DqSink *sink);

#endif /* DQ_VERDICT_SINK_H */
