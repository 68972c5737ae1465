/*
 * quality.c
 *	  Checks as functions: rules as text, verdicts as rows.
 *
 * Everything reads, as the caller and with the caller's search_path, and
 * works in a read-only transaction. NULL where a value is needed is 22004.
 */
#include "postgres.h"

#include "base/dq_etl.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "quality/quality.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(dq_etl_rule);
PG_FUNCTION_INFO_V1(dq_etl_rules);
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
 * require: 22004 when an argument is NULL.
 */
static void
require(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", name)));
}

/*
 * text_arg: a text argument, NULL for SQL NULL.
 */
static char *
text_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/*
 * list_arg: a text[] argument as a List of char *; 22004 when an element is
 * NULL.
 */
static List *
list_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	Datum *elements;
	bool *nulls;
	int count;
	int i;
	List *result = NIL;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain null", name)));
		result = lappend(result, TextDatumGetCString(elements[i]));
	}
	return result;
}

/*
 * required_list: the same, neither NULL nor empty.
 */
static List *
required_list(FunctionCallInfo fcinfo, int n, const char *name)
{
	List *result;

	require(fcinfo, n, name);
	result = list_arg(fcinfo, n, name);
	if (result == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be empty", name)));
	return result;
}

/*
 * numeric_arg: a numeric argument as text, NULL for SQL NULL.
 */
static char *
numeric_arg(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return NULL;
	return DatumGetCString(DirectFunctionCall1(numeric_out,
											   PG_GETARG_DATUM(n)));
}

/*
 * value_text: a value of any type as text that every DateStyle reads alike.
 */
static char *
value_text(Datum value, Oid type)
{
	char buffer[MAXDATELEN + 1];
	Oid output;
	bool varlena;

	switch (type)
	{
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return pstrdup(JsonEncodeDateTime(buffer, value, type, NULL));
		default:
			getTypeOutputInfo(type, &output, &varlena);
			return OidOutputFunctionCall(output, value);
	}
}

/*
 * add_value: add a polymorphic argument to a rule: numbers as JSON numbers,
 * everything else as a string; nothing when it is NULL.
 */
static void
add_value(DqJsonBuild *build, const char *key, FunctionCallInfo fcinfo, int n)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, n);
	char category;
	bool preferred;
	char *text;

	if (PG_ARGISNULL(n) || !OidIsValid(type))
		return;
	type = getBaseType(type);
	text = value_text(PG_GETARG_DATUM(n), type);
	get_type_category_preferred(type, &category, &preferred);
	/* NaN and Infinity are no JSON numbers */
	if (category == TYPCATEGORY_NUMERIC &&
		strspn(text, "+-.0123456789eE") == strlen(text))
		dq_json_add_jsonb(build, key, dq_json_parse(text, "value"));
	else
		dq_json_add_text(build, key, text);
}

/*
 * add_list: add a text[] argument to a rule; nothing when it is NULL.
 */
static void
add_list(DqJsonBuild *build, const char *key, FunctionCallInfo fcinfo, int n)
{
	if (!PG_ARGISNULL(n))
		dq_json_add_text_list(build, key, list_arg(fcinfo, n, key));
}

/*
 * merge_params: further options of a rule; 22023 when one is given twice.
 */
static Jsonb *
merge_params(Jsonb *rule, Jsonb *params)
{
	ListCell *lc;

	if (!JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"params\" must be a JSON object")));
	foreach(lc, dq_json_keys(params))
	{
		char *key = (char *) lfirst(lc);

		if (dq_json_has(rule, key))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is given as an argument and in \"params\"",
							dq_sqltext_clip(key, 63))));
	}
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat,
											  JsonbPGetDatum(rule),
											  JsonbPGetDatum(params)));
}

/*
 * begin_rule: start a rule object.
 */
static void
begin_rule(DqJsonBuild *build, const char *type)
{
	dq_json_begin(build);
	dq_json_add_text(build, "type", type);
}

/*
 * etl.rule(type, columns, name, severity, min_value, max_value, allowed,
 * pattern, row_filter, max_failed_rows, max_failed_fraction, on_null, params)
 */
Datum
dq_etl_rule(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;
	Jsonb *rule;
	char *fraction;
	char *text;

	require(fcinfo, 0, "type");
	begin_rule(&build, text_arg(fcinfo, 0));
	add_list(&build, "columns", fcinfo, 1);
	dq_json_add_text(&build, "name", text_arg(fcinfo, 2));
	dq_json_add_text(&build, "severity", text_arg(fcinfo, 3));
	add_value(&build, "min_value", fcinfo, 4);
	add_value(&build, "max_value", fcinfo, 5);
	add_list(&build, "allowed", fcinfo, 6);
	dq_json_add_text(&build, "pattern", text_arg(fcinfo, 7));
	dq_json_add_text(&build, "row_filter", text_arg(fcinfo, 8));
	if (!PG_ARGISNULL(9))
		dq_json_add_int(&build, "max_failed_rows", PG_GETARG_INT64(9));
	fraction = numeric_arg(fcinfo, 10);
	dq_json_add_text(&build, "max_failed_fraction", fraction);
	dq_json_add_text(&build, "on_null", text_arg(fcinfo, 11));
	rule = dq_json_end(&build);
	if (!PG_ARGISNULL(12))
		rule = merge_params(rule, PG_GETARG_JSONB_P(12));
	text = dq_json_out(rule);
	dq_quality_validate(list_make1(text), NULL);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * rule_text: an element of a JSON list as a check text.
 */
static char *
rule_text(const JsonbValue *element)
{
	if (element->type == jbvString)
		return pnstrdup(element->val.string.val, element->val.string.len);
	if (element->type == jbvBinary &&
		JsonContainerIsObject(element->val.binary.data))
		return JsonbToCString(NULL, element->val.binary.data,
							  element->val.binary.len);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a rule must be a JSON object or a string")));
	return NULL;
}

/*
 * etl.rules(jsonb)
 */
Datum
dq_etl_rules(PG_FUNCTION_ARGS)
{
	Jsonb *doc;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue element;
	List *texts = NIL;
	Datum *elements;
	int count = 0;
	ListCell *lc;

	require(fcinfo, 0, "rules");
	doc = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_ARRAY(doc) || JB_ROOT_IS_SCALAR(doc))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"rules\" must be a JSON list")));
	it = JsonbIteratorInit(&doc->root);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			texts = lappend(texts, rule_text(&element));
	}
	dq_quality_validate(texts, NULL);

	elements = palloc(sizeof(Datum) * (list_length(texts) + 1));
	foreach(lc, texts)
		elements[count++] = CStringGetTextDatum((char *) lfirst(lc));
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, TEXTOID, -1, false,
										  TYPALIGN_INT));
}

/*
 * begin_task: the checks of a relation with all defaults. The relation is the
 * first argument.
 */
static void
begin_task(DqQualityTask *task, FunctionCallInfo fcinfo, List *checks)
{
	char *name;

	require(fcinfo, 0, "source");
	task->relid = PG_GETARG_OID(0);
	name = get_rel_name(task->relid);
	task->source = name ? name : "";
	task->checks = checks;
	task->row_filter = NULL;
	task->max_failed_fraction = NULL;
	task->sample_rows = dq_guc_sample_rows;
}

/*
 * read_task: (source, checks, row_filter, max_failed_fraction)
 */
static void
read_task(DqQualityTask *task, FunctionCallInfo fcinfo)
{
	begin_task(task, fcinfo, required_list(fcinfo, 1, "checks"));
	task->row_filter = text_arg(fcinfo, 2);
	task->max_failed_fraction = numeric_arg(fcinfo, 3);
}

/*
 * return_verdicts: run the task and return its verdicts as rows.
 */
static Datum
return_verdicts(FunctionCallInfo fcinfo, DqQualityTask *task)
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
	return (Datum) 0;
}

/*
 * return_one: run a single check that is written as a rule.
 */
static Datum
return_one(FunctionCallInfo fcinfo, DqJsonBuild *build)
{
	DqQualityTask task;

	begin_task(&task, fcinfo, list_make1(dq_json_out(dq_json_end(build))));
	return return_verdicts(fcinfo, &task);
}

/*
 * etl.check(source, checks, row_filter, max_failed_fraction, sample_rows)
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
	return return_verdicts(fcinfo, &task);
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
	ereport(ERROR,
			(errcode(ERRCODE_DQ_CHECK_FAILED),
			 errmsg("%d of %d checks failed on \"%s\": %s",
					list_length(failed), count, task->source, names.data),
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
	DqQualityTask task;
	List *checks = NIL;
	ListCell *lc;

	foreach(lc, required_list(fcinfo, 1, "columns"))
	{
		DqJsonBuild build;

		begin_rule(&build, "not_null");
		dq_json_add_text(&build, "column", (char *) lfirst(lc));
		checks = lappend(checks, dq_json_out(dq_json_end(&build)));
	}
	begin_task(&task, fcinfo, checks);
	return return_verdicts(fcinfo, &task);
}

/*
 * etl.check_unique(source, columns): one check of the compound key
 */
Datum
dq_etl_check_unique(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	begin_rule(&build, "unique");
	dq_json_add_text_list(&build, "columns",
						  required_list(fcinfo, 1, "columns"));
	return return_one(fcinfo, &build);
}

/*
 * column_rule: start a rule on the column that is the second argument.
 */
static void
column_rule(DqJsonBuild *build, const char *type, FunctionCallInfo fcinfo)
{
	require(fcinfo, 1, "col");
	begin_rule(build, type);
	dq_json_add_text(build, "column", text_arg(fcinfo, 1));
}

/*
 * etl.check_range(source, col, min_value, max_value)
 */
Datum
dq_etl_check_range(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	column_rule(&build, "range", fcinfo);
	add_value(&build, "min_value", fcinfo, 2);
	add_value(&build, "max_value", fcinfo, 3);
	return return_one(fcinfo, &build);
}

/*
 * etl.check_regex(source, col, pattern)
 */
Datum
dq_etl_check_regex(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	require(fcinfo, 2, "pattern");
	column_rule(&build, "regex", fcinfo);
	dq_json_add_text(&build, "pattern", text_arg(fcinfo, 2));
	return return_one(fcinfo, &build);
}

/*
 * etl.check_in_set(source, col, allowed)
 */
Datum
dq_etl_check_in_set(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	require(fcinfo, 2, "allowed");
	column_rule(&build, "in_set", fcinfo);
	add_list(&build, "allowed", fcinfo, 2);
	return return_one(fcinfo, &build);
}

/*
 * etl.check_foreign_key(source, columns, referenced, referenced_columns)
 */
Datum
dq_etl_check_foreign_key(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	begin_rule(&build, "foreign_key");
	dq_json_add_text_list(&build, "columns",
						  required_list(fcinfo, 1, "columns"));
	require(fcinfo, 2, "referenced");
	dq_json_add_text(&build, "references",
					 dq_sqltext_relation(PG_GETARG_OID(2)));
	add_list(&build, "referenced_columns", fcinfo, 3);
	return return_one(fcinfo, &build);
}

/*
 * etl.check_row_count(source, min_rows, max_rows)
 */
Datum
dq_etl_check_row_count(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;

	begin_rule(&build, "row_count");
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

	begin_task(&task, fcinfo, required_list(fcinfo, 1, "checks"));
	task.row_filter = text_arg(fcinfo, 2);
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
