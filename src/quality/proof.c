/*
 * proof.c
 *	  Checks that constraints and types answer without a look at the rows.
 *
 * A verdict on rows is proved by what the catalogue says of every row
 * (premise.c), by the labels of an enum or by the length that varchar(n)
 * allows; a key by a unique index that is valid, ready, immediate, total and
 * of plain columns, with the equality that GROUP BY uses. Foreign keys prove
 * nothing: replicas and disabled triggers leave orphans behind a validated
 * one. Relations with children are not looked at.
 *
 * A check with a row filter is left to those who evaluate the filter, which
 * may fail. How many rows were tested stays unknown; that there was at least
 * one is looked up.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "base/errctx.h"
#include "base/sqltext.h"
#include "catalog/pg_am.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "portability/instr_time.h"
#include "quality/exprtree.h"
#include "quality/glimpse.h"
#include "quality/premise.h"
#include "quality/proof.h"
#include "utils/array.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/*
 * follows_from: does the check hold when the premises (NULL: all) do?
 *
 * "Weakly": not false follows from not false, which is what a CHECK promises.
 */
static bool
follows_from(Node *verdict, List *premises, const DqPremise *only, bool weak)
{
	List *clauses = NIL;
	ListCell *lc;

	foreach(lc, premises)
	{
		DqPremise *premise = (DqPremise *) lfirst(lc);

		if ((only == NULL || premise == only) &&
			(weak || !premise->only_not_false))
			clauses = list_concat(clauses,
								  make_ands_implicit((Expr *) premise->expr));
	}
	if (clauses == NIL)
		return false;
	return predicate_implied_by(make_ands_implicit((Expr *) verdict), clauses,
								weak);
}

/*
 * enum_covers: does "column = ANY (constants)" hold all labels of the enum?
 */
static bool
enum_covers(ScalarArrayOpExpr *expr)
{
	Node *list = (Node *) lsecond(expr->args);
	Node *value = (Node *) linitial(expr->args);
	Datum *elements;
	int count;
	int labels = 0;
	CatCList *all;
	int i;

	if (!expr->useOr || !IsA(value, Var) || !IsA(list, Const) ||
		((Const *) list)->constisnull || get_opcode(expr->opno) != F_ENUM_EQ ||
		!type_is_enum(exprType(value)))
		return false;
	deconstruct_array(DatumGetArrayTypeP(((Const *) list)->constvalue),
					  exprType(value), sizeof(Oid), true, TYPALIGN_INT,
					  &elements, NULL, &count);
	all = SearchSysCacheList1(ENUMTYPOIDNAME,
							  ObjectIdGetDatum(exprType(value)));
	for (i = 0; i < all->n_members; i++)
	{
		Form_pg_enum label = (Form_pg_enum) GETSTRUCT(&all->members[i]->tuple);
		int j;

		for (j = 0; j < count; j++)
		{
			if (DatumGetObjectId(elements[j]) == label->oid)
			{
				labels++;
				break;
			}
		}
	}
	i = all->n_members;
	ReleaseSysCacheList(all);
	return labels == i;
}

/*
 * length_fits: does "length(column) <= n" hold for every varchar(m)?
 */
static bool
length_fits(OpExpr *expr)
{
	Node *left = (Node *) linitial(expr->args);
	Node *value;
	int32 limit;

	if (list_length(expr->args) != 2 || !IsA(left, FuncExpr) ||
		!IsA(lsecond(expr->args), Const) ||
		lsecond_node(Const, expr->args)->constisnull)
		return false;
	if (((FuncExpr *) left)->funcid != F_LENGTH_TEXT &&
		((FuncExpr *) left)->funcid != F_CHAR_LENGTH_TEXT)
		return false;
	value = (Node *) linitial(((FuncExpr *) left)->args);
	if (IsA(value, RelabelType))
		value = (Node *) ((RelabelType *) value)->arg;
	if (!IsA(value, Var) || ((Var *) value)->vartype != VARCHAROID ||
		((Var *) value)->vartypmod < (int32) VARHDRSZ)
		return false;
	limit = DatumGetInt32(lsecond_node(Const, expr->args)->constvalue);
	if (get_opcode(expr->opno) == F_INT4LE)
		return ((Var *) value)->vartypmod - (int32) VARHDRSZ <= limit;
	return get_opcode(expr->opno) == F_INT4LT &&
		   ((Var *) value)->vartypmod - (int32) VARHDRSZ < limit;
}

/*
 * follows_from_type: does the type of a column see to it?
 */
static bool
follows_from_type(Node *verdict)
{
	if (IsA(verdict, ScalarArrayOpExpr))
		return enum_covers((ScalarArrayOpExpr *) verdict);
	if (IsA(verdict, OpExpr))
		return length_fits((OpExpr *) verdict);
	return false;
}

/*
 * needed_names: the names of premises of which none can be left out.
 */
static char *
needed_names(Node *verdict, List *premises, bool weak)
{
	List *needed = list_copy(premises);
	StringInfoData names;
	ListCell *lc;

	foreach(lc, premises)
	{
		List *fewer = list_delete_ptr(list_copy(needed), lfirst(lc));

		if (follows_from(verdict, fewer, NULL, weak))
			needed = fewer;
	}
	initStringInfo(&names);
	foreach(lc, needed)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 ((DqPremise *) lfirst(lc))->name);
	return names.data;
}

/*
 * prove_rows: what proves that no row fails, or NULL.
 */
static char *
prove_rows(Relation rel, const DqProbe *probe, Node *verdict)
{
	bool weak = probe->check->on_null != DQ_NULL_FAIL;
	List *premises;
	ListCell *lc;

	if (!dq_premise_lasting(verdict))
		return NULL;
	verdict = dq_premise_folded(verdict);
	premises = dq_premises(rel, verdict);
	foreach(lc, premises)
	{
		DqPremise *premise = (DqPremise *) lfirst(lc);

		if (follows_from(verdict, premises, premise, weak))
			return premise->name;
	}
	if (weak && follows_from_type(verdict))
		return pstrdup("the type of the column");
	if (!follows_from(verdict, premises, NULL, weak))
		return NULL;
	return needed_names(verdict, premises, weak);
}

/*
 * key_column: the column of the check with this number, or NULL.
 */
static const DqColumn *
key_column(const DqProbe *probe, AttrNumber attnum)
{
	ListCell *lc;

	foreach(lc, probe->columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		if (column->attnum == attnum)
			return column;
	}
	return NULL;
}

/*
 * same_equality: does a column of the index tell values apart as GROUP BY
 * does?
 */
static bool
same_equality(Relation index, int i, const DqColumn *column)
{
	TypeCacheEntry *type = lookup_type_cache(column->base_type,
											 TYPECACHE_EQ_OPR);
	Oid collation = index->rd_indcollation[i];
	Oid equality = get_opfamily_member(index->rd_opfamily[i],
									   index->rd_opcintype[i],
									   index->rd_opcintype[i],
									   BTEqualStrategyNumber);

	if (!OidIsValid(equality) || equality != type->eq_opr)
		return false;
	if (collation == column->collation)
		return true;
	return get_collation_isdeterministic(collation) &&
		   get_collation_isdeterministic(column->collation);
}

/*
 * index_proves: does this unique index forbid two rows with the same key?
 *
 * Its columns may be some of the key's. Where the check takes NULL for equal
 * to NULL, none of them may be NULL.
 */
static bool
index_proves(Relation index, const DqProbe *probe)
{
	Form_pg_index form = index->rd_index;
	bool nulls_matter = probe->check->nulls == DQ_NULLS_EQUAL ||
						probe->check->nulls == DQ_NULLS_IGNORE_ALL;
	int i;

	if (!form->indisunique || !form->indisvalid || !form->indisready ||
		!form->indislive || !form->indimmediate || form->indcheckxmin ||
		index->rd_rel->relam != BTREE_AM_OID ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) ||
		!dq_premise_seen(index->rd_indextuple))
		return false;
	for (i = 0; i < form->indnkeyatts; i++)
	{
		const DqColumn *column = key_column(probe, form->indkey.values[i]);

		if (column == NULL || !same_equality(index, i, column) ||
			(nulls_matter &&
			 !dq_premise_not_null(form->indrelid, column->attnum)))
			return false;
	}
	return true;
}

/*
 * all_not_null: is every column of the key NOT NULL?
 */
static bool
all_not_null(const DqProbe *probe)
{
	ListCell *lc;

	foreach(lc, probe->columns)
	{
		if (!dq_premise_not_null(probe->source->relid,
								 ((DqColumn *) lfirst(lc))->attnum))
			return false;
	}
	return true;
}

/*
 * prove_key: the unique index that proves the key, or NULL.
 */
static char *
prove_key(Relation rel, const DqProbe *probe)
{
	char *proof = NULL;
	ListCell *lc;

	if (strcmp(probe->check->type->name, "primary_key") == 0 &&
		!all_not_null(probe))
		return NULL;
	foreach(lc, probe->columns)
	{
		if (!dq_source_may_read(probe->source->relid,
								((DqColumn *) lfirst(lc))->attnum))
			return NULL;
	}
	foreach(lc, RelationGetIndexList(rel))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		if (proof == NULL && index_proves(index, probe))
			proof = psprintf("unique index \"%s\"",
							 RelationGetRelationName(index));
		index_close(index, NoLock);
	}
	return proof;
}

/*
 * complete_key: "no column of the key is NULL", which is what makes a row
 * tested; NULL when every row is.
 */
static Node *
complete_key(Relation rel, const DqProbe *probe)
{
	List *tests = NIL;
	ListCell *lc;

	if (probe->check->nulls == DQ_NULLS_EQUAL || all_not_null(probe))
		return NULL;
	foreach(lc, probe->columns)
	{
		AttrNumber attnum = ((DqColumn *) lfirst(lc))->attnum;
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel),
											  attnum - 1);

		tests = lappend(tests, dq_premise_not_null_test(att));
	}
	return (Node *) make_ands_explicit(tests);
}

/*
 * prove: what proves that the check holds, with something to test; NULL when
 * that is not known. Errors of analysis are left to SQL.
 */
static char *
prove(const DqProbe *probe)
{
	const DqShape *shape = probe->check->type->shape;
	Relation rel = table_open(probe->source->relid, NoLock);
	Node *tested = NULL;
	char *proof = NULL;

	if (dq_glimpse_plain(rel) && shape == &dq_shape_key)
	{
		proof = prove_key(rel, probe);
		if (proof != NULL)
			tested = complete_key(rel, probe);
	}
	else if (dq_glimpse_plain(rel))
	{
		Node *verdict = dq_exprtree_analyse(probe->source, probe->verdict);

		if (verdict != NULL)
			proof = prove_rows(rel, probe, copyObject(verdict));
		if (probe->check->on_null == DQ_NULL_IGNORE)
			tested = verdict;
	}
	if (proof != NULL &&
		!dq_glimpse_tested(rel, tested, shape == &dq_shape_key))
		proof = NULL;
	table_close(rel, NoLock);
	return proof;
}

typedef struct Attempt
{
	const DqProbe *probe;
	char *proof;
} Attempt;

/*
 * try_prove: prove, as a callback.
 */
static void
try_prove(void *arg)
{
	Attempt *attempt = (Attempt *) arg;

	attempt->proof = prove(attempt->probe);
}

/*
 * find_proof: prove in a subtransaction; what fails is left to SQL.
 */
static char *
find_proof(const DqProbe *probe)
{
	Attempt attempt = {.probe = probe};

	if (dq_errctx_try_subxact(try_prove, &attempt) != NULL)
		return NULL;
	return attempt.proof;
}

/*
 * dq_proof_applies: is there a proof? It is kept with the probe.
 */
bool
dq_proof_applies(const DqSource *source, DqProbe *probe)
{
	const DqShape *shape = probe->check->type->shape;
	instr_time start;
	instr_time end;

	if (probe->filter != NULL || probe->check->group_by != NIL ||
		(shape != &dq_shape_rows && shape != &dq_shape_key))
		return false;
	INSTR_TIME_SET_CURRENT(start);
	probe->proof = find_proof(probe);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	probe->duration_ms += INSTR_TIME_GET_MILLISEC(end);
	return probe->proof != NULL;
}

/*
 * dq_proof_answer: no row fails; how many were tested nobody counted.
 */
void
dq_proof_answer(const DqSource *source, List *probes)
{
	ListCell *lc;

	foreach(lc, probes)
	{
		DqProbe *probe = (DqProbe *) lfirst(lc);

		probe->evaluation = "proof";
		probe->counts.uncounted = true;
	}
}
