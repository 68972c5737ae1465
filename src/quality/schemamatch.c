/*
 * schemamatch.c
 *	  The rule schema_matches: what is missing is an error, so is another type,
 *	  what is too much a warning.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/catalogue.h"
#include "quality/schemalook.h"
#include "utils/builtins.h"

/* a column as somebody expects it */
typedef struct Wanted
{
	char *name;
	char *type; /* as it was written; NULL: any */
	int nullable; /* -1: any */
} Wanted;

const DqOption dq_schemamatch_options[] = {
	{"schema", DQ_OPTION_JSON, true, NULL,
	 "an object of column names and types, or a list of {\"name\", \"type\", \"nullable\"}; type and nullable may be left out"},
	{"extra_columns", DQ_OPTION_WORD, false, "warn|ignore|fail",
	 "what columns count as that are not expected: a warning (default), nothing, a failure"},
	DQ_OPTION_END};

/* keys of an expected column */
static const char *const wanted_keys[] = {"name", "type", "nullable", NULL};

/*
 * wanted_column: an expected column as an object.
 */
static Wanted *
wanted_column(Jsonb *doc, const char *what)
{
	Wanted *wanted = palloc(sizeof(Wanted));

	dq_json_check_keys(doc, wanted_keys, psprintf("a column of %s", what));
	wanted->name = dq_json_text(doc, "name", what);
	wanted->type = dq_json_text(doc, "type", what);
	wanted->nullable = -1;
	if (dq_json_has(doc, "nullable"))
		wanted->nullable = dq_json_bool(doc, "nullable", true, what) ? 1 : 0;
	if (wanted->name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a column of %s needs a \"name\"", what)));
	return wanted;
}

/*
 * wanted_columns: option "schema" as a List of Wanted *; 22023 when it cannot
 * be one.
 */
static List *
wanted_columns(const DqCheck *check)
{
	Jsonb *schema = dq_json_part(check->doc, "schema");
	List *columns = NIL;
	ListCell *lc;

	if (!JB_ROOT_IS_OBJECT(schema))
	{
		foreach(lc, dq_json_parts(check->doc, "schema", check->what))
			columns = lappend(columns, wanted_column((Jsonb *) lfirst(lc),
													 check->what));
		return columns;
	}
	foreach(lc, dq_json_keys(schema))
	{
		Wanted *wanted = palloc(sizeof(Wanted));

		wanted->name = (char *) lfirst(lc);
		wanted->type = dq_json_text(schema, wanted->name, check->what);
		wanted->nullable = -1;
		columns = lappend(columns, wanted);
	}
	return columns;
}

/*
 * dq_schemamatch_check: it says something.
 */
void
dq_schemamatch_check(DqCheck *check)
{
	if (wanted_columns(check) == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"schema\" of %s must not be empty", check->what),
				 errhint("For example: {\"type\": \"schema_matches\", \"schema\": {\"id\": \"bigint\", \"name\": \"text\"}}.")));
}

/*
 * mismatch: how a column differs from what is expected, an object; NULL when
 * it does not.
 */
static Jsonb *
mismatch(const Wanted *wanted, const DqActual *actual)
{
	DqJsonBuild build;
	bool same = true;
	int32 typmod;

	dq_json_begin(&build);
	dq_json_add_text(&build, "column", wanted->name);
	if (wanted->type != NULL)
	{
		Oid type = dq_schemalook_known_type(wanted->type, &typmod);

		if (!dq_schemalook_is_of_type(actual, type, typmod))
		{
			same = false;
			dq_json_add_text(&build, "type",
							 format_type_with_typemod(actual->type,
													  actual->typmod));
			dq_json_add_text(&build, "expected_type", wanted->type);
		}
	}
	if (wanted->nullable >= 0 && wanted->nullable == (int) actual->not_null)
	{
		same = false;
		dq_json_add_bool(&build, "nullable", !actual->not_null);
	}
	return same ? NULL : dq_json_end(&build);
}

/*
 * answer_schema: the verdict on what is missing, different, too much.
 */
static void
answer_schema(DqProbe *probe, List *missing, List *different,
			  List *different_names, List *extra)
{
	const DqCheck *check = probe->check;
	int on_extra = dq_option_word(dq_schemamatch_options, check->doc,
								  "extra_columns", check->what);
	int errors = list_length(missing) + list_length(different);
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_int(&build, "value", errors);
	dq_json_add_text_list(&build, "missing", missing);
	dq_json_add_parts(&build, "mismatched", different);
	dq_json_add_text_list(&build, "extra", extra);
	probe->observed = dq_json_end(&build);
	probe->holds = errors == 0 && (extra == NIL || on_extra == 1) ? 1 : 0;
	probe->is_mild = errors == 0 && on_extra == 0;
	if (on_extra == 1)
		extra = NIL;
	probe->finding = dq_schemalook_finding(missing, extra);
	if (different_names != NIL)
		probe->finding = psprintf("columns of another kind: %s%s%s",
								  dq_schemalook_joined(different_names),
								  missing || extra ? "; " : "",
								  missing || extra ? probe->finding : "");
}

/*
 * dq_schemamatch_look: compare what is there with what should be.
 */
void
dq_schemamatch_look(DqProbe *probe)
{
	List *missing = NIL;
	List *different = NIL;
	List *different_names = NIL;
	List *names = NIL;
	ListCell *lc;

	foreach(lc, wanted_columns(probe->check))
	{
		const Wanted *wanted = (Wanted *) lfirst(lc);
		Jsonb *difference;
		DqActual actual;

		names = lappend(names, wanted->name);
		if (!dq_schemalook_read(probe->source, wanted->name, &actual))
		{
			missing = lappend(missing, wanted->name);
			continue;
		}
		difference = mismatch(wanted, &actual);
		if (difference == NULL)
			continue;
		different = lappend(different, difference);
		different_names = lappend(different_names, wanted->name);
	}
	answer_schema(probe, missing, different, different_names,
				  dq_schemalook_missing(dq_schemalook_names(probe->source),
										names));
}

/*
 * wanted_condition: an expected column as SQL over pg_attribute AS a.
 */
static char *
wanted_condition(const Wanted *wanted)
{
	char *type = "true";
	int32 typmod;

	if (wanted->type != NULL)
	{
		Oid oid = dq_schemalook_known_type(wanted->type, &typmod);

		type = dq_schemalook_type_condition(oid, typmod);
	}
	if (wanted->nullable < 0)
		return type;
	return psprintf("%s AND %sa.attnotnull", type,
					wanted->nullable ? "NOT " : "");
}

/*
 * dq_schemamatch_sql: what the catalogue says, as SQL.
 */
void
dq_schemamatch_sql(StringInfo buf, const DqProbe *probe, const char *value)
{
	const DqCheck *check = probe->check;
	List *names = NIL;
	ListCell *lc;

	foreach(lc, wanted_columns(check))
	{
		const Wanted *wanted = (Wanted *) lfirst(lc);

		names = lappend(names, wanted->name);
		appendStringInfo(buf, "%s%s", buf->len > 0 ? " AND " : "",
						 dq_catalogue_column(probe->source, wanted->name,
											 wanted_condition(wanted)));
	}
	if (dq_option_word(dq_schemamatch_options, check->doc, "extra_columns",
					   check->what) != 1)
		appendStringInfo(buf, " AND %s OPERATOR(pg_catalog.<@) %s",
						 dq_catalogue_columns(probe->source),
						 dq_catalogue_array(names));
}
