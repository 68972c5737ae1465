/*
 * keycheck.h
 *	  Are keys with equal hashes equal?
 */
#ifndef DQ_KEYCHECK_H
#define DQ_KEYCHECK_H

#include "quality/keyform.h"

/*
 * Look at the rows that are not known, under the active snapshot, and add what
 * is so to the numbers. "tables" are the OIDs that references mean; "attnums"
 * the columns of "rel", which those tables are or are parts of.
 */
extern void dq_keycheck_run(Relation rel, List *attnums, DqKeyform *form,
							const Oid *tables, DqKeyNumbers *numbers);

#endif /* DQ_KEYCHECK_H */
