/*
 * source.c
 *	  The relation that is checked, and how its parts are written in SQL.
 *
 * The relation is locked before its name is read, so that the text built from
 * it means this relation until the end of the transaction. Whether the user
 * may read it is left to the executor.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "quality/source.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/*
 * open_relation: lock a relation that has rows; 42P01 and 42809 when it is
 * gone or has none.
 */
static Relation
open_relation(Oid relid)
{
	Relation rel = try_relation_open(relid, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return rel;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" has no rows to check",
							RelationGetRelationName(rel)),
					 errhint("Tables, views, materialized views and foreign tables can be checked.")));
	}
	return NULL;
}

/*
 * dq_source_open: describe a relation and lock it against changes until the
 * end of the transaction.
 *
 * In SQL it is called "alias" (unquoted), or, when that is NULL, by its own
 * name, with or without its schema. Columns that were dropped are left out.
 */
DqSource *
dq_source_open(Oid relid, const char *alias)
{
	Relation rel = open_relation(relid);
	TupleDesc desc = RelationGetDescr(rel);
	DqSource *source = palloc0(sizeof(DqSource));
	int i;

	source->relid = relid;
	source->from = dq_sqltext_relation(relid);
	source->partial = check_enable_rls(relid, InvalidOid, true) ==
					  RLS_ENABLED;
	if (alias == NULL)
		source->alias = dq_sqltext_ident(RelationGetRelationName(rel));
	else
	{
		source->alias = dq_sqltext_ident(alias);
		source->from = psprintf("%s AS %s", source->from, source->alias);
	}
	source->alias = pstrdup(source->alias);
	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DqColumn *column;

		if (att->attisdropped)
			continue;
		column = palloc0(sizeof(DqColumn));
		column->name = pstrdup(NameStr(att->attname));
		column->attnum = att->attnum;
		column->base_type = getBaseType(att->atttypid);
		column->collation = att->attcollation;
		column->sql = psprintf("%s.%s", source->alias,
							   dq_sqltext_ident(column->name));
		source->columns = lappend(source->columns, column);
	}
	relation_close(rel, NoLock);
	return source;
}

/*
 * dq_source_column: a column by its exact name; 42703 with a suggestion.
 */
DqColumn *
dq_source_column(const DqSource *source, const char *name)
{
	List *known = NIL;
	ListCell *lc;

	foreach(lc, source->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (strcmp(column->name, name) == 0)
			return column;
		known = lappend(known, column->name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" of relation %s does not exist",
					name, dq_sqltext_relation(source->relid)),
			 dq_suggest_hint(name, known)));
	return NULL;
}

/*
 * dq_source_columns: several columns by their names, as a List of DqColumn *.
 */
List *
dq_source_columns(const DqSource *source, List *names)
{
	List *columns = NIL;
	ListCell *lc;

	foreach(lc, names)
		columns = lappend(columns,
						  dq_source_column(source, (char *) lfirst(lc)));
	return columns;
}

/*
 * dq_source_may_read: may the current user read this column (a system column,
 * too)?
 */
bool
dq_source_may_read(Oid relid, AttrNumber attnum)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		   pg_attribute_aclcheck(relid, attnum, GetUserId(), ACL_SELECT) ==
			   ACLCHECK_OK;
}

/*
 * primary_key_index: OID of the index of the primary key, or InvalidOid.
 */
static Oid
primary_key_index(Oid relid)
{
	Relation rel = relation_open(relid, NoLock);
	Oid index = InvalidOid;

	if (rel->rd_rel->relhasindex)
	{
		list_free(RelationGetIndexList(rel));
		index = rel->rd_pkindex;
	}
	relation_close(rel, NoLock);
	return index;
}

/*
 * dq_source_primary_key: columns of the primary key in their order, as a List
 * of DqColumn *; 42704 when there is none.
 */
List *
dq_source_primary_key(const DqSource *source)
{
	Oid index = primary_key_index(source->relid);
	HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	List *columns = NIL;
	Form_pg_index form;
	int i;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no primary key on %s",
						dq_sqltext_relation(source->relid)),
				 errhint("Name the referenced columns: REFERENCES %s (...).",
						 dq_sqltext_relation(source->relid))));
	form = (Form_pg_index) GETSTRUCT(tuple);
	for (i = 0; i < form->indnkeyatts; i++)
	{
		char *name = get_attname(source->relid,
								 form->indkey.values[i], false);

		columns = lappend(columns, dq_source_column(source, name));
	}
	ReleaseSysCache(tuple);
	return columns;
}

/*
 * dq_source_is_null: SQL for "the column is (or is not) NULL".
 *
 * IS NULL is also true for a row whose fields are all NULL; such a value is
 * not NULL to a NOT NULL constraint, nor to us. Against the literal NULL,
 * IS DISTINCT FROM needs no operator.
 */
char *
dq_source_is_null(const DqColumn *column, bool isnull)
{
	if (type_is_rowtype(column->base_type))
		return psprintf("%s IS %sDISTINCT FROM NULL", column->sql,
						isnull ? "NOT " : "");
	return psprintf("%s IS %sNULL", column->sql, isnull ? "" : "NOT ");
}

/*
 * dq_source_literal: a value of a type, as SQL.
 */
char *
dq_source_literal(const char *value, Oid type)
{
	return psprintf("%s::%s", dq_sqltext_literal(value),
					dq_sqltext_type(type, -1));
}

/*
 * dq_source_free_name: "wish", with underscores until no column has the name.
 */
const char *
dq_source_free_name(const DqSource *source, const char *wish)
{
	char *name = pstrdup(wish);
	ListCell *lc = list_head(source->columns);

	while (lc != NULL)
	{
		if (strcmp(((DqColumn *) lfirst(lc))->name, name) == 0)
		{
			name = psprintf("%s_", name);
			lc = list_head(source->columns);
			continue;
		}
		lc = lnext(source->columns, lc);
	}
	return name;
}
