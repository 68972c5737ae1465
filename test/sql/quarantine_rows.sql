-- Rows that fail are set aside, published together with the loads, and sent
-- back.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA quarantine_rows;
SET search_path = quarantine_rows;
\set SHOW_CONTEXT never

CREATE TABLE src (id integer, "E-mail" text, amount numeric(10,2), at timestamptz, data jsonb, tags text[], country integer);
CREATE TABLE countries (id integer PRIMARY KEY);
INSERT INTO countries VALUES (1), (2);
INSERT INTO src VALUES
	(1, 'a@x.org', 1.50, '2024-01-01 12:00+00', '{"k": [1, null]}', '{a,"b c",NULL}', 1),
	(2, 'nonsense', -3, '2024-01-01 12:00+00', NULL, NULL, 1),
	(3, 'c@x.org', 'NaN', NULL, '"text"', '{}', 7),
	(3, 'c''s@x.org', 4, 'infinity', '[]', '{{1,2},{3,4}}', 2),
	(4, NULL, 5, NULL, NULL, NULL, 2);
CREATE TABLE target (LIKE src);

SELECT action, object FROM etl.define('quarantine_rows', steps => ARRAY[
	etl.extract('rows', 'SELECT * FROM src'),
	etl.expect('rows', ARRAY[
		'CONSTRAINT positive CHECK (amount > 0)',
		etl.rule('match_regex', '{E-mail}', name => 'mail', pattern => '@'),
		etl.rule('not_null', '{E-mail}', name => 'mail is there', severity => 'warn'),
		'CONSTRAINT key UNIQUE (id)',
		'CONSTRAINT country FOREIGN KEY (country) REFERENCES countries (id)',
		etl.rule('row_count', name => 'enough', min_value => 2)],
		on_fail => 'quarantine', quarantine => '{"mask": ["E-mail"]}'),
	etl.load('rows', target => 'target', mode => 'append')]);
SELECT etl.run('quarantine_rows') IS NOT NULL AS ran;
-- the good rows went on, the bad ones did not
SELECT id, "E-mail" FROM target ORDER BY id;
SELECT source, step, failed_checks, row_data, masked_columns, state,
	keep_until - quarantined_at BETWEEN '2158 hours' AND '2162 hours' AS kept_90_days
FROM etl.quarantine WHERE pipeline = 'quarantine_rows' ORDER BY row_data->'id', row_data->>'amount';
SELECT check_name, status, severity, success, failed_rows, message FROM etl.check_results
WHERE pipeline = 'quarantine_rows' ORDER BY position;
SELECT step, state, rows_read, rows_rejected, message FROM etl.run_steps WHERE pipeline = 'quarantine_rows' AND kind <> 'load' ORDER BY run_order;
SELECT problem, reason, next_statement FROM etl.attention WHERE pipeline = 'quarantine_rows';
-- masked values are in no sample
SELECT count(sample) AS samples, count(top_failed) AS tops FROM etl.check_results WHERE pipeline = 'quarantine_rows';
-- nothing is left beside the stages
SELECT count(*) FROM pg_class WHERE relname LIKE 'dq_setaside%';

-- masked rows cannot go back as they came
SELECT etl.replay_quarantine('quarantine_rows');
\echo :LAST_ERROR_SQLSTATE
SELECT quarantine_id AS q FROM etl.quarantine WHERE pipeline = 'quarantine_rows' AND row_data->>'id' = '2' \gset
SELECT etl.repair_quarantine(:q, '{"id": 2, "E-mail": "b@x.org", "amount": 3, "country": 1, "at": "2024-01-02", "tags": ["x"]}');
SELECT etl.replay_quarantine('quarantine_rows', ARRAY[:q]);
SELECT etl.discard_quarantine('quarantine_rows', (SELECT array_agg(quarantine_id) FROM etl.quarantine WHERE pipeline = 'quarantine_rows' AND row_data->>'amount' = 'NaN'), 'not a number');
TRUNCATE src, target;
\set VERBOSITY terse
SELECT etl.run('quarantine_rows') IS NOT NULL AS ran;
\set VERBOSITY default
-- too few rows: the gate that is not about rows stopped it, and the row waits for the next run
SELECT state, settled_run IS NOT NULL AS settled FROM etl.quarantine WHERE quarantine_id = :q;
INSERT INTO src VALUES (5, 'e@x.org', 5, NULL, NULL, NULL, 1);
SELECT etl.run('quarantine_rows') IS NOT NULL AS ran;
SELECT id, "E-mail", amount, data, tags, country FROM target ORDER BY id;
SELECT row_data->'id' AS id, state, note, settled_run IS NOT NULL AS settled, next_statement IS NULL AS done
FROM etl.quarantine WHERE pipeline = 'quarantine_rows' ORDER BY quarantine_id;
\set VERBOSITY sqlstate
SELECT etl.repair_quarantine(:q, '{}');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE

-- types come back as they were; only JSON has no -0, and a json null is NULL
CREATE TABLE kinds (i smallint, f float8, n numeric, b bytea, iv interval, r int4range, c countries, a integer[], t text, x bit(3), j json, ok boolean);
INSERT INTO kinds VALUES (1, '-0', 'NaN', '\x00ff', '1 mon -3 days', '[1,5)', ROW(1), '{{1,NULL}}', E'a"b\\c\n€', '101', '{"a" : 1}', false),
	(2, 'Infinity', 1e100, '', '-1 sec', 'empty', NULL, '{}', '', '000', 'null', false);
CREATE TABLE kinds_target (LIKE kinds);
SELECT count(*) FROM etl.define('quarantine_kinds', steps => ARRAY[
	etl.extract('k', 'SELECT i, f, n, b, iv, r, c, a, t, x, j, ok OR i > 10 AS ok FROM kinds'),
	etl.expect('k', '{ok}', on_fail => 'quarantine', quarantine => '{"keep": "1 hour", "max_fraction": 1}'),
	etl.load('k', target => 'kinds_target', mode => 'append')]);
SELECT etl.run('quarantine_kinds') IS NOT NULL AS ran;
SELECT count(*) FROM kinds_target;
SELECT count(etl.repair_quarantine(quarantine_id, row_data || '{"ok": true}')) FROM etl.quarantine WHERE pipeline = 'quarantine_kinds';
SELECT etl.replay_quarantine('quarantine_kinds', step => 'expect_k');
TRUNCATE kinds_target;
BEGIN;
CREATE TABLE kept AS SELECT * FROM kinds;
DELETE FROM kinds;
COMMIT;
SELECT etl.run('quarantine_kinds') IS NOT NULL AS ran;
SELECT k.i, t.f::text = k.f::text AS f, t.n = k.n AS n, t.b = k.b AS b, t.iv::text = k.iv::text AS iv, t.r = k.r AS r, t.c IS NOT DISTINCT FROM k.c AS c,
	t.a = k.a AS a, t.t = k.t AS t, t.x = k.x AS x, t.j::jsonb = k.j::jsonb AS j
FROM kept k LEFT JOIN kinds_target t USING (i) ORDER BY 1;

-- limits, and a failing run leaves nothing in quarantine
\set VERBOSITY terse
SELECT count(*) FROM etl.define('quarantine_limits', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 100) AS i'),
	etl.expect('k', '{i > 10}', on_fail => 'quarantine', quarantine => '{"max_rows": 9}')]);
SELECT etl.run('quarantine_limits');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM etl.define('quarantine_limits', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 100) AS i'),
	etl.expect('k', '{i > 10}', on_fail => 'quarantine', quarantine => '{"max_fraction": 0.099}')]);
SELECT etl.run('quarantine_limits');
SELECT count(*) FROM etl.define('quarantine_limits', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 100) AS i'),
	etl.expect('k', '{i > 10,i <> 20}', on_fail => 'quarantine', quarantine => '{"max_fraction": 0.11, "max_rows": 11}'),
	etl.expect('k', '{i <> 30, i <> 31}', name => 'second', on_fail => 'quarantine'),
	etl.transform('next', 'SELECT count(*) AS n, 1 / (count(*) - 87) AS x FROM k')]);
SELECT etl.run('quarantine_limits');
SELECT count(*) FROM etl.quarantine WHERE pipeline = 'quarantine_limits';
-- inline, and two steps on one result
BEGIN;
SELECT count(*) FROM etl.define('quarantine_limits', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 100) AS i'),
	etl.expect('k', '{i > 10,i <> 20}', on_fail => 'quarantine'),
	etl.expect('k', '{i <> 30,i <> 31,i > 5}', name => 'second', on_fail => 'quarantine'),
	etl.transform('next', 'SELECT count(*) AS n FROM k'),
	etl.expect('next', '{n = 87}')]);
SELECT etl.run('quarantine_limits', inline => true) IS NOT NULL AS ran;
SELECT step, count(*) FROM etl.quarantine WHERE pipeline = 'quarantine_limits' GROUP BY step ORDER BY step;
ROLLBACK;

-- a step that tampers with a stage is found out
SELECT count(*) FROM etl.define('quarantine_limits', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 100) AS i'),
	etl.expect('k', '{i > 10}', on_fail => 'quarantine'),
	etl.call('tamper', 'DELETE FROM k WHERE i = 50')]);
SELECT etl.run('quarantine_limits');
\echo :LAST_ERROR_SQLSTATE

\set VERBOSITY default
-- what cannot be defined
SELECT etl.define('quarantine_bad', steps => ARRAY[etl.expect('src', '{id > 0}', on_fail => 'quarantine')]);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.define('quarantine_bad', steps => ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{true}', quarantine => '{}')]);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.define('quarantine_bad', steps => ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{true}', on_fail => 'quarantine', quarantine => '{"max_row": 1}')]);
SELECT etl.define('quarantine_bad', steps => ARRAY[etl.extract('a', 'SELECT 1'), etl.expect('a', '{true}', on_fail => 'quarantine', quarantine => '{"keep": "-1 day"}')]);
SELECT etl.define('quarantine_bad', steps => ARRAY[etl.extract('dq_setaside_2', 'SELECT 1')]);
\echo :LAST_ERROR_SQLSTATE
SELECT etl.replay_quarantine('quarantine_nobody');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.repair_quarantine(-1, '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.repair_quarantine(-1, '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.repair_quarantine(NULL, '{}');
\echo :LAST_ERROR_SQLSTATE

-- whose rows: the owner's; others who may look at the pipeline do not see values
SET client_min_messages = warning;
DROP ROLE IF EXISTS quarantine_reader;
CREATE ROLE quarantine_reader;
RESET client_min_messages;
SELECT etl.grant_usage('quarantine_reader', 'define') IS NOT NULL;
SELECT etl.grant_access('quarantine_rows', 'quarantine_reader', 'run') IS NOT NULL;
SET ROLE quarantine_reader;
SELECT count(*), count(row_data), count(repaired_row) FROM etl.quarantine;
SELECT etl.replay_quarantine('quarantine_rows');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.discard_quarantine('quarantine_rows');
\set VERBOSITY sqlstate
SELECT etl.repair_quarantine(:q, '{}');
SELECT * FROM etl_catalog.quarantine;
\set VERBOSITY default
RESET ROLE;
-- retention
UPDATE etl_catalog.quarantine SET keep_until = '2024-01-01' WHERE pipeline = 'quarantine_kinds';
SELECT etl.run('quarantine_kinds') IS NOT NULL AS ran;
SELECT count(*) FROM etl.quarantine WHERE pipeline = 'quarantine_kinds';

SET client_min_messages = warning;
SELECT count(etl.drop_pipeline(p)) FROM unnest('{quarantine_rows,quarantine_kinds,quarantine_limits}'::text[]) AS p;
DELETE FROM etl_catalog.quarantine WHERE pipeline LIKE 'quarantine\_%';
SELECT etl.revoke_usage('quarantine_reader', 'view') IS NULL;
DROP ROLE quarantine_reader;
DROP SCHEMA quarantine_rows CASCADE;
