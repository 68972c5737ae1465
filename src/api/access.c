/*
 * access.c
 *	  Grants: on one pipeline, and on the extension as a whole.
 */
#include "postgres.h"

#include "api/guard.h"
#include "base/dq_etl.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/access.h"
#include "catalog/store.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/regproc.h"

PG_FUNCTION_INFO_V1(dq_etl_grant_access);
PG_FUNCTION_INFO_V1(dq_etl_revoke_access);
PG_FUNCTION_INFO_V1(dq_etl_grant_usage);
PG_FUNCTION_INFO_V1(dq_etl_revoke_usage);

typedef enum Usage
{
	USAGE_VIEW,
	USAGE_RUN,
	USAGE_DEFINE,
	USAGE_ADMIN /* granted by nobody */
} Usage;

static const char *const usage_names[] = {"view", "run", "define"};

/* functions that need no more than this; all others need define */
typedef struct UsageOf
{
	const char *function;
	Usage usage;
} UsageOf;

static const UsageOf usage_of[] = {
	{"assert", USAGE_VIEW},
	{"check", USAGE_VIEW},
	{"cron_command", USAGE_VIEW},
	{"data_start", USAGE_VIEW},
	{"detect_anomaly", USAGE_VIEW},
	{"health", USAGE_VIEW},
	{"logical_date", USAGE_VIEW},
	{"measure_drift", USAGE_VIEW},
	{"param", USAGE_VIEW},
	{"profile", USAGE_VIEW},
	{"profile_diff", USAGE_VIEW},
	{"rule", USAGE_VIEW},
	{"rules", USAGE_VIEW},
	{"rule_types", USAGE_VIEW},
	{"run_id", USAGE_VIEW},
	{"show_profile", USAGE_VIEW},
	{"suggest_checks", USAGE_VIEW},
	{"suggest_constraints", USAGE_VIEW},
	{"suggest_suite", USAGE_VIEW},
	{"version", USAGE_VIEW},
	{"window_end", USAGE_VIEW},
	{"window_start", USAGE_VIEW},
	{"cancel", USAGE_RUN},
	{"rebuild", USAGE_RUN},
	{"run", USAGE_RUN},
	{"run_pending", USAGE_RUN},
	{"wait", USAGE_RUN},
	{"lineage", USAGE_VIEW},
	{"impact", USAGE_VIEW},
	{"query_lineage", USAGE_VIEW},
	{"warn_of_broken_steps", USAGE_ADMIN},
	{"refuse_broken_steps", USAGE_ADMIN},
	{"grant_usage", USAGE_ADMIN},
	{"revoke_usage", USAGE_ADMIN}};

/*
 * role_name: the name of a role given as regrole. 42704 when there is none
 * with that OID, '-' included.
 */
static char *
role_name(Oid role)
{
	char *name = GetUserNameFromId(role, true);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist", role)));
	return name;
}

/*
 * read_privilege: one of the first "count" usage names. 22023 with a
 * suggestion.
 */
static Usage
read_privilege(text *given, int count)
{
	char *name = text_to_cstring(given);
	List *known = NIL;
	int i;

	for (i = 0; i < count; i++)
	{
		if (strcmp(name, usage_names[i]) == 0)
			return (Usage) i;
		known = lappend(known, pstrdup(usage_names[i]));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown privilege \"%s\"", name),
			 count == 2 ? errdetail("Privileges on a pipeline are view and run.") : errdetail("Privileges on the extension are view, run and define."),
			 dq_suggest_hint(name, known)));
}

/*
 * dq_etl_grant_access: etl.grant_access(pipeline, grantee, privilege).
 */
Datum
dq_etl_grant_access(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid role = PG_GETARG_OID(1);
	Usage privilege = read_privilege(PG_GETARG_TEXT_PP(2), 2);
	DqPipeline *pipeline;
	char *grantee;
	char *had;

	dq_guard_writable("etl.grant_access()");
	pipeline = dq_guard_open(name);
	grantee = role_name(role);
	had = dq_store_granted(pipeline->id, role);
	if (had == NULL || (privilege == USAGE_RUN && strcmp(had, "view") == 0))
		dq_store_grant(pipeline->id, role, grantee, usage_names[privilege]);
	if (privilege == USAGE_RUN || (had != NULL && strcmp(had, "run") == 0))
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("role \"%s\" may see and run pipeline \"%s\"",
												  grantee, name)));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("role \"%s\" may see pipeline \"%s\"",
											  grantee, name)));
}

/*
 * dq_etl_revoke_access: etl.revoke_access(pipeline, grantee, privilege).
 */
Datum
dq_etl_revoke_access(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid role = PG_GETARG_OID(1);
	Usage privilege = read_privilege(PG_GETARG_TEXT_PP(2), 2);
	DqPipeline *pipeline;
	char *grantee;
	char *had;

	dq_guard_writable("etl.revoke_access()");
	pipeline = dq_guard_open(name);
	grantee = role_name(role);
	had = dq_store_granted(pipeline->id, role);
	if (privilege == USAGE_VIEW || (had != NULL && strcmp(had, "run") == 0))
	{
		dq_store_revoke(pipeline->id, role);
		had = NULL;
	}
	if (had != NULL)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("role \"%s\" may still see pipeline \"%s\"",
												  grantee, name)));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("role \"%s\" has no grant on pipeline \"%s\" any more",
											  grantee, name)));
}

/*
 * require_admin: 42501 unless superuser or owner of the extension.
 */
static void
require_admin(void)
{
	if (superuser() || GetUserId() == dq_spi_extension_owner())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be superuser or owner of extension \"%s\"",
					DQ_EXTENSION)));
}

/*
 * needed_usage: what a function of schema etl is for.
 */
static Usage
needed_usage(const char *function)
{
	int i;

	if (strncmp(function, "check_", strlen("check_")) == 0)
		return USAGE_VIEW;
	for (i = 0; i < lengthof(usage_of); i++)
	{
		if (strcmp(function, usage_of[i].function) == 0)
			return usage_of[i].usage;
	}
	return USAGE_DEFINE;
}

/*
 * change_functions: GRANT or REVOKE EXECUTE on the extension's functions that
 * need at least "least" and at most "most".
 */
static void
change_functions(const char *verb, const char *preposition,
				 const char *grantee, Usage least, Usage most)
{
	DqRows *rows =
		dq_spi_query(DQ_GENERATED,
					 "SELECT p.oid, p.proname::text AS name"
					 " FROM pg_catalog.pg_proc p"
					 " JOIN pg_catalog.pg_depend d"
					 " ON d.classid = 'pg_catalog.pg_proc'::regclass"
					 " AND d.objid = p.oid AND d.deptype = 'e'"
					 " JOIN pg_catalog.pg_extension e"
					 " ON d.refclassid = 'pg_catalog.pg_extension'::regclass"
					 " AND d.refobjid = e.oid AND e.extname = '" DQ_EXTENSION "'"
					 " WHERE p.pronamespace = '" DQ_SCHEMA "'::regnamespace"
					 " ORDER BY p.oid",
					 NULL);
	uint64 i;

	for (i = 0; i < rows->count; i++)
	{
		Usage usage = needed_usage(dq_rows_text(rows, i, "name"));

		if (usage < least || usage > most)
			continue;
		(void) dq_spi_execute(DQ_GENERATED,
							  psprintf("%s EXECUTE ON ROUTINE %s %s %s", verb,
									   format_procedure_qualified(dq_rows_oid(rows, i, "oid")),
									   preposition,
									   dq_sqltext_ident(grantee)),
							  NULL);
	}
}

/*
 * dq_etl_grant_usage: etl.grant_usage(grantee, privilege).
 */
Datum
dq_etl_grant_usage(PG_FUNCTION_ARGS)
{
	Oid role = PG_GETARG_OID(0);
	Usage usage = read_privilege(PG_GETARG_TEXT_PP(1), lengthof(usage_names));
	char *grantee;

	dq_guard_writable("etl.grant_usage()");
	require_admin();
	grantee = role_name(role);
	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("GRANT USAGE ON SCHEMA " DQ_SCHEMA " TO %s",
								   dq_sqltext_ident(grantee)),
						  NULL);
	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("GRANT SELECT ON ALL TABLES IN SCHEMA " DQ_SCHEMA " TO %s",
								   dq_sqltext_ident(grantee)),
						  NULL);
	change_functions("GRANT", "TO", grantee, USAGE_VIEW, usage);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("role \"%s\" may %s with dq_etl",
											  grantee, usage_names[usage])));
}

/*
 * dq_etl_revoke_usage: etl.revoke_usage(grantee, privilege).
 */
Datum
dq_etl_revoke_usage(PG_FUNCTION_ARGS)
{
	Oid role = PG_GETARG_OID(0);
	Usage usage = read_privilege(PG_GETARG_TEXT_PP(1), lengthof(usage_names));
	char *grantee;

	dq_guard_writable("etl.revoke_usage()");
	require_admin();
	grantee = role_name(role);
	change_functions("REVOKE", "FROM", grantee, usage, USAGE_DEFINE);
	if (usage == USAGE_VIEW)
	{
		(void) dq_spi_execute(DQ_GENERATED,
							  psprintf("REVOKE SELECT ON ALL TABLES IN SCHEMA " DQ_SCHEMA " FROM %s",
									   dq_sqltext_ident(grantee)),
							  NULL);
		(void) dq_spi_execute(DQ_GENERATED,
							  psprintf("REVOKE USAGE ON SCHEMA " DQ_SCHEMA " FROM %s",
									   dq_sqltext_ident(grantee)),
							  NULL);
	}
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("role \"%s\" may not %s with dq_etl any more",
											  grantee, usage_names[usage])));
}
