-- etl.query_lineage: what it takes, what it refuses, what it leaves alone.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never
CREATE SCHEMA lineage_query;
SET search_path = lineage_query, public;
CREATE TABLE a (id int, "Odd name" text);
CREATE VIEW v AS SELECT id + 1 AS next FROM a WHERE "Odd name" = 'q';
SELECT * FROM etl.query_lineage('SELECT next AS n FROM v');
SELECT * FROM etl.query_lineage('EXPLAIN INSERT INTO a SELECT next FROM v');
SELECT * FROM etl.query_lineage(NULL);
SELECT * FROM etl.query_lineage('SELECT 1');
-- mistakes, with a caret in the query
SELECT * FROM etl.query_lineage('SELECT id, nothing FROM a');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM etl.query_lineage('SELECT id FROM');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM etl.query_lineage('SELECT 1; SELECT 2');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM etl.query_lineage('VACUUM a');
\echo :LAST_ERROR_SQLSTATE
-- nothing is executed and no lock stays
CREATE FUNCTION boom() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'executed'; END $$;
BEGIN READ ONLY;
SELECT column_name, kind, source FROM etl.query_lineage('UPDATE a SET id = boom() + id WHERE boom() = 1');
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'lineage_query'::regnamespace;
COMMIT;
-- deep views
SELECT format('CREATE VIEW v%s AS SELECT next AS next FROM %s', n, CASE n WHEN 1 THEN 'v' ELSE 'v' || n - 1 END) FROM generate_series(1, 20) n \gexec
SELECT kind, source_column, through FROM etl.query_lineage('SELECT next FROM v20') WHERE source = 'a'::regclass;
DROP SCHEMA lineage_query CASCADE;
