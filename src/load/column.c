/*
 * column.c
 *	  One column on its way from the stage to the target: assignment and
 *	  difference, as SQL text.
 *
 * Assignment in PostgreSQL is a conversion to the type followed by one to its
 * modifier, both with "implicit" manners: varchar(3) refuses what an explicit
 * cast would cut. SQL text has only explicit casts, so the modifier is applied
 * by calling the type's own length function with the manners of assignment.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "load/column.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * dq_column_list: names, each after a prefix.
 */
char *
dq_column_list(List *columns, const char *prefix)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s%s", buf.len > 0 ? ", " : "", prefix,
						 dq_sqltext_ident(column->name));
	}
	return buf.data;
}

/*
 * function_name: qualified name of a function.
 */
static char *
function_name(Oid function)
{
	char *schema = get_namespace_name(get_func_namespace(function));

	return dq_sqltext_qualified(schema, get_func_name(function));
}

/*
 * length_call: the type's length function on a value, as assignment calls it.
 */
static char *
length_call(Oid function, const char *value, int32 typmod)
{
	return psprintf("%s(%s, %d%s)", function_name(function), value, typmod,
					get_func_nargs(function) == 3 ? ", false" : "");
}

/*
 * array_of_limited: an array whose elements have a modifier. The cast keeps
 * the dimensions; where it would cut, the length function is applied to each
 * element first and raises what assignment raises.
 */
static char *
array_of_limited(const char *value, Oid type, int32 typmod)
{
	Oid declared = get_element_type(type);
	int32 element_typmod = typmod;
	Oid element = getBaseTypeAndTypmod(declared, &element_typmod);
	char *cast = psprintf("(%s)::%s", value,
						  dq_sqltext_type(type, typmod));
	Oid function;

	if (element_typmod < 0)
		return cast;
	(void) find_typmod_coercion_function(element, &function);
	if (!OidIsValid(function) || get_func_nargs(function) != 3)
		return cast;
	return psprintf("CASE WHEN (SELECT pg_catalog.count(%s)"
					" FROM pg_catalog.unnest((%s)::%s) AS u(v))"
					" OPERATOR(pg_catalog.>=) 0 THEN %s END",
					length_call(function, "u.v", element_typmod),
					value, dq_sqltext_type(get_array_type(element), -1), cast);
}

/*
 * dq_column_assigned: the stage's value as an INSERT would convert it, in the
 * collation of the target.
 */
char *
dq_column_assigned(const DqColumn *column, const char *alias)
{
	char *value = column->expression;
	int32 typmod = column->typmod;
	Oid base = getBaseTypeAndTypmod(column->type, &typmod);
	bool same_type = column->stage_type == column->type;
	Oid function;

	if (value != NULL)
		return value;
	value = psprintf("%s.%s", alias, dq_sqltext_ident(column->name));
	if (same_type && (base != column->type || typmod < 0 ||
					  typmod == column->stage_typmod))
		/* as it is */;
	else if (OidIsValid(get_element_type(base)))
		value = array_of_limited(value, base, typmod);
	else
	{
		if (getBaseType(column->stage_type) != base)
			value = psprintf("(%s)::%s", value, dq_sqltext_type(base, -1));
		(void) find_typmod_coercion_function(base, &function);
		if (typmod >= 0 && OidIsValid(function))
			value = length_call(function, value, typmod);
	}
	if (!same_type && base != column->type)
		value = psprintf("(%s)::%s", value, dq_sqltext_type(column->type, -1));
	if (OidIsValid(column->collation) &&
		column->collation != column->stage_collation)
		value = psprintf("(%s) COLLATE %s", value,
						 dq_sqltext_collation(column->collation));
	return value;
}

/*
 * cast_as: a value cast to "type" when it is given, in a collation when that
 * is.
 */
static char *
cast_as(const char *value, const char *type, const char *collation)
{
	char *result = pstrdup(value);

	if (type != NULL)
		result = psprintf("(%s)::%s", result, type);
	if (collation != NULL)
		result = psprintf("%s COLLATE %s", result, collation);
	return result;
}

/*
 * operand_type: the type to cast to so that exactly this operator is meant,
 * NULL when the values have it or the operator takes any.
 */
static char *
operand_type(Oid equality, Oid type)
{
	Oid left;
	Oid right;

	op_input_types(equality, &left, &right);
	if (IsPolymorphicType(left) || left == RECORDOID)
		left = getBaseType(type);
	return left == type ? NULL : dq_sqltext_type(left, -1);
}

/*
 * content_type: the type as which values are compared for content: text for
 * all that is stored like it, so that a type's own ideas of case do not hide
 * a correction.
 */
static Oid
content_type(Oid type)
{
	Oid base = getBaseType(type);
	Oid element = get_element_type(base);

	if (IsBinaryCoercible(base, TEXTOID))
		return TEXTOID;
	if (OidIsValid(element) &&
		IsBinaryCoercible(getBaseType(element), TEXTOID))
		return TEXTARRAYOID;
	return base;
}

/*
 * dq_column_changed: do two rows hold a different value? Equality is the
 * default one of the type.
 *
 * IS DISTINCT FROM would look for its "=" along search_path.
 */
char *
dq_column_changed(const DqColumn *column, const char *left, const char *right)
{
	const char *name = dq_sqltext_ident(column->name);
	char *a = psprintf("%s.%s", left, name);
	char *b = psprintf("%s.%s", right, name);
	Oid type = content_type(column->type);
	Oid equality = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	char *cast;
	const char *collation = NULL;
	char *both_null;

	if (!OidIsValid(equality))
		return psprintf("NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
						a, b);
	both_null = psprintf("%s IS NULL AND %s IS NULL", a, b);
	/* a composite of NULLs IS NULL without being one */
	if (type_is_rowtype(type))
		both_null = psprintf("pg_catalog.num_nulls(%s, %s)"
							 " OPERATOR(pg_catalog.=) 2",
							 a, b);
	cast = operand_type(equality, type);
	if (cast == NULL && type != column->type)
		cast = dq_sqltext_type(type, -1);
	if (OidIsValid(column->collation) &&
		OidIsValid(get_typcollation(type)) &&
		!get_collation_isdeterministic(column->collation))
		collation = "pg_catalog.\"C\"";
	return psprintf("NOT COALESCE(%s %s %s, %s)",
					cast_as(a, cast, collation), dq_sqltext_operator(equality),
					cast_as(b, cast, collation), both_null);
}

/*
 * order_operator: an operator of the type's default order.
 */
static Oid
order_operator(const DqColumn *column, StrategyNumber strategy)
{
	TypeCacheEntry *entry = lookup_type_cache(getBaseType(column->type),
											  TYPECACHE_BTREE_OPFAMILY);

	if (!OidIsValid(entry->btree_opf))
		return InvalidOid;
	return get_opfamily_member(entry->btree_opf, entry->btree_opintype,
							   entry->btree_opintype, strategy);
}

/*
 * dq_column_check_order: see column.h.
 */
void
dq_column_check_order(const DqColumn *column)
{
	if (OidIsValid(order_operator(column, BTGreaterStrategyNumber)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("type %s of column \"%s\" has no order",
					format_type_be(column->type), column->name),
			 errhint("Give columns to sequence_by whose values have an order.")));
}

/*
 * compared: left OPERATOR right for a column, by an operator of its order.
 */
static char *
compared(const DqColumn *column, const char *left, const char *right,
		 StrategyNumber strategy)
{
	Oid operator= order_operator(column, strategy);
	char *type = operand_type(operator, column->type);
	const char *name = dq_sqltext_ident(column->output);

	return psprintf("%s %s %s",
					cast_as(psprintf("%s.%s", left, name), type, NULL),
					dq_sqltext_operator(operator),
					cast_as(psprintf("%s.%s", right, name), type, NULL));
}

/*
 * dq_column_after: see column.h.
 */
char *
dq_column_after(List *columns, const char *left, const char *right)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&buf, "(%s.%s IS NULL OR %s", right,
						 dq_sqltext_ident(column->output),
						 compared(column, left, right,
								  BTGreaterStrategyNumber));
		if (lnext(columns, lc) != NULL)
			appendStringInfo(&buf, " OR (%s AND ",
							 compared(column, left, right,
									  BTEqualStrategyNumber));
	}
	foreach(lc, columns)
		appendStringInfoString(&buf,
							   lnext(columns, lc) != NULL ? "))" : ")");
	return buf.data;
}
