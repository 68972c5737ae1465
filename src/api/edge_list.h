/*
 * edge_list.h
 *	  What a compiled pipeline depends on, as edges to be stored.
 */
#ifndef DQ_EDGE_LIST_H
#define DQ_EDGE_LIST_H

#include "analyze/compile.h"

/* trace what was analysed of a step; what is opaque becomes a finding */
extern void dq_edge_list_trace(DqCompile *compile, DqCompiledStep *compiled);

/*
 * A load: columns of the stage go to those of the target by name. "keys"
 * (column names) decide which row is met, "filters" whether it is written.
 */
extern void dq_edge_list_load(DqCompiledStep *compiled, const char *source,
							  TupleDesc stage, Oid target_oid,
							  TupleDesc target, List *keys, List *filters);

/* all edges, as the JSON list that dq_edges_store takes */
extern char *dq_edge_list_json(const DqCompile *compile);

#endif /* DQ_EDGE_LIST_H */
