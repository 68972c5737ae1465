/*
 * define.c
 *	  etl.define: one statement is one pipeline.
 *
 * What the user gave is checked under the settings and the search_path that
 * runs will have, and brought into one document. When it equals the document
 * of the current version nothing is written; else a whole new version is,
 * and the difference is told. Versions are never changed, so runs that go on
 * do not notice.
 *
 * Two sessions: the row of the pipeline is locked, or inserted, which waits
 * for a transaction that inserts the same name. All is read again after that.
 */
#include "postgres.h"

#include "access/xact.h"
#include "analyze/changes.h"
#include "analyze/definition.h"
#include "api/define_steps.h"
#include "api/guard.h"
#include "api/validate.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/access.h"
#include "catalog/pg_type.h"
#include "catalog/store.h"
#include "catalog/window.h"
#include "funcapi.h"
#include "load/load.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(dq_etl_define);

/* arguments of etl.define */
enum
{
	ARG_PIPELINE,
	ARG_STEPS,
	ARG_DESCRIPTION,
	ARG_PERIOD,
	ARG_START_AT,
	ARG_TIMEZONE,
	ARG_CATCHUP,
	ARG_LOOKBACK,
	ARG_SETTLE,
	ARG_DEADLINE,
	ARG_DEPENDS_ON_PAST,
	ARG_SCHEDULE,
	ARG_RETRIES,
	ARG_RETRY_DELAY,
	ARG_TIMEOUT,
	ARG_MAX_RETRY_DELAY,
	ARG_RETRY_ON,
	ARG_NEVER_RETRY,
	ARG_TAGS,
	ARG_PARAMS,
	ARG_DRY_RUN
};

#define MAX_RETRIES 100
#define LOCK_ATTEMPTS 10

/* the time zone of the database, whatever this session has set */
#define DATABASE_ZONE                                                    \
	"SELECT COALESCE("                                                   \
	"(SELECT o.option_value FROM pg_db_role_setting s,"                  \
	" LATERAL pg_options_to_table(s.setconfig) o"                        \
	" WHERE s.setrole = 0 AND s.setdatabase IN (0, d.oid)"               \
	" AND lower(o.option_name) = 'timezone'"                             \
	" ORDER BY s.setdatabase = 0 LIMIT 1),"                              \
	" (SELECT g.setting FROM pg_settings g WHERE g.name = 'TimeZone'"    \
	" AND g.source IN ('default', 'environment variable',"               \
	" 'configuration file', 'command line')),"                           \
	" (SELECT f.setting FROM pg_file_settings f"                         \
	" WHERE lower(f.name) = 'timezone' AND f.applied"                    \
	" ORDER BY f.seqno DESC LIMIT 1),"                                   \
	" (SELECT g.boot_val FROM pg_settings g WHERE g.name = 'TimeZone'))" \
	" AS zone FROM pg_database d WHERE d.datname = current_database()"

/*
 * text_or_null: a text argument, NULL when not given.
 */
static char *
text_or_null(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/*
 * need_period: 22023 for an argument that means something on a grid only.
 */
static void
need_period(const char *argument)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s needs a period", argument),
			 errdetail("Without a period a window lasts from one success to the next.")));
}

/*
 * read_period: period and start_at. 22023 for a start without a period and
 * one that is not finite; the period itself is checked with the zone.
 */
static void
read_period(FunctionCallInfo fcinfo, DqPipeline *pipeline)
{
	if (!PG_ARGISNULL(ARG_PERIOD))
	{
		pipeline->period = palloc(sizeof(Interval));
		*pipeline->period = *PG_GETARG_INTERVAL_P(ARG_PERIOD);
	}
	if (PG_ARGISNULL(ARG_START_AT))
		return;
	pipeline->has_start = true;
	pipeline->start_at = PG_GETARG_TIMESTAMPTZ(ARG_START_AT);
	if (TIMESTAMP_NOT_FINITE(pipeline->start_at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start_at must be finite")));
	if (pipeline->period == NULL)
		need_period("start_at");
}

/*
 * read_length: an interval argument that must not be negative, NULL when it
 * was not given; with needs_period 22023 when there is none.
 */
static Interval *
read_length(FunctionCallInfo fcinfo, int n, const char *name,
			const DqPipeline *pipeline, bool needs_period)
{
	Interval none = {0};
	Interval *length;

	if (PG_ARGISNULL(n))
		return NULL;
	length = palloc(sizeof(Interval));
	*length = *PG_GETARG_INTERVAL_P(n);
	if (DatumGetBool(DirectFunctionCall2(interval_lt,
										 IntervalPGetDatum(length),
										 IntervalPGetDatum(&none))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", name)));
	if (needs_period && pipeline->period == NULL)
		need_period(name);
	return length;
}

/*
 * read_windows: when windows are due, and what they read beside themselves.
 */
static void
read_windows(FunctionCallInfo fcinfo, DqPipeline *pipeline)
{
	pipeline->catchup = PG_ARGISNULL(ARG_CATCHUP) ||
						PG_GETARG_BOOL(ARG_CATCHUP);
	pipeline->lookback = read_length(fcinfo, ARG_LOOKBACK, "lookback",
									 pipeline, false);
	pipeline->settle = read_length(fcinfo, ARG_SETTLE, "settle", pipeline,
								   true);
	pipeline->deadline = read_length(fcinfo, ARG_DEADLINE, "deadline",
									 pipeline, true);
	pipeline->depends_on_past = !PG_ARGISNULL(ARG_DEPENDS_ON_PAST) &&
								PG_GETARG_BOOL(ARG_DEPENDS_ON_PAST);
	if (pipeline->depends_on_past && pipeline->period == NULL)
		need_period("depends_on_past");
}

/*
 * read_retries: retries and retry_delay. 22023 when out of range.
 */
static void
read_retries(FunctionCallInfo fcinfo, DqPipeline *pipeline)
{
	Interval none = {0};
	Interval day = {0};
	Datum delay;

	if (!PG_ARGISNULL(ARG_RETRIES))
		pipeline->retries = PG_GETARG_INT32(ARG_RETRIES);
	if (pipeline->retries < 0 || pipeline->retries > MAX_RETRIES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("retries must be between 0 and %d", MAX_RETRIES)));
	pipeline->retry_delay = palloc0(sizeof(Interval));
	pipeline->retry_delay->time = USECS_PER_MINUTE;
	if (!PG_ARGISNULL(ARG_RETRY_DELAY))
		*pipeline->retry_delay = *PG_GETARG_INTERVAL_P(ARG_RETRY_DELAY);
	day.day = 1;
	delay = IntervalPGetDatum(pipeline->retry_delay);
	if (DatumGetBool(DirectFunctionCall2(interval_lt, delay,
										 IntervalPGetDatum(&none))) ||
		DatumGetBool(DirectFunctionCall2(interval_gt, delay,
										 IntervalPGetDatum(&day))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("retry_delay must be between zero and one day")));
}

/*
 * read_texts: an array of text as a List of char *, NIL when not given. 22004
 * for a NULL in it.
 */
static List *
read_texts(FunctionCallInfo fcinfo, int n, const char *name)
{
	List *texts = NIL;
	Datum *elements;
	bool *nulls;
	int count;
	int i;

	if (PG_ARGISNULL(n))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", name)));
		texts = lappend(texts, TextDatumGetCString(elements[i]));
	}
	return texts;
}

/*
 * add_ms: an interval argument in milliseconds, nothing when not given.
 */
static void
add_ms(DqJsonBuild *build, const char *key, FunctionCallInfo fcinfo, int n)
{
	if (!PG_ARGISNULL(n))
		dq_json_add_int(build, key, dq_policy_ms(PG_GETARG_INTERVAL_P(n)));
}

/*
 * read_policy: timeout and which errors are worth another attempt, as it is
 * stored.
 */
static void
read_policy(FunctionCallInfo fcinfo, DqPipeline *pipeline)
{
	List *on = read_texts(fcinfo, ARG_RETRY_ON, "retry_on");
	List *never = read_texts(fcinfo, ARG_NEVER_RETRY, "never_retry");
	DqJsonBuild build;

	dq_json_begin(&build);
	add_ms(&build, "timeout_ms", fcinfo, ARG_TIMEOUT);
	add_ms(&build, "max_retry_delay_ms", fcinfo, ARG_MAX_RETRY_DELAY);
	if (on != NIL)
		dq_json_add_text_list(&build, "retry_on", on);
	if (never != NIL)
		dq_json_add_text_list(&build, "never_retry", never);
	pipeline->policy_given = dq_json_end(&build);
	pipeline->policy = dq_policy_of_pipeline(pipeline->policy_given,
											 pipeline->retries,
											 pipeline->retry_delay);
}

/*
 * read_params: the parameters, '{}' when not given. 22023 for no object.
 */
static Jsonb *
read_params(FunctionCallInfo fcinfo)
{
	Jsonb *params;

	if (PG_ARGISNULL(ARG_PARAMS))
		return dq_json_parse("{}", "params");
	params = PG_GETARG_JSONB_P_COPY(ARG_PARAMS);
	if (!JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("params must be a JSON object")));
	return params;
}

/*
 * read_zone: the time zone that was given, else the database's own; checked
 * together with the period, and spelled as the server spells it.
 */
static char *
read_zone(FunctionCallInfo fcinfo, const Interval *period)
{
	char *zone = text_or_null(fcinfo, ARG_TIMEZONE);
	Interval day = {0};
	pg_tz *tz;

	if (zone == NULL)
		zone = dq_rows_text(dq_spi_query(DQ_BOOKKEEPING, DATABASE_ZONE, NULL),
							0, "zone");
	day.day = 1;
	dq_window_validate(period ? period : &day, zone);
	tz = pg_tzset(zone);
	return tz ? pstrdup(pg_get_timezone_name(tz)) : zone;
}

/*
 * pin_settings: the session's settings that count, with the pipeline's time
 * zone, in which runs execute whatever the session's is.
 */
static Jsonb *
pin_settings(const char *zone)
{
	Jsonb *pinned = dq_session_pin();
	DqJsonBuild build;
	ListCell *lc;

	dq_json_begin(&build);
	foreach(lc, dq_json_keys(pinned))
	{
		char *key = (char *) lfirst(lc);

		if (strcmp(key, "TimeZone") != 0)
			dq_json_add_text(&build, key,
							 dq_json_text(pinned, key, "pinned settings"));
	}
	dq_json_add_text(&build, "TimeZone", zone);
	return dq_json_end(&build);
}

/*
 * read_pipeline: everything but the steps, from the arguments.
 */
static DqPipeline *
read_pipeline(FunctionCallInfo fcinfo)
{
	DqPipeline *pipeline = palloc0(sizeof(DqPipeline));

	dq_guard_not_null(fcinfo, ARG_PIPELINE, "pipeline");
	dq_guard_not_null(fcinfo, ARG_STEPS, "steps");
	pipeline->name = text_or_null(fcinfo, ARG_PIPELINE);
	dq_definition_check_name(pipeline->name, "pipeline");
	pipeline->description = text_or_null(fcinfo, ARG_DESCRIPTION);
	read_period(fcinfo, pipeline);
	pipeline->timezone = read_zone(fcinfo, pipeline->period);
	read_windows(fcinfo, pipeline);
	pipeline->schedule = text_or_null(fcinfo, ARG_SCHEDULE);
	if (pipeline->schedule != NULL && pipeline->schedule[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("schedule must not be empty")));
	read_retries(fcinfo, pipeline);
	read_policy(fcinfo, pipeline);
	pipeline->tags = read_texts(fcinfo, ARG_TAGS, "tags");
	pipeline->params = read_params(fcinfo);
	pipeline->settings = pin_settings(pipeline->timezone);
	pipeline->owner = GetUserId();
	pipeline->owner_name = GetUserNameFromId(GetUserId(), false);
	pipeline->version = 1;
	return pipeline;
}

/*
 * check_owner: 42501 when the owner is a superuser and that is forbidden.
 */
static void
check_owner(const DqPipeline *pipeline)
{
	if (dq_guc_allow_superuser || !superuser_arg(pipeline->owner))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("pipeline \"%s\" would be owned by a superuser, which dq_etl.allow_superuser_pipelines forbids",
					pipeline->name),
			 errhint("SET ROLE to a role that is no superuser first.")));
}

/*
 * open_pipeline: the pipeline as it is now, locked when it will be written,
 * which the current user may edit; NULL for a new one, whose row is there
 * then, with its id in *id.
 */
static DqPipeline *
open_pipeline(const DqPipeline *wanted, bool dry_run, int64 *id)
{
	int attempt;

	for (attempt = 0; attempt < LOCK_ATTEMPTS; attempt++)
	{
		DqPipeline *current = dq_pipeline_load(wanted->name, 0, true);
		int64 locked;

		CHECK_FOR_INTERRUPTS();
		if (current != NULL)
			dq_access_require(current, DQ_MAY_EDIT);
		else
			check_owner(wanted);
		if (dry_run)
			return current;
		if (current == NULL)
		{
			*id = dq_store_create(wanted);
			if (*id != 0)
				return NULL;
			continue;
		}
		/* it may have been dropped, renamed or given away meanwhile */
		locked = current->id;
		if (!dq_store_lock(locked))
			continue;
		current = dq_pipeline_load(wanted->name, 0, true);
		if (current == NULL || current->id != locked)
			continue;
		dq_access_require(current, DQ_MAY_EDIT);
		*id = locked;
		return current;
	}
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("pipeline \"%s\" was changed by another transaction",
					wanted->name),
			 errhint("Try again.")));
}

/*
 * keep_start: an anchor that was not given again: the one that there is, at
 * the same local time when the zone has changed.
 */
static TimestampTz
keep_start(const DqPipeline *current, const char *zone)
{
	Datum local;

	if (strcmp(current->timezone, zone) == 0)
		return current->start_at;
	local = DirectFunctionCall2(timestamptz_zone,
								CStringGetTextDatum(current->timezone),
								TimestampTzGetDatum(current->start_at));
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone,
												   CStringGetTextDatum(zone),
												   local));
}

/*
 * fill_start: start_at when it was not given; computed only once.
 */
static void
fill_start(DqPipeline *pipeline, const DqPipeline *current)
{
	if (pipeline->period == NULL || pipeline->has_start)
		return;
	pipeline->has_start = true;
	if (current != NULL && current->has_start)
		pipeline->start_at = keep_start(current, pipeline->timezone);
	else
		pipeline->start_at =
			dq_window_default_start(pipeline->period, pipeline->timezone,
									GetCurrentTransactionStartTimestamp());
}

/*
 * tell_zone: a NOTICE when windows are cut in a zone that nobody named.
 */
static void
tell_zone(const DqPipeline *pipeline, const DqPipeline *current)
{
	if (pipeline->period == NULL ||
		(current != NULL && current->period != NULL &&
		 strcmp(current->timezone, pipeline->timezone) == 0))
		return;
	ereport(NOTICE,
			(errmsg("pipeline \"%s\" has the time zone of the database, \"%s\"",
					pipeline->name, pipeline->timezone)));
}

/*
 * new_version: what to say of the version that follows another one.
 */
static DqChange *
new_version(const DqPipeline *pipeline, const DqPipeline *current)
{
	int64 windows = dq_store_loaded_windows(current->id, current->version);
	char *detail;

	if (windows == 0)
		detail = psprintf("version %d; no window was loaded by version %d",
						  pipeline->version, current->version);
	else if (windows == 1)
		detail = psprintf("version %d; 1 window was loaded by version %d",
						  pipeline->version, current->version);
	else
		detail = psprintf("version %d; " INT64_FORMAT " windows were loaded by version %d",
						  pipeline->version, windows, current->version);
	return dq_changes_make("new version", pipeline->name, detail);
}

/*
 * apply: compare with what there is, write what differs; the change list.
 */
static List *
apply(DqPipeline *pipeline, List *drafts, bool zone_given, bool dry_run)
{
	DqPipeline *current = open_pipeline(pipeline, dry_run, &pipeline->id);
	Jsonb *before = NULL;
	Jsonb *after;
	DqCompile *compile;
	List *changes;
	ListCell *lc;

	if (current != NULL)
	{
		pipeline->owner = current->owner;
		pipeline->owner_name = current->owner_name;
		pipeline->version = current->version + 1;
		before = dq_store_definition(current->id, current->version);
		check_owner(pipeline);
	}
	fill_start(pipeline, current);
	after = dq_definition_document(pipeline, drafts);
	changes = dq_changes_between(before, after);
	foreach(lc, drafts)
		pipeline->steps = lappend(pipeline->steps,
								  &((DqDraft *) lfirst(lc))->step);
	compile = dq_validate_definition(pipeline);
	if (!dry_run)
		(void) dq_validate_store_edges(pipeline, compile);
	if (current != NULL && changes == NIL)
		return list_make1(dq_changes_make("unchanged", pipeline->name,
										  psprintf("version %d",
												   current->version)));
	if (!zone_given)
		tell_zone(pipeline, current);
	if (!dry_run)
		dq_store_add_version(pipeline, after);
	if (current == NULL)
		return lcons(dq_changes_make("create pipeline", pipeline->name,
									 "version 1"),
					 changes);
	return lappend(changes, new_version(pipeline, current));
}

/*
 * return_changes: the change list as the rows of the function.
 */
static void
return_changes(FunctionCallInfo fcinfo, List *changes)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, changes)
	{
		DqChange *change = (DqChange *) lfirst(lc);
		Datum values[3];
		bool nulls[3] = {false, false, false};

		values[0] = CStringGetTextDatum(change->action);
		values[1] = CStringGetTextDatum(change->object);
		nulls[2] = change->detail == NULL;
		values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(change->detail);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
}

/*
 * check_windows: 22023 for a load that means a window, in a pipeline that has
 * none on a grid.
 */
static void
check_windows(const DqPipeline *pipeline, List *drafts)
{
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);

		if (pipeline->period == NULL && draft->step.kind == DQ_LOAD &&
			dq_load_needs_window(draft->step.options))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("load \"%s\" needs a window, and the pipeline has no period",
							draft->step.name),
					 errhint("Pass period => '1 day' or another interval to etl.define.")));
	}
}

/*
 * dq_etl_define: etl.define(pipeline, steps, ...); its rows are the changes.
 */
Datum
dq_etl_define(PG_FUNCTION_ARGS)
{
	bool dry_run = !PG_ARGISNULL(ARG_DRY_RUN) && PG_GETARG_BOOL(ARG_DRY_RUN);
	DqPipeline *pipeline;
	List *drafts;
	int level;

	dq_guard_writable("etl.define()");
	pipeline = read_pipeline(fcinfo);
	drafts = dq_define_steps_read(PG_GETARG_ARRAYTYPE_P(ARG_STEPS));
	level = dq_session_enter(pipeline->settings, NULL, true);
	dq_define_steps_check(drafts, pipeline->name);
	dq_session_leave(level);
	check_windows(pipeline, drafts);
	return_changes(fcinfo, apply(pipeline, drafts,
								 !PG_ARGISNULL(ARG_TIMEZONE), dry_run));
	return (Datum) 0;
}
