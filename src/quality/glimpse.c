/*
 * glimpse.c
 *	  A look at a few rows, bounded whatever the size of the relation.
 *
 * A proof or an index probe knows that no row fails. Whether there was
 * anything to test decides between "pass" and "no data"; for that one row
 * will do, and the first pages of a table nearly always hold one.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "base/errctx.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "quality/glimpse.h"
#include "storage/bufmgr.h"
#include "utils/snapmgr.h"

/* pages that a glimpse reads at most */
#define MAX_PAGES 32

typedef struct Glimpse
{
	Relation rel;
	Node *expr;
	bool need_true;
	bool found;
} Glimpse;

/*
 * dq_glimpse_plain: are all rows in the relation itself?
 */
bool
dq_glimpse_plain(Relation rel)
{
	char kind = rel->rd_rel->relkind;

	if (rel->rd_rel->relam != HEAP_TABLE_AM_OID)
		return false;
	if (kind == RELKIND_MATVIEW)
		return true;
	return kind == RELKIND_RELATION && !has_subclass(RelationGetRelid(rel));
}

/*
 * has_verdict: does the row in the slot count?
 */
static bool
has_verdict(const Glimpse *glimpse, ExprState *state, ExprContext *econtext,
			TupleTableSlot *slot)
{
	Datum value;
	bool isnull;

	if (state == NULL)
		return true;
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	value = ExecEvalExprSwitchContext(state, econtext, &isnull);
	return !isnull && (!glimpse->need_true || DatumGetBool(value));
}

/*
 * look: scan the first pages until a row has a verdict.
 */
static void
look(void *arg)
{
	Glimpse *glimpse = (Glimpse *) arg;
	Relation rel = glimpse->rel;
	BlockNumber pages = RelationGetNumberOfBlocks(rel);
	EState *estate = CreateExecutorState();
	ExprContext *econtext = CreateExprContext(estate);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	ExprState *state = NULL;
	TableScanDesc scan;

	if (glimpse->expr != NULL)
		state = ExecPrepareExpr((Expr *) glimpse->expr, estate);
	/* no synchronized scan: it would begin somewhere in the middle */
	scan = table_beginscan_strat(rel, GetActiveSnapshot(), 0, NULL, true,
								 false);
	heap_setscanlimits(scan, 0, Min(pages, MAX_PAGES));
	while (!glimpse->found &&
		   table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		glimpse->found = has_verdict(glimpse, state, econtext, slot);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
}

/*
 * dq_glimpse_tested: see glimpse.h.
 */
bool
dq_glimpse_tested(Relation rel, Node *expr, bool need_true)
{
	Glimpse glimpse = {.rel = rel, .expr = expr, .need_true = need_true};
	ErrorData *error;

	if (RelationGetNumberOfBlocks(rel) == 0)
		return false;
	if (expr == NULL)
	{
		look(&glimpse);
		return glimpse.found;
	}
	error = dq_errctx_try_subxact(look, &glimpse);
	return error == NULL && glimpse.found;
}
