-- Loads that put the batch in the place of a part of the target, or of all.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_replace;
SET search_path = load_replace, public;
SET TimeZone = 'UTC';
SET DateStyle = ISO;

-- one run of a pipeline that loads a query for a window; the counts
CREATE FUNCTION load(query text, target text, mode text, params jsonb DEFAULT '{}', since timestamptz DEFAULT '2026-01-01 00:00+00',
	period interval DEFAULT '1 day', zone text DEFAULT 'UTC', more etl.step[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_replace', ARRAY[etl.extract('s', query)] || more || etl.load('s', target, mode => mode, params => '{"narrowing": "allow"}' || params),
		period => period, start_at => timestamp '2025-12-01 00:00' AT TIME ZONE zone, timezone => zone);
	run := etl.run('load_replace', since, (since AT TIME ZONE zone + period) AT TIME ZONE zone, inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. replace_keys: lines that disappeared go, other orders stay; twice is once
CREATE TABLE lines (order_id int, line int, qty numeric(6,2), PRIMARY KEY (order_id, line));
INSERT INTO lines SELECT o, l, 1 FROM generate_series(1, 3) o, generate_series(1, 3) l;
SELECT load('SELECT 1 AS order_id, l AS line, 1.005 AS qty FROM generate_series(2, 4) l', 'lines', 'replace_keys', '{"key": "order_id"}');
SELECT load('SELECT 1 AS order_id, l AS line, 1.005 AS qty FROM generate_series(2, 4) l', 'lines', 'replace_keys', '{"key": "order_id"}');
SELECT * FROM lines ORDER BY order_id, line;
-- a parent that has no lines any more: keys_from another stage
SELECT load('SELECT 1 AS order_id, 1 AS line, 1 AS qty', 'lines', 'replace_keys', '{"key": "order_id", "keys_from": "orders"}',
	more => ARRAY[etl.extract('orders', 'SELECT i::text::numeric AS order_id, ''x'' AS other FROM generate_series(1, 2) i')]);
SELECT * FROM lines ORDER BY order_id, line;
-- nothing read: only those of keys_from, or nothing at all
SELECT load('SELECT 1 AS order_id, 1 AS line WHERE false', 'lines', 'replace_keys', '{"key": "order_id"}');
SELECT load('SELECT 1 AS order_id, 1 AS line WHERE false', 'lines', 'replace_keys', '{"key": "order_id", "keys_from": "orders"}',
	more => ARRAY[etl.extract('orders', 'SELECT 1 AS order_id')]);
SELECT count(*), min(order_id) FROM lines;
SELECT load('SELECT NULL::int AS order_id, 1 AS line', 'lines', 'replace_keys', '{"key": "order_id"}');
SELECT load('SELECT 1 AS order_id, 1 AS line', 'lines', 'replace_keys', '{"key": "order_id", "keys_from": "order"}',
	more => ARRAY[etl.extract('orders', 'SELECT 1 AS order_id')]);
SELECT load('SELECT 1 AS order_id, 1 AS line', 'lines', 'replace_keys', '{"key": "order_id", "keys_from": "orders"}',
	more => ARRAY[etl.extract('orders', 'SELECT 1 AS id')]);
-- the step of keys_from goes first, and is known to
SELECT step, depends_on FROM etl.steps WHERE pipeline = 'load_replace' AND kind = 'load';

-- 2. replace_window: of the window only; a bag may have twins
CREATE TABLE events (at timestamptz, v int);
INSERT INTO events SELECT '2026-01-01 00:00+00'::timestamptz + i * interval '12 hours', i FROM generate_series(-1, 3) i;
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, v FROM unnest(ARRAY[7, 7, 8]) v $$, 'events', 'replace_window', '{"window_column": "at"}');
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, v FROM unnest(ARRAY[7, 7, 8]) v $$, 'events', 'replace_window', '{"window_column": "at"}');
SELECT * FROM events ORDER BY at, v;
-- rows outside: refused, or left out
SELECT load($$ SELECT at, 1 AS v FROM unnest(ARRAY['2025-12-31 23:59:59.999999+00', '2026-01-01 00:00+00', '2026-01-02 00:00+00', NULL]::timestamptz[]) AS at $$,
	'events', 'replace_window', '{"window_column": "at"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT at, 1 AS v FROM unnest(ARRAY['2025-12-31 23:59:59.999999+00', '2026-01-01 00:00+00', '2026-01-02 00:00+00', NULL]::timestamptz[]) AS at $$,
	'events', 'replace_window', '{"window_column": "at", "outside_window": "drop"}');
SELECT * FROM events ORDER BY at, v;
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, 1 AS v WHERE false $$, 'events', 'replace_window', '{"window_column": "at"}');
SELECT * FROM events ORDER BY at, v;
-- local time of the pipeline where the column has no zone; a day of 23 hours
CREATE TABLE local_events (at timestamp, v int);
CREATE TABLE days (day date, v int);
INSERT INTO local_events SELECT '2026-03-28 22:00'::timestamp + i * interval '6 hours', i FROM generate_series(0, 6) i;
INSERT INTO days SELECT date '2026-03-28' + i, i FROM generate_series(0, 2) i;
SELECT load($$ SELECT timestamp '2026-03-29 23:59' AS at, 0 AS v $$, 'local_events', 'replace_window', '{"window_column": "at"}', '2026-03-29 00:00+01', zone => 'Europe/Berlin');
SELECT load($$ SELECT etl.logical_date() AS day, 0 AS v $$, 'days', 'replace_window', '{"window_column": "day"}', '2026-03-29 00:00+01', zone => 'Europe/Berlin');
SELECT * FROM local_events ORDER BY at;
SELECT * FROM days ORDER BY day;
-- a date needs whole days
SELECT load($$ SELECT date '2026-01-01' AS day $$, 'days', 'replace_window', '{"window_column": "day"}', '2026-01-01 06:00+00', '6 hours');
\echo :LAST_ERROR_SQLSTATE
-- with a key, duplicates are found
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, v FROM unnest(ARRAY[7, 7, 8]) v $$, 'events', 'replace_window', '{"window_column": "at", "key": "v"}');
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, v FROM unnest(ARRAY[7, 7, 8]) v $$, 'events', 'replace_window',
	'{"window_column": "at", "key": "v", "sequence_by": "at", "dedupe": "first"}');

-- 3. replace_all, in place and into new storage
CREATE TABLE whole (id int PRIMARY KEY, v text DEFAULT 'none');
CREATE VIEW seen AS SELECT count(*) AS n, min(v) AS v FROM whole;
INSERT INTO whole SELECT i, 'old' FROM generate_series(1, 5) i;
SELECT load('SELECT i AS id FROM generate_series(4, 6) i', 'whole', 'replace_all');
SELECT load('SELECT i AS id FROM generate_series(4, 6) i', 'whole', 'replace_all');
SELECT * FROM seen;
SELECT load($$ SELECT i AS id, 'kept' AS v FROM generate_series(4, 7) i $$, 'whole', 'replace_all', '{"method": "truncate", "order_by": "id"}');
SELECT * FROM seen;
SELECT load('SELECT 1 AS id UNION ALL SELECT NULL', 'whole', 'replace_all');
SELECT load('SELECT i / 2 AS id FROM generate_series(1, 3) i', 'whole', 'replace_all', '{"key": "id"}');
SELECT * FROM seen;
SELECT load('SELECT 1 AS id WHERE false', 'whole', 'replace_all');
SELECT * FROM seen;
-- TRUNCATE is refused where a key refers to the table
CREATE TABLE child (id int REFERENCES whole);
SELECT load('SELECT 1 AS id', 'whole', 'replace_all', '{"method": "truncate"}');
\echo :LAST_ERROR_SQLSTATE

-- 4. children in an inheritance tree are not meant; partitions are
CREATE TABLE heir (extra int) INHERITS (events);
INSERT INTO heir VALUES ('2026-01-01 06:00+00', 99, 1);
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, 1 AS v $$, 'events', 'replace_window', '{"window_column": "at"}');
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, 2 AS v $$, 'events', 'replace_all');
SELECT load($$ SELECT timestamptz '2026-01-01 06:00+00' AS at, 3 AS v $$, 'events', 'replace_all', '{"method": "truncate"}');
SELECT tableoid::regclass AS relation, v FROM events ORDER BY v;
CREATE TABLE split (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE split_old PARTITION OF split FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE split_new PARTITION OF split FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
INSERT INTO split SELECT i, date '2025-12-30' + i FROM generate_series(0, 4) i;
SELECT load($$ SELECT 9 AS id, etl.logical_date() AS at $$, 'split', 'replace_window', '{"window_column": "at"}');
SELECT load($$ SELECT 9 AS id, etl.logical_date() AS at $$, 'split', 'replace_window', '{"window_column": "at"}');
SELECT tableoid::regclass AS relation, * FROM split ORDER BY at;
SELECT load($$ SELECT 8 AS id, date '2025-01-01' AS at $$, 'split', 'replace_all', '{"method": "truncate"}');
SELECT tableoid::regclass AS relation, * FROM split ORDER BY at;

SELECT etl.drop_pipeline('load_replace') IS NULL AS dropped;
DROP SCHEMA load_replace CASCADE;
