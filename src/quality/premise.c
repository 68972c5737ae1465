/*
 * premise.c
 *	  What the catalogue says of every row of a relation.
 *
 * What is taken as true of every row that the scan's snapshot sees:
 *
 *	NOT NULL of a column of the relation itself (never of a domain: a subquery
 *	without rows stores a NULL in one);
 *	a validated CHECK that is enforced, and made of immutable built-in
 *	functions only, which cannot have changed since it was checked;
 *	the bounds of the partition that is checked.
 *
 * The catalogue row must be visible in the scan's snapshot: one that is older
 * than the constraint may see rows that the constraint never saw.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "access/xact.h"
#include "base/compat.h"
#include "catalog/pg_constraint.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "quality/premise.h"
#include "utils/partcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/*
 * dq_premise_seen: was this catalogue row there when the active snapshot was
 * taken?
 */
bool
dq_premise_seen(HeapTuple tuple)
{
	TransactionId xmin = HeapTupleHeaderGetXmin(tuple->t_data);

	if (!TransactionIdIsNormal(xmin) ||
		HeapTupleHeaderXminFrozen(tuple->t_data))
		return true;
	/* made by this transaction, about rows newer than its snapshot sees */
	if (TransactionIdIsCurrentTransactionId(xmin))
		return !IsolationUsesXactSnapshot();
	return !XidInMVCCSnapshot(xmin, GetActiveSnapshot());
}

/*
 * dq_premise_not_null: is the column NOT NULL, for this snapshot too?
 */
bool
dq_premise_not_null(Oid relid, AttrNumber attnum)
{
	HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
									  Int16GetDatum(attnum));
	bool proved;

	if (!HeapTupleIsValid(tuple))
		return false;
	proved = ((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull &&
			 dq_premise_seen(tuple) &&
			 !dq_compat_not_null_unproved(relid, attnum);
	ReleaseSysCache(tuple);
	return proved;
}

/*
 * is_user_function: check_functions_in_node callback: could somebody have
 * replaced it?
 */
static bool
is_user_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

/*
 * has_user_function: does the expression call anything but built-in functions?
 */
static bool
has_user_function(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_user_function, context))
		return true;
	/* a domain's constraints are somebody's expressions */
	if (IsA(node, CoerceToDomain))
		return true;
	return expression_tree_walker(node, has_user_function, context);
}

/*
 * dq_premise_lasting: is what the expression says of a row the same for ever?
 */
bool
dq_premise_lasting(Node *expr)
{
	return !contain_mutable_functions(expr) &&
		   !has_user_function(expr, NULL);
}

/*
 * add_premise: to a List of DqPremise *.
 */
static List *
add_premise(List *premises, Node *expr, char *name, bool only_not_false)
{
	DqPremise *premise = palloc(sizeof(DqPremise));

	premise->expr = expr;
	premise->name = name;
	premise->only_not_false = only_not_false;
	return lappend(premises, premise);
}

/*
 * dq_premise_not_null_test: "column IS NOT NULL" as a tree.
 */
Node *
dq_premise_not_null_test(Form_pg_attribute att)
{
	NullTest *test = makeNode(NullTest);

	test->arg = (Expr *) makeVar(1, att->attnum, att->atttypid,
								 att->atttypmod, att->attcollation, 0);
	test->nulltesttype = IS_NOT_NULL;
	test->argisrow = false;
	test->location = -1;
	return (Node *) test;
}

/*
 * add_not_null: the columns that the expression reads and that are NOT NULL.
 */
static List *
add_not_null(List *premises, Relation rel, Node *expr)
{
	TupleDesc desc = RelationGetDescr(rel);
	Bitmapset *columns = NULL;
	int i;

	pull_varattnos(expr, 1, &columns);
	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped || !att->attnotnull ||
			!bms_is_member(att->attnum - FirstLowInvalidHeapAttributeNumber,
						   columns) ||
			!dq_premise_not_null(RelationGetRelid(rel), att->attnum))
			continue;
		premises = add_premise(premises, dq_premise_not_null_test(att),
							   psprintf("NOT NULL of \"%s\"",
										NameStr(att->attname)),
							   false);
	}
	return premises;
}

/*
 * constraint_counts: is this constraint enforced on all rows, and was it in
 * the scan's snapshot?
 */
static bool
constraint_counts(Oid relid, const char *name)
{
	Oid oid = get_relation_constraint_oid(relid, name, true);
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(oid));
	bool counts;

	if (!HeapTupleIsValid(tuple))
		return false;
	counts = ((Form_pg_constraint) GETSTRUCT(tuple))->convalidated &&
			 dq_premise_seen(tuple);
	ReleaseSysCache(tuple);
	return counts;
}

/*
 * dq_premise_folded: an expression of the catalogue as the check's own is:
 * constants folded, AND and OR flat.
 */
Node *
dq_premise_folded(Node *expr)
{
	expr = eval_const_expressions(NULL, expr);
	return (Node *) canonicalize_qual((Expr *) expr, true);
}

/*
 * add_checks: the validated CHECK constraints.
 */
static List *
add_checks(List *premises, Relation rel)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	int i;

	if (constr == NULL)
		return premises;
	for (i = 0; i < constr->num_check; i++)
	{
		ConstrCheck *check = &constr->check[i];
		Node *expr;

		if (!check->ccvalid || dq_compat_check_not_enforced(check) ||
			!constraint_counts(RelationGetRelid(rel), check->ccname))
			continue;
		expr = stringToNode(check->ccbin);
		/* before folding puts the present body of a function in its place */
		if (dq_premise_lasting(expr))
			premises = add_premise(premises, dq_premise_folded(expr),
								   psprintf("constraint \"%s\"",
											check->ccname),
								   true);
	}
	return premises;
}

/*
 * partition_counts: is the catalogue row that makes the relation a partition
 * in the scan's snapshot?
 */
static bool
partition_counts(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool counts = HeapTupleIsValid(tuple) && dq_premise_seen(tuple);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return counts;
}

/*
 * add_bounds: the bounds of a partition.
 */
static List *
add_bounds(List *premises, Relation rel)
{
	ListCell *lc;

	/* a default partition's bounds change with its siblings */
	if (!rel->rd_rel->relispartition || IsolationUsesXactSnapshot() ||
		!partition_counts(RelationGetRelid(rel)))
		return premises;
	foreach(lc, RelationGetPartitionQual(rel))
	{
		Node *expr = copyObject((Node *) lfirst(lc));

		if (dq_premise_lasting(expr))
			premises = add_premise(premises, dq_premise_folded(expr),
								   pstrdup("the bounds of the partition"),
								   false);
	}
	return premises;
}

/*
 * dq_premises: what is true of every row that the active snapshot sees and may
 * say something about the expression: List of DqDqPremise *.
 */
List *
dq_premises(Relation rel, Node *expr)
{
	List *premises = add_not_null(NIL, rel, expr);

	premises = add_checks(premises, rel);
	return add_bounds(premises, rel);
}
