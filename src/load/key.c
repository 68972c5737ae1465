/*
 * key.c
 *	  The unique index that an upsert stands on, and its equality.
 *
 * ON CONFLICT infers its arbiter from a list of columns and takes every
 * unique index that fits. Where several fit, the one that we look at is
 * named by collation and operator class, or by its constraint when a
 * deferrable one fits too, which ON CONFLICT would trip over.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opclass.h"
#include "lib/stringinfo.h"
#include "load/key.h"
#include "load/target.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* what the search for an index found */
typedef struct Candidates
{
	Oid best; /* serves; InvalidOid: none */
	int best_rank;
	int serving; /* how many would serve */
	Oid deferrable; /* fits but is deferrable */
	bool deferrable_primary;
	Oid unfit; /* fits but for "reason" */
	const char *reason;
} Candidates;

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
 * attribute: the target's attribute behind a key column of an index, NULL for
 * an expression.
 */
static Form_pg_attribute
attribute(Relation target, Form_pg_index form, int i)
{
	AttrNumber attnum = form->indkey.values[i];

	if (attnum <= 0)
		return NULL;
	return TupleDescAttr(RelationGetDescr(target), attnum - 1);
}

/*
 * plain_attribute: the same for an index that has no expression.
 */
static Form_pg_attribute
plain_attribute(Relation target, Form_pg_index form, int i)
{
	Form_pg_attribute att = attribute(target, form, i);

	if (att == NULL)
		elog(ERROR, "index %u has an expression", form->indexrelid);
	return att;
}

/*
 * dq_key_primary: columns of the primary key, NIL when there is none.
 */
List *
dq_key_primary(Relation target)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, RelationGetIndexList(target))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;
		int i;

		for (i = 0; form->indisprimary && i < form->indnkeyatts; i++)
		{
			Form_pg_attribute att = attribute(target, form, i);

			names = lappend(names, pstrdup(NameStr(att->attname)));
		}
		index_close(index, NoLock);
	}
	return names;
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
 * covers_exactly: are the index's key columns this set of names?
 */
static bool
covers_exactly(Relation target, Form_pg_index form, List *names)
{
	int i;

	if (form->indnkeyatts != list_length(names))
		return false;
	for (i = 0; i < form->indnkeyatts; i++)
	{
		Form_pg_attribute att = attribute(target, form, i);

		if (att == NULL || !has_name(names, NameStr(att->attname)))
			return false;
	}
	return true;
}

/*
 * index_equality: the equality operator of a key column of the index.
 */
static Oid
index_equality(Relation index, int i)
{
	return get_opfamily_member(index->rd_opfamily[i], index->rd_opcintype[i],
							   index->rd_opcintype[i], BTEqualStrategyNumber);
}

/*
 * compares_as_type: is the equality of the index that of GROUP BY? Duplicates
 * in a batch could not be found otherwise.
 */
static bool
compares_as_type(Relation target, Relation index)
{
	int i;

	for (i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		Form_pg_attribute att = plain_attribute(target, index->rd_index, i);
		Oid type = getBaseType(att->atttypid);

		if (lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr !=
			index_equality(index, i))
			return false;
	}
	return true;
}

/*
 * unfit_reason: why an index on the right columns cannot serve, NULL when it
 * can (or is merely deferrable).
 */
static const char *
unfit_reason(Relation target, Relation index)
{
	Form_pg_index form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisunique ||
		form->indisexclusion)
		return "is not unique";
	if (!form->indisvalid || !form->indisready)
		return "is not valid";
	if (!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		return "is partial";
	if (!compares_as_type(target, index))
		return "compares by another operator class than the type's default";
	return NULL;
}

/*
 * weigh_index: put one index of the target into its place among the found. The
 * primary key goes before other constraints, these before plain indexes.
 */
static void
weigh_index(Relation target, Relation index, List *names, Candidates *found)
{
	Form_pg_index form = index->rd_index;
	const char *reason;

	if (!covers_exactly(target, form, names))
		return;
	reason = unfit_reason(target, index);
	if (reason != NULL)
	{
		found->unfit = form->indexrelid;
		found->reason = reason;
	}
	else if (!form->indimmediate)
	{
		found->deferrable = form->indexrelid;
		found->deferrable_primary = form->indisprimary;
	}
	else
	{
		int rank = 1;

		if (form->indisprimary)
			rank = 3;
		else if (OidIsValid(get_index_constraint(form->indexrelid)))
			rank = 2;
		if (rank > found->best_rank)
		{
			found->best = form->indexrelid;
			found->best_rank = rank;
		}
		found->serving++;
	}
}

/*
 * report_deferrable: 55000, with the statement that makes the constraint
 * immediate.
 */
static void
report_deferrable(Relation target, List *names, const Candidates *found)
{
	char *target_name = dq_target_name(target);
	char *columns = dq_sqltext_ident_list(names);
	char *name = get_rel_name(found->deferrable);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("unique constraint \"%s\" on %s (%s) is deferrable",
					name, target_name, columns),
			 errdetail("An upsert needs one that is checked at once."),
			 errhint("ALTER TABLE %s DROP CONSTRAINT %s, ADD %s (%s);",
					 target_name, dq_sqltext_ident(name),
					 found->deferrable_primary ? "PRIMARY KEY" : "UNIQUE",
					 columns)));
}

/*
 * report_none: 42P10, with the statement that creates the index.
 */
static void
report_none(Relation target, List *names, const Candidates *found)
{
	char *target_name = dq_target_name(target);
	char *columns = dq_sqltext_ident_list(names);
	char *unfit = get_rel_name(found->unfit);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
			 errmsg("no unique index on %s (%s)", target_name, columns),
			 unfit ? errdetail("Index \"%s\" %s.", unfit, found->reason) : 0,
			 errhint("CREATE UNIQUE INDEX ON %s (%s);",
					 target_name, columns)));
}

/*
 * opclass_name: qualified name of an operator class.
 */
static char *
opclass_name(Oid opclass)
{
	HeapTuple tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	Form_pg_opclass form;
	char *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclass);
	form = (Form_pg_opclass) GETSTRUCT(tuple);
	result = dq_sqltext_qualified(get_namespace_name(form->opcnamespace),
								  NameStr(form->opcname));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * arbiter: what follows ON CONFLICT so that exactly the index meant decides.
 */
static char *
arbiter(const DqKey *key, Relation index, const Candidates *found)
{
	StringInfoData buf;
	Oid constraint = get_index_constraint(RelationGetRelid(index));
	ListCell *lc;

	if (OidIsValid(found->deferrable))
	{
		if (!OidIsValid(constraint))
			return NULL;
		return psprintf("ON CONSTRAINT %s",
						dq_sqltext_ident(get_constraint_name(constraint)));
	}
	initStringInfo(&buf);
	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "(",
						 dq_sqltext_ident(column->name));
		if (found->serving == 1)
			continue;
		if (OidIsValid(column->collation))
			appendStringInfo(&buf, " COLLATE %s",
							 dq_sqltext_collation(column->collation));
		appendStringInfo(&buf, " %s", opclass_name(column->opclass));
	}
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * index_opclasses: operator classes of the key columns.
 */
static oidvector *
index_opclasses(Relation index)
{
	Oid indexid = RelationGetRelid(index);
	HeapTuple tuple = SearchSysCacheCopy1(INDEXRELID,
										  ObjectIdGetDatum(indexid));
	bool isnull;
	Datum value;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", indexid);
	value = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass,
							&isnull);
	return (oidvector *) DatumGetPointer(value);
}

/*
 * describe_key: the key as an upsert needs it, from its index.
 */
static DqKey *
describe_key(Relation target, const Candidates *found)
{
	DqKey *key = palloc0(sizeof(DqKey));
	Relation index = index_open(found->best, AccessShareLock);
	oidvector *opclasses = index_opclasses(index);
	int i;

	key->nulls_equal = index->rd_index->indnullsnotdistinct;
	for (i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		Form_pg_attribute att = plain_attribute(target, index->rd_index, i);
		DqKeyColumn *column = palloc0(sizeof(DqKeyColumn));

		column->name = pstrdup(NameStr(att->attname));
		column->attnum = att->attnum;
		column->equality = index_equality(index, i);
		column->collation = index->rd_indcollation[i];
		column->other_collation = column->collation != att->attcollation;
		column->opclass = opclasses->values[i];
		column->nullable = !att->attnotnull;
		key->columns = lappend(key->columns, column);
	}
	key->arbiter = arbiter(key, index, found);
	index_close(index, NoLock);
	return key;
}

/*
 * dq_key_find: the unique index whose key is exactly this set of columns.
 */
DqKey *
dq_key_find(Relation target, List *names)
{
	Candidates found = {0};
	DqKey *key = NULL;
	ListCell *lc;

	foreach(lc, RelationGetIndexList(target))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		weigh_index(target, index, names, &found);
		index_close(index, NoLock);
	}
	if (OidIsValid(found.best))
		key = describe_key(target, &found);
	else if (!OidIsValid(found.deferrable))
		report_none(target, names, &found);
	/* ON CONFLICT trips over a deferrable one beside a plain index, too */
	if (key == NULL || key->arbiter == NULL)
		report_deferrable(target, names, &found);
	return key;
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
