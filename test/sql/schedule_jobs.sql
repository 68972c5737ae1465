-- etl.schedule, etl.unschedule, etl.cron_command and etl.schedules over pg_cron
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE EXTENSION IF NOT EXISTS pg_cron;
CREATE ROLE schedule_owner LOGIN;
CREATE ROLE schedule_member LOGIN IN ROLE schedule_owner;
CREATE ROLE schedule_other LOGIN;
CREATE ROLE schedule_nologin;
SELECT count(etl.grant_usage(r, 'define')) FROM unnest('{schedule_owner,schedule_member,schedule_other,schedule_nologin}'::regrole[]) r;
CREATE VIEW schedule_shown AS
	SELECT pipeline, owner, schedule, job_id IS NOT NULL AS has_job, job_schedule, active, username,
		   database_name = current_database() AS here, last_status, drift, next_statement
	  FROM etl.schedules WHERE pipeline LIKE 'schedule %';
CREATE VIEW schedule_job AS
	SELECT schedule, command, username, active, database = current_database() AS here,
		   jobname = etl_catalog.job_name((SELECT pipeline_id FROM etl_catalog.pipeline p WHERE command = etl.cron_command(p.name))) AS named
	  FROM cron.job WHERE command LIKE '%schedule %' ORDER BY command, username;
SET ROLE schedule_owner;
SELECT action, object FROM etl.define('schedule it''s', schedule => '0 0 1 1 *', steps => ARRAY[etl.call('c', 'SELECT 1')]);
SELECT action, object FROM etl.define('schedule none', steps => ARRAY[etl.call('c', 'SELECT 1')]);

-- what a job executes
SELECT etl.cron_command('schedule it''s');
SELECT etl.cron_command(NULL) IS NULL AS null_for_null;

-- nothing is scheduled yet
RESET ROLE;
SELECT * FROM schedule_shown;
SELECT etl.unschedule('schedule it''s'), etl.unschedule(NULL) IS NULL AS null_for_null;

-- the owner needs USAGE on schema cron
SET ROLE schedule_owner;
\set VERBOSITY sqlstate
SELECT etl.schedule('schedule it''s');
\set VERBOSITY default
RESET ROLE;
GRANT USAGE ON SCHEMA cron TO schedule_owner, schedule_member, schedule_other;

-- as the owner; a NOTICE names the time zone
SET ROLE schedule_owner;
SET client_min_messages = notice;
SELECT etl.schedule('schedule it''s') > 0 AS scheduled;
RESET client_min_messages;
SET client_min_messages = warning;
RESET ROLE;
SELECT * FROM schedule_job;
SELECT * FROM schedule_shown;

-- again: the same job
SELECT job_id AS job FROM etl.schedules WHERE pipeline = 'schedule it''s' \gset
SET ROLE schedule_owner;
SELECT etl.schedule('schedule it''s') = :job AS same_job;
SELECT etl.schedule('schedule it''s', '0 1 1 1 *') = :job AS same_job;
RESET ROLE;
SELECT job_schedule, drift, next_statement FROM schedule_shown;

-- a superuser schedules in the owner's name, and it is the same job too
SELECT etl.schedule('schedule it''s') = :job AS same_job;
SELECT * FROM schedule_job;

-- without a schedule of its own
SELECT etl.schedule('schedule none');
SELECT etl.schedule('schedule none', '@monthly') > 0 AS scheduled;
SELECT pipeline, schedule, job_schedule, drift FROM schedule_shown ORDER BY pipeline;

-- errors, as SQLSTATE: what pg_cron refuses, what is not ours to do, what is not there
\set VERBOSITY sqlstate
SELECT etl.schedule('schedule it''s', 'every now and then');
SELECT etl.schedule('schedule it''s', '61 * * * *');
SELECT etl.schedule('schedule it''s', '');
SELECT etl.schedule(NULL);
SELECT etl.schedule('schedule its');
SELECT etl.unschedule('schedule its');
SELECT etl.cron_command('schedule its');
SET ROLE schedule_member;
SELECT etl.schedule('schedule it''s');
SET ROLE schedule_other;
SELECT etl.schedule('schedule it''s');
SELECT etl.unschedule('schedule it''s');
SELECT etl.cron_command('schedule it''s');
SELECT count(*) FROM etl.schedules;
RESET ROLE;
BEGIN READ ONLY;
SELECT etl.schedule('schedule it''s');
ROLLBACK;
BEGIN READ ONLY;
SELECT etl.unschedule('schedule it''s');
ROLLBACK;

-- what one can do about them
\set VERBOSITY default
SELECT etl.schedule('schedule it', '@daily');
SET ROLE schedule_member;
SELECT etl.schedule('schedule it''s');
SET ROLE schedule_nologin;
SELECT count(*) FROM etl.define('schedule nologin', steps => ARRAY[etl.call('c', 'SELECT 1')]);
RESET ROLE;
SELECT etl.schedule('schedule nologin', '@daily');
SELECT * FROM schedule_job;

-- drift: each kind, and the statement that mends it
SELECT cron.alter_job(:job, active => false) \g /dev/null
SELECT drift, next_statement FROM schedule_shown WHERE pipeline = 'schedule it''s';
SELECT etl.schedule('schedule it''s') > 0 AS mended;
SELECT drift FROM schedule_shown WHERE pipeline = 'schedule it''s';
SELECT job_id AS job FROM etl.schedules WHERE pipeline = 'schedule it''s' \gset
SELECT cron.alter_job(:job, command => 'SELECT 1') \g /dev/null
SELECT drift, next_statement FROM schedule_shown WHERE pipeline = 'schedule it''s';
SELECT etl.schedule('schedule it''s') > 0 AS mended;
SELECT cron.alter_job(:job, username => 'schedule_other') \g /dev/null
SELECT drift, username FROM schedule_shown WHERE pipeline = 'schedule it''s';
SELECT severity, object, message, hint FROM etl.health() WHERE object LIKE 'pipeline schedule %' AND message LIKE '%pg_cron%';
SELECT etl.schedule('schedule it''s') > 0 AS mended;
SELECT * FROM schedule_job;
SELECT drift FROM schedule_shown WHERE pipeline = 'schedule it''s';

-- a job that somebody made by hand counts
SELECT etl.unschedule('schedule it''s');
SELECT count(cron.schedule_in_database('schedule by hand', '0 0 1 1 *', etl.cron_command('schedule it''s'), current_database(), 'schedule_owner'));
SELECT has_job, drift FROM schedule_shown WHERE pipeline = 'schedule it''s';
SELECT count(cron.unschedule(jobid)) FROM cron.job WHERE jobname = 'schedule by hand';

-- the job follows a change of name, and goes with its owner and its pipeline
SELECT etl.schedule('schedule it''s') > 0 AS scheduled;
SELECT etl.rename_pipeline('schedule it''s', 'schedule \ renamed');
SELECT * FROM schedule_job;
SELECT drift FROM schedule_shown WHERE pipeline = E'schedule \\ renamed';
SET client_min_messages = notice;
SELECT etl.set_owner(E'schedule \\ renamed', 'schedule_other');
SET client_min_messages = warning;
SELECT owner, drift FROM schedule_shown WHERE pipeline = E'schedule \\ renamed';
SELECT etl.schedule(E'schedule \\ renamed') > 0 AS scheduled;
SELECT * FROM schedule_job;
SET client_min_messages = notice;
BEGIN;
SELECT etl.drop_pipeline(E'schedule \\ renamed');
SELECT count(*) FROM schedule_job;
ROLLBACK;
SELECT count(*) FROM schedule_job;
SELECT etl.drop_pipeline(E'schedule \\ renamed');
SELECT count(*) FROM schedule_job;
SET client_min_messages = warning;

-- without pg_cron in the database
SELECT etl.unschedule('schedule none');
DROP VIEW schedule_job;
DROP EXTENSION pg_cron;
SELECT etl.schedule('schedule none', '@daily');
SET ROLE schedule_owner;
SELECT count(*) FROM etl.define('schedule none', schedule => '@daily', steps => ARRAY[etl.call('c', 'SELECT 1')]);
SELECT drift, next_statement FROM etl.schedules;
SELECT etl.unschedule('schedule none');
-- a schema and tables that only look like pg_cron's are not read
RESET ROLE;
CREATE SCHEMA cron;
CREATE FUNCTION cron.never() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never as %', current_user; END $$;
CREATE VIEW cron.job AS SELECT cron.never() AS jobid, 's' AS schedule, 'c' AS command, 'd' AS database, 'u' AS username, true AS active, 'dq_etl' AS jobname;
CREATE VIEW cron.job_run_details AS SELECT cron.never() AS jobid, 1 AS runid;
SELECT drift FROM etl.schedules WHERE pipeline = 'schedule none';
SELECT etl.drop_pipeline('schedule none');
DROP SCHEMA cron CASCADE;

SELECT etl.drop_pipeline('schedule nologin');
DROP VIEW schedule_shown;
SELECT count(etl.revoke_usage(r, 'view')) FROM unnest('{schedule_owner,schedule_member,schedule_other,schedule_nologin}'::regrole[]) r;
DROP ROLE schedule_member, schedule_owner, schedule_other, schedule_nologin;
