/*
 * rules_relation.c
 *	  Family of rules: one relation held against another.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/relationquery.h"
#include "quality/rule.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

static const DqOption reference_options[] = {
	{"references", DQ_OPTION_RELATION, true, NULL, "the other relation"},
	{"referenced_columns", DQ_OPTION_COLUMNS, false, NULL,
	 "its columns; default: its primary key"},
	{"reference_filter", DQ_OPTION_FOREIGN_CONDITION, false, NULL,
	 "only rows of the other relation that meet this SQL condition are there"},
	{"match", DQ_OPTION_WORD, false, "simple|full",
	 "a key that is NULL in part: not tested (simple, the default), or failed (full)"},
	DQ_OPTION_END};

#define FILTER_HELP \
	"only rows of the other relation that meet this SQL condition are looked at"
#define SO_FAR "so far numbers may be apart, default 0"
#define OR_SO_FAR "or so far, as a share of the other relation's number, default 0"
/* what is in the braces of an option */
#define RELATION \
	"relation", DQ_OPTION_RELATION, true, NULL, "the other relation"
#define FILTER \
	"relation_filter", DQ_OPTION_FOREIGN_CONDITION, false, NULL, FILTER_HELP
#define COLUMNS "relation_columns", DQ_OPTION_COLUMNS, false, NULL
#define DIFFERENCE "max_difference", DQ_OPTION_NUMBER, false, NULL, SO_FAR
#define SHARE \
	"max_relative_difference", DQ_OPTION_NUMBER, false, NULL, OR_SO_FAR

static const DqOption relation_options[] = {
	{RELATION},
	{COLUMNS, "its columns; default: its primary key"},
	{FILTER},
	DQ_OPTION_END};

static const DqOption count_options[] = {
	{RELATION},
	{FILTER},
	{DIFFERENCE},
	{SHARE},
	DQ_OPTION_END};

static const DqOption fewer_options[] = {
	{RELATION},
	{FILTER},
	DQ_OPTION_END};

static const DqOption aggregate_options[] = {
	{"expression", DQ_OPTION_EXPRESSION, true, NULL,
	 "an SQL aggregate over this relation: sum(amount)"},
	{RELATION},
	{"relation_expression", DQ_OPTION_EXPRESSION, false, NULL,
	 "one over the other relation; default: the same words"},
	{FILTER},
	{DIFFERENCE},
	{SHARE},
	DQ_OPTION_END};

static const DqOption distinct_options[] = {
	{RELATION},
	{COLUMNS, "its columns; default: of the same names"},
	{FILTER},
	{DIFFERENCE},
	{SHARE},
	DQ_OPTION_END};

static const DqOption hash_options[] = {
	{RELATION},
	{COLUMNS, "its columns; default: of the same names"},
	{FILTER},
	DQ_OPTION_END};

static const DqOption dataset_options[] = {
	{"key", DQ_OPTION_COLUMNS, true, NULL,
	 "columns that tell the rows apart, on both sides"},
	{RELATION},
	{"relation_key", DQ_OPTION_COLUMNS, false, NULL,
	 "the key of the other relation; default: of the same names"},
	{COLUMNS, "its columns to compare; default: of the same names"},
	{FILTER},
	{DIFFERENCE},
	{SHARE},
	DQ_OPTION_END};

static const DqOption order_options[] = {
	{"key", DQ_OPTION_COLUMNS, true, NULL,
	 "columns by which rows of both relations belong together"},
	{RELATION},
	{"relation_key", DQ_OPTION_COLUMNS, false, NULL,
	 "the key of the other relation; default: of the same names"},
	{COLUMNS, "its time; default: of the same name"},
	{FILTER},
	{"strict", DQ_OPTION_BOOL, false, NULL,
	 "true: the same time fails; default false"},
	DQ_OPTION_END};

/*
 * check_relation: option "relation" is what the check refers to.
 */
static void
check_relation(DqCheck *check)
{
	char *name = dq_json_text(check->doc, "relation", check->what);

	check->referenced = dq_rule_relation(name);
	check->referenced_columns = dq_json_text_list(check->doc,
												  "relation_columns",
												  check->what);
	if (check->referenced_columns != NIL && check->columns != NIL &&
		list_length(check->referenced_columns) != list_length(check->columns))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has another number of columns on the other side",
						check->what)));
}

/*
 * check_number: 22023 when a number is outside of its range; max may be NULL.
 */
static void
check_number(const DqCheck *check, const char *option, const char *max)
{
	char *text = dq_json_scalar_text(check->doc, option, check->what);
	Datum value;

	if (text == NULL)
		return;
	if (!dq_json_is_number(check->doc, option))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be a number", option,
						check->what)));
	value = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1));
	if (text[0] != '-' &&
		(max == NULL ||
		 DatumGetBool(DirectFunctionCall2(
			 numeric_le, value,
			 DirectFunctionCall3(numeric_in, CStringGetDatum(max),
								 ObjectIdGetDatum(InvalidOid),
								 Int32GetDatum(-1))))))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 max == NULL ?
				 errmsg("\"%s\" of %s must not be negative", option,
						check->what) :
				 errmsg("\"%s\" of %s must be between 0 and %s", option,
						check->what, max)));
}

/*
 * check_comparison: a relation and tolerances.
 */
static void
check_comparison(DqCheck *check)
{
	check_relation(check);
	check_number(check, "max_difference", NULL);
	check_number(check, "max_relative_difference", NULL);
}

/*
 * check_fractions: a relation, and bounds that are shares.
 */
static void
check_fractions(DqCheck *check)
{
	check_relation(check);
	check_number(check, "min_value", "1");
	check_number(check, "max_value", "1");
}

/*
 * check_keys: keys of as many columns on both sides.
 */
static void
check_keys(DqCheck *check)
{
	List *key = dq_json_text_list(check->doc, "key", check->what);
	List *other = dq_json_text_list(check->doc, "relation_key", check->what);

	check_comparison(check);
	if (other != NIL && list_length(key) != list_length(other))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the keys of %s have different numbers of columns",
						check->what)));
	if (dq_json_has(check->doc, "relation_columns") && check->columns == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has option \"relation_columns\" without \"columns\"",
						check->what)));
}

static const DqRuleType types[] = {
	{.name = "foreign_key",
	 .aliases = "relationships",
	 .dimension = "consistency",
	 .shape = &dq_shape_reference,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER,
	 .options = reference_options,
	 .help = "the values of the columns exist in another relation"},
	{.name = "not_in_relation",
	 .dimension = "consistency",
	 .shape = &dq_shape_reference,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_FILTER,
	 .options = relation_options,
	 .validate = check_relation,
	 .help = "the values of the columns do not exist in another relation; a key that holds a NULL is not tested"},
	{.name = "inclusion_fraction_between",
	 .dimension = "consistency",
	 .shape = &dq_shape_inclusion,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_BOUNDS | DQ_NEEDS_BOUND | DQ_TAKES_FILTER,
	 .options = relation_options,
	 .validate = check_fractions,
	 .help = "the share of the rows whose key exists in another relation lies between two bounds; keys that hold a NULL do not count"},
	{.name = "row_count_equals_relation",
	 .dimension = "volume",
	 .shape = &dq_shape_found,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_ROW_FILTER,
	 .options = count_options,
	 .validate = check_comparison,
	 .metric = dq_relationquery_row_count,
	 .help = "there are as many rows as in another relation"},
	{.name = "fewer_rows_than",
	 .dimension = "volume",
	 .shape = &dq_shape_found,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_ROW_FILTER,
	 .options = fewer_options,
	 .validate = check_relation,
	 .metric = dq_relationquery_fewer_rows,
	 .help = "there are fewer rows than in another relation"},
	{.name = "aggregate_equals_relation",
	 .dimension = "consistency",
	 .shape = &dq_shape_found,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_ROW_FILTER,
	 .options = aggregate_options,
	 .validate = check_comparison,
	 .metric = dq_relationquery_aggregate,
	 .help = "an aggregate equals one of another relation; NULL on both sides is no data, on one side a failure"},
	{.name = "distinct_count_equals_relation",
	 .dimension = "consistency",
	 .shape = &dq_shape_found,
	 .arity = DQ_COLUMN_LIST,
	 .takes = DQ_TAKES_ROW_FILTER,
	 .options = distinct_options,
	 .validate = check_comparison,
	 .metric = dq_relationquery_distinct,
	 .help = "as many different values as in another relation; values with a NULL in them do not count"},
	{.name = "multiset_hash_equals",
	 .dimension = "consistency",
	 .shape = &dq_shape_found,
	 .arity = DQ_ANY_COLUMNS,
	 .takes = DQ_TAKES_ROW_FILTER,
	 .options = hash_options,
	 .validate = check_relation,
	 .metric = dq_relationquery_hash,
	 .help = "the same rows as often as in another relation, in any order: the sums of 64-bit hashes of the rows and their numbers are equal, which different data is by chance once in about 2^64 times"},
	{.name = "dataset_equals",
	 .dimension = "consistency",
	 .shape = &dq_shape_dataset,
	 .arity = DQ_ANY_COLUMNS,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_ROW_FILTER,
	 .options = dataset_options,
	 .validate = check_keys,
	 .help = "the same rows as in another relation, told apart by a key: rows that are missing, too much or changed fail"},
	{.name = "temporal_order_across",
	 .dimension = "timeliness",
	 .shape = &dq_shape_across,
	 .arity = DQ_ONE_COLUMN,
	 .takes = DQ_TAKES_TOLERANCE | DQ_TAKES_ON_NULL | DQ_TAKES_FILTER,
	 .options = order_options,
	 .validate = check_keys,
	 .help = "the time is not before any time of the rows of another relation with the same key; a row without such a row has no verdict"}};

const DqRuleFamily dq_rules_relation = {"relation", types, lengthof(types)};
