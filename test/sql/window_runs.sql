-- Which window a run takes, and what it is told about it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never
CREATE SCHEMA window_runs;
SET search_path = window_runs;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
CREATE TABLE seen (n int GENERATED ALWAYS AS IDENTITY, window_start timestamptz, window_end timestamptz,
	data_start timestamptz, logical_date date, zone text, in_run boolean);
CREATE VIEW shown AS SELECT n, window_start, window_end, logical_date FROM seen;
CREATE FUNCTION note() RETURNS text LANGUAGE sql AS
$$ SELECT $_$ INSERT INTO seen (window_start, window_end, data_start, logical_date, zone, in_run)
	SELECT etl.window_start(), etl.window_end(), etl.data_start(), etl.logical_date(), current_setting('TimeZone'), etl.run_id() IS NOT NULL $_$ $$;
CREATE PROCEDURE forget() LANGUAGE sql AS $$ TRUNCATE seen RESTART IDENTITY $$;

-- catching up: the oldest due window, over the change to summer time
SELECT action FROM etl.define('window_runs daily', period => '1 day', timezone => 'Europe/Berlin',
	start_at => '2024-03-30 00:00+01', steps => ARRAY[etl.call('note', note())]) LIMIT 1;
BEGIN;
SELECT etl.run('window_runs daily', inline => true) IS NOT NULL AS ran FROM generate_series(1, 3);
SELECT * FROM seen;
SELECT done, next_window FROM etl.pipelines WHERE pipeline = 'window_runs daily';
-- a gap is filled first
SELECT etl.run('window_runs daily', '2024-04-03 00:00+02', '2024-04-04 00:00+02', inline => true) IS NOT NULL AS ran;
SELECT done, next_window FROM etl.pipelines WHERE pipeline = 'window_runs daily';
SELECT etl.run('window_runs daily', inline => true) IS NOT NULL AS ran FROM generate_series(1, 2);
SELECT * FROM shown WHERE n > 3;
SELECT done FROM etl.pipelines WHERE pipeline = 'window_runs daily';
-- several whole windows in one run, also before the first and done ones
SELECT etl.run('window_runs daily', '2024-03-28 00:00+01', '2024-04-01 00:00+02', inline => true) IS NOT NULL AS ran;
SELECT * FROM shown WHERE n > 6;
SELECT done FROM etl.pipelines WHERE pipeline = 'window_runs daily';
-- run_id is NULL again outside
SELECT etl.run_id(), etl.window_end() = date_trunc('day', now()) AS today;
ROLLBACK;
CALL forget();

-- off the grid: the hint has whole windows; pasted it works
SELECT etl.run('window_runs daily', '2024-03-31 00:00+00', '2024-04-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('window_runs daily', '2024-03-30 23:00+00', '2024-03-31 23:00+00');
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT etl.run('window_runs daily', window_start => '2024-03-31 00:00:00+01', window_end => '2024-04-02 00:00:00+02', inline => true) IS NOT NULL AS ran;
SELECT * FROM shown;
ROLLBACK;
CALL forget();
SELECT etl.run('window_runs daily', '2024-03-31 00:00+01', '2024-03-31 00:00+01');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('window_runs daily', '2024-04-01 00:00+02', '2024-03-31 00:00+01');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('window_runs daily', '-infinity', '2024-03-31 00:00+01');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('window_runs daily', '2024-03-31 00:00+01', 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('window_runs daily', '9999-01-01 00:00+01', '9999-01-02 00:00+01', partial => true);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('window_runs daily', '2024-03-31 00:00+01', '294276-12-31 23:00+00');
\echo :LAST_ERROR_SQLSTATE

-- a window that is not over. These are 1000 years long: 2000 is not over yet
SELECT action FROM etl.define('window_runs partial', period => '1000 years', timezone => 'UTC',
	start_at => '1000-01-01 00:00+00', steps => ARRAY[etl.call('note', note())]) LIMIT 1;
SELECT etl.run('window_runs partial', '2000-01-01 00:00+00', '3000-01-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT etl.run('window_runs partial', partial => true, inline => true) IS NOT NULL AS ran;
SELECT etl.run('window_runs partial', window_start => '2000-01-01 00:00:00+00', window_end => '3000-01-01 00:00:00+00', partial => true, inline => true) IS NOT NULL AS ran;
SELECT * FROM shown;
SELECT window_start, window_end, partial, state FROM etl.runs WHERE pipeline = 'window_runs partial';
SELECT done FROM etl.pipelines WHERE pipeline = 'window_runs partial';
SELECT window_start, state, run_id IS NOT NULL AS ran, next_statement FROM etl.windows WHERE pipeline = 'window_runs partial';
-- partial is a permission: a window that is over is done
SELECT etl.run('window_runs partial', '1000-01-01 00:00+00', '2000-01-01 00:00+00', partial => true, inline => true) IS NOT NULL AS ran;
SELECT done, next_window FROM etl.pipelines WHERE pipeline = 'window_runs partial';
ROLLBACK;
-- off the grid: the hint keeps to what is over, or else to what has begun
SELECT etl.run('window_runs partial', '1500-01-01 00:00+00', '2500-01-01 00:00+00');
SELECT etl.run('window_runs partial', '2001-01-01 00:00+00', '3500-01-01 00:00+00');
SELECT etl.run('window_runs partial', '2900-01-01 00:00+00', '3500-01-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT etl.run('window_runs partial', '1000-01-01 00:00+00', '2000-01-01 00:00+00', inline => true) IS NOT NULL AS ran;
SELECT etl.run('window_runs partial', inline => true) IS NULL AS nothing_due;
SELECT idle_reason FROM etl.pipelines WHERE pipeline = 'window_runs partial';
ROLLBACK;
CALL forget();

-- no catching up: the latest finished window only
SELECT action FROM etl.define('window_runs latest', period => '100 years', timezone => 'UTC', catchup => false,
	start_at => '1200-01-01 00:00+00', steps => ARRAY[etl.call('note', note())]) LIMIT 1;
BEGIN;
SELECT next_window FROM etl.pipelines WHERE pipeline = 'window_runs latest';
SELECT etl.run('window_runs latest', inline => true) IS NOT NULL AS ran FROM generate_series(1, 2);
SELECT * FROM shown;
SELECT done, next_window, idle_reason FROM etl.pipelines WHERE pipeline = 'window_runs latest';
SELECT window_start, state FROM etl.windows WHERE pipeline = 'window_runs latest';
ROLLBACK;
CALL forget();

-- before start_at there is nothing due
SELECT action FROM etl.define('window_runs later', period => '1 day', timezone => 'UTC', start_at => '9000-01-01 00:00+00',
	steps => ARRAY[etl.call('note', note())]) LIMIT 1;
SELECT etl.run('window_runs later') IS NULL AS nothing_due;
SELECT etl.run('window_runs later', partial => true) IS NULL AS nothing_due;
SELECT idle_calls, idle_reason FROM etl.pipelines WHERE pipeline = 'window_runs later';
SELECT count(*) FROM etl.windows WHERE pipeline = 'window_runs later';
BEGIN;
SELECT etl.run('window_runs later', '2024-01-01 00:00+00', '2024-01-02 00:00+00', inline => true) IS NOT NULL AS ran;
SELECT done FROM etl.pipelines WHERE pipeline = 'window_runs later';
ROLLBACK;
CALL forget();

-- months from the 31st, and hours that ignore the clock change
SELECT action FROM etl.define('window_runs monthly', period => '1 month', timezone => 'Europe/Berlin', start_at => '2023-12-31 00:00+01',
	steps => ARRAY[etl.call('note', note())]) LIMIT 1;
BEGIN;
SELECT etl.run('window_runs monthly', inline => true) IS NOT NULL AS ran FROM generate_series(1, 4);
SELECT n, window_start AT TIME ZONE 'Europe/Berlin' AS "start", window_end AT TIME ZONE 'Europe/Berlin' AS "end", logical_date FROM seen;
SELECT done FROM etl.pipelines WHERE pipeline = 'window_runs monthly';
ROLLBACK;
CALL forget();
SELECT action FROM etl.define('window_runs hourly', period => '1 hour', timezone => 'Europe/Berlin', start_at => '2024-10-27 01:00+02',
	steps => ARRAY[etl.call('note', note())]) LIMIT 1;
BEGIN;
SELECT etl.run('window_runs hourly', inline => true) IS NOT NULL AS ran FROM generate_series(1, 3);
SELECT n, window_start AT TIME ZONE 'Europe/Berlin' AS local_start, extract(epoch FROM window_end - window_start)::int AS seconds FROM seen;
ROLLBACK;
CALL forget();

-- without a period: from success to success
SELECT action FROM etl.define('window_runs open', timezone => 'UTC', steps => ARRAY[etl.call('note', note())]) LIMIT 1;
SELECT next_window FROM etl.pipelines WHERE pipeline = 'window_runs open';
SELECT etl.run('window_runs open') IS NOT NULL AS ran FROM generate_series(1, 3);
SELECT a.window_start = coalesce(b.window_end, '-infinity') AS joined, a.window_end > a.window_start AS forward,
	a.data_start = a.window_start AS data, a.logical_date = coalesce(b.window_end, a.window_end)::date AS logical
FROM seen a LEFT JOIN seen b ON b.n = a.n - 1 ORDER BY a.n;
SELECT lower_inf(unnest(done)) AS since_ever, upper(done) = (SELECT max(window_end) FROM seen) AS to_last, lower(next_window) = upper(done) AS next
FROM etl.pipelines WHERE pipeline = 'window_runs open';
SELECT window_start, partial FROM etl.runs WHERE pipeline = 'window_runs open' ORDER BY run_id LIMIT 1;
SELECT etl.run_pending('window_runs open') AS windows;
SELECT etl.run('window_runs open', '2024-01-01 00:00:00.5+00', '2024-01-01 00:00:01+00') IS NOT NULL AS ran;
SELECT etl.run('window_runs open', '2024-01-01 00:00+00', '9999-01-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.run('window_runs open', '2024-01-01 00:00+00', '2024-01-01 00:00+00');
\echo :LAST_ERROR_SQLSTATE
-- the explicit window in the middle moved nothing
SELECT upper(done) > '2024-01-02' AS last, lower_inf(unnest(done)) AS since_ever FROM etl.pipelines WHERE pipeline = 'window_runs open';
SELECT count(*) FROM etl.windows WHERE pipeline = 'window_runs open';

DO $$ BEGIN PERFORM etl.drop_pipeline(pipeline) FROM etl.pipelines WHERE pipeline LIKE 'window\_runs %'; END $$;
DROP SCHEMA window_runs CASCADE;
