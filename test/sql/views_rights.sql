-- Who sees what in the views: owners, members of an owner, roles with a grant,
-- pg_monitor, and others; samples and details are for owners only.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never
CREATE ROLE views_rights_owner LOGIN;
CREATE ROLE views_rights_member IN ROLE views_rights_owner;
CREATE ROLE views_rights_noinherit NOINHERIT IN ROLE views_rights_owner;
CREATE ROLE views_rights_granted;
CREATE ROLE views_rights_group;
CREATE ROLE views_rights_in_group IN ROLE views_rights_group;
CREATE ROLE views_rights_monitor IN ROLE pg_monitor;
CREATE ROLE views_rights_reader IN ROLE pg_read_all_data;
CREATE ROLE views_rights_other LOGIN;
CREATE ROLE views_rights_outside;
SELECT count(etl.grant_usage(r::regrole, 'define')) FROM unnest('{views_rights_owner,views_rights_other}'::text[]) AS r;
SELECT count(etl.grant_usage(('views_rights_' || r)::regrole, 'view'))
FROM unnest('{member,noinherit,granted,in_group,monitor,reader}'::text[]) AS r;
CREATE SCHEMA views_rights;
GRANT USAGE, CREATE ON SCHEMA views_rights TO PUBLIC;
SET search_path = views_rights;

SET ROLE views_rights_owner;
CREATE TABLE source AS SELECT 1 AS id, 'secret@example.org' AS email;
CREATE TABLE target (id int PRIMARY KEY CHECK (id <> 1), email text);
SELECT action FROM etl.define('views_rights secret', period => '100 years', start_at => '1800-01-01 00:00+00', timezone => 'UTC',
	params => '{"token": "x"}', schedule => '@daily', steps => ARRAY[
		etl.extract('rows', 'SELECT * FROM source'),
		etl.expect('rows', ARRAY['email IS NULL'], on_fail => 'warn'),
		etl.load('rows', target => 'target', key => '{id}')]) LIMIT 1;
SELECT etl.grant_access('views_rights secret', 'views_rights_granted', 'view') IS NOT NULL AS granted;
SELECT etl.grant_access('views_rights secret', 'views_rights_group', 'run') IS NOT NULL AS granted;
\set VERBOSITY sqlstate
SELECT etl.run('views_rights secret');
\set VERBOSITY default
RESET ROLE;
SET ROLE views_rights_other;
SELECT action FROM etl.define('views_rights other', period => '100 years', start_at => '1800-01-01 00:00+00', timezone => 'UTC',
	schedule => '@daily', steps => ARRAY[etl.call('one', 'SELECT 1')]) LIMIT 1;
RESET ROLE;

-- the same question as each of them
CREATE FUNCTION sees(who text, OUT pipelines bigint, OUT steps bigint, OUT runs bigint, OUT run_steps bigint, OUT errors bigint,
	OUT details bigint, OUT checks bigint, OUT samples bigint, OUT windows bigint, OUT attention bigint)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	SELECT count(*) INTO pipelines FROM etl.pipelines WHERE pipeline LIKE 'views\_rights%';
	SELECT count(*) INTO steps FROM etl.steps WHERE pipeline LIKE 'views\_rights%';
	SELECT count(*) INTO runs FROM etl.runs WHERE pipeline LIKE 'views\_rights%';
	SELECT count(*) INTO run_steps FROM etl.run_steps WHERE pipeline LIKE 'views\_rights%';
	SELECT count(*), count(detail) INTO errors, details FROM etl.run_errors WHERE pipeline LIKE 'views\_rights%';
	SELECT count(*), count(sample) INTO checks, samples FROM etl.check_results WHERE pipeline LIKE 'views\_rights%';
	SELECT count(DISTINCT pipeline) INTO windows FROM etl.windows WHERE pipeline LIKE 'views\_rights%';
	SELECT count(*) INTO attention FROM etl.attention WHERE pipeline LIKE 'views\_rights%';
	RESET ROLE;
EXCEPTION WHEN insufficient_privilege THEN
	RAISE WARNING '%: %', who, SQLERRM;
END $$;
CREATE VIEW everybody AS SELECT who, s.* FROM unnest('{owner,member,noinherit,granted,in_group,monitor,reader,other,outside}'::text[]) AS who,
	LATERAL sees('views_rights_' || who) AS s;
SELECT * FROM everybody;
SELECT * FROM sees(current_user);

-- neither a leaky function nor an operator sees more
SET ROLE views_rights_other;
CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE WARNING 'leaked: %', $1; RETURN true; END $$;
SELECT pipeline FROM etl.pipelines WHERE leak(pipeline);
SELECT step FROM etl.steps WHERE leak(statement);
SELECT run_id FROM etl.runs WHERE leak(params::text);
SELECT run_id FROM etl.run_steps WHERE leak(step);
SELECT run_id FROM etl.run_errors WHERE leak(message);
SELECT run_id FROM etl.check_results WHERE leak(sample::text);
SELECT DISTINCT pipeline FROM etl.windows WHERE leak(pipeline || state) AND state = 'running';
SELECT pipeline FROM etl.attention WHERE leak(reason);
SELECT pipeline FROM etl.schedules WHERE leak(pipeline);
-- (PostgreSQL takes a UNION ALL apart even where the view is a barrier)
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'etl'::regnamespace AND c.relkind = 'v' AND pg_get_viewdef(c.oid) ~ '\mUNION\M';
-- nor does what lies below the views
SELECT count(*) FROM etl_catalog.pipeline;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM etl_catalog.visible_run;
\echo :LAST_ERROR_SQLSTATE
SELECT etl_catalog.ledger_add(1, '2026-01-01', '2026-01-02');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT count(*) FROM pg_proc p WHERE pronamespace = 'etl_catalog'::regnamespace AND proname IN ('ledger_add', 'window_at')
	AND has_function_privilege('views_rights_other', p.oid, 'EXECUTE');
-- row security: a role that may read all tables sees no row of ours
SET ROLE views_rights_reader;
SELECT count(*) FROM etl_catalog.pipeline;
SELECT count(*) FROM etl_catalog.run;
SELECT count(*) FROM etl_catalog.check_result;
SELECT count(*) FROM etl_catalog.wanted_job;
RESET ROLE;

-- a run belongs to the role that executed it: a new owner gets no samples of it
SELECT etl.set_owner('views_rights secret', 'views_rights_other') IS NOT NULL AS given;
SELECT * FROM everybody WHERE who IN ('owner', 'other');
SELECT etl.set_owner('views_rights secret', 'views_rights_owner') IS NOT NULL AS given;

-- a name alone or an OID alone is not the role
BEGIN;
ALTER ROLE views_rights_owner RENAME TO views_rights_renamed;
ALTER ROLE views_rights_granted RENAME TO views_rights_renamed_too;
CREATE ROLE views_rights_owner;
SELECT pipelines, attention FROM sees('views_rights_renamed');
SELECT pipelines FROM sees('views_rights_renamed_too');
SELECT who, pipelines, runs, samples, attention FROM everybody WHERE who IN ('in_group', 'monitor');
ROLLBACK;

-- dropped: the history is the owner's and the monitors'
SELECT etl.drop_pipeline('views_rights secret') IS NOT NULL AND etl.drop_pipeline('views_rights other') IS NOT NULL AS dropped;
SELECT * FROM everybody;

DROP SCHEMA views_rights CASCADE;
DELETE FROM etl_catalog.run WHERE pipeline LIKE 'views\_rights%';
DROP OWNED BY views_rights_owner, views_rights_other, views_rights_member, views_rights_noinherit, views_rights_granted,
	views_rights_in_group, views_rights_monitor, views_rights_reader CASCADE;
DROP ROLE views_rights_owner, views_rights_member, views_rights_noinherit, views_rights_granted, views_rights_group,
	views_rights_in_group, views_rights_monitor, views_rights_reader, views_rights_other, views_rights_outside;
