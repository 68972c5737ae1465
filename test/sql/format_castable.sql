-- etl.castable agrees with the types, and never throws
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA format_castable;
SET search_path = format_castable, pg_catalog;
\set VERBOSITY terse
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN alias AS numeric(4,1);
CREATE DOMAIN given AS text NOT NULL CHECK (length(value) < 4);
CREATE DOMAIN throws AS int CHECK (1 / value > -2);
CREATE TYPE mood AS enum ('sad', 'ok');
CREATE TYPE pair AS (a int, b text);

-- values that are at the edge of some type, and their mutations
CREATE TABLE base (v text);
INSERT INTO base SELECT * FROM unnest(ARRAY['', ' ', '0', '-0', '+5', ' 12 ', '32767', '32768', '-32768', '-32769', '2147483647', '2147483648', '-2147483648', '-2147483649',
	'9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '18446744073709551616', '184467440737095516150', '1e3', '1e', '1e+', '.5', '5.', '.', '1..2', '--1',
	'nan', 'NaN ', 'Infinity', '-inf', '+Infinity', 'inf x', '1e131071', '1e131072', '9e131071', '0e-16383', '0e-16384', '1e-16383', '1e-16384', '1e999999999999999999', '0e999999999999', '1e 5',
	'999.9', '999.94', '999.95', '99999e-2', '1000', '0.005', '99950', '49', '1e-20000', '1e38', '3.4028235e38', '3.4028236e38', '1e-45', '1e-46', '1e308', '1e309', '5e-324', '1e-324', '1e-400', '0x1p3',
	't', 'TRUE', ' yes ', 'of', 'o', 'truee', 'y', 'on',
	'2024-02-29', '2023-02-29', '01/02/2024', '13/01/2024', 'Jan 5 2024', 'jan-05-2024', '5874897-12-31', '5874898-01-01', '4714-11-24 BC', '4714-11-23 BC', 'now', 'epoch', 'infinity', 'allballs', '20240101', 'J2451187', '2024.123',
	'2024-01-01 24:00:00', '2024-01-01 25:00', '1999-01-08 04:05:06 PST', '10:20', '10:20:60', '24:00:01', '10:20 PM', '13:00 PM', '04:05:06.789-8', '2003-04-12 04:05:06 America/New_York', '2003-04-12 04:05:06 America/Nowhere', '10:20+16',
	'294276-12-31 23:59:59', '294277-01-01', '294276-12-31 23:59:59-10', '2024-01-01T10:00:00Z', '1 day', 'P1Y2M', '1-2', '@ 1 hour ago', 'PT', '178956970 years 8 mons', '2147483648 days', '1.5 weeks', '1 day 1 day',
	'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', 'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-',
	'{"a":1}', '[1,2,{"b":[]}]', '"x"', '01', 'tru', '{"a":1,}', '[1,]', '"\u0000"', '"\ud83d\ude04"', '"\ud83d"', '"\ude04"', E'"a\nb"', '"\x"', '{"a":1e200000}', '[1 2]',
	'1.2.3.4', '1.2.3.4/24', '1.2.3.4/33', '::1', 'fe80::1/64', '::1/129', '10', '10.1/16', '10.1.0.0/16', '10.1.0.1/16', '192.168.1', '2001:db8::/32', '224/4',
	'08:00:2b:01:02:03', '08002b:010203', '0800.2b01.0203', '8:0:2b:1:2:3', '\xdeadbeef', '\xde ad be ef', '\xd', 'a\\b', 'a\b', '\001', '\401', 'abc', 'abcd', 'abc  ', 'ab  x', 'äöüß', 'sad', 'ok', '(1,x)', '{1,2}', '{1,x}', '[1,2)']) x;
CREATE TABLE val AS SELECT v FROM base
UNION SELECT overlay(v PLACING substr('0123456789+-.eExX:/ \{}[],"TZab', 1 + (length(v) * 7 + i) % 31, 1) FROM 1 + i % greatest(length(v), 1) FOR i % 2) FROM base, generate_series(0, 9) i
UNION SELECT left(v, i) FROM base, generate_series(1, 20) i
UNION SELECT v || substr(' x09-', i, 1) FROM base, generate_series(1, 5) i
UNION SELECT substr(' x-+{', i, 1) || v FROM base, generate_series(1, 5) i;

CREATE TABLE types (no int, type_name text);
INSERT INTO types SELECT ordinality, t FROM unnest(ARRAY['smallint', 'integer', 'bigint', 'numeric', 'numeric(4,1)', 'numeric(2,5)', 'numeric(3,-2)', 'real', 'double precision', 'boolean', 'date', 'time', 'time(2)', 'time with time zone', 'timestamp', 'timestamp(0)',
	'timestamp with time zone', 'interval', 'interval day to second', 'interval year to month', 'uuid', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bytea', 'text', 'name', '"char"', 'varchar(3)', 'char(3)', 'bit(3)', 'money', 'oid', 'point', 'int4range',
	'positive', 'alias', 'given', 'throws', 'mood']) WITH ORDINALITY x (t, ordinality);

-- the oracle: the input function, called by jsonb_populate_record
CREATE TABLE verdict (type_name text, v text, want boolean, got boolean);
DO $do$
DECLARE
	t record;
	r record;
	ok boolean;
BEGIN
	FOR t IN SELECT * FROM types LOOP
		EXECUTE format('CREATE TABLE row_%s (a %s)', t.no, t.type_name);
		FOR r IN SELECT v FROM val LOOP
			BEGIN
				EXECUTE format('SELECT jsonb_populate_record(NULL::row_%s, %L)', t.no, jsonb_build_object('a', r.v));
				ok := true;
			EXCEPTION WHEN OTHERS THEN
				ok := false;
			END;
			INSERT INTO verdict VALUES (t.type_name, r.v, ok, etl.castable(r.v, t.type_name));
		END LOOP;
	END LOOP;
	FOR r IN SELECT v, t FROM val, unnest(ARRAY['json', 'jsonb', 'int[]', 'pair']) t LOOP
		BEGIN
			EXECUTE format('SELECT %L::%s', r.v, r.t);
			ok := true;
		EXCEPTION WHEN OTHERS THEN
			ok := false;
		END;
		INSERT INTO verdict VALUES (r.t, r.v, ok, etl.castable(r.v, r.t));
	END LOOP;
END $do$;
SELECT type_name, v, want, got FROM verdict WHERE want IS DISTINCT FROM got ORDER BY 1, 2;
-- both answers were seen of every type that has both
SELECT type_name FROM verdict GROUP BY 1 HAVING count(*) FILTER (WHERE got) < 2 OR count(*) FILTER (WHERE NOT got) < 2 ORDER BY 1;
SELECT count(*) > 30000 AS many FROM verdict;
-- json is what etl.is_json says
SELECT v FROM verdict WHERE type_name = 'json' AND got <> etl.is_json(v);

-- styles of the session count
SET datestyle = 'ISO, DMY';
SELECT etl.castable('13/01/2024', 'date'), etl.castable('01/13/2024', 'date');
RESET datestyle;

-- long and deep values
SELECT etl.castable(repeat('9', 131072), 'numeric'), etl.castable(repeat('9', 131073), 'numeric'), etl.castable(repeat('[', 100000) || repeat(']', 100000), 'json'), etl.castable(repeat('[', 400) || repeat(']', 400), 'jsonb');
SELECT etl.castable(NULL, 'int'), etl.castable('1', NULL);
-- the same value again comes from memory, a changed type does not
SELECT t, etl.castable('{1}', t) FROM (VALUES ('int[]'), ('int[]'), ('bit(3)'), ('text'), ('positive'), ('int[]')) x (t);

SELECT etl.castable('1', 'integre');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT etl.castable('1', 'int; select 1');

DROP SCHEMA format_castable CASCADE;
