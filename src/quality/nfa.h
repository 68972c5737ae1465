/*
 * nfa.h
 *	  Pattern trees as nondeterministic automata over bytes.
 */
#ifndef DQ_NFA_H
#define DQ_NFA_H

#include "quality/retree.h"

typedef enum DqNfaKind
{
	DQ_NFA_BYTES, /* one byte of a set, then out */
	DQ_NFA_EITHER, /* out or other */
	DQ_NFA_START, /* at the start of the string: out */
	DQ_NFA_END, /* at its end: out */
	DQ_NFA_FINAL, /* a match */
	DQ_NFA_ASK /* the core knows */
} DqNfaKind;

typedef struct DqNfaNode
{
	DqNfaKind kind;
	int out;
	int other;
	uint64 bytes[4];
} DqNfaNode;

/* places of the first nodes */
#define DQ_NFA_FINAL_NODE 0
#define DQ_NFA_ASK_NODE 1

typedef struct DqNfa
{
	DqNfaNode *nodes;
	int n_nodes;
	int start;
	bool refused; /* too large */
	/* bytes that no node tells apart share a class */
	int n_classes;
	uint8 classes[256];
	uint8 sample[256]; /* a byte of each class */
} DqNfa;

/* sets as words */
static inline bool
dq_nfa_has_bit(const uint64 *words, int bit)
{
	return (words[bit / 64] >> (bit % 64)) & 1;
}

static inline void
dq_nfa_set_bit(uint64 *words, int bit)
{
	words[bit / 64] |= UINT64CONST(1) << (bit % 64);
}

/* the automaton of a tree in the current context; NULL when it is too large */
extern DqNfa *dq_nfa_build(const DqRe *re);

#endif /* DQ_NFA_H */
