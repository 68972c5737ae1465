/*
 * level.c
 *	  One check at several levels of severity:
 *
 *	{"type": "freshness", "column": "updated_at",
 *	 "warn": {"max_age": "2 hours"}, "error": {"max_age": "6 hours"}}
 *
 * is read as one check for each level, the options of the level over those of
 * the rule. What is checked is the same at all levels; what is tolerated
 * grows with the severity, or the graver level would never be reached alone.
 */
#include "postgres.h"

#include "base/json.h"
#include "quality/level.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* what a level cannot change */
static const char *const fixed_options[] = {
	"type", "name", "column", "columns", "severity", "row_filter",
	"group_by", "on_null", "nulls", "description", "tags", "dimension",
	"info", "warn", "error", "critical"};

/*
 * dq_level_any: has the rule object levels?
 */
bool
dq_level_any(Jsonb *doc)
{
	DqSeverity severity;

	for (severity = DQ_INFO; severity <= DQ_CRITICAL; severity++)
	{
		if (dq_json_has(doc, dq_rule_severity_name(severity)))
			return true;
	}
	return false;
}

/*
 * check_level: 22023 when a level is no object, or changes what is checked.
 */
static void
check_level(const DqCheck *check, const char *level, Jsonb *part)
{
	int i;

	if (!JB_ROOT_IS_OBJECT(part))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of %s must be an object with options",
						level, check->what)));
	for (i = 0; i < lengthof(fixed_options); i++)
	{
		if (dq_json_has_key(part, fixed_options[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("level \"%s\" of %s cannot have option \"%s\"",
							level, check->what, fixed_options[i]),
					 errhint("What is checked is the same at all levels: give the option outside of \"%s\".",
							 level)));
	}
}

/*
 * level_check: the check at one level.
 */
static DqCheck *
level_check(const DqCheck *check, Jsonb *base, DqSeverity severity,
			Jsonb *part)
{
	const char *level = dq_rule_severity_name(severity);
	Datum doc = JsonbPGetDatum(base);
	DqJsonBuild build;

	check_level(check, level, part);
	dq_json_begin(&build);
	dq_json_add_text(&build, "severity", level);
	doc = DirectFunctionCall2(jsonb_concat, doc, JsonbPGetDatum(part));
	doc = DirectFunctionCall2(jsonb_concat, doc,
							  JsonbPGetDatum(dq_json_end(&build)));
	return dq_rule_read_object(DatumGetJsonbP(doc));
}

/*
 * compare_values: of one option at two levels: less, equal, greater than 0; 0
 * also for what has no order that we know.
 */
static int
compare_values(const DqOption *option, Jsonb *left, Jsonb *right)
{
	char *a = dq_json_scalar_text(left, option->name, "a rule");
	char *b = dq_json_scalar_text(right, option->name, "a rule");

	if (a == NULL || b == NULL)
		return 0;
	if (option->kind == DQ_OPTION_INTERVAL)
		return DatumGetInt32(DirectFunctionCall2(
			interval_cmp,
			DirectFunctionCall3(interval_in, CStringGetDatum(a),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1)),
			DirectFunctionCall3(interval_in, CStringGetDatum(b),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1))));
	if (!dq_json_is_number(left, option->name) ||
		!dq_json_is_number(right, option->name))
		return 0;
	return DatumGetInt32(DirectFunctionCall2(
		numeric_cmp,
		DirectFunctionCall3(numeric_in, CStringGetDatum(a),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)),
		DirectFunctionCall3(numeric_in, CStringGetDatum(b),
							ObjectIdGetDatum(InvalidOid),
							Int32GetDatum(-1))));
}

/*
 * check_monotone: 22023 when the graver level tolerates less: max_* may only
 * grow, min_* only shrink.
 */
static void
check_monotone(const DqCheck *mild, const DqCheck *grave)
{
	ListCell *lc;

	foreach(lc, dq_rule_option_tables(mild->type))
	{
		const DqOption *option;

		for (option = lfirst(lc); option->name != NULL; option++)
		{
			bool is_max = strncmp(option->name, "max_", 4) == 0;
			int order;

			if (!is_max && strncmp(option->name, "min_", 4) != 0)
				continue;
			order = compare_values(option, mild->doc, grave->doc);
			if (is_max ? order > 0 : order < 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("level \"%s\" of %s tolerates less than level \"%s\"",
								dq_rule_severity_name(grave->severity),
								mild->what,
								dq_rule_severity_name(mild->severity)),
						 errdetail("It is about option \"%s\".", option->name),
						 errhint("The graver the level, the more it lets pass.")));
		}
	}
}

/*
 * dq_level_expand: fill check->levels when the rule object has levels. The
 * check itself takes the gravest severity.
 */
void
dq_level_expand(DqCheck *check)
{
	Jsonb *base = check->doc;
	DqSeverity severity;
	DqCheck *milder = NULL;

	for (severity = DQ_INFO; severity <= DQ_CRITICAL; severity++)
		base = DatumGetJsonbP(DirectFunctionCall2(
			jsonb_delete, JsonbPGetDatum(base),
			CStringGetTextDatum(dq_rule_severity_name(severity))));
	for (severity = DQ_INFO; severity <= DQ_CRITICAL; severity++)
	{
		Jsonb *part = dq_json_part(check->doc,
								   dq_rule_severity_name(severity));
		DqCheck *level;

		if (part == NULL)
			continue;
		if (dq_json_has(check->doc, "severity"))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s has option \"severity\" and levels",
							check->what),
					 errhint("Leave out \"severity\".")));
		level = level_check(check, base, severity, part);
		if (milder != NULL)
			check_monotone(milder, level);
		milder = level;
		check->levels = lappend(check->levels, level);
	}
	if (milder != NULL)
		check->severity = milder->severity;
}
