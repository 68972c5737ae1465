/*
 * jsonschema_compile.c
 *	  A JSON Schema as a tree of what to look at.
 *
 * A schema that breaks the rules of the standard is an error 22023 that names
 * the keyword and its place. A reference is compiled once per target, before
 * its own references are, so that recursive schemas end.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "miscadmin.h"
#include "quality/format_parts.h"
#include "quality/jsonschema.h"
#include "quality/jsonschema_ref.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* one schema that is being read */
typedef struct Compile
{
	Jsonb *root;
	bool lonely_ref; /* $ref hides its siblings: drafts 4 to 7 */
	List *targets; /* of Target *: what references lead to */
} Compile;

typedef struct Target
{
	char *reference;
	DqSchema *schema;
} Target;

/* formats that are asserted */
static const struct
{
	const char *name;
	DqRecogniser matches;
} asserted_formats[] = {
	{"date-time", dq_format_time_rfc3339},
	{"date", dq_format_time_iso_date},
	{"time", dq_format_time_full_time},
	{"duration", dq_format_time_iso_duration},
	{"email", dq_format_net_email},
	{"hostname", dq_format_net_hostname},
	{"ipv4", dq_format_net_ipv4},
	{"ipv6", dq_format_net_ipv6},
	{"uri", dq_format_uri_uri},
	{"uuid", dq_format_text_uuid}};

static const struct
{
	const char *name;
	int bits;
} type_names[] = {
	{"null", DQ_SCHEMA_NULL},
	{"boolean", DQ_SCHEMA_BOOLEAN},
	{"object", DQ_SCHEMA_OBJECT},
	{"array", DQ_SCHEMA_ARRAY},
	{"number", DQ_SCHEMA_NUMBER},
	{"string", DQ_SCHEMA_STRING},
	{"integer", DQ_SCHEMA_INTEGER}};

static DqSchema *compile(Compile *all, const JsonbValue *value,
						 const char *keyword);

/*
 * refuse: 22023; "expected" says what the keyword must be.
 */
static void
refuse(const char *keyword, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid JSON schema: \"%s\" must be %s",
					dq_sqltext_clip(keyword, 63), expected)));
}

/*
 * get_schema: of a keyword that holds one, or NULL.
 */
static DqSchema *
get_schema(Compile *all, JsonbContainer *object, const char *keyword)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);

	return value == NULL ? NULL : compile(all, value, keyword);
}

/*
 * read_schemas: an array of schemas.
 */
static List *
read_schemas(Compile *all, const JsonbValue *value, const char *keyword)
{
	List *schemas = NIL;
	int count;
	int i;

	if (!dq_jsonschema_is(value, JB_FARRAY))
		refuse(keyword, "a list of schemas");
	count = JsonContainerSize(value->val.binary.data);
	for (i = 0; i < count; i++)
		schemas = lappend(schemas,
						  compile(all,
								  getIthJsonbValueFromContainer(
									  value->val.binary.data, i),
								  keyword));
	return schemas;
}

/*
 * get_schemas: the same of a keyword that needs at least one.
 */
static List *
get_schemas(Compile *all, JsonbContainer *object, const char *keyword)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);
	List *schemas;

	if (value == NULL)
		return NIL;
	schemas = read_schemas(all, value, keyword);
	if (schemas == NIL)
		refuse(keyword, "a list of at least one schema");
	return schemas;
}

/*
 * get_number: NULL when there is none.
 */
static Numeric
get_number(JsonbContainer *object, const char *keyword)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);

	if (value == NULL)
		return NULL;
	if (value->type != jbvNumeric)
		refuse(keyword, "a number");
	return value->val.numeric;
}

/*
 * get_count: a whole number from 0 on, "missing" when there is none. What no
 * value can reach is as good as the greatest.
 */
static int64
get_count(JsonbContainer *object, const char *keyword, int64 missing)
{
	Numeric number = get_number(object, keyword);
	Datum whole;
	Datum limit;

	if (number == NULL)
		return missing;
	whole = DirectFunctionCall2(numeric_trunc, NumericGetDatum(number),
								Int32GetDatum(0));
	limit = DirectFunctionCall1(int4_numeric, Int32GetDatum(PG_INT32_MAX));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, whole,
										  NumericGetDatum(number))) ||
		DatumGetInt32(DirectFunctionCall2(
			numeric_cmp, whole,
			DirectFunctionCall1(int4_numeric, Int32GetDatum(0)))) < 0)
		refuse(keyword, "a whole number from 0 on");
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, whole, limit)))
		return PG_INT32_MAX;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, whole));
}

/*
 * get_boolean
 */
static bool
get_boolean(JsonbContainer *object, const char *keyword)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);

	if (value == NULL)
		return false;
	if (value->type != jbvBool)
		refuse(keyword, "true or false");
	return value->val.boolean;
}

/*
 * read_pattern: 22023 when it is no regular expression.
 */
static text *
read_pattern(const JsonbValue *value, const char *keyword)
{
	text *pattern;

	if (value->type != jbvString)
		refuse(keyword, "a regular expression");
	pattern = cstring_to_text_with_len(value->val.string.val,
									   value->val.string.len);
	(void) dq_jsonschema_pattern_matches(pattern, "", 0);
	return pattern;
}

/*
 * read_strings: a list of strings as a List of JsonbValue *.
 */
static List *
read_strings(const JsonbValue *value, const char *keyword)
{
	List *strings = NIL;
	int count;
	int i;

	if (!dq_jsonschema_is(value, JB_FARRAY))
		refuse(keyword, "a list of strings");
	count = JsonContainerSize(value->val.binary.data);
	for (i = 0; i < count; i++)
	{
		JsonbValue *item =
			getIthJsonbValueFromContainer(value->val.binary.data, i);

		if (item->type != jbvString)
			refuse(keyword, "a list of strings");
		strings = lappend(strings, item);
	}
	return strings;
}

/*
 * type_bits: of the name of a type.
 */
static int
type_bits(const JsonbValue *value)
{
	int i;

	for (i = 0; value->type == jbvString && i < lengthof(type_names); i++)
	{
		if (strlen(type_names[i].name) == value->val.string.len &&
			memcmp(type_names[i].name, value->val.string.val,
				   value->val.string.len) == 0)
			return type_names[i].bits;
	}
	refuse("type",
		   "null, boolean, object, array, number, string, integer or a list of them");
	return 0;
}

/*
 * compile_value: type, enum, const.
 */
static void
compile_value(DqSchema *schema, JsonbContainer *object)
{
	JsonbValue *type = dq_jsonschema_get(object, "type");
	JsonbValue *values = dq_jsonschema_get(object, "enum");
	int i;

	if (dq_jsonschema_is(type, JB_FARRAY))
	{
		for (i = 0; i < JsonContainerSize(type->val.binary.data); i++)
			schema->types |= type_bits(
				getIthJsonbValueFromContainer(type->val.binary.data, i));
	}
	else if (type != NULL)
		schema->types = type_bits(type);
	schema->constant = dq_jsonschema_get(object, "const");
	if (values == NULL)
		return;
	if (!dq_jsonschema_is(values, JB_FARRAY))
		refuse("enum", "a list");
	schema->has_enum = true;
	for (i = 0; i < JsonContainerSize(values->val.binary.data); i++)
		schema->enumeration = lappend(
			schema->enumeration,
			getIthJsonbValueFromContainer(values->val.binary.data, i));
}

/*
 * compile_bound: an inclusive bound and its exclusive sister, which in draft 4
 * is a boolean.
 */
static void
compile_bound(JsonbContainer *object, const char *keyword,
			  const char *exclusive, Numeric *inclusive_bound,
			  Numeric *exclusive_bound)
{
	JsonbValue *sister = dq_jsonschema_get(object, exclusive);

	*inclusive_bound = get_number(object, keyword);
	if (sister == NULL)
		return;
	if (sister->type != jbvBool)
		*exclusive_bound = get_number(object, exclusive);
	else if (sister->val.boolean)
	{
		*exclusive_bound = *inclusive_bound;
		*inclusive_bound = NULL;
	}
}

/*
 * compile_scalars: numbers and strings.
 */
static void
compile_scalars(DqSchema *schema, JsonbContainer *object)
{
	JsonbValue *value;
	int i;

	compile_bound(object, "minimum", "exclusiveMinimum", &schema->minimum,
				  &schema->above);
	compile_bound(object, "maximum", "exclusiveMaximum", &schema->maximum,
				  &schema->below);
	schema->multiple_of = get_number(object, "multipleOf");
	if (schema->multiple_of != NULL &&
		DatumGetInt32(DirectFunctionCall2(
			numeric_cmp, NumericGetDatum(schema->multiple_of),
			DirectFunctionCall1(int4_numeric, Int32GetDatum(0)))) <= 0)
		refuse("multipleOf", "a number above 0");
	schema->min_length = get_count(object, "minLength", 0);
	schema->max_length = get_count(object, "maxLength", -1);
	value = dq_jsonschema_get(object, "pattern");
	if (value != NULL)
		schema->pattern = read_pattern(value, "pattern");
	value = dq_jsonschema_get(object, "format");
	if (value != NULL && value->type != jbvString)
		refuse("format", "a string");
	for (i = 0; value != NULL && i < lengthof(asserted_formats); i++)
	{
		if (strlen(asserted_formats[i].name) == value->val.string.len &&
			memcmp(asserted_formats[i].name, value->val.string.val,
				   value->val.string.len) == 0)
			schema->format = asserted_formats[i].matches;
	}
}

/*
 * compile_array: a list in "items" is the older spelling of prefixItems, with
 * additionalItems for the rest.
 */
static void
compile_array(Compile *all, DqSchema *schema, JsonbContainer *object)
{
	JsonbValue *items = dq_jsonschema_get(object, "items");
	JsonbValue *prefix = dq_jsonschema_get(object, "prefixItems");

	if (prefix != NULL)
		schema->prefix_items = read_schemas(all, prefix, "prefixItems");
	if (dq_jsonschema_is(items, JB_FARRAY))
	{
		schema->prefix_items = read_schemas(all, items, "items");
		schema->items = get_schema(all, object, "additionalItems");
	}
	else if (items != NULL)
		schema->items = compile(all, items, "items");
	schema->min_items = get_count(object, "minItems", 0);
	schema->max_items = get_count(object, "maxItems", -1);
	schema->unique_items = get_boolean(object, "uniqueItems");
	schema->contains = get_schema(all, object, "contains");
	schema->min_contains = get_count(object, "minContains", 1);
	schema->max_contains = get_count(object, "maxContains", -1);
}

/*
 * next_member: of an object that is iterated; false behind the last.
 */
static bool
next_member(JsonbIterator **it, JsonbValue *name, JsonbValue *value)
{
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(it, name, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			(void) JsonbIteratorNext(it, value, true);
			return true;
		}
	}
	return false;
}

/*
 * get_named: schemas by name or, "by_pattern", by regular expression.
 */
static List *
get_named(Compile *all, JsonbContainer *object, const char *keyword,
		  bool by_pattern)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);
	List *schemas = NIL;
	JsonbIterator *it;
	JsonbValue name;
	JsonbValue member;

	if (value == NULL)
		return NIL;
	if (!dq_jsonschema_is(value, JB_FOBJECT))
		refuse(keyword, "an object of schemas");
	it = JsonbIteratorInit(value->val.binary.data);
	while (next_member(&it, &name, &member))
	{
		DqNamedSchema *named = palloc0(sizeof(DqNamedSchema));

		named->name = pnstrdup(name.val.string.val, name.val.string.len);
		named->name_len = name.val.string.len;
		if (by_pattern)
			named->pattern = read_pattern(&name, keyword);
		named->schema = compile(all, &member, keyword);
		schemas = lappend(schemas, named);
	}
	return schemas;
}

/*
 * compile_dependencies: of a keyword: lists of names, or schemas.
 */
static void
compile_dependencies(Compile *all, DqSchema *schema, JsonbContainer *object,
					 const char *keyword, bool lists, bool schemas)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);
	JsonbIterator *it;
	JsonbValue name;
	JsonbValue member;

	if (value == NULL)
		return;
	if (!dq_jsonschema_is(value, JB_FOBJECT))
		refuse(keyword, "an object");
	it = JsonbIteratorInit(value->val.binary.data);
	while (next_member(&it, &name, &member))
	{
		DqDependency *needed = palloc0(sizeof(DqDependency));

		needed->name = pnstrdup(name.val.string.val, name.val.string.len);
		needed->name_len = name.val.string.len;
		if (lists && (dq_jsonschema_is(&member, JB_FARRAY) || !schemas))
			needed->required = read_strings(&member, keyword);
		else
			needed->schema = compile(all, &member, keyword);
		schema->dependencies = lappend(schema->dependencies, needed);
	}
}

/*
 * compile_object: in draft 3 "required" was a boolean of the member; it is
 * refused here.
 */
static void
compile_object(Compile *all, DqSchema *schema, JsonbContainer *object)
{
	JsonbValue *required = dq_jsonschema_get(object, "required");

	if (required != NULL)
		schema->required = read_strings(required, "required");
	schema->min_properties = get_count(object, "minProperties", 0);
	schema->max_properties = get_count(object, "maxProperties", -1);
	schema->properties = get_named(all, object, "properties", false);
	schema->pattern_properties = get_named(all, object, "patternProperties",
										   true);
	schema->additional = get_schema(all, object, "additionalProperties");
	schema->property_names = get_schema(all, object, "propertyNames");
	compile_dependencies(all, schema, object, "dependencies", true, true);
	compile_dependencies(all, schema, object, "dependentRequired", true,
						 false);
	compile_dependencies(all, schema, object, "dependentSchemas", false,
						 true);
}

static void compile_into(Compile *all, DqSchema *schema,
						 const JsonbValue *value, const char *keyword);

/*
 * get_reference: the schema that a keyword refers to, or NULL.
 */
static DqSchema *
get_reference(Compile *all, JsonbContainer *object, const char *keyword)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);
	Target *target;
	ListCell *lc;
	char *reference;

	if (value == NULL)
		return NULL;
	if (value->type != jbvString)
		refuse(keyword, "a string");
	reference = pnstrdup(value->val.string.val, value->val.string.len);
	foreach(lc, all->targets)
	{
		target = (Target *) lfirst(lc);
		if (strcmp(target->reference, reference) == 0)
			return target->schema;
	}
	target = palloc(sizeof(Target));
	target->reference = reference;
	target->schema = palloc0(sizeof(DqSchema));
	all->targets = lappend(all->targets, target);
	compile_into(all, target->schema,
				 dq_jsonschema_ref_find(all->root, reference), keyword);
	return target->schema;
}

/*
 * refuse_unsupported: keywords of the standard that this does not evaluate.
 */
static void
refuse_unsupported(JsonbContainer *object)
{
	static const char *const keywords[] = {
		"unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
		"$recursiveRef"};
	int i;

	for (i = 0; i < lengthof(keywords); i++)
	{
		if (dq_jsonschema_get(object, keywords[i]) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("JSON schema keyword \"%s\" is not supported",
							keywords[i])));
	}
}

/*
 * compile_into: fill a schema.
 */
static void
compile_into(Compile *all, DqSchema *schema, const JsonbValue *value,
			 const char *keyword)
{
	JsonbContainer *object;

	check_stack_depth();
	schema->max_length = schema->max_items = schema->max_properties = -1;
	schema->max_contains = -1;
	if (value->type == jbvBool)
	{
		schema->refuses = !value->val.boolean;
		return;
	}
	if (!dq_jsonschema_is(value, JB_FOBJECT))
		refuse(keyword, "a schema: an object, true or false");
	object = value->val.binary.data;
	schema->reference = get_reference(all, object, "$ref");
	if (schema->reference != NULL && all->lonely_ref)
		return;
	refuse_unsupported(object);
	compile_value(schema, object);
	compile_scalars(schema, object);
	compile_array(all, schema, object);
	compile_object(all, schema, object);
	schema->all_of = get_schemas(all, object, "allOf");
	schema->any_of = get_schemas(all, object, "anyOf");
	schema->one_of = get_schemas(all, object, "oneOf");
	schema->negated = get_schema(all, object, "not");
	schema->condition = get_schema(all, object, "if");
	schema->then_schema = get_schema(all, object, "then");
	schema->else_schema = get_schema(all, object, "else");
}

/*
 * compile: one schema; "keyword" is where it was found.
 */
static DqSchema *
compile(Compile *all, const JsonbValue *value, const char *keyword)
{
	DqSchema *schema = palloc0(sizeof(DqSchema));

	compile_into(all, schema, value, keyword);
	return schema;
}

/*
 * is_old: does "$schema" name a draft in which $ref stands alone?
 */
static bool
is_old(Jsonb *root)
{
	JsonbValue *value;
	char *draft;

	if (!JB_ROOT_IS_OBJECT(root))
		return false;
	value = dq_jsonschema_get(&root->root, "$schema");
	if (value == NULL || value->type != jbvString)
		return false;
	draft = pnstrdup(value->val.string.val, value->val.string.len);
	return strstr(draft, "draft-04") || strstr(draft, "draft-06") ||
		   strstr(draft, "draft-07");
}

/*
 * dq_jsonschema_compile: the whole; keeps pointers into the document.
 */
DqSchema *
dq_jsonschema_compile(Jsonb *schema)
{
	Compile all;

	all.root = schema;
	all.lonely_ref = is_old(schema);
	all.targets = NIL;
	return compile(&all, dq_jsonschema_ref_root(schema), "the schema");
}
