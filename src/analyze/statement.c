/*
 * statement.c
 *	  What the text of a step may be.
 *
 * Decided on the raw parse tree, so that what is refused at definition is
 * refused whatever the objects in it look like later. A text that passes is
 * one statement by itself: it cannot break out of anything it is put into.
 */
#include "postgres.h"

#include <ctype.h>

#include "analyze/deps.h"
#include "analyze/statement.h"
#include "base/portal.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "tcop/utility.h"

/*
 * dq_statement_position: see statement.h; nothing when the location is not
 * known.
 */
int
dq_statement_position(const char *sql, int location)
{
	if (sql == NULL || location < 0)
		return 0;
	return errposition(pg_mbstrlen_with_len(sql, location) + 1);
}

/*
 * first_word: byte offset of the first thing that is not white space.
 */
static int
first_word(const char *sql)
{
	int offset = 0;

	while (isspace((unsigned char) sql[offset]))
		offset++;
	return offset;
}

/* a query, and what it is: NULL, of a stage */
typedef struct QueryText
{
	const char *sql;
	const char *what;
} QueryText;

/*
 * name_of: what messages call the query.
 */
static const char *
name_of(const QueryText *query)
{
	return query->what ? query->what : "query of a stage";
}

/*
 * refuse_locking: report FOR UPDATE and its like.
 */
static void
refuse_locking(const LockingClause *clause, const QueryText *query)
{
	int location = -1;

	if (clause->lockedRels != NIL)
		location = linitial_node(RangeVar, clause->lockedRels)->location;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s may not lock rows", name_of(query)),
			 query->what ? 0 : errdetail("FOR UPDATE, FOR SHARE and their variants are not allowed in extract and transform steps."),
			 dq_statement_position(query->sql, location)));
}

/*
 * refuse_parameters: tree walker that reports $1 and its like.
 */
static bool
refuse_parameters(Node *node, void *sql)
{
	if (node == NULL)
		return false;
	if (IsA(node, ParamRef))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_PARAMETER),
				 errmsg("there is no parameter $%d",
						((ParamRef *) node)->number),
				 errhint("Steps read parameters by name: etl.param('name')."),
				 dq_statement_position(sql, ((ParamRef *) node)->location)));
	return raw_expression_tree_walker(node, refuse_parameters, sql);
}

/*
 * refuse_effects: tree walker that reports what a query may not hold.
 */
static bool
refuse_effects(Node *node, void *arg)
{
	const QueryText *query = (QueryText *) arg;

	if (node == NULL)
		return false;
	if (IsA(node, LockingClause))
		refuse_locking((LockingClause *) node, query);
	if (IsA(node, IntoClause))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s may not have INTO", name_of(query)),
				 query->what ? 0 : errhint("The step's name is the name of its result."),
				 dq_statement_position(query->sql,
									   ((IntoClause *) node)->rel->location)));
	if (IsA(node, CommonTableExpr) &&
		!IsA(((CommonTableExpr *) node)->ctequery, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s may not change data", name_of(query)),
				 errdetail("WITH query \"%s\" is no SELECT.",
						   ((CommonTableExpr *) node)->ctename),
				 dq_statement_position(query->sql,
									   ((CommonTableExpr *) node)->location)));
	return raw_expression_tree_walker(node, refuse_effects, arg);
}

/*
 * dq_statement_parse_query: see statement.h. 42601, 0A000, 42P02.
 */
RawStmt *
dq_statement_parse_query(const char *sql)
{
	return dq_statement_parse_select(sql, NULL);
}

/*
 * dq_statement_parse_select: see statement.h. 42601, 0A000, 42P02.
 */
RawStmt *
dq_statement_parse_select(const char *sql, const char *what)
{
	QueryText query = {sql, what};
	RawStmt *raw = dq_portal_parse_one(sql, "query");

	if (!IsA(raw->stmt, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s must be SELECT, VALUES or TABLE, not %s",
						name_of(&query), CreateCommandName(raw->stmt)),
				 what ? 0 : errhint("Other statements go into a step made by etl.call."),
				 dq_statement_position(sql, first_word(sql))));
	(void) refuse_effects(raw->stmt, &query);
	(void) refuse_parameters(raw->stmt, (void *) sql);
	return raw;
}

/*
 * dq_statement_parse_command: see statement.h. 42601, 0A000, 42P02.
 */
RawStmt *
dq_statement_parse_command(const char *sql)
{
	RawStmt *raw = dq_portal_parse_one(sql, "command");
	Node *query = dq_deps_query(raw->stmt);

	if (IsA(raw->stmt, TransactionStmt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("step may not hold the transaction command %s",
						CreateCommandName(raw->stmt)),
				 errdetail("A run decides by itself where its transactions begin and end."),
				 dq_statement_position(sql, first_word(sql))));
	if (IsA(raw->stmt, CopyStmt) &&
		((CopyStmt *) raw->stmt)->filename == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("step may not COPY from or to a client"),
				 errdetail("No client is connected to a run."),
				 dq_statement_position(sql, first_word(sql))));
	if (query != NULL)
		(void) refuse_parameters(query, (void *) sql);
	return raw;
}
