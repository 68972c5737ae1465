-- Loads that only insert: append with dedupe_key, insert_ignore.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_insert;
SET search_path = load_insert, public;
SET TimeZone = 'UTC';

-- one run of a pipeline that loads a query; the counts of its load step
CREATE FUNCTION load(query text, target text, mode text, key text[] DEFAULT NULL, dedupe_key text[] DEFAULT NULL, params jsonb DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_insert', ARRAY[etl.extract('s', query),
		etl.load('s', target, key, mode, dedupe_key => dedupe_key, params => params)]);
	run := etl.run('load_insert', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. insert_ignore: new keys come in, what is there stays as it is
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain VALUES (1, 'old'), (2, NULL);
SELECT load($$ SELECT i AS id, 'new' AS v FROM generate_series(1, 4) i $$, 'plain', 'insert_ignore');
SELECT load($$ SELECT i AS id, 'newer' AS v FROM generate_series(1, 4) i $$, 'plain', 'insert_ignore');
SELECT load($$ SELECT 1 AS id WHERE false $$, 'plain', 'insert_ignore');
SELECT * FROM plain ORDER BY id;
-- nothing is written for rows that are there: no new version, no lock
CREATE TABLE before AS SELECT id, ctid AS place, xmax::text AS locker FROM plain;
SELECT load($$ SELECT i AS id, 'newest' AS v FROM generate_series(1, 4) i $$, 'plain', 'insert_ignore');
SELECT count(*) FROM plain p JOIN before b ON b.place = p.ctid AND b.locker = p.xmax::text;
-- duplicates, NULLs
SELECT load($$ SELECT 9 AS id, unnest(ARRAY['a', 'b']) AS v $$, 'plain', 'insert_ignore');
SELECT load($$ SELECT 9 AS id, unnest(ARRAY['a', 'c', 'b']) AS v $$, 'plain', 'insert_ignore', params => '{"dedupe": "latest", "sequence_by": "v"}');
SELECT load($$ SELECT 8 AS id, unnest(ARRAY['a', 'c', 'b']) AS v $$, 'plain', 'insert_ignore', params => '{"dedupe": "first", "sequence_by": ["v"]}');
SELECT load($$ SELECT NULL::int AS id $$, 'plain', 'insert_ignore');
SELECT * FROM plain WHERE id > 4 ORDER BY id;
-- a trigger that drops rows; one that is there is no row of it
CREATE FUNCTION drop_odd() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.id % 2 = 1 THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER gate BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION drop_odd();
SELECT load($$ SELECT i AS id FROM generate_series(3, 14) i $$, 'plain', 'insert_ignore');
-- keys as the index sees them
CREATE TABLE nnd (a int, b int, v int, UNIQUE NULLS NOT DISTINCT (a, b));
SELECT load($$ SELECT 1 AS a, NULL::int AS b, 1 AS v UNION ALL SELECT 2, 2, 2 $$, 'nnd', 'insert_ignore', '{a,b}');
SELECT load($$ SELECT 1 AS a, NULL::int AS b, 9 AS v UNION ALL SELECT 2, 3, 2 $$, 'nnd', 'insert_ignore', '{a,b}');
SELECT * FROM nnd ORDER BY a, b;
CREATE TABLE split (id int, part int, v text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1);
CREATE TABLE split_2 PARTITION OF split FOR VALUES IN (2);
SELECT load($$ SELECT i AS id, 1 + i % 2 AS part, 'a' AS v FROM generate_series(1, 4) i $$, 'split', 'insert_ignore');
SELECT load($$ SELECT i AS id, 1 + i % 2 AS part, 'b' AS v FROM generate_series(3, 6) i $$, 'split', 'insert_ignore');
SELECT tableoid::regclass AS relation, * FROM split ORDER BY id;

-- 2. append with dedupe_key: an index is not needed
CREATE TABLE log (id int, v text);
SELECT load($$ SELECT i AS id, 'a' AS v FROM generate_series(1, 3) i $$, 'log', 'append', dedupe_key => '{id}');
SELECT load($$ SELECT i AS id, 'b' AS v FROM generate_series(2, 5) i $$, 'log', 'append', dedupe_key => '{id}');
SELECT load($$ SELECT i AS id, 'b' AS v FROM generate_series(2, 5) i $$, 'log', 'append', dedupe_key => '{id}');
SELECT load($$ SELECT 6 AS id, unnest(ARRAY['a', 'b']) AS v $$, 'log', 'append', dedupe_key => '{id}');
SELECT load($$ SELECT 6 AS id, unnest(ARRAY['a', 'b']) AS v $$, 'log', 'append', dedupe_key => '{id}', params => '{"dedupe": "latest", "sequence_by": "v"}');
SELECT load($$ SELECT NULL::int AS id $$, 'log', 'append', dedupe_key => '{id}');
SELECT * FROM log ORDER BY id, v;
-- with one, it decides
SELECT load($$ SELECT 20 + i AS id, 'c' AS v FROM generate_series(1, 4) i $$, 'plain', 'append', dedupe_key => '{id}');
SELECT load($$ SELECT 20 + i AS id, 'd' AS v FROM generate_series(1, 4) i $$, 'plain', 'append', dedupe_key => '{id}');

-- 3. order_by clusters, loaded_at and run_id tell
CREATE TABLE told (id int, v int, loaded timestamptz, by_run bigint);
SELECT load($$ SELECT i AS id, i % 3 AS v FROM generate_series(1, 6) i $$, 'told', 'append',
	params => '{"order_by": ["v", "id"], "loaded_at": "loaded", "run_id": "by_run"}');
SELECT id, v, loaded > now() - interval '1 day' AS loaded_now, by_run = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'load_insert') AS by_this_run
FROM told ORDER BY ctid;
SELECT load($$ SELECT 1 AS id, now() AS loaded $$, 'told', 'append', params => '{"loaded_at": "loaded"}');

SELECT etl.drop_pipeline('load_insert') IS NULL AS dropped;
DROP SCHEMA load_insert CASCADE;
