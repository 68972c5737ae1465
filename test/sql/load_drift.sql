-- When stage and target come apart: on_schema_change, missing_target.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
-- wrong on purpose
SET dq_etl.compile = off;
\set SHOW_CONTEXT never

CREATE SCHEMA load_drift;
SET search_path = load_drift, public;
SET TimeZone = 'UTC';

CREATE FUNCTION load(query text, target text, params jsonb DEFAULT '{}', key text[] DEFAULT NULL, mode text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_drift', ARRAY[etl.extract('s', query), etl.load('s', target, key, mode, params => '{"narrowing": "allow"}' || params)]);
	run := etl.run('load_drift', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;
CREATE FUNCTION columns(relation regclass) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s%s%s', quote_ident(attname), format_type(atttypid, atttypmod),
		' COLLATE ' || (SELECT collname FROM pg_collation c WHERE c.oid = attcollation AND collname <> 'default'),
		CASE WHEN attnotnull THEN ' NOT NULL' END)
	FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped ORDER BY attnum
$$;

-- 1. columns that the target lacks
CREATE TABLE t (id int PRIMARY KEY, a int, made int GENERATED ALWAYS AS (id * 2) STORED, d text DEFAULT 'd');
CREATE VIEW seen AS SELECT id, a FROM t;
SELECT load('SELECT 1 AS id, 1 AS a, 2::numeric(5,2) AS "New one"', 't');
SELECT load('SELECT 1 AS id, 1 AS a, 2::numeric(5,2) AS "New one"', 't', '{"on_schema_change": "fail"}');
SELECT load('SELECT 1 AS id, 1 AS a, 2::numeric(5,2) AS "New one"', 't', '{"on_schema_change": "ignore"}');
SELECT columns('t');
SELECT load('SELECT 1 AS id, 1 AS a, 2::numeric(5,2) AS "New one", ''x''::text COLLATE "C" AS c', 't', '{"on_schema_change": "append_columns"}');
SELECT load('SELECT 1 AS id, 1 AS a, 2::numeric(5,2) AS "New one", ''x''::text COLLATE "C" AS c', 't', '{"on_schema_change": "append_columns"}');
SELECT columns('t');
SELECT * FROM t;
-- one that the stage lacks stays, with its value
SELECT load('SELECT 1 AS id UNION ALL SELECT 2', 't', '{"on_schema_change": "append_columns"}');
SELECT * FROM t ORDER BY id;
-- control columns are not missed
SELECT load('SELECT 2 AS id, 5 AS a, ''U'' AS op, 7 AS lsn, 1 AS trash', 't',
	'{"on_schema_change": "append_columns", "delete_when": "op = ''D''", "sequence_by": "lsn", "control_columns": "trash"}', mode => 'merge');
SELECT columns('t');

-- 2. sync: widens, never narrows, and drops what is not ours to keep
SELECT load('SELECT 2 AS id, 3000000000 AS a, 1::smallint AS "New one"', 't', '{"on_schema_change": "sync"}');
SELECT columns('t');
DROP VIEW seen;
SELECT load('SELECT 2 AS id, 3000000000 AS a, 1::smallint AS "New one"', 't', '{"on_schema_change": "sync", "loaded_at": "d"}');
SELECT load('SELECT 2 AS id, 3000000000 AS a, 1::smallint AS "New one"', 't', '{"on_schema_change": "sync"}');
SELECT columns('t');
SELECT * FROM t ORDER BY id;
-- a column that a view needs is not dropped behind its back
CREATE VIEW needs AS SELECT "New one" FROM t;
SELECT load('SELECT 2 AS id, 3000000000 AS a', 't', '{"on_schema_change": "sync"}');
\echo :LAST_ERROR_SQLSTATE
DROP VIEW needs;
-- types that do not fit at all stay an error
SELECT load('SELECT 2 AS id, true AS a', 't', '{"on_schema_change": "sync"}');
\echo :LAST_ERROR_SQLSTATE
-- partitioned: the partition key stays
CREATE TABLE part (id int, p int, x int, y int) PARTITION BY LIST (p);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_n PARTITION OF part DEFAULT;
SELECT load('SELECT 1 AS id, 3::bigint AS z', 'part', '{"on_schema_change": "sync"}', mode => 'append');
SELECT columns('part_1');
-- not the owner of the table: an error, and nothing done
CREATE ROLE load_drift_owner;
GRANT USAGE ON SCHEMA load_drift TO load_drift_owner;
GRANT ALL ON t TO load_drift_owner;
SELECT etl.drop_pipeline('load_drift') IS NULL AS dropped;
SELECT etl.grant_usage('load_drift_owner', 'define') IS NULL AS granted;
SET ROLE load_drift_owner;
SELECT load('SELECT 3 AS id, 1 AS extra', 't', '{"on_schema_change": "append_columns"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 3 AS id, 1 AS extra', 't', '{"on_schema_change": "ignore"}');
SELECT load('SELECT 3 AS id', 'made_up', '{"missing_target": "create"}', '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.drop_pipeline('load_drift', if_exists => true) IS NULL AS dropped;
RESET ROLE;

-- 3. a target that is not there
SELECT load('SELECT 1 AS id, ''x''::varchar(3) AS v', 'load_drift."Made up"', '{"missing_target": "create", "loaded_at": "at", "run_id": "run"}', '{id}');
SELECT load('SELECT 1 AS id, ''x''::varchar(3) AS v', 'load_drift."Made up"', '{"missing_target": "create", "loaded_at": "at", "run_id": "run"}', '{id}');
SELECT columns('"Made up"');
SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '"Made up"'::regclass AND contype = 'p';
SELECT load('SELECT 1 AS id, 2 AS line', 'lines', '{"missing_target": "create"}', '{id}', 'replace_keys');
SELECT indexdef FROM pg_indexes WHERE tablename = 'lines';
SELECT load('SELECT 1 AS id, true AS gone, 5 AS trash', 'soft', '{"missing_target": "create", "delete_when": "gone", "control_columns": ["gone", "trash"], "delete_mark": "deleted"}', '{id}', 'merge');
SELECT columns('soft');
SELECT load('SELECT 1 AS id, 2 AS line', 'nowhere', '{"missing_target": "create"}');
SELECT load('SELECT 1 AS id, 2 AS line', 'nowhere', '{"missing_target": "create", "on_conflict_columns": "id + 0"}', mode => 'upsert');
SELECT load('SELECT 1 AS id, 2 AS line', 'no_such_schema.nowhere', '{"missing_target": "create"}', mode => 'append');
SELECT load('SELECT 1 AS id, 2 AS line UNION ALL SELECT 1, 3', 'nowhere', '{"missing_target": "create"}', '{id}');
SELECT to_regclass('nowhere');

SELECT etl.drop_pipeline('load_drift') IS NULL AS dropped;
DROP SCHEMA load_drift CASCADE;
DROP OWNED BY load_drift_owner;
DROP ROLE load_drift_owner;
