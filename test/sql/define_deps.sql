-- Which steps a step's SQL reads, and what follows for phases and order.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
-- wrong on purpose
SET dq_etl.compile = off;
CREATE SCHEMA define_deps;
CREATE SCHEMA define_deps_dwh;
SET search_path = define_deps;
CREATE TABLE src (id int, parent int, name text);
CREATE TABLE define_deps_dwh.dim (id int PRIMARY KEY, parent int, name text);
CREATE TABLE define_deps_dwh.fact (id int PRIMARY KEY, parent int, name text);
CREATE VIEW define_deps_dwh.dim_view AS SELECT * FROM define_deps_dwh.dim;
CREATE VIEW define_deps_dwh.dim_view2 AS SELECT v.* FROM define_deps_dwh.dim_view v JOIN src USING (id);
CREATE TABLE define_deps_dwh.parted (id int PRIMARY KEY, parent int, name text) PARTITION BY RANGE (id);
CREATE TABLE define_deps_dwh.part1 PARTITION OF define_deps_dwh.parted FOR VALUES FROM (0) TO (10);
CREATE TABLE define_deps_dwh.part2 PARTITION OF define_deps_dwh.parted FOR VALUES FROM (10) TO (20);

-- three stages, then one query of each shape; a view shows what it depends on
CREATE VIEW deps AS
SELECT s.position, s.run_order, s.name, s.phase, s.depends_on
FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id, version)
WHERE p.name = 'define_deps';

CREATE TABLE shape (n int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO shape (query) VALUES
	('SELECT * FROM a'),
	('TABLE a'),
	('SELECT * FROM ONLY a'),
	('SELECT * FROM A'),
	('SELECT * FROM "a"'),
	('SELECT * FROM "A"'),
	('SELECT * FROM define_deps.a'),
	('SELECT 1'),
	('VALUES ((SELECT max(id) FROM a)), ((SELECT id FROM b))'),
	('SELECT * FROM a x JOIN b y ON EXISTS (SELECT FROM c)'),
	('SELECT * FROM a NATURAL JOIN b CROSS JOIN c'),
	('SELECT 1 UNION SELECT id FROM a EXCEPT (SELECT id FROM b INTERSECT SELECT id FROM c)'),
	('SELECT id, (SELECT count(*) FROM b) FROM src WHERE id IN (SELECT id FROM c) ORDER BY (SELECT id FROM a)'),
	('SELECT * FROM src, LATERAL (SELECT * FROM a WHERE a.id = src.id) q'),
	('SELECT * FROM a TABLESAMPLE SYSTEM ((SELECT 1 FROM b))'),
	('SELECT * FROM generate_series(1, (SELECT max(id) FROM a)) WITH ORDINALITY'),
	('SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, (SELECT id FROM c)))'),
	('SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM a)) OVER (PARTITION BY (SELECT id FROM b)) FROM src'),
	('SELECT ARRAY(SELECT id FROM a), CASE WHEN true THEN (SELECT id FROM b) END, ROW((SELECT id FROM c))'),
	('SELECT x[(SELECT id FROM a)] FROM (SELECT ARRAY[1] x) q GROUP BY 1 HAVING EXISTS (SELECT FROM b) LIMIT (SELECT id FROM c)'),
	('SELECT DISTINCT ON ((SELECT id FROM a)) 1 WINDOW w AS (ORDER BY (SELECT id FROM b))'),
	-- names of WITH: hide a stage in what follows, not in themselves
	('WITH a AS (SELECT 1) SELECT * FROM a'),
	('WITH a AS (SELECT * FROM a) SELECT * FROM a'),
	('WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM a) SELECT * FROM a'),
	('WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a, b'),
	('WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a'),
	('WITH a AS (SELECT 1), x AS (SELECT * FROM a) SELECT * FROM x'),
	('WITH x AS (SELECT * FROM a), a AS (SELECT 1) SELECT * FROM x'),
	('SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) q, a'),
	('WITH a AS (SELECT 1) SELECT (SELECT count(*) FROM (SELECT * FROM a) q), (SELECT id FROM b)'),
	('WITH a AS (SELECT 1) SELECT * FROM a UNION (WITH b AS (SELECT * FROM a) SELECT * FROM b)'),
	('(WITH a AS (SELECT 1) SELECT * FROM a) UNION SELECT id FROM a'),
	('WITH a AS (WITH b AS (SELECT * FROM b) SELECT * FROM b) SELECT * FROM a, b'),
	('WITH a AS (WITH a AS (SELECT * FROM a) SELECT * FROM a) SELECT * FROM a'),
	('WITH RECURSIVE a AS (WITH b AS (SELECT * FROM a, b) SELECT * FROM b) SELECT 1'),
	('WITH A AS (SELECT 1) SELECT * FROM a'),
	('WITH "A" AS (SELECT 1) SELECT * FROM a'),
	('WITH a AS (SELECT 1) SELECT * FROM define_deps.a'),
	('WITH RECURSIVE t AS (SELECT id FROM a UNION ALL SELECT t.id FROM t, b) SEARCH DEPTH FIRST BY id SET c SELECT * FROM t'),
	('SELECT * FROM src a, src b WHERE a.id = b.id'),
	('SELECT a.a FROM src AS a (a)'),
	('SELECT $$SELECT * FROM a$$, ''b''::regclass'),
	('SELECT * FROM xmltable(''/'' PASSING (SELECT x::xml FROM a) COLUMNS id int DEFAULT (SELECT 1 FROM b))'),
	('SELECT xmlelement(name a, (SELECT id FROM b))'),
	('SELECT (SELECT id FROM a) COLLATE "C", (SELECT id FROM b)::text, (SELECT c FROM c).id'),
	('SELECT coalesce((SELECT id FROM a), greatest((SELECT id FROM b), 1)) IS NULL');

CREATE FUNCTION define_deps.try(query text) RETURNS text LANGUAGE plpgsql AS $f$
BEGIN
	PERFORM etl.define('define_deps', ARRAY[
		etl.extract('a', 'SELECT 1 AS id'), etl.extract('b', 'SELECT 1 AS id'),
		etl.extract('c', 'SELECT 1 AS id'), etl.transform('it', query)], timezone => 'UTC');
	RETURN (SELECT array_to_string(depends_on, ' ') FROM deps WHERE name = 'it');
END $f$;
SELECT n, query, define_deps.try(query) AS reads FROM shape ORDER BY n;

-- statements of calls: the target of an INSERT is not read
TRUNCATE shape RESTART IDENTITY;
INSERT INTO shape (query) VALUES
	('SELECT * FROM a'),
	('INSERT INTO a SELECT * FROM b'),
	('WITH a AS (SELECT 1) INSERT INTO src SELECT * FROM a RETURNING (SELECT id FROM c)'),
	('INSERT INTO src WITH a AS (SELECT * FROM a) SELECT * FROM a'),
	('INSERT INTO src VALUES ((SELECT id FROM a)) ON CONFLICT (id) WHERE EXISTS (SELECT FROM b) DO UPDATE SET id = (SELECT id FROM c)'),
	('UPDATE a SET id = 1'),
	('UPDATE src SET (id, parent) = (SELECT id, id FROM a) FROM b WHERE EXISTS (SELECT FROM c)'),
	('WITH a AS (SELECT 1) UPDATE src SET id = 2 FROM a'),
	('DELETE FROM src USING a WHERE src.id IN (SELECT id FROM b)'),
	('WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone, b'),
	('MERGE INTO src USING a ON a.id = src.id WHEN MATCHED AND EXISTS (SELECT FROM b) THEN UPDATE SET id = (SELECT id FROM c) WHEN NOT MATCHED THEN DO NOTHING'),
	('CREATE TABLE x AS SELECT * FROM a'),
	('SELECT * INTO x FROM a'),
	('EXPLAIN ANALYZE SELECT * FROM a'),
	('COPY (SELECT * FROM a) TO PROGRAM ''true'''),
	('CREATE VIEW x AS SELECT * FROM a'),
	('TRUNCATE a'),
	('VACUUM ANALYZE a'),
	('CALL nothing()'),
	('DO $x$ BEGIN PERFORM 1 FROM a; END $x$'),
	('REFRESH MATERIALIZED VIEW a');
CREATE FUNCTION define_deps.try_call(command text) RETURNS text LANGUAGE plpgsql AS $f$
BEGIN
	PERFORM etl.define('define_deps', ARRAY[
		etl.extract('a', 'SELECT 1 AS id'), etl.extract('b', 'SELECT 1 AS id'),
		etl.extract('c', 'SELECT 1 AS id'), etl.call('it', command)], timezone => 'UTC');
	RETURN (SELECT array_to_string(depends_on, ' ') FROM deps WHERE name = 'it');
END $f$;
SELECT n, query, define_deps.try_call(query) AS reads FROM shape ORDER BY n;

-- only steps with a stage can be read; other kinds may be called like tables
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.call('src', 'SELECT 1', 'before'), etl.extract('x', 'SELECT * FROM src'),
	etl.expect('x', '{true}', name => 'y'), etl.transform('z', 'SELECT * FROM y')], timezone => 'UTC');
SELECT * FROM deps ORDER BY position;

-- checks read what they refer to: foreign keys, subqueries of row filters and
-- of expressions
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.extract('a', 'SELECT 1 AS id'), etl.extract('b', 'SELECT 1 AS id'), etl.extract('c', 'SELECT 1 AS id'),
	etl.expect('a', ARRAY['FOREIGN KEY (id) REFERENCES b (id)'], name => 'refers'),
	etl.expect('a', ARRAY['FOREIGN KEY (id) REFERENCES define_deps_dwh.fact (id)'], name => 'refers_table'),
	etl.expect('a', ARRAY['id > 0'], row_filter => 'id IN (SELECT id FROM c)', name => 'filters'),
	etl.load('b', 'define_deps_dwh.dim', mode => 'append'),
	etl.expect('c', ARRAY['FOREIGN KEY (id) REFERENCES define_deps_dwh.dim (id)'], name => 'refers_loaded')], timezone => 'UTC');
SELECT * FROM deps WHERE name ~ '^(refers|filters)' ORDER BY position;

-- all expects on a stage come before any other reader, wherever they stand
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.extract('a', 'SELECT 1 AS id'),
	etl.transform('b', 'SELECT * FROM a'),
	etl.transform('c', 'SELECT * FROM b'),
	etl.expect('a', '{id > 0}'),
	etl.expect('a', '{id > 1}'),
	etl.load('a', 'define_deps_dwh.dim', mode => 'append')], timezone => 'UTC');
SELECT * FROM deps ORDER BY run_order;

-- through SQL functions too, called by the step, by one another or by a view;
-- a body that is a string is not looked into
CREATE FUNCTION define_deps_dwh.dims() RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT count(*) FROM define_deps_dwh.dim_view);
CREATE FUNCTION define_deps_dwh.dims(plus int) RETURNS bigint LANGUAGE sql STABLE RETURN define_deps_dwh.dims() + plus;
CREATE FUNCTION define_deps_dwh.opaque() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM define_deps_dwh.dim';
CREATE VIEW define_deps_dwh.counted AS SELECT define_deps_dwh.dims(1) AS n;
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.extract('rows', 'SELECT * FROM src WHERE id > define_deps_dwh.dims()'),
	etl.load('rows', 'define_deps_dwh.dim'),
	etl.transform('calls', 'SELECT id FROM rows WHERE id < define_deps_dwh.dims(2)'),
	etl.transform('views', 'SELECT * FROM define_deps_dwh.counted'),
	etl.transform('strings', 'SELECT define_deps_dwh.opaque()'),
	etl.transform('missing', 'SELECT define_deps_dwh.nothing(), nowhere.nothing(), abs(1)')], timezone => 'UTC');
SELECT name, phase, depends_on FROM deps ORDER BY position;
DROP VIEW define_deps_dwh.counted;
DROP FUNCTION define_deps_dwh.dims(int), define_deps_dwh.dims(), define_deps_dwh.opaque();

-- a step listed after a load reads what the load leaves, in its transaction,
-- and so does what depends on it; listed before, it sees the old state
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.extract('old', 'SELECT * FROM define_deps_dwh.dim'),
	etl.extract('rows', 'SELECT * FROM src'),
	etl.load('rows', 'define_deps_dwh.dim'),
	etl.transform('keyed', 'SELECT r.* FROM rows r JOIN define_deps_dwh.dim USING (id)'),
	etl.transform('other', 'SELECT * FROM rows'),
	etl.expect('keyed', '{id > 0}'),
	etl.transform('more', 'SELECT * FROM keyed'),
	etl.load('more', 'define_deps_dwh.fact'),
	etl.expect('define_deps_dwh.fact', '{id > 0}'),
	etl.expect('src', '{id > 0}')], timezone => 'UTC');
SELECT * FROM deps ORDER BY run_order;

-- the same through the search_path, views of views, partitions and parents
SET search_path = define_deps, define_deps_dwh;
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.extract('rows', 'SELECT * FROM src'),
	etl.load('rows', 'dim'),
	etl.load('rows', 'parted', name => 'load_parted'),
	etl.extract('by_path', 'SELECT * FROM dim'),
	etl.extract('by_cte', 'WITH dim AS (SELECT 1) SELECT * FROM dim'),
	etl.extract('by_view', 'SELECT * FROM dim_view'),
	etl.extract('by_view2', 'SELECT * FROM dim_view2'),
	etl.extract('by_part', 'SELECT * FROM part2'),
	etl.extract('by_nothing', 'SELECT * FROM fact'),
	etl.extract('by_missing', 'SELECT * FROM not_there')], timezone => 'UTC');
SELECT * FROM deps ORDER BY position;
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.extract('rows', 'SELECT * FROM src'),
	etl.load('rows', 'part1'),
	etl.extract('by_parent', 'SELECT * FROM parted'),
	etl.extract('by_sibling', 'SELECT * FROM part2')], timezone => 'UTC');
SELECT * FROM deps ORDER BY position;
SET search_path = define_deps;

-- calls: publish in list order among the loads; before and after as they say
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.call('last', 'SELECT 1', 'after'),
	etl.call('first', 'SELECT * FROM define_deps_dwh.dim', 'before'),
	etl.extract('a', 'SELECT * FROM src'),
	etl.call('middle1', 'SELECT 1'),
	etl.load('a', 'define_deps_dwh.dim', name => 'load1'),
	etl.call('middle2', 'SELECT * FROM define_deps_dwh.dim'),
	etl.load('a', 'define_deps_dwh.fact', name => 'load2'),
	etl.call('second', 'SELECT 2', 'before'),
	etl.call('middle3', 'SELECT 1'),
	etl.call('last2', 'SELECT * FROM a', 'after'),
	etl.call('late', 'SELECT * FROM define_deps_dwh.dim', 'before')], timezone => 'UTC');
SELECT * FROM deps ORDER BY run_order;

-- depends_on: adds edges, to later steps too, and moves phases
SELECT count(*) FROM etl.define('define_deps', ARRAY[
	etl.extract('a', 'SELECT 1 AS id', '{c,c}'),
	etl.extract('b', 'SELECT 1 AS id'),
	etl.extract('c', 'SELECT 1 AS id', '{b}'),
	etl.load('b', 'define_deps_dwh.dim', mode => 'append'),
	etl.extract('d', 'SELECT 1 AS id', '{load_b}'),
	etl.call('e', 'SELECT 1', 'before'),
	etl.expect('a', '{true}', depends_on => '{e}')], timezone => 'UTC');
SELECT * FROM deps ORDER BY run_order;

SELECT count(etl.drop_pipeline('define_deps'));
DROP SCHEMA define_deps, define_deps_dwh CASCADE;
