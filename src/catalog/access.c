/*
 * access.c
 *	  Who may see, run and edit a pipeline.
 *
 * Roles count with what they inherit (has_privs_of_role), as for tables. An
 * owner or grantee counts only while its OID and name still agree: after a
 * restore the OID may belong to somebody else.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/access.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/syscache.h"

/*
 * dq_access_role_agrees: is the role with this OID still called so?
 */
bool
dq_access_role_agrees(Oid role, const char *name)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool agrees;

	if (!HeapTupleIsValid(tuple))
		return false;
	agrees = strcmp(NameStr(((Form_pg_authid) GETSTRUCT(tuple))->rolname),
					name) == 0;
	ReleaseSysCache(tuple);
	return agrees;
}

/*
 * is_owner: does the current user have the owner's privileges?
 */
static bool
is_owner(Oid owner)
{
	return superuser() ||
		   (OidIsValid(owner) && has_privs_of_role(GetUserId(), owner));
}

/*
 * is_monitor: may the current user see what all pipelines do?
 */
static bool
is_monitor(void)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_MONITOR);
}

/*
 * counts: does the current user have the privileges of the role in a row, and
 * is the role still the one that was meant?
 */
static bool
counts(const DqRows *rows, uint64 row)
{
	Oid role = dq_rows_oid(rows, row, "role_oid");

	return dq_access_role_agrees(role, dq_rows_text(rows, row, "role_name")) &&
		   has_privs_of_role(GetUserId(), role);
}

/*
 * is_granted: does any row of pipeline_access give the privilege? run
 * includes view.
 */
static bool
is_granted(int64 pipeline_id, DqPrivilege privilege)
{
	DqArgs args = {0};
	DqRows *rows;
	uint64 i;

	dq_args_int8(&args, pipeline_id);
	dq_args_bool(&args, privilege == DQ_MAY_VIEW);
	rows = dq_spi_query_fresh("SELECT role_oid, role_name"
							  " FROM etl_catalog.pipeline_access"
							  " WHERE pipeline_id = $1"
							  " AND (privilege = 'run' OR $2)",
							  &args);
	for (i = 0; i < rows->count; i++)
	{
		if (counts(rows, i))
			return true;
	}
	return false;
}

/*
 * dq_access_allowed: may the current user do this with the pipeline?
 *
 * owner is InvalidOid when its stored name and OID disagree; then only
 * superusers and what was granted count.
 */
bool
dq_access_allowed(int64 pipeline_id, Oid owner, DqPrivilege privilege)
{
	if (is_owner(owner))
		return true;
	switch (privilege)
	{
		case DQ_MAY_VIEW:
			return is_monitor() || is_granted(pipeline_id, privilege);
		case DQ_MAY_RUN:
			return is_granted(pipeline_id, privilege);
		case DQ_MAY_EDIT:
			return false;
	}
	return false;
}

/*
 * dq_access_owner: the owner of a pipeline, InvalidOid while its stored name
 * and OID disagree.
 */
Oid
dq_access_owner(const DqPipeline *pipeline)
{
	if (!dq_access_role_agrees(pipeline->owner, pipeline->owner_name))
		return InvalidOid;
	return pipeline->owner;
}

/*
 * role_literal: a role as a string that regrole reads, as an SQL literal.
 */
static char *
role_literal(const char *role)
{
	return dq_sqltext_literal(dq_sqltext_ident(role));
}

/*
 * become_hint: how to become the owner, NULL for those who may not learn from
 * a hint who it is.
 */
static char *
become_hint(const DqPipeline *pipeline, Oid owner)
{
	if (!is_member_of_role(GetUserId(), owner) &&
		!dq_access_allowed(pipeline->id, owner, DQ_MAY_VIEW))
		return NULL;
	return psprintf("SET ROLE %s;", dq_sqltext_ident(pipeline->owner_name));
}

/*
 * dq_access_require: throw 42501 when the current user may not.
 */
void
dq_access_require(const DqPipeline *pipeline, DqPrivilege privilege)
{
	Oid owner = dq_access_owner(pipeline);
	const char *name = dq_sqltext_literal(pipeline->name);
	char *hint;
	char *user;

	if (dq_access_allowed(pipeline->id, owner, privilege))
		return;
	if (privilege != DQ_MAY_EDIT)
	{
		user = GetUserNameFromId(GetUserId(), false);
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for pipeline \"%s\"",
						pipeline->name),
				 errhint("As its owner: SELECT etl.grant_access(%s, %s, '%s');",
						 name, role_literal(user),
						 privilege == DQ_MAY_RUN ? "run" : "view")));
	}
	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("owner of pipeline \"%s\" must be approved again",
						pipeline->name),
				 errdetail("Its stored owner \"%s\" is not the role with the stored OID.",
						   pipeline->owner_name),
				 errhint("SELECT etl.set_owner(%s, %s);", name,
						 role_literal(pipeline->owner_name))));
	hint = become_hint(pipeline, owner);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be owner of pipeline \"%s\"", pipeline->name),
			 hint ? errhint("%s", hint) : 0));
}

/*
 * dq_access_visible_names: names of all pipelines that the current user may
 * see, as a List of char *; for suggestions, which must not tell more.
 */
List *
dq_access_visible_names(void)
{
	bool all = superuser() || is_monitor();
	DqRows *rows;
	List *names = NIL;
	char *last = NULL;
	uint64 i;

	rows = dq_spi_query_fresh("SELECT p.name, r.role_oid, r.role_name"
							  " FROM etl_catalog.pipeline p,"
							  " LATERAL (SELECT p.owner_oid, p.owner_name"
							  " UNION ALL SELECT a.role_oid, a.role_name"
							  " FROM etl_catalog.pipeline_access a"
							  " WHERE a.pipeline_id = p.pipeline_id)"
							  " r (role_oid, role_name)"
							  " ORDER BY p.name",
							  NULL);
	for (i = 0; i < rows->count; i++)
	{
		char *name = dq_rows_text(rows, i, "name");

		if (last != NULL && strcmp(last, name) == 0)
			continue;
		if (!all && !counts(rows, i))
			continue;
		last = name;
		names = lappend(names, name);
	}
	return names;
}
