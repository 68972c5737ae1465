-- Where columns come from.

CREATE FUNCTION etl.query_lineage(
	query text,
	OUT target regclass, OUT column_name text, OUT kind text,
	OUT source regclass, OUT source_column text, OUT through regclass)
	RETURNS SETOF record
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_query_lineage';
COMMENT ON FUNCTION etl.query_lineage(text) IS
'Trace the columns of one statement (SELECT, INSERT, UPDATE, DELETE, MERGE) to the columns of the relations that it reads, as the server understands it in this session; nothing is executed. target is the relation that is written, NULL for the result of a query; column_name is NULL when all of its rows depend on the source. kind: identity (the value itself), transformation (computed from it), aggregation (from values of many rows); filter, join, group_by, sort (which rows there are, in what groups and order), window (partitions and order of a window), conditional (which of several values it is). Views and SQL functions are looked through; a column that is read through a view appears twice, as the view''s and as its own, then with the view in through. A column without a row comes from no column. No row for NULL. Errors: what the parser finds, with a caret; 0A000 for a statement of another kind';

-- What the current version of each pipeline depends on. Not dumped: relations
-- and columns are kept by number, which follows renames but means nothing in
-- another database; etl.refresh_lineage makes it anew.
CREATE TABLE etl_catalog.edge (
	pipeline_id   bigint NOT NULL REFERENCES etl_catalog.pipeline ON DELETE CASCADE,
	step          text NOT NULL,
	-- '': no check
	check_name    text NOT NULL,
	-- 0: the stage of the step, or its check
	target_oid    oid NOT NULL,
	target_name   text NOT NULL,
	-- 0: all columns, since rows depend on the source
	target_attnum smallint NOT NULL,
	target_column text NOT NULL,
	-- 0: the stage of another step
	source_oid    oid NOT NULL,
	source_name   text NOT NULL,
	source_attnum smallint NOT NULL,
	source_column text NOT NULL,
	-- the view that stands between, 0: none
	through_oid   oid NOT NULL,
	through_name  text NOT NULL,
	kind          text NOT NULL,
	-- what a walk goes along: a relation, or a stage of a pipeline
	target_node   text NOT NULL GENERATED ALWAYS AS (CASE
		WHEN check_name <> '' THEN pipeline_id::text || '?' || step || '?' || check_name
		WHEN target_oid = 0 THEN pipeline_id::text || '/' || step
		ELSE target_oid::text END) STORED,
	source_node   text NOT NULL GENERATED ALWAYS AS (CASE
		WHEN source_oid = 0 THEN pipeline_id::text || '/' || source_name
		ELSE source_oid::text END) STORED
);
COMMENT ON TABLE etl_catalog.edge IS
'One row per step, column and way in which the current version of a pipeline depends on it';
-- upstream, downstream, and all of one pipeline when it is defined again
CREATE INDEX edge_target_idx ON etl_catalog.edge (target_node);
CREATE INDEX edge_source_idx ON etl_catalog.edge (source_node);
CREATE INDEX edge_pipeline_idx ON etl_catalog.edge (pipeline_id);
ALTER TABLE etl_catalog.edge ENABLE ROW LEVEL SECURITY;
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.edge
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();

-- Relations and columns by the names that they have now.
CREATE VIEW etl_catalog.visible_edge AS
	SELECT e.pipeline_id, p.name AS pipeline, e.step, s.kind AS step_kind, e.check_name,
		   e.target_oid, e.target_attnum, e.target_node,
		   CASE WHEN e.target_oid = 0 THEN e.target_name
				ELSE coalesce((SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = e.target_oid), e.target_name) END AS target,
		   nullif(coalesce((SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = e.target_oid AND a.attnum = e.target_attnum AND NOT a.attisdropped), e.target_column), '') AS target_column,
		   e.source_oid, e.source_attnum, e.source_node,
		   CASE WHEN e.source_oid = 0 THEN e.source_name
				ELSE coalesce((SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = e.source_oid), e.source_name) END AS source,
		   nullif(coalesce((SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = e.source_oid AND a.attnum = e.source_attnum AND NOT a.attisdropped), e.source_column), '') AS source_column,
		   nullif(coalesce((SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = e.through_oid), e.through_name), '') AS through,
		   e.kind
	  FROM etl_catalog.visible_pipeline p
	  JOIN etl_catalog.edge e USING (pipeline_id)
	  JOIN etl_catalog.step s ON s.pipeline_id = p.pipeline_id AND s.version = p.version AND s.name = e.step;
COMMENT ON VIEW etl_catalog.visible_edge IS 'Edges of the pipelines that the current user may see';

CREATE VIEW etl.lineage_edges WITH (security_barrier) AS
	SELECT pipeline, step, step_kind, nullif(check_name, '') AS check_name,
		   target, target_column, kind, source, source_column, through,
		   target_oid, target_attnum, target_node, source_oid, source_attnum, source_node
	  FROM etl_catalog.visible_edge;
COMMENT ON VIEW etl.lineage_edges IS
'Show what the current version of each pipeline that one may see depends on, one row per column and way of depending, as etl.define or etl.refresh_lineage found it';
COMMENT ON COLUMN etl.lineage_edges.pipeline IS 'Pipeline whose current version it is about';
COMMENT ON COLUMN etl.lineage_edges.step IS 'Step that depends on the source';
COMMENT ON COLUMN etl.lineage_edges.step_kind IS 'Kind of the step';
COMMENT ON COLUMN etl.lineage_edges.check_name IS 'Check that looks at the source; NULL: the step itself';
COMMENT ON COLUMN etl.lineage_edges.source_column IS 'Column of the source; NULL: all of its rows count';
COMMENT ON COLUMN etl.lineage_edges.target_oid IS 'OID of the relation; 0: a step';
COMMENT ON COLUMN etl.lineage_edges.target_attnum IS 'Number of the column; 0: none';
COMMENT ON COLUMN etl.lineage_edges.source_oid IS 'OID of the relation; 0: a step';
COMMENT ON COLUMN etl.lineage_edges.source_attnum IS 'Number of the column; 0: none';
COMMENT ON COLUMN etl.lineage_edges.source_node IS 'What the source is, to join target_node of other rows with';
COMMENT ON COLUMN etl.lineage_edges.target IS 'Relation that the step writes, else the step itself, whose result it is, or whose check';
COMMENT ON COLUMN etl.lineage_edges.target_column IS 'NULL: all of its rows depend on the source';
COMMENT ON COLUMN etl.lineage_edges.kind IS 'As etl.query_lineage says; check: a check looks at the column';
COMMENT ON COLUMN etl.lineage_edges.source IS 'Relation, or an earlier step of the pipeline; names are those of now, of a relation that is gone those it had';
COMMENT ON COLUMN etl.lineage_edges.through IS 'View by way of which the column is read; NULL: none';
COMMENT ON COLUMN etl.lineage_edges.target_node IS 'What the target is, to join source_node of other rows with';

CREATE FUNCTION etl.refresh_lineage(pipeline text) RETURNS bigint
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_refresh_lineage';
COMMENT ON FUNCTION etl.refresh_lineage(text) IS
'Find anew what a pipeline depends on, as etl.define does: after a restore, or when a view or function that it reads has changed. Returns the number of edges, NULL for NULL. Errors: 42704 no such pipeline, 42501 not the owner, 25006 where nothing can be written';

CREATE FUNCTION etl.lineage(
	source regclass, direction text DEFAULT 'upstream',
	max_depth integer DEFAULT 100, col text DEFAULT NULL)
	RETURNS TABLE (depth integer, pipeline text, step text, target text, target_column text,
		kind text, source_name text, source_column text, through text)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE col_of AS (
		SELECT a.attnum FROM pg_attribute a
		 WHERE a.attrelid = lineage.source AND a.attname = lineage.col
	), edges AS MATERIALIZED (
		SELECT e.*,
			   CASE lineage.direction WHEN 'upstream' THEN e.target_node WHEN 'downstream' THEN e.source_node END AS near_node,
			   CASE lineage.direction WHEN 'upstream' THEN e.source_node WHEN 'downstream' THEN e.target_node END AS far_node
		  FROM etl.lineage_edges e
	), reached (depth, pipeline, step, target, target_column, kind, source, source_column, through,
				target_attnum, source_attnum, far_node) AS (
		SELECT 1, e.pipeline, e.step, e.target, e.target_column, e.kind, e.source, e.source_column, e.through,
			   e.target_attnum, e.source_attnum, e.far_node
		  FROM edges e
		 WHERE CASE lineage.direction
			   WHEN 'upstream' THEN e.target_oid = lineage.source
				AND (lineage.col IS NULL OR e.target_attnum = 0 OR e.target_attnum IN (SELECT attnum FROM col_of))
			   WHEN 'downstream' THEN e.source_oid = lineage.source
				AND (lineage.col IS NULL OR e.source_attnum IN (SELECT attnum FROM col_of)) END
		UNION
		SELECT r.depth + 1, e.pipeline, e.step, e.target, e.target_column, e.kind, e.source, e.source_column, e.through,
			   e.target_attnum, e.source_attnum, e.far_node
		  FROM reached r
		  JOIN edges e ON e.near_node = r.far_node
		   AND CASE lineage.direction
			   WHEN 'upstream' THEN e.target_attnum IN (0, r.source_attnum)
			   ELSE r.target_attnum IN (0, e.source_attnum) END
		 WHERE r.depth < lineage.max_depth)
	SELECT min(r.depth), r.pipeline, r.step, r.target, r.target_column, r.kind, r.source, r.source_column, r.through
	  FROM reached r
	 GROUP BY 2, 3, 4, 5, 6, 7, 8, 9
	 ORDER BY 1, 2, 3, 4, 5 NULLS LAST, 6, 7, 8, 9;
END;
COMMENT ON FUNCTION etl.lineage(regclass, text, integer, text) IS
'List what a relation, or one column of it (col), comes from (upstream), or what comes from it (downstream), over all pipelines that one may see: the steps that read or write it first, then what these come from, at most max_depth edges away. target_column NULL means all rows of target; kind is as etl.query_lineage says. What a pipeline writes is what others read: relations join them. No row for NULL, when nothing depends, or for another direction';

CREATE FUNCTION etl.impact(source regclass, col text DEFAULT NULL)
	RETURNS TABLE (depth integer, pipeline text, step text, step_kind text,
		object_type text, object text, object_column text)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE col_of AS (
		SELECT a.attnum FROM pg_attribute a
		 WHERE a.attrelid = impact.source AND a.attname = impact.col
	), edges AS MATERIALIZED (
		SELECT * FROM etl.lineage_edges
	), reached (depth, pipeline, step, step_kind, check_name, target, target_column, target_oid, target_node, target_attnum) AS (
		SELECT 1, e.pipeline, e.step, e.step_kind, e.check_name, e.target, e.target_column, e.target_oid, e.target_node, e.target_attnum
		  FROM edges e
		 WHERE e.source_oid = impact.source
		   AND (impact.col IS NULL OR e.source_attnum IN (SELECT attnum FROM col_of))
		UNION
		SELECT r.depth + 1, e.pipeline, e.step, e.step_kind, e.check_name, e.target, e.target_column, e.target_oid, e.target_node, e.target_attnum
		  FROM reached r
		  JOIN edges e ON e.source_node = r.target_node
		   AND r.target_attnum IN (0, e.source_attnum)
		 WHERE r.depth < 100)
	SELECT min(r.depth), r.pipeline, r.step, r.step_kind,
		   CASE WHEN r.check_name IS NOT NULL THEN 'check' WHEN r.target_oid = 0 THEN 'stage' ELSE 'relation' END,
		   coalesce(r.check_name, r.target), r.target_column
	  FROM reached r
	 GROUP BY 2, 3, 4, 5, 6, 7
	 ORDER BY 1, 2, 3, 5, 6, 7 NULLS LAST;
END;
COMMENT ON FUNCTION etl.impact(regclass, text) IS
'List what depends on a relation, or on one column of it (col), over all pipelines that one may see: columns of the results of steps (object_type stage), of relations that steps write (relation), and checks (check). object_column NULL means all rows of object. depth 1 reads it itself, more by way of others. No row for NULL or when nothing depends';

-- Opt-in: an administrator makes event triggers of these.
CREATE FUNCTION etl.warn_of_broken_steps() RETURNS event_trigger
	LANGUAGE c
	AS 'MODULE_PATHNAME', 'dq_etl_warn_of_broken_steps';
COMMENT ON FUNCTION etl.warn_of_broken_steps() IS
'Warn of a command that drops a relation or column which a step of a pipeline uses (CREATE EVENT TRIGGER ... ON sql_drop), or renames one that its SQL names (ON ddl_command_end); names pipelines to whoever gives the command. Errors: 39P03 called otherwise, 0A000 for another event';

CREATE FUNCTION etl.refuse_broken_steps() RETURNS event_trigger
	LANGUAGE c
	AS 'MODULE_PATHNAME', 'dq_etl_refuse_broken_steps';
COMMENT ON FUNCTION etl.refuse_broken_steps() IS
'Refuse what etl.warn_of_broken_steps warns of: 2BP01';
