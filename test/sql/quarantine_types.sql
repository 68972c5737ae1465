-- Rows of all kinds go into quarantine, and come back as they were.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA quarantine_types;
SET search_path = quarantine_types;
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- types that a user made, and some that look different from session to session
CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"', 'ok,{}');
CREATE TYPE pair AS (a integer, "B b" text);
CREATE DOMAIN small AS integer CHECK (VALUE < 100);
CREATE DOMAIN document AS json;
CREATE TABLE src (id integer, e mood, es mood[], p pair, ps pair[], s small, js jsonb, b bytea, t tsrange, i interval, f float8, n numeric, c char(5), v varchar(3), u uuid, o oid, "Weird ""name""" text, d daterange[]);
INSERT INTO src VALUES
	(1, 'it''s "fine"', '{sad,"ok,{}",NULL}', '(7,"x ""y"" \\ z")', ARRAY['(1,)', NULL, '(,"a,b")']::pair[], 99, '{"k": [1, null, {"x": "\\u0000"}], "n": 1.50}', '\x00ff5c22',
	 '[2024-02-01 10:11:12.5,2024-03-04)', '-1 mons +3 days -04:05:06.7', 0.1::float8 + 0.2::float8, '-0.000', 'ab', 'abc', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 4294967295, E'tab\there \\u0000 "q" é\u2028', '{"[2024-02-01,2024-03-04)",empty}'),
	(2, NULL, '{}', ROW(NULL, NULL), NULL, NULL, '[]', '', 'empty', '-1 days', '-Infinity', 'NaN', '', '', NULL, 0, '', '{}'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE target (LIKE src, good text, number bigint GENERATED ALWAYS AS IDENTITY, twice integer GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE kept AS SELECT * FROM src;
-- the session in which it is defined, and those in which it runs, show values in different ways
SET DateStyle = 'Postgres, MDY';
SET IntervalStyle = 'sql_standard';
SELECT count(*) FROM etl.define('quarantine_types', steps => ARRAY[
	etl.extract('rows', 'SELECT *, etl.param(''good'') AS good FROM src'),
	etl.expect('rows', '{good = ''yes''}', on_fail => 'quarantine'),
	etl.load('rows', target => 'target', mode => 'append')],
	params => '{"good": "no"}');
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'iso_8601';
SET extra_float_digits = -3;
SET bytea_output = 'escape';
SELECT etl.run('quarantine_types', inline => true) IS NOT NULL AS ran;
SELECT count(*) FROM target;
SELECT row_data ->> 't' AS t, row_data ->> 'i' AS i, row_data -> 'f' AS f, row_data ->> 'b' AS b FROM etl.quarantine WHERE pipeline = 'quarantine_types' AND row_data ->> 'id' = '1';
SELECT count(etl.repair_quarantine(quarantine_id, row_data || '{"good": "yes"}')) FROM etl.quarantine WHERE pipeline = 'quarantine_types';
SELECT etl.replay_quarantine('quarantine_types');
TRUNCATE src;
SELECT etl.run('quarantine_types', inline => true) IS NOT NULL AS ran;
RESET DateStyle;
RESET IntervalStyle;
RESET extra_float_digits;
RESET bytea_output;
-- as they were, with what the target makes itself
SELECT t.id, t.number BETWEEN 1 AND 3 AS numbered, t.twice,
	(t.e, t.es, t.ps, t.s, t.js, t.b, t.t, t.i, t.c, t.v, t.u, t.o, t."Weird ""name""", t.d) IS NOT DISTINCT FROM (k.e, k.es, k.ps, k.s, k.js, k.b, k.t, k.i, k.c, k.v, k.u, k.o, k."Weird ""name""", k.d) AS same,
	t.p IS NOT DISTINCT FROM k.p AS p, t.f IS NOT DISTINCT FROM k.f AS f, t.n IS NOT DISTINCT FROM k.n AS n
FROM target t FULL JOIN kept k USING (id) ORDER BY id;

-- what json takes and jsonb does not: it is kept as a text, and the row must be repaired
CREATE TABLE documents (id integer, doc json, docs json[], d document, o text, secret json);
INSERT INTO documents VALUES
	(1, '{"a": "\u0000"}', NULL, NULL, '\u0000', '"\u0000"'),
	(2, NULL, ARRAY['"\ud800"', '1']::json[], NULL, 'x', NULL),
	(3, NULL, NULL, '1e1000000', '}', 'null'),
	(4, ('{"deep": ' || repeat('[', 1500) || repeat(']', 1500) || '}')::json, NULL, NULL, '"', '[1]'),
	(5, ' { "a" : "\\u0000 }{][," , "a": [ 1, {} ] } ', ARRAY['{}', 'null']::json[], '"]"', '{', '{"x": 1}');
SELECT count(*) FROM etl.define('quarantine_documents', steps => ARRAY[
	etl.extract('docs', 'SELECT * FROM documents'),
	etl.expect('docs', '{id > 10}', on_fail => 'quarantine', quarantine => '{"mask": ["secret"]}')]);
SELECT etl.run('quarantine_documents', inline => true) IS NOT NULL AS ran;
SELECT CASE WHEN row_data ->> 'id' = '4' THEN jsonb_build_object('id', 4, 'length', length(row_data ->> 'doc'), 'type', jsonb_typeof(row_data -> 'doc')) ELSE row_data END AS row_data, masked_columns
FROM etl.quarantine WHERE pipeline = 'quarantine_documents' ORDER BY row_data -> 'id';
-- without a mask, those of which nothing is lost go back as they are
SELECT count(*) FROM etl.define('quarantine_documents', steps => ARRAY[
	etl.extract('docs', 'SELECT id, doc, docs, d, o FROM documents'),
	etl.expect('docs', '{id > 10}', on_fail => 'quarantine')]);
SELECT etl.discard_quarantine('quarantine_documents');
SELECT etl.run('quarantine_documents', inline => true) IS NOT NULL AS ran;
SELECT row_data ->> 'id' AS id, masked_columns FROM etl.quarantine WHERE pipeline = 'quarantine_documents' AND state = 'waiting' ORDER BY 1;
SELECT etl.replay_quarantine('quarantine_documents');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.replay_quarantine('quarantine_documents', (SELECT array_agg(quarantine_id) FROM etl.quarantine WHERE pipeline = 'quarantine_documents' AND state = 'waiting' AND masked_columns = '{}'));

-- large rows, more than are moved and stored at once
CREATE TABLE large AS SELECT i AS id, (SELECT string_agg(md5((i * 40000 + j)::text), '') FROM generate_series(1, 33000) AS j) AS t FROM generate_series(1, 9) AS i;
CREATE TABLE large_target (LIKE large);
SELECT count(*) FROM etl.define('quarantine_large', steps => ARRAY[
	etl.extract('rows', 'SELECT * FROM large'),
	etl.expect('rows', '{id = 0 OR length(t) < 10}', on_fail => 'quarantine'),
	etl.load('rows', target => 'large_target', mode => 'append')]);
SELECT etl.run('quarantine_large', inline => true) IS NOT NULL AS ran;
SELECT count(*), bool_and(l.t = q.row_data ->> 't') AS same FROM etl.quarantine q JOIN large l ON l.id::text = q.row_data ->> 'id' WHERE pipeline = 'quarantine_large';
SELECT count(etl.repair_quarantine(quarantine_id, row_data || '{"id": 0}')) FROM etl.quarantine WHERE pipeline = 'quarantine_large';
SELECT etl.replay_quarantine('quarantine_large');
CREATE TABLE large_kept AS SELECT * FROM large;
TRUNCATE large;
SELECT etl.run('quarantine_large', inline => true) IS NOT NULL AS ran;
SELECT count(*), count(DISTINCT t.t) AS different FROM large_target t JOIN large_kept USING (t);

-- many rows: batches
SELECT count(*) FROM etl.define('quarantine_many', steps => ARRAY[
	etl.extract('rows', 'SELECT i, i % 7 AS seven FROM generate_series(1, 12345) AS i'),
	etl.expect('rows', '{seven <> 3,i % 2 = 0}', on_fail => 'quarantine'),
	etl.transform('left_over', 'SELECT count(*) AS n, count(*) FILTER (WHERE seven = 3 OR i % 2 = 1) AS bad FROM rows'),
	etl.expect('left_over', '{n = 5290,bad = 0}')]);
SELECT etl.run('quarantine_many', inline => true) IS NOT NULL AS ran;
SELECT failed_checks, count(*), count(DISTINCT row_data) AS different, count(DISTINCT (row_data ->> 'seven' = '3', (row_data ->> 'i')::integer % 2)) AS reasons
FROM etl.quarantine WHERE pipeline = 'quarantine_many' GROUP BY 1 ORDER BY 1;

-- a run that fails puts nothing into quarantine, and its verdicts say so
SELECT count(*) FROM etl.define('quarantine_types', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 10) AS i'),
	etl.expect('k', '{i > 2}', on_fail => 'quarantine'),
	etl.transform('next', 'SELECT 1 / (count(*) - 8) AS x FROM k')]);
SELECT etl.run('quarantine_types');
SELECT status, success, failed_rows, message FROM etl.check_results WHERE pipeline = 'quarantine_types' ORDER BY run_id DESC LIMIT 1;

SET client_min_messages = warning;
SELECT count(etl.drop_pipeline(p)) FROM unnest('{quarantine_types,quarantine_documents,quarantine_large,quarantine_many}'::text[]) AS p;
DELETE FROM etl_catalog.quarantine WHERE pipeline IN ('quarantine_types', 'quarantine_documents', 'quarantine_large', 'quarantine_many');
DROP SCHEMA quarantine_types CASCADE;
