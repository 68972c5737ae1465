/*
 * predicate.c
 *	  What a rule says about one column, as SQL.
 *
 * Values are compared by the column's own type, its default operators and its
 * collation; a bound of an integer column that is no integer of that type is
 * compared as numeric, so that 17.5 or 3000000000 mean what they say.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/bounds.h"
#include "quality/predicate.h"
#include "quality/rule.h"
#include "quality/source.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * dq_predicate_not_null: a value is there.
 */
void
dq_predicate_not_null(StringInfo buf, const struct DqCheck *check,
					  const struct DqColumn *column)
{
	appendStringInfoString(buf, dq_source_is_null(column, false));
}

/*
 * is_plain_integer: only digits after an optional sign, and not too many to
 * fit into "digits" decimal places?
 */
static bool
is_plain_integer(const char *value, int digits)
{
	const char *p = value;

	if (*p == '-' || *p == '+')
		p++;
	if (*p == '\0' || strlen(p) > digits)
		return false;
	return strspn(p, "0123456789") == strlen(p);
}

/*
 * literal_type: the type in which a value is compared with the column.
 */
static Oid
literal_type(const char *value, Oid column_type)
{
	if (column_type == INT2OID && !is_plain_integer(value, 4))
		return NUMERICOID;
	if (column_type == INT4OID && !is_plain_integer(value, 9))
		return NUMERICOID;
	if (column_type == INT8OID && !is_plain_integer(value, 18))
		return NUMERICOID;
	return column_type;
}

/*
 * refuse_not_a_number: NaN is no bound.
 */
static void
refuse_not_a_number(const char *value)
{
	if (value != NULL && pg_strcasecmp(value, "nan") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("NaN cannot be a bound")));
}

/*
 * ordering_operator: the operator of the type's default order for a strategy.
 */
static char *
ordering_operator(const DqColumn *column, StrategyNumber strategy)
{
	TypeCacheEntry *type = lookup_type_cache(column->base_type,
											 TYPECACHE_BTREE_OPFAMILY);
	Oid operator= InvalidOid;

	if (OidIsValid(type->btree_opf))
		operator= get_opfamily_member(type->btree_opf,
									  type->btree_opintype,
									  type->btree_opintype, strategy);
	if (!OidIsValid(operator))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s of column \"%s\" has no order",
						format_type_be(column->base_type), column->name)));
	return dq_sqltext_operator(operator);
}

/*
 * write_bound: column >= value, or <=.
 */
static void
write_bound(StringInfo buf, const DqColumn *column, StrategyNumber strategy,
			const char *value)
{
	Oid type = literal_type(value, column->base_type);

	if (buf->len > 0)
		appendStringInfoString(buf, " AND ");
	appendStringInfo(buf, "%s %s %s", column->sql,
					 ordering_operator(column, strategy),
					 dq_source_literal(value, type));
}

/*
 * check_order: 22023 when the lower bound is above the upper one.
 */
static void
check_order(const DqCheck *check, const DqColumn *column)
{
	Oid type = column->base_type;

	if (check->min_value == NULL || check->max_value == NULL)
		return;
	if (literal_type(check->min_value, type) != type ||
		literal_type(check->max_value, type) != type)
		type = NUMERICOID;
	dq_bounds_check_values(check, type, column->collation);
}

/*
 * dq_predicate_range: between min_value and max_value, both included unless
 * the check says otherwise; one of them may be missing. NaN, which sorts above
 * all numbers, is in no range.
 *
 * JSON numbers as bounds of a column that is no number would be compared by
 * another order than they suggest: 42804.
 */
void
dq_predicate_range(StringInfo buf, const struct DqCheck *check,
				   const struct DqColumn *column)
{
	Oid type = column->base_type;
	StringInfoData bounds;
	char category;
	bool preferred;
	StrategyNumber lower = BTGreaterEqualStrategyNumber;
	StrategyNumber upper = BTLessEqualStrategyNumber;

	if (check->min_excluded)
		lower = BTGreaterStrategyNumber;
	if (check->max_excluded)
		upper = BTLessStrategyNumber;
	get_type_category_preferred(type, &category, &preferred);
	if (check->bounds_are_numbers && category == TYPCATEGORY_STRING)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, its bounds are numbers",
						column->name, format_type_be(type)),
				 errhint("Give the bounds as strings to compare by the order of the text.")));
	check_order(check, column);
	initStringInfo(&bounds);
	if (type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID)
	{
		refuse_not_a_number(check->min_value);
		refuse_not_a_number(check->max_value);
		if (check->max_value == NULL)
			appendStringInfo(&bounds, "%s OPERATOR(pg_catalog.<) %s",
							 column->sql, dq_source_literal("NaN", type));
	}
	if (check->min_value != NULL)
		write_bound(&bounds, column, lower, check->min_value);
	if (check->max_value != NULL)
		write_bound(&bounds, column, upper, check->max_value);
	appendStringInfoString(buf, bounds.data);
}

/*
 * dq_predicate_text: the value as a text. Texts are of any string type;
 * citext, too, is a text here and matched with regard to case. Under a
 * collation that takes different characters for equal, by which the server
 * finds no patterns, they are compared by their bytes. Other types have no
 * one text: 42804.
 */
char *
dq_predicate_text(const struct DqColumn *column)
{
	const char *collate = "";
	char category;
	bool preferred;

	get_type_category_preferred(column->base_type, &category, &preferred);
	if (category != TYPCATEGORY_STRING)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, which is no text",
						column->name, format_type_be(column->base_type)),
				 errhint("Write the check as an expression that turns the value into text.")));
	if (OidIsValid(column->collation) &&
		!get_collation_isdeterministic(column->collation))
		collate = " COLLATE pg_catalog.\"C\"";
	return psprintf("%s%s%s", column->sql,
					column->base_type == TEXTOID ? "" : "::pg_catalog.text",
					collate);
}

/*
 * dq_predicate_sign: of an option that is a number.
 */
int
dq_predicate_sign(const struct DqCheck *check, const char *option)
{
	char *text = dq_json_scalar_text(check->doc, option, check->what);
	Datum number;

	if (text == NULL)
		return 1;
	number = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								 ObjectIdGetDatum(InvalidOid),
								 Int32GetDatum(-1));
	return DatumGetInt32(DirectFunctionCall2(
		numeric_cmp, number,
		DirectFunctionCall1(int4_numeric, Int32GetDatum(0))));
}

/*
 * dq_predicate_regex: the pattern matches somewhere in the text.
 */
void
dq_predicate_regex(StringInfo buf, const struct DqCheck *check,
				   const struct DqColumn *column)
{
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.~) %s",
					 dq_predicate_text(column),
					 dq_source_literal(check->pattern, TEXTOID));
}

/*
 * dq_predicate_in_set: equal to one of the allowed values. Nothing is in the
 * empty set.
 */
void
dq_predicate_in_set(StringInfo buf, const struct DqCheck *check,
					const struct DqColumn *column)
{
	TypeCacheEntry *type = lookup_type_cache(column->base_type,
											 TYPECACHE_EQ_OPR);
	Oid element = column->base_type;
	ListCell *lc;

	if (!OidIsValid(type->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s of column \"%s\" has no equality",
						format_type_be(column->base_type), column->name)));
	if (check->allowed == NIL)
	{
		/* = ANY of an empty array would be false for NULL too */
		appendStringInfo(buf, "CASE WHEN %s THEN false END",
						 dq_source_is_null(column, false));
		return;
	}
	if (type_is_array(element))
	{
		/* ARRAY[...] of arrays would be one array of more dimensions */
		foreach(lc, check->allowed)
			appendStringInfo(buf, "%s%s %s %s",
							 foreach_current_index(lc) > 0 ? " OR " : "",
							 column->sql, dq_sqltext_operator(type->eq_opr),
							 dq_source_literal((char *) lfirst(lc), element));
		return;
	}
	foreach(lc, check->allowed)
	{
		if (literal_type((char *) lfirst(lc), element) != element)
			element = NUMERICOID;
	}
	appendStringInfo(buf, "%s %s ANY (ARRAY[", column->sql,
					 dq_sqltext_operator(type->eq_opr));
	foreach(lc, check->allowed)
		appendStringInfo(buf, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 dq_source_literal((char *) lfirst(lc), element));
	appendStringInfoString(buf, "])");
}
