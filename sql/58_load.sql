-- How loads go about it.

CREATE FUNCTION etl.explain_load(
	pipeline   text,
	step       text,
	batch_rows bigint DEFAULT NULL)
RETURNS TABLE (part text, method text, reason text)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_explain_load';
COMMENT ON FUNCTION etl.explain_load(text, text, bigint) IS
'Tell how a load would go about it now, for a batch of so many rows (NULL: as many as the target has): a row for each part of the work (find what differs, update, insert) with its method and why. dq_etl.load_method and dq_etl.load_write choose other ways. What is only known of a batch when it is there (conversions, duplicates, conditions that read other tables) may still make the server''s own join find the rows, or INSERT write them. Reads nothing but the catalogue. Errors: 22004 for NULL as pipeline or step, 22023 for a negative batch_rows or a step that is no load, 42704 for a pipeline or step that does not exist, 42501, 42P01 while the target is not there';
