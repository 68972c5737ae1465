/*
 * tuple.c
 *	  Options that are lists of lists of values, such as pairs.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/tuple.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * refuse: 22023: the option is no list of lists of this width.
 */
static void
refuse(const DqCheck *check, const char *option, int width)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of %s must be a list of lists of %d values",
					option, check->what, width),
			 errhint("Write it like \"%s\": [[\"a\", \"b\"], [\"a\", \"c\"]].",
					 option)));
}

/*
 * value_text: a scalar as text, NULL for null; false when it is no scalar.
 */
static bool
value_text(const JsonbValue *value, char **text)
{
	*text = NULL;
	switch (value->type)
	{
		case jbvNull:
			return true;
		case jbvString:
			*text = pnstrdup(value->val.string.val, value->val.string.len);
			return true;
		case jbvNumeric:
			*text = DatumGetCString(DirectFunctionCall1(
				numeric_out, NumericGetDatum(value->val.numeric)));
			return true;
		case jbvBool:
			*text = pstrdup(value->val.boolean ? "true" : "false");
			return true;
		case jbvArray:
		case jbvObject:
		case jbvBinary:
		case jbvDatetime:
			break;
	}
	return false;
}

/*
 * read_tuple: one list of values.
 */
static List *
read_tuple(const DqCheck *check, const char *option, int width,
		   const JsonbValue *value)
{
	List *tuple = NIL;
	int i;

	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) != width)
		refuse(check, option, width);
	for (i = 0; i < width; i++)
	{
		JsonbValue *part =
			getIthJsonbValueFromContainer(value->val.binary.data, i);
		char *text;

		if (!value_text(part, &text))
			refuse(check, option, width);
		tuple = lappend(tuple, text);
	}
	return tuple;
}

/*
 * dq_tuple_read: all of them, NIL when the option is not given or empty.
 */
List *
dq_tuple_read(const DqCheck *check, const char *option, int width)
{
	Jsonb *list = dq_json_part(check->doc, option);
	List *tuples = NIL;
	uint32 i;

	if (list == NULL)
		return NIL;
	if (!JB_ROOT_IS_ARRAY(list) || JB_ROOT_IS_SCALAR(list))
		refuse(check, option, width);
	for (i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&list->root, i);

		tuples = lappend(tuples, read_tuple(check, option, width, value));
	}
	return tuples;
}
