-- Profiles: every number against SQL, exact where it says so, within its error
-- elsewhere.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA profile_test;
SET search_path = profile_test;
SET DateStyle = 'German, DMY';
SET TimeZone = 'UTC';
SET extra_float_digits = 0;

CREATE TABLE facts (
	id      integer,
	big     bigint,
	amount  numeric,
	score   double precision,
	small   real,
	code    varchar(20),
	padded  char(6),
	day     date,
	at      timestamptz,
	clock   time,
	flag    boolean,
	doc     jsonb,
	raw     bytea,
	tags    text[],
	plain   json
);
INSERT INTO facts
SELECT i, 9000000000000000000 + (i * 37) % 1000, ((i * 7919) % 100003) / 1000.0 - 20, exp(i % 20), i % 5,
	   CASE WHEN i % 50 = 0 THEN '' WHEN i % 51 = 0 THEN '  ' ELSE 'K' || lpad((i % 40)::text, 3, '0') || 'ö' END,
	   'p' || i % 3, DATE '2024-01-01' + i / 10, TIMESTAMPTZ '2024-03-01 00:00Z' - i * interval '1 hour', TIME '08:00' + i % 7 * interval '1 minute',
	   i % 3 = 0, jsonb_build_object('k', i % 4), decode(lpad(to_hex(i % 16), 2 * (1 + i % 3), '0'), 'hex'),
	   ARRAY[(i % 6)::text], '{}'
FROM   generate_series(1, 997) AS i;
INSERT INTO facts (id) SELECT NULL FROM generate_series(1, 3);
INSERT INTO facts (score, small, amount, day, at) VALUES
	('NaN', 'Infinity', 'NaN', 'infinity', '-infinity'), ('-Infinity', 'NaN', 'Infinity', '-infinity', 'infinity'),
	('-0', '-0', '-Infinity', NULL, NULL);

CREATE FUNCTION show(source regclass, columns text[] DEFAULT NULL, exact boolean DEFAULT false)
RETURNS TABLE (col text, field text, value jsonb)
LANGUAGE sql BEGIN ATOMIC
	SELECT p.column_name, j.key, j.value
	FROM   etl.profile(source, columns, exact => exact) AS p, jsonb_each(to_jsonb(p)) AS j
	WHERE  j.value <> 'null';
END;

-- as people see it
\x
SELECT * FROM etl.profile('facts', '{id,code,flag}');
\x

-- counts and extremes against SQL; NaN and infinities are in none of these
SELECT p.column_name, p.column_type, p.total_rows = s.total AS total, p.null_count = s.nulls AS nulls,
	   p.null_fraction = s.nulls::numeric / s.total AS fraction, p.distinct_count = s.diff AS diff, p.distinct_error
FROM   etl.profile('facts') AS p,
	   LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE v IS NULL) AS nulls, count(DISTINCT v) AS diff
				FROM  (SELECT CASE p.column_name WHEN 'id' THEN id::text WHEN 'big' THEN big::text WHEN 'amount' THEN trim_scale(amount)::text
					   WHEN 'score' THEN (score + 0)::text WHEN 'small' THEN (small + 0)::text WHEN 'code' THEN code WHEN 'padded' THEN padded::text
					   WHEN 'day' THEN day::text WHEN 'at' THEN at::text WHEN 'clock' THEN clock::text WHEN 'flag' THEN flag::text
					   WHEN 'doc' THEN doc::text WHEN 'raw' THEN raw::text WHEN 'tags' THEN tags::text WHEN 'plain' THEN plain::text END AS v FROM facts) AS c) AS s;
SELECT column_name, min_value, max_value, zero_count, negative_count, nan_count, infinity_count, true_fraction, row_order FROM etl.profile('facts');
SELECT column_name, empty_count, blank_count, min_length, mean_length, max_length FROM etl.profile('facts') WHERE min_length IS NOT NULL;
SELECT count(*) FILTER (WHERE code = '') AS empty, count(*) FILTER (WHERE code ~ '^\s*$') AS blank,
	   min(length(code)), avg(length(code))::float8, max(length(code)) FROM facts;

-- moments against SQL, in one row each
WITH finite AS (
	SELECT 'id' AS col, id::float8 AS x FROM facts
	UNION ALL SELECT 'big', big FROM facts
	UNION ALL SELECT 'amount', amount FROM facts WHERE amount NOT IN ('NaN', 'Infinity', '-Infinity')
	UNION ALL SELECT 'score', score FROM facts WHERE score NOT IN ('NaN', 'Infinity', '-Infinity')
	UNION ALL SELECT 'small', small FROM facts WHERE small NOT IN ('NaN', 'Infinity', '-Infinity')
	UNION ALL SELECT 'day', extract(epoch FROM day) FROM facts WHERE isfinite(day)
	UNION ALL SELECT 'at', extract(epoch FROM at) FROM facts WHERE isfinite(at)
	UNION ALL SELECT 'clock', extract(epoch FROM clock) FROM facts),
centred AS (SELECT col, x, avg(x) OVER w AS mean, stddev_pop(x) OVER w AS sd FROM finite WINDOW w AS (PARTITION BY col)),
wanted AS (SELECT col, avg(mean) AS mean, stddev_samp(x) AS sd, avg(((x - mean) / nullif(sd, 0)) ^ 3) AS skew, avg(((x - mean) / nullif(sd, 0)) ^ 4) - 3 AS kurt
		   FROM centred WHERE x IS NOT NULL GROUP BY col)
SELECT p.column_name, abs(p.mean - w.mean) <= 1e-12 * abs(w.mean) AS mean, abs(p.stddev - w.sd) <= 1e-9 * w.sd AS stddev,
	   abs(p.skewness - w.skew) < 1e-9 AS skewness, abs(p.kurtosis - w.kurt) < 1e-9 AS kurtosis
FROM   etl.profile('facts') AS p JOIN wanted AS w ON w.col = p.column_name AND w.col <> 'big';
-- numbers near 2^63: the sum and the mean are exact, the deviation sees what is left in a double
SELECT sum_value = (SELECT sum(big) FROM facts) AS sum, mean = (SELECT avg(big)::float8 FROM facts) AS mean, stddev < 2000 AS stddev
FROM   etl.profile('facts', '{big}');
SELECT sum_value = (SELECT sum(amount) FROM facts WHERE abs(amount) < 1e9) AS sum FROM etl.profile('facts', '{amount}');

-- quantiles, histogram, frequent values, shapes: all rows are in the sample
SELECT column_name, sampled_values, sample_error, p01, p05, p25, p50, p75, p95, p99 FROM etl.profile('facts') WHERE p50 IS NOT NULL;
SELECT percentile_disc(ARRAY[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) WITHIN GROUP (ORDER BY amount)
FROM   facts WHERE amount NOT IN ('NaN', 'Infinity', '-Infinity');
SELECT column_name, histogram, bin_rows FROM etl.profile('facts') WHERE histogram IS NOT NULL;
SELECT column_name, most_common, jsonb_path_query_array(top_values, '$[0 to 1]') AS top FROM etl.profile('facts');
SELECT column_name, patterns FROM etl.profile('facts') WHERE patterns IS NOT NULL;

-- exactly: the same numbers by another way
SELECT * FROM (SELECT * FROM show('facts') EXCEPT SELECT * FROM show('facts', exact => true)) AS s WHERE col NOT IN ('plain') ORDER BY 1, 2;

-- the same through SQL: a view, a filter, a foreign order of columns
CREATE VIEW seen AS SELECT * FROM facts;
SELECT * FROM (SELECT * FROM show('facts') EXCEPT SELECT * FROM show('seen')) AS s WHERE field <> 'row_order';
SELECT column_name, total_rows, min_value, max_value FROM etl.profile('facts', '{day,id}', row_filter => 'id BETWEEN 10 AND 20 -- nothing after this counts');
SELECT etl.profile('facts', row_filter => '1) OR (true');

-- nothing, nothing but NULL, one row, values that are all equal
CREATE TABLE nothing (i integer, t text, f float8, n numeric, b boolean);
SELECT column_name, total_rows, null_count, null_fraction, distinct_count, min_value, mean, stddev, p50, histogram, most_common, top_values, row_order, sample_error FROM etl.profile('nothing');
INSERT INTO nothing DEFAULT VALUES;
SELECT column_name, total_rows, null_count, null_fraction, distinct_count, min_value, mean, stddev, p50, histogram, most_common, top_values, row_order, sample_error FROM etl.profile('nothing', exact => true);
INSERT INTO nothing VALUES (7, 'x', 7, 7, true), (7, 'x', 7, 7.0, true);
SELECT column_name, distinct_count, min_value, mean, stddev, skewness, p50, histogram, most_common, top_values, row_order FROM etl.profile('nothing');
CREATE TABLE no_columns ();
SELECT count(*) FROM etl.profile('no_columns');

-- numbers at the ends of their types
CREATE TABLE ends (b bigint, n numeric, f float8);
INSERT INTO ends VALUES (9223372036854775807, 1e-30, 1e308), (-9223372036854775808, 123456789012345678901234567890.5, -1e308), (9223372036854775807, 0.0001, 5e-324);
SELECT column_name, min_value, max_value, sum_value, distinct_count, p50 FROM etl.profile('ends');
SELECT sum(b), sum(n) FROM ends;

-- order of rows
CREATE TABLE orders AS SELECT i AS up, -i AS down, i / 2 AS steps, 1 AS same, i % 7 AS none, 'x' || lpad(i::text, 6, '0') AS t, i::numeric / 3 AS n, NULLIF(i, 500) AS holes
FROM generate_series(1, 3000) AS i;
SELECT column_name, row_order FROM etl.profile('orders');

-- toasted and wide values
CREATE TABLE wide (t text, c text COLLATE "C", b bytea, doc jsonb);
ALTER TABLE wide ALTER t SET STORAGE EXTERNAL;
INSERT INTO wide SELECT repeat('é' || i, 5000), repeat(chr(97 + i), 300), decode(repeat('00', 10000 * i), 'hex'), jsonb_build_object('x', repeat(md5(i::text), 1000))
FROM generate_series(1, 5) AS i;
INSERT INTO wide SELECT * FROM wide LIMIT 1;
SELECT column_name, distinct_count, min_length, max_length, octet_length(min_value) AS shown, octet_length(most_common) AS common, jsonb_array_length(top_values) AS top, sampled_values FROM etl.profile('wide');
SELECT column_name, distinct_count, jsonb_array_length(top_values) AS top FROM etl.profile('wide', exact => true);
SELECT patterns FROM etl.profile('wide', '{c}');
-- as many columns as a table can have
DO $$BEGIN EXECUTE (SELECT format('CREATE TABLE widest (%s)', string_agg('c' || i || ' integer', ', ')) FROM generate_series(1, 1600) AS i); END$$;
INSERT INTO widest DEFAULT VALUES;
SELECT count(*), sum(null_count) FROM etl.profile('widest');

-- distinct values: within four standard errors, and as stated
SELECT n, distinct_count = n AS exact, distinct_error
FROM   unnest('{1,2,10,100,1000,1024,1025,2500}'::integer[]) AS n, LATERAL etl.profile('orders', '{t}', row_filter => 'up <= ' || n);
CREATE TABLE many AS SELECT i, 'v' || i AS t, i::numeric / 100 AS n, sqrt(i) AS f, i % 50000 AS half FROM generate_series(1, 300000) AS i;
SELECT column_name, distinct_error, abs(distinct_count - n) <= 4 * distinct_error * n AS within
FROM   etl.profile('many') AS p, LATERAL (SELECT CASE column_name WHEN 'half' THEN 50000 ELSE 300000 END AS n) AS s;
SELECT limit_rows, column_name, abs(distinct_count - limit_rows) <= 4 * distinct_error * limit_rows AS within
FROM   unnest('{1500,5000,20000,60000,150000}'::integer[]) AS limit_rows, LATERAL etl.profile('many', '{i,t,n,f}', row_filter => 'i <= ' || limit_rows);
SELECT column_name, distinct_count, distinct_error FROM etl.profile('many', exact => true);

-- the sample: random, of the size asked for, the same each time, close to the truth
SELECT sampled_values, sample_error, abs(p50::integer - 150000) < 5 * sample_error * 300000 AS median, abs(p05::integer - 15000) < 5 * sample_error * 300000 AS p05
FROM   etl.profile('many', '{i}', sample_rows => 1000);
SELECT count(*) AS difference FROM (SELECT * FROM show('many') EXCEPT SELECT * FROM show('many')) AS s WHERE field NOT IN ('mean', 'stddev', 'skewness', 'kurtosis');
SELECT most_common IS NULL AS unknown, top_values FROM etl.profile('many', '{i}', sample_rows => 100);
SELECT jsonb_array_length(top_values) FROM etl.profile('facts', '{code}', top_values => 7);

-- several processes find the same, but for the last digits of moments; so do partitions of another layout
CREATE TABLE parts (LIKE orders) PARTITION BY RANGE (up);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (MINVALUE) TO (1000);
CREATE TABLE parts_2 (t text, dropped text, up integer, down integer, steps integer, same integer, none integer, n numeric, holes integer);
ALTER TABLE parts_2 DROP COLUMN dropped;
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (1000) TO (MAXVALUE);
INSERT INTO parts SELECT * FROM orders ORDER BY up;
CREATE FUNCTION rounded(source regclass) RETURNS TABLE (col text, field text, value text)
LANGUAGE sql BEGIN ATOMIC
	SELECT s.col, s.field, CASE WHEN s.field IN ('mean', 'stddev', 'skewness', 'kurtosis') THEN round(s.value::text::numeric, 6)::text ELSE s.value::text END
	FROM show(rounded.source) AS s;
END;
SET dq_etl.scan_workers = 0;
CREATE TABLE alone AS SELECT 'many' AS source, r.* FROM rounded('many') AS r UNION ALL SELECT 'facts', r.* FROM rounded('facts') AS r UNION ALL SELECT 'parts', r.* FROM rounded('parts') AS r;
SELECT col, value FROM alone WHERE source = 'parts' AND field = 'row_order';
SET dq_etl.scan_workers = 2;
SET min_parallel_table_scan_size = 0;
SELECT count(*) AS differences FROM (
	(SELECT 'many', r.* FROM rounded('many') AS r UNION ALL SELECT 'facts', r.* FROM rounded('facts') AS r UNION ALL SELECT 'parts', r.* FROM rounded('parts') AS r)
	EXCEPT TABLE alone) AS s;
RESET dq_etl.scan_workers;
RESET min_parallel_table_scan_size;
SELECT * FROM (SELECT * FROM rounded('parts') EXCEPT SELECT * FROM rounded('orders')) AS s;

-- names
CREATE TABLE "Ta""ble ;--" ("Col ""umn" integer, "select" text, "überlänge_sechzig_drei_bytes_lang_aaaaaaaaaaaaaaaaaaaaaaaaaaa" date);
INSERT INTO "Ta""ble ;--" VALUES (1, 'a', '2024-01-01');
SELECT column_name, distinct_count FROM etl.profile('"Ta""ble ;--"');
SELECT column_name, distinct_count FROM etl.profile('"Ta""ble ;--"', '{"Col \"umn"}', row_filter => '"select" = ''a''');

-- types of our own, enums, domains, ranges; equality that is not that of bytes
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE types (m mood, p percent, r int4range, pt point, pr pair, u uuid, i interval, d text);
INSERT INTO types VALUES ('happy', 3, '[1,3)', '(1,2)', '(1,x)', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1 day', 'a'),
	('sad', 5, '[1,5)', '(1,2)', '(1,y)', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', '24 hours', 'A');
SELECT column_name, column_type, distinct_count, min_value, max_value, most_common, row_order FROM etl.profile('types');

CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE cases AS SELECT (ARRAY['a', 'A', 'b', 'B', 'c'])[1 + i % 5] COLLATE any_case AS t FROM generate_series(1, 100) AS i;
SELECT distinct_count, lower(min_value) AS min, lower(max_value) AS max FROM etl.profile('cases');
SELECT distinct_count, lower(most_common) AS common FROM etl.profile('cases', exact => true);

-- errors
\set VERBOSITY sqlstate
SELECT etl.profile(NULL);
SELECT etl.profile(0);
SELECT etl.profile('facts', '{}');
SELECT etl.profile('facts', '{ID}');
SELECT etl.profile('facts', ARRAY['id', NULL]);
SELECT etl.profile('facts', sample_rows => 0);
SELECT etl.profile('facts', sample_rows => NULL);
SELECT etl.profile('facts', exact => NULL);
SELECT etl.profile('facts', top_values => -1);
SELECT etl.profile('facts', row_filter => 'id / 0 = 1');
CREATE SEQUENCE seq;
SELECT etl.profile('seq');
\set VERBOSITY default

-- rights: what one may read, no more
SET client_min_messages = error;
CREATE ROLE profile_reader;
RESET client_min_messages;
GRANT USAGE ON SCHEMA profile_test, etl TO profile_reader;
GRANT EXECUTE ON FUNCTION etl.profile(regclass, text[], text, boolean, integer, integer) TO profile_reader;
GRANT SELECT (id, flag) ON facts TO profile_reader;
GRANT SELECT ON seen TO profile_reader;
CREATE TABLE guarded AS SELECT i, CASE i % 2 WHEN 0 THEN 'profile_reader' ELSE 'other' END AS who FROM generate_series(1, 100) AS i;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded USING (who = current_user);
GRANT SELECT ON guarded TO profile_reader;
SET ROLE profile_reader;
SELECT column_name FROM etl.profile('facts');
SELECT column_name, max_value FROM etl.profile('seen', '{id,big}');
SELECT etl.profile('facts', '{id,big}');
SELECT etl.profile('many');
SELECT etl.profile('facts', '{id}', row_filter => 'big > 0');
SELECT column_name, total_rows, most_common FROM etl.profile('guarded');
SET row_security = off;
SELECT column_name, total_rows, most_common FROM etl.profile('guarded');
RESET row_security;
RESET ROLE;
SELECT column_name, total_rows FROM etl.profile('guarded', '{i}');

-- interrupted
SET statement_timeout = '1ms';
\set VERBOSITY sqlstate
SELECT etl.profile('many');
RESET statement_timeout;
\set VERBOSITY default

SET client_min_messages = warning;
DROP SCHEMA profile_test CASCADE;
REVOKE ALL ON SCHEMA etl FROM profile_reader;
REVOKE ALL ON FUNCTION etl.profile(regclass, text[], text, boolean, integer, integer) FROM profile_reader;
DROP ROLE profile_reader;
