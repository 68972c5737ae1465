/*
 * broken.c
 *	  Texts that cannot be a check, as checks that have an error.
 *
 * Where checks are evaluated, one that is no check must not silence the
 * others: its verdict is the error that reading it throws. What else can be
 * read of it is: its name, so that its history goes on, its type, and how bad
 * it is that it cannot be answered, which is the gravest of its levels.
 */
#include "postgres.h"

#include "base/errctx.h"
#include "base/json.h"
#include "quality/broken.h"
#include "quality/fused.h"
#include "quality/shape.h"

/* what a text is that names no known type */
static const DqRuleType unknown = {.name = "unknown",
								   .dimension = "validity",
								   .shape = &dq_shape_rows,
								   .arity = DQ_NO_COLUMNS};

typedef struct Reading
{
	const char *text;
	DqCheck *check;
	Jsonb *doc;
} Reading;

/*
 * read_text: try_subxact callback.
 */
static void
read_text(void *arg)
{
	Reading *reading = (Reading *) arg;

	reading->check = dq_rule_read_one(reading->text);
}

/*
 * read_document: try_subxact callback.
 */
static void
read_document(void *arg)
{
	Reading *reading = (Reading *) arg;

	reading->doc = dq_json_parse_object(reading->text, "a rule");
}

/*
 * text_of: an option that is a string and not empty, else NULL.
 */
static char *
text_of(Jsonb *doc, const char *option)
{
	Jsonb *part = dq_json_part(doc, option);
	JsonbValue value;

	if (part == NULL || !JB_ROOT_IS_SCALAR(part) ||
		!JsonbExtractScalar(&part->root, &value) ||
		value.type != jbvString || value.val.string.len == 0)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/*
 * severity_of: the gravest of its levels, or its own, default error.
 */
static DqSeverity
severity_of(Jsonb *doc)
{
	char *own = text_of(doc, "severity");
	DqSeverity severity;

	for (severity = DQ_CRITICAL; severity > DQ_INFO; severity--)
	{
		const char *name = dq_rule_severity_name(severity);

		if (dq_json_has(doc, name) || (own != NULL && strcmp(own, name) == 0))
			return severity;
	}
	if (dq_json_has(doc, dq_rule_severity_name(DQ_INFO)) ||
		(own != NULL && strcmp(own, dq_rule_severity_name(DQ_INFO)) == 0))
		return DQ_INFO;
	return DQ_ERROR;
}

/*
 * describe_object: what can be read of a rule object that is no check.
 */
static void
describe_object(DqCheck *check, Jsonb *doc)
{
	char *type = text_of(doc, "type");
	char *name = text_of(doc, "name");

	check->doc = doc;
	check->severity = severity_of(doc);
	if (type != NULL && dq_rule_find_type(type) != NULL)
	{
		check->type = dq_rule_find_type(type);
		check->dimension = check->type->dimension;
	}
	if (name != NULL && strlen(name) < NAMEDATALEN)
	{
		check->name = name;
		check->name_given = true;
	}
	if (text_of(doc, "column") != NULL)
		check->columns = list_make1(text_of(doc, "column"));
}

/*
 * describe: a check that stands for the text.
 */
static DqCheck *
describe(const char *text, ErrorData *error)
{
	DqCheck *check = dq_rule_new("expression");
	Reading reading = {.text = text};
	const char *start = text + strspn(text, " \t\n\r\f");

	check->error = error;
	if (*start == '\0')
		return check; /* the derived name is that of the type */
	if (*start != '{')
		check->expression = pstrdup(text);
	else if (dq_errctx_try_subxact(read_document, &reading) != NULL)
	{
		check->type = &unknown;
		check->expression = pstrdup(text);
	}
	else
	{
		check->type = &unknown;
		describe_object(check, reading.doc);
	}
	return check;
}

/*
 * dq_broken_read: see broken.h.
 */
DqCheck *
dq_broken_read(const char *text)
{
	Reading reading = {.text = text};
	ErrorData *error = dq_errctx_try_subxact(read_text, &reading);

	if (error == NULL)
		return reading.check;
	if (dq_fused_is_fatal(error))
		dq_errctx_rethrow(error);
	return describe(text, error);
}
