/*
 * lineage.h
 *	  Which columns a query's result, or what it writes, comes from: read out
 *	  of the server's own parse trees.
 */
#ifndef DQ_LINEAGE_H
#define DQ_LINEAGE_H

#include "access/attnum.h"
#include "nodes/parsenodes.h"

/*
 * In what way something depends on a column; several bits may be set. Direct:
 * the value is the column's, or is computed from it, or from many of its
 * values. Indirect: which rows there are, or what a value is, depends on it.
 */
#define DQ_LINEAGE_IDENTITY 0x01
#define DQ_LINEAGE_TRANSFORMATION 0x02
#define DQ_LINEAGE_AGGREGATION 0x04
#define DQ_LINEAGE_DIRECT 0x07
#define DQ_LINEAGE_FILTER 0x08
#define DQ_LINEAGE_JOIN 0x10
#define DQ_LINEAGE_GROUP_BY 0x20
#define DQ_LINEAGE_SORT 0x40
#define DQ_LINEAGE_WINDOW 0x80
#define DQ_LINEAGE_CONDITIONAL 0x100
/* somebody says so: code that cannot be read into */
#define DQ_LINEAGE_DECLARED 0x200

/* a column that was read */
typedef struct DqOrigin
{
	const char *stage; /* of an earlier step; NULL: a relation */
	Oid relid;
	AttrNumber attnum; /* 0: the relation as such */
	Oid via; /* the view through which it was read; InvalidOid: none */
	int kinds;
} DqOrigin;

/* a set of them, each once; filled by dq_lineage_trail_* */
typedef struct DqTrail
{
	int count;
	int size;
	DqOrigin *origins;
} DqTrail;

/* a result */
typedef struct DqLineage
{
	List *columns; /* of DqTrail *, by position */
	DqTrail *rows; /* which rows there are: counts for every column */
} DqLineage;

/* a column of a relation that a statement writes */
typedef struct DqWrittenColumn
{
	AttrNumber attnum;
	DqTrail *origins;
} DqWrittenColumn;

/* a relation that a statement writes */
typedef struct DqWrite
{
	Oid relid;
	List *columns; /* of DqWrittenColumn *; NIL: rows are deleted */
	DqTrail *rows;
} DqWrite;

/* everything about one statement */
typedef struct DqStatementLineage
{
	DqLineage *result; /* NULL: none but what is written */
	List *writes; /* of DqWrite * */
	List *opaque; /* of Oid: functions that could not be looked into */
} DqStatementLineage;

/*
 * Trace an analysed query. Views and SQL functions are looked through, views
 * are origins of their own beside what they read. Nothing is executed.
 */
extern DqStatementLineage *dq_lineage_trace(Query *query);

/* sets */
extern DqTrail *dq_lineage_trail_make(void);
extern void dq_lineage_trail_add(DqTrail *trail, const DqOrigin *origin);
extern void dq_lineage_trail_merge(DqTrail *trail, const DqTrail *other);

/* "identity", "filter", ... of one bit */
extern const char *dq_lineage_kind_name(int kind);

#endif /* DQ_LINEAGE_H */
