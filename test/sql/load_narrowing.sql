-- Types of batch and target that differ: refused when a value could be lost, at definition if that can be known.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_narrowing;
SET search_path = load_narrowing, public;
SET TimeZone = 'UTC';
SET DateStyle = ISO;

-- 1. which pairs of types are refused: a table of one column each, defined and dropped
CREATE DOMAIN short AS varchar(3);
CREATE DOMAIN whole AS numeric(10);
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE pairs (stage text, target text);
INSERT INTO pairs SELECT 'int8', t FROM unnest('{int8,int4,int2,numeric,"numeric(19)","numeric(18)","numeric(20,2)",float8,text,varchar,varchar(5),date}'::text[]) t;
INSERT INTO pairs SELECT 'int2', t FROM unnest('{int4,float4,"numeric(5)","numeric(4)","numeric(7,2)","numeric(8,-1)",whole}'::text[]) t;
INSERT INTO pairs SELECT 'numeric', t FROM unnest('{int4,int8,float8,float4,"numeric(20,5)",numeric,whole,text,money}'::text[]) t;
INSERT INTO pairs SELECT 'numeric(8,2)', t FROM unnest('{"numeric(8,2)","numeric(9,2)","numeric(8,3)","numeric(9,3)","numeric(8,1)",numeric}'::text[]) t;
INSERT INTO pairs SELECT 'float8', t FROM unnest('{float4,int8,numeric,text}'::text[]) t;
INSERT INTO pairs SELECT 'text', t FROM unnest('{text,varchar,bpchar,varchar(9),char(9),name,"\"char\"",short,int4,mood,date,jsonb}'::text[]) t;
INSERT INTO pairs SELECT 'varchar(4)', t FROM unnest('{varchar(4),varchar(5),varchar(3),char(4),char(3),text,short}'::text[]) t;
INSERT INTO pairs SELECT 'short', t FROM unnest('{short,varchar(3),varchar(2),text}'::text[]) t;
INSERT INTO pairs SELECT 'timestamptz', t FROM unnest('{timestamptz,timestamp,date,time,"timestamptz(3)","timestamptz(6)",text}'::text[]) t;
INSERT INTO pairs SELECT 'timestamp(3)', t FROM unnest('{timestamp,timestamptz,"timestamp(3)","timestamptz(3)","timestamp(0)",date}'::text[]) t;
INSERT INTO pairs SELECT 'date', t FROM unnest('{date,timestamp,timestamptz,"timestamp(0)",time}'::text[]) t;
INSERT INTO pairs SELECT 'interval', t FROM unnest('{interval,"interval(3)","interval day to second",time}'::text[]) t;
INSERT INTO pairs SELECT 'bit(4)', t FROM unnest('{bit(4),bit(5),varbit,"bit varying(4)","bit varying(3)"}'::text[]) t;
INSERT INTO pairs SELECT 'int8[]', t FROM unnest('{int8[],int4[],numeric[],text[]}'::text[]) t;
INSERT INTO pairs SELECT 'text[]', t FROM unnest('{text[],varchar(3)[],short[]}'::text[]) t;
INSERT INTO pairs VALUES ('json', 'jsonb'), ('jsonb', 'json'), ('json', 'text'), ('inet', 'cidr'), ('cidr', 'inet'), ('bool', 'int4'), ('int4', 'bool'),
	('mood', 'text'), ('mood', 'mood'), ('int4range', 'int8range'), ('name', 'text'), ('uuid', 'text');
CREATE FUNCTION attempt(stage text, target text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE format('CREATE TABLE one (v %s)', target);
	PERFORM etl.define('load_narrowing', ARRAY[etl.extract('s', format('SELECT NULL::%s AS v', stage)), etl.load('s', 'one', mode => 'append')]);
	DROP TABLE one;
	RETURN 'fits';
EXCEPTION WHEN datatype_mismatch THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN CASE WHEN detail <> '' THEN 'narrows' ELSE 'no assignment' END;
END $$;
SELECT stage, verdict, string_agg(target, ' | ' ORDER BY target COLLATE "C") AS into_what
FROM (SELECT stage, target, attempt(stage, target) AS verdict FROM pairs) AS q
GROUP BY stage, verdict ORDER BY stage COLLATE "C", verdict COLLATE "C";

-- 2. what it says
CREATE TABLE t (id int PRIMARY KEY, "Name" varchar(5), n numeric(6,2), at date);
CREATE FUNCTION define(steps etl.step[], pipeline text DEFAULT 'load_narrowing') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT action FROM etl.define(pipeline, steps) WHERE action <> 'new version' $$;
SELECT define(ARRAY[etl.extract('s', 'SELECT 1 AS id, ''x'' AS "Name"'), etl.load('s', 't')]);
\echo :LAST_ERROR_SQLSTATE
SELECT define(ARRAY[etl.extract('s', 'SELECT 1::bigint AS id'), etl.load('s', 't')]);
SELECT define(ARRAY[etl.extract('s', 'SELECT 1 AS id, now() AS at'), etl.load('s', 't')]);
SELECT define(ARRAY[etl.extract('s', 'SELECT 1 AS id, true AS at'), etl.load('s', 't')]);
-- through steps that read steps, and a CTE that has the name of one
CREATE TABLE src (id bigint, v numeric);
SELECT define(ARRAY[etl.extract('a', 'SELECT id::int, v FROM src'), etl.transform('b', 'WITH a AS (SELECT id, v * 2 AS n FROM a) SELECT * FROM a -- comment'),
	etl.transform('c', 'SELECT id, n FROM b'), etl.load('c', 't')]);
SELECT define(ARRAY[etl.extract('a', 'SELECT id::int, v::numeric(6,2) AS n FROM src'), etl.transform('b', 'TABLE a'), etl.load('b', 't')]);
-- columns that only steer are not looked at, others of the mode are
SELECT define(ARRAY[etl.extract('s', 'SELECT 1 AS id, ''D'' AS "Name"'), etl.load('s', 't', mode => 'merge', delete_when => $$"Name" = 'D'$$, params => '{"control_columns": ["Name"]}')]);
-- an INSERT's own conversions, by wish: rounded, and cut nowhere
SELECT define(ARRAY[etl.extract('s', 'SELECT 1::bigint AS id, ''abc'' AS "Name", 1.005 AS n'), etl.load('s', 't', params => '{"narrowing": "allow"}')]);
SELECT etl.run('load_narrowing', inline => true) IS NOT NULL AS ran;
SELECT * FROM t;
SELECT define(ARRAY[etl.extract('s', 'SELECT 1 AS id, ''abcdef'' AS "Name"'), etl.load('s', 't', params => '{"narrowing": "allow"}')]);
SELECT etl.run('load_narrowing', inline => true);
\echo :LAST_ERROR_SQLSTATE
SELECT define(ARRAY[etl.extract('s', 'SELECT 1 AS id'), etl.load('s', 't', params => '{"narrowing": "warn"}')]);
\echo :LAST_ERROR_SQLSTATE

-- 3. what cannot be known at definition is refused when it runs, before anything is written
SELECT define(ARRAY[etl.extract('s', 'SELECT 2 AS id, v AS n FROM later'), etl.load('s', 't')]);
CREATE TABLE later (v numeric);
SELECT etl.run('load_narrowing', inline => true);
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE later ALTER v TYPE numeric(5,1);
SELECT etl.run('load_narrowing', inline => true) IS NOT NULL AS ran;
-- what fitted once and does not any more
ALTER TABLE t ALTER n TYPE int USING n;
SELECT etl.run('load_narrowing', inline => true);
\echo :LAST_ERROR_SQLSTATE

SELECT severity, object, message FROM etl.validate('load_narrowing');

-- 4. sync makes room, also for modifiers, and never takes any away
CREATE TABLE wide (id int PRIMARY KEY, v varchar(3), n numeric(4,2), at timestamp(0));
INSERT INTO wide VALUES (1, 'abc', 1.25, '2026-01-01');
SELECT define(ARRAY[etl.extract('s', 'SELECT 2::bigint AS id, ''abcdef''::varchar(6) AS v, 100.125::numeric(6,3) AS n, timestamp ''2026-01-01 00:00:00.5'' AS at'),
	etl.load('s', 'wide', params => '{"on_schema_change": "sync"}')]);
SELECT etl.run('load_narrowing', inline => true) IS NOT NULL AS ran;
SELECT * FROM wide ORDER BY id;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'wide'::regclass AND attnum > 0 ORDER BY attnum;
SELECT define(ARRAY[etl.extract('s', 'SELECT 3 AS id, ''abc''::varchar(3) AS v'), etl.load('s', 'wide', params => '{"on_schema_change": "sync"}')]);
SELECT etl.run('load_narrowing', inline => true) IS NOT NULL AS ran;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'wide'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
-- neither is wider than the other
SELECT define(ARRAY[etl.extract('s', 'SELECT 3 AS id, date ''2026-01-01'' AS v'), etl.load('s', 'wide', params => '{"on_schema_change": "sync"}')]);
\echo :LAST_ERROR_SQLSTATE

SELECT etl.drop_pipeline('load_narrowing') IS NOT NULL AS dropped;
DROP SCHEMA load_narrowing CASCADE;
