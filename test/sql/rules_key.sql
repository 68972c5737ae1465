-- Rules on keys: duplicates in every unit, shares, numbers of values.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA rules_key;
SET search_path = rules_key;
\set SHOW_CONTEXT never
\pset null ~

-- a: 1 three times, 2 twice, 3 once, NULL twice; b: 1.0 = 1.00
CREATE TABLE t (id integer, g text, a integer, b numeric);
INSERT INTO t VALUES (1, 'x', 1, 1.0), (2, 'x', 1, 1.00), (3, 'x', 1, 2), (4, 'y', 2, 1), (5, 'y', 2, NULL),
	(6, 'y', 3, NULL), (7, 'z', NULL, NULL), (8, 'z', NULL, NULL);
SELECT nulls, c.check_type, c.status, c.tested_rows AS tested, c.null_rows AS nulls, c.failed_rows AS failed, c.observed
FROM unnest('{distinct,equal,ignore_all_null,ignore_any_null}'::text[]) WITH ORDINALITY AS n (nulls, i),
	etl.check('t', ARRAY[
		etl.rule('unique', '{a}', params => jsonb_build_object('nulls', nulls)),
		etl.rule('duplicate_rows_at_most', '{a}', params => jsonb_build_object('nulls', nulls, 'max_value', 5)),
		etl.rule('uniqueness_between', '{a}', min_value => 0.125, max_value => 0.16, params => jsonb_build_object('nulls', nulls)),
		etl.rule('distinctness_between', '{a}', min_value => 0.5, params => jsonb_build_object('nulls', nulls)),
		etl.rule('distinct_count_between', '{a}', max_value => 3, params => jsonb_build_object('nulls', nulls))]) WITH ORDINALITY AS c
ORDER BY i, c.ordinality;
-- two columns
SELECT nulls, c.check_type, c.tested_rows AS tested, c.null_rows AS nulls, c.observed->'value' AS value
FROM unnest('{distinct,equal,ignore_all_null,ignore_any_null}'::text[]) WITH ORDINALITY AS n (nulls, i),
	etl.check('t', ARRAY[
		etl.rule('duplicate_rows_at_most', '{a,b}', params => jsonb_build_object('nulls', nulls, 'max_value', 5)),
		etl.rule('uniqueness_between', '{a,b}', params => jsonb_build_object('nulls', nulls)),
		etl.rule('distinctness_between', '{a,b}', params => jsonb_build_object('nulls', nulls)),
		etl.rule('distinct_count_between', '{a,b}', params => jsonb_build_object('nulls', nulls))]) WITH ORDINALITY AS c
ORDER BY i, c.ordinality;
-- the same by plain SQL
SELECT sum(n) AS tested, sum(n) FILTER (WHERE n > 1) AS duplicate_rows, count(*) FILTER (WHERE n > 1) AS duplicate_values,
	sum(n - 1) AS surplus_rows, count(*) AS distinct_values
FROM (SELECT a, count(*) AS n FROM t WHERE a IS NOT NULL GROUP BY a) AS s;

-- units, bounds that are out, exact shares, groups, levels, filter, failing rows
SELECT check_name, status, failed_rows, observed->'value' AS value, message, jsonb_array_length(sample) AS sampled
FROM etl.check('t', ARRAY[
	etl.rule('duplicate_rows_at_most', '{a}', name => 'rows', params => '{"max_value": 4}'),
	etl.rule('duplicate_rows_at_most', '{a}', name => 'values', params => '{"max_value": 2, "unit": "duplicate_values"}'),
	etl.rule('duplicate_rows_at_most', '{a}', name => 'surplus', params => '{"max_value": 2, "unit": "surplus_rows"}'),
	etl.rule('duplicate_rows_at_most', '{a}', name => 'levels', params => '{"warn": {"max_value": 0}, "error": {"max_value": 5}}'),
	etl.rule('uniqueness_between', '{a}', name => 'sixth', min_value => 0.1666666666666666666666666666666667),
	etl.rule('uniqueness_between', '{a}', name => 'nearly', min_value => 0.1666666666666666666666666666666666),
	etl.rule('distinctness_between', '{a}', name => 'out', min_value => 0.5, params => '{"min_inclusive": false}'),
	etl.rule('distinct_count_between', '{a}', name => 'fraction', max_value => 3.5, params => '{"max_inclusive": false}'),
	etl.rule('distinct_count_between', '{a}', name => 'filter', max_value => 1, row_filter => 'g = ''x'''),
	etl.rule('distinct_count_between', '{a}', name => 'groups', max_value => 1, params => '{"group_by": ["g"]}'),
	etl.rule('duplicate_rows_at_most', '{b}', name => 'groups of rows', params => '{"max_value": 1, "group_by": ["g"]}')],
	sample_rows => 10);
-- nothing to test
SELECT check_type, status, success, tested_rows, observed->'value' AS value FROM etl.check('t', ARRAY[
	etl.rule('duplicate_rows_at_most', '{a}', params => '{"max_value": 0}'),
	etl.rule('uniqueness_between', '{a}'),
	etl.rule('distinctness_between', '{a}', params => '{"on_empty": "pass"}'),
	etl.rule('distinct_count_between', '{a}', min_value => 1)], row_filter => 'a IS NULL');
-- a key in a group is unique within it; the failing rows say so
SELECT check_name, status, tested_rows, failed_rows, jsonb_path_query_array(sample, '$[*].id') AS ids FROM etl.check('t', ARRAY[
	etl.rule('unique', '{b}', row_filter => 'b <> 2', params => '{"group_by": ["g"]}')]);
-- equality is that of the type: nondeterministic collations, -0.0, NaN
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE kinds (s text COLLATE nocase, f double precision, j json);
INSERT INTO kinds VALUES ('a', 0, '1'), ('A', '-0', '2'), ('b', 'NaN', '3'), (NULL, 'NaN', '4');
SELECT columns, status, observed->'value' AS value, error_sqlstate FROM etl.check('kinds', ARRAY[
	etl.rule('distinct_count_between', '{s}', max_value => 2),
	etl.rule('distinct_count_between', '{f}', max_value => 2),
	etl.rule('uniqueness_between', '{s}', max_value => 0.5),
	etl.rule('distinct_count_between', '{j}', max_value => 2)]);

-- an estimate says how far off it may be; few values, and whatever is not
-- answered by a scan, are counted
CREATE TABLE many AS SELECT i, i % 1000 AS few, 0 AS one, CASE WHEN i % 10 > 0 THEN 'a text that is long enough ' || i END AS long FROM generate_series(1, 20000) AS i;
CREATE VIEW seen AS SELECT * FROM many;
SET dq_etl.scan_workers = 0;
SELECT check_name, status, tested_rows, null_rows, failed_rows, evaluation, observed, message FROM etl.check('many', ARRAY[
	etl.rule('distinct_count_between', '{i}', name => 'many', min_value => 19400, max_value => 20600, params => '{"approximate": true}'),
	etl.rule('distinct_count_between', '{long}', name => 'texts', max_value => 10000, params => '{"approximate": true}'),
	etl.rule('distinct_count_between', '{few}', name => 'few', max_value => 1000, params => '{"approximate": true}'),
	etl.rule('distinct_count_between', '{one}', name => 'one', min_value => 1, max_value => 1, params => '{"approximate": true}'),
	etl.rule('distinct_count_between', '{i}', name => 'none', min_value => 1, row_filter => 'i < 0', params => '{"approximate": true}'),
	etl.rule('distinct_count_between', '{i}', name => 'exact', max_value => 20000, params => '{"approximate": false}')]);
SELECT check_name, status, evaluation, observed, message FROM etl.check('seen', ARRAY[
	etl.rule('distinct_count_between', '{i}', name => 'many', max_value => 20000, params => '{"approximate": true}')]);
RESET dq_etl.scan_workers;

-- the printed SQL agrees
CREATE FUNCTION agree(source regclass, checks text[])
RETURNS TABLE (name text, tested bigint, agrees boolean)
LANGUAGE plpgsql AS $$
DECLARE
	r record;
	e record;
	n bigint;
BEGIN
	FOR r IN SELECT * FROM etl.check(source, checks) WITH ORDINALITY AS c
		JOIN etl.explain_check(source, checks) USING (check_name) ORDER BY ordinality
	LOOP
		EXECUTE r.equivalent_sql INTO e;
		name := r.check_name;
		tested := r.tested_rows;
		agrees := (e.tested_rows, e.distinct_values, e.duplicate_values, e.failed_rows)
			= (r.tested_rows, (r.observed->>'distinct_values')::bigint, (r.observed->>'duplicate_values')::bigint, (r.observed->>'duplicate_rows')::bigint);
		IF r.failed_rows_sql IS NOT NULL THEN
			EXECUTE format('SELECT count(*) FROM (%s) AS f', r.failed_rows_sql) INTO n;
			agrees := agrees AND n = r.failed_rows;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM agree('t', ARRAY[
	etl.rule('duplicate_rows_at_most', '{a,b}', params => '{"max_value": 0, "nulls": "equal"}'),
	etl.rule('uniqueness_between', '{b}', row_filter => 'id > 2'),
	etl.rule('distinctness_between', '{b}', params => '{"nulls": "ignore_all_null"}'),
	etl.rule('distinct_count_between', '{a,b}', params => '{"nulls": "ignore_any_null"}')]);

-- one scan counts the same key once for all of these
SELECT check_name, evaluation FROM etl.explain_check('t', ARRAY[
	etl.rule('duplicate_rows_at_most', '{a}', params => '{"max_value": 0}'), etl.rule('uniqueness_between', '{a}'), etl.rule('distinct_count_between', '{a}')]);

-- what is refused
\set VERBOSITY terse
SELECT etl.rule('duplicate_rows_at_most', '{a}');
SELECT etl.rule('duplicate_rows_at_most', '{a}', params => '{"max_value": -1}');
SELECT etl.rule('duplicate_rows_at_most', '{a}', params => '{"max_value": 1, "unit": "rows"}');
SELECT etl.rule('uniqueness_between', '{a}', min_value => 95);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('uniqueness_between', min_value => 0.5);
SELECT etl.rule('distinctness_between', '{a}', min_value => 0.5, max_value => 0.4);
SELECT etl.rule('distinct_count_between', '{a}', min_value => -1);
SELECT etl.rule('distinct_count_between', '{a}', params => '{"min_value": "many"}');
SELECT etl.rule('distinct_count_between', '{a}', params => '{"min_value": "NaN"}');
SELECT etl.rule('distinct_count_between', '{a,a}');
SELECT etl.rule('distinct_count_between', '{a}', params => '{"approximate": "roughly"}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('unique', '{a}', params => '{"approximate": true}');
\echo :LAST_ERROR_SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA rules_key CASCADE;
