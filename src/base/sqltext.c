/*
 * sqltext.c
 *	  Building SQL text: the only place that quotes. No SPI here.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/sqltext.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * dq_sqltext_ident: an identifier, quoted where the lexer needs it.
 */
const char *
dq_sqltext_ident(const char *name)
{
	return quote_identifier(name);
}

/*
 * dq_sqltext_literal: a string literal that reads the same whatever
 * standard_conforming_strings says.
 */
char *
dq_sqltext_literal(const char *value)
{
	return quote_literal_cstr(value);
}

/*
 * dq_sqltext_qualified: schema.name, both quoted where needed.
 */
char *
dq_sqltext_qualified(const char *schema, const char *name)
{
	return quote_qualified_identifier(schema, name);
}

/*
 * dq_sqltext_ident_list: names (a List of char *) as "a, b, c".
 */
char *
dq_sqltext_ident_list(List *names)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, names)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 quote_identifier((char *) lfirst(lc)));
	return buf.data;
}

/*
 * dq_sqltext_relation: schema-qualified name of a relation.
 *
 * Throws 42P01 when it was dropped meanwhile.
 */
char *
dq_sqltext_relation(Oid relid)
{
	char *name = get_rel_name(relid);
	char *schema = get_namespace_name(get_rel_namespace(relid));

	if (name == NULL || schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	return quote_qualified_identifier(schema, name);
}

/*
 * dq_sqltext_operator: an operator as OPERATOR(schema.=), which no
 * search_path can redirect.
 */
char *
dq_sqltext_operator(Oid opno)
{
	HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(opno));
	Form_pg_operator form;
	char *result;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("operator with OID %u does not exist", opno)));
	form = (Form_pg_operator) GETSTRUCT(tuple);
	result = psprintf("OPERATOR(%s.%s)",
					  quote_identifier(get_namespace_name(form->oprnamespace)),
					  NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * dq_sqltext_type: schema-qualified type name with its modifier (-1: none).
 */
char *
dq_sqltext_type(Oid typid, int32 typmod)
{
	return format_type_extended(typid, typmod,
								FORMAT_TYPE_TYPEMOD_GIVEN |
									FORMAT_TYPE_FORCE_QUALIFY);
}

/*
 * dq_sqltext_collation: schema-qualified name of a collation.
 */
char *
dq_sqltext_collation(Oid collation)
{
	HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	char *result;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("collation with OID %u does not exist", collation)));
	form = (Form_pg_collation) GETSTRUCT(tuple);
	result =
		quote_qualified_identifier(get_namespace_name(form->collnamespace),
								   NameStr(form->collname));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * dq_sqltext_clip: a copy of text, cut to max_bytes at a character boundary.
 */
char *
dq_sqltext_clip(const char *text, int max_bytes)
{
	int len = strlen(text);

	if (len > max_bytes)
		len = pg_mbcliplen(text, len, max_bytes);
	return pnstrdup(text, len);
}
