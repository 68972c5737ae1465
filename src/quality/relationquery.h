/*
 * relationquery.h
 *	  Queries that find one value here and one in another relation.
 */
#ifndef DQ_RELATIONQUERY_H
#define DQ_RELATIONQUERY_H

#include "quality/shape.h"

/* DqRuleType.metric of dq_shape_found */
extern void dq_relationquery_row_count(StringInfo buf, const DqProbe *probe);
extern void dq_relationquery_fewer_rows(StringInfo buf, const DqProbe *probe);
extern void dq_relationquery_aggregate(StringInfo buf, const DqProbe *probe);
extern void dq_relationquery_distinct(StringInfo buf, const DqProbe *probe);
extern void dq_relationquery_hash(StringInfo buf, const DqProbe *probe);

#endif /* DQ_RELATIONQUERY_H */
