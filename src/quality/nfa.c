/*
 * nfa.c
 *	  Pattern trees as nondeterministic automata over bytes.
 *
 * Thompson's construction (K. Thompson, "Regular Expression Search
 * Algorithm", CACM 11(6), 1968), from the end of the pattern to its start, so
 * that each node is made when its successor is known. Characters of UTF-8 are
 * sequences of byte ranges, cut as R. Cox describes for RE2 ("Regular
 * Expression Matching in the Wild", 2010).
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "quality/nfa.h"

#define MAX_NODES 4000

/*
 * new_node: a node; when there are too many, the last one again.
 */
static int
new_node(DqNfa *nfa, DqNfaKind kind, int out, int other)
{
	DqNfaNode *node;

	if (nfa->n_nodes == MAX_NODES)
	{
		nfa->refused = true;
		return MAX_NODES - 1;
	}
	node = &nfa->nodes[nfa->n_nodes];
	memset(node, 0, sizeof(DqNfaNode));
	node->kind = kind;
	node->out = out;
	node->other = other;
	return nfa->n_nodes++;
}

/*
 * new_bytes: a byte of a range, then "out".
 */
static int
new_bytes(DqNfa *nfa, int first, int last, int out)
{
	int node = new_node(nfa, DQ_NFA_BYTES, out, -1);

	for (; first <= last; first++)
		dq_nfa_set_bit(nfa->nodes[node].bytes, first);
	return node;
}

/*
 * join: this or that node; -1 is none.
 */
static int
join(DqNfa *nfa, int one, int other)
{
	return one < 0 ? other : new_node(nfa, DQ_NFA_EITHER, one, other);
}

/*
 * emit_sequence: all characters between two of the same length in UTF-8 that
 * agree but for a tail of whole ranges, then "out".
 */
static int
emit_sequence(DqNfa *nfa, uint32 first, uint32 last, int out)
{
	unsigned char low[MAX_MULTIBYTE_CHAR_LEN];
	unsigned char high[MAX_MULTIBYTE_CHAR_LEN];
	int i;

	unicode_to_utf8(first, low);
	unicode_to_utf8(last, high);
	for (i = pg_utf_mblen(low) - 1; i >= 0; i--)
		out = new_bytes(nfa, low[i], high[i], out);
	return out;
}

/*
 * emit_high: the characters of a range of codes from 128 on, then "out". The
 * range is cut where a character needs a byte more, and until only tails
 * differ.
 */
static int
emit_high(DqNfa *nfa, uint32 first, uint32 last, int out)
{
	static const uint32 longest[] = {0x7FF, 0xFFFF};
	int i;

	check_stack_depth();
	for (i = 0; i < lengthof(longest); i++)
	{
		if (first <= longest[i] && last > longest[i])
			return join(nfa, emit_high(nfa, first, longest[i], out),
						emit_high(nfa, longest[i] + 1, last, out));
	}
	for (i = 6; i <= 18; i += 6)
	{
		uint32 tail = (1U << i) - 1;

		if ((first & ~tail) == (last & ~tail))
			break;
		if (first & tail)
			return join(nfa, emit_high(nfa, first, first | tail, out),
						emit_high(nfa, (first | tail) + 1, last, out));
		if ((last & tail) != tail)
			return join(nfa, emit_high(nfa, first, (last & ~tail) - 1, out),
						emit_high(nfa, last & ~tail, last, out));
	}
	return emit_sequence(nfa, first, last, out);
}

/*
 * emit_all_high: any character from 128 on, then "out". Strings are valid, so
 * that it is enough to know how many bytes follow.
 */
static int
emit_all_high(DqNfa *nfa, int out)
{
	int two = new_bytes(nfa, 0x80, 0xBF, out);
	int three = new_bytes(nfa, 0x80, 0xBF, two);
	int four = new_bytes(nfa, 0x80, 0xBF, three);

	return join(nfa, new_bytes(nfa, 0xC0, 0xDF, two),
				join(nfa, new_bytes(nfa, 0xE0, 0xEF, three),
					 new_bytes(nfa, 0xF0, 0xFF, four)));
}

/*
 * emit_set: a character of a set, then "out".
 */
static int
emit_set(DqNfa *nfa, const DqCodeset *set, int out)
{
	bool utf8 = GetDatabaseEncoding() == PG_UTF8;
	uint32 last_low = utf8 ? 127 : 255;
	int result = new_node(nfa, DQ_NFA_BYTES, out, -1);
	int i;

	for (i = 0; i < set->count; i++)
	{
		uint32 code = set->ranges[i].first;
		uint32 last = set->ranges[i].last;

		for (; code <= Min(last, last_low); code++)
			dq_nfa_set_bit(nfa->nodes[result].bytes, code);
		if (last <= last_low || set->high_unknown)
			continue;
		if (code <= 128 && last == dq_codeset_last_code())
			result = join(nfa, emit_all_high(nfa, out), result);
		else
			result = join(nfa, emit_high(nfa, code, last, out), result);
		/* the ranges are in order: no low one follows */
	}
	if (set->high_unknown)
		result = join(nfa, result,
					  new_bytes(nfa, 0x80, 0xFF, DQ_NFA_ASK_NODE));
	return result;
}

static int emit(DqNfa *nfa, const DqRe *re, int out);

/*
 * emit_repeat: copies of what is repeated, then "out".
 */
static int
emit_repeat(DqNfa *nfa, const DqRe *re, int out)
{
	int result = out;
	int i;

	if (re->max == DQ_RE_UNBOUNDED)
	{
		result = new_node(nfa, DQ_NFA_EITHER, out, out);
		nfa->nodes[result].out = emit(nfa, re->left, result);
	}
	for (i = re->min; i < re->max && !nfa->refused; i++)
		result = new_node(nfa, DQ_NFA_EITHER,
						  emit(nfa, re->left, result), out);
	for (i = 0; i < re->min && !nfa->refused; i++)
		result = emit(nfa, re->left, result);
	return result;
}

/*
 * emit: the automaton of a tree in front of node "out"; its first node.
 */
static int
emit(DqNfa *nfa, const DqRe *re, int out)
{
	check_stack_depth();
	if (nfa->refused)
		return out;
	switch (re->kind)
	{
		case DQ_RE_EMPTY:
			return out;
		case DQ_RE_SET:
			return emit_set(nfa, re->set, out);
		case DQ_RE_START:
			return new_node(nfa, DQ_NFA_START, out, -1);
		case DQ_RE_END:
			return new_node(nfa, DQ_NFA_END, out, -1);
		case DQ_RE_CONCAT:
			return emit(nfa, re->left, emit(nfa, re->right, out));
		case DQ_RE_EITHER:
			return new_node(nfa, DQ_NFA_EITHER, emit(nfa, re->left, out),
							emit(nfa, re->right, out));
		case DQ_RE_REPEAT:
			return emit_repeat(nfa, re, out);
	}
	return out;
}

/*
 * split_classes: bytes in one class that a set tells apart get classes of
 * their own.
 */
static void
split_classes(DqNfa *nfa, const uint64 *bytes)
{
	int moved[256]; /* class of the members, by the class they had */
	bool outside[256];
	int byte;

	memset(moved, -1, sizeof(moved));
	memset(outside, 0, sizeof(outside));
	for (byte = 0; byte < 256; byte++)
	{
		if (!dq_nfa_has_bit(bytes, byte))
			outside[nfa->classes[byte]] = true;
	}
	for (byte = 0; byte < 256; byte++)
	{
		int class = nfa->classes[byte];

		if (!dq_nfa_has_bit(bytes, byte) || !outside[class])
			continue;
		if (moved[class] < 0)
			moved[class] = nfa->n_classes++;
		nfa->classes[byte] = moved[class];
	}
}

/*
 * find_classes: which bytes do all sets treat alike?
 */
static void
find_classes(DqNfa *nfa)
{
	int i;

	nfa->n_classes = 1;
	for (i = 0; i < nfa->n_nodes; i++)
	{
		if (nfa->nodes[i].kind == DQ_NFA_BYTES)
			split_classes(nfa, nfa->nodes[i].bytes);
	}
	for (i = 0; i < 256; i++)
		nfa->sample[nfa->classes[i]] = i;
}

/*
 * dq_nfa_build: the automaton of a tree, with the classes of its bytes.
 */
DqNfa *
dq_nfa_build(const DqRe *re)
{
	DqNfa *nfa = palloc0(sizeof(DqNfa));

	nfa->nodes = palloc(sizeof(DqNfaNode) * MAX_NODES);
	(void) new_node(nfa, DQ_NFA_FINAL, -1, -1);
	(void) new_node(nfa, DQ_NFA_ASK, -1, -1);
	nfa->start = emit(nfa, re, DQ_NFA_FINAL_NODE);
	if (nfa->refused)
		return NULL;
	find_classes(nfa);
	return nfa;
}
