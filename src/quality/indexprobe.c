/*
 * indexprobe.c
 *	  Checks that a few descents of an index answer.
 *
 * A verdict that compares one column with constants leaves ranges of values
 * that fail: below the lower bound, above the upper one, between the members
 * of a list, NULL. When a btree on the column holds no visible row in any of
 * them, the check passes, and nobody has read the table. When a row is found,
 * or too many dead entries are in the way, the scan takes over: it alone can
 * count.
 *
 * The least and the greatest value of a column are read off the ends of the
 * index.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/tableam.h"
#include "base/compat.h"
#include "base/errctx.h"
#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "portability/instr_time.h"
#include "quality/exprtree.h"
#include "quality/fused.h"
#include "quality/glimpse.h"
#include "quality/indexprobe.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* entries of rows that the snapshot does not see, before the scan takes over */
#define MAX_DEAD_ENTRIES 500

/* members of a list */
#define MAX_MEMBERS 200

/* values that fail: up to two keys on the first column of the index */
typedef struct BadRange
{
	int n_keys;
	ScanKeyData keys[2];
} BadRange;

/* what is needed to turn a clause into ranges */
typedef struct Ranges
{
	Relation index;
	Var *var;
	List *ranges; /* of BadRange * */
} Ranges;

/*
 * usable: can all rows be found by the first column of this index?
 */
static bool
usable(Relation index, AttrNumber attnum)
{
	Form_pg_index form = index->rd_index;

	return index->rd_rel->relam == BTREE_AM_OID && form->indisvalid &&
		   form->indisready && form->indislive && !form->indcheckxmin &&
		   form->indkey.values[0] == attnum &&
		   heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
}

/*
 * open_index: an index that begins with the column, or NULL.
 */
static Relation
open_index(Relation rel, AttrNumber attnum)
{
	Relation found = NULL;
	ListCell *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		if (usable(index, attnum))
		{
			found = index;
			break;
		}
		index_close(index, NoLock);
	}
	return found;
}

/*
 * only_var: the one column that the expression reads, or NULL.
 */
static Var *
only_var(Node *expr)
{
	List *vars = pull_var_clause(expr, 0);
	Var *first = NULL;
	ListCell *lc;

	foreach(lc, vars)
	{
		Var *var = lfirst_node(Var, lc);

		if (var->varattno <= 0 ||
			(first != NULL && var->varattno != first->varattno))
			return NULL;
		first = var;
	}
	return first;
}

/*
 * is_column: is the expression the column, as the index holds it?
 */
static bool
is_column(Node *node, const Ranges *ranges)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return IsA(node, Var) &&
		   ((Var *) node)->varattno == ranges->var->varattno;
}

/*
 * null_range: the rows whose column is NULL, or is not.
 */
static BadRange *
null_range(int search)
{
	BadRange *range = palloc0(sizeof(BadRange));

	range->n_keys = 1;
	ScanKeyEntryInitialize(&range->keys[0], SK_ISNULL | search, 1,
						   InvalidStrategy, InvalidOid, InvalidOid,
						   InvalidOid, (Datum) 0);
	return range;
}

/*
 * add_key: narrow a range by "column strategy value"; false when the index
 * has no such operator.
 */
static bool
add_key(const Ranges *ranges, BadRange *range, StrategyNumber strategy,
		Oid type, Datum value)
{
	Relation index = ranges->index;
	Oid operator= get_opfamily_member(index->rd_opfamily[0],
									  index->rd_opcintype[0], type,
									  strategy);

	if (!OidIsValid(operator))
		return false;
	ScanKeyEntryInitialize(&range->keys[range->n_keys++], 0, 1, strategy,
						   type, index->rd_indcollation[0],
						   get_opcode(operator), value);
	return true;
}

/*
 * add_range: the values beyond one constant.
 */
static bool
add_range(Ranges *ranges, StrategyNumber strategy, Oid type, Datum value)
{
	BadRange *range = palloc0(sizeof(BadRange));

	ranges->ranges = lappend(ranges->ranges, range);
	return add_key(ranges, range, strategy, type, value);
}

/*
 * comparison: ranges that fail "column operator constant".
 */
static bool
comparison(Ranges *ranges, OpExpr *expr)
{
	Relation index = ranges->index;
	Const *value = (Const *) lsecond(expr->args);
	int strategy;
	Oid left;
	Oid right;

	if (!is_column(linitial(expr->args), ranges) || !IsA(value, Const) ||
		value->constisnull || expr->inputcollid != index->rd_indcollation[0] ||
		!op_in_opfamily(expr->opno, index->rd_opfamily[0]))
		return false;
	get_op_opfamily_properties(expr->opno, index->rd_opfamily[0], false,
							   &strategy, &left, &right);
	if (left != index->rd_opcintype[0])
		return false;
	switch (strategy)
	{
		case BTLessStrategyNumber:
			return add_range(ranges, BTGreaterEqualStrategyNumber, right,
							 value->constvalue);
		case BTLessEqualStrategyNumber:
			return add_range(ranges, BTGreaterStrategyNumber, right,
							 value->constvalue);
		case BTGreaterEqualStrategyNumber:
			return add_range(ranges, BTLessStrategyNumber, right,
							 value->constvalue);
		case BTGreaterStrategyNumber:
			return add_range(ranges, BTLessEqualStrategyNumber, right,
							 value->constvalue);
		case BTEqualStrategyNumber:
			return add_range(ranges, BTLessStrategyNumber, right,
							 value->constvalue) &&
				   add_range(ranges, BTGreaterStrategyNumber, right,
							 value->constvalue);
		default:
			return false;
	}
}

typedef struct SortContext
{
	FmgrInfo compare;
	Oid collation;
} SortContext;

/*
 * compare_members: qsort_arg callback, by the order of the index.
 */
static int
compare_members(const void *a, const void *b, void *arg)
{
	SortContext *context = (SortContext *) arg;

	return DatumGetInt32(FunctionCall2Coll(&context->compare,
										   context->collation,
										   *(const Datum *) a,
										   *(const Datum *) b));
}

/*
 * sort_members: by the order of the index, its own or for this type.
 */
static bool
sort_members(const Ranges *ranges, Oid type, Datum *members, int count)
{
	Relation index = ranges->index;
	SortContext context;
	Oid compare = get_opfamily_proc(index->rd_opfamily[0], type, type,
									BTORDER_PROC);

	if (!OidIsValid(compare))
		return false;
	fmgr_info(compare, &context.compare);
	context.collation = index->rd_indcollation[0];
	qsort_arg(members, count, sizeof(Datum), compare_members, &context);
	return true;
}

/*
 * membership: ranges that fail "column = ANY (list)": the gaps.
 */
static bool
membership(Ranges *ranges, ScalarArrayOpExpr *expr)
{
	Relation index = ranges->index;
	Const *list = (Const *) lsecond(expr->args);
	Oid element;
	Datum *members;
	bool *nulls;
	int16 len;
	bool byval;
	char align;
	int count;
	int i;

	if (!expr->useOr || !is_column(linitial(expr->args), ranges) ||
		!IsA(list, Const) || list->constisnull ||
		expr->inputcollid != index->rd_indcollation[0] ||
		get_op_opfamily_strategy(expr->opno, index->rd_opfamily[0]) !=
			BTEqualStrategyNumber)
		return false;
	element = get_element_type(list->consttype);
	if (!OidIsValid(element))
		return false;
	get_typlenbyvalalign(element, &len, &byval, &align);
	deconstruct_array(DatumGetArrayTypeP(list->constvalue), element, len,
					  byval, align, &members, &nulls, &count);
	if (count == 0 || count > MAX_MEMBERS)
		return false;
	for (i = 0; i < count; i++)
	{
		if (nulls[i])
			return false;
	}
	if (!sort_members(ranges, element, members, count) ||
		!add_range(ranges, BTLessStrategyNumber, element, members[0]))
		return false;
	for (i = 0; i < count; i++)
	{
		if (!add_range(ranges, BTGreaterStrategyNumber, element, members[i]))
			return false;
		if (i + 1 < count &&
			!add_key(ranges, (BadRange *) llast(ranges->ranges),
					 BTLessStrategyNumber, element, members[i + 1]))
			return false;
	}
	return true;
}

/*
 * find_ranges: the ranges of values that fail the verdict; false when it is
 * not made of comparisons of the column with constants, all of which must
 * hold.
 */
static bool
find_ranges(Ranges *ranges, Node *verdict)
{
	ListCell *lc;

	foreach(lc, make_ands_implicit((Expr *) verdict))
	{
		Node *clause = (Node *) lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (is_andclause(clause))
		{
			ListCell *part;

			foreach(part, ((BoolExpr *) clause)->args)
			{
				if (!find_ranges(ranges, (Node *) lfirst(part)))
					return false;
			}
		}
		else if (IsA(clause, NullTest))
		{
			NullTest *test = (NullTest *) clause;

			if (test->argisrow || test->nulltesttype != IS_NOT_NULL ||
				!is_column((Node *) test->arg, ranges))
				return false;
			ranges->ranges = lappend(ranges->ranges,
									 null_range(SK_SEARCHNULL));
		}
		else if (IsA(clause, OpExpr) &&
				 list_length(((OpExpr *) clause)->args) == 2)
		{
			if (!comparison(ranges, (OpExpr *) clause))
				return false;
		}
		else if (!IsA(clause, ScalarArrayOpExpr) ||
				 !membership(ranges, (ScalarArrayOpExpr *) clause))
			return false;
	}
	return true;
}

typedef enum Answer
{
	NOTHING_THERE,
	ROW_FOUND,
	TOO_FAR
} Answer;

/*
 * descend: is there a row of the active snapshot in this range? NULL: in the
 * whole index.
 */
static Answer
descend(Relation rel, Relation index, BadRange *range,
		ScanDirection direction)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	int n_keys = range == NULL ? 0 : range->n_keys;
	IndexScanDesc scan = dq_compat_index_beginscan(rel, index,
												   GetActiveSnapshot(),
												   n_keys);
	Answer answer = NOTHING_THERE;
	int seen = 0;

	index_rescan(scan, range == NULL ? NULL : range->keys, n_keys, NULL, 0);
	while (index_getnext_tid(scan, direction) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (index_fetch_heap(scan, slot))
			answer = ROW_FOUND;
		else if (++seen > MAX_DEAD_ENTRIES)
			answer = TOO_FAR;
		if (answer != NOTHING_THERE)
			break;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return answer;
}

/*
 * nothing_fails: is no row in any of the ranges?
 */
static bool
nothing_fails(Relation rel, const Ranges *ranges)
{
	ListCell *lc;

	foreach(lc, ranges->ranges)
	{
		if (descend(rel, ranges->index, (BadRange *) lfirst(lc),
					ForwardScanDirection) != NOTHING_THERE)
			return false;
	}
	return true;
}

/*
 * probe_rows: the index by which no row fails, or NULL.
 */
static char *
probe_rows(Relation rel, const DqProbe *probe)
{
	Node *verdict = dq_exprtree_analyse(probe->source, probe->verdict);
	Ranges ranges = {0};
	bool ignored = probe->check->on_null == DQ_NULL_IGNORE;
	char *proof = NULL;

	if (verdict != NULL)
		ranges.var = only_var(verdict);
	if (ranges.var != NULL)
		ranges.index = open_index(rel, ranges.var->varattno);
	if (ranges.index == NULL)
		return NULL;
	if (probe->check->on_null == DQ_NULL_FAIL)
		ranges.ranges = lappend(ranges.ranges, null_range(SK_SEARCHNULL));
	if (find_ranges(&ranges, verdict) &&
		dq_glimpse_tested(rel, ignored ? verdict : NULL, false) &&
		nothing_fails(rel, &ranges))
		proof = psprintf("index \"%s\"",
						 RelationGetRelationName(ranges.index));
	index_close(ranges.index, NoLock);
	return proof;
}

/*
 * probe_extreme: the index that holds the extreme value within reach, or
 * NULL.
 */
static char *
probe_extreme(Relation rel, const DqProbe *probe)
{
	DqColumn *column = (DqColumn *) linitial(probe->columns);
	Relation index;
	char *proof = NULL;

	if (!dq_source_may_read(probe->source->relid, column->attnum))
		return NULL;
	index = open_index(rel, column->attnum);
	if (index == NULL)
		return NULL;
	if (index->rd_indcollation[0] == column->collation &&
		descend(rel, index, null_range(SK_SEARCHNOTNULL),
				ForwardScanDirection) == ROW_FOUND &&
		descend(rel, index, null_range(SK_SEARCHNOTNULL),
				BackwardScanDirection) == ROW_FOUND)
		proof = psprintf("index \"%s\"", RelationGetRelationName(index));
	index_close(index, NoLock);
	return proof;
}

/*
 * is_extreme: is the check about the least or the greatest value of a column?
 */
static bool
is_extreme(const DqProbe *probe)
{
	return probe->check->type->shape == &dq_shape_metric &&
		   (probe->check->type->takes & DQ_IS_EXTREME) != 0;
}

/*
 * find_index: try_subxact callback.
 */
static void
find_index(void *arg)
{
	DqProbe *probe = (DqProbe *) arg;
	Relation rel = table_open(probe->source->relid, NoLock);

	probe->proof = NULL;
	if (dq_glimpse_plain(rel))
		probe->proof = is_extreme(probe) ? probe_extreme(rel, probe) :
										   probe_rows(rel, probe);
	table_close(rel, NoLock);
}

/*
 * dq_indexprobe_applies: does an index answer? What fails is left to SQL.
 */
bool
dq_indexprobe_applies(const DqSource *source, DqProbe *probe)
{
	instr_time start;
	instr_time end;

	if (probe->filter != NULL || probe->check->group_by != NIL ||
		(probe->check->type->shape != &dq_shape_rows && !is_extreme(probe)))
		return false;
	INSTR_TIME_SET_CURRENT(start);
	if (dq_errctx_try_subxact(find_index, probe) != NULL)
		probe->proof = NULL;
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	probe->duration_ms += INSTR_TIME_GET_MILLISEC(end);
	return probe->proof != NULL;
}

/*
 * read_extreme: try_subxact callback.
 */
static void
read_extreme(void *arg)
{
	dq_shape_metric_alone((DqProbe *) arg);
}

/*
 * dq_indexprobe_answer: no row fails, or the value is read off the index.
 */
void
dq_indexprobe_answer(const DqSource *source, List *probes)
{
	ListCell *lc;

	foreach(lc, probes)
	{
		DqProbe *probe = (DqProbe *) lfirst(lc);

		if (is_extreme(probe))
			probe->error = dq_errctx_try_subxact(read_extreme, probe);
		if (probe->error != NULL && dq_fused_is_fatal(probe->error))
			dq_errctx_rethrow(probe->error);
		probe->evaluation = "probe";
		probe->counts.uncounted = true;
	}
}
