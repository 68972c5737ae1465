/*
 * statement.h
 *	  What the text of a step may be. Positions in errors are those of the
 *	  text; push an error frame with it to have them shown.
 */
#ifndef DQ_STATEMENT_H
#define DQ_STATEMENT_H

#include "nodes/parsenodes.h"

/* a query that fills a stage: one SELECT without effects */
extern RawStmt *dq_statement_parse_query(const char *sql);

/* the same of a query that is something else: "what", for messages */
extern RawStmt *dq_statement_parse_select(const char *sql, const char *what);

/* a statement of a call step: one, and none that ends a transaction */
extern RawStmt *dq_statement_parse_command(const char *sql);

/* errposition() of a byte offset in sql, for use inside ereport */
extern int dq_statement_position(const char *sql, int location);

#endif /* DQ_STATEMENT_H */
