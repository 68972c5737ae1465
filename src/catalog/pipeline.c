/*
 * pipeline.c
 *	  Pipelines as they are stored: definitions, versions, steps, read.
 *
 * Reads what is committed now and what this transaction wrote, whatever the
 * snapshot of the caller, so that REPEATABLE READ sessions and long
 * transactions never act on a definition that was replaced. Versions never
 * change once written; results live in the caller's memory context.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/access.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pipeline.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"

static const char *const kind_names[] = {
	[DQ_EXTRACT] = "extract",
	[DQ_TRANSFORM] = "transform",
	[DQ_EXPECT] = "expect",
	[DQ_LOAD] = "load",
	[DQ_CALL] = "call"};

static const char *const phase_names[] = {
	[DQ_PHASE_BEFORE] = "before",
	[DQ_PHASE_STAGE] = "stage",
	[DQ_PHASE_PUBLISH] = "publish",
	[DQ_PHASE_AFTER] = "after",
	[DQ_PHASE_FAILURE] = "failure",
	[DQ_PHASE_FINALLY] = "finally"};

#define SELECT_PIPELINE                                                   \
	"SELECT p.pipeline_id, p.name, p.owner_oid, p.owner_name, p.enabled," \
	" p.disabled_reason, v.version, v.description, v.period, v.start_at," \
	" v.timezone, v.catchup, v.lookback, v.settle, v.deadline,"           \
	" v.depends_on_past, v.schedule, v.retries, v.retry_delay, v.policy," \
	" v.tags,"                                                            \
	" v.params, v.settings"                                               \
	" FROM etl_catalog.pipeline p"                                        \
	" LEFT JOIN etl_catalog.pipeline_version v"                           \
	" ON v.pipeline_id = p.pipeline_id"                                   \
	" AND v.version = CASE $2 WHEN 0 THEN p.version ELSE $2 END"

#define SELECT_STEPS                                                     \
	"SELECT position, run_order, name, kind, phase, options, depends_on" \
	" FROM etl_catalog.step WHERE pipeline_id = $1 AND version = $2"     \
	" ORDER BY run_order"

/*
 * dq_pipeline_kind_name: a kind of step as it is stored and shown.
 */
const char *
dq_pipeline_kind_name(DqStepKind kind)
{
	return kind_names[kind];
}

/*
 * dq_pipeline_phase_name: a phase as it is stored and shown.
 */
const char *
dq_pipeline_phase_name(DqPhase phase)
{
	return phase_names[phase];
}

/*
 * dq_pipeline_find_kind: the kind with this name; false when there is none.
 */
bool
dq_pipeline_find_kind(const char *name, DqStepKind *kind)
{
	int i;

	for (i = 0; i < lengthof(kind_names); i++)
	{
		if (strcmp(name, kind_names[i]) == 0)
		{
			*kind = (DqStepKind) i;
			return true;
		}
	}
	return false;
}

/*
 * dq_pipeline_find_phase: the phase with this name; false when there is none.
 */
bool
dq_pipeline_find_phase(const char *name, DqPhase *phase)
{
	int i;

	for (i = 0; i < lengthof(phase_names); i++)
	{
		if (strcmp(name, phase_names[i]) == 0)
		{
			*phase = (DqPhase) i;
			return true;
		}
	}
	return false;
}

/*
 * read_interval: a copy of an interval column, NULL for SQL NULL.
 */
static Interval *
read_interval(const DqRows *rows, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, 0, column, &isnull);
	Interval *copy;

	if (isnull)
		return NULL;
	copy = palloc(sizeof(Interval));
	*copy = *DatumGetIntervalP(value);
	return copy;
}

/*
 * read_steps: the steps of a version in the order in which they run.
 */
static List *
read_steps(int64 id, int version)
{
	DqArgs args = {0};
	DqRows *rows;
	List *steps = NIL;
	uint64 i;

	dq_args_int8(&args, id);
	dq_args_int4(&args, version);
	rows = dq_spi_query_fresh(SELECT_STEPS, &args);
	for (i = 0; i < rows->count; i++)
	{
		DqStep *step = palloc0(sizeof(DqStep));
		char *kind = dq_rows_text(rows, i, "kind");
		char *phase = dq_rows_text(rows, i, "phase");

		step->position = dq_rows_int4(rows, i, "position");
		step->run_order = dq_rows_int4(rows, i, "run_order");
		step->name = dq_rows_text(rows, i, "name");
		if (!dq_pipeline_find_kind(kind, &step->kind) ||
			!dq_pipeline_find_phase(phase, &step->phase))
			elog(ERROR, "step \"%s\" has kind \"%s\" and phase \"%s\"",
				 step->name, kind, phase);
		step->options = dq_rows_jsonb(rows, i, "options");
		step->policy = dq_policy_read(dq_json_part(step->options, "policy"),
									  true, step->name);
		step->depends_on = dq_rows_text_list(rows, i, "depends_on");
		steps = lappend(steps, step);
	}
	return steps;
}

/*
 * read_version: what belongs to the version in the first row, steps too.
 */
static void
read_version(const DqRows *rows, DqPipeline *pipeline)
{
	bool isnull;
	Datum start = dq_rows_datum(rows, 0, "start_at", &isnull);

	pipeline->version = dq_rows_int4(rows, 0, "version");
	pipeline->description = dq_rows_text(rows, 0, "description");
	pipeline->period = read_interval(rows, "period");
	pipeline->has_start = !isnull;
	pipeline->start_at = isnull ? 0 : DatumGetTimestampTz(start);
	pipeline->timezone = dq_rows_text(rows, 0, "timezone");
	pipeline->catchup = dq_rows_bool(rows, 0, "catchup");
	pipeline->lookback = read_interval(rows, "lookback");
	pipeline->settle = read_interval(rows, "settle");
	pipeline->deadline = read_interval(rows, "deadline");
	pipeline->depends_on_past = dq_rows_bool(rows, 0, "depends_on_past");
	pipeline->schedule = dq_rows_text(rows, 0, "schedule");
	pipeline->retries = dq_rows_int4(rows, 0, "retries");
	pipeline->retry_delay = read_interval(rows, "retry_delay");
	pipeline->policy_given = dq_rows_jsonb(rows, 0, "policy");
	pipeline->policy = dq_policy_of_pipeline(pipeline->policy_given,
											 pipeline->retries,
											 pipeline->retry_delay);
	pipeline->tags = dq_rows_text_list(rows, 0, "tags");
	pipeline->params = dq_rows_jsonb(rows, 0, "params");
	pipeline->settings = dq_rows_jsonb(rows, 0, "settings");
	pipeline->steps = read_steps(pipeline->id, pipeline->version);
}

/*
 * read_pipeline: the pipeline in the first row; NULL when there is none, or
 * when it was dropped between the two queries and missing_ok.
 */
static DqPipeline *
read_pipeline(const DqRows *rows, int version, bool missing_ok)
{
	DqPipeline *pipeline;

	if (rows->count == 0)
		return NULL;
	pipeline = palloc0(sizeof(DqPipeline));
	pipeline->id = dq_rows_int8(rows, 0, "pipeline_id");
	pipeline->name = dq_rows_text(rows, 0, "name");
	pipeline->owner = dq_rows_oid(rows, 0, "owner_oid");
	pipeline->owner_name = dq_rows_text(rows, 0, "owner_name");
	pipeline->enabled = dq_rows_bool(rows, 0, "enabled");
	pipeline->disabled_reason = dq_rows_text(rows, 0, "disabled_reason");
	if (!dq_rows_is_null(rows, 0, "version"))
		read_version(rows, pipeline);
	if (pipeline->steps != NIL)
		return pipeline;
	if (!missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" has no version %d",
						pipeline->name, version)));
	return NULL;
}

/*
 * dq_pipeline_load: by name; see pipeline.h.
 */
DqPipeline *
dq_pipeline_load(const char *name, int version, bool missing_ok)
{
	DqArgs args = {0};
	DqPipeline *pipeline;

	dq_args_text(&args, name);
	dq_args_int4(&args, version);
	pipeline = read_pipeline(dq_spi_query_fresh(SELECT_PIPELINE
												" WHERE p.name = $1",
												&args),
							 version, missing_ok);
	if (pipeline == NULL && !missing_ok)
	{
		List *names = dq_access_visible_names();

		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" does not exist", name),
				 dq_suggest_hint(name, names)));
	}
	return pipeline;
}

/*
 * dq_pipeline_load_id: by id; see pipeline.h.
 */
DqPipeline *
dq_pipeline_load_id(int64 id, int version, bool missing_ok)
{
	DqArgs args = {0};
	DqPipeline *pipeline;

	dq_args_int8(&args, id);
	dq_args_int4(&args, version);
	pipeline = read_pipeline(dq_spi_query_fresh(SELECT_PIPELINE
												" WHERE p.pipeline_id = $1",
												&args),
							 version, missing_ok);
	if (pipeline == NULL && !missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline with id " INT64_FORMAT " does not exist",
						id)));
	return pipeline;
}

/*
 * check_enabled: are runs allowed, by the administrator and for this one?
 */
static void
check_enabled(const DqPipeline *pipeline)
{
	const char *reason = pipeline->disabled_reason;

	if (!dq_guc_enabled)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dq_etl.enabled is off: no runs start on this server"),
				 errhint("ALTER SYSTEM SET dq_etl.enabled = on; "
						 "SELECT pg_reload_conf();")));
	if (!pipeline->enabled)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" is disabled", pipeline->name),
				 reason ? errdetail("Reason: %s", reason) : 0,
				 errhint("SELECT etl.enable(%s);",
						 dq_sqltext_literal(pipeline->name))));
}

/*
 * check_owner: is the role that runs execute as the one that was meant?
 * Returns whether it may log in.
 */
static bool
check_owner(const DqPipeline *pipeline)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID,
									  ObjectIdGetDatum(pipeline->owner));
	Form_pg_authid role;
	bool super;
	bool login;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("owner \"%s\" of pipeline \"%s\" does not exist",
						pipeline->owner_name, pipeline->name),
				 errhint("SELECT etl.set_owner(%s, 'role');",
						 dq_sqltext_literal(pipeline->name))));
	role = (Form_pg_authid) GETSTRUCT(tuple);
	if (strcmp(NameStr(role->rolname), pipeline->owner_name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("owner of pipeline \"%s\" must be approved again",
						pipeline->name),
				 errdetail("It was defined by role \"%s\", whose OID belongs to role \"%s\" now.",
						   pipeline->owner_name, NameStr(role->rolname)),
				 errhint("SELECT etl.set_owner(%s, 'role');",
						 dq_sqltext_literal(pipeline->name))));
	super = role->rolsuper;
	login = role->rolcanlogin;
	ReleaseSysCache(tuple);

	if (super && !dq_guc_allow_superuser)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("pipeline \"%s\" is owned by a superuser, which dq_etl.allow_superuser_pipelines forbids",
						pipeline->name),
				 errhint("SELECT etl.set_owner(%s, 'role');",
						 dq_sqltext_literal(pipeline->name))));
	return login;
}

/*
 * check_connectable: could a worker connect to this database as the owner?
 * Else it would die before any code of ours could say why.
 */
static void
check_connectable(const DqPipeline *pipeline, bool login)
{
	const char *owner = dq_sqltext_ident(pipeline->owner_name);
	HeapTuple tuple;
	Form_pg_database database;
	char *name;
	bool open;

	if (!login && DQ_BGW_BYPASS_LOGIN == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("owner \"%s\" of pipeline \"%s\" is not permitted to log in",
						pipeline->owner_name, pipeline->name),
				 errdetail("Before PostgreSQL 17 a background worker can connect only as a role with LOGIN."),
				 errhint("ALTER ROLE %s LOGIN PASSWORD NULL;", owner)));

	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	database = (Form_pg_database) GETSTRUCT(tuple);
	name = pstrdup(NameStr(database->datname));
	open = database->datallowconn;
	ReleaseSysCache(tuple);

	if (!open)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("database \"%s\" does not accept connections", name),
				 errhint("ALTER DATABASE %s ALLOW_CONNECTIONS true;",
						 dq_sqltext_ident(name))));
	if (!DatumGetBool(DirectFunctionCall3(has_database_privilege_id_id,
										  ObjectIdGetDatum(pipeline->owner),
										  ObjectIdGetDatum(MyDatabaseId),
										  CStringGetTextDatum("CONNECT"))))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("owner \"%s\" of pipeline \"%s\" may not connect to database \"%s\"",
						pipeline->owner_name, pipeline->name, name),
				 errhint("GRANT CONNECT ON DATABASE %s TO %s;",
						 dq_sqltext_ident(name), owner)));
}

/*
 * dq_pipeline_check_runnable: see pipeline.h.
 */
void
dq_pipeline_check_runnable(const DqPipeline *pipeline, bool for_worker)
{
	bool login;

	check_enabled(pipeline);
	login = check_owner(pipeline);
	if (for_worker)
		check_connectable(pipeline, login);
}
