/*
 * session.c
 *	  The settings that step SQL runs under: pinned when a pipeline is
 *	  defined, applied when it runs.
 *
 * Pinned is what can change the meaning of SQL text or the look of its
 * result. The search_path is pinned as the schemas it resolved to; a run puts
 * its stage schema before and pg_temp, named so that it is not first by
 * default, behind them.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/session.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

static const char *const pinned_settings[] = {
	"DateStyle", "IntervalStyle", "TimeZone",
	"standard_conforming_strings", "backslash_quote",
	"transform_null_equals", "extra_float_digits", "bytea_output",
	"xmlbinary", "xmloption", "lc_numeric", "lc_monetary", "lc_time",
	"default_text_search_config", "default_tablespace",
	"default_table_access_method", "row_security", "check_function_bodies"};

/*
 * effective_path: the schemas that search_path resolves to now, without the
 * implicit and the temporary ones, as text that can be set again.
 */
static char *
effective_path(void)
{
	StringInfoData buf;
	List *oids = fetch_search_path(false);
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, oids)
	{
		Oid schema = lfirst_oid(lc);
		char *name = get_namespace_name(schema);

		if (name == NULL || isAnyTempNamespace(schema))
			continue;
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 dq_sqltext_ident(name));
	}
	list_free(oids);
	return buf.data;
}

/*
 * dq_session_pin: the settings of this session that a definition keeps.
 */
Jsonb *
dq_session_pin(void)
{
	DqJsonBuild build;
	int i;

	dq_json_begin(&build);
	dq_json_add_text(&build, "search_path", effective_path());
	for (i = 0; i < lengthof(pinned_settings); i++)
		dq_json_add_text(&build, pinned_settings[i],
						 GetConfigOption(pinned_settings[i], true, false));
	return dq_json_end(&build);
}

/*
 * pinned_path: the pinned search_path, "" when it was empty.
 */
static char *
pinned_path(Jsonb *pinned)
{
	char *path = dq_json_text(pinned, "search_path", "pinned settings");

	return path ? path : pstrdup("");
}

/*
 * dq_session_set: one setting, for the session or for the innermost level.
 */
void
dq_session_set(const char *name, const char *value, bool nested)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 nested ? GUC_ACTION_SAVE : GUC_ACTION_SET,
							 true, 0, false);
}

/*
 * dq_session_enter: apply the pinned settings and the search_path
 * "stage_schema, pinned path, pg_temp". stage_schema may be NULL.
 *
 * Returns the level for dq_session_leave, 0 when not nested.
 */
int
dq_session_enter(Jsonb *pinned, const char *stage_schema, bool nested)
{
	int level = nested ? NewGUCNestLevel() : 0;
	StringInfoData path;
	char *rest = pinned_path(pinned);
	int i;

	for (i = 0; i < lengthof(pinned_settings); i++)
	{
		char *value = dq_json_text(pinned, pinned_settings[i],
								   "pinned settings");

		if (value != NULL)
			dq_session_set(pinned_settings[i], value, nested);
	}
	initStringInfo(&path);
	if (stage_schema != NULL)
		appendStringInfo(&path, "%s, ", dq_sqltext_ident(stage_schema));
	if (*rest != '\0')
		appendStringInfo(&path, "%s, ", rest);
	appendStringInfoString(&path, "pg_temp");
	dq_session_set("search_path", path.data, nested);
	return level;
}

/*
 * dq_session_leave: put the settings back; nothing for level 0.
 */
void
dq_session_leave(int level)
{
	if (level > 0)
		AtEOXact_GUC(false, level);
}
