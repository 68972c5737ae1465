/*
 * element.c
 *	  What a key is asked to be made of: columns and expressions.
 *
 * An expression is compared as the planner compares it when it infers the
 * arbiter of ON CONFLICT: analysed against the target and simplified.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/condition.h"
#include "load/element.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "storage/lockdefs.h"
#include "utils/lsyscache.h"

typedef struct Element
{
	const char *name; /* of a column; NULL: an expression */
	Node *expression;
} Element;

/*
 * read_expression: an expression over the target as an index would hold it.
 */
static Node *
read_expression(Relation target, const char *text)
{
	ParseState *pstate = make_parsestate(NULL);
	RawStmt *parsed;
	ResTarget *value;
	ParseNamespaceItem *item;
	Node *node;

	dq_condition_check(text, "element of on_conflict_columns");
	parsed = linitial_node(RawStmt, raw_parser(text, RAW_PARSE_PLPGSQL_EXPR));
	value = linitial_node(ResTarget,
						  castNode(SelectStmt, parsed->stmt)->targetList);
	item = addRangeTableEntryForRelation(pstate, target, AccessShareLock,
										 NULL, false, true);
	addNSItemToQuery(pstate, item, false, true, true);
	node = transformExpr(pstate, value->val, EXPR_KIND_INDEX_EXPRESSION);
	assign_expr_collations(pstate, node);
	node = eval_const_expressions(NULL, node);
	free_parsestate(pstate);
	return node;
}

/*
 * dq_element_read: see element.h.
 */
List *
dq_element_read(Relation target, List *texts, bool expressions)
{
	List *elements = NIL;
	ListCell *lc;

	foreach(lc, texts)
	{
		char *text = (char *) lfirst(lc);
		Element *element = palloc0(sizeof(Element));

		if (!expressions ||
			get_attnum(RelationGetRelid(target), text) > 0)
			element->name = text;
		else
			element->expression = read_expression(target, text);
		elements = lappend(elements, element);
	}
	return elements;
}

/*
 * dq_element_has: see element.h.
 */
bool
dq_element_has(List *elements, const char *name, Node *expression)
{
	ListCell *lc;

	foreach(lc, elements)
	{
		Element *element = (Element *) lfirst(lc);

		if (expression != NULL && element->expression != NULL &&
			equal(expression, element->expression))
			return true;
		if (name != NULL && element->name != NULL &&
			strcmp(name, element->name) == 0)
			return true;
	}
	return false;
}

/*
 * dq_element_text: see element.h.
 */
char *
dq_element_text(Relation target, List *texts)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, texts)
	{
		char *text = (char *) lfirst(lc);
		bool column = get_attnum(RelationGetRelid(target), text) > 0;

		appendStringInfo(&buf, "%s", buf.len > 0 ? ", " : "");
		if (column)
			appendStringInfoString(&buf, dq_sqltext_ident(text));
		else
			appendStringInfo(&buf, "(%s)", text);
	}
	return buf.data;
}
