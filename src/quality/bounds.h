/*
 * bounds.h
 *	  The two bounds of a check: in order, and perhaps infinite.
 */
#ifndef DQ_BOUNDS_H
#define DQ_BOUNDS_H

#include "quality/rule.h"
#include "quality/source.h"

/*
 * At definition, of bounds whose order shows without a type: numbers, and
 * dates or times that are written alike: 22023 when nothing can lie between
 * them.
 */
extern void dq_bounds_check(const DqCheck *check);

/* the same of bounds as values of a type, by its default order */
extern void dq_bounds_check_values(const DqCheck *check, Oid type,
								   Oid collation);

/* does a bound say that there is none: infinity above, -infinity below? */
extern bool dq_bounds_open_below(const DqCheck *check);
extern bool dq_bounds_open_above(const DqCheck *check);

/* is one of the bounds infinite, so that such a value is expected? */
extern bool dq_bounds_infinite(const DqCheck *check);

#endif /* DQ_BOUNDS_H */
