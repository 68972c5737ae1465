/*
 * tuple.h
 *	  Options that are lists of lists of values, such as pairs.
 */
#ifndef DQ_TUPLE_H
#define DQ_TUPLE_H

#include "quality/rule.h"

/*
 * A List of List of char *, NULL for null; each has "width" values. 22023
 * when the option is something else.
 */
extern List *dq_tuple_read(const DqCheck *check, const char *option,
						   int width);

#endif /* DQ_TUPLE_H */
