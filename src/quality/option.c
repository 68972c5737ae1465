/*
 * option.c
 *	  Checks the options of a rule object by their kinds.
 *
 * A table of kinds: what one is called, and how a value of it is checked.
 * Nothing here looks at a relation.
 */
#include "postgres.h"

#include "analyze/deps.h"
#include "analyze/statement.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/pg_collation.h"
#include "quality/checktext.h"
#include "quality/option.h"
#include "quality/rule.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

typedef void (*CheckValue)(const DqOption *option, Jsonb *doc,
						   const char *what);

/*
 * refuse: 22023 for a value that cannot be one of its kind.
 */
static void
refuse(const DqOption *option, const char *what, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of %s must be %s", option->name, what,
					expected)));
}

/*
 * check_text: a string that is not empty.
 */
static void
check_text(const DqOption *option, Jsonb *doc, const char *what)
{
	(void) dq_json_text(doc, option->name, what);
}

/*
 * check_bool: true or false.
 */
static void
check_bool(const DqOption *option, Jsonb *doc, const char *what)
{
	(void) dq_json_bool(doc, option->name, false, what);
}

/*
 * check_integer: a whole number that is not negative.
 */
static void
check_integer(const DqOption *option, Jsonb *doc, const char *what)
{
	if (dq_json_int(doc, option->name, 0, what) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s must not be negative", option->name,
						what)));
}

/*
 * read_number: the value as a numeric; 22023 when it is none or not finite.
 */
static Datum
read_number(const DqOption *option, Jsonb *doc, const char *what)
{
	char *text = dq_json_scalar_text(doc, option->name, what);
	char *end = text;
	Datum number;

	(void) strtod(text, &end);
	if (end == text || *end != '\0' || strpbrk(text, "xXpPnN ") != NULL)
		refuse(option, what, "a number");
	number = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								 ObjectIdGetDatum(InvalidOid),
								 Int32GetDatum(-1));
	return number;
}

/*
 * check_number: a finite number.
 */
static void
check_number(const DqOption *option, Jsonb *doc, const char *what)
{
	(void) read_number(option, doc, what);
}

/*
 * check_fraction: a number from 0 to 1.
 */
static void
check_fraction(const DqOption *option, Jsonb *doc, const char *what)
{
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	Datum one = DirectFunctionCall1(int4_numeric, Int32GetDatum(1));
	Datum value = read_number(option, doc, what);

	if (DatumGetBool(DirectFunctionCall2(numeric_lt, value, zero)) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, value, one)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s must be between 0 and 1", option->name,
						what),
				 errdetail("It is %s.",
						   dq_sqltext_clip(dq_json_scalar_text(doc,
															   option->name,
															   what),
										   63))));
}

/*
 * check_scalar: one value.
 */
static void
check_scalar(const DqOption *option, Jsonb *doc, const char *what)
{
	(void) dq_json_scalar_text(doc, option->name, what);
}

/*
 * check_scalars: a list of values, which may be empty.
 */
static void
check_scalars(const DqOption *option, Jsonb *doc, const char *what)
{
	(void) dq_json_scalar_list(doc, option->name, what);
}

/*
 * check_texts: a list of strings that is not empty.
 */
static void
check_texts(const DqOption *option, Jsonb *doc, const char *what)
{
	if (dq_json_text_list(doc, option->name, what) == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s must not be empty", option->name,
						what)));
}

/*
 * check_condition: an SQL expression over one relation.
 */
static void
check_condition(const DqOption *option, Jsonb *doc, const char *what)
{
	char *text = dq_json_text(doc, option->name, what);

	(void) dq_checktext_expression(text,
								   psprintf("option \"%s\" of %s",
											option->name, what));
}

/*
 * check_query: exactly one SELECT.
 */
static void
check_query(const DqOption *option, Jsonb *doc, const char *what)
{
	dq_checktext_query(dq_json_text(doc, option->name, what),
					   psprintf("option \"%s\" of %s", option->name, what));
}

/*
 * check_relation: a name of at most three parts.
 */
static void
check_relation(const DqOption *option, Jsonb *doc, const char *what)
{
	(void) dq_rule_relation(dq_json_text(doc, option->name, what));
}

/*
 * check_interval: a length of time that is not negative.
 */
static void
check_interval(const DqOption *option, Jsonb *doc, const char *what)
{
	char *text = dq_json_text(doc, option->name, what);
	Datum value = DirectFunctionCall3(interval_in, CStringGetDatum(text),
									  ObjectIdGetDatum(InvalidOid),
									  Int32GetDatum(-1));
	Interval zero = {0};

	if (DatumGetBool(DirectFunctionCall2(interval_lt, value,
										 IntervalPGetDatum(&zero))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s must not be negative", option->name,
						what)));
}

/*
 * check_word: one of the option's words, with a suggestion when it is none.
 */
static void
check_word(const DqOption *option, Jsonb *doc, const char *what)
{
	(void) dq_option_word(option, doc, option->name, what);
}

/*
 * check_one_pattern: 2201B when it is no regular expression.
 */
static void
check_one_pattern(const char *pattern)
{
	(void) DirectFunctionCall2Coll(textregexeq, C_COLLATION_OID,
								   CStringGetTextDatum(""),
								   CStringGetTextDatum(pattern));
}

/*
 * check_pattern: a regular expression.
 */
static void
check_pattern(const DqOption *option, Jsonb *doc, const char *what)
{
	check_one_pattern(dq_json_text(doc, option->name, what));
}

/*
 * check_patterns: a list of regular expressions that is not empty.
 */
static void
check_patterns(const DqOption *option, Jsonb *doc, const char *what)
{
	ListCell *lc;

	check_texts(option, doc, what);
	foreach(lc, dq_json_text_list(doc, option->name, what))
		check_one_pattern((char *) lfirst(lc));
}

/*
 * check_nothing: the rule's own validate looks at it.
 */
static void
check_nothing(const DqOption *option, Jsonb *doc, const char *what)
{
}

/* in the order of DqOptionKind */
static const struct
{
	const char *name;
	CheckValue check;
} kinds[] = {
	{"text", check_text},
	{"boolean", check_bool},
	{"whole number", check_integer},
	{"number", check_number},
	{"fraction", check_fraction},
	{"value", check_scalar},
	{"list of values", check_scalars},
	{"list of texts", check_texts},
	{"column", check_text},
	{"list of columns", check_texts},
	{"condition", check_condition},
	{"expression", check_condition},
	{"condition on the other relation", check_condition},
	{"query", check_query},
	{"relation", check_relation},
	{"interval", check_interval},
	{"word", check_word},
	{"regular expression", check_pattern},
	{"list of regular expressions", check_patterns},
	{"json", check_nothing}};

/*
 * dq_option_kind_name: a kind as the reference calls it.
 */
const char *
dq_option_kind_name(DqOptionKind kind)
{
	return kinds[kind].name;
}

/*
 * dq_option_check: throw when the document's value cannot be this option's.
 */
void
dq_option_check(const DqOption *option, Jsonb *doc, const char *what)
{
	StaticAssertStmt(lengthof(kinds) == DQ_OPTION_JSON + 1,
					 "every kind of option has a row");
	if (dq_json_has(doc, option->name))
		kinds[option->kind].check(option, doc, what);
	else if (option->required)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs option \"%s\"", what, option->name)));
}

/*
 * dq_option_word: the place of an option's word, 0 when it is not given;
 * 22023 with a suggestion when it is none of the option's words.
 */
int
dq_option_word(const DqOption *options, Jsonb *doc, const char *name,
			   const char *what)
{
	char *value = dq_json_text(doc, name, what);
	const char *words = NULL;
	List *known = NIL;
	int i;

	for (i = 0; options[i].name != NULL && words == NULL; i++)
	{
		if (strcmp(options[i].name, name) == 0)
			words = options[i].words;
	}
	if (words == NULL)
		elog(ERROR, "no words for option \"%s\"", name);
	if (value == NULL)
		return 0;
	while (*words != '\0')
	{
		int len = strcspn(words, "|");
		char *word = pnstrdup(words, len);

		if (strcmp(word, value) == 0)
			return list_length(known);
		known = lappend(known, word);
		words += len + (words[len] == '|' ? 1 : 0);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown value \"%s\" for option \"%s\" of %s",
					dq_sqltext_clip(value, 63), name, what),
			 dq_suggest_hint(value, known)));
	return 0;
}

/*
 * dq_option_relations: what the value of an option names or reads, as a List
 * of RangeVar *; NIL when it is not given. The value was checked before.
 */
List *
dq_option_relations(const DqOption *option, Jsonb *doc)
{
	char *text;

	if (!dq_json_has(doc, option->name))
		return NIL;
	switch (option->kind)
	{
		case DQ_OPTION_RELATION:
			text = dq_json_text(doc, option->name, "a rule");
			return list_make1(dq_rule_relation(text));
		case DQ_OPTION_CONDITION:
		case DQ_OPTION_EXPRESSION:
		case DQ_OPTION_FOREIGN_CONDITION:
			text = dq_json_text(doc, option->name, "a rule");
			return dq_deps_relations(dq_checktext_expression(text,
															 option->name));
		case DQ_OPTION_QUERY:
			text = dq_json_text(doc, option->name, "a rule");
			return dq_deps_statement_relations(
				dq_statement_parse_query(text)->stmt);
		case DQ_OPTION_TEXT:
		case DQ_OPTION_BOOL:
		case DQ_OPTION_INTEGER:
		case DQ_OPTION_NUMBER:
		case DQ_OPTION_FRACTION:
		case DQ_OPTION_SCALAR:
		case DQ_OPTION_SCALARS:
		case DQ_OPTION_TEXTS:
		case DQ_OPTION_COLUMN:
		case DQ_OPTION_COLUMNS:
		case DQ_OPTION_INTERVAL:
		case DQ_OPTION_WORD:
		case DQ_OPTION_PATTERN:
		case DQ_OPTION_PATTERNS:
		case DQ_OPTION_JSON:
			break;
	}
	return NIL;
}
