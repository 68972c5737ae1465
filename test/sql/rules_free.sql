-- Rules that people write themselves, and rules made of rules.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA rules_free;
SET search_path = rules_free;
\set SHOW_CONTEXT never
\set VERBOSITY terse
RESET client_min_messages;

CREATE FUNCTION verdicts(source regclass, checks text[], row_filter text DEFAULT NULL)
RETURNS TABLE (check_name text, status text, tested bigint, nulls bigint, failed bigint, message text)
LANGUAGE plpgsql AS $$
DECLARE
	sql text;
	r record;
BEGIN
	FOR check_name, status, tested, nulls, failed, message IN
		SELECT c.check_name, c.status, c.tested_rows, c.null_rows, c.failed_rows, coalesce(c.error_sqlstate || ': ', '') || c.message
		FROM etl.check(source, checks, row_filter) AS c
	LOOP
		SELECT e.equivalent_sql INTO sql FROM etl.explain_check(source, checks, row_filter) AS e WHERE e.check_name = verdicts.check_name;
		IF status <> 'error' AND message NOT LIKE '%rules hold' AND message NOT LIKE '%groups failed' THEN
			EXECUTE 'SELECT tested_rows, failed_rows, to_jsonb(q) ->> ''holds'' AS holds FROM (' || sql || ') AS q' INTO r;
			IF (r.tested_rows, r.failed_rows) IS DISTINCT FROM (tested, failed) OR r.holds <> (status = 'pass')::text THEN
				RAISE WARNING '% differs from its SQL: %', check_name, r;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;

CREATE TABLE t (id integer, "Zwei ""w" text, a integer, b integer, s text, q text);
INSERT INTO t VALUES (1, 'x', 1, NULL, 'a', 'a'), (2, 'y', NULL, 2, 'b', 'b'), (3, NULL, NULL, NULL, 'c', NULL), (4, 'z', 4, 4, 'd', 'a'), (5, 'x', -5, NULL, 'e', 'a');
CREATE TABLE nothing (LIKE t);
CREATE TABLE limits (lowest integer, highest integer);
INSERT INTO limits VALUES (0, 3);

-- failed_rows_where: true is bad, NULL is no verdict
SELECT * FROM verdicts('t', etl.rules('[
	{"type": "failed_rows_where", "condition": "a < 0", "name": "bad"},
	{"type": "failed_rows_where", "condition": "a < 0 -- a comment", "on_null": "fail", "name": "NULL fails"},
	{"type": "failed_rows_where", "condition": "a < 0", "on_null": "pass", "max_failed_rows": 1, "name": "NULL passes"},
	{"type": "failed_rows_where", "condition": "t.\"Zwei \"\"w\" = ''x'' OR a = 4", "row_filter": "a > 0", "name": "filter"},
	{"type": "failed_rows_where", "condition": "a > (SELECT highest FROM limits)", "group_by": ["q"], "name": "groups"},
	{"type": "failed_rows_where", "condition": "a", "name": "no condition"},
	{"type": "failed_rows_where", "condition": "nosuch > 1", "name": "no column"},
	{"type": "row_expression", "expression": "a > 0", "name": "the other way round"}]'));
SELECT check_name, failed_rows_sql, sample FROM etl.check('t', ARRAY['{"type": "failed_rows_where", "condition": "a < 0"}']);

-- failed_rows_query
SELECT * FROM verdicts('t', etl.rules('[
	{"type": "failed_rows_query", "query": "SELECT id FROM t WHERE a > (SELECT highest FROM limits)", "name": "one"},
	{"type": "failed_rows_query", "query": "SELECT FROM t WHERE false -- none", "name": "none"},
	{"type": "failed_rows_query", "query": "SELECT * FROM t", "tested_query": "SELECT 1 FROM t CROSS JOIN t AS u", "max_failed_fraction": 0.2, "name": "tolerated"},
	{"type": "failed_rows_query", "query": "WITH t AS (SELECT 1 AS one) TABLE t", "tested_query": "VALUES (1), (2)", "name": "CTE"},
	{"type": "failed_rows_query", "query": "SELECT s.scan, q.v FROM t", "name": "nothing of ours is seen"},
	{"type": "failed_rows_query", "query": "SELECT 1 / (id - 1) FROM t", "name": "not all columns are needed"},
	{"type": "failed_rows_query", "query": "SELECT * FROM t WHERE 1 / (id - 1) > 5", "name": "division"},
	{"type": "failed_rows_query", "query": "SELECT * FROM nosuch", "name": "no relation"}]'));
SELECT * FROM verdicts('nothing', etl.rules('[
	{"type": "failed_rows_query", "query": "SELECT * FROM t", "name": "failures without rows"},
	{"type": "failed_rows_query", "query": "SELECT * FROM nothing", "name": "no rows"}]'));
SELECT failed_rows_sql, sample FROM etl.check('t', ARRAY['{"type": "failed_rows_query", "query": "SELECT id, a FROM t WHERE a > 3"}']);

-- metric_query, metric_expression
SELECT * FROM verdicts('t', etl.rules('[
	{"type": "metric_query", "query": "SELECT sum(a) FROM t", "min_value": 0, "max_value": 0, "name": "sum"},
	{"type": "metric_query", "query": "SELECT sum(a) FROM t", "min_value": 0, "min_inclusive": false, "name": "more than 0"},
	{"type": "metric_query", "query": "SELECT max(s) FROM t -- text", "max_value": "d", "name": "text"},
	{"type": "metric_query", "query": "SELECT a FROM t WHERE false", "min_value": 0, "name": "no row"},
	{"type": "metric_query", "query": "SELECT a FROM t WHERE false", "min_value": 0, "on_empty": "pass", "name": "no row, fine"},
	{"type": "metric_query", "query": "SELECT a FROM t", "min_value": 0, "name": "many rows"},
	{"type": "metric_query", "query": "SELECT a, b FROM t LIMIT 1", "min_value": 0, "name": "many columns"},
	{"type": "metric_query", "query": "SELECT ''NaN''::float8", "min_value": 0, "name": "NaN"},
	{"type": "metric_expression", "expression": "sum(a) / count(*)::numeric", "min_value": 0, "max_value": 0, "name": "quotient"},
	{"type": "metric_expression", "expression": "count(*) FILTER (WHERE a > 0)", "min_value": 2, "row_filter": "q = ''a''", "name": "filters"},
	{"type": "metric_expression", "expression": "max(a)", "min_value": 2, "group_by": ["q"], "name": "groups"},
	{"type": "metric_expression", "expression": "sum(a) / (count(*) - 5)", "min_value": 2, "name": "division"},
	{"type": "metric_expression", "expression": "a", "min_value": 2, "name": "no aggregate"},
	{"type": "metric_expression", "expression": "sum(b)", "min_value": 2, "row_filter": "b IS NULL", "name": "NULL"}]'));

-- composite, row by row: three-valued
SELECT * FROM verdicts('t', etl.rules('[
	{"type": "composite", "any": [{"type": "not_null", "column": "a"}, {"type": "not_null", "column": "b"}], "name": "a or b"},
	{"type": "composite", "all": [{"type": "not_null", "column": "a"}, "b > 0"], "name": "a and b"},
	{"type": "composite", "all": ["a > 0", "b > 0"], "name": "NULLs"},
	{"type": "composite", "all": ["a > 0", "b > 0"], "on_null": "fail", "name": "NULLs fail"},
	{"type": "composite", "all": ["a > 0", {"type": "between", "column": "b", "min_value": 0, "on_null": "pass"}], "name": "a member''s NULLs"},
	{"type": "composite", "none": ["a < 0", "b > 3"], "max_failed_rows": 1, "name": "neither"},
	{"type": "composite", "none": ["a < 0", "b > 3"], "row_filter": "id > 3", "group_by": ["q"], "name": "neither, groups"},
	{"type": "composite", "any": ["a > 0", {"type": "composite", "all": ["b > 0", {"type": "composite", "none": ["s = ''c''"]}]}], "name": "nested"}]'));
SELECT check_name, sample FROM etl.check('t', ARRAY['{"type": "composite", "any": ["a IS NOT NULL", "b IS NOT NULL"]}']);

-- by outcomes
SELECT * FROM verdicts('t', etl.rules('[
	{"type": "composite", "any": ["UNIQUE (q)", "UNIQUE (id)"], "name": "one key"},
	{"type": "composite", "all": ["UNIQUE (q)", "UNIQUE (id)"], "name": "both keys"},
	{"type": "composite", "none": ["UNIQUE (q)", {"type": "column_exists", "column": "nosuch"}], "name": "none"},
	{"type": "composite", "any": ["a > 0", "b > 0"], "by": "checks", "name": "one of the columns everywhere"},
	{"type": "composite", "all": [{"type": "expression", "expression": "a > 0", "max_failed_rows": 1}, {"type": "row_count", "min_value": 5}, {"type": "has_index", "column": "id"}], "name": "mixed"},
	{"type": "composite", "all": [{"type": "row_count_equals", "value": 3}, {"type": "row_count_equals", "value": 2, "row_filter": "a > 1"}], "row_filter": "q = ''a''", "name": "filters"},
	{"type": "composite", "all": [{"type": "metric_query", "query": "SELECT NULL::int", "min_value": 1}], "name": "no data"},
	{"type": "composite", "any": ["UNIQUE (id)", "UNIQUE (nosuch)"], "name": "an error is an error"},
	{"type": "composite", "any": ["UNIQUE (id)", {"type": "metric_expression", "expression": "1 / (count(*) - 5)", "min_value": 1}], "name": "also at run time"},
	{"type": "composite", "any": [{"type": "composite", "all": ["UNIQUE (q)"]}, {"type": "foreign_key", "column": "a", "references": "t", "referenced_columns": ["id"]}], "severity": "warn", "name": "nested"}]'));
SELECT observed FROM etl.check('t', ARRAY['{"type": "composite", "any": ["UNIQUE (q)", {"type": "row_count", "name": "rows", "min_value": 6}]}']);
SELECT count(*) FROM etl.explain_check('t', ARRAY['{"type": "composite", "any": ["UNIQUE (q)", {"type": "row_count", "min_value": 6}]}']) AS e WHERE e.equivalent_sql LIKE '%UNION ALL%';

-- pipelines learn what members and queries read
SET client_min_messages = warning;
SELECT etl.define('rules_free_p', ARRAY[
	etl.extract('limits', 'SELECT 1 AS lowest'),
	etl.extract('orders', 'SELECT 1 AS id'),
	etl.expect('orders', ARRAY[etl.rule('composite', params => '{"all": ["UNIQUE (id)", {"type": "failed_rows_query", "query": "SELECT * FROM limits WHERE lowest > 1"}]}')], name => 'checked')]) IS NOT NULL AS defined;
SELECT step, depends_on FROM etl.steps WHERE pipeline = 'rules_free_p' ORDER BY step;
RESET client_min_messages;

-- definitions: 22023, 42601
SELECT etl.rule('failed_rows_where');
SELECT etl.rule('failed_rows_where', params => '{"condition": "a > 1; DROP TABLE t"}');
SELECT etl.rule('failed_rows_query', params => '{"query": "DELETE FROM t"}');
SELECT etl.rule('failed_rows_query', params => '{"query": "SELECT 1; SELECT 2"}');
SELECT etl.rule('failed_rows_query', row_filter => 'a > 1', params => '{"query": "SELECT 1"}');
SELECT etl.rule('metric_query', params => '{"query": "SELECT 1"}');
SELECT etl.rule('metric_expression', min_value => 1);
SELECT etl.rule('composite');
SELECT etl.rule('composite', params => '{"all": ["a"], "any": ["b"]}');
SELECT etl.rule('composite', params => '{"all": []}');
SELECT etl.rule('composite', params => '{"all": "a > 1"}');
SELECT etl.rule('composite', params => '{"all": [1]}');
SELECT etl.rule('composite', params => '{"all": [null]}');
SELECT etl.rule('composite', params => '{"all": ["a >"]}');
SELECT etl.rule('composite', params => '{"all": [{"type": "nosuch"}]}');
SELECT etl.rule('composite', params => '{"all": ["UNIQUE (a)"], "by": "rows"}');
SELECT etl.rule('composite', max_failed_rows => 1, params => '{"all": ["UNIQUE (a)"]}');
SELECT etl.rule('composite', params => '{"all": [{"type": "not_null", "column": "a", "group_by": ["b"]}]}');
SELECT etl.rule('composite', params => '{"all": [{"type": "row_count", "warn": {"min_value": 1}}]}');
SELECT etl.rule('composite', params => '{"all": [{"type": "composite", "all": [{"type": "composite", "all": [{"type": "composite", "all": [{"type": "composite", "all": [{"type": "composite", "all": ["a > 1"]}]}]}]}]}]}');
\echo :LAST_ERROR_SQLSTATE

SET client_min_messages = warning;
SELECT etl.drop_pipeline('rules_free_p') IS NOT NULL AS dropped;
DROP SCHEMA rules_free CASCADE;
