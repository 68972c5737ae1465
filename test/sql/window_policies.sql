-- When a window is due, when it is late, what it reads beside itself, and what
-- must be done before it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set VERBOSITY terse
SET timezone = 'UTC';
CREATE SCHEMA window_policies;
CREATE TABLE window_policies.seen (pipeline text, window_start timestamptz, data_start timestamptz, window_end timestamptz);

-- lookback: by the calendar of the zone, over a change of the clock
SELECT * FROM etl.define('window_policies lookback', period => '1 day', start_at => '2024-03-30 00:00 Europe/Berlin', timezone => 'Europe/Berlin', lookback => '1 day 2 hours', steps => ARRAY[
	etl.extract('w', $$ SELECT 'lookback', etl.window_start(), etl.data_start(), etl.window_end() $$),
	etl.call('see', 'INSERT INTO window_policies.seen SELECT * FROM w')]);
SELECT etl.run_pending('window_policies lookback', 3);
SELECT window_start, window_start - data_start AS lookback FROM window_policies.seen ORDER BY 1;
SELECT done FROM etl.pipelines WHERE pipeline = 'window_policies lookback';

-- settle: nobody runs it before, save who says so
SELECT * FROM etl.define('window_policies settle', period => '1 day', start_at => '2024-01-01', timezone => 'UTC', settle => '200 years', deadline => '1 hour', steps => ARRAY[etl.call('c', 'SELECT 1')]);
SELECT etl.run('window_policies settle') IS NULL AS nothing_due;
SELECT etl.run_pending('window_policies settle');
SELECT idle_reason, next_window FROM etl.pipelines WHERE pipeline = 'window_policies settle';
SELECT DISTINCT state, due_at = window_end + interval '200 years' AS due, late_at - due_at AS late FROM etl.windows WHERE pipeline = 'window_policies settle' AND state <> 'open';
SELECT count(*) FROM etl.attention WHERE pipeline = 'window_policies settle';
SELECT etl.run('window_policies settle', '2024-01-01', '2024-01-02') IS NOT NULL AS asked_for;
-- the latest window that has settled, not the latest one
SELECT count(*) > 0 AS defined FROM etl.define('window_policies settle', period => '1 month', start_at => '2024-01-01', timezone => 'UTC', catchup => false, settle => '25 years', steps => ARRAY[etl.call('c', 'SELECT 1')]);
SELECT lower(next_window) = '2024-01-01' AS first FROM etl.pipelines WHERE pipeline = 'window_policies settle';

-- deadline
SELECT count(*) > 0 AS defined FROM etl.define('window_policies late', period => '1 day', start_at => '2024-01-01', timezone => 'UTC', settle => '30 min', deadline => '4 hours', steps => ARRAY[etl.call('c', 'SELECT 1')]);
SELECT state, due_at - window_end AS due, late_at - window_end AS late FROM etl.windows WHERE pipeline = 'window_policies late' AND window_end < now() - interval '1 day' LIMIT 1;
SELECT problem, window_start, window_end, since, reason, next_statement FROM etl.attention WHERE pipeline = 'window_policies late';
SELECT etl.run_pending('window_policies late', 2);
SELECT window_start, problem FROM etl.attention WHERE pipeline = 'window_policies late';
SELECT etl.disable('window_policies late', 'a rest');
SELECT problem FROM etl.attention WHERE pipeline = 'window_policies late';

-- depends_on_past: the windows after one that failed wait for it
CREATE TABLE window_policies.gate (open boolean);
INSERT INTO window_policies.gate VALUES (false);
SELECT count(*) > 0 AS defined FROM etl.define('window_policies past', period => '1 day', start_at => '2024-01-01', timezone => 'UTC', depends_on_past => true, steps => ARRAY[
	etl.expect('window_policies.gate', ARRAY[$$open OR etl.logical_date() <> '2024-01-02'$$])]);
SELECT etl.run_pending('window_policies past', 5);
SELECT state, window_start FROM etl.runs WHERE pipeline = 'window_policies past' ORDER BY run_id;
SELECT idle_reason FROM etl.pipelines WHERE pipeline = 'window_policies past';
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT etl.run('window_policies past', '2024-01-03', '2024-01-04');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
UPDATE window_policies.gate SET open = true;
SELECT etl.run_pending('window_policies past', 3);
SELECT state, window_start FROM etl.runs WHERE pipeline = 'window_policies past' ORDER BY run_id;
-- before the first window there is no past
SELECT etl.run('window_policies past', '2023-01-01', '2023-01-02') IS NOT NULL AS ran;

-- what cannot be
SELECT etl.define('window_policies bad', ARRAY[etl.call('c', 'SELECT 1')], lookback => '-1 day');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.define('window_policies bad', ARRAY[etl.call('c', 'SELECT 1')], settle => '1 day');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.define('window_policies bad', ARRAY[etl.call('c', 'SELECT 1')], deadline => '1 day');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.define('window_policies bad', ARRAY[etl.call('c', 'SELECT 1')], depends_on_past => true);
\echo :LAST_ERROR_SQLSTATE

-- a change is told, the same again is not
SELECT * FROM etl.define('window_policies lookback', period => '1 day', start_at => '2024-03-30 00:00 Europe/Berlin', timezone => 'Europe/Berlin', lookback => '3 days', settle => '1 hour', steps => ARRAY[
	etl.extract('w', $$ SELECT 'lookback', etl.window_start(), etl.data_start(), etl.window_end() $$),
	etl.call('see', 'INSERT INTO window_policies.seen SELECT * FROM w')]);

SELECT count(etl.drop_pipeline(pipeline)) FROM etl.pipelines WHERE pipeline LIKE 'window_policies %';
DROP SCHEMA window_policies CASCADE;
