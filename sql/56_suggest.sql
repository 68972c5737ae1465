-- Suggestions: checks that the data suggest, and constraints that make checks
-- cost nothing. They read as the caller; nothing is created.

CREATE FUNCTION etl.suggest_checks(
	source      regclass,
	columns     text[]  DEFAULT NULL,
	row_filter  text    DEFAULT NULL,
	max_values  integer DEFAULT 20,
	sample_rows integer DEFAULT 10000)
RETURNS TABLE (check_text text, reason text, support bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_suggest_checks';
COMMENT ON FUNCTION etl.suggest_checks(regclass, text[], text, integer, integer) IS
'Suggest checks for a relation, as etl.check takes them: keys (also of two or three columns), missing values, accepted values (up to max_values, 0 to 1000), ranges, dates not in the future, patterns, lengths, times in order, references to tables of the same schema by names and types. They are found in a profile and verified exactly in one run of all checks: each holds now for all rows within row_filter. Bounds are rounded outward. support is the number of rows it was verified on. An empty relation suggests nothing. Where row security hides rows, the suggestions are about the others, and a notice says so. Errors: as etl.profile and etl.check';

CREATE FUNCTION etl.suggest_suite(
	source      regclass,
	columns     text[]  DEFAULT NULL,
	row_filter  text    DEFAULT NULL,
	max_values  integer DEFAULT 20,
	sample_rows integer DEFAULT 10000)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_suggest_suite';
COMMENT ON FUNCTION etl.suggest_suite(regclass, text[], text, integer, integer) IS
'Write the suggestions of etl.suggest_checks as one SQL array, to be pasted into etl.check or etl.expect. Arguments and errors as etl.suggest_checks';

CREATE FUNCTION etl.suggest_constraints(
	source     regclass,
	checks     text[],
	row_filter text DEFAULT NULL)
RETURNS TABLE (check_name text, constraint_sql text, note text)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_suggest_constraints';
COMMENT ON FUNCTION etl.suggest_constraints(regclass, text[], text) IS
'Write, for each check that holds now for all rows, the statements that turn it into a constraint of the table, after which the check is answered from the catalogue: NOT NULL, UNIQUE and PRIMARY KEY by an index built CONCURRENTLY, CHECK and FOREIGN KEY first NOT VALID, then validated. Nothing is executed. constraint_sql is NULL where there is no such constraint, and note says why. Arguments and errors as etl.check, and 42501 when row security hides rows, since a constraint is about all of them';
