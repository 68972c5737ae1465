/*
 * span.h
 *	  Rows that are valid from somewhere to somewhere, beside each other.
 */
#ifndef DQ_SPAN_H
#define DQ_SPAN_H

#include "lib/stringinfo.h"
#include "quality/rule.h"

extern void dq_span_check_ranges(DqCheck *check);
extern void dq_span_ranges(StringInfo buf, const struct DqProbe *probe);
extern void dq_span_versions(StringInfo buf, const struct DqProbe *probe);

#endif /* DQ_SPAN_H */
