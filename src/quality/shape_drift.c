/*
 * shape_drift.c
 *	  How the values of a column are distributed, held against a reference.
 *
 * The reference is a partition that the rule writes down, the rows of another
 * relation, or (ks_test) a known distribution. Both sides are counted by
 * queries of their own under the snapshot of all checks; what remains is
 * arithmetic on their counts.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "quality/distribution.h"
#include "quality/fused.h"
#include "quality/partition.h"
#include "quality/rules_history.h"
#include "quality/shape.h"
#include "utils/float.h"

/* larger partitions are not shown in verdicts */
#define MAX_SHOWN 100

/* both sides, by the same categories */
typedef struct Sides
{
	double *observed;
	double *expected;
	int n;
	double rows; /* of the column */
	double reference_rows; /* NaN: not a relation */
	DqPartition *partition;
} Sides;

/*
 * prepare: the column, and the other relation by the search_path in force.
 */
static void
prepare(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *name = dq_json_text(check->doc, "reference", check->what);
	char *column = dq_json_text(check->doc, "reference_column", check->what);
	DqReference *reference;
	Oid relid;

	probe->columns = dq_source_columns(probe->source, check->columns);
	if (name == NULL)
		return;
	relid = RangeVarGetRelid(dq_rule_relation(name), AccessShareLock, false);
	reference = palloc0(sizeof(DqReference));
	reference->source = dq_source_open(relid, NULL);
	if (reference->source->partial)
		probe->partial = true;
	if (column == NULL)
		column = (char *) linitial(check->columns);
	reference->columns = list_make1(dq_source_column(reference->source,
													 column));
	probe->reference = reference;
}

/*
 * write_numbers: nothing of the common scan but the number of rows.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
}

/*
 * own_sample: the rows that are checked.
 */
static DqSample
own_sample(const DqProbe *probe)
{
	DqSample sample = {.source = probe->source,
					   .column = (DqColumn *) linitial(probe->columns),
					   .filter = probe->filter,
					   .what = probe->check->what};

	return sample;
}

/*
 * reference_sample: the rows to compare with.
 */
static DqSample
reference_sample(const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *filter = dq_json_text(check->doc, "reference_filter", check->what);
	DqReference *reference = probe->reference;
	DqSample sample = {.source = reference->source,
					   .column = (DqColumn *) linitial(reference->columns),
					   .what = check->what};

	if (filter != NULL)
		sample.filter = psprintf("(\n%s\n)", filter);
	return sample;
}

/*
 * new_sides: room for so many categories.
 */
static Sides *
new_sides(int room)
{
	Sides *sides = palloc0(sizeof(Sides));

	sides->observed = palloc0(sizeof(double) * (room + 1));
	sides->expected = palloc0(sizeof(double) * (room + 1));
	sides->reference_rows = get_float8_nan();
	sides->partition = palloc0(sizeof(DqPartition));
	return sides;
}

/*
 * add_value: a category that is a value.
 */
static void
add_value(Sides *sides, char *value, double observed, double expected)
{
	sides->partition->values = lappend(sides->partition->values, value);
	sides->observed[sides->n] = observed;
	sides->expected[sides->n] = expected;
	sides->n = ++sides->partition->n_weights;
}

/*
 * compare_texts: for list_sort.
 */
static int
compare_texts(const ListCell *left, const ListCell *right)
{
	return strcmp((char *) lfirst(left), (char *) lfirst(right));
}

/*
 * count_of: how often a value occurs; *seen is set at its place.
 */
static double
count_of(const DqValueCounts *counts, const char *value, bool *seen)
{
	int low = 0;
	int high = counts->n - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = strcmp(counts->values[middle], value);

		if (order == 0)
		{
			seen[middle] = true;
			return counts->counts[middle];
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return 0.0;
}

/*
 * refuse_twice: 22023: two values of a partition are one to the column.
 */
static void
refuse_twice(const DqProbe *probe, const char *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"partition\" of %s holds the value %s twice",
					probe->check->what, dq_sqltext_clip(value, 63))));
}

/*
 * list_values: the values of a partition, as the column's type writes them,
 * each once.
 */
static List *
list_values(const DqProbe *probe, const DqSample *sample,
			const DqPartition *wanted)
{
	List *values = dq_distribution_canonical(sample, wanted->values);
	List *sorted = list_copy(values);
	ListCell *lc;

	list_sort(sorted, compare_texts);
	for_each_from(lc, sorted, 1)
	{
		const char *before = list_nth(sorted, foreach_current_index(lc) - 1);

		if (strcmp((char *) lfirst(lc), before) == 0)
			refuse_twice(probe, before);
	}
	return values;
}

/*
 * by_listed_values: a partition of values. What is not listed shares the
 * weight that is held out, and the others make room only then.
 */
static Sides *
by_listed_values(const DqProbe *probe, const DqPartition *wanted)
{
	DqSample sample = own_sample(probe);
	DqValueCounts *counts = dq_distribution_values(&sample);
	List *values = list_values(probe, &sample, wanted);
	Sides *sides = new_sides(counts->n + wanted->n_weights);
	bool *seen = palloc0(sizeof(bool) * (counts->n + 1));
	double scale = 1.0;
	int unseen = 0;
	ListCell *lc;
	int i;

	foreach(lc, values)
		add_value(sides, (char *) lfirst(lc),
				  count_of(counts, (char *) lfirst(lc), seen),
				  wanted->weights[foreach_current_index(lc)]);
	for (i = 0; i < counts->n; i++)
		unseen += !seen[i];
	if (unseen > 0)
		scale = 1.0 - wanted->unseen;
	for (i = 0; i < sides->n; i++)
		sides->expected[i] *= scale;
	for (i = 0; i < counts->n; i++)
	{
		if (!seen[i])
			add_value(sides, counts->values[i], counts->counts[i],
					  wanted->unseen / unseen);
	}
	sides->rows = counts->total;
	return sides;
}

/*
 * by_values: all values of both relations.
 */
static Sides *
by_values(const DqProbe *probe)
{
	DqSample sample = own_sample(probe);
	DqSample other = reference_sample(probe);
	DqValueCounts *counts = dq_distribution_values(&sample);
	DqValueCounts *wanted = dq_distribution_values(&other);
	Sides *sides = new_sides(counts->n + wanted->n);
	bool *seen = palloc0(sizeof(bool) * (counts->n + 1));
	int i;

	for (i = 0; i < wanted->n; i++)
		add_value(sides, wanted->values[i],
				  count_of(counts, wanted->values[i], seen),
				  wanted->counts[i]);
	for (i = 0; i < counts->n; i++)
	{
		if (!seen[i])
			add_value(sides, counts->values[i], counts->counts[i], 0.0);
	}
	sides->rows = counts->total;
	sides->reference_rows = wanted->total;
	return sides;
}

/*
 * by_bins: a partition of bins.
 */
static Sides *
by_bins(const DqProbe *probe, DqPartition *wanted)
{
	DqSample sample = own_sample(probe);
	Sides *sides = new_sides(0);

	sides->partition = wanted;
	sides->n = wanted->n_weights;
	sides->expected = wanted->weights;
	sides->observed = dq_distribution_bins(&sample, wanted->edges,
										   wanted->n_edges,
										   wanted->last_closed, &sides->rows);
	return sides;
}

/*
 * by_quantiles: bins that cut the reference into parts of equal size.
 */
static Sides *
by_quantiles(const DqProbe *probe)
{
	DqSample sample = own_sample(probe);
	DqSample other = reference_sample(probe);
	Sides *sides = new_sides(0);
	DqPartition *partition = sides->partition;
	double any = 0.0;

	sides->reference_rows = 0.0;
	partition->edges =
		dq_distribution_edges(&other, dq_rules_history_bins(probe->check),
							  &partition->n_edges);
	if (partition->edges == NULL)
	{
		(void) dq_distribution_bins(&sample, &any, 1, false, &sides->rows);
		return sides;
	}
	sides->n = partition->n_weights = partition->n_edges + 1;
	sides->expected = dq_distribution_bins(&other, partition->edges,
										   partition->n_edges, false,
										   &sides->reference_rows);
	sides->observed = dq_distribution_bins(&sample, partition->edges,
										   partition->n_edges, false,
										   &sides->rows);
	return sides;
}

/*
 * count_sides: whichever way the rule asks for.
 */
static Sides *
count_sides(const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const DqColumn *column = (DqColumn *) linitial(probe->columns);
	DqPartition *wanted = dq_partition_read(check->doc, check->what);

	if (wanted != NULL && wanted->values != NIL)
		return by_listed_values(probe, wanted);
	if (wanted != NULL)
		return by_bins(probe, wanted);
	if (dq_rules_history_quantiles(check,
								   dq_distribution_has_numbers(column)))
		return by_quantiles(probe);
	return by_values(probe);
}

/*
 * count_ks: Kolmogorov and Smirnov's test; sides hold only numbers of rows.
 */
static DqTest
count_ks(const DqProbe *probe, const DqMeasure *measure, Sides *sides)
{
	DqSample sample = own_sample(probe);
	DqTest test = {0};
	double n;

	test.df = get_float8_nan();
	if (measure->has_distribution)
	{
		test.statistic = dq_distribution_ks_one(&sample,
												measure->distribution,
												measure->first,
												measure->second,
												&sides->rows);
		n = sides->rows;
	}
	else
	{
		DqSample other = reference_sample(probe);

		test.statistic = dq_distribution_ks_two(&sample, &other, &sides->rows,
												&sides->reference_rows);
		n = sides->rows * sides->reference_rows /
			(sides->rows + sides->reference_rows);
	}
	test.p_value = isnan(test.statistic) ?
					   get_float8_nan() :
					   dq_divergence_ks_p_value(test.statistic, n);
	return test;
}

/*
 * shares: counts as parts of their sum.
 */
static double *
shares(const double *counts, int n)
{
	double *result = palloc(sizeof(double) * (n + 1));
	double sum = 0.0;
	int i;

	for (i = 0; i < n; i++)
		sum += counts[i];
	for (i = 0; i < n; i++)
		result[i] = counts[i] / sum;
	return result;
}

/*
 * describe_sides: both distributions, unless they are too large to look at.
 */
static void
describe_sides(DqJsonBuild *build, const Sides *sides)
{
	if (sides->n == 0 || sides->n > MAX_SHOWN)
		return;
	dq_json_add_int(build, "categories", sides->n);
	dq_json_add_jsonb(build, "observed_partition",
					  dq_partition_object(sides->partition,
										  shares(sides->observed, sides->n)));
	dq_json_add_jsonb(build, "expected_partition",
					  dq_partition_object(sides->partition,
										  shares(sides->expected, sides->n)));
}

/*
 * describe: what was found.
 */
static Jsonb *
describe(const DqProbe *probe, const DqMeasure *measure, const DqTest *test,
		 const Sides *sides)
{
	double threshold = dq_rules_history_threshold(probe->check);
	double interval[2] = {0.0, threshold};
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_double(&build, "value", test->statistic);
	dq_json_add_double(&build, "score", test->statistic);
	dq_json_add_text(&build, "method", dq_measure_names[measure->method]);
	dq_json_add_int(&build, "n", (int64) sides->rows);
	dq_json_add_double_list(&build, "interval", interval, 2);
	if (isinf(test->statistic))
		dq_json_add_bool(&build, "infinite", true);
	if (!isnan(sides->reference_rows))
		dq_json_add_int(&build, "reference_n",
						(int64) sides->reference_rows);
	if (!isnan(test->p_value))
		dq_json_add_double(&build, "p_value", test->p_value);
	if (!isnan(test->df))
		dq_json_add_double(&build, "degrees_of_freedom", test->df);
	if (test->pooled > 0)
		dq_json_add_int(&build, "pooled", test->pooled);
	if (sides->rows > 0.0)
		describe_sides(&build, sides);
	return dq_json_end(&build);
}

/*
 * judge: is it good? A test fails by its p-value and, when there is one, its
 * threshold; a measure by its threshold; -1 when there is nothing to compare.
 */
static int
judge(const DqCheck *check, const DqTest *test)
{
	double threshold = dq_rules_history_threshold(check);

	if (isnan(test->statistic))
		return -1;
	if (!isnan(test->p_value) &&
		test->p_value >= dq_rules_history_alpha(check))
		return 1;
	if (isnan(threshold))
		return isnan(test->p_value) ? 1 : 0;
	return test->statistic <= threshold ? 1 : 0;
}

/*
 * part_text: a number of what was found, for a message.
 */
static char *
part_text(const DqProbe *probe, const char *key)
{
	if (!dq_json_has(probe->observed, key))
		return pstrdup("infinity");
	return psprintf("%.6g", dq_json_double(probe->observed, key, 0.0,
										   -DBL_MAX, DBL_MAX, "a verdict"));
}

/*
 * finding_of: what was found and what is good.
 */
static char *
finding_of(const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	double threshold = dq_rules_history_threshold(check);
	char *method = dq_json_text(probe->observed, "method", "a verdict");

	if (probe->holds < 0)
		return pstrdup("nothing to compare");
	if (dq_json_has(probe->observed, "p_value"))
		return psprintf("statistic %s of %s with p-value %s, expected at least %g",
						part_text(probe, "value"), method,
						part_text(probe, "p_value"),
						dq_rules_history_alpha(check));
	if (isnan(threshold))
		return psprintf("found %s %s", method, part_text(probe, "value"));
	return psprintf("found %s %s, expected at most %g", method,
					part_text(probe, "value"), threshold);
}

/*
 * read_numbers: count and measure.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	Sides *sides = new_sides(0);
	DqMeasure measure;
	DqTest test = {0};

	dq_rules_history_measure(probe->check, &measure);
	test.statistic = test.p_value = test.df = get_float8_nan();
	if (measure.method == DQ_MEASURE_KS)
		test = count_ks(probe, &measure, sides);
	else
	{
		sides = count_sides(probe);
		if (sides->rows > 0.0 && sides->reference_rows != 0.0)
			test = dq_measure_apply(&measure, sides->observed, sides->n,
									sides->expected, sides->n);
	}
	probe->counts.tested = (int64) sides->rows;
	probe->counts.nulls = probe->counts.scope - probe->counts.tested;
	probe->holds = judge(probe->check, &test);
	probe->observed = describe(probe, &measure, &test, sides);
	probe->finding = finding_of(probe);
}

/*
 * failed_rows: there are none to show.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return NULL;
}

/*
 * equivalent: the rows that are compared; how is not SQL.
 */
static char *
equivalent(const DqProbe *probe)
{
	return psprintf("SELECT pg_catalog.count(%s) AS tested_rows, 0::pg_catalog.int8 AS failed_rows FROM %s%s",
					((DqColumn *) linitial(probe->columns))->sql,
					probe->source->from, dq_shape_where(probe));
}

const DqShape dq_shape_drift = {.is_metric = true,
								.scan_only = false,
								.prepare = prepare,
								.write = write_numbers,
								.read = read_numbers,
								.failed_rows = failed_rows,
								.equivalent = equivalent};
