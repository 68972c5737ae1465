-- Values of every kind through every mode: the same batch twice is once, and
-- what arrives is what an INSERT would have stored.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_types;
SET search_path = load_types, public;
SET TimeZone = 'UTC';

CREATE DOMAIN code AS varchar(4) CHECK (VALUE <> 'bad');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE model (
	id numeric(10,2), k text COLLATE nocase, n numeric(8,3), f float8, c char(4), d code, b bytea, j json, jb jsonb, x xml, a int[], ac varchar(3)[],
	p pair, m mood, r int4range, mr int4multirange, pt point, iv interval, ts timestamp(0), tz timestamptz, dt date, u uuid, net inet, bits bit(3), long text,
	tsv tsvector, day date NOT NULL DEFAULT '2026-01-01', part int NOT NULL DEFAULT 1, made numeric GENERATED ALWAYS AS (n * 2) STORED);

CREATE TABLE batch AS
SELECT i + 0.001 AS id, chr(64 + i) || 'b' AS k, (ARRAY['NaN', '1.0005', '1.00', '0', '-7', NULL]::numeric[])[i] AS n,
	(ARRAY['-0', 'NaN', 'Infinity', '0', '1e-300', NULL]::float8[])[i] AS f, (ARRAY['x', 'x ', '', 'abcd', 'é', NULL])[i] AS c,
	(ARRAY['x', '', 'abcd', 'é', 'y', NULL])[i] AS d, decode(repeat('00ff', i), 'hex') AS b, format('{"i" : %s, "i":1}', i)::json AS j,
	format('{"i": %s.0, "n": null}', i)::jsonb AS jb, format('<a i="%s"/>', i)::text::xml AS x, CASE WHEN i > 1 THEN array_fill(i, ARRAY[2,2], ARRAY[0,1]) ELSE '{}' END AS a,
	CASE i WHEN 1 THEN '{}' ELSE ARRAY['abc', NULL] END AS ac, CASE i WHEN 1 THEN ROW(NULL, NULL)::pair WHEN 2 THEN NULL ELSE ROW(i, 'b')::pair END AS p,
	(ARRAY['low', 'high'])[1 + i % 2]::mood AS m, CASE i WHEN 1 THEN 'empty' ELSE int4range(i, i + 3, '[]') END AS r,
	int4multirange(int4range(i, i + 1), int4range(i + 5, NULL)) AS mr, point(i, 'NaN') AS pt, i * interval '1 month 30 hours' AS iv,
	timestamp '2026-01-01 12:00:00.6' + i * interval '1 day' AS ts, CASE i WHEN 1 THEN '-infinity' ELSE timestamptz '2026-03-29 02:30+02' END AS tz,
	CASE i WHEN 1 THEN 'infinity'::date ELSE date '0001-01-01 BC' END AS dt, lpad(i::text, 32, '0')::uuid AS u, '10.0.0.1/8'::inet + i AS net,
	B'101' AS bits, repeat(md5(i::text), 3000) AS long, 'fat cats'::tsvector AS tsv, date '2026-01-01' AS day, 1 AS part
FROM generate_series(1, 6) AS i;
INSERT INTO model SELECT * FROM batch;

CREATE FUNCTION load(target text, mode text, params jsonb, key text[] DEFAULT NULL, query text DEFAULT 'SELECT * FROM load_types.batch')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_types', ARRAY[etl.extract('s', query), etl.load('s', target, key, mode, params => '{"narrowing": "allow"}' || params)],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
	run := etl.run('load_types', '2026-01-01 00:00+00', '2026-01-02 00:00+00', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;
-- load, load again, compare with what INSERT made of it
CREATE FUNCTION through(mode text, params jsonb DEFAULT '{}', key text[] DEFAULT NULL, layout text DEFAULT 'PRIMARY KEY (id, k)')
RETURNS TABLE (once text, again text, difference bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE target (LIKE model INCLUDING ALL%s', CASE WHEN layout LIKE 'PARTITION%' THEN ') ' || layout ELSE ', ' || layout || ')' END);
	IF layout LIKE 'PARTITION%' THEN
		CREATE TABLE target_part PARTITION OF target FOR VALUES IN (1);
	END IF;
	once := load('load_types.target', mode, params, key);
	again := load('load_types.target', mode, params, key);
	SELECT count(*) INTO difference FROM (
		SELECT count(*) FROM (SELECT 1 AS side, one::text AS line FROM target one UNION ALL SELECT 2, one::text FROM model one) q
		GROUP BY line HAVING count(*) <> 2 OR min(side) = max(side)) d;
	DROP TABLE target;
	RETURN NEXT;
END $$;

SELECT * FROM through('upsert');
SELECT * FROM through('upsert', '{"exclude_columns": ["long"]}', '{k}', 'UNIQUE (k)');
SELECT * FROM through('upsert', '{"sequence_by": ["dt", "u"]}', '{k}', 'UNIQUE (k)');
SELECT * FROM through('upsert', '{"sequence_by": ["tz", "u"], "dedupe": "latest", "ignore_nulls": true}', '{u}', 'UNIQUE (u)');
SELECT * FROM through('upsert', '{}', '{p}', 'UNIQUE NULLS NOT DISTINCT (p)');
SELECT * FROM through('upsert', '{}', '{u}', 'PARTITION BY LIST (part)');
SELECT * FROM through('insert_ignore');
SELECT * FROM through('insert_ignore', key => '{a,r,bits,jb}', layout => 'UNIQUE (jb, a, r, bits)');
SELECT * FROM through('append', '{"dedupe_key": ["u", "iv", "net"]}');
SELECT * FROM through('merge', '{"delete_when": "false"}');
SELECT * FROM through('merge', '{"delete_missing": "all", "delete_scope": ["m", "f", "tsv"]}');
SELECT * FROM through('replace_keys', key => '{k,mr}');
SELECT * FROM through('replace_all');
SELECT * FROM through('replace_all', '{"method": "truncate", "order_by": ["n", "mr"]}');
SELECT * FROM through('replace_all', '{"method": "swap", "order_by": ["n", "mr"]}');
SELECT * FROM through('replace_all', '{"key": ["u"], "sequence_by": "u", "dedupe": "first"}');
SELECT * FROM through('replace_window', '{"window_column": "day"}');
SELECT * FROM through('replace_partition', layout => 'PARTITION BY LIST (part)');

-- a key differs by case only, a value by case only, by scale only, by sign of zero
CREATE TABLE near (k text COLLATE nocase PRIMARY KEY, v text COLLATE nocase, n numeric, f float8);
SELECT load('load_types.near', 'upsert', '{}', query => $$ SELECT 'a' AS k, 'v' AS v, 1.0 AS n, '-0'::float8 AS f $$);
SELECT load('load_types.near', 'upsert', '{}', query => $$ SELECT 'A' AS k, 'V' AS v, 1.00 AS n, '0'::float8 AS f $$);
SELECT load('load_types.near', 'upsert', '{}', query => $$ SELECT 'A' AS k, 'V' AS v, 1.000 AS n, '-0'::float8 AS f $$);
SELECT load('load_types.near', 'merge', '{"delete_missing": "all", "max_delete_fraction": 0}', query => $$ SELECT 'A' AS k $$);
SELECT load('load_types.near', 'replace_keys', '{}', query => $$ SELECT 'A' AS k UNION ALL SELECT 'b' $$);
SELECT * FROM near ORDER BY k;
-- what an INSERT refuses is refused in every mode, before or while writing
SELECT load('load_types.model', 'append', '{}', query => $$ SELECT 'bad' AS d $$);
\echo :LAST_ERROR_SQLSTATE
SELECT load('load_types.model', 'replace_all', '{}', query => $$ SELECT 'abcde' AS d $$);
\echo :LAST_ERROR_SQLSTATE
SELECT load('load_types.model', 'replace_keys', '{}', '{part}', $$ SELECT 1.5 AS part, 99999999::bigint AS n $$);
\echo :LAST_ERROR_SQLSTATE
SELECT load('load_types.model', 'append', '{"dedupe_key": ["j"]}', query => $$ SELECT '{}'::json AS j $$);
\echo :LAST_ERROR_SQLSTATE
SELECT load('load_types.near', 'upsert', '{"sequence_by": "p"}', query => $$ SELECT 'k' AS k, point(1, 1) AS p $$);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM model;

-- 1,600 columns, the most that a table can have
\set ECHO errors
SELECT format('CREATE TABLE widest (id int PRIMARY KEY, %s)', string_agg('c' || i || ' int', ', ')) FROM generate_series(1, 1599) i \gexec
\set ECHO all
CREATE FUNCTION wide_row(v int) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT 1 AS id, %s', string_agg(CASE i WHEN 1599 THEN v ELSE i END || ' AS c' || i, ', ')) FROM generate_series(1, 1599) i
$$;
SELECT load('load_types.widest', 'upsert', '{}', query => wide_row(0));
SELECT load('load_types.widest', 'upsert', '{}', query => wide_row(1));
SELECT load('load_types.widest', 'upsert', '{"sequence_by": "c1599"}', query => wide_row(2));
SELECT load('load_types.widest', 'upsert', '{"guard": "false"}', query => wide_row(3));
SELECT load('load_types.widest', 'merge', '{"delete_when": "c1 <> 1"}', query => wide_row(2));
SELECT load('load_types.widest', 'replace_all', '{"key": "id"}', query => wide_row(5));
SELECT load('load_types.widest', 'replace_all', '{"method": "swap"}', query => wide_row(6));
SELECT c1599 FROM widest;

SELECT etl.drop_pipeline('load_types') IS NULL AS dropped;
DROP SCHEMA load_types CASCADE;
