-- What is refused, and what becomes a verdict "error".
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_errors;
SET search_path = check_errors;
\set SHOW_CONTEXT never

CREATE TABLE t (id integer, age integer, name text, j json, f double precision);
INSERT INTO t VALUES (1, 10, 'a', '{}', 'NaN'), (2, 0, 'b', '[]', 1);

-- texts that cannot be a check: the text, the place, 42601
SELECT etl.rules(to_jsonb('{age >}'::text[]));
SELECT etl.rules(to_jsonb(ARRAY['age > 1', E'age\n  IS 1']));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb('{CHECK (age > 1}'::text[]));
SELECT etl.rules(to_jsonb('{CHECK age > 1}'::text[]));
SELECT etl.rules(to_jsonb(ARRAY['CONSTRAINT x UNIQUE (a;b)']));
SELECT etl.rules(to_jsonb('{""}'::text[]));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb('{"age > 1, name > 2"}'::text[]));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb('{age AS x}'::text[]));
SELECT etl.rules(to_jsonb('{*}'::text[]));
SELECT etl.rules(to_jsonb('{DISTINCT age > 1}'::text[]));
SELECT etl.rules(to_jsonb('{age > 1 FROM t}'::text[]));
SELECT etl.rules(to_jsonb('{age > 1 LIMIT 1}'::text[]));
SELECT etl.rules(to_jsonb('{SELECT true}'::text[]));
SELECT etl.rules(to_jsonb(ARRAY['CHECK (age > 1), DROP COLUMN age']));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb(ARRAY['CHECK (age > 1); DROP TABLE t']));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.check('t', '{age > 1}', row_filter => 'age >');
SELECT etl.check('t', '{age > 1}', row_filter => 'true ORDER BY 1');
\echo :LAST_ERROR_SQLSTATE

-- clauses that make no sense: 0A000
SELECT etl.rules(to_jsonb('{CHECK (age > 1) NO INHERIT}'::text[]));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb('{CHECK (age > 1) NOT VALID}'::text[]));
\set VERBOSITY terse
SELECT etl.rules(to_jsonb('{"UNIQUE (id) DEFERRABLE"}'::text[]));
SELECT etl.rules(to_jsonb('{"UNIQUE (id) INITIALLY DEFERRED"}'::text[]));
SELECT etl.rules(to_jsonb('{"UNIQUE (id) INCLUDE (age)"}'::text[]));
SELECT etl.rules(to_jsonb('{"UNIQUE (id) WITH (fillfactor = 50)"}'::text[]));
SELECT etl.rules(to_jsonb('{"UNIQUE (id) USING INDEX TABLESPACE x"}'::text[]));
SELECT etl.rules(to_jsonb('{"PRIMARY KEY USING INDEX x"}'::text[]));
SELECT etl.rules(to_jsonb('{FOREIGN KEY (id) REFERENCES t (id) NOT VALID}'::text[]));
SELECT etl.rules(to_jsonb('{FOREIGN KEY (id) REFERENCES t (id) MATCH FULL}'::text[]));
SELECT etl.rules(to_jsonb('{FOREIGN KEY (id) REFERENCES t (id) ON DELETE CASCADE}'::text[]));
SELECT etl.rules(to_jsonb('{FOREIGN KEY (id) REFERENCES t (id) ON UPDATE SET NULL}'::text[]));
SELECT etl.rules(to_jsonb('{CONSTRAINT x EXCLUDE (id WITH =)}'::text[]));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb('{"UNIQUE (id, id)"}'::text[]));
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default

-- rule objects: 22023, and what was meant
SELECT etl.rule('betwen', '{age}', min_value => 1);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb('{"{\"type\": \"range\", \"column\": \"age\", \"min_valu\": 1}"}'::text[]));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('not_null', '{age}', min_value => 1);
SELECT etl.rule('not_null', '{age}', severity => 'fatal');
SELECT etl.rule('range', '{age}', min_value => 1, on_null => 'ignored');
SELECT etl.rule('unique', '{age}', params => '{"nulls": "same"}');
SELECT etl.rule('range', '{age}', min_value => 1, params => '{"on_empty": "failing"}');
SELECT etl.rule('unique', '{age}', on_null => 'fail');
SELECT etl.rule('row_count', '{age}');
SELECT etl.rule('range', '{age}');
SELECT etl.rule('range', min_value => 1);
SELECT etl.rule('regex', '{name}');
SELECT etl.rule('in_set', '{name}');
SELECT etl.rule('expression');
SELECT etl.rule('foreign_key', '{age}', params => '{"referenced_columns": ["a"]}');
SELECT etl.rule('not_null', '{}');
SELECT etl.rule('not_null', '{age}', max_failed_rows => -1);
SELECT etl.rule('not_null', '{age}', max_failed_fraction => 1.1);
SELECT etl.rule('not_null', '{age}', max_failed_fraction => 'NaN');
SELECT etl.rule('not_null', '{age}', max_failed_fraction => -0.1);
SELECT etl.rule('row_count', min_value => 2, max_value => 1);
SELECT etl.rule('row_count', min_value => -1);
SELECT etl.rule('row_count', min_value => 1.5);
SELECT etl.rule('row_count', min_value => 'many'::text);
SELECT etl.rule('not_null', '{age}', name => '');
SELECT etl.rule('not_null', '{age}', params => '[]');
SELECT etl.rule('not_null', '{age}', params => '{"columns": ["id"]}');
SELECT etl.rule('not_null', params => '{"column": "id", "columns": ["id"]}');
SELECT etl.rule('in_set', '{age}', allowed => '{1}', params => '{"value_set": [1]}');
SELECT etl.rule('in_set', '{age}', params => '{"value_set": [[1]]}');
SELECT etl.rule('in_set', '{age}', params => '{"value_set": 1}');
SELECT etl.rule('not_null', params => '{"column": 1}');
SELECT etl.rules(to_jsonb('{"{\"column\": \"age\"}"}'::text[]));
SELECT etl.rules('{"type": "not_null", "column": "age"}');
SELECT etl.rules('"age > 1"');
SELECT etl.rules('[1]');
SELECT etl.check('t', '{age > 1}', max_failed_fraction => 2);
SELECT etl.check('t', '{age > 1}', sample_rows => 1001);
SELECT etl.check('t', '{}');
\echo :LAST_ERROR_SQLSTATE
-- other SQLSTATEs
\set VERBOSITY sqlstate
SELECT etl.rule('not_null', '{age,age}');
SELECT etl.rule('not_null', '{age}', name => repeat('x', 64));
SELECT etl.rule('regex', '{name}', pattern => '(');
SELECT etl.rule('not_null', '{age}', row_filter => 'age >');
SELECT etl.rule('expression', params => '{"expression": "age >"}');
SELECT etl.rule('foreign_key', '{age}', params => '{"references": "a..b"}');
SELECT etl.rule('foreign_key', '{age}', params => '{"references": "a.b.c.d"}');
SELECT etl.rule('row_count', min_value => 1e30);
SELECT etl.rules(to_jsonb('{"{"}'::text[]));
SELECT etl.check('t', ARRAY['CONSTRAINT a CHECK (true)', 'CONSTRAINT a CHECK (age > 1)']);

SELECT etl.rules(to_jsonb('{CHECK (age > 1) DEFERRABLE}'::text[]));
SELECT etl.rules(to_jsonb('{FOREIGN KEY (id) REFERENCES t (id) MATCH PARTIAL}'::text[]));

-- NULL: 22004
SELECT etl.rule(NULL);
SELECT etl.rule('not_null', '{age,NULL}');
SELECT etl.rule('in_set', '{age}', allowed => '{1,NULL}');
SELECT etl.rules(NULL);
SELECT etl.check(NULL, '{true}');
SELECT etl.check('t', NULL);
SELECT etl.check('t', '{true,NULL}');
SELECT etl.assert(NULL, '{true}');
SELECT etl.assert('t', NULL);
SELECT etl.check_tap(NULL, '{true}');
SELECT etl.check_tap('t', NULL);
SELECT etl.explain_check(NULL, '{true}');
SELECT etl.explain_check('t', NULL);
SELECT etl.check_not_null(NULL, '{age}');
SELECT etl.check_not_null('t', NULL);
SELECT etl.check_not_null('t', '{NULL}');
SELECT etl.check_unique(NULL, '{age}');
SELECT etl.check_unique('t', NULL);
SELECT etl.check_range(NULL, 'age', 1, 2);
SELECT etl.check_range('t', NULL, 1, 2);
SELECT etl.check_regex(NULL, 'name', 'x');
SELECT etl.check_regex('t', NULL, 'x');
SELECT etl.check_regex('t', 'name', NULL);
SELECT etl.check_in_set(NULL, 'name', '{x}');
SELECT etl.check_in_set('t', NULL, '{x}');
SELECT etl.check_in_set('t', 'name', NULL);
SELECT etl.check_in_set('t', 'name', '{x,NULL}');
SELECT etl.check_foreign_key(NULL, '{id}', 't', '{id}');
SELECT etl.check_foreign_key('t', NULL, 't', '{id}');
SELECT etl.check_foreign_key('t', '{id}', NULL, '{id}');
SELECT etl.check_foreign_key('t', '{id}', 't', '{NULL}');
SELECT etl.check_row_count(NULL, 1, 2);
SELECT etl.check_range('t', 'age');

-- relations that have no rows, or are gone
CREATE SEQUENCE s;
CREATE TYPE composite AS (a integer);
CREATE INDEX i ON t (id);
SELECT etl.check('s', '{true}');
SELECT etl.check('i', '{true}');
SELECT etl.check('composite', '{true}');
SELECT etl.check(1::regclass, '{true}');
CREATE MATERIALIZED VIEW unpopulated AS SELECT 1 AS a WITH NO DATA;
SELECT etl.check('unpopulated', '{true}');
\set VERBOSITY default

-- what cannot be evaluated is a verdict; the others are answered
SELECT check_name, status, severity, success, failed_rows, error_sqlstate
FROM   etl.check('t', ARRAY[
	'age >= 0',
	'10 / age > 0',
	'agee > 1',
	'age',
	'name > 1',
	'nosuch(age)',
	'count(*) > 1',
	'(SELECT count(t.age)) > 1',
	'row_number() OVER () > 1',
	'generate_series(1, age) > 0',
	'(SELECT id FROM t) = 1',
	'(WITH d AS (DELETE FROM t RETURNING id) SELECT count(*) FROM d) > 0',
	'$1 > 2',
	'DEFAULT',
	'id IN (1, 2)',
	'UNIQUE (j)',
	'UNIQUE (agee)',
	'PRIMARY KEY (id)',
	'FOREIGN KEY (id) REFERENCES nosuch (id)',
	'FOREIGN KEY (id) REFERENCES t (nosuch)',
	'FOREIGN KEY (id) REFERENCES t',
	'FOREIGN KEY (id, age) REFERENCES t (id)',
	'FOREIGN KEY (id) REFERENCES t (name)',
	'FOREIGN KEY (j) REFERENCES t (j)',
	'FOREIGN KEY (id) REFERENCES s (last_value)',
	etl.rule('not_null', '{agee}', severity => 'warn'),
	etl.rule('range', '{age}', min_value => '1'::text),
	etl.rule('range', '{age}', min_value => 'one'::text),
	etl.rule('range', '{name}', min_value => 1),
	etl.rule('range', '{j}', min_value => '1'::text),
	etl.rule('range', '{f}', max_value => 'NaN'::float8),
	etl.rule('in_set', '{j}', allowed => '{1}'),
	etl.rule('in_set', '{age}', allowed => '{1,x}'),
	etl.rule('regex', '{age}', pattern => '1'),
	etl.rule('not_null', '{id}', row_filter => '1 / age > 0', severity => 'critical'),
	etl.rule('row_count', row_filter => 'age')]);

-- the messages of our own
SELECT error_message
FROM   etl.check('t', ARRAY['UNIQUE (agee)', 'FOREIGN KEY (id) REFERENCES t', etl.rule('regex', '{age}', pattern => '1'),
	etl.rule('range', '{name}', min_value => 1), 'FOREIGN KEY (id, age) REFERENCES t (id)', 'FOREIGN KEY (id) REFERENCES t (name)']);

-- a filter of all checks that fails is an error of all
SELECT check_name, status, error_sqlstate FROM etl.check('t', '{id > 0,UNIQUE (id)}', row_filter => '1 / age > 0');

-- assert names what failed
SELECT etl.assert('t', ARRAY['age > 0', 'id > 0', 'nosuch > 1', 'CONSTRAINT odd CHECK (id % 2 = 1)']);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.assert('t', ARRAY['nosuch > 1']);
SELECT etl.assert('t', ARRAY(SELECT format('age > %s', n) FROM generate_series(1, 12) AS n));

-- a cancel is not a verdict
SET statement_timeout = '50ms';
SELECT etl.check('t', ARRAY['id > 0', '(SELECT count(*) FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b) > id']);
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;

-- a lock that is not to be had is not a verdict either
CREATE FUNCTION busy(integer) RETURNS boolean LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = 'lock_not_available'; END$$;
SELECT etl.check('t', ARRAY['id > 0', 'busy(id)']);
\echo :LAST_ERROR_SQLSTATE

-- rights are the caller's
CREATE ROLE regress_check_reader;
GRANT USAGE ON SCHEMA check_errors, etl TO regress_check_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA etl TO regress_check_reader;
CREATE TABLE secret (id integer PRIMARY KEY);
CREATE TABLE partly (id integer, hidden text);
INSERT INTO partly VALUES (1, 'x'), (1, NULL);
CREATE TABLE guarded (id integer);
INSERT INTO guarded VALUES (1), (2);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON guarded USING (id = 1);
CREATE SCHEMA check_errors_hidden;
CREATE TABLE check_errors_hidden.x (id integer PRIMARY KEY);
GRANT SELECT ON t, guarded TO regress_check_reader;
GRANT SELECT (id) ON partly TO regress_check_reader;
SET ROLE regress_check_reader;
SELECT etl.check('secret', '{true}');
\echo :LAST_ERROR_SQLSTATE
SELECT check_name, status, tested_rows FROM etl.check('guarded', '{id > 0}');
SELECT etl.assert('guarded', '{id = 1}');
SELECT check_name, status, failed_rows, sample, error_sqlstate
FROM   etl.check('partly', ARRAY['UNIQUE (id)', 'id > 1', 'hidden IS NOT NULL', etl.rule('not_null', '{hidden}')]);
SELECT check_name, status, error_sqlstate
FROM   etl.check('t', ARRAY['FOREIGN KEY (id) REFERENCES secret', 'FOREIGN KEY (id) REFERENCES guarded (id)',
	'FOREIGN KEY (id) REFERENCES check_errors_hidden.x', 'EXISTS (SELECT FROM guarded)', 'id > 0']);
RESET ROLE;
SELECT check_name, status, tested_rows FROM etl.check('guarded', '{id > 0}');
SHOW row_security;

SET client_min_messages = warning;
-- a key that stands twice, whatever its spelling
SELECT etl.rules(to_jsonb(ARRAY['{"type": "range", "column": "age", "min_value": 1, "min_value": 100}']));
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rules(to_jsonb(ARRAY['{"type": "not_null", "column": "age", "col\u0075mn": "id"}']));

DROP SCHEMA check_errors, check_errors_hidden CASCADE;
DROP OWNED BY regress_check_reader;
DROP ROLE regress_check_reader;
