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
 * save_stream: the records of one partition, in pieces.
 */
static void
save_stream(DqKeyState *state, int stream, DqKeyStateWrite write, void *arg)
{
	bool hashed = stream >= dq_keyset_streams(state->set) / 2;
	Piece piece = {.kind = hashed ? PIECE_HASHED : PIECE_EXACT};
	StringInfoData buf;
	DqSpoolReader reader;
	char *bytes;
	Size len;

	initStringInfo(&buf);
	dq_spool_open(&reader, state->set->spool, stream);
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
save_null_rows(DqKeyState *state, DqKeyStateWrite write, void *arg)
{
	Piece piece = {.kind = PIECE_NULLS};
	StringInfoData buf;

	if (state->null_rows.count == 0)
		return;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (const char *) &piece, sizeof(Piece));
	appendBinaryStringInfo(&buf, (const char *) state->null_rows.keys,
						   sizeof(DqKeyCandidate) * state->null_rows.count);
	write(arg, buf.data, buf.len);
	pfree(buf.data);
}

/*
 * dq_keystate_save: numbers and tables, then records.
 */
void
dq_keystate_save(DqKeyState *state, DqKeyStateWrite write, void *arg)
{
	Piece piece = {.kind = PIECE_NUMBERS};
	StringInfoData buf;
	int i;

	piece.n_tables = state->n_tables;
	piece.too_many_tables = state->too_many_tables;
	piece.too_many_nulls = state->null_rows.exceeded;
	piece.scope = state->scope;
	piece.nulls = state->nulls;
	piece.tested = state->tested;
	piece.null_keys = state->null_keys;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (const char *) &piece, sizeof(Piece));
	if (state->n_tables > 0)
		appendBinaryStringInfo(&buf, (const char *) state->tables,
							   sizeof(Oid) * state->n_tables);
	write(arg, buf.data, buf.len);
	pfree(buf.data);
	save_null_rows(state, write, arg);
	for (i = 0; i < dq_keyset_streams(state->set); i++)
		save_stream(state, i, write, arg);
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
	state->too_many_tables |= piece->too_many_tables;
	state->null_rows.exceeded |= piece->too_many_nulls;
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
	if (kind == PIECE_NULLS)
		dq_keyset_note(&state->null_rows, 0, our_ref(state, record[1]));
	else if (kind == PIECE_HASHED)
		dq_keyset_add_hashed(state->set, record[0], our_ref(state, record[1]));
	else if (state->set->words == 1)
		dq_keyset_add_word(state->set, record[0], our_ref(state, record[1]));
	else
		dq_keyset_add_words(state->set, record, our_ref(state, record[2]));
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
	{
		merge_numbers(state, &piece, (const Oid *) rest);
		return;
	}
	if (piece.kind == PIECE_EXACT)
		size = (state->set->words + 1) * sizeof(uint64);
	for (; rest + size <= end; rest += size)
	{
		memcpy(record, rest, size);
		merge_record(state, piece.kind, record);
	}
}
