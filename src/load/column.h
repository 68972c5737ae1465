/*
 * column.h
 *	  From columns of the stage to columns of the target: assignment and
 *	  difference, as SQL text.
 */
#ifndef DQ_COLUMN_H
#define DQ_COLUMN_H

#include "load/key.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

typedef struct DqColumn
{
	char *name;
	Oid type; /* of the target */
	int32 typmod;
	Oid collation; /* of the key's index, else of the column */
	Oid stage_type;
	int32 stage_typmod;
	Oid stage_collation;
	DqKeyColumn *key; /* NULL: not a column of the key */
} DqColumn;

/*
 * Columns of the stage, each with its place in the target, in the order of
 * the stage: List of DqColumn *. key may be NULL. "step" is how messages call
 * the stage. 42703, 428C9, 42804 when they do not fit.
 */
extern List *dq_column_map(Relation target, Relation stage, const char *step,
						   const DqKey *key);

/* "a, b, c", each after "prefix", which may be empty */
extern char *dq_column_list(List *columns, const char *prefix);

/* the stage's value as an INSERT would convert it; "alias" is the stage */
extern char *dq_column_assigned(const DqColumn *column, const char *alias);

/* do two rows hold a different value? Never NULL. */
extern char *dq_column_changed(const DqColumn *column, const char *left,
							   const char *right);

/* do two rows have the same key value, as the index compares? */
extern char *dq_column_same_key(const DqColumn *column, const char *left,
								const char *right);

#endif /* DQ_COLUMN_H */
