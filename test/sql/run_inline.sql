-- inline => true: everything in the caller's transaction, for tests.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
DROP ROLE IF EXISTS regress_run_inline;
CREATE ROLE regress_run_inline;
CREATE SCHEMA run_inline AUTHORIZATION regress_run_inline;
SELECT etl.grant_usage('regress_run_inline', 'define') IS NOT NULL AS granted;
RESET client_min_messages;
SET ROLE regress_run_inline;
SET search_path = run_inline;
CREATE TABLE target (id int PRIMARY KEY, v text);

-- sees uncommitted rows and definitions, and goes with the transaction
BEGIN;
CREATE TABLE fresh AS SELECT 1 AS id, 'a' AS v;
SELECT action, object FROM etl.define('run_inline p', steps => ARRAY[
	etl.extract('rows', 'SELECT id, v FROM fresh'),
	etl.expect('rows', ARRAY['v IS NOT NULL']),
	etl.load('rows', target => 'target', key => '{id}')]);
SELECT etl.run('run_inline p', inline => true) IS NOT NULL AS ran;
SELECT * FROM target;
INSERT INTO fresh VALUES (2, 'b');
SELECT etl.run('run_inline p', inline => true) IS NOT NULL AS ran;
SELECT * FROM target ORDER BY id;
SELECT state, inline, version FROM etl.runs WHERE pipeline = 'run_inline p' ORDER BY run_id;
SELECT step, rows_inserted, rows_updated, rows_unchanged FROM etl.run_steps
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_inline p') AND kind = 'load';
SHOW search_path;
SELECT etl.run_id() IS NULL AS outside;
SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'etl\_r%' AND nspowner = 'regress_run_inline'::regrole;
-- a failing gate is an ordinary error, here undone by a savepoint
SAVEPOINT before_gate;
INSERT INTO fresh VALUES (3, NULL);
\set VERBOSITY sqlstate
SELECT etl.run('run_inline p', inline => true);
\set VERBOSITY default
ROLLBACK TO before_gate;
SHOW search_path;
SELECT etl.run('run_inline p', inline => true) IS NOT NULL AS ran;
ROLLBACK;
SELECT count(*) FROM target;
SELECT count(*) FROM etl.pipelines WHERE pipeline = 'run_inline p';

-- no identity is switched, not even for a superuser
SELECT count(*) > 0 AS defined FROM etl.define('run_inline p', steps => ARRAY[
	etl.extract('rows', $$ SELECT 1 AS id, current_user::text AS v $$),
	etl.load('rows', target => 'target', key => '{id}')]);
RESET ROLE;
SELECT etl.run('run_inline p', inline => true);
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_run_inline;
SELECT etl.run('run_inline p', inline => true) IS NOT NULL AS ran;
SELECT * FROM run_inline.target;
-- a run that would wait for itself says so instead of doing nothing
SELECT count(*) > 0 AS defined FROM etl.define('run_inline self', steps => ARRAY[
	etl.call('again', $$ SELECT etl.run('run_inline self', inline => true, if_running => 'wait') $$)]);
\set VERBOSITY sqlstate
SELECT etl.run('run_inline self', inline => true);
\set VERBOSITY default
SELECT etl.drop_pipeline('run_inline self') IS NOT NULL AS dropped;
-- the group role cannot log in: on 15 and 16 only inline works, and it is said so
SELECT etl.drop_pipeline('run_inline p') IS NOT NULL AS dropped;
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA run_inline CASCADE;
DROP OWNED BY regress_run_inline;
DROP ROLE regress_run_inline;
