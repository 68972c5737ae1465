-- One statement is one pipeline: the change list, versions, dry runs.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA define_changes;
SET search_path = define_changes;
CREATE TABLE src (id int, name text, day date);
CREATE TABLE target (id int PRIMARY KEY, name text);
CREATE TABLE other (id int PRIMARY KEY, name text);

-- a dry run of a new pipeline writes nothing
\set steps 'ARRAY[etl.extract(''a'', ''SELECT id, name FROM src''), etl.transform(''b'', ''SELECT * FROM a''), etl.expect(''b'', ''{id > 0}''), etl.load(''b'', ''target'')]'
SELECT * FROM etl.define('define_changes', :steps, period => '1 day', start_at => '2024-01-01Z', timezone => 'UTC', dry_run => true);
SELECT count(*) FROM etl_catalog.pipeline WHERE name = 'define_changes';
SELECT * FROM etl.define('define_changes', :steps, period => '1 day', start_at => '2024-01-01Z', timezone => 'UTC');
SELECT * FROM etl.define('define_changes', :steps, period => '1 day', start_at => '2024-01-01Z', timezone => 'UTC', dry_run => true);

-- another spelling of the same, and no start_at, is the same
SELECT * FROM etl.define('define_changes', :steps, period => '1 day', start_at => '2024-01-01 01:00+01', timezone => 'utc');
SELECT * FROM etl.define('define_changes', :steps, period => '1 day', timezone => 'UTC');
SET timezone = 'Asia/Tokyo';
SELECT * FROM etl.define('define_changes', :steps, period => '1 day', timezone => 'UTC');
RESET timezone;
SELECT v.version FROM etl_catalog.pipeline JOIN etl_catalog.pipeline_version v USING (pipeline_id) WHERE name = 'define_changes';

-- windows that the version before has loaded: three, one of them twice; one
-- more was partial, one failed
INSERT INTO etl_catalog.run (pipeline_id, pipeline, version, owner_oid, state,
	run_window, data_window, partial, requested_by, finished_at)
SELECT pipeline_id, name, 1, owner_oid, state,
	tstzrange(start, start + '1 day'), tstzrange(start, start + '1 day'), partial, 'me', now()
FROM etl_catalog.pipeline,
	(VALUES ('succeeded', '2024-01-01Z'::timestamptz, false), ('succeeded', '2024-01-02Z', false),
		('succeeded', '2024-01-02Z', false), ('succeeded', '2024-01-03Z', false),
		('succeeded', '2024-01-05Z', true), ('failed', '2024-01-06Z', false)) v (state, start, partial)
WHERE name = 'define_changes';

-- a bit of everything, first dry
\set steps2 'ARRAY[etl.extract(''a'', E''SELECT id, name\\nFROM src WHERE day = etl.logical_date()''), etl.extract(''c'', ''TABLE src''), etl.expect(''a'', ''{id > 0,id > 1}'', ''warn'', ''expect_b'', ''true'', 0.1), etl.load(''a'', ''other'', mode => ''append'', name => ''load_b'')]'
SELECT * FROM etl.define('define_changes', :steps2, 'now described', period => '1 hour', start_at => '2024-01-02Z', timezone => 'Europe/Berlin',
	catchup => false, schedule => '@hourly', retries => 1, retry_delay => '1 second', tags => '{a}', params => '{"x": "y"}', dry_run => true);
SELECT count(*) FROM etl_catalog.pipeline JOIN etl_catalog.pipeline_version v USING (pipeline_id) WHERE name = 'define_changes';
SELECT * FROM etl.define('define_changes', :steps2, 'now described', period => '1 hour', start_at => '2024-01-02Z', timezone => 'Europe/Berlin',
	catchup => false, schedule => '@hourly', retries => 1, retry_delay => '1 second', tags => '{a}', params => '{"x": "y"}');
-- and back: removed steps are gone, the old version is as it was
SELECT * FROM etl.define('define_changes', :steps, period => '1 day', start_at => '2024-01-01Z', timezone => 'UTC');
SELECT v.version, array_agg(s.name ORDER BY s.position) AS steps
FROM etl_catalog.pipeline p JOIN etl_catalog.pipeline_version v USING (pipeline_id) JOIN etl_catalog.step s USING (pipeline_id)
WHERE p.name = 'define_changes' AND s.version = v.version GROUP BY 1 ORDER BY 1;
SELECT a.definition = c.definition AS same_definition, a.definition <> b.definition AS other_definition
FROM etl_catalog.pipeline p
JOIN etl_catalog.pipeline_version a ON a.pipeline_id = p.pipeline_id AND a.version = 1
JOIN etl_catalog.pipeline_version b ON b.pipeline_id = p.pipeline_id AND b.version = 2
JOIN etl_catalog.pipeline_version c ON c.pipeline_id = p.pipeline_id AND c.version = 3
WHERE p.name = 'define_changes';

-- list order is meaningful, so a change of it is a change
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.extract('a', 'SELECT 1'), etl.extract('b', 'SELECT 2')], timezone => 'UTC');
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.extract('b', 'SELECT 2'), etl.extract('a', 'SELECT 1')], timezone => 'UTC');
-- a step put in front of the others does not change them
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.extract('c', 'SELECT 3'), etl.extract('b', 'SELECT 2'), etl.extract('a', 'SELECT 1')], timezone => 'UTC');
-- another kind under the same name
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.call('c', 'SELECT 3'), etl.transform('b', 'SELECT 2'), etl.extract('a', 'SELECT 1')], timezone => 'UTC');
-- a dependency, declared and found
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.call('c', 'SELECT 3'), etl.transform('b', 'SELECT 2'), etl.extract('a', 'SELECT * FROM b')], timezone => 'UTC');
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.call('c', 'SELECT 3'), etl.transform('b', 'SELECT 2'), etl.extract('a', 'SELECT * FROM b', '{c}')], timezone => 'UTC');

-- settings of the session that change what SQL means are pinned
SET search_path = define_changes, public;
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.call('c', 'SELECT 3'), etl.transform('b', 'SELECT 2'), etl.extract('a', 'SELECT * FROM b', '{c}')], timezone => 'UTC');
-- a schema that does not exist does not count
SET search_path = define_changes, define_changes_none, public, pg_temp;
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.call('c', 'SELECT 3'), etl.transform('b', 'SELECT 2'), etl.extract('a', 'SELECT * FROM b', '{c}')], timezone => 'UTC');
SET transform_null_equals = on;
SELECT * FROM etl.define('define_changes_order', ARRAY[etl.call('c', 'SELECT 3'), etl.transform('b', 'SELECT 2'), etl.extract('a', 'SELECT * FROM b', '{c}')], timezone => 'UTC');
RESET transform_null_equals;

-- an anchor that was not given keeps its local time when the zone changes
SELECT * FROM etl.define('define_changes_zone', ARRAY[etl.extract('a', 'SELECT 1')], period => '1 day', start_at => '2024-01-01Z', timezone => 'UTC');
SELECT * FROM etl.define('define_changes_zone', ARRAY[etl.extract('a', 'SELECT 1')], period => '1 day', timezone => 'Europe/Berlin');
SELECT * FROM etl.define('define_changes_zone', ARRAY[etl.extract('a', 'SELECT 1')], period => '1 week', timezone => 'Europe/Berlin');
SELECT * FROM etl.define('define_changes_zone', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'Europe/Berlin');

-- the target's key is part of the definition
SELECT * FROM etl.define('define_changes_key', ARRAY[etl.extract('a', 'SELECT id, name FROM src'), etl.load('a', 'target')], timezone => 'UTC');
ALTER TABLE target DROP CONSTRAINT target_pkey, ADD PRIMARY KEY (name);
SELECT * FROM etl.define('define_changes_key', ARRAY[etl.extract('a', 'SELECT id, name FROM src'), etl.load('a', 'target')], timezone => 'UTC');

-- an error leaves nothing behind, nor does a rollback
SELECT * FROM etl.define('define_changes_bad', ARRAY[etl.extract('a', 'SELECT 1'), etl.load('a', 'missing')], timezone => 'UTC');
SELECT count(*) FROM etl_catalog.pipeline WHERE name = 'define_changes_bad';
BEGIN;
SELECT * FROM etl.define('define_changes_bad', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC');
SELECT * FROM etl.define('define_changes_bad', ARRAY[etl.extract('a', 'SELECT 2')], timezone => 'UTC');
ROLLBACK;
SELECT count(*) FROM etl_catalog.pipeline WHERE name = 'define_changes_bad';
-- the session's own settings are back after an error and after success
SHOW search_path;

DELETE FROM etl_catalog.run WHERE pipeline = 'define_changes';
SET client_min_messages = warning;
SELECT count(etl.drop_pipeline(name)) FROM etl_catalog.pipeline WHERE name LIKE 'define\_changes%';
DROP SCHEMA define_changes CASCADE;
