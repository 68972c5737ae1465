/*
 * predicate_text.c
 *	  What rules say about one text: patterns, formats, JSON.
 *
 * Several patterns are written one by one, for whoever compiles them.
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "quality/charset.h"
#include "quality/datetimeformat.h"
#include "quality/format.h"
#include "quality/jsonschema.h"
#include "quality/predicate.h"
#include "quality/rule.h"
#include "quality/source.h"
#include "utils/builtins.h"

/* white space: ASCII, and where we know its bytes, Unicode */
#define ASCII_SPACE " \\t\\n\\v\\f\\r"
#define UNICODE_SPACE                                                   \
	ASCII_SPACE "\302\205\302\240\341\232\200\342\200\200-\342\200\212" \
				"\342\200\250\342\200\251\342\200\257\342\201\237"      \
				"\343\200\200"

/*
 * white_space: inside of brackets of a pattern.
 */
static const char *
white_space(void)
{
	return GetDatabaseEncoding() == PG_UTF8 ? UNICODE_SPACE : ASCII_SPACE;
}

/*
 * write_match: the text, an operator of pg_catalog, a pattern.
 */
static void
write_match(StringInfo buf, const DqColumn *column, const char *op,
			const char *pattern)
{
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.%s) %s",
					 dq_predicate_text(column), op,
					 dq_source_literal(pattern, TEXTOID));
}

/*
 * write_matches: the same for each of the option "patterns".
 */
static void
write_matches(StringInfo buf, const DqCheck *check, const DqColumn *column,
			  const char *op, const char *junction)
{
	ListCell *lc;

	foreach(lc, dq_json_text_list(check->doc, "patterns", check->what))
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoString(buf, junction);
		write_match(buf, column, op, (char *) lfirst(lc));
	}
}

/*
 * dq_predicate_text_not_blank: more than white space.
 */
void
dq_predicate_text_not_blank(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	write_match(buf, column, "~", psprintf("[^%s]", white_space()));
}

/*
 * dq_predicate_text_trimmed: no white space at either end.
 */
void
dq_predicate_text_trimmed(StringInfo buf, const DqCheck *check,
						  const DqColumn *column)
{
	write_match(buf, column, "!~",
				psprintf("^[%s]|[%s]$", white_space(), white_space()));
}

/*
 * dq_predicate_text_not_regex: the pattern matches nowhere.
 */
void
dq_predicate_text_not_regex(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	write_match(buf, column, "!~",
				dq_json_text(check->doc, "pattern", check->what));
}

/*
 * dq_predicate_text_any_regex: one of the patterns matches.
 */
void
dq_predicate_text_any_regex(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	write_matches(buf, check, column, "~", " OR ");
}

/*
 * dq_predicate_text_all_regex: all of them do.
 */
void
dq_predicate_text_all_regex(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	write_matches(buf, check, column, "~", " AND ");
}

/*
 * dq_predicate_text_not_any_regex: none of them does.
 */
void
dq_predicate_text_not_any_regex(StringInfo buf, const DqCheck *check,
								const DqColumn *column)
{
	write_matches(buf, check, column, "!~", " AND ");
}

/*
 * check_like: 22025 when a pattern ends in the middle of an escape.
 */
static void
check_like(const DqCheck *check, const char *pattern)
{
	const char *p;

	for (p = pattern; *p != '\0'; p++)
	{
		if (*p == '\\' && *++p == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
					 errmsg("a pattern of %s ends with an escape character",
							check->what),
					 errdetail("The pattern is: %s",
							   dq_sqltext_clip(pattern, 200)),
					 errhint("Write \\\\ for a backslash.")));
	}
}

/*
 * dq_predicate_text_check_like: "pattern" or "patterns".
 */
void
dq_predicate_text_check_like(DqCheck *check)
{
	ListCell *lc;

	if (dq_json_has(check->doc, "pattern"))
		check_like(check,
				   dq_json_text(check->doc, "pattern", check->what));
	if (!dq_json_has(check->doc, "patterns"))
		return;
	foreach(lc, dq_json_text_list(check->doc, "patterns", check->what))
		check_like(check, (char *) lfirst(lc));
}

/*
 * dq_predicate_text_like: the whole text is like the pattern.
 */
void
dq_predicate_text_like(StringInfo buf, const DqCheck *check,
					   const DqColumn *column)
{
	write_match(buf, column, "~~",
				dq_json_text(check->doc, "pattern", check->what));
}

/*
 * dq_predicate_text_not_like
 */
void
dq_predicate_text_not_like(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_match(buf, column, "!~~",
				dq_json_text(check->doc, "pattern", check->what));
}

/*
 * dq_predicate_text_any_like
 */
void
dq_predicate_text_any_like(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_matches(buf, check, column, "~~", " OR ");
}

/*
 * dq_predicate_text_all_like
 */
void
dq_predicate_text_all_like(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_matches(buf, check, column, "~~", " AND ");
}

/*
 * dq_predicate_text_not_any_like
 */
void
dq_predicate_text_not_any_like(StringInfo buf, const DqCheck *check,
							   const DqColumn *column)
{
	write_matches(buf, check, column, "!~~", " AND ");
}

/*
 * write_part: like the option "value" between what may come before and after.
 */
static void
write_part(StringInfo buf, const DqCheck *check, const DqColumn *column,
		   const char *before, const char *after)
{
	const char *value = dq_json_text(check->doc, "value", check->what);
	StringInfoData pattern;

	initStringInfo(&pattern);
	appendStringInfoString(&pattern, before);
	for (; *value != '\0'; value++)
	{
		if (strchr("%_\\", *value) != NULL)
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *value);
	}
	appendStringInfoString(&pattern, after);
	write_match(buf, column, "~~", pattern.data);
}

/*
 * dq_predicate_text_starts
 */
void
dq_predicate_text_starts(StringInfo buf, const DqCheck *check,
						 const DqColumn *column)
{
	write_part(buf, check, column, "", "%");
}

/*
 * dq_predicate_text_ends
 */
void
dq_predicate_text_ends(StringInfo buf, const DqCheck *check,
					   const DqColumn *column)
{
	write_part(buf, check, column, "%", "");
}

/*
 * dq_predicate_text_contains
 */
void
dq_predicate_text_contains(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_part(buf, check, column, "%", "%");
}

/*
 * dq_predicate_text_case: changing the case, by the collation of the column,
 * changes no byte.
 */
void
dq_predicate_text_case(StringInfo buf, const DqCheck *check,
					   const DqColumn *column)
{
	static const char *const functions[] = {"upper", "lower", "initcap"};
	int word = dq_option_word(check->type->options, check->doc, "letter_case",
							  check->what);
	const char *cast = column->base_type == TEXTOID ? "" :
													  "::pg_catalog.text";

	(void) dq_predicate_text(column);
	appendStringInfo(buf, "(%s%s COLLATE pg_catalog.\"C\") OPERATOR(pg_catalog.=) pg_catalog.%s(%s%s)",
					 column->sql, cast, functions[word], column->sql, cast);
}

/*
 * write_call: one of our functions of a text and a constant.
 */
static void
write_call(StringInfo buf, const char *function, const DqColumn *column,
		   const char *argument)
{
	appendStringInfo(buf, "etl.%s(%s, %s)", function,
					 dq_predicate_text(column),
					 dq_source_literal(argument, TEXTOID));
}

/*
 * dq_predicate_text_check_charset: 22023 when it is no set.
 */
void
dq_predicate_text_check_charset(DqCheck *check)
{
	(void) dq_charset_get(dq_json_text(check->doc, "charset", check->what));
}

/*
 * dq_predicate_text_charset: every character is in a set.
 */
void
dq_predicate_text_charset(StringInfo buf, const DqCheck *check,
						  const DqColumn *column)
{
	write_call(buf, "in_charset", column,
			   dq_json_text(check->doc, "charset", check->what));
}

/*
 * dq_predicate_text_check_format: 22023 when there is none of this name.
 */
void
dq_predicate_text_check_format(DqCheck *check)
{
	(void) dq_format_get(dq_json_text(check->doc, "format", check->what));
}

/*
 * dq_predicate_text_format: the text has a format.
 */
void
dq_predicate_text_format(StringInfo buf, const DqCheck *check,
						 const DqColumn *column)
{
	write_call(buf, "has_format", column,
			   dq_json_text(check->doc, "format", check->what));
}

/*
 * dq_predicate_text_check_datetime: 22023 when dates cannot be read by it.
 */
void
dq_predicate_text_check_datetime(DqCheck *check)
{
	char *format = dq_json_text(check->doc, "format", check->what);

	dq_datetimeformat_check(cstring_to_text(format), DEFAULT_COLLATION_OID);
}

/*
 * dq_predicate_text_datetime: the text is a date as a template writes it.
 */
void
dq_predicate_text_datetime(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_call(buf, "matches_datetime_format", column,
			   dq_json_text(check->doc, "format", check->what));
}

/*
 * given_type: the option "type_name" as the server spells it; 42704.
 */
static char *
given_type(const DqCheck *check)
{
	char *name = dq_json_text(check->doc, "type_name", check->what);
	int32 typmod;
	Oid type;

	dq_compat_parse_type(name, &type, &typmod);
	return dq_sqltext_type(type, typmod);
}

/*
 * dq_predicate_text_check_type: there is such a type.
 */
void
dq_predicate_text_check_type(DqCheck *check)
{
	(void) given_type(check);
}

/*
 * dq_predicate_text_castable: the type takes the text.
 */
void
dq_predicate_text_castable(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_call(buf, "castable", column, given_type(check));
}

/*
 * dq_predicate_text_json: the text is a JSON document.
 */
void
dq_predicate_text_json(StringInfo buf, const DqCheck *check,
					   const DqColumn *column)
{
	appendStringInfo(buf, "etl.is_json(%s)", dq_predicate_text(column));
}

/*
 * write_schema: a document of type jsonb or json, or a text, satisfies a
 * schema.
 */
static void
write_schema(StringInfo buf, const DqColumn *column, Jsonb *schema)
{
	const char *literal = dq_source_literal(dq_json_out(schema), JSONBOID);

	if (column->base_type == JSONBOID)
		appendStringInfo(buf, "etl.matches_json_schema(%s, %s)", column->sql,
						 literal);
	else
		appendStringInfo(buf, "etl.text_matches_json_schema(%s, %s)",
						 column->base_type == JSONOID ?
							 psprintf("%s::pg_catalog.text", column->sql) :
							 dq_predicate_text(column),
						 literal);
}

/*
 * given_schema: the option "schema".
 */
static Jsonb *
given_schema(const DqCheck *check)
{
	return dq_json_part(check->doc, "schema");
}

/*
 * dq_predicate_text_check_schema: 22023 when it is no schema.
 */
void
dq_predicate_text_check_schema(DqCheck *check)
{
	(void) dq_jsonschema_compile(given_schema(check));
}

/*
 * dq_predicate_text_json_schema
 */
void
dq_predicate_text_json_schema(StringInfo buf, const DqCheck *check,
							  const DqColumn *column)
{
	write_schema(buf, column, given_schema(check));
}

/*
 * dq_predicate_text_json_keys: an object with these keys; what is no JSON has
 * none.
 */
void
dq_predicate_text_json_keys(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	DqJsonBuild schema;

	dq_json_begin(&schema);
	dq_json_add_text(&schema, "type", "object");
	dq_json_add_text_list(&schema, "required",
						  dq_json_text_list(check->doc, "keys", check->what));
	write_schema(buf, column, dq_json_end(&schema));
}
