/*
 * partition.c
 *	  An expected distribution, written as an object: values or bins, and
 *	  their weights.
 *
 * The form is that of Great Expectations: {"values": [...], "weights": [...]}
 * or {"bins": [edges], "weights": [...], "tail_weights": [below, above]}. The
 * first and last edge may be "-Infinity" and "Infinity"; then these bins are
 * the tails. tail_weight_holdout is kept aside for what lies outside (half
 * for each tail, or all values that are not listed), internal_weight_holdout
 * for bins of weight zero; the given weights are scaled down by both.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "base/json.h"
#include "quality/partition.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"

/* weights must add up to one, as near as this */
#define SUM_TOLERANCE 1e-5

#define MAX_PARTS 10000

static const char *const partition_keys[] = {"values", "bins", "weights",
											 "tail_weights", NULL};

typedef struct Reading
{
	Jsonb *part;
	const char *what;
	double tail_holdout;
	double internal_holdout;
} Reading;

/*
 * refuse: 22023: it is no distribution.
 */
static void
refuse(const Reading *reading, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"partition\" of %s %s", reading->what, problem),
			 errhint("Write {\"values\": [\"a\", \"b\"], \"weights\": [0.6, 0.4]} or {\"bins\": [0, 10, 20], \"weights\": [0.6, 0.4]}.")));
}

/*
 * read_numbers: a list of numbers; *n is 0 when it is not given.
 */
static double *
read_numbers(const Reading *reading, const char *key, int *n)
{
	List *texts = dq_json_scalar_list(reading->part, key, "a partition");
	double *numbers = palloc(sizeof(double) * (list_length(texts) + 1));
	ListCell *lc;

	*n = list_length(texts);
	if (*n > MAX_PARTS)
		refuse(reading, psprintf("has more than %d parts", MAX_PARTS));
	foreach(lc, texts)
	{
		double number = DatumGetFloat8(
			DirectFunctionCall1(float8in,
								CStringGetDatum((char *) lfirst(lc))));

		if (isnan(number))
			refuse(reading, "must not hold NaN");
		numbers[foreach_current_index(lc)] = number;
	}
	return numbers;
}

/*
 * check_sum: weights are not negative and, with the tails, add up to one.
 */
static void
check_sum(const Reading *reading, const double *weights, int n,
		  const double *tails, int n_tails)
{
	double sum = 0.0;
	int i;

	for (i = 0; i < n + n_tails; i++)
	{
		double weight = i < n ? weights[i] : tails[i - n];

		if (!(weight >= 0.0 && weight <= 1.0))
			refuse(reading, "must have weights between 0 and 1");
		sum += weight;
	}
	if (fabs(sum - 1.0) > SUM_TOLERANCE)
		refuse(reading, "must have weights that add up to 1");
}

/*
 * scale_weights: make room for what is held out, and give it to bins of
 * weight zero.
 */
static void
scale_weights(const Reading *reading, double *weights, int n)
{
	int zeros = 0;
	int i;

	for (i = 0; i < n; i++)
	{
		zeros += weights[i] == 0.0;
		weights[i] *= 1.0 - reading->tail_holdout -
					  reading->internal_holdout;
	}
	if (reading->internal_holdout == 0.0)
		return;
	for (i = 0; i < n; i++)
	{
		if (weights[i] == 0.0)
			weights[i] = reading->internal_holdout / zeros;
	}
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
 * read_values: values and their weights.
 */
static DqPartition *
read_values(const Reading *reading)
{
	DqPartition *result = palloc0(sizeof(DqPartition));
	List *sorted;
	ListCell *lc;

	result->values = dq_json_scalar_list(reading->part, "values",
										 "a partition");
	result->weights = read_numbers(reading, "weights", &result->n_weights);
	if (result->n_weights != list_length(result->values) ||
		result->values == NIL)
		refuse(reading, "must have a weight for each value");
	if (dq_json_has(reading->part, "tail_weights"))
		refuse(reading, "must not have tail weights with values");
	if (reading->internal_holdout > 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"internal_weight_holdout\" of %s needs bins",
						reading->what)));
	sorted = list_copy(result->values);
	list_sort(sorted, compare_texts);
	for_each_from(lc, sorted, 1)
	{
		if (strcmp((char *) lfirst(lc),
				   (char *) list_nth(sorted,
									 foreach_current_index(lc) - 1)) == 0)
			refuse(reading, "must not hold a value twice");
	}
	check_sum(reading, result->weights, result->n_weights, NULL, 0);
	result->unseen = reading->tail_holdout;
	return result;
}

/*
 * check_edges: ascending; infinite at the ends only.
 */
static void
check_edges(const Reading *reading, const double *edges, int n)
{
	int i;

	for (i = 1; i < n; i++)
	{
		if (!(edges[i] > edges[i - 1]))
			refuse(reading, "must have bins in ascending order");
	}
	if (n < 2 || isinf(edges[0]) > 0 || isinf(edges[n - 1]) < 0 ||
		(n == 2 && isinf(edges[0]) && isinf(edges[1])))
		refuse(reading, "must have bins with an edge between them");
}

/*
 * place_weights: weights of all bins with both tails: the given bins, with
 * those at infinity as tails, and what is held out for the others.
 */
static void
place_weights(const Reading *reading, DqPartition *result,
			  const double *edges, const double *weights, int n,
			  const double *tails)
{
	bool open_below = isinf(edges[0]);
	bool open_above = isinf(edges[n]);
	double holdout = reading->tail_holdout;

	if (open_below && open_above && holdout > 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"tail_weight_holdout\" of %s needs bins that leave a tail",
						reading->what)));
	if ((open_below || open_above) && tails != NULL)
		refuse(reading, "must not have tail weights with bins to infinity");
	if (!open_below && !open_above)
		holdout /= 2.0;
	result->n_edges = n + 1 - open_below - open_above;
	result->edges = palloc(sizeof(double) * result->n_edges);
	memcpy(result->edges, edges + open_below,
		   sizeof(double) * result->n_edges);
	result->last_closed = !open_above;
	result->n_weights = result->n_edges + 1;
	result->weights = palloc(sizeof(double) * result->n_weights);
	result->weights[0] = tails ? tails[0] : holdout;
	result->weights[result->n_weights - 1] = tails ? tails[1] : holdout;
	memcpy(result->weights + !open_below, weights, sizeof(double) * n);
}

/*
 * read_bins: bins, their weights and those of the tails.
 */
static DqPartition *
read_bins(const Reading *reading)
{
	DqPartition *result = palloc0(sizeof(DqPartition));
	int n_edges;
	int n;
	int n_tails;
	double *edges = read_numbers(reading, "bins", &n_edges);
	double *weights = read_numbers(reading, "weights", &n);
	double *tails = read_numbers(reading, "tail_weights", &n_tails);

	if (n_edges != n + 1)
		refuse(reading, "must have one edge more than weights");
	if (n_tails != 0 && n_tails != 2)
		refuse(reading, "must have two tail weights");
	check_edges(reading, edges, n_edges);
	check_sum(reading, weights, n, tails, n_tails);
	scale_weights(reading, weights, n);
	place_weights(reading, result, edges, weights, n,
				  n_tails ? tails : NULL);
	return result;
}

/*
 * dq_partition_read: see partition.h.
 */
DqPartition *
dq_partition_read(Jsonb *doc, const char *what)
{
	Reading reading = {.what = what};

	reading.tail_holdout = dq_json_double(doc, "tail_weight_holdout", 0.0,
										  0.0, 1.0, what);
	reading.internal_holdout = dq_json_double(doc, "internal_weight_holdout",
											  0.0, 0.0, 1.0, what);
	if (reading.tail_holdout + reading.internal_holdout > 1.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s holds out more than everything", what)));
	if (!dq_json_has(doc, "partition"))
		return NULL;
	reading.part = dq_json_part(doc, "partition");
	if (!JB_ROOT_IS_OBJECT(reading.part))
		refuse(&reading, "must be a JSON object");
	dq_json_check_keys(reading.part, partition_keys, "a partition");
	if (dq_json_has(reading.part, "values") &&
		dq_json_has(reading.part, "bins"))
		refuse(&reading, "must have values or bins, not both");
	if (dq_json_has(reading.part, "values"))
		return read_values(&reading);
	return read_bins(&reading);
}

/*
 * dq_partition_object: see partition.h.
 */
Jsonb *
dq_partition_object(const DqPartition *partition, const double *weights)
{
	double tails[2] = {weights[0], weights[partition->n_weights - 1]};
	DqJsonBuild build;

	dq_json_begin(&build);
	if (partition->values != NIL)
	{
		dq_json_add_text_list(&build, "values", partition->values);
		dq_json_add_double_list(&build, "weights", weights,
								partition->n_weights);
		return dq_json_end(&build);
	}
	dq_json_add_double_list(&build, "bins", partition->edges,
							partition->n_edges);
	dq_json_add_double_list(&build, "weights", weights + 1,
							partition->n_weights - 2);
	dq_json_add_double_list(&build, "tail_weights", tails, 2);
	return dq_json_end(&build);
}
