/*
 * dfa.h
 *	  Patterns compiled to automata over bytes.
 */
#ifndef DQ_DFA_H
#define DQ_DFA_H

typedef struct DqDfa DqDfa;

/*
 * A pattern of "~" (or of LIKE) under a collation, in the current context.
 * NULL when it is for the core: it is not in the subset whose meaning is
 * certain (retree.c), it is too large, or the core would refuse it.
 */
extern DqDfa *dq_dfa_compile(const char *pattern, Oid collation);
extern DqDfa *dq_dfa_compile_like(const char *pattern, Oid collation);

/*
 * What "bytes ~ pattern" is, for bytes that are valid in the encoding of the
 * database. May ask the core for a string with characters outside of ASCII,
 * and throws then what the core throws.
 */
extern bool dq_dfa_match(const DqDfa *dfa, const char *bytes, int len);

#endif /* DQ_DFA_H */
