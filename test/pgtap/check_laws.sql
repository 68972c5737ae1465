-- Laws of checks: the truth table of each rule under each on_null, and three
-- ways to the same numbers: fused with others, alone, and by the equivalent
-- SQL of etl.explain_check.
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA check_laws;
SET search_path = check_laws, public;
SELECT plan(28);

-- 1. a verdict TRUE, FALSE, NULL under on_null ignore, fail, pass
CREATE TABLE verdict (v boolean);
INSERT INTO verdict VALUES (true), (false), (false), (NULL), (NULL), (NULL), (NULL);

CREATE TABLE truth (on_null text, tested bigint, nulls bigint, failed bigint);
INSERT INTO truth VALUES ('ignore', 3, 4, 2), ('fail', 7, 4, 6), ('pass', 7, 4, 2);

SELECT results_eq(
	format($$SELECT tested_rows, null_rows, failed_rows FROM etl.check('verdict', ARRAY[
		etl.rule('expression', params => '{"expression": "v"}', on_null => %L)])$$, on_null),
	format('VALUES (%s::bigint, %s::bigint, %s::bigint)', tested, nulls, failed),
	'expression, on_null ' || on_null)
FROM truth;

-- 2. the same for each rule on a column: one value passes, two fail, four are NULL
CREATE TABLE column_values (n integer, t text);
INSERT INTO column_values VALUES (5, 'yes'), (1, 'no'), (9, 'never'), (NULL, NULL), (NULL, NULL), (NULL, NULL), (NULL, NULL);

SELECT results_eq(
	format($$SELECT tested_rows, null_rows, failed_rows FROM etl.check('column_values', ARRAY[%L::jsonb || %L::jsonb]::text[])$$,
		rule, jsonb_build_object('on_null', on_null)),
	format('VALUES (%s::bigint, %s::bigint, %s::bigint)', tested, nulls, failed),
	format('%s, on_null %s', rule ->> 'type', on_null))
FROM truth, unnest(ARRAY[
	'{"type": "range", "column": "n", "min_value": 2, "max_value": 8}',
	'{"type": "regex", "column": "t", "pattern": "^y"}',
	'{"type": "in_set", "column": "t", "value_set": ["yes", "maybe"]}']::jsonb[]) AS rule;

SELECT results_eq(
	$$SELECT tested_rows, null_rows, failed_rows FROM etl.check_not_null('column_values', '{n}')$$,
	'VALUES (7::bigint, 4::bigint, 4::bigint)', 'not_null tests all rows');

-- 3. two columns: NULL only when nothing is false
CREATE TABLE pair (a integer, b integer);
INSERT INTO pair VALUES (1, 1), (1, 0), (0, 1), (0, 0), (1, NULL), (NULL, 1), (0, NULL), (NULL, 0), (NULL, NULL);
SELECT results_eq(
	$$SELECT tested_rows, null_rows, failed_rows FROM etl.check('pair', ARRAY[etl.rule('range', '{a,b}', min_value => 1)])$$,
	$$SELECT count(a >= 1 AND b >= 1), count(*) FILTER (WHERE (a >= 1 AND b >= 1) IS NULL),
	         count(*) FILTER (WHERE (a >= 1 AND b >= 1) IS FALSE) FROM pair$$,
	'a rule on two columns is their conjunction');

-- 4. many checks on data with duplicates, NULLs, orphans
CREATE TABLE parent (id integer PRIMARY KEY, code text COLLATE "C" NOT NULL);
INSERT INTO parent SELECT i, 'c' || i FROM generate_series(1, 40) AS i;
CREATE TABLE facts (id integer, a integer, b bigint, c text, d date, f double precision, x numeric);
INSERT INTO facts
SELECT i, nullif(i % 13, 0), nullif(i % 7, 3), CASE WHEN i % 5 > 0 THEN 'c' || i % 60 END,
	date '2024-01-01' + i % 90, CASE i % 11 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL ELSE i / 3.0 END::float8,
	nullif(i % 17, 4) / 2.0
FROM generate_series(1, 500) AS i;

CREATE TABLE suite (place integer GENERATED ALWAYS AS IDENTITY, check_text text);
INSERT INTO suite (check_text) VALUES
	('a > 3'), ('a > b'), ('a > 3 OR b IS NULL'), ('NOT (a > 3)'), ('c LIKE ''c1%'''), ('a IN (1, 2, NULL)'),
	('a NOT IN (1, 2, NULL)'), ('facts.x * a < 40'), ('NULL::boolean'), ('true'), ('false'),
	('EXISTS (SELECT FROM parent WHERE parent.id = facts.id)'),
	('CHECK (d < ''2024-03-01'')'), ('UNIQUE (id)'), ('UNIQUE (a)'), ('UNIQUE (a, b)'), ('UNIQUE NULLS NOT DISTINCT (a, b)'),
	('UNIQUE (a, b, c)'), ('PRIMARY KEY (id)'), ('PRIMARY KEY (a)'), ('PRIMARY KEY (a, c)'),
	('FOREIGN KEY (a) REFERENCES parent'), ('FOREIGN KEY (id) REFERENCES parent (id)'), ('FOREIGN KEY (b) REFERENCES parent (id)'),
	('FOREIGN KEY (c) REFERENCES parent (code)'), ('FOREIGN KEY (a, c) REFERENCES parent (id, code)'),
	('FOREIGN KEY (a) REFERENCES facts (b)'),
	('{"type": "unique", "columns": ["a", "b"], "nulls": "ignore_all_null"}'),
	('{"type": "unique", "columns": ["a", "b"], "nulls": "ignore_any_null"}'),
	('{"type": "unique", "columns": ["a", "b"], "nulls": "equal", "row_filter": "id > 250"}'),
	('{"type": "primary_key", "columns": ["a"], "row_filter": "id < 9"}'),
	('{"type": "foreign_key", "columns": ["a"], "references": "parent", "row_filter": "a < 5 OR a IS NULL"}'),
	('{"type": "not_null", "columns": ["a", "b"]}'), ('{"type": "not_null", "column": "id", "row_filter": "c IS NULL"}'),
	('{"type": "range", "column": "f", "min_value": 10}'), ('{"type": "range", "column": "f", "max_value": 100.5}'),
	('{"type": "range", "column": "x", "min_value": 1.5, "max_value": 6, "on_null": "fail"}'),
	('{"type": "range", "column": "d", "min_value": "2024-02-01", "on_null": "pass"}'),
	('{"type": "regex", "column": "c", "pattern": "[13]$", "row_filter": "a > 2"}'),
	('{"type": "in_set", "column": "a", "allowed": [1, 2, 3.0], "on_null": "fail"}'),
	('{"type": "in_set", "column": "c", "allowed": []}'),
	('{"type": "expression", "expression": "10 / a > 2", "row_filter": "a <> 0", "on_null": "fail"}'),
	('{"type": "row_count", "min_value": 500}'), ('{"type": "row_count", "row_filter": "a > 3"}');

CREATE TABLE answers (way text, place bigint, tested bigint, failed bigint);

-- all in one query
INSERT INTO answers
SELECT 'fused', v.ordinality, v.tested_rows, v.failed_rows
FROM   etl.check('facts', ARRAY(SELECT check_text FROM suite ORDER BY place), sample_rows => 0)
       WITH ORDINALITY AS v;
-- each alone, and among checks that fail to evaluate
INSERT INTO answers
SELECT 'alone', s.place, v.tested_rows, v.failed_rows
FROM   suite AS s, etl.check('facts', ARRAY[s.check_text], sample_rows => 0) AS v;
INSERT INTO answers
SELECT 'bisected', (v.ordinality + 1) / 2, v.tested_rows, v.failed_rows
FROM   etl.check('facts', ARRAY(SELECT unnest(ARRAY[check_text, '1 / (id - id) = ' || place]) FROM suite ORDER BY place), sample_rows => 0)
       WITH ORDINALITY AS v
WHERE  v.ordinality % 2 = 1;
-- the equivalent SQL, and the number of rows that failed_rows_sql finds
CREATE FUNCTION count_by(sql text) RETURNS TABLE (tested bigint, failed bigint) LANGUAGE plpgsql STRICT AS
$$BEGIN RETURN QUERY EXECUTE 'SELECT q.tested_rows, q.failed_rows FROM (' || sql || ') AS q'; END$$;
INSERT INTO answers
SELECT 'equivalent', s.place, o.tested, o.failed
FROM   suite AS s, etl.explain_check('facts', ARRAY[s.check_text]) AS e, count_by(e.equivalent_sql) AS o;
INSERT INTO answers
SELECT 'failed_rows_sql', s.place, v.tested_rows, o.failed
FROM   suite AS s, etl.check('facts', ARRAY[s.check_text], sample_rows => 0) AS v,
       count_by('SELECT NULL::bigint AS tested_rows, count(*) AS failed_rows FROM (' || v.failed_rows_sql || ') AS r') AS o;

SELECT is(count(*), 44::bigint, 'the suite has checks') FROM suite;
SELECT is(count(*), (SELECT count(*) FROM suite), 'fused: all answered') FROM answers WHERE way = 'fused' AND tested IS NOT NULL;
SELECT results_eq('SELECT place, tested, failed FROM answers WHERE way = ''alone'' ORDER BY place',
	'SELECT place, tested, failed FROM answers WHERE way = ''fused'' ORDER BY place', 'alone = fused');
SELECT results_eq('SELECT place, tested, failed FROM answers WHERE way = ''bisected'' ORDER BY place',
	'SELECT place, tested, failed FROM answers WHERE way = ''fused'' ORDER BY place', 'beside checks that cannot be evaluated = fused');
SELECT results_eq('SELECT place, tested, failed FROM answers WHERE way = ''equivalent'' ORDER BY place',
	'SELECT place, tested, failed FROM answers WHERE way = ''fused'' ORDER BY place', 'equivalent SQL = fused');
SELECT results_eq('SELECT place, failed FROM answers WHERE way = ''failed_rows_sql'' ORDER BY place',
	'SELECT place, failed FROM answers WHERE way = ''fused'' AND failed > 0 ORDER BY place', 'rows of failed_rows_sql = failed_rows');

-- 5. what the numbers are to each other
CREATE TABLE found AS
SELECT * FROM etl.check('facts', ARRAY(SELECT check_text FROM suite ORDER BY place), row_filter => 'id > 20', sample_rows => 3);
SELECT is_empty('SELECT * FROM found WHERE failed_rows > tested_rows OR failed_rows < 0', 'failed rows are among the tested');
SELECT is_empty('SELECT * FROM found WHERE tested_rows + excluded_rows > 500 OR excluded_rows < 20', 'tested rows are not excluded');
SELECT is_empty('SELECT * FROM found WHERE failed_fraction <> failed_rows::numeric / nullif(tested_rows, 0)', 'the fraction is exact');
SELECT is_empty('SELECT * FROM found WHERE (status = ''pass'') <> success AND status <> ''no_data''', 'success is pass');
SELECT is_empty('SELECT * FROM found WHERE jsonb_array_length(sample) <> least(3, failed_rows)', 'a sample has as many rows as it may');
SELECT is_empty('SELECT * FROM found WHERE failed_rows > 0 AND sample IS NULL', 'failed rows are shown');
SELECT is_empty($$SELECT * FROM found WHERE check_type IN ('unique', 'primary_key') AND NOT (
	(observed ->> 'distinct_values')::int = (observed ->> 'values_occurring_once')::int + (observed ->> 'duplicate_values')::int
	AND (observed ->> 'surplus_rows')::int = (observed ->> 'duplicate_rows')::int - (observed ->> 'duplicate_values')::int
	AND failed_rows = (observed ->> 'duplicate_rows')::int + CASE check_type WHEN 'primary_key' THEN null_rows ELSE 0 END)$$,
	'the five numbers of duplicates agree');

-- 6. a name does not depend on bounds
SELECT is(
	(SELECT check_name FROM etl.check_range('facts', 'a', 1, 2)), (SELECT check_name FROM etl.check_range('facts', 'a', 3)),
	'a derived name survives another bound');

SELECT * FROM finish();
ROLLBACK;
