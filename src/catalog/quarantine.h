/*
 * quarantine.h
 *	  The table of rows that were kept out of a load.
 *
 * All functions read and write in the current transaction, under the extension
 * owner's rights; whether the caller may is checked before.
 */
#ifndef DQ_QUARANTINE_H
#define DQ_QUARANTINE_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* where rows come from, the same for all rows of one step of a run */
typedef struct DqQuarantine
{
	int64 run_id;
	int64 pipeline_id;
	const char *pipeline;
	Oid owner;
	const char *owner_name;
	const char *step;
	const char *source;
	List *mask; /* of char * */
	Interval *keep;
} DqQuarantine;

/*
 * Store rows: three arrays of the same length: jsonb[], text[] of arrays of
 * names, and text[] of arrays of columns that are lost, or NULL.
 */
extern int64 dq_quarantine_store(const DqQuarantine *quarantine, Datum rows,
								 Datum checks, Datum lost);

/*
 * Rows that wait to be taken in again, into the result of one step: the ids as
 * bigint[] and the rows as jsonb[]; their number. They are this run's until it
 * has ended. Only rows whose owner's privileges "owner" has.
 */
extern int64 dq_quarantine_claim(int64 pipeline_id, Oid owner,
								 const char *source, int64 run_id, Datum *ids,
								 Datum *rows);

/*
 * They are in the load of this run; 55000 when somebody repaired, discarded or
 * took some of them meanwhile.
 */
extern void dq_quarantine_replayed(Datum ids, int64 count, int64 run_id);

/* rows past their time, of a pipeline and of those that are gone */
extern int64 dq_quarantine_purge(int64 pipeline_id, int max_rows);

/* one row of the table, for the doors */
typedef struct DqQuarantineRow
{
	int64 pipeline_id;
	Oid owner;
	char *owner_name;
	char *state;
} DqQuarantineRow;

extern bool dq_quarantine_find(int64 quarantine_id, DqQuarantineRow *row);
extern void dq_quarantine_repair(int64 quarantine_id, Jsonb *row);

/*
 * ids: bigint[], or 0 for all of the pipeline; step may be NULL. Only rows
 * whose owner's privileges the current user has.
 */
extern int64 dq_quarantine_masked(int64 pipeline_id, Datum ids,
								  const char *step);
/* how many are from none of these steps (char *), where they would go back */
extern int64 dq_quarantine_homeless(int64 pipeline_id, Datum ids,
									const char *step, List *sources);
extern int64 dq_quarantine_replay(int64 pipeline_id, Datum ids,
								  const char *step);
extern int64 dq_quarantine_discard(int64 pipeline_id, Datum ids,
								   const char *reason);

#endif /* DQ_QUARANTINE_H */
