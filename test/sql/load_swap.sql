-- replace_all by putting other storage in the target's place.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_swap;
SET search_path = load_swap, public;
SET TimeZone = 'UTC';
SET DateStyle = ISO;

-- one run of a pipeline that replaces all rows of a target; the counts
CREATE FUNCTION load(query text, target text, params jsonb DEFAULT '{}')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_swap', ARRAY[etl.extract('s', query),
		etl.load('s', target, mode => 'replace_all', params => '{"method": "swap", "narrowing": "allow"}' || params)]);
	run := etl.run('load_swap', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s deleted, %s rejected', rows_read, rows_inserted, rows_deleted, rows_rejected)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. what an INSERT would add is there, and what hangs on the table stays
CREATE DOMAIN positive AS int DEFAULT 7 CHECK (VALUE > 0);
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 100);
CREATE TABLE t (gone text, id int PRIMARY KEY, parent_id int REFERENCES parent, v varchar(5) NOT NULL, up text GENERATED ALWAYS AS (upper(v)) STORED,
	d positive, n int GENERATED ALWAYS AS IDENTITY, s text DEFAULT 'dflt', big text, CHECK (id < 1000), EXCLUDE USING btree (n WITH =));
ALTER TABLE t DROP COLUMN gone;
CREATE INDEX t_lower ON t (lower(v)) WHERE id > 1;
INSERT INTO t (id, parent_id, v) SELECT i, i, 'old' FROM generate_series(1, 10) i;
COMMENT ON TABLE t IS 'kept';
ALTER TABLE t ALTER COLUMN v SET STATISTICS 77;
CREATE VIEW on_t AS SELECT id, up FROM t;
CREATE ROLE load_swap_reader;
GRANT SELECT ON t TO load_swap_reader;
SELECT 't'::regclass::oid AS oid, relfilenode AS storage FROM pg_class WHERE oid = 't'::regclass \gset
SELECT load($$ SELECT i AS id, i AS parent_id, 'new' || i AS v, repeat(md5(i::text), 1000) AS big FROM generate_series(1, 20) i ORDER BY i DESC $$, 't', '{"order_by": ["id"]}');
SELECT id, parent_id, v, up, d, n, s, length(big) FROM t WHERE id IN (1, 2, 20) ORDER BY id;
SELECT array_agg(id) = array_agg(id ORDER BY id) AS sorted FROM t;
SELECT oid = :oid AS same_oid, relfilenode <> :storage AS other_storage, obj_description(oid, 'pg_class'), relname FROM pg_class WHERE oid = 't'::regclass;
SELECT has_table_privilege('load_swap_reader', 't', 'SELECT'), (SELECT attstattarget FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'v') AS target, (SELECT count(*) FROM on_t);
SET enable_seqscan = off;
SELECT id FROM t WHERE lower(v) = 'new13' AND id > 1;
SELECT id FROM t WHERE id = 13;
RESET enable_seqscan;
-- what was prepared before reads the new rows; the table takes rows as before
PREPARE seen AS SELECT count(*) FROM t;
EXECUTE seen;
SELECT load($$ SELECT i AS id, 'x' AS v FROM generate_series(1, 3) i $$, 't');
EXECUTE seen;
INSERT INTO t (id, v) VALUES (4, 'y') RETURNING up, d;
INSERT INTO t (id, v) VALUES (4, 'y');
SELECT count(*) FROM pg_class WHERE relnamespace = 'load_swap'::regnamespace AND relname LIKE 'pg_temp%';
-- empty
SELECT load($$ SELECT 1 AS id, 'x' AS v WHERE false $$, 't');
SELECT count(*) FROM t;
INSERT INTO t (id, v) VALUES (1, 'stays');

-- 2. what an INSERT refuses is refused, and nothing is changed
SELECT load($$ SELECT NULL::text AS v, 1 AS id $$, 't');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 'x' AS v, 1000 AS id $$, 't');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 'x' AS v, i % 2 AS id FROM generate_series(1, 3) i $$, 't');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 'x' AS v, 1 AS id, 101 AS parent_id $$, 't');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 'x' AS v, 1 AS id, -1 AS d $$, 't');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 'x' AS v, i % 2 AS id FROM generate_series(1, 3) i $$, 't', '{"key": "id"}');
\echo :LAST_ERROR_SQLSTATE
SELECT id, v FROM t;

-- 3. rows of a partition stay within its bounds
CREATE TABLE days (day date, v int) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
SELECT load($$ SELECT date '2026-01-01' AS day, 1 AS v $$, 'days_1');
SELECT load($$ SELECT date '2026-01-02' AS day, 1 AS v $$, 'days_1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM days;

-- 4. many rows, an unlogged table
CREATE UNLOGGED TABLE u (id int PRIMARY KEY, v text);
SELECT load($$ SELECT i AS id, md5(i::text) AS v FROM generate_series(1, 5000) i $$, 'u');
SELECT load($$ SELECT i AS id, md5(i::text) AS v FROM generate_series(1, 5000) i $$, 'u');
SELECT count(*), sum(id), (SELECT relpersistence FROM pg_class WHERE oid = 'u'::regclass), (SELECT v = md5('4711') FROM u WHERE id = 4711) FROM u;

-- 5. where it cannot be
SELECT load($$ SELECT 1 AS id $$, 'parent');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT date '2026-01-01' AS day $$, 'days');
CREATE TABLE w (id int);
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER after_each AFTER INSERT ON w EXECUTE FUNCTION noop();
SELECT load($$ SELECT 1 AS id $$, 'w');
DROP TRIGGER after_each ON w;
ALTER TABLE w ENABLE ROW LEVEL SECURITY;
SELECT load($$ SELECT 1 AS id $$, 'w');
ALTER TABLE w DISABLE ROW LEVEL SECURITY;
SET client_min_messages = error;
CREATE PUBLICATION load_swap_p FOR TABLE w;
SET client_min_messages = warning;
SELECT load($$ SELECT 1 AS id $$, 'w');
DROP PUBLICATION load_swap_p;
CREATE VIEW v AS SELECT 1 AS id;
CREATE FUNCTION ins() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER instead INSTEAD OF INSERT OR DELETE ON v FOR EACH ROW EXECUTE FUNCTION ins();
SELECT load($$ SELECT 1 AS id $$, 'v');
-- not the owner
GRANT ALL ON w, u TO load_swap_reader;
GRANT USAGE ON SCHEMA load_swap, etl, etl_catalog TO load_swap_reader;
SELECT etl.grant_usage('load_swap_reader', 'define') IS NOT NULL AS granted;
SET ROLE load_swap_reader;
SELECT action FROM etl.define('load_swap_low', ARRAY[etl.extract('s', 'SELECT 1 AS id'), etl.load('s', 'w', mode => 'replace_all', params => '{"method": "swap"}')]);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- in use: a cursor on it, a snapshot that is kept
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM w;
FETCH c;
SELECT load($$ SELECT 1 AS id $$, 'w');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT load($$ SELECT 1 AS id $$, 'w');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
-- rolled back, and once more
BEGIN;
SELECT load($$ SELECT 5 AS id $$, 'w');
SELECT * FROM w;
ROLLBACK;
SELECT count(*) FROM w;
-- the lock
BEGIN;
SELECT load($$ SELECT 5 AS id $$, 'w');
SELECT mode FROM pg_locks WHERE relation = 'w'::regclass AND pid = pg_backend_pid() AND mode = 'AccessExclusiveLock';
COMMIT;
SELECT * FROM w;

SELECT etl.drop_pipeline('load_swap') IS NOT NULL AS dropped;
DROP OWNED BY load_swap_reader;
DROP SCHEMA load_swap CASCADE;
DROP ROLE load_swap_reader;
