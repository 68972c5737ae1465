-- Views: what people look at. First the functions that compute what the views
-- show from what the views pass; a view's tables are read with the rights of
-- the extension, its functions are called with those of who looks, so these
-- are executable by everybody and read nothing themselves.

CREATE FUNCTION etl_catalog.has_role(role_oid oid, role_name text) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_has_role';
COMMENT ON FUNCTION etl_catalog.has_role(oid, text) IS
'Tell whether the current user has the privileges of a stored role, which counts only while the role is still called so; always true for superusers';

CREATE FUNCTION etl_catalog.next_window(
	period interval, start_at timestamptz, timezone text, catchup boolean,
	settle interval, done_starts timestamptz[], done_ends timestamptz[], instant timestamptz,
	OUT window_start timestamptz, OUT window_end timestamptz)
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_next_window';
COMMENT ON FUNCTION etl_catalog.next_window(interval, timestamptz, text, boolean, interval, timestamptz[], timestamptz[], timestamptz) IS
'Compute the window that a run takes next, finished or not';

CREATE FUNCTION etl_catalog.shift_time(
	instant timestamptz, step interval, timezone text)
	RETURNS timestamptz
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_shift_time';
COMMENT ON FUNCTION etl_catalog.shift_time(timestamptz, interval, text) IS
'Add an interval to a time by the calendar of a time zone; NULL for NULL and when the zone is not known any more';

CREATE FUNCTION etl_catalog.due_times(
	window_end timestamptz, settle interval, deadline interval, timezone text,
	OUT due_at timestamptz, OUT late_at timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT d.due_at, etl_catalog.shift_time(d.due_at, $3, $4)
	  FROM (SELECT coalesce(etl_catalog.shift_time($1, $2, $4), $1) AS due_at) d;
END;
COMMENT ON FUNCTION etl_catalog.due_times(timestamptz, interval, interval, text) IS
'Compute when a window is due and when it is late; NULL: never';

CREATE FUNCTION etl_catalog.window_list(
	period interval, start_at timestamptz, timezone text,
	done_starts timestamptz[], done_ends timestamptz[],
	run_starts timestamptz[], run_ends timestamptz[], run_ids bigint[],
	instant timestamptz, max_windows integer,
	OUT window_start timestamptz, OUT window_end timestamptz,
	OUT logical_date date, OUT done boolean, OUT run_id bigint)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_window_list';
COMMENT ON FUNCTION etl_catalog.window_list(interval, timestamptz, text, timestamptz[], timestamptz[], timestamptz[], timestamptz[], bigint[], timestamptz, integer) IS
'List the latest windows of a grid, newest first, with the last run of each';

CREATE FUNCTION etl_catalog.run_statement(
	pipeline text, period interval, start_at timestamptz, timezone text,
	window_start timestamptz, window_end timestamptz, instant timestamptz)
	RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_run_statement';
COMMENT ON FUNCTION etl_catalog.run_statement(text, interval, timestamptz, text, timestamptz, timestamptz, timestamptz) IS
'Return the statement that runs a window; NULL when etl.run would refuse it';

-- Doors for superusers and tests; granted to nobody.

CREATE FUNCTION etl_catalog.window_at(
	period interval, start_at timestamptz, timezone text, instant timestamptz,
	OUT window_start timestamptz, OUT window_end timestamptz, OUT logical_date date)
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_window_at';
COMMENT ON FUNCTION etl_catalog.window_at(interval, timestamptz, text, timestamptz) IS
'Compute the window of a grid that contains an instant. Errors: 22023 for a period or time zone that cannot be used, 22008 for times that PostgreSQL cannot represent';

CREATE FUNCTION etl_catalog.ledger_add(
	pipeline_id bigint, window_start timestamptz, window_end timestamptz)
	RETURNS boolean
	LANGUAGE c VOLATILE STRICT
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_ledger_add';
COMMENT ON FUNCTION etl_catalog.ledger_add(bigint, timestamptz, timestamptz) IS
'Mark a range of time as done without running anything; window_start may be -infinity. Error: 22023 when the range is empty or has no end';

-- Who sees what. Inside a view current_user is who looks. Nobody is granted
-- these; the views of schema etl above them are the security barriers. The
-- join with nothing makes them read-only: pg_write_all_data may write to every
-- view that PostgreSQL can update by itself, with the rights of its owner.

CREATE VIEW etl_catalog.visible_pipeline AS
	SELECT p.*, etl_catalog.has_role(p.owner_oid, p.owner_name) AS owned
	  FROM etl_catalog.pipeline p
	 CROSS JOIN (SELECT) nothing
	 WHERE etl_catalog.has_role(p.owner_oid, p.owner_name)
		OR pg_has_role('pg_monitor', 'USAGE')
		OR EXISTS (SELECT FROM etl_catalog.pipeline_access a
					WHERE a.pipeline_id = p.pipeline_id
					  AND etl_catalog.has_role(a.role_oid, a.role_name));
COMMENT ON VIEW etl_catalog.visible_pipeline IS
'Pipelines that the current user may see: those of roles whose privileges it has, those granted to it, all for members of pg_monitor; owned says whether it is the first';

-- Runs outlive their pipelines, and belong to the role that executed them.
CREATE VIEW etl_catalog.visible_run AS
	SELECT r.*, pg_has_role(r.owner_oid, 'USAGE') AS owned
	  FROM etl_catalog.run r
	 CROSS JOIN (SELECT) nothing
	 WHERE pg_has_role(r.owner_oid, 'USAGE')
		OR pg_has_role('pg_monitor', 'USAGE')
		OR EXISTS (SELECT FROM etl_catalog.visible_pipeline p
					WHERE p.pipeline_id = r.pipeline_id);
COMMENT ON VIEW etl_catalog.visible_run IS
'Runs that the current user may see; owned says whether it has the privileges of the role that executed the run';

-- The current definition and what is done, in the form that the functions take.
CREATE VIEW etl_catalog.visible_grid AS
	SELECT p.pipeline_id, p.name, p.enabled, v.period, v.start_at, v.timezone,
		   v.catchup, v.settle, v.deadline, d.done, d.done_starts, d.done_ends
	  FROM etl_catalog.visible_pipeline p
	  JOIN etl_catalog.pipeline_version v USING (pipeline_id, version)
	 CROSS JOIN LATERAL (
			SELECT coalesce(range_agg(l.done), '{}') AS done,
				   coalesce(array_agg(coalesce(lower(l.done), '-infinity') ORDER BY l.done), '{}') AS done_starts,
				   coalesce(array_agg(coalesce(upper(l.done), 'infinity') ORDER BY l.done), '{}') AS done_ends
			  FROM etl_catalog.ledger l
			 WHERE int8range(l.pipeline_id, l.pipeline_id, '[]') && int8range(p.pipeline_id, p.pipeline_id, '[]')
			   AND l.pipeline_id = p.pipeline_id) d;

CREATE VIEW etl.pipelines WITH (security_barrier) AS
	SELECT g.name AS pipeline, p.owner_name AS owner, p.enabled, p.version,
		   v.description, v.period, v.timezone, v.schedule, v.tags, s.steps,
		   g.done,
		   CASE WHEN v.period IS NULL THEN tstzrange(upper(g.done), NULL)
				ELSE tstzrange(n.window_start, n.window_end) END AS next_window,
		   r.run_id AS last_run_id, r.state AS last_state,
		   r.started_at AS last_started_at, r.finished_at AS last_finished_at,
		   p.idle_calls, p.idle_reason, p.idle_at, p.disabled_reason,
		   v.start_at, v.catchup, v.lookback, v.settle, v.deadline,
		   v.depends_on_past, v.policy, v.retries, v.retry_delay, v.params,
		   v.defined_by, v.defined_at, p.created_at, p.changed_at
	  FROM etl_catalog.visible_grid g
	  JOIN etl_catalog.pipeline p USING (pipeline_id)
	  JOIN etl_catalog.pipeline_version v USING (pipeline_id, version)
	 CROSS JOIN LATERAL (
			SELECT count(*) AS steps
			  FROM etl_catalog.step s
			 WHERE s.pipeline_id = p.pipeline_id AND s.version = p.version) s
	  LEFT JOIN LATERAL etl_catalog.next_window(
			v.period, v.start_at, v.timezone, v.catchup, coalesce(v.settle, '0'),
			g.done_starts, g.done_ends, statement_timestamp()) n ON true
	  LEFT JOIN LATERAL (
			SELECT r.run_id, r.started_at, r.finished_at,
				   CASE WHEN r.state = 'running'
						 AND etl_catalog.run_is_alive(r.run_id, r.backend_pid, r.backend_start) IS NOT TRUE
						THEN 'crashed' ELSE r.state END AS state
			  FROM etl_catalog.run r
			 WHERE r.pipeline_id = p.pipeline_id
			 ORDER BY r.run_id DESC
			 LIMIT 1) r ON true;
COMMENT ON VIEW etl.pipelines IS
'Show each pipeline that one may see, as its current version defines it, what is done and what comes next';
COMMENT ON COLUMN etl.pipelines.owner IS 'Role as which runs execute';
COMMENT ON COLUMN etl.pipelines.period IS 'Length of a window; NULL: a window lasts from success to success';
COMMENT ON COLUMN etl.pipelines.schedule IS 'Schedule in the definition, in pg_cron''s syntax; etl.schedules shows what pg_cron does';
COMMENT ON COLUMN etl.pipelines.steps IS 'Number of steps';
COMMENT ON COLUMN etl.pipelines.done IS 'Finished windows: what need not be run again';
COMMENT ON COLUMN etl.pipelines.next_window IS 'Window that the next run takes; due when its end has passed. Without a period it has no end. NULL when the time zone is not known any more';
COMMENT ON COLUMN etl.pipelines.last_state IS 'State of the last run, as in etl.runs';
COMMENT ON COLUMN etl.pipelines.idle_calls IS 'Calls of etl.run and etl.run_pending that found nothing to do';
COMMENT ON COLUMN etl.pipelines.idle_reason IS 'Why the last such call found nothing to do';
COMMENT ON COLUMN etl.pipelines.disabled_reason IS 'Reason given to etl.disable';
COMMENT ON COLUMN etl.pipelines.start_at IS 'Start of the first window; all windows are counted from it';

CREATE VIEW etl.steps WITH (security_barrier) AS
	SELECT p.name AS pipeline, s.version, s.position, s.run_order,
		   s.name AS step, s.kind, s.phase, s.depends_on,
		   coalesce(s.options ->> 'query', s.options ->> 'command') AS statement,
		   s.options - 'query' - 'command' AS options
	  FROM etl_catalog.visible_pipeline p
	  JOIN etl_catalog.step s USING (pipeline_id, version);
COMMENT ON VIEW etl.steps IS 'Show the steps of the current version of each pipeline that one may see';
COMMENT ON COLUMN etl.steps.position IS 'Place in the list as defined, from 1';
COMMENT ON COLUMN etl.steps.run_order IS 'Place in the order of execution, from 1';
COMMENT ON COLUMN etl.steps.phase IS 'before, stage, publish (in the one transaction that makes loads visible), after, failure or finally';
COMMENT ON COLUMN etl.steps.depends_on IS 'Steps that must have ended first, found in the SQL and declared';
COMMENT ON COLUMN etl.steps.statement IS 'Query of an extract or transform step, command of a call step; NULL for others';
COMMENT ON COLUMN etl.steps.options IS 'The other options, completed with defaults';

CREATE VIEW etl.runs WITH (security_barrier) AS
	SELECT r.run_id, r.pipeline, r.version,
		   CASE WHEN r.state = 'running'
				 AND etl_catalog.run_is_alive(r.run_id, r.backend_pid, r.backend_start) IS NOT TRUE
				THEN 'crashed' ELSE r.state END AS state,
		   coalesce(lower(r.run_window), '-infinity') AS window_start,
		   upper(r.run_window) AS window_end,
		   r.logical_date, r.partial, r.inline, r.attempt, r.next_retry_at,
		   r.requested_by, pg_get_userbyid(r.owner_oid) AS owner, r.step,
		   r.started_at, r.finished_at,
		   r.finished_at - r.started_at AS duration,
		   r.params, e.sqlstate AS error_sqlstate, e.message AS error_message
	  FROM etl_catalog.visible_run r
	  LEFT JOIN etl_catalog.run_error e USING (run_id, attempt)
	 ORDER BY r.run_id DESC;
COMMENT ON VIEW etl.runs IS
'Show each run that one may see, the latest first: of pipelines that one may see, and of dropped ones that ran as a role whose privileges one has';
COMMENT ON COLUMN etl.runs.state IS 'queued, running, succeeded, failed, cancelled, crashed or skipped; crashed is also a run whose process is gone without having said so';
COMMENT ON COLUMN etl.runs.window_start IS 'Start of the window (included); -infinity for the first run of a pipeline without a period';
COMMENT ON COLUMN etl.runs.window_end IS 'End of the window (not included)';
COMMENT ON COLUMN etl.runs.logical_date IS 'Date on which the window starts in the time zone of the pipeline';
COMMENT ON COLUMN etl.runs.partial IS 'Whether the window was not over: published, but not done';
COMMENT ON COLUMN etl.runs.inline IS 'Whether the run took place in the transaction of its caller';
COMMENT ON COLUMN etl.runs.attempt IS 'Number of the last attempt, from 1';
COMMENT ON COLUMN etl.runs.next_retry_at IS 'When the next attempt begins; NULL when none is waiting';
COMMENT ON COLUMN etl.runs.requested_by IS 'Role that started the run';
COMMENT ON COLUMN etl.runs.owner IS 'Role that executed it';
COMMENT ON COLUMN etl.runs.step IS 'Step under way; NULL when the run is over';
COMMENT ON COLUMN etl.runs.duration IS 'From start to end, retries included; NULL while the run goes on';
COMMENT ON COLUMN etl.runs.error_sqlstate IS 'SQLSTATE of the last attempt; NULL when it did not fail. etl.run_errors has the rest';

CREATE VIEW etl.run_steps WITH (security_barrier) AS
	SELECT s.run_id, r.pipeline, s.attempt, s.run_order, s.step, s.kind,
		   s.phase, s.state, s.started_at, s.finished_at,
		   s.finished_at - s.started_at AS duration,
		   s.rows_read, s.rows_inserted, s.rows_updated, s.rows_unchanged,
		   s.rows_suppressed, s.message,
		   s.rows_deleted, s.rows_closed, s.rows_rejected
	  FROM etl_catalog.visible_run r
	  JOIN etl_catalog.run_step s USING (run_id);
COMMENT ON VIEW etl.run_steps IS 'Show the steps of each run that one may see, per attempt, with row counts (NULL where a step has none)';
COMMENT ON COLUMN etl.run_steps.rows_read IS 'Rows of the stage that an extract or transform step made, or that a load read';
COMMENT ON COLUMN etl.run_steps.rows_unchanged IS 'Rows that a load found as they should be, and did not write';
COMMENT ON COLUMN etl.run_steps.rows_suppressed IS 'Rows that a trigger of the target dropped';
COMMENT ON COLUMN etl.run_steps.rows_deleted IS 'Rows of the target that a load deleted, or marked as deleted';
COMMENT ON COLUMN etl.run_steps.rows_closed IS 'Versions in the target that a load ended';
COMMENT ON COLUMN etl.run_steps.rows_rejected IS 'Rows read that the options of a load left out: duplicates of a key, rows older than what is there or refused by guard, rows outside the window';

CREATE VIEW etl.run_errors WITH (security_barrier) AS
	SELECT e.run_id, r.pipeline, e.attempt, e.step, e.sqlstate, e.message,
		   CASE WHEN r.owned THEN e.detail END AS detail, e.hint,
		   CASE WHEN r.owned THEN e.context END AS context,
		   e.schema_name, e.table_name, e.column_name, e.datatype_name,
		   e.constraint_name, e.statement, e.statement_position,
		   e.will_retry, e.occurred_at
	  FROM etl_catalog.visible_run r
	  JOIN etl_catalog.run_error e USING (run_id);
COMMENT ON VIEW etl.run_errors IS 'Show why attempts of runs that one may see ended, as the server reported it';
COMMENT ON COLUMN etl.run_errors.detail IS 'Detail; it may hold values of rows, and is NULL for who does not have the privileges of the role that executed the run';
COMMENT ON COLUMN etl.run_errors.context IS 'Context; NULL for the same as detail';
COMMENT ON COLUMN etl.run_errors.statement IS 'Statement in which the error was, if it was in one';
COMMENT ON COLUMN etl.run_errors.statement_position IS 'Character of the statement, from 1';
COMMENT ON COLUMN etl.run_errors.will_retry IS 'Whether another attempt followed';

CREATE VIEW etl.check_results WITH (security_barrier) AS
	SELECT c.run_id, r.pipeline, c.attempt, c.step, c.source, c.position,
		   (c.result).check_name, (c.result).check_type, (c.result).columns,
		   (c.result).dimension, (c.result).status, (c.result).severity,
		   (c.result).success, (c.result).tested_rows, (c.result).null_rows,
		   (c.result).excluded_rows, (c.result).failed_rows,
		   (c.result).failed_fraction, (c.result).observed,
		   (c.result).expected,
		   CASE WHEN r.owned THEN (c.result).sample END AS sample,
		   CASE WHEN r.owned THEN (c.result).top_failed END AS top_failed,
		   (c.result).failed_rows_sql, (c.result).evaluation,
		   (c.result).proof, (c.result).duration_ms,
		   (c.result).error_sqlstate, (c.result).error_message,
		   (c.result).message, c.checked_at
	  FROM etl_catalog.visible_run r
	  JOIN etl_catalog.check_result c USING (run_id);
COMMENT ON VIEW etl.check_results IS 'Show the verdicts of the checks of each run that one may see';
COMMENT ON COLUMN etl.check_results.source IS 'What was checked: a stage or a relation';
COMMENT ON COLUMN etl.check_results.position IS 'Place of the check in its step, from 1';
COMMENT ON COLUMN etl.check_results.status IS 'pass, warn, fail, error (could not be evaluated), no_data or skipped';
COMMENT ON COLUMN etl.check_results.success IS 'Whether the check let the run go on';
COMMENT ON COLUMN etl.check_results.failed_fraction IS 'Failed rows in tested rows, 0 to 1; NULL when there were none';
COMMENT ON COLUMN etl.check_results.sample IS 'Some of the failed rows; NULL for who does not have the privileges of the role that executed the run';
COMMENT ON COLUMN etl.check_results.top_failed IS 'Most frequent failed values; NULL for the same as sample';
COMMENT ON COLUMN etl.check_results.failed_rows_sql IS 'Query that shows the failed rows while the stage is kept';
COMMENT ON COLUMN etl.check_results.duration_ms IS 'Time for the query that answered this check, in milliseconds; checks that were answered together share it';

CREATE VIEW etl.windows WITH (security_barrier) AS
	SELECT g.name AS pipeline, w.window_start, w.window_end, w.logical_date,
		   s.state, t.due_at, t.late_at, w.run_id,
		   CASE s.state
				WHEN 'done' THEN NULL
				WHEN 'running' THEN format('SELECT etl.wait(%s);', w.run_id)
				ELSE etl_catalog.run_statement(g.name, g.period, g.start_at,
					g.timezone, w.window_start, w.window_end, statement_timestamp())
				END AS next_statement
	  FROM etl_catalog.visible_grid g
	 CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(coalesce(lower(r.run_window), '-infinity') ORDER BY r.run_id DESC), '{}') AS starts,
				   coalesce(array_agg(upper(r.run_window) ORDER BY r.run_id DESC), '{}') AS ends,
				   coalesce(array_agg(r.run_id ORDER BY r.run_id DESC), '{}') AS ids
			  FROM (SELECT r.run_id, r.run_window
					  FROM etl_catalog.run r
					 WHERE r.pipeline_id = g.pipeline_id
					 ORDER BY r.run_id DESC
					 LIMIT 10000) r) l
	 CROSS JOIN LATERAL etl_catalog.window_list(
			g.period, g.start_at, g.timezone, g.done_starts, g.done_ends,
			l.starts, l.ends, l.ids, statement_timestamp(), 1000) w
	  LEFT JOIN etl_catalog.run r ON r.run_id = w.run_id
	 CROSS JOIN LATERAL etl_catalog.due_times(w.window_end, g.settle, g.deadline, g.timezone) t
	 CROSS JOIN LATERAL (
			SELECT CASE
				WHEN r.state = 'queued' THEN 'running'
				WHEN r.state = 'running'
				 AND etl_catalog.run_is_alive(r.run_id, r.backend_pid, r.backend_start) THEN 'running'
				WHEN w.done THEN 'done'
				WHEN w.window_end > statement_timestamp() THEN 'open'
				WHEN r.state IN ('running', 'crashed') THEN 'crashed'
				WHEN r.state = 'failed' THEN 'failed'
				WHEN t.due_at > statement_timestamp() THEN 'settling'
				WHEN t.late_at <= statement_timestamp() THEN 'late'
				ELSE 'due' END AS state) s
	 WHERE g.period IS NOT NULL
	 ORDER BY g.name, w.window_start DESC;
COMMENT ON VIEW etl.windows IS
'Show the windows of each pipeline that has a period and that one may see, newest first: from the one that holds the present back to start_at, at most 1,000. Of each pipeline the last 10,000 runs are looked at';
COMMENT ON COLUMN etl.windows.state IS 'done, running, open (not over), failed or crashed (so ended its last run), settling (over, but not due yet), late (its deadline has passed), or due';
COMMENT ON COLUMN etl.windows.due_at IS 'When the window is due: settle after its end';
COMMENT ON COLUMN etl.windows.late_at IS 'When it is late: deadline after due_at; NULL: never';
COMMENT ON COLUMN etl.windows.run_id IS 'Last run of the window, alone or with its neighbours; NULL when there was none';
COMMENT ON COLUMN etl.windows.next_statement IS 'Statement that runs the window or waits for its run; NULL when it is done';

-- The last failed run of each window of a pipeline (of a pipeline without a
-- period, where a later window includes an earlier one: the last failed run),
-- among the latest 1,000 failed ones. It is healed when its window is done,
-- or, when it was done before or was partial, when a later run succeeded.
CREATE VIEW etl_catalog.failed_run AS
	SELECT g.pipeline_id, g.name, g.enabled, g.period, g.start_at, g.timezone, f.*
	  FROM etl_catalog.visible_grid g
	 CROSS JOIN LATERAL (
			SELECT DISTINCT ON (CASE WHEN g.period IS NOT NULL THEN r.run_window END)
				   r.run_id, r.run_window, r.state, r.partial, r.attempt,
				   coalesce(r.finished_at, r.started_at) AS since, r.step
			  FROM (SELECT r.run_id, r.run_window, r.partial, r.attempt,
						   r.started_at, r.finished_at, r.step,
						   CASE r.state WHEN 'running' THEN 'crashed' ELSE r.state END AS state
					  FROM etl_catalog.run r
					 WHERE r.pipeline_id = g.pipeline_id
					   AND r.state IN ('running', 'failed', 'crashed')
					   AND (r.state <> 'running'
							OR etl_catalog.run_is_alive(r.run_id, r.backend_pid, r.backend_start) IS NOT TRUE)
					 ORDER BY r.run_id DESC
					 LIMIT 1000) r
			 ORDER BY CASE WHEN g.period IS NOT NULL THEN r.run_window END, r.run_id DESC) f
	 WHERE NOT EXISTS (
			SELECT FROM etl_catalog.run l
			 WHERE l.pipeline_id = g.pipeline_id
			   AND l.state = 'running'
			   AND l.run_id > f.run_id
			   AND l.run_window && f.run_window
			   AND etl_catalog.run_is_alive(l.run_id, l.backend_pid, l.backend_start))
	   AND (NOT (f.partial OR g.done @> f.run_window)
			OR (SELECT h.run_id
				  FROM etl_catalog.run h
				 WHERE h.pipeline_id = g.pipeline_id
				   AND h.run_id > f.run_id
				   AND h.state = 'succeeded'
				   AND h.run_window && f.run_window
				 ORDER BY h.run_id
				 LIMIT 1) IS NULL);

-- PostgreSQL takes a UNION ALL apart although the view is a security barrier:
-- the union is in a view of its own, below the barrier.
CREATE VIEW etl_catalog.attention AS
	SELECT f.name AS pipeline, f.state AS problem,
		   coalesce(lower(f.run_window), '-infinity') AS window_start,
		   upper(f.run_window) AS window_end, f.run_id, f.since,
		   CASE f.state
				WHEN 'crashed' THEN 'the process of the run ended without a result'
				ELSE format('%s%s', CASE WHEN e.step IS NOT NULL THEN format('step %s: ', e.step) END,
							coalesce(e.message, 'the run failed'))
				END AS reason,
		   coalesce(CASE WHEN NOT f.enabled THEN format('SELECT etl.enable(%L);', f.name) END,
					etl_catalog.run_statement(f.name, f.period, f.start_at,
						f.timezone, lower(f.run_window), upper(f.run_window), statement_timestamp()),
					format('SELECT etl.run(%L);', f.name)) AS next_statement
	  FROM etl_catalog.failed_run f
	  LEFT JOIN etl_catalog.run_error e USING (run_id, attempt)
	UNION ALL
	SELECT g.name, 'disabled', n.window_start, n.window_end, NULL, n.window_end,
		   format('disabled%s, and windows are due', ': ' || p.disabled_reason),
		   format('SELECT etl.enable(%L);', g.name)
	  FROM etl_catalog.visible_grid g
	  JOIN etl_catalog.pipeline p USING (pipeline_id)
	 CROSS JOIN LATERAL etl_catalog.next_window(
			g.period, g.start_at, g.timezone, g.catchup, coalesce(g.settle, '0'),
			g.done_starts, g.done_ends, statement_timestamp()) n
	 CROSS JOIN LATERAL etl_catalog.due_times(n.window_end, g.settle, g.deadline, g.timezone) t
	 WHERE NOT g.enabled AND t.due_at <= statement_timestamp()
	UNION ALL
	SELECT g.name, 'late', n.window_start, n.window_end, NULL, t.late_at,
		   format('the window was due at %s, and is not done', t.due_at),
		   etl_catalog.run_statement(g.name, g.period, g.start_at, g.timezone,
				n.window_start, n.window_end, statement_timestamp())
	  FROM etl_catalog.visible_grid g
	 CROSS JOIN LATERAL etl_catalog.next_window(
			g.period, g.start_at, g.timezone, g.catchup, coalesce(g.settle, '0'),
			g.done_starts, g.done_ends, statement_timestamp()) n
	 CROSS JOIN LATERAL etl_catalog.due_times(n.window_end, g.settle, g.deadline, g.timezone) t
	 WHERE g.enabled AND t.late_at <= statement_timestamp()
	UNION ALL
	SELECT p.name, 'owner', NULL, NULL, NULL, NULL,
		   CASE WHEN r.rolname IS NULL THEN format('owner %s does not exist', p.owner_name)
				ELSE format('owner %s is not the role that it was', p.owner_name) END,
		   format('SELECT etl.set_owner(%L, %L);', p.name, quote_ident(coalesce(r.rolname, current_user)))
	  FROM etl_catalog.visible_pipeline p
	  LEFT JOIN pg_roles r ON r.rolname = p.owner_name
	 WHERE r.oid IS DISTINCT FROM p.owner_oid
	UNION ALL
	SELECT p.name, 'quarantine', NULL, NULL, max(q.run_id), min(q.quarantined_at),
		   format('%s row%s of step %s wait%s in quarantine', count(*), CASE WHEN count(*) > 1 THEN 's' END,
				  q.source, CASE WHEN count(*) = 1 THEN 's' END),
		   format('SELECT * FROM etl.quarantine WHERE pipeline = %L AND state = ''waiting'';', p.name)
	  FROM etl_catalog.visible_pipeline p
	  JOIN etl_catalog.quarantine q USING (pipeline_id)
	 WHERE q.state = 'waiting'
	 GROUP BY p.pipeline_id, p.name, q.source;

CREATE VIEW etl.attention WITH (security_barrier) AS
	SELECT pipeline, problem, window_start, window_end, run_id, since, reason,
		   next_statement
	  FROM etl_catalog.attention;
COMMENT ON VIEW etl.attention IS
'Show what somebody should look at in pipelines that one may see: windows whose last run failed or crashed and that were not done since, disabled pipelines with windows that are due, the first window that is late, owners that are gone, rows that wait in quarantine. Of each pipeline the latest 1,000 failed runs are looked at';
COMMENT ON COLUMN etl.attention.problem IS 'failed, crashed, disabled, late, owner or quarantine';
COMMENT ON COLUMN etl.attention.window_start IS 'Window that failed, or the first that is due';
COMMENT ON COLUMN etl.attention.run_id IS 'Run that failed';
COMMENT ON COLUMN etl.attention.since IS 'When it failed, or became due';
COMMENT ON COLUMN etl.attention.reason IS 'What is wrong, in a phrase';
COMMENT ON COLUMN etl.attention.next_statement IS 'Statement that goes on from here';
