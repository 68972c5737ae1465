/*
 * exprtree.h
 *	  Check SQL as an analysed expression over the checked relation.
 */
#ifndef DQ_EXPRTREE_H
#define DQ_EXPRTREE_H

#include "nodes/primnodes.h"
#include "quality/source.h"

/*
 * The text as the server analyses it for a CHECK constraint on the relation,
 * with the search_path in force: Vars of varno 1, collations assigned,
 * constants folded, operators looked up (expression_planner), or NULL when it
 * holds what such an expression cannot (subselects, set-returning functions,
 * aggregates, whole-row references), a column that is stored nowhere or one
 * that the current user may not read. Throws what analysis and folding throw.
 * "text" is what DqProbe.verdict and DqProbe.filter hold: it names columns by
 * source->alias.
 */
extern Node *dq_exprtree_analyse(const DqSource *source, const char *text);

/* the greatest attribute number in it, 0 when there is none */
extern AttrNumber dq_exprtree_last_attr(Node *expr);

#endif /* DQ_EXPRTREE_H */
