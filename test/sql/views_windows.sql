-- etl.windows and etl.attention: what happened to each window, and what to do.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never
CREATE SCHEMA views_windows;
SET search_path = views_windows;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
CREATE TABLE good (day date);
CREATE TABLE loaded (day date, n int);
INSERT INTO good VALUES ('1200-01-01'), ('1400-01-01'), ('1500-01-01');
SELECT action FROM etl.define('views_windows it''s "p"', period => '100 years', timezone => 'UTC', start_at => '1200-01-01 00:00+00',
	steps => ARRAY[
		etl.call('check day', 'SELECT 1 / count(*) FROM good WHERE day = etl.logical_date()', phase => 'before'),
		etl.call('note', 'INSERT INTO loaded SELECT etl.logical_date(), 1')]) LIMIT 1;
CREATE VIEW w AS SELECT window_start::date AS "start", window_end::date AS "end", logical_date, state,
	run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'views_windows it''s "p"') AS last_run,
	regexp_replace(next_statement, 'wait\(\d+\)', 'wait(id)') AS next_statement
FROM etl.windows WHERE pipeline = 'views_windows it''s "p"';
CREATE VIEW a AS SELECT problem, window_start::date AS "start", window_end::date AS "end", run_id IS NOT NULL AS run, since IS NOT NULL AS since, reason, next_statement
FROM etl.attention WHERE pipeline LIKE 'views\_windows%';

-- nothing happened yet
SELECT * FROM w;
SELECT * FROM a;
-- three windows, the second fails
\set VERBOSITY sqlstate
SELECT etl.run_pending('views_windows it''s "p"', 3);
SELECT * FROM w WHERE "start" < '1600-01-01';
SELECT * FROM a;
-- it fails again: still one line
SELECT etl.run('views_windows it''s "p"');
SELECT * FROM a;
\set VERBOSITY default
-- repaired; the statement of the view is what heals it
INSERT INTO good VALUES ('1300-01-01');
SELECT regexp_replace(next_statement, ';$', '') || ' IS NOT NULL AS ran' FROM a \gexec
SELECT * FROM w WHERE "start" < '1600-01-01';
SELECT * FROM a;

-- a deliberate second run fails: the window stays done, but somebody should look
DELETE FROM good WHERE day = '1200-01-01';
\set VERBOSITY sqlstate
SELECT etl.run('views_windows it''s "p"', '1200-01-01 00:00+00', '1300-01-01 00:00+00');
\set VERBOSITY default
SELECT "start", state, last_run, next_statement FROM w WHERE "start" = '1200-01-01';
SELECT problem, "start" FROM a;
INSERT INTO good VALUES ('1200-01-01');
SELECT etl.run('views_windows it''s "p"', '1200-01-01 00:00+00', '1400-01-01 00:00+00') IS NOT NULL AS ran;
SELECT * FROM a;

-- one run over several windows that fails, healed in pieces
\set VERBOSITY sqlstate
SELECT etl.run('views_windows it''s "p"', '1600-01-01 00:00+00', '1800-01-01 00:00+00');
\set VERBOSITY default
SELECT "start", state, last_run FROM w WHERE "start" BETWEEN '1500-01-01' AND '1800-01-01';
SELECT problem, "start", "end", next_statement FROM a;
INSERT INTO good VALUES ('1600-01-01'), ('1700-01-01'), ('1800-01-01'), ('1900-01-01');
SELECT etl.run('views_windows it''s "p"', '1700-01-01 00:00+00', '1800-01-01 00:00+00') IS NOT NULL AS ran;
SELECT problem, "start", "end" FROM a;
SELECT etl.run_pending('views_windows it''s "p"');
SELECT "start", state FROM w;
SELECT * FROM a;

-- a partial run that fails needs a later success
\set VERBOSITY sqlstate
SELECT etl.run('views_windows it''s "p"', partial => true);
\set VERBOSITY default
SELECT "start", state, last_run, next_statement FROM w WHERE "start" = '2000-01-01';
SELECT problem, "start", "end", next_statement FROM a;
INSERT INTO good VALUES ('2000-01-01');
SELECT etl.run('views_windows it''s "p"', partial => true) IS NOT NULL AS ran;
SELECT * FROM a;

-- a run whose process is gone says crashed before anybody wrote it down
BEGIN;
INSERT INTO etl_catalog.run (pipeline_id, pipeline, version, owner_oid, state, run_window, data_window, logical_date, requested_by, backend_pid, backend_start)
SELECT pipeline_id, name, 1, owner_oid, 'running', '["1100-01-01 00:00+00","1200-01-01 00:00+00")', '["1100-01-01 00:00+00","1200-01-01 00:00+00")', '1100-01-01', 'x', 1, '2000-01-01'
FROM etl_catalog.pipeline WHERE name = 'views_windows it''s "p"';
SELECT state, finished_at IS NULL AS unfinished FROM etl.runs WHERE pipeline LIKE 'views\_windows%' LIMIT 1;
SELECT last_state FROM etl.pipelines WHERE pipeline LIKE 'views\_windows%';
SELECT * FROM a;
UPDATE etl_catalog.run SET run_window = '["1900-01-01 00:00+00","2000-01-01 00:00+00")', data_window = '["1900-01-01 00:00+00","2000-01-01 00:00+00")' WHERE state = 'running' AND pipeline LIKE 'views\_windows%';
UPDATE etl_catalog.ledger l SET done = '["1200-01-01 00:00+00","1900-01-01 00:00+00")' FROM etl_catalog.pipeline p WHERE p.pipeline_id = l.pipeline_id AND p.name LIKE 'views\_windows%';
SELECT "start", state, last_run, next_statement FROM w WHERE "start" >= '1800-01-01';
-- of this process, it is running
UPDATE etl_catalog.run r SET backend_pid = a.pid, backend_start = a.backend_start FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() AND r.state = 'running' AND pipeline LIKE 'views\_windows%';
SELECT "start", state, last_run, next_statement FROM w WHERE "start" = '1900-01-01';
SELECT state FROM etl.runs WHERE pipeline LIKE 'views\_windows%' LIMIT 1;
SELECT * FROM a;
ROLLBACK;

-- disabled, with windows that are due
BEGIN;
SELECT etl.disable('views_windows it''s "p"', 'holidays');
SELECT * FROM a;
UPDATE etl_catalog.ledger l SET done = '["1200-01-01 00:00+00","1900-01-01 00:00+00")' FROM etl_catalog.pipeline p WHERE p.pipeline_id = l.pipeline_id AND p.name LIKE 'views\_windows%';
SELECT problem, "start", "end", run, since, reason, next_statement FROM a;
SELECT regexp_replace(next_statement, ';$', ' AS enabled;') FROM a \gexec
SELECT * FROM a;
ROLLBACK;

-- an owner that is another role than it was, or gone
BEGIN;
CREATE ROLE views_windows_owner;
SELECT etl.set_owner('views_windows it''s "p"', 'views_windows_owner') IS NOT NULL AS given;
SELECT * FROM a;
ALTER ROLE views_windows_owner RENAME TO "views windows ""2""";
SELECT problem, reason, replace(next_statement, quote_ident(current_user), 'me') AS next_statement FROM a;
CREATE ROLE views_windows_owner;
SELECT problem, reason, next_statement FROM a;
SELECT regexp_replace(next_statement, ';$', ' IS NOT NULL AS given;') FROM a \gexec
SELECT * FROM a;
ROLLBACK;

-- without a period: the last failed run, until one succeeds
SELECT action FROM etl.define('views_windows open', timezone => 'UTC', steps => ARRAY[
	etl.call('check', 'SELECT 1 / count(*) FROM good WHERE day = ''3000-01-01''')]) LIMIT 1;
\set VERBOSITY sqlstate
SELECT etl.run('views_windows open');
SELECT etl.run('views_windows open');
\set VERBOSITY default
SELECT problem, window_start, run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'views_windows open') AS last, reason, next_statement
FROM etl.attention WHERE pipeline = 'views_windows open';
INSERT INTO good VALUES ('3000-01-01');
SELECT etl.run('views_windows open') IS NOT NULL AS ran;
SELECT * FROM a;

-- at most 1000 windows of a pipeline, newest first
SELECT action FROM etl.define('views_windows minutes', period => '1 minute', timezone => 'UTC', start_at => '2001-01-01 00:00+00',
	steps => ARRAY[etl.call('nothing', 'SELECT 1')]) LIMIT 1;
SELECT count(*), max(window_end) > now() AS holds_now, min(window_start) = max(window_start) - interval '999 minutes' AS no_gap,
	count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'due') AS due
FROM etl.windows WHERE pipeline = 'views_windows minutes';
SELECT bool_and(window_start < before) AS newest_first FROM (
	SELECT window_start, lag(window_start) OVER () AS before FROM etl.windows WHERE pipeline = 'views_windows minutes') AS x;

-- renamed, the history comes along
SELECT etl.rename_pipeline('views_windows open', 'views_windows renamed') IS NOT NULL AS renamed;
SELECT pipeline, state FROM etl.runs WHERE pipeline LIKE 'views\_windows re%';

SELECT pipeline, position, run_order, step, kind, phase, depends_on, statement, options FROM etl.steps WHERE pipeline LIKE 'views\_windows%' ORDER BY pipeline COLLATE "C", position;
SELECT pipeline, enabled, version, period, timezone, steps, last_state FROM etl.pipelines WHERE pipeline LIKE 'views\_windows%' ORDER BY pipeline COLLATE "C";
DO $$ BEGIN PERFORM etl.drop_pipeline(pipeline) FROM etl.pipelines WHERE pipeline LIKE 'views\_windows%'; END $$;
-- what is dropped leaves its history, and no window
SELECT count(*) > 0 AS history FROM etl.runs WHERE pipeline LIKE 'views\_windows%';
SELECT * FROM a;
SELECT count(*) FROM etl.windows WHERE pipeline LIKE 'views\_windows%';
DROP SCHEMA views_windows CASCADE;
