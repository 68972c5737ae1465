-- Where a walk along the index of the target begins: at the first key of the
-- batch, which must not be passed over.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA load_walk;
CREATE TABLE load_walk.one (k int PRIMARY KEY, v int);
CREATE TABLE load_walk.two (a int, b text COLLATE "C", v int, PRIMARY KEY (b, a));
INSERT INTO load_walk.one SELECT g, g FROM generate_series(1, 5) g;
INSERT INTO load_walk.two SELECT g % 3, (g / 3)::text, g FROM generate_series(1, 9) g;
SELECT count(*) > 0 AS defined FROM etl.define('load_walk', ARRAY[
	etl.extract('s', 'SELECT g AS k, 0 AS v FROM generate_series(2, 4) g'),
	etl.extract('r', 'SELECT g % 3 AS a, (g / 3)::text AS b, 0 AS v FROM generate_series(4, 7) g'),
	etl.load('s', 'load_walk.one', mode => 'insert_ignore'),
	etl.load('r', 'load_walk.two', mode => 'insert_ignore')]);
SET dq_etl.load_method = 'walk';
SELECT method FROM etl.explain_load('load_walk', 'load_s') WHERE part = 'find';
-- a sequence tells whether rows were inserted in vain
CREATE SEQUENCE load_walk.tried;
CREATE FUNCTION load_walk.count_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('load_walk.tried'); RETURN NEW; END $$;
CREATE TRIGGER tried BEFORE INSERT ON load_walk.one FOR EACH ROW EXECUTE FUNCTION load_walk.count_it();
CREATE TRIGGER tried BEFORE INSERT ON load_walk.two FOR EACH ROW EXECUTE FUNCTION load_walk.count_it();
SELECT etl.run('load_walk', inline => true) IS NOT NULL AS ran;
SELECT step, rows_inserted, rows_unchanged FROM etl.run_steps WHERE pipeline = 'load_walk' AND kind = 'load' ORDER BY run_order;
SELECT is_called AS inserted_in_vain FROM load_walk.tried;
RESET dq_etl.load_method;
SELECT etl.drop_pipeline('load_walk') IS NOT NULL AS dropped;
DROP SCHEMA load_walk CASCADE;
