/*
 * schemalook.c
 *	  Columns as they are and as rules want them: looked up in the caches, and
 *	  the same as SQL over pg_catalog, which is what etl.explain_check shows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_collation.h"
#include "quality/catalogue.h"
#include "quality/schemalook.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * dq_schemalook_read: a column of the relation,
		or false when it has none of this
 * name.
 */
bool
dq_schemalook_read(const DqSource *source, const char *name, DqActual *actual)
{
	HeapTuple tuple = SearchSysCacheAttName(source->relid, name);
	Form_pg_attribute att;

	if (!HeapTupleIsValid(tuple))
		return false;
	att = (Form_pg_attribute) GETSTRUCT(tuple);
	actual->type = att->atttypid;
	actual->typmod = att->atttypmod;
	actual->not_null = att->attnotnull;
	ReleaseSysCache(tuple);
	return att->attnum > 0;
}

/*
 * resolve_type: the type of a name, InvalidOid when there is none; 42601 when
 * it cannot be the name of one.
 */
static Oid
resolve_type(const char *name, int32 *typmod)
{
	TypeName *parsed = dq_compat_type_name(name);
	HeapTuple tuple = LookupTypeName(NULL, parsed, typmod, true);
	Oid type;

	if (tuple == NULL)
		return InvalidOid;
	type = typeTypeId(tuple);
	ReleaseSysCache(tuple);
	return type;
}

/*
 * dq_schemalook_known_type: the type of a name; 42704 when there is none.
 */
Oid
dq_schemalook_known_type(const char *name, int32 *typmod)
{
	Oid type = resolve_type(name, typmod);

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type \"%s\" does not exist", name)));
	return type;
}

/*
 * dq_schemalook_is_of_type: is the column of this type,
		and of this modifier if any?
 */
bool
dq_schemalook_is_of_type(const DqActual *actual, Oid type, int32 typmod)
{
	return actual->type == type && (typmod < 0 || actual->typmod == typmod);
}

/*
 * dq_schemalook_type_condition: the same as SQL over pg_attribute AS a.
 */
char *
dq_schemalook_type_condition(Oid type, int32 typmod)
{
	char *sql = psprintf("a.atttypid OPERATOR(pg_catalog.=) %s::pg_catalog.regtype",
						 dq_sqltext_literal(dq_sqltext_type(type, -1)));

	if (typmod < 0)
		return sql;
	return psprintf("%s AND a.atttypmod OPERATOR(pg_catalog.=) %d", sql,
					typmod);
}

/*
 * answer: what was found: a JSON text and more, an object or NULL.
 */
static void
answer(DqProbe *probe, bool holds, const char *value, const char *finding)
{
	probe->holds = holds ? 1 : 0;
	probe->observed = dq_shape_metric_observed(value, NULL);
	probe->finding = pstrdup(finding);
}

/*
 * json_text: a text as JSON.
 */
static char *
json_text(const char *text)
{
	StringInfoData buf;

	initStringInfo(&buf);
	escape_json(&buf, text);
	return buf.data;
}

/*
 * dq_schemalook_names: the names of the relation's columns in order.
 */
List *
dq_schemalook_names(const DqSource *source)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, source->columns)
		names = lappend(names, ((DqColumn *) lfirst(lc))->name);
	return names;
}

/*
 * has_name: is the name in the list?
 */
static bool
has_name(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * dq_schemalook_missing: the names of one list that are not in another.
 */
List *
dq_schemalook_missing(List *names, List *others)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc, names)
	{
		if (!has_name(others, (char *) lfirst(lc)))
			result = lappend(result, lfirst(lc));
	}
	return result;
}

/*
 * dq_schemalook_joined: names as "a, b", at most so many bytes.
 */
char *
dq_schemalook_joined(List *names)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, names)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 (char *) lfirst(lc));
	return dq_sqltext_clip(buf.data, 300);
}

/*
 * dq_schemalook_finding: "columns missing: a, b; not expected: c",
		"as expected" when
 * there is nothing to tell.
 */
char *
dq_schemalook_finding(List *missing, List *unexpected)
{
	if (missing == NIL && unexpected == NIL)
		return pstrdup("the columns are as expected");
	if (unexpected == NIL)
		return psprintf("columns missing: %s", dq_schemalook_joined(missing));
	if (missing == NIL)
		return psprintf("columns not expected: %s",
						dq_schemalook_joined(unexpected));
	return psprintf("columns missing: %s; not expected: %s",
					dq_schemalook_joined(missing),
					dq_schemalook_joined(unexpected));
}

/*
 * answer_columns: what there is, what is missing, what is too much.
 */
static void
answer_columns(DqProbe *probe, bool holds, List *missing, List *unexpected)
{
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_text_list(&build, "value", dq_schemalook_names(probe->source));
	if (missing != NIL)
		dq_json_add_text_list(&build, "missing", missing);
	if (unexpected != NIL)
		dq_json_add_text_list(&build, "unexpected", unexpected);
	probe->holds = holds ? 1 : 0;
	probe->observed = dq_json_end(&build);
	probe->finding = holds ? pstrdup("the columns are as expected") :
							 dq_schemalook_finding(missing, unexpected);
	if (!holds && missing == NIL && unexpected == NIL)
		probe->finding = pstrdup("the columns are in another order");
}

/* column_exists */

/*
 * dq_schemalook_column_exists: look at what is there.
 */
void
dq_schemalook_column_exists(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const char *name = (char *) linitial(check->columns);
	int64 wanted = dq_json_int(check->doc, "position", -1, check->what);
	int64 position = 0;
	ListCell *lc;

	foreach(lc, dq_schemalook_names(probe->source))
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			position = foreach_current_index(lc) + 1;
	}
	answer(probe, position > 0 && (wanted < 0 || position == wanted),
		   position > 0 ? psprintf(INT64_FORMAT, position) : NULL,
		   position > 0 ? psprintf("column \"%s\" is at position %d", name,
								   (int) position) :
						  psprintf("there is no column \"%s\"", name));
}

/*
 * dq_schemalook_sql_column_exists: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_column_exists(StringInfo buf, const DqProbe *probe,
								const char *value)
{
	const DqCheck *check = probe->check;
	int64 wanted = dq_json_int(check->doc, "position", -1, check->what);
	char *name = dq_sqltext_literal((char *) linitial(check->columns));

	if (wanted < 0)
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.=) ANY (%s)", name,
						 dq_catalogue_columns(probe->source));
	else
		appendStringInfo(buf, "COALESCE((%s)[" INT64_FORMAT "] OPERATOR(pg_catalog.=) %s, false)",
						 dq_catalogue_columns(probe->source), wanted, name);
}

/* column_type_is, column_type_in_list */

/*
 * wanted_types: the names of the types, NIL for no restriction.
 */
static List *
wanted_types(const DqCheck *check)
{
	char *one = dq_json_text(check->doc, "data_type", check->what);

	if (one != NULL)
		return list_make1(one);
	return dq_json_text_list(check->doc, "data_types", check->what);
}

/*
 * type_is_wanted: is the column of one of the types?
 */
static bool
type_is_wanted(const DqCheck *check, const DqActual *actual)
{
	bool in_list = !dq_json_has(check->doc, "data_type");
	List *names = wanted_types(check);
	bool found = names == NIL;
	ListCell *lc;

	foreach(lc, names)
	{
		int32 typmod;
		Oid type = in_list ? resolve_type((char *) lfirst(lc), &typmod) :
							 dq_schemalook_known_type((char *) lfirst(lc),
													  &typmod);

		if (OidIsValid(type) && dq_schemalook_is_of_type(actual, type, typmod))
			found = true;
	}
	return found;
}

/*
 * dq_schemalook_column_type: look at what is there.
 */
void
dq_schemalook_column_type(DqProbe *probe)
{
	StringInfoData value;
	bool holds = true;
	ListCell *lc;

	initStringInfo(&value);
	foreach(lc, probe->columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);
		DqActual actual = {0};

		if (!dq_schemalook_read(probe->source, column->name, &actual) ||
			!type_is_wanted(probe->check, &actual))
			holds = false;
		appendStringInfo(&value, "%s%s", value.len > 0 ? ", " : "",
						 format_type_with_typemod(actual.type,
												  actual.typmod));
	}
	answer(probe, holds, json_text(value.data),
		   psprintf("found type %s", value.data));
}

/*
 * dq_schemalook_sql_column_type: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_column_type(StringInfo buf, const DqProbe *probe,
							  const char *value)
{
	List *names = wanted_types(probe->check);
	StringInfoData types;
	ListCell *lc;

	initStringInfo(&types);
	appendStringInfoString(&types, names == NIL ? "true" : "false");
	foreach(lc, names)
	{
		int32 typmod;
		Oid type = resolve_type((char *) lfirst(lc), &typmod);

		if (OidIsValid(type))
			appendStringInfo(&types, " OR (%s)",
							 dq_schemalook_type_condition(type, typmod));
	}
	foreach(lc, probe->columns)
		appendStringInfo(buf, "%s%s", buf->len > 0 ? " AND " : "",
						 dq_catalogue_column(probe->source,
											 ((DqColumn *) lfirst(lc))->name,
											 psprintf("(%s)", types.data)));
}

/* columns_match_ordered, columns_match_set, columns_contain, ... */

/*
 * dq_schemalook_columns_ordered: look at what is there.
 */
void
dq_schemalook_columns_ordered(DqProbe *probe)
{
	List *names = dq_schemalook_names(probe->source);
	List *wanted = probe->check->columns;
	bool holds = list_length(names) == list_length(wanted);
	ListCell *lc;
	ListCell *other;

	forboth(lc, names, other, wanted)
	{
		if (strcmp((char *) lfirst(lc), (char *) lfirst(other)) != 0)
			holds = false;
	}
	if (wanted == NIL)
		answer_columns(probe, true, NIL, NIL);
	else
		answer_columns(probe, holds, dq_schemalook_missing(wanted, names),
					   dq_schemalook_missing(names, wanted));
}

/*
 * dq_schemalook_sql_columns_ordered: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_columns_ordered(StringInfo buf, const DqProbe *probe,
								  const char *value)
{
	if (probe->check->columns == NIL)
		appendStringInfoString(buf, "true");
	else
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.=) %s",
						 dq_catalogue_columns(probe->source),
						 dq_catalogue_array(probe->check->columns));
}

/*
 * is_exact: are further columns a failure?
 */
static bool
is_exact(const DqCheck *check)
{
	return strcmp(check->type->name, "columns_match_set") == 0 &&
		   dq_json_bool(check->doc, "exact", true, check->what);
}

/*
 * dq_schemalook_columns_set: look at what is there.
 */
void
dq_schemalook_columns_set(DqProbe *probe)
{
	List *names = dq_schemalook_names(probe->source);
	List *missing = dq_schemalook_missing(probe->check->columns, names);
	List *unexpected = dq_schemalook_missing(names, probe->check->columns);

	if (probe->check->columns == NIL)
		answer_columns(probe, true, NIL, NIL);
	else
		answer_columns(probe,
					   missing == NIL &&
						   (unexpected == NIL || !is_exact(probe->check)),
					   missing, unexpected);
}

/*
 * dq_schemalook_sql_columns_set: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_columns_set(StringInfo buf, const DqProbe *probe,
							  const char *value)
{
	char *names = dq_catalogue_columns(probe->source);
	char *wanted = dq_catalogue_array(probe->check->columns);

	if (probe->check->columns == NIL)
	{
		appendStringInfoString(buf, "true");
		return;
	}
	appendStringInfo(buf, "%s OPERATOR(pg_catalog.@>) %s", names, wanted);
	if (is_exact(probe->check))
		appendStringInfo(buf, " AND %s OPERATOR(pg_catalog.<@) %s", names,
						 wanted);
}

/*
 * dq_schemalook_columns_not_contain: look at what is there.
 */
void
dq_schemalook_columns_not_contain(DqProbe *probe)
{
	List *names = dq_schemalook_names(probe->source);
	List *absent = dq_schemalook_missing(probe->check->columns, names);
	List *found = dq_schemalook_missing(probe->check->columns, absent);

	answer_columns(probe, found == NIL, NIL, found);
}

/*
 * dq_schemalook_sql_columns_not_contain: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_columns_not_contain(StringInfo buf, const DqProbe *probe,
									  const char *value)
{
	appendStringInfo(buf, "NOT %s OPERATOR(pg_catalog.&&) %s",
					 dq_catalogue_columns(probe->source),
					 dq_catalogue_array(probe->check->columns));
}

/* column_count_between, column_count_equals */

/*
 * count_bounds: the least and the greatest number of columns.
 */
static void
count_bounds(const DqCheck *check, int64 *min, int64 *max)
{
	*min = dq_json_int(check->doc, "min_value", 0, check->what);
	*max = dq_json_int(check->doc, "max_value", PG_INT64_MAX, check->what);
	if (dq_json_has(check->doc, "value"))
		*min = *max = dq_json_int(check->doc, "value", 0, check->what);
	if (check->min_excluded && check->min_value != NULL)
		(*min)++;
	if (check->max_excluded && check->max_value != NULL)
		(*max)--;
}

/*
 * dq_schemalook_column_count: look at what is there.
 */
void
dq_schemalook_column_count(DqProbe *probe)
{
	int count = list_length(probe->source->columns);
	int64 min;
	int64 max;

	count_bounds(probe->check, &min, &max);
	answer(probe, count >= min && count <= max, psprintf("%d", count),
		   psprintf("found %d columns", count));
}

/*
 * dq_schemalook_sql_column_count: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_column_count(StringInfo buf, const DqProbe *probe,
							   const char *value)
{
	int64 min;
	int64 max;

	count_bounds(probe->check, &min, &max);
	appendStringInfo(buf,
					 "pg_catalog.cardinality(%s) OPERATOR(pg_catalog.>=) %s AND pg_catalog.cardinality(%s) OPERATOR(pg_catalog.<=) %s",
					 dq_catalogue_columns(probe->source),
					 psprintf(INT64_FORMAT, min),
					 dq_catalogue_columns(probe->source),
					 psprintf(INT64_FORMAT, max));
}

/* column_nullable_is, column_names_match */

/*
 * dq_schemalook_column_nullable: look at what is there.
 */
void
dq_schemalook_column_nullable(DqProbe *probe)
{
	const DqCheck *check = probe->check;
	bool wanted = dq_json_bool(check->doc, "nullable", true, check->what);
	List *wrong = NIL;
	ListCell *lc;

	foreach(lc, probe->columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);
		DqActual actual;

		if (dq_schemalook_read(probe->source, column->name, &actual) &&
			actual.not_null == wanted)
			wrong = lappend(wrong, column->name);
	}
	answer(probe, wrong == NIL, (wrong == NIL) == wanted ? "true" : "false",
		   wrong == NIL ? "the columns are as expected" :
						  psprintf("columns that are %s: %s",
								   wanted ? "NOT NULL" : "nullable",
								   dq_schemalook_joined(wrong)));
}

/*
 * dq_schemalook_sql_column_nullable: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_column_nullable(StringInfo buf, const DqProbe *probe,
								  const char *value)
{
	const DqCheck *check = probe->check;
	bool wanted = dq_json_bool(check->doc, "nullable", true, check->what);
	ListCell *lc;

	foreach(lc, probe->columns)
		appendStringInfo(buf, "%s%s", buf->len > 0 ? " AND " : "",
						 dq_catalogue_column(probe->source,
											 ((DqColumn *) lfirst(lc))->name,
											 wanted ? "NOT a.attnotnull" :
													  "a.attnotnull"));
}

/*
 * dq_schemalook_column_names: look at what is there.
 */
void
dq_schemalook_column_names(DqProbe *probe)
{
	Datum pattern = CStringGetTextDatum(probe->check->pattern);
	List *wrong = NIL;
	ListCell *lc;

	foreach(lc, dq_schemalook_names(probe->source))
	{
		Datum name = CStringGetTextDatum((char *) lfirst(lc));

		if (!DatumGetBool(DirectFunctionCall2Coll(textregexeq,
												  C_COLLATION_OID, name,
												  pattern)))
			wrong = lappend(wrong, lfirst(lc));
	}
	answer_columns(probe, wrong == NIL, NIL, wrong);
}

/*
 * dq_schemalook_sql_column_names: what the catalogue says, as SQL.
 */
void
dq_schemalook_sql_column_names(StringInfo buf, const DqProbe *probe,
							   const char *value)
{
	appendStringInfo(buf, "NOT EXISTS (SELECT FROM pg_catalog.unnest(%s) AS c (name) WHERE c.name COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.!~) %s)",
					 dq_catalogue_columns(probe->source),
					 dq_sqltext_literal(probe->check->pattern));
}
