/*
 * choose.c
 *	  How a load goes about it: which rows differ, and writing them.
 *
 * The planner knows neither that a batch has no duplicates nor what part of
 * the target it meets, and takes a hash join where it should follow the index.
 * So the method is chosen here, by the sizes of batch and target, and where a
 * join of the server is meant, the planner is left no other.
 *
 * New rows go in without an arbiter, and changed ones are updated where they
 * were found, as long as nobody looks on: with triggers a load stays one
 * statement, and row security is asked as for ON CONFLICT.
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "base/guc.h"
#include "base/session.h"
#include "base/spi.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_statistic.h"
#include "load/bulk.h"
#include "load/choose.h"
#include "load/difference.h"
#include "load/walk.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/* a probe costs about as much as this many rows of a join */
#define PROBE_COST 8

/* rows that follow each other in the index lie together */
#define IN_ORDER 0.5

/*
 * dq_choose_method_name: see choose.h.
 */
const char *
dq_choose_method_name(DqLoadMethod method)
{
	switch (method)
	{
		case DQ_METHOD_AUTO:
			return "auto";
		case DQ_METHOD_WALK:
			return "walk";
		case DQ_METHOD_PROBE:
			return "probe";
		case DQ_METHOD_MERGE:
			return "merge";
		case DQ_METHOD_HASH:
			return "hash";
	}
	return NULL;
}

/*
 * table_rows: rows of one table, as the planner guesses.
 */
static double
table_rows(Relation rel)
{
	BlockNumber pages;
	double rows;
	double visible;

	estimate_rel_size(rel, NULL, &pages, &rows, &visible);
	return rows;
}

/*
 * dq_choose_rows: see choose.h.
 */
double
dq_choose_rows(Relation rel)
{
	double rows = 0;
	ListCell *lc;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind) ?
				   table_rows(rel) :
				   Max(rel->rd_rel->reltuples, 0);
	foreach(lc, find_all_inheritors(RelationGetRelid(rel), AccessShareLock,
									NULL))
	{
		Relation child = table_open(lfirst_oid(lc), NoLock);

		if (RELKIND_HAS_TABLE_AM(child->rd_rel->relkind))
			rows += table_rows(child);
		table_close(child, NoLock);
	}
	return rows;
}

/*
 * dq_choose_order: see choose.h.
 */
double
dq_choose_order(const DqTask *task, Oid relid)
{
	DqKeyColumn *first = linitial(task->key->columns);
	AttrNumber attnum = get_attnum(relid, first->name);
	HeapTuple tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid),
									  Int16GetDatum(attnum),
									  BoolGetDatum(false));
	AttStatsSlot slot;
	double result = -1;

	if (!HeapTupleIsValid(tuple))
		return result;
	if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_CORRELATION, InvalidOid,
						 ATTSTATSSLOT_NUMBERS))
	{
		result = fabs(slot.numbers[0]);
		free_attstatsslot(&slot);
	}
	ReleaseSysCache(tuple);
	return result;
}

/*
 * is_in_order: does the target lie in the order of its key? Without statistics
 * it is taken to.
 */
static bool
is_in_order(const DqTask *task)
{
	double order = dq_choose_order(task, task->key->relid);

	return order < 0 || order >= IN_ORDER;
}

/*
 * is_scattered: would following the index read most pages of a target that no
 * cache holds, in no order?
 */
static bool
is_scattered(const DqTask *task, double batch_rows)
{
	double pages = task->target->rd_rel->relpages;

	return pages > effective_cache_size && batch_rows > pages / 4 &&
		   !is_in_order(task);
}

/*
 * choose_join: the join of the server that suits the sizes.
 */
static void
choose_join(const DqTask *task, double batch_rows, DqChoice *choice)
{
	double target_rows = dq_choose_rows(task->target);

	if (batch_rows * PROBE_COST < target_rows)
	{
		choice->method = DQ_METHOD_PROBE;
		choice->method_why = "the batch is small beside the target";
	}
	else if (is_in_order(task))
	{
		choice->method = DQ_METHOD_MERGE;
		choice->method_why = "the target lies in the order of its key";
	}
	else
	{
		choice->method = DQ_METHOD_HASH;
		choice->method_why = "the target lies in another order than its key";
	}
}

/*
 * choose_method: how the difference is found.
 */
static void
choose_method(const DqTask *task, double batch_rows, DqChoice *choice)
{
	const char *refusal;

	choice->method = dq_guc_load_method;
	choice->method_why = "dq_etl.load_method says so";
	if (choice->method != DQ_METHOD_AUTO && choice->method != DQ_METHOD_WALK)
		return;
	refusal = dq_walk_refusal(task);
	if (refusal == NULL && choice->method == DQ_METHOD_AUTO &&
		is_scattered(task, batch_rows))
	{
		choice->method = DQ_METHOD_HASH;
		choice->method_why = "the target is large and lies in another order than its key";
		return;
	}
	if (refusal == NULL)
	{
		choice->method = DQ_METHOD_WALK;
		choice->method_why = "batch and index are followed in one order, gaps are passed over";
		return;
	}
	if (choice->method == DQ_METHOD_WALK)
	{
		choice->method = DQ_METHOD_MERGE;
		choice->method_why = psprintf("no walk: %s", refusal);
		return;
	}
	choose_join(task, batch_rows, choice);
	choice->method_why = psprintf("%s; no walk: %s", choice->method_why,
								  refusal);
}

/*
 * is_watched: has the target, or a part of it, triggers of users, or a part
 * elsewhere?
 */
static bool
is_watched(const DqTask *task)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_oid(&args, RelationGetRelid(task->target));
	rows = dq_spi_query(DQ_GENERATED,
						"SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t"
						" WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)"
						" OR c.relkind NOT IN ('r', 'p') AS watched"
						" FROM pg_catalog.pg_class AS c WHERE c.oid = $1"
						" OR c.oid IN (SELECT p.relid"
						" FROM pg_catalog.pg_partition_tree($1) AS p)"
						" ORDER BY watched DESC LIMIT 1",
						&args);
	return rows->count == 0 || dq_rows_bool(rows, 0, "watched");
}

/*
 * one_statement: why new and changed rows are written by one statement with
 * ON CONFLICT; NULL when they need not be.
 */
static const char *
one_statement(const DqTask *task)
{
	if (dq_guc_load_write == DQ_WRITE_CONFLICT)
		return "dq_etl.load_write says so";
	if (check_enable_rls(RelationGetRelid(task->target), InvalidOid, true) !=
		RLS_NONE)
		return "the target has row security";
	if (is_watched(task))
		return "the target has triggers";
	return NULL;
}

/*
 * dq_choose_insert: see choose.h.
 */
DqInsertWay
dq_choose_insert(const DqTask *task, const char **why)
{
	const char *refusal = "dq_etl.load_write says so";

	if (dq_guc_load_write == DQ_WRITE_AUTO)
		refusal = dq_bulk_refusal(task);
	*why = refusal ? refusal : "nobody watches single rows";
	return refusal ? DQ_INSERT_PLAIN : DQ_INSERT_BULK;
}

/*
 * dq_choose: see choose.h.
 */
void
dq_choose(const DqTask *task, double batch_rows, DqChoice *choice)
{
	const char *one = one_statement(task);
	Form_pg_class form = task->target->rd_rel;

	choose_method(task, batch_rows, choice);
	if (one != NULL)
	{
		choice->insert = DQ_INSERT_CONFLICT;
		choice->insert_why = one;
		choice->by_place = false;
		choice->update_why = one;
		return;
	}
	choice->insert = dq_choose_insert(task, &choice->insert_why);
	choice->by_place = form->relkind == RELKIND_RELATION &&
					   form->relam == HEAP_TABLE_AM_OID;
	choice->update_why = choice->by_place ?
							 "it is a plain table" :
							 "it is no plain table";
}

/*
 * set_all: settings for the planner, "name" on or off.
 */
static void
set_all(const char *const names[], int n, const char *value)
{
	int i;

	for (i = 0; i < n; i++)
		dq_session_set(names[i], value, true);
}

/*
 * dq_choose_settings: see choose.h. Compiling costs more than it saves in
 * statements that are executed once.
 */
int
dq_choose_settings(DqLoadMethod method)
{
	static const char *const joins[] = {"enable_nestloop", "enable_mergejoin",
										"enable_hashjoin"};
	int level = NewGUCNestLevel();

	dq_session_set("jit", "off", true);
	dq_session_set("work_mem", psprintf("%dkB", dq_difference_memory()), true);
	switch (method)
	{
		case DQ_METHOD_AUTO:
		case DQ_METHOD_WALK:
			return level;
		case DQ_METHOD_PROBE:
		case DQ_METHOD_MERGE:
		case DQ_METHOD_HASH:
			break;
	}
	set_all(joins, lengthof(joins), "off");
	set_all(&joins[method - DQ_METHOD_PROBE], 1, "on");
	if (method == DQ_METHOD_PROBE)
		dq_session_set("enable_memoize", "off", true);
	return level;
}

/*
 * dq_choose_by_place: see choose.h.
 */
void
dq_choose_by_place(void)
{
	static const char *const others[] = {"enable_mergejoin", "enable_hashjoin",
										 "enable_indexscan",
										 "enable_bitmapscan",
										 "enable_seqscan"};

	set_all(others, lengthof(others), "off");
	dq_session_set("enable_nestloop", "on", true);
	dq_session_set("enable_tidscan", "on", true);
}

/*
 * dq_choose_alone: see choose.h.
 */
void
dq_choose_alone(void)
{
	dq_session_set("max_parallel_workers_per_gather", "0", true);
}
