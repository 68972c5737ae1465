/*
 * key_sink.c
 *	  A sink that finds out how many rows share their keys.
 *
 * Keys are put into a set (keyset.h) in their form (keyform.h) as the rows
 * come. At the end the set is counted; rows whose keys only look equal are
 * fetched again and compared (keycheck.h), as long as they are few.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "quality/exprtree.h"
#include "quality/kernel.h"
#include "quality/key_sink.h"
#include "quality/keycheck.h"
#include "quality/keystate.h"
#include "utils/memutils.h"

/* of the memory that a hash table of a query may use */
#define MEMORY_FACTOR 4

/* rows that are fetched again to compare their keys */
#define MAX_UNKNOWN 50000

/* failing rows whose places are kept */
#define MAX_FAILING 10000

typedef struct KeySink
{
	DqSink head;
	MemoryContext context;
	MemoryContext batch_context; /* for what hashing leaves behind */
	Oid relid;
	DqKeyTask task;
	DqKeyform *form;
	DqKernelSet *kernels;
	DqKernel *filter; /* NULL: none */
	bool working; /* a batch is being looked at */
	DqKeyState state;
} KeySink;

/*
 * nulls_inside: are keys with a NULL put into the set?
 */
static bool
nulls_inside(const DqKeyTask *task)
{
	return list_length(task->attnums) > 1 &&
		   (task->nulls == DQ_NULLS_EQUAL ||
			task->nulls == DQ_NULLS_IGNORE_ALL);
}

/*
 * dq_key_sink_is_same: the same key of the same rows?
 */
bool
dq_key_sink_is_same(const DqKeyTask *a, const DqKeyTask *b)
{
	return a->nulls == b->nulls && a->null_fails == b->null_fails &&
		   equal(a->attnums, b->attnums) &&
		   equal(a->filter, b->filter) &&
		   !contain_volatile_functions(a->filter);
}

/*
 * dq_key_sink_possible: can its columns be hashed as they are compared?
 */
bool
dq_key_sink_possible(Relation rel, const DqKeyTask *task)
{
	return dq_keyform_create(rel, task->attnums, nulls_inside(task)) != NULL;
}

/*
 * may_go_parallel: may the filter be evaluated in a worker?
 */
static bool
may_go_parallel(const DqKeyTask *task)
{
	Query *query = makeNode(Query);

	query->commandType = CMD_SELECT;
	if (task->filter != NULL)
		query->targetList = list_make1(task->filter);
	return max_parallel_hazard(query) == PROPARALLEL_SAFE;
}

/*
 * prepare: an empty sink for a task.
 */
static KeySink *
prepare(Relation rel, const DqKeyTask *task)
{
	KeySink *sink = palloc0(sizeof(KeySink));
	MemoryContext outer;
	ListCell *lc;

	sink->head.type = &dq_key_sink_type;
	sink->context = AllocSetContextCreate(CurrentMemoryContext, "dq_etl key",
										  ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(sink->context);
	sink->batch_context = AllocSetContextCreate(sink->context,
												"dq_etl keys of a batch",
												ALLOCSET_DEFAULT_SIZES);
	sink->state.null_rows.context = sink->context;
	sink->state.null_rows.limit = MAX_FAILING;
	sink->relid = RelationGetRelid(rel);
	sink->task = *task;
	sink->state.context = sink->context;
	sink->form = dq_keyform_create(rel, task->attnums, nulls_inside(task));
	sink->state.set =
		dq_keyform_keyset(sink->form,
						  get_hash_memory_limit() * MEMORY_FACTOR);
	foreach(lc, task->attnums)
		sink->head.columns = bms_add_member(sink->head.columns,
											lfirst_int(lc));
	if (task->filter != NULL)
	{
		sink->working = true;
		(void) ExecInitExpr((Expr *) task->filter, NULL);
		sink->kernels = dq_kernel_set_create(RelationGetDescr(rel));
		sink->filter = dq_kernel_compile(sink->kernels, task->filter);
		sink->head.columns =
			bms_add_members(sink->head.columns,
							dq_exprtree_columns(task->filter));
		sink->working = false;
	}
	MemoryContextSwitchTo(outer);
	return sink;
}

/*
 * dq_key_sink_create: throws what preparing the filter throws.
 */
DqSink *
dq_key_sink_create(Relation rel, const DqKeyTask *task)
{
	KeySink *sink = prepare(rel, task);

	sink->head.serial = !may_go_parallel(task) ||
						!dq_keyform_is_parallel_safe(sink->form);
	if (!sink->head.serial)
	{
		sink->head.spec =
			nodeToString(list_make4(task->attnums,
									makeInteger((int) task->nulls),
									makeInteger(task->null_fails),
									task->filter));
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
	List *parts = castNode(List, stringToNode(spec));
	DqKeyTask task;

	task.attnums = (List *) linitial(parts);
	task.nulls = (DqNulls) intVal(lsecond(parts));
	task.null_fails = intVal(lthird(parts)) != 0;
	task.filter = (Node *) lfourth(parts);
	return &prepare(rel, &task)->head;
}

/*
 * table_of: the number of the table of a batch, nearly always the last one.
 */
static inline int
table_of(KeySink *sink, const DqBatch *batch)
{
	if (sink->state.n_tables > 0 &&
		sink->state.tables[sink->state.n_tables - 1] == batch->tableoid)
		return sink->state.n_tables - 1;
	return dq_keystate_table(&sink->state, batch->tableoid);
}

/*
 * null_keys: the rows whose key counts as NULL.
 */
static inline uint64
null_keys(const KeySink *sink, const DqBatch *batch)
{
	uint64 any = 0;
	uint64 all = ~UINT64CONST(0);
	ListCell *lc;

	foreach(lc, sink->task.attnums)
	{
		uint64 nulls = batch->nulls[lfirst_int(lc) - 1];

		any |= nulls;
		all &= nulls;
	}
	return sink->task.nulls == DQ_NULLS_IGNORE_ALL ? all : any;
}

/*
 * note_nulls: rows whose key counts as NULL; returns those of them that are
 * put into the set.
 */
static uint64
note_nulls(KeySink *sink, const DqBatch *batch, uint64 nulls, uint64 table)
{
	bool equal_nulls = sink->task.nulls == DQ_NULLS_EQUAL;
	bool single = list_length(sink->task.attnums) == 1;
	int row;

	sink->state.nulls += pg_popcount64(nulls);
	if (equal_nulls)
		sink->state.tested += pg_popcount64(nulls);
	if (equal_nulls && !single)
		return nulls;
	if (equal_nulls)
		sink->state.null_keys += pg_popcount64(nulls);
	if (equal_nulls || sink->task.null_fails)
	{
		DQ_EACH_ROW(row, nulls)
		{
			dq_keyset_note(&sink->state.null_rows, 0,
						   dq_keyform_ref(batch, row, table));
		}
	}
	return 0;
}

/*
 * rows: the next batch.
 */
static void
rows(DqSink *head, const DqBatch *batch)
{
	KeySink *sink = (KeySink *) head;
	MemoryContext caller = MemoryContextSwitchTo(sink->batch_context);
	uint64 scope = batch->all;
	uint64 nulls;
	int table = table_of(sink, batch);

	sink->working = true;
	if (sink->filter != NULL)
		scope = dq_kernel_ask(sink->filter, batch, scope).yes;
	sink->state.scope += pg_popcount64(scope);
	nulls = null_keys(sink, batch) & scope;
	scope &= ~nulls;
	sink->state.tested += pg_popcount64(scope);
	if (nulls != 0)
		scope |= note_nulls(sink, batch, nulls, table);
	dq_keyform_add(sink->form, sink->state.set, batch, scope, table);
	sink->working = false;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(sink->batch_context);
}

/*
 * save: the state, which is not needed any more.
 */
static void
save(DqSink *head, DqSinkWrite write, void *arg)
{
	KeySink *sink = (KeySink *) head;

	dq_keystate_save(&sink->state, write, arg);
	dq_key_sink_free(head, false);
}

/*
 * merge: one piece of a worker.
 */
static void
merge(DqSink *head, const char *bytes, Size len)
{
	dq_keystate_merge(&((KeySink *) head)->state, bytes, len);
}

/*
 * dq_key_sink_blamed: was this sink at work when an error came?
 */
bool
dq_key_sink_blamed(DqSink *head)
{
	return ((KeySink *) head)->working;
}

/*
 * dq_key_sink_throws: a filter may, and so may the functions of types that
 * are not among those whose bytes are compared; built-in ones do not.
 */
bool
dq_key_sink_throws(DqSink *head)
{
	KeySink *sink = (KeySink *) head;

	return sink->filter != NULL && sink->filter->throws;
}

/*
 * count_nulls: keys of one column that are NULL and equal.
 */
static void
count_nulls(const KeySink *sink, DqKeyNumbers *numbers)
{
	if (sink->state.null_keys > 0)
		numbers->values++;
	if (sink->state.null_keys > 1)
	{
		numbers->shared_values++;
		numbers->shared_rows += sink->state.null_keys;
	}
}

/*
 * compare_places: by part and place, for qsort.
 */
static int
compare_places(const void *a, const void *b)
{
	const DqPlace *one = (const DqPlace *) a;
	const DqPlace *two = (const DqPlace *) b;

	if (one->tableoid != two->tableoid)
		return one->tableoid < two->tableoid ? -1 : 1;
	return ItemPointerCompare(unconstify(ItemPointerData *, &one->tid),
							  unconstify(ItemPointerData *, &two->tid));
}

/*
 * add_places: of these rows.
 */
static void
add_places(const KeySink *sink, const DqKeyCandidates *rows,
		   DqKeyCount *count)
{
	int i;

	for (i = 0; i < rows->count; i++)
	{
		DqPlace *place = &count->places[count->n_places++];
		uint64 ref = rows->keys[i].ref;

		place->tableoid = sink->state.tables[dq_keyform_table(ref)];
		dq_keyform_place(ref, &place->tid);
	}
}

/*
 * find_places: of the failing rows, when all of them are known.
 */
static void
find_places(const KeySink *sink, const DqKeyNumbers *numbers,
			DqKeyCount *count)
{
	bool null_rows = sink->task.null_fails || sink->state.null_keys > 1;
	int rows = numbers->shared.count;

	count->n_places = 0;
	count->all_places = !numbers->shared.exceeded &&
						!(null_rows && sink->state.null_rows.exceeded);
	if (null_rows)
		rows += sink->state.null_rows.count;
	if (!count->all_places || rows == 0)
		return;
	count->places = palloc(sizeof(DqPlace) * rows);
	add_places(sink, &numbers->shared, count);
	if (null_rows)
		add_places(sink, &sink->state.null_rows, count);
	qsort(count->places, count->n_places, sizeof(DqPlace), compare_places);
}

/*
 * count_keys: all numbers of the set; false when they are not known.
 */
static bool
count_keys(KeySink *sink, DqKeyNumbers *numbers)
{
	Relation rel;

	numbers->shared.context = sink->context;
	numbers->shared.limit = MAX_FAILING;
	numbers->unknown.context = sink->context;
	numbers->unknown.limit = MAX_UNKNOWN;
	dq_keyset_count(sink->state.set, numbers);
	if (numbers->unknown.exceeded || sink->state.too_many_tables)
		return false;
	if (numbers->unknown.count > 0)
	{
		rel = table_open(sink->relid, NoLock);
		dq_keycheck_run(rel, sink->task.attnums, sink->form,
						sink->state.tables, numbers);
		table_close(rel, NoLock);
	}
	count_nulls(sink, numbers);
	return true;
}

/*
 * dq_key_sink_count: what was found.
 */
bool
dq_key_sink_count(DqSink *head, DqKeyCount *count)
{
	KeySink *sink = (KeySink *) head;
	MemoryContext caller = MemoryContextSwitchTo(sink->context);
	DqKeyNumbers numbers = {0};
	bool known;

	sink->working = true;
	known = count_keys(sink, &numbers);
	sink->working = false;
	MemoryContextSwitchTo(caller);
	if (!known)
		return false;
	count->scope = sink->state.scope;
	count->nulls = sink->state.nulls;
	count->tested = sink->state.tested;
	count->distinct_values = numbers.values;
	count->duplicate_values = numbers.shared_values;
	count->duplicate_rows = numbers.shared_rows;
	find_places(sink, &numbers, count);
	return true;
}

/*
 * dq_key_sink_free: after an error its temporary file is gone already.
 */
void
dq_key_sink_free(DqSink *head, bool failed)
{
	KeySink *sink = (KeySink *) head;

	if (!failed)
		dq_keyset_free(sink->state.set);
	MemoryContextDelete(sink->context);
	pfree(sink);
}

const DqSinkType dq_key_sink_type = {
	.name = "key",
	.parallel = true,
	.begin = begin,
	.rows = rows,
	.save = save,
	.merge = merge};
