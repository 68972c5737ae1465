-- The history of a pipeline's checks: what succeeded counts, a rerun replaces.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA rules_history_runs;
SET search_path = rules_history_runs, public;
\set SHOW_CONTEXT never
CREATE TABLE source (day date, n int);
INSERT INTO source SELECT '2024-01-01'::date + d, 1000 + (d * 7919) % 41 - 20 FROM generate_series(0, 13) AS d;
CREATE TABLE target (day date, i int);
CREATE FUNCTION define(rule text) RETURNS SETOF text LANGUAGE sql AS $$
SELECT action FROM etl.define('rules_history_runs daily',
	period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
	steps => ARRAY[
		etl.extract('orders', 'SELECT s.day, i FROM source s, generate_series(1, s.n) AS i
			WHERE day >= etl.window_start() AND day < etl.window_end()'),
		etl.expect('orders', ARRAY[rule], name => 'volume'),
		etl.load('orders', target => 'target', mode => 'append')]) LIMIT 1 $$;
SELECT define('{"type": "anomaly", "name": "rows", "period": "1 day"}');

-- ten days, the first seven without a verdict
SELECT count(etl.run('rules_history_runs daily')) FROM generate_series(1, 10);
CREATE FUNCTION verdicts() RETURNS TABLE (logical_date date, state text, status text, success boolean, value text, n text, failing boolean) LANGUAGE sql AS $$
SELECT r.logical_date, r.state, c.status, c.success, c.observed ->> 'value', c.observed ->> 'n', c.observed ->> 'score' IS NOT NULL
FROM etl.check_results c JOIN etl.runs r USING (run_id) WHERE r.pipeline = 'rules_history_runs daily' ORDER BY run_id $$;
SELECT * FROM verdicts();
SELECT point_at AT TIME ZONE 'UTC' AS point_at, value, tested_rows, published, pipeline, step, source, check_name, role_name
FROM etl.metric_history WHERE pipeline = 'rules_history_runs daily' ORDER BY point_at LIMIT 3;

-- a day with few rows stops, nothing is loaded, and its number is no baseline
UPDATE source SET n = 10 WHERE day = '2024-01-11';
\set VERBOSITY sqlstate
SELECT etl.run('rules_history_runs daily');
\set VERBOSITY terse
SELECT * FROM verdicts() OFFSET 10;
SELECT point_at AT TIME ZONE 'UTC' AS point_at, value, published FROM etl.metric_history WHERE pipeline = 'rules_history_runs daily' ORDER BY 1 OFFSET 9;
SELECT count(*) FROM target WHERE day = '2024-01-11';
-- repaired, the same window again: one number for it, published
UPDATE source SET n = 1005 WHERE day = '2024-01-11';
SELECT etl.run('rules_history_runs daily') IS NOT NULL AS ran;
SELECT point_at AT TIME ZONE 'UTC' AS point_at, value, published FROM etl.metric_history WHERE pipeline = 'rules_history_runs daily' ORDER BY 1 OFFSET 9;
-- a failing rerun of a window that succeeded does not take its number away
UPDATE source SET n = 3 WHERE day = '2024-01-11';
\set VERBOSITY sqlstate
SELECT etl.run('rules_history_runs daily', '2024-01-11 00:00+00', '2024-01-12 00:00+00');
\set VERBOSITY terse
SELECT point_at AT TIME ZONE 'UTC' AS point_at, value, published FROM etl.metric_history WHERE pipeline = 'rules_history_runs daily' ORDER BY 1 OFFSET 9;
-- with a threshold moved the history goes on; a warning does not stop, and counts
SELECT define('{"type": "anomaly", "name": "rows", "period": "1 day", "severity": "warn", "sigmas": 4}');
UPDATE source SET n = 10 WHERE day = '2024-01-12';
SELECT etl.run('rules_history_runs daily') IS NOT NULL AS ran;
SELECT * FROM verdicts() OFFSET 13;
SELECT point_at AT TIME ZONE 'UTC' AS point_at, value, published FROM etl.metric_history WHERE pipeline = 'rules_history_runs daily' ORDER BY 1 OFFSET 10;
-- a day that was skipped counts as no rows: 12 numbers, and the 13th of January
SELECT etl.run('rules_history_runs daily', '2024-01-14 00:00+00', '2024-01-15 00:00+00') IS NOT NULL AS ran;
SELECT logical_date, state, status, value, n FROM verdicts() OFFSET 14;
-- numbers of failed runs count when asked for
SELECT define('{"type": "row_count_change", "name": "rows", "min_value": -0.5}');
UPDATE source SET n = 3 WHERE day = '2024-01-13';
\set VERBOSITY sqlstate
SELECT etl.run('rules_history_runs daily', '2024-01-13 00:00+00', '2024-01-14 00:00+00');
\set VERBOSITY terse
UPDATE source SET n = 2 WHERE day = '2024-01-14';
SELECT etl.run('rules_history_runs daily', '2024-01-14 00:00+00', '2024-01-15 00:00+00') IS NOT NULL AS ran;
SELECT define('{"type": "row_count_change", "name": "rows", "min_value": -0.5, "include_failed": true}');
SELECT etl.run('rules_history_runs daily', '2024-01-14 00:00+00', '2024-01-15 00:00+00') IS NOT NULL AS ran;
SELECT r.logical_date, r.state, c.status, c.observed ->> 'value' AS value, c.observed ->> 'centre' AS centre, c.observed ->> 'n' AS n
FROM etl.check_results c JOIN etl.runs r USING (run_id) WHERE r.pipeline = 'rules_history_runs daily' ORDER BY run_id OFFSET 15;
-- inline, in a transaction that is given up: nothing stays
BEGIN;
SELECT etl.run('rules_history_runs daily', '2024-01-02 00:00+00', '2024-01-03 00:00+00', inline => true) IS NOT NULL AS ran;
ROLLBACK;
SELECT count(*) FROM etl.metric_history WHERE pipeline = 'rules_history_runs daily';
-- the numbers of a pipeline are not those of etl.check
SELECT status, observed -> 'n' AS n FROM etl.check('source', ARRAY['{"type": "anomaly", "name": "rows"}']);

DELETE FROM etl_catalog.metric_point WHERE source = 'orders' AND step = 'volume';
SELECT etl.drop_pipeline('rules_history_runs daily') IS NOT NULL AS dropped;
DROP SCHEMA rules_history_runs CASCADE;
