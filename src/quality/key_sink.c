/*
 * key_sink.c
 *	  A sink that finds out how many rows share their keys.
 *
 * Keys are put into a set (keyset.h) in their form (keyform.h) as the rows
 * come. At the end the set is counted, and rows whose keys only look equal
 * because their hashes are have to be compared:
 *
 *	- A few are fetched again where they are (keycheck.h).
 *	- When a sample of the first rows (keysample.h) shows that there will be
 *	  many, keys whose hash would be kept are kept as they are (keyhold.h).
 *	- When it did not and there are many nevertheless, the sink wants a second
 *	  scan, in which it keeps those keys as they are that have one of the
 *	  hashes in question.
 *
 * A filter that is volatile would let other rows through in a second scan:
 * then keys are kept as they are at once.
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
#include "quality/keysample.h"
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
	bool keeps; /* keys as they are rather than hashes */
	bool again; /* in or before the second scan */
	DqKeyState state;
	DqKeyNumbers numbers; /* of the first scan */
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
		   a->approximate == b->approximate &&
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
 * memory_limit: for one key in one process.
 */
static Size
memory_limit(void)
{
	return get_hash_memory_limit() * MEMORY_FACTOR;
}

/*
 * open_target: where keys go, in the first scan or with marks in the second.
 */
static void
open_target(KeySink *sink, const DqKeyMarks *marks)
{
	DqKeyTarget *target = &sink->state.target;
	DqKeyCandidates shared = {.context = sink->context, .limit = MAX_FAILING};
	MemoryContext caller = MemoryContextSwitchTo(sink->context);

	memset(target, 0, sizeof(DqKeyTarget));
	target->marks = marks;
	if (sink->task.approximate)
	{
		target->sketch = palloc(sizeof(DqSketch));
		dq_sketch_init(target->sketch);
	}
	else if (sink->keeps || marks != NULL)
		target->hold = dq_keyhold_create(memory_limit(), &shared);
	else
		target->set = dq_keyform_keyset(sink->form, memory_limit());
	MemoryContextSwitchTo(caller);
}

/*
 * close_target: with temporary files.
 */
static void
close_target(DqKeyTarget *target)
{
	if (target->set != NULL)
		dq_keyset_free(target->set);
	if (target->hold != NULL)
		dq_keyhold_free(target->hold);
	target->set = NULL;
	target->hold = NULL;
}

/*
 * prepare: a sink for a task, without a target.
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
 * write_spec: for workers: the task as a text; then, aligned, the marks of a
 * second scan.
 */
static void
write_spec(KeySink *sink)
{
	const DqKeyTask *task = &sink->task;
	const DqKeyMarks *marks = sink->state.target.marks;
	StringInfoData buf;

	if (sink->head.serial)
		return;
	initStringInfo(&buf);
	appendStringInfoString(&buf,
						   nodeToString(list_make5(
							   task->attnums,
							   makeInteger((int) task->nulls),
							   makeInteger((task->null_fails ? 1 : 0) |
										   (task->approximate ? 2 : 0)),
							   makeInteger(sink->keeps), task->filter)));
	appendStringInfoChar(&buf, '\0');
	if (marks != NULL)
		appendBinaryStringInfo(&buf, (const char *) marks,
							   dq_keymarks_size(marks));
	sink->head.spec = buf.data;
	sink->head.spec_len = buf.len;
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
	sink->keeps = !dq_keyform_is_fixed(sink->form) &&
				  contain_volatile_functions(task->filter);
	open_target(sink, NULL);
	write_spec(sink);
	return &sink->head;
}

/*
 * begin: in a worker.
 */
static DqSink *
begin(Relation rel, const char *spec, Size len)
{
	List *parts = castNode(List, stringToNode(spec));
	Node *filter = (Node *) list_nth(parts, 4);
	Size text_len = strlen(spec) + 1;
	DqKeyMarks *marks = NULL;
	DqKeyTask task;
	KeySink *sink;

	task.attnums = (List *) linitial(parts);
	task.nulls = (DqNulls) intVal(lsecond(parts));
	task.null_fails = (intVal(lthird(parts)) & 1) != 0;
	task.approximate = (intVal(lthird(parts)) & 2) != 0;
	task.filter = filter;
	sink = prepare(rel, &task);
	sink->keeps = intVal(lfourth(parts)) != 0;
	if (len > text_len)
	{
		marks = MemoryContextAlloc(sink->context, len - text_len);
		memcpy(marks, spec + text_len, len - text_len);
	}
	sink->again = marks != NULL;
	open_target(sink, marks);
	return &sink->head;
}

/*
 * takes_sample: is it not known yet whether to keep keys as they are?
 */
static bool
takes_sample(const KeySink *sink)
{
	return !sink->keeps && !sink->task.approximate &&
		   !dq_keyform_is_fixed(sink->form);
}

/*
 * decide: after a sample.
 */
static void
decide(KeySink *sink)
{
	DqKeySample *sample = sink->state.target.sample;

	sink->state.target.sample = NULL;
	sink->keeps = dq_keysample_is_repetitive(sample);
	dq_keysample_free(sample);
	if (!sink->keeps)
		return;
	close_target(&sink->state.target);
	open_target(sink, NULL);
	write_spec(sink);
}

/*
 * dq_key_sink_sample: a look at the first rows, by all sinks for which it
 * makes a difference.
 */
void
dq_key_sink_sample(Relation rel, List *sinks)
{
	List *takers = NIL;
	ListCell *lc;

	foreach(lc, sinks)
	{
		KeySink *sink = (KeySink *) lfirst(lc);

		if (takes_sample(sink))
			takers = lappend(takers, sink);
	}
	if (takers == NIL || !dq_keysample_is_worth_it(rel))
		return;
	foreach(lc, takers)
	{
		KeySink *sink = (KeySink *) lfirst(lc);

		sink->state.target.sample = dq_keysample_create();
	}
	dq_keysample_feed(rel, takers);
	foreach(lc, takers)
		decide((KeySink *) lfirst(lc));
	list_free(takers);
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
 * note_nulls: rows whose key counts as NULL, for the first time.
 */
static void
note_nulls(KeySink *sink, const DqBatch *batch, uint64 nulls, uint64 table)
{
	bool equal_nulls = sink->task.nulls == DQ_NULLS_EQUAL;
	bool single = list_length(sink->task.attnums) == 1;
	int row;

	sink->state.nulls += pg_popcount64(nulls);
	if (equal_nulls)
		sink->state.tested += pg_popcount64(nulls);
	if (equal_nulls && !single)
		return;
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
}

/*
 * split_rows: those within the filter whose keys are counted. All numbers but
 * those of keys are taken, unless this is no first look at the rows.
 */
static uint64
split_rows(KeySink *sink, const DqBatch *batch, uint64 table)
{
	uint64 scope = batch->all;
	uint64 nulls;

	if (sink->filter != NULL)
		scope = dq_kernel_ask(sink->filter, batch, scope).yes;
	nulls = null_keys(sink, batch) & scope;
	if (!sink->again && sink->state.target.sample == NULL)
	{
		sink->state.scope += pg_popcount64(scope);
		sink->state.tested += pg_popcount64(scope & ~nulls);
		if (nulls != 0)
			note_nulls(sink, batch, nulls, table);
	}
	if (nulls_inside(&sink->task) && sink->task.nulls == DQ_NULLS_EQUAL)
		return scope;
	return scope & ~nulls;
}

/*
 * rows: the next batch.
 */
static void
rows(DqSink *head, const DqBatch *batch)
{
	KeySink *sink = (KeySink *) head;
	MemoryContext caller = MemoryContextSwitchTo(sink->batch_context);
	int table = table_of(sink, batch);

	sink->working = true;
	dq_keyform_add(sink->form, &sink->state.target, batch,
				   split_rows(sink, batch, table), table);
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
 * find_again: that the rows have to be scanned once more, with the marks of
 * those whose keys look equal.
 */
static void
find_again(KeySink *sink)
{
	DqKeyNumbers *numbers = &sink->numbers;

	close_target(&sink->state.target);
	numbers->values -= numbers->alone;
	if (numbers->unknown.keys != NULL)
		pfree(numbers->unknown.keys);
	numbers->unknown.keys = NULL;
	numbers->unknown.count = 0;
	sink->again = true;
	open_target(sink, numbers->marks);
	write_spec(sink);
}

/*
 * compare_keys: of rows that look equal; false when that takes too long.
 */
static bool
compare_keys(KeySink *sink)
{
	DqKeyhold *hold = sink->state.target.hold;
	DqKeyNumbers *numbers = &sink->numbers;
	Relation rel = table_open(sink->relid, NoLock);
	DqKeycheck *check = dq_keycheck_open(rel, sink->task.attnums, sink->form,
										 sink->state.tables);
	bool known = hold == NULL ||
				 dq_keyhold_count(hold, dq_keycheck_same, check, numbers);

	if (numbers->unknown.count > 0)
		dq_keycheck_run(check, numbers);
	numbers->values += sink->state.target.alone;
	dq_keycheck_close(check);
	table_close(rel, NoLock);
	return known;
}

/*
 * count_keys: all numbers of the keys.
 */
static DqKeyOutcome
count_keys(KeySink *sink)
{
	DqKeyTarget *target = &sink->state.target;
	DqKeyNumbers *numbers = &sink->numbers;

	numbers->shared.context = sink->context;
	numbers->shared.limit = MAX_FAILING;
	numbers->unknown.context = sink->context;
	numbers->unknown.limit = MAX_UNKNOWN;
	if (target->set != NULL)
		dq_keyset_count(target->set, numbers);
	if (sink->state.too_many_tables)
		return DQ_KEY_UNKNOWN;
	if (numbers->unknown.exceeded && !sink->again)
	{
		find_again(sink);
		return DQ_KEY_AGAIN;
	}
	return compare_keys(sink) ? DQ_KEY_COUNTED : DQ_KEY_UNKNOWN;
}

/*
 * estimate: the number of different keys, by the sketch.
 */
static void
estimate(KeySink *sink, DqKeyCount *count)
{
	const DqSketch *sketch = sink->state.target.sketch;

	sink->numbers.values = (int64) dq_sketch_estimate(sketch);
	count->standard_error = dq_sketch_is_exact(sketch) ? 0 : DQ_SKETCH_ERROR;
}

/*
 * dq_key_sink_count: what was found.
 */
DqKeyOutcome
dq_key_sink_count(DqSink *head, DqKeyCount *count)
{
	KeySink *sink = (KeySink *) head;
	MemoryContext caller = MemoryContextSwitchTo(sink->context);
	DqKeyOutcome outcome = DQ_KEY_COUNTED;

	count->standard_error = 0;
	sink->working = true;
	if (sink->task.approximate)
		estimate(sink, count);
	else
		outcome = count_keys(sink);
	sink->working = false;
	MemoryContextSwitchTo(caller);
	if (outcome != DQ_KEY_COUNTED)
		return outcome;
	count_nulls(sink, &sink->numbers);
	count->scope = sink->state.scope;
	count->nulls = sink->state.nulls;
	count->tested = sink->state.tested;
	count->distinct_values = sink->numbers.values;
	count->duplicate_values = sink->numbers.shared_values;
	count->duplicate_rows = sink->numbers.shared_rows;
	find_places(sink, &sink->numbers, count);
	return DQ_KEY_COUNTED;
}

/*
 * dq_key_sink_free: after an error its temporary file is gone already.
 */
void
dq_key_sink_free(DqSink *head, bool failed)
{
	KeySink *sink = (KeySink *) head;

	if (!failed)
		close_target(&sink->state.target);
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
