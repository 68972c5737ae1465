/*
 * changes.c
 *	  What differs between two versions of a definition, told to a person.
 *
 * The documents come from dq_definition_document: jsonb, so equal text means
 * equal content.
 */
#include "postgres.h"

#include "analyze/changes.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"

/* longest value that is shown */
#define SHOWN_BYTES 60

static const char *const setting_names[] = {
	"description", "period", "start_at", "timezone", "catchup", "lookback",
	"settle", "deadline", "depends_on_past", "schedule",
	"retries", "retry_delay", "policy", "tags", "params"};

/*
 * dq_changes_make: one change.
 */
DqChange *
dq_changes_make(const char *action, const char *object, const char *detail)
{
	DqChange *change = palloc(sizeof(DqChange));

	change->action = action;
	change->object = pstrdup(object);
	change->detail = detail ? pstrdup(detail) : NULL;
	return change;
}

/*
 * value_text: the value of a key: a string as it is, anything else as JSON;
 * NULL when absent.
 */
static char *
value_text(Jsonb *doc, const char *key)
{
	JsonbValue *value;

	if (doc == NULL)
		return NULL;
	value = getKeyJsonValueFromContainer(&doc->root, key, strlen(key), NULL);
	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	return dq_json_out(JsonbValueToJsonb(value));
}

/*
 * value_object: the value of a key that holds an object; NULL when absent.
 */
static Jsonb *
value_object(Jsonb *doc, const char *key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&doc->root, key,
													 strlen(key), NULL);

	return value ? JsonbValueToJsonb(value) : NULL;
}

/*
 * differs: do two values differ?
 */
static bool
differs(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a != b;
	return strcmp(a, b) != 0;
}

/*
 * shown: a value on one line, shortened.
 */
static char *
shown(const char *value)
{
	char *text;
	char *c;

	if (value == NULL)
		return pstrdup("not set");
	text = dq_sqltext_clip(value, SHOWN_BYTES);
	for (c = text; *c != '\0'; c++)
	{
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	}
	if (strlen(value) > SHOWN_BYTES)
		text = psprintf("%s...", text);
	return text;
}

/*
 * compare_setting: append a change when a value differs.
 */
static List *
compare_setting(List *changes, Jsonb *before, Jsonb *after, const char *key)
{
	char *old = value_text(before, key);
	char *new = value_text(after, key);

	if (!differs(old, new))
		return changes;
	return lappend(changes,
				   dq_changes_make("change setting", key,
								   psprintf("%s -> %s", shown(old),
											shown(new))));
}

/*
 * describe_step: a step in a few words.
 */
static char *
describe_step(Jsonb *step)
{
	StringInfoData text;
	Jsonb *options = value_object(step, "options");
	char *kind = value_text(step, "kind");
	char *phase = value_text(step, "phase");
	char *source = value_text(options, "source");
	char *target = value_text(options, "target");

	if (kind == NULL || phase == NULL)
		elog(ERROR, "step has no kind or phase");
	initStringInfo(&text);
	appendStringInfoString(&text, kind);
	if (target != NULL)
		appendStringInfo(&text, " %s into %s", source, target);
	else if (source != NULL)
		appendStringInfo(&text, " %s", source);
	if (strcmp(kind, "call") == 0 ||
		(strcmp(kind, "load") != 0 && strcmp(phase, "publish") == 0))
		appendStringInfo(&text, ", phase %s", phase);
	return text.data;
}

/*
 * compare_keys: what differs in a step or its options: the key alone for long
 * values, with both values for short ones. Kept in "text", comma-separated.
 */
static void
compare_keys(StringInfo text, Jsonb *before, Jsonb *after, const char *key)
{
	char *old = value_text(before, key);
	char *new = value_text(after, key);

	if (!differs(old, new))
		return;
	if (text->len > 0)
		appendStringInfoString(text, ", ");
	appendStringInfoString(text, key);
	if (strcmp(key, "query") != 0 && strcmp(key, "command") != 0 &&
		strcmp(key, "checks") != 0)
		appendStringInfo(text, " %s -> %s", shown(old), shown(new));
}

/*
 * compare_step: what differs in a step that is in both; NULL when nothing.
 */
static char *
compare_step(Jsonb *before, Jsonb *after)
{
	StringInfoData text;
	Jsonb *old = value_object(before, "options");
	Jsonb *new = value_object(after, "options");
	List *keys = dq_json_keys(old);
	ListCell *lc;

	initStringInfo(&text);
	compare_keys(&text, before, after, "kind");
	foreach(lc, dq_json_keys(new))
	{
		if (value_text(old, (char *) lfirst(lc)) == NULL)
			keys = lappend(keys, lfirst(lc));
	}
	foreach(lc, keys)
		compare_keys(&text, old, new, (char *) lfirst(lc));
	compare_keys(&text, before, after, "phase");
	compare_keys(&text, before, after, "depends_on");
	return text.len > 0 ? text.data : NULL;
}

/*
 * compare_steps: added and changed steps in the new list order, then removed
 * ones in the old.
 */
static List *
compare_steps(List *changes, Jsonb *before, Jsonb *after)
{
	Jsonb *old = before ? value_object(before, "steps") : NULL;
	Jsonb *new = value_object(after, "steps");
	ListCell *lc;

	foreach(lc, dq_json_text_list(after, "step order", "definition"))
	{
		char *name = (char *) lfirst(lc);
		Jsonb *step = value_object(new, name);
		Jsonb *was = old ? value_object(old, name) : NULL;
		char *detail;

		if (was == NULL)
			changes = lappend(changes,
							  dq_changes_make("add step", name,
											  describe_step(step)));
		else if ((detail = compare_step(was, step)) != NULL)
			changes = lappend(changes,
							  dq_changes_make("change step", name, detail));
	}
	if (old == NULL)
		return changes;
	foreach(lc, dq_json_text_list(before, "step order", "definition"))
	{
		char *name = (char *) lfirst(lc);
		Jsonb *was = value_object(old, name);

		if (value_object(new, name) == NULL)
			changes = lappend(changes,
							  dq_changes_make("remove step", name,
											  describe_step(was)));
	}
	return changes;
}

/*
 * common_order: the names of a list that the other definition has too.
 */
static char *
common_order(Jsonb *doc, Jsonb *other)
{
	StringInfoData text;
	Jsonb *steps = value_object(other, "steps");
	ListCell *lc;

	initStringInfo(&text);
	foreach(lc, dq_json_text_list(doc, "step order", "definition"))
	{
		char *name = (char *) lfirst(lc);

		if (value_object(steps, name) != NULL)
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
							 dq_sqltext_ident(name));
	}
	return text.data;
}

/*
 * dq_changes_between: see changes.h.
 */
List *
dq_changes_between(Jsonb *before, Jsonb *after)
{
	List *changes = compare_steps(NIL, before, after);
	Jsonb *old;
	Jsonb *new;
	char *was;
	char *is;
	ListCell *lc;
	int i;

	if (before == NULL)
		return changes;
	was = common_order(before, after);
	is = common_order(after, before);
	if (differs(was, is))
		changes = lappend(changes,
						  dq_changes_make("change setting", "step order",
										  psprintf("%s -> %s", was, is)));
	for (i = 0; i < lengthof(setting_names); i++)
		changes = compare_setting(changes, before, after, setting_names[i]);
	old = value_object(before, "settings");
	new = value_object(after, "settings");
	foreach(lc, dq_json_keys(new))
	{
		/* the same as timezone */
		if (strcmp((char *) lfirst(lc), "TimeZone") != 0)
			changes = compare_setting(changes, old, new, (char *) lfirst(lc));
	}
	return changes;
}
