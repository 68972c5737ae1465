/*
 * rule.c
 *	  Rules as text: etl.rule and etl.rules.
 */
#include "postgres.h"

#include "api/arguments.h"
#include "base/sqltext.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "quality/rule.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(dq_etl_rule);
PG_FUNCTION_INFO_V1(dq_etl_rules);
PG_FUNCTION_INFO_V1(dq_etl_rule_types);

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

#define TYPE_COLUMNS 7

/* in the order of DqArity */
static const char *const arity_names[] = {
	"none", "one", "each", "together", "two", "any"};

/*
 * option_document: what there is to know about an option.
 */
static Jsonb *
option_document(const DqOption *option)
{
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_text(&build, "name", option->name);
	dq_json_add_text(&build, "kind", dq_option_kind_name(option->kind));
	dq_json_add_bool(&build, "required", option->required);
	dq_json_add_text(&build, "words", option->words);
	dq_json_add_text(&build, "help", option->help);
	return dq_json_end(&build);
}

/*
 * options_array: the options of a type, but for those of all rules.
 */
static Datum
options_array(const DqRuleType *type)
{
	List *options = NIL;
	DqJsonBuild build;
	ListCell *lc;

	foreach(lc, dq_rule_option_tables(type))
	{
		const DqOption *option = (const DqOption *) lfirst(lc);

		if (option == dq_rule_common_options(0))
			continue;
		for (; option->name != NULL; option++)
			options = lappend(options, option_document(option));
	}
	dq_json_begin(&build);
	dq_json_add_parts(&build, "options", options);
	return JsonbPGetDatum(dq_json_part(dq_json_end(&build), "options"));
}

/*
 * put_type: one row of etl.rule_types().
 */
static void
put_type(ReturnSetInfo *result, const DqRuleFamily *family,
		 const DqRuleType *type)
{
	Datum values[TYPE_COLUMNS];
	bool nulls[TYPE_COLUMNS] = {false};

	values[0] = CStringGetTextDatum(type->name);
	values[1] = CStringGetTextDatum(family->name);
	nulls[2] = type->aliases == NULL;
	if (type->aliases != NULL)
		values[2] = DirectFunctionCall2Coll(text_to_array, C_COLLATION_OID,
											CStringGetTextDatum(type->aliases),
											CStringGetTextDatum("|"));
	values[3] = CStringGetTextDatum(type->dimension);
	values[4] = CStringGetTextDatum(arity_names[type->arity]);
	values[5] = options_array(type);
	values[6] = CStringGetTextDatum(type->help);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * etl.rule_types()
 */
Datum
dq_etl_rule_types(PG_FUNCTION_ARGS)
{
	const DqRuleFamily *const *family;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	for (family = dq_rule_families(); *family != NULL; family++)
	{
		for (i = 0; i < (*family)->count; i++)
			put_type((ReturnSetInfo *) fcinfo->resultinfo, *family,
					 &(*family)->types[i]);
	}
	return (Datum) 0;
}
