/*
 * keymetric.h
 *	  Numbers that follow from the counts of a key, held against bounds.
 */
#ifndef DQ_KEYMETRIC_H
#define DQ_KEYMETRIC_H

#include "quality/rule.h"

/* while the rule is read */
extern void dq_keymetric_check_count(DqCheck *check);
extern void dq_keymetric_check_duplicates(DqCheck *check);

/* may it be answered by an estimate? */
extern bool dq_keymetric_is_approximate(const DqCheck *check);

/* " (standard error 0.81 %)", or "" when the count is exact */
extern const char *dq_keymetric_error(const struct DqProbe *probe);

/* fill "holds" and "observed" from the counts */
extern void dq_keymetric_duplicates(struct DqProbe *probe);
extern void dq_keymetric_uniqueness(struct DqProbe *probe);
extern void dq_keymetric_distinctness(struct DqProbe *probe);
extern void dq_keymetric_distinct(struct DqProbe *probe);

#endif /* DQ_KEYMETRIC_H */
