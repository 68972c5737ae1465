/*
 * keycheck.h
 *	  Are keys with equal hashes equal?
 */
#ifndef DQ_KEYCHECK_H
#define DQ_KEYCHECK_H

#include "quality/keyform.h"

/* rows of a scan that are looked at again, under the active snapshot */
typedef struct DqKeycheck DqKeycheck;

/*
 * "tables" are the OIDs that references mean; "attnums" the columns of "rel",
 * which those tables are or are parts of.
 */
extern DqKeycheck *dq_keycheck_open(Relation rel, List *attnums,
									DqKeyform *form, const Oid *tables);
extern void dq_keycheck_close(DqKeycheck *reader);

/* look at the rows that are not known and add what is so to the numbers */
extern void dq_keycheck_run(DqKeycheck *reader, DqKeyNumbers *numbers);

/* as dq_keyhold_count asks, with a DqKeycheck */
extern bool dq_keycheck_same(void *arg, const DqKeyRow *a, const DqKeyRow *b);

#endif /* DQ_KEYCHECK_H */
