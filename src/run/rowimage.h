/*
 * rowimage.h
 *	  A row of a stage as the quarantine keeps it: an object of jsonb.
 */
#ifndef DQ_ROWIMAGE_H
#define DQ_ROWIMAGE_H

#include "nodes/pg_list.h"

typedef struct DqRowImage DqRowImage;

/* of the rows of this table; mask: columns (char *) whose values are hidden */
extern DqRowImage *dq_rowimage_begin(Oid relid, List *mask);

/* SQL for the image of "t.row_data", a row of it; type: the table as SQL */
extern char *dq_rowimage_sql(const DqRowImage *image, const char *type);

/*
 * What that SQL gave, as jsonb in the current memory context. lost: NIL, or
 * the columns (char *) that jsonb cannot hold: they are texts in it.
 */
extern Datum dq_rowimage_take(const DqRowImage *image, Datum value,
							  List **lost);

#endif /* DQ_ROWIMAGE_H */
