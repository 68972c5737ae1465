-- Rules between the columns of a row, and between a row and its neighbours.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA rules_row;
SET search_path = rules_row;
\set SHOW_CONTEXT never
\pset null ~

CREATE FUNCTION ids(sample jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(e->>'id', ' ' ORDER BY (e->>'id')::int) FROM jsonb_array_elements(sample) AS e $$;

-- functional_dependency: zip decides town
CREATE TABLE towns (id integer, zip text, town text, state text, rows_of_group_1 integer);
INSERT INTO towns VALUES
	(1, '10115', 'Berlin', 'BE'), (2, '10115', 'Berlin', 'BE'),
	(3, '20095', 'Hamburg', 'HH'), (4, '20095', 'Hamborg', 'HH'), (5, '20095', NULL, 'HH'),
	(6, NULL, 'Bonn', 'NW'), (7, NULL, 'Köln', 'NW'), (8, '99084', NULL, 'TH');
SELECT check_name, status, tested_rows, null_rows, failed_rows, ids(sample)
FROM etl.check('towns', ARRAY[
	etl.rule('functional_dependency', '{town}', name => 'distinct', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', name => 'equal', params => '{"determinant": ["zip"], "nulls": "equal"}'),
	etl.rule('functional_dependency', '{town}', name => 'all null', params => '{"determinant": ["zip"], "nulls": "ignore_all_null"}'),
	etl.rule('functional_dependency', '{town,state}', name => 'two', params => '{"determinant": ["zip", "state"]}'),
	etl.rule('functional_dependency', '{town}', name => 'filter', row_filter => 'town <> ''Hamborg''', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', name => 'groups', params => '{"determinant": ["zip"], "group_by": ["state"]}'),
	etl.rule('functional_dependency', '{town}', name => 'tolerant', max_failed_rows => 2, params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', name => 'empty', row_filter => 'false', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{twn}', name => 'error', params => '{"determinant": ["zip"]}')],
	sample_rows => 10);
SELECT etl.rule('functional_dependency', '{town}');

-- compare_columns: every operator, every rule for NULL
CREATE TABLE pairs (id integer, a integer, b bigint);
INSERT INTO pairs VALUES (1, 1, 2), (2, 2, 2), (3, 3, 2), (4, NULL, 2), (5, 3, NULL), (6, NULL, NULL);
SELECT op, nulls, on_null, tested_rows AS tested, null_rows AS nulls, failed_rows AS failed, ids(sample) AS ids
FROM unnest('{=,<>,<,<=,>,>=}'::text[]) WITH ORDINALITY AS o (op, i),
	unnest('{distinct,equal,ignore_all_null,ignore_any_null}'::text[]) WITH ORDINALITY AS n (nulls, j),
	unnest('{ignore,fail,pass}'::text[]) WITH ORDINALITY AS w (on_null, k),
	etl.check('pairs', ARRAY[etl.rule('compare_columns', '{a,b}', on_null => on_null,
		params => jsonb_build_object('op', op, 'nulls', nulls))], sample_rows => 10)
ORDER BY i, j, k;
-- types: shared orders, casts, text of two collations, none
CREATE TABLE kinds (i smallint, n numeric, f real, d date, ts timestamp, tz timestamptz, v varchar(3), c text COLLATE "C",
	j json, x integer[], y bigint[], p point);
INSERT INTO kinds VALUES (1, 1.0, 1, '2024-01-01', '2024-01-01', '2024-01-01 00:00+00', 'abc', 'abc', '1', '{1}', '{1}', '(1,1)');
SET timezone = 'UTC';
SELECT columns, status, failed_rows AS failed, error_sqlstate, error_message
FROM etl.check('kinds', ARRAY[
	etl.rule('compare_columns', '{i,n}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{n,f}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{d,ts}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{tz,d}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{v,c}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{c,v}', params => '{"op": "<"}'),
	etl.rule('compare_columns', '{i,c}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{j,c}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{x,y}', params => '{"op": "="}'),
	etl.rule('compare_columns', '{p,d}', params => '{"op": "<"}'),
	etl.rule('compare_columns', '{d,ts}', name => 'no number', params => '{"op": "=", "tolerance": 1}')]);
-- tolerance: infinities equal themselves, NaN equals NaN
CREATE TABLE nearly (id integer, a double precision, b double precision, m integer, n integer);
INSERT INTO nearly VALUES (1, 0.3, 0.1 + 0.2::float8, 2147483647, -2147483648), (2, 'Infinity', 'Infinity', 1, 1),
	(3, 'Infinity', '-Infinity', 1, 2), (4, 'NaN', 'NaN', 1, 3), (5, 'NaN', 1, 1, 0), (6, 1, 1.1, NULL, 1);
SELECT check_name, tested_rows, failed_rows, ids(sample) FROM etl.check('nearly', ARRAY[
	etl.rule('compare_columns', '{a,b}', name => 'exact', params => '{"op": "="}'),
	etl.rule('compare_columns', '{a,b}', name => 'near', params => '{"op": "=", "tolerance": 1e-9}'),
	etl.rule('compare_columns', '{a,b}', name => 'not near', params => '{"op": "<>", "tolerance": 1e-9}'),
	etl.rule('compare_columns', '{m,n}', name => 'whole', params => '{"op": "=", "tolerance": 1.5}')], sample_rows => 10);

-- pair_in_set
SELECT nulls, on_null, tested_rows AS tested, null_rows AS nulls, failed_rows AS failed, ids(sample) AS ids
FROM unnest('{distinct,equal,ignore_all_null,ignore_any_null}'::text[]) WITH ORDINALITY AS n (nulls, j),
	unnest('{ignore,fail,pass}'::text[]) WITH ORDINALITY AS w (on_null, k),
	etl.check('pairs', ARRAY[etl.rule('pair_in_set', '{a,b}', on_null => on_null,
		params => jsonb_build_object('pairs', '[[1, 2], ["2", 2.0], [3, 2.5]]'::jsonb, 'nulls', nulls))], sample_rows => 10)
ORDER BY j, k;
SELECT check_name, tested_rows, failed_rows, ids(sample) FROM etl.check('pairs', ARRAY[
	etl.rule('pair_in_set', '{a,b}', name => 'null in a pair', params => '{"pairs": [[null, 2], [3, null], [null, null]], "nulls": "equal"}'),
	etl.rule('pair_in_set', '{a,b}', name => 'no pair', params => '{"pairs": []}')], sample_rows => 10);

-- dates_apart: by the calendar
CREATE TABLE stays (id integer, d date, a timestamp, z timestamptz);
INSERT INTO stays VALUES (1, '2024-01-31', '2024-02-29', '2024-03-01'), (2, '2024-01-31', '2024-02-28 23:59', NULL),
	(3, NULL, '2024-01-01', '2024-01-01'), (4, 'infinity', 'infinity', 'infinity'), (5, '2024-01-31', '2024-03-01', '2024-01-30');
SELECT check_name, status, tested_rows, null_rows, failed_rows, ids(sample), error_sqlstate FROM etl.check('stays', ARRAY[
	etl.rule('dates_apart', '{d,a}', name => 'a month', params => '{"min_interval": "1 month", "max_interval": "1 month"}'),
	etl.rule('dates_apart', '{d,a}', name => 'a month at most', params => '{"max_interval": "1 month"}'),
	etl.rule('dates_apart', '{a,z}', name => 'not before', params => '{"min_interval": "0"}'),
	etl.rule('dates_apart', '{d,z}', name => 'or fail', on_null => 'fail', params => '{"min_interval": "0"}'),
	etl.rule('dates_apart', '{d,id}', name => 'no date', params => '{"min_interval": "0"}')], sample_rows => 10);

-- row_sum: exact for whole numbers and numerics, double precision for floats
CREATE TABLE sums (id integer, a integer, b integer, n numeric, x float8, y float8, t bigint, s text);
INSERT INTO sums VALUES (1, 2147483647, 1, 0.1, 0.1, 0.2, 2147483648), (2, 1, 2, 1e-30, 0.7, 0.3, 3), (3, NULL, 3, 1, 'NaN', 1, 3),
	(4, NULL, NULL, NULL, NULL, NULL, NULL), (5, 1, 2, 0, 'Infinity', '-Infinity', 4);
SELECT check_name, status, tested_rows AS tested, null_rows AS nulls, failed_rows AS failed, ids(sample), error_sqlstate FROM etl.check('sums', ARRAY[
	etl.rule('row_sum_equals', '{a,b}', name => 'value', params => '{"value": 3}'),
	etl.rule('row_sum_equals', '{a,b}', name => 'fraction', params => '{"value": 3.5, "tolerance": 0.5}'),
	etl.rule('row_sum_equals', '{a,b}', name => 'total', params => '{"total": "t"}'),
	etl.rule('row_sum_equals', '{a,b}', name => 'zero', params => '{"total": "t", "null_is_zero": true}'),
	etl.rule('row_sum_equals', '{a,b}', name => 'all null', on_null => 'fail', params => '{"total": "t", "nulls": "ignore_all_null"}'),
	etl.rule('row_sum_equals', '{a,b}', name => 'any null', on_null => 'fail', params => '{"total": "t", "nulls": "ignore_any_null"}'),
	etl.rule('row_sum_equals', '{a,b}', name => 'all null pass', on_null => 'pass', params => '{"total": "t", "nulls": "ignore_all_null"}'),
	etl.rule('row_sum_equals', '{a,n}', name => 'numeric', params => '{"value": 1.000000000000000000000000000001}'),
	etl.rule('row_sum_equals', '{x,y}', name => 'float', params => '{"value": 1}'),
	etl.rule('row_sum_equals', '{x,y}', name => 'float near', params => '{"value": 0.3, "tolerance": 1e-9}'),
	etl.rule('row_sum_between', '{x,y}', name => 'bounds', min_value => 0.3),
	etl.rule('row_sum_between', '{a,b}', name => 'out', min_value => 3, max_value => 2147483648, params => '{"max_inclusive": false}'),
	etl.rule('row_sum_between', '{a,b}', name => 'big', max_value => 99999999999999999999::numeric),
	etl.rule('row_sum_equals', '{a,s}', name => 'text', params => '{"value": 1}')], sample_rows => 10);

-- which columns have values
CREATE TABLE filled (id integer, a text, b integer, c date, d json, e point, f text, g text);
INSERT INTO filled (id, a, b) VALUES (1, NULL, NULL), (2, 'a', NULL), (3, 'a', 1), (5, NULL, 1);
INSERT INTO filled VALUES (4, 'a', 1, '2024-01-01', '{}', '(0,0)', '', '');
SELECT check_name, status, tested_rows, null_rows, failed_rows, ids(sample) FROM etl.check('filled', ARRAY[
	etl.rule('at_least_one_not_null', '{a,b}'),
	etl.rule('exactly_one_not_null', '{a,b,c}'),
	etl.rule('exactly_one_not_null', '{a,b,c,d,e,f,g}'),
	etl.rule('all_or_none_null', '{a,b}'),
	etl.rule('required_if', '{b,c}', params => '{"condition": "a IS NOT NULL"}'),
	etl.rule('required_if', '{b}', name => 'otherwise', params => '{"condition": "a = ''a'' -- odd", "otherwise_null": true}'),
	etl.rule('required_if', '{b}', name => 'never', params => '{"condition": "NULL"}'),
	etl.rule('required_if', '{b}', name => 'broken', params => '{"condition": "1 / 0 = 1"}')], sample_rows => 10);

-- unique_within_row
CREATE TABLE within (id integer, a integer, b bigint, c numeric);
INSERT INTO within VALUES (1, 1, 2, 3), (2, 1, 1, 3), (3, NULL, 1, 1.0), (4, NULL, NULL, 1), (5, NULL, NULL, NULL), (6, NULL, 2, 1);
SELECT nulls, tested_rows, null_rows, failed_rows, ids(sample)
FROM unnest('{distinct,equal,ignore_all_null,ignore_any_null}'::text[]) WITH ORDINALITY AS n (nulls, j),
	etl.check('within', ARRAY[etl.rule('unique_within_row', '{a,b,c}', params => jsonb_build_object('nulls', nulls))], sample_rows => 10)
ORDER BY j;

-- allowed_transitions
CREATE TABLE states (id integer, key text, at integer, state text);
INSERT INTO states VALUES (1, 'p', 1, 'new'), (2, 'p', 2, 'paid'), (3, 'p', 3, 'sent'), (4, 'q', 1, 'paid'), (5, 'q', 2, 'new'),
	(6, 'r', 1, 'new'), (7, 'r', 2, NULL), (8, 'r', 3, 'sent'), (9, 's', 1, 'new'), (10, 's', 2, 'new'), (11, NULL, 1, 'new'), (12, NULL, 2, 'sent');
SELECT check_name, status, tested_rows, null_rows, failed_rows, ids(sample) FROM etl.check('states', ARRAY[
	etl.rule('allowed_transitions', '{state}', name => 'plain', params => '{"partition_by": ["key"], "order_by": ["at"], "transitions": [["new", "paid"], ["paid", "sent"]]}'),
	etl.rule('allowed_transitions', '{state}', name => 'initial', params => '{"partition_by": ["key"], "order_by": ["at"], "transitions": [["new", "paid"], ["paid", "sent"]], "initial": ["new"]}'),
	etl.rule('allowed_transitions', '{state}', name => 'not same', params => '{"partition_by": ["key"], "order_by": ["at"], "transitions": [["new", "paid"], ["paid", "sent"]], "allow_same": false}'),
	etl.rule('allowed_transitions', '{state}', name => 'null fails', on_null => 'fail', params => '{"partition_by": ["key"], "order_by": ["at"], "transitions": [["new", "paid"], ["paid", "sent"]]}'),
	etl.rule('allowed_transitions', '{state}', name => 'filter', row_filter => 'state <> ''paid''', params => '{"partition_by": ["key"], "order_by": ["at"], "transitions": [["new", "sent"]]}'),
	etl.rule('allowed_transitions', '{state}', name => 'one key', params => '{"order_by": ["id"], "transitions": []}'),
	etl.rule('allowed_transitions', '{state}', name => 'groups', params => '{"order_by": ["at"], "transitions": [["new", "paid"], ["paid", "sent"]], "group_by": ["key"]}')], sample_rows => 20);

-- non_overlapping_ranges: compared with every pair of rows
CREATE TABLE spans (id integer, key text, r int4range, f integer, t integer);
INSERT INTO spans VALUES (1, 'a', '[1,3)', 1, 3), (2, 'a', '[3,5)', 3, 5), (3, 'a', '[4,6)', 4, 6), (4, 'a', 'empty', 4, 4), (5, 'a', NULL, 9, 8),
	(6, 'b', '[1,)', 1, NULL), (7, 'b', '(,1)', NULL, 1), (8, 'c', '(,1)', NULL, 1), (9, 'c', '(,0)', NULL, 0), (10, 'c', '[5,)', 5, NULL), (11, 'c', '[7,8)', 7, 8),
	(12, 'd', '[1,10)', 1, 10), (13, 'd', '[2,3)', 2, 3), (14, 'd', '[4,5)', 4, 5), (15, 'd', '[10,12)', 10, 12), (16, 'e', '(,)', NULL, NULL), (17, NULL, '[1,2)', 1, 2), (18, NULL, '[1,2)', 1, 2);
SELECT check_name, status, tested_rows, null_rows, failed_rows, ids(sample) FROM etl.check('spans', ARRAY[
	etl.rule('non_overlapping_ranges', '{r}', name => 'range', params => '{"partition_by": ["key"]}'),
	etl.rule('non_overlapping_ranges', '{f,t}', name => 'columns', params => '{"partition_by": ["key"]}'),
	etl.rule('non_overlapping_ranges', '{f,t}', name => 'closed', params => '{"partition_by": ["key"], "bounds": "[]"}'),
	etl.rule('non_overlapping_ranges', '{f,t}', name => 'open', params => '{"partition_by": ["key"], "bounds": "()"}'),
	etl.rule('non_overlapping_ranges', '{r}', name => 'together', row_filter => 'id <= 2 OR id = 15'),
	etl.rule('non_overlapping_ranges', '{f}', name => 'no range')], sample_rows => 20);
-- the same by a join
SELECT string_agg(id::text, ' ' ORDER BY id) AS by_join FROM spans AS a
WHERE EXISTS (SELECT FROM spans AS b WHERE b.id <> a.id AND b.key IS NOT DISTINCT FROM a.key AND b.r && a.r);
CREATE TABLE numranges (id integer, r numrange);
INSERT INTO numranges VALUES (1, '[1,2]'), (2, '[2,3]'), (3, '(3,4)'), (4, '[4,5]'), (5, '(5,6]'), (6, '(6,7)'), (7, '[7,7]'), (8, '(7,8)'), (9, '[0,2)'), (10, '(9,9]');
SELECT failed_rows, ids(sample) FROM etl.check('numranges', ARRAY[etl.rule('non_overlapping_ranges', '{r}')], sample_rows => 20);
SELECT string_agg(id::text, ' ' ORDER BY id) AS by_join FROM numranges AS a
WHERE EXISTS (SELECT FROM numranges AS b WHERE b.id <> a.id AND b.r && a.r);
-- many of them
CREATE TABLE many AS
SELECT i AS id, i % 37 AS key, CASE i % 11 WHEN 0 THEN NULL ELSE numrange((i * 7919) % 1000, (i * 7919) % 1000 + (i * 31) % 9, (ARRAY['[]', '[)', '(]', '()'])[i % 4 + 1]) END AS r
FROM generate_series(1, 2000) AS i;
SELECT c.tested_rows, c.failed_rows, o.failed_rows AS by_join
FROM etl.check('many', ARRAY[etl.rule('non_overlapping_ranges', '{r}', params => '{"partition_by": ["key"]}')]) AS c,
	(SELECT count(*) AS failed_rows FROM many AS a WHERE EXISTS (SELECT FROM many AS b WHERE b.id <> a.id AND b.key = a.key AND b.r && a.r)) AS o;

-- scd2_valid
CREATE TABLE versions (id integer, key integer, f date, t date, cur boolean);
INSERT INTO versions VALUES (1, 1, '2024-01-01', '2024-02-01', false), (2, 1, '2024-02-01', NULL, true),
	(3, 2, '2024-01-01', '2024-03-01', false), (4, 2, '2024-02-01', NULL, true),
	(5, 3, '2024-01-01', '2024-02-01', false), (6, 3, '2024-03-01', NULL, true),
	(7, 4, '2024-01-01', '2024-02-01', false), (8, 5, '2024-02-01', '2024-01-01', true),
	(9, 6, NULL, NULL, true), (10, 7, '2024-01-01', '2024-02-01', true), (11, 7, '2024-02-01', NULL, false),
	(12, 8, '2024-01-01', NULL, true), (13, 8, '2024-02-01', NULL, true), (14, NULL, '2024-01-01', NULL, true),
	(15, 9, '2024-01-01', '9999-12-31', true), (16, 10, '2024-01-01', '2024-01-01', true);
SELECT check_name, status, tested_rows, null_rows, failed_rows, ids(sample) FROM etl.check('versions', ARRAY[
	etl.rule('scd2_valid', '{key}', name => 'plain', params => '{"valid_from": "f", "valid_to": "t"}'),
	etl.rule('scd2_valid', '{key}', name => 'no gaps', params => '{"valid_from": "f", "valid_to": "t", "no_gaps": true}'),
	etl.rule('scd2_valid', '{key}', name => 'current', params => '{"valid_from": "f", "valid_to": "t", "current": "cur"}'),
	etl.rule('scd2_valid', '{key}', name => 'ended', params => '{"valid_from": "f", "valid_to": "t", "current": "cur", "allow_ended": true}'),
	etl.rule('scd2_valid', '{key}', name => 'no flag', params => '{"valid_from": "f", "valid_to": "t", "current": "f"}')], sample_rows => 20);

-- correlation_between: 1, -1, none, NaN
CREATE TABLE points (x integer, y numeric, z float8, w float8);
INSERT INTO points VALUES (1, 2, -1, 1), (2, 4, -2, 1), (3, 6, -3, 'NaN'), (4, NULL, NULL, 1);
SELECT check_name, status, success, tested_rows, null_rows, observed, error_sqlstate FROM etl.check('points', ARRAY[
	etl.rule('correlation_between', '{x,y}', min_value => 0.9),
	etl.rule('correlation_between', '{x,z}', max_value => 0.9, row_filter => 'x < 4'),
	etl.rule('correlation_between', '{x,y}', name => 'one row', min_value => 0, row_filter => 'x = 1'),
	etl.rule('correlation_between', '{x,y}', name => 'empty', min_value => 0, row_filter => 'false'),
	etl.rule('correlation_between', '{x,w}', name => 'NaN', min_value => 0)]);

-- levels and row_expression
SELECT check_name, check_type, status, severity, failed_rows FROM etl.check('pairs', ARRAY[
	etl.rule('compare_columns', '{a,b}', name => 'levels', params => '{"op": "<=", "nulls": "ignore_any_null", "on_null": "fail", "warn": {"max_failed_rows": 0}, "error": {"max_failed_rows": 1}}'),
	etl.rule('row_expression', params => '{"expression": "a <= b"}')]);

-- names
CREATE SCHEMA "odd ""schema";
CREATE TABLE "odd ""schema"."k" ("K" integer, "a b" integer, "previous_1" integer, "from" date, "to" date);
INSERT INTO "odd ""schema"."k" VALUES (1, 1, 1, '2024-01-01', '2024-01-02'), (1, 2, 2, '2024-01-01', NULL);
SELECT check_name, status, failed_rows, sample FROM etl.check('"odd ""schema".k', ARRAY[
	etl.rule('allowed_transitions', '{a b}', params => '{"order_by": ["previous_1"], "transitions": []}'),
	etl.rule('scd2_valid', '{K}', params => '{"valid_from": "from", "valid_to": "to"}'),
	etl.rule('compare_columns', '{K,a b}', params => '{"op": "="}')], sample_rows => 1);

-- empty tables
CREATE TABLE nothing (LIKE pairs);
ALTER TABLE nothing ADD f date, ADD t date;
SELECT check_type, status, success, tested_rows, failed_rows FROM etl.check('nothing', ARRAY[
	etl.rule('compare_columns', '{a,b}', params => '{"op": "<"}'),
	etl.rule('pair_in_set', '{a,b}', params => '{"pairs": [[1, 1]]}'),
	etl.rule('dates_apart', '{f,t}', params => '{"min_interval": "1 day"}'),
	etl.rule('row_sum_equals', '{a,b}', params => '{"value": 1}'),
	etl.rule('at_least_one_not_null', '{a,b}'),
	etl.rule('required_if', '{a}', params => '{"condition": "true"}'),
	etl.rule('unique_within_row', '{a,b}'),
	etl.rule('allowed_transitions', '{a}', params => '{"order_by": ["id"], "transitions": []}'),
	etl.rule('non_overlapping_ranges', '{f,t}'),
	etl.rule('scd2_valid', '{id}', params => '{"valid_from": "f", "valid_to": "t", "on_empty": "fail"}')]);

-- what is refused
\set VERBOSITY terse
SELECT etl.rule('compare_columns', '{a,b}');
SELECT etl.rule('compare_columns', '{a}', params => '{"op": "="}');
SELECT etl.rule('compare_columns', '{a,a}', params => '{"op": "="}');
SELECT etl.rule('compare_columns', '{a,b}', params => '{"op": "=="}');
SELECT etl.rule('compare_columns', '{a,b}', params => '{"op": "<", "tolerance": 1}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('compare_columns', '{a,b}', params => '{"op": "=", "tolerance": -1}');
SELECT etl.rule('pair_in_set', '{a,b}', params => '{"pairs": [[1, 2, 3]]}');
SELECT etl.rule('pair_in_set', '{a,b}', params => '{"pairs": {"a": 1}}');
SELECT etl.rule('pair_in_set', '{a,b}', params => '{"pairs": [[1, [2]]]}');
SELECT etl.rule('pair_in_set', '{a,b}', params => '{"pairs": [[1, null]]}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('dates_apart', '{a,b}');
SELECT etl.rule('dates_apart', '{a,b}', params => '{"min_interval": "-1 day"}');
SELECT etl.rule('dates_apart', '{a,b}', params => '{"min_interval": "2 days", "max_interval": "1 day"}');
SELECT etl.rule('dates_apart', '{a,b}', params => '{"min_interval": "soon"}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('row_sum_equals', '{a,b}');
SELECT etl.rule('row_sum_equals', '{a,b}', params => '{"value": 1, "total": "t"}');
SELECT etl.rule('row_sum_equals', '{a,b}', params => '{"value": "NaN"}');
SELECT etl.rule('row_sum_between', '{a,b}');
SELECT etl.rule('at_least_one_not_null', '{a}');
SELECT etl.rule('required_if', '{a}');
SELECT etl.rule('required_if', '{a}', params => '{"condition": "a; DROP TABLE t"}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('allowed_transitions', '{a}', params => '{"transitions": []}');
SELECT etl.rule('allowed_transitions', '{a}', params => '{"order_by": ["b"], "transitions": [["a", null]]}');
SELECT etl.rule('non_overlapping_ranges', '{a,b,c}');
SELECT etl.rule('non_overlapping_ranges', '{a}', params => '{"bounds": "[)"}');
SELECT etl.rule('non_overlapping_ranges', '{a,b}', params => '{"bounds": "[["}');
SELECT etl.rule('scd2_valid', '{a}', params => '{"valid_from": "f"}');
SELECT etl.rule('correlation_between', '{a}');
\set VERBOSITY default
SELECT error_sqlstate, error_message FROM etl.check('spans', ARRAY[
	etl.rule('scd2_valid', '{key}', params => '{"valid_from": "f", "valid_to": "tt"}'),
	etl.rule('row_sum_equals', '{f,key}', params => '{"value": 1}')]);

-- the printed SQL agrees
CREATE FUNCTION agree(source regclass, checks text[])
RETURNS TABLE (name text, verdict text, agrees boolean)
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
		n := 0;
		IF r.failed_rows_sql IS NOT NULL THEN
			EXECUTE format('SELECT count(*) FROM (%s) AS f', r.failed_rows_sql) INTO n;
		END IF;
		name := r.check_name;
		verdict := format('%s %s/%s', r.status, r.failed_rows, r.tested_rows);
		agrees := (e.tested_rows, e.failed_rows, n) = (r.tested_rows, r.failed_rows, r.failed_rows);
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM agree('towns', ARRAY[
	etl.rule('functional_dependency', '{town}', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', row_filter => 'id > 3', params => '{"determinant": ["state"], "nulls": "equal"}')]);
SELECT * FROM agree('pairs', ARRAY[
	etl.rule('compare_columns', '{a,b}', on_null => 'fail', params => '{"op": "<="}'),
	etl.rule('compare_columns', '{a,b}', on_null => 'fail', row_filter => 'id > 2', params => '{"op": "<=", "nulls": "ignore_all_null"}'),
	etl.rule('compare_columns', '{a,b}', params => '{"op": "<>", "nulls": "equal"}'),
	etl.rule('pair_in_set', '{a,b}', on_null => 'fail', params => '{"pairs": [[1, 2]]}'),
	etl.rule('unique_within_row', '{a,b}', params => '{"nulls": "equal"}'),
	etl.rule('at_least_one_not_null', '{a,b}'),
	etl.rule('exactly_one_not_null', '{a,b}'),
	etl.rule('all_or_none_null', '{a,b}'),
	etl.rule('required_if', '{a}', params => '{"condition": "b = 2"}')]);
SELECT * FROM agree('sums', ARRAY[
	etl.rule('row_sum_equals', '{a,b}', params => '{"total": "t", "nulls": "ignore_all_null", "on_null": "fail"}'),
	etl.rule('row_sum_between', '{x,y}', min_value => 0, max_value => 1, row_filter => 'id > 1')]);
SELECT * FROM agree('stays', ARRAY[etl.rule('dates_apart', '{d,a}', params => '{"max_interval": "1 month"}')]);
SELECT * FROM agree('states', ARRAY[etl.rule('allowed_transitions', '{state}', on_null => 'fail',
	params => '{"partition_by": ["key"], "order_by": ["at"], "transitions": [["new", "paid"]], "initial": ["new"]}')]);
SELECT * FROM agree('spans', ARRAY[
	etl.rule('non_overlapping_ranges', '{r}', params => '{"partition_by": ["key"]}'),
	etl.rule('non_overlapping_ranges', '{f,t}', row_filter => 'id > 3', params => '{"partition_by": ["key"], "bounds": "[]"}')]);
SELECT * FROM agree('versions', ARRAY[etl.rule('scd2_valid', '{key}', params => '{"valid_from": "f", "valid_to": "t", "current": "cur", "no_gaps": true}')]);

SET client_min_messages = warning;
DROP SCHEMA rules_row CASCADE;
DROP SCHEMA "odd ""schema" CASCADE;
