-- Append: every row is inserted by the server's own rules.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_append;
SET search_path = load_append, public;
SET TimeZone = 'UTC';

-- one run of a pipeline that appends a query; the counts of its load step
CREATE FUNCTION load(query text, target text, mode text DEFAULT 'append')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_append', ARRAY[etl.extract('s', query), etl.load('s', target, mode => mode, params => '{"narrowing": "allow"}')]);
	run := etl.run('load_append', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- by name, not by place; what the query lacks gets its default
CREATE TABLE log (
	n int GENERATED ALWAYS AS IDENTITY, at timestamptz, amount numeric(6,2), code varchar(3),
	twice numeric GENERATED ALWAYS AS (amount * 2) STORED, source text DEFAULT 'unknown');
SELECT load($$ SELECT 'abc ' AS code, 1.005 AS amount, timestamp '2026-01-01 12:00' AS at $$, 'log');
SELECT load($$ SELECT 'abc' AS code, i AS amount FROM generate_series(1, 3) i $$, 'log');
SELECT load($$ SELECT 'abc' AS code WHERE false $$, 'log');
SELECT * FROM log ORDER BY n;

-- the same rows again are there twice
CREATE TABLE bag (v int);
SELECT load('SELECT 1 AS v UNION ALL SELECT 1', 'bag');
SELECT load('SELECT 1 AS v UNION ALL SELECT 1', 'bag');
SELECT v, count(*) FROM bag GROUP BY v;
-- append is what has to be asked for: neither key nor primary key
SELECT load('SELECT 1 AS v', 'bag', NULL);

-- rows that a trigger drops
CREATE FUNCTION drop_odd() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.v % 2 = 1 THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER gate BEFORE INSERT ON bag FOR EACH ROW EXECUTE FUNCTION drop_odd();
SELECT load('SELECT i AS v FROM generate_series(1, 5) i', 'bag');

-- partitioned, with another order of columns in a partition; no partition
CREATE TABLE part (a int, b text) PARTITION BY LIST (a);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (b text, a int);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT load($$ SELECT 'x' AS b, i AS a FROM generate_series(1, 2) i $$, 'part');
SELECT load($$ SELECT 'x' AS b, i AS a FROM generate_series(1, 3) i $$, 'part');
SELECT tableoid::regclass AS relation, a, b FROM part ORDER BY a;

-- errors of the target come through with their SQLSTATE and fields
CREATE TABLE strict (
	id int PRIMARY KEY, v int CONSTRAINT positive CHECK (v > 0), parent int CONSTRAINT has_parent REFERENCES strict);
CREATE FUNCTION failing(query text, OUT state text, OUT message text, OUT schema text, OUT relation text, OUT constr text, OUT col text)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM load(query, 'strict');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, schema = SCHEMA_NAME,
		relation = TABLE_NAME, constr = CONSTRAINT_NAME, col = COLUMN_NAME;
END $$;
SELECT * FROM failing('SELECT 1 AS id, -1 AS v');
SELECT * FROM failing('SELECT NULL::int AS id, 1 AS v');
SELECT * FROM failing('SELECT 1 AS id, 1 AS v UNION ALL SELECT 1, 2');
SELECT * FROM failing('SELECT 1 AS id, 1 AS v, 9 AS parent');
SELECT * FROM failing('SELECT 3000000000 AS id');
SELECT count(*) FROM strict;

SELECT etl.drop_pipeline('load_append') IS NULL AS dropped;
DROP SCHEMA load_append CASCADE;
