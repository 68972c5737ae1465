/*
 * predicate_value.c
 *	  What rules say about one value, by the order and equality of its type.
 *
 * Comparisons are written plainly, column, operator, constant, for whoever
 * answers them without SQL.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/compare.h"
#include "quality/predicate.h"
#include "quality/rule.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* what people write where there is nothing, in lower case, trimmed */
static const char *const missing_words[] = {
	"", "-", "--", "---", ".", "?", "#n/a", "#na", "#null!", "#ref!",
	"(null)", "<na>", "<null>", "\\n", "n.a.", "n/a", "na", "nan", "nil",
	"none", "not available", "null", "tbd", "undefined", "unknown"};

/*
 * write_range: the value lies between two bounds, either of which may be
 * NULL.
 */
static void
write_range(StringInfo buf, const DqCheck *check, const DqColumn *column,
			const char *min, const char *max, bool excluded, bool numbers)
{
	DqCheck range = *check;

	range.min_value = unconstify(char *, min);
	range.max_value = unconstify(char *, max);
	range.min_excluded = range.max_excluded = excluded;
	range.bounds_are_numbers = numbers;
	dq_predicate_range(buf, &range, column);
}

/*
 * given_value: the option "value".
 */
static char *
given_value(const DqCheck *check)
{
	return dq_json_scalar_text(check->doc, "value", check->what);
}

/*
 * dq_predicate_value_is_null: no value is there.
 */
void
dq_predicate_value_is_null(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	appendStringInfoString(buf, dq_source_is_null(column, true));
}

/*
 * dq_predicate_value_not_empty: a text, array or bytea of at least one
 * element.
 */
void
dq_predicate_value_not_empty(StringInfo buf, const DqCheck *check,
							 const DqColumn *column)
{
	if (type_is_array(column->base_type))
		appendStringInfo(buf, "pg_catalog.cardinality(%s) OPERATOR(pg_catalog.>) 0",
						 column->sql);
	else if (column->base_type == BYTEAOID)
		appendStringInfo(buf, "pg_catalog.length(%s) OPERATOR(pg_catalog.>) 0",
						 column->sql);
	else
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.<>) ''::pg_catalog.text",
						 dq_predicate_text(column));
}

/*
 * write_token_words: the trimmed text, in lower case, is none of the words.
 */
static void
write_missing_words(StringInfo buf, const DqColumn *column, List *tokens)
{
	ListCell *lc;
	int i;

	appendStringInfo(buf, "pg_catalog.lower(pg_catalog.btrim(%s, E' \\t\\n\\r\\f\\v')) COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.<>) ALL (ARRAY[",
					 dq_predicate_text(column));
	foreach(lc, tokens)
		appendStringInfo(buf, "%spg_catalog.lower(pg_catalog.btrim(%s, E' \\t\\n\\r\\f\\v'))",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 dq_source_literal((char *) lfirst(lc), TEXTOID));
	for (i = 0; tokens == NIL && i < lengthof(missing_words); i++)
		appendStringInfo(buf, "%s%s", i > 0 ? ", " : "",
						 dq_sqltext_literal(missing_words[i]));
	appendStringInfoString(buf, "]::pg_catalog.text[])");
}

/*
 * dq_predicate_value_not_missing: neither NULL nor a token that stands for
 * nothing. Tokens for other types than texts must be given: 22023.
 */
void
dq_predicate_value_not_missing(StringInfo buf, const DqCheck *check,
							   const DqColumn *column)
{
	DqCheck tokens = *check;
	char category;
	bool preferred;

	tokens.allowed = dq_json_scalar_list(check->doc, "tokens", check->what);
	appendStringInfo(buf, "%s AND ", dq_source_is_null(column, false));
	get_type_category_preferred(column->base_type, &category, &preferred);
	if (category == TYPCATEGORY_STRING)
	{
		write_missing_words(buf, column, tokens.allowed);
		return;
	}
	if (tokens.allowed == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" is of type %s, for which %s knows no tokens",
						column->name, format_type_be(column->base_type),
						check->what),
				 errhint("Give them: params => '{\"tokens\": [-999]}'.")));
	appendStringInfoString(buf, "NOT (");
	dq_predicate_in_set(buf, &tokens, column);
	appendStringInfoChar(buf, ')');
}

/*
 * dq_predicate_value_not_in_set: equal to none of the values.
 */
void
dq_predicate_value_not_in_set(StringInfo buf, const DqCheck *check,
							  const DqColumn *column)
{
	appendStringInfoString(buf, "NOT (");
	dq_predicate_in_set(buf, check, column);
	appendStringInfoChar(buf, ')');
}

/*
 * dq_predicate_value_not_between: outside of the bounds.
 */
void
dq_predicate_value_not_between(StringInfo buf, const DqCheck *check,
							   const DqColumn *column)
{
	appendStringInfoString(buf, "NOT (");
	dq_predicate_range(buf, check, column);
	appendStringInfoChar(buf, ')');
}

/*
 * write_side: the value on one side of the option "value".
 */
static void
write_side(StringInfo buf, const DqCheck *check, const DqColumn *column,
		   bool above, bool excluded)
{
	char *value = given_value(check);

	write_range(buf, check, column, above ? value : NULL,
				above ? NULL : value, excluded,
				dq_json_is_number(check->doc, "value"));
}

/*
 * dq_predicate_value_greater: NaN, which sorts above all numbers, is not.
 */
void
dq_predicate_value_greater(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_side(buf, check, column, true, true);
}

/*
 * dq_predicate_value_at_least
 */
void
dq_predicate_value_at_least(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	write_side(buf, check, column, true, false);
}

/*
 * dq_predicate_value_less
 */
void
dq_predicate_value_less(StringInfo buf, const DqCheck *check,
						const DqColumn *column)
{
	write_side(buf, check, column, false, true);
}

/*
 * dq_predicate_value_at_most
 */
void
dq_predicate_value_at_most(StringInfo buf, const DqCheck *check,
						   const DqColumn *column)
{
	write_side(buf, check, column, false, false);
}

/*
 * dq_predicate_value_equal: as a set of one.
 */
void
dq_predicate_value_equal(StringInfo buf, const DqCheck *check,
						 const DqColumn *column)
{
	DqCheck one = *check;

	one.allowed = list_make1(given_value(check));
	dq_predicate_in_set(buf, &one, column);
}

/*
 * dq_predicate_value_not_equal
 */
void
dq_predicate_value_not_equal(StringInfo buf, const DqCheck *check,
							 const DqColumn *column)
{
	appendStringInfoString(buf, "NOT (");
	dq_predicate_value_equal(buf, check, column);
	appendStringInfoChar(buf, ')');
}

/*
 * need_sign: 42804 unless zero is a value of the type.
 */
static void
need_sign(const DqCheck *check, const DqColumn *column)
{
	if (column->base_type != INTERVALOID)
		dq_compare_need_number(column, check->what);
}

/*
 * dq_predicate_value_positive: above zero.
 */
void
dq_predicate_value_positive(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	need_sign(check, column);
	write_range(buf, check, column, "0", NULL, true, true);
}

/*
 * dq_predicate_value_non_negative: zero or above.
 */
void
dq_predicate_value_non_negative(StringInfo buf, const DqCheck *check,
								const DqColumn *column)
{
	need_sign(check, column);
	write_range(buf, check, column, "0", NULL, false, true);
}

/*
 * dq_predicate_value_check_step: 22023 when a divisor is zero.
 */
void
dq_predicate_value_check_step(DqCheck *check)
{
	if (dq_predicate_sign(check, "divisor") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"divisor\" of %s must not be zero",
						check->what)));
}

/*
 * exact_number: the number as numeric, with all digits that a float prints.
 */
static char *
exact_number(const DqColumn *column)
{
	if (column->base_type == NUMERICOID)
		return pstrdup(column->sql);
	if (dq_compare_is_float(column->base_type))
		return psprintf("%s::pg_catalog.text::pg_catalog.numeric",
						column->sql);
	return psprintf("%s::pg_catalog.numeric", column->sql);
}

/*
 * dq_predicate_value_multiple: the rest of the division is zero. Neither NaN
 * nor an infinity is a multiple.
 */
void
dq_predicate_value_multiple(StringInfo buf, const DqCheck *check,
							const DqColumn *column)
{
	char *divisor = dq_json_scalar_text(check->doc, "divisor", check->what);

	dq_compare_need_number(column, check->what);
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.%%) %s OPERATOR(pg_catalog.=) 0::pg_catalog.numeric",
					 exact_number(column),
					 dq_source_literal(divisor, NUMERICOID));
}

/*
 * dq_predicate_value_finite: neither NaN, which is above infinity, nor
 * infinite.
 */
void
dq_predicate_value_finite(StringInfo buf, const DqCheck *check,
						  const DqColumn *column)
{
	Oid type = column->base_type;

	if (type == INTERVALOID)
	{
		appendStringInfo(buf, "pg_catalog.isfinite(%s)", column->sql);
		return;
	}
	if (type != DATEOID && type != TIMESTAMPOID && type != TIMESTAMPTZOID)
	{
		dq_compare_need_number(column, check->what);
		if (!dq_compare_is_float(type) && type != NUMERICOID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" is of type %s, whose values are always finite",
							column->name, format_type_be(type)),
					 errhint("Leave the check out.")));
	}
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.>) %s AND %s OPERATOR(pg_catalog.<) %s",
					 column->sql, dq_source_literal("-infinity", type),
					 column->sql, dq_source_literal("infinity", type));
}

/*
 * dq_predicate_value_places: no more digits behind the point; zeros at the
 * end do not count. NaN and infinities have none.
 */
void
dq_predicate_value_places(StringInfo buf, const DqCheck *check,
						  const DqColumn *column)
{
	int64 places = dq_json_int(check->doc, "places", 0, check->what);
	char *number;

	dq_compare_need_number(column, check->what);
	number = exact_number(column);
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.=) pg_catalog.round(%s, " INT64_FORMAT ")",
					 number, number, Min(places, 2000));
}

/*
 * length_of: the length as something like a column: characters of a text,
 * bytes of a bytea.
 */
static DqColumn *
length_of(const DqColumn *column)
{
	const char *value = column->base_type == BYTEAOID ?
							column->sql :
							dq_predicate_text(column);

	return dq_compare_like(column,
						   psprintf("pg_catalog.length(%s)", value), INT4OID);
}

/*
 * dq_predicate_value_length: bounds on the length.
 */
void
dq_predicate_value_length(StringInfo buf, const DqCheck *check,
						  const DqColumn *column)
{
	dq_predicate_range(buf, check, length_of(column));
}

/*
 * dq_predicate_value_length_equal
 */
void
dq_predicate_value_length_equal(StringInfo buf, const DqCheck *check,
								const DqColumn *column)
{
	appendStringInfoString(
		buf, dq_compare_value(length_of(column), given_value(check)));
}

/*
 * dq_predicate_value_array_length: bounds on the number of elements, of all
 * dimensions together.
 */
void
dq_predicate_value_array_length(StringInfo buf, const DqCheck *check,
								const DqColumn *column)
{
	if (!type_is_array(column->base_type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, which is no array",
						column->name, format_type_be(column->base_type))));
	dq_predicate_range(buf, check,
					   dq_compare_like(column,
									   psprintf("pg_catalog.cardinality(%s)",
												column->sql),
									   INT4OID));
}
