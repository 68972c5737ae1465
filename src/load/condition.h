/*
 * condition.h
 *	  Conditions in a user's words: one SQL expression each.
 */
#ifndef DQ_CONDITION_H
#define DQ_CONDITION_H

#include "nodes/pg_list.h"

/*
 * 42601 when a text is anything else than one expression: it could close a
 * parenthesis that we opened. "what" is the text in messages.
 */
extern void dq_condition_check(const char *text, const char *what);

/* the last part of each column name in the expression: List of char * */
extern List *dq_condition_columns(const char *text);

/* the text for splicing: in parentheses, safe against a comment at its end */
extern char *dq_condition_sql(const char *text);

#endif /* DQ_CONDITION_H */
