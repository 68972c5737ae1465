/*
 * pattern.h
 *	  Shapes of texts: AAA-999.
 */
#ifndef DQ_PATTERN_H
#define DQ_PATTERN_H

#include "nodes/pg_list.h"

typedef struct DqShapeCount
{
	char *shape;
	int64 rows;
} DqShapeCount;

typedef struct DqPatterns DqPatterns;

extern DqPatterns *dq_pattern_create(void);
extern void dq_pattern_add(DqPatterns *patterns, const char *bytes, int len,
						   int64 rows);
extern List *dq_pattern_list(DqPatterns *patterns);

/* are runs of one kind written as one? */
extern bool dq_pattern_has_runs(const DqPatterns *patterns);

/* a regular expression for a shape, without anchors */
extern char *dq_pattern_regex(const char *shape, bool runs);

#endif /* DQ_PATTERN_H */
