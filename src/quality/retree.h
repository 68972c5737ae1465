/*
 * retree.h
 *	  Patterns as trees, for those whose meaning is certain.
 */
#ifndef DQ_RETREE_H
#define DQ_RETREE_H

#include "quality/codeset.h"

typedef enum DqReKind
{
	DQ_RE_EMPTY, /* the empty string */
	DQ_RE_SET, /* one character of a set */
	DQ_RE_START, /* nothing, at the start of the string */
	DQ_RE_END, /* nothing, at the end of the string */
	DQ_RE_CONCAT, /* left, then right */
	DQ_RE_EITHER, /* left or right */
	DQ_RE_REPEAT /* left, min to max times */
} DqReKind;

#define DQ_RE_UNBOUNDED (-1)

typedef struct DqRe
{
	DqReKind kind;
	struct DqRe *left;
	struct DqRe *right;
	int min;
	int max; /* or DQ_RE_UNBOUNDED */
	DqCodeset *set; /* settled */
} DqRe;

/*
 * A pattern of "~" (or of LIKE) under a collation as a tree in the current
 * context: a string matches the pattern when some part of it is one of the
 * tree's strings. NULL when the pattern is not in the subset that this file
 * knows, and when the core would refuse it.
 */
extern DqRe *dq_retree_regex(const char *pattern, Oid collation);
extern DqRe *dq_retree_like(const char *pattern, Oid collation);

#endif /* DQ_RETREE_H */
