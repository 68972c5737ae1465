-- Catalogue tables. All are written through src/catalog only, under the
-- extension owner's rights. Row security without a policy keeps members of
-- pg_write_all_data and pg_read_all_data out; the owner of the table passes.

CREATE TABLE etl_catalog.pipeline (
	pipeline_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	-- what people call it; unique, case sensitive, at most 63 bytes
	name            text NOT NULL UNIQUE CHECK (name <> '' AND octet_length(name) <= 63),
	-- the role that runs execute as. Name and oid must agree at run time:
	-- an oid alone may be another role after a restore
	owner_oid       oid NOT NULL,
	owner_name      text NOT NULL,
	-- version that new runs take
	version         integer NOT NULL CHECK (version > 0),
	enabled         boolean NOT NULL DEFAULT true,
	disabled_reason text,
	-- calls of etl.run and etl.run_pending that found nothing to do
	idle_calls      bigint NOT NULL DEFAULT 0,
	idle_reason     text,
	idle_at         timestamptz,
	created_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	changed_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE etl_catalog.pipeline IS 'One row per pipeline';

CREATE TABLE etl_catalog.pipeline_version (
	pipeline_id  bigint NOT NULL REFERENCES etl_catalog.pipeline ON DELETE CASCADE,
	version      integer NOT NULL CHECK (version > 0),
	description  text,
	-- the window grid; period NULL means windows from success to success
	period       interval,
	start_at     timestamptz,
	timezone     text NOT NULL,
	catchup      boolean NOT NULL,
	-- data before the window that a run reads and replaces too
	lookback     interval CHECK (lookback >= interval '0'),
	-- a window is due so long after its end, and late so long after that
	settle       interval CHECK (settle >= interval '0'),
	deadline     interval CHECK (deadline >= interval '0'),
	depends_on_past boolean NOT NULL,
	schedule     text,
	retries      integer NOT NULL CHECK (retries >= 0),
	retry_delay  interval NOT NULL CHECK (retry_delay >= interval '0'),
	-- timeout_ms, max_retry_delay_ms, retry_on, never_retry as far as given
	policy       jsonb NOT NULL,
	tags         text[] NOT NULL,
	params       jsonb NOT NULL,
	-- settings pinned at definition, name to value (search_path, locale)
	settings     jsonb NOT NULL,
	-- the definition as compared by the next etl.define
	definition   jsonb NOT NULL,
	defined_by   text NOT NULL,
	defined_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (pipeline_id, version),
	CHECK (period IS NULL OR start_at IS NOT NULL)
);
COMMENT ON TABLE etl_catalog.pipeline_version IS
'One row per version of a definition; a run stays with the version it started with';

CREATE TABLE etl_catalog.step (
	pipeline_id bigint NOT NULL,
	version     integer NOT NULL,
	-- place in the list as defined, from 1
	position    integer NOT NULL CHECK (position > 0),
	-- place in the order of execution, from 1
	run_order   integer NOT NULL CHECK (run_order > 0),
	name        text NOT NULL CHECK (name <> '' AND octet_length(name) <= 63),
	kind        text NOT NULL CHECK (kind IN ('extract', 'transform', 'expect', 'load', 'call')),
	phase       text NOT NULL CHECK (phase IN ('before', 'stage', 'publish', 'after', 'failure', 'finally')),
	-- options as given, complete with defaults
	options     jsonb NOT NULL,
	-- names of the steps that must have ended first: found in SQL and declared
	depends_on  text[] NOT NULL,
	PRIMARY KEY (pipeline_id, version, position),
	UNIQUE (pipeline_id, version, name),
	UNIQUE (pipeline_id, version, run_order),
	FOREIGN KEY (pipeline_id, version)
		REFERENCES etl_catalog.pipeline_version ON DELETE CASCADE
);
COMMENT ON TABLE etl_catalog.step IS 'One row per step of a version';

-- What is done. One row per maximal range, so that a publish touches one or
-- two short rows however long the history is; the exclusion constraint makes
-- overlap impossible whatever the code does.
CREATE TABLE etl_catalog.ledger (
	pipeline_id bigint NOT NULL REFERENCES etl_catalog.pipeline ON DELETE CASCADE,
	done        tstzrange NOT NULL CHECK (NOT isempty(done)),
	EXCLUDE USING gist (int8range(pipeline_id, pipeline_id, '[]') WITH &&, done WITH &&)
);
COMMENT ON TABLE etl_catalog.ledger IS 'Finished windows, merged to maximal ranges';

-- Who may see or run a pipeline besides its owner.
CREATE TABLE etl_catalog.pipeline_access (
	pipeline_id bigint NOT NULL REFERENCES etl_catalog.pipeline ON DELETE CASCADE,
	role_oid    oid NOT NULL,
	role_name   text NOT NULL,
	privilege   text NOT NULL CHECK (privilege IN ('view', 'run')),
	PRIMARY KEY (pipeline_id, role_oid)
);
COMMENT ON TABLE etl_catalog.pipeline_access IS
'Roles that may see (view) or see and start (run) a pipeline; never a right of the owner';

-- History. No foreign key to pipeline: it outlives what it tells about.
CREATE TABLE etl_catalog.run (
	run_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id  bigint NOT NULL,
	pipeline     text NOT NULL,
	version      integer NOT NULL,
	owner_oid    oid NOT NULL,
	state        text NOT NULL CHECK (state IN
		('queued', 'running', 'succeeded', 'failed', 'cancelled', 'crashed', 'skipped')),
	-- what the run is about, and what it touches
	run_window   tstzrange NOT NULL CHECK (NOT isempty(run_window)),
	data_window  tstzrange NOT NULL CHECK (NOT isempty(data_window)),
	logical_date date,
	partial      boolean NOT NULL DEFAULT false,
	inline       boolean NOT NULL DEFAULT false,
	params       jsonb NOT NULL DEFAULT '{}',
	attempt      integer NOT NULL DEFAULT 1 CHECK (attempt > 0),
	next_retry_at timestamptz,
	requested_by text NOT NULL,
	-- identity of the process that executes, to tell the living from the dead
	backend_pid   integer,
	backend_start timestamptz,
	step         text,
	started_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	finished_at  timestamptz,
	stages_kept  boolean NOT NULL DEFAULT false,
	CHECK ((finished_at IS NULL) = (state IN ('queued', 'running'))),
	-- two live runs of one pipeline never touch the same data
	EXCLUDE USING gist (int8range(pipeline_id, pipeline_id, '[]') WITH &&, data_window WITH &&)
		WHERE (state IN ('queued', 'running'))
);
COMMENT ON TABLE etl_catalog.run IS 'One row per run, kept whatever the outcome';
CREATE INDEX run_pipeline_idx ON etl_catalog.run (pipeline_id, run_id DESC);
-- people ask by name
CREATE INDEX run_name_idx ON etl_catalog.run (pipeline, run_id DESC);
-- etl.attention looks at what did not end well
CREATE INDEX run_attention_idx ON etl_catalog.run (pipeline_id, run_id DESC)
	WHERE state IN ('running', 'failed', 'crashed');
-- the reaper looks at live rows only
CREATE INDEX run_live_idx ON etl_catalog.run (run_id) WHERE state IN ('queued', 'running');

CREATE TABLE etl_catalog.run_step (
	run_id      bigint NOT NULL REFERENCES etl_catalog.run ON DELETE CASCADE,
	attempt     integer NOT NULL,
	run_order   integer NOT NULL,
	step        text NOT NULL,
	kind        text NOT NULL,
	phase       text NOT NULL,
	state       text NOT NULL CHECK (state IN
		('running', 'succeeded', 'failed', 'cancelled', 'skipped')),
	started_at  timestamptz NOT NULL,
	finished_at timestamptz,
	rows_read       bigint,
	rows_inserted   bigint,
	rows_updated    bigint,
	rows_unchanged  bigint,
	rows_suppressed bigint,
	rows_deleted    bigint,
	rows_closed     bigint,
	rows_rejected   bigint,
	message     text,
	PRIMARY KEY (run_id, attempt, run_order)
);
COMMENT ON TABLE etl_catalog.run_step IS 'One row per step and attempt of a run';

CREATE TABLE etl_catalog.run_error (
	run_id      bigint NOT NULL REFERENCES etl_catalog.run ON DELETE CASCADE,
	attempt     integer NOT NULL,
	step        text,
	sqlstate    text NOT NULL CHECK (sqlstate ~ '^[0-9A-Z]{5}$'),
	message     text NOT NULL,
	detail      text,
	hint        text,
	context     text,
	schema_name text,
	table_name  text,
	column_name text,
	datatype_name   text,
	constraint_name text,
	statement   text,
	statement_position integer,
	will_retry  boolean NOT NULL,
	occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (run_id, attempt)
);
COMMENT ON TABLE etl_catalog.run_error IS 'Why an attempt ended, complete as the server reported it';

CREATE TABLE etl_catalog.check_result (
	run_id   bigint NOT NULL REFERENCES etl_catalog.run ON DELETE CASCADE,
	attempt  integer NOT NULL,
	step     text NOT NULL,
	source   text NOT NULL,
	position integer NOT NULL,
	result   etl.check_result NOT NULL,
	checked_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (run_id, attempt, step, position)
);
COMMENT ON TABLE etl_catalog.check_result IS 'Verdicts of the checks of a run';

-- Rows that failed a check of a step with on_fail quarantine, stored by the
-- publish that went on without them. No foreign keys: they outlive the history
-- of their run, and wait for a person.
CREATE TABLE etl_catalog.quarantine (
	quarantine_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	run_id         bigint NOT NULL,
	pipeline_id    bigint NOT NULL,
	pipeline       text NOT NULL,
	-- the role that executed the run: whose rows these are. In a restored
	-- database the number may be another role's
	owner_oid      oid NOT NULL,
	owner_name     text NOT NULL,
	-- the step that checked, and the step whose stage had the row
	step           text NOT NULL,
	source         text NOT NULL,
	failed_checks  text[] NOT NULL CHECK (cardinality(failed_checks) > 0),
	row_data       jsonb NOT NULL,
	masked         text[] NOT NULL,
	-- what etl.repair_quarantine made of it
	repaired       jsonb,
	state          text NOT NULL DEFAULT 'waiting'
		CHECK (state IN ('waiting', 'replay', 'replayed', 'discarded')),
	-- the run that took it in again last, whatever became of it
	claimed_run    bigint,
	note           text,
	quarantined_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	keep_until     timestamptz NOT NULL,
	-- the run that took it in again, or when it was discarded
	settled_run    bigint,
	settled_at     timestamptz
);
COMMENT ON TABLE etl_catalog.quarantine IS 'Rows that were kept out of a load, with the checks that they failed';
CREATE INDEX quarantine_pipeline_idx ON etl_catalog.quarantine (pipeline_id, state, quarantine_id);
-- retention
CREATE INDEX quarantine_keep_idx ON etl_catalog.quarantine (keep_until);

ALTER TABLE etl_catalog.pipeline ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.pipeline_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.step ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.pipeline_access ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.run ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.run_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.run_error ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.check_result ENABLE ROW LEVEL SECURITY;
ALTER TABLE etl_catalog.quarantine ENABLE ROW LEVEL SECURITY;

-- Dumped: definitions, what is done, and the numbers given out so far, so that
-- a restored database neither loads a window twice nor reuses the id of a kept
-- stage schema. History stays with the server that made it.
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.pipeline', '');
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.pipeline_pipeline_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.pipeline_version', '');
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.step', '');
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.ledger', '');
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.pipeline_access', '');
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.run_run_id_seq', '');
-- rows that are nowhere else
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.quarantine', '');
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.quarantine_quarantine_id_seq', '');

