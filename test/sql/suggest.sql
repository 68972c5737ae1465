-- Suggestions: every one holds, and fails when a violation is planted.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA suggest_test;
SET search_path = suggest_test;
SET DateStyle = 'ISO';
SET TimeZone = 'UTC';
SET extra_float_digits = 0;

CREATE TABLE customers (id integer PRIMARY KEY, name text);
INSERT INTO customers SELECT i, 'name ' || i FROM generate_series(1, 50) AS i;
CREATE TABLE orders (
	order_id    bigint,
	customer_id integer,
	status      text,
	sku         varchar(20),
	email       text,
	amount      numeric(10,2),
	share       double precision,
	balance     integer,
	created     timestamptz,
	shipped     timestamptz,
	"no te"     text,
	maybe       text,
	flag        boolean,
	doc         jsonb
);
INSERT INTO orders
SELECT i, 1 + i % 50, (ARRAY['new', 'paid', 'shipped'])[1 + i % 3], 'AB-' || lpad((i % 700)::text, 4, '0'), 'user' || i % 70 || '@example.org',
	   (i * 13 % 9973) / 100.0, (i % 100) / 100.0, i % 9 - 4, TIMESTAMPTZ '2023-02-01 00:00Z' + i * interval '1 minute',
	   CASE WHEN i % 3 = 0 THEN TIMESTAMPTZ '2023-02-01 00:00Z' + i * interval '2 minutes' END, repeat('o', 1 + i % 17), CASE WHEN i % 20 = 0 THEN 'x' || i % 7 END,
	   i % 2 = 0, '{}'
FROM   generate_series(1, 2000) AS i;

SELECT * FROM etl.suggest_checks('orders');
SELECT etl.suggest_suite('orders', '{order_id,status,no te}');
SELECT etl.suggest_suite('orders') AS suite \gset
SELECT status, count(*) FROM etl.check('orders', :suite) GROUP BY status;

-- each of them can fail: a row that breaks nearly all, and one that breaks the rest
CREATE FUNCTION broken(suite text[]) RETURNS TABLE (check_name text, failed_rows bigint)
LANGUAGE sql BEGIN ATOMIC SELECT c.check_name, c.failed_rows FROM etl.check('orders', suite) AS c WHERE c.status = 'pass'; END;
BEGIN;
INSERT INTO orders VALUES (-1, 77, 'odd', 'ab1', 'nobody', -3, 1.5, 4000, '1999-01-01', '1998-01-01', repeat(' ', 30), 'long and', true, '{}');
INSERT INTO orders DEFAULT VALUES;
INSERT INTO orders (amount) VALUES (0), (0);
INSERT INTO orders (order_id, created, shipped) VALUES (1, '2999-01-01', '2999-01-01'), (1, '2999-01-01', '2999-01-01');
SELECT * FROM broken(:suite);
ROLLBACK;

-- few values, a filter, fewer values than allowed
SELECT check_text FROM etl.suggest_checks('orders', '{status,balance}', row_filter => 'order_id < 100', max_values => 2);
-- compound keys
CREATE TABLE lines AS SELECT i / 4 AS order_id, i % 4 AS line_no, 'p' || i % 10 AS product, i % 97 AS v FROM generate_series(1, 4000) AS i;
SELECT check_text, reason FROM etl.suggest_checks('lines') WHERE check_text LIKE 'PRIMARY%';
CREATE TABLE cube AS SELECT a, b, c, 1 AS same FROM generate_series(1, 9) AS a, generate_series(1, 8) AS b, generate_series(1, 7) AS c;
SELECT check_text FROM etl.suggest_checks('cube') WHERE check_text LIKE '%KEY%';
CREATE TABLE twice AS SELECT * FROM cube UNION ALL SELECT * FROM cube;
SELECT check_text FROM etl.suggest_checks('twice') WHERE check_text LIKE '%KEY%';
-- what is rare is not in the sample, and is found all the same
CREATE TABLE rare AS SELECT i, CASE i WHEN 17000 THEN 'ODD' ELSE 'A' || i % 3 END AS code, 'B-' || i % 900 AS t FROM generate_series(1, 20000) AS i;
UPDATE rare SET t = 'broken' WHERE i = 12345;
SELECT check_text FROM etl.suggest_checks('rare', '{code,t}', sample_rows => 200);
-- nothing suggests nothing
CREATE TABLE nothing (LIKE orders);
SELECT count(*) FROM etl.suggest_checks('nothing');
SELECT etl.suggest_suite('nothing');
INSERT INTO nothing DEFAULT VALUES;
SELECT count(*) FROM etl.suggest_checks('nothing');
-- a view, names, numbers that have no range
CREATE VIEW "Vi ew" AS SELECT order_id AS "Or der", email AS "select", 'NaN'::float8 AS nan, 1e300 AS huge, 'infinity'::date AS d FROM orders;
SELECT check_text FROM etl.suggest_checks('"Vi ew"');
-- formats
CREATE TABLE formats AS SELECT md5(i::text) AS hash, md5(i::text)::uuid::text AS uuid, 'https://example.org/' || i AS url, '10.0.0.' || i AS ip, '+49301234' || i + 100 AS phone,
	to_char(i, 'FM0009') AS digits, CASE i % 2 WHEN 0 THEN 'K' || i + 10 ELSE 'ö' || i + 10 END AS other
FROM generate_series(1, 60) AS i;
SELECT check_text, reason FROM etl.suggest_checks('formats', max_values => 0) WHERE check_text LIKE '%match_regex%';

-- constraints: only for what holds, with names that are free and fit
SELECT * FROM etl.suggest_constraints('orders', :suite);
SELECT * FROM etl.suggest_constraints('orders', ARRAY[
	'balance > 0',
	'balance > -100',
	'CONSTRAINT "odd ""name" CHECK (balance < 100)',
	'EXISTS (SELECT FROM customers)',
	'created < now()',
	'UNIQUE NULLS NOT DISTINCT (order_id)',
	'FOREIGN KEY (customer_id) REFERENCES lines (order_id)',
	'no_such_column > 0',
	etl.rule('row_count_between', min_value => 1),
	etl.rule('not_null', '{order_id,status}'),
	etl.rule('between', '{balance}', min_value => -3, max_failed_rows => 1000),
	etl.rule('between', '{balance}', min_value => -4, on_null => 'fail', row_filter => 'order_id > 10'),
	etl.rule('unique', '{order_id}', row_filter => 'order_id > 10')]);

-- they can be pasted, and prove the checks
CREATE TABLE pasted AS SELECT * FROM orders;
SELECT etl.suggest_suite('pasted') AS pasted_suite \gset
SELECT unnest(string_to_array(constraint_sql, E'\n')) FROM etl.suggest_constraints('pasted', :pasted_suite) WHERE constraint_sql NOT LIKE '%FOREIGN%' \gexec
SELECT evaluation = 'proof' AS proved, count(*) FROM etl.check('pasted', :pasted_suite) GROUP BY 1 ORDER BY 1;
SELECT check_name, note FROM etl.suggest_constraints('pasted', :pasted_suite) WHERE constraint_sql IS NOT NULL OR note NOT LIKE 'it costs nothing%';
-- long names and names that are taken
CREATE TABLE "a table whose name has as many bytes as a name may have........" ("a column whose name has as many bytes as a name may have......." integer, b integer);
INSERT INTO "a table whose name has as many bytes as a name may have........" VALUES (1, 1), (2, 2);
SELECT * FROM etl.suggest_constraints('"a table whose name has as many bytes as a name may have........"', ARRAY[
	'UNIQUE ("a column whose name has as many bytes as a name may have.......")', 'UNIQUE ("a column whose name has as many bytes as a name may have.......")', 'b > 0', 'b > -1']);
-- partitioned tables, views
CREATE TABLE parts (id integer, region text) PARTITION BY LIST (region);
CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT i, 'r' || i % 3 FROM generate_series(1, 30) AS i;
SELECT * FROM etl.suggest_constraints('parts', ARRAY['PRIMARY KEY (id)', 'PRIMARY KEY (id, region)', 'id > 0']);
SELECT * FROM etl.suggest_constraints('"Vi ew"', ARRAY['"Or der" > 0']);

-- errors and rights
\set VERBOSITY sqlstate
SELECT etl.suggest_checks(NULL);
SELECT etl.suggest_checks('orders', '{nope}');
SELECT etl.suggest_checks('orders', max_values => -1);
SELECT etl.suggest_checks('orders', max_values => NULL);
SELECT etl.suggest_suite('orders', sample_rows => 0);
SELECT etl.suggest_constraints(NULL, '{a}');
SELECT etl.suggest_constraints('orders', NULL);
SELECT etl.suggest_constraints('orders', '{}');
SELECT etl.suggest_constraints('orders', '{(}');
\set VERBOSITY default
SET client_min_messages = error;
CREATE ROLE suggest_reader;
RESET client_min_messages;
GRANT USAGE ON SCHEMA suggest_test, etl TO suggest_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA etl TO suggest_reader;
GRANT SELECT (order_id, customer_id) ON orders TO suggest_reader;
ALTER TABLE lines ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON lines TO suggest_reader;
SET ROLE suggest_reader;
SELECT check_text FROM etl.suggest_checks('orders');
SELECT check_text FROM etl.suggest_checks('customers');
RESET ROLE;
ALTER TABLE lines DISABLE ROW LEVEL SECURITY;

SET client_min_messages = warning;
DROP SCHEMA suggest_test CASCADE;
REVOKE ALL ON SCHEMA etl FROM suggest_reader;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA etl FROM suggest_reader;
DROP ROLE suggest_reader;
