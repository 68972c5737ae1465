-- What dbt snapshot executes on PostgreSQL with the strategy timestamp, and
-- hard deletes ignored: a staging table, UPDATE, INSERT.
CREATE TEMPORARY TABLE staging AS (
	WITH snapshot_query AS (SELECT * FROM batch),
	snapshotted_data AS (SELECT *, id AS dbt_unique_key FROM target WHERE dbt_valid_to IS NULL),
	insertions_source_data AS (
		SELECT *, id AS dbt_unique_key, updated_at AS dbt_updated_at, updated_at AS dbt_valid_from, nullif(updated_at, updated_at) AS dbt_valid_to,
			md5(coalesce(cast(id AS varchar), '') || '|' || coalesce(cast(updated_at AS varchar), '')) AS dbt_scd_id
		FROM snapshot_query),
	updates_source_data AS (
		SELECT *, id AS dbt_unique_key, updated_at AS dbt_updated_at, updated_at AS dbt_valid_from, updated_at AS dbt_valid_to FROM snapshot_query),
	insertions AS (
		SELECT 'insert' AS dbt_change_type, source_data.* FROM insertions_source_data AS source_data
		LEFT OUTER JOIN snapshotted_data ON snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
		WHERE snapshotted_data.dbt_unique_key IS NULL OR snapshotted_data.dbt_valid_from < source_data.updated_at),
	updates AS (
		SELECT 'update' AS dbt_change_type, source_data.*, snapshotted_data.dbt_scd_id FROM updates_source_data AS source_data
		JOIN snapshotted_data ON snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
		WHERE snapshotted_data.dbt_valid_from < source_data.updated_at)
	SELECT * FROM insertions UNION ALL SELECT * FROM updates);
UPDATE target SET dbt_valid_to = s.dbt_valid_to FROM staging AS s
WHERE s.dbt_scd_id::text = target.dbt_scd_id::text AND s.dbt_change_type::text = 'update'::text AND target.dbt_valid_to IS NULL;
INSERT INTO target (id, name, email, segment, amount, active, updated_at, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_scd_id)
SELECT id, name, email, segment, amount, active, updated_at, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_scd_id
FROM staging WHERE dbt_change_type::text = 'insert'::text;
