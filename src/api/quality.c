/*
 * quality.c
 *	  Checks as functions: verdicts as rows.
 *
 * Everything reads, as the caller and with the caller's search_path, and
 * works in a read-only transaction. NULL where a value is needed is 22004.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "api/arguments.h"
#include "base/dq_etl.h"
#include "base/guc.h"
#include "base/sqltext.h"
#include "catalog/metric.h"
#include "funcapi.h"
#include "quality/quality.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(dq_etl_check);
PG_FUNCTION_INFO_V1(dq_etl_assert);
PG_FUNCTION_INFO_V1(dq_etl_check_not_null);
PG_FUNCTION_INFO_V1(dq_etl_check_unique);
PG_FUNCTION_INFO_V1(dq_etl_check_range);
PG_FUNCTION_INFO_V1(dq_etl_check_regex);
PG_FUNCTION_INFO_V1(dq_etl_check_in_set);
PG_FUNCTION_INFO_V1(dq_etl_check_foreign_key);
PG_FUNCTION_INFO_V1(dq_etl_check_row_count);
PG_FUNCTION_INFO_V1(dq_etl_check_tap);
PG_FUNCTION_INFO_V1(dq_etl_explain_check);

#define MAX_SAMPLE_ROWS 1000

/* failed checks that an error message of etl.assert names */
#define MAX_NAMED 10

/*
 * begin_task: the checks of a relation with all defaults. The relation is the
 * first argument.
 */
static void
begin_task(DqQualityTask *task, FunctionCallInfo fcinfo, List *checks)
{
	char *name;

	memset(task, 0, sizeof(*task));
	dq_arguments_require(fcinfo, 0, "source");
	task->relid = PG_GETARG_OID(0);
	name = get_rel_name(task->relid);
	task->source = name ? name : "";
	task->checks = checks;
	task->sample_rows = dq_guc_sample_rows;
	task->visible_rows = true;
}

/*
 * read_task: (source, checks, row_filter, max_failed_fraction)
 */
static void
read_task(DqQualityTask *task, FunctionCallInfo fcinfo)
{
	begin_task(task, fcinfo, dq_arguments_required_list(fcinfo, 1, "checks"));
	task->row_filter = dq_arguments_text(fcinfo, 2);
	task->max_failed_fraction = dq_arguments_numeric(fcinfo, 3);
}

/*
 * record_points: keep the numbers that later checks compare with; where
 * nothing can be written, say so.
 */
static void
record_points(List *verdicts)
{
	ListCell *lc;

	if (XactReadOnly || RecoveryInProgress())
	{
		ereport(NOTICE,
				(errmsg("nothing is recorded in a read-only transaction")));
		return;
	}
	foreach(lc, verdicts)
		dq_metric_store(((DqVerdict *) lfirst(lc))->points, 0, true);
}

/*
 * return_verdicts: run the task and return its verdicts as rows.
 */
static Datum
return_verdicts(FunctionCallInfo fcinfo, DqQualityTask *task, bool record)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List *verdicts = dq_quality_run(task);
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, verdicts)
	{
		Datum row = dq_verdict_datum((DqVerdict *) lfirst(lc));
		HeapTupleHeader header = DatumGetHeapTupleHeader(row);
		HeapTupleData tuple;

		tuple.t_len = HeapTupleHeaderGetDatumLength(header);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = header;
		tuplestore_puttuple(result->setResult, &tuple);
	}
	if (record)
		record_points(verdicts);
	return (Datum) 0;
}

/*
 * return_rules: run rules that are made of arguments; arguments that make none
 * are an error.
 */
static Datum
return_rules(FunctionCallInfo fcinfo, List *checks)
{
	DqQualityTask task;

	begin_task(&task, fcinfo, checks);
	dq_quality_validate(checks, NULL);
	return return_verdicts(fcinfo, &task, false);
}

/*
 * return_one: run a single check that is written as a rule.
 */
static Datum
return_one(FunctionCallInfo fcinfo, DqJsonBuild *build)
{
	return return_rules(fcinfo, list_make1(dq_json_out(dq_json_end(build))));
}

/*
 * etl.check(source, checks, row_filter, max_failed_fraction, sample_rows,
 * record)
 */
Datum
dq_etl_check(PG_FUNCTION_ARGS)
{
	DqQualityTask task;

	read_task(&task, fcinfo);
	if (!PG_ARGISNULL(4))
		task.sample_rows = PG_GETARG_INT32(4);
	if (task.sample_rows < 0 || task.sample_rows > MAX_SAMPLE_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"sample_rows\" must be between 0 and %d",
						MAX_SAMPLE_ROWS)));
	return return_verdicts(fcinfo, &task,
						   !PG_ARGISNULL(5) && PG_GETARG_BOOL(5));
}

/*
 * raise_failure: the error of etl.assert.
 */
static void
raise_failure(const DqQualityTask *task, List *failed, int count)
{
	StringInfoData names;
	StringInfoData detail;
	const char *rows_sql = NULL;
	char *message;
	ListCell *lc;

	initStringInfo(&names);
	initStringInfo(&detail);
	foreach(lc, failed)
	{
		DqVerdict *verdict = (DqVerdict *) lfirst(lc);

		if (rows_sql == NULL)
			rows_sql = verdict->failed_rows_sql;
		if (foreach_current_index(lc) >= MAX_NAMED)
			continue;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 verdict->check_name);
		appendStringInfo(&detail, "%s%s: %s.", detail.len > 0 ? "\n" : "",
						 verdict->check_name, verdict->message);
	}
	if (list_length(failed) > MAX_NAMED)
		appendStringInfo(&names, " and %d more",
						 list_length(failed) - MAX_NAMED);
	if (list_length(failed) == 1)
		message = psprintf("check failed on \"%s\": %s", task->source,
						   names.data);
	else
		message = psprintf("%d of %d checks failed on \"%s\": %s",
						   list_length(failed), count, task->source,
						   names.data);
	ereport(ERROR,
			(errcode(ERRCODE_DQ_CHECK_FAILED),
			 errmsg_internal("%s", message),
			 errdetail_internal("%s", detail.data),
			 rows_sql ? errhint("See the rows: %s;", rows_sql) : 0));
}

/*
 * etl.assert(source, checks, row_filter, max_failed_fraction)
 */
Datum
dq_etl_assert(PG_FUNCTION_ARGS)
{
	DqQualityTask task;
	List *verdicts;
	List *failed = NIL;
	ListCell *lc;

	read_task(&task, fcinfo);
	task.sample_rows = 0;
	verdicts = dq_quality_run(&task);
	foreach(lc, verdicts)
	{
		if (!((DqVerdict *) lfirst(lc))->success)
			failed = lappend(failed, lfirst(lc));
	}
	if (failed != NIL)
		raise_failure(&task, failed, list_length(verdicts));
	PG_RETURN_INT32(list_length(verdicts));
}

/*
 * etl.check_not_null(source, columns): one check for each column
 */
Datum
dq_etl_check_not_null(PG_FUNCTION_ARGS)
{
	List *checks = NIL;
	ListCell *lc;

	foreach(lc, dq_arguments_required_list(fcinfo, 1, "columns"))
	{
		DqJsonBuild build;

		dq_arguments_begin_rule(&build, "not_null");
		dq_json_add_text(&build, "column", (char *) lfirst(lc));
		checks = lappend(checks, dq_json_out(dq_json_end(&build)));
	}
	return return_rules(fcinfo, checks);
}

/*
 * etl.check_unique(source, columns): one check of the compound key
 */
Datum
dq_etl_check_unique(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	dq_arguments_begin_rule(&build, "unique");
	dq_json_add_text_list(&build, "columns",
						  dq_arguments_required_list(fcinfo, 1, "columns"));
	return return_one(fcinfo, &build);
}

/*
 * column_rule: start a rule on the column that is the second argument.
 */
static void
column_rule(DqJsonBuild *build, const char *type, FunctionCallInfo fcinfo)
{
	dq_arguments_require(fcinfo, 1, "col");
	dq_arguments_begin_rule(build, type);
	dq_json_add_text(build, "column", dq_arguments_text(fcinfo, 1));
}

/*
 * etl.check_range(source, col, min_value, max_value)
 */
Datum
dq_etl_check_range(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	column_rule(&build, "range", fcinfo);
	dq_arguments_add_value(&build, "min_value", fcinfo, 2);
	dq_arguments_add_value(&build, "max_value", fcinfo, 3);
	return return_one(fcinfo, &build);
}

/*
 * etl.check_regex(source, col, pattern)
 */
Datum
dq_etl_check_regex(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	dq_arguments_require(fcinfo, 2, "pattern");
	column_rule(&build, "regex", fcinfo);
	dq_json_add_text(&build, "pattern", dq_arguments_text(fcinfo, 2));
	return return_one(fcinfo, &build);
}

/*
 * etl.check_in_set(source, col, allowed)
 */
Datum
dq_etl_check_in_set(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	dq_arguments_require(fcinfo, 2, "allowed");
	column_rule(&build, "in_set", fcinfo);
	dq_arguments_add_list(&build, "allowed", fcinfo, 2);
	return return_one(fcinfo, &build);
}

/*
 * etl.check_foreign_key(source, columns, referenced, referenced_columns)
 */
Datum
dq_etl_check_foreign_key(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	dq_arguments_begin_rule(&build, "foreign_key");
	dq_json_add_text_list(&build, "columns",
						  dq_arguments_required_list(fcinfo, 1, "columns"));
	dq_arguments_require(fcinfo, 2, "referenced");
	dq_json_add_text(&build, "references",
					 dq_sqltext_relation(PG_GETARG_OID(2)));
	dq_arguments_add_list(&build, "referenced_columns", fcinfo, 3);
	return return_one(fcinfo, &build);
}

/*
 * etl.check_row_count(source, min_rows, max_rows)
 */
Datum
dq_etl_check_row_count(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	dq_arguments_begin_rule(&build, "row_count");
	if (!PG_ARGISNULL(1))
		dq_json_add_int(&build, "min_value", PG_GETARG_INT64(1));
	if (!PG_ARGISNULL(2))
		dq_json_add_int(&build, "max_value", PG_GETARG_INT64(2));
	return return_one(fcinfo, &build);
}

/*
 * tap_line: one verdict as a line of the Test Anything Protocol.
 */
static char *
tap_line(const DqVerdict *verdict, int number)
{
	StringInfoData line;
	const char *p;

	initStringInfo(&line);
	appendStringInfo(&line, "%sok %d - ", verdict->success ? "" : "not ",
					 number);
	for (p = verdict->check_name; *p != '\0'; p++)
	{
		if (*p == '#' || *p == '\\')
			appendStringInfoChar(&line, '\\');
		appendStringInfoChar(&line, (*p == '\n' || *p == '\r') ? ' ' : *p);
	}
	if (verdict->success && verdict->status == DQ_CHECK_NO_DATA)
		appendStringInfo(&line, " # SKIP %s", verdict->message);
	return line.data;
}

/*
 * put_line: add a line to the result.
 */
static void
put_line(FunctionCallInfo fcinfo, const char *line)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum value = CStringGetTextDatum(line);
	bool isnull = false;

	tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
}

/*
 * put_diagnostic: add a message as comment lines.
 */
static void
put_diagnostic(FunctionCallInfo fcinfo, const char *message)
{
	StringInfoData line;
	const char *p;

	initStringInfo(&line);
	appendStringInfoString(&line, "# ");
	for (p = message; *p != '\0'; p++)
	{
		appendStringInfoChar(&line, *p);
		if (*p == '\n')
			appendStringInfoString(&line, "# ");
	}
	put_line(fcinfo, line.data);
}

/*
 * etl.check_tap(source, checks, row_filter, max_failed_fraction)
 */
Datum
dq_etl_check_tap(PG_FUNCTION_ARGS)
{
	DqQualityTask task;
	List *verdicts;
	ListCell *lc;

	read_task(&task, fcinfo);
	task.sample_rows = 0;
	verdicts = dq_quality_run(&task);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	put_line(fcinfo, psprintf("1..%d", list_length(verdicts)));
	foreach(lc, verdicts)
	{
		DqVerdict *verdict = (DqVerdict *) lfirst(lc);

		put_line(fcinfo, tap_line(verdict, foreach_current_index(lc) + 1));
		if (verdict->status != DQ_CHECK_PASS &&
			verdict->status != DQ_CHECK_NO_DATA)
			put_diagnostic(fcinfo, verdict->message);
		else if (!verdict->success)
			put_diagnostic(fcinfo, verdict->message);
	}
	return (Datum) 0;
}

/*
 * etl.explain_check(source, checks, row_filter)
 */
Datum
dq_etl_explain_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DqQualityTask task;
	List *explanations;
	ListCell *lc;

	begin_task(&task, fcinfo, dq_arguments_required_list(fcinfo, 1, "checks"));
	task.row_filter = dq_arguments_text(fcinfo, 2);
	explanations = dq_quality_explain(&task);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, explanations)
	{
		DqExplanation *explanation = (DqExplanation *) lfirst(lc);
		const char *sql = explanation->equivalent_sql;
		Datum values[3];
		bool nulls[3] = {false, false, false};

		values[0] = CStringGetTextDatum(explanation->check_name);
		values[1] = CStringGetTextDatum(explanation->evaluation);
		nulls[2] = sql == NULL;
		values[2] = sql ? CStringGetTextDatum(sql) : (Datum) 0;
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}
