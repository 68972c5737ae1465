-- What a load refuses, at definition and, since the world changes, at run time.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
-- wrong on purpose
SET dq_etl.compile = off;
\set SHOW_CONTEXT never

CREATE SCHEMA load_errors;
SET search_path = load_errors, public;
SET TimeZone = 'UTC';

-- every error as one row: SQLSTATE, message, detail, hint
CREATE FUNCTION attempt(what text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE what;
	state := '00000';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
CREATE FUNCTION define(target text, key text[] DEFAULT NULL, mode text DEFAULT NULL, query text DEFAULT 'SELECT 1 AS a, 1 AS v')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM etl.define('load_errors', ARRAY[etl.extract('s', query), etl.load('s', target, key, mode, params => '{"narrowing": "allow"}')]);
END $$;
CREATE FUNCTION load(query text, target text, key text[] DEFAULT NULL, mode text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM define(target, key, mode, query);
	PERFORM etl.run('load_errors', inline => true);
END $$;
-- the definition stands, then the world changes
CREATE FUNCTION changed(change text, target text, key text[] DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM define(target, key);
	EXECUTE change;
	PERFORM etl.run('load_errors', inline => true);
END $$;
\x on

CREATE TABLE customers (a int PRIMARY KEY, v int);
CREATE TABLE heap (a int, v int, label text);
CREATE TABLE "Mixed Case" (a int PRIMARY KEY);

-- 1. the target is not there
SELECT * FROM attempt($$ SELECT define('customer') $$);
SELECT * FROM attempt($$ SELECT define('load_errors.costumers', '{a}') $$);
SELECT * FROM attempt($$ SELECT define('load_errors."Mixed case"') $$);
SELECT * FROM attempt($$ SELECT define('load_errors.something_else', '{a,b}') $$);
SELECT * FROM attempt($$ SELECT define('no_such_schema.t', '{a}') $$);
SELECT * FROM attempt($$ SELECT define('a.b.c.d') $$);
SELECT * FROM attempt($$ SELECT define('') $$);

-- 2. the target cannot be one
CREATE VIEW a_view AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW a_matview AS SELECT 1 AS a;
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (a int);
CREATE TEMPORARY TABLE a_temp (a int PRIMARY KEY);
CREATE TABLE ruled (a int PRIMARY KEY);
CREATE RULE "Some rule" AS ON INSERT TO ruled DO ALSO NOTHING;
CREATE FOREIGN DATA WRAPPER load_errors_fdw;
CREATE SERVER load_errors_server FOREIGN DATA WRAPPER load_errors_fdw;
CREATE FOREIGN TABLE a_foreign (a int, v int) SERVER load_errors_server;
SELECT * FROM attempt($$ SELECT define('a_view') $$);
SELECT * FROM attempt($$ SELECT define('a_matview') $$);
SELECT * FROM attempt($$ SELECT define('a_sequence') $$);
SELECT * FROM attempt($$ SELECT define('a_type') $$);
SELECT * FROM attempt($$ SELECT define('customers_pkey') $$);
SELECT a.state, a.message LIKE 'cannot load into pg_temp%.a_temp' AS message_fits, a.detail FROM attempt('SELECT define(''a_temp'')') a;
SELECT * FROM attempt($$ SELECT define('ruled') $$);
SELECT * FROM attempt($$ SELECT define('a_foreign', '{a}') $$);
SELECT * FROM attempt($$ SELECT define('a_foreign', mode => 'append') $$);
SELECT * FROM attempt($$ SELECT define('pg_catalog.pg_class') $$);
SELECT * FROM attempt($$ SELECT define('information_schema.sql_features', mode => 'append') $$);
SELECT * FROM attempt($$ SELECT define('etl_catalog.run') $$);
SELECT * FROM attempt($$ SELECT define('etl.runs') $$);

-- 3. mode, key and their agreement
SELECT * FROM attempt($$ SELECT define('customers', mode => 'upsret') $$);
SELECT * FROM attempt($$ SELECT define('customers', mode => 'replace_everything') $$);
SELECT * FROM attempt($$ SELECT define('heap') $$);
SELECT * FROM attempt($$ SELECT define('heap', mode => 'upsert') $$);
SELECT * FROM attempt($$ SELECT define('customers', '{a}', 'append') $$);
SELECT * FROM attempt($$ SELECT define('customers', '{b}') $$);
SELECT * FROM attempt($$ SELECT define('heap', '{lable}') $$);
SELECT * FROM attempt($$ SELECT define('heap', '{LABEL}') $$);
SELECT * FROM attempt($$ SELECT define('heap', '{a,a}') $$);
SELECT * FROM attempt($$ SELECT etl.define('load_errors', ARRAY[etl.extract('s', 'SELECT 1 AS a'),
	ROW('load', 'l', '{"source": "s", "target": "customers", "mod": "upsert"}')::etl.step]) $$);

-- 4. no unique index that would do
CREATE TABLE ix (a int, b int, c text);
SELECT * FROM attempt($$ SELECT define('ix', '{a,b}') $$);
CREATE INDEX ix_plain ON ix (a, b);
SELECT * FROM attempt($$ SELECT define('ix', '{a,b}') $$);
CREATE UNIQUE INDEX ix_partial ON ix (b, a) WHERE c <> '';
SELECT * FROM attempt($$ SELECT define('ix', '{a,b}') $$);
CREATE UNIQUE INDEX ix_expression ON ix (a, (b + 0));
CREATE UNIQUE INDEX ix_longer ON ix (a, b, c);
CREATE UNIQUE INDEX ix_include ON ix (a) INCLUDE (b);
SELECT * FROM attempt($$ SELECT define('ix', '{a,b}') $$);
INSERT INTO ix VALUES (1, 1, 'x'), (2, 1, 'x');
CREATE UNIQUE INDEX CONCURRENTLY ix_invalid ON ix (b);
SELECT * FROM attempt($$ SELECT define('ix', '{b}') $$);
CREATE TABLE late (a int PRIMARY KEY DEFERRABLE, b int, CONSTRAINT late_b UNIQUE (b) DEFERRABLE);
SELECT * FROM attempt($$ SELECT define('late') $$);
SELECT * FROM attempt($$ SELECT define('late', '{b}') $$);
-- the statement of the HINT helps
ALTER TABLE load_errors.late DROP CONSTRAINT late_b, ADD UNIQUE (b);
SELECT * FROM attempt($$ SELECT define('late', '{b}') $$);

-- options: by name, by value, by mode, and among themselves
CREATE TABLE opt (id int PRIMARY KEY, v int, at timestamptz, gone boolean);
CREATE FUNCTION option(mode text, params jsonb, key text[] DEFAULT NULL, period interval DEFAULT '1 day')
RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE sql AS $$
	SELECT a.* FROM attempt(format('SELECT etl.define(%L, ARRAY[etl.extract(%L, %L), etl.load(%L, %L, %L, %L, params => %L)], period => %L, timezone => %L)',
		'load_errors', 's', 'SELECT 1 AS id', 's', 'opt', key, mode, params, period, 'UTC')) a
$$;
SELECT * FROM option('upsert', '{"gaurd": "true"}');
SELECT * FROM option('upsert', '{"key": ["v"]}', '{id}');
SELECT * FROM option('upsert', '["key"]');
SELECT * FROM option('upsert', '{"dedupe": "last"}');
SELECT * FROM option('upsert', '{"dedupe": "latest"}');
SELECT * FROM option('upsert', '{"guard": "true) OR (true"}');
SELECT * FROM option('upsert', '{"guard": "true, false"}');
SELECT * FROM option('upsert', '{"ignore_nulls": "perhaps"}');
SELECT * FROM option('upsert', '{"delete_when": "true"}');
SELECT * FROM option('upsert', '{"update_columns": ["vv"]}');
SELECT * FROM option('upsert', '{"update_columns": ["id"]}');
SELECT * FROM option('upsert', '{"update_columns": ["v"], "exclude_columns": ["at"]}');
SELECT * FROM option('upsert', '{"lock_timeout": "soon"}');
SELECT * FROM option('upsert', '{"run_id": "at"}');
SELECT * FROM option('upsert', '{"on_conflict_columns": ["v"]}', '{id}');
SELECT * FROM option('merge', '{}');
SELECT * FROM option('merge', '{"delete_missing": "window"}');
SELECT * FROM option('merge', '{"delete_when": "gone", "delete_scope": "v"}');
SELECT * FROM option('merge', '{"delete_when": "gone", "delete_mark": "v"}');
SELECT * FROM option('merge', '{"delete_missing": "all", "max_delete_fraction": 50}');
SELECT * FROM option('merge', '{"delete_missing": "window", "window_column": "at"}', period => NULL);
SELECT * FROM option('replace_window', '{}');
SELECT * FROM option('replace_window', '{"window_column": "v"}');
SELECT * FROM option('replace_window', '{"window_column": "at"}', period => NULL);
SELECT * FROM option('replace_window', '{"window_column": "at", "sequence_by": "at", "dedupe": "first"}');
SELECT * FROM option('append', '{"sequence_by": "at"}');
SELECT * FROM option('replace_keys', '{"key": ["v"], "dedupe": "latest"}');
SELECT * FROM option('replace_all', '{"method": "rename"}');
-- what is stored is complete
SELECT count(*) > 0 AS defined FROM etl.define('load_errors_stored', ARRAY[etl.extract('s', 'SELECT 1 AS id'),
	etl.load('s', 'opt', mode => 'merge', delete_when => 'v IS NULL', params => '{"max_delete_fraction": 0.25, "lock_timeout": "2s"}')]);
\x off
SELECT jsonb_pretty(options) FROM etl.steps WHERE pipeline = 'load_errors_stored' AND kind = 'load';
SELECT etl.drop_pipeline('load_errors_stored') IS NULL AS dropped;
\x on

-- 5. the stage does not fit
CREATE TABLE fit (a int PRIMARY KEY, v boolean, made int GENERATED ALWAYS AS (a + 1) STORED);
CREATE TABLE numbered (a int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int);
SELECT * FROM attempt($$ SELECT load('SELECT 1 AS a, 1::numeric(5,2) AS vv, 1 AS "New one"', 'fit') $$);
SELECT * FROM attempt($$ SELECT load('SELECT 1 AS a, 1 AS v', 'fit') $$);
SELECT * FROM attempt($$ SELECT load('SELECT true AS v', 'fit') $$);
SELECT * FROM attempt($$ SELECT load('SELECT 1 AS a, 1 AS made', 'fit') $$);
SELECT * FROM attempt($$ SELECT load('SELECT 1 AS a, 1 AS v', 'numbered') $$);
SELECT * FROM attempt($$ SELECT load('SELECT 1 AS x', 'fit', mode => 'append') $$);

-- columns that options ask the batch for
SELECT * FROM attempt($$ SELECT etl.define('load_errors', ARRAY[etl.extract('s', 'SELECT 1 AS id'), etl.load('s', 'opt', params => '{"update_columns": "v"}')]) $$);
SELECT * FROM attempt($$ SELECT etl.run('load_errors', inline => true) $$);
SELECT * FROM attempt($$ SELECT etl.define('load_errors', ARRAY[etl.extract('s', 'SELECT 1 AS id'), etl.load('s', 'opt', params => '{"sequence_by": "lsn"}')]) $$);
SELECT * FROM attempt($$ SELECT etl.run('load_errors', inline => true) $$);
SELECT * FROM attempt($$ SELECT etl.define('load_errors', ARRAY[etl.extract('s', 'SELECT 1 AS id'), etl.load('s', 'opt', mode => 'merge', params => '{"delete_when": "lsn > 1"}')]) $$);
SELECT * FROM attempt($$ SELECT etl.run('load_errors', inline => true) $$);
SELECT * FROM attempt($$ SELECT etl.define('load_errors', ARRAY[etl.extract('s', 'SELECT 1 AS id'), etl.load('s', 'opt', mode => 'merge', params => '{"delete_when": "id"}')]) $$);
SELECT * FROM attempt($$ SELECT etl.run('load_errors', inline => true) $$);

-- 6. the batch cannot be an upsert: the keys are named
SELECT * FROM attempt($$ SELECT load('SELECT i % 2 AS a, i AS v FROM generate_series(1, 3) i', 'customers') $$);
SELECT * FROM attempt($$ SELECT load('SELECT i % 7 AS a, i AS v FROM generate_series(1, 20) i', 'customers') $$);
SELECT * FROM attempt($$ SELECT load('SELECT NULLIF(i, 2) AS a, i AS v FROM generate_series(1, 3) i', 'customers') $$);
-- duplicates as the index sees them, after assignment
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE ci (k text COLLATE nocase PRIMARY KEY, v int);
CREATE TABLE exact (n numeric(6,2), f float8, c char(3), PRIMARY KEY (n, f, c));
CREATE TABLE nnd (a int, b int, UNIQUE NULLS NOT DISTINCT (a, b));
SELECT state, message FROM attempt($$ SELECT load('SELECT unnest(ARRAY[''a'',''A'']) AS k', 'ci') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT unnest(ARRAY[1.001, 1.002]) AS n, unnest(ARRAY[''0'',''-0'']::float8[]) AS f, unnest(ARRAY[''x'',''x ''])  AS c', 'exact') $$);
SELECT * FROM attempt($$ SELECT load('SELECT 1 AS a, NULL::int AS b UNION ALL SELECT 1, NULL', 'nnd', '{a,b}') $$);

-- 7. assignment decides: what an INSERT refuses is refused, not cut
CREATE DOMAIN code AS varchar(3);
CREATE TABLE cut (a int PRIMARY KEY, v varchar(3), c char(3), b bit(3), vb bit varying(3), av varchar(3)[], d code);
INSERT INTO cut VALUES (1, 'abc', 'abc', B'111', B'111', '{abc}', 'abc');
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, ''abcd'' AS v', 'cut') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, ''abcd'' AS c', 'cut') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, B''1111'' AS b', 'cut') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, B''1111''::varbit AS vb', 'cut') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, ARRAY[''abcd''] AS av', 'cut') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, ''abcd'' AS d', 'cut') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 3000000000 AS a', 'cut') $$);
SELECT * FROM cut;

-- 8. constraints of the target come through
CREATE TABLE strict (a int PRIMARY KEY, v int CONSTRAINT positive CHECK (v > 0), u int CONSTRAINT once UNIQUE,
	parent int CONSTRAINT has_parent REFERENCES customers DEFERRABLE INITIALLY DEFERRED);
INSERT INTO strict VALUES (1, 1, 1, NULL);
SELECT state, message FROM attempt($$ SELECT load('SELECT 2 AS a, -1 AS v', 'strict') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 2 AS a, 1 AS u', 'strict') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 2 AS a, 99 AS parent', 'strict') $$);
CREATE TABLE part (a int PRIMARY KEY) PARTITION BY RANGE (a);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a', 'part') $$);

DROP TABLE strict;

-- 9. what was right at definition is asked again
SELECT * FROM attempt($$ SELECT changed('ALTER TABLE customers RENAME TO clients', 'customers') $$);
SELECT * FROM attempt($$ SELECT changed('ALTER TABLE customers DROP CONSTRAINT customers_pkey', 'customers') $$);
SELECT * FROM attempt($$ SELECT changed('ALTER TABLE customers DROP COLUMN a', 'customers') $$);
SELECT * FROM attempt($$ SELECT changed('DROP TABLE customers CASCADE; CREATE VIEW customers AS SELECT 1 AS a', 'customers') $$);
SELECT * FROM attempt($$ SELECT changed('CREATE RULE r AS ON UPDATE TO customers DO INSTEAD NOTHING', 'customers') $$);
\x off
-- a table made anew under the name is the target; nothing of the above loaded
SELECT * FROM attempt($$ SELECT changed('DROP TABLE customers CASCADE; CREATE TABLE customers (v text, a bigint PRIMARY KEY)', 'customers') $$);
SELECT * FROM customers;

-- 10. rights: loading is done as the owner of the pipeline
SELECT etl.drop_pipeline('load_errors') IS NULL AS dropped;
CREATE ROLE load_errors_owner;
CREATE TABLE private (a int PRIMARY KEY, v int);
GRANT USAGE ON SCHEMA load_errors TO load_errors_owner;
SELECT etl.grant_usage('load_errors_owner', 'define') IS NULL AS granted;
SET ROLE load_errors_owner;
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, 1 AS v', 'private') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, 1 AS v', 'private', mode => 'append') $$);
SELECT state, message FROM attempt($$ SELECT define('etl_catalog.pipeline') $$);
RESET ROLE;
GRANT INSERT ON private TO load_errors_owner;
SET ROLE load_errors_owner;
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, 1 AS v', 'private') $$);
SELECT state, message FROM attempt($$ SELECT load('SELECT 1 AS a, 1 AS v', 'private', mode => 'append') $$);
-- who may only insert holds up nobody
SELECT state, message FROM attempt($$ SELECT load('SELECT 2 AS a, 1 AS v', 'private', mode => 'replace_all') $$);
RESET ROLE;
SELECT * FROM private;

DROP SCHEMA load_errors CASCADE;
DROP FOREIGN DATA WRAPPER load_errors_fdw CASCADE;
DROP OWNED BY load_errors_owner;
DROP ROLE load_errors_owner;
