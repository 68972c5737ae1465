/*
 * dfa.c
 *	  Patterns compiled to automata over bytes.
 *
 * The subset construction (M. O. Rabin and D. Scott, "Finite Automata and
 * Their Decision Problems", IBM Journal 3(2), 1959) makes a deterministic
 * automaton of the one in nfa.c, all of it at once and within limits. Each
 * class of bytes is a column of the table, and one column more is the end of
 * the string.
 *
 * A match may begin anywhere: the closure of the start joins every state. ^
 * is passed in the closure at the start of the string only, $ only in the
 * column of the end. Three states end the loop over the bytes:
 *
 *	REJECT	no part of the string can match any more
 *	ACCEPT	some part of it has matched
 *	ASK		it depends on what class a character from 128 on is in: the core
 *			decides about this string
 *
 * So the loop is one load per byte, and one test that is nearly never true.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "quality/dfa.h"
#include "quality/nfa.h"
#include "regex/regex.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* limits: states, and steps of construction (some 10 ms) */
#define MAX_STATES 2000
#define MAX_STEPS 10000000

#define STATE_REJECT 0
#define STATE_ACCEPT 1
#define STATE_ASK 2
#define FIRST_STATE 3

#define BUCKETS 4096

struct DqDfa
{
	uint32 *next; /* by state and class; states are offsets of rows */
	uint32 start;
	uint32 limit; /* states below end the loop */
	uint32 accept;
	uint32 ask;
	uint32 n_classes; /* the column of the end of the string */
	text *pattern; /* for the core */
	Oid collation;
	uint8 classes[256];
};

typedef struct Builder
{
	const DqNfa *nfa;
	bool refused; /* too large */
	int n_words; /* of a set of nodes */
	uint64 *sets; /* of states, from FIRST_STATE on */
	uint32 *next;
	int n_states;
	int buckets[BUCKETS];
	int chain[MAX_STATES];
	uint64 *again; /* closure of the start, not at the start of the string */
	uint64 *closure;
	int *stack;
	int64 steps;
} Builder;

/* flags of a closure */
#define AT_START 1
#define AT_END 2

/*
 * close_over: add a node and what is reached from it without a byte to
 * b->closure.
 */
static void
close_over(Builder *b, int node, int flags)
{
	int depth = 0;

	b->stack[depth++] = node;
	while (depth > 0)
	{
		const DqNfaNode *n;

		node = b->stack[--depth];
		n = &b->nfa->nodes[node];
		b->steps++;
		if (dq_nfa_has_bit(b->closure, node))
			continue;
		dq_nfa_set_bit(b->closure, node);
		if (n->kind == DQ_NFA_EITHER)
		{
			b->stack[depth++] = n->other;
			b->stack[depth++] = n->out;
		}
		else if ((n->kind == DQ_NFA_START && (flags & AT_START)) ||
				 (n->kind == DQ_NFA_END && (flags & AT_END)))
			b->stack[depth++] = n->out;
	}
}

/*
 * only_members: of b->closure, keep what makes a difference later on.
 */
static bool
only_members(Builder *b)
{
	bool any = false;
	int i;

	for (i = 0; i < b->nfa->n_nodes; i++)
	{
		DqNfaKind kind = b->nfa->nodes[i].kind;

		if (kind == DQ_NFA_EITHER || kind == DQ_NFA_START)
			b->closure[i / 64] &= ~(UINT64CONST(1) << (i % 64));
	}
	for (i = 0; i < b->n_words; i++)
		any |= b->closure[i] != 0;
	b->steps += b->n_words;
	return any;
}

/*
 * closed_set: the place of the set of a state.
 */
static uint64 *
closed_set(Builder *b, int state)
{
	return b->sets + (Size) (state - FIRST_STATE) * b->n_words;
}

/*
 * state_of_closure: the state that b->closure is, made when it is new.
 */
static int
state_of_closure(Builder *b)
{
	Size size = sizeof(uint64) * b->n_words;
	uint32 bucket;
	int state;

	if (dq_nfa_has_bit(b->closure, DQ_NFA_FINAL_NODE))
		return STATE_ACCEPT;
	if (dq_nfa_has_bit(b->closure, DQ_NFA_ASK_NODE))
		return STATE_ASK;
	if (!only_members(b))
		return STATE_REJECT;
	bucket = hash_bytes((unsigned char *) b->closure, size) % BUCKETS;
	for (state = b->buckets[bucket]; state != 0; state = b->chain[state])
	{
		if (memcmp(closed_set(b, state), b->closure, size) == 0)
			return state;
	}
	if (b->n_states == MAX_STATES)
	{
		b->refused = true;
		return STATE_REJECT;
	}
	state = b->n_states++;
	memcpy(closed_set(b, state), b->closure, size);
	b->chain[state] = b->buckets[bucket];
	b->buckets[bucket] = state;
	return state;
}

/*
 * step_state: from a state, by a byte of this class.
 */
static int
step_state(Builder *b, int state, int class)
{
	const uint64 *set = closed_set(b, state);
	int word;

	memcpy(b->closure, b->again, sizeof(uint64) * b->n_words);
	for (word = 0; word < b->n_words; word++)
	{
		uint64 bits = set[word];

		while (bits != 0)
		{
			int at = pg_rightmost_one_pos64(bits);
			const DqNfaNode *node = &b->nfa->nodes[word * 64 + at];

			bits &= bits - 1;
			if (node->kind == DQ_NFA_BYTES &&
				dq_nfa_has_bit(node->bytes, b->nfa->sample[class]))
				close_over(b, node->out, 0);
		}
	}
	return state_of_closure(b);
}

/*
 * end_state: from a state, by the end of the string.
 */
static int
end_state(Builder *b, int state, int flags)
{
	const uint64 *set = closed_set(b, state);
	int i;

	memset(b->closure, 0, sizeof(uint64) * b->n_words);
	for (i = 0; i < b->nfa->n_nodes; i++)
	{
		if (dq_nfa_has_bit(set, i) && b->nfa->nodes[i].kind == DQ_NFA_END)
			close_over(b, b->nfa->nodes[i].out, flags | AT_END);
	}
	if (dq_nfa_has_bit(b->closure, DQ_NFA_FINAL_NODE))
		return STATE_ACCEPT;
	return STATE_REJECT;
}

/*
 * fill_row: all transitions of a state.
 */
static void
fill_row(Builder *b, int state, int flags)
{
	int columns = b->nfa->n_classes + 1;
	int class;

	for (class = 0; class < b->nfa->n_classes; class++)
		b->next[state * columns + class] = step_state(b, state, class) *
										   columns;
	b->next[state * columns + class] = end_state(b, state, flags) *
									   columns;
	CHECK_FOR_INTERRUPTS();
	if (b->steps > MAX_STEPS)
		b->refused = true;
}

/*
 * start_state: the state at the start of the string. It has a row of its own,
 * which no other state shares: at its end ^ and $ hold both.
 */
static int
start_state(Builder *b)
{
	memset(b->closure, 0, sizeof(uint64) * b->n_words);
	close_over(b, b->nfa->start, AT_START);
	if (dq_nfa_has_bit(b->closure, DQ_NFA_FINAL_NODE))
		return STATE_ACCEPT;
	if (!only_members(b))
		return STATE_REJECT;
	memcpy(closed_set(b, FIRST_STATE), b->closure,
		   sizeof(uint64) * b->n_words);
	return FIRST_STATE;
}

/*
 * make_states: the deterministic automaton; returns the first state, or -1
 * when it would be too large.
 */
static int
make_states(Builder *b)
{
	int first;
	int state;

	b->n_words = (b->nfa->n_nodes + 63) / 64;
	b->sets = palloc(sizeof(uint64) * b->n_words * MAX_STATES);
	b->again = palloc0(sizeof(uint64) * b->n_words);
	b->closure = palloc0(sizeof(uint64) * b->n_words);
	b->stack = palloc(sizeof(int) * (2 * b->nfa->n_nodes + 2));
	b->next = palloc0(sizeof(uint32) * MAX_STATES * (b->nfa->n_classes + 1));

	close_over(b, b->nfa->start, 0);
	memcpy(b->again, b->closure, sizeof(uint64) * b->n_words);
	b->n_states = FIRST_STATE + 1;
	first = start_state(b);
	if (first != FIRST_STATE)
		return first;
	for (state = FIRST_STATE; state < b->n_states && !b->refused; state++)
		fill_row(b, state, state == first ? AT_START : 0);
	return b->refused ? -1 : first;
}

/*
 * pack: what the builder found, in the current context.
 */
static DqDfa *
pack(const Builder *b, int start)
{
	DqDfa *dfa = palloc0(sizeof(DqDfa));
	uint32 columns = b->nfa->n_classes + 1;
	Size size = sizeof(uint32) * b->n_states * columns;

	dfa->next = palloc(size);
	memcpy(dfa->next, b->next, size);
	memcpy(dfa->classes, b->nfa->classes, sizeof(dfa->classes));
	dfa->start = start * columns;
	dfa->limit = FIRST_STATE * columns;
	dfa->accept = STATE_ACCEPT * columns;
	dfa->ask = STATE_ASK * columns;
	dfa->n_classes = b->nfa->n_classes;
	return dfa;
}

/*
 * build: the automaton of a tree in "result"; NULL when it is too large.
 * Everything else is left in the current context.
 */
static DqDfa *
build(const DqRe *re, MemoryContext result)
{
	DqNfa *nfa = dq_nfa_build(re);
	Builder *b;
	int start;

	if (nfa == NULL)
		return NULL;
	b = palloc0(sizeof(Builder));
	b->nfa = nfa;
	start = make_states(b);
	if (start < 0)
		return NULL;
	MemoryContextSwitchTo(result);
	return pack(b, start);
}

/*
 * compile: a pattern in the language that "parse" knows.
 */
static DqDfa *
compile(const char *pattern, Oid collation,
		DqRe *(*parse)(const char *pattern, Oid collation))
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(caller, "dq_etl pattern",
											   ALLOCSET_DEFAULT_SIZES);
	DqDfa *dfa = NULL;
	DqRe *re;

	MemoryContextSwitchTo(work);
	re = parse(pattern, collation);
	if (re != NULL)
		dfa = build(re, caller);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	if (dfa != NULL)
	{
		dfa->pattern = cstring_to_text(pattern);
		dfa->collation = collation;
	}
	return dfa;
}

/*
 * dq_dfa_compile: a pattern of "~".
 */
DqDfa *
dq_dfa_compile(const char *pattern, Oid collation)
{
	return compile(pattern, collation, dq_retree_regex);
}

/*
 * dq_dfa_compile_like: a pattern of LIKE.
 */
DqDfa *
dq_dfa_compile_like(const char *pattern, Oid collation)
{
	return compile(pattern, collation, dq_retree_like);
}

/*
 * dq_dfa_match: does some part of the string match?
 */
bool
dq_dfa_match(const DqDfa *dfa, const char *bytes, int len)
{
	const uint32 *next = dfa->next;
	const uint8 *classes = dfa->classes;
	const unsigned char *p = (const unsigned char *) bytes;
	const unsigned char *end = p + len;
	uint32 limit = dfa->limit;
	uint32 state = dfa->start;

	while (p < end && state >= limit)
		state = next[state + classes[*p++]];
	if (state >= limit)
		state = next[state + dfa->n_classes];
	if (state == dfa->ask)
		return RE_compile_and_execute(dfa->pattern, unconstify(char *, bytes),
									  len, REG_ADVANCED, dfa->collation, 0,
									  NULL);
	return state == dfa->accept;
}
