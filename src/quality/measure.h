/*
 * measure.h
 *	  A measure of drift with its options, and its application.
 */
#ifndef DQ_MEASURE_H
#define DQ_MEASURE_H

#include "quality/divergence.h"
#include "utils/jsonb.h"

typedef enum DqMeasureMethod
{
	DQ_MEASURE_KL,
	DQ_MEASURE_PSI,
	DQ_MEASURE_JS,
	DQ_MEASURE_L_INFINITY,
	DQ_MEASURE_CRAMERS_V,
	DQ_MEASURE_CHI_SQUARE,
	DQ_MEASURE_KS
} DqMeasureMethod;

typedef struct DqMeasure
{
	DqMeasureMethod method;
	double epsilon; /* psi: the least share of a bin */
	double min_expected; /* chi_square: the least expected count */
	bool weights; /* the reference is known exactly, not a sample */
	bool has_distribution; /* ks: against this one, without reference */
	DqDistribution distribution;
	double first;
	double second;
} DqMeasure;

/* names of the methods, NULL-terminated, in the order of the enum */
extern const char *const dq_measure_names[];

/* the keys it reads, NULL-terminated */
extern const char *const dq_measure_keys[];

/*
 * The options in a document that may hold other keys too (NULL: all
 * defaults); 22023 for what makes no sense.
 */
extern void dq_measure_read(DqMeasure *measure, DqMeasureMethod method,
							Jsonb *doc, const char *what);

/*
 * Apply it: ks takes samples, of any two lengths, and sorts them; the others
 * weights or counts by category, equally many. What the method does not have
 * (p-value, degrees of freedom) is NaN. 22023 when there is nothing to
 * compare.
 */
extern DqTest dq_measure_apply(const DqMeasure *measure, double *observed,
							   int n, double *reference, int m);

#endif /* DQ_MEASURE_H */
