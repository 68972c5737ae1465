/*
 * arguments.c
 *	  Unpacking the arguments of functions that take checks.
 */
#include "postgres.h"

#include "api/arguments.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

/*
 * dq_arguments_require: 22004 when an argument is NULL.
 */
void
dq_arguments_require(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", name)));
}

/*
 * dq_arguments_text: a text argument, NULL for SQL NULL.
 */
char *
dq_arguments_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/*
 * dq_arguments_list: a text[] argument as a List of char *; 22004 when an
 * element is NULL.
 */
List *
dq_arguments_list(FunctionCallInfo fcinfo, int n, const char *name)
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
 * dq_arguments_required_list: the same, neither NULL nor empty.
 */
List *
dq_arguments_required_list(FunctionCallInfo fcinfo, int n, const char *name)
{
	List *result;

	dq_arguments_require(fcinfo, n, name);
	result = dq_arguments_list(fcinfo, n, name);
	if (result == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be empty", name)));
	return result;
}

/*
 * dq_arguments_int: an integer argument within bounds; 22004, 22023.
 */
int
dq_arguments_int(FunctionCallInfo fcinfo, int n, const char *name, int least,
				 int most)
{
	int value;

	dq_arguments_require(fcinfo, n, name);
	value = PG_GETARG_INT32(n);
	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be between %d and %d", name, least,
						most)));
	return value;
}

/*
 * dq_arguments_numeric: a numeric argument as text, NULL for SQL NULL.
 */
char *
dq_arguments_numeric(FunctionCallInfo fcinfo, int n)
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
 * dq_arguments_add_value: add a polymorphic argument to a rule: numbers as
 * JSON numbers, everything else as a string; nothing when it is NULL.
 */
void
dq_arguments_add_value(DqJsonBuild *build, const char *key,
					   FunctionCallInfo fcinfo, int n)
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
 * dq_arguments_add_list: add a text[] argument to a rule; nothing when it is
 * NULL.
 */
void
dq_arguments_add_list(DqJsonBuild *build, const char *key,
					  FunctionCallInfo fcinfo, int n)
{
	if (!PG_ARGISNULL(n))
		dq_json_add_text_list(build, key, dq_arguments_list(fcinfo, n, key));
}

/*
 * dq_arguments_begin_rule: start a rule object.
 */
void
dq_arguments_begin_rule(DqJsonBuild *build, const char *type)
{
	dq_json_begin(build);
	dq_json_add_text(build, "type", type);
}
