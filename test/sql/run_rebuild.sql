-- etl.rebuild: everything that is done, once, in one transaction.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA run_rebuild;
SET search_path = run_rebuild, public;
SET TimeZone = 'UTC';
SET DateStyle = ISO;

CREATE TABLE src (id int, day date, v text);
INSERT INTO src SELECT i, date '2024-01-01' + (i - 1) % 4, 'v' || i FROM generate_series(1, 8) i;
CREATE TABLE dim (id int PRIMARY KEY, v text);
CREATE TABLE fact (id int PRIMARY KEY REFERENCES dim, day date);
CREATE TABLE log (id int, day date);
CREATE FUNCTION define(after etl.step[] DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM etl.define('run_rebuild', ARRAY[
		etl.extract('s', 'SELECT * FROM run_rebuild.src WHERE day >= etl.window_start()::date AND day < etl.window_end()::date'),
		etl.transform('dims', 'SELECT id, v FROM s'), etl.transform('facts', 'SELECT id, day FROM s'),
		etl.load('dims', 'dim'), etl.load('facts', 'fact'), etl.load('facts', 'log', mode => 'append', name => 'logs')] || after,
		period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC') $$;
SELECT define() > 0 AS defined;

-- 1. nothing is done yet
SELECT etl.rebuild('run_rebuild');
-- the second of three windows, and the fourth: the gap is filled too
SELECT etl.run('run_rebuild', '2024-01-01 00:00+00', '2024-01-02 00:00+00') IS NOT NULL AS ran;
SELECT etl.run('run_rebuild', '2024-01-03 00:00+00', '2024-01-04 00:00+00') IS NOT NULL AS ran;
SELECT finished FROM (SELECT range_agg(done) AS finished FROM etl_catalog.ledger JOIN etl_catalog.pipeline USING (pipeline_id) WHERE name = 'run_rebuild') AS q;
SELECT count(*), min(id), max(id) FROM log;
-- the source has other rows now; what is in the targets from elsewhere goes
UPDATE src SET v = 'new' || id;
DELETE FROM src WHERE id = 1;
INSERT INTO dim VALUES (99, 'by hand');
INSERT INTO log VALUES (99, NULL), (99, NULL);
SELECT etl.rebuild('run_rebuild') IS NOT NULL AS rebuilt;
SELECT * FROM dim ORDER BY id;
SELECT * FROM fact ORDER BY id;
SELECT * FROM log ORDER BY id;
SELECT step, rows_read, rows_inserted, rows_updated, rows_deleted, message FROM etl.run_steps
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_rebuild') AND kind = 'load' ORDER BY step;
SELECT window_start, window_end, state FROM etl.runs WHERE pipeline = 'run_rebuild' ORDER BY run_id DESC LIMIT 1;
SELECT range_agg(done) FROM etl_catalog.ledger JOIN etl_catalog.pipeline USING (pipeline_id) WHERE name = 'run_rebuild';
-- again: the same
SELECT etl.rebuild('run_rebuild') IS NOT NULL AS rebuilt;
SELECT (SELECT count(*) FROM dim) AS dim, (SELECT count(*) FROM fact) AS fact, (SELECT count(*) FROM log) AS log;
-- the next window follows
SELECT etl.run_pending('run_rebuild', 1);
SELECT count(*) FROM log;

-- 2. one that fails leaves everything as it was
INSERT INTO src VALUES (NULL, '2024-01-02', 'bad');
\set VERBOSITY sqlstate
SELECT etl.rebuild('run_rebuild');
\set VERBOSITY default
SELECT (SELECT count(*) FROM dim) AS dim, (SELECT count(*) FROM fact) AS fact, (SELECT count(*) FROM log) AS log;
SELECT range_agg(done) FROM etl_catalog.ledger JOIN etl_catalog.pipeline USING (pipeline_id) WHERE name = 'run_rebuild';
DELETE FROM src WHERE id IS NULL;

-- 3. what cannot be
CREATE TABLE history (id int, v text, valid_from timestamptz, valid_to timestamptz, PRIMARY KEY (id, valid_from));
SELECT define(ARRAY[etl.load('dims', 'history', mode => 'snapshot', name => 'kept', params => '{"strategy": "check", "check_columns": ["v"]}')]) > 0 AS defined;
SELECT etl.rebuild('run_rebuild');
\echo :LAST_ERROR_SQLSTATE
SELECT define() > 0 AS defined;
SELECT count(*) > 0 AS defined FROM etl.define('run_rebuild_other', ARRAY[etl.extract('s', 'SELECT 1 AS id, ''x'' AS v'), etl.load('s', 'dim')]);
SELECT etl.rebuild('run_rebuild');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.drop_pipeline('run_rebuild_other') IS NOT NULL AS dropped;
SELECT count(*) > 0 AS defined FROM etl.define('run_rebuild_none', ARRAY[etl.extract('s', 'SELECT 1 AS id')]);
SELECT etl.rebuild('run_rebuild_none');
\echo :LAST_ERROR_SQLSTATE
-- without a period: from ever to the last success
SELECT count(*) > 0 AS defined FROM etl.define('run_rebuild_none', ARRAY[etl.extract('s', 'SELECT id, v FROM run_rebuild.src'), etl.load('s', 'made', '{id}', params => '{"missing_target": "create"}')]);
SELECT etl.run('run_rebuild_none') IS NOT NULL AS ran;
DELETE FROM src WHERE id > 4;
SELECT etl.rebuild('run_rebuild_none') IS NOT NULL AS rebuilt;
SELECT count(*) FROM made;
-- a target that is not there is made
DROP TABLE made;
SELECT etl.rebuild('run_rebuild_none') IS NOT NULL AS rebuilt;
SELECT count(*) FROM made;
SELECT window_start, count(*) FROM etl.runs WHERE pipeline = 'run_rebuild_none' AND state = 'succeeded' GROUP BY window_start;
-- who may
CREATE ROLE run_rebuild_low;
SELECT etl.grant_usage('run_rebuild_low', 'run') IS NOT NULL AND etl.grant_access('run_rebuild', 'run_rebuild_low', 'run') IS NOT NULL AS granted;
SET ROLE run_rebuild_low;
SELECT etl.rebuild('run_rebuild');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT etl.rebuild(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rebuild('run_rebuilt');
BEGIN;
CREATE TABLE written ();
SELECT etl.rebuild('run_rebuild');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

SELECT etl.drop_pipeline('run_rebuild') IS NOT NULL AS dropped;
SELECT etl.drop_pipeline('run_rebuild_none') IS NOT NULL AS dropped;
DROP OWNED BY run_rebuild_low;
DROP SCHEMA run_rebuild CASCADE;
DROP ROLE run_rebuild_low;
