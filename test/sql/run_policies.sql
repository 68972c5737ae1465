-- Attempts, timeouts, steps that may be left out, and calls at the end of a run.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA run_policies;
SET search_path = run_policies;
CREATE TABLE target (id int PRIMARY KEY, note text);
CREATE TABLE log (n int GENERATED ALWAYS AS IDENTITY, what text, state text);
CREATE SEQUENCE attempts;
-- fails under an SQLSTATE until it was called often enough
CREATE FUNCTION flaky(good_at int, state text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF nextval('run_policies.attempts') < good_at THEN RAISE EXCEPTION 'not yet' USING ERRCODE = state; END IF;
	RETURN 1;
END $$;
CREATE FUNCTION for_ever() RETURNS int LANGUAGE plpgsql AS $$ BEGIN LOOP END LOOP; END $$;
CREATE PROCEDURE forget() LANGUAGE sql AS $$ TRUNCATE run_policies.target; TRUNCATE run_policies.log RESTART IDENTITY; SELECT setval('run_policies.attempts', 1, false) $$;
CREATE VIEW steps AS SELECT attempt, step, state, message FROM etl.run_steps WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline LIKE 'run_policies%') ORDER BY attempt, run_order;
CREATE VIEW last_run AS SELECT state, attempt, error_sqlstate, error_message FROM etl.runs WHERE pipeline LIKE 'run_policies%' ORDER BY run_id DESC LIMIT 1;

-- which errors are worth another attempt: the pipeline's list
SELECT count(*) > 0 AS defined FROM etl.define('run_policies retry', retries => 3, retry_delay => '0', retry_on => '{22012,P0}', steps => ARRAY[
	etl.extract('e', $$ SELECT run_policies.flaky(3, '22012') $$)]);
SELECT etl.run('run_policies retry') IS NOT NULL AS ran;
SELECT * FROM last_run;
CALL forget();
SELECT count(*) > 0 AS defined FROM etl.define('run_policies retry', retries => 3, retry_delay => '0', retry_on => '{22,40001}', never_retry => '{22012}', steps => ARRAY[
	etl.extract('e', $$ SELECT run_policies.flaky(3, '22012') $$)]);
SELECT etl.run('run_policies retry');
SELECT * FROM last_run;
CALL forget();
-- by itself 22012 does not heal
SELECT count(*) > 0 AS defined FROM etl.define('run_policies retry', retries => 3, retry_delay => '0', steps => ARRAY[
	etl.extract('e', $$ SELECT run_policies.flaky(3, '22012') $$)]);
SELECT etl.run('run_policies retry');
SELECT * FROM last_run;
CALL forget();
-- a step's own policy is counted for itself
SELECT count(*) > 0 AS defined FROM etl.define('run_policies retry', steps => ARRAY[
	etl.with_policy(etl.extract('e', $$ SELECT run_policies.flaky(3, 'P0001') $$), retries => 2, retry_delay => '0', retry_on => '{P0001}')]);
SELECT etl.run('run_policies retry') IS NOT NULL AS ran;
SELECT * FROM last_run;
SELECT count(*) AS errors, bool_and(will_retry) FROM etl.run_errors WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_policies retry');
CALL forget();

-- timeouts: of a step, of a run, inline
SELECT count(*) > 0 AS defined FROM etl.define('run_policies slow', steps => ARRAY[
	etl.with_policy(etl.extract('e', 'SELECT run_policies.for_ever() AS x'), timeout => '50 ms')]);
\set VERBOSITY default
SELECT etl.run('run_policies slow');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('run_policies slow', inline => true);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT * FROM last_run;
SELECT count(*) > 0 AS defined FROM etl.define('run_policies slow', timeout => '50 ms', retries => 5, retry_delay => '0', retry_on => '{QE005}', steps => ARRAY[
	etl.extract('e', 'SELECT run_policies.for_ever() AS x')]);
SELECT etl.run('run_policies slow');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM last_run;
SELECT etl.run('run_policies slow', inline => true);
\echo :LAST_ERROR_SQLSTATE
-- the timer ends with the run, also when the caller handles the error
DO $$ BEGIN PERFORM etl.run('run_policies slow', inline => true); EXCEPTION WHEN SQLSTATE 'QE005' THEN NULL; END; $$;
DO $$ DECLARE since timestamptz := clock_timestamp(); BEGIN WHILE clock_timestamp() < since + interval '100 ms' LOOP END LOOP; END $$;
-- while it waits for the next attempt
SELECT count(*) > 0 AS defined FROM etl.define('run_policies slow', timeout => '100 ms', retries => 1, retry_delay => '1 hour', retry_on => '{P0001}', steps => ARRAY[
	etl.extract('e', $$ SELECT run_policies.flaky(9, 'P0001') $$)]);
SELECT etl.run('run_policies slow');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM last_run;
CALL forget();

-- run_if: what reads the result goes with it, what does not stays
SELECT count(*) > 0 AS defined FROM etl.define('run_policies if', params => '{"full": false}', steps => ARRAY[
	etl.extract('few', 'SELECT 1 AS id, ''few'' AS note'),
	etl.with_policy(etl.extract('more', 'SELECT g AS id, ''more'' AS note FROM generate_series(2, 4) g'), run_if => 'etl.param(''full'')::boolean AND (SELECT count(*) FROM few) > 0'),
	etl.expect('more', ARRAY['id > 1']),
	etl.transform('both', 'SELECT * FROM few UNION ALL SELECT * FROM more'),
	etl.load('few', target => 'run_policies.target', key => '{id}'),
	etl.load('both', target => 'run_policies.target', key => '{id}', name => 'load_all'),
	etl.call('say', $$ INSERT INTO run_policies.log (what) VALUES ('said') $$)]);
SELECT etl.run('run_policies if') IS NOT NULL AS ran;
SELECT * FROM steps;
SELECT * FROM target ORDER BY id;
SELECT etl.run('run_policies if', params => '{"full": true}') IS NOT NULL AS ran;
SELECT step, state FROM steps;
SELECT * FROM target ORDER BY id;
SELECT etl.run('run_policies if', inline => true) IS NOT NULL AS ran;
SELECT step, state FROM steps;
CALL forget();

-- on_failure: before, in and out of the publish
SELECT count(*) > 0 AS defined FROM etl.define('run_policies leave', steps => ARRAY[
	etl.extract('good', 'SELECT 1 AS id, ''good'' AS note'),
	etl.with_policy(etl.extract('bad', 'SELECT 1 / 0 AS id, ''bad'' AS note'), on_failure => 'skip'),
	etl.load('good', target => 'run_policies.target', key => '{id}'),
	etl.load('bad', target => 'run_policies.target', key => '{id}'),
	etl.with_policy(etl.call('odd', 'INSERT INTO run_policies.target SELECT g, ''odd'' FROM generate_series(5, 1, -1) g'), on_failure => 'skip_downstream'),
	etl.call('after odd', $$ INSERT INTO run_policies.log (what) VALUES ('after odd') $$, depends_on => '{odd}'),
	etl.call('say', $$ INSERT INTO run_policies.log (what) VALUES ('said') $$)]);
SELECT etl.run('run_policies leave') IS NOT NULL AS ran;
SELECT * FROM last_run;
SELECT * FROM steps;
SELECT * FROM target ORDER BY id;
SELECT what FROM log;
CALL forget();
SELECT etl.run('run_policies leave', inline => true) IS NOT NULL AS ran;
SELECT step, state FROM steps;
SELECT * FROM target ORDER BY id;
CALL forget();

-- settings while the step runs, and not after it
SELECT count(*) > 0 AS defined FROM etl.define('run_policies set', steps => ARRAY[
	etl.with_policy(etl.extract('a', $$ SELECT current_setting('work_mem') AS a, current_setting('lock_timeout') AS b $$), settings => '{"work_mem": "7MB", "lock_timeout": "3s"}'),
	etl.extract('b', $$ SELECT current_setting('work_mem') = '7MB' AS still $$),
	etl.call('say', $$ INSERT INTO run_policies.log (what, state) SELECT a.a, a.b FROM a UNION ALL SELECT still::text, NULL FROM b $$)]);
SELECT etl.run('run_policies set') IS NOT NULL AS ran;
SELECT what, state FROM log ORDER BY n;
CALL forget();
SELECT etl.run('run_policies set', inline => true) IS NOT NULL AS ran;
SELECT what, state FROM log ORDER BY n;
SELECT current_setting('work_mem') = '7MB' AS still;
CALL forget();

-- calls at the end: by how it ended, and in any case
CREATE FUNCTION note(what text) RETURNS text LANGUAGE sql AS $$ SELECT format('INSERT INTO run_policies.log (what, state) SELECT %L, state FROM etl.runs WHERE run_id = etl.run_id()', what) $$;
SELECT count(*) > 0 AS defined FROM etl.define('run_policies hooks', params => '{"good": true}', steps => ARRAY[
	etl.call('at last', note('finally'), phase => 'finally'),
	etl.call('breaks', 'SELECT 1 / 0', phase => 'finally'),
	etl.call('also', note('finally too'), phase => 'finally'),
	etl.call('alarm', note('failure'), phase => 'failure'),
	etl.call('work', 'SELECT 1 / (etl.param(''good'')::boolean)::int'),
	etl.call('then', note('after'), phase => 'after')]);
SET client_min_messages = error;
SELECT etl.run('run_policies hooks') IS NOT NULL AS ran;
SET client_min_messages = warning;
SELECT what, state FROM log ORDER BY n;
SELECT * FROM last_run;
SELECT * FROM steps;
CALL forget();
SELECT etl.run('run_policies hooks', params => '{"good": false}');
SELECT what, state FROM log ORDER BY n;
SELECT * FROM last_run;
SELECT * FROM steps;
CALL forget();

-- what cannot be
\set VERBOSITY default
CREATE FUNCTION refused(step etl.step) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text; detail text;
BEGIN
	PERFORM etl.define('run_policies bad', ARRAY[step]);
	RETURN 'defined';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), timeout => '0'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), retries => 101));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), retry_delay => '2 days'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), retry_on => '{deadlock}'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), on_failure => 'skip_downsteam'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), run_if => 'true) UNION SELECT (false'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), run_if => 'true, false'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), run_if => 'true) AS a, (false'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), settings => '{"role": "postgres"}'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), settings => '{"Search_Path": "public"}'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), settings => '{"dq_etl.run_id": "1"}'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), settings => '{"work_mem": "much"}'));
SELECT refused(etl.with_policy(etl.call('c', 'SELECT 1'), settings => '["work_mem"]'));
SELECT refused(ROW('call', 'c', '{"command": "SELECT 1", "policy": {"timeout": "1 s"}}')::etl.step);
SELECT refused(etl.call('c', 'SELECT 1', phase => 'final'));
SELECT etl.define('run_policies bad', ARRAY[etl.call('c', 'SELECT 1')], timeout => '-1 s');
SELECT etl.define('run_policies bad', ARRAY[etl.call('c', 'SELECT 1')], never_retry => '{no}');
-- a policy of a policy; a change is told
SELECT action, object, detail FROM etl.define('run_policies set', timeout => '1 hour', steps => ARRAY[
	etl.with_policy(etl.with_policy(etl.extract('a', 'SELECT 1 AS one'), timeout => '5 s', retries => 1), retries => 2)]);
SELECT step, options -> 'policy' AS policy FROM etl.steps WHERE pipeline = 'run_policies set';

\set VERBOSITY terse
SELECT count(etl.drop_pipeline(pipeline)) FROM etl.pipelines WHERE pipeline LIKE 'run_policies %';
DROP SCHEMA run_policies CASCADE;
