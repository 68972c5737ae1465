/*
 * keymetric.c
 *	  Numbers that follow from the counts of a key, held against bounds.
 *
 * Shares are compared without dividing: part >= bound * whole, in numeric, so
 * that no digit of a bound is lost.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/aggregate.h"
#include "quality/keymetric.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * whole_number: a count as a numeric Datum.
 */
static Datum
whole_number(int64 value)
{
	return DirectFunctionCall1(int8_numeric, Int64GetDatum(value));
}

/*
 * compare_bound: part / whole compared with a bound: below, equal, above 0.
 */
static int
compare_bound(int64 part, int64 whole, const char *bound)
{
	Datum value = DirectFunctionCall3(numeric_in, CStringGetDatum(bound),
									  ObjectIdGetDatum(InvalidOid),
									  Int32GetDatum(-1));

	value = DirectFunctionCall2(numeric_mul, value, whole_number(whole));
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, whole_number(part),
											 value));
}

/*
 * is_within: does part / whole lie within the bounds of the check?
 */
static bool
is_within(const DqCheck *check, int64 part, int64 whole)
{
	int order;

	if (check->min_value != NULL)
	{
		order = compare_bound(part, whole, check->min_value);
		if (order < 0 || (order == 0 && check->min_excluded))
			return false;
	}
	if (check->max_value != NULL)
	{
		order = compare_bound(part, whole, check->max_value);
		if (order > 0 || (order == 0 && check->max_excluded))
			return false;
	}
	return true;
}

/*
 * fraction_text: part / whole as JSON, NULL when there is no whole.
 */
static char *
fraction_text(int64 part, int64 whole)
{
	Datum value;

	if (whole == 0)
		return NULL;
	value = DirectFunctionCall2(numeric_div, whole_number(part),
								whole_number(whole));
	value = DirectFunctionCall1(numeric_trim_scale, value);
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

/*
 * tell: what was found: the value and all numbers of the key.
 */
static void
tell(DqProbe *probe, const char *value)
{
	const DqCounts *counts = &probe->counts;
	int64 once = counts->distinct_values - counts->duplicate_values;
	DqJsonBuild build;

	dq_json_begin(&build);
	if (value == NULL)
		dq_json_add_null(&build, "value");
	else
		dq_json_add_jsonb(&build, "value", dq_json_parse(value, "a value"));
	dq_json_add_int(&build, "distinct_values", counts->distinct_values);
	dq_json_add_int(&build, "values_occurring_once", once);
	dq_json_add_int(&build, "duplicate_values", counts->duplicate_values);
	dq_json_add_int(&build, "duplicate_rows", counts->tested - once);
	dq_json_add_int(&build, "surplus_rows",
					counts->tested - counts->distinct_values);
	probe->observed = dq_json_end(&build);
}

/*
 * tell_share: judge a share of the rows with a key; no rows, no value.
 */
static void
tell_share(DqProbe *probe, int64 part)
{
	int64 whole = probe->counts.tested;

	tell(probe, fraction_text(part, whole));
	probe->holds = whole == 0 ? -1 : is_within(probe->check, part, whole);
	probe->counts.failed = 0;
}

/*
 * dq_keymetric_check_count: bounds are numbers that a count can reach.
 */
void
dq_keymetric_check_count(DqCheck *check)
{
	dq_aggregate_check_numbers(check);
	if ((check->min_value != NULL && *check->min_value == '-') ||
		(check->max_value != NULL && *check->max_value == '-'))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of %s must not be negative", check->what)));
}

/*
 * dq_keymetric_check_duplicates: the bound as messages tell it.
 */
void
dq_keymetric_check_duplicates(DqCheck *check)
{
	check->max_value = dq_json_scalar_text(check->doc, "max_value",
										   check->what);
}

/*
 * dq_keymetric_duplicates: duplicates in the unit that was chosen; the rows
 * that share their key are the failed ones, whatever the unit.
 */
void
dq_keymetric_duplicates(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const DqCounts *counts = &probe->counts;
	int64 values[3];
	int unit = dq_option_word(check->type->options, check->doc, "unit",
							  check->what);
	int64 most = dq_json_int(check->doc, "max_value", 0, check->what);

	values[0] = counts->failed;
	values[1] = counts->duplicate_values;
	values[2] = counts->tested - counts->distinct_values;
	tell(probe, psprintf(INT64_FORMAT, values[unit]));
	probe->holds = values[unit] <= most;
}

/*
 * dq_keymetric_uniqueness: rows whose key occurs once / rows with a key.
 */
void
dq_keymetric_uniqueness(DqProbe *probe)
{
	const DqCounts *counts = &probe->counts;

	tell_share(probe, counts->distinct_values - counts->duplicate_values);
}

/*
 * dq_keymetric_distinctness: different keys / rows with a key.
 */
void
dq_keymetric_distinctness(DqProbe *probe)
{
	tell_share(probe, probe->counts.distinct_values);
}

/*
 * dq_keymetric_is_approximate: may it be answered by an estimate?
 */
bool
dq_keymetric_is_approximate(const DqCheck *check)
{
	return check->type->look == dq_keymetric_distinct &&
		   dq_json_bool(check->doc, "approximate", false, check->what);
}

/*
 * dq_keymetric_error: how far the number may be off, for a message.
 */
const char *
dq_keymetric_error(const DqProbe *probe)
{
	if (probe->counts.standard_error == 0)
		return "";
	return psprintf(" (standard error %.2f %%)",
					100 * probe->counts.standard_error);
}

/*
 * tell_estimate: the number and how far it may be off; nothing is known of
 * duplicates. The same whether it was counted or estimated.
 */
static void
tell_estimate(DqProbe *probe)
{
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_int(&build, "value", probe->counts.distinct_values);
	dq_json_add_double(&build, "standard_error",
					   probe->counts.standard_error);
	probe->observed = dq_json_end(&build);
}

/*
 * dq_keymetric_distinct: the number of different keys, 0 of no rows.
 */
void
dq_keymetric_distinct(DqProbe *probe)
{
	int64 value = probe->counts.distinct_values;

	if (dq_keymetric_is_approximate(probe->check))
		tell_estimate(probe);
	else
		tell(probe, psprintf(INT64_FORMAT, value));
	probe->holds = is_within(probe->check, value, 1);
	probe->counts.failed = 0;
}
