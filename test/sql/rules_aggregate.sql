-- Rules on one value of many rows: bounds, types, NULL, NaN, no rows, one row.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA rules_aggregate;
SET search_path = rules_aggregate;
\set SHOW_CONTEXT never
\pset null ~

-- what a rule finds, without bounds
CREATE FUNCTION found(source regclass, type text, columns text[], params jsonb DEFAULT NULL)
RETURNS text LANGUAGE sql AS $$
	SELECT CASE status WHEN 'error' THEN error_sqlstate ELSE format('%s %s/%s', status, observed->>'value', tested_rows) END
	FROM etl.check(source, ARRAY[etl.rule(type, columns, params => params)])
$$;

-- the numbers 1 1 3 8 and NULL, as every type: sum 13, mean 3.25, median 2
CREATE TABLE t (i2 smallint, i4 integer, i8 bigint, n numeric, f4 real, f8 double precision, s text, v varchar(9), b boolean, d date, ts timestamp, j json);
INSERT INTO t SELECT x, x, x, x, x, x, repeat('ä', x), repeat('b', x), x > 2, date '2024-01-01' + x, timestamp '2024-01-01' + x * interval '1 hour', to_json(x)
FROM unnest('{1,1,3,8,NULL}'::int[]) AS x;
SELECT type, found('t', type, '{i2}') AS int2, found('t', type, '{i4}') AS int4, found('t', type, '{i8}') AS int8,
	found('t', type, '{n}') AS "numeric", found('t', type, '{f4}') AS real, found('t', type, '{f8}') AS double
FROM unnest('{completeness_between,min_between,max_between,range_between,mean_between,sum_between,median_between,iqr_between,zero_fraction_between}'::text[]) AS type;
-- by plain SQL
SELECT min(i4), max(i4), max(i4) - min(i4) AS range, avg(i4) AS mean, sum(i4), percentile_cont(0.5) WITHIN GROUP (ORDER BY i4) AS median,
	percentile_disc(0.75) WITHIN GROUP (ORDER BY i4) - percentile_disc(0.25) WITHIN GROUP (ORDER BY i4) AS iqr FROM t;
-- other types
SELECT type, found('t', type, '{s}') AS text, found('t', type, '{v}') AS "varchar", found('t', type, '{b}') AS bool,
	found('t', type, '{d}') AS date, found('t', type, '{ts}') AS "timestamp", found('t', type, '{j}') AS json
FROM unnest('{completeness_between,min_between,max_between,range_between,mean_between,median_between,true_fraction_between,zero_fraction_between,min_length_between,max_length_between,mean_length_between,not_constant,entropy_between,stddev_between,skewness_between,iqr_between}'::text[]) AS type;

-- spread: sample and population, exact for whole numbers
SELECT type, kind, found('t', type, '{i4}', jsonb_build_object('kind', kind)) AS int4, found('t', type, '{n}', jsonb_build_object('kind', kind)) AS "numeric",
	found('t', type, '{f8}', jsonb_build_object('kind', kind)) ~ '^pass -?\d' AS double
FROM unnest('{stddev_between,variance_between,skewness_between,kurtosis_between}'::text[]) WITH ORDINALITY AS t (type, i), unnest('{sample,population}'::text[]) WITH ORDINALITY AS k (kind, j)
ORDER BY i, j;
SELECT stddev_samp(i4), stddev_pop(i4), var_samp(i4), var_pop(i4) FROM t;
-- skewness and kurtosis by their definitions
WITH m AS (SELECT avg(i4) AS mean, count(i4)::numeric AS n FROM t),
	c AS (SELECT m.n, avg((i4 - mean) ^ 2) AS m2, avg((i4 - mean) ^ 3) AS m3, avg((i4 - mean) ^ 4) AS m4 FROM t, m WHERE i4 IS NOT NULL GROUP BY m.n),
	g AS (SELECT n, m3 / (m2 * sqrt(m2)) AS g1, m4 / (m2 * m2) - 3 AS g2 FROM c)
SELECT round(g1, 12) AS skewness_population, round(sqrt(n * (n - 1)) / (n - 2) * g1, 12) AS skewness_sample,
	round(g2, 12) AS kurtosis_population, round((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6), 12) AS kurtosis_sample FROM g;
SELECT round((found.value)::numeric, 12) AS value FROM unnest('{skewness_between,skewness_between,kurtosis_between,kurtosis_between}'::text[], '{population,sample,population,sample}'::text[]) AS u (type, kind),
	LATERAL (SELECT observed->>'value' AS value FROM etl.check('t', ARRAY[etl.rule(type, '{f8}', params => jsonb_build_object('kind', kind))])) AS found;
SELECT found('t', 'kurtosis_between', '{i4}', '{"excess": false, "kind": "population"}') AS kurtosis;
-- large numbers close to each other lose nothing
CREATE TABLE close (x bigint, f float8);
INSERT INTO close SELECT 4611686018427387904 + i, 1e9 + i FROM generate_series(1, 5) AS i;
SELECT found('close', 'variance_between', '{x}') AS variance, found('close', 'skewness_between', '{x}') AS skewness,
	found('close', 'kurtosis_between', '{x}') AS kurtosis, found('close', 'sum_between', '{x}') AS sum, found('close', 'median_between', '{x}') AS median,
	found('close', 'kurtosis_between', '{f}') AS kurtosis_float;

-- one row, one value, no rows, NULL only
CREATE TABLE few (k text, x integer, f float8, s text, b boolean);
INSERT INTO few VALUES ('one', 5, 5, 'a', true), ('same', 5, 5, 'a', true), ('same', 5, 5, 'a', true), ('same', 5, 5, 'a', true), ('same', 5, 5, 'a', true), ('null', NULL, NULL, NULL, NULL);
CREATE FUNCTION few(type text, col text, k text, params jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT found('few', type, ARRAY[col], params || jsonb_build_object('row_filter', format('k = %L', k))) $$;
SELECT type, few(type, 'x', 'one') AS one, few(type, 'x', 'same') AS same, few(type, 'f', 'same') AS floats, few(type, 'x', 'null') AS "null", few(type, 'x', 'none') AS none
FROM unnest('{completeness_between,min_between,max_between,range_between,mean_between,sum_between,stddev_between,variance_between,skewness_between,kurtosis_between,median_between,iqr_between,zero_fraction_between,not_constant,entropy_between}'::text[]) AS type;
SELECT type, few(type, 's', 'one') AS one, few(type, 's', 'null') AS "null", few(type, 's', 'none') AS none
FROM unnest('{min_length_between,max_length_between,mean_length_between,distinct_values_in_set}'::text[]) AS type;
SELECT few('true_fraction_between', 'b', 'same') AS same, few('true_fraction_between', 'b', 'null') AS "null",
	few('most_common_value_in_set', 's', 'null', '{"allowed": ["a"]}') AS mode, few('distinct_values_contain_set', 's', 'null', '{"allowed": ["a"]}') AS contain,
	few('value_frequency_between', 's', 'null', '{"value": "a"}') AS frequency, few('value_frequency_between', 's', 'none', '{"value": "a", "unit": "count"}') AS count,
	few('quantile_between', 'x', 'none', '{"quantile": 0.5}') AS quantile;

-- NaN is an error, whatever the bounds; infinities are numbers
CREATE TABLE odd (k text, f float8, n numeric, r real);
INSERT INTO odd VALUES ('nan', 'NaN', 'NaN', 'NaN'), ('nan', 1, 1, 1), ('inf', 'Infinity', 'Infinity', 'Infinity'), ('inf', 1, 1, 1),
	('both', 'Infinity', 'Infinity', 'Infinity'), ('both', '-Infinity', '-Infinity', '-Infinity');
SELECT type, k, status, observed->'value' AS value, error_sqlstate
FROM unnest('{min_between,max_between,range_between,mean_between,sum_between,stddev_between,skewness_between,median_between}'::text[]) WITH ORDINALITY AS t (type, i),
	unnest('{nan,inf,both}'::text[]) WITH ORDINALITY AS u (k, j),
	etl.check('odd', ARRAY[etl.rule(type, '{f}', row_filter => format('k = %L', k), params => CASE type WHEN 'skewness_between' THEN '{"kind": "population"}'::jsonb END)])
ORDER BY i, j;
SELECT check_name, status, observed->'value' AS value, error_sqlstate FROM etl.check('odd', ARRAY[
	etl.rule('max_between', '{n}', name => 'numeric', min_value => 0),
	etl.rule('max_between', '{r}', name => 'real', min_value => 0),
	etl.rule('quantile_between', '{f}', name => 'list', params => '{"quantiles": [0.1, 1], "ranges": [{}, {"min_value": 0}]}')], row_filter => 'k = ''nan''');

-- bounds: by the order of the type, exclusive, fractions of integers, extremes
SELECT check_name, status, error_sqlstate, message FROM etl.check('t', ARRAY[
	etl.rule('min_between', '{i4}', name => 'fraction', min_value => 0.5, max_value => 1.5),
	etl.rule('max_between', '{i2}', name => 'beyond the type', max_value => 99999999999999999999::numeric),
	etl.rule('max_between', '{i4}', name => 'excluded', max_value => 8, params => '{"max_inclusive": false}'),
	etl.rule('max_between', '{d}', name => 'date', min_value => '2024-01-09'::text, max_value => '2024-01-09'::text),
	etl.rule('max_between', '{ts}', name => 'timestamp', max_value => '2024-01-01 07:59'::text),
	etl.rule('min_between', '{v}', name => 'text', min_value => 'a'::text, max_value => 'b'::text),
	etl.rule('min_between', '{s}', name => 'text by numbers', min_value => 1),
	etl.rule('range_between', '{d}', name => 'days', min_value => 7, max_value => 7),
	etl.rule('range_between', '{ts}', name => 'interval', params => '{"min_value": "7 hours", "max_value": "7 hours"}'),
	etl.rule('range_between', '{ts}', name => 'interval by numbers', max_value => 7),
	etl.rule('mean_between', '{i4}', name => 'mean', min_value => 3.25, max_value => 3.25),
	etl.rule('max_between', '{d}', name => 'no date', min_value => 'soon'::text),
	etl.rule('mean_length_between', '{s}', name => 'length', min_value => 3.25, max_value => 3.25)]);
-- levels, groups, filters
SELECT check_name, status, severity, success, message FROM etl.check('t', ARRAY[
	etl.rule('mean_between', '{i4}', name => 'levels', params => '{"warn": {"max_value": 3}, "error": {"max_value": 4}}'),
	etl.rule('sum_between', '{i4}', name => 'groups', max_value => 5, params => '{"group_by": ["b"]}'),
	etl.rule('median_between', '{i4}', name => 'groups sorted', max_value => 5, params => '{"group_by": ["b"]}'),
	etl.rule('sum_between', '{i4}', name => 'filter', max_value => 5, row_filter => 'i4 < 4')]);

-- quantiles
SELECT check_name, status, observed->'value' AS value, error_sqlstate FROM etl.check('t', ARRAY[
	etl.rule('quantile_between', '{i4}', name => 'discrete', min_value => 2.5, max_value => 3, params => '{"quantile": 0.75}'),
	etl.rule('quantile_between', '{i4}', name => 'continuous', min_value => 4.25, max_value => 4.25, params => '{"quantile": 0.75, "method": "continuous"}'),
	etl.rule('quantile_between', '{d}', name => 'date', max_value => '2024-01-04'::text, params => '{"quantile": 0.75}'),
	etl.rule('quantile_between', '{i4}', name => 'lists', params => '{"quantiles": [0, 0.5, 1], "ranges": [{"min_value": 0.5}, {"min_value": 1, "max_value": 1}, {"max_value": 8}]}'),
	etl.rule('quantile_between', '{i4}', name => 'lists fail', params => '{"quantiles": [0, 1], "ranges": [{"min_value": 0.5}, {"max_value": 7}]}'),
	etl.rule('quantile_between', '{s}', name => 'no number', params => '{"quantile": 0.5, "method": "continuous"}'),
	etl.rule('iqr_between', '{i4}', name => 'iqr', min_value => 3.25, max_value => 3.25, params => '{"method": "continuous"}'),
	etl.rule('quantile_between', '{j}', name => 'no order', params => '{"quantile": 0.5}')]);
SELECT percentile_disc(0.75) WITHIN GROUP (ORDER BY i4), percentile_cont(0.75) WITHIN GROUP (ORDER BY i4),
	percentile_cont(0.75) WITHIN GROUP (ORDER BY i4) - percentile_cont(0.25) WITHIN GROUP (ORDER BY i4) AS iqr FROM t;
-- the median of any number of values
CREATE TABLE counts AS SELECT n, i FROM generate_series(1, 40) AS n, generate_series(1, n) AS i;
SELECT count(*) AS groups, bool_and((v->'observed'->>'value')::numeric = ((v->'group'->>'n')::numeric + 1) / 2) AS right
FROM etl.check('counts', ARRAY[etl.rule('median_between', '{i}', params => '{"group_by": ["n"]}')]), jsonb_array_elements(observed->'verdicts') AS v;

-- frequencies, most common value, sets of values
CREATE TABLE words (w text, i integer, z numeric);
INSERT INTO words VALUES ('a', 1, 0), ('a', 2, 0.0), ('b', 1, 1), ('b', 2, NULL), ('c', 3, NULL), (NULL, NULL, NULL);
SELECT check_name, status, observed, error_sqlstate FROM etl.check('words', ARRAY[
	etl.rule('value_frequency_between', '{w}', name => 'share', min_value => 0.4, max_value => 0.4, params => '{"value": "a"}'),
	etl.rule('value_frequency_between', '{i}', name => 'count', max_value => 1, params => '{"value": 1, "unit": "count"}'),
	etl.rule('value_frequency_between', '{i}', name => 'no integer', max_value => 0, params => '{"value": 1.5}'),
	etl.rule('zero_fraction_between', '{z}', name => 'zeros', max_value => 0.5),
	etl.rule('most_common_value_in_set', '{w}', name => 'any', allowed => '{a,x}'),
	etl.rule('most_common_value_in_set', '{w}', name => 'all', allowed => '{a,x}', params => '{"ties": "all"}'),
	etl.rule('most_common_value_in_set', '{w}', name => 'all there', allowed => '{a,b}', params => '{"ties": "all"}'),
	etl.rule('most_common_value_in_set', '{w}', name => 'fail', allowed => '{a,b}', params => '{"ties": "fail"}'),
	etl.rule('most_common_value_in_set', '{i}', name => 'one', allowed => '{3}', row_filter => 'i > 2', params => '{"ties": "fail"}'),
	etl.rule('distinct_values_in_set', '{w}', name => 'in', allowed => '{a,b}'),
	etl.rule('distinct_values_in_set', '{i}', name => 'in more', allowed => '{1,2,3,4.5}'),
	etl.rule('distinct_values_in_set', '{w}', name => 'no list'),
	etl.rule('distinct_values_in_set', '{w}', name => 'empty list', params => '{"allowed": []}'),
	etl.rule('distinct_values_contain_set', '{i}', name => 'contain', params => '{"allowed": [1, 3, 9]}'),
	etl.rule('distinct_values_contain_set', '{i}', name => 'contain all', params => '{"allowed": [1, 3]}'),
	etl.rule('distinct_values_equal_set', '{w}', name => 'equal', allowed => '{c,b,a}'),
	etl.rule('distinct_values_equal_set', '{w}', name => 'not equal', allowed => '{c,b,d}'),
	etl.rule('not_constant', '{w}', name => 'constant', row_filter => 'w = ''a'''),
	etl.rule('not_constant', '{w}', name => 'not constant'),
	etl.rule('entropy_between', '{w}', name => 'bits', min_value => 1, max_value => 1, row_filter => 'w <> ''c''', params => '{"base": "2"}')]);
SELECT round(-sum(p * ln(p)), 10) AS entropy FROM (SELECT count(*)::numeric / 5 AS p FROM words WHERE w IS NOT NULL GROUP BY w) AS s;
SELECT round((observed->>'value')::numeric, 10) AS entropy FROM etl.check('words', ARRAY[etl.rule('entropy_between', '{w}')]);
-- long lists are capped, numbers are not
CREATE TABLE long AS SELECT i FROM generate_series(1, 250) AS i;
SELECT status, jsonb_array_length(observed->'value') AS shown, jsonb_array_length(observed->'unexpected') AS unexpected_shown, observed->'unexpected_values' AS unexpected, observed->'distinct_values' AS distinct_values
FROM etl.check('long', ARRAY[etl.rule('distinct_values_in_set', '{i}', allowed => '{1,2}')]);

-- a user's own type and operators, found where they are
CREATE TABLE "odd name" ("the ""col" integer, u uuid, e text);
INSERT INTO "odd name" VALUES (1, '00000000-0000-0000-0000-000000000001', 'x'), (2, '00000000-0000-0000-0000-000000000002', 'y');
CREATE FUNCTION never(numeric, numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR >= (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = never);
CREATE OPERATOR > (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = never);
CREATE FUNCTION count(integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 7::bigint';
SET search_path = rules_aggregate, pg_catalog;
SELECT check_type, status, observed->'value' AS value FROM etl.check('"odd name"', ARRAY[
	etl.rule('mean_between', '{"the \"col"}', min_value => 1.5),
	etl.rule('skewness_between', '{"the \"col"}', params => '{"kind": "population"}'),
	etl.rule('median_between', '{"the \"col"}', min_value => 1.5),
	etl.rule('completeness_between', '{"the \"col"}', min_value => 1),
	etl.rule('entropy_between', '{"the \"col"}', params => '{"base": "2"}'),
	etl.rule('distinct_values_equal_set', '{"the \"col"}', allowed => '{1,2}'),
	etl.rule('not_constant', '{u}')]);
SET search_path = rules_aggregate;

-- the printed SQL agrees
CREATE FUNCTION agree(source regclass, checks text[])
RETURNS TABLE (name text, agrees boolean)
LANGUAGE plpgsql AS $$
DECLARE
	r record;
	e record;
BEGIN
	FOR r IN SELECT * FROM etl.check(source, checks) WITH ORDINALITY AS c
		JOIN etl.explain_check(source, checks) USING (check_name) ORDER BY ordinality
	LOOP
		EXECUTE format('SELECT tested_rows, failed_rows, to_jsonb(value) AS value FROM (%s) AS e', r.equivalent_sql) INTO e;
		name := r.check_name;
		agrees := e.tested_rows = r.tested_rows AND e.failed_rows = 0 AND coalesce(e.value, 'null') = r.observed->'value';
		RETURN NEXT;
	END LOOP;
END $$;
SELECT count(*), bool_and(agrees) AS agrees FROM agree('t', ARRAY(SELECT etl.rule(type, '{i4}', row_filter => filter)
	FROM unnest('{completeness_between,min_between,max_between,range_between,mean_between,sum_between,stddev_between,variance_between,skewness_between,kurtosis_between,median_between,iqr_between,zero_fraction_between,not_constant,entropy_between,distinct_values_in_set}'::text[]) AS type,
		unnest('{i4 < 4,NULL}'::text[]) AS filter) || ARRAY[
	etl.rule('quantile_between', '{d}', params => '{"quantile": 0.5}'), etl.rule('min_length_between', '{s}'), etl.rule('true_fraction_between', '{b}'),
	etl.rule('most_common_value_in_set', '{s}', allowed => '{ä}'), etl.rule('value_frequency_between', '{s}', params => '{"value": "ä"}')]);

-- what is refused
\set VERBOSITY terse
SELECT etl.rule('mean_between');
SELECT etl.rule('mean_between', '{a,b}');
SELECT etl.rule('mean_between', '{a}', params => '{"min_value": "s"}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('mean_between', '{a}', params => '{"max_value": "NaN"}');
SELECT etl.rule('mean_between', '{a}', min_value => 2, max_value => 1);
SELECT etl.rule('min_between', '{a}', min_value => 2, max_value => 1);
SELECT etl.rule('completeness_between', '{a}', min_value => 95);
SELECT etl.rule('completeness_between', '{a}', min_value => -0.5);
SELECT etl.rule('stddev_between', '{a}', params => '{"kind": "smple"}');
SELECT etl.rule('quantile_between', '{a}');
SELECT etl.rule('quantile_between', '{a}', params => '{"quantile": 1.5}');
SELECT etl.rule('quantile_between', '{a}', params => '{"quantile": 0.5, "quantiles": [0.5]}');
SELECT etl.rule('quantile_between', '{a}', params => '{"quantiles": [0.5]}');
SELECT etl.rule('quantile_between', '{a}', params => '{"quantiles": [0.5, 2], "ranges": [{}, {}]}');
SELECT etl.rule('quantile_between', '{a}', params => '{"quantiles": [0.5], "ranges": [{"min": 1}]}');
SELECT etl.rule('quantile_between', '{a}', params => '{"quantiles": [0.5], "ranges": [{"min_value": 2, "max_value": 1}]}');
SELECT etl.rule('quantile_between', '{a}', params => '{"quantiles": [0.5], "ranges": [1]}');
SELECT etl.rule('quantile_between', '{a}', min_value => 1, params => '{"quantiles": [0.5], "ranges": [{}]}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('value_frequency_between', '{a}');
SELECT etl.rule('value_frequency_between', '{a}', max_value => 5, params => '{"value": 1}');
SELECT etl.rule('most_common_value_in_set', '{a}');
SELECT etl.rule('distinct_values_in_set', '{a}', params => '{"allowed": [1], "value_set": [1]}');
SELECT etl.rule('distinct_values_equal_set', '{a}', params => '{"allowed": [null]}');
SELECT etl.rule('entropy_between', '{a}', params => '{"base": "3"}');

SET client_min_messages = warning;
DROP SCHEMA rules_aggregate CASCADE;
