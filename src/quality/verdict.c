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

#include "access/htup_details.h"
#include "base/dq_etl.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "quality/sample.h"
#include "quality/verdict.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#define RESULT_TYPE "check_result"
#define RESULT_COLUMNS 23

static const char *const status_names[] = {"pass", "warn", "fail", "error",
										   "no_data", "skipped"};

/*
 * status_name: as in results.
 */
static const char *
status_name(DqStatus status)
{
	return status_names[status];
}

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
 * count_out_of_bounds: is the number of rows outside of the rule's bounds?
 */
static bool
count_out_of_bounds(const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	Datum count = bigint_numeric(probe->counts.tested);

	if (check->min_value != NULL &&
		DatumGetBool(DirectFunctionCall2(numeric_lt, count,
										 text_numeric(check->min_value))))
		return true;
	return check->max_value != NULL &&
		   DatumGetBool(DirectFunctionCall2(numeric_gt, count,
											text_numeric(check->max_value)));
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
		return !count_out_of_bounds(probe);
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
 * settle_status: status and success of a check that was evaluated.
 */
static void
settle_status(DqVerdict *verdict, const DqProbe *probe,
			  const DqQualityTask *task)
{
	bool stops = probe->check->severity >= DQ_ERROR;

	verdict->success = true;
	if (probe->counts.tested == 0 && !probe->check->type->shape->is_metric)
	{
		verdict->status = DQ_CHECK_NO_DATA;
		verdict->success = !(stops &&
							 probe->check->on_empty == DQ_EMPTY_FAIL);
		if (probe->check->on_empty == DQ_EMPTY_WARN)
			verdict->severity = Min(verdict->severity, DQ_WARN);
	}
	else if (is_tolerated(probe, task))
		verdict->status = DQ_CHECK_PASS;
	else
	{
		verdict->status = stops ? DQ_CHECK_FAIL : DQ_CHECK_WARN;
		verdict->success = !stops;
	}
}

/*
 * expected_rows: "between 1 and 10" and the like, for row_count.
 */
static char *
expected_rows(const DqCheck *check)
{
	if (check->min_value != NULL && check->max_value != NULL)
		return psprintf("between %s and %s", check->min_value,
						check->max_value);
	if (check->min_value != NULL)
		return psprintf("at least %s", check->min_value);
	if (check->max_value != NULL)
		return psprintf("at most %s", check->max_value);
	return pstrdup("any number");
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

	if (probe->check->type->shape->is_metric)
		return psprintf(INT64_FORMAT " %s, expected %s",
						verdict->tested_rows, rows,
						expected_rows(probe->check));
	if (verdict->status == DQ_CHECK_NO_DATA)
		return pstrdup("no rows to test");
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

	if (counts->tested == 0)
		return NULL;
	fraction = DirectFunctionCall2(numeric_div,
								   bigint_numeric(counts->failed),
								   bigint_numeric(counts->tested));
	return DatumGetCString(DirectFunctionCall1(numeric_out, fraction));
}

/*
 * expected_of: what the check demands, as jsonb.
 */
static Jsonb *
expected_of(const DqCheck *check, const DqQualityTask *task)
{
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_text(&build, "expression", check->expression);
	dq_json_add_text(&build, "min_value", check->min_value);
	dq_json_add_text(&build, "max_value", check->max_value);
	dq_json_add_text(&build, "pattern", check->pattern);
	if (strcmp(check->type->name, "in_set") == 0)
		dq_json_add_text_list(&build, "allowed", check->allowed);
	if (strcmp(check->type->name, "unique") == 0)
		dq_json_add_text(&build, "nulls", dq_rule_nulls_name(check->nulls));
	if (check->referenced != NULL)
		dq_json_add_text(&build, "references",
						 relation_name(check->referenced));
	if (check->referenced_columns != NIL)
		dq_json_add_text_list(&build, "referenced_columns",
							  check->referenced_columns);
	if (check->max_failed_rows >= 0)
		dq_json_add_int(&build, "max_failed_rows", check->max_failed_rows);
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

	dq_json_begin(&build);
	if (probe->check->type->shape->is_metric)
	{
		dq_json_add_int(&build, "row_count", counts->tested);
		return dq_json_end(&build);
	}
	if (probe->check->type->shape != &dq_shape_key)
		return NULL;
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
	if (sample_rows <= 0 || verdict->status == DQ_CHECK_PASS)
		return;
	verdict->sample = dq_sample_rows(probe, sample_rows);
	verdict->top_failed = dq_sample_top(probe);
}

/*
 * dq_verdict_judge: the verdict on an answered probe, in the current memory
 * context. Looks for a sample under the active snapshot when rows failed.
 */
DqVerdict *
dq_verdict_judge(const DqProbe *probe, const DqQualityTask *task)
{
	const DqCheck *check = probe->check;
	const DqCounts *counts = &probe->counts;
	DqVerdict *verdict = palloc0(sizeof(DqVerdict));

	verdict->check_name = check->name;
	verdict->check_type = pstrdup(check->type->name);
	verdict->columns = check->columns;
	verdict->dimension = check->type->dimension;
	verdict->severity = check->severity;
	verdict->evaluation = probe->evaluation ? probe->evaluation : "sql";
	verdict->duration_ms = probe->duration_ms;
	verdict->expected = expected_of(check, task);
	if (probe->error != NULL)
	{
		tell_error(verdict, probe->error);
		return verdict;
	}
	verdict->tested_rows = counts->tested;
	verdict->null_rows = counts->nulls;
	verdict->excluded_rows = counts->total - counts->scope;
	verdict->failed_rows = counts->failed;
	if (!check->type->shape->is_metric)
		verdict->failed_fraction = failed_fraction(counts);
	verdict->observed = observed_of(probe);
	settle_status(verdict, probe, task);
	verdict->message = message_of(verdict, probe);
	tell_failures(verdict, probe, task->sample_rows);
	return verdict;
}

/* a row being filled */
typedef struct ResultRow
{
	int count;
	Datum values[RESULT_COLUMNS];
	bool nulls[RESULT_COLUMNS];
} ResultRow;

/*
 * put: the next column.
 */
static void
put(ResultRow *row, Datum value, bool isnull)
{
	Assert(row->count < RESULT_COLUMNS);
	row->values[row->count] = value;
	row->nulls[row->count] = isnull;
	row->count++;
}

/*
 * put_text: the next column, a text.
 */
static void
put_text(ResultRow *row, const char *value)
{
	put(row, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

/*
 * put_jsonb: the next column, a jsonb.
 */
static void
put_jsonb(ResultRow *row, Jsonb *value)
{
	put(row, value ? JsonbPGetDatum(value) : (Datum) 0, value == NULL);
}

/*
 * put_count: the next column, a bigint that is only known when the check was
 * evaluated.
 */
static void
put_count(ResultRow *row, const DqVerdict *verdict, int64 value)
{
	bool unknown = verdict->status == DQ_CHECK_ERROR ||
				   verdict->status == DQ_CHECK_SKIPPED;

	put(row, Int64GetDatum(value), unknown);
}

/*
 * put_text_list: the next column, a text[]; NIL is NULL.
 */
static void
put_text_list(ResultRow *row, List *values)
{
	Datum *elements = palloc(sizeof(Datum) * (list_length(values) + 1));
	ArrayType *array;
	int count = 0;
	ListCell *lc;

	foreach(lc, values)
		elements[count++] = CStringGetTextDatum((char *) lfirst(lc));
	array = construct_array(elements, count, TEXTOID, -1, false,
							TYPALIGN_INT);
	put(row, PointerGetDatum(array), values == NIL);
}

/*
 * result_descriptor: the row type of etl.check_result.
 */
static TupleDesc
result_descriptor(void)
{
	Oid schema = get_namespace_oid(DQ_SCHEMA, false);
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
							   CStringGetDatum(RESULT_TYPE),
							   ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type %s.%s does not exist", DQ_SCHEMA, RESULT_TYPE)));
	return lookup_rowtype_tupdesc_copy(type, -1);
}

/*
 * dq_verdict_datum: the verdict as a datum of type etl.check_result.
 */
Datum
dq_verdict_datum(const DqVerdict *verdict)
{
	ResultRow row = {.count = 0};
	TupleDesc desc = result_descriptor();
	Datum fraction = (Datum) 0;

	if (desc->natts != RESULT_COLUMNS)
		elog(ERROR, "type %s.%s has %d columns", DQ_SCHEMA, RESULT_TYPE,
			 desc->natts);
	put_text(&row, verdict->check_name);
	put_text(&row, verdict->check_type);
	put_text_list(&row, verdict->columns);
	put_text(&row, verdict->dimension);
	put_text(&row, status_name(verdict->status));
	put_text(&row, dq_rule_severity_name(verdict->severity));
	put(&row, BoolGetDatum(verdict->success), false);
	put_count(&row, verdict, verdict->tested_rows);
	put_count(&row, verdict, verdict->null_rows);
	put_count(&row, verdict, verdict->excluded_rows);
	put_count(&row, verdict, verdict->failed_rows);
	if (verdict->failed_fraction != NULL)
		fraction = text_numeric(verdict->failed_fraction);
	put(&row, fraction, verdict->failed_fraction == NULL);
	put_jsonb(&row, verdict->observed);
	put_jsonb(&row, verdict->expected);
	put_jsonb(&row, verdict->sample);
	put_jsonb(&row, verdict->top_failed);
	put_text(&row, verdict->failed_rows_sql);
	put_text(&row, verdict->evaluation);
	put_text(&row, verdict->proof);
	put(&row, Float8GetDatum(verdict->duration_ms), false);
	put_text(&row, verdict->error_sqlstate);
	put_text(&row, verdict->error_message);
	put_text(&row, verdict->message);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
											 row.values, row.nulls));
}
