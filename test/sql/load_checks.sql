-- Checks that a load declares on its target: they see what the load left, and veto it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_checks;
SET search_path = load_checks, public;

CREATE TABLE first (id int PRIMARY KEY, v int);
CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE TABLE src (id int, v int);
INSERT INTO t VALUES (1, 10), (2, 20);
INSERT INTO src VALUES (2, 30), (3, 5);
CREATE FUNCTION define(checks text[], mode text DEFAULT 'upsert') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT action FROM etl.define('load_checks', ARRAY[etl.extract('s', 'SELECT * FROM load_checks.src'),
		etl.load('s', 'first', name => 'one'), etl.load('s', 't', mode => mode, target_checks => checks, name => 'two')]) $$;

-- the whole target is what is checked, after the load: 10 + 30 + 5
SELECT * FROM define(ARRAY['CONSTRAINT "a sum" CHECK (v > 0)', etl.rule('row_count', min_value => 3, max_value => 3)]);
SELECT etl.run('load_checks') IS NOT NULL AS ran;
SELECT step, source, check_name, status, tested_rows FROM etl.check_results WHERE pipeline = 'load_checks' ORDER BY position;
SELECT step, state, rows_inserted, message FROM etl.run_steps WHERE pipeline = 'load_checks' AND kind = 'load' ORDER BY step;

-- one that fails vetoes all loads; the verdict stays, and so does what failed
UPDATE src SET v = -1 WHERE id = 3;
\set VERBOSITY sqlstate
SELECT etl.run('load_checks');
\set VERBOSITY default
SELECT * FROM first ORDER BY id;
SELECT * FROM t ORDER BY id;
SELECT state, error_sqlstate FROM etl.runs WHERE pipeline = 'load_checks' ORDER BY run_id DESC LIMIT 1;
SELECT check_name, status, failed_rows FROM etl.check_results WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'load_checks') ORDER BY position;
-- inline, the error names check and target
DO $$
DECLARE
	detail text;
BEGIN
	PERFORM etl.run('load_checks', inline => true);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE WARNING '%: %, %', SQLSTATE, SQLERRM, regexp_replace(detail, 'run \d+', 'run N');
END $$;
-- a warning does not
SELECT * FROM define(ARRAY[etl.rule('non_negative', '{v}', severity => 'warn')]);
SELECT etl.run('load_checks', inline => true) IS NOT NULL AS ran;
SELECT * FROM t ORDER BY id;

-- other modes; a foreign key to an earlier step
UPDATE src SET v = 1;
SELECT * FROM define('{"FOREIGN KEY (id) REFERENCES s (id)"}', 'replace_all');
SELECT etl.run('load_checks', inline => true) IS NOT NULL AS ran;
SELECT * FROM define('{"FOREIGN KEY (id) REFERENCES s (id)"}', 'append');
-- at definition
SELECT * FROM define('{"v >"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM define('{}', 'append');

SELECT etl.drop_pipeline('load_checks') IS NOT NULL AS dropped;
DROP SCHEMA load_checks CASCADE;
