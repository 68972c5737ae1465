-- Rows that were kept out of a load, and what becomes of them.

CREATE VIEW etl.quarantine WITH (security_barrier) AS
	SELECT q.quarantine_id, coalesce(p.name, q.pipeline) AS pipeline, q.run_id,
		   q.step, q.source, q.failed_checks,
		   CASE WHEN o.owned THEN q.row_data END AS row_data,
		   CASE WHEN o.owned THEN q.repaired END AS repaired_row,
		   q.masked AS masked_columns, q.state, q.note, q.quarantined_at,
		   q.keep_until, q.settled_run, q.settled_at,
		   CASE WHEN q.state = 'waiting' AND q.masked <> '{}' AND q.repaired IS NULL
				THEN format('SELECT etl.repair_quarantine(%s, %L);', q.quarantine_id,
							CASE WHEN o.owned THEN q.row_data ELSE '{}' END)
				WHEN q.state = 'waiting' THEN format('SELECT etl.replay_quarantine(%L, %L);', coalesce(p.name, q.pipeline), ARRAY[q.quarantine_id])
				WHEN q.state = 'replay' THEN format('SELECT etl.run(%L);', coalesce(p.name, q.pipeline)) END AS next_statement
	  FROM etl_catalog.quarantine q
	 CROSS JOIN LATERAL (SELECT etl_catalog.has_role(q.owner_oid, q.owner_name) AS owned) o
	  LEFT JOIN etl_catalog.visible_pipeline p USING (pipeline_id)
	 WHERE o.owned OR pg_has_role('pg_monitor', 'USAGE') OR p.pipeline_id IS NOT NULL;
COMMENT ON VIEW etl.quarantine IS
'Show rows that failed a check of a step with on_fail quarantine, in pipelines that one may see; deleted some time after keep_until, when the pipeline runs';
COMMENT ON COLUMN etl.quarantine.quarantine_id IS 'Number of the row in quarantine';
COMMENT ON COLUMN etl.quarantine.pipeline IS 'Its pipeline, as it is called now';
COMMENT ON COLUMN etl.quarantine.run_id IS 'Run whose publish went on without the row';
COMMENT ON COLUMN etl.quarantine.step IS 'Step that checked';
COMMENT ON COLUMN etl.quarantine.source IS 'Step whose result had the row, and takes it in again';
COMMENT ON COLUMN etl.quarantine.failed_checks IS 'Names of all checks of the step that the row fails';
COMMENT ON COLUMN etl.quarantine.row_data IS 'The row as JSON, "***" for masked values; NULL for who does not have the privileges of the role that executed the run';
COMMENT ON COLUMN etl.quarantine.repaired_row IS 'What etl.repair_quarantine made of it; NULL for the same as row_data, and when it was not repaired';
COMMENT ON COLUMN etl.quarantine.masked_columns IS 'Columns whose values are not stored, or not as they were';
COMMENT ON COLUMN etl.quarantine.state IS 'waiting, replay (the next run takes it in), replayed or discarded';
COMMENT ON COLUMN etl.quarantine.note IS 'Why it was discarded';
COMMENT ON COLUMN etl.quarantine.quarantined_at IS 'When it was stored';
COMMENT ON COLUMN etl.quarantine.keep_until IS 'When it may be deleted';
COMMENT ON COLUMN etl.quarantine.settled_run IS 'Run that took it in again; a row that fails there too is in quarantine under another number';
COMMENT ON COLUMN etl.quarantine.settled_at IS 'When it was taken in again or discarded';
COMMENT ON COLUMN etl.quarantine.next_statement IS 'Statement that goes on from here; NULL when it is settled';

CREATE FUNCTION etl.repair_quarantine(quarantine_id bigint, row_data jsonb) RETURNS boolean
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dq_etl_repair_quarantine';
COMMENT ON FUNCTION etl.repair_quarantine(bigint, jsonb) IS
'Say what a row in quarantine should have been: the whole row as a JSON object, a key for each column. Values travel as JSON, which knows no negative zero and takes a json null for NULL. The row as it came is kept too. A run that has taken the row in meanwhile fails with 55000. Returns true. Errors: 42704 for a row that does not exist or is not yours, 55000 for one that is replayed or discarded, 22023, 22004 for NULL';

CREATE FUNCTION etl.replay_quarantine(pipeline text, quarantine_ids bigint[] DEFAULT NULL, step text DEFAULT NULL) RETURNS bigint
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dq_etl_replay_quarantine';
COMMENT ON FUNCTION etl.replay_quarantine(text, bigint[], text) IS
'Let the next run of a pipeline take rows of its quarantine in again, repaired or as they came, into the result of the step from which they were taken, where they are checked like all others; NULL means all that wait, of all steps. When that run fails they stay for the one after it. Returns their number; rows of a role whose privileges one does not have are left alone. Errors: 42501 not the owner, 42704, 55000 for rows with masked columns that are not repaired and for those from steps that are gone, 22004';

CREATE FUNCTION etl.discard_quarantine(pipeline text, quarantine_ids bigint[] DEFAULT NULL, reason text DEFAULT NULL) RETURNS bigint
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dq_etl_discard_quarantine';
COMMENT ON FUNCTION etl.discard_quarantine(text, bigint[], text) IS
'Settle rows in quarantine that nobody wants; NULL means all that wait. They are kept until keep_until. Returns their number; rows of a role whose privileges one does not have are left alone. Errors: 42501 not the owner, 42704, 22004';
