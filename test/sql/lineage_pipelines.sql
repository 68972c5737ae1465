-- What pipelines depend on: stored when they are defined, walked both ways,
-- across pipelines; who sees it; event triggers that know it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never
CREATE ROLE lineage_pipelines_other;
SELECT etl.grant_usage('lineage_pipelines_other', 'view');
CREATE SCHEMA lineage_pipelines;
SET search_path = lineage_pipelines, public;
CREATE TABLE raw (id int, mail text, amount numeric, "at Time" timestamptz);
CREATE VIEW raw_v AS SELECT id, lower(mail) AS mail, amount, "at Time" FROM raw;
CREATE TABLE fact (id bigint PRIMARY KEY, mail text, total numeric);
CREATE TABLE report (mail text PRIMARY KEY, total numeric);
CREATE TABLE log (mail text, n int);
CREATE FUNCTION opaque(numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
SELECT count(*) FROM etl.define('lineage_pipelines1', ARRAY[
	etl.extract('r', 'SELECT id, mail, amount FROM raw_v WHERE "at Time" < etl.window_end()'),
	etl.transform('s', 'SELECT id, max(mail) AS mail, sum(amount) AS total, true AS ok FROM r GROUP BY id'),
	etl.expect('s', ARRAY['total > 0', 'PRIMARY KEY (id)', etl.rule('not_null', '{mail}')], row_filter => 'ok'),
	etl.load('s', 'fact', sequence_by => '{total}', params => '{"control_columns": ["ok"]}'),
	etl.expect('lineage_pipelines.fact', '{total < 1000000}', name => 'watch'),
	etl.call('l', 'INSERT INTO log SELECT mail, count(*) FROM fact GROUP BY mail', 'after')], timezone => 'UTC');
SELECT count(*) FROM etl.define('lineage_pipelines2', ARRAY[
	etl.extract('r', 'SELECT mail, sum(opaque(total)) AS total FROM fact GROUP BY mail'),
	etl.load('r', 'report')], timezone => 'UTC');
SELECT pipeline, step, step_kind, check_name, target, target_column, kind, source, source_column, through
FROM etl.lineage_edges WHERE pipeline LIKE 'lineage_pipelines_'
ORDER BY pipeline, step, check_name COLLATE "C", target COLLATE "C", target_column COLLATE "C", kind, source COLLATE "C", source_column COLLATE "C";
-- both ways
SELECT * FROM etl.lineage('report', col => 'total');
SELECT * FROM etl.lineage('report', max_depth => 2);
SELECT * FROM etl.lineage('raw', 'downstream', 2, 'mail');
SELECT * FROM etl.impact('raw', 'amount');
SELECT * FROM etl.impact('fact', 'mail');
SELECT count(*) > 20 FROM etl.impact('raw');
SELECT * FROM etl.impact('log');
SELECT * FROM etl.lineage('report', 'sideways');
SELECT * FROM etl.lineage(NULL);
SELECT * FROM etl.impact(NULL);
-- honest about what it cannot see
SELECT severity, object, message FROM etl.validate('lineage_pipelines2');
-- the same definition writes nothing, another one what differs
SELECT max(e.xmin::text::bigint) AS written FROM etl_catalog.edge e JOIN etl_catalog.pipeline p USING (pipeline_id) WHERE p.name = 'lineage_pipelines2' \gset
SELECT action FROM etl.define('lineage_pipelines2', ARRAY[
	etl.extract('r', 'SELECT mail, sum(opaque(total)) AS total FROM fact GROUP BY mail'),
	etl.load('r', 'report')], timezone => 'UTC');
SELECT max(e.xmin::text::bigint) = :written AS untouched FROM etl_catalog.edge e JOIN etl_catalog.pipeline p USING (pipeline_id) WHERE p.name = 'lineage_pipelines2';
SELECT count(*) FROM etl.define('lineage_pipelines2', ARRAY[
	etl.extract('r', 'SELECT mail, sum(total) AS total FROM fact WHERE id > 1 GROUP BY mail'),
	etl.load('r', 'report')], timezone => 'UTC', dry_run => true);
SELECT count(*) FROM etl.impact('fact', 'id') WHERE pipeline = 'lineage_pipelines2';
SELECT count(*) FROM etl.define('lineage_pipelines2', ARRAY[
	etl.extract('r', 'SELECT mail, sum(total) AS total FROM fact WHERE id > 1 GROUP BY mail'),
	etl.load('r', 'report')], timezone => 'UTC');
SELECT * FROM etl.impact('fact', 'id') WHERE pipeline = 'lineage_pipelines2';
-- a view changes: asked again
CREATE OR REPLACE VIEW raw_v AS SELECT id, upper(mail) AS mail, amount + id AS amount, "at Time" FROM raw;
SELECT count(*) FROM etl.impact('raw', 'id') WHERE object_column = 'amount';
SELECT etl.refresh_lineage('lineage_pipelines1') > 20;
SELECT count(*) FROM etl.impact('raw', 'id') WHERE object_column = 'amount';
-- a column that reads itself ends the walk
CREATE TABLE counter (id int PRIMARY KEY, n int);
SELECT count(*) FROM etl.define('lineage_pipelines3', ARRAY[
	etl.call('c', 'UPDATE counter SET n = n + 1')], timezone => 'UTC');
SELECT * FROM etl.lineage('counter', max_depth => 5);

-- event triggers
CREATE EVENT TRIGGER lineage_pipelines_drop ON sql_drop EXECUTE FUNCTION etl.refuse_broken_steps();
CREATE EVENT TRIGGER lineage_pipelines_end ON ddl_command_end EXECUTE FUNCTION etl.warn_of_broken_steps();
DROP TABLE raw CASCADE;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE fact DROP COLUMN mail;
ALTER TABLE report RENAME total TO sum;
ALTER TABLE report RENAME sum TO total;
-- named in the view only, which follows
ALTER TABLE raw RENAME amount TO price;
SELECT * FROM etl.impact('raw', 'price') WHERE depth = 1;
SELECT * FROM etl.impact('raw', 'amount');
ALTER TABLE fact RENAME TO facts;
ALTER TABLE facts RENAME TO fact;
CREATE TABLE unrelated (id int);
ALTER TABLE unrelated ADD COLUMN x int;
ALTER TABLE unrelated DROP COLUMN x;
DROP TABLE unrelated;
SELECT etl.warn_of_broken_steps();
DROP EVENT TRIGGER lineage_pipelines_end;
CREATE EVENT TRIGGER lineage_pipelines_end ON ddl_command_start EXECUTE FUNCTION etl.warn_of_broken_steps();
CREATE TABLE unrelated (id int);
\echo :LAST_ERROR_SQLSTATE
DROP EVENT TRIGGER lineage_pipelines_end;
DROP EVENT TRIGGER lineage_pipelines_drop;

-- who sees it
SET ROLE lineage_pipelines_other;
SELECT count(*) FROM etl.lineage_edges;
RESET ROLE;
GRANT USAGE ON SCHEMA lineage_pipelines TO lineage_pipelines_other;
SELECT etl.grant_access('lineage_pipelines2', 'lineage_pipelines_other', 'view');
SET ROLE lineage_pipelines_other;
SELECT DISTINCT pipeline FROM etl.lineage_edges;
SELECT count(*) FROM etl.lineage('lineage_pipelines.report', col => 'total');
SELECT etl.refresh_lineage('lineage_pipelines2');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM etl_catalog.edge;
RESET ROLE;

SELECT etl.drop_pipeline(p) IS NOT NULL FROM unnest('{lineage_pipelines1,lineage_pipelines2,lineage_pipelines3}'::text[]) p;
SELECT count(*) FROM etl_catalog.edge WHERE source_name LIKE 'lineage_pipelines.%';
SET client_min_messages = error;
SELECT etl.revoke_usage('lineage_pipelines_other', 'view');
DROP SCHEMA lineage_pipelines CASCADE;
DROP ROLE lineage_pipelines_other;
