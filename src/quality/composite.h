/*
 * composite.h
 *	  AND, OR and NOT of other rules.
 */
#ifndef DQ_COMPOSITE_H
#define DQ_COMPOSITE_H

#include "quality/shape.h"

/*
 * validate: read the members, and choose: a composite of rows stays as it is,
 * one of outcomes becomes dq_rules_free_composite_checks.
 */
extern void dq_composite_read(DqCheck *check);

/* DqRuleType.verdict: the members' verdicts, connected */
extern void dq_composite_verdict(StringInfo buf, const DqProbe *probe);

extern const DqRuleType dq_rules_free_composite_checks;

#endif /* DQ_COMPOSITE_H */
