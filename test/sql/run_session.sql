-- What a step does to its session reaches neither the record nor other steps;
-- waits that could never end are refused.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA run_session;
SET search_path = run_session, public;
CREATE TABLE seen (at text, path text, logical date);
CREATE PROCEDURE spoil() LANGUAGE plpgsql AS $$
BEGIN
	SET default_transaction_read_only = on;
	SET search_path = pg_catalog;
	COMMIT;
	RAISE EXCEPTION 'spoilt';
END $$;
CREATE PROCEDURE undo() LANGUAGE plpgsql AS $$
BEGIN
	ROLLBACK;
	INSERT INTO run_session.seen VALUES ('after rollback',
		current_setting('search_path'), etl.logical_date());
	COMMIT;
END $$;
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.id < 0 THEN
		RAISE EXCEPTION 'too late' USING ERRCODE = '23514';
	END IF;
	-- found only in the search_path of the pipeline
	INSERT INTO seen VALUES ('deferred', current_setting('search_path'), etl.logical_date());
	RETURN NULL;
END $$;
CREATE TABLE deferred (id int);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON deferred
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- settings that a procedure committed before it failed
SELECT count(*) > 0 AS defined FROM etl.define('run_session spoil',
	steps => ARRAY[etl.call('spoil', 'CALL spoil()', phase => 'before')]);
SELECT etl.run('run_session spoil') IS NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT r.state, e.step, e.sqlstate, e.message
FROM etl.runs r JOIN etl.run_errors e USING (run_id) WHERE r.pipeline = 'run_session spoil';

-- settings of the step, after a procedure rolled back; deferred triggers
SELECT count(*) > 0 AS defined FROM etl.define('run_session keep',
	period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
	params => '{"id": 1}',
	steps => ARRAY[
		etl.call('undo', 'CALL undo()', phase => 'before'),
		etl.call('defer', $$INSERT INTO deferred VALUES (etl.param('id')::int)$$, phase => 'before')]);
SELECT etl.run('run_session keep') IS NOT NULL AS ran;
SELECT * FROM seen ORDER BY at;
SELECT etl.run('run_session keep', params => '{"id": -1}') IS NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT e.step, e.sqlstate, s.state FROM etl.run_errors e JOIN etl.run_steps s USING (run_id, step)
WHERE e.pipeline = 'run_session keep';

-- a step that waits for its own run
SELECT count(*) > 0 AS defined FROM etl.define('run_session self',
	steps => ARRAY[etl.call('again', $$SELECT etl.run('run_session self', if_running => 'wait')$$, phase => 'before')]);
SELECT etl.run('run_session self') IS NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) > 0 AS defined FROM etl.define('run_session self',
	steps => ARRAY[etl.call('again', $$SELECT etl.wait(etl.run_id())$$, phase => 'before')]);
SELECT etl.run('run_session self') IS NULL;
\echo :LAST_ERROR_SQLSTATE

-- two runs that wait for each other, asleep
SELECT count(*) > 0 AS defined FROM etl.define('run_session ring 1',
	steps => ARRAY[etl.call('next', $$SELECT etl.run('run_session ring 2', if_running => 'wait')$$, phase => 'before')]);
SELECT count(*) > 0 AS defined FROM etl.define('run_session ring 2',
	steps => ARRAY[etl.call('next', $$SELECT etl.run('run_session ring 1', if_running => 'wait')$$, phase => 'before')]);
SELECT etl.run('run_session ring 1') IS NULL;
\echo :LAST_ERROR_SQLSTATE

-- a cancel is the run's, even if the step that got it goes on
SELECT count(*) > 0 AS defined FROM etl.define('run_session cancel', steps => ARRAY[
	etl.call('deaf', $$ DO $x$ BEGIN
		PERFORM pg_cancel_backend(pg_backend_pid());
		LOOP PERFORM 1; END LOOP;
	EXCEPTION WHEN query_canceled THEN NULL; END $x$ $$)]);
SELECT etl.run('run_session cancel') IS NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT state, error_sqlstate FROM etl.runs WHERE pipeline = 'run_session cancel';

-- an inline run is over for the session that made it
SELECT count(*) > 0 AS defined FROM etl.define('run_session inline',
	steps => ARRAY[etl.call('one', 'SELECT 1')]);
BEGIN;
SELECT etl.run('run_session inline', inline => true) AS id \gset
SELECT etl.wait(:id);
ROLLBACK;

-- stages that could not be dropped after the publish go with the next run
SELECT count(*) > 0 AS defined FROM etl.define('run_session stage',
	steps => ARRAY[
		etl.extract('rows', 'SELECT 1 AS id'),
		etl.call('look', 'CREATE OR REPLACE VIEW run_session.look AS SELECT * FROM rows', phase => 'after', depends_on => '{rows}')]);
SELECT etl.run('run_session stage') AS id \gset
SELECT count(*) AS schemas FROM pg_namespace WHERE nspname = 'etl_r' || :id;
DROP VIEW look;
SELECT etl.run('run_session stage') IS NOT NULL AS ran;
SELECT count(*) AS schemas FROM pg_namespace WHERE nspname = 'etl_r' || :id;
DROP VIEW look;

-- what a step creates without a schema's name goes with the stages
SELECT count(*) > 0 AS defined FROM etl.define('run_session scratch', steps => ARRAY[
	etl.extract('rows', 'SELECT 1 AS id'),
	etl.call('view', 'CREATE VIEW first AS SELECT * FROM rows', depends_on => '{rows}'),
	etl.call('matview', 'CREATE MATERIALIZED VIEW second AS TABLE first', depends_on => '{view}'),
	etl.call('table', 'CREATE TABLE third (id int) PARTITION BY LIST (id)', depends_on => '{matview}'),
	etl.call('partition', 'CREATE TABLE fourth PARTITION OF third DEFAULT', depends_on => '{table}')]);
SELECT etl.run('run_session scratch') AS id \gset
SELECT count(*) AS schemas FROM pg_namespace WHERE nspname = 'etl_r' || :id;

-- a superuser's step that becomes another role and fails: no next attempt
CREATE ROLE run_session_other;
CREATE PROCEDURE become() LANGUAGE plpgsql AS $$
BEGIN
	SET SESSION AUTHORIZATION run_session_other;
	COMMIT;
	RAISE EXCEPTION 'busy' USING ERRCODE = '40001';
END $$;
SELECT count(*) > 0 AS defined FROM etl.define('run_session become',
	retries => 1, retry_delay => '1 ms',
	steps => ARRAY[etl.call('other', 'CALL become()', phase => 'before')]);
\set VERBOSITY sqlstate
SELECT etl.run('run_session become');
\set VERBOSITY default
SELECT attempt, sqlstate, message, will_retry FROM etl.run_errors
WHERE pipeline = 'run_session become' ORDER BY attempt;
SELECT state FROM etl.runs WHERE pipeline = 'run_session become';
DROP ROLE run_session_other;

SELECT bool_and(etl.drop_pipeline(pipeline) IS NOT NULL) AS dropped
FROM (SELECT pipeline FROM etl.pipelines WHERE pipeline LIKE 'run\_session %' ORDER BY 1) p;
DROP SCHEMA run_session CASCADE;
