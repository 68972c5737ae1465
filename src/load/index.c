/*
 * index.c
 *	  The unique index that a load stands on.
 *
 * ON CONFLICT infers its arbiter from a list of columns and expressions and
 * takes every unique index that fits. Where several fit, the one that we look
 * at is named by collation and operator class, or by its constraint when a
 * deferrable one fits too, which ON CONFLICT would trip over.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "base/sqltext.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opclass.h"
#include "lib/stringinfo.h"
#include "load/element.h"
#include "load/index.h"
#include "load/target.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
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
	List *unique; /* OIDs of all that fit and are unique */
	Oid deferrable; /* fits but is deferrable */
	bool deferrable_primary;
	Oid unfit; /* fits but for "reason" */
	const char *reason;
} Candidates;

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
 * dq_index_primary: columns of the primary key, NIL when there is none.
 */
List *
dq_index_primary(Relation target)
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
 * index_columns: the key columns of an index, as far as names and expressions
 * go: List of DqKeyColumn *.
 */
static List *
index_columns(Relation target, Relation index)
{
	Form_pg_index form = index->rd_index;
	ListCell *next = list_head(RelationGetIndexExpressions(index));
	List *all = RelationGetIndexExpressions(index);
	List *columns = NIL;
	int i;

	for (i = 0; i < form->indnkeyatts; i++)
	{
		DqKeyColumn *column = palloc0(sizeof(DqKeyColumn));
		Form_pg_attribute att = attribute(target, form, i);
		Oid own;

		if (att != NULL)
		{
			column->name = pstrdup(NameStr(att->attname));
			column->attnum = att->attnum;
			column->type = att->atttypid;
			own = att->attcollation;
			column->nullable = !att->attnotnull;
		}
		else
		{
			column->expression = (Node *) lfirst(next);
			next = lnext(all, next);
			column->name = dq_key_deparse(RelationGetRelid(target),
										  column->expression, NULL);
			column->type = exprType(column->expression);
			own = exprCollation(column->expression);
			column->nullable = true;
		}
		column->collation = index->rd_indcollation[i];
		column->other_collation = column->collation != own;
		columns = lappend(columns, column);
	}
	return columns;
}

/*
 * covers_exactly: are the index's key columns this set of elements?
 */
static bool
covers_exactly(Relation target, Relation index, List *elements)
{
	List *columns;
	ListCell *lc;

	if (index->rd_index->indnkeyatts != list_length(elements))
		return false;
	columns = index_columns(target, index);
	foreach(lc, columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		if (!dq_element_has(elements, column->expression ? NULL : column->name,
							column->expression))
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
	ListCell *lc;

	foreach(lc, index_columns(target, index))
	{
		Oid type = getBaseType(((DqKeyColumn *) lfirst(lc))->type);

		if (lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr !=
			index_equality(index, foreach_current_index(lc)))
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
	if (!compares_as_type(target, index))
		return "compares by another operator class than the type's default";
	return NULL;
}

/*
 * is_partial: does the index leave rows out?
 */
static bool
is_partial(Relation index)
{
	return !heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
}

/*
 * weigh_index: put one index of the target into its place among the found. The
 * primary key goes before other constraints, these before plain indexes, and a
 * partial one comes last.
 */
static void
weigh_index(Relation target, Relation index, List *elements,
			Candidates *found)
{
	Form_pg_index form = index->rd_index;
	const char *reason;

	if (!covers_exactly(target, index, elements))
		return;
	if (form->indisunique)
		found->unique = lappend_oid(found->unique, form->indexrelid);
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
		int rank = 2;

		if (form->indisprimary)
			rank = 4;
		else if (OidIsValid(get_index_constraint(form->indexrelid)))
			rank = 3;
		else if (is_partial(index))
			rank = 1;
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
report_deferrable(Relation target, const char *columns,
				  const Candidates *found)
{
	char *target_name = dq_target_name(target);
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
report_none(Relation target, const char *columns, const Candidates *found)
{
	char *target_name = dq_target_name(target);
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

		appendStringInfo(&buf, "%s", buf.len > 0 ? ", " : "(");
		if (column->expression != NULL)
			appendStringInfo(&buf, "(%s)", column->name);
		else
			appendStringInfoString(&buf, dq_sqltext_ident(column->name));
		if (found->serving == 1)
			continue;
		if (OidIsValid(column->collation))
			appendStringInfo(&buf, " COLLATE %s",
							 dq_sqltext_collation(column->collation));
		appendStringInfo(&buf, " %s", opclass_name(column->opclass));
	}
	appendStringInfoChar(&buf, ')');
	if (key->predicate != NULL)
		appendStringInfo(&buf, " WHERE %s",
						 dq_key_deparse(key->relid, key->predicate, NULL));
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
	ListCell *lc;

	key->relid = RelationGetRelid(target);
	key->index = found->best;
	key->nulls_equal = index->rd_index->indnullsnotdistinct;
	key->columns = index_columns(target, index);
	foreach(lc, key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);
		int i = foreach_current_index(lc);

		column->equality = index_equality(index, i);
		column->opclass = opclasses->values[i];
		column->expression = copyObject(column->expression);
	}
	if (is_partial(index))
		key->predicate = (Node *) make_ands_explicit(
			copyObject(RelationGetIndexPredicate(index)));
	key->arbiter = arbiter(key, index, found);
	key->twins = list_delete_oid(list_copy(found->unique), found->best);
	index_close(index, NoLock);
	return key;
}

/*
 * dq_index_find: see index.h.
 */
DqKey *
dq_index_find(Relation target, List *elements, bool expressions,
			  bool missing_ok)
{
	List *wished = dq_element_read(target, elements, expressions);
	char *text = dq_element_text(target, elements);
	Candidates found = {0};
	DqKey *key = NULL;
	ListCell *lc;

	foreach(lc, RelationGetIndexList(target))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		weigh_index(target, index, wished, &found);
		index_close(index, NoLock);
	}
	if (OidIsValid(found.best))
		key = describe_key(target, &found);
	else if (!OidIsValid(found.deferrable))
	{
		if (missing_ok)
			return NULL;
		report_none(target, text, &found);
	}
	/* ON CONFLICT trips over a deferrable one beside a plain index, too */
	if (key == NULL || key->arbiter == NULL)
		report_deferrable(target, text, &found);
	return key;
}

/*
 * dq_index_is_twin: see index.h.
 */
bool
dq_index_is_twin(const DqKey *key, const char *schema, const char *name)
{
	Oid index = InvalidOid;

	if (schema != NULL && name != NULL)
		index = get_relname_relid(name, get_namespace_oid(schema, true));
	while (OidIsValid(index) && get_rel_relispartition(index))
		index = get_partition_parent(index, false);
	return OidIsValid(index) && list_member_oid(key->twins, index);
}
