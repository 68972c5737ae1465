/*
 * rule_types.c
 *	  Finding types of rules, and the options that many of them share.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "quality/rule.h"
#include "quality/rules_history.h"
#include "quality/shape.h"

static const DqRuleFamily *const families[] = {
	&dq_rules_column,
	&dq_rules_column_text,
	&dq_rules_column_order,
	&dq_rules_key,
	&dq_rules_row,
	&dq_rules_aggregate,
	&dq_rules_schema,
	&dq_rules_relation, &dq_rules_time,
	&dq_rules_history,
	&dq_rules_free,
	NULL};

#define LEVEL_HELP \
	"options of this severity, over those of the rule: several levels in one check"

static const DqOption general_options[] = {
	{"type", DQ_OPTION_TEXT, true, NULL, "what is checked"},
	{"name", DQ_OPTION_TEXT, false, NULL,
	 "name of the check, which its history follows; default: derived from what is checked"},
	{"severity", DQ_OPTION_WORD, false, "info|warn|error|critical",
	 "how bad a failure is, default error; info and warn never stop a run"},
	{"on_empty", DQ_OPTION_WORD, false, "default|pass|warn|fail",
	 "what counts when there was nothing to test; default: fail for metrics, except too short a history; pass otherwise"},
	{"sample_limit", DQ_OPTION_INTEGER, false, NULL,
	 "failing rows to keep, at most 1000; default: that of the call"},
	{"description", DQ_OPTION_TEXT, false, NULL, "why this check exists"},
	{"tags", DQ_OPTION_TEXTS, false, NULL, "words to find it by"},
	{"dimension", DQ_OPTION_WORD, false,
	 "completeness|validity|uniqueness|consistency|accuracy|timeliness|volume|schema",
	 "dimension of quality; default: that of the rule"},
	{"info", DQ_OPTION_JSON, false, NULL, LEVEL_HELP},
	{"warn", DQ_OPTION_JSON, false, NULL, LEVEL_HELP},
	{"error", DQ_OPTION_JSON, false, NULL, LEVEL_HELP},
	{"critical", DQ_OPTION_JSON, false, NULL, LEVEL_HELP},
	DQ_OPTION_END};

static const DqOption column_options[] = {
	{"column", DQ_OPTION_COLUMN, false, NULL, "the column"},
	{"columns", DQ_OPTION_COLUMNS, false, NULL, "the columns"},
	DQ_OPTION_END};

static const DqOption tolerance_options[] = {
	{"max_failed_rows", DQ_OPTION_INTEGER, false, NULL,
	 "so many rows may fail"},
	{"max_failed_fraction", DQ_OPTION_FRACTION, false, NULL,
	 "this share of the tested rows may fail"},
	DQ_OPTION_END};

static const DqOption on_null_options[] = {
	{"on_null", DQ_OPTION_WORD, false, "ignore|fail|pass",
	 "what a row without a verdict counts as: not tested (default), failed, or passed"},
	DQ_OPTION_END};

static const DqOption nulls_options[] = {
	{"nulls", DQ_OPTION_WORD, false,
	 "distinct|equal|ignore_all_null|ignore_any_null",
	 "NULL in keys: equal to nothing (default), equal to NULL, or left out when all or any columns are NULL"},
	DQ_OPTION_END};

static const DqOption bounds_options[] = {
	{"min_value", DQ_OPTION_SCALAR, false, NULL, "the lower bound"},
	{"max_value", DQ_OPTION_SCALAR, false, NULL, "the upper bound"},
	{"min_inclusive", DQ_OPTION_BOOL, false, NULL,
	 "false: the lower bound itself is out; default true"},
	{"max_inclusive", DQ_OPTION_BOOL, false, NULL,
	 "false: the upper bound itself is out; default true"},
	DQ_OPTION_END};

static const DqOption allowed_options[] = {
	{"allowed", DQ_OPTION_SCALARS, false, NULL,
	 "the values; a null among them is refused"},
	{"value_set", DQ_OPTION_SCALARS, false, NULL, "the same"},
	DQ_OPTION_END};

static const DqOption filter_options[] = {
	{"row_filter", DQ_OPTION_CONDITION, false, NULL,
	 "only rows that meet this SQL condition are looked at"},
	DQ_OPTION_END};

static const DqOption group_options[] = {
	{"group_by", DQ_OPTION_COLUMNS, false, NULL,
	 "columns: a verdict for each group of rows; all must hold"},
	DQ_OPTION_END};

static const struct
{
	int group;
	const DqOption *options;
} groups[] = {
	{DQ_TAKES_TOLERANCE, tolerance_options},
	{DQ_TAKES_ON_NULL, on_null_options},
	{DQ_TAKES_NULLS, nulls_options},
	{DQ_TAKES_BOUNDS, bounds_options},
	{DQ_TAKES_ALLOWED, allowed_options},
	{DQ_TAKES_ROW_FILTER, filter_options},
	{DQ_TAKES_GROUPS, group_options},
	{DQ_TAKES_HISTORY, dq_rules_history_options},
	{DQ_TAKES_REFERENCE, dq_rules_history_references},
	{DQ_TAKES_PARTITION, dq_rules_history_partitions},
	{DQ_TAKES_COLUMNS, column_options}};

/*
 * dq_rule_families: all families, ended by NULL.
 */
const DqRuleFamily *const *
dq_rule_families(void)
{
	return families;
}

/*
 * dq_rule_common_options: the options of one group, or of all rules for 0.
 */
const DqOption *
dq_rule_common_options(int group)
{
	int i;

	for (i = 0; i < lengthof(groups); i++)
	{
		if (groups[i].group == group)
			return groups[i].options;
	}
	return general_options;
}

/*
 * dq_rule_option_tables: every table of options that a type takes, as a List
 * of const DqOption *.
 */
List *
dq_rule_option_tables(const DqRuleType *type)
{
	List *tables = list_make1((void *) general_options);
	int takes = type->takes;
	int i;

	if (type->arity != DQ_NO_COLUMNS)
		takes |= DQ_TAKES_COLUMNS;
	for (i = 0; i < lengthof(groups); i++)
	{
		if (takes & groups[i].group)
			tables = lappend(tables,
							 (void *) groups[i].options);
	}
	if (type->options != NULL)
		tables = lappend(tables, (void *) type->options);
	return tables;
}

/*
 * in_words: is the name one of "a|b|c"?
 */
static bool
in_words(const char *name, const char *words)
{
	size_t len = strlen(name);

	while (words != NULL && *words != '\0')
	{
		size_t word = strcspn(words, "|");

		if (word == len && strncmp(words, name, len) == 0)
			return true;
		words += word + (words[word] == '|' ? 1 : 0);
	}
	return false;
}

/*
 * dq_rule_find_type: the rule type of a name or alias, or NULL.
 */
const DqRuleType *
dq_rule_find_type(const char *name)
{
	const DqRuleFamily *const *family;
	int i;

	for (family = families; *family != NULL; family++)
	{
		for (i = 0; i < (*family)->count; i++)
		{
			const DqRuleType *type = &(*family)->types[i];

			if (strcmp(name, type->name) == 0 ||
				in_words(name, type->aliases))
				return type;
		}
	}
	return NULL;
}

/*
 * unknown_type: 22023 with a suggestion.
 */
static void
unknown_type(const char *name)
{
	const DqRuleFamily *const *family;
	List *known = NIL;
	int i;

	for (family = families; *family != NULL; family++)
	{
		for (i = 0; i < (*family)->count; i++)
		{
			const DqRuleType *type = &(*family)->types[i];
			const char *words = type->aliases;

			known = lappend(known, pstrdup(type->name));
			while (words != NULL && *words != '\0')
			{
				size_t len = strcspn(words, "|");

				known = lappend(known, pnstrdup(words, len));
				words += len + (words[len] == '|' ? 1 : 0);
			}
		}
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
	DqJsonBuild empty;

	check->type = dq_rule_find_type(type);
	if (check->type == NULL)
		unknown_type(type);
	dq_json_begin(&empty);
	check->doc = dq_json_end(&empty);
	check->what = psprintf("rule \"%s\"", check->type->name);
	check->severity = DQ_ERROR;
	check->max_failed_rows = -1;
	check->sample_limit = -1;
	check->dimension = check->type->dimension;
	return check;
}
