/*
 * takeout.h
 *	  Rows leave a stage for a table beside it.
 */
#ifndef DQ_TAKEOUT_H
#define DQ_TAKEOUT_H

#include "storage/itemptr.h"

/* rows that dq_takeout_rows takes at once */
#define DQ_TAKEOUT_ROWS 1000

typedef struct DqTakeout DqTakeout;

/*
 * From a stage into a table of two columns: the row as a composite, and a
 * text. NULL when they are not two tables of the current user like that.
 */
extern DqTakeout *dq_takeout_begin(Oid stage, Oid aside);

/*
 * The rows at these places, best in their order, each with its text. False
 * when one of them is not there, or not visible: then some may be out already.
 */
extern bool dq_takeout_rows(DqTakeout *takeout, ItemPointer *places,
							const Datum *texts, int count);

extern void dq_takeout_end(DqTakeout *takeout);

#endif /* DQ_TAKEOUT_H */
