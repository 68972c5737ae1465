/*
 * key_sink.c
 *	  A sink that finds out how many rows share their keys.
 *
 * Keys are put into a set (keyset.h) in their form (keyform.h) as the rows
 * come. At the end the set is counted; rows whose keys only look equal are
 * fetched again and compared (keycheck.h), as long as they are few.
 *
 * A worker sends its set record by record; the references of its rows are
 * changed to the numbers that the leader gave to the tables.
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
#include "utils/memutils.h"

/* of the memory that a hash table of a query may use */
#define MEMORY_FACTOR 4

/* rows that are fetched again to compare their keys */
#define MAX_UNKNOWN 50000

/* failing rows whose places are kept */
#define MAX_FAILING 10000

/* as many as references can tell apart */
#define MAX_TABLES 65536

typedef struct KeySink
{
	DqSink head;
	MemoryContext context;
	MemoryContext batch_context; /* for what hashing leaves behind */
	Oid relid;
	DqKeyTask task;
	DqKeyform *form;
	DqKeyset *set;
	DqKernelSet *kernels;
	DqKernel *filter; /* NULL: none */
	bool working; /* a batch is being looked at */
	int64 scope;
	int64 nulls;
	int64 tested;
	int64 null_keys; /* keys of one column that are NULL and equal */
	DqKeyCandidates null_rows; /* that fail, or do if there are several */
	Oid *tables; /* that references mean */
	int n_tables;
	int space;
	bool too_many_tables;
	int *table_map; /* leader: of the worker at hand */
} KeySink;

/* pieces that a worker sends begin with this */
typedef struct Piece
{
	int kind; /* PIECE_ something */
	int n_tables; /* whose OIDs follow */
	bool too_many_tables;
	bool too_many_nulls;
	int64 scope;
	int64 nulls;
	int64 tested;
	int64 null_keys;
} Piece;

#define PIECE_NUMBERS 0
#define PIECE_EXACT 1
#define PIECE_HASHED 2
#define PIECE_NULLS 3

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
	sink->null_rows.context = sink->context;
	sink->null_rows.limit = MAX_FAILING;
	sink->relid = RelationGetRelid(rel);
	sink->task = *task;
	sink->form = dq_keyform_create(rel, task->attnums, nulls_inside(task));
	sink->set = dq_keyform_keyset(sink->form,
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

	sink->head.serial = !may_go_parallel(task);
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
 * add_table: the number of a table, new or not; -1 when there are too many.
 */
static int
add_table(KeySink *sink, Oid relid)
{
	int i;

	for (i = sink->n_tables - 1; i >= 0; i--)
	{
		if (sink->tables[i] == relid)
			return i;
	}
	if (sink->n_tables == MAX_TABLES)
	{
		sink->too_many_tables = true;
		return -1;
	}
	if (sink->n_tables == sink->space)
	{
		MemoryContext caller = MemoryContextSwitchTo(sink->context);

		sink->space = Max(2 * sink->space, 8);
		sink->tables = sink->tables == NULL ?
						   palloc(sizeof(Oid) * sink->space) :
						   repalloc(sink->tables, sizeof(Oid) * sink->space);
		MemoryContextSwitchTo(caller);
	}
	sink->tables[sink->n_tables] = relid;
	return sink->n_tables++;
}

/*
 * table_of: the number of the table of a batch, nearly always the last one.
 */
static inline int
table_of(KeySink *sink, const DqBatch *batch)
{
	if (sink->n_tables > 0 &&
		sink->tables[sink->n_tables - 1] == batch->tableoid)
		return sink->n_tables - 1;
	return add_table(sink, batch->tableoid);
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

	sink->nulls += pg_popcount64(nulls);
	if (equal_nulls)
		sink->tested += pg_popcount64(nulls);
	if (equal_nulls && !single)
		return nulls;
	if (equal_nulls)
		sink->null_keys += pg_popcount64(nulls);
	if (equal_nulls || sink->task.null_fails)
	{
		DQ_EACH_ROW(row, nulls)
		{
			dq_keyset_note(&sink->null_rows, 0,
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
	sink->scope += pg_popcount64(scope);
	nulls = null_keys(sink, batch) & scope;
	scope &= ~nulls;
	sink->tested += pg_popcount64(scope);
	if (nulls != 0)
		scope |= note_nulls(sink, batch, nulls, Max(table, 0));
	if (table >= 0)
		dq_keyform_add(sink->form, sink->set, batch, scope, table);
	sink->working = false;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(sink->batch_context);
}

/*
 * save_stream: the records of one partition, in pieces.
 */
static void
save_stream(KeySink *sink, int stream, DqSinkWrite write, void *arg)
{
	bool hashed = stream >= dq_keyset_streams(sink->set) / 2;
	Piece piece = {.kind = hashed ? PIECE_HASHED : PIECE_EXACT};
	StringInfoData buf;
	DqSpoolReader reader;
	char *bytes;
	Size len;

	initStringInfo(&buf);
	dq_spool_open(&reader, sink->set->spool, stream);
	while (dq_spool_read(&reader, &bytes, &len))
	{
		resetStringInfo(&buf);
		appendBinaryStringInfo(&buf, (const char *) &piece, sizeof(Piece));
		appendBinaryStringInfo(&buf, bytes, len);
		write(arg, buf.data, buf.len);
	}
	dq_spool_close(&reader);
	pfree(buf.data);
}

/*
 * save_null_rows: in one piece.
 */
static void
save_null_rows(KeySink *sink, DqSinkWrite write, void *arg)
{
	Piece piece = {.kind = PIECE_NULLS};
	StringInfoData buf;

	if (sink->null_rows.count == 0)
		return;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (const char *) &piece, sizeof(Piece));
	appendBinaryStringInfo(&buf, (const char *) sink->null_rows.keys,
						   sizeof(DqKeyCandidate) * sink->null_rows.count);
	write(arg, buf.data, buf.len);
	pfree(buf.data);
}

/*
 * save: numbers and tables, then records.
 */
static void
save(DqSink *head, DqSinkWrite write, void *arg)
{
	KeySink *sink = (KeySink *) head;
	Piece piece = {.kind = PIECE_NUMBERS};
	StringInfoData buf;
	int i;

	piece.n_tables = sink->n_tables;
	piece.too_many_tables = sink->too_many_tables;
	piece.too_many_nulls = sink->null_rows.exceeded;
	piece.scope = sink->scope;
	piece.nulls = sink->nulls;
	piece.tested = sink->tested;
	piece.null_keys = sink->null_keys;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (const char *) &piece, sizeof(Piece));
	if (sink->n_tables > 0)
		appendBinaryStringInfo(&buf, (const char *) sink->tables,
							   sizeof(Oid) * sink->n_tables);
	write(arg, buf.data, buf.len);
	pfree(buf.data);
	save_null_rows(sink, write, arg);
	for (i = 0; i < dq_keyset_streams(sink->set); i++)
		save_stream(sink, i, write, arg);
	dq_key_sink_free(head, false);
}

/*
 * merge_numbers: of a worker whose records come next.
 */
static void
merge_numbers(KeySink *sink, const Piece *piece, const Oid *tables)
{
	int i;

	sink->scope += piece->scope;
	sink->nulls += piece->nulls;
	sink->tested += piece->tested;
	sink->null_keys += piece->null_keys;
	sink->too_many_tables |= piece->too_many_tables;
	sink->null_rows.exceeded |= piece->too_many_nulls;
	if (sink->table_map != NULL)
		pfree(sink->table_map);
	sink->table_map = MemoryContextAlloc(sink->context,
										 sizeof(int) * (piece->n_tables + 1));
	for (i = 0; i < piece->n_tables; i++)
		sink->table_map[i] = add_table(sink, tables[i]);
}

/*
 * our_ref: a reference of the worker at hand with our number of the table.
 */
static inline uint64
our_ref(const KeySink *sink, uint64 ref)
{
	int table = Max(sink->table_map[dq_keyform_table(ref)], 0);

	return (ref & ((UINT64CONST(1) << 48) - 1)) | (uint64) table << 48;
}

/*
 * merge_record: of a worker.
 */
static inline void
merge_record(KeySink *sink, int kind, const uint64 *record)
{
	if (kind == PIECE_NULLS)
		dq_keyset_note(&sink->null_rows, 0, our_ref(sink, record[1]));
	else if (kind == PIECE_HASHED)
		dq_keyset_add_hashed(sink->set, record[0], our_ref(sink, record[1]));
	else if (sink->set->words == 1)
		dq_keyset_add_word(sink->set, record[0], our_ref(sink, record[1]));
	else
		dq_keyset_add_words(sink->set, record, our_ref(sink, record[2]));
}

/*
 * merge: one piece of a worker.
 */
static void
merge(DqSink *head, const char *bytes, Size len)
{
	KeySink *sink = (KeySink *) head;
	const char *rest = bytes + sizeof(Piece);
	const char *end = bytes + len;
	Size size = 2 * sizeof(uint64);
	Piece piece;
	uint64 record[3];

	memcpy(&piece, bytes, sizeof(Piece));
	if (piece.kind == PIECE_NUMBERS)
	{
		merge_numbers(sink, &piece, (const Oid *) rest);
		return;
	}
	if (piece.kind == PIECE_EXACT)
		size = (sink->set->words + 1) * sizeof(uint64);
	for (; rest + size <= end; rest += size)
	{
		memcpy(record, rest, size);
		merge_record(sink, piece.kind, record);
	}
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
	if (sink->null_keys > 0)
		numbers->values++;
	if (sink->null_keys > 1)
	{
		numbers->shared_values++;
		numbers->shared_rows += sink->null_keys;
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

		place->tableoid = sink->tables[dq_keyform_table(rows->keys[i].ref)];
		dq_keyform_place(rows->keys[i].ref, &place->tid);
	}
}

/*
 * find_places: of the failing rows, when all of them are known.
 */
static void
find_places(const KeySink *sink, const DqKeyNumbers *numbers,
			DqKeyCount *count)
{
	bool null_rows = sink->task.null_fails || sink->null_keys > 1;
	int rows = numbers->shared.count;

	count->n_places = 0;
	count->all_places = !numbers->shared.exceeded &&
						!(null_rows && sink->null_rows.exceeded);
	if (null_rows)
		rows += sink->null_rows.count;
	if (!count->all_places || rows == 0)
		return;
	count->places = palloc(sizeof(DqPlace) * rows);
	add_places(sink, &numbers->shared, count);
	if (null_rows)
		add_places(sink, &sink->null_rows, count);
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
	dq_keyset_count(sink->set, numbers);
	if (numbers->unknown.exceeded || sink->too_many_tables)
		return false;
	if (numbers->unknown.count > 0)
	{
		rel = table_open(sink->relid, NoLock);
		dq_keycheck_run(rel, sink->task.attnums, sink->form, sink->tables,
						numbers);
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
	count->scope = sink->scope;
	count->nulls = sink->nulls;
	count->tested = sink->tested;
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
		dq_keyset_free(sink->set);
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
