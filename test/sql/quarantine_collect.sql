-- Which rows a quarantine gets: the same whoever answers the checks.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA quarantine_collect;
SET search_path = quarantine_collect;
\set SHOW_CONTEXT never
\set VERBOSITY terse

CREATE TABLE parents (id integer PRIMARY KEY);
INSERT INTO parents SELECT generate_series(1, 2900);
-- every 31st row appears twice
CREATE TABLE src AS SELECT i AS id, nullif(i % 97, 5) AS a, i % 13 AS b, CASE WHEN i % 101 = 0 THEN NULL ELSE repeat('x', i % 50) END AS "Odd ""col""", i::float8 / 7 AS f
	FROM generate_series(1, 3000) AS i UNION ALL SELECT i, 1, 1, 'x', 1 FROM generate_series(31, 3000, 31) AS i;

CREATE FUNCTION steps(quarantine jsonb DEFAULT NULL) RETURNS etl.step[] LANGUAGE sql SET search_path = quarantine_collect AS $$
SELECT ARRAY[
	etl.extract('rows', 'SELECT * FROM src'),
	etl.expect('rows', ARRAY[
		'CONSTRAINT a CHECK (a > 3)',
		'CONSTRAINT "same as a" CHECK (a > 3)',
		etl.rule('expression', name => 'null fails', on_null => 'fail', params => '{"expression": "a < 96"}'),
		etl.rule('not_null', ARRAY['Odd "col"'], name => 'odd', row_filter => 'b > 6'),
		etl.rule('between', '{b}', name => 'tolerated', min_value => 1, params => '{"max_failed_fraction": 0.5}'),
		etl.rule('between', '{b}', name => 'only a warning', max_value => 5, severity => 'warn'),
		etl.rule('between', '{id}', name => 'levels', params => '{"warn": {"max_value": 2800}, "error": {"max_value": 2950}}'),
		etl.rule('expression', name => 'throws', severity => 'warn', params => '{"expression": "1 / (b - 7) < 2"}'),
		'CONSTRAINT "two of them" UNIQUE (id)',
		'CONSTRAINT parent FOREIGN KEY (id) REFERENCES parents',
		etl.rule('row_count', name => 'about no row', min_value => 10)],
		on_fail => 'quarantine', quarantine => quarantine)]
$$;

-- what a run in this session sets aside
CREATE FUNCTION bad_rows() RETURNS TABLE (failed_checks text[], row_data jsonb, evaluations text) LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	run := etl.run('quarantine_collect', inline => true);
	RETURN QUERY SELECT q.failed_checks, q.row_data, (SELECT string_agg(concat(r.evaluation, r.status), ' ' ORDER BY r.position) FROM etl.check_results r WHERE r.run_id = run)
		FROM etl.quarantine q WHERE q.run_id = run;
END $$;
CREATE TABLE scanned (failed_checks text[], row_data jsonb, evaluations text, n bigint);
CREATE TABLE asked (LIKE scanned);
CREATE FUNCTION compare() RETURNS TABLE (failed_checks text[], by_scan bigint, by_sql bigint) LANGUAGE sql AS $$
	SELECT coalesce(s.failed_checks, q.failed_checks), count(s), count(q) FROM scanned s FULL JOIN asked q ON (s.failed_checks, s.row_data, s.n) = (q.failed_checks, q.row_data, q.n)
	GROUP BY 1 ORDER BY 1
$$;

SELECT count(*) FROM etl.define('quarantine_collect', steps => steps());
SET dq_etl.scan_workers = 0;
SET dq_etl.force_evaluation = 'scan';
INSERT INTO scanned SELECT *, row_number() OVER (PARTITION BY failed_checks, row_data) FROM bad_rows();
SET dq_etl.force_evaluation = 'sql';
INSERT INTO asked SELECT *, row_number() OVER (PARTITION BY failed_checks, row_data) FROM bad_rows();
SELECT * FROM compare();
SELECT DISTINCT 'scan' AS way, evaluations FROM scanned UNION ALL SELECT DISTINCT 'sql', evaluations FROM asked ORDER BY 1;
-- the rows are those that SQL finds, and read = passed + set aside
SELECT count(*) FROM scanned WHERE 'a' = ANY (failed_checks);
SELECT count(*) FROM src WHERE a <= 3;
SELECT count(*) FROM scanned WHERE 'null fails' = ANY (failed_checks);
SELECT count(*) FROM src WHERE a >= 96 OR a IS NULL;
SELECT DISTINCT rows_read, rows_rejected FROM etl.run_steps WHERE pipeline = 'quarantine_collect' AND kind = 'expect';

-- more places than the scan keeps for samples, in one process and in several
SET work_mem = '64kB';
TRUNCATE scanned;
SET dq_etl.force_evaluation = 'scan';
INSERT INTO scanned SELECT *, row_number() OVER (PARTITION BY failed_checks, row_data) FROM bad_rows();
SELECT bool_and(by_scan = by_sql) AS same, sum(by_scan) FROM compare();
TRUNCATE scanned;
SET dq_etl.scan_workers = 2;
INSERT INTO scanned SELECT *, row_number() OVER (PARTITION BY failed_checks, row_data) FROM bad_rows();
SELECT bool_and(by_scan = by_sql) AS same, sum(by_scan) FROM compare();
RESET work_mem;
RESET dq_etl.scan_workers;
-- a volatile check: the rows that failed are those that are set aside
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('rows', 'SELECT * FROM src'),
	etl.expect('rows', '{random() < 0.9}', on_fail => 'quarantine')]);
SELECT count(*) AS found FROM bad_rows() \gset
SELECT rows_rejected = :found AS same FROM etl.run_steps WHERE pipeline = 'quarantine_collect' AND kind = 'expect' ORDER BY run_id DESC LIMIT 1;

-- exactly as many as may be, and one more
SELECT count(*) FROM scanned;
SELECT count(*) FROM etl.define('quarantine_collect', steps => steps(jsonb_build_object('max_rows', (SELECT count(*) FROM scanned))));
SELECT count(*) = (SELECT count(*) FROM scanned) AS all_of_them FROM bad_rows();
SELECT count(*) FROM etl.define('quarantine_collect', steps => steps(jsonb_build_object('max_rows', (SELECT count(*) - 1 FROM scanned))));
SELECT count(*) FROM bad_rows();
\echo :LAST_ERROR_SQLSTATE
SET dq_etl.force_evaluation = 'sql';
SELECT count(*) FROM bad_rows();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM etl.define('quarantine_collect', steps => steps('{"max_rows": 5}'));
SELECT count(*) FROM bad_rows();
RESET dq_etl.force_evaluation;
SELECT count(*) FROM bad_rows();

-- names that hide one another: columns called like what we write, and wide rows
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('T "x"', 'SELECT i AS s, i AS t, i AS b, i AS names, i AS place, i AS ctids, i AS row_data, i AS "T ""x""" FROM generate_series(1, 4) AS i'),
	etl.expect('T "x"', '{s > 1}', on_fail => 'quarantine', quarantine => '{"mask": ["t", "T \"x\""]}')]);
SELECT failed_checks, row_data FROM bad_rows();
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('wide', (SELECT 'SELECT ' || string_agg(format('i AS c%s', c), ', ') || ' FROM generate_series(1, 4) AS i' FROM generate_series(1, 1600) AS c)),
	etl.expect('wide', '{c1600 > 1}', on_fail => 'quarantine')]);
SELECT failed_checks, (SELECT count(*) FROM jsonb_object_keys(row_data)) AS columns, row_data -> 'c1600' AS last FROM bad_rows();
-- a row with nothing in it
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('empty', 'SELECT NULL::int AS a, NULL::text AS b'),
	etl.expect('empty', ARRAY[etl.rule('not_null', '{a}')], on_fail => 'quarantine')]);
SELECT failed_checks, row_data FROM bad_rows();

-- a step that puts something else where the stage or its bad rows are
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 100) AS i'),
	etl.expect('k', '{i > 10}', on_fail => 'quarantine'),
	etl.call('forge', 'DO $$ BEGIN DROP TABLE dq_setaside_2; CREATE TABLE dq_setaside_2 AS SELECT 1::bigint AS row_data, 2 AS failed_checks FROM generate_series(1, 10); END $$')]);
\set VERBOSITY sqlstate
SELECT count(*) FROM bad_rows();
\set VERBOSITY terse
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 100) AS i'),
	etl.call('forge', 'CREATE TABLE child () INHERITS (k)', phase => 'publish'),
	etl.expect('k', '{i > 10}', on_fail => 'quarantine', depends_on => '{forge}')]);
SELECT count(*) FROM bad_rows();
\echo :LAST_ERROR_SQLSTATE

-- rows from steps that are gone have nowhere to go back to
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('old', 'SELECT i FROM generate_series(1, 100) AS i'), etl.expect('old', '{i > 2}', on_fail => 'quarantine')]);
SELECT count(*) FROM bad_rows();
SELECT count(*) FROM etl.define('quarantine_collect', steps => ARRAY[
	etl.extract('new', 'SELECT i FROM generate_series(1, 100) AS i'), etl.expect('new', '{i > 0}', on_fail => 'quarantine')]);
SELECT etl.replay_quarantine('quarantine_collect', step => 'expect_old');
\echo :LAST_ERROR_SQLSTATE

-- what is left of a pipeline that is gone goes when its time is over
SELECT count(*) FROM etl.define('quarantine_collect_other', steps => ARRAY[etl.extract('a', 'SELECT 1 AS i')]);
UPDATE etl_catalog.quarantine SET keep_until = '2024-01-01' WHERE pipeline = 'quarantine_collect';
SET client_min_messages = warning;
SELECT etl.drop_pipeline('quarantine_collect') IS NOT NULL AS dropped;
SELECT etl.run('quarantine_collect_other') IS NOT NULL AS ran;
SELECT count(*) FROM etl_catalog.quarantine WHERE pipeline = 'quarantine_collect';
SELECT etl.drop_pipeline('quarantine_collect_other') IS NOT NULL AS dropped;
DROP SCHEMA quarantine_collect CASCADE;
