/*
 * checktext.c
 *	  Check texts: parsed alone before anything splices them.
 *
 * The server's own grammar decides whether a text is one expression or one
 * constraint and nothing else; its scanner finds the condition inside
 * CHECK (...). So a text cannot close a parenthesis that it did not open, nor
 * end in a comment or a string that swallows what we write after it (we also
 * write a newline there). Errors show the text and a caret in it.
 */
#include "postgres.h"

#include "analyze/statement.h"
#include "base/compat.h"
#include "base/sqltext.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "quality/checktext.h"

/* makes a table constraint a statement; positions are shifted back by it */
#define CONSTRAINT_PREFIX "ALTER TABLE x ADD "

typedef struct TextFrame
{
	ErrorContextCallback callback;
	const char *text;
	int shift; /* characters that we put before it */
} TextFrame;

typedef struct TextScan
{
	core_yyscan_t scanner;
	core_yy_extra_type extra;
	const char *text;
} TextScan;

/*
 * show_text: error context callback: a position is one in the check's text.
 */
static void
show_text(void *arg)
{
	TextFrame *frame = (TextFrame *) arg;
	int position = geterrposition();

	if (position <= frame->shift)
		return;
	errposition(0);
	internalerrposition(position - frame->shift);
	internalerrquery(frame->text);
}

/*
 * push_text: errors from here to pop_text are about this text.
 */
static void
push_text(TextFrame *frame, const char *text, int shift)
{
	frame->text = text;
	frame->shift = shift;
	frame->callback.callback = show_text;
	frame->callback.arg = frame;
	frame->callback.previous = error_context_stack;
	error_context_stack = &frame->callback;
}

/*
 * pop_text: undo push_text.
 */
static void
pop_text(TextFrame *frame)
{
	error_context_stack = frame->callback.previous;
}

/*
 * is_bare_expression: nothing but one unnamed target?
 */
static bool
is_bare_expression(SelectStmt *select)
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
			 IsA(linitial(((ColumnRef *) target->val)->fields), A_Star));
}

/*
 * dq_checktext_expression: the raw parse tree of a boolean expression; its
 * type is not looked at. 42601 with the text and a caret when the text is
 * anything else than one expression.
 */
Node *
dq_checktext_expression(const char *text, const char *what)
{
	TextFrame frame;
	List *parsed;
	SelectStmt *select;

	push_text(&frame, text, 0);
	parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	pop_text(&frame);

	select = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
	if (select->targetList == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s must not be empty", what)));
	if (!is_bare_expression(select))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s must be a single boolean expression", what),
				 errdetail("It is not: %s", dq_sqltext_clip(text, 200)),
				 errhint("Write what would stand inside CHECK (...) of a table, without SELECT, FROM, aliases or commas.")));
	return linitial_node(ResTarget, select->targetList)->val;
}

/*
 * dq_checktext_query: throw when the text is anything else than one SELECT
 * without effects, with the text and a caret. "what" names it.
 */
void
dq_checktext_query(const char *text, const char *what)
{
	TextFrame frame;

	push_text(&frame, text, 0);
	(void) dq_statement_parse_select(text, what);
	pop_text(&frame);
}

/*
 * begin_scan: start the server's scanner on a text.
 */
static void
begin_scan(TextScan *scan, const char *text)
{
	scan->text = text;
	scan->scanner = scanner_init(text, &scan->extra, &ScanKeywords,
								 ScanKeywordTokens);
	scan->extra.escape_string_warning = false;
}

/*
 * next_token: the next token, 0 at the end. *at is its byte offset.
 */
static int
next_token(TextScan *scan, int *at)
{
	core_YYSTYPE value;
	YYLTYPE location = 0;
	int token = core_yylex(&value, &location, scan->scanner);

	*at = location;
	return token;
}

/*
 * is_word: does this keyword, unquoted, stand at the offset?
 */
static bool
is_word(const char *text, int at, const char *word)
{
	int len = strlen(word);
	unsigned char after;

	if (pg_strncasecmp(text + at, word, len) != 0)
		return false;
	after = (unsigned char) text[at + len];
	return !(isalnum(after) || after == '_' || after == '$' ||
			 IS_HIGHBIT_SET(after));
}

/*
 * dq_checktext_is_constraint: does the first token begin a table constraint?
 * All of these words are reserved: no expression begins with one.
 */
bool
dq_checktext_is_constraint(const char *text)
{
	static const char *const words[] = {"constraint", "check", "unique",
										"primary", "foreign"};
	TextFrame frame;
	TextScan scan;
	int at;
	bool found = false;
	int i;

	push_text(&frame, text, 0);
	begin_scan(&scan, text);
	if (next_token(&scan, &at) != 0)
	{
		for (i = 0; i < lengthof(words); i++)
			found = found || is_word(text, at, words[i]);
	}
	scanner_finish(scan.scanner);
	pop_text(&frame);
	return found;
}

/*
 * refuse_option: a clause that only makes sense for a real constraint.
 */
static void
refuse_option(const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("\"%s\" makes no sense in a check", option),
			 errdetail("A check looks at the rows that are there; it does not become a constraint of a table."),
			 errhint("Leave the clause away.")));
}

/*
 * condition_text: what stands between the parentheses of CHECK (...).
 *
 * The text has been parsed as one constraint: CHECK is a reserved word, so
 * the first unquoted one is the keyword, and the parentheses match.
 */
static char *
condition_text(const char *text)
{
	TextScan scan;
	int token;
	int at;
	int depth = 0;
	int start = -1;
	int end = -1;
	int rest = -1;

	begin_scan(&scan, text);
	while ((token = next_token(&scan, &at)) != 0)
	{
		if (start < 0)
		{
			if (is_word(text, at, "check"))
			{
				(void) next_token(&scan, &at);
				start = at + 1;
				depth = 1;
			}
		}
		else if (end >= 0)
		{
			rest = at;
			break;
		}
		else if (token == '(')
			depth++;
		else if (token == ')' && --depth == 0)
			end = at;
	}
	scanner_finish(scan.scanner);
	if (end < 0)
		elog(ERROR, "no condition in check \"%s\"", text);
	if (rest >= 0)
		refuse_option(dq_sqltext_clip(text + rest, 40));
	return pnstrdup(text + start, end - start);
}

/*
 * names_of: a List of String nodes as a List of char *.
 */
static List *
names_of(List *strings)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, strings)
		names = lappend(names, pstrdup(strVal(lfirst(lc))));
	return names;
}

/*
 * refuse_constraint_options: 0A000 when the constraint carries a clause that
 * a check cannot honour.
 */
static void
refuse_constraint_options(Constraint *constraint)
{
	const char *compat = dq_compat_constraint_option(constraint);

	if (constraint->deferrable)
		refuse_option("DEFERRABLE");
	if (constraint->initdeferred)
		refuse_option("INITIALLY DEFERRED");
	if (constraint->skip_validation)
		refuse_option("NOT VALID");
	if (constraint->including != NIL)
		refuse_option("INCLUDE");
	if (constraint->options != NIL)
		refuse_option("WITH");
	if (constraint->indexname != NULL)
		refuse_option("USING INDEX");
	if (constraint->indexspace != NULL)
		refuse_option("USING INDEX TABLESPACE");
	if (compat != NULL)
		refuse_option(compat);
	if (constraint->contype != CONSTR_FOREIGN)
		return;
	if (constraint->fk_matchtype != FKCONSTR_MATCH_SIMPLE)
		refuse_option("MATCH FULL");
	if (constraint->fk_upd_action != FKCONSTR_ACTION_NOACTION)
		refuse_option("ON UPDATE");
	if (constraint->fk_del_action != FKCONSTR_ACTION_NOACTION)
		refuse_option("ON DELETE");
}

/*
 * parse_constraint: the text as exactly one table constraint.
 */
static Constraint *
parse_constraint(const char *text)
{
	TextFrame frame;
	List *parsed;
	AlterTableStmt *alter;
	AlterTableCmd *command;

	push_text(&frame, text, strlen(CONSTRAINT_PREFIX));
	parsed = raw_parser(psprintf(CONSTRAINT_PREFIX "%s", text),
						RAW_PARSE_DEFAULT);
	pop_text(&frame);

	if (list_length(parsed) == 1 &&
		IsA(linitial_node(RawStmt, parsed)->stmt, AlterTableStmt))
	{
		alter = (AlterTableStmt *) linitial_node(RawStmt, parsed)->stmt;
		command = linitial_node(AlterTableCmd, alter->cmds);
		if (list_length(alter->cmds) == 1 &&
			command->subtype == AT_AddConstraint)
			return castNode(Constraint, command->def);
	}
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("a check must be a single table constraint"),
			 errdetail("It is not: %s", dq_sqltext_clip(text, 200))));
	return NULL;
}

/*
 * dq_checktext_constraint: a table constraint as a check.
 */
DqCheck *
dq_checktext_constraint(const char *text)
{
	Constraint *constraint = parse_constraint(text);
	DqCheck *check = NULL;

	if (constraint->contype == CONSTR_CHECK)
	{
		check = dq_rule_new("expression");
		check->expression = condition_text(text);
		(void) dq_checktext_expression(check->expression, DQ_CHECK_TEXT);
	}
	else if (constraint->contype == CONSTR_UNIQUE ||
			 constraint->contype == CONSTR_PRIMARY)
	{
		check = dq_rule_new(constraint->contype == CONSTR_UNIQUE ?
								"unique" :
								"primary_key");
		check->columns = names_of(constraint->keys);
		if (constraint->nulls_not_distinct)
			check->nulls = DQ_NULLS_EQUAL;
	}
	else if (constraint->contype == CONSTR_FOREIGN)
	{
		check = dq_rule_new("foreign_key");
		check->columns = names_of(constraint->fk_attrs);
		check->referenced = constraint->pktable;
		check->referenced_columns = names_of(constraint->pk_attrs);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this kind of constraint is not supported as a check"),
				 errdetail("It is: %s", dq_sqltext_clip(text, 200)),
				 errhint("CHECK, UNIQUE, PRIMARY KEY and FOREIGN KEY are.")));
	refuse_constraint_options(constraint);
	if (constraint->conname != NULL)
	{
		check->name = pstrdup(constraint->conname);
		check->name_given = true;
	}
	return check;
}
