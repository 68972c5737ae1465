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

#endif /* DQ_NEIGHBOUR_H */
