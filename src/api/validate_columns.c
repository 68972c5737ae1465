/*
 * validate_columns.c
 *	  Columns of stages and relations by name, for what is compiled.
 */
#include "postgres.h"

#include "api/validate_columns.h"
#include "base/suggest.h"

/*
 * dq_validate_columns_find: see validate_columns.h.
 */
Form_pg_attribute
dq_validate_columns_find(TupleDesc desc, const char *name)
{
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return att;
	}
	return NULL;
}

/*
 * dq_validate_columns_similar: see validate_columns.h.
 */
char *
dq_validate_columns_similar(TupleDesc desc, const char *name)
{
	List *names = NIL;
	const char *similar;
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped)
			names = lappend(names, NameStr(TupleDescAttr(desc, i)->attname));
	}
	similar = dq_suggest_name(name, names);
	return similar ? psprintf("Perhaps you meant \"%s\".", similar) : NULL;
}
