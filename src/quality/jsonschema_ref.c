/*
 * jsonschema_ref.c
 *	  References inside a JSON Schema: pointers, anchors, its own identifier.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "miscadmin.h"
#include "quality/format_parts.h"
#include "quality/jsonschema_ref.h"

/*
 * hex_value: of a hexadecimal digit.
 */
static int
hex_value(char c)
{
	if (dq_is_digit(c))
		return c - '0';
	return (dq_is_lower(c) ? c - 'a' : c - 'A') + 10;
}

/*
 * unescape: a token of a JSON pointer in a URI fragment: %xx, then ~0 and ~1.
 */
static char *
unescape(const char *s, int len)
{
	char *plain = palloc(len + 1);
	int n = 0;
	int i;
	int m = 0;

	for (i = 0; i < len; i++)
	{
		if (s[i] == '%' && i + 2 < len && dq_is_hex(s[i + 1]) &&
			dq_is_hex(s[i + 2]))
		{
			plain[n++] = hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]);
			i += 2;
		}
		else
			plain[n++] = s[i];
	}
	for (i = 0; i < n; i++)
	{
		bool escape = plain[i] == '~' && i + 1 < n &&
					  (plain[i + 1] == '0' || plain[i + 1] == '1');

		if (escape)
			i++;
		plain[m++] = escape ? (plain[i] == '0' ? '~' : '/') : plain[i];
	}
	plain[m] = '\0';
	return plain;
}

/*
 * step_into: the member or item of a value that a token names, or NULL.
 */
static JsonbValue *
step_into(const JsonbValue *value, const char *token)
{
	int len = strlen(token);

	if (dq_jsonschema_is(value, JB_FOBJECT))
		return dq_jsonschema_get(value->val.binary.data, token);
	if (dq_jsonschema_is(value, JB_FARRAY) && len > 0 && len < 8 &&
		dq_are_digits(token, len))
		return getIthJsonbValueFromContainer(value->val.binary.data,
											 dq_digits_value(token, len));
	return NULL;
}

/*
 * dq_jsonschema_ref_root: the schema itself as a value.
 */
JsonbValue *
dq_jsonschema_ref_root(Jsonb *root)
{
	JsonbValue *value;

	if (JB_ROOT_IS_SCALAR(root))
		return getIthJsonbValueFromContainer(&root->root, 0);
	value = palloc0(sizeof(JsonbValue));
	value->type = jbvBinary;
	value->val.binary.data = &root->root;
	value->val.binary.len = VARSIZE_ANY_EXHDR(root);
	return value;
}

/*
 * find_pointer: what "/a/b" leads to, or NULL.
 */
static JsonbValue *
find_pointer(Jsonb *root, const char *pointer)
{
	JsonbValue *value = dq_jsonschema_ref_root(root);

	while (value != NULL && *pointer == '/')
	{
		int len = strcspn(pointer + 1, "/");

		value = step_into(value, unescape(pointer + 1, len));
		pointer += len + 1;
	}
	return value;
}

/*
 * has_text: is the member of this name this string?
 */
static bool
has_text(JsonbContainer *object, const char *keyword, const char *wanted)
{
	JsonbValue *value = dq_jsonschema_get(object, keyword);

	return value != NULL && value->type == jbvString &&
		   strlen(wanted) == value->val.string.len &&
		   memcmp(wanted, value->val.string.val, value->val.string.len) == 0;
}

/*
 * find_anchor: the schema of this plain name below a value, or NULL.
 */
static JsonbValue *
find_anchor(JsonbValue *value, const char *anchor)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue part;

	check_stack_depth();
	if (value->type != jbvBinary)
		return NULL;
	if (dq_jsonschema_is(value, JB_FOBJECT) &&
		(has_text(value->val.binary.data, "$anchor", anchor) ||
		 has_text(value->val.binary.data, "$dynamicAnchor", anchor) ||
		 has_text(value->val.binary.data, "$id", psprintf("#%s", anchor)) ||
		 has_text(value->val.binary.data, "id", psprintf("#%s", anchor))))
		return value;
	it = JsonbIteratorInit(value->val.binary.data);
	token = JsonbIteratorNext(&it, &part, true);
	while ((token = JsonbIteratorNext(&it, &part, true)) != WJB_DONE)
	{
		JsonbValue *copy;
		JsonbValue *found;

		if (token != WJB_VALUE && token != WJB_ELEM)
			continue;
		copy = palloc(sizeof(JsonbValue));
		*copy = part;
		found = find_anchor(copy, anchor);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/*
 * dq_jsonschema_ref_find: the schema that a reference names within this
 * document; 22023 when there is none, 0A000 when it lies elsewhere.
 */
JsonbValue *
dq_jsonschema_ref_find(Jsonb *doc, const char *reference)
{
	JsonbValue *root = dq_jsonschema_ref_root(doc);
	const char *fragment = strchr(reference, '#');
	JsonbValue *found = NULL;

	if (fragment != reference)
	{
		char *base = pnstrdup(reference, fragment ? fragment - reference :
													strlen(reference));

		if (!has_text(root->val.binary.data, "$id", base) &&
			!has_text(root->val.binary.data, "id", base))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("JSON schema refers to \"%s\", which is another document",
							dq_sqltext_clip(reference, 200)),
					 errhint("Put that schema below \"$defs\" and refer to \"#/$defs/name\".")));
	}
	if (fragment == NULL || fragment[1] == '\0')
		return root;
	if (fragment[1] == '/')
		found = find_pointer(doc, fragment + 1);
	else
		found = find_anchor(root, fragment + 1);
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid JSON schema: nothing is at \"%s\"",
						dq_sqltext_clip(reference, 200))));
	return found;
}
