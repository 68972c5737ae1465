-- Every form of a check: passing, failing, with NULLs, on nothing.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_rules;
SET search_path = check_rules;
SET DateStyle = 'ISO';

CREATE TABLE customers (
	customer_id integer,
	name        text,
	email       text,
	age         integer,
	joined      date,
	score       double precision,
	balance     numeric(10,2)
);
INSERT INTO customers VALUES
	(1, 'Ada',    'ada@example.org',  36, '2020-01-01', 1.5,   10.00),
	(2, 'Bob',    'bob@example.org',  17, '2020-02-01', 'NaN', -1.00),
	(3, 'Cleo',   NULL,               NULL, NULL,       NULL,  NULL),
	(3, 'Dora',   'dora at example',  121, '2031-01-01', -2,   0.00),
	(NULL, 'Eve', 'eve@example.org',  40, '2020-03-01', 3,     5.50);
CREATE TABLE countries (code text PRIMARY KEY, name text);
INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France');
CREATE TABLE empty (LIKE customers);

-- what most of the tests look at
CREATE FUNCTION verdicts(source regclass, checks text[], row_filter text DEFAULT NULL,
	max_failed_fraction numeric DEFAULT NULL)
RETURNS TABLE (check_name text, check_type text, status text, severity text, success boolean, tested bigint,
	null_rows bigint, excluded bigint, failed bigint, message text)
LANGUAGE sql BEGIN ATOMIC
	SELECT check_name, check_type, status, severity, success, tested_rows, null_rows, excluded_rows, failed_rows, message
	FROM   etl.check(source, checks, row_filter, max_failed_fraction);
END;

-- expressions: NULL is no failure; the row is not tested
SELECT * FROM verdicts('customers', ARRAY[
	'age BETWEEN 18 AND 120',
	'customers.age IS NULL OR check_rules.customers.age > 0',
	E'name <> ''''\n  AND  name IS NOT NULL -- all of them',
	'CHECK (age >= 18)',
	'CONSTRAINT adult CHECK (age >= 18 AND (email LIKE ''%)%'' OR true))',
	'EXISTS (SELECT FROM countries WHERE code = ''de'')']);

-- the seed's rules
SELECT * FROM verdicts('customers', etl.rules('[
	{"type": "not_null", "column": "customer_id"},
	{"type": "unique", "column": "customer_id"},
	{"type": "range", "column": "age", "min_value": 18, "max_value": 120},
	{"type": "regex", "column": "email", "pattern": "^[^@]+@[^@]+\\.[^@]+$"},
	{"type": "in_set", "column": "name", "value_set": ["Ada", "Bob", "Cleo"]},
	{"type": "row_count", "min_value": 1, "max_value": 4},
	"age > 0"]'));

-- the same as functions
SELECT check_name, status, failed_rows, message FROM etl.check_not_null('customers', '{customer_id,name}');
SELECT check_name, status, failed_rows, message FROM etl.check_unique('customers', '{customer_id,name}');
SELECT check_name, status, failed_rows, message FROM etl.check_range('customers', 'age', 18, 120);
SELECT check_name, status, failed_rows, message FROM etl.check_range('customers', 'joined', max_value => '2025-01-01'::date);
SELECT check_name, status, failed_rows, message FROM etl.check_regex('customers', 'email', '@');
SELECT check_name, status, failed_rows, message FROM etl.check_in_set('customers', 'age', '{17,36,40}');
SELECT check_name, status, failed_rows, message FROM etl.check_foreign_key('customers', '{name}', 'countries');
SELECT check_name, status, failed_rows, message FROM etl.check_row_count('customers', min_rows => 6);

-- etl.rule writes rule objects
SELECT etl.rule('between', '{age}', min_value => 18, max_value => 120, max_failed_fraction => 0.01);
SELECT etl.rule('range', '{joined}', min_value => '2020-01-01'::date, name => 'joined_ok', severity => 'warn');
SELECT etl.rule('range', '{score}', min_value => 1.5, max_value => 'Infinity'::float8);
SELECT etl.rule('not_null', '{age,email}', row_filter => 'age > 3', max_failed_rows => 2);
SELECT etl.rule('accepted_values', '{name}', allowed => '{Ada,Bob}', on_null => 'fail', params => '{"on_empty": "fail"}');
SELECT etl.rule('row_count');

-- bounds are read as the column's own type
SELECT * FROM verdicts('customers', ARRAY[
	etl.rule('range', '{age}', min_value => 17.5, max_value => 3000000000),
	etl.rule('range', '{joined}', min_value => '2020-01-15'::date, max_value => '2030-12-31'::date),
	etl.rule('range', '{name}', max_value => 'Cz'::text),
	etl.rule('range', '{balance}', min_value => 0),
	etl.rule('range', '{score}', min_value => -10),
	etl.rule('range', '{score}', max_value => 10),
	etl.rule('in_set', '{balance}', allowed => '{10,5.5,0,-1.000}'),
	etl.rule('in_set', '{age}', allowed => '{17,36,40,121.0}'),
	etl.rule('in_set', '{age}', allowed => '{}')]);

-- on_null
SELECT * FROM verdicts('customers', ARRAY[
	etl.rule('range', '{age}', name => 'ignored', min_value => 18),
	etl.rule('range', '{age}', name => 'failing', min_value => 18, on_null => 'fail'),
	etl.rule('range', '{age}', name => 'passing', min_value => 18, on_null => 'pass'),
	etl.rule('in_set', '{email}', name => 'nothing allowed', allowed => '{}', on_null => 'fail'),
	etl.rule('expression', name => 'expression', params => '{"expression": "age >= 18"}', on_null => 'fail')]);

-- several columns: all must hold
SELECT * FROM verdicts('customers', ARRAY[
	etl.rule('not_null', '{age,email,name}'),
	etl.rule('regex', '{email,name}', pattern => 'a')]);

-- keys, and the five numbers of duplicates
CREATE TABLE pairs (a integer, b integer);
INSERT INTO pairs VALUES (1, 1), (1, 1), (1, 1), (1, 2), (2, NULL), (2, NULL), (NULL, NULL), (NULL, NULL);
SELECT check_name, status, tested_rows, null_rows, failed_rows, observed
FROM   etl.check('pairs', ARRAY[
	'UNIQUE (a, b)',
	'UNIQUE NULLS NOT DISTINCT (a, b)',
	'CONSTRAINT named UNIQUE NULLS DISTINCT (b)',
	'PRIMARY KEY (a, b)',
	'CONSTRAINT pkey PRIMARY KEY (a)',
	etl.rule('unique', '{a,b}', params => '{"nulls": "distinct"}'),
	etl.rule('unique', '{a,b}', params => '{"nulls": "equal"}'),
	etl.rule('unique', '{a,b}', params => '{"nulls": "ignore_all_null"}'),
	etl.rule('unique', '{a,b}', params => '{"nulls": "ignore_any_null"}')]);

-- a row whose fields are all NULL is not NULL itself
CREATE TYPE point2 AS (x integer, y integer);
CREATE TABLE places (p point2);
INSERT INTO places VALUES (ROW(NULL, NULL)), (NULL), (ROW(1, 2));
SELECT * FROM verdicts('places', ARRAY['{"type": "not_null", "column": "p"}', 'PRIMARY KEY (p)', 'UNIQUE (p)']);

-- references
CREATE TABLE visits (id integer, country text, host bigint, ref integer);
INSERT INTO visits VALUES (1, 'de', 1, 1), (2, 'xx', 3, NULL), (3, NULL, 9, 9), (4, 'fr', NULL, 1), (5, 'xx', 1, 2);
SELECT * FROM verdicts('visits', ARRAY[
	'FOREIGN KEY (country) REFERENCES countries',
	'FOREIGN KEY (country) REFERENCES check_rules.countries (code) MATCH SIMPLE',
	'CONSTRAINT host_known FOREIGN KEY (host) REFERENCES customers (customer_id)',
	'FOREIGN KEY (ref) REFERENCES visits (id)',
	'FOREIGN KEY (country, host) REFERENCES countries (code, name)',
	'{"type": "foreign_key", "columns": ["country"], "references": "countries", "referenced_columns": ["code"], "max_failed_rows": 2}']);

-- nothing to test
SELECT * FROM verdicts('empty', ARRAY[
	'age > 3', 'UNIQUE (age)', 'PRIMARY KEY (age)', 'FOREIGN KEY (name) REFERENCES countries',
	etl.rule('not_null', '{age}'),
	etl.rule('not_null', '{name}', params => '{"on_empty": "warn"}'),
	etl.rule('range', '{age}', min_value => 1, params => '{"on_empty": "fail"}'),
	etl.rule('range', '{age}', min_value => 2, params => '{"on_empty": "fail"}', severity => 'warn'),
	etl.rule('row_count', min_value => 1),
	etl.rule('row_count', max_value => 0)]);
SELECT * FROM verdicts('customers', ARRAY['age > 3', etl.rule('row_count', min_value => 1)], row_filter => 'name = ''nobody''');
SELECT * FROM verdicts('customers', ARRAY['age > 3'], row_filter => 'name = ''Cleo''');

-- filters: the first guards the second, both guard the check
SELECT * FROM verdicts('customers', ARRAY[
	'100 / balance > 0',
	etl.rule('expression', row_filter => '1 / (age - 17) IS NOT NULL', params => '{"expression": "balance >= 1", "on_null": "fail"}'),
	etl.rule('unique', '{customer_id}', row_filter => 'name <> ''Dora'''),
	etl.rule('foreign_key', '{name}', params => '{"references": "countries"}', row_filter => 'age > 36'),
	etl.rule('row_count', row_filter => 'age > 36')],
	row_filter => 'balance <> 0 AND age <> 17');

-- tolerance and severity
SELECT * FROM verdicts('customers', ARRAY[
	etl.rule('range', '{age}', name => 'two of four', min_value => 18, max_value => 120, max_failed_rows => 2),
	etl.rule('range', '{age}', name => 'one of four', min_value => 18, max_value => 120, max_failed_rows => 1),
	etl.rule('range', '{age}', name => 'half', min_value => 18, max_value => 120, max_failed_fraction => 0.5),
	etl.rule('range', '{age}', name => 'less than half', min_value => 18, max_value => 120, max_failed_fraction => 0.49999999999999999999),
	etl.rule('range', '{age}', name => 'both', min_value => 18, max_value => 120, max_failed_rows => 1, max_failed_fraction => 1),
	etl.rule('range', '{age}', name => 'none of its own', min_value => 18, max_value => 120)],
	max_failed_fraction => 0.5);
SELECT * FROM verdicts('customers', ARRAY[
	etl.rule('range', '{age}', name => 'info', severity => 'info', min_value => 18),
	etl.rule('range', '{age}', name => 'warn', severity => 'warn', min_value => 18),
	etl.rule('range', '{age}', name => 'critical', severity => 'critical', min_value => 18)]);
SELECT failed_rows, tested_rows, failed_fraction FROM etl.check('customers', ARRAY['customer_id <> 3', 'name > ''A''', 'false']);

-- names
SELECT check_name FROM etl.check('customers', ARRAY[
	'age > 3', 'age > 3', '  age  >  3 ', 'CHECK (age>3)', 'CONSTRAINT "age > 3_2" CHECK (true)',
	'UNIQUE (name, age)', 'PRIMARY KEY (name)', etl.rule('between', '{age}', min_value => 1), etl.rule('range', '{age}', min_value => 2),
	'name <> ''' || repeat('ä', 100) || '''']);

-- what helps to find the rows
\pset format unaligned
\x on
SELECT status, sample, top_failed, failed_rows_sql, expected, observed
FROM   etl.check('customers', ARRAY[
	etl.rule('range', '{age}', min_value => 18, max_value => 120),
	'UNIQUE (customer_id)',
	'PRIMARY KEY (customer_id)',
	'FOREIGN KEY (name) REFERENCES countries (code)',
	etl.rule('in_set', '{name}', allowed => '{Ada}', params => '{"row_filter": "age > 30", "on_null": "fail"}'),
	'age > 18', 'name IS NOT NULL', '{"type": "row_count", "max_value": 1}']);
\x off
\pset format aligned
SELECT sample, top_failed FROM etl.check('customers', ARRAY['UNIQUE (customer_id)'], sample_rows => 1);
SELECT sample, top_failed, failed_rows FROM etl.check('customers', ARRAY['UNIQUE (customer_id)'], sample_rows => 0);

-- assert, TAP, explain
SELECT etl.assert('customers', ARRAY['name IS NOT NULL', etl.rule('not_null', '{age}', severity => 'warn')]);
SELECT * FROM etl.check_tap('customers', ARRAY['name IS NOT NULL', 'CONSTRAINT "issue #1\a" CHECK (age > 18)', 'nosuch > 1',
	etl.rule('not_null', '{age}', severity => 'warn')]);
SELECT * FROM etl.check_tap('empty', ARRAY['age > 0', etl.rule('not_null', '{age}', params => '{"on_empty": "fail"}')]);
\pset format unaligned
SELECT * FROM etl.explain_check('customers', ARRAY['age > 3', 'UNIQUE (age)', 'nosuch > 1', etl.rule('not_null', '{nosuch}')], row_filter => 'true');
\pset format aligned

-- other kinds of relations, and names that need quotes
CREATE VIEW adults AS SELECT * FROM customers WHERE age >= 18;
CREATE MATERIALIZED VIEW all_customers AS SELECT * FROM customers;
CREATE TABLE parts (k integer, v text) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
INSERT INTO parts VALUES (1, 'a'), (11, 'a');
CREATE TEMPORARY TABLE scratch (n integer);
INSERT INTO scratch VALUES (1), (1);
CREATE TABLE "Sel""ect 'x' – ä" ("order" integer, "a""b" text, "select" integer);
INSERT INTO "Sel""ect 'x' – ä" VALUES (1, 'x', 2), (1, NULL, 3);
CREATE TABLE sixty_three_bytes_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (
	sixty_three_bytes_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb integer);
INSERT INTO sixty_three_bytes_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa VALUES (1), (1);
SELECT * FROM verdicts('adults', ARRAY['adults.age >= 40', 'UNIQUE (age)']);
SELECT * FROM verdicts('all_customers', ARRAY['age >= 40']);
SELECT * FROM verdicts('parts', ARRAY['UNIQUE (v)', 'PRIMARY KEY (k)', 'parts.k < 11']);
SELECT * FROM verdicts('scratch', ARRAY['UNIQUE (n)', 'FOREIGN KEY (n) REFERENCES customers (customer_id)']);
SELECT * FROM verdicts('"Sel""ect ''x'' – ä"', ARRAY[
	'"Sel""ect ''x'' – ä"."order" > 1', 'UNIQUE ("order")', etl.rule('not_null', ARRAY['a"b']),
	etl.rule('regex', ARRAY['a"b'], pattern => 'y'), 'PRIMARY KEY ("order", "select")',
	'FOREIGN KEY ("select") REFERENCES "Sel""ect ''x'' – ä" ("order")']);
SELECT check_name, status, failed_rows, failed_rows_sql
FROM   etl.check('"Sel""ect ''x'' – ä"', ARRAY['UNIQUE ("order")', etl.rule('not_null', ARRAY['a"b'])]);
SELECT * FROM verdicts('sixty_three_bytes_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
	ARRAY[etl.rule('unique', '{sixty_three_bytes_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}')]);

-- types with an order and equality of their own
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE typed (m mood, d positive, c char(5), v varchar(3), n name, i interval, r int4range, ts timestamptz, arr integer[], bits bit(3));
INSERT INTO typed VALUES
	('sad', 1, 'ab', 'abc', 'n', '1 day', '[1,3)', '2024-01-01 00:00+00', '{1}', B'101'),
	('happy', 9, 'xy', 'x', 'm', '3 days', '[5,9)', 'infinity', '{2}', B'001');
SELECT check_name, status, tested_rows, failed_rows, error_sqlstate
FROM   etl.check('typed', ARRAY[
	etl.rule('range', '{m}', min_value => 'ok'::text),
	etl.rule('range', '{d}', min_value => 0, max_value => 5),
	etl.rule('in_set', '{m}', allowed => '{sad,ok}'),
	etl.rule('in_set', '{c}', allowed => '{ab}'),
	etl.rule('in_set', '{v}', allowed => '{x,abcd}'),
	etl.rule('regex', '{c}', pattern => '^ab$'),
	etl.rule('regex', '{v}', pattern => '^.{3}$'),
	etl.rule('regex', '{n}', pattern => 'n'),
	etl.rule('range', '{i}', max_value => interval '48 hours'),
	etl.rule('in_set', '{r}', allowed => '{"[1,2]"}'),
	etl.rule('range', '{ts}', max_value => '2024-12-31 12:00+00'::timestamptz),
	etl.rule('in_set', '{arr}', allowed => '{"{1}"}'),
	etl.rule('in_set', '{bits}', allowed => '{101}')]);

-- a verdict is evaluated once for each row
CREATE SEQUENCE calls;
CREATE FUNCTION counted(integer) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT nextval(''check_rules.calls'') > 0';
SELECT check_name, tested_rows, failed_rows FROM etl.check('customers', ARRAY['counted(1)'], sample_rows => 0);
SELECT last_value FROM calls;

-- nothing is written
BEGIN READ ONLY;
SELECT check_name, status FROM etl.check('customers', ARRAY['age > 18', 'nosuch > 1', 'UNIQUE (customer_id)']);
COMMIT;

-- what this transaction did is seen, whatever its isolation level
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO empty (age) VALUES (1);
SELECT check_name, status, tested_rows, failed_rows FROM etl.check('empty', ARRAY['age > 18']);
ROLLBACK;

SET client_min_messages = warning;
DROP SCHEMA check_rules CASCADE;
