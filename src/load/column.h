/*
 * column.h
 *	  One column on its way from the stage to the target: assignment and
 *	  difference, as SQL text.
 */
#ifndef DQ_COLUMN_H
#define DQ_COLUMN_H

#include "nodes/pg_list.h"
#include "postgres_ext.h"

typedef struct DqColumn
{
	char *name;
	char *output; /* how the rows of a batch call it; mostly its name */
	Oid type; /* of the target */
	int32 typmod;
	Oid collation;
	Oid stage_type;
	int32 stage_typmod;
	Oid stage_collation;
	char *expression; /* SQL of a value that the load sets; NULL: the stage's */
	bool is_hash; /* set to the hash of the columns that are compared */
	bool is_key; /* a plain column of the key */
	bool is_compared; /* a difference in it is a change */
	bool is_updated; /* written over a row that is there */
} DqColumn;

/* "a, b, c", each after "prefix", which may be empty */
extern char *dq_column_list(List *columns, const char *prefix);

/* the stage's value as an INSERT would convert it; "alias" is the stage */
extern char *dq_column_assigned(const DqColumn *column, const char *alias);

/* do two rows hold a different value? Never NULL. */
extern char *dq_column_changed(const DqColumn *column, const char *left,
							   const char *right);

/*
 * Is the value of "left", which is not NULL, after that of "right", which may
 * be (then it is)? With "columns" the order is by the first that differs.
 */
extern char *dq_column_after(List *columns, const char *left,
							 const char *right);

/* 42883 when values of the column have no order */
extern void dq_column_check_order(const DqColumn *column);

#endif /* DQ_COLUMN_H */
