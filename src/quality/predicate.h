/*
 * predicate.h
 *	  What a rule says about one column, as SQL.
 *
 * Each writes a boolean that is NULL when the column is NULL (but for
 * not_null), with every operator and type qualified. They throw when the rule
 * does not fit the type of the column: 42804, 42883, 22P02 at evaluation.
 */
#ifndef DQ_PREDICATE_H
#define DQ_PREDICATE_H

#include "lib/stringinfo.h"

struct DqCheck;
struct DqColumn;

extern void dq_predicate_not_null(StringInfo buf, const struct DqCheck *check,
								  const struct DqColumn *column);
extern void dq_predicate_range(StringInfo buf, const struct DqCheck *check,
							   const struct DqColumn *column);
extern void dq_predicate_regex(StringInfo buf, const struct DqCheck *check,
							   const struct DqColumn *column);
extern void dq_predicate_in_set(StringInfo buf, const struct DqCheck *check,
								const struct DqColumn *column);

#endif /* DQ_PREDICATE_H */
