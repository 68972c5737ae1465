/*
 * portal.h
 *	  Executing a user's statement as a parse tree through a portal, as the
 *	  server does with what a client sends.
 */
#ifndef DQ_PORTAL_H
#define DQ_PORTAL_H

#include "nodes/parsenodes.h"

extern RawStmt *dq_portal_parse_one(const char *sql, const char *what);
extern uint64 dq_portal_run(RawStmt *statement, const char *source,
							bool top_level);

#endif /* DQ_PORTAL_H */
