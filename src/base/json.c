/*
 * json.c
 *	  Reading and building small option documents (jsonb objects).
 */
#include "postgres.h"

#include <math.h>

#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/*
 * find_value: the value of a key, or NULL when it is absent or JSON null.
 */
static JsonbValue *
find_value(Jsonb *doc, const char *key)
{
	JsonbValue *value;

	if (doc == NULL || !JB_ROOT_IS_OBJECT(doc))
		return NULL;
	value = getKeyJsonValueFromContainer(&doc->root, key, strlen(key), NULL);
	if (value == NULL || value->type == jbvNull)
		return NULL;
	return value;
}

/*
 * wrong_kind: report that a key holds a value of another kind than expected.
 */
static void
wrong_kind(const char *key, const char *expected, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of %s must be %s", key, what, expected)));
}

/*
 * dq_json_has: is the key there with something else than null?
 */
bool
dq_json_has(Jsonb *doc, const char *key)
{
	return find_value(doc, key) != NULL;
}

/*
 * dq_json_has_key: is the key there, be it with null?
 */
bool
dq_json_has_key(Jsonb *doc, const char *key)
{
	return JB_ROOT_IS_OBJECT(doc) &&
		   getKeyJsonValueFromContainer(&doc->root, key, strlen(key), NULL) !=
			   NULL;
}

/*
 * dq_json_text: a string value, or NULL when not given.
 */
char *
dq_json_text(Jsonb *doc, const char *key, const char *what)
{
	JsonbValue *value = find_value(doc, key);

	if (value == NULL)
		return NULL;
	if (value->type != jbvString)
		wrong_kind(key, "a string", what);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/*
 * scalar_text: a string, number or boolean as text, NULL for anything else.
 */
static char *
scalar_text(const JsonbValue *value)
{
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	if (value->type == jbvNumeric)
	{
		Datum number = NumericGetDatum(value->val.numeric);

		return DatumGetCString(DirectFunctionCall1(numeric_out, number));
	}
	if (value->type == jbvBool)
		return pstrdup(value->val.boolean ? "true" : "false");
	return NULL;
}

/*
 * dq_json_scalar_text: any scalar as text, or NULL when not given.
 */
char *
dq_json_scalar_text(Jsonb *doc, const char *key, const char *what)
{
	JsonbValue *value = find_value(doc, key);
	char *text;

	if (value == NULL)
		return NULL;
	text = scalar_text(value);
	if (text == NULL)
		wrong_kind(key, "a single value", what);
	return text;
}

/*
 * dq_json_bool: true or false, "missing" when not given.
 */
bool
dq_json_bool(Jsonb *doc, const char *key, bool missing, const char *what)
{
	JsonbValue *value = find_value(doc, key);

	if (value == NULL)
		return missing;
	if (value->type != jbvBool)
		wrong_kind(key, "true or false", what);
	return value->val.boolean;
}

/*
 * dq_json_part: any value as a document of its own, NULL when not given.
 */
Jsonb *
dq_json_part(Jsonb *doc, const char *key)
{
	JsonbValue *value = find_value(doc, key);

	return value == NULL ? NULL : JsonbValueToJsonb(value);
}

/*
 * dq_json_parts: the elements of a list, each as a document of its own, as a
 * List of Jsonb *; NIL when not given.
 */
List *
dq_json_parts(Jsonb *doc, const char *key, const char *what)
{
	JsonbValue *value = find_value(doc, key);
	List *parts = NIL;
	uint32 i;

	if (value == NULL)
		return NIL;
	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		wrong_kind(key, "a list", what);
	for (i = 0; i < JsonContainerSize(value->val.binary.data); i++)
	{
		JsonbValue *part = getIthJsonbValueFromContainer(
			value->val.binary.data, i);

		parts = lappend(parts, JsonbValueToJsonb(part));
	}
	return parts;
}

/*
 * dq_json_is_number: is the key there with a number?
 */
bool
dq_json_is_number(Jsonb *doc, const char *key)
{
	JsonbValue *value = find_value(doc, key);

	return value != NULL && value->type == jbvNumeric;
}

/*
 * dq_json_scalar_list: an array of scalars as a List of char *, NIL when not
 * given. A null in it is an error.
 */
List *
dq_json_scalar_list(Jsonb *doc, const char *key, const char *what)
{
	JsonbValue *value = find_value(doc, key);
	List *result = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue element;

	if (value == NULL)
		return NIL;
	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		wrong_kind(key, "a list of values", what);

	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		char *text;

		if (token != WJB_ELEM)
			continue;
		text = scalar_text(&element);
		if (text == NULL)
			wrong_kind(key, "a list of values without null", what);
		result = lappend(result, text);
	}
	return result;
}

/*
 * dq_json_int: a whole number, or "missing" when not given. 22003 when it
 * does not fit into a bigint.
 */
int64
dq_json_int(Jsonb *doc, const char *key, int64 missing, const char *what)
{
	JsonbValue *value = find_value(doc, key);
	Datum number;
	Datum rounded;

	if (value == NULL)
		return missing;
	if (value->type != jbvNumeric)
		wrong_kind(key, "a whole number", what);
	number = NumericGetDatum(value->val.numeric);
	rounded = DirectFunctionCall2(numeric_trunc, number, Int32GetDatum(0));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, rounded, number)))
		wrong_kind(key, "a whole number", what);
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, rounded));
}

/*
 * dq_json_double: a number between min and max, or "missing" when not given.
 */
double
dq_json_double(Jsonb *doc, const char *key, double missing, double min,
			   double max, const char *what)
{
	JsonbValue *value = find_value(doc, key);
	double number;

	if (value == NULL)
		return missing;
	if (value->type != jbvNumeric)
		wrong_kind(key, "a number", what);
	number = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow,
							NumericGetDatum(value->val.numeric)));
	if (number >= min && number <= max)
		return number;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of %s must be between %g and %g", key, what,
					min, max)));
	return number;
}

/*
 * dq_json_word: the place of a string in a NULL-terminated list of words,
 * "missing" when not given; 22023 with a suggestion when it is none of them.
 */
int
dq_json_word(Jsonb *doc, const char *key, const char *const *words,
			 int missing, const char *what)
{
	char *value = dq_json_text(doc, key, what);
	List *known = NIL;
	int i;

	if (value == NULL)
		return missing;
	for (i = 0; words[i] != NULL; i++)
	{
		if (strcmp(value, words[i]) == 0)
			return i;
		known = lappend(known, pstrdup(words[i]));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown value \"%s\" for option \"%s\" of %s",
					dq_sqltext_clip(value, 63), key, what),
			 dq_suggest_hint(value, known)));
	return missing;
}

/*
 * dq_json_text_list: an array of strings as a List of char *, NIL when not
 * given. A single string counts as a list of one.
 */
List *
dq_json_text_list(Jsonb *doc, const char *key, const char *what)
{
	JsonbValue *value = find_value(doc, key);
	List *result = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue element;

	if (value == NULL)
		return NIL;
	if (value->type == jbvString)
		return list_make1(pnstrdup(value->val.string.val,
								   value->val.string.len));
	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		wrong_kind(key, "a list of strings", what);

	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (element.type != jbvString)
			wrong_kind(key, "a list of strings", what);
		result = lappend(result, pnstrdup(element.val.string.val,
										  element.val.string.len));
	}
	return result;
}

/*
 * dq_json_keys: all keys of an object, as a List of char *.
 */
List *
dq_json_keys(Jsonb *doc)
{
	List *keys = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;

	if (doc == NULL || !JB_ROOT_IS_OBJECT(doc))
		return NIL;
	it = JsonbIteratorInit(&doc->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			keys = lappend(keys, pnstrdup(value.val.string.val,
										  value.val.string.len));
	}
	return keys;
}

/*
 * dq_json_check_keys: throw 22023 with a suggestion when the document is no
 * object or has a key outside the NULL-terminated list "allowed".
 */
void
dq_json_check_keys(Jsonb *doc, const char *const *allowed, const char *what)
{
	List *known = NIL;
	ListCell *lc;
	int i;

	if (doc == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(doc))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of %s must be a JSON object", what)));
	for (i = 0; allowed[i] != NULL; i++)
		known = lappend(known, pstrdup(allowed[i]));

	foreach(lc, dq_json_keys(doc))
	{
		char *key = (char *) lfirst(lc);
		bool found = false;

		for (i = 0; allowed[i] != NULL && !found; i++)
			found = (strcmp(key, allowed[i]) == 0);
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown option \"%s\" of %s", key, what),
					 dq_suggest_hint(key, known)));
	}
}

/*
 * dq_json_parse: jsonb from text; 22P02 when it is none.
 */
Jsonb *
dq_json_parse(const char *text, const char *what)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
											  CStringGetDatum(text)));
}

/*
 * dq_json_parse_object: the same for an object, and 22023 when a key of it
 * stands there twice: jsonb would keep the last value and say nothing.
 */
Jsonb *
dq_json_parse_object(const char *text, const char *what)
{
	Jsonb *doc = dq_json_parse(text, what);
	DqArgs args = {0};
	DqRows *rows;

	dq_args_text(&args, text);
	rows = dq_spi_query_readonly(DQ_GENERATED,
								 "SELECT k.key FROM pg_catalog.json_object_keys"
								 "($1::pg_catalog.json) AS k (key)"
								 " GROUP BY k.key"
								 " HAVING pg_catalog.count(*) > 1"
								 " ORDER BY k.key LIMIT 1",
								 &args);
	if (rows->count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key \"%s\" stands twice in %s",
						dq_rows_text(rows, 0, "key"), what)));
	return doc;
}

/*
 * dq_json_out: the document as text.
 */
char *
dq_json_out(Jsonb *doc)
{
	return JsonbToCString(NULL, &doc->root, VARSIZE(doc));
}

/*
 * dq_json_begin: start an object.
 */
void
dq_json_begin(DqJsonBuild *build)
{
	build->state = NULL;
	pushJsonbValue(&build->state, WJB_BEGIN_OBJECT, NULL);
}

/*
 * push_key: add the key of the next value.
 */
static void
push_key(DqJsonBuild *build, const char *key)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = pstrdup(key);
	value.val.string.len = strlen(key);
	pushJsonbValue(&build->state, WJB_KEY, &value);
}

/*
 * dq_json_add_text: add a string; NULL adds nothing.
 */
void
dq_json_add_text(DqJsonBuild *build, const char *key, const char *text)
{
	JsonbValue value;

	if (text == NULL)
		return;
	push_key(build, key);
	value.type = jbvString;
	value.val.string.val = pstrdup(text);
	value.val.string.len = strlen(text);
	pushJsonbValue(&build->state, WJB_VALUE, &value);
}

/*
 * dq_json_add_null: an explicit JSON null.
 */
void
dq_json_add_null(DqJsonBuild *build, const char *key)
{
	JsonbValue value = {.type = jbvNull};

	push_key(build, key);
	pushJsonbValue(&build->state, WJB_VALUE, &value);
}

/*
 * dq_json_add_bool: add a boolean.
 */
void
dq_json_add_bool(DqJsonBuild *build, const char *key, bool flag)
{
	JsonbValue value;

	push_key(build, key);
	value.type = jbvBool;
	value.val.boolean = flag;
	pushJsonbValue(&build->state, WJB_VALUE, &value);
}

/*
 * dq_json_add_int: add a whole number.
 */
void
dq_json_add_int(DqJsonBuild *build, const char *key, int64 number)
{
	JsonbValue value;

	push_key(build, key);
	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	pushJsonbValue(&build->state, WJB_VALUE, &value);
}

/*
 * double_value: a number in its shortest exact form, whatever
 * extra_float_digits says; what JSON has no number for becomes null.
 */
static JsonbValue
double_value(double number)
{
	JsonbValue value;
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];

	value.type = jbvNull;
	if (!isfinite(number))
		return value;
	double_to_shortest_decimal_buf(number, text);
	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(
		DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return value;
}

/*
 * dq_json_add_double: add a number; null for NaN and infinity.
 */
void
dq_json_add_double(DqJsonBuild *build, const char *key, double number)
{
	JsonbValue value = double_value(number);

	push_key(build, key);
	pushJsonbValue(&build->state, WJB_VALUE, &value);
}

/*
 * dq_json_add_double_list: add an array of such numbers.
 */
void
dq_json_add_double_list(DqJsonBuild *build, const char *key,
						const double *values, int n)
{
	int i;

	push_key(build, key);
	pushJsonbValue(&build->state, WJB_BEGIN_ARRAY, NULL);
	for (i = 0; i < n; i++)
	{
		JsonbValue value = double_value(values[i]);

		pushJsonbValue(&build->state, WJB_ELEM, &value);
	}
	pushJsonbValue(&build->state, WJB_END_ARRAY, NULL);
}

/*
 * dq_json_add_text_list: add an array of strings; NIL adds an empty one.
 */
void
dq_json_add_text_list(DqJsonBuild *build, const char *key, List *values)
{
	ListCell *lc;

	push_key(build, key);
	pushJsonbValue(&build->state, WJB_BEGIN_ARRAY, NULL);
	foreach(lc, values)
	{
		char *text = (char *) lfirst(lc);
		JsonbValue value;

		value.type = jbvString;
		value.val.string.val = text;
		value.val.string.len = strlen(text);
		pushJsonbValue(&build->state, WJB_ELEM, &value);
	}
	pushJsonbValue(&build->state, WJB_END_ARRAY, NULL);
}

/*
 * push_document: a whole document, or a scalar, as it is.
 */
static void
push_document(DqJsonBuild *build, JsonbIteratorToken token, Jsonb *doc)
{
	JsonbValue value;

	if (JB_ROOT_IS_SCALAR(doc))
		(void) JsonbExtractScalar(&doc->root, &value);
	else
	{
		value.type = jbvBinary;
		value.val.binary.data = &doc->root;
		value.val.binary.len = VARSIZE(doc) - VARHDRSZ;
	}
	pushJsonbValue(&build->state, token, &value);
}

/*
 * dq_json_add_jsonb: add a document; NULL adds nothing.
 */
void
dq_json_add_jsonb(DqJsonBuild *build, const char *key, Jsonb *doc)
{
	if (doc == NULL)
		return;
	push_key(build, key);
	push_document(build, WJB_VALUE, doc);
}

/*
 * dq_json_add_parts: add a list of documents (List of Jsonb *) as an array.
 */
void
dq_json_add_parts(DqJsonBuild *build, const char *key, List *documents)
{
	ListCell *lc;

	push_key(build, key);
	pushJsonbValue(&build->state, WJB_BEGIN_ARRAY, NULL);
	foreach(lc, documents)
		push_document(build, WJB_ELEM, (Jsonb *) lfirst(lc));
	pushJsonbValue(&build->state, WJB_END_ARRAY, NULL);
}

/*
 * dq_json_add_from: add a key with the value that it has in another document,
 * whatever that is; nothing when it is absent there.
 */
void
dq_json_add_from(DqJsonBuild *build, const char *key, Jsonb *source)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&source->root, key,
													 strlen(key), NULL);

	if (value == NULL)
		return;
	push_key(build, key);
	pushJsonbValue(&build->state, WJB_VALUE, value);
}

/*
 * dq_json_end: the finished document.
 */
Jsonb *
dq_json_end(DqJsonBuild *build)
{
	return JsonbValueToJsonb(pushJsonbValue(&build->state, WJB_END_OBJECT,
											NULL));
}
