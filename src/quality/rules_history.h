/*
 * rules_history.h
 *	  What the shapes ask about rules of the history family.
 */
#ifndef DQ_RULES_HISTORY_H
#define DQ_RULES_HISTORY_H

#include "quality/measure.h"
#include "quality/rule.h"

/* options of groups DQ_TAKES_HISTORY, _REFERENCE and _PARTITION */
extern const DqOption dq_rules_history_options[];
extern const DqOption dq_rules_history_references[];
extern const DqOption dq_rules_history_partitions[];

/* the rule of option "metric"; NULL: not given */
extern const DqCheck *dq_rules_history_metric(const DqCheck *check);

/* is it about changes, rather than an interval? */
extern bool dq_rules_history_is_change(const DqCheck *check);

/* is the metric a number of rows? */
extern bool dq_rules_history_counts(const DqCheck *check);

/* the measure of a rule on drift, with its options */
extern void dq_rules_history_measure(const DqCheck *check,
									 DqMeasure *measure);

/* NaN: not given */
extern double dq_rules_history_threshold(const DqCheck *check);
extern double dq_rules_history_alpha(const DqCheck *check);

/* how many parts quantiles make */
extern int dq_rules_history_bins(const DqCheck *check);

/* cut numbers into quantiles, rather than count values? */
extern bool dq_rules_history_quantiles(const DqCheck *check, bool numbers);

#endif /* DQ_RULES_HISTORY_H */
