/*
 * exprtree.h
 *	  Check SQL as an analysed expression over the checked relation.
 */
#ifndef DQ_EXPRTREE_H
#define DQ_EXPRTREE_H

#include "nodes/bitmapset.h"
#include "nodes/primnodes.h"
#include "quality/shape.h"
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

/* verdict and filter of a probe */
typedef struct DqProbeTree
{
	bool fits; /* both are expressions as above */
	Node *verdict;
	Node *filter; /* NULL: all rows */
	ErrorData *error; /* what analysis threw; NULL: nothing */
} DqProbeTree;

/*
 * The trees of a probe, analysed once and kept with it. Analysis that throws
 * does not fit: what answers the probe by its texts will throw that again.
 */
extern const DqProbeTree *dq_exprtree_of(const DqProbe *probe);

/*
 * What is wrong with a text of a user's that is meant to be a condition on the
 * rows of the probe, in terms of this text, not of what we put around it:
 * 42804 for another type than boolean. NULL when there is nothing of the kind.
 */
extern ErrorData *dq_exprtree_complaint(const DqProbe *probe);

/* attribute numbers in it, system columns left out */
extern Bitmapset *dq_exprtree_columns(Node *expr);

/* the greatest attribute number in it, 0 when there is none */
extern AttrNumber dq_exprtree_last_attr(Node *expr);

#endif /* DQ_EXPRTREE_H */
