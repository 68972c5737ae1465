/*
 * options.c
 *	  What a load step was told: its options as data.
 *
 * One row of the table describes one option: its kind, where it is kept, what
 * it may be and what it is when nothing is said. Which mode takes which option
 * is in the table of modes (strategy.c).
 */
#include "postgres.h"

#include "base/json.h"
#include "base/suggest.h"
#include "lib/stringinfo.h"
#include "load/condition.h"
#include "load/options.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

typedef enum OptionKind
{
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_BOOLEAN,
	OPTION_CHOICE,
	OPTION_CONDITION, /* a boolean SQL expression */
	OPTION_FRACTION, /* 0 to 1 */
	OPTION_DURATION /* kept as milliseconds */
} OptionKind;

typedef struct OptionSpec
{
	const char *name;
	OptionKind kind;
	size_t offset;
	const char *missing; /* the value when nothing is said; NULL: none */
	const char *choices[5];
} OptionSpec;

#define FIELD(name) offsetof(DqLoadOptions, name)
#define CHAR_FIELD(options, spec) \
	(*(char **) ((char *) (options) + (spec)->offset))
#define LIST_FIELD(options, spec) \
	(*(List **) ((char *) (options) + (spec)->offset))

/* in the order of DqOption */
static const OptionSpec specs[] = {
	{"key", OPTION_LIST, FIELD(key)},
	{"on_conflict_columns", OPTION_LIST, FIELD(on_conflict_columns)},
	{"dedupe_key", OPTION_LIST, FIELD(dedupe_key)},
	{"dedupe", OPTION_CHOICE, FIELD(dedupe), "error", {"error", "latest", "first"}},
	{"sequence_by", OPTION_LIST, FIELD(sequence_by)},
	{"update_columns", OPTION_LIST, FIELD(update_columns)},
	{"exclude_columns", OPTION_LIST, FIELD(exclude_columns)},
	{"ignore_nulls", OPTION_BOOLEAN, FIELD(ignore_nulls), "false"},
	{"guard", OPTION_CONDITION, FIELD(guard)},
	{"delete_when", OPTION_CONDITION, FIELD(delete_when)},
	{"truncate_when", OPTION_CONDITION, FIELD(truncate_when)},
	{"delete_missing", OPTION_CHOICE, FIELD(delete_missing), "none", {"none", "window", "all"}},
	{"delete_scope", OPTION_LIST, FIELD(delete_scope)},
	{"delete_mark", OPTION_TEXT, FIELD(delete_mark)},
	{"max_delete_fraction", OPTION_FRACTION, FIELD(max_delete_fraction),
	 "0.5"},
	{"keys_from", OPTION_TEXT, FIELD(keys_from)},
	{"window_column", OPTION_TEXT, FIELD(window_column)},
	{"outside_window", OPTION_CHOICE, FIELD(outside_window), "fail", {"fail", "drop"}},
	{"method", OPTION_CHOICE, FIELD(method), "delete", {"delete", "truncate", "swap"}},
	{"control_columns", OPTION_LIST, FIELD(control_columns)},
	{"loaded_at", OPTION_TEXT, FIELD(loaded_at)},
	{"run_id", OPTION_TEXT, FIELD(run_id)},
	{"hash_column", OPTION_TEXT, FIELD(hash_column)},
	{"order_by", OPTION_LIST, FIELD(order_by)},
	{"track", OPTION_LIST, FIELD(track)},
	{"valid_from", OPTION_TEXT, FIELD(valid_from), "valid_from"},
	{"valid_to", OPTION_TEXT, FIELD(valid_to), "valid_to"},
	{"is_current", OPTION_TEXT, FIELD(is_current)},
	{"open_end", OPTION_CHOICE, FIELD(open_end), "null", {"null", "infinity"}},
	{"strategy", OPTION_CHOICE, FIELD(strategy), NULL, {"timestamp", "check"}},
	{"updated_at", OPTION_TEXT, FIELD(updated_at)},
	{"check_columns", OPTION_LIST, FIELD(check_columns)},
	{"hard_deletes", OPTION_CHOICE, FIELD(hard_deletes), "ignore", {"ignore", "invalidate", "new_record"}},
	{"on_schema_change", OPTION_CHOICE, FIELD(on_schema_change), "fail", {"fail", "ignore", "append_columns", "sync"}},
	{"missing_target", OPTION_CHOICE, FIELD(missing_target), "fail", {"fail", "create"}},
	{"narrowing", OPTION_CHOICE, FIELD(narrowing), "fail", {"fail", "allow"}},
	{"target_checks", OPTION_LIST, FIELD(target_checks)},
	{"lock_timeout", OPTION_DURATION, FIELD(lock_timeout), "1min"}};

static const char *const own_options[] = {"source", "target", "mode"};

/*
 * known_options: all names, for suggestions.
 */
static List *
known_options(void)
{
	List *known = list_make1(pstrdup("params"));
	int i;

	for (i = 0; i < lengthof(own_options); i++)
		known = lappend(known, pstrdup(own_options[i]));
	for (i = 0; i < lengthof(specs); i++)
		known = lappend(known, pstrdup(specs[i].name));
	return known;
}

/*
 * check_known: 22023 with a suggestion.
 */
static void
check_known(const char *name, List *known, const char *what)
{
	ListCell *lc;

	foreach(lc, known)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option \"%s\" of %s", name, what),
			 dq_suggest_hint(name, known)));
}

/*
 * flatten: the document with what stands below "params" beside the rest.
 */
static Jsonb *
flatten(Jsonb *doc, const char *what)
{
	Jsonb *params = dq_json_part(doc, "params");
	List *known = known_options();
	DqJsonBuild build;
	ListCell *lc;

	if (params != NULL && !JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"params\" of %s must be a JSON object",
						what)));
	dq_json_begin(&build);
	foreach(lc, dq_json_keys(doc))
	{
		char *key = (char *) lfirst(lc);

		check_known(key, known, what);
		if (strcmp(key, "params") != 0 && dq_json_has(doc, key))
			dq_json_add_from(&build, key, doc);
	}
	foreach(lc, dq_json_keys(params))
	{
		char *key = (char *) lfirst(lc);

		check_known(key, known, what);
		if (dq_json_has(doc, key))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" of %s is given twice", key, what),
					 errdetail("It stands in params too.")));
		if (dq_json_has(params, key))
			dq_json_add_from(&build, key, params);
	}
	return dq_json_end(&build);
}

/*
 * read_choice: one of the values that the option may have; 22023 with a
 * suggestion.
 */
static char *
read_choice(const OptionSpec *spec, char *value, const char *what)
{
	List *known = NIL;
	int i;

	for (i = 0; i < lengthof(spec->choices) && spec->choices[i] != NULL; i++)
	{
		if (strcmp(spec->choices[i], value) == 0)
			return value;
		known = lappend(known, pstrdup(spec->choices[i]));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of %s cannot be \"%s\"", spec->name, what,
					value),
			 errdetail("It is one of: %s.", dq_options_enumerate(known)),
			 dq_suggest_hint(value, known)));
	return NULL;
}

/*
 * read_fraction: a number from 0 to 1.
 */
static double
read_fraction(const OptionSpec *spec, char *value, const char *what)
{
	Datum number = DirectFunctionCall1(float8in, CStringGetDatum(value));
	double fraction = DatumGetFloat8(number);

	if (!(fraction >= 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be between 0 and 1",
						spec->name, what)));
	return fraction;
}

/*
 * read_duration: milliseconds of a text as a setting would have it ("500ms",
 * "2min"), at least one.
 */
static int
read_duration(const OptionSpec *spec, const char *value, const char *what)
{
	int result;

	if (!parse_int(value, &result, GUC_UNIT_MS, NULL) || result < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s cannot be \"%s\"", spec->name,
						what, value),
				 errhint("Give a time, as '500ms', '10s' or '2min'.")));
	return result;
}

/*
 * read_option: one option from the flat document into its field.
 */
static void
read_option(DqLoadOptions *options, const OptionSpec *spec, Jsonb *doc,
			const char *what)
{
	char *text = NULL;

	if (spec->kind == OPTION_LIST)
	{
		LIST_FIELD(options, spec) = dq_json_text_list(doc, spec->name, what);
		return;
	}
	if (dq_json_has(doc, spec->name))
		text = dq_json_scalar_text(doc, spec->name, what);
	else if (spec->missing != NULL)
		text = pstrdup(spec->missing);
	if (text == NULL)
		return;
	switch (spec->kind)
	{
		case OPTION_LIST:
			break;
		case OPTION_CONDITION:
			dq_condition_check(text, psprintf("option \"%s\" of %s",
											  spec->name, what));
			CHAR_FIELD(options, spec) = text;
			break;
		case OPTION_TEXT:
			CHAR_FIELD(options, spec) = text;
			break;
		case OPTION_CHOICE:
			CHAR_FIELD(options, spec) = read_choice(spec, text, what);
			break;
		case OPTION_BOOLEAN:
			if (!parse_bool(text, (bool *) ((char *) options + spec->offset)))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" of %s must be true or false",
								spec->name, what)));
			break;
		case OPTION_FRACTION:
			*(double *) (void *) ((char *) options + spec->offset) =
				read_fraction(spec, text, what);
			break;
		case OPTION_DURATION:
			*(int *) ((char *) options + spec->offset) =
				read_duration(spec, text, what);
			break;
	}
}

/*
 * require_text: a string that must be given; 22023 otherwise.
 */
static char *
require_text(Jsonb *doc, const char *key, const char *what)
{
	char *value = dq_json_text(doc, key, what);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs the option \"%s\"", what, key)));
	return value;
}

/*
 * dq_options_read: see options.h.
 */
DqLoadOptions *
dq_options_read(Jsonb *doc, const char *what)
{
	DqLoadOptions *options = palloc0(sizeof(DqLoadOptions));
	Jsonb *flat = flatten(doc, what);
	int i;

	options->source = require_text(flat, "source", what);
	options->target = require_text(flat, "target", what);
	options->mode = dq_json_text(flat, "mode", what);
	for (i = 0; i < lengthof(specs); i++)
	{
		read_option(options, &specs[i], flat, what);
		if (specs[i].kind == OPTION_LIST ?
				LIST_FIELD(options, &specs[i]) != NIL :
				dq_json_has(flat, specs[i].name))
			options->given |= UINT64CONST(1) << i;
	}
	return options;
}

/*
 * dq_options_check_taken: 22023 when something given means nothing in the
 * mode. What is but the default is no wish.
 */
void
dq_options_check_taken(const DqLoadOptions *options, uint64 takes,
					   const char *mode, const char *what)
{
	List *taken = NIL;
	int i;

	for (i = 0; i < lengthof(specs); i++)
	{
		if ((takes & (UINT64CONST(1) << i)) != 0)
			taken = lappend(taken, pstrdup(specs[i].name));
	}
	for (i = 0; i < lengthof(specs); i++)
	{
		if ((options->given & ~takes & (UINT64CONST(1) << i)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" of %s means nothing in mode \"%s\"",
							specs[i].name, what, mode),
					 errdetail("The mode takes: %s.",
							   dq_options_enumerate(taken))));
	}
}

/*
 * write_option: one option into the document to store.
 */
static void
write_option(DqJsonBuild *build, const DqLoadOptions *options,
			 const OptionSpec *spec)
{
	const char *field = (const char *) options + spec->offset;
	double fraction;

	switch (spec->kind)
	{
		case OPTION_LIST:
			if (*(List *const *) field != NIL)
				dq_json_add_text_list(build, spec->name,
									  *(List *const *) field);
			break;
		case OPTION_TEXT:
		case OPTION_CONDITION:
		case OPTION_CHOICE:
			dq_json_add_text(build, spec->name, *(char *const *) field);
			break;
		case OPTION_BOOLEAN:
			if (*(const bool *) field)
				dq_json_add_bool(build, spec->name, true);
			break;
		case OPTION_FRACTION:
			fraction = *(const double *) (const void *) field;
			dq_json_add_jsonb(build, spec->name,
							  dq_json_parse(float8out_internal(fraction),
											spec->name));
			break;
		case OPTION_DURATION:
			dq_json_add_text(build, spec->name,
							 psprintf("%dms", *(const int *) field));
			break;
	}
}

/*
 * dq_options_write: see options.h.
 */
Jsonb *
dq_options_write(const DqLoadOptions *options, uint64 takes)
{
	DqJsonBuild build;
	int i;

	dq_json_begin(&build);
	dq_json_add_text(&build, "source", options->source);
	dq_json_add_text(&build, "target", options->target);
	dq_json_add_text(&build, "mode", options->mode);
	for (i = 0; i < lengthof(specs); i++)
	{
		if ((takes & (UINT64CONST(1) << i)) != 0)
			write_option(&build, options, &specs[i]);
	}
	return dq_json_end(&build);
}

/*
 * dq_options_is: is a choice this value?
 */
bool
dq_options_is(const char *choice, const char *value)
{
	return choice != NULL && strcmp(choice, value) == 0;
}

/*
 * dq_options_enumerate: "a, b, c" for messages.
 */
char *
dq_options_enumerate(List *names)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, names)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 (char *) lfirst(lc));
	return buf.data;
}
