/*
 * lineage_trace.h
 *	  What the parts of the tracer share.
 *
 * A frame is one query while it is traced; names of an outer query lead to
 * the frames around it. Frames of a recursive CTE are made anew for each turn.
 */
#ifndef DQ_LINEAGE_TRACE_H
#define DQ_LINEAGE_TRACE_H

#include "analyze/lineage.h"

typedef struct DqTraceState
{
	List *stages; /* of char *: one copy of each name of a stage */
	List *views; /* of DqTracedView * */
	List *written; /* of Query *: whose changes are noted */
	List *writes; /* of DqWrite * */
	List *opaque; /* of Oid */
	int depth; /* of functions and views in one another */
} DqTraceState;

typedef struct DqFrame
{
	DqTraceState *state;
	Query *query;
	struct DqFrame *outer; /* NULL: none */
	List *params; /* of DqTrail *: arguments, in the body of a function */
	DqLineage **tables; /* by index in the range table; NULL: not yet */
	List *ctes; /* of DqTracedCte * */
} DqFrame;

/* what a kind makes of another: outermost first */
extern int dq_lineage_compose(int outer, int inner);

/* the kind of what is inside a computation */
extern int dq_lineage_computed(int kind);

/* add all of "from" as seen through an expression of "kind" */
extern void dq_lineage_pass(DqTrail *out, const DqTrail *from, int kind);

/* lineage.c: a query below "outer"; lists of other queries may be cached */
extern DqLineage *dq_lineage_query(DqTraceState *state, Query *query,
								   DqFrame *outer, List *params);
extern DqFrame *dq_lineage_frame(DqTraceState *state, Query *query,
								 DqFrame *outer, List *params);
extern DqTrail *dq_lineage_rows(DqFrame *frame);

/* lineage_expr.c: origins of an expression, read with "kind" */
extern void dq_lineage_expr(DqFrame *frame, Node *expr, int kind,
							DqTrail *out);
extern void dq_lineage_qual(DqFrame *frame, Node *qual, DqTrail *out);

/* lineage_table.c: one column, or what decides rows, of a range table entry */
extern void dq_lineage_column(DqFrame *frame, int index, AttrNumber attnum,
							  int kind, DqTrail *out);
extern void dq_lineage_table_rows(DqFrame *frame, int index, DqTrail *out);

/*
 * lineage_function.c: the result of a call of an SQL function, or NULL when
 * it cannot be looked into
 */
extern DqLineage *dq_lineage_call(DqFrame *frame, FuncExpr *call);

/* lineage_write.c: note what a statement changes */
extern void dq_lineage_writes(DqFrame *frame);

#endif /* DQ_LINEAGE_TRACE_H */
