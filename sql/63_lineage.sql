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
