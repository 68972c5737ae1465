-- Schedules. The clock is pg_cron's; what should be scheduled is ours.

-- The name of a pipeline's job: of ids, so that a change of name leaves it
-- alone and two databases never share one; pg_cron 1.4 holds 63 bytes.
CREATE FUNCTION etl_catalog.job_name(pipeline_id bigint) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN 'dq_etl ' || pipeline_id || ' in '
		|| CASE WHEN octet_length(current_database()) <= 32
				THEN current_database()::text
				ELSE md5(current_database()::text) END;

-- What should be scheduled, of the pipelines that one may see; the extension,
-- whose owner sees all, reads it too.
CREATE VIEW etl_catalog.wanted_job AS
	SELECT p.pipeline_id, p.name AS pipeline, p.owner_oid, p.owner_name,
		   v.schedule, etl_catalog.job_name(p.pipeline_id) AS job_name,
		   'SELECT etl.run_pending(' || quote_literal(p.name) || ')' AS command
	  FROM etl_catalog.visible_pipeline p
	  JOIN etl_catalog.pipeline_version v USING (pipeline_id, version);

CREATE FUNCTION etl.schedule(pipeline text, cron text DEFAULT NULL) RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_schedule';
COMMENT ON FUNCTION etl.schedule(text, text) IS
'Schedule a pipeline with pg_cron, at its own schedule unless one is given in pg_cron''s syntax; returns the job id. A NOTICE names the time zone in which pg_cron reads it. Scheduling again replaces the job. The job runs as the owner: call it as the owner, who needs USAGE on schema cron, or as a superuser. Errors: 22023 no schedule, 55000 pg_cron is not here (the HINT says what to do), 42501 not the owner';

CREATE FUNCTION etl.unschedule(pipeline text) RETURNS boolean
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_unschedule';
COMMENT ON FUNCTION etl.unschedule(text) IS
'Remove the pg_cron job that etl.schedule made; false when there was none, NULL for NULL. Errors: 42501 not the owner, 55000 pg_cron is in another database (the HINT says what to execute there)';

CREATE FUNCTION etl.cron_command(pipeline text) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'dq_etl_cron_command';
COMMENT ON FUNCTION etl.cron_command(text) IS
'Return the SQL that a scheduler should execute for a pipeline; NULL for NULL. Error: 42501 not yours to see';

CREATE FUNCTION etl_catalog.cron_jobs(
	OUT pipeline_id bigint, OUT job_id bigint, OUT job_schedule text,
	OUT active boolean, OUT username text, OUT database_name text,
	OUT last_status text, OUT last_started_at timestamptz,
	OUT last_finished_at timestamptz, OUT last_message text,
	OUT drift text, OUT next_statement text)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_cron_jobs';

CREATE VIEW etl.schedules WITH (security_barrier) AS
	SELECT w.pipeline, w.owner_name AS owner, w.schedule, j.job_id,
		   j.job_schedule, j.active, j.username, j.database_name,
		   j.last_status, j.last_started_at, j.last_finished_at,
		   j.last_message, j.drift, j.next_statement
	  FROM etl_catalog.cron_jobs() j
	  JOIN etl_catalog.wanted_job w USING (pipeline_id)
	 WHERE w.schedule IS NOT NULL OR j.job_id IS NOT NULL;
COMMENT ON VIEW etl.schedules IS
'Show each pipeline that has a schedule or a pg_cron job: what the definition wants (schedule), what pg_cron does (job_id to database_name), its last result, how the two differ (drift, NULL when they agree) and the statement that mends it. Jobs are seen only when pg_cron is in this database. last_status and last_message are pg_cron''s: the last of its latest 100,000 runs';
COMMENT ON COLUMN etl.schedules.schedule IS 'Schedule in the definition, in pg_cron''s syntax; NULL when it has none';
COMMENT ON COLUMN etl.schedules.username IS 'Role that the job runs as';
COMMENT ON COLUMN etl.schedules.drift IS
'NULL, or: not scheduled, runs as another role, runs in another database, command differs, schedule differs, not active, pg_cron is not in this database, pg_cron is not installed, pg_cron is not loaded';
COMMENT ON COLUMN etl.schedules.next_statement IS 'Statement that mends the drift; NULL when there is none';
