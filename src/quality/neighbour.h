/*
 * neighbour.h
 *	  What rules say about a row and others beside it, as SQL.
 */
#ifndef DQ_NEIGHBOUR_H
#define DQ_NEIGHBOUR_H

#include "lib/stringinfo.h"
#include "quality/rule.h"

/* while the rule is read */
extern void dq_neighbour_check_transitions(DqCheck *check);

/* verdicts */
extern void dq_neighbour_dependency(StringInfo buf,
									const struct DqProbe *probe);
extern void dq_neighbour_transitions(StringInfo buf,
									 const struct DqProbe *probe);

/* neighbour_order.c: a value and the one before it */
extern void dq_neighbour_check_step(DqCheck *check);
extern void dq_neighbour_increasing(StringInfo buf,
									const struct DqProbe *probe);
extern void dq_neighbour_decreasing(StringInfo buf,
									const struct DqProbe *probe);
extern void dq_neighbour_sequential(StringInfo buf,
									const struct DqProbe *probe);
extern void dq_neighbour_change(StringInfo buf, const struct DqProbe *probe);

#endif /* DQ_NEIGHBOUR_H */
