/*
 * shape_history.c
 *	  One value that many rows make, held against what it was before.
 *
 * The value is counted as any metric is; what differs is how it is judged.
 * Too short a history is no data, and that passes unless on_empty says
 * otherwise: a new check must be able to gather one.
 */
#include "postgres.h"

#include <float.h>

#include "base/json.h"
#include "quality/fused.h"
#include "quality/history.h"
#include "quality/rules_history.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * write_metric: the value as SQL: that of another metric rule, an expression,
 * or what the rule itself says.
 */
static void
write_metric(StringInfo buf, DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const DqCheck *metric = dq_rules_history_metric(check);

	if (metric != NULL)
	{
		DqProbe *inner = palloc0(sizeof(DqProbe));

		inner->check = metric;
		inner->task = probe->task;
		inner->source = probe->source;
		metric->type->shape->prepare(inner);
		probe->columns = inner->columns;
		appendStringInfoString(buf, inner->value);
	}
	else if (check->expression != NULL)
		appendStringInfo(buf, "\n%s\n", check->expression);
	else
		check->type->metric(buf, probe);
}

/*
 * prepare: the value, as the shape of metrics expects it.
 */
static void
prepare(DqProbe *probe)
{
	StringInfoData buf;

	initStringInfo(&buf);
	write_metric(&buf, probe);
	probe->value = psprintf("(%s)", buf.data);
}

/*
 * write_numbers: as any metric.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
	dq_shape_metric.write(fused, probe);
}

/*
 * expected_text: the interval of what was found, in words.
 */
static char *
expected_text(const DqProbe *probe)
{
	Jsonb *interval = dq_json_part(probe->observed, "interval");
	bool has[2];
	double bounds[2];
	int i;

	for (i = 0; i < 2; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&interval->root, i);

		has[i] = value != NULL && value->type == jbvNumeric;
		if (has[i])
			bounds[i] = DatumGetFloat8(
				DirectFunctionCall1(numeric_float8,
									NumericGetDatum(value->val.numeric)));
	}
	if (has[0] && has[1])
		return psprintf("between %.10g and %.10g", bounds[0], bounds[1]);
	if (has[0])
		return psprintf("at least %.10g", bounds[0]);
	if (has[1])
		return psprintf("at most %.10g", bounds[1]);
	return pstrdup("any number");
}

/*
 * finding_of: what was found and what the history made expect.
 */
static char *
finding_of(const DqProbe *probe)
{
	int64 n;
	double value;

	n = dq_json_int(probe->observed, "n", 0, "a verdict");
	value = dq_json_double(probe->observed, "value", 0.0, -DBL_MAX, DBL_MAX,
						   "a verdict");
	if (probe->holds < 0)
		return psprintf("found %.10g, too little history to compare with (n = " INT64_FORMAT ")",
						value, n);
	return psprintf("found %.10g, expected %s (n = " INT64_FORMAT ")", value,
					expected_text(probe), n);
}

/*
 * read_numbers: the value as any metric, judged by its history.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	const DqCheck *check = probe->check;
	DqHistory history;

	dq_shape_metric.read(fused, probe);
	if (probe->holds < 0)
		return;
	if (!dq_json_is_number(probe->observed, "value"))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the metric of %s is not a number", check->what)));
	dq_history_read(&history, check, dq_rules_history_is_change(check),
					dq_rules_history_counts(check));
	dq_history_judge(&history, probe,
					 dq_json_double(probe->observed, "value", 0.0,
									-DBL_MAX, DBL_MAX, check->what));
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
 * equivalent: the metric alone; its history is not SQL.
 */
static char *
equivalent(const DqProbe *probe)
{
	return dq_shape_metric.equivalent(probe);
}

const DqShape dq_shape_history = {.is_metric = true,
								  .empty_passes = true,
								  .scan_only = true,
								  .prepare = prepare,
								  .write = write_numbers,
								  .read = read_numbers,
								  .failed_rows = failed_rows,
								  .equivalent = equivalent};
