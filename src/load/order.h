/*
 * order.h
 *	  Rows of a difference in the order of their keys.
 */
#ifndef DQ_ORDER_H
#define DQ_ORDER_H

#include "load/difference.h"

/* do the rows of a difference hold their whole key? */
extern bool dq_order_is_possible(const DqTask *task);

/*
 * Bring both stores into the order of the key. False when two new rows have
 * the same key.
 */
extern bool dq_order_rows(const DqTask *task, DqDifference *difference);

#endif /* DQ_ORDER_H */
