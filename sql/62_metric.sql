-- What metrics were, for checks that compare with their history.

-- One row per number. Written in the transaction that stores the verdicts, or
-- by etl.check with record => true, under the extension owner's rights. A
-- number outlives its run and its pipeline; each series keeps its latest
-- 10,000. Row security without a policy keeps everybody else out.
CREATE TABLE etl_catalog.metric_point (
	-- of what: a hash of whose it is, source, check, group and the text of
	-- the metric, so that a check with a new metric begins a new series. With
	-- the time it finds the latest numbers, and a rerun replaces its own
	series      bytea NOT NULL CHECK (octet_length(series) = 16),
	point_at    timestamptz NOT NULL CHECK (isfinite(point_at)),
	value       double precision NOT NULL CHECK (value > '-Infinity' AND value < 'Infinity'),
	tested_rows bigint NOT NULL,
	-- false: of a run that did not succeed; no baseline unless asked for
	published   boolean NOT NULL,
	-- a pipeline's, or of who called etl.check
	pipeline_id bigint,
	role_name   text,
	run_id      bigint,
	step        text,
	source      text NOT NULL,
	check_name  text NOT NULL,
	group_key   jsonb,
	recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (series, point_at),
	CHECK ((pipeline_id IS NULL) = (role_name IS NOT NULL)),
	CHECK ((pipeline_id IS NULL) = (step IS NULL))
);
COMMENT ON TABLE etl_catalog.metric_point IS
'Numbers that history checks compare with, one row per check and time';
-- the view shows a pipeline's
CREATE INDEX metric_point_pipeline_idx ON etl_catalog.metric_point (pipeline_id, check_name, point_at);
ALTER TABLE etl_catalog.metric_point ENABLE ROW LEVEL SECURITY;
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.metric_point
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
-- Dumped, unlike runs: without its baseline a restored check is blind for
-- weeks.
SELECT pg_catalog.pg_extension_config_dump('etl_catalog.metric_point', 'WHERE published');

CREATE VIEW etl.metric_history WITH (security_barrier) AS
	SELECT p.name AS pipeline, m.step, m.source, m.check_name, m.group_key,
		   m.point_at, m.value, m.tested_rows, m.published, m.run_id,
		   m.role_name, m.recorded_at
	  FROM etl_catalog.metric_point m
	 CROSS JOIN (SELECT) nothing
	  LEFT JOIN etl_catalog.visible_pipeline p USING (pipeline_id)
	 WHERE p.pipeline_id IS NOT NULL
		OR EXISTS (SELECT FROM pg_roles r
					WHERE r.rolname = m.role_name AND pg_has_role(r.oid, 'USAGE'));
COMMENT ON VIEW etl.metric_history IS
'Numbers that checks of the history family compare with: those of pipelines that the current user may see, and those that its own roles recorded with etl.check';
COMMENT ON COLUMN etl.metric_history.pipeline IS 'Name of the pipeline; NULL: recorded by etl.check';
COMMENT ON COLUMN etl.metric_history.step IS 'Step that checked; NULL: recorded by etl.check';
COMMENT ON COLUMN etl.metric_history.source IS 'Stage or relation that was checked';
COMMENT ON COLUMN etl.metric_history.check_name IS 'Name of the check';
COMMENT ON COLUMN etl.metric_history.group_key IS 'Group of rows, for checks with group_by; else NULL';
COMMENT ON COLUMN etl.metric_history.point_at IS 'Time that the number is about: start of the window (its end without a period), or when etl.check recorded it';
COMMENT ON COLUMN etl.metric_history.value IS 'The number';
COMMENT ON COLUMN etl.metric_history.tested_rows IS 'Rows that it was computed from';
COMMENT ON COLUMN etl.metric_history.published IS 'False for a run that did not succeed: no baseline unless a check asks for it';
COMMENT ON COLUMN etl.metric_history.run_id IS 'Run that stored it; NULL: recorded by etl.check';
COMMENT ON COLUMN etl.metric_history.role_name IS 'Role that recorded it with etl.check; NULL for pipelines';
COMMENT ON COLUMN etl.metric_history.recorded_at IS 'When it was stored';
