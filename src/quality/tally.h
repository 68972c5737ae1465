/*
 * tally.h
 *	  Values of many rows that need them sorted or grouped, as SQL.
 */
#ifndef DQ_TALLY_H
#define DQ_TALLY_H

#include "lib/stringinfo.h"
#include "quality/rule.h"

/* while the rule is read */
extern void dq_tally_check_quantiles(DqCheck *check);

/* SELECTs of v, n, h, d */
extern void dq_tally_median(StringInfo buf,
							const struct DqProbe *probe);
extern void dq_tally_quantile(StringInfo buf,
							  const struct DqProbe *probe);
extern void dq_tally_iqr(StringInfo buf, const struct DqProbe *probe);
extern void dq_tally_entropy(StringInfo buf,
							 const struct DqProbe *probe);
extern void dq_tally_mode(StringInfo buf,
						  const struct DqProbe *probe);
extern void dq_tally_in_set(StringInfo buf,
							const struct DqProbe *probe);
extern void dq_tally_contain_set(StringInfo buf,
								 const struct DqProbe *probe);
extern void dq_tally_equal_set(StringInfo buf,
							   const struct DqProbe *probe);

/* those of them that judge themselves */
extern void dq_tally_holds(StringInfo buf, const struct DqProbe *probe,
						   const char *value);

#endif /* DQ_TALLY_H */
