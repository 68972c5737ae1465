-- What etl.validate finds before anything runs, and what etl.define says.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never
CREATE ROLE validate_pipeline_owner LOGIN;
CREATE ROLE validate_pipeline_other;
SELECT etl.grant_usage('validate_pipeline_owner', 'define');
CREATE SCHEMA validate_pipeline;
CREATE SCHEMA "validate Äpipeline";
GRANT USAGE ON SCHEMA validate_pipeline TO validate_pipeline_owner;
SET search_path = validate_pipeline, public;
SET TimeZone = 'UTC';
CREATE TABLE src (id int, name text, amount numeric(8,3), at timestamptz, big bigint);
INSERT INTO src VALUES (1, 'a', 1, '2024-01-01', 1);
CREATE TABLE tgt (id int PRIMARY KEY, name text);
CREATE TABLE narrow (id smallint PRIMARY KEY, name varchar(5), amount numeric(6,2), at date, big int);
CREATE TABLE wide (id bigint PRIMARY KEY, name text, amount numeric, at timestamptz, big numeric(20,0));
CREATE TABLE must (id int PRIMARY KEY, name text NOT NULL, "Other one" int NOT NULL, given int NOT NULL DEFAULT 1);
CREATE TABLE no_index (id int, name text);
CREATE TABLE never_filled (id int);
CREATE VIEW found AS SELECT severity, object, sqlstate, message, hint, detail, line, excerpt FROM etl.validate('validate_pipeline');
\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
CREATE FUNCTION define(VARIADIC steps etl.step[]) RETURNS boolean
	RETURN (SELECT count(*) > 0 FROM etl.define('validate_pipeline', steps, timezone => 'UTC'));

-- nothing is wrong
SELECT define(
	etl.extract('rows', 'SELECT id, name FROM src WHERE at < etl.window_end()'),
	etl.transform('sums', 'SELECT id, count(*) AS n, max(name) AS name FROM rows GROUP BY id'),
	etl.expect('sums', ARRAY['id > 0', 'sums.n > 0', 'PRIMARY KEY (id)', etl.rule('not_null', '{name}'),
		etl.rule('between', '{n}', min_value => 0, row_filter => 'id > 1')], row_filter => 'n > 0'),
	etl.load('sums', 'tgt', params => '{"control_columns": ["n"]}'),
	etl.call('tidy', 'VACUUM tgt', 'after'));
SELECT * FROM found;

-- names, with line and caret; what reads a broken step is not judged
SELECT define(
	etl.extract('a', E'SELECT id,\n       nme\nFROM   src'),
	etl.transform('b', 'SELECT * FROM a'),
	etl.extract('c', E'SELECT 1 AS x,\n\t''é'' || y AS "Größe" FROM\tno_table'),
	etl.extract('d', 'SELECT no_function(id) FROM src'),
	etl.extract('e', 'SELECT id + name FROM src'),
	etl.extract('f', 'SELECT id, id FROM src'),
	etl.extract('g', 'SELECT src FROM src s'),
	etl.extract('h', 'SELECT id::no_type FROM src'),
	etl.load('b', 'tgt'),
	etl.call('i', 'UPDATE tgt SET nothing = 1'),
	etl.call('j', 'INSERT INTO tgt SELECT id FROM c'),
	etl.call('k', 'EXPLAIN SELECT nothing FROM tgt'));
SELECT * FROM found;

-- CTEs, stages and relations of one name; columns of a stage are its own
SELECT define(
	etl.extract('tgt', 'SELECT id AS stage_id FROM validate_pipeline.tgt'),
	etl.transform('cte', 'WITH tgt AS (SELECT stage_id AS cte_id FROM tgt) SELECT cte_id FROM tgt'),
	etl.transform('stage', 'SELECT stage_id FROM tgt'),
	etl.transform('wrong', 'SELECT id FROM tgt'),
	etl.transform('real', 'SELECT id, name FROM validate_pipeline.tgt'),
	etl.transform('all_columns', 'SELECT s.*, c.* FROM stage s JOIN cte c ON s.stage_id = c.cte_id'),
	etl.expect('all_columns', '{stage_id = cte_id}'), etl.expect('wrong', '{id > 0}'), etl.expect('real', '{id > 0}'));
SELECT * FROM found;

-- what only the table of a stage has can only be judged by a run
SELECT define(
	etl.extract('a', 'SELECT id FROM src'),
	etl.transform('b', 'SELECT ctid AS place FROM a'),
	etl.transform('c', $$SELECT 'a'::regclass::text AS t FROM a$$),
	etl.transform('d', 'SELECT * FROM a TABLESAMPLE SYSTEM (10)'),
	etl.call('e', 'DELETE FROM a'),
	etl.expect('b', '{true}'), etl.expect('c', '{true}'), etl.expect('d', '{true}'));
SELECT * FROM found;

-- checks
SELECT define(
	etl.extract('a', 'SELECT id, name FROM src'),
	etl.expect('a', ARRAY['nme IS NOT NULL', 'id + 1', 'UNIQUE (idd)', 'CONSTRAINT c CHECK (nothing(id))',
		etl.rule('between', '{nome}', min_value => 1), etl.rule('not_null', '{name}', row_filter => 'idd > 1')]),
	etl.expect('a', '{true}', row_filter => 'nothing'),
	etl.expect('validate_pipeline.src', '{amont > 0}'));
SELECT * FROM found;

-- loads: types, narrowing, NOT NULL, missing columns
CREATE TABLE flips (id int, name text);
SELECT define(
	etl.extract('a', 'SELECT id, name, amount, at, big FROM src'),
	etl.load('a', 'narrow', params => '{"narrowing": "allow"}'), etl.load('a', 'wide'), etl.load('a', 'must', name => 'must'),
	etl.extract('b', 'SELECT id, name FROM flips'), etl.load('b', 'tgt'),
	etl.extract('c', 'SELECT name FROM src'), etl.load('c', 'tgt'),
	etl.load('c', 'wide', mode => 'append', name => 'no key'),
	etl.load('a', 'narrow', name => 'ignores', params => '{"on_schema_change": "ignore", "sequence_by": "seq", "narrowing": "allow"}'));
ALTER TABLE flips ALTER id TYPE boolean USING true;
SELECT * FROM found;

-- the index that a load needs is gone; a target is gone
CREATE TABLE short_lived (id int PRIMARY KEY);
CREATE UNIQUE INDEX no_index_id ON no_index (id);
SELECT define(etl.extract('a', 'SELECT id FROM src'),
	etl.load('a', 'no_index', '{id}'), etl.load('a', 'short_lived'));
DROP INDEX no_index_id;
DROP TABLE short_lived;
SELECT * FROM found;

-- nobody reads, nobody writes, hidden tables, volatile functions
SELECT define(
	etl.extract('a', 'SELECT s.id FROM validate_pipeline.src s, never_filled'),
	etl.extract('src', 'SELECT 1 AS id'), etl.load('src', 'tgt'),
	etl.call('b', 'INSERT INTO must (id) SELECT id FROM no_index'),
	etl.call('c', 'INSERT INTO no_index SELECT id FROM validate_pipeline.src'));
SELECT * FROM found;
SELECT count(*) FROM etl.define('validate_pipeline', ARRAY[
	etl.extract('a', 'SELECT random() AS r, now() AS t FROM src'), etl.transform('b', 'SELECT random() AS id FROM a'),
	etl.expect('b', '{true}')], period => '1 day', timezone => 'UTC');
SELECT * FROM found;
-- the tasks of the example that this project began with: the last one loads
-- from a table of a schema for results in between, which no task fills
CREATE TABLE customers (customer_id int, email text, age int);
CREATE TABLE staging_customers (customer_id int, email text, age int, segment text);
CREATE TABLE customer_analytics (customer_id int PRIMARY KEY, email text, age int, segment text);
INSERT INTO customers VALUES (1, 'a@b.c', 20);
SELECT define(
	etl.extract('extract_data', 'SELECT customer_id, email, age FROM customers'),
	etl.expect('extract_data', ARRAY['PRIMARY KEY (customer_id)', 'age BETWEEN 18 AND 120'], name => 'validate_data'),
	etl.transform('transform_data', $$SELECT *, 'active' AS segment FROM extract_data$$),
	etl.call('load_data', 'INSERT INTO customer_analytics SELECT * FROM staging_customers'));
SELECT * FROM found;

-- an earlier call may make what is missing
SELECT define(
	etl.call('make', 'CREATE TABLE later AS SELECT 1 AS id', 'before'),
	etl.extract('a', 'SELECT id FROM later'), etl.load('a', 'tgt'));
SELECT * FROM found;

-- refused when asked for, whatever it is; the version stays
SET dq_etl.compile = error;
SELECT define(etl.extract('a', 'SELECT nothing FROM src'), etl.load('a', 'tgt'));
\echo :LAST_ERROR_SQLSTATE
SELECT define(etl.extract('a', 'SELECT true AS id FROM src'), etl.load('a', 'tgt'));
\echo :LAST_ERROR_SQLSTATE
-- what is no error is no reason
SELECT define(etl.extract('a', 'SELECT id FROM src'));
SET dq_etl.compile = off;
SELECT define(etl.extract('a', 'SELECT nothing FROM src'), etl.load('a', 'tgt'));
SET dq_etl.compile = anything;
RESET dq_etl.compile;

-- the definer's settings and the owner's rights count
GRANT SELECT (id) ON src TO validate_pipeline_owner;
CREATE FUNCTION secret(int) RETURNS int RETURN $1;
REVOKE EXECUTE ON FUNCTION secret(int) FROM PUBLIC;
CREATE TABLE "validate Äpipeline"."Tä ble" (id int PRIMARY KEY);
GRANT USAGE ON SCHEMA "validate Äpipeline" TO validate_pipeline_owner;
SET ROLE validate_pipeline_owner;
SELECT count(*) FROM etl.define('validate_pipeline2', ARRAY[
	etl.extract('a', 'SELECT id, secret(id) FROM src'), etl.extract('b', 'SELECT id, name FROM src'),
	etl.extract('c', 'SELECT count(*) FROM src'),
	etl.extract('d', 'SELECT * FROM "validate Äpipeline"."Tä ble"'),
	etl.expect('a', '{true}'), etl.expect('b', '{true}'), etl.expect('c', '{true}'), etl.load('a', 'tgt', mode => 'append')], timezone => 'UTC');
RESET ROLE;
SET search_path = public;
SELECT severity, object, sqlstate, message, hint FROM etl.validate('validate_pipeline2');
REVOKE USAGE ON SCHEMA "validate Äpipeline" FROM validate_pipeline_owner;
SELECT severity, object, sqlstate, message, hint FROM etl.validate('validate_pipeline2') WHERE object = 'd';
-- who runs
SELECT etl.disable('validate_pipeline2', 'not now');
SELECT severity, object, sqlstate, message, hint FROM etl.validate('validate_pipeline2') WHERE object = 'validate_pipeline2';

-- a superuser's pipeline that would execute what others wrote
CREATE TABLE validate_pipeline.owned (id int PRIMARY KEY);
CREATE VIEW validate_pipeline.seen AS SELECT 1 AS id;
ALTER TABLE validate_pipeline.owned OWNER TO validate_pipeline_other;
ALTER VIEW validate_pipeline.seen OWNER TO validate_pipeline_other;
SELECT count(*) FROM etl.define('validate_pipeline', ARRAY[
	etl.extract('a', 'SELECT id FROM validate_pipeline.seen'), etl.load('a', 'validate_pipeline.tgt'),
	etl.call('b', 'DELETE FROM validate_pipeline.owned')], timezone => 'UTC');
SELECT severity, object, sqlstate, message FROM etl.validate('validate_pipeline');

-- foreign servers
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER validate_pipeline_server FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE validate_pipeline.far (id int) SERVER validate_pipeline_server;
SELECT count(*) FROM etl.define('validate_pipeline', ARRAY[
	etl.extract('a', 'SELECT id FROM validate_pipeline.far'), etl.load('a', 'validate_pipeline.tgt')], timezone => 'UTC');
SELECT severity, object, sqlstate, regexp_replace(message, '"[^"]*"$', '"..."') FROM etl.validate('validate_pipeline');
CREATE USER MAPPING FOR PUBLIC SERVER validate_pipeline_server;
SELECT * FROM etl.validate('validate_pipeline');

-- who may ask; nothing for NULL; a pipeline that is not there
SET ROLE validate_pipeline_owner;
SELECT * FROM etl.validate('validate_pipeline');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM etl.validate('validate_pipelin');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM etl.validate(NULL);
RESET ROLE;
-- nothing stays: no lock, no transaction id, and it may be asked while nothing can be written
BEGIN READ ONLY;
SELECT count(*) FROM etl.validate('validate_pipeline');
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'validate_pipeline'::regnamespace;
SELECT pg_current_xact_id_if_assigned() IS NULL;
COMMIT;

-- no function of a user is executed, neither by a check nor in a constant
SET search_path = validate_pipeline;
CREATE FUNCTION boom() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'executed'; END $$;
SELECT count(*) FROM etl.define('validate_pipeline', ARRAY[
	etl.extract('a', 'SELECT boom() AS id, boom() + 1 AS b WHERE boom() = 1'),
	etl.expect('a', '{boom() = 1}'),
	etl.call('b', 'SELECT boom()')], timezone => 'UTC');
SELECT * FROM etl.validate('validate_pipeline');

SELECT etl.drop_pipeline('validate_pipeline'), etl.drop_pipeline('validate_pipeline2');
SET client_min_messages = error;
DROP EXTENSION postgres_fdw CASCADE;
DROP SCHEMA validate_pipeline, "validate Äpipeline" CASCADE;
SELECT etl.revoke_usage('validate_pipeline_owner', 'define');
DROP OWNED BY validate_pipeline_owner, validate_pipeline_other;
DROP ROLE validate_pipeline_owner, validate_pipeline_other;
