/*
 * ledger.h
 *	  What is done: finished windows of a pipeline, merged to maximal ranges.
 */
#ifndef DQ_LEDGER_H
#define DQ_LEDGER_H

#include "datatype/timestamp.h"

/*
 * Add [start, end); adjacent and overlapping ranges are merged. The last
 * statement before a publish commits: another publish of the same pipeline
 * waits for that commit. start may be DT_NOBEGIN (-infinity). 40001 under
 * REPEATABLE READ when another transaction changed a neighbouring range.
 */
extern void dq_ledger_add(int64 pipeline_id, TimestampTz start,
						  TimestampTz end);

/*
 * These read what is committed now and what this transaction wrote. find: the
 * end of the range that contains [start, end). last_end: the end of the last
 * range, DT_NOBEGIN when nothing is done.
 */
extern bool dq_ledger_find(int64 pipeline_id, TimestampTz start,
						   TimestampTz end, TimestampTz *done_end);
extern TimestampTz dq_ledger_last_end(int64 pipeline_id);

/*
 * From the start of the first range to the end of the last, gaps included;
 * false when nothing is done. start may be DT_NOBEGIN.
 */
extern bool dq_ledger_span(int64 pipeline_id, TimestampTz *start,
						   TimestampTz *end);

#endif /* DQ_LEDGER_H */
