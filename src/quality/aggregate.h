/*
 * aggregate.h
 *	  Values of many rows that one pass gives, as SQL of aggregates.
 */
#ifndef DQ_AGGREGATE_H
#define DQ_AGGREGATE_H

#include "lib/stringinfo.h"
#include "quality/rule.h"

/* while the rule is read: bounds are numbers, fractions, in order */
extern void dq_aggregate_check_numbers(DqCheck *check);
extern void dq_aggregate_check_fractions(DqCheck *check);
extern void dq_aggregate_check_order(DqCheck *check);
extern void dq_aggregate_check_frequency(DqCheck *check);
extern void dq_aggregate_check_pair(const DqCheck *check, const char *min,
									const char *max);

/* values */
extern void dq_aggregate_completeness(StringInfo buf,
									  const struct DqProbe *probe);
extern void dq_aggregate_min(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_max(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_range(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_mean(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_sum(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_stddev(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_variance(StringInfo buf,
								  const struct DqProbe *probe);
extern void dq_aggregate_skewness(StringInfo buf,
								  const struct DqProbe *probe);
extern void dq_aggregate_kurtosis(StringInfo buf,
								  const struct DqProbe *probe);
extern void dq_aggregate_zeros(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_trues(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_frequency(StringInfo buf,
								   const struct DqProbe *probe);
extern void dq_aggregate_varies(StringInfo buf, const struct DqProbe *probe);
extern void dq_aggregate_min_length(StringInfo buf,
									const struct DqProbe *probe);
extern void dq_aggregate_max_length(StringInfo buf,
									const struct DqProbe *probe);
extern void dq_aggregate_mean_length(StringInfo buf,
									 const struct DqProbe *probe);

/* whether they are good, where the type of the column decides */
extern void dq_aggregate_extreme_holds(StringInfo buf,
									   const struct DqProbe *probe,
									   const char *value);
extern void dq_aggregate_varies_holds(StringInfo buf,
									  const struct DqProbe *probe,
									  const char *value);

#endif /* DQ_AGGREGATE_H */
