/*
 * schedule.c
 *	  Jobs of pg_cron that run pipelines: the only file that names pg_cron's
 *	  objects.
 *
 * pg_cron lives in one database of a server, may be absent, and remembers as
 * whom a job runs: the role that called it. So a job is made by the owner of
 * the pipeline himself, with his own rights on schema cron, or by a superuser
 * in the owner's name. What should be scheduled is read from
 * etl_catalog.wanted_job, what is scheduled from pg_cron's tables; the
 * difference is what the view etl.schedules shows as drift.
 *
 * A job is found by its name, which is made of the pipeline's id and the
 * database, so that it survives a change of the pipeline's name, never
 * exceeds 63 bytes and never meets the job of another database.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/dq_etl.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/access.h"
#include "api/guard.h"
#include "api/schedule.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(dq_etl_schedule);
PG_FUNCTION_INFO_V1(dq_etl_unschedule);
PG_FUNCTION_INFO_V1(dq_etl_cron_command);
PG_FUNCTION_INFO_V1(dq_etl_catalog_cron_jobs);

#define CRON_JOB_COLUMNS 12

/* of our install module: what should be scheduled, and under which name */
#define WANTED_JOB DQ_CATALOG ".wanted_job"
#define JOB_NAME DQ_CATALOG ".job_name"

/* pg_cron's own setting before 1.5: it reads schedules as GMT */
#define CRON_DEFAULT_ZONE "GMT"

typedef enum CronPlace
{
	CRON_HERE,
	CRON_NOT_CREATED, /* meant for this database, no extension */
	CRON_ELSEWHERE, /* in another database of this server */
	CRON_NOT_LOADED /* not in shared_preload_libraries */
} CronPlace;

/* one pipeline: what should be scheduled */
typedef struct WantedJob
{
	char *pipeline;
	char *job_name;
	char *command;
	char *owner_name;
	char *schedule; /* NULL: none */
} WantedJob;

/*
 * is_cron_table: is there a table of pg_cron's with this name? Looks at who
 * made it: anybody could have made a schema and table of that name.
 */
static bool
is_cron_table(const char *name)
{
	Oid extension = get_extension_oid("pg_cron", true);
	Oid schema = get_namespace_oid("cron", true);
	Oid table;

	if (!OidIsValid(extension) || !OidIsValid(schema))
		return false;
	table = get_relname_relid(name, schema);
	return OidIsValid(table) &&
		   getExtensionOfObject(RelationRelationId, table) == extension;
}

/*
 * cron_database: the database that pg_cron works in, NULL when it is not
 * loaded. No secret: whoever schedules has to know.
 */
static const char *
cron_database(void)
{
	return GetConfigOption("cron.database_name", true, false);
}

/*
 * cron_zone: the time zone in which pg_cron reads schedules.
 */
static const char *
cron_zone(void)
{
	const char *zone = GetConfigOption("cron.timezone", true, false);

	return zone ? zone : CRON_DEFAULT_ZONE;
}

/*
 * find_cron: can jobs be scheduled from this database?
 */
static CronPlace
find_cron(void)
{
	const char *database = cron_database();

	if (database == NULL)
		return CRON_NOT_LOADED;
	if (strcmp(database, get_database_name(MyDatabaseId)) != 0)
		return CRON_ELSEWHERE;
	return is_cron_table("job") ? CRON_HERE : CRON_NOT_CREATED;
}

/*
 * read_wanted: row "i" of etl_catalog.wanted_job.
 */
static void
read_wanted(const DqRows *rows, uint64 i, WantedJob *wanted)
{
	wanted->pipeline = dq_rows_text(rows, i, "pipeline");
	wanted->job_name = dq_rows_text(rows, i, "job_name");
	wanted->command = dq_rows_text(rows, i, "command");
	wanted->owner_name = dq_rows_text(rows, i, "owner_name");
	wanted->schedule = dq_rows_text(rows, i, "schedule");
}

/*
 * load_wanted: what should be scheduled for a pipeline.
 */
static WantedJob *
load_wanted(const DqPipeline *pipeline)
{
	WantedJob *wanted = palloc0(sizeof(WantedJob));
	DqArgs args = {0};
	DqRows *rows;

	dq_args_int8(&args, pipeline->id);
	rows = dq_spi_query_fresh("SELECT pipeline, job_name, command, owner_name,"
							  " schedule FROM " WANTED_JOB
							  " WHERE pipeline_id = $1",
							  &args);
	if (rows->count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" was dropped", pipeline->name)));
	read_wanted(rows, 0, wanted);
	return wanted;
}

/*
 * remote_statement: what a superuser executes in pg_cron's database.
 */
static char *
remote_statement(const WantedJob *wanted, const char *schedule)
{
	return psprintf("SELECT cron.schedule_in_database(%s, %s, %s, %s, %s);",
					dq_sqltext_literal(wanted->job_name),
					dq_sqltext_literal(schedule),
					dq_sqltext_literal(wanted->command),
					dq_sqltext_literal(get_database_name(MyDatabaseId)),
					dq_sqltext_literal(wanted->owner_name));
}

/*
 * hint_remote_unschedule: errhint() with what removes the job there.
 */
static int
hint_remote_unschedule(const DqPipeline *pipeline)
{
	const char *job_name = load_wanted(pipeline)->job_name;

	return errhint("Execute in database \"%s\": SELECT cron.unschedule(jobid)"
				   " FROM cron.job WHERE jobname = %s;",
				   cron_database(), dq_sqltext_literal(job_name));
}

/*
 * require_cron: throw 55000 unless pg_cron is in this database, with what to
 * do about it.
 */
static void
require_cron(const WantedJob *wanted, const char *schedule)
{
	const char *here = get_database_name(MyDatabaseId);

	switch (find_cron())
	{
		case CRON_HERE:
			return;
		case CRON_NOT_CREATED:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("extension \"pg_cron\" is not installed in this database"),
					 errhint("CREATE EXTENSION pg_cron;")));
			break;
		case CRON_ELSEWHERE:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("pg_cron is in database \"%s\", not in this one",
							cron_database()),
					 errdetail("It reads the schedule in time zone %s.",
							   cron_zone()),
					 errhint("Execute as a superuser in database \"%s\": %s",
							 cron_database(),
							 remote_statement(wanted, schedule))));
			break;
		case CRON_NOT_LOADED:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("pg_cron is not loaded"),
					 errhint("Add pg_cron to shared_preload_libraries in postgresql.conf, set cron.database_name = %s there, restart the server, and then: CREATE EXTENSION pg_cron;",
							 dq_sqltext_literal(here))));
			break;
	}
}

/*
 * require_owner: throw unless pg_cron can connect as the owner: he must be
 * the role that was meant, and have LOGIN.
 */
static void
require_owner(const DqPipeline *pipeline)
{
	HeapTuple tuple;
	bool login;

	if (!OidIsValid(dq_access_owner(pipeline)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("owner of pipeline \"%s\" must be approved again",
						pipeline->name),
				 errdetail("Its stored owner \"%s\" is not the role with the stored OID.",
						   pipeline->owner_name),
				 errhint("SELECT etl.set_owner(%s, 'role');",
						 dq_sqltext_literal(pipeline->name))));
	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(pipeline->owner));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for role %u", pipeline->owner);
	login = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
	ReleaseSysCache(tuple);
	if (!login)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("owner \"%s\" of pipeline \"%s\" is not permitted to log in",
						pipeline->owner_name, pipeline->name),
				 errdetail("pg_cron connects as the owner."),
				 errhint("ALTER ROLE %s LOGIN PASSWORD NULL;",
						 dq_sqltext_ident(pipeline->owner_name))));
}

/*
 * require_usage: throw 42501 unless the current user may call pg_cron.
 */
static void
require_usage(void)
{
	const char *user = GetUserNameFromId(GetUserId(), false);
	DqRows *rows = dq_spi_query(DQ_GENERATED,
								"SELECT pg_catalog.has_schema_privilege"
								"('cron', 'USAGE') AS allowed",
								NULL);

	if (!dq_rows_bool(rows, 0, "allowed"))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for schema cron of pg_cron"),
				 errhint("GRANT USAGE ON SCHEMA cron TO %s;",
						 dq_sqltext_ident(user))));
}

/*
 * remove_jobs: unschedule the jobs of a pipeline, whoever they run as, save
 * a good one of user "keep" (NULL: keep none). Returns how many there were.
 */
static uint64
remove_jobs(int64 pipeline_id, const char *keep)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_text(&args, keep);
	return dq_spi_query(DQ_BOOKKEEPING,
						"SELECT cron.unschedule(j.jobid) FROM cron.job j"
						" WHERE j.jobname = " JOB_NAME "($1)"
						" AND NOT COALESCE(j.username = $2 AND j.active AND"
						" j.database = pg_catalog.current_database(), false)",
						&args)
		->count;
}

/*
 * make_job: create or replace the job, as the owner or in his name.
 */
static int64
make_job(const DqPipeline *pipeline, const WantedJob *wanted,
		 const char *schedule)
{
	DqArgs args = {0};
	const char *sql;

	dq_args_text(&args, wanted->job_name);
	dq_args_text(&args, schedule);
	dq_args_text(&args, wanted->command);
	if (GetUserId() == pipeline->owner)
	{
		require_usage();
		sql = "SELECT cron.schedule($1, $2, $3) AS job_id";
	}
	else if (superuser())
	{
		dq_args_text(&args, wanted->owner_name);
		sql = "SELECT cron.schedule_in_database($1, $2, $3,"
			  " pg_catalog.current_database(), $4) AS job_id";
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only its owner himself can schedule pipeline \"%s\"",
						pipeline->name),
				 errdetail("A job of pg_cron runs as the role that made it."),
				 errhint("SET ROLE %s;",
						 dq_sqltext_ident(pipeline->owner_name))));
	(void) remove_jobs(pipeline->id, wanted->owner_name);
	return dq_rows_int8(dq_spi_query(DQ_GENERATED, sql, &args), 0, "job_id");
}

/*
 * dq_etl_schedule: etl.schedule(pipeline, cron).
 */
Datum
dq_etl_schedule(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline;
	WantedJob *wanted;
	char *schedule = NULL;
	int64 job_id;

	dq_guard_writable("etl.schedule()");
	dq_guard_not_null(fcinfo, 0, "pipeline");
	pipeline = dq_guard_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	wanted = load_wanted(pipeline);
	if (!PG_ARGISNULL(1))
		schedule = text_to_cstring(PG_GETARG_TEXT_PP(1));
	else if (wanted->schedule != NULL)
		schedule = wanted->schedule;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pipeline \"%s\" has no schedule", pipeline->name),
				 errhint("SELECT etl.schedule(%s, '@daily');",
						 dq_sqltext_literal(pipeline->name))));
	require_owner(pipeline);
	require_cron(wanted, schedule);
	job_id = make_job(pipeline, wanted, schedule);
	ereport(NOTICE,
			(errmsg("pg_cron reads schedule \"%s\" in time zone %s",
					schedule, cron_zone())));
	PG_RETURN_INT64(job_id);
}

/*
 * dq_etl_unschedule: etl.unschedule(pipeline); false when nothing was
 * scheduled.
 */
Datum
dq_etl_unschedule(PG_FUNCTION_ARGS)
{
	DqPipeline *pipeline;
	uint64 removed;

	dq_guard_writable("etl.unschedule()");
	pipeline = dq_guard_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (find_cron() == CRON_ELSEWHERE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pg_cron is in database \"%s\", not in this one",
						cron_database()),
				 hint_remote_unschedule(pipeline)));
	if (find_cron() != CRON_HERE)
		PG_RETURN_BOOL(false);
	removed = remove_jobs(pipeline->id, NULL);
	PG_RETURN_BOOL(removed > 0);
}

/*
 * dq_etl_cron_command: etl.cron_command(pipeline): what its job executes.
 */
Datum
dq_etl_cron_command(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	DqPipeline *pipeline = dq_pipeline_load(name, 0, false);

	dq_access_require(pipeline, DQ_MAY_VIEW);
	PG_RETURN_TEXT_P(cstring_to_text(load_wanted(pipeline)->command));
}

/*
 * dq_schedule_forget: see schedule.h.
 */
void
dq_schedule_forget(const DqPipeline *pipeline)
{
	switch (find_cron())
	{
		case CRON_HERE:
			if (remove_jobs(pipeline->id, NULL) > 0)
				ereport(NOTICE,
						(errmsg("removed the pg_cron job of pipeline \"%s\"",
								pipeline->name)));
			break;
		case CRON_ELSEWHERE:
			if (pipeline->schedule != NULL)
				ereport(NOTICE,
						(errmsg("pg_cron job of pipeline \"%s\" was not removed",
								pipeline->name),
						 errdetail("pg_cron is in database \"%s\", not in this one.",
								   cron_database()),
						 hint_remote_unschedule(pipeline)));
			break;
		case CRON_NOT_CREATED:
		case CRON_NOT_LOADED:
			break;
	}
}

/*
 * dq_schedule_follow_name: see schedule.h.
 */
void
dq_schedule_follow_name(const DqPipeline *renamed)
{
	DqArgs args = {0};

	if (find_cron() != CRON_HERE)
		return;
	dq_args_int8(&args, renamed->id);
	dq_args_text(&args, load_wanted(renamed)->command);
	(void) dq_spi_query(DQ_BOOKKEEPING,
						"SELECT cron.alter_job(j.jobid, command => $2)"
						" FROM cron.job j"
						" WHERE j.jobname = " JOB_NAME "($1)",
						&args);
}

/*
 * Every pipeline with its job: the one by our name, as the owner if several,
 * else one that somebody made by hand with our command. The last result is
 * looked for among pg_cron's latest 100,000 runs only: its table has no index
 * by job and is never emptied by itself.
 */
static const char select_jobs[] =
	"SELECT w.*,"
	" j.jobid AS job_id, j.schedule AS job_schedule,"
	" j.command AS job_command, j.active,"
	" j.username::pg_catalog.text AS username,"
	" j.database::pg_catalog.text AS database_name,"
	" d.status AS last_status, d.start_time AS last_started_at,"
	" d.end_time AS last_finished_at, d.return_message AS last_message"
	" FROM " WANTED_JOB " w"
	" LEFT JOIN LATERAL (SELECT * FROM cron.job c"
	" WHERE c.jobname = w.job_name"
	" OR (c.command = w.command"
	" AND c.database = pg_catalog.current_database())"
	" ORDER BY c.jobname = w.job_name DESC NULLS LAST,"
	" c.username = w.owner_name DESC, c.jobid LIMIT 1) j ON true"
	" LEFT JOIN LATERAL (SELECT * FROM cron.job_run_details r"
	" WHERE r.jobid = j.jobid AND r.runid >"
	" (SELECT pg_catalog.max(m.runid) - 100000"
	" FROM cron.job_run_details m)"
	" ORDER BY r.runid DESC LIMIT 1) d ON true";

/* the same without pg_cron's tables */
static const char select_no_jobs[] =
	"SELECT w.*,"
	" NULL::pg_catalog.int8 AS job_id, NULL::pg_catalog.text AS job_schedule,"
	" NULL::pg_catalog.text AS job_command, NULL::pg_catalog.bool AS active,"
	" NULL::pg_catalog.text AS username,"
	" NULL::pg_catalog.text AS database_name,"
	" NULL::pg_catalog.text AS last_status,"
	" NULL::pg_catalog.timestamptz AS last_started_at,"
	" NULL::pg_catalog.timestamptz AS last_finished_at,"
	" NULL::pg_catalog.text AS last_message"
	" FROM " WANTED_JOB " w";

/*
 * differs: are the two texts of a row different? NULL differs from nothing.
 */
static bool
differs(const DqRows *rows, uint64 i, const char *one, const char *other)
{
	char *a = dq_rows_text(rows, i, one);
	char *b = dq_rows_text(rows, i, other);

	return a != NULL && b != NULL && strcmp(a, b) != 0;
}

/*
 * find_drift: how the job of a pipeline differs from what is wanted; NULL
 * when it does not.
 */
static const char *
find_drift(const DqRows *rows, uint64 i, CronPlace place)
{
	bool wanted = !dq_rows_is_null(rows, i, "schedule");

	if (dq_rows_is_null(rows, i, "job_id"))
	{
		if (!wanted)
			return NULL;
		switch (place)
		{
			case CRON_HERE:
				return "not scheduled";
			case CRON_NOT_CREATED:
				return "pg_cron is not installed";
			case CRON_ELSEWHERE:
				return "pg_cron is not in this database";
			case CRON_NOT_LOADED:
				return "pg_cron is not loaded";
		}
	}
	if (place == CRON_NOT_LOADED)
		return "pg_cron is not loaded";
	if (place == CRON_ELSEWHERE)
		return "pg_cron is not in this database";
	if (differs(rows, i, "username", "owner_name"))
		return "runs as another role";
	if (strcmp(dq_rows_text(rows, i, "database_name"),
			   get_database_name(MyDatabaseId)) != 0)
		return "runs in another database";
	if (differs(rows, i, "job_command", "command"))
		return "command differs";
	if (differs(rows, i, "job_schedule", "schedule"))
		return "schedule differs";
	if (!dq_rows_bool(rows, i, "active"))
		return "not active";
	return NULL;
}

/*
 * next_statement: what mends a drift; NULL when no statement does.
 */
static char *
next_statement(const DqRows *rows, uint64 i, CronPlace place)
{
	WantedJob wanted;
	char *job_schedule;

	read_wanted(rows, i, &wanted);
	switch (place)
	{
		case CRON_HERE:
			if (wanted.schedule != NULL)
				return psprintf("SELECT etl.schedule(%s);",
								dq_sqltext_literal(wanted.pipeline));
			job_schedule = dq_rows_text(rows, i, "job_schedule");
			return psprintf("SELECT etl.schedule(%s, %s);",
							dq_sqltext_literal(wanted.pipeline),
							dq_sqltext_literal(job_schedule));
		case CRON_NOT_CREATED:
			return pstrdup("CREATE EXTENSION pg_cron;");
		case CRON_ELSEWHERE:
			if (wanted.schedule == NULL)
				return NULL;
			return remote_statement(&wanted, wanted.schedule);
		case CRON_NOT_LOADED:
			return NULL;
	}
	return NULL;
}

/*
 * put_text: a text into a result row, NULL for a NULL pointer.
 */
static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/*
 * put_job: one row of etl_catalog.cron_jobs().
 */
static void
put_job(ReturnSetInfo *rsinfo, const DqRows *rows, uint64 i, CronPlace place)
{
	static const char *const copied[] = {
		"pipeline_id", "job_id", "job_schedule", "active", "username",
		"database_name", "last_status", "last_started_at",
		"last_finished_at", "last_message"};
	Datum values[CRON_JOB_COLUMNS] = {0};
	bool nulls[CRON_JOB_COLUMNS] = {0};
	const char *drift = find_drift(rows, i, place);
	int column;

	for (column = 0; column < lengthof(copied); column++)
		values[column] = dq_rows_datum(rows, i, copied[column],
									   &nulls[column]);
	put_text(values, nulls, column++, drift);
	put_text(values, nulls, column++,
			 drift ? next_statement(rows, i, place) : NULL);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * dq_etl_catalog_cron_jobs: one row for each pipeline that the current user
 * may see, with its job or NULLs. Anybody may call it.
 */
Datum
dq_etl_catalog_cron_jobs(PG_FUNCTION_ARGS)
{
	CronPlace place = find_cron();
	bool readable = is_cron_table("job") &&
					is_cron_table("job_run_details");
	DqRows *rows;
	uint64 i;

	InitMaterializedSRF(fcinfo, 0);
	rows = dq_spi_query_readonly(DQ_BOOKKEEPING,
								 readable ? select_jobs : select_no_jobs,
								 NULL);
	for (i = 0; i < rows->count; i++)
	{
		Oid owner = dq_rows_oid(rows, i, "owner_oid");

		if (!dq_access_role_agrees(owner, dq_rows_text(rows, i, "owner_name")))
			owner = InvalidOid;
		if (dq_access_allowed(dq_rows_int8(rows, i, "pipeline_id"), owner,
							  DQ_MAY_VIEW))
			put_job((ReturnSetInfo *) fcinfo->resultinfo, rows, i, place);
	}
	return (Datum) 0;
}
