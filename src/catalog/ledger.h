/*
 * ledger.h
 *	  What is done: finished windows of a pipeline, merged to maximal ranges.
 */
#ifndef DQ_LEDGER_H
#define DQ_LEDGER_H

#include "datatype/timestamp.h"

/*
 * Add [start, end); adjacent and overlapping ranges are merged. The last
 * statement before a publish commits. start may be DT_NOBEGIN (-infinity).
 */
extern void dq_ledger_add(int64 pipeline_id, TimestampTz start,
						  TimestampTz end);
extern bool dq_ledger_contains(int64 pipeline_id, TimestampTz start,
							   TimestampTz end);

#endif							/* DQ_LEDGER_H */
