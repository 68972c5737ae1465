/*
 * rule.c
 *	  A check as data: the table of rule types, rule objects, lists of checks.
 *
 * Nothing here looks at a relation; whether columns exist and values fit
 * their types is found out when a check is prepared for one.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "quality/checktext.h"
#include "quality/naming.h"
#include "quality/predicate.h"
#include "quality/rule.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/varlena.h"

/* groups of options */
#define OPT_COMMON 0x001 /* type, name, severity, row_filter */
#define OPT_COLUMNS 0x002
#define OPT_BOUNDS 0x004
#define OPT_PATTERN 0x008
#define OPT_ALLOWED 0x010
#define OPT_EXPRESSION 0x020
#define OPT_REFERENCES 0x040
#define OPT_TOLERANCE 0x080
#define OPT_ON_NULL 0x100
#define OPT_ON_EMPTY 0x200
#define OPT_NULLS 0x400

#define OPT_ANY (OPT_COMMON | OPT_TOLERANCE | OPT_ON_EMPTY)
#define OPT_COLUMN_RULE (OPT_ANY | OPT_COLUMNS | OPT_ON_NULL)

#define MAX_OPTION_KEYS 32

static const struct
{
	const char *key;
	int group;
} option_keys[] = {
	{"type", OPT_COMMON},
	{"name", OPT_COMMON},
	{"severity", OPT_COMMON},
	{"row_filter", OPT_COMMON},
	{"column", OPT_COLUMNS},
	{"columns", OPT_COLUMNS},
	{"min_value", OPT_BOUNDS},
	{"max_value", OPT_BOUNDS},
	{"pattern", OPT_PATTERN},
	{"value_set", OPT_ALLOWED},
	{"allowed", OPT_ALLOWED},
	{"expression", OPT_EXPRESSION},
	{"references", OPT_REFERENCES},
	{"referenced_columns", OPT_REFERENCES},
	{"max_failed_rows", OPT_TOLERANCE},
	{"max_failed_fraction", OPT_TOLERANCE},
	{"on_null", OPT_ON_NULL},
	{"on_empty", OPT_ON_EMPTY},
	{"nulls", OPT_NULLS}};

/* what can be checked: a new rule is a row here */
static const DqRuleType rule_types[] = {
	{"not_null", NULL, "completeness", &dq_shape_rows,
	 OPT_ANY | OPT_COLUMNS, OPT_COLUMNS, dq_predicate_not_null},
	{"range", "between", "validity", &dq_shape_rows,
	 OPT_COLUMN_RULE | OPT_BOUNDS, OPT_COLUMNS | OPT_BOUNDS,
	 dq_predicate_range},
	{"regex", "match_regex", "validity", &dq_shape_rows,
	 OPT_COLUMN_RULE | OPT_PATTERN, OPT_COLUMNS | OPT_PATTERN,
	 dq_predicate_regex},
	{"in_set", "accepted_values", "validity", &dq_shape_rows,
	 OPT_COLUMN_RULE | OPT_ALLOWED, OPT_COLUMNS | OPT_ALLOWED,
	 dq_predicate_in_set},
	{"expression", NULL, "validity", &dq_shape_rows,
	 OPT_ANY | OPT_EXPRESSION | OPT_ON_NULL, OPT_EXPRESSION, NULL},
	{"unique", NULL, "uniqueness", &dq_shape_key,
	 OPT_ANY | OPT_COLUMNS | OPT_NULLS, OPT_COLUMNS, NULL},
	{"primary_key", NULL, "uniqueness", &dq_shape_key,
	 OPT_ANY | OPT_COLUMNS, OPT_COLUMNS, NULL},
	{"foreign_key", NULL, "consistency", &dq_shape_reference,
	 OPT_ANY | OPT_COLUMNS | OPT_REFERENCES, OPT_COLUMNS | OPT_REFERENCES,
	 NULL},
	{"row_count", "row_count_between", "volume", &dq_shape_count,
	 OPT_COMMON | OPT_BOUNDS, 0, NULL}};

/* in the order of the enums; the first is the default, but for severity */
static const char *const severity_names[] = {"info", "warn", "error",
											 "critical"};
static const char *const on_null_names[] = {"ignore", "fail", "pass"};
static const char *const on_empty_names[] = {"pass", "warn", "fail"};
static const char *const nulls_names[] = {
	"distinct", "equal", "ignore_all_null", "ignore_any_null"};

/*
 * dq_rule_severity_name: as in rule objects and results.
 */
const char *
dq_rule_severity_name(DqSeverity severity)
{
	return severity_names[severity];
}

/*
 * dq_rule_nulls_name: as in rule objects and results.
 */
const char *
dq_rule_nulls_name(DqNulls nulls)
{
	return nulls_names[nulls];
}

/*
 * find_type: the rule type of a name or alias, or NULL.
 */
static const DqRuleType *
find_type(const char *name)
{
	int i;

	for (i = 0; i < lengthof(rule_types); i++)
	{
		if (strcmp(name, rule_types[i].name) == 0 ||
			(rule_types[i].alias && strcmp(name, rule_types[i].alias) == 0))
			return &rule_types[i];
	}
	return NULL;
}

/*
 * unknown_type: 22023 with a suggestion.
 */
static void
unknown_type(const char *name)
{
	List *known = NIL;
	int i;

	for (i = 0; i < lengthof(rule_types); i++)
	{
		known = lappend(known, pstrdup(rule_types[i].name));
		if (rule_types[i].alias)
			known = lappend(known, pstrdup(rule_types[i].alias));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rule type \"%s\"", dq_sqltext_clip(name, 63)),
			 dq_suggest_hint(name, known)));
}

/*
 * dq_rule_new: a check of a type with all defaults, in the current context.
 */
DqCheck *
dq_rule_new(const char *type)
{
	DqCheck *check = palloc0(sizeof(DqCheck));

	check->type = find_type(type);
	if (check->type == NULL)
		unknown_type(type);
	check->severity = DQ_ERROR;
	check->max_failed_rows = -1;
	return check;
}

/*
 * choose_word: the place of an option's value in a list of words, "missing"
 * when it is not given; 22023 with a suggestion when it is none of them.
 */
static int
choose_word(Jsonb *doc, const char *key, const char *const *words, int count,
			int missing, const char *what)
{
	char *value = dq_json_text(doc, key, what);
	List *known = NIL;
	int i;

	if (value == NULL)
		return missing;
	for (i = 0; i < count; i++)
	{
		if (strcmp(value, words[i]) == 0)
			return i;
		known = lappend(known, pstrdup(words[i]));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown value \"%s\" for option \"%s\" of %s",
					dq_sqltext_clip(value, 63), key, what),
			 dq_suggest_hint(value, known)));
	return missing;
}

/*
 * check_options: refuse options that the type does not have, and demand those
 * that it needs.
 */
static void
check_options(const DqRuleType *type, Jsonb *doc, const char *what)
{
	const char *allowed[MAX_OPTION_KEYS];
	const char *wanted = NULL;
	int missing = type->required;
	int count = 0;
	int i;

	StaticAssertStmt(lengthof(option_keys) < MAX_OPTION_KEYS,
					 "too many option keys");
	for (i = 0; i < lengthof(option_keys); i++)
	{
		if (!(option_keys[i].group & type->options))
			continue;
		allowed[count++] = option_keys[i].key;
		if (dq_json_has(doc, option_keys[i].key) &&
			strcmp(option_keys[i].key, "referenced_columns") != 0)
			missing &= ~option_keys[i].group;
	}
	allowed[count] = NULL;
	dq_json_check_keys(doc, allowed, what);

	for (i = 0; i < lengthof(option_keys) && wanted == NULL; i++)
	{
		if (option_keys[i].group & missing)
			wanted = option_keys[i].key;
	}
	if (wanted == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s needs option \"%s\"%s", what, wanted,
					(missing & OPT_BOUNDS) ? " or \"max_value\"" : "")));
}

/*
 * dq_rule_check_fraction: 22023 when a tolerance is not between 0 and 1.
 */
void
dq_rule_check_fraction(const char *fraction, const char *what)
{
	Datum value;
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	Datum one = DirectFunctionCall1(int4_numeric, Int32GetDatum(1));

	value = DirectFunctionCall3(numeric_in, CStringGetDatum(fraction),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1));
	/* NaN is above every number */
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, value, zero)) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, value, one)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"max_failed_fraction\" of %s must be between 0 and 1",
						what),
				 errdetail("It is %s.", dq_sqltext_clip(fraction, 63))));
}

/*
 * read_tolerance: how many rows may fail.
 */
static void
read_tolerance(DqCheck *check, Jsonb *doc, const char *what)
{
	check->max_failed_rows = dq_json_int(doc, "max_failed_rows", -1, what);
	if (dq_json_has(doc, "max_failed_rows") && check->max_failed_rows < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"max_failed_rows\" of %s must not be negative",
						what)));
	check->max_failed_fraction = dq_json_scalar_text(doc,
													 "max_failed_fraction",
													 what);
	if (check->max_failed_fraction != NULL)
		dq_rule_check_fraction(check->max_failed_fraction, what);
}

/*
 * check_repetition: 42701 when a column is named twice.
 */
static void
check_repetition(const DqCheck *check)
{
	ListCell *lc;

	foreach(lc, check->columns)
	{
		ListCell *other;

		for_each_cell(other, check->columns, lnext(check->columns, lc))
		{
			if (strcmp((char *) lfirst(lc), (char *) lfirst(other)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("column \"%s\" appears twice in a check of type \"%s\"",
								(char *) lfirst(lc), check->type->name)));
		}
	}
}

/*
 * read_columns: "column" or "columns".
 */
static List *
read_columns(Jsonb *doc, const char *what)
{
	List *columns = dq_json_text_list(doc, "columns", what);
	char *column = dq_json_text(doc, "column", what);

	if (column != NULL && dq_json_has(doc, "columns"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has both \"column\" and \"columns\"", what)));
	if (column != NULL)
		columns = list_make1(column);
	else if (columns == NIL && dq_json_has(doc, "columns"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"columns\" of %s must not be empty", what)));
	return columns;
}

/*
 * check_pattern: 2201B when it is no regular expression.
 */
static void
check_pattern(const char *pattern)
{
	(void) DirectFunctionCall2Coll(textregexeq, C_COLLATION_OID,
								   CStringGetTextDatum(""),
								   CStringGetTextDatum(pattern));
}

/*
 * check_count_bounds: bounds of row_count are whole numbers in order.
 */
static void
check_count_bounds(DqCheck *check, Jsonb *doc, const char *what)
{
	int64 min = dq_json_int(doc, "min_value", 0, what);
	int64 max = dq_json_int(doc, "max_value", PG_INT64_MAX, what);

	if (min < 0 || max < 0 || min > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of %s must be in order and not negative",
						what)));
}

/*
 * read_relation: the name of a relation, schema-qualified or not, quoted
 * where needed.
 */
static RangeVar *
read_relation(const char *name)
{
	List *parts = textToQualifiedNameList(cstring_to_text(name));

	return makeRangeVarFromNameList(parts);
}

/*
 * read_values: what the rule compares with.
 */
static void
read_values(DqCheck *check, Jsonb *doc, const char *what)
{
	const char *allowed = dq_json_has(doc, "allowed") ? "allowed" :
														"value_set";
	char *references;

	if (dq_json_has(doc, "allowed") && dq_json_has(doc, "value_set"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has both \"allowed\" and \"value_set\"", what)));
	check->min_value = dq_json_scalar_text(doc, "min_value", what);
	check->max_value = dq_json_scalar_text(doc, "max_value", what);
	check->bounds_are_numbers = dq_json_is_number(doc, "min_value") ||
								dq_json_is_number(doc, "max_value");
	if (check->type->shape == &dq_shape_count)
		check_count_bounds(check, doc, what);
	check->allowed = dq_json_scalar_list(doc, allowed, what);
	check->pattern = dq_json_text(doc, "pattern", what);
	if (check->pattern != NULL)
		check_pattern(check->pattern);
	check->expression = dq_json_text(doc, "expression", what);
	if (check->expression != NULL)
		(void) dq_checktext_expression(check->expression, DQ_CHECK_TEXT);
	references = dq_json_text(doc, "references", what);
	if (references != NULL)
		check->referenced = read_relation(references);
	check->referenced_columns = dq_json_text_list(doc, "referenced_columns",
												  what);
}

/*
 * read_name: the name that was given, if any.
 */
static void
read_name(DqCheck *check, Jsonb *doc, const char *what)
{
	char *name = dq_json_text(doc, "name", what);

	if (name == NULL)
		return;
	if (*name == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"name\" of %s must not be empty", what)));
	if (strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("\"name\" of %s is longer than %d bytes", what,
						NAMEDATALEN - 1)));
	check->name = name;
	check->name_given = true;
}

/*
 * read_object: a rule object as a check.
 */
static DqCheck *
read_object(const char *text)
{
	Jsonb *doc = dq_json_parse_object(text, "a rule");
	char *type = dq_json_text(doc, "type", "a rule");
	DqCheck *check;
	const char *what;

	if (type == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule needs option \"type\""),
				 errdetail("It is: %s", dq_sqltext_clip(text, 200))));
	check = dq_rule_new(type);
	what = psprintf("rule \"%s\"", type);
	check_options(check->type, doc, what);

	read_name(check, doc, what);
	check->columns = read_columns(doc, what);
	read_values(check, doc, what);
	read_tolerance(check, doc, what);
	check->row_filter = dq_json_text(doc, "row_filter", what);
	if (check->row_filter != NULL)
		(void) dq_checktext_expression(check->row_filter, DQ_FILTER_TEXT);
	check->severity = choose_word(doc, "severity", severity_names,
								  lengthof(severity_names), DQ_ERROR, what);
	check->on_null = choose_word(doc, "on_null", on_null_names,
								 lengthof(on_null_names), DQ_NULL_IGNORE,
								 what);
	check->on_empty = choose_word(doc, "on_empty", on_empty_names,
								  lengthof(on_empty_names), DQ_EMPTY_PASS,
								  what);
	check->nulls = choose_word(doc, "nulls", nulls_names,
							   lengthof(nulls_names), DQ_NULLS_DISTINCT,
							   what);
	return check;
}

/*
 * read_check: a text of any form as a check.
 */
static DqCheck *
read_check(const char *text)
{
	DqCheck *check;
	const char *start = text;

	while (*start == ' ' || *start == '\t' || *start == '\n' ||
		   *start == '\r' || *start == '\f')
		start++;
	if (*start == '{')
		check = read_object(text);
	else if (dq_checktext_is_constraint(text))
		check = dq_checktext_constraint(text);
	else
	{
		(void) dq_checktext_expression(text, DQ_CHECK_TEXT);
		check = dq_rule_new("expression");
		check->expression = pstrdup(text);
	}
	check_repetition(check);
	return check;
}

/*
 * dq_rule_read: a list of texts (char *) as a List of DqCheck *, each with
 * its final name. 42601, 22023, 42710 and friends when a text is no check.
 */
List *
dq_rule_read(List *texts)
{
	List *checks = NIL;
	ListCell *lc;

	foreach(lc, texts)
		checks = lappend(checks, read_check((char *) lfirst(lc)));
	dq_naming_settle(checks);
	return checks;
}
