-- Who may start a run, as whom it executes, and when an owner is not accepted.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE ROLE access_run_owner LOGIN;
CREATE ROLE access_run_runner LOGIN;
CREATE ROLE access_run_viewer LOGIN;
CREATE ROLE access_run_other LOGIN;
CREATE SCHEMA access_run AUTHORIZATION access_run_owner;
SELECT count(etl.grant_usage(r::regrole, 'run')) FROM unnest('{access_run_runner,access_run_viewer,access_run_other}'::text[]) r;
SELECT etl.grant_usage('access_run_owner', 'define');
CREATE FUNCTION access_run.try(pipeline text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN etl.run(pipeline) > 0 THEN 'ran' ELSE 'did not run' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
GRANT USAGE ON SCHEMA access_run TO PUBLIC;

SET ROLE access_run_owner;
CREATE TABLE access_run.ran (as_user text, as_session text);
SELECT count(*) FROM etl.define('access_run', ARRAY[
	etl.call('note', 'INSERT INTO access_run.ran VALUES (current_user, session_user)')], timezone => 'UTC');
SELECT etl.grant_access('access_run', 'access_run_runner', 'run');
SELECT etl.grant_access('access_run', 'access_run_viewer', 'view');

-- run is not view, and nothing is nothing
SET ROLE access_run_other;
SELECT etl.run('access_run');
\echo :SQLSTATE
SET ROLE access_run_viewer;
SELECT etl.run('access_run');
\echo :SQLSTATE
-- whoever starts it, it runs as the owner, whose rights are not lent
SET ROLE access_run_runner;
SELECT access_run.try('access_run');
SELECT * FROM access_run.ran;
\echo :SQLSTATE
SELECT etl.run('access_run', inline => true);
\echo :SQLSTATE
RESET ROLE;
SELECT access_run.try('access_run');
SELECT DISTINCT * FROM access_run.ran;
SELECT requested_by FROM etl_catalog.run WHERE pipeline = 'access_run' AND state = 'succeeded' AND requested_by LIKE 'access%';
-- a grant taken back
SET ROLE access_run_owner;
SELECT etl.revoke_access('access_run', 'access_run_runner', 'run');
SET ROLE access_run_runner;
SELECT access_run.try('access_run');
RESET ROLE;

-- disabled
SELECT etl.disable('access_run', 'for now');
SELECT etl.run('access_run');
\echo :SQLSTATE
SELECT etl.enable('access_run');
-- an owner who could not connect; before 17 that needs LOGIN too
ALTER ROLE access_run_owner NOLOGIN;
SELECT CASE WHEN current_setting('server_version_num')::int < 170000 THEN access_run.try('access_run')
	ELSE '28000 owner "access_run_owner" of pipeline "access_run" is not permitted to log in' END AS try;
ALTER ROLE access_run_owner LOGIN;
SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT regexp_replace(access_run.try('access_run'), 'database ".*"', 'database') AS try;
SELECT format('GRANT CONNECT ON DATABASE %I TO PUBLIC', current_database()) \gexec
SELECT access_run.try('access_run');
-- name and OID of the owner disagree: forged, or restored elsewhere
UPDATE etl_catalog.pipeline SET owner_oid = current_user::regrole WHERE name = 'access_run';
SELECT access_run.try('access_run');
UPDATE etl_catalog.pipeline SET owner_oid = 'access_run_owner'::regrole, owner_name = 'access_run_other' WHERE name = 'access_run';
SELECT access_run.try('access_run');
UPDATE etl_catalog.pipeline SET owner_oid = 1, owner_name = 'access_run_owner' WHERE name = 'access_run';
SELECT etl.run('access_run');
\echo :SQLSTATE
SELECT etl.set_owner('access_run', 'access_run_owner');
SELECT access_run.try('access_run');
-- renamed: it must be approved again, too
ALTER ROLE access_run_owner RENAME TO access_run_renamed;
SELECT etl.run('access_run');
\echo :SQLSTATE
SELECT etl.set_owner('access_run', 'access_run_renamed');
SELECT access_run.try('access_run');
ALTER ROLE access_run_renamed RENAME TO access_run_owner;
SELECT etl.set_owner('access_run', 'access_run_owner');

-- what the administrator has switched off
ALTER SYSTEM SET dq_etl.enabled = off;
SELECT pg_reload_conf();
\c
SELECT etl.run('access_run');
\echo :SQLSTATE
ALTER SYSTEM RESET dq_etl.enabled;
ALTER SYSTEM SET dq_etl.allow_superuser_pipelines = off;
SELECT pg_reload_conf();
\c
-- another owner's pipeline goes on, but not when the owner becomes a superuser
SELECT access_run.try('access_run');
ALTER ROLE access_run_owner SUPERUSER;
SELECT etl.run('access_run');
\echo :SQLSTATE
SELECT etl.set_owner('access_run', current_user::regrole);
\echo :SQLSTATE
ALTER ROLE access_run_owner NOSUPERUSER;
ALTER SYSTEM RESET dq_etl.allow_superuser_pipelines;
SELECT pg_reload_conf();
\c
SET client_min_messages = warning;
SELECT count(etl.drop_pipeline('access_run'));
DELETE FROM etl_catalog.run WHERE pipeline = 'access_run';
DROP SCHEMA access_run CASCADE;
SELECT count(etl.revoke_usage(r::regrole, 'view')) FROM unnest('{access_run_owner,access_run_runner,access_run_viewer,access_run_other}'::text[]) r;
DROP ROLE access_run_owner, access_run_runner, access_run_viewer, access_run_other;
