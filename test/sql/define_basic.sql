-- Steps, a first definition, and what can be done with a pipeline as a whole.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA define_basic;
SET search_path = define_basic, public;
CREATE TABLE src (id int, name text, day date);
CREATE TABLE target (id int PRIMARY KEY, name text);

-- steps are rows
SELECT * FROM etl.extract('orders', 'SELECT 1');
SELECT * FROM etl.transform('orders', 'SELECT 1', depends_on => '{a,b}');
SELECT * FROM etl.expect('orders', '{id > 0}');
SELECT * FROM etl.expect('orders', '{id > 0}', 'warn', 'named', 'true', 0.25, '{a}');
SELECT * FROM etl.load('orders', 'target');
SELECT * FROM etl.load('orders', 'target', '{id}', 'append', 'named', '{a}');
SELECT * FROM etl.call('tidy', 'VACUUM');
SELECT * FROM etl.call('tidy', 'VACUUM', 'after', '{a}');

-- a definition with everything; the same again changes nothing
\set steps 'ARRAY[etl.extract(''rows'', ''SELECT id, name FROM src''), etl.expect(''rows'', ''{id > 0}''), etl.load(''rows'', ''target'')]'
SELECT * FROM etl.define('define_basic', :steps, 'a description',
	period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
	catchup => false, schedule => '@daily', retries => 3,
	retry_delay => '5 min', tags => '{one,two}', params => '{"a": 1}');
SELECT * FROM etl.define('define_basic', :steps, 'a description',
	period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
	catchup => false, schedule => '@daily', retries => 3,
	retry_delay => '5 min', tags => '{one,two}', params => '{"a": 1}');
SELECT p.name, p.owner_name = current_user AS mine, p.enabled, v.version,
	v.description, v.period, v.start_at AT TIME ZONE 'UTC' AS start_at,
	v.timezone, v.catchup, v.schedule, v.retries, v.retry_delay, v.tags,
	v.params, v.settings ->> 'search_path' AS search_path,
	v.settings ->> 'TimeZone' AS zone
FROM etl_catalog.pipeline p JOIN etl_catalog.pipeline_version v USING (pipeline_id, version)
WHERE name = 'define_basic';
SELECT s.position, s.run_order, s.name, s.kind, s.phase, s.options, s.depends_on
FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id, version)
WHERE p.name = 'define_basic' ORDER BY 1;

-- defaults
SELECT * FROM etl.define('define_basic2', ARRAY[etl.extract('a', 'VALUES (1)')], timezone => 'UTC');
SELECT v.description, v.period, v.start_at, v.catchup, v.schedule, v.retries,
	v.retry_delay, v.tags, v.params
FROM etl_catalog.pipeline p JOIN etl_catalog.pipeline_version v USING (pipeline_id, version)
WHERE name = 'define_basic2';
-- NULL for an argument is its default
SELECT * FROM etl.define('define_basic2', ARRAY[etl.extract('a', 'VALUES (1)')], timezone => 'UTC',
	catchup => NULL, retries => NULL, retry_delay => NULL, tags => NULL, params => NULL, dry_run => NULL);

-- the zone is that of the database, never that of the session
SELECT format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Europe/Berlin') \gexec
SET timezone = 'Asia/Tokyo';
BEGIN;
SELECT * FROM etl.define('define_basic3', ARRAY[etl.extract('a', 'VALUES (1)')], period => '1 day');
SELECT v.timezone, v.settings ->> 'TimeZone' AS pinned,
	(v.start_at AT TIME ZONE v.timezone)::time AS start_local,
	(v.start_at AT TIME ZONE v.timezone)::date
		- (now() AT TIME ZONE v.timezone)::date AS days_ago
FROM etl_catalog.pipeline p JOIN etl_catalog.pipeline_version v USING (pipeline_id, version)
WHERE name = 'define_basic3';
COMMIT;
SET timezone = 'America/New_York';
-- no notice the second time, and no change
SELECT * FROM etl.define('define_basic3', ARRAY[etl.extract('a', 'VALUES (1)')], period => '1 day');
RESET timezone;
SELECT format('ALTER DATABASE %I RESET timezone', current_database()) \gexec
-- spelled as the server spells it
SELECT * FROM etl.define('define_basic3', ARRAY[etl.extract('a', 'VALUES (1)')], period => '1 day', timezone => 'europe/BERLIN');

-- default names: numbered when taken, also by a name that somebody chose
SELECT * FROM etl.define('define_basic4', ARRAY[
	etl.extract('a', 'SELECT id, name FROM src'),
	etl.expect('a', '{id > 0}'),
	etl.expect('a', '{id > 1}'),
	etl.expect('a', '{id > 2}', name => 'expect_a_2'),
	etl.expect('define_basic.src', '{id > 3}'),
	etl.load('a', 'target'),
	etl.load('a', 'target', mode => 'append')]);
-- a stage, a relation by any spelling of its name
SELECT s.name, s.options ->> 'source' AS source, s.depends_on
FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id, version)
WHERE p.name = 'define_basic4' AND kind = 'expect' ORDER BY position;
SELECT * FROM etl.define('define_basic4', ARRAY[etl.expect('SRC', '{id > 3}'), etl.expect('"src"', '{id > 3}')]);
SELECT s.name, s.options ->> 'source' AS source
FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id, version)
WHERE p.name = 'define_basic4' ORDER BY position;

-- enable, disable
SELECT etl.disable('define_basic', 'source is down');
SELECT etl.disable('define_basic', 'still down');
SELECT enabled, disabled_reason FROM etl_catalog.pipeline WHERE name = 'define_basic';
-- a new version leaves that alone
SELECT * FROM etl.define('define_basic', ARRAY[etl.extract('rows', 'SELECT id FROM src')], timezone => 'UTC');
SELECT enabled, disabled_reason FROM etl_catalog.pipeline WHERE name = 'define_basic';
SELECT etl.enable('define_basic');
SELECT etl.enable('define_basic');
SELECT enabled, disabled_reason FROM etl_catalog.pipeline WHERE name = 'define_basic';
SELECT etl.disable('define_basic');
SELECT etl.disable(NULL), etl.enable(NULL), etl.drop_pipeline(NULL), etl.rename_pipeline('define_basic', NULL);

-- rename
SELECT etl.rename_pipeline('define_basic', 'define_basic_new');
SELECT etl.rename_pipeline('define_basic_new', 'define_basic2');
SELECT etl.rename_pipeline('define_basic_new', '');
SELECT etl.rename_pipeline('define_basic', 'define_basic5');

-- drop: what is forgotten, what stays
INSERT INTO etl_catalog.run (pipeline_id, pipeline, version, owner_oid, state,
	run_window, data_window, partial, requested_by, finished_at)
SELECT pipeline_id, name, 1, owner_oid, state,
	tstzrange(start, start + '1 day'), tstzrange(start, start + '1 day'), partial, 'me', now()
FROM etl_catalog.pipeline,
	(VALUES ('succeeded', '2024-01-01Z'::timestamptz, false), ('succeeded', '2024-01-02Z', false),
		('succeeded', '2024-01-02Z', false), ('succeeded', '2024-01-05Z', true),
		('failed', '2024-01-06Z', false)) v (state, start, partial)
WHERE name = 'define_basic_new';
INSERT INTO etl_catalog.ledger
SELECT pipeline_id, '[2024-01-01Z,2024-01-03Z)' FROM etl_catalog.pipeline WHERE name = 'define_basic_new';
SELECT * FROM etl.define('define_basic_new', ARRAY[etl.extract('rows', 'SELECT name FROM src')], timezone => 'UTC');
SELECT etl.drop_pipeline('define_basic_new');
SELECT state, count(*) FROM etl_catalog.run WHERE pipeline = 'define_basic_new' GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM etl_catalog.ledger WHERE done = '[2024-01-01Z,2024-01-03Z)';
SELECT etl.drop_pipeline('define_basic_new');
SELECT etl.drop_pipeline('define_basic_new', if_exists => true);

-- stages kept of failed runs go too, unless somebody has built on them
CREATE VIEW kept AS SELECT r.run_id, n.nspname FROM etl_catalog.run r
LEFT JOIN pg_namespace n ON nspname = 'etl_r' || run_id WHERE r.pipeline = 'define_basic_kept' AND r.stages_kept;
SELECT count(*) FROM etl.define('define_basic_kept', ARRAY[etl.extract('a', 'SELECT 1 AS x'), etl.expect('a', '{x > 1}')], timezone => 'UTC');
\set VERBOSITY sqlstate
SELECT etl.run('define_basic_kept') \gset
\set VERBOSITY default
\set VERBOSITY sqlstate
SELECT etl.run('define_basic_kept') \gset
\set VERBOSITY default
SELECT count(*), count(nspname) FROM kept;
SELECT format('CREATE VIEW on_kept AS SELECT * FROM %I.a', min(nspname)) AS make FROM kept \gset
SET client_min_messages = warning;
:make;
RESET client_min_messages;
SET client_min_messages = warning;
SELECT etl.drop_pipeline('define_basic_kept');
RESET client_min_messages;
SELECT count(*), count(nspname) FROM kept;
DROP VIEW on_kept;
SELECT format('DROP SCHEMA %I CASCADE', nspname) AS make FROM kept \gset
SET client_min_messages = warning;
:make;
RESET client_min_messages;
DELETE FROM etl_catalog.run WHERE pipeline = 'define_basic_kept';

-- the same name again is another pipeline
SELECT * FROM etl.define('define_basic_new', ARRAY[etl.extract('rows', 'SELECT name FROM src')], timezone => 'UTC');

DELETE FROM etl_catalog.run WHERE pipeline = 'define_basic_new';
SELECT etl.drop_pipeline(name) FROM etl_catalog.pipeline WHERE name LIKE 'define\_basic%' ORDER BY name;
DROP SCHEMA define_basic CASCADE;
