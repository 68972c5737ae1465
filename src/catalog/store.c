/*
 * store.c
 *	  Pipelines, versions, steps and grants, written.
 *
 * Versions are only ever added. All of it is bookkeeping: fixed SQL as the
 * owner of the extension, values as parameters.
 */
#include "postgres.h"

#include "base/spi.h"
#include "catalog/pg_type.h"
#include "catalog/store.h"
#include "miscadmin.h"

/*
 * dq_store_lock: see store.h. Another change of the same pipeline waits. Runs
 * that go on keep their version and do not care: the lock is no stronger,
 * because a publish holds the row by the ledger's foreign key.
 */
bool
dq_store_lock(int64 pipeline_id)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	return dq_spi_query(DQ_BOOKKEEPING,
						"SELECT 1 AS locked FROM etl_catalog.pipeline"
						" WHERE pipeline_id = $1 FOR NO KEY UPDATE",
						&args)
			   ->count > 0;
}

/*
 * dq_store_create: see store.h.
 */
int64
dq_store_create(const DqPipeline *pipeline)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_text(&args, pipeline->name);
	dq_args_oid(&args, pipeline->owner);
	dq_args_text(&args, pipeline->owner_name);
	dq_args_int4(&args, pipeline->version);
	rows = dq_spi_query(DQ_BOOKKEEPING,
						"INSERT INTO etl_catalog.pipeline"
						" (name, owner_oid, owner_name, version)"
						" VALUES ($1, $2, $3, $4)"
						" ON CONFLICT (name) DO NOTHING"
						" RETURNING pipeline_id",
						&args);
	return rows->count > 0 ? dq_rows_int8(rows, 0, "pipeline_id") : 0;
}

/*
 * dq_store_definition: see store.h; NULL when there is no such version.
 */
Jsonb *
dq_store_definition(int64 pipeline_id, int version)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_int8(&args, pipeline_id);
	dq_args_int4(&args, version);
	rows = dq_spi_query_fresh("SELECT definition"
							  " FROM etl_catalog.pipeline_version"
							  " WHERE pipeline_id = $1 AND version = $2",
							  &args);
	return rows->count > 0 ? dq_rows_jsonb(rows, 0, "definition") : NULL;
}

/*
 * add_steps: the steps of a new version.
 */
static void
add_steps(const DqPipeline *pipeline)
{
	ListCell *lc;

	foreach(lc, pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);
		DqArgs args = {0};

		dq_args_int8(&args, pipeline->id);
		dq_args_int4(&args, pipeline->version);
		dq_args_int4(&args, step->position);
		dq_args_int4(&args, step->run_order);
		dq_args_text(&args, step->name);
		dq_args_text(&args, dq_pipeline_kind_name(step->kind));
		dq_args_text(&args, dq_pipeline_phase_name(step->phase));
		dq_args_jsonb(&args, step->options);
		dq_args_text_list(&args, step->depends_on);
		(void) dq_spi_execute(DQ_BOOKKEEPING,
							  "INSERT INTO etl_catalog.step (pipeline_id,"
							  " version, position, run_order, name, kind,"
							  " phase, options, depends_on) VALUES"
							  " ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
							  &args);
	}
}

/*
 * dq_store_add_version: see store.h.
 */
void
dq_store_add_version(const DqPipeline *pipeline, Jsonb *definition)
{
	DqArgs args = {0};
	DqArgs update = {0};

	dq_args_int8(&args, pipeline->id);
	dq_args_int4(&args, pipeline->version);
	dq_args_text(&args, pipeline->description);
	dq_args_interval(&args, pipeline->period);
	if (pipeline->has_start)
		dq_args_timestamptz(&args, pipeline->start_at);
	else
		dq_args_null(&args, TIMESTAMPTZOID);
	dq_args_text(&args, pipeline->timezone);
	dq_args_bool(&args, pipeline->catchup);
	dq_args_interval(&args, pipeline->lookback);
	dq_args_interval(&args, pipeline->settle);
	dq_args_interval(&args, pipeline->deadline);
	dq_args_bool(&args, pipeline->depends_on_past);
	dq_args_text(&args, pipeline->schedule);
	dq_args_int4(&args, pipeline->retries);
	dq_args_interval(&args, pipeline->retry_delay);
	dq_args_jsonb(&args, pipeline->policy_given);
	dq_args_text_list(&args, pipeline->tags);
	dq_args_jsonb(&args, pipeline->params);
	dq_args_jsonb(&args, pipeline->settings);
	dq_args_jsonb(&args, definition);
	dq_args_text(&args, GetUserNameFromId(GetUserId(), false));
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.pipeline_version"
						  " (pipeline_id, version, description, period,"
						  " start_at, timezone, catchup, lookback, settle,"
						  " deadline, depends_on_past, schedule, retries,"
						  " retry_delay, policy, tags, params, settings,"
						  " definition,"
						  " defined_by) VALUES ($1, $2, $3, $4, $5, $6, $7,"
						  " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
						  " $18, $19, $20)",
						  &args);
	add_steps(pipeline);

	dq_args_int8(&update, pipeline->id);
	dq_args_int4(&update, pipeline->version);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.pipeline SET version = $2,"
						  " changed_at = pg_catalog.clock_timestamp()"
						  " WHERE pipeline_id = $1",
						  &update);
}

/*
 * dq_store_loaded_windows: see store.h.
 */
int64
dq_store_loaded_windows(int64 pipeline_id, int version)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_int4(&args, version);
	return dq_rows_int8(dq_spi_query_fresh("SELECT count(DISTINCT run_window)"
										   " AS windows FROM etl_catalog.run"
										   " WHERE pipeline_id = $1"
										   " AND version = $2"
										   " AND state = 'succeeded'"
										   " AND NOT partial",
										   &args),
						0, "windows");
}

/*
 * dq_store_is_target: see store.h; by its qualified name.
 */
bool
dq_store_is_target(const char *relation)
{
	DqArgs args = {0};

	dq_args_text(&args, relation);
	return dq_spi_query_fresh("SELECT FROM etl_catalog.step s"
							  " JOIN etl_catalog.pipeline p"
							  " USING (pipeline_id, version)"
							  " WHERE s.kind = 'load'"
							  " AND s.options ->> 'target' = $1 LIMIT 1",
							  &args)
			   ->count > 0;
}

/*
 * dq_store_drop: remove the pipeline with all versions, grants and its
 * ledger; what is told about its runs stays. Returns what is lost.
 */
DqForgotten
dq_store_drop(int64 pipeline_id)
{
	DqForgotten forgotten;
	DqArgs args = {0};
	DqRows *rows;

	dq_args_int8(&args, pipeline_id);
	rows = dq_spi_query_fresh("SELECT (SELECT count(*) FROM etl_catalog.ledger"
							  " WHERE pipeline_id = $1) AS ranges,"
							  " count(*) AS runs,"
							  " count(DISTINCT run_window)"
							  " FILTER (WHERE state = 'succeeded'"
							  " AND NOT partial) AS windows"
							  " FROM etl_catalog.run WHERE pipeline_id = $1",
							  &args);
	forgotten.ranges = dq_rows_int8(rows, 0, "ranges");
	forgotten.runs = dq_rows_int8(rows, 0, "runs");
	forgotten.windows = dq_rows_int8(rows, 0, "windows");
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "DELETE FROM etl_catalog.pipeline"
						  " WHERE pipeline_id = $1",
						  &args);
	return forgotten;
}

/*
 * dq_store_rename: give another name, in its history too; the caller made
 * sure that it is free and that no run is live.
 */
void
dq_store_rename(int64 pipeline_id, const char *name)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_text(&args, name);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.run SET pipeline = $2"
						  " WHERE pipeline_id = $1",
						  &args);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.pipeline SET name = $2,"
						  " changed_at = pg_catalog.clock_timestamp()"
						  " WHERE pipeline_id = $1",
						  &args);
}

/*
 * dq_store_set_enabled: may new runs start? reason may be NULL.
 */
void
dq_store_set_enabled(int64 pipeline_id, bool enabled, const char *reason)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_bool(&args, enabled);
	dq_args_text(&args, reason);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.pipeline SET enabled = $2,"
						  " disabled_reason = $3,"
						  " changed_at = pg_catalog.clock_timestamp()"
						  " WHERE pipeline_id = $1",
						  &args);
}

/*
 * dq_store_set_owner: the role that runs execute as, name and OID.
 */
void
dq_store_set_owner(int64 pipeline_id, Oid owner, const char *owner_name)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_oid(&args, owner);
	dq_args_text(&args, owner_name);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.pipeline SET owner_oid = $2,"
						  " owner_name = $3,"
						  " changed_at = pg_catalog.clock_timestamp()"
						  " WHERE pipeline_id = $1",
						  &args);
	/* restored into another cluster: the role is the same by its name */
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.quarantine SET owner_oid = $2"
						  " WHERE pipeline_id = $1 AND owner_name = $3"
						  " AND owner_oid <> $2",
						  &args);
}

/*
 * dq_store_granted: see store.h. A row of a role that is called otherwise now
 * counts as none.
 */
char *
dq_store_granted(int64 pipeline_id, Oid role)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_int8(&args, pipeline_id);
	dq_args_oid(&args, role);
	rows = dq_spi_query_fresh("SELECT a.privilege"
							  " FROM etl_catalog.pipeline_access a"
							  " JOIN pg_catalog.pg_roles r"
							  " ON r.oid = a.role_oid"
							  " AND r.rolname = a.role_name"
							  " WHERE a.pipeline_id = $1 AND a.role_oid = $2",
							  &args);
	return rows->count > 0 ? dq_rows_text(rows, 0, "privilege") : NULL;
}

/*
 * dq_store_grant: set what a role may do, whatever it could before.
 */
void
dq_store_grant(int64 pipeline_id, Oid role, const char *name,
			   const char *privilege)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_oid(&args, role);
	dq_args_text(&args, name);
	dq_args_text(&args, privilege);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.pipeline_access"
						  " (pipeline_id, role_oid, role_name, privilege)"
						  " VALUES ($1, $2, $3, $4)"
						  " ON CONFLICT (pipeline_id, role_oid) DO UPDATE"
						  " SET role_name = excluded.role_name,"
						  " privilege = excluded.privilege",
						  &args);
}

/*
 * dq_store_revoke: take back what was granted to a role.
 */
void
dq_store_revoke(int64 pipeline_id, Oid role)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_oid(&args, role);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "DELETE FROM etl_catalog.pipeline_access"
						  " WHERE pipeline_id = $1 AND role_oid = $2",
						  &args);
}

/*
 * dq_store_target_is_shared: see store.h.
 */
bool
dq_store_target_is_shared(const char *target, int64 pipeline_id)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_text(&args, target);
	dq_args_int8(&args, pipeline_id);
	rows = dq_spi_query(DQ_BOOKKEEPING,
						"SELECT EXISTS (SELECT 1 FROM etl_catalog.pipeline p"
						" JOIN etl_catalog.step s USING (pipeline_id, version)"
						" WHERE s.kind = 'load' AND p.pipeline_id <> $2"
						" AND s.options ->> 'target' = $1) AS answer",
						&args);
	return dq_rows_bool(rows, 0, "answer");
}
