/*
 * checktext.h
 *	  Check texts: parsed alone before anything splices them.
 */
#ifndef DQ_CHECKTEXT_H
#define DQ_CHECKTEXT_H

#include "nodes/nodes.h"
#include "quality/rule.h"

/*
 * A boolean expression: its raw parse tree; 42601 when it is not exactly one.
 * "what" says what it is meant to be: DQ_CHECK_TEXT or DQ_FILTER_TEXT.
 */
#define DQ_CHECK_TEXT "a check"
#define DQ_FILTER_TEXT "a row filter"

extern Node *dq_checktext_expression(const char *text, const char *what);

/* exactly one SELECT without effects; 42601, 0A000 */
extern void dq_checktext_query(const char *text, const char *what);

/* does the text begin like a table constraint? */
extern bool dq_checktext_is_constraint(const char *text);

/* a table constraint as a check; 42601, 0A000 */
extern DqCheck *dq_checktext_constraint(const char *text);

#endif /* DQ_CHECKTEXT_H */
