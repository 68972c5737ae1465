-- The strongest lock that each mode holds on its target until the commit, as doc/how-to/load.md says.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_locks;
SET search_path = load_locks, public;
SET TimeZone = 'UTC';

CREATE TABLE t (id int PRIMARY KEY, v text, day date);
CREATE TABLE parts (id int, v text, day date) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
CREATE TABLE history (id int, v text, valid_from timestamptz, valid_to timestamptz, PRIMARY KEY (id, valid_from));
CREATE TABLE cases (n int GENERATED ALWAYS AS IDENTITY, mode text, target text DEFAULT 't', params jsonb DEFAULT '{}', query text DEFAULT 'SELECT 1 AS id, ''x'' AS v, date ''2026-01-01'' AS day');
INSERT INTO cases (mode, params) VALUES ('append', '{}'), ('append', '{"dedupe_key": "id"}'), ('insert_ignore', '{}'), ('upsert', '{}'),
	('merge', '{"delete_when": "v = ''y''"}'), ('merge', '{"delete_missing": "all"}'), ('scd1', '{"sequence_by": "day"}'),
	('merge', '{"truncate_when": "v = ''x''", "sequence_by": "day"}'),
	('replace_keys', '{}'), ('replace_window', '{"window_column": "day"}'), ('replace_all', '{}'), ('replace_all', '{"method": "truncate"}'), ('replace_all', '{"method": "swap"}');
INSERT INTO cases (mode, target, params) VALUES ('replace_partition', 'parts', '{}'), ('upsert', 'parts', '{"key": "id"}');
INSERT INTO cases (mode, target, params, query) VALUES
	('scd2', 'history', '{}', 'SELECT 1 AS id, ''x'' AS v'),
	('snapshot', 'history', '{"strategy": "check", "check_columns": ["v"]}', 'SELECT 1 AS id, ''y'' AS v'),
	('upsert', 't', '{"on_schema_change": "append_columns"}', 'SELECT 2 AS id, 1 AS added');

-- the locks of one transaction: what the load's statements and its blocking take
CREATE FUNCTION locks(c cases) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	strongest text;
BEGIN
	PERFORM etl.define('load_locks', ARRAY[etl.extract('s', c.query), etl.load('s', c.target, mode => c.mode, params => c.params)],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
	PERFORM etl.run('load_locks', '2026-01-01 00:00+00', '2026-01-02 00:00+00', inline => true);
	SELECT o.mode INTO strongest
	FROM pg_locks l JOIN unnest('{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[])
		WITH ORDINALITY AS o (mode, strength) USING (mode)
	WHERE l.pid = pg_backend_pid() AND l.granted AND l.relation = c.target::regclass ORDER BY o.strength DESC LIMIT 1;
	-- so that the next case starts without any
	RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = strongest;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	RETURN SQLERRM;
END $$;
SELECT mode, target, params, locks(c) FROM cases c ORDER BY n;

DROP SCHEMA load_locks CASCADE;
