-- Starting, waiting for and cancelling runs.

CREATE FUNCTION etl.run(
	pipeline     text,
	window_start timestamptz DEFAULT NULL,
	window_end   timestamptz DEFAULT NULL,
	params       jsonb DEFAULT NULL,
	wait         boolean DEFAULT true,
	inline       boolean DEFAULT false,
	if_running   text DEFAULT 'fail',
	partial      boolean DEFAULT false
) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_run';
COMMENT ON FUNCTION etl.run(text, timestamptz, timestamptz, jsonb, boolean, boolean, text, boolean) IS
'Run a pipeline as its owner in a background worker and return the run id; NULL when no window is due or if_running is skip and it is running.
Without a window it takes the oldest that is due and not done (the latest with catchup => false); an explicit one must lie on the grid. params overrides parameters of the definition.
wait => false returns once the run has its id, at once and whatever this transaction does later. inline => true executes everything in this transaction, as the owner only, and leaves no record unless it commits. partial => true publishes a window that is not over and leaves it due.
Errors: the one that the run failed with, under its SQLSTATE; QE001 a gate failed; QE003 the process was terminated; 55006 already running (if_running: fail, skip, wait); 55000 this transaction has written data, or the pipeline is disabled; 53400 no worker slot; 40P01 the run waits for a lock of this transaction; 42501, 42704, 22023, 25006.';

CREATE FUNCTION etl.run_pending(pipeline text, max_windows integer DEFAULT NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_run_pending';
COMMENT ON FUNCTION etl.run_pending(text, integer) IS
'Run all windows of a pipeline that are due and not done, oldest first, at most max_windows (NULL: all), each in a worker of its own, and return how many; 0 when none is due or the pipeline is running. This is what a schedule calls.
A window that fails is passed by; at the end QE002 names the failed runs. Other errors as etl.run.';

CREATE FUNCTION etl.rebuild(pipeline text)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_rebuild';
COMMENT ON FUNCTION etl.rebuild(text) IS
'Make the targets of a pipeline anew: one run over everything that is done, from the start of the first window to the end of the last, gaps included, in whose one transaction the targets of all loads are emptied and loaded. Returns the run id; NULL when nothing is done. Readers see the old rows until the commit; other writers of the targets wait. Afterwards the whole range is done. Rows that the sources do not have any more are lost, and so are rows of other origin. The caller must be able to edit the pipeline.
Errors: as etl.run; 0A000 a load keeps a history that its runs have dated (snapshot, scd2 without sequence_by), or there is no load; 55000 another pipeline loads into one of the targets.';

CREATE FUNCTION etl.wait(run_id bigint, timeout interval DEFAULT NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_wait';
COMMENT ON FUNCTION etl.wait(bigint, interval) IS
'Wait until a run is over and return its state (succeeded, failed, cancelled, crashed), or running when timeout passes before (NULL: no limit). It sees what is committed now, in every isolation level, and does not raise for a failed run.
NULL run_id gives NULL. Errors: 42704 no such run, 40P01 the run waits for a lock of this transaction.';

CREATE FUNCTION etl.cancel(run_id bigint) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_cancel';
COMMENT ON FUNCTION etl.cancel(bigint) IS
'Ask a running run to stop and return true; false when it is over already. The state becomes cancelled as soon as its statement has stopped; nothing is published. NULL gives NULL.
Errors: 42704 no such run, 42501 neither owner nor granted run.';

CREATE FUNCTION etl.version() RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_version';
COMMENT ON FUNCTION etl.version() IS
'Return the version of the loaded library; compare with pg_extension.extversion after an update.';

CREATE FUNCTION etl_catalog.run_is_alive(run_id bigint, backend_pid integer, backend_start timestamptz)
RETURNS boolean
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'dq_etl_catalog_run_is_alive';
COMMENT ON FUNCTION etl_catalog.run_is_alive(bigint, integer, timestamptz) IS
'Tell whether the process that executes a run still lives: it holds the lock of the run, or a backend with this pid and start time exists';

