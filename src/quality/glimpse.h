/*
 * glimpse.h
 *	  A look at a few rows, bounded whatever the size of the relation.
 */
#ifndef DQ_GLIMPSE_H
#define DQ_GLIMPSE_H

#include "nodes/nodes.h"
#include "utils/rel.h"

/*
 * Can rows of the relation be found in this relation alone, as the server
 * keeps it: a table without children, or a materialized view?
 */
extern bool dq_glimpse_plain(Relation rel);

/*
 * Is there, in the first pages, a row of the active snapshot for which the
 * boolean expression (NULL: none) is not NULL or, with need_true, is true?
 * False also when it would take longer to find out, or the expression fails.
 */
extern bool dq_glimpse_tested(Relation rel, Node *expr, bool need_true);

#endif /* DQ_GLIMPSE_H */
