/*
 * verdict_sink.c
 *	  A sink that evaluates any number of verdicts on rows.
 *
 * Equal tasks become one unit. A row's verdict is evaluated once, and only
 * when the filter lets the row through. The places of failing rows are kept,
 * so that looking at them needs no second scan, as long as they fit into
 * twice work_mem, or into what somebody who wants them all asked for; of a
 * unit with more than its share only some are kept.
 *
 * The spec is the tasks as text of nodes (nodeToString), so that a worker can
 * make the same units.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "port/pg_bitutils.h"
#include "quality/castable.h"
#include "quality/exprtree.h"
#include "quality/kernel.h"
#include "quality/verdict_sink.h"
#include "utils/memutils.h"

/* more places of one unit are never kept */
#define MAX_PLACES 100000
/* unless somebody wants them, then not more than these */
#define MAX_WANTED 10000000

/* tasks that are equal */
typedef struct Unit
{
	DqVerdictTask task;
	DqKernel *verdict;
	DqKernel *filter; /* NULL: none */
	DqVerdictCount count;
	int room; /* in count.places */
} Unit;

typedef struct VerdictSink
{
	DqSink head;
	MemoryContext context;
	DqKernelSet *set;
	int n_tasks;
	int *unit_of; /* of each task */
	int n_units;
	Unit *units;
	int max_places; /* of a unit */
	int64 max_total; /* of all units, when each may have many */
	int64 total;
	Unit *current; /* is being evaluated */
} VerdictSink;

/* what a worker says about a unit; places follow */
typedef struct Report
{
	int unit;
	int n_places;
	int64 scope;
	int64 yes;
	int64 null;
	bool all_places;
} Report;

/*
 * same_task: do two tasks mean the same, and may one answer do for both?
 */
static bool
same_task(const DqVerdictTask *a, const DqVerdictTask *b)
{
	return a->null_fails == b->null_fails && equal(a->verdict, b->verdict) &&
		   equal(a->filter, b->filter) &&
		   !contain_volatile_functions(a->verdict) &&
		   !contain_volatile_functions(a->filter);
}

/*
 * add_unit: the unit of a task.
 *
 * The executor prepares every expression, whoever evaluates it then: it looks
 * at the rights to call functions.
 */
static int
add_unit(VerdictSink *sink, const DqVerdictTask *task)
{
	Unit *unit;
	int i;

	for (i = 0; i < sink->n_units; i++)
	{
		if (same_task(&sink->units[i].task, task))
			return i;
	}
	unit = &sink->units[sink->n_units];
	unit->task = *task;
	sink->current = unit;
	(void) ExecInitExpr((Expr *) task->verdict, NULL);
	unit->verdict = dq_kernel_compile(sink->set, task->verdict);
	if (task->filter != NULL)
	{
		(void) ExecInitExpr((Expr *) task->filter, NULL);
		unit->filter = dq_kernel_compile(sink->set, task->filter);
	}
	sink->current = NULL;
	unit->count.all_places = true;
	return sink->n_units++;
}

/*
 * note_columns: what a task reads.
 */
static void
note_columns(VerdictSink *sink, Node *expr)
{
	sink->head.columns = bms_add_members(sink->head.columns,
										 dq_exprtree_columns(expr));
}

/*
 * without_sure_calls: the expression with the arguments of calls that are
 * known to be safe in their place.
 */
static Node *
without_sure_calls(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (dq_castable_is_sure_call(node))
		return without_sure_calls(linitial(((FuncExpr *) node)->args),
								  context);
	return expression_tree_mutator(node, without_sure_calls, context);
}

/*
 * may_go_parallel: may these tasks be evaluated in a worker?
 */
static bool
may_go_parallel(List *tasks)
{
	Query *query = makeNode(Query);
	ListCell *lc;

	query->commandType = CMD_SELECT;
	foreach(lc, tasks)
	{
		DqVerdictTask *task = (DqVerdictTask *) lfirst(lc);

		query->targetList = lappend(query->targetList,
									without_sure_calls(task->verdict, NULL));
		query->targetList = lappend(query->targetList,
									without_sure_calls(task->filter, NULL));
	}
	return max_parallel_hazard(query) == PROPARALLEL_SAFE;
}

/*
 * make_spec: tasks as text, and how many places are wanted.
 */
static char *
make_spec(List *tasks, int64 wanted)
{
	List *all = list_make1(makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
									 Int64GetDatum(wanted), false, true));
	ListCell *lc;

	foreach(lc, tasks)
	{
		DqVerdictTask *task = (DqVerdictTask *) lfirst(lc);
		Node *flag = makeBoolConst(task->null_fails, false);

		all = lappend(all, list_make3(task->verdict, task->filter, flag));
	}
	return nodeToString(all);
}

/*
 * read_spec: text as tasks, and how many places are wanted.
 */
static List *
read_spec(const char *spec, int64 *wanted)
{
	List *all = (List *) stringToNode(spec);
	List *tasks = NIL;
	ListCell *lc;

	*wanted = DatumGetInt64(linitial_node(Const, all)->constvalue);
	for_each_from(lc, all, 1)
	{
		List *parts = lfirst_node(List, lc);
		DqVerdictTask *task = palloc(sizeof(DqVerdictTask));

		task->verdict = (Node *) linitial(parts);
		task->filter = (Node *) lsecond(parts);
		task->null_fails = DatumGetBool(lthird_node(Const,
													parts)
											->constvalue);
		tasks = lappend(tasks, task);
	}
	return tasks;
}

/*
 * set_room: how many places may be kept. Who wants so many of them all, of
 * different rows, gets them, and as many again for rows that fail several
 * tasks.
 */
static void
set_room(VerdictSink *sink, int64 wanted)
{
	Size budget = (Size) work_mem * 1024 * 2;

	budget /= sizeof(DqPlace) * Max(sink->n_units, 1);
	sink->max_places = Max(Min(budget, MAX_PLACES), DQ_KEPT_ROWS);
	sink->max_total = PG_INT64_MAX;
	if (wanted <= sink->max_places)
		return;
	sink->max_total = Max((int64) sink->max_places * sink->n_units,
						  2 * wanted);
	sink->max_places = Min(wanted, MAX_WANTED);
}

/*
 * prepare: fill an empty sink.
 */
static void
prepare(VerdictSink *sink, Relation rel, List *tasks, int64 wanted)
{
	MemoryContext outer;
	ListCell *lc;

	sink->head.type = &dq_verdict_sink_type;
	sink->context = AllocSetContextCreate(CurrentMemoryContext,
										  "dq_etl verdicts",
										  ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(sink->context);
	sink->set = dq_kernel_set_create(RelationGetDescr(rel));
	sink->units = palloc0(sizeof(Unit) * (list_length(tasks) + 1));
	sink->unit_of = palloc0(sizeof(int) * (list_length(tasks) + 1));
	foreach(lc, tasks)
	{
		DqVerdictTask *task = (DqVerdictTask *) lfirst(lc);

		note_columns(sink, task->verdict);
		note_columns(sink, task->filter);
		sink->unit_of[sink->n_tasks++] = add_unit(sink, task);
	}
	set_room(sink, wanted);
	MemoryContextSwitchTo(outer);
}

/*
 * dq_verdict_sink_create: throws what preparing expressions throws.
 */
DqSink *
dq_verdict_sink_create(Relation rel, List *tasks, int64 wanted)
{
	VerdictSink *sink = palloc0(sizeof(VerdictSink));

	prepare(sink, rel, tasks, wanted);
	sink->head.serial = !may_go_parallel(tasks);
	if (!sink->head.serial)
	{
		sink->head.spec = make_spec(tasks, wanted);
		sink->head.spec_len = strlen(sink->head.spec) + 1;
	}
	return &sink->head;
}

/*
 * begin: in a worker.
 */
static DqSink *
begin(Relation rel, const char *spec, Size len)
{
	VerdictSink *sink = palloc0(sizeof(VerdictSink));
	int64 wanted;
	List *tasks = read_spec(spec, &wanted);

	prepare(sink, rel, tasks, wanted);
	return &sink->head;
}

/*
 * keep_places: remember where failing rows are, as long as there is room.
 */
static void
keep_places(VerdictSink *sink, Unit *unit, const DqPlace *places, int count)
{
	DqVerdictCount *kept = &unit->count;

	if (kept->n_places + count > sink->max_places ||
		(sink->total + count > sink->max_total &&
		 kept->n_places + count > DQ_KEPT_ROWS))
	{
		kept->all_places = false;
		count = Max(0, DQ_KEPT_ROWS - kept->n_places);
	}
	if (count == 0)
		return;
	if (kept->places == NULL)
	{
		unit->room = Max(count, DQ_BATCH_ROWS);
		kept->places = MemoryContextAlloc(sink->context,
										  sizeof(DqPlace) * unit->room);
	}
	while (kept->n_places + count > unit->room)
	{
		unit->room *= 2;
		kept->places = repalloc(kept->places, sizeof(DqPlace) * unit->room);
	}
	memcpy(kept->places + kept->n_places, places, sizeof(DqPlace) * count);
	kept->n_places += count;
	sink->total += count;
}

/*
 * note_failures: of a unit in a batch.
 */
static void
note_failures(VerdictSink *sink, Unit *unit, const DqBatch *batch,
			  uint64 failing)
{
	DqPlace places[DQ_BATCH_ROWS];
	int count = 0;
	int row;

	if (!unit->count.all_places && unit->count.n_places >= DQ_KEPT_ROWS)
		return;
	DQ_EACH_ROW(row, failing)
	{
		places[count].tableoid = batch->tableoid;
		places[count].tid = batch->tids[row];
		count++;
	}
	keep_places(sink, unit, places, count);
}

/*
 * ask_unit: evaluate a unit and count; returns the failing rows.
 */
static inline uint64
ask_unit(VerdictSink *sink, Unit *unit, const DqBatch *batch)
{
	uint64 scope = batch->all;
	uint64 failing;
	DqBits bits;

	sink->current = unit;
	if (unit->filter != NULL)
		scope = dq_kernel_ask(unit->filter, batch, scope).yes;
	bits = dq_kernel_ask(unit->verdict, batch, scope);
	if (scope == batch->all)
		unit->count.scope += batch->count;
	else
		unit->count.scope += pg_popcount64(scope);
	if (bits.yes == scope)
	{
		unit->count.yes += scope == batch->all ? batch->count :
												 pg_popcount64(scope);
		return 0;
	}
	unit->count.yes += pg_popcount64(bits.yes);
	if (bits.null != 0)
		unit->count.null += pg_popcount64(bits.null);
	failing = scope & ~bits.yes;
	return unit->task.null_fails ? failing : failing & ~bits.null;
}

/*
 * rows: the next batch.
 */
static void
rows(DqSink *head, const DqBatch *batch)
{
	VerdictSink *sink = (VerdictSink *) head;
	int i;

	for (i = 0; i < sink->n_units; i++)
	{
		Unit *unit = &sink->units[i];
		uint64 failing = ask_unit(sink, unit, batch);

		if (failing != 0)
			note_failures(sink, unit, batch, failing);
	}
	sink->current = NULL;
}

/*
 * save: the numbers and places of each unit.
 */
static void
save(DqSink *head, DqSinkWrite write, void *arg)
{
	VerdictSink *sink = (VerdictSink *) head;
	StringInfoData buf;
	int i;

	initStringInfo(&buf);
	for (i = 0; i < sink->n_units; i++)
	{
		const DqVerdictCount *count = &sink->units[i].count;
		Report report = {.unit = i};

		report.n_places = count->n_places;
		report.scope = count->scope;
		report.yes = count->yes;
		report.null = count->null;
		report.all_places = count->all_places;
		resetStringInfo(&buf);
		appendBinaryStringInfo(&buf, (const char *) &report, sizeof(Report));
		if (count->n_places > 0)
			appendBinaryStringInfo(&buf, (const char *) count->places,
								   sizeof(DqPlace) * count->n_places);
		write(arg, buf.data, buf.len);
	}
	pfree(buf.data);
}

/*
 * merge: what a worker says about a unit.
 */
static void
merge(DqSink *head, const char *bytes, Size len)
{
	VerdictSink *sink = (VerdictSink *) head;
	Report report;
	Unit *unit;

	memcpy(&report, bytes, sizeof(Report));
	unit = &sink->units[report.unit];
	unit->count.scope += report.scope;
	unit->count.yes += report.yes;
	unit->count.null += report.null;
	unit->count.all_places &= report.all_places;
	keep_places(sink, unit, (const DqPlace *) (bytes + sizeof(Report)),
				report.n_places);
}

/*
 * dq_verdict_sink_count: what was found for a task.
 */
const DqVerdictCount *
dq_verdict_sink_count(DqSink *head, int n)
{
	VerdictSink *sink = (VerdictSink *) head;

	return &sink->units[sink->unit_of[n]].count;
}

/*
 * dq_verdict_sink_blame: the task that was being evaluated, or -1.
 */
int
dq_verdict_sink_blame(DqSink *head)
{
	VerdictSink *sink = (VerdictSink *) head;
	int i;

	for (i = 0; i < sink->n_tasks && sink->current != NULL; i++)
	{
		if (sink->unit_of[i] == sink->current - sink->units)
			return i;
	}
	return -1;
}

/*
 * dq_verdict_sink_is_same: do two tasks share an evaluation?
 */
bool
dq_verdict_sink_is_same(DqSink *head, int n, int other)
{
	VerdictSink *sink = (VerdictSink *) head;

	return sink->unit_of[n] == sink->unit_of[other];
}

/*
 * dq_verdict_sink_throws: can the task throw?
 */
bool
dq_verdict_sink_throws(DqSink *head, int n)
{
	VerdictSink *sink = (VerdictSink *) head;
	const Unit *unit = &sink->units[sink->unit_of[n]];

	return unit->verdict->throws ||
		   (unit->filter != NULL && unit->filter->throws);
}

/*
 * dq_verdict_sink_free: forget a sink and what it found.
 */
void
dq_verdict_sink_free(DqSink *head)
{
	VerdictSink *sink = (VerdictSink *) head;

	MemoryContextDelete(sink->context);
	pfree(sink);
}

const DqSinkType dq_verdict_sink_type = {
	.name = "verdicts",
	.parallel = true,
	.begin = begin,
	.rows = rows,
	.save = save,
	.merge = merge};
