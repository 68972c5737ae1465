/*
 * rowwise.h
 *	  What rules say about several columns of one row, as SQL.
 */
#ifndef DQ_ROWWISE_H
#define DQ_ROWWISE_H

#include "lib/stringinfo.h"
#include "quality/rule.h"

/* while the rule is read */
extern void dq_rowwise_check_compare(DqCheck *check);
extern void dq_rowwise_check_pairs(DqCheck *check);
extern void dq_rowwise_check_apart(DqCheck *check);
extern void dq_rowwise_check_sum(DqCheck *check);
extern void dq_rowwise_check_several(DqCheck *check);

/* verdicts */
extern void dq_rowwise_compare(StringInfo buf, const struct DqProbe *probe);
extern void dq_rowwise_pair(StringInfo buf, const struct DqProbe *probe);
extern void dq_rowwise_apart(StringInfo buf, const struct DqProbe *probe);
extern void dq_rowwise_sum_equals(StringInfo buf,
								  const struct DqProbe *probe);
extern void dq_rowwise_sum_between(StringInfo buf,
								   const struct DqProbe *probe);
extern void dq_rowwise_at_least_one(StringInfo buf,
									const struct DqProbe *probe);
extern void dq_rowwise_exactly_one(StringInfo buf,
								   const struct DqProbe *probe);
extern void dq_rowwise_all_or_none(StringInfo buf,
								   const struct DqProbe *probe);
extern void dq_rowwise_required(StringInfo buf, const struct DqProbe *probe);
extern void dq_rowwise_different(StringInfo buf, const struct DqProbe *probe);

/* the value of a metric */
extern void dq_rowwise_correlation(StringInfo buf,
								   const struct DqProbe *probe);

#endif /* DQ_ROWWISE_H */
