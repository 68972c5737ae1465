-- What step SQL reads about its run: values outside and inside a run, folding
-- to constants, cached plans, parallel workers.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA context_functions;
SET search_path = context_functions;
SET timezone = 'Europe/Berlin';

-- outside a run: the day before today, in the time zone of the session
SELECT etl.window_end() = date_trunc('day', now()) AS "end",
	etl.window_start() = date_trunc('day', now()) - interval '1 day' AS "start",
	etl.data_start() = etl.window_start() AS data,
	etl.logical_date() = (date_trunc('day', now()) - interval '1 day')::date AS logical;
SELECT etl.run_id() IS NULL AS run, etl.param('x') IS NULL AS param, etl.param(NULL) IS NULL AS null_name;
-- what is not set follows from what is
SET dq_etl.window_end = '2026-03-30 00:00:00+02';
SELECT etl.window_start(), etl.window_end(), etl.data_start(), etl.logical_date();
SET dq_etl.window_start = '-infinity';
SELECT etl.window_start(), etl.data_start(), etl.logical_date();

-- inside a run; DateStyle and TimeZone of the session do not change a value
SET dq_etl.window_start = '2026-03-28 23:00:00.000001+00';
SET dq_etl.window_end = '2026-03-29 22:00:00+00';
SET dq_etl.data_start = '2026-03-20 23:00:00+00';
SET dq_etl.logical_date = '2026-03-29';
SET dq_etl.run_id = '9223372036854775807';
SET dq_etl.params = '{"country": "O''Hara \" \\", "limit": 1.50, "flag": true, "list": [1, "a"], "nothing": null, "": "empty", "ärger": "ü"}';
SELECT etl.window_start(), etl.window_end(), etl.data_start(), etl.logical_date(), etl.run_id();
SET datestyle = 'German, DMY';
SET timezone = 'America/New_York';
SELECT etl.window_start() = '2026-03-28T23:00:00.000001Z'::timestamptz AS "start",
	etl.logical_date() = date '2026-03-29' AS logical;
RESET datestyle;
SET timezone = 'UTC';
SELECT name, etl.param(name) FROM unnest('{country,limit,flag,list,nothing,"",ärger}'::text[]) AS name;
SELECT etl.param('list')::jsonb -> 1 AS element;

-- errors
\set SHOW_CONTEXT never
SELECT etl.param('contry');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.param('LIMIT');
\echo :LAST_ERROR_SQLSTATE
SET dq_etl.params = '[1]';
SELECT etl.param('country');
\echo :LAST_ERROR_SQLSTATE
SET dq_etl.params = '{';
SELECT etl.param('country');
\echo :LAST_ERROR_SQLSTATE
-- a run without parameters knows none
SET dq_etl.params = '';
SELECT etl.param('country');
\echo :LAST_ERROR_SQLSTATE
SET dq_etl.params = '{"country": "at"}';
SET dq_etl.window_start = 'yesterdey';
SELECT etl.window_start();
\echo :LAST_ERROR_SQLSTATE
SET dq_etl.window_start = '2026-03-28 23:00:00+00';

-- constants to the planner, alone and under immutable functions
CREATE TABLE events (happened timestamptz, country text, n int) PARTITION BY RANGE (happened);
CREATE TABLE events_27 PARTITION OF events FOR VALUES FROM ('2026-03-27 23:00+00') TO ('2026-03-28 23:00+00');
CREATE TABLE events_28 PARTITION OF events FOR VALUES FROM ('2026-03-28 23:00+00') TO ('2026-03-29 22:00+00');
CREATE TABLE events_29 PARTITION OF events FOR VALUES FROM ('2026-03-29 22:00+00') TO ('2026-03-30 22:00+00');
EXPLAIN (COSTS OFF) SELECT * FROM events WHERE happened >= etl.window_start() AND happened < etl.window_end();
EXPLAIN (COSTS OFF) SELECT * FROM events_28
WHERE happened < etl.data_start() OR happened::date = etl.logical_date() - 7 OR n = etl.run_id() OR country = etl.param('country');
EXPLAIN (COSTS OFF) SELECT * FROM events_28 WHERE happened < (etl.window_end() AT TIME ZONE 'UTC' - interval '7 days') AT TIME ZONE 'UTC';
-- not one: timestamptz - interval depends on the time zone
EXPLAIN (COSTS OFF) SELECT * FROM events_28 WHERE happened < etl.window_end() - interval '7 days';
-- an unknown parameter is an error only where it is evaluated or estimated
EXPLAIN (COSTS OFF) SELECT * FROM events_28 WHERE country = etl.param('no');
\echo :LAST_ERROR_SQLSTATE
EXPLAIN (COSTS OFF) SELECT * FROM events_28 WHERE country = etl.param(country);
SELECT CASE WHEN n > 0 THEN etl.param('no') ELSE 'not evaluated' END FROM (VALUES (0)) AS v(n);

-- a cached plan does not outlive the setting
PREPARE cached AS SELECT etl.window_start(), etl.param('country');
SET plan_cache_mode = force_generic_plan;
EXECUTE cached;
SET dq_etl.window_start = '2026-03-27 23:00:00+00';
SET dq_etl.params = '{"country": "ch"}';
EXECUTE cached;
BEGIN;
SET LOCAL dq_etl.window_start = '2020-01-01 00:00:00+00';
EXECUTE cached;
ROLLBACK;
EXECUTE cached;
DEALLOCATE cached;
CREATE FUNCTION start_now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS 'BEGIN RETURN etl.window_start(); END';
SELECT start_now();
SET dq_etl.window_start = '2026-03-28 23:00:00+00';
SELECT start_now();

-- parallel workers see the same (start_now() is planned in the worker)
CREATE TABLE many AS SELECT g AS n FROM generate_series(1, 10000) AS g;
ALTER TABLE many SET (parallel_workers = 2);
ALTER FUNCTION start_now() PARALLEL SAFE;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT n FROM many WHERE etl.param('c' || CASE WHEN n > 0 THEN 'ountry' END) = 'ch';
SELECT count(*) FROM many WHERE start_now() = '2026-03-28 23:00:00+00' AND etl.param('c' || CASE WHEN n > 0 THEN 'ountry' END) = 'ch';

-- outside a run nothing is folded: a plan may live past midnight
RESET dq_etl.window_start;
RESET dq_etl.window_end;
RESET dq_etl.params;
RESET dq_etl.run_id;
EXPLAIN (COSTS OFF) SELECT * FROM events_28 WHERE happened < etl.window_end() OR n = etl.run_id() OR country = etl.param('x');

DROP SCHEMA context_functions CASCADE;
