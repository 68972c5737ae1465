/*
 * rules_schema.c
 *	  Family of rules: the relation itself, as the catalogue describes it.
 *
 * Types are written as anywhere in SQL and resolved as PostgreSQL resolves
 * them, so int, INTEGER and int4 are one. A modifier counts when it is given:
 * varchar is any varchar(n).
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/catalogue.h"
#include "quality/rule.h"
#include "quality/schemalook.h"
#include "quality/shape.h"

static const DqOption exists_options[] = {
	{"position", DQ_OPTION_INTEGER, false, NULL,
	 "its place among the columns, from 1; default: any"},
	DQ_OPTION_END};

static const DqOption type_options[] = {
	{"data_type", DQ_OPTION_TEXT, true, NULL,
	 "a type, as in CREATE TABLE; its modifier counts when it is given"},
	DQ_OPTION_END};

static const DqOption types_options[] = {
	{"data_types", DQ_OPTION_TEXTS, false, NULL,
	 "types; a name that no type has is nobody's; default: any"},
	DQ_OPTION_END};

static const DqOption set_options[] = {
	{"exact", DQ_OPTION_BOOL, false, NULL,
	 "false: further columns may be there; default true"},
	DQ_OPTION_END};

static const DqOption count_options[] = {
	{"value", DQ_OPTION_INTEGER, true, NULL, "the number of columns"},
	DQ_OPTION_END};

static const DqOption nullable_options[] = {
	{"nullable", DQ_OPTION_BOOL, true, NULL,
	 "false: the columns are declared NOT NULL; true: none is"},
	DQ_OPTION_END};

static const DqOption names_options[] = {
	{"pattern", DQ_OPTION_PATTERN, true, NULL,
	 "the regular expression, found anywhere in the name"},
	DQ_OPTION_END};

/*
 * check_count_bounds: bounds of a count are whole numbers in order.
 */
static void
check_count_bounds(DqCheck *check)
{
	int64 min = dq_json_int(check->doc, "min_value", 0, check->what);
	int64 max = dq_json_int(check->doc, "max_value", PG_INT64_MAX,
							check->what);

	if (min < 0 || max < 0 || min > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of %s must be in order and not negative",
						check->what)));
}

/* row_count_equals */

static const DqOption rows_options[] = {
	{"value", DQ_OPTION_INTEGER, true, NULL, "the number of rows"},
	DQ_OPTION_END};

/*
 * metric_row_count: the number of rows.
 */
static void
metric_row_count(StringInfo buf, const DqProbe *probe)
{
	appendStringInfoString(buf, "pg_catalog.count(*)");
}

/*
 * row_count_holds: it is the one that is wanted.
 */
static void
row_count_holds(StringInfo buf, const DqProbe *probe, const char *value)
{
	const DqCheck *check = probe->check;

	appendStringInfo(buf, "%s OPERATOR(pg_catalog.=) " INT64_FORMAT, value,
					 dq_json_int(check->doc, "value", 0, check->what));
}

/* schema_unchanged, grants_are, row_security_on, comment_present, keys */

static const DqOption fingerprint_options[] = {
	{"fingerprint", DQ_OPTION_TEXT, true, NULL,
	 "what etl.schema_fingerprint said when the columns were as they should be"},
	DQ_OPTION_END};

/*
 * check_fingerprint: 64 hexadecimal digits.
 */
static void
check_fingerprint(DqCheck *check)
{
	char *text = dq_json_text(check->doc, "fingerprint", check->what);

	if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"fingerprint\" of %s must be 64 hexadecimal digits",
						check->what),
				 errhint("Take it from SELECT etl.schema_fingerprint('the relation').")));
}

static const DqOption grants_options[] = {
	{"grants", DQ_OPTION_JSON, true, NULL,
	 "an object of roles (public for everybody) and lists of their privileges on the relation, the owner left out"},
	{"exact", DQ_OPTION_BOOL, false, NULL,
	 "false: more may be granted; default true"},
	DQ_OPTION_END};

/*
 * check_privilege: 22023 when nothing of this name can be granted on a
 * relation.
 */
static void
check_privilege(const DqCheck *check, const char *privilege)
{
	static const char *const known[] = {
		"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES",
		"TRIGGER", "MAINTAIN"};
	int i;

	for (i = 0; i < lengthof(known); i++)
	{
		if (strcmp(known[i], privilege) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown privilege \"%s\" in %s",
					dq_sqltext_clip(privilege, 63), check->what),
			 errhint("Privileges on a relation are SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER and, from PostgreSQL 17 on, MAINTAIN.")));
}

/*
 * check_grants: an object of lists of privileges.
 */
static void
check_grants(DqCheck *check)
{
	Jsonb *grants = dq_json_part(check->doc, "grants");
	ListCell *lc;
	ListCell *word;

	if (!JB_ROOT_IS_OBJECT(grants))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"grants\" of %s must be an object of roles and lists of privileges",
						check->what),
				 errhint("For example: {\"type\": \"grants_are\", \"grants\": {\"analyst\": [\"SELECT\"]}}.")));
	foreach(lc, dq_json_keys(grants))
	{
		foreach(word, dq_json_text_list(grants, (char *) lfirst(lc),
										check->what))
			check_privilege(check, (char *) lfirst(word));
	}
}

static const DqOption security_options[] = {
	{"forced", DQ_OPTION_BOOL, false, NULL,
	 "true: it must bind the owner, too; default false"},
	DQ_OPTION_END};

static const DqOption comment_options[] = {
	{"all_columns", DQ_OPTION_BOOL, false, NULL,
	 "true: every column must have one as well; default false"},
	DQ_OPTION_END};

static const DqOption index_options[] = {
	{"method", DQ_OPTION_TEXT, false, NULL,
	 "btree, gin, ...; default: any"},
	DQ_OPTION_END};

static const DqOption key_options[] = {
	{"references", DQ_OPTION_RELATION, false, NULL,
	 "the relation it refers to; default: any"},
	{"referenced_columns", DQ_OPTION_COLUMNS, false, NULL,
	 "the columns it refers to, in the order of the referring ones; default: any"},
	DQ_OPTION_END};

/*
 * check_referenced: as many columns on both sides.
 */
static void
check_referenced(DqCheck *check)
{
	if (check->referenced_columns != NIL &&
		list_length(check->referenced_columns) != list_length(check->columns))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has another number of referenced columns than of columns",
						check->what)));
}

#define SCHEMA_RULE .dimension = "schema", .shape = &dq_shape_schema

static const DqRuleType types[] = {
	{.name = "row_count_equals",
	 .dimension = "volume",
	 .shape = &dq_shape_metric,
	 .arity = DQ_NO_COLUMNS,
	 .takes = DQ_TAKES_FILTER,
	 .options = rows_options,
	 .metric = metric_row_count,
	 .holds = row_count_holds,
	 .help = "there are so many rows"},
	{.name = "column_exists", SCHEMA_RULE, .arity = DQ_ONE_COLUMN, .options = exists_options, .look = dq_schemalook_column_exists, .holds = dq_schemalook_sql_column_exists, .help = "the relation has the column"},
	{.name = "column_type_is", SCHEMA_RULE, .arity = DQ_EACH_COLUMN, .options = type_options, .look = dq_schemalook_column_type, .holds = dq_schemalook_sql_column_type, .help = "the column is declared with a type; a domain is not the type below it"},
	{.name = "column_type_in_list", SCHEMA_RULE, .arity = DQ_EACH_COLUMN, .options = types_options, .look = dq_schemalook_column_type, .holds = dq_schemalook_sql_column_type, .help = "the column is declared with one of some types"},
	{.name = "columns_match_ordered", SCHEMA_RULE, .arity = DQ_ANY_COLUMNS, .look = dq_schemalook_columns_ordered, .holds = dq_schemalook_sql_columns_ordered, .help = "the relation has exactly these columns in this order; without columns, any"},
	{.name = "columns_match_set", SCHEMA_RULE, .arity = DQ_ANY_COLUMNS, .options = set_options, .look = dq_schemalook_columns_set, .holds = dq_schemalook_sql_columns_set, .help = "the relation has exactly these columns in any order; without columns, any"},
	{.name = "columns_contain", SCHEMA_RULE, .arity = DQ_COLUMN_LIST, .look = dq_schemalook_columns_set, .holds = dq_schemalook_sql_columns_set, .help = "the relation has these columns and perhaps more"},
	{.name = "columns_not_contain", SCHEMA_RULE, .arity = DQ_COLUMN_LIST, .look = dq_schemalook_columns_not_contain, .holds = dq_schemalook_sql_columns_not_contain, .help = "the relation has none of these columns"},
	{.name = "column_count_between", SCHEMA_RULE, .arity = DQ_NO_COLUMNS, .takes = DQ_TAKES_BOUNDS, .validate = check_count_bounds, .look = dq_schemalook_column_count, .holds = dq_schemalook_sql_column_count, .help = "the number of columns lies between two bounds"},
	{.name = "column_count_equals", SCHEMA_RULE, .arity = DQ_NO_COLUMNS, .options = count_options, .look = dq_schemalook_column_count, .holds = dq_schemalook_sql_column_count, .help = "the relation has so many columns"},
	{.name = "column_nullable_is", SCHEMA_RULE, .arity = DQ_EACH_COLUMN, .options = nullable_options, .look = dq_schemalook_column_nullable, .holds = dq_schemalook_sql_column_nullable, .help = "the column is, or is not, declared NOT NULL; a domain's NOT NULL does not count"},
	{.name = "column_names_match", SCHEMA_RULE, .arity = DQ_NO_COLUMNS, .options = names_options, .look = dq_schemalook_column_names, .holds = dq_schemalook_sql_column_names, .help = "the names of all columns match a regular expression"},
	{.name = "schema_matches", SCHEMA_RULE, .arity = DQ_NO_COLUMNS, .options = dq_schemamatch_options, .validate = dq_schemamatch_check, .look = dq_schemamatch_look, .holds = dq_schemamatch_sql, .help = "the columns are as described: missing columns and other types are failures, further columns a warning"},
	{.name = "schema_unchanged", SCHEMA_RULE, .arity = DQ_NO_COLUMNS, .options = fingerprint_options, .validate = check_fingerprint, .holds = dq_catalogue_unchanged, .detail = dq_catalogue_fingerprints, .help = "names, types, order, NOT NULL, collations, identity and generation of the columns are what they were"},
	{.name = "has_primary_key", SCHEMA_RULE, .arity = DQ_ANY_COLUMNS, .holds = dq_catalogue_has_primary_key, .detail = dq_catalogue_indexes, .help = "the relation has a primary key, of exactly the columns when some are given"},
	{.name = "has_unique", SCHEMA_RULE, .arity = DQ_COLUMN_LIST, .holds = dq_catalogue_has_unique, .detail = dq_catalogue_indexes, .help = "a unique index or key of exactly these columns, in any order, covers all rows"},
	{.name = "has_foreign_key", SCHEMA_RULE, .arity = DQ_COLUMN_LIST, .options = key_options, .validate = check_referenced, .holds = dq_catalogue_has_foreign_key, .detail = dq_catalogue_foreign_keys, .help = "a validated foreign key of exactly these columns is declared; whether rows keep it is what foreign_key checks"},
	{.name = "has_index", SCHEMA_RULE, .arity = DQ_COLUMN_LIST, .options = index_options, .holds = dq_catalogue_has_index, .detail = dq_catalogue_indexes, .help = "an index of columns that covers all rows begins with these, in this order"},
	{.name = "grants_are", SCHEMA_RULE, .arity = DQ_NO_COLUMNS, .options = grants_options, .validate = check_grants, .holds = dq_catalogue_grants_are, .detail = dq_catalogue_grants, .help = "these privileges on the relation, and no others, are granted; privileges on columns do not count"},
	{.name = "row_security_on", SCHEMA_RULE, .arity = DQ_NO_COLUMNS, .options = security_options, .holds = dq_catalogue_row_security_on, .help = "row security is enabled on the relation"},
	{.name = "comment_present", SCHEMA_RULE, .arity = DQ_ANY_COLUMNS, .options = comment_options, .holds = dq_catalogue_comment_present, .detail = dq_catalogue_comments, .help = "the relation, or each of the columns that are given, has a comment"}};

const DqRuleFamily dq_rules_schema = {"schema", types, lengthof(types)};
