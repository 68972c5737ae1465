/*
 * exprtree.c
 *	  Check SQL as an analysed expression over the checked relation.
 *
 * The text sees exactly what it sees in the statement of fused.c: the columns
 * of the relation, bare or qualified by its name, and the search_path in
 * force. It is analysed as an entry of a select list, where everything is
 * allowed, and given up when the analysis met something that an expression
 * over one row cannot hold. Given up, too, is what the current user may not
 * read: SQL then says so, in its own words.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "base/compat.h"
#include "base/errctx.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "quality/checktext.h"
#include "quality/exprtree.h"
#include "quality/fused.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* attgenerated of a column that is stored nowhere (18) */
#define GENERATED_VIRTUAL 'v'

/*
 * show_text: error context callback: a position is one in the text.
 */
static void
show_text(void *arg)
{
	int position = geterrposition();

	if (position <= 0)
		return;
	errposition(0);
	internalerrposition(position);
	internalerrquery((const char *) arg);
}

/*
 * source_alias: what the relation is called in the text; NULL: its own name.
 * source->from is a relation as in FROM, so the grammar can tell.
 */
static Alias *
source_alias(const DqSource *source)
{
	List *parsed = raw_parser(psprintf("SELECT FROM %s", source->from),
							  RAW_PARSE_DEFAULT);
	SelectStmt *select = castNode(SelectStmt,
								  linitial_node(RawStmt, parsed)->stmt);

	return linitial_node(RangeVar, select->fromClause)->alias;
}

/*
 * analyse: the text as a boolean expression, not folded; NULL when it holds
 * what an expression over one row cannot.
 */
static Node *
analyse(const DqSource *source, const char *text, Relation rel)
{
	ParseState *pstate = make_parsestate(NULL);
	Node *raw = dq_checktext_expression(text, DQ_CHECK_TEXT);
	ParseNamespaceItem *item;
	Node *expr;
	bool plain;

	pstate->p_sourcetext = text;
	item = addRangeTableEntryForRelation(pstate, rel, AccessShareLock,
										 source_alias(source), true, true);
	addNSItemToQuery(pstate, item, false, true, true);
	expr = transformExpr(pstate, raw, EXPR_KIND_SELECT_TARGET);
	expr = coerce_to_boolean(pstate, expr, "AND");
	assign_expr_collations(pstate, expr);
	plain = !(pstate->p_hasSubLinks || pstate->p_hasAggs ||
			  pstate->p_hasWindowFuncs || pstate->p_hasTargetSRFs);
	free_parsestate(pstate);
	return plain ? expr : NULL;
}

/*
 * may_read: may the current user read this column (a system column, too)?
 */
static bool
may_read(Oid relid, AttrNumber attnum)
{
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return true;
	return pg_attribute_aclcheck(relid, attnum, GetUserId(), ACL_SELECT) ==
		   ACLCHECK_OK;
}

/*
 * columns_fit: does the expression read only columns that are stored and that
 * the current user may read?
 */
static bool
columns_fit(Relation rel, Node *expr)
{
	Bitmapset *columns = NULL;
	int member = -1;

	pull_varattnos(expr, 1, &columns);
	while ((member = bms_next_member(columns, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum == InvalidAttrNumber ||
			!may_read(RelationGetRelid(rel), attnum))
			return false;
		if (attnum > 0 &&
			TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated ==
				GENERATED_VIRTUAL)
			return false;
	}
	return true;
}

/*
 * dq_exprtree_analyse: the text as an expression that can be executed, in the
 * current memory context, or NULL. The relation is locked by its DqSource.
 */
Node *
dq_exprtree_analyse(const DqSource *source, const char *text)
{
	Relation rel = relation_open(source->relid, NoLock);
	ErrorContextCallback frame;
	Node *expr;

	frame.callback = show_text;
	frame.arg = unconstify(char *, text);
	frame.previous = error_context_stack;
	error_context_stack = &frame;

	expr = analyse(source, text, rel);
	if (expr != NULL && !columns_fit(rel, expr))
		expr = NULL;
	if (expr != NULL)
		expr = (Node *) expression_planner((Expr *) expr);

	error_context_stack = frame.previous;
	relation_close(rel, NoLock);
	return expr;
}

/*
 * analyse_probe: both texts of a probe.
 */
static void
analyse_probe(void *arg)
{
	DqProbe *probe = (DqProbe *) arg;
	DqProbeTree *tree = probe->tree;

	if (probe->verdict != NULL)
		tree->verdict = dq_exprtree_analyse(probe->source, probe->verdict);
	if (probe->filter != NULL)
		tree->filter = dq_exprtree_analyse(probe->source, probe->filter);
	tree->fits = (tree->verdict != NULL || probe->verdict == NULL) &&
				 (tree->filter != NULL || probe->filter == NULL);
}

/*
 * dq_exprtree_of: the trees of a probe, in the memory context of the probe.
 */
const DqProbeTree *
dq_exprtree_of(const DqProbe *probe)
{
	DqProbe *owner = unconstify(DqProbe *, probe);
	MemoryContext outer;
	ErrorData *error;

	if (probe->tree != NULL)
		return probe->tree;
	outer = MemoryContextSwitchTo(GetMemoryChunkContext(owner));
	owner->tree = palloc0(sizeof(DqProbeTree));
	error = dq_errctx_try_subxact(analyse_probe, owner);
	if (error != NULL && dq_fused_is_fatal(error))
		dq_errctx_rethrow(error);
	MemoryContextSwitchTo(outer);
	return owner->tree;
}

/*
 * dq_exprtree_columns: the attribute numbers that it reads.
 */
Bitmapset *
dq_exprtree_columns(Node *expr)
{
	Bitmapset *members = NULL;
	Bitmapset *columns = NULL;
	int member = -1;

	pull_varattnos(expr, 1, &members);
	while ((member = bms_next_member(members, member)) >= 0)
	{
		if (member + FirstLowInvalidHeapAttributeNumber > 0)
			columns = bms_add_member(columns,
									 member +
										 FirstLowInvalidHeapAttributeNumber);
	}
	bms_free(members);
	return columns;
}

/*
 * dq_exprtree_last_attr: the greatest attribute number that it reads.
 */
AttrNumber
dq_exprtree_last_attr(Node *expr)
{
	return Max(0, bms_prev_member(dq_exprtree_columns(expr), -1));
}
