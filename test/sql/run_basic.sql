-- What etl.run does: windows in order, one publish, a record whatever happens.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA run_basic;
SET search_path = run_basic, public;

CREATE TABLE source (id int, at timestamptz, amount numeric);
INSERT INTO source
SELECT g, timestamptz '2024-01-01 00:00+00' + g * interval '6 hours', g
FROM generate_series(0, 11) g;
CREATE TABLE target (id int PRIMARY KEY, day date, amount numeric CHECK (amount < 100));
CREATE TABLE totals (day date PRIMARY KEY, total numeric);

SELECT action, object FROM etl.define('run_basic daily',
	period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
	params => '{"factor": "1"}',
	steps => ARRAY[
		etl.extract('orders', $$
			SELECT id, etl.logical_date() AS day,
			       amount * etl.param('factor')::numeric AS amount
			FROM   source
			WHERE  at >= etl.window_start() AND at < etl.window_end() $$),
		etl.transform('sums', $$
			SELECT day, sum(amount) AS total FROM orders GROUP BY day $$),
		etl.expect('orders', ARRAY['PRIMARY KEY (id)', 'amount >= 0']),
		etl.load('orders', target => 'target', key => '{id}'),
		etl.load('sums', target => 'totals', key => '{day}')]);

-- one window after the other, oldest first
SELECT etl.run('run_basic daily') IS NOT NULL AS ran;
SELECT * FROM target ORDER BY id;
SELECT * FROM totals ORDER BY day;
SELECT etl.run('run_basic daily') IS NOT NULL AS ran;
SELECT * FROM totals ORDER BY day;
SELECT window_start, window_end, logical_date, state, attempt, partial, inline,
       step, finished_at >= started_at AS ended
FROM etl.runs WHERE pipeline = 'run_basic daily' ORDER BY run_id;
SELECT done FROM etl.pipelines WHERE pipeline = 'run_basic daily';
SELECT step, kind, phase, state, rows_read, rows_inserted, rows_updated, rows_unchanged
FROM etl.run_steps
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_basic daily')
ORDER BY run_order;
SELECT step, check_name, status, failed_rows, tested_rows
FROM etl.check_results
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_basic daily')
ORDER BY step, check_name;

-- the same window again changes nothing
SELECT etl.run('run_basic daily', '2024-01-01 00:00+00', '2024-01-02 00:00+00') IS NOT NULL AS ran;
SELECT step, rows_inserted, rows_updated, rows_unchanged
FROM etl.run_steps
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_basic daily')
  AND kind = 'load' ORDER BY step;

-- a gate: nothing of it is loaded, the ledger stays, the record is complete
UPDATE source SET amount = -1 WHERE id = 9;
\set VERBOSITY sqlstate
SELECT etl.run('run_basic daily');
\set VERBOSITY default
SELECT count(*) FROM target;
SELECT done FROM etl.pipelines WHERE pipeline = 'run_basic daily';
SELECT state, error_sqlstate, error_message FROM etl.runs
WHERE pipeline = 'run_basic daily' ORDER BY run_id DESC LIMIT 1;
SELECT check_name, status, failed_rows FROM etl.check_results
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_basic daily')
ORDER BY check_name;
SELECT step, state FROM etl.run_steps
WHERE run_id = (SELECT max(run_id) FROM etl.runs WHERE pipeline = 'run_basic daily')
ORDER BY run_order;

-- the second target refuses: the first one is not loaded either
UPDATE source SET amount = 9 WHERE id = 9;
UPDATE source SET amount = 200 WHERE id = 10;
\set VERBOSITY sqlstate
SELECT etl.run('run_basic daily');
\set VERBOSITY default
SELECT sqlstate, step, schema_name, table_name, constraint_name, will_retry
FROM etl.run_errors WHERE pipeline = 'run_basic daily' ORDER BY run_id DESC LIMIT 1;
SELECT count(*) FROM target;
SELECT count(*) FROM totals;

-- repaired, it goes on with the window that failed; kept stages are gone then
UPDATE source SET amount = 10 WHERE id = 10;
SELECT count(*) FROM pg_namespace n JOIN etl.runs r ON n.nspname = 'etl_r' || r.run_id
WHERE r.pipeline = 'run_basic daily';
SELECT etl.run('run_basic daily') IS NOT NULL AS ran;
SELECT * FROM totals ORDER BY day;
SELECT done FROM etl.pipelines WHERE pipeline = 'run_basic daily';
SELECT count(*) FROM pg_namespace n JOIN etl.runs r ON n.nspname = 'etl_r' || r.run_id
WHERE r.pipeline = 'run_basic daily';

-- parameters of a run
SELECT etl.run('run_basic daily', '2024-01-02 00:00+00', '2024-01-03 00:00+00',
               params => '{"factor": "2"}') IS NOT NULL AS ran;
SELECT * FROM totals ORDER BY day;
SELECT etl.run('run_basic daily', params => '{"facter": "2"}');
SELECT etl.run('run_basic daily', params => '[1]');

-- several at once
SELECT etl.run_pending('run_basic daily', 3);
SELECT etl.run_pending('run_basic daily', 0);
SELECT done FROM etl.pipelines WHERE pipeline = 'run_basic daily';

-- not waiting
SELECT etl.run('run_basic daily', '2024-01-01 00:00+00', '2024-01-02 00:00+00', wait => false) AS run_id \gset
SELECT etl.wait(:run_id);
SELECT etl.wait(:run_id, '1 second');
SELECT etl.wait(:run_id, '-1 second');
SELECT etl.cancel(:run_id);
SELECT etl.wait(NULL), etl.cancel(NULL);

-- two runs in one transaction, and in REPEATABLE READ
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM totals;
SELECT etl.run('run_basic daily', '2024-01-01 00:00+00', '2024-01-02 00:00+00') IS NOT NULL AS ran;
SELECT etl.run('run_basic daily', '2024-01-02 00:00+00', '2024-01-03 00:00+00', wait => false) AS run_id \gset
SELECT etl.wait(:run_id);
COMMIT;

-- unfinished windows only when asked for, and then they stay due
SELECT etl.run('run_basic daily', partial => true) IS NOT NULL AS ran;
SELECT partial, state, window_end > now() AS open FROM etl.runs
WHERE pipeline = 'run_basic daily' ORDER BY run_id DESC LIMIT 1;
SELECT done FROM etl.pipelines WHERE pipeline = 'run_basic daily';

-- on_fail => warn: recorded as warnings, nothing stops
SELECT count(*) > 0 AS defined FROM etl.define('run_basic warn', steps => ARRAY[
	etl.extract('numbers', 'SELECT g AS id FROM generate_series(1, 4) g'),
	etl.expect('numbers', ARRAY['id > 1', 'id > 0', 'id / (id - 4) > 0', 'UNIQUE (id)'], on_fail => 'warn')]);
SELECT etl.run('run_basic warn') IS NOT NULL AS ran;
SELECT check_name, status, severity, success, failed_rows, error_sqlstate
FROM etl.check_results WHERE pipeline = 'run_basic warn' ORDER BY position;
SELECT state FROM etl.runs WHERE pipeline = 'run_basic warn';
SELECT message FROM etl.run_steps WHERE pipeline = 'run_basic warn' AND kind = 'expect';
SELECT etl.drop_pipeline('run_basic warn') IS NOT NULL AS dropped;

SELECT etl.drop_pipeline('run_basic daily') IS NOT NULL AS dropped;
SET client_min_messages = warning;
DROP SCHEMA run_basic CASCADE;
