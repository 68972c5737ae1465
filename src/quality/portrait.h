/*
 * portrait.h
 *	  A profile as people read it: one row for each column.
 */
#ifndef DQ_PORTRAIT_H
#define DQ_PORTRAIT_H

#include "quality/pattern.h"
#include "quality/profile.h"
#include "utils/jsonb.h"

#define DQ_QUANTILES 7
#define DQ_BINS 20

extern const double dq_portrait_quantiles[DQ_QUANTILES];

typedef struct DqTopValue
{
	char *value;
	int64 rows; /* in what the portrait was drawn from */
	bool clipped; /* the value is only its beginning */
} DqTopValue;

typedef struct DqPortrait
{
	DqFacts *facts;
	int64 rows; /* of the relation */
	/* what quantiles, frequent values and shapes were drawn from */
	int64 sampled; /* values */
	bool complete; /* these are all */
	int64 different; /* different values among them */
	double distinct;
	bool distinct_known; /* the type can be hashed or sorted */
	bool distinct_exact;
	DqScalar quantiles[DQ_QUANTILES];
	bool has_quantiles;
	int64 bins[DQ_BINS]; /* between the extremes */
	bool has_bins;
	List *top; /* of DqTopValue *, the most frequent first */
	List *shapes; /* of DqShapeCount *, the most frequent first */
	List *all_shapes;
	bool shapes_are_runs;
} DqPortrait;

/*
 * Draw the columns of a settled profile, with so many frequent values: a List
 * of DqPortrait *. An exact profile can be drawn once.
 */
extern List *dq_portrait_draw(DqProfile *profile, int top);

/* in which bin a finite value lies, from 0 */
extern int dq_portrait_bin(const DqFacts *facts, DqScalar value);

/* rows of the relation that a number of sampled rows stands for */
extern int64 dq_portrait_scale(const DqPortrait *portrait, int64 rows);

/* how the rows are ordered by the column; NULL: not known */
extern const char *dq_portrait_order(const DqProfile *profile,
									 const DqFacts *facts);

/* as a datum of type etl.column_profile */
extern Datum dq_portrait_datum(const DqProfile *profile,
							   DqPortrait *portrait);

#endif /* DQ_PORTRAIT_H */
