/*
 * place.h
 *	  Where rows are, and how SQL finds them there again.
 */
#ifndef DQ_PLACE_H
#define DQ_PLACE_H

#include "quality/source.h"
#include "storage/itemptr.h"

/* a row version; good for as long as a snapshot is held that sees it */
typedef struct DqPlace
{
	Oid tableoid;
	ItemPointerData tid;
} DqPlace;

/* a query of these rows; "relation.*" are its columns */
extern char *dq_place_query(const DqSource *source, const DqPlace *places,
							int count);

#endif /* DQ_PLACE_H */
