/*
 * key.c
 *	  What makes two rows the same row: columns or expressions, with the
 *	  equality of the index behind them, and their SQL.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "load/key.h"
#include "load/target.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

/*
 * has_name: is the name in a List of char *?
 */
static bool
has_name(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * dq_key_check_columns: every name is a column of the target, once.
 */
void
dq_key_check_columns(Relation target, List *names)
{
	List *columns = dq_target_columns(target);
	List *seen = NIL;
	ListCell *lc;

	foreach(lc, names)
	{
		char *name = (char *) lfirst(lc);

		if (!has_name(columns, name))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("key column \"%s\" of %s does not exist",
							name, dq_target_name(target)),
					 dq_suggest_hint(name, columns)));
		if (has_name(seen, name))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("key column \"%s\" of %s is given twice",
							name, dq_target_name(target))));
		seen = lappend(seen, name);
	}
}

/*
 * loose_column: one column of a key without an index.
 */
static DqKeyColumn *
loose_column(Relation target, const char *name)
{
	TupleDesc desc = RelationGetDescr(target);
	AttrNumber attnum = get_attnum(RelationGetRelid(target), name);
	Form_pg_attribute att = TupleDescAttr(desc, attnum - 1);
	DqKeyColumn *column = palloc0(sizeof(DqKeyColumn));
	Oid base = getBaseType(att->atttypid);

	column->name = pstrdup(name);
	column->attnum = attnum;
	column->type = att->atttypid;
	column->equality = lookup_type_cache(base, TYPECACHE_EQ_OPR)->eq_opr;
	column->collation = att->attcollation;
	column->nullable = !att->attnotnull;
	if (!OidIsValid(column->equality))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s of key column \"%s\" of %s has no equality",
						format_type_be(att->atttypid), name,
						dq_target_name(target))));
	return column;
}

/*
 * dq_key_loose: see key.h.
 */
DqKey *
dq_key_loose(Relation target, List *names)
{
	DqKey *key = palloc0(sizeof(DqKey));
	ListCell *lc;

	dq_key_check_columns(target, names);
	key->relid = RelationGetRelid(target);
	foreach(lc, names)
		key->columns = lappend(key->columns,
							   loose_column(target, (char *) lfirst(lc)));
	return key;
}

/*
 * dq_key_names: names of the plain columns of the key.
 */
List *
dq_key_names(const DqKey *key)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		if (column->expression == NULL)
			names = lappend(names, column->name);
	}
	return names;
}

/*
 * dq_key_column: the column of this number in the key, or NULL.
 */
DqKeyColumn *
dq_key_column(const DqKey *key, AttrNumber attnum)
{
	ListCell *lc;

	if (key == NULL)
		return NULL;
	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		if (column->attnum == attnum)
			return column;
	}
	return NULL;
}

/*
 * dq_key_unambiguous: see key.h.
 */
int
dq_key_unambiguous(void)
{
	static const char *const settings[][2] = {
		{"DateStyle", "ISO"},
		{"IntervalStyle", "postgres"},
		{"extra_float_digits", "3"}};
	int level = NewGUCNestLevel();
	int i;

	for (i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1],
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/*
 * dq_key_deparse: see key.h.
 */
char *
dq_key_deparse(Oid relid, Node *expression, const char *alias)
{
	int level = dq_key_unambiguous();
	const char *name = alias ? alias : get_rel_name(relid);
	char *sql = deparse_expression(expression,
								   deparse_context_for(name, relid),
								   alias != NULL, false);

	AtEOXact_GUC(false, level);
	return sql;
}

/*
 * dq_key_value: see key.h.
 */
char *
dq_key_value(const DqKey *key, const DqKeyColumn *column, const char *alias)
{
	char *value;

	if (column->expression != NULL)
		value = psprintf("(%s)", dq_key_deparse(key->relid,
												column->expression, alias));
	else
		value = psprintf("%s.%s", alias, dq_sqltext_ident(column->name));
	if (column->other_collation)
		value = psprintf("%s COLLATE %s", value,
						 dq_sqltext_collation(column->collation));
	return value;
}

/*
 * dq_key_values: see key.h.
 */
char *
dq_key_values(const DqKey *key, const char *alias)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, key->columns)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 dq_key_value(key, (DqKeyColumn *) lfirst(lc),
									  alias));
	return buf.data;
}

/*
 * dq_key_text: see key.h.
 */
char *
dq_key_text(const DqKey *key)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 column->expression != NULL ?
							 column->name :
							 dq_sqltext_ident(column->name));
	}
	return buf.data;
}

/*
 * is_null: is a value NULL? a composite of NULLs IS NULL without being one.
 */
static char *
is_null(Oid type, const char *value)
{
	if (type_is_rowtype(getBaseType(type)))
		return psprintf("pg_catalog.num_nulls(%s) OPERATOR(pg_catalog.=) 1",
						value);
	return psprintf("%s IS NULL", value);
}

/*
 * dq_key_any_null: see key.h.
 */
char *
dq_key_any_null(const DqKey *key, const char *alias)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s", buf.len > 0 ? " OR " : "(",
						 is_null(column->type,
								 dq_key_value(key, column, alias)));
	}
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * dq_key_inside: see key.h.
 */
char *
dq_key_inside(const DqKey *key, const char *alias)
{
	if (key->predicate == NULL)
		return NULL;
	return psprintf("(%s)", dq_key_deparse(key->relid, key->predicate, alias));
}

/*
 * dq_key_less: see key.h. That of the operator class of the index, or of the
 * type where no index stands behind the key.
 */
Oid
dq_key_less(const DqKeyColumn *column)
{
	Oid family;
	Oid type;

	if (!OidIsValid(column->opclass))
		return lookup_type_cache(getBaseType(column->type),
								 TYPECACHE_LT_OPR)
			->lt_opr;
	family = get_opclass_family(column->opclass);
	type = get_opclass_input_type(column->opclass);
	return get_opfamily_member(family, type, type, BTLessStrategyNumber);
}

/*
 * dq_key_operand: see key.h. No cast where the value has the operator's type
 * or the operator takes any.
 */
char *
dq_key_operand(const DqKey *key, const DqKeyColumn *column, const char *alias)
{
	DqKeyColumn plain = *column;
	char *value;
	Oid left;
	Oid right;

	op_input_types(column->equality, &left, &right);
	if (IsPolymorphicType(left) || left == RECORDOID)
		left = getBaseType(column->type);
	if (left == column->type)
		return dq_key_value(key, column, alias);
	plain.other_collation = false;
	value = psprintf("(%s)::%s", dq_key_value(key, &plain, alias),
					 dq_sqltext_type(left, -1));
	if (column->other_collation)
		value = psprintf("%s COLLATE %s", value,
						 dq_sqltext_collation(column->collation));
	return value;
}

/*
 * dq_key_same: see key.h.
 */
char *
dq_key_same(const DqKey *key, const char *left, const char *right,
			bool match_nulls)
{
	StringInfoData buf;
	char *inside = dq_key_inside(key, left);
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);
		char *same = psprintf("%s %s %s", dq_key_operand(key, column, left),
							  dq_sqltext_operator(column->equality),
							  dq_key_operand(key, column, right));

		if (match_nulls && column->nullable)
			same = psprintf("(%s OR (%s AND %s))", same,
							is_null(column->type,
									dq_key_value(key, column, left)),
							is_null(column->type,
									dq_key_value(key, column, right)));
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? " AND " : "", same);
	}
	if (inside != NULL)
		appendStringInfo(&buf, " AND %s", inside);
	return buf.data;
}
