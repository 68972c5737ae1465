/*
 * verdict.c
 *	  From counts to verdicts: tolerance, status, message, result row.
 *
 * Status and success:
 *
 *	error		the check could not be evaluated
 *	no_data		nothing was left to test; on_empty says how that counts
 *	pass		at most as many rows failed as are tolerated
 *	fail, warn	more did; fail from severity error on
 *
 * success is false for what must stop a pipeline: fail, error and a no_data
 * that counts as a failure, each of severity error or above. A check of
 * severity info or warn never stops anything, not even when it cannot be
 * evaluated.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/keymetric.h"
#include "quality/sample.h"
#include "quality/verdict.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * bigint_numeric: a bigint as a numeric Datum.
 */
static Datum
bigint_numeric(int64 value)
{
	return DirectFunctionCall1(int8_numeric, Int64GetDatum(value));
}

/*
 * text_numeric: a text that was checked to be a numeric as a Datum.
 */
static Datum
text_numeric(const char *value)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(value),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/*
 * fraction_exceeded: failed > fraction * tested, exactly.
 */
static bool
fraction_exceeded(const char *fraction, const DqCounts *counts)
{
	Datum allowed = DirectFunctionCall2(numeric_mul,
										text_numeric(fraction),
										bigint_numeric(counts->tested));

	return DatumGetBool(DirectFunctionCall2(numeric_gt,
											bigint_numeric(counts->failed),
											allowed));
}

/*
 * tolerance: the fraction of rows that may fail: the check's own, or that of
 * the task for a check that says nothing; NULL when there is none.
 */
static const char *
tolerance(const DqCheck *check, const DqQualityTask *task)
{
	if (check->max_failed_fraction != NULL || check->max_failed_rows >= 0 ||
		check->type->shape->is_metric)
		return check->max_failed_fraction;
	return task->max_failed_fraction;
}

/*
 * is_tolerated: does the check hold? Every tolerance that is given counts;
 * the task's applies to checks without one of their own; without any, no row
 * may fail.
 */
static bool
is_tolerated(const DqProbe *probe, const DqQualityTask *task)
{
	const DqCheck *check = probe->check;
	const char *fraction = tolerance(check, task);

	if (check->type->shape->is_metric)
		return probe->holds == 1;
	if (probe->counts.failed == 0)
		return true;
	if (fraction == NULL && check->max_failed_rows < 0)
		return false;
	if (check->max_failed_rows >= 0 &&
		probe->counts.failed > check->max_failed_rows)
		return false;
	return fraction == NULL || !fraction_exceeded(fraction, &probe->counts);
}

/*
 * has_no_data: was there nothing to test?
 */
static bool
has_no_data(const DqProbe *probe)
{
	if (probe->check->type->shape->is_metric)
		return probe->holds < 0;
	return probe->counts.tested == 0 && !probe->counts.uncounted;
}

/*
 * settle_status: status and success of a check that was evaluated.
 */
static void
settle_status(DqVerdict *verdict, const DqProbe *probe,
			  const DqQualityTask *task)
{
	bool stops = probe->check->severity >= DQ_ERROR && !probe->is_mild;
	DqOnEmpty on_empty = dq_rule_on_empty(probe->check);

	verdict->success = true;
	if (has_no_data(probe))
	{
		verdict->status = DQ_CHECK_NO_DATA;
		verdict->success = !(stops && on_empty == DQ_EMPTY_FAIL);
		if (on_empty == DQ_EMPTY_WARN)
			verdict->severity = Min(verdict->severity, DQ_WARN);
	}
	else if (is_tolerated(probe, task))
		verdict->status = DQ_CHECK_PASS;
	else
	{
		verdict->status = stops ? DQ_CHECK_FAIL : DQ_CHECK_WARN;
		verdict->success = !stops;
		if (probe->is_mild)
			verdict->severity = Min(verdict->severity, DQ_WARN);
	}
}

/*
 * dq_verdict_outcome: does an answered check hold, whatever its severity?
 */
bool
dq_verdict_outcome(const DqProbe *probe)
{
	if (has_no_data(probe))
		return dq_rule_on_empty(probe->check) != DQ_EMPTY_FAIL;
	return is_tolerated(probe, probe->task);
}

/*
 * expected_value: "between 1 and 10" and the like, for metrics.
 */
static char *
expected_value(const DqCheck *check)
{
	if (check->min_value != NULL && check->max_value != NULL)
		return psprintf("between %s and %s", check->min_value,
						check->max_value);
	if (check->min_value != NULL)
		return psprintf("%s %s", check->min_excluded ? "more than" : "at least",
						check->min_value);
	if (check->max_value != NULL)
		return psprintf("%s %s", check->max_excluded ? "less than" : "at most",
						check->max_value);
	if (dq_json_has(check->doc, "max_age"))
		return psprintf("no older than %s",
						dq_json_text(check->doc, "max_age", check->what));
	if (dq_json_is_number(check->doc, "value"))
		return dq_json_scalar_text(check->doc, "value", check->what);
	return pstrdup(check->type->holds ? "what the rule says" : "any number");
}

/*
 * observed_value: the value of a metric as text, clipped.
 */
static const char *
observed_value(const DqProbe *probe)
{
	Jsonb *value = dq_json_part(probe->observed, "value");

	if (value == NULL)
		return "nothing";
	return dq_sqltext_clip(dq_json_out(value), 200);
}

/*
 * message_of: one sentence.
 */
static char *
message_of(const DqVerdict *verdict, const DqProbe *probe)
{
	const char *rows = verdict->tested_rows == 1 ? "row" : "rows";
	bool tolerated = verdict->status == DQ_CHECK_PASS &&
					 verdict->failed_rows > 0;

	if (probe->finding != NULL)
		return probe->finding;
	if (verdict->status == DQ_CHECK_NO_DATA && verdict->tested_rows > 0)
		return pstrdup("the tested rows have no such value");
	if (verdict->status == DQ_CHECK_NO_DATA)
		return pstrdup("no rows to test");
	if (probe->check->type->shape->is_metric)
		return psprintf("found %s%s, expected %s", observed_value(probe),
						dq_keymetric_error(probe),
						expected_value(probe->check));
	if (probe->counts.uncounted)
		return psprintf("no row fails, as %s shows", probe->proof);
	return psprintf(INT64_FORMAT " of " INT64_FORMAT " %s failed%s",
					verdict->failed_rows, verdict->tested_rows, rows,
					tolerated ? ", which is tolerated" : "");
}

/*
 * relation_name: a relation as the check names it.
 */
static const char *
relation_name(const RangeVar *relation)
{
	if (relation->schemaname == NULL)
		return dq_sqltext_ident(relation->relname);
	return dq_sqltext_qualified(relation->schemaname, relation->relname);
}

/*
 * failed_fraction: failed / tested as text, NULL when nothing was tested.
 */
static char *
failed_fraction(const DqCounts *counts)
{
	Datum fraction;

	if (counts->uncounted)
		return pstrdup("0");
	if (counts->tested == 0)
		return NULL;
	fraction = DirectFunctionCall2(numeric_div,
								   bigint_numeric(counts->failed),
								   bigint_numeric(counts->tested));
	return DatumGetCString(DirectFunctionCall1(numeric_out, fraction));
}

/* what a rule object says that is not what the check demands */
static const char *const other_options[] = {
	"type", "name", "column", "columns", "severity", "description", "tags",
	"dimension", "sample_limit", "on_empty", "max_failed_fraction",
	"value_set", NULL};

/*
 * is_other: does the option say something else than what is demanded?
 */
static bool
is_other(const char *key)
{
	int i;

	for (i = 0; other_options[i] != NULL; i++)
	{
		if (strcmp(key, other_options[i]) == 0)
			return true;
	}
	return false;
}

/*
 * expected_of: what the check demands, as jsonb: the options of a rule
 * object, or the parts of a check text.
 */
static Jsonb *
expected_of(const DqProbe *probe, const DqQualityTask *task)
{
	const DqCheck *check = probe->check;
	DqJsonBuild build;
	ListCell *lc;

	dq_json_begin(&build);
	foreach(lc, dq_json_keys(check->doc))
	{
		const char *key = (char *) lfirst(lc);

		if (!is_other(key))
			dq_json_add_from(&build, key, check->doc);
	}
	foreach(lc, dq_json_keys(probe->expected))
		dq_json_add_from(&build, (char *) lfirst(lc), probe->expected);
	if (!dq_json_has(check->doc, "expression"))
		dq_json_add_text(&build, "expression", check->expression);
	if (dq_json_has(check->doc, "value_set"))
		dq_json_add_text_list(&build, "allowed", check->allowed);
	if ((check->type->takes & DQ_TAKES_NULLS) &&
		!dq_json_has(check->doc, "nulls"))
		dq_json_add_text(&build, "nulls", dq_rule_nulls_name(check->nulls));
	if (check->referenced != NULL &&
		!dq_json_has(check->doc, "references") &&
		!dq_json_has(check->doc, "relation"))
		dq_json_add_text(&build, "references",
						 relation_name(check->referenced));
	if (check->referenced_columns != NIL &&
		!dq_json_has(check->doc, "referenced_columns") &&
		!dq_json_has(check->doc, "relation_columns"))
		dq_json_add_text_list(&build, "referenced_columns",
							  check->referenced_columns);
	dq_json_add_text(&build, "max_failed_fraction", tolerance(check, task));
	return dq_json_end(&build);
}

/*
 * observed_of: what was found, as jsonb; NULL when the columns of the result
 * say it all.
 */
static Jsonb *
observed_of(const DqProbe *probe)
{
	const DqCounts *counts = &probe->counts;
	int64 keyed;
	int64 once;
	DqJsonBuild build;

	if (probe->check->type->shape != &dq_shape_key || counts->uncounted)
		return probe->observed;
	dq_json_begin(&build);
	once = counts->distinct_values - counts->duplicate_values;
	keyed = counts->failed + once;
	if (strcmp(probe->check->type->name, "primary_key") == 0)
		keyed -= counts->nulls;
	dq_json_add_int(&build, "distinct_values", counts->distinct_values);
	dq_json_add_int(&build, "values_occurring_once", once);
	dq_json_add_int(&build, "duplicate_values", counts->duplicate_values);
	dq_json_add_int(&build, "duplicate_rows", keyed - once);
	dq_json_add_int(&build, "surplus_rows", keyed - counts->distinct_values);
	return dq_json_end(&build);
}

/*
 * tell_error: the verdict on a check that could not be evaluated.
 */
static void
tell_error(DqVerdict *verdict, const ErrorData *error)
{
	verdict->status = DQ_CHECK_ERROR;
	verdict->success = verdict->severity < DQ_ERROR;
	verdict->error_sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	verdict->error_message = pstrdup(error->message ? error->message :
													  "unknown error");
	if (error->hint != NULL)
		verdict->error_message = psprintf("%s (%s)", verdict->error_message,
										  error->hint);
	verdict->message = psprintf("could not be evaluated: %s",
								verdict->error_message);
}

/*
 * tell_failures: what a person needs to look at failing rows.
 */
static void
tell_failures(DqVerdict *verdict, const DqProbe *probe, int sample_rows)
{
	if (probe->counts.failed == 0)
		return;
	verdict->failed_rows_sql = probe->check->type->shape->failed_rows(probe);
	if (probe->check->sample_limit >= 0)
		sample_rows = probe->check->sample_limit;
	if (sample_rows <= 0 || verdict->status == DQ_CHECK_PASS)
		return;
	verdict->sample = dq_sample_rows(probe, sample_rows);
	verdict->top_failed = dq_sample_top(probe);
}

/*
 * judge_probe: the verdict on an answered probe, without samples.
 */
static DqVerdict *
judge_probe(const DqProbe *probe, const DqQualityTask *task)
{
	const DqCheck *check = probe->check;
	const DqCounts *counts = &probe->counts;
	DqVerdict *verdict = palloc0(sizeof(DqVerdict));

	verdict->check_name = check->name;
	verdict->check_type = pstrdup(check->type->name);
	verdict->columns = check->columns;
	verdict->dimension = check->dimension;
	verdict->severity = check->severity;
	verdict->description = check->description;
	verdict->tags = check->tags;
	verdict->evaluation = probe->evaluation ? probe->evaluation : "sql";
	verdict->proof = probe->proof;
	verdict->duration_ms = probe->duration_ms;
	verdict->expected = expected_of(probe, task);
	if (probe->point != NULL)
		verdict->points = list_make1(probe->point);
	if (probe->error != NULL)
	{
		tell_error(verdict, probe->error);
		return verdict;
	}
	verdict->uncounted = counts->uncounted;
	verdict->tested_rows = counts->tested;
	verdict->null_rows = counts->nulls;
	verdict->excluded_rows = counts->total - counts->scope;
	verdict->failed_rows = counts->failed;
	if (!check->type->shape->is_metric)
		verdict->failed_fraction = failed_fraction(counts);
	verdict->observed = observed_of(probe);
	settle_status(verdict, probe, task);
	verdict->message = message_of(verdict, probe);
	return verdict;
}

/*
 * dq_verdict_failed: is it a verdict that somebody has to look at?
 */
bool
dq_verdict_failed(const DqVerdict *verdict)
{
	switch (verdict->status)
	{
		case DQ_CHECK_FAIL:
		case DQ_CHECK_WARN:
		case DQ_CHECK_ERROR:
			return true;
		case DQ_CHECK_NO_DATA:
			return !verdict->success;
		case DQ_CHECK_PASS:
		case DQ_CHECK_SKIPPED:
			break;
	}
	return false;
}

/*
 * group_of: one group's part of "observed".
 */
static Jsonb *
group_of(const DqProbe *group, const DqVerdict *verdict)
{
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_jsonb(&build, "group", group->group);
	dq_json_add_text(&build, "status",
					 dq_verdict_status_name(verdict->status));
	dq_json_add_int(&build, "tested_rows", verdict->tested_rows);
	dq_json_add_int(&build, "failed_rows", verdict->failed_rows);
	if (verdict->observed != NULL)
		dq_json_add_jsonb(&build, "observed", verdict->observed);
	return dq_json_end(&build);
}

/*
 * weight: which of several groups decides: one that failed, else one that had
 * rows to test.
 */
static int
weight(const DqVerdict *verdict)
{
	if (dq_verdict_failed(verdict))
		return 2;
	return verdict->status == DQ_CHECK_NO_DATA ? 0 : 1;
}

/*
 * judge_groups: the verdict on a check with group_by: every group must hold.
 * "observed" tells about each, failing ones first.
 */
static DqVerdict *
judge_groups(const DqProbe *probe, const DqQualityTask *task)
{
	DqVerdict *result = judge_probe(probe, task);
	List *bad = NIL;
	List *good = NIL;
	DqJsonBuild build;
	DqVerdict *worst = result;
	int n_bad;
	ListCell *lc;

	foreach(lc, probe->groups)
	{
		const DqProbe *group = (DqProbe *) lfirst(lc);
		DqVerdict *verdict = judge_probe(group, task);
		Jsonb *part = group_of(group, verdict);

		result->points = list_concat(result->points, verdict->points);
		if (dq_verdict_failed(verdict))
			bad = lappend(bad, part);
		else
			good = lappend(good, part);
		if (worst == result || weight(verdict) > weight(worst))
			worst = verdict;
	}
	dq_json_begin(&build);
	dq_json_add_int(&build, "groups", list_length(probe->groups));
	n_bad = list_length(bad);
	dq_json_add_int(&build, "failed_groups", n_bad);
	dq_json_add_parts(&build, "verdicts", list_concat(bad, good));
	result->observed = dq_json_end(&build);
	result->status = worst->status;
	result->success = worst->success;
	result->severity = worst->severity;
	result->message = psprintf("%d of %d groups failed", n_bad,
							   list_length(probe->groups));
	return result;
}

/*
 * dq_verdict_judge: the verdict on a check, in the current memory context.
 * "probes" are its levels, mildest first, all answered: the gravest level
 * that fails is the verdict. Looks for a sample under the active snapshot
 * when rows failed.
 */
DqVerdict *
dq_verdict_judge(List *probes, const DqQualityTask *task)
{
	const DqProbe *judged = (DqProbe *) linitial(probes);
	DqVerdict *result = NULL;
	ListCell *lc;

	foreach(lc, probes)
	{
		const DqProbe *probe = (DqProbe *) lfirst(lc);
		DqVerdict *verdict = probe->groups != NIL ?
								 judge_groups(probe, task) :
								 judge_probe(probe, task);

		if (result != NULL && !dq_verdict_failed(verdict) &&
			dq_verdict_failed(result))
			continue;
		result = verdict;
		judged = probe;
	}
	if (judged->error == NULL)
		tell_failures(result, judged, task->sample_rows);
	return result;
}
