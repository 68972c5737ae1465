/*
 * jsonschema.c
 *	  Documents validated against a compiled JSON Schema.
 *
 * Each group of keywords speaks of one kind of value and holds for all others.
 * Memory is that of the caller, who resets it per document.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "quality/jsonschema.h"
#include "regex/regex.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

static bool matches(const DqSchema *schema, const JsonbValue *value);

/*
 * dq_jsonschema_pattern_matches: somewhere in the text.
 */
bool
dq_jsonschema_pattern_matches(text *pattern, const char *s, int len)
{
	return RE_compile_and_execute(pattern, unconstify(char *, s), len,
								  REG_ADVANCED, C_COLLATION_OID, 0, NULL);
}

/*
 * is_object, is_array: of containers.
 */
static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		   JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		   JsonContainerIsArray(value->val.binary.data);
}

/*
 * compare_numbers
 */
static int
compare_numbers(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp,
											 NumericGetDatum(a),
											 NumericGetDatum(b)));
}

/*
 * is_whole: has the number no fraction?
 */
static bool
is_whole(Numeric number)
{
	Datum whole = DirectFunctionCall2(numeric_trunc, NumericGetDatum(number),
									  Int32GetDatum(0));

	return compare_numbers(number, DatumGetNumeric(whole)) == 0;
}

/*
 * is_multiple: a fraction in the divisor is exact here.
 */
static bool
is_multiple(Numeric number, Numeric divisor)
{
	Datum rest = DirectFunctionCall2(numeric_mod, NumericGetDatum(number),
									 NumericGetDatum(divisor));
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));

	return compare_numbers(DatumGetNumeric(rest), DatumGetNumeric(zero)) == 0;
}

/*
 * type_bits: the names of types that a value has.
 */
static int
type_bits(const JsonbValue *value, bool want_integer)
{
	switch (value->type)
	{
		case jbvNull:
			return DQ_SCHEMA_NULL;
		case jbvBool:
			return DQ_SCHEMA_BOOLEAN;
		case jbvString:
			return DQ_SCHEMA_STRING;
		case jbvNumeric:
			if (want_integer && is_whole(value->val.numeric))
				return DQ_SCHEMA_NUMBER | DQ_SCHEMA_INTEGER;
			return DQ_SCHEMA_NUMBER;
		default:
			return is_object(value) ? DQ_SCHEMA_OBJECT : DQ_SCHEMA_ARRAY;
	}
}

/*
 * equals: the same value; numbers by value, members in any order.
 */
static bool
equals(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case jbvNull:
			return true;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		case jbvString:
			return a->val.string.len == b->val.string.len &&
				   memcmp(a->val.string.val, b->val.string.val,
						  a->val.string.len) == 0;
		case jbvNumeric:
			return compare_numbers(a->val.numeric, b->val.numeric) == 0;
		default:
			return compareJsonbContainers(a->val.binary.data,
										  b->val.binary.data) == 0;
	}
}

/*
 * matches_value: type, enum, const.
 */
static bool
matches_value(const DqSchema *schema, const JsonbValue *value)
{
	bool found = !schema->has_enum;
	ListCell *lc;

	if (schema->types != 0 &&
		!(schema->types &
		  type_bits(value, (schema->types & (DQ_SCHEMA_INTEGER |
											 DQ_SCHEMA_NUMBER)) ==
							   DQ_SCHEMA_INTEGER)))
		return false;
	foreach(lc, schema->enumeration)
	{
		if (equals(value, (JsonbValue *) lfirst(lc)))
		{
			found = true;
			break;
		}
	}
	return found &&
		   (schema->constant == NULL || equals(value, schema->constant));
}

/*
 * matches_number
 */
static bool
matches_number(const DqSchema *schema, Numeric number)
{
	if (schema->minimum && compare_numbers(number, schema->minimum) < 0)
		return false;
	if (schema->maximum && compare_numbers(number, schema->maximum) > 0)
		return false;
	if (schema->above && compare_numbers(number, schema->above) <= 0)
		return false;
	if (schema->below && compare_numbers(number, schema->below) >= 0)
		return false;
	return schema->multiple_of == NULL ||
		   is_multiple(number, schema->multiple_of);
}

/*
 * within: between two limits, -1 for none.
 */
static bool
within(int64 number, int64 min, int64 max)
{
	return number >= min && (max < 0 || number <= max);
}

/*
 * matches_string: length in characters.
 */
static bool
matches_string(const DqSchema *schema, const char *s, int len)
{
	if ((schema->min_length > 0 || schema->max_length >= 0) &&
		!within(pg_mbstrlen_with_len(s, len), schema->min_length,
				schema->max_length))
		return false;
	if (schema->pattern &&
		!dq_jsonschema_pattern_matches(schema->pattern, s, len))
		return false;
	return schema->format == NULL || (len > 0 && schema->format(s, len));
}

/*
 * compare_items: for qsort, by the order of jsonb.
 */
static int
compare_items(const void *a, const void *b)
{
	return compareJsonbContainers(&(*(Jsonb *const *) a)->root,
								  &(*(Jsonb *const *) b)->root);
}

/*
 * are_unique: no two items are equal.
 */
static bool
are_unique(const JsonbContainer *array)
{
	int count = JsonContainerSize(array);
	Jsonb **items = palloc(sizeof(Jsonb *) * (count + 1));
	int i;

	for (i = 0; i < count; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(
			unconstify(JsonbContainer *, array), i);

		items[i] = JsonbValueToJsonb(item);
	}
	qsort(items, count, sizeof(Jsonb *), compare_items);
	for (i = 1; i < count; i++)
	{
		if (compare_items(&items[i - 1], &items[i]) == 0)
			return false;
	}
	return true;
}

/*
 * matches_items: each item by its place, and how many satisfy "contains".
 */
static bool
matches_items(const DqSchema *schema, JsonbContainer *array)
{
	int count = JsonContainerSize(array);
	int prefix = list_length(schema->prefix_items);
	int64 contained = 0;
	int i;

	for (i = 0; i < count; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(array, i);
		const DqSchema *own = schema->items;

		if (i < prefix)
			own = (DqSchema *) list_nth(schema->prefix_items, i);
		if (own != NULL && !matches(own, item))
			return false;
		if (schema->contains != NULL && matches(schema->contains, item))
			contained++;
	}
	return schema->contains == NULL ||
		   within(contained, schema->min_contains, schema->max_contains);
}

/*
 * matches_array
 */
static bool
matches_array(const DqSchema *schema, JsonbContainer *array)
{
	if (!within(JsonContainerSize(array), schema->min_items,
				schema->max_items))
		return false;
	if ((schema->prefix_items != NIL || schema->items != NULL ||
		 schema->contains != NULL) &&
		!matches_items(schema, array))
		return false;
	return !schema->unique_items || are_unique(array);
}

/*
 * has_members: are all of these there?
 */
static bool
has_members(JsonbContainer *object, List *names)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (findJsonbValueFromContainer(object, JB_FOBJECT,
										(JsonbValue *) lfirst(lc)) == NULL)
			return false;
	}
	return true;
}

/*
 * find_named: the schema of a property, or NULL.
 */
static const DqSchema *
find_named(const DqSchema *schema, const JsonbValue *name)
{
	ListCell *lc;

	foreach(lc, schema->properties)
	{
		DqNamedSchema *named = (DqNamedSchema *) lfirst(lc);

		if (named->name_len == name->val.string.len &&
			memcmp(named->name, name->val.string.val, named->name_len) == 0)
			return named->schema;
	}
	return NULL;
}

/*
 * matches_member: one member of an object, by its name, by patterns, or as
 * one that is neither named nor matched.
 */
static bool
matches_member(const DqSchema *schema, const JsonbValue *name,
			   const JsonbValue *value)
{
	const DqSchema *own = find_named(schema, name);
	bool known = own != NULL;
	ListCell *lc;

	if (schema->property_names && !matches(schema->property_names, name))
		return false;
	if (own != NULL && !matches(own, value))
		return false;
	foreach(lc, schema->pattern_properties)
	{
		DqNamedSchema *named = (DqNamedSchema *) lfirst(lc);

		if (!dq_jsonschema_pattern_matches(named->pattern,
										   name->val.string.val,
										   name->val.string.len))
			continue;
		known = true;
		if (!matches(named->schema, value))
			return false;
	}
	return known || schema->additional == NULL ||
		   matches(schema->additional, value);
}

/*
 * matches_members: all members, one by one; or, where only named ones matter,
 * those.
 */
static bool
matches_members(const DqSchema *schema, JsonbContainer *object)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;
	ListCell *lc;

	if (schema->pattern_properties == NIL && schema->additional == NULL &&
		schema->property_names == NULL)
	{
		foreach(lc, schema->properties)
		{
			DqNamedSchema *named = (DqNamedSchema *) lfirst(lc);
			JsonbValue *member;

			member = getKeyJsonValueFromContainer(object, named->name,
												  named->name_len, NULL);
			if (member != NULL && !matches(named->schema, member))
				return false;
		}
		return true;
	}
	it = JsonbIteratorInit(object);
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		if (!matches_member(schema, &name, &value))
			return false;
	}
	return true;
}

/*
 * matches_object
 */
static bool
matches_object(const DqSchema *schema, const JsonbValue *value)
{
	JsonbContainer *object = value->val.binary.data;
	ListCell *lc;

	if (!within(JsonContainerSize(object), schema->min_properties,
				schema->max_properties) ||
		!has_members(object, schema->required) ||
		!matches_members(schema, object))
		return false;
	foreach(lc, schema->dependencies)
	{
		DqDependency *needed = (DqDependency *) lfirst(lc);

		if (getKeyJsonValueFromContainer(object, needed->name,
										 needed->name_len, NULL) == NULL)
			continue;
		if (!has_members(object, needed->required) ||
			(needed->schema != NULL && !matches(needed->schema, value)))
			return false;
	}
	return true;
}

/*
 * count_matches: how many of the schemas hold; stops above "enough".
 */
static int
count_matches(List *schemas, const JsonbValue *value, int enough)
{
	int count = 0;
	ListCell *lc;

	foreach(lc, schemas)
	{
		if (matches((DqSchema *) lfirst(lc), value))
			count++;
		if (count > enough)
			break;
	}
	return count;
}

/*
 * matches_logic: schemas combined.
 */
static bool
matches_logic(const DqSchema *schema, const JsonbValue *value)
{
	ListCell *lc;

	if (schema->reference && !matches(schema->reference, value))
		return false;
	foreach(lc, schema->all_of)
	{
		if (!matches((DqSchema *) lfirst(lc), value))
			return false;
	}
	if (schema->any_of != NIL && count_matches(schema->any_of, value, 0) == 0)
		return false;
	if (schema->one_of != NIL && count_matches(schema->one_of, value, 1) != 1)
		return false;
	if (schema->negated && matches(schema->negated, value))
		return false;
	if (schema->condition)
	{
		const DqSchema *chosen = matches(schema->condition, value) ?
									 schema->then_schema :
									 schema->else_schema;

		return chosen == NULL || matches(chosen, value);
	}
	return true;
}

/*
 * matches: does the value satisfy the schema?
 */
static bool
matches(const DqSchema *schema, const JsonbValue *value)
{
	check_stack_depth();
	if (schema->refuses || !matches_value(schema, value))
		return false;
	if (value->type == jbvNumeric)
	{
		if (!matches_number(schema, value->val.numeric))
			return false;
	}
	else if (value->type == jbvString)
	{
		if (!matches_string(schema, value->val.string.val,
							value->val.string.len))
			return false;
	}
	else if (is_array(value))
	{
		if (!matches_array(schema, value->val.binary.data))
			return false;
	}
	else if (is_object(value) && !matches_object(schema, value))
		return false;
	return matches_logic(schema, value);
}

/*
 * dq_jsonschema_matches: the whole document.
 */
bool
dq_jsonschema_matches(const DqSchema *schema, Jsonb *document)
{
	JsonbValue root;

	if (JB_ROOT_IS_SCALAR(document))
	{
		JsonbValue *scalar = getIthJsonbValueFromContainer(&document->root, 0);

		return matches(schema, scalar);
	}
	root.type = jbvBinary;
	root.val.binary.data = &document->root;
	root.val.binary.len = VARSIZE_ANY_EXHDR(document);
	return matches(schema, &root);
}
