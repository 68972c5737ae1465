/*
 * portrait.c
 *	  A profile as people read it: what needs the values in order.
 *
 * Whether the values are those of the sample or all of them, they come here
 * as runs of equal ones in their order, and the rest is the same.
 */
#include "postgres.h"

#include <math.h>

#include "base/compat.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "quality/portrait.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_SHAPES_SHOWN 10

const double dq_portrait_quantiles[DQ_QUANTILES] = {
	0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

/* what is being drawn */
typedef struct Drawing
{
	DqPortrait *portrait;
	DqPatterns *patterns;
	int top; /* frequent values wanted */
	int64 finite; /* finite values in all */
	int64 seen; /* of these, so far */
} Drawing;

/*
 * is_finite: does the value count for quantiles?
 */
static bool
is_finite(const DqKind *kind, DqScalar value)
{
	switch (kind->class)
	{
		case DQ_KIND_FLOAT:
			return !isnan(value.f) && !isinf(value.f);
		case DQ_KIND_NUMERIC:
			return !numeric_is_nan(DatumGetNumeric(value.d)) &&
				   !numeric_is_inf(DatumGetNumeric(value.d));
		case DQ_KIND_TIME:
			if (kind->type == DATEOID)
				return value.i != PG_INT32_MIN && value.i != PG_INT32_MAX;
			return value.i != PG_INT64_MIN && value.i != PG_INT64_MAX;
		case DQ_KIND_INTEGER:
		case DQ_KIND_BOOL:
		case DQ_KIND_TEXT:
		case DQ_KIND_OTHER:
			break;
	}
	return true;
}

/*
 * dq_portrait_bin: the bin of a finite value, from 0.
 */
int
dq_portrait_bin(const DqFacts *facts, DqScalar value)
{
	double width;
	double x;

	if (facts->kind.class == DQ_KIND_INTEGER ||
		facts->kind.class == DQ_KIND_TIME)
	{
		/* differences of large integers tell more than doubles of them */
		x = (double) ((uint64) value.i - (uint64) facts->min.i);
		width = (double) ((uint64) facts->max.i - (uint64) facts->min.i);
	}
	else
	{
		double low = dq_kind_double(&facts->kind, facts->min);

		/* halves, so that the whole range of the type does not overflow */
		x = dq_kind_double(&facts->kind, value) / 2 - low / 2;
		width = dq_kind_double(&facts->kind, facts->max) / 2 - low / 2;
	}
	if (!(width > 0) || isinf(width))
		return 0;
	return Max(0, Min(DQ_BINS - 1, (int) floor(x / width * DQ_BINS)));
}

/*
 * draw_measure: quantiles and bins. A quantile p is the least value that at
 * least p of all values do not exceed, as percentile_disc() has it.
 */
static void
draw_measure(Drawing *drawing, DqScalar value, int64 rows)
{
	DqPortrait *portrait = drawing->portrait;
	DqKind *kind = &portrait->facts->kind;
	int i;

	if (!is_finite(kind, value))
		return;
	for (i = 0; i < DQ_QUANTILES; i++)
	{
		int64 rank = (int64) ceil(dq_portrait_quantiles[i] *
								  (double) drawing->finite);

		rank = Max(rank, 1);
		if (rank > drawing->seen && rank <= drawing->seen + rows)
			portrait->quantiles[i] = dq_kind_copy(kind, value);
	}
	drawing->seen += rows;
	portrait->bins[dq_portrait_bin(portrait->facts, value)] += rows;
}

/*
 * draw_top: put a value where it belongs among the frequent ones. Of equally
 * frequent ones the first in the order of values stays first.
 */
static void
draw_top(Drawing *drawing, const char *text, bool clipped, int64 rows)
{
	List *top = drawing->portrait->top;
	DqTopValue *value;
	int at = list_length(top);

	while (at > 0 && ((DqTopValue *) list_nth(top, at - 1))->rows < rows)
		at--;
	if (at >= drawing->top)
		return;
	value = palloc(sizeof(DqTopValue));
	value->value = pstrdup(text);
	value->clipped = clipped;
	value->rows = rows;
	top = list_insert_nth(top, at, value);
	drawing->portrait->top = list_truncate(top, drawing->top);
}

/*
 * may_be_top: would a value with so many rows be among the frequent ones?
 */
static bool
may_be_top(const Drawing *drawing, int64 rows)
{
	List *top = drawing->portrait->top;

	return list_length(top) < drawing->top ||
		   (drawing->top > 0 && ((DqTopValue *) llast(top))->rows < rows);
}

/*
 * draw_text: a text that so many rows have.
 */
static void
draw_text(Drawing *drawing, const char *bytes, int len, bool clipped,
		  int64 rows)
{
	int shown = Min(len, DQ_PROFILE_CLIP);

	drawing->portrait->different++;
	if (drawing->patterns != NULL)
		dq_pattern_add(drawing->patterns, bytes, len, rows);
	if (!may_be_top(drawing, rows))
		return;
	if (shown < len)
		shown = pg_mbcliplen(bytes, len, shown);
	draw_top(drawing, pnstrdup(bytes, shown), clipped || shown < len, rows);
}

/*
 * draw_value: a value that so many rows have.
 */
static void
draw_value(Drawing *drawing, DqScalar value, int64 rows)
{
	DqPortrait *portrait = drawing->portrait;
	DqKind *kind = &portrait->facts->kind;

	if (kind->class == DQ_KIND_TEXT || kind->class == DQ_KIND_OTHER)
	{
		char *string = kind->class == DQ_KIND_TEXT ?
						   TextDatumGetCString(value.d) :
						   dq_kind_text(kind, value);
		int len = strlen(string);

		if (kind->type == BPCHAROID)
			len = bpchartruelen(string, len);
		draw_text(drawing, string, len, false, rows);
		pfree(string);
		return;
	}
	portrait->different++;
	if (dq_kind_is_measure(kind))
		draw_measure(drawing, value, rows);
	if (may_be_top(drawing, rows))
		draw_top(drawing, dq_kind_text(kind, value), false, rows);
}

/*
 * compare_texts: two texts, or others, of the sample by their bytes; qsort's.
 */
static int
compare_texts(const void *a, const void *b)
{
	struct varlena *x = (struct varlena *) DatumGetPointer(*(const Datum *) a);
	struct varlena *y = (struct varlena *) DatumGetPointer(*(const Datum *) b);
	int x_len = VARSIZE_ANY_EXHDR(x);
	int y_len = VARSIZE_ANY_EXHDR(y);
	int result = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(x_len, y_len));

	CHECK_FOR_INTERRUPTS();
	return result != 0 ? result : x_len - y_len;
}

/*
 * compare_sampled: two values of the sample; qsort's. Numerics that are equal
 * may look different, as 7 and 7.0: the same one shall be shown each time.
 */
static int
compare_sampled(const void *a, const void *b, void *arg)
{
	DqKind *kind = (DqKind *) arg;
	DqScalar x = *(const DqScalar *) a;
	DqScalar y = *(const DqScalar *) b;
	int result;

	CHECK_FOR_INTERRUPTS();
	result = dq_kind_compare(kind, x, y);
	if (result == 0 && kind->class == DQ_KIND_NUMERIC)
		result = compare_texts(&x.d, &y.d);
	return result;
}

/*
 * draw_sampled_texts: the values of the sample, which are texts there.
 */
static void
draw_sampled_texts(Drawing *drawing, Datum *values, int count)
{
	int first = 0;
	int i;

	qsort(values, count, sizeof(Datum), compare_texts);
	for (i = 1; i <= count; i++)
	{
		struct varlena *text;
		int len;
		bool clipped;

		if (i < count && compare_texts(&values[i], &values[first]) == 0)
			continue;
		text = (struct varlena *) DatumGetPointer(values[first]);
		len = VARSIZE_ANY_EXHDR(text);
		clipped = len > DQ_PROFILE_CLIP;
		draw_text(drawing, VARDATA_ANY(text),
				  clipped ? len - DQ_PROFILE_MARK : len, clipped, i - first);
		first = i;
	}
}

/*
 * draw_sampled: the values of the sample.
 */
static void
draw_sampled(Drawing *drawing, Datum *values, int count)
{
	DqKind *kind = &drawing->portrait->facts->kind;
	DqScalar *scalars;
	int first = 0;
	int i;

	if (kind->class == DQ_KIND_TEXT || kind->class == DQ_KIND_OTHER)
	{
		draw_sampled_texts(drawing, values, count);
		return;
	}
	scalars = palloc(sizeof(DqScalar) * (count + 1));
	for (i = 0; i < count; i++)
	{
		scalars[i] = dq_kind_scalar(kind, values[i]);
		drawing->finite += is_finite(kind, scalars[i]);
	}
	if (count > 1)
		qsort_arg(scalars, count, sizeof(DqScalar), compare_sampled, kind);
	for (i = 1; i <= count; i++)
	{
		if (i < count &&
			dq_kind_compare(kind, scalars[i], scalars[first]) == 0)
			continue;
		draw_value(drawing, scalars[first], i - first);
		first = i;
	}
	pfree(scalars);
}

/*
 * draw_all: all values, in order.
 */
static void
draw_all(Drawing *drawing)
{
	DqFacts *facts = drawing->portrait->facts;
	DqKind *kind = &facts->kind;
	DqScalar last;
	int64 rows = 0;
	Datum value;
	bool isnull;

	last.i = 0;
	drawing->finite = dq_facts_finite(facts);
	tuplesort_performsort(facts->sort);
	while (dq_compat_sort_getdatum(facts->sort, &value, &isnull))
	{
		DqScalar scalar = dq_kind_scalar(kind, value);

		CHECK_FOR_INTERRUPTS();
		if (rows > 0 && dq_kind_compare(kind, scalar, last) == 0)
		{
			rows++;
			if (dq_kind_by_reference(kind))
				pfree(DatumGetPointer(scalar.d));
			continue;
		}
		if (rows > 0)
			draw_value(drawing, last, rows);
		if (rows > 0 && dq_kind_by_reference(kind))
			pfree(DatumGetPointer(last.d));
		last = scalar;
		rows = 1;
	}
	if (rows > 0)
		draw_value(drawing, last, rows);
	tuplesort_end(facts->sort);
	facts->sort = NULL;
}

/*
 * draw_column: one column; "values" has room for the sample.
 */
static DqPortrait *
draw_column(DqProfile *profile, int column, int top, Datum *values)
{
	DqPortrait *portrait = palloc0(sizeof(DqPortrait));
	DqFacts *facts = &profile->columns[column];
	Drawing drawing = {portrait};

	portrait->facts = facts;
	portrait->rows = profile->rows;
	drawing.top = top;
	if (facts->kind.class == DQ_KIND_TEXT)
		drawing.patterns = dq_pattern_create();
	if (facts->sort != NULL)
	{
		portrait->sampled = facts->values;
		portrait->complete = true;
		draw_all(&drawing);
	}
	else
	{
		portrait->sampled = dq_profile_sampled(profile, column, values);
		portrait->complete = portrait->sampled == facts->values;
		draw_sampled(&drawing, values, (int) portrait->sampled);
	}
	portrait->has_quantiles = portrait->has_bins = drawing.seen > 0;
	portrait->distinct = dq_sketch_estimate(&facts->sketch);
	portrait->distinct_known = facts->kind.can_hash;
	portrait->distinct_exact = dq_sketch_is_exact(&facts->sketch);
	if (profile->exact && facts->kind.can_order)
	{
		portrait->distinct = (double) portrait->different;
		portrait->distinct_known = portrait->distinct_exact = true;
	}
	if (drawing.patterns != NULL)
	{
		portrait->all_shapes = dq_pattern_list(drawing.patterns);
		portrait->shapes = list_truncate(list_copy(portrait->all_shapes),
										 MAX_SHAPES_SHOWN);
		portrait->shapes_are_runs = dq_pattern_has_runs(drawing.patterns);
	}
	return portrait;
}

/*
 * dq_portrait_draw: see portrait.h.
 */
List *
dq_portrait_draw(DqProfile *profile, int top)
{
	Datum *values = palloc(sizeof(Datum) * (profile->sample->count + 1));
	List *portraits = NIL;
	int i;

	for (i = 0; i < profile->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		portraits = lappend(portraits,
							draw_column(profile, i, top, values));
	}
	pfree(values);
	return portraits;
}

/*
 * dq_portrait_scale: see portrait.h.
 */
int64
dq_portrait_scale(const DqPortrait *portrait, int64 rows)
{
	if (portrait->complete || portrait->sampled == 0)
		return rows;
	return (int64) rint((double) rows * (double) portrait->facts->values /
						(double) portrait->sampled);
}

/*
 * dq_portrait_order: see portrait.h.
 */
const char *
dq_portrait_order(const DqProfile *profile, const DqFacts *facts)
{
	if (!profile->has_order || !facts->kind.can_order || facts->values < 2)
		return NULL;
	if (facts->rising && facts->falling)
		return "constant";
	if (facts->rising)
		return facts->repeating ? "increasing" : "strictly increasing";
	if (facts->falling)
		return facts->repeating ? "decreasing" : "strictly decreasing";
	return "none";
}
