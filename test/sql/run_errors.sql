-- Every way in which starting a run is refused, and how a failed one reports.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA run_errors;
SET search_path = run_errors, public;
CREATE TABLE target (id int PRIMARY KEY);

SELECT count(*) > 0 AS defined FROM etl.define('run_errors ok',
	period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
	steps => ARRAY[
		etl.extract('one', 'SELECT 1 AS id'),
		etl.load('one', target => 'target', key => '{id}')]);

-- arguments
SELECT etl.run(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('run_erors ok');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('run_errors ok', if_running => 'maybe');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('run_errors ok', '2024-01-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('run_errors ok', '2024-01-01 06:00+00', '2024-01-02 06:00+00');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('run_errors ok', '2024-01-02 00:00+00', '2024-01-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('run_errors ok', '2999-01-01 00:00+00', '2999-01-02 00:00+00');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.wait(-1);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.cancel(0);
\echo :LAST_ERROR_SQLSTATE

-- where a run cannot start
BEGIN;
INSERT INTO target VALUES (100);
SELECT etl.run('run_errors ok');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT etl.run('run_errors ok');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT etl.run_pending('run_errors ok');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
CREATE FUNCTION sneaky(int) RETURNS int IMMUTABLE LANGUAGE sql AS
	$$ SELECT etl.run('run_errors ok')::int $$;
CREATE TABLE indexed (id int);
INSERT INTO indexed VALUES (1);
\set VERBOSITY terse
CREATE INDEX ON indexed (sneaky(id));
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default

-- a disabled pipeline
SELECT etl.disable('run_errors ok', 'source is being rebuilt') IS NOT NULL AS disabled;
SELECT etl.run('run_errors ok');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.enable('run_errors ok') IS NOT NULL AS enabled;
SELECT etl.run('run_errors ok') IS NOT NULL AS ran;

-- errors of a step: its own SQLSTATE, text and caret; \set shows the fields
SELECT count(*) > 0 AS defined FROM etl.define('run_errors bad',
	steps => ARRAY[etl.extract('broken', $$
SELECT 1 AS id,
       nothing_there
FROM   target $$)]);
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT etl.run('run_errors bad');
\echo :LAST_ERROR_SQLSTATE
SELECT sqlstate, message, step, statement_position,
       context LIKE 'run % of pipeline "run_errors bad", step "broken"' AS in_context
FROM etl.run_errors WHERE pipeline = 'run_errors bad';
SELECT etl.run_pending('run_errors bad', 5);
\echo :LAST_ERROR_SQLSTATE

-- retries: only what another attempt may heal
SELECT count(*) > 0 AS defined FROM etl.define('run_errors retry',
	retries => 2, retry_delay => '10 ms',
	steps => ARRAY[
		etl.extract('one', 'SELECT 1 AS id'),
		etl.call('conflict', $$ DO $x$ BEGIN RAISE SQLSTATE '40001' USING MESSAGE = 'conflict'; END $x$ $$)]);
SELECT etl.run('run_errors retry') IS NULL;
SELECT attempt, sqlstate, will_retry FROM etl.run_errors
WHERE pipeline = 'run_errors retry' ORDER BY attempt;
SELECT attempt, step, state FROM etl.run_steps
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_errors retry')
ORDER BY attempt, run_order;
SELECT state, attempt FROM etl.runs WHERE pipeline = 'run_errors retry';

-- deferred constraints are part of the publish
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY,
	parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
SELECT count(*) > 0 AS defined FROM etl.define('run_errors deferred',
	steps => ARRAY[
		etl.extract('orphan', 'SELECT 1 AS id, 7 AS parent'),
		etl.load('orphan', target => 'child', key => '{id}')]);
SELECT etl.run('run_errors deferred') IS NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT state, error_sqlstate FROM etl.runs WHERE pipeline = 'run_errors deferred';
SELECT count(*) FROM child;

-- a call after the publish that fails: the data is out, the caller is told
SELECT count(*) > 0 AS defined FROM etl.define('run_errors after',
	steps => ARRAY[
		etl.extract('two', 'SELECT 2 AS id'),
		etl.load('two', target => 'target', key => '{id}'),
		etl.call('clean', 'VACUUM target', phase => 'before'),
		etl.call('tell', 'SELECT 1/0', phase => 'after')]);
SET client_min_messages = error; -- a WARNING names the run
SELECT etl.run('run_errors after') IS NOT NULL AS ran;
RESET client_min_messages;
SELECT r.state, s.step, s.state, s.message FROM etl.runs r JOIN etl.run_steps s USING (run_id)
WHERE r.pipeline = 'run_errors after' ORDER BY s.run_order;
SELECT id FROM target ORDER BY id;

SELECT bool_and(etl.drop_pipeline(pipeline) IS NOT NULL) AS dropped
FROM (SELECT pipeline FROM etl.pipelines WHERE pipeline LIKE 'run\_errors %' ORDER BY 1) p;
SET client_min_messages = warning;
DROP SCHEMA run_errors CASCADE;
