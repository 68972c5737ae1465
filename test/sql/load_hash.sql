-- hash_column: one value is compared in the place of many.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_hash;
SET search_path = load_hash, public;
SET TimeZone = 'UTC';

CREATE FUNCTION load(query text, target text, params jsonb, mode text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_hash', ARRAY[etl.extract('s', query), etl.load('s', target, mode => mode, params => params)]);
	run := etl.run('load_hash', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected', rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. what the hash is: SHA-256 of the row's text; rows that have none are written
CREATE TABLE t (id int PRIMARY KEY, h bytea, a text, b numeric(6,2), c int[]);
INSERT INTO t VALUES (1, NULL, 'x', 1, '{1}');
SELECT load('SELECT c, b, id, a FROM (VALUES (1, ''x'', 1::numeric(6,2), ''{1}''::int[]), (2, NULL, 2::numeric(6,2), NULL)) AS v (id, a, b, c)', 't', '{"hash_column": "h"}');
SELECT id, a, b, c, h = sha256(convert_to(ROW(a, b, c)::text, getdatabaseencoding())) AS is_hash FROM t ORDER BY id;
-- again, in another order of columns: nothing to do; then what differs
SELECT load('SELECT id, a, b, c FROM (VALUES (1, ''x'', 1::numeric(6,2), ''{1}''::int[]), (2, NULL, 2::numeric(6,2), NULL)) AS v (id, a, b, c)', 't', '{"hash_column": "h"}');
SELECT load('SELECT id, a, b, c FROM (VALUES (1, ''x'', 1::numeric(6,2), ''{1,NULL}''::int[]), (2, '''', 2::numeric(6,2), NULL)) AS v (id, a, b, c)', 't', '{"hash_column": "h"}');
SELECT id, a IS NULL AS a_null, c, h = sha256(convert_to(ROW(a, b, c)::text, getdatabaseencoding())) AS is_hash FROM t ORDER BY id;
-- only the hash is compared: what somebody changed by hand is not seen
UPDATE t SET a = 'by hand' WHERE id = 1;
SELECT load('SELECT id, a, b, c FROM (VALUES (1, ''x'', 1::numeric(6,2), ''{1,NULL}''::int[])) AS v (id, a, b, c)', 't', '{"hash_column": "h"}');
SELECT a FROM t WHERE id = 1;
UPDATE t SET h = NULL WHERE id = 1;
SELECT load('SELECT id, a, b, c FROM (VALUES (1, ''x'', 1::numeric(6,2), ''{1,NULL}''::int[])) AS v (id, a, b, c)', 't', '{"hash_column": "h"}');
SELECT a FROM t WHERE id = 1;

-- 2. columns that are not written are not in it
SELECT load('SELECT 1 AS id, ''y'' AS a, 9::numeric(6,2) AS b', 't', '{"hash_column": "h", "update_columns": ["b"]}');
SELECT load('SELECT 1 AS id, ''z'' AS a, 9::numeric(6,2) AS b', 't', '{"hash_column": "h", "update_columns": ["b"]}');
SELECT a, b, h = sha256(convert_to(ROW(b)::text, getdatabaseencoding())) AS is_hash FROM t WHERE id = 1;

-- 3. uuid and text; merge with marks, a guard, a sequence
CREATE TABLE u (id int PRIMARY KEY, v text, lsn int, gone bool, h uuid);
SELECT load('SELECT 1 AS id, ''x'' AS v, 5 AS lsn, ''I'' AS op', 'u', '{"hash_column": "h", "delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "lsn"}', 'merge');
SELECT load('SELECT 1 AS id, ''x'' AS v, 6 AS lsn, ''D'' AS op', 'u', '{"hash_column": "h", "delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "lsn"}', 'merge');
SELECT id, v, lsn, gone FROM u;
SELECT load('SELECT 1 AS id, ''x'' AS v, 7 AS lsn, ''U'' AS op', 'u', '{"hash_column": "h", "delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "lsn"}', 'merge');
SELECT load('SELECT 1 AS id, ''old'' AS v, 6 AS lsn, ''U'' AS op', 'u', '{"hash_column": "h", "delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "lsn"}', 'merge');
SELECT id, v, lsn, gone, h = encode(substr(sha256(convert_to(ROW(v, lsn)::text, getdatabaseencoding())), 1, 16), 'hex')::uuid AS is_hash FROM u;
CREATE TABLE x (id int PRIMARY KEY, v text, h text);
SELECT load('SELECT 1 AS id, ''x'' AS v', 'x', '{"hash_column": "h"}');
SELECT load('SELECT 1 AS id, ''x'' AS v', 'x', '{"hash_column": "h"}');
SELECT id, h = encode(sha256(convert_to(ROW(v)::text, getdatabaseencoding())), 'hex') AS is_hash FROM x;

-- 4. a table that is made gets it
SELECT load('SELECT 1 AS id, ''x'' AS v', 'made', '{"hash_column": "h", "missing_target": "create", "key": "id"}');
SELECT load('SELECT 1 AS id, ''x'' AS v', 'made', '{"hash_column": "h", "missing_target": "create", "key": "id"}');
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum;

-- 5. what does not go
SELECT load('SELECT 1 AS id', 'x', '{"hash_column": "id"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'x', '{"hash_column": "hh"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id, ''y'' AS h', 'x', '{"hash_column": "h"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'x', '{"hash_column": "h", "ignore_nulls": true}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'x', '{"hash_column": "h"}', 'append');
\echo :LAST_ERROR_SQLSTATE

-- 6. it agrees with the comparison of all columns, on rows of chance
SELECT setseed(0.42);
CREATE TABLE batches AS SELECT r AS round, i AS id, (random() * 2)::int AS a, CASE WHEN random() < 0.5 THEN 'v' || (random() * 2)::int END AS b, (random() < 0.5) AS c
	FROM generate_series(1, 5) r, generate_series(1, 50) i WHERE random() < 0.8;
CREATE TABLE plain (id int PRIMARY KEY, a int, b text, c bool);
CREATE TABLE hashed (LIKE plain, h uuid, PRIMARY KEY (id));
SELECT bool_and(load(format('SELECT id, a, b, c FROM load_hash.batches WHERE round = %s', r), 'plain', '{}')
	= load(format('SELECT id, a, b, c FROM load_hash.batches WHERE round = %s', r), 'hashed', '{"hash_column": "h"}')) AS same_counts FROM generate_series(1, 5) r;
SELECT count(*) > 0 AS rows, count(*) FILTER (WHERE p IS DISTINCT FROM ROW(h.id, h.a, h.b, h.c)::plain) AS differing FROM plain p FULL JOIN hashed h USING (id);

SELECT etl.drop_pipeline('load_hash') IS NOT NULL AS dropped;
DROP SCHEMA load_hash CASCADE;
