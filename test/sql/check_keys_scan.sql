-- Keys answered by the scan in C: the same five numbers as by SQL, for every
-- type, NULL rule and filter, in memory and spilled, alone and in parallel.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA check_keys_scan;
SET search_path = check_keys_scan;

-- What two ways of answering say differently, and how many checks the scan
-- answered. Samples may show other rows, and values that are equal but look
-- different, but as many.
CREATE FUNCTION compare(source regclass, checks text[], row_filter text DEFAULT NULL,
	OUT asked bigint, OUT scanned bigint, OUT failing bigint, OUT differences bigint, OUT first_difference text)
LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL dq_etl.force_evaluation = 'scan';
	CREATE TEMP TABLE by_scan AS SELECT * FROM etl.check(source, compare.checks, row_filter) WITH ORDINALITY;
	SET LOCAL dq_etl.force_evaluation = 'sql';
	CREATE TEMP TABLE by_sql AS SELECT * FROM etl.check(source, compare.checks, row_filter) WITH ORDINALITY;
	SELECT count(*), count(*) FILTER (WHERE a.evaluation = 'scan'), count(*) FILTER (WHERE a.failed_rows > 0),
		   count(*) FILTER (WHERE differ), min(format('%s: %s against %s', a.check_name, a.observed, b.observed)) FILTER (WHERE differ)
	  INTO asked, scanned, failing, differences, first_difference
	  FROM by_scan a JOIN by_sql b USING (ordinality),
	  LATERAL (SELECT (a.status, a.success, a.tested_rows, a.null_rows, a.excluded_rows, a.failed_rows, a.observed, jsonb_path_query_array(a.top_failed, '$[*].rows'),
					   jsonb_array_length(a.sample), a.error_sqlstate)
				 IS DISTINCT FROM (b.status, b.success, b.tested_rows, b.null_rows, b.excluded_rows, b.failed_rows, b.observed, jsonb_path_query_array(b.top_failed, '$[*].rows'),
					   jsonb_array_length(b.sample), b.error_sqlstate)) d(differ);
	DROP TABLE by_scan, by_sql;
END $$;

-- All columns of a table as keys, and pairs of neighbours, under each rule
-- about NULL, and as primary keys.
CREATE FUNCTION keys(source regclass) RETURNS text[]
LANGUAGE sql RETURN (
	WITH att AS (SELECT attname, attnum, lead(attname) OVER (ORDER BY attnum) AS following
				   FROM pg_attribute WHERE attrelid = source AND attnum > 0 AND NOT attisdropped)
	SELECT array_agg(rule ORDER BY rule) FROM (
		SELECT jsonb_build_object('type', 'unique', 'columns', c, 'nulls', n)::text
		  FROM att, unnest(ARRAY['distinct', 'equal', 'ignore_all_null', 'ignore_any_null']) n,
			   LATERAL (VALUES (jsonb_build_array(attname)), (jsonb_build_array(attname, following))) k(c)
		 WHERE c ->> -1 IS NOT NULL
		UNION ALL
		SELECT jsonb_build_object('type', 'primary_key', 'columns', c)::text
		  FROM att, LATERAL (VALUES (jsonb_build_array(attname)), (jsonb_build_array(following, attname))) k(c)
		 WHERE c ->> 0 IS NOT NULL) r(rule));

CREATE TYPE mood AS ENUM ('good', 'bad', 'ugly');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN label AS varchar(30);
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- Few values, so that there are duplicates of everything, and equal values
-- that look different.
CREATE TABLE various AS
SELECT NULLIF(i % 41, 0) AS i4,
	   NULLIF(i % 37, 0)::smallint AS i2,
	   CASE WHEN i % 3 > 0 THEN (i % 60)::bigint * 10000000000 END AS i8,
	   CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '1.0' WHEN 2 THEN '1.00' WHEN 3 THEN 'NaN' WHEN 4 THEN '-0.0' WHEN 5 THEN '0' ELSE i::text END::numeric AS num,
	   CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '-0' WHEN 2 THEN '0' WHEN 3 THEN 'NaN' WHEN 4 THEN '-Infinity' ELSE i::text END::float8 AS f8,
	   CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '-0' WHEN 2 THEN '0' WHEN 3 THEN 'NaN' ELSE i::text END::float4 AS f4,
	   CASE i % 6 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'k' || i % 50 END AS short,
	   CASE WHEN i % 9 > 0 THEN repeat('x', 13) || chr(97 + i % 20) END AS edge_14,
	   CASE WHEN i % 9 > 0 THEN repeat('x', 14) || chr(97 + i % 20) END AS edge_15,
	   CASE WHEN i % 4 > 0 THEN 'a text that is too long to be kept as it is, number ' || i % 90 END AS long,
	   CASE WHEN i % 4 > 0 THEN (CASE WHEN i % 8 < 4 THEN 'Straße' ELSE 'STRASSE' END || i % 30) COLLATE no_case END AS folded,
	   CASE WHEN i % 5 > 0 THEN repeat(' ', i % 3) || 'c' || i % 20 || repeat(' ', i % 4) END::char(12) AS padded,
	   CASE WHEN i % 5 > 0 THEN decode(lpad(to_hex(i % 20), 2, '0'), 'hex') || CASE WHEN i % 2 = 0 THEN '\x'::bytea ELSE '\x00' END END AS bytes,
	   CASE WHEN i % 6 > 0 THEN md5((i % 70)::text)::uuid END AS uid,
	   DATE '2024-01-01' + i % 30 AS day,
	   CASE WHEN i % 6 > 0 THEN timestamptz '2024-01-01 00:00+00' + (i % 40) * interval '1 hour' END AS moment,
	   CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '1 day' WHEN 2 THEN '24 hours' ELSE i % 9 || ' hours' END::interval AS span,
	   CASE WHEN i % 3 > 0 THEN (ARRAY['10:00+00', '11:00+01', '12:00+02'])[1 + i % 3]::timetz END AS clock,
	   (ARRAY['good', 'bad', 'ugly', NULL])[1 + i % 4]::mood AS feeling,
	   i % 2 = 0 AS flag,
	   CASE WHEN i % 5 > 0 THEN ARRAY[i % 7, NULL, i % 3] END AS ints,
	   CASE WHEN i % 5 > 0 THEN ARRAY[CASE WHEN i % 2 = 0 THEN 'É' ELSE 'é' END || i % 5] COLLATE no_case END AS texts,
	   CASE WHEN i % 5 > 0 THEN ROW(i % 9, CASE WHEN i % 4 > 0 THEN 'b' END)::pair END AS both_parts,
	   CASE WHEN i % 5 > 0 THEN jsonb_build_object('a', i % 9, 'b', 1) END AS doc,
	   ('10.0.0.' || i % 30)::inet AS address,
	   (CASE WHEN i % 5 > 0 THEN 'n' || i % 50 END)::name AS named,
	   int4range(i % 9, i % 9 + 3) AS span_of_ints,
	   CASE WHEN i % 7 > 0 THEN 'label ' || i % 45 END::label AS labelled,
	   NULL::integer AS nothing,
	   i AS id
  FROM generate_series(1, 800) i;
SELECT * FROM compare('various', keys('various'));
SELECT * FROM compare('various', keys('various'), 'id % 2 = 0 AND i4 IS NOT NULL');
SELECT * FROM compare('various', keys('various'), 'false');
SELECT * FROM compare('various', ARRAY['UNIQUE (i4, i2, i8, num, f8, f4, short, edge_14, long)', 'UNIQUE NULLS NOT DISTINCT (i4, i2, day, flag, feeling)',
	'UNIQUE NULLS NOT DISTINCT (flag, feeling, i2, i4, day, named, uid, bytes, padded, short)', 'PRIMARY KEY (flag, day)']);

SELECT * FROM compare('various', ARRAY(
	SELECT jsonb_build_object('type', t, 'column', c, 'nulls', n, 'max_value', m)::text
	  FROM unnest('{duplicate_rows_at_most,uniqueness_between,distinctness_between,distinct_count_between}'::text[]) t,
		   unnest('{i4,num,short,long,padded,ints,nothing}'::text[]) c, unnest('{distinct,equal}'::text[]) n,
		   LATERAL (VALUES ('0'::jsonb), (CASE WHEN t ~ 'ness' THEN '0.5' ELSE '700' END::jsonb)) b(m)));

-- Long values: compressed, and stored elsewhere.
CREATE TABLE toasted (id integer, value text, doc jsonb);
ALTER TABLE toasted ALTER value SET STORAGE external;
INSERT INTO toasted SELECT i, repeat(md5((i % 40)::text), 100 + i % 40), jsonb_build_object('v', repeat('z', 3000 + i % 40)) FROM generate_series(1, 100) i;
INSERT INTO toasted SELECT i, repeat('y', 10000 + i % 40), NULL FROM generate_series(101, 200) i;
SELECT * FROM compare('toasted', keys('toasted'));

-- Numerics of all sizes: equal ones have different scales.
CREATE TABLE numbers AS
	SELECT (v || CASE WHEN v ~ '[.]' THEN repeat('0', i % 5) WHEN v ~ '[a-z]' THEN '' ELSE '.' || repeat('0', i % 5) END)::numeric AS n, i % 2 AS half
	  FROM unnest('{0,-0.0,1,-1,0.1,10000,100000000,123456789.123456789,9999999999999999,-9999999999999999,10000000000000000,0.00000000000000000001,1e30,12345678901234567890.5,-12345678901234567890.5,NaN,Infinity,-Infinity,99990000,0.00010001}'::text[]) v,
		   generate_series(1, 3) i;
INSERT INTO numbers VALUES (1e40, 7), (1e40 + 1, 7), (1e-30, 7), (20000, 7);
SELECT * FROM compare('numbers', keys('numbers'));

-- Parts whose columns lie otherwise: the rows of all of them are one set.
CREATE TABLE parted (id integer, gone integer, code text, amount numeric) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1, 2, 3);
CREATE TABLE parted_2 (amount numeric, extra integer, code text, gone integer, id integer);
ALTER TABLE parted_2 DROP extra;
ALTER TABLE parted ATTACH PARTITION parted_2 DEFAULT;
ALTER TABLE parted DROP gone;
INSERT INTO parted SELECT i % 9, 'a code that is shared by parts, ' || i % 40, (i % 20) * 1.5 FROM generate_series(1, 300) i;
SELECT * FROM compare('parted', keys('parted'));
CREATE TABLE elder (id integer, code text);
CREATE TABLE younger (more integer) INHERITS (elder);
INSERT INTO elder SELECT i, 'a code that is shared by both, ' || i FROM generate_series(1, 50) i;
INSERT INTO younger SELECT i, 'a code that is shared by both, ' || i + 25, i FROM generate_series(1, 50) i;
SELECT * FROM compare('elder', keys('elder'));

-- A type whose hashes are all equal: nothing but its equality tells its
-- values apart.
CREATE TYPE blurred AS (x integer);
CREATE FUNCTION blurred_eq(blurred, blurred) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN ($1).x / 10 = ($2).x / 10;
CREATE FUNCTION blurred_lt(blurred, blurred) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN ($1).x / 10 < ($2).x / 10;
CREATE FUNCTION blurred_le(blurred, blurred) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN ($1).x / 10 <= ($2).x / 10;
CREATE FUNCTION blurred_gt(blurred, blurred) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN ($1).x / 10 > ($2).x / 10;
CREATE FUNCTION blurred_ge(blurred, blurred) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN ($1).x / 10 >= ($2).x / 10;
CREATE FUNCTION blurred_cmp(blurred, blurred) RETURNS integer LANGUAGE sql IMMUTABLE RETURN sign(($1).x / 10 - ($2).x / 10);
CREATE FUNCTION blurred_hash(blurred) RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1;
CREATE FUNCTION blurred_hash(blurred, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 1;
CREATE OPERATOR = (LEFTARG = blurred, RIGHTARG = blurred, FUNCTION = blurred_eq, COMMUTATOR = =, HASHES, MERGES);
CREATE OPERATOR < (LEFTARG = blurred, RIGHTARG = blurred, FUNCTION = blurred_lt);
CREATE OPERATOR <= (LEFTARG = blurred, RIGHTARG = blurred, FUNCTION = blurred_le);
CREATE OPERATOR > (LEFTARG = blurred, RIGHTARG = blurred, FUNCTION = blurred_gt);
CREATE OPERATOR >= (LEFTARG = blurred, RIGHTARG = blurred, FUNCTION = blurred_ge);
CREATE OPERATOR CLASS blurred_btree DEFAULT FOR TYPE blurred USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 blurred_cmp(blurred, blurred);
CREATE OPERATOR CLASS blurred_hash DEFAULT FOR TYPE blurred USING hash AS
	OPERATOR 1 =, FUNCTION 1 blurred_hash(blurred), FUNCTION 2 blurred_hash(blurred, bigint);
CREATE TABLE blurs AS SELECT i AS id, ROW(i * 7)::blurred AS value FROM generate_series(1, 60) i;
SELECT * FROM compare('blurs', keys('blurs'));

-- Types that cannot be hashed are left to SQL, and so are errors: what a key
-- cannot be compared by, and a filter that throws, which blames that check
-- alone.
CREATE TABLE unhashable AS SELECT i AS id, i::bit(8) AS bits, point(i, i) AS place FROM generate_series(1, 20) i;
SELECT * FROM compare('unhashable', ARRAY['UNIQUE (bits)', 'UNIQUE (place)', 'UNIQUE (id)']);
SELECT * FROM compare('various', ARRAY['{"type": "unique", "column": "i4", "row_filter": "1 / (id - 700) <> 0"}', 'UNIQUE (i4)', 'i4 < 50',
	'{"type": "unique", "column": "i2", "row_filter": "id <> 700 AND 1 / (id - 700) <> 5"}']);

-- More than memory holds: spilled, and divided again. Duplicates are planted.
CREATE TABLE large AS
	SELECT i AS id, i % 20000 AS half, md5(i::text) AS long, md5(i::text)::uuid AS uid, i / 2 AS pairs, 'b' || i AS short,
		   CASE WHEN i % 10 > 0 THEN i END AS sparse, i % 1000 / 8.0 AS amount
	  FROM generate_series(1, 40000) i;
UPDATE large SET long = md5('5'), uid = md5('6')::uuid, short = 'b7' WHERE id IN (20001, 39999);
SET work_mem = '64kB';
SELECT * FROM compare('large', ARRAY['UNIQUE (id)', 'UNIQUE (half)', 'UNIQUE (long)', 'UNIQUE (uid)', 'UNIQUE (pairs)', 'UNIQUE (short)',
	'UNIQUE NULLS NOT DISTINCT (sparse, half)', 'PRIMARY KEY (sparse)', 'UNIQUE (id, half, pairs)', 'UNIQUE (id, uid)', 'UNIQUE (amount)', 'id > 0']);

CREATE TABLE larger AS SELECT i AS id, 'row number ' || i AS name FROM generate_series(1, 260000) i;
INSERT INTO larger VALUES (17, 'row number 99999');
SELECT * FROM compare('larger', ARRAY['UNIQUE (id)', 'UNIQUE (name, id)', 'UNIQUE (name)']);

-- No room on disk is nothing about the check: it is thrown, and nothing is left.
SET dq_etl.force_evaluation = 'scan';
SET temp_file_limit = '1MB';
\set VERBOSITY sqlstate
SELECT check_name FROM etl.check('larger', ARRAY['UNIQUE (id)']);
\set VERBOSITY terse
RESET temp_file_limit;
SELECT check_name, evaluation, failed_rows FROM etl.check('larger', ARRAY['UNIQUE (id)']);
RESET dq_etl.force_evaluation;

-- The same with help.
SET dq_etl.scan_workers = 2;
SET min_parallel_table_scan_size = 0;
SELECT * FROM compare('large', ARRAY['UNIQUE (id)', 'UNIQUE (half)', 'UNIQUE (long)', 'UNIQUE (uid)', 'UNIQUE (pairs)', 'UNIQUE (short)',
	'UNIQUE NULLS NOT DISTINCT (sparse, half)', 'PRIMARY KEY (sparse)', 'UNIQUE (id, half, pairs)', 'UNIQUE (id, uid)', 'UNIQUE (amount)', 'id > 0']);
SELECT * FROM compare('parted', keys('parted'), 'amount > 3');
SELECT * FROM compare('blurs', keys('blurs'));
SELECT * FROM compare('various', (keys('various'))[1:60]);
RESET dq_etl.scan_workers;
RESET min_parallel_table_scan_size;
RESET work_mem;

-- So many rows look like duplicates of a key that is not kept as it is, that
-- they are not looked at one by one but scanned once more.
CREATE TABLE many AS SELECT 'a text that is too long to be kept as it is, number ' || i % 100 AS long FROM generate_series(1, 51000) i;
SELECT * FROM compare('many', ARRAY['UNIQUE (long)']);

DROP SCHEMA check_keys_scan CASCADE;
