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
struct DqProbe;

extern void dq_predicate_not_null(StringInfo buf, const struct DqCheck *check,
								  const struct DqColumn *column);
extern void dq_predicate_range(StringInfo buf, const struct DqCheck *check,
							   const struct DqColumn *column);
extern void dq_predicate_regex(StringInfo buf, const struct DqCheck *check,
							   const struct DqColumn *column);
extern void dq_predicate_in_set(StringInfo buf, const struct DqCheck *check,
								const struct DqColumn *column);

/* SQL for the column as a text; 42804 when it is of no string type */
extern char *dq_predicate_text(const struct DqColumn *column);

/* the sign of an option that is a number, 1 when it is not given */
extern int dq_predicate_sign(const struct DqCheck *check, const char *option);

/* predicate_value.c: values by the order and equality of their type */
extern void dq_predicate_value_check_step(struct DqCheck *check);
extern void dq_predicate_value_is_null(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_value_not_empty(StringInfo buf,
										 const struct DqCheck *check,
										 const struct DqColumn *column);
extern void dq_predicate_value_not_missing(StringInfo buf,
										   const struct DqCheck *check,
										   const struct DqColumn *column);
extern void dq_predicate_value_not_in_set(StringInfo buf,
										  const struct DqCheck *check,
										  const struct DqColumn *column);
extern void dq_predicate_value_not_between(StringInfo buf,
										   const struct DqCheck *check,
										   const struct DqColumn *column);
extern void dq_predicate_value_greater(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_value_at_least(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_value_less(StringInfo buf,
									const struct DqCheck *check,
									const struct DqColumn *column);
extern void dq_predicate_value_at_most(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_value_equal(StringInfo buf,
									 const struct DqCheck *check,
									 const struct DqColumn *column);
extern void dq_predicate_value_not_equal(StringInfo buf,
										 const struct DqCheck *check,
										 const struct DqColumn *column);
extern void dq_predicate_value_positive(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_value_non_negative(StringInfo buf,
											const struct DqCheck *check,
											const struct DqColumn *column);
extern void dq_predicate_value_multiple(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_value_finite(StringInfo buf,
									  const struct DqCheck *check,
									  const struct DqColumn *column);
extern void dq_predicate_value_places(StringInfo buf,
									  const struct DqCheck *check,
									  const struct DqColumn *column);
extern void dq_predicate_value_length(StringInfo buf,
									  const struct DqCheck *check,
									  const struct DqColumn *column);
extern void dq_predicate_value_length_equal(StringInfo buf,
											const struct DqCheck *check,
											const struct DqColumn *column);
extern void dq_predicate_value_array_length(StringInfo buf,
											const struct DqCheck *check,
											const struct DqColumn *column);

/* predicate_text.c: patterns, formats, JSON */
extern void dq_predicate_text_check_like(struct DqCheck *check);
extern void dq_predicate_text_check_format(struct DqCheck *check);
extern void dq_predicate_text_check_datetime(struct DqCheck *check);
extern void dq_predicate_text_check_schema(struct DqCheck *check);
extern void dq_predicate_text_check_type(struct DqCheck *check);
extern void dq_predicate_text_check_charset(struct DqCheck *check);
extern void dq_predicate_text_not_blank(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_text_not_regex(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_text_any_regex(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_text_all_regex(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_text_not_any_regex(StringInfo buf,
											const struct DqCheck *check,
											const struct DqColumn *column);
extern void dq_predicate_text_like(StringInfo buf,
								   const struct DqCheck *check,
								   const struct DqColumn *column);
extern void dq_predicate_text_not_like(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_text_any_like(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_text_all_like(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_text_not_any_like(StringInfo buf,
										   const struct DqCheck *check,
										   const struct DqColumn *column);
extern void dq_predicate_text_starts(StringInfo buf,
									 const struct DqCheck *check,
									 const struct DqColumn *column);
extern void dq_predicate_text_ends(StringInfo buf, const struct DqCheck *check,
								   const struct DqColumn *column);
extern void dq_predicate_text_contains(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_text_trimmed(StringInfo buf,
									  const struct DqCheck *check,
									  const struct DqColumn *column);
extern void dq_predicate_text_case(StringInfo buf, const struct DqCheck *check,
								   const struct DqColumn *column);
extern void dq_predicate_text_charset(StringInfo buf,
									  const struct DqCheck *check,
									  const struct DqColumn *column);
extern void dq_predicate_text_format(StringInfo buf,
									 const struct DqCheck *check,
									 const struct DqColumn *column);
extern void dq_predicate_text_castable(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_text_datetime(StringInfo buf,
									   const struct DqCheck *check,
									   const struct DqColumn *column);
extern void dq_predicate_text_json(StringInfo buf, const struct DqCheck *check,
								   const struct DqColumn *column);
extern void dq_predicate_text_json_schema(StringInfo buf,
										  const struct DqCheck *check,
										  const struct DqColumn *column);
extern void dq_predicate_text_json_keys(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);

/* predicate_time.c */
extern void dq_predicate_time_not_future(StringInfo buf,
										 const struct DqCheck *check,
										 const struct DqColumn *column);
extern void dq_predicate_time_not_older(StringInfo buf,
										const struct DqCheck *check,
										const struct DqColumn *column);
extern void dq_predicate_time_granularity(StringInfo buf,
										  const struct DqCheck *check,
										  const struct DqColumn *column);

/* predicate_outlier.c: values beside statistics of their column */
extern void dq_predicate_outlier_check(struct DqCheck *check);
extern void dq_predicate_outlier_z_score(StringInfo buf,
										 const struct DqProbe *probe);
extern void dq_predicate_outlier_iqr(StringInfo buf,
									 const struct DqProbe *probe);
extern void dq_predicate_outlier_mad(StringInfo buf,
									 const struct DqProbe *probe);

#endif /* DQ_PREDICATE_H */
