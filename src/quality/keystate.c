/*
 * keystate.c
 *	  What a process knows about the keys of the rows that it was fed.
 *
 * A worker sends its state record by record; the references of its rows are
 * changed to the numbers that the leader gave to the tables.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "quality/keystate.h"

/* as many as references can tell apart */
#define MAX_TABLES 65536

/*
 * dq_keystate_table: the number of a table, new or not.
 */
int
dq_keystate_table(DqKeyState *state, Oid relid)
{
	int i;

	for (i = state->n_tables - 1; i >= 0; i--)
	{
		if (state->tables[i] == relid)
			return i;
	}
	if (state->n_tables == MAX_TABLES)
	{
		state->too_many_tables = true;
		return 0;
	}
	if (state->n_tables == state->space)
	{
		MemoryContext caller = MemoryContextSwitchTo(state->context);

		state->space = Max(2 * state->space, 8);
		state->tables = state->tables == NULL ?
							palloc(sizeof(Oid) * state->space) :
							repalloc(state->tables,
									 sizeof(Oid) * state->space);
		MemoryContextSwitchTo(caller);
	}
	state->tables[state->n_tables] = relid;
	return state->n_tables++;
}

/* pieces that a worker sends begin with this */
typedef struct Piece
{
	int kind; /* PIECE_ something */
	int n_tables; /* whose OIDs follow */
	bool too_many_tables;
	bool too_many_nulls;
	bool too_many_shared;
	int64 scope;
	int64 nulls;
	int64 tested;
	int64 null_keys;
	int64 alone;
} Piece;

#define PIECE_NUMBERS 0
#define PIECE_EXACT 1
#define PIECE_HASHED 2
#define PIECE_NULLS 3
#define PIECE_HELD 4
#define PIECE_SKETCH 5
#define PIECE_SHARED 6

/*
 * save_piece: of some kind.
 */
static void
save_piece(const Piece *piece, const char *bytes, Size len,
		   DqKeyStateWrite write, void *arg)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (const char *) piece, sizeof(Piece));
	if (len > 0)
		appendBinaryStringInfo(&buf, bytes, len);
	write(arg, buf.data, buf.len);
	pfree(buf.data);
}

/*
 * save_stream: the records of one partition, in pieces.
 */
static void
save_stream(DqSpool *spool, int stream, int kind, DqKeyStateWrite write,
			void *arg)
{
	Piece piece = {.kind = kind};
	DqSpoolReader reader;
	char *bytes;
	Size len;

	dq_spool_open(&reader, spool, stream);
	while (dq_spool_read(&reader, &bytes, &len))
		save_piece(&piece, bytes, len, write, arg);
	dq_spool_close(&reader);
}

/*
 * save_keys: all of them.
 */
static void
save_keys(const DqKeyTarget *target, DqKeyStateWrite write, void *arg)
{
	Piece sketch = {.kind = PIECE_SKETCH};
	StringInfoData buf;
	int i;

	if (target->set != NULL)
	{
		int streams = dq_keyset_streams(target->set);

		for (i = 0; i < streams; i++)
			save_stream(target->set->spool, i,
						i < streams / 2 ? PIECE_EXACT : PIECE_HASHED, write,
						arg);
	}
	if (target->hold != NULL)
	{
		for (i = 0; i < 1 << target->hold->bits; i++)
			save_stream(target->hold->spool, i, PIECE_HELD, write, arg);
	}
	if (target->sketch != NULL)
	{
		initStringInfo(&buf);
		dq_sketch_save(target->sketch, &buf);
		save_piece(&sketch, buf.data, buf.len, write, arg);
		pfree(buf.data);
	}
}

/*
 * save_rows: of which it is known where they are, in one piece.
 */
static void
save_rows(const DqKeyCandidates *rows, int kind, DqKeyStateWrite write,
		  void *arg)
{
	Piece piece = {.kind = kind};

	if (rows->count > 0)
		save_piece(&piece, (const char *) rows->keys,
				   sizeof(DqKeyCandidate) * rows->count, write, arg);
}

/*
 * dq_keystate_save: numbers and tables, then records.
 */
void
dq_keystate_save(DqKeyState *state, DqKeyStateWrite write, void *arg)
{
	Piece piece = {.kind = PIECE_NUMBERS};
	DqKeyhold *hold = state->target.hold;

	piece.n_tables = state->n_tables;
	piece.too_many_tables = state->too_many_tables;
	piece.too_many_nulls = state->null_rows.exceeded;
	piece.scope = state->scope;
	piece.nulls = state->nulls;
	piece.tested = state->tested;
	piece.null_keys = state->null_keys;
	piece.alone = state->target.alone;
	piece.too_many_shared = hold != NULL && hold->shared.exceeded;
	save_piece(&piece, (const char *) state->tables,
			   sizeof(Oid) * state->n_tables, write, arg);
	save_rows(&state->null_rows, PIECE_NULLS, write, arg);
	if (hold != NULL)
		save_rows(&hold->shared, PIECE_SHARED, write, arg);
	save_keys(&state->target, write, arg);
}

/*
 * merge_numbers: of a worker whose records come next.
 */
static void
merge_numbers(DqKeyState *state, const Piece *piece, const Oid *tables)
{
	int i;

	state->scope += piece->scope;
	state->nulls += piece->nulls;
	state->tested += piece->tested;
	state->null_keys += piece->null_keys;
	state->target.alone += piece->alone;
	state->too_many_tables |= piece->too_many_tables;
	state->null_rows.exceeded |= piece->too_many_nulls;
	if (piece->too_many_shared)
		state->target.hold->shared.exceeded = true;
	if (state->table_map != NULL)
		pfree(state->table_map);
	state->table_map = MemoryContextAlloc(state->context,
										  sizeof(int) * (piece->n_tables + 1));
	for (i = 0; i < piece->n_tables; i++)
		state->table_map[i] = dq_keystate_table(state, tables[i]);
}

/*
 * our_ref: a reference of the worker at hand with our number of the table.
 */
static inline uint64
our_ref(const DqKeyState *state, uint64 ref)
{
	int table = state->table_map[ref >> 48];

	return (ref & ((UINT64CONST(1) << 48) - 1)) | (uint64) table << 48;
}

/*
 * merge_record: of a worker.
 */
static inline void
merge_record(DqKeyState *state, int kind, const uint64 *record)
{
	DqKeyset *set = state->target.set;

	if (kind == PIECE_NULLS)
		dq_keyset_note(&state->null_rows, 0, our_ref(state, record[1]));
	else if (kind == PIECE_SHARED)
		dq_keyset_note(&state->target.hold->shared, 0,
					   our_ref(state, record[1]));
	else if (kind == PIECE_HASHED)
		dq_keyset_add_hashed(set, record[0], our_ref(state, record[1]));
	else if (set->words == 1)
		dq_keyset_add_word(set, record[0], our_ref(state, record[1]));
	else
		dq_keyset_add_words(set, record, our_ref(state, record[2]));
}

/*
 * merge_held: keys that a worker kept as they are.
 */
static void
merge_held(DqKeyState *state, char *at, const char *end)
{
	DqKeyRow *row;

	while ((row = dq_keyhold_next(&at, end)) != NULL)
		dq_keyhold_take(state->target.hold, row, our_ref(state, row->ref));
}

/*
 * merge_sketch: how many different keys a worker has seen.
 */
static void
merge_sketch(DqKeyState *state, const char *bytes, Size len)
{
	MemoryContext caller = MemoryContextSwitchTo(state->context);
	DqSketch theirs;
	StringInfoData buf;

	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, bytes, len);
	dq_sketch_load(&theirs, &buf);
	dq_sketch_merge(state->target.sketch, &theirs);
	pfree(buf.data);
	MemoryContextSwitchTo(caller);
}

/*
 * dq_keystate_merge: one piece of a worker.
 */
void
dq_keystate_merge(DqKeyState *state, const char *bytes, Size len)
{
	const char *rest = bytes + sizeof(Piece);
	const char *end = bytes + len;
	Size size = 2 * sizeof(uint64);
	Piece piece;
	uint64 record[3];

	memcpy(&piece, bytes, sizeof(Piece));
	if (piece.kind == PIECE_NUMBERS)
		merge_numbers(state, &piece, (const Oid *) rest);
	else if (piece.kind == PIECE_HELD)
		merge_held(state, unconstify(char *, rest), end);
	else if (piece.kind == PIECE_SKETCH)
		merge_sketch(state, rest, end - rest);
	if (piece.kind == PIECE_NUMBERS || piece.kind == PIECE_HELD ||
		piece.kind == PIECE_SKETCH)
		return;
	if (piece.kind == PIECE_EXACT)
		size = (state->target.set->words + 1) * sizeof(uint64);
	for (; rest + size <= end; rest += size)
	{
		memcpy(record, rest, size);
		merge_record(state, piece.kind, record);
	}
}
