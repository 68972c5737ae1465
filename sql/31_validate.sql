-- What is wrong with a definition, before it runs.

CREATE FUNCTION etl.validate(
	pipeline text,
	OUT severity text, OUT object text, OUT message text, OUT hint text,
	OUT detail text, OUT sqlstate text, OUT line integer, OUT excerpt text)
	RETURNS SETOF record
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_validate';
COMMENT ON FUNCTION etl.validate(text) IS
'List what is wrong with a pipeline, before it runs: each step''s SQL is analysed as the owner and under the settings of runs, on the results of the steps before it; nothing is executed and no row of data is read. severity: error when a run would fail, warning when it may, or does what is hardly meant, info else. object is the step, or the pipeline as a whole; sqlstate what a run would raise; line and excerpt (the line, with a caret below) are NULL when the mistake has no place in a text. Found are: tables, columns, functions and types that are not there; types that a target does not take, and ones that it narrows; columns that are NOT NULL and get nothing; a unique index that a load needs; rights that the owner lacks, foreign servers that do not know it, code of other roles that a superuser''s pipeline would execute; volatile functions in the extract of a window; steps that hide tables; steps that nobody reads; tables that are empty and that no pipeline writes. A step that reads one with an error is not judged. No row for NULL, and none when all is well. Errors: 42704 no such pipeline, 42501 not the owner';
