/*
 * shape.h
 *	  The ways to count, and what is counted.
 */
#ifndef DQ_SHAPE_H
#define DQ_SHAPE_H

#include "lib/stringinfo.h"
#include "quality/rule.h"
#include "quality/source.h"
#include "utils/elog.h"

struct DqFused;

/* what any strategy has to find out about one check */
typedef struct DqCounts
{
	int64 total; /* rows of the relation */
	int64 scope; /* of these, let through by the filters */
	int64 tested;
	int64 nulls; /* rows whose verdict or key is NULL */
	int64 failed;
	/* keys only */
	int64 distinct_values;
	int64 duplicate_values;
} DqCounts;

/* the other side of a foreign key */
typedef struct DqReference
{
	DqSource *source;
	List *columns; /* of DqColumn * */
	char *match; /* SQL: this row is referenced by that */
} DqReference;

/* one check, prepared for one relation */
typedef struct DqProbe
{
	const DqCheck *check;
	const DqSource *source;
	const char *filter; /* SQL boolean; NULL: all rows */
	List *columns; /* of DqColumn * */
	const char *verdict; /* rows: SQL boolean */
	DqReference *reference; /* references only */
	/* where the fused statement has its numbers */
	int scope_at;
	int verdict_at;
	int own_at;
	/* the answer: an error, or an evaluation with counts */
	ErrorData *error;
	const char *evaluation; /* NULL: not answered */
	DqCounts counts;
	double duration_ms;
} DqProbe;

typedef struct DqShape
{
	bool is_metric; /* bounds decide, not failed rows */
	/* resolve names; may throw */
	void (*prepare)(DqProbe *probe);
	/* ask for numbers in the fused statement */
	void (*write)(struct DqFused *fused, DqProbe *probe);
	/* counts from these numbers; total and scope are there already */
	void (*read)(const struct DqFused *fused, DqProbe *probe);
	/* a query of the failing rows; NULL when there are none to show */
	char *(*failed_rows)(const DqProbe *probe);
	/* a query of tested_rows and failed_rows, written another way */
	char *(*equivalent)(const DqProbe *probe);
} DqShape;

extern const DqShape dq_shape_rows;
extern const DqShape dq_shape_key;
extern const DqShape dq_shape_reference;
extern const DqShape dq_shape_count;

/* " WHERE filter", or "" */
extern char *dq_shape_where(const DqProbe *probe);

#endif /* DQ_SHAPE_H */
