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
#include "base/json.h"
#include "catalog/pg_type.h"
#include "nodes/bitmapset.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "quality/checktext.h"
#include "quality/exprtree.h"
#include "quality/fused.h"
#include "utils/builtins.h"
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
 * as_boolean: the expression as a boolean; 42804 for what cannot be one.
 */
static Node *
as_boolean(ParseState *pstate, Node *expr, const char *what)
{
	Node *result = coerce_to_target_type(pstate, expr, exprType(expr),
										 BOOLOID, -1, COERCION_ASSIGNMENT,
										 COERCE_IMPLICIT_CAST, -1);

	if (result == NULL || expression_returns_set(result))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 result == NULL ?
					 errmsg("%s must be boolean, not type %s", what,
							format_type_be(exprType(expr))) :
					 errmsg("%s must not return a set", what)));
	return result;
}

/*
 * analyse: the text as a boolean expression, not folded; NULL when it holds
 * what an expression over one row cannot.
 */
static Node *
analyse(const DqSource *source, const char *text, Relation rel,
		const char *what)
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
	expr = as_boolean(pstate, expr, what);
	assign_expr_collations(pstate, expr);
	plain = !(pstate->p_hasSubLinks || pstate->p_hasAggs ||
			  pstate->p_hasWindowFuncs || pstate->p_hasTargetSRFs);
	free_parsestate(pstate);
	return plain ? expr : NULL;
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
			!dq_source_may_read(RelationGetRelid(rel), attnum))
			return false;
		if (attnum > 0 &&
			TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated ==
				GENERATED_VIRTUAL)
			return false;
	}
	return true;
}

/*
 * analyse_text: what dq_exprtree_analyse does.
 */
static Node *
analyse_text(const DqSource *source, const char *text, const char *what)
{
	Relation rel = relation_open(source->relid, NoLock);
	ErrorContextCallback frame;
	Node *expr;

	frame.callback = show_text;
	frame.arg = unconstify(char *, text);
	frame.previous = error_context_stack;
	error_context_stack = &frame;

	expr = analyse(source, text, rel, what);
	if (expr != NULL && !columns_fit(rel, expr))
		expr = NULL;
	if (expr != NULL)
		expr = (Node *) expression_planner((Expr *) expr);

	error_context_stack = frame.previous;
	relation_close(rel, NoLock);
	return expr;
}

/*
 * dq_exprtree_analyse: the text as an expression that can be executed, in the
 * current memory context, or NULL. The relation is locked by its DqSource.
 */
Node *
dq_exprtree_analyse(const DqSource *source, const char *text)
{
	return analyse_text(source, text, "check expression");
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
		tree->filter = analyse_text(probe->source, probe->filter,
									"row filter");
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
	owner->tree->error = error;
	MemoryContextSwitchTo(outer);
	return owner->tree;
}

typedef struct Complaining
{
	const DqSource *source;
	const char *text;
	const char *what;
} Complaining;

/*
 * analyse_alone: try_subxact callback.
 */
static void
analyse_alone(void *arg)
{
	Complaining *text = (Complaining *) arg;

	(void) analyse_text(text->source, text->text, text->what);
}

/*
 * complain: what is wrong with the type of one text, which may be NULL.
 */
static ErrorData *
complain(const DqProbe *probe, const char *text, const char *what)
{
	Complaining complaining = {probe->source, text, what};
	ErrorData *error;

	if (text == NULL)
		return NULL;
	error = dq_errctx_try_subxact(analyse_alone, &complaining);
	if (error == NULL || error->sqlerrcode != ERRCODE_DATATYPE_MISMATCH)
		return NULL;
	return error;
}

/*
 * complain_options: about the options of a check that are conditions on its
 * rows, and those of its members.
 */
static ErrorData *
complain_options(const DqProbe *probe, const DqCheck *check)
{
	ErrorData *error = NULL;
	ListCell *lc;

	foreach(lc, dq_rule_option_tables(check->type))
	{
		const DqOption *option = lfirst(lc);

		for (; option->name != NULL && error == NULL; option++)
		{
			if (option->kind == DQ_OPTION_CONDITION &&
				strcmp(option->name, "expression") != 0)
				error = complain(probe,
								 dq_json_text(check->doc, option->name,
											  check->what),
								 psprintf("option \"%s\" of %s",
										  option->name, check->what));
		}
	}
	foreach(lc, check->members)
	{
		const DqCheck *member = (DqCheck *) lfirst(lc);

		if (error == NULL && member->type->shape == &dq_shape_rows)
			error = complain(probe, member->expression, "check expression");
		if (error == NULL)
			error = complain_options(probe, member);
	}
	return error;
}

/*
 * dq_exprtree_complaint: see exprtree.h.
 */
ErrorData *
dq_exprtree_complaint(const DqProbe *probe)
{
	ErrorData *error = complain(probe, probe->task->row_filter, "row filter");

	if (error == NULL && probe->check->type->shape == &dq_shape_rows)
		error = complain(probe, probe->check->expression, "check expression");
	if (error == NULL)
		error = complain_options(probe, probe->check);
	return error;
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
