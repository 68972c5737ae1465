-- Checks answered by the scan in C, each beside the answer of SQL.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_scan;
SET search_path = check_scan;
\set SHOW_CONTEXT never
\set VERBOSITY terse

CREATE FUNCTION by_scan(source regclass, checks text[], row_filter text)
RETURNS SETOF etl.check_result LANGUAGE plpgsql SET dq_etl.force_evaluation = 'scan'
AS 'BEGIN RETURN QUERY SELECT * FROM etl.check(source, checks, row_filter); END';
CREATE FUNCTION by_sql(source regclass, checks text[], row_filter text)
RETURNS SETOF etl.check_result LANGUAGE plpgsql SET dq_etl.force_evaluation = 'sql'
AS 'BEGIN RETURN QUERY SELECT * FROM etl.check(source, checks, row_filter); END';

-- what a scan and SQL say: everything but how and how long
CREATE FUNCTION compare(source regclass, checks text[], row_filter text DEFAULT NULL)
RETURNS TABLE (check_name text, evaluation text, tested bigint, nulls bigint, excluded bigint, failed bigint, same boolean)
LANGUAGE sql AS $$
	SELECT a.check_name, a.evaluation, a.tested_rows, a.null_rows, a.excluded_rows, a.failed_rows,
		(to_jsonb(a) - '{evaluation,duration_ms}'::text[]) = (to_jsonb(b) - '{evaluation,duration_ms}'::text[])
	FROM by_scan(source, checks, row_filter) WITH ORDINALITY AS a
	JOIN by_sql(source, checks, row_filter) WITH ORDINALITY AS b USING (ordinality)
	ORDER BY ordinality
$$;

-- integers: extremes, all sizes, both sides, across sizes
CREATE TABLE ints (s smallint, i integer, b bigint, o oid);
INSERT INTO ints VALUES
	(NULL, NULL, NULL, NULL), (0, 0, 0, 0), (1, 1, 1, 1), (-1, -1, -1, 3000000000), (7, 7, 7, 4294967295),
	(32767, 2147483647, 9223372036854775807, 7), (-32768, -2147483648, -9223372036854775808, 8);
SELECT * FROM compare('ints', ARRAY[
	's > 0', 's >= 0', 's < 0', 's <= 0', 's = 0', 's <> 0', '0 < s', '0 >= s', '0 = s',
	'i > 0', 'i >= 0', 'i < 0', 'i <= 0', 'i = 0', 'i <> 0', '7 <> i',
	'b > 0', 'b >= 0', 'b < 0', 'b <= 0', 'b = 0', 'b <> 0',
	'i > 2147483647', 'i >= 2147483647', 'i < -2147483648', 'i <= -2147483648',
	'b > 9223372036854775807', 'b >= 9223372036854775807', 'b < -9223372036854775808', 'b <= -9223372036854775808',
	'i > 3000000000', 'i < 3000000000', 's < 40000', 's = 40000', 's <> 40000', 'b > 1::smallint', 'i < b', 's = i', 'b <> s',
	'i BETWEEN -1 AND 7', 'i NOT BETWEEN -1 AND 7', 'i > 5 AND i < 3', 'i > 0 AND b > 0 AND i < 7 AND b < 7', 's BETWEEN SYMMETRIC 7 AND 0',
	'o > 7', 'o >= 3000000000', 'o < 8', 'o = 4294967295', 'o <> 0', 'o::integer < 0',
	'i IN (0, 7, -1)', 'i NOT IN (0, 7, -1)', 'i IN (0, NULL)', 'i NOT IN (0, NULL)', 's IN (0, 7)', 'b IN (0, 9223372036854775807, -9223372036854775808)',
	'b IN (1, 100000000, 7, -5)', 'o IN (1, 3000000000)', 'i = ANY (''{}''::integer[])', 'i = ANY (NULL::integer[])', 'i <> ALL (''{NULL}''::integer[])', 'i > ALL (''{0,-1}''::integer[])']);

-- floats: NaN above all, both zeros, infinities
CREATE TABLE floats (r real, d double precision);
INSERT INTO floats SELECT v::real, v::float8 FROM unnest('{NULL,0,-0,1,-1,0.1,1.5,NaN,Infinity,-Infinity,3.4e38,1e-45,-1e-45}'::text[]) AS v;
INSERT INTO floats VALUES (1, 1.7976931348623157e308), (2, 5e-324), (3, -1.7976931348623157e308);
SELECT * FROM compare('floats', ARRAY[
	'd > 0', 'd >= 0', 'd < 0', 'd <= 0', 'd = 0', 'd <> 0', 'd > -0.0::float8', 'd >= -0.0::float8', 'd < -0.0::float8', 'd = -0.0::float8', '0 < d',
	'd > ''NaN''', 'd >= ''NaN''', 'd < ''NaN''', 'd <= ''NaN''', 'd = ''NaN''', 'd <> ''NaN''',
	'd > ''Infinity''', 'd >= ''Infinity''', 'd < ''Infinity''', 'd <= ''Infinity''', 'd = ''Infinity''', 'd <> ''Infinity''',
	'd > ''-Infinity''', 'd >= ''-Infinity''', 'd < ''-Infinity''', 'd <= ''-Infinity''', 'd = ''-Infinity''',
	'd > 1.7976931348623157e308', 'd < 5e-324::float8', 'd > 5e-324::float8',
	'd BETWEEN 0 AND 1', 'd NOT BETWEEN 0 AND 1', 'd >= 0 AND d < ''NaN''', 'd > 1 AND d > ''NaN''', 'd BETWEEN ''NaN'' AND ''NaN''', 'd > ''Infinity'' AND d < 5',
	'r > 0', 'r >= 0.1::real', 'r > 0.1', 'r = 0.1', 'r = 0.1::real', 'r <> ''NaN''', 'r < ''NaN''::real', 'r <= 3.4e38', 'r < d', 'd = r', 'r <> d', 'd >= 1.5::real', 'd = 0.1::real',
	'r BETWEEN -1 AND 1.5', 'r IN (1, 1.5)', 'd IN (0, 1)']);

-- numerics: special values, scales, long ones, compressed ones
CREATE TABLE numerics (n numeric, m numeric(12,2));
INSERT INTO numerics SELECT v::numeric, CASE WHEN v ~ '^-?[0-9.]{1,9}$' THEN v::numeric END
FROM unnest('{NULL,0,0.00,-0.0,1,1.0,1.00000000,-1,9999,10000,10001,-10000,0.0001,0.00010,0.00009999,-0.0001,123456789.123,99999999999999999999,-99999999999999999999,1e-30,1e100,-1e100,1e1000,NaN,Infinity,-Infinity}'::text[]) AS v;
INSERT INTO numerics VALUES (repeat('1', 20000)::numeric, 1), (-repeat('1', 20000)::numeric, 2), (repeat('123456789', 12000)::numeric, 3);
SELECT * FROM compare('numerics', ARRAY[
	'n > 0', 'n >= 0', 'n < 0', 'n <= 0', 'n = 0', 'n <> 0', 'n = 1', 'n = 1.000', '1 = n', 'n > 1', 'n < -1', 'n >= 10000', 'n > 9999', 'n < 10000.5', 'n <= 0.0001', 'n > 0.0001', 'n < 0.00009999',
	'n > ''NaN''', 'n >= ''NaN''', 'n < ''NaN''', 'n = ''NaN''', 'n <> ''NaN''', 'n > ''Infinity''', 'n >= ''Infinity''', 'n = ''-Infinity''', 'n > ''-Infinity''', 'n < ''Infinity''',
	'n BETWEEN 0 AND 10000', 'n NOT BETWEEN 0 AND 10000', 'n > 0 AND n < 1e100', 'n >= 0 AND n > 0 AND n <= 9999 AND n < 9999', 'n > 1e999', 'n < -1e99', 'n = 99999999999999999999', 'n IN (0, 1)',
	'm BETWEEN 0 AND 9999.99', 'm > 0.00', 'm = n', 'm <> 1']);

-- dates, times, booleans, UUIDs
CREATE DOMAIN yes AS boolean;
CREATE TABLE times (d date, t time, ts timestamp, tz timestamptz, f boolean, y yes, u uuid, e interval);
INSERT INTO times VALUES
	(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('2024-02-29', '00:00', '2024-02-29 12:00', '2024-02-29 12:00+00', true, true, '00000000-0000-0000-0000-000000000000', '1 day'),
	('infinity', '24:00', 'infinity', 'infinity', false, false, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '24 hours'),
	('-infinity', '12:34:56.789', '-infinity', '-infinity', true, NULL, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '-1 day');
SELECT * FROM compare('times', ARRAY[
	'd > ''2024-02-28''', 'd <= ''2024-02-29''', 'd < ''infinity''', 'd > ''-infinity''', 'd = ''2024-02-29''', 'd BETWEEN ''2024-01-01'' AND ''2024-12-31''', 'd IN (''2024-02-29'', ''infinity'')', 'd < ts', 'd <> ''2024-02-29''',
	't < ''12:00''', 't >= ''24:00''', 'ts > ''2024-01-01''', 'ts < ''infinity''', 'ts BETWEEN ''2024-01-01'' AND ''2025-01-01''', 'ts < tz', 'tz >= ''2024-02-29 12:00+00''', 'tz < ''2000-01-01 00:00+00''',
	'f', 'NOT f', 'y', 'f IS TRUE', 'f IS NOT TRUE', 'f IS FALSE', 'f IS NOT FALSE', 'f IS UNKNOWN', 'f IS NOT UNKNOWN', 'f = y', 'f <> y', 'f > false', 'f = false', 'f IS NULL', 'y IS NOT NULL',
	'u > ''00000000-0000-0000-0000-000000000000''', 'u = ''a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11''', 'u < ''b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'' AND u > ''10000000-0000-0000-0000-000000000000''', 'u <> ''ffffffff-ffff-ffff-ffff-ffffffffffff''', 'e = ''1 day''', 'e > ''0''']);

-- texts: empty, blanks, several bytes a character, compressed, stored elsewhere
CREATE DOMAIN word AS text;
CREATE TABLE texts (t text, v varchar(20), c character(5), b bytea, w word, k text COLLATE "C", x text);
ALTER TABLE texts ALTER x SET STORAGE EXTERNAL;
INSERT INTO texts SELECT v, left(v, 20), left(v, 5), convert_to(v, 'UTF8'), v, v, repeat(v, 1500)
FROM unnest(ARRAY[NULL, '', ' ', 'a', 'A', 'ab', 'abc', 'abcd', 'abcde', 'abcdefg', 'abcdefgh', 'abcdefgx', 'abcdefghi', 'abcdefghj', 'ab ', E'\n', 'new', 'paid', 'shipped',
	'cancelled', repeat('x', 127), repeat('x', 126), repeat('x', 3000), 'xxxxxxxxxxxxxxx', 'O''Brien', '100%', 'a_b', 'NULL']) AS v;
SELECT * FROM compare('texts', ARRAY[
	't = ''a''', 't <> ''a''', '''a'' = t', 't = ''''', 't <> ''''', 't = ''abcdefgh''', 't = ''abcdefghi''', 't <> ''abcdefghj''', 't = ''ab''', 't = ''abc''', 't = ''abcde''', 't = repeat(''x'', 3000)', 't = repeat(''x'', 2999)', 'v = ''paid''', 'v <> ''paid''', 'w = ''new''',
	'c = ''ab''', 'c = ''ab   ''', 'c <> ''ab''', 'c = ''''', 'c IN (''ab'', ''abc  '')', 'c NOT IN (''ab'', NULL)',
	't IN (''new'', ''paid'', ''shipped'', ''cancelled'')', 't NOT IN (''new'', ''paid'')', 't IN (''new'', NULL)', 't NOT IN (''new'', NULL)', 'v IN ('''', '' '', ''abcdefgh'')', 't IN (''abcdefgh'', ''abcdefgx'', ''abcdefghi'', ''xxxxxxxxxxxxxxx'')', 'w IN (''a'', ''ab'')',
	'k > ''a''', 'k >= ''a''', 'k < ''a''', 'k <= ''a''', 'k BETWEEN ''a'' AND ''b''', 'k = ''a''', 't > ''a'' COLLATE "C"', 't < ''n'' COLLATE "C"', 'x > ''a'' COLLATE "C"',
	'length(t) > 3', 'length(t) <= 3', 'length(t) = 0', 'length(t) <> 0', 'length(t) BETWEEN 1 AND 126', 'char_length(v) >= 20', 'character_length(t) < 8', 'octet_length(t) = 3', 'octet_length(b) > 100', 'length(b) < 3', 'length(c) < 3', 'length(x) = 1500', 'length(x) <= 4500', 'octet_length(x) BETWEEN 1 AND 9000', 'length(t) > -1', 'length(t) < 0',
	'x = repeat(''a'', 1500)', 'x <> repeat(''a'', 1500)', 't IS NULL', 'x IS NOT NULL', 't LIKE ''a%''', 't ~ ''^[a-z]+$''', 'upper(t) = t', 'trim(t) <> ''''', 'md5(x) > ''8''', 't = v', 't || ''x'' = ''ax''', 'coalesce(t, '''') <> ''''', 't IS DISTINCT FROM ''a''']);

CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE collated (t text COLLATE any_case, c character(6) COLLATE any_case);
INSERT INTO collated SELECT v, v FROM unnest(ARRAY[NULL, '', 'a', 'A', 'ab', 'AB', 'Paid', 'paid', U&'\00e4', U&'\00c4', U&'a\0308', U&'\20ac\20ac', U&'\+01f600']) AS v;
SELECT * FROM compare('collated', ARRAY['t = ''A''', 't <> ''PAID''', 't IN (''AB'', ''paid'')', 't NOT IN (''AB'', NULL)', 't > ''a''', 'c = ''AB''', 'c IN (''PAID'')',
	't = ''A'' COLLATE "C"', 't > ''a'' COLLATE "C"', 't COLLATE "C" IN (''Paid'', ''ab'')', 'length(t) = 1', 'length(t) >= 2', 'length(t) <= 1', 'octet_length(t) = 2', 'length(t) BETWEEN 2 AND 3', 'length(t) <> 2', E't = ''\u00e4''', E't COLLATE "C" = ''\u00c4''']);

-- what connects them; a part guards the next
CREATE TABLE logic (a integer, b integer, c text);
INSERT INTO logic SELECT x, y, z FROM unnest('{NULL,0,1,2}'::integer[]) AS x, unnest('{NULL,0,1}'::integer[]) AS y, unnest('{NULL,0,1,x}'::text[]) AS z;
SELECT * FROM compare('logic', ARRAY[
	'a > 0 AND b > 0', 'a > 0 OR b > 0', 'NOT (a > 0 AND b > 0)', 'NOT (a > 0 OR b > 0)', '(a > 0) IS TRUE', '(a > 0 AND b = 0) IS NOT FALSE', '(a > 0) IS UNKNOWN OR b IS NULL', 'a IS NULL AND b IS NULL AND c IS NULL',
	'a <> 0 AND 10 / a > 1', 'a = 0 OR 10 / a > 1', 'CASE WHEN a <> 0 THEN 10 / a > 1 END', 'CASE WHEN a > 1 THEN b > 0 WHEN a = 1 THEN b = 0 ELSE c = ''x'' END', 'CASE a WHEN 1 THEN true WHEN 2 THEN false END', 'c ~ ''^[0-9]$'' AND c::integer >= 0',
	'true', 'false', 'NULL', 'a > 0 AND NULL', 'a > 0 OR NULL', 'coalesce(a > 0, false)', 'a IS DISTINCT FROM b', 'a = 1 OR a = 2 OR c = ''x''', '(a = 1) = (b = 1)', 'num_nulls(a, b, c) = 0', '(a, b) < (1, 1)', 'a::boolean', 'greatest(a, b) = 1', 'a + b < 3', 'a = ANY (ARRAY[b, 1])']);
SELECT * FROM compare('logic', ARRAY['10 / a > 1', 'b >= 0', '10 / a > 1', 'c = ''x'''], 'a <> 0');
SELECT * FROM compare('logic', ARRAY['b >= 0', 'a >= 0'], 'a <> 0 AND 10 / a > 5');
SELECT * FROM compare('logic', ARRAY['{"type": "between", "column": "a", "min_value": 1, "on_null": "fail"}', '{"type": "between", "column": "a", "min_value": 1, "on_null": "pass"}',
	'{"type": "not_null", "column": "a"}', '{"type": "expression", "expression": "10 / a > 1", "row_filter": "a <> 0"}', '{"type": "in_set", "column": "a", "allowed": ["1", "2"], "row_filter": "b = 1"}'], 'c = ''x''');

-- a check that throws is left to SQL, which tells; the others are scanned
SELECT check_name, evaluation, status, error_sqlstate, failed_rows
FROM by_scan('logic', ARRAY['a >= 1', '10 / a > 1', 'b >= 0', 'c::integer > 0', '1 / b > 0', '20 / a > 1 AND b > 0', 'a::text::integer >= 0'], NULL);
SELECT * FROM compare('logic', ARRAY['a >= 1', '10 / a > 1', 'b >= 0', 'c::integer > 0', '1 / b > 0', '20 / a > 1 AND b > 0', 'a::text::integer >= 0']);
SELECT * FROM compare('logic', ARRAY['a >= 1', 'b >= 0'], '1 / a > 0');

-- what only SQL can answer
SELECT * FROM compare('logic', ARRAY['a IN (SELECT b FROM check_scan.logic)', 'logic IS NOT NULL', 'xmin IS NOT NULL', 'a > 0', 'nosuch > 0', 'tableoid = ''check_scan.logic''::regclass', 'ctid > ''(0,3)''']);
CREATE VIEW seen AS SELECT * FROM logic;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM logic;
CREATE MATERIALIZED VIEW unfilled AS SELECT * FROM logic WITH NO DATA;
SELECT * FROM compare('seen', ARRAY['a > 0']);
SELECT * FROM compare('kept', ARRAY['a > 0']);
SELECT * FROM compare('unfilled', ARRAY['a > 0']);
SELECT check_name, evaluation, failed, same FROM compare('pg_catalog.pg_proc', ARRAY['oid > 0', 'prokind IN (''f'', ''a'', ''w'', ''p'')', 'length(prosrc) >= 0', 'proargtypes[0] > 0']);

-- the shape of tables: dropped columns, added ones with and without a default, generated ones
CREATE TABLE shapes (gone text, a integer, gone2 bigint, b text, g integer GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO shapes (gone, a, gone2, b) SELECT 'x', i, i, 'b' || i FROM generate_series(1, 5) AS i;
ALTER TABLE shapes DROP COLUMN gone, DROP COLUMN gone2;
ALTER TABLE shapes ADD COLUMN d integer DEFAULT 7, ADD COLUMN e text DEFAULT 'later', ADD COLUMN n text;
INSERT INTO shapes (a, b, d, e, n) VALUES (6, NULL, NULL, NULL, 'n'), (NULL, 'b', 8, 'other', NULL);
SELECT * FROM compare('shapes', ARRAY['a > 2', 'b <> ''b2''', 'g > 4', 'd = 7', 'e = ''later''', 'n IS NULL', 'upper(e) = ''LATER''', 'd + a > 9']);

-- partitions whose columns lie elsewhere, children with columns of their own
CREATE TABLE parted (a integer, b text, c numeric) PARTITION BY LIST (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 (x bigint, c numeric, b text, a integer);
ALTER TABLE parted_2 DROP COLUMN x;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES IN (2);
CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3, 4) PARTITION BY LIST (a);
CREATE TABLE parted_4 PARTITION OF parted_3 FOR VALUES IN (4);
INSERT INTO parted SELECT 1 + i % 2, 'text ' || i, i FROM generate_series(1, 200) AS i;
INSERT INTO parted VALUES (4, NULL, NULL), (4, 'four', 'NaN');
ALTER TABLE parted ADD COLUMN d text DEFAULT 'new';
SELECT * FROM compare('parted', ARRAY['a < 4', 'b <> ''text 7''', 'c < 100', 'd = ''new''', 'length(b) < 8', 'upper(b) <> ''FOUR''', 'tableoid = ''check_scan.parted_2''::regclass']);
CREATE TABLE parted_empty (a integer) PARTITION BY LIST (a);
SELECT * FROM compare('parted_empty', ARRAY['a < 4']);
CREATE TABLE parent (a integer, b text);
CREATE TABLE child (z integer, PRIMARY KEY (z)) INHERITS (parent);
INSERT INTO parent VALUES (1, 'p');
INSERT INTO child VALUES (2, 'c', 3);
SELECT * FROM compare('parent', ARRAY['a > 1', 'b = ''c''']);

-- batches: more rows than one holds, values that repeat, pages with few and many rows
CREATE TABLE many (i integer, t text, w text);
ALTER TABLE many ALTER w SET STORAGE PLAIN;
INSERT INTO many SELECT i, 'value ' || i % 13, CASE WHEN i % 100 = 0 THEN repeat('w', 2000) END FROM generate_series(1, 10000) AS i;
DELETE FROM many WHERE i % 7 = 0;
SELECT * FROM compare('many', ARRAY['i % 10 <> 0', 't ~ ''[0-5]$''', 't <> ''value 3''', 'length(w) < 1000', 'i > 9000', 'w IS NULL AND i > 100', 't LIKE ''%1''']);

-- not for those who may not read, nor where rows are hidden
CREATE ROLE check_scan_reader;
GRANT USAGE ON SCHEMA check_scan TO check_scan_reader;
GRANT SELECT (a, b) ON logic TO check_scan_reader;
GRANT EXECUTE ON FUNCTION etl.check, etl.explain_check TO check_scan_reader;
GRANT USAGE ON SCHEMA etl TO check_scan_reader;
SET ROLE check_scan_reader;
SELECT check_name, evaluation, status, failed_rows, error_sqlstate FROM etl.check('logic', ARRAY['a > 0', 'c = ''x''', 'b + 0 > 0', 'a > 0 OR c = ''x''']);
RESET ROLE;
ALTER TABLE many ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON many TO check_scan_reader;
SET ROLE check_scan_reader;
SELECT check_name, evaluation FROM etl.explain_check('many', ARRAY['i > 0']);
SELECT check_name, status FROM etl.check('many', ARRAY['i > 0']);
RESET ROLE;
ALTER TABLE many DISABLE ROW LEVEL SECURITY;

-- a function that the user may not call, although a kernel would not call it
BEGIN;
REVOKE EXECUTE ON FUNCTION int4gt(integer, integer) FROM PUBLIC;
GRANT SELECT ON logic TO check_scan_reader;
SET LOCAL ROLE check_scan_reader;
SELECT check_name, status, error_sqlstate FROM etl.check('logic', ARRAY['a > 0', 'b < 3']);
ROLLBACK;

-- several processes say what one does; the leader takes no part, so they do
CREATE FUNCTION process() RETURNS integer LANGUAGE internal STABLE PARALLEL SAFE AS 'pg_backend_pid';
SELECT format('process() <> %s', pg_backend_pid()) AS elsewhere \gset
CREATE FUNCTION alone(x integer) RETURNS boolean LANGUAGE sql PARALLEL UNSAFE VOLATILE AS 'SELECT random() > -1 AND $1 > 0';
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET dq_etl.scan_workers = 2;
SELECT evaluation, failed_rows FROM by_scan('many', ARRAY[:'elsewhere'], NULL);
SELECT evaluation, failed_rows = tested_rows AS in_this_process FROM by_scan('many', ARRAY[:'elsewhere', 'alone(i)'], NULL) LIMIT 1;
SELECT * FROM compare('many', ARRAY['i % 10 <> 0', 't ~ ''[0-5]$''', 't <> ''value 3''', 'length(w) < 1000', 'w IS NULL AND i > 100', 't LIKE ''%1''', '100 / (i - 50) > 0', 'alone(i) OR true'], 'i % 2 = 0');
SELECT * FROM compare('parted', ARRAY['a < 4', 'b <> ''text 7''', 'c < 100', 'd = ''new''', 'length(b) < 8', 'upper(b) <> ''FOUR''']);
SELECT * FROM compare('logic', ARRAY['10 / a > 1', 'b >= 0', 'c::integer > 0']);
-- a cast to a type whose recogniser is always sure needs no subtransaction; others do
SELECT evaluation, failed_rows FROM by_scan('many', ARRAY[:'elsewhere', 'etl.castable(t, ''integer'') IS NOT NULL', 'etl.castable(i::text, ''numeric(4,2)'') IS NOT NULL'], NULL);
SELECT evaluation, failed_rows = tested_rows AS in_this_process FROM by_scan('many', ARRAY[:'elsewhere', 'etl.castable(t, ''jsonb'') IS NOT NULL'], NULL) LIMIT 1;
SELECT check_name, same FROM compare('many', ARRAY['etl.castable(right(t, 1), ''integer'')', 'etl.castable(i::text, ''smallint'') AND i > 10', 'etl.castable(t, ''jsonb'')', 'etl.castable(t, ''date'')']);
RESET parallel_leader_participation;
SELECT check_name, tested, nulls, excluded, failed, same FROM compare('many', ARRAY['i % 10 <> 0', 't ~ ''[0-5]$''', 'w IS NULL AND i > 100']);
SET dq_etl.scan_workers = 0;
SELECT evaluation, failed_rows = tested_rows AS in_this_process FROM by_scan('many', ARRAY[:'elsewhere'], NULL);
RESET dq_etl.scan_workers;
RESET min_parallel_table_scan_size;

-- generated rows, generated conditions: no difference, alone and in parallel
CREATE TABLE generated AS
SELECT (h % 100)::smallint AS s, CASE WHEN h % 11 > 0 THEN h % 1000 END AS i, CASE WHEN h % 7 > 0 THEN h::bigint * h END AS b,
	CASE h % 9 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL WHEN 2 THEN '-Infinity' ELSE (h % 50)::real / 8 END AS r, CASE h % 13 WHEN 0 THEN 'Infinity' WHEN 1 THEN '-0' ELSE h::float8 / 1e6 END AS d,
	CASE h % 17 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL ELSE (h % 100000)::numeric / (1 + abs(h % 3)) END AS n, CASE WHEN h % 5 > 0 THEN left(md5(h::text), abs(h) % 12) END AS t,
	left(md5(i::text), abs(h) % 3)::varchar(8) AS v, left(md5(h::text), 2)::character(4) AS c, date '2024-01-01' + h % 400 AS dt, timestamp '2024-01-01' + h % 1000 * interval '1 hour' AS ts,
	CASE WHEN h % 3 > 0 THEN h % 2 = 0 END AS f, md5((h % 50)::text)::uuid AS u
FROM generate_series(1, 3000) AS i, hashint4(i) AS h;
CREATE TABLE conditions AS
WITH literals AS (
	SELECT a.attname AS col, format_type(a.atttypid, a.atttypmod) AS type, k, quote_literal(to_jsonb(g) ->> a.attname) || '::' || format_type(a.atttypid, a.atttypmod) AS x
	FROM pg_attribute AS a, LATERAL (SELECT row_number() OVER () AS k, g.* FROM generated AS g WHERE to_jsonb(g) ->> a.attname IS NOT NULL LIMIT 3) AS g
	WHERE attrelid = 'generated'::regclass AND attnum > 0)
SELECT row_number() OVER () AS no, condition
FROM (
	SELECT format('%s %s %s', col, op, x) FROM literals, unnest('{<,<=,=,<>,>=,>}'::text[]) AS op WHERE k < 3
	UNION ALL SELECT format('%s BETWEEN %s AND %s', col, min(x), max(x)) FROM literals GROUP BY col
	UNION ALL SELECT format('%s IN (%s)', col, string_agg(x, ', ')) FROM literals GROUP BY col
	UNION ALL SELECT format('%s NOT IN (%s)', col, string_agg(x, ', ')) FROM literals GROUP BY col
	UNION ALL SELECT format('%s <> ALL (ARRAY[%s, NULL])', col, string_agg(x, ', ')) FROM literals GROUP BY col
) AS c (condition);
INSERT INTO conditions
SELECT 1000 + a.no, format(CASE a.no % 5 WHEN 0 THEN '(%s) AND (%s)' WHEN 1 THEN '(%s) OR NOT (%s)' WHEN 2 THEN '((%s) AND (%s)) IS TRUE' WHEN 3 THEN '(%s) IS UNKNOWN OR (%s)' ELSE 'CASE WHEN %s THEN %s ELSE f END' END, a.condition, b.condition)
FROM conditions AS a JOIN conditions AS b ON b.no = (a.no * 37) % 199 + 1;
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE NOT same) AS different, count(*) FILTER (WHERE evaluation <> 'scan') AS elsewhere
FROM compare('generated', (SELECT array_agg(condition ORDER BY no) FROM conditions));
SELECT count(*) FILTER (WHERE NOT same) AS different FROM compare('generated', (SELECT array_agg(condition ORDER BY no) FROM conditions), 'i % 3 > 0 OR t > ''8''');
SET min_parallel_table_scan_size = 0;
SET dq_etl.scan_workers = 2;
SELECT count(*) FILTER (WHERE NOT same) AS different FROM compare('generated', (SELECT array_agg(condition ORDER BY no) FROM conditions), 'd < 500');

-- a cancel ends it, wherever it is, and leaves nothing behind
SET statement_timeout = '50ms';
SELECT count(*) FROM by_scan('many', (SELECT array_agg(format('i %% %s >= 0 AND md5(t || i) > ''0''', k)) FROM generate_series(1, 300) AS k), NULL);
\echo :LAST_ERROR_SQLSTATE
SET dq_etl.scan_workers = 0;
SELECT count(*) FROM by_scan('many', (SELECT array_agg(format('i %% %s >= 0 AND md5(t || i) > ''0''', k)) FROM generate_series(1, 300) AS k), NULL);
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
RESET dq_etl.scan_workers;
RESET min_parallel_table_scan_size;
SELECT * FROM compare('many', ARRAY['i > 0', 't ~* ''^VALUE''']);

-- under snapshots that are not the latest; with writes of this transaction
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE logic SET a = 3 WHERE a = 2;
SELECT * FROM compare('logic', ARRAY['a < 3', 'a <> 2']);
ROLLBACK;

SET dq_etl.force_evaluation = 'guess';
SELECT check_name, evaluation FROM etl.explain_check('logic', ARRAY['a > 0', 'UNIQUE (a)']);
SET dq_etl.force_evaluation = 'proof';
SELECT check_name, evaluation FROM etl.explain_check('logic', ARRAY['a > 0']);
RESET dq_etl.force_evaluation;

SET client_min_messages = warning;
DROP SCHEMA check_scan CASCADE;
REVOKE ALL ON SCHEMA etl FROM check_scan_reader;
REVOKE ALL ON FUNCTION etl.check, etl.explain_check FROM check_scan_reader;
DROP ROLE check_scan_reader;
