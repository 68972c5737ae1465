-- etl.explain_load: how a load would go about it, and what is no load.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA load_explain;
CREATE TABLE load_explain.t (id int PRIMARY KEY, v text);
CREATE TABLE load_explain.watched (id int PRIMARY KEY, v text);
CREATE FUNCTION load_explain.look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER look BEFORE INSERT ON load_explain.watched FOR EACH ROW EXECUTE FUNCTION load_explain.look();
CREATE TABLE load_explain.child (id int PRIMARY KEY, parent int REFERENCES load_explain.t);
CREATE TABLE load_explain.split (id int PRIMARY KEY, v text) PARTITION BY HASH (id);
CREATE TABLE load_explain.split_0 PARTITION OF load_explain.split FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE load_explain.bag (id int, v text);
CREATE TABLE load_explain.history (id int, v text, valid_from timestamptz, valid_to timestamptz, UNIQUE (id, valid_from));
INSERT INTO load_explain.split SELECT i, 'v' FROM generate_series(1, 1000) i;
ANALYZE load_explain.split;
SELECT count(*) FROM etl.define('load_explain', ARRAY[
  etl.extract('s', 'SELECT 1 AS id, ''x''::text AS v'),
  etl.extract('c', 'SELECT 1 AS id, 1 AS parent'),
  etl.load('s', 'load_explain.t', name => 'plain'),
  etl.load('s', 'load_explain.watched', name => 'watched'),
  etl.load('c', 'load_explain.child', name => 'child'),
  etl.load('s', 'load_explain.split', name => 'split'),
  etl.load('s', 'load_explain.bag', mode => 'append', name => 'bag'),
  etl.load('s', 'load_explain.bag', mode => 'replace_all', name => 'anew'),
  etl.load('s', 'load_explain.history', mode => 'scd2', key => '{id}', name => 'history')],
  period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');

SELECT * FROM etl.explain_load('load_explain', 'plain');
SELECT * FROM etl.explain_load('load_explain', 'watched');
SELECT * FROM etl.explain_load('load_explain', 'child', 1000);
-- where there is no walk, the sizes decide
SELECT * FROM etl.explain_load('load_explain', 'split', 10);
SELECT part, method, reason FROM etl.explain_load('load_explain', 'split', 1000) WHERE part = 'find';
SELECT * FROM etl.explain_load('load_explain', 'bag');
SELECT * FROM etl.explain_load('load_explain', 'anew');
SELECT * FROM etl.explain_load('load_explain', 'history');
-- settings
SET dq_etl.load_method = 'hash';
SET dq_etl.load_write = 'plain';
SELECT * FROM etl.explain_load('load_explain', 'plain');
SET dq_etl.load_write = 'conflict';
SELECT * FROM etl.explain_load('load_explain', 'plain');
RESET dq_etl.load_method;
RESET dq_etl.load_write;

\set VERBOSITY default
SELECT * FROM etl.explain_load('load_explain', 'plan');
SELECT * FROM etl.explain_load('load_explain', 's');
SELECT * FROM etl.explain_load('load_explain', 'plain', -1);
SELECT * FROM etl.explain_load('load_explain', NULL);
SELECT * FROM etl.explain_load('load_explainn', 'plain');
ALTER TABLE load_explain.t RENAME TO moved;
SELECT * FROM etl.explain_load('load_explain', 'plain');
\echo :LAST_ERROR_SQLSTATE

SELECT etl.drop_pipeline('load_explain');
DROP SCHEMA load_explain CASCADE;
