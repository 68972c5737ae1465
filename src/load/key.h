/*
 * key.h
 *	  What makes two rows the same row: columns or expressions, with the
 *	  equality of the index behind them, and their SQL.
 */
#ifndef DQ_KEY_H
#define DQ_KEY_H

#include "access/attnum.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

typedef struct DqKeyColumn
{
	char *name; /* of the column; an expression as text */
	AttrNumber attnum; /* InvalidAttrNumber: an expression */
	Node *expression; /* over the target; NULL: a column */
	Oid type;
	Oid equality; /* operator of the index */
	Oid collation; /* of the index; InvalidOid: none */
	bool other_collation; /* than the value's own */
	Oid opclass; /* InvalidOid: no index */
	bool nullable;
} DqKeyColumn;

typedef struct DqKey
{
	Oid relid; /* the target */
	Oid index; /* that it stands on; InvalidOid: none */
	List *columns; /* of DqKeyColumn *, in the index's order */
	bool nulls_equal; /* NULLS NOT DISTINCT */
	char *arbiter; /* what follows ON CONFLICT; NULL: there is no index */
	Node *predicate; /* of a partial index; NULL: none */
	List *twins; /* OIDs of other unique indexes on the same */
} DqKey;

/* 42703 or 42701 when names are no list of distinct columns of the target */
extern void dq_key_check_columns(Relation target, List *names);

/*
 * A key of these columns that no index stands behind: equality and collation
 * are those of the columns. 42883 for a type without equality.
 */
extern DqKey *dq_key_loose(Relation target, List *names);

/* names of the plain columns of the key: List of char * */
extern List *dq_key_names(const DqKey *key);

/* the column of this number in the key, or NULL */
extern DqKeyColumn *dq_key_column(const DqKey *key, AttrNumber attnum);

/* SQL: one value of the key of a row, as the index sees it */
extern char *dq_key_value(const DqKey *key, const DqKeyColumn *column,
						  const char *alias);

/* SQL: the same, cast so that exactly the equality of the index is meant */
extern char *dq_key_operand(const DqKey *key, const DqKeyColumn *column,
							const char *alias);

/* the "<" that goes with the equality of a column */
extern Oid dq_key_less(const DqKeyColumn *column);

/* SQL: all values, separated by commas */
extern char *dq_key_values(const DqKey *key, const char *alias);

/* "a, b" for messages */
extern char *dq_key_text(const DqKey *key);

/* SQL: is a value of the key NULL? never NULL itself */
extern char *dq_key_any_null(const DqKey *key, const char *alias);

/* SQL: does the row lie inside the partial index? NULL: there is none */
extern char *dq_key_inside(const DqKey *key, const char *alias);

/*
 * SQL: have two rows the same key? NULL counts as no. With match_nulls, NULL
 * equals NULL. Rows of the target ("left") outside a partial index have none.
 */
extern char *dq_key_same(const DqKey *key, const char *left,
						 const char *right, bool match_nulls);

/*
 * Constants are written so that they read the same under every setting, until
 * AtEOXact_GUC(false, level) with the level that is returned.
 */
extern int dq_key_unambiguous(void);

/* SQL of an expression over a relation; alias NULL: plain column names */
extern char *dq_key_deparse(Oid relid, Node *expression, const char *alias);

#endif /* DQ_KEY_H */
