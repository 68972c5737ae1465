/*
 * portal.c
 *	  Executing a user's statement as a parse tree through a portal, as the
 *	  server does with what a client sends.
 *
 * A tree cannot be spliced or broken out of, keeps the positions of the text
 * it was parsed from, and a top-level portal lets VACUUM and procedures that
 * commit work. Follows exec_simple_query in tcop/postgres.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/portal.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

/*
 * dq_portal_parse_one: parse text that must hold exactly one statement; "what"
 * names it in the message.
 */
RawStmt *
dq_portal_parse_one(const char *sql, const char *what)
{
	List *statements = pg_parse_query(sql);

	if (statements == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s is empty", what)));
	if (list_length(statements) > 1)
	{
		RawStmt *second = lsecond_node(RawStmt, statements);
		int location = second->stmt_location;
		int before;

		/* before 18 it is the end of the first one */
		while (scanner_isspace(sql[location]))
			location++;
		before = pg_mbstrlen_with_len(sql, location);
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
						errmsg("%s holds more than one statement", what),
						errposition(1 + before)));
	}
	return linitial_node(RawStmt, statements);
}

/*
 * dq_portal_run: analyse, plan and execute one statement as the current user;
 * returns the number of rows it processed.
 *
 * Needs a transaction. With top_level the statement may end it and start
 * another one, so the caller must not hold anything in the transaction's
 * memory; "statement" and "source" are copied.
 */
uint64
dq_portal_run(RawStmt *statement, const char *source, bool top_level)
{
	MemoryContext caller = CurrentMemoryContext;
	bool need_snapshot = analyze_requires_snapshot(statement);
	CommandTag tag = CreateCommandTag(statement->stmt);
	Portal portal;
	MemoryContext cxt;
	List *queries;
	List *plans;
	QueryCompletion qc;
	DestReceiver *dest;

	portal = CreateNewPortal();
	portal->visible = false;
	cxt = portal->portalContext;
	MemoryContextSwitchTo(cxt);
	statement = copyObject(statement);
	source = pstrdup(source);

	if (need_snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	queries = pg_analyze_and_rewrite_fixedparams(statement, source,
												 NULL, 0, NULL);
	plans = pg_plan_queries(queries, source, CURSOR_OPT_PARALLEL_OK, NULL);
	if (need_snapshot)
		PopActiveSnapshot();

	PortalDefineQuery(portal, NULL, source, tag, plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	dest = CreateDestReceiver(DestNone);
	InitializeQueryCompletion(&qc);
	(void) dq_compat_portal_run(portal, top_level, dest, &qc);
	dest->rDestroy(dest);
	/* not from within the context that goes with the portal */
	MemoryContextSwitchTo(caller);
	PortalDrop(portal, false);
	CommandCounterIncrement();
	return qc.nprocessed;
}
