-- Everything that has rows: the same suite says the same of each kind of
-- relation, whichever way it is answered.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA check_relations;
CREATE EXTENSION file_fdw SCHEMA check_relations;
SET search_path = check_relations, public;

CREATE TABLE plain (id integer PRIMARY KEY, part integer, n integer, t text, d date);
INSERT INTO plain SELECT i, i % 3, nullif(i % 50, 7), CASE WHEN i % 11 > 0 THEN 'word ' || i % 40 END, date '2024-01-01' + i % 365 FROM generate_series(1, 3000) AS i;
INSERT INTO plain VALUES (3001, 0, -1, ' ', '9999-01-01'), (3002, 1, 1000, 'WORD', '1900-01-01');
CREATE UNLOGGED TABLE unlogged_one (LIKE plain INCLUDING ALL);
CREATE TEMPORARY TABLE temporary_one (LIKE plain INCLUDING ALL);
CREATE TABLE partitioned (LIKE plain) PARTITION BY LIST (part);
CREATE TABLE partitioned_0 PARTITION OF partitioned FOR VALUES IN (0);
CREATE TABLE partitioned_1 PARTITION OF partitioned FOR VALUES IN (1) PARTITION BY RANGE (id);
CREATE TABLE partitioned_1_low PARTITION OF partitioned_1 FOR VALUES FROM (0) TO (1000);
CREATE TABLE partitioned_1_high (d date, gone text, t text, n integer, part integer, id integer NOT NULL);
ALTER TABLE partitioned_1_high DROP COLUMN gone;
ALTER TABLE partitioned_1 ATTACH PARTITION partitioned_1_high FOR VALUES FROM (1000) TO (9999);
CREATE TABLE partitioned_rest PARTITION OF partitioned DEFAULT;
CREATE TABLE parent (LIKE plain);
CREATE TABLE child (more text) INHERITS (parent);
INSERT INTO unlogged_one SELECT * FROM plain;
INSERT INTO temporary_one SELECT * FROM plain;
INSERT INTO partitioned SELECT * FROM plain;
INSERT INTO parent SELECT * FROM plain WHERE id % 2 = 0;
INSERT INTO child SELECT p.*, 'x' FROM plain AS p WHERE id % 2 = 1;
CREATE VIEW a_view AS SELECT * FROM plain;
CREATE VIEW joined AS SELECT p.id, p.part, q.n, p.t, q.d FROM plain AS p JOIN plain AS q USING (id);
CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain;
CREATE TABLE "Odd "".. Näme" AS SELECT * FROM plain;

-- the same server once more, and what a program prints
DO $$
BEGIN
	EXECUTE format('CREATE SERVER check_relations_far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
		split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database());
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER check_relations_far;
CREATE FOREIGN TABLE far (id integer, part integer, n integer, t text, d date) SERVER check_relations_far OPTIONS (schema_name 'check_relations', table_name 'plain');
CREATE TABLE half_far (LIKE plain) PARTITION BY RANGE (id);
CREATE TABLE half_near PARTITION OF half_far FOR VALUES FROM (0) TO (1500);
INSERT INTO half_near SELECT * FROM plain WHERE id < 1500;
CREATE VIEW upper AS SELECT * FROM plain WHERE id >= 1500;
CREATE FOREIGN TABLE half_away PARTITION OF half_far FOR VALUES FROM (1500) TO (9999) SERVER check_relations_far OPTIONS (schema_name 'check_relations', table_name 'upper');
CREATE SERVER check_relations_file FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE printed (id integer, n integer, t text) SERVER check_relations_file OPTIONS (program 'printf "1,5,a\n2,,b\n2,7,\n"', format 'csv');

CREATE TABLE suite AS SELECT ARRAY[
	'UNIQUE (id)', 'PRIMARY KEY (id)', 'UNIQUE (n, t)', 'n >= 0', 'n BETWEEN 0 AND 100', 't <> '' ''', 'd < ''2025-01-01''', 'id > 0', 'id IS NOT NULL',
	etl.rule('not_null', '{t}'), etl.rule('match_regex', '{t}', pattern => '^word [0-9]+$'), etl.rule('accepted_values', '{part}', allowed => '{0,1}'),
	etl.rule('between', '{n}', min_value => 1, max_value => 48, on_null => 'fail'), etl.rule('not_blank', '{t}', row_filter => 'n > 40 OR n < 0'),
	etl.rule('row_count', min_value => 3002, max_value => 3002), etl.rule('mean_between', '{n}', min_value => 20, max_value => 30), etl.rule('max_between', '{d}', max_value => '2024-12-31'::text),
	etl.rule('distinct_count_between', '{t}', min_value => 40), etl.rule('median_between', '{n}', min_value => 100), etl.rule('sequential_values', '{id}'),
	etl.rule('row_count', name => 'groups', max_value => 1000, params => '{"group_by": ["part"]}'),
	'FOREIGN KEY (id) REFERENCES plain (id)', 'EXISTS (SELECT FROM plain AS p WHERE p.id = id)'] AS checks;
CREATE TABLE verdict (relation text, way text, no bigint, status text, tested bigint, nulls bigint, failed bigint, sqlstate text, value jsonb, sample integer, evaluation text);
CREATE FUNCTION keep(relation regclass, way text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('dq_etl.force_evaluation', way, true);
	INSERT INTO verdict
	SELECT relation, way, c.ordinality, c.status, c.tested_rows, c.null_rows, c.failed_rows, c.error_sqlstate, c.observed -> 'value', jsonb_array_length(c.sample), c.evaluation
	FROM suite, etl.check(relation, checks) WITH ORDINALITY AS c;
END $$;
SELECT count(keep(r, w)) AS runs
FROM unnest('{plain,unlogged_one,temporary_one,partitioned,parent,a_view,joined,kept,"\"Odd \"\".. Näme\"",far,half_far}'::regclass[]) AS r,
     unnest('{auto,proof,probe,scan,sql}'::text[]) AS w;
-- where they differ from the table that all are copies of; a proof or a probe does not count rows
SELECT v.relation, v.way, v.no, v.status, v.tested, v.failed, s.status, s.tested, s.failed
FROM   verdict AS v JOIN verdict AS s ON s.no = v.no AND s.relation = 'plain' AND s.way = 'sql'
WHERE  v.status <> s.status OR v.sqlstate IS DISTINCT FROM s.sqlstate OR v.failed <> s.failed OR v.value IS DISTINCT FROM s.value OR v.sample IS DISTINCT FROM s.sample
   OR  v.evaluation NOT IN ('proof', 'probe') AND (v.tested, v.nulls) IS DISTINCT FROM (s.tested, s.nulls);
SELECT status, count(*) FROM verdict WHERE relation = 'plain' AND way = 'sql' GROUP BY status ORDER BY status;
-- what is scanned, and what cannot be
SELECT relation, array_agg(DISTINCT evaluation ORDER BY evaluation) AS evaluations FROM verdict WHERE way = 'scan' GROUP BY relation ORDER BY relation::text COLLATE "C";
-- profiles of all of them
SELECT p.total_rows, p.null_count, p.distinct_count, p.min_value, p.max_value, count(*)
FROM unnest('{plain,unlogged_one,temporary_one,partitioned,parent,a_view,joined,kept,"\"Odd \"\".. Näme\"",far,half_far}'::regclass[]) AS r, etl.profile(r, '{n}') AS p
GROUP BY 1, 2, 3, 4, 5;

-- a program's output
SELECT check_name, status, tested_rows, failed_rows, evaluation FROM etl.check('printed', ARRAY['UNIQUE (id)', 'n > 5', etl.rule('not_null', '{n}'), etl.rule('sum_between', '{n}', min_value => 12, max_value => 12)]);
-- the catalogue of the server
SELECT check_name, status, tested_rows IS DISTINCT FROM 0 AS rows, failed_rows FROM etl.check('pg_catalog.pg_class', ARRAY['PRIMARY KEY (oid)', 'UNIQUE (relname, relnamespace)', 'relnatts >= 0', 'FOREIGN KEY (relnamespace) REFERENCES pg_namespace (oid)', etl.rule('accepted_values', '{relpersistence}', allowed => '{p,u,t}')]);
SELECT check_name, status FROM etl.check('pg_catalog.pg_settings', ARRAY['UNIQUE (name)', 'name <> ''''']);
SELECT check_name, status FROM etl.check('information_schema.tables', ARRAY['table_name IS NOT NULL']);
-- what this transaction has just made, and a stage
BEGIN;
CREATE TABLE fresh AS SELECT i AS id FROM generate_series(1, 10) AS i;
INSERT INTO fresh VALUES (1);
SELECT check_name, status, failed_rows, evaluation FROM etl.check('fresh', ARRAY['UNIQUE (id)', 'id < 10']);
ROLLBACK;
SELECT count(*) > 0 AS defined FROM etl.define('check_relations', ARRAY[
	etl.extract('rows', 'SELECT * FROM check_relations.plain WHERE id <= 3000'),
	etl.expect('rows', ARRAY['UNIQUE (id)', 'n >= 0', etl.rule('row_count', min_value => 3000, max_value => 3000)])]);
SELECT etl.run('check_relations', inline => true) IS NOT NULL AS ran;
SELECT check_name, status, tested_rows, failed_rows, evaluation FROM etl.check_results WHERE pipeline = 'check_relations' ORDER BY check_name;

SELECT etl.drop_pipeline('check_relations') IS NOT NULL AS dropped;
DROP TABLE temporary_one;
DROP SERVER check_relations_far CASCADE;
DROP SERVER check_relations_file CASCADE;
DROP SCHEMA check_relations CASCADE;
