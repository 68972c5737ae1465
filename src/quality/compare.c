/*
 * compare.c
 *	  Comparing columns with each other and with values, as SQL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "parser/parse_func.h"
#include "quality/compare.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/*
 * refuse_types: 42804: two columns that cannot be compared.
 */
static void
refuse_types(const DqColumn *left, const DqColumn *right)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("columns \"%s\" and \"%s\" cannot be compared: %s and %s",
					left->name, right->name,
					format_type_be(left->base_type),
					format_type_be(right->base_type)),
			 errhint("Compare them in an expression, with a cast.")));
}

/*
 * own_operator: an operator of a type's default order or, for equality, of
 * its default equality; InvalidOid when it has none.
 */
static Oid
own_operator(Oid type, StrategyNumber strategy)
{
	TypeCacheEntry *entry = lookup_type_cache(type,
											  TYPECACHE_BTREE_OPFAMILY |
												  TYPECACHE_EQ_OPR);

	if (strategy == BTEqualStrategyNumber)
		return entry->eq_opr;
	if (!OidIsValid(entry->btree_opf))
		return InvalidOid;
	return get_opfamily_member(entry->btree_opf, entry->btree_opintype,
							   entry->btree_opintype, strategy);
}

/*
 * common_operator: an operator of an order that both types share, such as
 * that of all integers; InvalidOid when there is none.
 */
static Oid
common_operator(Oid left, Oid right, StrategyNumber strategy)
{
	TypeCacheEntry *a = lookup_type_cache(left, TYPECACHE_BTREE_OPFAMILY);
	TypeCacheEntry *b = lookup_type_cache(right, TYPECACHE_BTREE_OPFAMILY);

	if (!OidIsValid(a->btree_opf) || a->btree_opf != b->btree_opf ||
		IsPolymorphicType(a->btree_opintype))
		return InvalidOid;
	return get_opfamily_member(a->btree_opf, a->btree_opintype,
							   b->btree_opintype, strategy);
}

/*
 * write_comparison: both sides and the operator. Two collations would leave
 * none: the left one counts.
 */
static char *
write_comparison(const DqColumn *left, const char *left_cast, Oid operator,
				 const DqColumn * right, const char *right_cast)
{
	const char *collate = "";

	if (OidIsValid(left->collation) && OidIsValid(right->collation) &&
		left->collation != right->collation)
		collate = psprintf(" COLLATE %s",
						   dq_sqltext_collation(left->collation));
	return psprintf("%s%s %s %s%s%s", left->sql, left_cast,
					dq_sqltext_operator(operator), right->sql, right_cast,
					collate);
}

/*
 * dq_compare_columns: "left op right". Types that differ are compared by an
 * order that they share, or after an implicit cast of one of them.
 */
char *
dq_compare_columns(const DqColumn *left, StrategyNumber strategy,
				   const DqColumn *right)
{
	Oid a = left->base_type;
	Oid b = right->base_type;
	const char *left_cast = "";
	const char *right_cast = "";
	Oid operator;

	if (a == b)
		operator= own_operator(a, strategy);
	else
	{
		operator= common_operator(a, b, strategy);
		if (!OidIsValid(operator) &&
			can_coerce_type(1, &a, &b, COERCION_IMPLICIT))
		{
			operator= own_operator(b, strategy);
			left_cast = psprintf("::%s", dq_sqltext_type(b, -1));
		}
		else if (!OidIsValid(operator) &&
				 can_coerce_type(1, &b, &a, COERCION_IMPLICIT))
		{
			operator= own_operator(a, strategy);
			right_cast = psprintf("::%s", dq_sqltext_type(a, -1));
		}
	}
	if (!OidIsValid(operator))
		refuse_types(left, right);
	return write_comparison(left, left_cast, operator, right, right_cast);
}

/*
 * is_integer: can the value be one of this integer type?
 */
static bool
is_integer(const char *value, Oid type)
{
	size_t digits = type == INT2OID ? 4 : type == INT4OID ? 9 :
															18;

	if (*value == '-' || *value == '+')
		value++;
	return *value != '\0' && strlen(value) <= digits &&
		   strspn(value, "0123456789") == strlen(value);
}

/*
 * dq_compare_value: "column = value". What is no value of an integer column
 * is compared as numeric.
 */
char *
dq_compare_value(const DqColumn *column, const char *value)
{
	Oid type = column->base_type;
	Oid operator= own_operator(type, BTEqualStrategyNumber);

	if (!OidIsValid(operator))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s of column \"%s\" has no equality",
						format_type_be(type), column->name)));
	if ((type == INT2OID || type == INT4OID || type == INT8OID) &&
		!is_integer(value, type))
		type = NUMERICOID;
	return psprintf("%s %s %s", column->sql, dq_sqltext_operator(operator),
					dq_source_literal(value, type));
}

/*
 * dq_compare_present: SQL for "all of the columns have values", or any.
 */
char *
dq_compare_present(List *columns, bool any)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
	{
		if (buf.len > 0)
			appendStringInfoString(&buf, any ? " OR " : " AND ");
		appendStringInfoString(&buf, dq_source_is_null(lfirst(lc), false));
	}
	return psprintf("(%s)", buf.data);
}

/*
 * dq_compare_is_number: does the type have sums and differences of its own?
 */
bool
dq_compare_is_number(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID ||
		   type == NUMERICOID || dq_compare_is_float(type);
}

/*
 * dq_compare_is_float: is its arithmetic inexact?
 */
bool
dq_compare_is_float(Oid type)
{
	return type == FLOAT4OID || type == FLOAT8OID;
}

/*
 * dq_compare_need_order: 42804 unless the column's type has one.
 */
void
dq_compare_need_order(const DqColumn *column, const char *what)
{
	if (!OidIsValid(own_operator(column->base_type, BTLessStrategyNumber)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, which has no order that %s needs",
						column->name, format_type_be(column->base_type),
						what)));
}

/*
 * dq_compare_bound: a value of the column's type held against a bound.
 * Integers are compared as numerics, so that any number can be a bound.
 */
char *
dq_compare_bound(const DqColumn *column, const char *sql,
				 StrategyNumber strategy, const char *value)
{
	Oid type = column->base_type;
	const char *cast = "";

	if (dq_compare_is_number(type) && !dq_compare_is_float(type))
	{
		type = NUMERICOID;
		cast = "::pg_catalog.numeric";
	}
	return psprintf("%s%s %s %s", sql, cast,
					dq_sqltext_operator(own_operator(type, strategy)),
					dq_source_literal(value, type));
}

/*
 * dq_compare_need_number: 42804 unless the column holds numbers.
 */
void
dq_compare_need_number(const DqColumn *column, const char *what)
{
	if (!dq_compare_is_number(column->base_type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, %s needs a number",
						column->name, format_type_be(column->base_type),
						what),
				 errhint("Check an expression of the column instead, or add a generated column.")));
}

/*
 * type_schema: the name of the schema that a type is in.
 */
static char *
type_schema(Oid type)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char *schema = NULL;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);

		schema = get_namespace_name(form->typnamespace);
		ReleaseSysCache(tuple);
	}
	return schema ? schema : pstrdup("pg_catalog");
}

/*
 * dq_compare_aggregate: an aggregate for values of a type by its name, in
 * pg_catalog or in the schema of the type; "column" is for messages.
 */
char *
dq_compare_aggregate(const char *name, Oid type, const char *column)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	Oid argument = OidIsValid(entry->btree_opintype) ? entry->btree_opintype :
													   type;
	List *own = list_make2(makeString(type_schema(type)),
						   makeString(pstrdup(name)));
	List *built_in = list_make2(makeString("pg_catalog"),
								makeString(pstrdup(name)));

	if (OidIsValid(LookupFuncName(built_in, 1, &argument, true)))
		return psprintf("pg_catalog.%s", name);
	if (OidIsValid(LookupFuncName(own, 1, &type, true)))
		return dq_sqltext_qualified(strVal(linitial(own)), name);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("type %s of column \"%s\" has no aggregate %s",
					format_type_be(type), column, name)));
	return NULL;
}

/*
 * dq_compare_like: something of a type, written like a column in "sql"; its
 * name in messages and its collation are those of "column".
 */
DqColumn *
dq_compare_like(const DqColumn *column, const char *sql, Oid type)
{
	DqColumn *like = palloc(sizeof(DqColumn));

	*like = *column;
	like->sql = pstrdup(sql);
	like->base_type = type;
	if (type != column->base_type)
		like->collation = get_typcollation(type);
	return like;
}
