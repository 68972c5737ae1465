/*
 * rule.c
 *	  A check as data: reading rule objects and lists of checks.
 *
 * Nothing here looks at a relation; whether columns exist and values fit
 * their types is found out when a check is prepared for one.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "quality/bounds.h"
#include "quality/broken.h"
#include "quality/checktext.h"
#include "quality/level.h"
#include "quality/naming.h"
#include "quality/rule.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/varlena.h"

#define MAX_OPTION_KEYS 64
#define MAX_SAMPLE_LIMIT 1000

/* in the order of the enums */
static const char *const severity_names[] = {"info", "warn", "error",
											 "critical"};
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
 * dq_rule_on_empty: the policy when there was nothing to test.
 */
DqOnEmpty
dq_rule_on_empty(const DqCheck *check)
{
	if (check->on_empty != DQ_EMPTY_DEFAULT)
		return check->on_empty;
	return check->type->shape->is_metric &&
				   !check->type->shape->empty_passes ?
			   DQ_EMPTY_FAIL :
			   DQ_EMPTY_PASS;
}

/*
 * check_needs: options of which at least one must be given.
 */
static void
check_needs(const DqCheck *check)
{
	const char *wanted = NULL;
	Jsonb *doc = check->doc;

	if (check->type->arity != DQ_NO_COLUMNS &&
		check->type->arity != DQ_ANY_COLUMNS && !dq_json_has(doc, "column") &&
		!dq_json_has(doc, "columns"))
		wanted = "\"column\"";
	else if ((check->type->takes & DQ_NEEDS_BOUND) &&
			 !dq_json_has(doc, "min_value") && !dq_json_has(doc, "max_value"))
		wanted = "\"min_value\" or \"max_value\"";
	else if ((check->type->takes & DQ_TAKES_ALLOWED) &&
			 !dq_json_has(doc, "allowed") && !dq_json_has(doc, "value_set"))
		wanted = "\"allowed\"";
	if (wanted != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs option %s", check->what, wanted)));
}

/*
 * check_options: refuse options that the type does not have, demand those
 * that it needs, and check the value of each. With levels, each of these is
 * read as a rule of its own, and what it needs may stand there.
 */
static void
check_options(const DqCheck *check)
{
	const char *allowed[MAX_OPTION_KEYS];
	List *tables = dq_rule_option_tables(check->type);
	int count = 0;
	ListCell *lc;

	foreach(lc, tables)
	{
		const DqOption *option;

		for (option = lfirst(lc); option->name != NULL; option++)
		{
			if (count >= MAX_OPTION_KEYS - 1)
				elog(ERROR, "rule \"%s\" has too many options",
					 check->type->name);
			allowed[count++] = option->name;
		}
	}
	allowed[count] = NULL;
	dq_json_check_keys(check->doc, allowed, check->what);
	if (!dq_level_any(check->doc))
		check_needs(check);
	foreach(lc, tables)
	{
		const DqOption *option;

		for (option = lfirst(lc); option->name != NULL; option++)
		{
			if (dq_json_has(check->doc, option->name) ||
				!dq_level_any(check->doc))
				dq_option_check(option, check->doc, check->what);
		}
	}
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
 * check_arity: 22023 when the rule is about another number of columns.
 */
static void
check_arity(const DqCheck *check)
{
	int wanted = 0;

	if (check->type->arity == DQ_ONE_COLUMN)
		wanted = 1;
	else if (check->type->arity == DQ_TWO_COLUMNS)
		wanted = 2;
	if (wanted > 0 && list_length(check->columns) != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs exactly %d column%s, not %d", check->what,
						wanted, wanted == 1 ? "" : "s",
						list_length(check->columns))));
}

/*
 * read_columns: "column" or "columns".
 */
static void
read_columns(DqCheck *check)
{
	char *column = dq_json_text(check->doc, "column", check->what);

	check->columns = dq_json_text_list(check->doc, "columns", check->what);
	if (column != NULL && dq_json_has(check->doc, "columns"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has both \"column\" and \"columns\"",
						check->what)));
	if (column != NULL)
		check->columns = list_make1(column);
	check_arity(check);
}

/*
 * dq_rule_relation: the name of a relation, schema-qualified or not, quoted
 * where needed.
 */
RangeVar *
dq_rule_relation(const char *name)
{
	List *parts = textToQualifiedNameList(cstring_to_text(name));

	return makeRangeVarFromNameList(parts);
}

/*
 * read_values: what the rule compares with.
 */
static void
read_values(DqCheck *check)
{
	Jsonb *doc = check->doc;
	const char *what = check->what;
	const char *allowed = dq_json_has(doc, "allowed") ? "allowed" :
														"value_set";
	char *references = dq_json_text(doc, "references", what);

	if (dq_json_has(doc, "allowed") && dq_json_has(doc, "value_set"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has both \"allowed\" and \"value_set\"", what)));
	if (check->type->takes & DQ_TAKES_BOUNDS)
	{
		check->min_value = dq_json_scalar_text(doc, "min_value", what);
		check->max_value = dq_json_scalar_text(doc, "max_value", what);
		check->bounds_are_numbers = dq_json_is_number(doc, "min_value") ||
									dq_json_is_number(doc, "max_value");
		check->min_excluded = !dq_json_bool(doc, "min_inclusive", true, what);
		check->max_excluded = !dq_json_bool(doc, "max_inclusive", true, what);
	}
	if (check->type->takes & DQ_TAKES_ALLOWED)
		check->allowed = dq_json_scalar_list(doc, allowed, what);
	if (references != NULL)
		check->referenced = dq_rule_relation(references);
	check->referenced_columns = dq_json_text_list(doc, "referenced_columns",
												  what);
}

/*
 * read_name: the name that was given, if any.
 */
static void
read_name(DqCheck *check)
{
	char *name = dq_json_text(check->doc, "name", check->what);

	if (name == NULL)
		return;
	if (*name == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"name\" of %s must not be empty", check->what)));
	if (strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("\"name\" of %s is longer than %d bytes",
						check->what, NAMEDATALEN - 1)));
	check->name = name;
	check->name_given = true;
}

/*
 * read_policies: what all rules and groups of rules have in common.
 */
static void
read_policies(DqCheck *check)
{
	Jsonb *doc = check->doc;
	const char *what = check->what;
	const DqOption *general = dq_rule_common_options(0);

	if (dq_json_has(doc, "severity"))
		check->severity = dq_option_word(general, doc, "severity", what);
	check->on_empty = dq_option_word(general, doc, "on_empty", what);
	check->on_null = dq_option_word(dq_rule_common_options(DQ_TAKES_ON_NULL),
									doc, "on_null", what);
	check->nulls = dq_option_word(dq_rule_common_options(DQ_TAKES_NULLS), doc,
								  "nulls", what);
	if (check->type->takes & DQ_TAKES_TOLERANCE)
	{
		check->max_failed_rows = dq_json_int(doc, "max_failed_rows", -1,
											 what);
		check->max_failed_fraction =
			dq_json_scalar_text(doc, "max_failed_fraction", what);
	}
	check->row_filter = dq_json_text(doc, "row_filter", what);
	check->group_by = dq_json_text_list(doc, "group_by", what);
	check->sample_limit = Min(dq_json_int(doc, "sample_limit", -1, what),
							  MAX_SAMPLE_LIMIT);
	check->description = dq_json_text(doc, "description", what);
	check->tags = dq_json_text_list(doc, "tags", what);
	if (dq_json_has(doc, "dimension"))
		check->dimension = dq_json_text(doc, "dimension", what);
}

/*
 * dq_rule_read_object: a rule object as a check, without a derived name.
 */
DqCheck *
dq_rule_read_object(Jsonb *doc)
{
	char *type = dq_json_text(doc, "type", "a rule");
	DqCheck *check;

	if (type == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule needs option \"type\""),
				 errdetail("It is: %s",
						   dq_sqltext_clip(dq_json_out(doc), 200))));
	check = dq_rule_new(type);
	check->doc = doc;
	check->what = psprintf("rule \"%s\"", type);
	check_options(check);

	read_name(check);
	read_columns(check);
	read_values(check);
	read_policies(check);
	check->pattern = dq_json_text(doc, "pattern", check->what);
	check->expression = dq_json_text(doc, "expression", check->what);
	if (dq_level_any(doc))
		dq_level_expand(check);
	else
	{
		if (check->type->validate != NULL)
			check->type->validate(check);
		dq_bounds_check(check);
	}
	return check;
}

/*
 * dq_rule_read_one: a text of any form as a check, without a derived name.
 */
DqCheck *
dq_rule_read_one(const char *text)
{
	DqCheck *check;
	const char *start = text;

	while (*start == ' ' || *start == '\t' || *start == '\n' ||
		   *start == '\r' || *start == '\f')
		start++;
	if (*start == '{')
		check = dq_rule_read_object(dq_json_parse_object(text, "a rule"));
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
		checks = lappend(checks, dq_rule_read_one((char *) lfirst(lc)));
	dq_naming_settle(checks);
	return checks;
}

/*
 * dq_rule_read_all: the same, but a text that is no check becomes one that
 * has its error. 42710 when a name stands twice.
 */
List *
dq_rule_read_all(List *texts)
{
	List *checks = NIL;
	ListCell *lc;

	foreach(lc, texts)
		checks = lappend(checks, dq_broken_read((char *) lfirst(lc)));
	dq_naming_settle(checks);
	return checks;
}
