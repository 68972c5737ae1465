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
#include "utils/jsonb.h"

struct DqFused;
struct DqMetricPoint;

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
	double standard_error; /* of distinct_values; 0: they are exact */
	/* no row fails, and nobody counted those that were tested */
	bool uncounted;
} DqCounts;

/* the other side of a foreign key */
typedef struct DqReference
{
	DqSource *source;
	List *columns; /* of DqColumn * */
	char *match; /* SQL: this row is referenced by that */
} DqReference;

/* windows over the rows, and what they are called */
typedef struct DqWindows
{
	List *names; /* of char * */
	List *sql; /* of char * */
} DqWindows;

/*
 * One check, prepared for one relation; of a check with levels, one level.
 */
typedef struct DqProbe
{
	int position; /* of the check in the list, from 0 */
	const DqCheck *check;
	const DqQualityTask *task; /* what it is part of */
	const DqSource *source;
	const char *filter; /* SQL boolean; NULL: all rows */
	List *columns; /* of DqColumn * */
	const char *verdict; /* rows: SQL boolean */
	bool partial; /* row security hides rows of what it reads */
	struct DqProbeTree *tree; /* of verdict and filter: see exprtree.h */
	const char *value; /* metrics: SQL of aggregates */
	DqReference *reference; /* references only */
	DqWindows *windows; /* ordered only */
	/* where the fused statement has its numbers */
	int scope_at;
	int verdict_at;
	int own_at;
	int answers_at[5];
	/* the answer: an error, or an evaluation with counts */
	ErrorData *error;
	const char *evaluation; /* NULL: not answered */
	DqCounts counts;
	/* rows: where failing ones are, when the strategy knows */
	struct DqPlace *places;
	int n_places;
	bool all_places; /* else only some of them */
	int holds; /* metrics: 1 or 0, -1 without a value */
	Jsonb *observed; /* what was found, an object; NULL: nothing to tell */
	Jsonb *expected; /* more than the rule's options say; may be NULL */
	bool is_mild; /* failing counts as a warning at most */
	char *finding; /* for the message; NULL: made of "observed" */
	void *state; /* of the shape */
	struct DqMetricPoint *point; /* what a history keeps; NULL: nothing */
	char *proof; /* what makes a look at the rows needless */
	/* with group_by: one probe for each group, answered; key in "group" */
	List *groups;
	Jsonb *group;
	double duration_ms;
} DqProbe;

typedef struct DqShape
{
	bool is_metric; /* "holds" decides, not failed rows */
	bool empty_passes; /* a metric without an answer is no failure */
	bool scan_only; /* all its numbers come from the common scan */
	bool is_key; /* counts keys: a scan hands them to dq_shape_key_read */
	/* resolve names; may throw */
	void (*prepare)(DqProbe *probe);
	/* ask for numbers in the fused statement */
	void (*write)(struct DqFused *fused, DqProbe *probe);
	/* counts from these numbers; total and scope are there already */
	void (*read)(const struct DqFused *fused, DqProbe *probe);
	/* a query of the failing rows; NULL when there are none to show */
	char *(*failed_rows)(const DqProbe *probe);
	/* a query of their ctid as "place"; a NULL pointer: they are no rows */
	char *(*failed_places)(const DqProbe *probe);
	/* a query of tested_rows and failed_rows, written another way */
	char *(*equivalent)(const DqProbe *probe);
} DqShape;

extern const DqShape dq_shape_rows;
extern const DqShape dq_shape_key;
extern const DqShape dq_shape_reference;
extern const DqShape dq_shape_metric;
extern const DqShape dq_shape_ordered;
extern const DqShape dq_shape_schema;
extern const DqShape dq_shape_history;
extern const DqShape dq_shape_drift;
extern const DqShape dq_shape_inclusion;
extern const DqShape dq_shape_found;
extern const DqShape dq_shape_dataset;
extern const DqShape dq_shape_across;
extern const DqShape dq_shape_query;
extern const DqShape dq_shape_composite;
extern const DqShape dq_shape_select;
extern const DqShape dq_shape_key_metric;

/* keys: must there be values in all columns? */
extern bool dq_shape_key_is_primary(const DqProbe *probe);

/*
 * Keys: from rows that were compared, rows whose key counts as NULL, different
 * keys and those of them that several rows share; total and scope are there.
 */
extern void dq_shape_key_read(DqProbe *probe, int64 tested, int64 nulls,
							  int64 values, int64 duplicate_values);

/* keys: a query of all failing rows as failed_rows writes it */
extern char *dq_shape_key_number(const DqProbe *probe, const char *rows);

/*
 * Metrics: "value" lies within the check's bounds, as SQL; true without any.
 * Operators are those of pg_catalog for the type of the value.
 */
extern void dq_shape_metric_bounds(StringInfo buf, const DqProbe *probe,
								   const char *value);

/*
 * Metrics: what "value" is that is no finite number, as SQL; and, with "holds"
 * known, what is to be refused of it.
 */
typedef enum DqSpecialValue
{
	DQ_VALUE_FINITE,
	DQ_VALUE_NAN,
	DQ_VALUE_INFINITE
} DqSpecialValue;

extern char *dq_shape_metric_special(const char *value);
extern void dq_shape_metric_refuse(const DqProbe *probe, int special);

/*
 * Rows, in whatever way their verdicts were counted: apply the NULL rule to
 * the numbers of NULL and of true verdicts, as counts.scope is known; and SQL
 * that follows a verdict: "IS FALSE", or what else fails.
 */
extern void dq_shape_rows_settle(DqProbe *probe, int64 nulls, int64 trues);
extern const char *dq_shape_rows_failing(const DqProbe *probe);

/*
 * Ordered: the rule's "verdict" is about a row and its neighbours. It adds
 * windows over the relation, which name columns by column->sql, and writes a
 * boolean of what they and the columns are called outside:
 *
 *	over = dq_shape_ordered_over(probe, NIL, order);
 *	before = dq_shape_ordered_add(probe, "previous",
 *								  psprintf("pg_catalog.lag(%s) OVER %s",
 *										   column->sql, over));
 *	appendStringInfo(buf, "%s OPERATOR(pg_catalog.>) %s",
 *					 dq_shape_ordered_column(column)->sql, before);
 *
 * Rows outside of the filter, or of another group of group_by, are nobody's
 * neighbours. No user's text in the verdict.
 */
extern char *dq_shape_ordered_over(const DqProbe *probe, List *partition,
								   List *order);
extern char *dq_shape_ordered_add(const DqProbe *probe, const char *wish,
								  const char *sql);
extern DqColumn *dq_shape_ordered_column(const DqColumn *column);
extern List *dq_shape_ordered_columns(List *columns);

/*
 * Select: a metric that the common scan cannot give, as it groups or sorts.
 * The rule's "metric" writes a whole SELECT of one row from source->from
 * within dq_shape_where(): the value as v, the number of rows with values as
 * n, details as d (jsonb), and whatever "holds" wants to find in s.
 *
 * Metrics of keys: as keys are counted, and then "look" judges the counts,
 * of which "failed" are the rows that share their key.
 */

/* metrics: the value by a statement of its own, rows not counted */
extern void dq_shape_metric_alone(DqProbe *probe);

/* strategy: what the catalogue answers */
extern void dq_shape_schema_answer(const DqSource *source, List *probes);

/* {"value": value} with the keys of "detail": JSON texts or NULL */
extern Jsonb *dq_shape_metric_observed(const char *value, const char *detail);

/* "a.x, a.y" of group_by and of more columns, any of them NIL */
extern char *dq_shape_partition(const DqProbe *probe, List *columns);

/* " WHERE filter", or "" */
extern char *dq_shape_where(const DqProbe *probe);

#endif /* DQ_SHAPE_H */
