-- What the scan in C reads from tuples of all shapes, and what it says of
-- values at the edges of its kernels: each condition beside SQL's answer.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_values;
SET search_path = check_values;
\set SHOW_CONTEXT never
\set VERBOSITY terse

CREATE FUNCTION by_way(way text, source regclass, checks text[]) RETURNS SETOF etl.check_result LANGUAGE plpgsql
AS 'BEGIN PERFORM set_config(''dq_etl.force_evaluation'', way, true); RETURN QUERY SELECT * FROM etl.check(source, checks); END';

-- how many conditions the scan answered, whether it met yes, no and NULL, and which of them SQL answers in another way
CREATE FUNCTION compare(source regclass, checks text[])
RETURNS TABLE (conditions bigint, scanned bigint, failed boolean, passed boolean, nulls boolean, different text[])
LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE a.evaluation = 'scan'), max(a.failed_rows) > 0, max(a.tested_rows - a.failed_rows) > 0, max(a.null_rows) > 0,
		array_agg(format('%s: %s/%s/%s, not %s/%s/%s', a.check_name, a.failed_rows, a.null_rows, a.tested_rows, b.failed_rows, b.null_rows, b.tested_rows))
			FILTER (WHERE (to_jsonb(a) - '{evaluation,duration_ms}'::text[]) <> (to_jsonb(b) - '{evaluation,duration_ms}'::text[]))
	FROM by_way('scan', source, checks) WITH ORDINALITY AS a
	JOIN by_way('sql', source, checks) WITH ORDINALITY AS b USING (ordinality)
$$;

-- numerics: with and without a scale, short and long ones, each with each
CREATE TABLE numerics (n numeric, m numeric(12,2), f numeric(20,7), k numeric(8,-2));
WITH v (v) AS (SELECT unnest('{NULL,0,-0.0,1,1.00,-1,0.5,-0.5,9999,9999.9999,9999.99991,10000,-10000,0.0001,0.00001,-0.00001,-0.00010001,0.12345678,0.123456789,99999999,100000000,999999999999,999999999999.9999,1000000000000,-999999999999,-1000000000000,12345678901234567890,1e-30,1e30,-1e30,NaN,Infinity,-Infinity}'::numeric[]))
INSERT INTO numerics
SELECT a.v, CASE WHEN abs(b.v) < 1e9 THEN b.v END, CASE WHEN abs(b.v) <= 1e12 THEN b.v END, CASE WHEN abs(a.v) < 1e9 THEN a.v END FROM v AS a, v AS b;
INSERT INTO numerics VALUES (repeat('1', 20000)::numeric, 1, 1, 100), (-repeat('123456789', 12000)::numeric, 2, 2, 200);
SELECT * FROM compare('numerics', (
	SELECT array_agg(format('%s %s %s', c, op, v))
	FROM unnest('{n,m,f,k}'::text[]) AS c, unnest('{<,<=,=,<>,>=,>}'::text[]) AS op,
		unnest('{0,1,-1,0.5,-0.5,9999.9999,9999.99991,10000,0.00001,-0.00001,0.000000001,-0.000000001,99999999,100000000,999999999999.9999,1000000000000,-1000000000000,1e15,-1e15,1e40,-1e40,''NaN'',''Infinity'',''-Infinity''}'::text[]) AS v));
SELECT * FROM compare('numerics', (
	SELECT array_agg(format('%s %s %s', a, op, b))
	FROM unnest('{n,m,f,k}'::text[]) AS a, unnest('{n,m,f,k}'::text[]) AS b, unnest('{<,<=,=,<>,>=,>}'::text[]) AS op));
SELECT * FROM compare('numerics', ARRAY[
	'n BETWEEN 0 AND 1', 'n BETWEEN 1 AND 0', 'n BETWEEN -1e40 AND 1e40', 'n > 0 AND n < ''NaN''', 'n > ''NaN'' AND n < 5', 'n < ''-Infinity'' AND n > 0', 'n >= 0.00001 AND n > 0.00001 AND n <= 10000 AND n < 10000', 'n NOT BETWEEN 0.5 AND 9999.99991',
	'm BETWEEN 0.001 AND 9999.999', 'f BETWEEN -0.00000001 AND 0.00000001', 'm <> 0.001', 'm = 0.001', 'm <> 1e40',
	'n IN (0)', 'n NOT IN (0)', 'n IN (0, 1, 1.0, 0.00001)', 'n NOT IN (0, 1, 0.00001)', 'n IN (1, NULL)', 'n NOT IN (1, NULL)', 'n IN (''NaN'', ''Infinity'')', 'n NOT IN (''NaN'', ''-Infinity'', 1e30)',
	'n IN (12345678901234567890, 1e-30, 1e40)', 'm IN (0.001, 0.5)', 'f IN (0.00001, -0.00001)', 'n = ANY (ARRAY[repeat(''1'', 20000)::numeric, 2])']);
-- a set too large for the scan's own
SELECT * FROM compare('numerics', (SELECT array_agg(format('n %s (%s)', op, list)) FROM unnest('{IN,NOT IN}'::text[]) AS op, (SELECT string_agg((i / 2.0)::text, ', ') FROM generate_series(0, 200) AS i) AS l (list)));

-- floats in sets, integers in sets of one
CREATE TABLE floats (d double precision, r real, i integer, b bigint, s smallint, o oid, f boolean);
INSERT INTO floats SELECT v::float8, v::real, CASE WHEN v ~ '^-?[0-9]+$' THEN v::integer END, CASE WHEN v ~ '^-?[0-9]+$' THEN v::bigint END, CASE WHEN v ~ '^-?[0-9]+$' THEN v::smallint END, 7, v = '1'
FROM unnest('{NULL,0,-0,1,-1,2,0.1,1.5,NaN,Infinity,-Infinity,1e-45}'::text[]) AS v;
SELECT * FROM compare('floats', ARRAY[
	'd IN (1)', 'd NOT IN (1)', 'd IN (0)', 'd IN (-0.0::float8)', 'd NOT IN (0, 1)', 'd IN (''NaN'')', 'd NOT IN (''NaN'', ''Infinity'')', 'd IN (1, NULL)', 'd NOT IN (1, NULL)', 'd = ANY (''{0.1,NULL,NaN}''::real[])', 'd = ANY (''{0.1}''::float8[])',
	'r IN (0.1, 2)', 'r = ANY (''{0.1}''::float8[])', 'r = ANY (''{0.1}''::real[])', 'r <> ALL (''{NaN,-Infinity}''::real[])', 'r <> ALL (''{NULL}''::real[])', 'd IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18)', 'd NOT IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,''NaN'')',
	'i IN (1)', 'i NOT IN (1)', 'i IN (1, 1)', 'i NOT IN (1, NULL)', 'b IN (-1)', 'b NOT IN (-1)', 's IN (2::smallint)', 's NOT IN (2)', 'i = ANY (''{1}''::bigint[])', 'o IN (7)', 'f IN (true)', 'f NOT IN (true, NULL)', 'f IN (true, false)',
	'd < r', 'd <= r', 'd = r', 'd <> r', 'd >= r', 'd > r', 'i < b', 'i <= i', 'i = s', 'b <> b', 'i >= i', 'i > i', 'b < b', 'b <= b', 'b = b', 'b >= b', 'b > b', 's < b', 'i <> i', 'f = f', 'f >= f', 'o = o', 'o <> o']);

-- lengths in bytes and characters, short, long, compressed, stored elsewhere; two bounds, impossible ones
CREATE TABLE texts (t text, e text, x text, b bytea, c character(5));
ALTER TABLE texts ALTER e SET STORAGE EXTERNAL;
INSERT INTO texts SELECT v, v, repeat(v, 800), convert_to(v, 'UTF8'), left(v, 5)
FROM unnest(ARRAY[NULL, '', 'a', 'ab', 'abc', 'abcd', 'abcdefg', 'abcdefgh', 'abcdefghi', U&'\00e4', U&'a\00e4', U&'\20ac\20ac\20ac', U&'\+01f600', U&'abcdefg\00e4', U&'\00e4bcdefgh', U&'abcd\20acfghijklmnop', repeat('x', 32), repeat('x', 31) || U&'\00e4',
	repeat('x', 126), repeat('x', 127), repeat('x', 128), repeat(U&'\00e4', 64), repeat('long', 3000), repeat(U&'\20ac', 3000)]) AS v, generate_series(1, 5);
SELECT * FROM compare('texts', (
	SELECT array_agg(format('%s(%s) %s %s', f, c, op, v))
	FROM (VALUES ('length', 't'), ('length', 'e'), ('length', 'x'), ('octet_length', 't'), ('octet_length', 'x'), ('length', 'b')) AS m (f, c), unnest('{<,<=,=,<>,>=,>}'::text[]) AS op, unnest('{-1,0,1,2,3,8,9,32,127,2147483647}'::integer[]) AS v));
SELECT * FROM compare('texts', ARRAY['length(t) BETWEEN 8 AND 32', 'length(t) BETWEEN 32 AND 32', 'length(t) BETWEEN 9 AND 8', 'length(t) BETWEEN -5 AND -1', 'length(t) NOT BETWEEN 1 AND 8', 'length(x) BETWEEN 800 AND 6400', 'length(t) > 3 AND length(t) < 2147483647 AND length(t) <> 8',
	't = ''''', 't IN (''a'', ''abcdefgh'', ''abcdefghi'')', 't NOT IN (''abcdefgh'', ''ab'')', 't IN (''abcdefgx'')', 'e IN (repeat(''long'', 3000), ''a'')', 'e NOT IN (repeat(''long'', 3000), NULL)', 't IN (repeat(''x'', 126), repeat(''x'', 32))', 't NOT IN (repeat(''x'', 127))',
	'c IN (''a'', ''abcde'')', 'c NOT IN (''ab'')', 'c = ''''', 'x = repeat(''a'', 800)', 'x IN (repeat(''a'', 800), repeat(''ab'', 800))']);

-- every way to lie in a tuple: widths, alignments, NULLs anywhere, columns that nobody asks for
CREATE TABLE shapes (c1 "char", s1 smallint, v1 varchar, f1 boolean, b1 bigint, n1 name, u1 uuid, v2 text, d1 double precision, c2 "char", i1 integer, t1 timetz, v3 numeric, s2 smallint, m1 macaddr, p1 point, v4 text);
INSERT INTO shapes SELECT 'c', i % 7, repeat('v', i % 5), i % 2 = 0, i, 'n' || i, md5(i::text)::uuid, repeat('w', i % 300), i / 3.0, 'd', i % 11, '12:00+01', i / 4.0, i % 13, '08:00:2b:01:02:03', point(i, 1), 'end ' || i % 17 FROM generate_series(1, 400) AS i;
-- the nth column is NULL in rows of its own, and some rows have many NULLs
DO $$ DECLARE col record; BEGIN
	FOR col IN SELECT attname, attnum FROM pg_attribute WHERE attrelid = 'shapes'::regclass AND attnum > 0 LOOP
		EXECUTE format('UPDATE shapes SET %I = NULL WHERE b1 %% 37 = %s OR b1 BETWEEN 200 AND 200 + 8 * %s OR ctid > ''(5,0)'' AND b1 IS NULL', col.attname, col.attnum, col.attnum);
	END LOOP;
END $$;
CREATE FUNCTION of_shapes() RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY['c1 = ''c''', 's1 < 5', 'v1 <> ''v''', 'f1', 'b1 > 100', 'n1 <> ''n7''', 'u1 > ''8''', 'length(v2) < 200', 'd1 <> 5', 'c2 IS NOT NULL', 'i1 BETWEEN 2 AND 8', 't1 > ''11:00+01''',
	'v3 <= 50.25', 's2 <> 4', 'm1 IS NULL', 'p1[0] > 10', 'v4 IN (''end 1'', ''end 2'')', 'v4 <> ''end 1''', 's1 < s2', 'length(v4) = 5'] $$;
SELECT * FROM compare('shapes', of_shapes());
-- one column alone: the others are stepped over
SELECT sum(scanned) AS scanned, count(different) AS different FROM unnest(of_shapes()) AS one, compare('shapes', ARRAY[one]);
-- columns dropped and added later, with and without a default; rows of before and after side by side
ALTER TABLE shapes DROP COLUMN v1, DROP COLUMN b1, DROP COLUMN d1;
ALTER TABLE shapes ADD COLUMN a1 integer DEFAULT 7, ADD COLUMN a2 text DEFAULT 'of before', ADD COLUMN a3 numeric(8,2) DEFAULT 1.5, ADD COLUMN a4 text;
UPDATE shapes SET a1 = NULL, a2 = 'new' WHERE i1 % 3 = 0;
UPDATE shapes SET a4 = repeat('toast', 4000) WHERE i1 = 4;
INSERT INTO shapes (s1, a3, a4) SELECT i, NULL, 'x' FROM generate_series(1, 70) AS i;
VACUUM shapes;
INSERT INTO shapes (v2, a2) SELECT repeat('wide', 500), 'w' FROM generate_series(1, 30) AS i;
SELECT * FROM compare('shapes', ARRAY['a1 = 7', 'a2 = ''of before''', 'a2 IN (''new'', ''w'')', 'length(a2) > 3', 'a3 > 1.4', 'a3 IS NOT NULL', 'a4 IS NULL', 'length(a4) > 100', 'a4 = ''x''', 's1 < 5', 'length(v2) < 200', 'v4 IN (''end 1'', ''end 2'')', 'a1 > i1', 'a3 < v3', 'upper(a2) = ''NEW''']);
SELECT sum(scanned) AS scanned, count(different) AS different FROM unnest(ARRAY['a1 = 7', 'a2 = ''of before''', 'a3 > 1.4', 'a4 = ''x''']) AS one, compare('shapes', ARRAY[one]);

-- every row is counted where SQL's scans count, too, and no buffer stays pinned
CREATE TABLE counted AS SELECT i, 'x' || i AS t FROM generate_series(1, 5000) AS i;
SELECT tested_rows, failed_rows FROM by_way('scan', 'counted', ARRAY['i > 10', 't <> ''x77''']);
-- a row of this transaction, one that was deleted, one of a subtransaction that failed
BEGIN;
DELETE FROM counted WHERE i <= 5;
INSERT INTO counted VALUES (6001, NULL);
SAVEPOINT s;
INSERT INTO counted SELECT 0, 'gone' FROM generate_series(1, 50);
ROLLBACK TO s;
SELECT tested_rows, null_rows, failed_rows FROM by_way('scan', 'counted', ARRAY['i > 10', 't <> ''x77''']);
SELECT pg_stat_get_xact_tuples_returned('counted'::regclass) >= 5000 + 4996 AS counted;
ROLLBACK;

SET client_min_messages = warning;
DROP SCHEMA check_values CASCADE;
