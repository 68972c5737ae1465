-- A feed of changes with all that AUTO CDC knows, truncation among it.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_feed;
SET search_path = load_feed, public;

CREATE TABLE feed (id int, v text, op text, lsn int, part int);
CREATE FUNCTION load(target text, params jsonb, mode text DEFAULT 'merge') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_feed', ARRAY[etl.extract('s', 'SELECT * FROM load_feed.feed'),
		etl.load('s', target, mode => mode, params => '{"truncate_when": "op = ''T''", "delete_when": "op = ''D''", "sequence_by": ["lsn"], "dedupe": "latest", "control_columns": ["part"]}' || params)]);
	run := etl.run('load_feed', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s deleted, %s rejected', rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. what is older goes, in the batch and in the target; equal and younger stay
CREATE TABLE t (id int PRIMARY KEY, v text, lsn int);
INSERT INTO t VALUES (1, 'older', 4), (2, 'same', 5), (3, 'younger', 6), (4, 'none', NULL);
INSERT INTO feed VALUES (5, 'before', 'I', 3), (NULL, NULL, 'T', 5), (6, 'at', 'I', 5), (7, 'after', 'I', 7), (NULL, NULL, 'T', 2), (3, 'late', 'U', 5), (7, NULL, 'D', 4);
SELECT load('t', '{}');
SELECT * FROM t ORDER BY id;
-- again
SELECT load('t', '{}');
SELECT * FROM t ORDER BY id;
-- only such a row, and none
DELETE FROM feed;
INSERT INTO feed VALUES (NULL, NULL, 'T', 100);
SELECT load('t', '{}', 'scd1');
SELECT count(*) FROM t;
DELETE FROM feed;
SELECT load('t', '{}', 'scd1');

-- 2. several columns of sequence; a target without them is emptied; marks
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain VALUES (1, 'x'), (2, 'y');
INSERT INTO feed VALUES (1, 'a', 'I', 1, 9), (NULL, NULL, 'T', 2, 1), (2, 'b', 'I', 2, 2), (3, 'c', 'I', 2, 0);
SELECT load('plain', '{"sequence_by": ["lsn", "part"]}');
SELECT * FROM plain ORDER BY id;
CREATE TABLE marked (id int PRIMARY KEY, v text, lsn int, gone bool);
INSERT INTO marked VALUES (1, 'x', 1, false), (2, 'y', 1, NULL), (3, 'z', 1, true), (4, 'young', 3, false);
SELECT load('marked', '{"delete_mark": "gone"}');
SELECT * FROM marked ORDER BY id;

-- 3. triggers fire; a row that has no place in the sequence
CREATE TABLE log (op text, id int);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO load_feed.log VALUES (TG_OP, COALESCE(NEW.id, OLD.id)); RETURN NULL; END';
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON plain FOR EACH ROW EXECUTE FUNCTION note();
SELECT load('plain', '{"sequence_by": ["lsn", "part"]}');
SELECT * FROM log ORDER BY op, id;
INSERT INTO feed VALUES (NULL, NULL, 'T', NULL);
SELECT load('t', '{}');
\echo :LAST_ERROR_SQLSTATE
-- 4. options
SELECT load('t', '{"sequence_by": null, "dedupe": "error"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('t', '{"truncate_when": "op ="}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('t', '{"delete_when": null}', 'upsert');
\echo :LAST_ERROR_SQLSTATE

SELECT etl.drop_pipeline('load_feed') IS NOT NULL AS dropped;
DROP SCHEMA load_feed CASCADE;
