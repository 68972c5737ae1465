-- What etl.define refuses: message, caret, SQLSTATE.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA define_errors;
SET search_path = define_errors;
CREATE TABLE src (id int, name text);
CREATE TABLE customers (id int, name text);
CREATE TABLE target (id int PRIMARY KEY, name text);
CREATE TABLE nokey (id int, name text);
CREATE TEMP TABLE define_errors_temp (id int);

-- pipeline and steps
SELECT * FROM etl.define(NULL, ARRAY[etl.extract('a', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', NULL);
\echo :SQLSTATE
SELECT * FROM etl.define('p', '{}');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), NULL]);
\echo :SQLSTATE
SELECT * FROM etl.define('', ARRAY[etl.extract('a', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define(repeat('é', 32), ARRAY[etl.extract('a', 'SELECT 1')]);
\echo :SQLSTATE

-- settings
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], period => '-1 day');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], period => '0');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], period => '1 day 1 hour');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'Europe/Nowhere');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', start_at => '2024-01-01');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', period => '1 day', start_at => 'infinity');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', retries => -1);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', retries => 101);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', retry_delay => '-1 second');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', retry_delay => '25 hours');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', tags => '{a,NULL}');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', params => '[1]');
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', schedule => '');
\echo :SQLSTATE

-- names and rows of steps
SELECT * FROM etl.define('p', ARRAY[etl.extract('', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract(repeat('x', 64), 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.transform('a', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{true}', name => 'a')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('pg_class', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('date', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract(NULL, 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call(NULL, 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', NULL)]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW(NULL, 'a', '{}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('extrct', 'a', '{}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('extract', 'a', NULL)::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('extract', 'a', '"SELECT 1"')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('extract', 'a', '{}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('extract', 'a', '{"query": 1}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('extract', 'a', '{"query": "SELECT 1", "depend_on": []}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('extract', 'a', '{"query": "SELECT 1", "depends_on": [1]}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('call', 'a', '{"comand": "SELECT 1", "command": "SELECT 1"}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), ROW('load', NULL, '{"source": "a", "target": "target", "moed": "append"}')::etl.step]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[ROW('expect', NULL, '{"checks": ["true"]}')::etl.step]);
\echo :SQLSTATE

-- queries of stages: one statement that only reads
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', '')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', '-- nothing')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', $$
	SELECT 'é', id,
	FROM src$$)]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', $$SELECT 'é'; DROP TABLE src$$)]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1) q; DROP TABLE src; SELECT * FROM (SELECT 2')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', '  DELETE FROM src')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'DO $x$ BEGIN END $x$')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'EXPLAIN ANALYZE SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'COPY src TO PROGRAM ''true''')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1 AS x INTO stolen')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT id INTO TEMP stolen FROM src UNION SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT * FROM src FOR UPDATE')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT * FROM (SELECT * FROM src s FOR KEY SHARE OF s) q')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'WITH gone AS (DELETE FROM src RETURNING *) SELECT * FROM gone')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT (WITH w AS (INSERT INTO src VALUES (1) RETURNING id) SELECT id FROM w)')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.transform('a', 'SELECT * FROM src WHERE id = $1')]);
\echo :SQLSTATE

-- expects
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', NULL)]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{NULL}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{true}', 'ignore')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{true}', max_failed_fraction => 1.5)]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{true}', max_failed_fraction => 'NaN')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('orders', 'SELECT 1'), etl.expect('ordrs', '{true}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.expect('a', '{true}'), etl.extract('a', 'SELECT 1')]);
\echo :SQLSTATE
-- a table of the same name exists: still not what the order says
SELECT * FROM etl.define('p', ARRAY[etl.expect('src', '{true}'), etl.extract('src', 'SELECT * FROM define_errors.src')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.expect('a.b.c.d', '{true}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.expect('a b', '{true}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.expect('define_errors_temp', '{true}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('define_errors.src', 'SELECT 1'), etl.expect('define_errors."src"', '{true}')]);
\echo :SQLSTATE

-- loads
SELECT * FROM etl.define('p', ARRAY[etl.extract('orders', 'SELECT 1'), etl.load('ordrs', 'target')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.load('src', 'target')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELECT 1'), etl.load('a', 'target')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.load('a', 'target'), etl.extract('a', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.load('a', NULL)]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.load(NULL, 'target')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.load('a', 'define_errors.target', '{name}', 'upsert')]);
\echo :SQLSTATE

-- calls
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELECT 1; SELECT 2')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELEC 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', E'\n\tCOMMIT')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'BEGIN')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'ROLLBACK')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SAVEPOINT a')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'PREPARE TRANSACTION ''a''')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'COPY src FROM STDIN')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'DELETE FROM src WHERE id = $1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELECT 1', 'during')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELECT 1', 'stage')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELECT 1', 'at last')]);
\echo :SQLSTATE

-- what a name means, and order
SELECT * FROM etl.define('p', ARRAY[etl.extract('src', 'SELECT * FROM src')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('nothing', 'SELECT 1 WHERE EXISTS (SELECT FROM nothing)')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT * FROM customers'), etl.extract('customers', 'SELECT 1')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('orders', 'SELECT 1', '{a}'), etl.extract('a', 'SELECT 1', '{ordrs}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1', '{a}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1', '{b}'), etl.extract('b', 'SELECT * FROM a')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.extract('start', 'SELECT 1', '{a}'), etl.extract('a', 'SELECT 1', '{c}'),
	etl.extract('b', 'SELECT * FROM a'), etl.extract('c', 'SELECT * FROM b')]);
\echo :SQLSTATE
-- all checks on a stage come before its readers
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.transform('b', 'SELECT * FROM a'), etl.expect('a', '{true}', depends_on => '{b}')]);
\echo :SQLSTATE
-- phases
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1'), etl.call('b', 'SELECT * FROM a', 'before')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELECT 1', 'after'), etl.extract('b', 'SELECT 1', '{a}')]);
\echo :SQLSTATE
SELECT * FROM etl.define('p', ARRAY[etl.call('a', 'SELECT 1', 'after'), etl.extract('b', 'SELECT 1 AS id'), etl.load('b', 'target', depends_on => '{a}')]);
\echo :SQLSTATE

-- where nothing can be written
BEGIN READ ONLY;
SELECT * FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')]);
ROLLBACK;
\echo :SQLSTATE
BEGIN READ ONLY;
SELECT etl.drop_pipeline('p', true);
\echo :SQLSTATE
ROLLBACK;
CREATE TABLE indexed (id int);
INSERT INTO indexed VALUES (1);
CREATE FUNCTION sneaky(int) RETURNS int IMMUTABLE LANGUAGE sql AS
$$ SELECT count(*)::int FROM etl.define('p', ARRAY[etl.extract('a', 'SELECT 1')]) $$;
CREATE INDEX ON indexed (define_errors.sneaky(id));
\echo :SQLSTATE

-- a superuser's pipeline while that is forbidden
SELECT * FROM etl.define('define_errors_super', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC');
ALTER SYSTEM SET dq_etl.allow_superuser_pipelines = off;
SELECT pg_reload_conf();
\c
SET search_path = define_errors;
SELECT * FROM etl.define('define_errors_super', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC');
\echo :SQLSTATE
SELECT * FROM etl.define('define_errors_super2', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC');
\echo :SQLSTATE
ALTER SYSTEM RESET dq_etl.allow_superuser_pipelines;
SELECT pg_reload_conf();
\c
-- what was refused left nothing
SELECT name FROM etl_catalog.pipeline WHERE name = 'p' OR name LIKE 'define\_errors%';
SELECT etl.drop_pipeline('define_errors_super');
SET client_min_messages = warning;
DROP SCHEMA define_errors CASCADE;
