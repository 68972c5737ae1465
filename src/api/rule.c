/*
 * rule.c
 *	  Rules as text: etl.rule and etl.rules.
 */
#include "postgres.h"

#include "api/arguments.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/quality.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(dq_etl_rule);
PG_FUNCTION_INFO_V1(dq_etl_rules);

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
 * etl.rule(type, columns, name, severity, min_value, max_value, allowed,
 * pattern, row_filter, max_failed_rows, max_failed_fraction, on_null, params)
 */
Datum
dq_etl_rule(PG_FUNCTION_ARGS)
{
	DqJsonBuild build;
	Jsonb *rule;
	char *text;

	dq_arguments_require(fcinfo, 0, "type");
	dq_arguments_begin_rule(&build, dq_arguments_text(fcinfo, 0));
	dq_arguments_add_list(&build, "columns", fcinfo, 1);
	dq_json_add_text(&build, "name", dq_arguments_text(fcinfo, 2));
	dq_json_add_text(&build, "severity", dq_arguments_text(fcinfo, 3));
	dq_arguments_add_value(&build, "min_value", fcinfo, 4);
	dq_arguments_add_value(&build, "max_value", fcinfo, 5);
	dq_arguments_add_list(&build, "allowed", fcinfo, 6);
	dq_json_add_text(&build, "pattern", dq_arguments_text(fcinfo, 7));
	dq_json_add_text(&build, "row_filter", dq_arguments_text(fcinfo, 8));
	if (!PG_ARGISNULL(9))
		dq_json_add_int(&build, "max_failed_rows", PG_GETARG_INT64(9));
	dq_arguments_add_value(&build, "max_failed_fraction", fcinfo, 10);
	dq_json_add_text(&build, "on_null", dq_arguments_text(fcinfo, 11));
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

	dq_arguments_require(fcinfo, 0, "rules");
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
