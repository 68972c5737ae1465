/*
 * keywork.h
 *	  Checks on keys as sinks of a scan.
 */
#ifndef DQ_KEYWORK_H
#define DQ_KEYWORK_H

#include "quality/key_sink.h"
#include "quality/shape.h"

/* one key, and the checks that ask about it */
typedef struct DqKeyWork
{
	DqKeyTask task;
	List *probes; /* of DqProbe * */
	DqSink *sink; /* while a scan is prepared or runs */
	bool known; /* the count is */
	DqKeyCount count;
} DqKeyWork;

/* can a scan answer it? The relation can be scanned. */
extern bool dq_keywork_applies(const DqProbe *probe);

/* the keys (DqKeyWork *) of these probes that are about keys */
extern List *dq_keywork_make(List *probes);

/*
 * Before the scan, after it (may scan once more, with so many workers) and
 * without success: for all of them.
 */
extern void dq_keywork_begin(List *works, Relation rel);
extern void dq_keywork_finish(List *works, Relation rel, int workers);
extern void dq_keywork_abandon(List *works);

/*
 * After an error: the others than the one that was at work, when there is
 * one; only those that cannot fail when "safe" is set.
 */
extern bool dq_keywork_is_blamed(List *works);
extern List *dq_keywork_without_blamed(List *works, bool safe);

/* answer the probes; those whose keys are not known stay as they are */
extern void dq_keywork_answer(List *works, int64 total);

#endif /* DQ_KEYWORK_H */
