-- Texts that are no check: a verdict each where checks are evaluated, an error
-- where they are defined; and what is said of conditions, queries and bounds.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA check_broken;
SET search_path = check_broken;
\set SHOW_CONTEXT never
RESET client_min_messages;

CREATE TABLE t (id integer PRIMARY KEY, a integer, name text, d date, f double precision);
INSERT INTO t VALUES (1, 10, 'a', '2024-01-01', 1), (2, 20, 'b', '2024-02-01', 'Infinity');

-- the others are answered, whichever way they are
SELECT check_name, check_type, status, severity, success, error_sqlstate, message
FROM   etl.check('t', ARRAY[
	'a >= 10',
	'a >',
	'a > 10; DROP TABLE t',
	'',
	'id > 0',
	'UNIQUE (a, a)',
	'CONSTRAINT later CHECK (a > 0) NOT VALID',
	'{"type": "betwen", "column": "a", "name": "misspelt", "severity": "warn"}',
	'{"type": "between", "column": "a", "min_valu": 1}',
	'{"type": "between", "column": "a", "warn": {"min_value": 1}, "critical": {"min_val": 0}}',
	'{"type": "between", "column": "a", "severity": "info"}',
	'{"type": "match_regex", "column": "name", "pattern": "("}',
	'{"type": "not_null", "column": "a", "row_filter": "a >"}',
	'{"type": "composite", "all": ["a > 0", "a >"]}',
	'{"type": 1}',
	'{"type": "not_null"',
	'PRIMARY KEY (id)']);
SELECT count(*) FILTER (WHERE status = 'error') AS broken, count(*) FILTER (WHERE status = 'pass') AS held
FROM   etl.check('t', ARRAY(SELECT unnest(ARRAY['a > 0 -- ' || n, 'a > ' || repeat('(', n)]) FROM generate_series(1, 100) AS n));
SELECT expected FROM etl.check('t', ARRAY['a >', '{"type": "betwen", "min_value": 1}']);
SELECT check_name, evaluation, equivalent_sql IS NULL AS nothing FROM etl.explain_check('t', ARRAY['a > 0', 'a >', 'nosuch > 1', 'name', '{"type": "betwen"}']);
SELECT * FROM etl.check_tap('t', ARRAY['a > 0', 'a >']);
SELECT check_name, note FROM etl.suggest_constraints('t', ARRAY['a > 0', 'a >']);
SELECT etl.assert('t', ARRAY['a > 0', 'a >']);
\echo :LAST_ERROR_SQLSTATE
-- a warning does not stop
SELECT etl.assert('t', ARRAY['a > 0', '{"type": "betwen", "severity": "warn"}']);

-- what is about the call, or the list, is an error of the call
SELECT etl.check('t', ARRAY['a > 0'], row_filter => 'a >');
SELECT etl.check('t', ARRAY['CONSTRAINT x CHECK (a > 0)', '{"type": "betwen", "name": "x"}']);
\echo :LAST_ERROR_SQLSTATE
-- so are arguments of functions for one check
SELECT etl.check_regex('t', 'name', '(');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.check_range('t', 'a');
\echo :LAST_ERROR_SQLSTATE

-- definitions refuse what is none
SELECT etl.rules('["a > 0", "a >"]');
SELECT etl.define('check_broken_p', ARRAY[etl.extract('s', 'SELECT 1 AS a'), etl.expect('s', ARRAY['a > 0', 'a >'])]);
\echo :LAST_ERROR_SQLSTATE

-- conditions that are none: 42804, in terms of what was written
SELECT check_name, status, error_sqlstate, error_message
FROM   etl.check('t', ARRAY[
	'a', 'a + 1', 'CHECK (name)', 'generate_series(1, a) > 0',
	etl.rule('failed_rows_where', params => '{"condition": "a"}'),
	etl.rule('not_null', '{a}', row_filter => 'name'),
	etl.rule('row_count', row_filter => 'a', min_value => 1),
	etl.rule('expression', name => 'in groups', params => '{"expression": "a", "group_by": ["name"]}'),
	etl.rule('required_if', '{name}', params => '{"condition": "a + 1"}'),
	'{"type": "composite", "name": "any of", "any": ["a > 0", {"type": "composite", "none": ["a"]}]}',
	'a > 0']);
SELECT check_name, error_message FROM etl.check('t', ARRAY['a > 0'], row_filter => 'a');

-- queries that are none: the option is named
SELECT etl.rule('failed_rows_query', params => '{"query": "DELETE FROM t"}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('failed_rows_query', params => '{"query": "SELECT 1", "tested_query": "SELECT 1 INTO x"}');
SELECT etl.rule('metric_query', min_value => 1, params => '{"query": "WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d"}');
SELECT etl.rule('metric_query', min_value => 1, params => '{"query": "SELECT a FROM t FOR UPDATE"}');

-- bounds out of order: at definition where that shows
SELECT etl.rule('between', '{a}', min_value => 5, max_value => 1);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('not_between', '{d}', min_value => '2024-02-01'::text, max_value => '2024-01-01'::text);
SELECT etl.rule('between', '{d}', min_value => '2024-02-01 10:00'::text, max_value => '2024-02-01 09:59'::text);
SELECT etl.rule('between', '{a}', min_value => 5, max_value => 5, params => '{"max_inclusive": false}');
SELECT etl.rule('between', '{a}', min_value => 5, max_value => 5);
-- of every rule with two bounds, counts or fractions
SELECT t.rule_type, array_agg(c.error_message) AS others
FROM   etl.rule_types() AS t, unnest('{0.9,9}'::numeric[], '{0.1,1}'::numeric[]) AS b (high, low),
       etl.check('t', ARRAY[jsonb_build_object('type', t.rule_type, 'min_value', b.high, 'max_value', b.low) || CASE t.columns
		WHEN 'none' THEN '{}' WHEN 'any number' THEN '{}' WHEN 'two' THEN '{"columns": ["a", "f"]}' ELSE '{"columns": ["a"]}' END::jsonb || CASE t.rule_type
		WHEN 'change_between' THEN '{"order_by": ["id"]}' WHEN 'rows_per_window_between' THEN '{"every": "day", "columns": ["d"]}' WHEN 'inclusion_fraction_between' THEN '{"relation": "t"}'
		WHEN 'event_latency_between' THEN '{"columns": ["d", "d"]}' WHEN 'metric_query' THEN '{"query": "SELECT 1"}' WHEN 'metric_expression' THEN '{"expression": "count(*)"}'
		WHEN 'metric_change' THEN '{"metric": {"type": "row_count"}}' WHEN 'value_frequency_between' THEN '{"value": 1}' WHEN 'quantile_between' THEN '{"quantile": 0.5}' ELSE '{}' END::jsonb]::text[]) AS c
WHERE  t.options @> '[{"name": "min_value"}, {"name": "max_value"}]'
GROUP  BY t.rule_type HAVING NOT bool_or(coalesce(c.error_message ~ 'above|in order', false));
-- as values of the column where only the type tells
SELECT check_name, status, error_sqlstate, message
FROM   etl.check('t', ARRAY[
	etl.rule('between', '{a}', min_value => '10'::text, max_value => '9'::text),
	etl.rule('between', '{name}', min_value => '10'::text, max_value => '9'::text),
	etl.rule('between', '{d}', min_value => 'infinity'::text, max_value => '1 Jan 2001'::text),
	etl.rule('min_between', '{d}', min_value => '2 Jan 2001'::text, max_value => '1 Jan 2001'::text),
	etl.rule('max_between', '{a}', min_value => '10'::text, max_value => '9.5'::text)]);

-- infinite metrics: they may fail a bound, and pass one that is infinite
SELECT check_name, status, error_sqlstate, message
FROM   etl.check('t', ARRAY[
	etl.rule('mean_between', '{f}', name => 'mean, below', max_value => 5),
	etl.rule('mean_between', '{f}', name => 'mean, above', min_value => 5),
	etl.rule('mean_between', '{f}', name => 'mean, open', min_value => '5', max_value => 'infinity'::text),
	etl.rule('max_between', '{f}', name => 'max, above', min_value => 5),
	etl.rule('max_between', '{f}', name => 'max, open', min_value => '5', max_value => '+Infinity'::text),
	etl.rule('sum_between', '{f}', name => 'sum, more than', min_value => 5, params => '{"min_inclusive": false}'),
	etl.rule('quantile_between', '{f}', name => 'quantiles', params => '{"quantiles": [0.5, 1], "ranges": [{"min_value": 0}, {"min_value": 0}]}'),
	etl.rule('metric_query', name => 'query', min_value => 5, params => '{"query": "SELECT ''Infinity''::float8"}'),
	etl.rule('metric_query', name => 'query, below', max_value => 5, params => '{"query": "SELECT ''Infinity''::numeric"}'),
	etl.rule('metric_expression', name => 'expression', max_value => 5, params => '{"expression": "-sum(f)"}'),
	etl.rule('metric_expression', name => 'expression, open', max_value => '5', min_value => '-infinity'::text, params => '{"expression": "-sum(f)"}'),
	etl.rule('metric_expression', name => 'whole number, open', min_value => '2', max_value => 'infinity'::text, params => '{"expression": "count(*)"}'),
	etl.rule('metric_expression', name => 'date, open', min_value => '-infinity', max_value => '2024-02-01'::text, params => '{"expression": "max(d)"}'),
	etl.rule('metric_expression', name => 'whole number, no such value', min_value => 'infinity'::text, params => '{"expression": "count(*)"}'),
	etl.rule('metric_expression', name => 'NaN', min_value => '-infinity', max_value => 'infinity'::text, params => '{"expression": "sum(f - f)"}')]);

-- a json that no jsonb can hold is no reason to show nothing
CREATE TABLE odd (id integer, "a ""j" json, list json[], nothing point);
INSERT INTO odd VALUES (1, '{"a": "\u0000"}', ARRAY['"\ud800"'::json], NULL), (2, '1e400000', NULL, '(1,2)'), (3, '{"b": [1]}', '{}', NULL);
SELECT check_name, jsonb_array_elements(sample) AS failed
FROM   etl.check('odd', ARRAY['id > 9', 'CONSTRAINT few CHECK (id > 2)', '{"type": "failed_rows_query", "query": "SELECT \"a \"\"j\" AS j FROM odd ORDER BY id"}']) WHERE sample IS NOT NULL;

SET client_min_messages = warning;
DROP SCHEMA check_broken CASCADE;
