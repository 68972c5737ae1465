/*
 * condition.c
 *	  Conditions in a user's words: one SQL expression each.
 *
 * The server's own grammar decides whether the text is one expression. It is
 * parsed alone before anything splices it, and a newline goes after it.
 */
#include "postgres.h"

#include "load/condition.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

/*
 * show_text: error context callback: positions are in the condition.
 */
static void
show_text(void *arg)
{
	int position = geterrposition();

	if (position <= 0)
		return;
	errposition(0);
	internalerrposition(position);
	internalerrquery((const char *) arg);
}

/*
 * parse: the select list of the text; anything else is in "select" too.
 */
static SelectStmt *
parse(const char *text)
{
	ErrorContextCallback callback;
	List *parsed;

	callback.callback = show_text;
	callback.arg = unconstify(char *, text);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	error_context_stack = callback.previous;
	return castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
}

/*
 * is_expression: nothing but one unnamed target?
 */
static bool
is_expression(SelectStmt *select)
{
	ResTarget *target;

	if (list_length(select->targetList) != 1 || select->distinctClause ||
		select->fromClause || select->whereClause || select->groupClause ||
		select->havingClause || select->windowClause || select->sortClause ||
		select->limitOffset || select->limitCount || select->lockingClause ||
		select->intoClause || select->withClause || select->valuesLists ||
		select->op != SETOP_NONE)
		return false;
	target = linitial_node(ResTarget, select->targetList);
	if (target->name != NULL || target->indirection != NIL)
		return false;
	return !(IsA(target->val, ColumnRef) &&
			 IsA(llast(((ColumnRef *) target->val)->fields), A_Star));
}

/*
 * dq_condition_check: see condition.h.
 */
void
dq_condition_check(const char *text, const char *what)
{
	if (!is_expression(parse(text)))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s is not one expression: %s", what, text)));
}

/*
 * collect_columns: raw expression walker; "arg" is a List **.
 */
static bool
collect_columns(Node *node, void *arg)
{
	List **names = (List **) arg;

	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef))
	{
		Node *last = (Node *) llast(((ColumnRef *) node)->fields);

		if (IsA(last, String))
			*names = lappend(*names, pstrdup(strVal(last)));
		return false;
	}
	return raw_expression_tree_walker(node, collect_columns, arg);
}

/*
 * dq_condition_columns: see condition.h.
 */
List *
dq_condition_columns(const char *text)
{
	List *names = NIL;

	(void) collect_columns((Node *) parse(text)->targetList, &names);
	return names;
}

/*
 * dq_condition_sql: see condition.h.
 */
char *
dq_condition_sql(const char *text)
{
	return psprintf("(\n%s\n)", text);
}
