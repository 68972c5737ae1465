-- Laws of definitions: whatever is defined, these hold.
BEGIN;
SELECT plan(16);
SET LOCAL client_min_messages = warning;
CREATE SCHEMA define_laws;
SET LOCAL search_path = define_laws, public;
CREATE TABLE src (id int, name text);
CREATE TABLE t1 (id int PRIMARY KEY, name text);
CREATE TABLE t2 (id int PRIMARY KEY, name text);
CREATE TABLE t3 (id int PRIMARY KEY, name text);

-- one hundred pipelines, made of numbers: stages read earlier ones, checks,
-- loads into three tables, queries of those tables, calls
CREATE TABLE made (n int PRIMARY KEY, steps etl.step[]);
CREATE FUNCTION pick(n int, i int, choices int) RETURNS int IMMUTABLE LANGUAGE sql
RETURN abs(hashtext(n || ' ' || i) % choices);
INSERT INTO made
SELECT n, ARRAY[etl.extract('s0', 'SELECT id, name FROM src'), etl.transform('s1', 'SELECT * FROM s0')]
	|| array_agg(CASE pick(n, i, 9)
	WHEN 0 THEN etl.extract('s' || i, 'SELECT id, name FROM src')
	WHEN 1 THEN etl.expect('s0', '{id > 0}', name => 's' || i)
	WHEN 2 THEN etl.load('s0', 't' || 1 + pick(n, i + 100, 3), name => 's' || i)
	WHEN 3 THEN etl.transform('s' || i, 'SELECT * FROM t' || 1 + pick(n, i + 200, 3))
	WHEN 4 THEN etl.call('s' || i, 'SELECT 1', (ARRAY['before', 'publish', 'after'])[1 + pick(n, i + 300, 3)])
	WHEN 5 THEN etl.expect('t' || 1 + pick(n, i + 400, 3), '{id > 0}', name => 's' || i)
	ELSE etl.transform('s' || i, 'SELECT x.* FROM s0 x JOIN s1 y USING (id)') END
	ORDER BY i)
FROM generate_series(1, 100) n, generate_series(2, 14) i GROUP BY n;
CREATE TABLE said AS
SELECT n, 1 AS turn, d.* FROM made, etl.define('define_laws ' || n, steps, timezone => 'UTC') WITH ORDINALITY d;
CREATE VIEW step AS
SELECT p.name AS pipeline, s.* FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id, version) WHERE p.name LIKE 'define\_laws %';
CREATE VIEW edge AS
SELECT a.pipeline, a.name, a.kind, a.phase, a.position, a.run_order, b.name AS need, b.kind AS need_kind, b.phase AS need_phase,
	b.position AS need_position, b.run_order AS need_order
FROM step a CROSS JOIN unnest(a.depends_on) d (need) JOIN step b ON b.pipeline = a.pipeline AND b.name = d.need;

SELECT is(count(*)::int, 100, 'all are defined') FROM said WHERE action = 'create pipeline';
SELECT is(count(*)::int, 1500, 'every step is stored') FROM step;
SELECT is_empty($$ SELECT * FROM edge WHERE need_order >= run_order $$, 'what a step needs runs before it');
SELECT is_empty($$ SELECT * FROM edge WHERE array_position('{before,stage,publish,after}', need_phase) > array_position('{before,stage,publish,after}', phase) $$,
	'no step needs one of a later phase');
SELECT is_empty($$ SELECT * FROM step a JOIN step b USING (pipeline) WHERE a.run_order < b.run_order
	AND array_position('{before,stage,publish,after}', a.phase) > array_position('{before,stage,publish,after}', b.phase) $$,
	'the order goes through the phases');
SELECT is_empty($$ SELECT pipeline FROM step GROUP BY 1
	HAVING array_agg(run_order ORDER BY run_order) <> ARRAY(SELECT generate_series(1, 15)) $$, 'steps are numbered without gaps');
SELECT is_empty($$ SELECT * FROM step e JOIN step r USING (pipeline) WHERE e.kind = 'expect' AND e.options ->> 'source' = 's0'
	AND r.kind <> 'expect' AND 's0' = ANY (r.depends_on) AND NOT e.name = ANY (r.depends_on) $$,
	'readers of a stage need all checks on it');
SELECT is_empty($$ SELECT * FROM step l JOIN step r USING (pipeline) WHERE l.kind = 'load' AND l.position < r.position
	AND r.kind IN ('extract', 'transform') AND r.options ->> 'query' LIKE '%' || split_part(l.options ->> 'target', '.', 2)
	AND (r.phase <> 'publish' OR NOT l.name = ANY (r.depends_on)) $$,
	'a query of what an earlier load writes is part of the publish');
SELECT is_empty($$ SELECT * FROM step r WHERE kind IN ('extract', 'transform', 'expect') AND phase = 'publish'
	AND NOT EXISTS (SELECT FROM edge e WHERE e.pipeline = r.pipeline AND e.name = r.name AND e.need_phase = 'publish') $$,
	'a query is part of the publish only because of what it needs');
SELECT is_empty($$ SELECT * FROM step a JOIN step b USING (pipeline) WHERE a.phase = 'publish' AND b.phase = 'publish'
	AND a.kind IN ('load', 'call') AND b.kind IN ('load', 'call') AND a.position < b.position AND a.run_order > b.run_order $$,
	'loads and calls of the publish keep the order of the list');
-- idempotence
SELECT is_empty($$ SELECT * FROM made, etl.define('define_laws ' || n, steps, timezone => 'UTC', dry_run => true) d WHERE action <> 'unchanged' $$,
	'dry run of the same changes nothing');
SELECT is_empty($$ SELECT * FROM made, etl.define('define_laws ' || n, steps, timezone => 'UTC') d WHERE action <> 'unchanged' $$,
	'the same twice is unchanged');
-- a dry run tells what the real one does
CREATE TABLE dry AS
SELECT a.n, d.* FROM made a JOIN made b ON b.n = a.n % 100 + 1, etl.define('define_laws ' || a.n, b.steps, timezone => 'UTC', dry_run => true) d;
CREATE TABLE wet AS
SELECT a.n, d.* FROM made a JOIN made b ON b.n = a.n % 100 + 1, etl.define('define_laws ' || a.n, b.steps, timezone => 'UTC') d;
SELECT set_eq('TABLE dry', 'TABLE wet', 'a dry run says what the real one then says');
-- defining what another has gives the same steps as defining it afresh
SELECT is_empty($$ SELECT * FROM step a JOIN made m ON a.pipeline = 'define_laws ' || m.n
	LEFT JOIN (SELECT s.*, p.name AS pipeline FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id) WHERE s.version = 1) b
		ON b.pipeline = 'define_laws ' || m.n % 100 + 1 AND b.name = a.name
	WHERE (a.position, a.run_order, a.kind, a.phase, a.options, a.depends_on) IS DISTINCT FROM
		(b.position, b.run_order, b.kind, b.phase, b.options, b.depends_on) $$, 'what was there before leaves no trace');
-- old versions are never touched
SELECT is_empty($$ SELECT FROM etl_catalog.pipeline p JOIN etl_catalog.pipeline_version v USING (pipeline_id)
	WHERE p.name LIKE 'define\_laws %' GROUP BY p.name, p.version HAVING count(*) <> p.version OR min(v.version) <> 1 OR max(v.version) <> p.version $$,
	'versions are numbered without gaps');
SELECT is(count(etl.drop_pipeline(pipeline))::int, 100, 'all are dropped') FROM (SELECT DISTINCT pipeline FROM step) s;
SELECT * FROM finish();
ROLLBACK;
