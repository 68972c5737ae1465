/*
 * distribution.h
 *	  How the values of a column are distributed, asked of SQL.
 *
 * All queries run as the current user under the active snapshot. NULL is left
 * out; NaN is 22003, since no bin could hold it.
 */
#ifndef DQ_DISTRIBUTION_H
#define DQ_DISTRIBUTION_H

#include "quality/divergence.h"
#include "quality/source.h"

/* rows of a relation, and a column of it */
typedef struct DqSample
{
	const DqSource *source;
	const DqColumn *column;
	const char *filter; /* SQL boolean; NULL: all rows */
	const char *what; /* the rule, for messages */
} DqSample;

/* counts of values, sorted by their bytes */
typedef struct DqValueCounts
{
	int n;
	char **values;
	double *counts;
	double total;
} DqValueCounts;

/* is the type a number, a time or a length of time? */
extern bool dq_distribution_has_numbers(const DqColumn *column);

/* counts of distinct values; 54000 when there are too many */
extern DqValueCounts *dq_distribution_values(const DqSample *sample);

/* texts as the column's type writes its values: List of char * */
extern List *dq_distribution_canonical(const DqSample *sample, List *texts);

/*
 * Counts by bins: below the first edge, between them, from the last edge on;
 * last_closed: the last edge itself is in the bin below.
 */
extern double *dq_distribution_bins(const DqSample *sample,
									const double *edges, int n_edges,
									bool last_closed, double *total);

/* distinct edges that cut into "bins" parts of equal size; NULL: no rows */
extern double *dq_distribution_edges(const DqSample *sample, int bins,
									 int *n_edges);

/* Kolmogorov and Smirnov's D, NaN when there are no rows; *n, *m rows */
extern double dq_distribution_ks_two(const DqSample *sample,
									 const DqSample *reference, double *n,
									 double *m);
extern double dq_distribution_ks_one(const DqSample *sample,
									 DqDistribution kind, double first,
									 double second, double *n);

#endif /* DQ_DISTRIBUTION_H */
