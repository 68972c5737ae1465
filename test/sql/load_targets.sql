-- Targets of every kind, and keys of every kind.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
\set SHOW_CONTEXT never

CREATE SCHEMA load_targets;
SET search_path = load_targets, public;
SET TimeZone = 'UTC';

CREATE FUNCTION load(query text, target text, mode text, params jsonb DEFAULT '{}', key text[] DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_targets', ARRAY[etl.extract('s', query), etl.load('s', target, key, mode, params => params)],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
	run := etl.run('load_targets', '2026-01-01 00:00+00', '2026-01-02 00:00+00', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. a key of expressions
CREATE TABLE people (tenant int, email text, name text);
CREATE UNIQUE INDEX people_email ON people (lower(email), tenant);
SELECT load($$ SELECT 1 AS tenant, 'Ada@X.org' AS email, 'Ada' AS name UNION ALL SELECT 2, 'ada@x.org', 'other' $$, 'people', 'upsert', '{"on_conflict_columns": ["tenant", "lower(email)"]}');
SELECT load($$ SELECT 1 AS tenant, 'ada@x.ORG' AS email, 'Ada L.' AS name UNION ALL SELECT 2, 'ada@x.org', 'other' $$, 'people', 'upsert', '{"on_conflict_columns": ["tenant", "lower(email)"]}');
SELECT * FROM people ORDER BY tenant;
SELECT load($$ SELECT 1 AS tenant, unnest(ARRAY['ADA@x.ORG', 'ada@X.ORG']) AS email $$, 'people', 'upsert', '{"on_conflict_columns": ["tenant", "lower(email)"]}');
SELECT load($$ SELECT 1 AS tenant, NULL::text AS email $$, 'people', 'insert_ignore', '{"on_conflict_columns": ["tenant", "lower(email)"]}');
SELECT load($$ SELECT 1 AS tenant, 'ADA@x.ORG' AS email, true AS gone $$, 'people', 'merge', '{"on_conflict_columns": ["tenant", "lower(email)"], "delete_when": "gone"}');
SELECT * FROM people ORDER BY tenant;
SELECT load($$ SELECT 1 AS tenant, 'x' AS email $$, 'people', 'upsert', '{"on_conflict_columns": ["tenant", "upper(email)"]}');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 1 AS tenant, 'x' AS email $$, 'people', 'upsert', '{"on_conflict_columns": ["tenant", "lower(emial)"]}');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 1 AS tenant, 'x' AS email $$, 'people', 'upsert', '{"on_conflict_columns": ["tenant", "lower(email)) DO NOTHING --"]}');
\echo :LAST_ERROR_SQLSTATE

-- 2. a partial index: rows outside have no key and are refused
CREATE TABLE accounts (id int, login text, closed_on date, v int);
CREATE UNIQUE INDEX accounts_login ON accounts (login) WHERE closed_on IS NULL;
CREATE UNIQUE INDEX accounts_dated ON accounts (v) WHERE closed_on >= '2026-02-01';
INSERT INTO accounts VALUES (1, 'ada', '2025-01-01', 0), (2, 'ada', NULL, 0);
SELECT load($$ SELECT 3 AS id, 'ada' AS login, NULL::date AS closed_on, 1 AS v $$, 'accounts', 'upsert', key => '{login}');
SELECT load($$ SELECT 3 AS id, 'ada' AS login, NULL::date AS closed_on, 1 AS v $$, 'accounts', 'upsert', key => '{login}');
SELECT * FROM accounts ORDER BY id;
SELECT load($$ SELECT 3 AS id, 'ada' AS login, date '2026-01-01' AS closed_on, 1 AS v $$, 'accounts', 'upsert', key => '{login}');
\echo :LAST_ERROR_SQLSTATE
SET DateStyle = 'SQL, DMY';
SELECT load($$ SELECT 4 AS id, 'eve' AS login, date '2026-02-01' AS closed_on, 2 AS v $$, 'accounts', 'upsert', key => '{v}');
SELECT load($$ SELECT 5 AS id, 'eve' AS login, date '2026-02-01' AS closed_on, 2 AS v $$, 'accounts', 'upsert', key => '{v}');
RESET DateStyle;
SELECT load($$ SELECT 'eve' AS login, NULL::date AS closed_on, 2 AS v $$, 'accounts', 'merge', '{"delete_missing": "all", "max_delete_fraction": 1}', key => '{login}');
SELECT login, closed_on, v FROM accounts ORDER BY login, v;

-- 3. partitioned, by a key without the partition key: an update moves the row
CREATE TABLE moving (id int, region text, v int) PARTITION BY LIST (region);
CREATE TABLE moving_a PARTITION OF moving FOR VALUES IN ('a');
CREATE TABLE moving_b PARTITION OF moving FOR VALUES IN ('b');
SELECT load($$ SELECT i AS id, 'a' AS region, 0 AS v FROM generate_series(1, 3) i $$, 'moving', 'upsert', key => '{id}');
SELECT load($$ SELECT i AS id, CASE i WHEN 2 THEN 'b' ELSE 'a' END AS region, CASE i WHEN 3 THEN 1 ELSE 0 END AS v FROM generate_series(1, 4) i $$, 'moving', 'upsert', key => '{id}');
SELECT load($$ SELECT i AS id, CASE i WHEN 2 THEN 'b' ELSE 'a' END AS region, CASE i WHEN 3 THEN 1 ELSE 0 END AS v FROM generate_series(1, 4) i $$, 'moving', 'upsert', key => '{id}');
SELECT tableoid::regclass AS part, * FROM moving ORDER BY id;
SELECT load($$ SELECT i AS id, 'b' AS region, 9 AS v, i = 1 AS gone FROM generate_series(1, 4) i $$, 'moving', 'merge', '{"delete_when": "gone", "sequence_by": "v"}', key => '{id}');
SELECT load($$ SELECT 2 AS id, 'a' AS region, 8 AS v UNION ALL SELECT 7, 'a', 1 $$, 'moving', 'upsert', '{"sequence_by": "v"}', key => '{id}');
SELECT load($$ SELECT 2 AS id, 'b' AS region, 8 AS v UNION ALL SELECT 8, 'a', 1 $$, 'moving', 'insert_ignore', key => '{id}');
SELECT tableoid::regclass AS part, * FROM moving ORDER BY id;
SELECT load($$ SELECT 1 AS id, 'c' AS region $$, 'moving', 'upsert', key => '{id}');
\echo :LAST_ERROR_SQLSTATE

-- 4. foreign tables: by UPDATE and INSERT, since ON CONFLICT finds no index
CREATE TABLE far (id int PRIMARY KEY, v text, at timestamptz DEFAULT '2026-01-01 00:00+00');
DO $$
BEGIN
	EXECUTE format('CREATE SERVER load_targets FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
		split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database());
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER load_targets;
CREATE FOREIGN TABLE near (id int, v text) SERVER load_targets OPTIONS (schema_name 'load_targets', table_name 'far');
CREATE FOREIGN TABLE read_only (id int, v text) SERVER load_targets OPTIONS (schema_name 'load_targets', table_name 'far', updatable 'false');
SELECT load($$ SELECT i AS id, 'a' AS v FROM generate_series(1, 3) i $$, 'near', 'append');
SELECT load($$ SELECT i AS id, 'b' AS v FROM generate_series(2, 4) i $$, 'near', 'upsert', key => '{id}');
SELECT load($$ SELECT i AS id, 'b' AS v FROM generate_series(2, 4) i $$, 'near', 'upsert', key => '{id}');
SELECT load($$ SELECT i AS id, 'c' AS v FROM generate_series(4, 5) i $$, 'near', 'insert_ignore', key => '{id}');
SELECT load($$ SELECT i AS id, 'c' AS v FROM generate_series(2, 5) i $$, 'near', 'merge', '{"delete_missing": "all", "delete_when": "id = 5"}', key => '{id}');
SELECT * FROM near ORDER BY id;
SELECT load($$ SELECT 2 AS id, 'd' AS v $$, 'near', 'replace_keys', key => '{id}');
SELECT load($$ SELECT i AS id, 'e' AS v FROM generate_series(8, 9) i $$, 'near', 'replace_all');
SELECT * FROM near ORDER BY id;
SELECT load($$ SELECT 1 AS id, 'a' AS v $$, 'read_only', 'upsert', key => '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 1 AS id, 'a' AS v $$, 'read_only', 'append');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 8 AS id, 'a' AS v $$, 'near', 'append');
\echo :LAST_ERROR_SQLSTATE
SELECT load($$ SELECT 8 AS id, 'a' AS v, 1 AS more $$, 'near', 'append', '{"on_schema_change": "append_columns"}');
\echo :LAST_ERROR_SQLSTATE

-- 5. views that say themselves what is to be done
CREATE TABLE below (id int PRIMARY KEY, v text);
CREATE VIEW above AS SELECT id, v FROM below;
CREATE FUNCTION write_below() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO load_targets.below VALUES (NEW.id, NEW.v);
	ELSIF TG_OP = 'UPDATE' THEN
		UPDATE load_targets.below SET v = NEW.v WHERE id = OLD.id;
	ELSE
		DELETE FROM load_targets.below WHERE id = OLD.id;
		RETURN OLD;
	END IF;
	RETURN NEW;
END $$;
SELECT load($$ SELECT 1 AS id, 'a' AS v $$, 'above', 'append');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER writes INSTEAD OF INSERT ON above FOR EACH ROW EXECUTE FUNCTION write_below();
SELECT load($$ SELECT i AS id, 'a' AS v FROM generate_series(1, 3) i $$, 'above', 'append');
CREATE TRIGGER rewrites INSTEAD OF UPDATE OR DELETE ON above FOR EACH ROW EXECUTE FUNCTION write_below();
SELECT load($$ SELECT i AS id, 'b' AS v FROM generate_series(2, 4) i $$, 'above', 'upsert', key => '{id}');
SELECT load($$ SELECT i AS id, 'b' AS v FROM generate_series(2, 4) i $$, 'above', 'upsert', key => '{id}');
SELECT load($$ SELECT i AS id, 'b' AS v FROM generate_series(3, 5) i $$, 'above', 'merge', '{"delete_missing": "all"}', key => '{id}');
SELECT load($$ SELECT i AS id, 'c' AS v FROM generate_series(3, 3) i $$, 'above', 'replace_keys', key => '{id}');
SELECT * FROM below ORDER BY id;
CREATE VIEW half AS SELECT id, v FROM below GROUP BY id, v;
CREATE TRIGGER writes INSTEAD OF INSERT ON half FOR EACH ROW EXECUTE FUNCTION write_below();
SELECT load($$ SELECT 1 AS id, 'a' AS v $$, 'half', 'upsert', key => '{id}');
\echo :LAST_ERROR_SQLSTATE

-- 6. triggers, deferred constraints and row security as for plain SQL
CREATE TABLE watched (id int PRIMARY KEY, v int, parent int CONSTRAINT has_parent REFERENCES watched DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE seen (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO load_targets.seen SELECT concat_ws(' ', TG_NAME, TG_LEVEL, TG_WHEN, TG_OP);
	RETURN NULL;
END $$;
CREATE TRIGGER r AFTER INSERT OR UPDATE OR DELETE ON watched FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER s AFTER INSERT OR UPDATE OR DELETE ON watched FOR EACH STATEMENT EXECUTE FUNCTION note();
-- a child before its parent, in one batch; a parent that never comes
SELECT load('SELECT i AS id, 0 AS v, i % 3 + 1 AS parent FROM generate_series(1, 3) i', 'watched', 'replace_all');
SELECT load('SELECT i AS id, i % 2 AS v, i % 3 + 1 AS parent FROM generate_series(1, 3) i', 'watched', 'upsert');
SELECT load('SELECT i AS id, 0 AS v, 9 AS parent FROM generate_series(4, 5) i', 'watched', 'insert_ignore');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT i AS id, i % 2 AS v, i % 2 + 1 AS parent, i > 2 AS gone FROM generate_series(1, 3) i', 'watched', 'merge', '{"delete_when": "gone"}');
SELECT what, count(*) FROM seen GROUP BY what ORDER BY what;
SELECT * FROM watched ORDER BY id;

CREATE ROLE load_targets_owner;
CREATE TABLE secured (id int PRIMARY KEY, tenant int, v int);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON secured USING (tenant = 1);
INSERT INTO secured VALUES (1, 1, 0), (2, 2, 0);
GRANT USAGE ON SCHEMA load_targets TO load_targets_owner;
GRANT ALL ON secured TO load_targets_owner;
SELECT etl.drop_pipeline('load_targets') IS NULL AS dropped;
SELECT etl.grant_usage('load_targets_owner', 'define') IS NULL AS granted;
SET ROLE load_targets_owner;
SELECT load('SELECT 1 AS id, 1 AS tenant, 1 AS v UNION ALL SELECT 3, 1, 1', 'secured', 'upsert');
SELECT load('SELECT 4 AS id, 2 AS tenant, 1 AS v', 'secured', 'upsert');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 2 AS id, 1 AS tenant, 1 AS v', 'secured', 'upsert');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 5 AS id, 1 AS tenant, 5 AS v', 'secured', 'replace_all');
SELECT etl.drop_pipeline('load_targets') IS NULL AS dropped;
RESET ROLE;
SELECT * FROM secured ORDER BY id;

DROP SERVER load_targets CASCADE;
DROP EXTENSION postgres_fdw;
DROP SCHEMA load_targets CASCADE;
DROP OWNED BY load_targets_owner;
DROP ROLE load_targets_owner;
