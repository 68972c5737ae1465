-- Merge: upsert and deletes; and what upsert can be told besides.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_merge;
SET search_path = load_merge, public;
SET TimeZone = 'UTC';

-- one run of a pipeline that loads a query for one day; the counts
CREATE FUNCTION load(query text, target text, params jsonb, mode text DEFAULT 'merge', day date DEFAULT '2026-01-01')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_merge', ARRAY[etl.extract('s', query), etl.load('s', target, mode => mode, params => params)],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
	run := etl.run('load_merge', day::timestamptz, day + interval '1 day', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. delete_when: op is no column of the target, and need not be one
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 5) i;
CREATE VIEW changes AS
SELECT * FROM (VALUES (1, 'v1', 'U'), (2, 'new', 'U'), (3, NULL, 'D'), (6, 'v6', 'I'), (7, NULL, 'D'), (8, 'v8', NULL)) AS c (id, v, op);
SELECT load('SELECT * FROM load_merge.changes', 'plain', '{"delete_when": "op = ''D''"}');
SELECT load('SELECT * FROM load_merge.changes', 'plain', '{"delete_when": "op = ''D''"}');
SELECT * FROM plain ORDER BY id;
-- the name of the stage may stand before; a comment at the end is no trap
SELECT load('SELECT * FROM load_merge.changes', 'plain', '{"delete_when": "s.op = ''D'' -- deleted"}');
SELECT load('SELECT 1 AS id WHERE false', 'plain', '{"delete_when": "true"}');

-- 2. delete_missing
TRUNCATE plain;
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 10) i;
-- 4 of 10 may go, 6 may not, and then nothing is done at all
SELECT load($$ SELECT i AS id, 'v' || i AS v FROM generate_series(5, 11) i $$, 'plain', '{"delete_missing": "all"}');
SELECT load($$ SELECT i AS id, 'x' AS v FROM generate_series(9, 11) i $$, 'plain', '{"delete_missing": "all"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 1 AS id, 'v' AS v WHERE false $$, 'plain', '{"delete_missing": "all"}');
SELECT count(*), min(id), max(v) FROM plain;
SELECT load($$ SELECT i AS id, 'v' || i AS v FROM generate_series(9, 11) i $$, 'plain', '{"delete_missing": "all", "max_delete_fraction": 0.8}');
SELECT load($$ SELECT 1 AS id, 'v' AS v WHERE false $$, 'plain', '{"delete_missing": "all", "max_delete_fraction": 1}');
SELECT count(*) FROM plain;
-- both: a row that deletes is none that is missing
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 4) i;
SELECT load($$ SELECT i AS id, 'v' || i AS v, i = 1 AS gone FROM generate_series(1, 3) i $$, 'plain', '{"delete_missing": "all", "delete_when": "gone"}');
SELECT * FROM plain ORDER BY id;

-- 3. of the window only; of the scopes in the batch only
CREATE TABLE dated (id int PRIMARY KEY, region text, day date, v int);
INSERT INTO dated SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'r' || i % 3 END, date '2026-01-01' + i / 4, 0 FROM generate_series(0, 11) i;
SELECT load($$ SELECT 4 AS id, 'r1' AS region, date '2026-01-02' AS day, 1 AS v UNION ALL SELECT 5, 'r2', '2026-01-02', 0 $$, 'dated',
	'{"delete_missing": "window", "window_column": "day"}', day => '2026-01-02');
SELECT * FROM dated ORDER BY id;
SELECT load($$ SELECT 0 AS id, NULL AS region, date '2026-01-01' AS day, 0 AS v UNION ALL SELECT 9, NULL, '2026-01-03', 0 $$, 'dated',
	'{"delete_missing": "all", "delete_scope": "region", "max_delete_fraction": 1}');
SELECT * FROM dated ORDER BY id;
SELECT load($$ SELECT 1 AS id, 'r1' AS region, date '2026-01-01' AS day, 0 AS v $$, 'dated',
	'{"delete_missing": "all", "delete_scope": ["region", "day"], "max_delete_fraction": 1}');
SELECT count(*) FROM dated;

-- 4. delete_mark: rows stay, and are marked once; what comes again is unmarked
CREATE TABLE marked (id int PRIMARY KEY, v int, seq int, gone boolean, gone_at timestamptz);
INSERT INTO marked SELECT i, i, 10, false, NULL FROM generate_series(1, 4) i;
SELECT load($$ SELECT 1 AS id, 1 AS v, 11 AS seq, 'D' AS op $$, 'marked', '{"delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "seq"}');
SELECT load($$ SELECT 1 AS id, 1 AS v, 11 AS seq, 'D' AS op $$, 'marked', '{"delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "seq"}');
SELECT * FROM marked ORDER BY id;
-- older than the delete: not brought back; newer: brought back
SELECT load($$ SELECT 1 AS id, 5 AS v, 10 AS seq, 'U' AS op $$, 'marked', '{"delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "seq"}');
SELECT load($$ SELECT 1 AS id, 6 AS v, 12 AS seq, 'U' AS op $$, 'marked', '{"delete_when": "op = ''D''", "delete_mark": "gone", "sequence_by": "seq"}');
SELECT * FROM marked ORDER BY id;
SELECT load($$ SELECT i AS id, i AS v, 20 AS seq FROM generate_series(3, 4) i $$, 'marked', '{"delete_missing": "all", "delete_mark": "gone_at"}');
SELECT load($$ SELECT i AS id, i AS v, 20 AS seq FROM generate_series(3, 4) i $$, 'marked', '{"delete_missing": "all", "delete_mark": "gone_at"}', day => '2026-01-02');
SELECT * FROM marked ORDER BY id;
SELECT load($$ SELECT i AS id, i AS v, 20 AS seq FROM generate_series(2, 4) i $$, 'marked', '{"delete_missing": "all", "delete_mark": "gone_at"}', day => '2026-01-03');
SELECT * FROM marked ORDER BY id;

-- 5. sequence_by: a row wins only over an older one, in the batch and there
CREATE TABLE seen (id int PRIMARY KEY, v text, at timestamptz, n int);
INSERT INTO seen VALUES (1, 'old', '2026-01-02 00:00+00', 5), (2, 'old', NULL, NULL), (3, 'old', '2026-01-02 00:00+00', 5);
CREATE VIEW events AS
SELECT * FROM (VALUES (1, 'late', timestamptz '2026-01-01 00:00+00', 9), (2, 'any', '2026-01-01 00:00+00', 1),
	(3, 'same time', '2026-01-02 00:00+00', 6), (3, 'older', '2026-01-02 00:00+00', 4), (4, 'twice', '2026-01-01 00:00+00', 1), (4, 'twice', '2026-01-01 00:00+00', 1))
	AS e (id, v, at, n);
SELECT load('SELECT * FROM load_merge.events', 'seen', '{"sequence_by": ["at", "n"]}', 'upsert');
SELECT load('SELECT * FROM load_merge.events', 'seen', '{"sequence_by": ["at", "n"], "dedupe": "latest"}', 'upsert');
SELECT * FROM seen ORDER BY id;
SELECT load('SELECT * FROM load_merge.events', 'seen', '{"sequence_by": ["at", "n"], "dedupe": "latest"}', 'upsert');
-- the same sequence does not win; an unknown one is no order
SELECT load($$ SELECT 4 AS id, 'other' AS v, timestamptz '2026-01-01 00:00+00' AS at, 1 AS n $$, 'seen', '{"sequence_by": ["at", "n"]}', 'upsert');
SELECT load($$ SELECT 4 AS id, 'other' AS v, NULL::timestamptz AS at, 1 AS n $$, 'seen', '{"sequence_by": ["at", "n"]}', 'upsert');
-- a delete that is older than the row is late, too
SELECT load($$ SELECT 3 AS id, '' AS v, timestamptz '2026-01-01 00:00+00' AS at, 1 AS n $$, 'seen', '{"sequence_by": ["at", "n"], "delete_when": "true"}');
SELECT load($$ SELECT 3 AS id, '' AS v, timestamptz '2026-01-03 00:00+00' AS at, 1 AS n $$, 'seen', '{"sequence_by": ["at", "n"], "delete_when": "true"}');
-- a sequence that the target lacks orders the batch only
SELECT load($$ SELECT 9 AS id, v, lsn FROM (VALUES ('a', 1), ('c', 3), ('b', 2)) AS q (v, lsn) $$, 'seen', '{"sequence_by": "lsn", "dedupe": "latest"}', 'upsert');
SELECT load($$ SELECT 9 AS id, v, lsn FROM (VALUES ('a', 1), ('c', 3), ('b', 2)) AS q (v, lsn) $$, 'seen', '{"sequence_by": "lsn", "dedupe": "first"}', 'upsert');
-- where the sequence says nothing the row decides, not the place
SELECT load($$ SELECT 10 AS id, v, 1 AS lsn FROM unnest(ARRAY['a', 'c', 'b']) AS v $$, 'seen', '{"sequence_by": "lsn", "dedupe": "latest"}', 'upsert');
SELECT load($$ SELECT 10 AS id, v, 1 AS lsn FROM unnest(ARRAY['b', 'a', 'c']) AS v $$, 'seen', '{"sequence_by": "lsn", "dedupe": "latest"}', 'upsert');
SELECT * FROM seen ORDER BY id;

-- 6. which columns are written over a row that is there
CREATE TABLE wide (id int PRIMARY KEY, a int, b int, c int DEFAULT 7);
INSERT INTO wide VALUES (1, 1, 1, 1);
SELECT load('SELECT 1 AS id, 1 AS a, 2 AS b, 2 AS c UNION ALL SELECT 2, 2, 2, 2', 'wide', '{"update_columns": ["a"]}', 'upsert');
SELECT load('SELECT 1 AS id, 3 AS a, 3 AS b, 3 AS c', 'wide', '{"update_columns": "a"}', 'upsert');
SELECT load('SELECT 1 AS id, 4 AS a, 4 AS b, 4 AS c', 'wide', '{"exclude_columns": ["a", "c"]}', 'upsert');
SELECT * FROM wide ORDER BY id;
SELECT load('SELECT 1 AS id, NULL::int AS a, NULL::int AS b, 5 AS c', 'wide', '{"ignore_nulls": true}', 'upsert');
SELECT load('SELECT 1 AS id, NULL::int AS a, NULL::int AS b, 5 AS c UNION ALL SELECT 3, NULL, NULL, NULL', 'wide', '{"ignore_nulls": true}', 'upsert');
SELECT * FROM wide ORDER BY id;
-- a condition on both rows
SELECT load('SELECT 1 AS id, 2 AS a UNION ALL SELECT 2, 9', 'wide', '{"guard": "excluded.a > target.a"}', 'upsert');
SELECT * FROM wide ORDER BY id;
-- control columns steer, and are not loaded even where they could be
SELECT load('SELECT 2 AS id, 9 AS a, 1 AS b, 9 AS c', 'wide', '{"control_columns": ["b"], "delete_when": "b = 0"}');
SELECT load('SELECT 2 AS id, 9 AS a, 0 AS b, 9 AS c', 'wide', '{"control_columns": ["b"], "delete_when": "b = 0"}');
SELECT * FROM wide ORDER BY id;

-- 7. counts balance when a trigger stands in the way of deletes and updates
CREATE FUNCTION drop_some() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF OLD.id % 2 = 0 THEN RETURN NULL; ELSIF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$;
TRUNCATE plain;
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 8) i;
CREATE TRIGGER gate BEFORE UPDATE OR DELETE ON plain FOR EACH ROW EXECUTE FUNCTION drop_some();
SELECT load($$ SELECT i AS id, 'new' AS v, i > 4 AS gone FROM generate_series(1, 8) i $$, 'plain', '{"delete_when": "gone"}');
SELECT * FROM plain ORDER BY id;
DROP TRIGGER gate ON plain;

-- 8. partitioned, with NULL in keys, and with deletes
CREATE TABLE split (a int, b int, v int, UNIQUE NULLS NOT DISTINCT (a, b)) PARTITION BY HASH (a);
CREATE TABLE split_0 PARTITION OF split FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE split_1 PARTITION OF split FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO split SELECT i, NULLIF(i % 3, 0), i FROM generate_series(1, 6) i;
SELECT load($$ SELECT i AS a, NULLIF(i % 3, 0) AS b, i AS v FROM generate_series(2, 7) i $$, 'split', '{"delete_missing": "all", "key": ["a", "b"]}');
SELECT load($$ SELECT i AS a, NULLIF(i % 3, 0) AS b, 0 AS v FROM generate_series(2, 7) i $$, 'split', '{"delete_when": "b IS NULL", "key": ["b", "a"]}');
SELECT * FROM split ORDER BY a;

SELECT etl.drop_pipeline('load_merge') IS NULL AS dropped;
DROP SCHEMA load_merge CASCADE;
