/*
 * profile_diff.c
 *	  What is different between two profiles.
 *
 * What was counted in all rows differs when the numbers do. What comes from a
 * sample differs when it does by more than four standard errors, so that
 * hardly a difference in a thousand is one of the samples only.
 */
#include "postgres.h"

#include <math.h>

#include "quality/portrait.h"
#include "quality/profile_diff.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#define ERRORS 4

/* frequent values and shapes looked at on either side */
#define TOP 10

#define DECILES 10

/* a column on one side */
typedef struct Side
{
	DqProfile *profile;
	DqPortrait *portrait;
	DqFacts *facts;
	/* the sample: as texts in the order of bytes, and, of measures, finite
	 * ones in order as numbers */
	int count;
	char **texts;
	int n;
	double *numbers;
} Side;

typedef struct Comparison
{
	List *differences;
	Side before;
	Side after;
} Comparison;

/*
 * report: one difference of the column that is compared.
 */
static void
report(Comparison *comparison, const char *name, char *before, char *after,
	   double magnitude)
{
	DqDifference *difference = palloc0(sizeof(DqDifference));
	DqFacts *facts = comparison->before.facts ? comparison->before.facts :
												comparison->after.facts;

	difference->column = facts ? pstrdup(facts->name) : NULL;
	difference->difference = name;
	difference->before = before;
	difference->after = after;
	difference->magnitude = magnitude;
	comparison->differences = lappend(comparison->differences, difference);
}

/*
 * number: as people read it.
 */
static char *
number(double value)
{
	return psprintf("%.6g", value);
}

/*
 * of_greater: a change in relation to the greater of two amounts.
 */
static double
of_greater(double before, double after)
{
	double greater = Max(fabs(before), fabs(after));

	return greater > 0 ? fabs(after - before) / greater : 0;
}

/*
 * compare_strings: qsort's.
 */
static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * compare_numbers: qsort's.
 */
static int
compare_numbers(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/*
 * sample_text: a value of the sample as the portrait shows it.
 */
static char *
sample_text(DqKind *kind, Datum value)
{
	char *string;

	if (kind->class != DQ_KIND_TEXT && kind->class != DQ_KIND_OTHER)
		return dq_kind_datum_text(kind, value);
	string = TextDatumGetCString(value);
	if (strlen(string) > DQ_PROFILE_CLIP)
		string[strlen(string) - DQ_PROFILE_MARK] = '\0';
	return string;
}

/*
 * open_side: a column of a profile with its sample.
 */
static void
open_side(Side *side, DqProfile *profile, DqPortrait *portrait)
{
	int room = profile->sample->count + 1;
	Datum *values = palloc(sizeof(Datum) * room);
	DqKind *kind = &portrait->facts->kind;
	int i;

	side->profile = profile;
	side->portrait = portrait;
	side->facts = portrait->facts;
	side->count = dq_profile_sampled(profile,
									 (int) (portrait->facts -
											profile->columns),
									 values);
	side->texts = palloc(sizeof(char *) * room);
	side->numbers = palloc(sizeof(double) * room);
	side->n = 0;
	for (i = 0; i < side->count; i++)
	{
		double x = dq_kind_is_measure(kind) ?
					   dq_kind_double(kind, dq_kind_scalar(kind, values[i])) :
					   NAN;

		side->texts[i] = sample_text(kind, values[i]);
		if (!isnan(x) && !isinf(x))
			side->numbers[side->n++] = x;
	}
	qsort(side->texts, side->count, sizeof(char *), compare_strings);
	qsort(side->numbers, side->n, sizeof(double), compare_numbers);
	pfree(values);
}

/*
 * count_below: how many numbers are less than x, or not greater.
 */
static int
count_below(const Side *side, double x, bool or_equal)
{
	int low = 0;
	int high = side->n;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (side->numbers[middle] < x ||
			(or_equal && side->numbers[middle] == x))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * has_text: is the value in the sample?
 */
static bool
has_text(const Side *side, const char *text)
{
	return bsearch(&text, side->texts, side->count, sizeof(char *),
				   compare_strings) != NULL;
}

/*
 * sampling_error: standard error of a fraction p from the sample of a side,
 * with something for the skew of small fractions; 0 when all values are in it.
 */
static double
sampling_error(const Side *side, double p)
{
	if (side->portrait->complete || side->count == 0)
		return 0;
	return sqrt(p * (1 - p) / side->count + 4.0 / side->count / side->count);
}

/*
 * compare_fraction: of rows that were all counted.
 */
static void
compare_fraction(Comparison *comparison, const char *name, int64 before,
				 int64 before_of, int64 after, int64 after_of)
{
	double x = before_of > 0 ? (double) before / (double) before_of : 0;
	double y = after_of > 0 ? (double) after / (double) after_of : 0;

	if (before_of > 0 && after_of > 0 && x != y)
		report(comparison, name, number(x), number(y), fabs(y - x));
}

/*
 * compare_distinct: numbers of different values, each with its error.
 */
static void
compare_distinct(Comparison *comparison)
{
	DqPortrait *a = comparison->before.portrait;
	DqPortrait *b = comparison->after.portrait;
	double error = 0;

	if (!a->distinct_known || !b->distinct_known)
		return;
	if (!a->distinct_exact)
		error += a->distinct * a->distinct;
	if (!b->distinct_exact)
		error += b->distinct * b->distinct;
	error = DQ_SKETCH_ERROR * sqrt(error);
	if (fabs(a->distinct - b->distinct) > ERRORS * error)
		report(comparison, "distinct_count", psprintf("%.0f", a->distinct),
			   psprintf("%.0f", b->distinct),
			   of_greater(a->distinct, b->distinct));
}

/*
 * readable: a mean as people read it.
 */
static char *
readable(Side *side, double value)
{
	return number(dq_kind_seconds(&side->facts->kind, value));
}

/*
 * compare_moments: mean and standard deviation.
 */
static void
compare_moments(Comparison *comparison)
{
	Side *a = &comparison->before;
	Side *b = &comparison->after;
	double sd = dq_moments_stddev(&a->facts->moments);
	double other = dq_moments_stddev(&b->facts->moments);
	double x = a->facts->moments.mean;
	double y = b->facts->moments.mean;

	/* the same values in another order leave a rounding error */
	if (fabs(x - y) > 1e-9 * Max(fabs(x), fabs(y)))
		report(comparison, "mean", readable(a, x), readable(b, y),
			   sd > 0 ? fabs(y - x) / sd : of_greater(x, y));
	if (!isnan(sd) && !isnan(other) && of_greater(sd, other) > 1e-9)
		report(comparison, "stddev",
			   number(dq_kind_span(&a->facts->kind, sd)),
			   number(dq_kind_span(&b->facts->kind, other)),
			   of_greater(sd, other));
}

/*
 * compare_extremes: in relation to the range before.
 */
static void
compare_extremes(Comparison *comparison)
{
	DqFacts *a = comparison->before.facts;
	DqFacts *b = comparison->after.facts;
	double low = dq_kind_double(&a->kind, a->min);
	double high = dq_kind_double(&a->kind, a->max);
	double range = high - low;
	double x = fabs(dq_kind_double(&b->kind, b->min) - low);
	double y = fabs(dq_kind_double(&b->kind, b->max) - high);

	if (dq_kind_compare(&a->kind, a->min, b->min) != 0)
		report(comparison, "min", dq_kind_text(&a->kind, a->min),
			   dq_kind_text(&b->kind, b->min), range > 0 ? x / range : 1);
	if (dq_kind_compare(&a->kind, a->max, b->max) != 0)
		report(comparison, "max", dq_kind_text(&a->kind, a->max),
			   dq_kind_text(&b->kind, b->max), range > 0 ? y / range : 1);
}

/*
 * compare_quantiles: the one that moved most, measured by how much of the
 * distribution before lies between.
 */
static void
compare_quantiles(Comparison *comparison)
{
	Side *a = &comparison->before;
	Side *b = &comparison->after;
	double most = 0;
	int at = -1;
	int i;

	for (i = 0; i < DQ_QUANTILES && a->n > 0 && b->n > 0; i++)
	{
		double p = dq_portrait_quantiles[i];
		double q = dq_kind_double(&b->facts->kind, b->portrait->quantiles[i]);
		double below = (double) count_below(a, q, false) / a->n;
		double upto = (double) count_below(a, q, true) / a->n;
		double shift = Max(Max(below - p, p - upto), 0);
		double noise = sqrt(pow(sampling_error(a, p), 2) +
							pow(sampling_error(b, p), 2));

		if (shift > ERRORS * noise && shift > most)
		{
			most = shift;
			at = i;
		}
	}
	if (at < 0)
		return;
	report(comparison, "quantile",
		   psprintf("p%02.0f = %s", dq_portrait_quantiles[at] * 100,
					dq_kind_text(&a->facts->kind, a->portrait->quantiles[at])),
		   psprintf("p%02.0f = %s", dq_portrait_quantiles[at] * 100,
					dq_kind_text(&b->facts->kind, b->portrait->quantiles[at])),
		   most);
}

/*
 * compare_deciles: the population stability index. Its expectation between two
 * samples of the same is (bins - 1) (1/n + 1/m), times a chi square's spread.
 */
static void
compare_deciles(Comparison *comparison)
{
	Side *a = &comparison->before;
	Side *b = &comparison->after;
	double psi = 0;
	double noise = 0;
	int bins = 0;
	int before = 0;
	int after = 0;
	int i;

	if (a->n == 0 || b->n == 0)
		return;
	for (i = 1; i <= DECILES; i++)
	{
		double edge = a->numbers[Max(0, a->n * i / DECILES - 1)];
		int upto_a = i == DECILES ? a->n : count_below(a, edge, true);
		int upto_b = i == DECILES ? b->n : count_below(b, edge, true);
		double x = (upto_a - before + 0.5) / (a->n + 0.5 * DECILES);
		double y = (upto_b - after + 0.5) / (b->n + 0.5 * DECILES);

		/* equal edges make one bin */
		if (upto_a == before && upto_b == after)
			continue;
		psi += (y - x) * log(y / x);
		before = upto_a;
		after = upto_b;
		bins++;
	}
	if (!a->portrait->complete)
		noise += 1.0 / a->n;
	if (!b->portrait->complete)
		noise += 1.0 / b->n;
	if (psi > 1e-9 && psi > noise * (bins + ERRORS * sqrt(2.0 * bins)))
		report(comparison, "psi", NULL, NULL, psi);
}

/*
 * is_news: would the other side have a value of this fraction, if it were as
 * frequent there?
 */
static bool
is_news(const Side *other, double fraction)
{
	return other->portrait->complete ||
		   fraction * other->count > ERRORS * ERRORS;
}

/*
 * compare_top: values that are frequent on one side and absent on the other.
 */
static void
compare_top(Comparison *comparison, Side *one, Side *other, const char *name,
			bool is_after)
{
	ListCell *lc;

	foreach(lc, one->portrait->top)
	{
		DqTopValue *top = (DqTopValue *) lfirst(lc);
		double fraction = (double) top->rows / (double) one->portrait->sampled;

		if ((top->rows < 2 && !one->portrait->complete) ||
			!is_news(other, fraction) || has_text(other, top->value))
			continue;
		report(comparison, name, is_after ? NULL : top->value,
			   is_after ? top->value : NULL, fraction);
	}
}

/*
 * compare_shapes: the same of shapes, when both sides tell them alike.
 */
static void
compare_shapes(Comparison *comparison, Side *one, Side *other,
			   const char *name, bool is_after)
{
	ListCell *lc;
	ListCell *known;

	if (one->portrait->shapes_are_runs != other->portrait->shapes_are_runs)
		return;
	foreach(lc, one->portrait->shapes)
	{
		DqShapeCount *shape = (DqShapeCount *) lfirst(lc);
		double fraction = (double) shape->rows /
						  (double) one->portrait->sampled;
		bool found = false;

		foreach(known, other->portrait->all_shapes)
			found = found ||
					strcmp(((DqShapeCount *) lfirst(known))->shape,
						   shape->shape) == 0;
		if (!found && is_news(other, fraction))
			report(comparison, name, is_after ? NULL : shape->shape,
				   is_after ? shape->shape : NULL, fraction);
	}
}

/*
 * compare_order: of the rows.
 */
static void
compare_order(Comparison *comparison)
{
	const char *x = dq_portrait_order(comparison->before.profile,
									  comparison->before.facts);
	const char *y = dq_portrait_order(comparison->after.profile,
									  comparison->after.facts);

	if (x != NULL && y != NULL && strcmp(x, y) != 0)
		report(comparison, "row_order", pstrdup(x), pstrdup(y), 1);
}

/*
 * compare_column: a column that is on both sides.
 */
static void
compare_column(Comparison *comparison)
{
	Side *a = &comparison->before;
	Side *b = &comparison->after;
	DqFacts *x = a->facts;
	DqFacts *y = b->facts;

	if (strcmp(x->type_name, y->type_name) != 0)
		report(comparison, "type", x->type_name, y->type_name, 1);
	compare_fraction(comparison, "null_fraction", x->nulls,
					 a->profile->rows, y->nulls, b->profile->rows);
	compare_distinct(comparison);
	if (x->kind.type != y->kind.type || x->values == 0 || y->values == 0)
		return;
	compare_fraction(comparison, "blank_fraction", x->blanks, x->values,
					 y->blanks, y->values);
	compare_fraction(comparison, "true_fraction", x->trues, x->values,
					 y->trues, y->values);
	if (dq_kind_is_measure(&x->kind) && x->has_extremes && y->has_extremes)
	{
		compare_moments(comparison);
		compare_extremes(comparison);
		compare_quantiles(comparison);
		compare_deciles(comparison);
	}
	compare_top(comparison, b, a, "new_value", true);
	compare_top(comparison, a, b, "vanished_value", false);
	compare_shapes(comparison, b, a, "new_pattern", true);
	compare_shapes(comparison, a, b, "vanished_pattern", false);
	compare_order(comparison);
}

/*
 * find_column: the portrait of the column of this name, or NULL.
 */
static DqPortrait *
find_column(List *portraits, const char *name)
{
	ListCell *lc;

	foreach(lc, portraits)
	{
		DqPortrait *portrait = (DqPortrait *) lfirst(lc);

		if (strcmp(portrait->facts->name, name) == 0)
			return portrait;
	}
	return NULL;
}

/*
 * compare_magnitudes: the greatest first; list_sort's, which is stable for us
 * by the names.
 */
static int
compare_magnitudes(const ListCell *a, const ListCell *b)
{
	const DqDifference *x = (const DqDifference *) lfirst(a);
	const DqDifference *y = (const DqDifference *) lfirst(b);
	int result;

	if (x->magnitude != y->magnitude)
		return x->magnitude > y->magnitude ? -1 : 1;
	result = strcmp(x->column ? x->column : "", y->column ? y->column : "");
	if (result == 0)
		result = strcmp(x->difference, y->difference);
	if (result == 0)
		result = strcmp(x->after ? x->after : "", y->after ? y->after : "");
	if (result == 0)
		result = strcmp(x->before ? x->before : "",
						y->before ? y->before : "");
	return result;
}

/*
 * compare_added: columns that are on the side "after" only.
 */
static void
compare_added(Comparison *comparison, List *before, List *after)
{
	ListCell *lc;

	foreach(lc, after)
	{
		DqFacts *facts = ((DqPortrait *) lfirst(lc))->facts;

		if (find_column(before, facts->name) != NULL)
			continue;
		comparison->before.facts = NULL;
		comparison->after.facts = facts;
		report(comparison, "column_added", NULL, facts->type_name, 1);
	}
}

/*
 * dq_profile_diff: see profile_diff.h.
 */
List *
dq_profile_diff(DqProfile *before, DqProfile *after)
{
	Comparison comparison = {NIL};
	List *old = dq_portrait_draw(before, TOP);
	List *new = dq_portrait_draw(after, TOP);
	ListCell *lc;

	if (before->rows != after->rows)
		report(&comparison, "row_count",
			   psprintf(INT64_FORMAT, before->rows),
			   psprintf(INT64_FORMAT, after->rows),
			   of_greater((double) before->rows, (double) after->rows));
	foreach(lc, old)
	{
		DqPortrait *portrait = (DqPortrait *) lfirst(lc);
		DqPortrait *other = find_column(new, portrait->facts->name);

		open_side(&comparison.before, before, portrait);
		if (other == NULL)
		{
			report(&comparison, "column_removed", portrait->facts->type_name,
				   NULL, 1);
			continue;
		}
		open_side(&comparison.after, after, other);
		compare_column(&comparison);
	}
	compare_added(&comparison, old, new);
	list_sort(comparison.differences, compare_magnitudes);
	return comparison.differences;
}
