-- Definitions. The functions that make steps only collect what they are given
-- into a row; etl.define judges it, and rows made by hand just so.

CREATE FUNCTION etl.extract(name text, query text, depends_on text[] DEFAULT '{}')
	RETURNS etl.step
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN ROW('extract', name, jsonb_strip_nulls(jsonb_build_object(
		'query', query, 'depends_on', depends_on)))::etl.step;
COMMENT ON FUNCTION etl.extract(text, text, text[]) IS
'Make a step that reads a source: the result of one query (SELECT, VALUES or TABLE) is kept under the step''s name for later steps. depends_on names steps that must be done first, besides those that the query reads. Nothing is checked before etl.define';

CREATE FUNCTION etl.transform(name text, query text, depends_on text[] DEFAULT '{}')
	RETURNS etl.step
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN ROW('transform', name, jsonb_strip_nulls(jsonb_build_object(
		'query', query, 'depends_on', depends_on)))::etl.step;
COMMENT ON FUNCTION etl.transform(text, text, text[]) IS
'Make a step that computes from earlier steps, which its query reads by their plain names; otherwise as etl.extract';

CREATE FUNCTION etl.expect(
	source text, checks text[], on_fail text DEFAULT 'stop',
	name text DEFAULT NULL, row_filter text DEFAULT NULL,
	max_failed_fraction numeric DEFAULT NULL, depends_on text[] DEFAULT '{}',
	quarantine jsonb DEFAULT NULL)
	RETURNS etl.step
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN ROW('expect', name, jsonb_strip_nulls(jsonb_build_object(
		'source', source, 'checks', checks, 'on_fail', on_fail,
		'row_filter', row_filter, 'max_failed_fraction', max_failed_fraction,
		'quarantine', quarantine, 'depends_on', depends_on)))::etl.step;
COMMENT ON FUNCTION etl.expect(text, text[], text, text, text, numeric, text[], jsonb) IS
'Make a step that checks an earlier step or an existing relation. Each check is a boolean expression, a table constraint (CHECK, UNIQUE, PRIMARY KEY, FOREIGN KEY) or a rule made by etl.rule. on_fail: stop ends the run before anything is loaded, warn lets it go on and records the failure as a warning, quarantine takes the rows that fail a check of severity error or critical out of the result of the step and keeps them in etl.quarantine with the names of all checks they failed, so that the rest goes on; checks that are not about single rows (counts, metrics) still stop. quarantine says how: max_rows (default 100000) and max_fraction (default 1), beyond which the run stops, keep (interval, default 90 days) and mask (list of columns that are not stored). row_filter (SQL) says which rows count, max_failed_fraction (0 to 1) how many of them may fail. The name is expect_<source> when NULL. Nothing is checked before etl.define';

CREATE FUNCTION etl.load(
	source text, target text, key text[] DEFAULT NULL, mode text DEFAULT NULL,
	name text DEFAULT NULL, depends_on text[] DEFAULT '{}',
	sequence_by text[] DEFAULT NULL, dedupe text DEFAULT NULL,
	dedupe_key text[] DEFAULT NULL, window_column text DEFAULT NULL,
	delete_when text DEFAULT NULL, delete_missing text DEFAULT NULL,
	update_columns text[] DEFAULT NULL, exclude_columns text[] DEFAULT NULL,
	keys_from text DEFAULT NULL, params jsonb DEFAULT NULL,
	target_checks text[] DEFAULT NULL)
	RETURNS etl.step
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN ROW('load', name, jsonb_strip_nulls(jsonb_build_object(
		'source', source, 'target', target, 'key', key, 'mode', mode,
		'depends_on', depends_on, 'sequence_by', sequence_by,
		'dedupe', dedupe, 'dedupe_key', dedupe_key,
		'window_column', window_column, 'delete_when', delete_when,
		'delete_missing', delete_missing, 'update_columns', update_columns,
		'exclude_columns', exclude_columns, 'keys_from', keys_from,
		'params', params, 'target_checks', target_checks)))::etl.step;
COMMENT ON FUNCTION etl.load(text, text, text[], text, text, text[], text[], text, text[], text, text, text, text[], text[], text, jsonb, text[]) IS
'Make a step that loads the result of an earlier step into a table, in the one transaction that makes all loads of a run visible. When mode or key is NULL they follow from the table; the name is load_<source> when NULL. Loads of one target wait for each other, whatever the mode; beyond that a mode takes the lock that is named with it.
Modes: append inserts (with dedupe_key, rows whose dedupe_key is not there); insert_ignore inserts what is new by key; upsert inserts what is new and updates what changed: ROW EXCLUSIVE. merge is upsert and deletes the rows that a row of the batch with their key says are gone (delete_when, a condition on the batch), or that the batch lacks (delete_missing: none, window, all; QE004 when these are more than the fraction max_delete_fraction): ROW EXCLUSIVE. replace_keys deletes the rows whose key occurs in the batch, or in the stage of another step (keys_from), and inserts the batch; replace_window the rows of the run''s window by window_column (timestamptz; timestamp and date as local time of the pipeline); replace_all all rows: SHARE ROW EXCLUSIVE, so readers go on; with method truncate, or swap, which writes the rows aside and then exchanges the storage, ACCESS EXCLUSIVE. replace_partition builds the partitions into which the batch goes anew and exchanges them: ACCESS EXCLUSIVE from then on. scd1 keeps the newest state of each key by sequence_by, from which delete_when deletes: ROW EXCLUSIVE. scd2 keeps the history of each key: versions from valid_from until before valid_to, dated by the one column of sequence_by or, without it, by the end of the run''s window; a version begins where a column of track changes (all but the key when not given), other columns are kept up to date in it; late rows split versions, delete_when and delete_missing => ''all'' (at the end of the window) end them; key is without valid_from, and a unique index on both is needed (42P10). snapshot is the same as dbt says it: strategy timestamp with updated_at or check with check_columns, hard_deletes ignore, invalidate or new_record. Both SHARE ROW EXCLUSIVE.
sequence_by orders the rows of one key: among duplicates in the batch the one that dedupe names stays (error: 21000, latest, first), and where the target has the columns, a row wins only over an older one. update_columns, or all but exclude_columns, are written over rows that are there. params holds these and all other options by name: on_conflict_columns, ignore_nulls, guard, delete_scope, delete_mark, max_delete_fraction, outside_window, method, control_columns, loaded_at, run_id, order_by, track, valid_from, valid_to, is_current, open_end (null, infinity), strategy, updated_at, check_columns, hard_deletes, truncate_when, hash_column, narrowing (fail, allow: what could lose a value is 42804), on_schema_change (fail, ignore, append_columns, sync), missing_target (fail, create), lock_timeout; doc/how-to/load.md explains them. target_checks are checks as etl.expect takes them, on the target as the load leaves it: they run in the transaction of the load, and one that fails rolls back all loads of the run (QE001); their verdicts stay. Nothing is checked before etl.define, which raises 22023 for an option that is unknown or means nothing in the mode';

CREATE FUNCTION etl.call(
	name text, command text, phase text DEFAULT 'publish',
	depends_on text[] DEFAULT '{}')
	RETURNS etl.step
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN ROW('call', name, jsonb_strip_nulls(jsonb_build_object(
		'command', command, 'phase', phase, 'depends_on', depends_on)))::etl.step;
COMMENT ON FUNCTION etl.call(text, text, text, text[]) IS
'Make a step that executes one statement of any kind but a transaction command. phase: before everything else, publish (in the transaction of the loads, in list order among them), after the commit, failure (when the run has failed, was cancelled or timed out) or finally (at the end, whatever it was). What fails in the last three does not change the state of the run; etl.run_id() tells which run it is, and etl.runs how it ended. Nothing is checked before etl.define';

CREATE FUNCTION etl.with_policy(
	step etl.step, timeout interval DEFAULT NULL, retries integer DEFAULT NULL,
	retry_delay interval DEFAULT NULL, max_retry_delay interval DEFAULT NULL,
	retry_on text[] DEFAULT NULL, never_retry text[] DEFAULT NULL,
	run_if text DEFAULT NULL, on_failure text DEFAULT NULL,
	settings jsonb DEFAULT NULL)
	RETURNS etl.step
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN ROW((step).kind, (step).name, (step).options || jsonb_build_object(
		'policy', coalesce((step).options -> 'policy', '{}') || jsonb_strip_nulls(jsonb_build_object(
			'timeout_ms', (extract(epoch FROM timeout) * 1000)::bigint,
			'retries', retries,
			'retry_delay_ms', (extract(epoch FROM retry_delay) * 1000)::bigint,
			'max_retry_delay_ms', (extract(epoch FROM max_retry_delay) * 1000)::bigint,
			'retry_on', retry_on, 'never_retry', never_retry,
			'run_if', run_if, 'on_failure', on_failure,
			'settings', settings))))::etl.step;
COMMENT ON FUNCTION etl.with_policy(etl.step, interval, integer, interval, interval, text[], text[], text, text, jsonb) IS
'Return a step that has a policy of its own; NULL: as the pipeline has it. timeout: how long one attempt may take (QE005 after that). retries, retry_delay, max_retry_delay, retry_on and never_retry as in etl.define, counted for this step. run_if: boolean SQL, may read earlier steps; unless it is true the step is skipped, and if others read its result, so are they. on_failure, when no attempt is left (loads and calls in the publish transaction have one): fail (the run fails), skip (the run goes on without the step, and without those that read its result) or skip_downstream (and without all that depend on it). settings: configuration parameters while the step runs, such as {"work_mem": "256MB", "lock_timeout": "5s"}; not search_path, TimeZone, role and others that say what the SQL means. Nothing is checked before etl.define';

CREATE FUNCTION etl.define(
	pipeline text, steps etl.step[], description text DEFAULT NULL,
	period interval DEFAULT NULL, start_at timestamptz DEFAULT NULL,
	timezone text DEFAULT NULL, catchup boolean DEFAULT true,
	lookback interval DEFAULT NULL, settle interval DEFAULT NULL,
	deadline interval DEFAULT NULL, depends_on_past boolean DEFAULT false,
	schedule text DEFAULT NULL, retries integer DEFAULT 0,
	retry_delay interval DEFAULT '1 min', timeout interval DEFAULT NULL,
	max_retry_delay interval DEFAULT NULL, retry_on text[] DEFAULT NULL,
	never_retry text[] DEFAULT NULL, tags text[] DEFAULT '{}',
	params jsonb DEFAULT '{}', dry_run boolean DEFAULT false)
	RETURNS TABLE (action text, object text, detail text)
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_define';
COMMENT ON FUNCTION etl.define(text, etl.step[], text, interval, timestamptz, text, boolean, interval, interval, interval, boolean, text, integer, interval, interval, interval, text[], text[], text[], jsonb, boolean) IS
'Define a pipeline as a whole, new or again; returns what changed: one row "unchanged" when nothing did, else each change and the new version. With dry_run the same list, and nothing is written. Steps that are not given any more go. The caller becomes the owner of a new pipeline, as whom it runs; an existing one keeps its owner, whose privileges are needed (42501). The search_path and the settings that change what SQL means are kept from this session. period (days and months by the calendar of timezone, else elapsed time) cuts time into windows counted from start_at; without one a window lasts from success to success. timezone NULL: the database''s own; start_at NULL: one period before the one of the first definition, kept afterwards. catchup: take the oldest window that is due, else the latest. lookback widens what a run reads and replaces, from etl.data_start() on, and not what is done by it. A window is due settle after its end, and late, in etl.windows and etl.attention, deadline after that (NULL: never); with depends_on_past only when the window before it is done. retries: 0 to 100 more attempts after an error that may heal, the first retry_delay later (up to one day, and up to a tenth more), then twice as long each time up to max_retry_delay (NULL: one hour). Which errors those are: retry_on, SQLSTATEs or classes of two characters (NULL: 40001, 40P01, 55P03, 57P03, 58030, 53, 08), but never one of never_retry, and never a cancel. timeout: how long a run may take, with all attempts (NULL: no limit; QE005 after that); etl.with_policy says all this for one step. schedule is for etl.schedule, in pg_cron''s syntax. pipeline and steps must not be NULL (22004); NULL for another argument means its default. Errors name the step, with a caret where its SQL is wrong: 42601 syntax, 0A000 a statement of a kind that is not allowed, 42P17 order or cycle, 42704 unknown step, 42710 two steps of one name, 42939 reserved name, 42602 and 42622 bad name, 22023 other options, and those of loads and checks. 25006 where nothing can be written';

CREATE FUNCTION etl.drop_pipeline(pipeline text, if_exists boolean DEFAULT false)
	RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_drop_pipeline';
COMMENT ON FUNCTION etl.drop_pipeline(text, boolean) IS
'Drop a pipeline with all versions, grants, its pg_cron job, the stages kept of failed runs and the record of what is done; the history of its runs stays. Returns what is forgotten, NULL for NULL. Errors: 42704 no such pipeline (unless if_exists), 42501 not the owner, 55006 it is running';

CREATE FUNCTION etl.rename_pipeline(pipeline text, new_name text) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_rename_pipeline';
COMMENT ON FUNCTION etl.rename_pipeline(text, text) IS
'Give a pipeline another name; its runs, windows, grants and job stay with it. Returns what was done, NULL for NULL. Errors: 42710 the name is taken, 42602 and 42622 bad name, 42501 not the owner';

CREATE FUNCTION etl.enable(pipeline text) RETURNS boolean
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_enable';
COMMENT ON FUNCTION etl.enable(text) IS
'Let runs of a pipeline start again; false when it was enabled already, NULL for NULL. Error: 42501 not the owner';

CREATE FUNCTION etl.disable(pipeline text, reason text DEFAULT NULL) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_disable';
COMMENT ON FUNCTION etl.disable(text, text) IS
'Keep runs of a pipeline from starting, and keep the reason, which may be NULL; a run that goes on is left alone. False when it was disabled already (the reason is replaced), NULL for a NULL pipeline. Error: 42501 not the owner';

CREATE FUNCTION etl.set_owner(pipeline text, owner regrole) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_set_owner';
COMMENT ON FUNCTION etl.set_owner(text, regrole) IS
'Give a pipeline to another role, as which it runs from then on with the search_path pinned before; its pg_cron job is removed. The caller needs the privileges of the owner and must be able to SET ROLE to the new one; only a superuser gives to a superuser. After a restore in which the stored owner''s name and OID disagree, approves an owner again: for superusers and the role that has the stored name. Returns what was done, NULL for NULL. Errors: 42501, 42704 no such role';
