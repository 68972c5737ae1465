/*
 * badrow.h
 *	  Which rows of a relation fail which checks.
 */
#ifndef DQ_BADROW_H
#define DQ_BADROW_H

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "storage/itemptr.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* options of an expect step */
typedef struct DqBadRowOptions
{
	int64 max_rows;
	char *max_fraction; /* numeric from 0 to 1 as text */
	Interval *keep;
	List *mask; /* of char *: columns that are not stored */
} DqBadRowOptions;

/* options, complete with defaults; they may be NULL. 22023, 22007 */
extern DqBadRowOptions *dq_badrow_options(Jsonb *options,
											   const char *what);

/* one row, and the checks that it fails by their position in the list */
typedef struct DqBadRow
{
	ItemPointerData tid; /* the key of the table: must come first */
	Bitmapset *failed;
} DqBadRow;

/*
 * To be filled by dq_quality_run: the rows that fail checks of severity error
 * or critical which tell good rows from bad. "rows" is a hash table of
 * DqBadRow; when there are more than max_rows it is not complete.
 */
typedef struct DqBadRows
{
	int64 max_rows;
	HTAB *rows;
	bool too_many;
	int64 total; /* rows of the relation */
	Bitmapset *taken; /* checks whose failed rows are in the table */
} DqBadRows;

/* for up to max_rows rows, in the current memory context */
extern DqBadRows *dq_badrow_begin(int64 max_rows);

extern void dq_badrow_add(DqBadRows *bad, const ItemPointerData *tid,
							  int check);

/* fill it from answered probes (List of DqProbe *) */
extern void dq_badrow_collect(DqBadRows *bad, List *probes);

#endif /* DQ_BADROW_H */
