/*
 * index.h
 *	  The unique index that a load stands on.
 */
#ifndef DQ_INDEX_H
#define DQ_INDEX_H

#include "load/key.h"

/* columns of the primary key in its order, NIL when there is none */
extern List *dq_index_primary(Relation target);

/*
 * The unique index whose key is exactly this set of elements: names of columns
 * or, where "expressions" says so, expressions too. 42P10 with the CREATE
 * UNIQUE INDEX in the HINT, 55000 when only deferrable ones would do; NULL
 * instead of 42P10 when missing_ok.
 */
extern DqKey *dq_index_find(Relation target, List *elements,
							bool expressions, bool missing_ok);

/*
 * Is this the name of another unique index on the same columns, of the target
 * or of a partition? Such a one is no arbiter, so that a concurrent insert may
 * raise a unique violation on it.
 */
extern bool dq_index_is_twin(const DqKey *key, const char *schema,
							 const char *name);

#endif /* DQ_INDEX_H */
