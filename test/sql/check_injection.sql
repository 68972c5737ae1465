-- A check's text stays inside its parentheses, and what we add around it
-- cannot be redirected.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_injection;
SET search_path = check_injection;

CREATE TABLE q (id integer, n bigint, name text);
INSERT INTO q VALUES (1, 1, 'a'), (2, 2, 'b');
CREATE TABLE canary (id integer PRIMARY KEY);
INSERT INTO canary VALUES (1);

-- texts that try to get out: each is refused as text, or is one expression
CREATE FUNCTION attempt(check_text text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict etl.check_result;
BEGIN
	SELECT * INTO verdict FROM etl.check('check_injection.q', ARRAY[check_text]);
	RETURN concat_ws(' ', verdict.status, verdict.failed_rows, verdict.error_sqlstate);
EXCEPTION WHEN OTHERS THEN
	RETURN 'refused ' || SQLSTATE;
END $$;
CREATE TABLE texts (place integer GENERATED ALWAYS AS IDENTITY, check_text text);
INSERT INTO texts (check_text) VALUES
	('1) q; drop table canary; --'),
	('true) ; DROP TABLE canary'),
	('true); DROP TABLE canary; SELECT (true'),
	('true) OR (true'),
	('id > 0) FILTER (WHERE (true'),
	('id > 0 -- comment'),
	('id > 0 /* comment'),
	('id > 0 /* comment */'),
	('id > 0 */'),
	('/* ) */ id > 0'),
	('name <> ''x'),
	('name <> $$x'),
	('name <> $$)$$'),
	('name <> $a$) ; drop table canary; --$a$'),
	('name <> E''\'' ) --'''),
	('name <> ''\'' OR true) --'''),
	('name <> U&''\0029'''),
	('"id'),
	('"id" > 0'),
	('CHECK (true) NOT VALID --'),
	('CHECK (true)) NOT VALID --'),
	('CHECK (name <> '')'')'),
	('CHECK (name <> $$)$$ /* ) */ -- )' || E'\n)'),
	('CHECK (true) /* NO INHERIT */'),
	('CHECK (true), ADD COLUMN z integer'),
	('CHECK (true); DROP TABLE canary'),
	('CONSTRAINT "check (" CHECK (id > 0)'),
	('CONSTRAINT U&"\0063heck" UESCAPE ''\'' CHECK (id > 1)'),
	('CONSTRAINT c UNIQUE (id) CHECK (true)'),
	('CONSTRAINT check CHECK (true)'),
	('UNIQUE (id) ; DROP TABLE canary'),
	('UNIQUE (id, (name))'),
	('FOREIGN KEY (id) REFERENCES canary (id); DROP TABLE canary'),
	('id > 0; DROP TABLE canary'),
	('id > 0 UNION SELECT true'),
	('(SELECT true) UNION (SELECT true)'),
	('id INTO z'),
	('id > 0 FOR UPDATE'),
	('id := 1'),
	('id > 0, (SELECT 1)'),
	(''),
	(' '),
	('--'),
	('/**/'),
	('{'),
	('{}'),
	('{"type": "not_null", "column": "id\") ; DROP TABLE canary; --"}'),
	('{"type": "range", "column": "id", "min_value": "1''; DROP TABLE canary; --"}'),
	('{"type": "in_set", "column": "name", "allowed": ["a", "b''), (''c\\"]}'),
	('{"type": "regex", "column": "name", "pattern": "''; DROP TABLE canary; --|a|b"}'),
	('{"type": "unique", "column": "id", "row_filter": "true) GROUP BY id) AS g; DROP TABLE canary; --"}'),
	('{"type": "foreign_key", "column": "id", "references": "canary; DROP TABLE canary"}'),
	('{"type": "not_null", "column": "id", "name": "%n%s%s\n; DROP TABLE canary"}'),
	-- names of ours are not to be seen
	('s.a0 = 2'),
	('a0 = 2'),
	('EXISTS (SELECT FROM s)'),
	('EXISTS (SELECT FROM own0)'),
	('scan IS NULL'),
	('{"type": "unique", "column": "id", "row_filter": "g.n > 0"}'),
	('{"type": "unique", "column": "id", "row_filter": "left_out"}'),
	('{"type": "unique", "column": "id", "row_filter": "n > 1"}'),
	('{"type": "unique", "column": "id", "row_filter": "k.id > 0"}'),
	('{"type": "foreign_key", "column": "id", "references": "canary", "row_filter": "referenced.id > 0"}'),
	('{"type": "foreign_key", "column": "id", "references": "canary", "row_filter": "q.id > 0"}');
\pset format unaligned
SELECT place, attempt(check_text), check_text FROM texts ORDER BY place;
\pset format aligned
SELECT count(*) AS canaries FROM canary;
SELECT attnames FROM (SELECT array_agg(attname ORDER BY attnum) AS attnames FROM pg_attribute
	WHERE attrelid = 'q'::regclass AND attnum > 0) AS a;

-- the same through the other arguments
\set VERBOSITY sqlstate
SELECT etl.check('q', '{true}', row_filter => 'true) ; DROP TABLE canary; --');
SELECT check_name, status, error_sqlstate FROM etl.check_not_null('q', ARRAY['id"; DROP TABLE canary; --']);
SELECT check_name, status, error_sqlstate FROM etl.check_unique('q', ARRAY['id), (name']);
SELECT check_name, status, error_sqlstate FROM etl.check_range('q', 'id', '1); DROP TABLE canary; --'::text);
SELECT check_name, status, error_sqlstate FROM etl.check_regex('q', 'name', '''); DROP TABLE canary; --');
SELECT check_name, status, error_sqlstate FROM etl.check_in_set('q', 'id', ARRAY['1); DROP TABLE canary; --']);
SELECT check_name, status, error_sqlstate FROM etl.check_foreign_key('q', '{id}', 'canary', ARRAY['id); DROP TABLE canary; --']);
SELECT etl.rules('["true); DROP TABLE canary; --"]');
SELECT evaluation FROM etl.explain_check('q', ARRAY['true) ; DROP TABLE canary; --']);
SELECT etl.check_tap('q', ARRAY['CONSTRAINT "1..5' || E'\n' || 'ok 9" CHECK (true)']);
SELECT etl.assert('q', ARRAY['CONSTRAINT "%s%n" CHECK (false)']);
\set VERBOSITY default
SELECT count(*) AS canaries FROM canary;

-- standard_conforming_strings changes how a text is read, for the check and
-- for what is made of it alike
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SELECT check_name, status, failed_rows FROM etl.check('q', ARRAY[$$name <> '\'' AND id > 1 --'$$]);
SELECT check_name, status, failed_rows FROM etl.check('q', ARRAY[etl.rule('in_set', '{name}', allowed => ARRAY['a', $$b\' OR true$$])]);
RESET standard_conforming_strings;
RESET escape_string_warning;

-- a hostile schema in front of pg_catalog: nothing of ours is found there
CREATE ROLE regress_check_attacker;
CREATE ROLE regress_check_victim;
CREATE SCHEMA check_injection_evil AUTHORIZATION regress_check_attacker;
GRANT USAGE ON SCHEMA check_injection_evil TO PUBLIC;
CREATE TABLE check_injection_evil.log (place integer GENERATED ALWAYS AS IDENTITY, called text, caller name);
GRANT INSERT ON check_injection_evil.log TO PUBLIC;
SET ROLE regress_check_attacker;
SET search_path = check_injection_evil;
CREATE FUNCTION logged(called text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO check_injection_evil.log (called, caller) VALUES (logged.called, current_user);
	RETURN false;
END $$;
CREATE FUNCTION eq(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT check_injection_evil.logged(''int4 ='')';
CREATE FUNCTION eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT check_injection_evil.logged(''text ='')';
CREATE FUNCTION eq(bigint, integer) RETURNS boolean LANGUAGE sql AS 'SELECT check_injection_evil.logged(''int84 ='')';
CREATE FUNCTION gt(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT check_injection_evil.logged(''int4 >'')';
CREATE FUNCTION gt(bigint, integer) RETURNS boolean LANGUAGE sql AS 'SELECT check_injection_evil.logged(''int84 >'')';
CREATE FUNCTION re(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT check_injection_evil.logged(''~'')';
CREATE FUNCTION sum_step(numeric, bigint) RETURNS numeric LANGUAGE sql AS 'SELECT CASE WHEN check_injection_evil.logged(''sum'') THEN 1 ELSE 0 END::numeric';
CREATE FUNCTION count_step(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT CASE WHEN check_injection_evil.logged(''count'') THEN 1 ELSE 0 END::bigint';
CREATE FUNCTION div(numeric, numeric) RETURNS numeric LANGUAGE sql AS 'SELECT CASE WHEN check_injection_evil.logged(''div'') THEN 1 ELSE 0 END::numeric';
CREATE FUNCTION to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS 'SELECT CASE WHEN check_injection_evil.logged(''to_jsonb'') THEN ''1'' ELSE ''0'' END::jsonb';
CREATE OPERATOR = (FUNCTION = eq, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR = (FUNCTION = eq, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR = (FUNCTION = eq, LEFTARG = bigint, RIGHTARG = integer);
CREATE OPERATOR > (FUNCTION = gt, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR >= (FUNCTION = gt, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR <= (FUNCTION = gt, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR > (FUNCTION = gt, LEFTARG = bigint, RIGHTARG = integer);
CREATE OPERATOR ~ (FUNCTION = re, LEFTARG = text, RIGHTARG = text);
CREATE AGGREGATE count(*) (SFUNC = count_step, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE sum(bigint) (SFUNC = sum_step, STYPE = numeric, INITCOND = '0');
CREATE TYPE int8 AS ENUM ('evil');
CREATE TYPE int4 AS ENUM ('evil');
CREATE TYPE text AS ENUM ('evil');
CREATE TYPE check_result AS (evil integer);
CREATE TABLE q (evil integer);
RESET ROLE;

CREATE TABLE check_injection.parent (id integer PRIMARY KEY);
INSERT INTO check_injection.parent VALUES (1);
GRANT USAGE ON SCHEMA check_injection, etl TO regress_check_victim;
GRANT SELECT ON ALL TABLES IN SCHEMA check_injection TO regress_check_victim;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA etl TO regress_check_victim;
SET ROLE regress_check_victim;
SET search_path = check_injection_evil, pg_catalog;
SELECT check_name, status, tested_rows, failed_rows, sample, top_failed
FROM   etl.check('check_injection.q', ARRAY[
	'{"type": "not_null", "column": "id"}',
	'{"type": "range", "column": "id", "min_value": 2, "max_value": 3}',
	'{"type": "in_set", "column": "id", "allowed": [1]}',
	'{"type": "in_set", "column": "name", "allowed": ["b"]}',
	'{"type": "regex", "column": "name", "pattern": "b"}',
	'{"type": "row_count", "min_value": 3}',
	'UNIQUE (id, name)',
	'PRIMARY KEY (id)',
	'FOREIGN KEY (id) REFERENCES check_injection.parent (id)',
	'FOREIGN KEY (n) REFERENCES check_injection.parent (id)',
	'false']);
SELECT check_name, failed_rows FROM etl.check('check_injection.q'::regclass, ARRAY['UNIQUE (name)', 'true']);
RESET ROLE;
SELECT called, caller FROM check_injection_evil.log ORDER BY place;
-- the user's own text is resolved by the search_path, with the user's rights
SET ROLE regress_check_victim;
SELECT check_name, status, failed_rows FROM etl.check('check_injection.q', ARRAY['id > 0'], sample_rows => 0);
RESET ROLE;
SELECT called, caller FROM check_injection_evil.log ORDER BY place;

SET search_path = check_injection;
SET client_min_messages = warning;
DROP SCHEMA check_injection, check_injection_evil CASCADE;
DROP OWNED BY regress_check_attacker, regress_check_victim;
DROP ROLE regress_check_attacker, regress_check_victim;
