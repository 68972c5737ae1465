/*
 * key.h
 *	  The unique index that an upsert stands on, and its equality.
 */
#ifndef DQ_KEY_H
#define DQ_KEY_H

#include "access/attnum.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

typedef struct DqKeyColumn
{
	char *name;
	AttrNumber attnum;
	Oid equality; /* operator of the index */
	Oid collation; /* of the index; InvalidOid: none */
	bool other_collation; /* than the column's */
	Oid opclass;
	bool nullable;
} DqKeyColumn;

typedef struct DqKey
{
	List *columns; /* of DqKeyColumn *, in the index's order */
	bool nulls_equal; /* NULLS NOT DISTINCT */
	char *arbiter; /* what follows ON CONFLICT */
} DqKey;

/* columns of the primary key in its order, NIL when there is none */
extern List *dq_key_primary(Relation target);

/* 42703 or 42701 when names are no list of distinct columns of the target */
extern void dq_key_check_columns(Relation target, List *names);

/*
 * The index whose key is exactly this set of columns. 42P10 with the CREATE
 * UNIQUE INDEX in the HINT, 55000 when only deferrable ones would do.
 */
extern DqKey *dq_key_find(Relation target, List *names);

/* the column of this number in the key, or NULL */
extern DqKeyColumn *dq_key_column(const DqKey *key, AttrNumber attnum);

#endif /* DQ_KEY_H */
