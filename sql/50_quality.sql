-- Checks. A check is a text: the body of a CHECK constraint, a table
-- constraint, or a rule object as JSON; etl.rule and etl.rules write the last.
-- All functions read as the caller, with the caller's search_path. They are
-- VOLATILE because a check may call anything, and PARALLEL UNSAFE because a
-- check that fails to evaluate is caught in a subtransaction.

CREATE FUNCTION etl.rule(
	type                text,
	columns             text[]        DEFAULT NULL,
	name                text          DEFAULT NULL,
	severity            text          DEFAULT NULL,
	min_value           anycompatible DEFAULT NULL,
	max_value           anycompatible DEFAULT NULL,
	allowed             text[]        DEFAULT NULL,
	pattern             text          DEFAULT NULL,
	row_filter          text          DEFAULT NULL,
	max_failed_rows     bigint        DEFAULT NULL,
	max_failed_fraction numeric       DEFAULT NULL,
	on_null             text          DEFAULT NULL,
	params              jsonb         DEFAULT NULL)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_rule';
COMMENT ON FUNCTION etl.rule(text, text[], text, text, anycompatible, anycompatible, text[], text, text, bigint, numeric, text, jsonb) IS
'Write a check as a rule object: type is one of etl.rule_types(); severity is info, warn, error (default) or critical; row_filter is an SQL condition; on_null is ignore (default), fail or pass; params holds all further options, those of the type and those that every rule takes: on_empty (pass, warn, fail), sample_limit, description, tags, dimension, group_by, and levels (info, warn, error, critical: objects with options of that severity). NULL means not given. Errors: 22023 for unknown types and options or values out of bounds, 22004 for NULL in a list, 42601 for a condition that does not parse, 2201B for a pattern';

CREATE FUNCTION etl.rules(rules jsonb) RETURNS text[]
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_rules';
COMMENT ON FUNCTION etl.rules(jsonb) IS
'Turn a JSON list of rule objects (strings in it are check texts) into a list of checks. jsonb keeps the last value of a key that stands twice; in a rule object given as text that is an error. Errors: 22004 for NULL, otherwise as etl.rule';

CREATE FUNCTION etl.rule_types()
RETURNS TABLE (rule_type text, family text, aliases text[], dimension text, columns text, options jsonb, description text)
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_rule_types';
COMMENT ON FUNCTION etl.rule_types() IS
'List what etl.rule can check: columns says how many it is about (none, one, each of several, several together, two, or any number); options lists, as a JSON array of name, kind, required, words and help, what it takes besides what every rule takes; aliases is NULL when there are none';

CREATE FUNCTION etl.check(
	source              regclass,
	checks              text[],
	row_filter          text    DEFAULT NULL,
	max_failed_fraction numeric DEFAULT NULL,
	sample_rows         integer DEFAULT NULL,
	record              boolean DEFAULT false)
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check';
COMMENT ON FUNCTION etl.check(regclass, text[], text, numeric, integer, boolean) IS
'Evaluate any number of checks on a relation with as few scans as possible and one snapshot; a verdict for each, in order. row_filter applies to all checks; max_failed_fraction (0 to 1) to those without a tolerance of their own; sample_rows (0 to 1000) defaults to dq_etl.sample_rows. Row checks whose verdict is NULL are not tested unless on_null says so. status is pass, fail (warn for severity info and warn), no_data when nothing was left to test, or error when the text is no check or could not be evaluated, which does not disturb the others; success is false for what stops a pipeline: fail and error, and no_data with on_empty fail, of severity error or critical; duration_ms is its share of the common query. record keeps the numbers of history rules for later calls by the same role, see etl.metric_history; not in a read-only transaction. Rows that row security hides are not looked at by any check, and a notice says so. Errors: 22004 for NULL, 42710 for two checks of one name, 42601 and 22023 for row_filter and max_failed_fraction, 42501 when the relation cannot be read, or with row_security off not as a whole';

CREATE FUNCTION etl.assert(
	source              regclass,
	checks              text[],
	row_filter          text    DEFAULT NULL,
	max_failed_fraction numeric DEFAULT NULL)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_assert';
COMMENT ON FUNCTION etl.assert(regclass, text[], text, numeric) IS
'Raise QE001 naming the checks when one of severity error or critical fails or cannot be evaluated; return the number of checks otherwise. Arguments and other errors as etl.check';

CREATE FUNCTION etl.check_not_null(source regclass, columns text[])
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_not_null';
COMMENT ON FUNCTION etl.check_not_null(regclass, text[]) IS
'Check that columns hold no NULL, one verdict for each column. Errors: 22004 for NULL arguments, otherwise as etl.check';

CREATE FUNCTION etl.check_unique(source regclass, columns text[])
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_unique';
COMMENT ON FUNCTION etl.check_unique(regclass, text[]) IS
'Check that no two rows have the same values in all of the columns; rows with a NULL in one of them are not tested; failed rows are all rows that share their values. Errors: 22004 for NULL arguments, otherwise as etl.check';

CREATE FUNCTION etl.check_range(
	source    regclass,
	col       text,
	min_value anycompatible DEFAULT NULL,
	max_value anycompatible DEFAULT NULL)
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_range';
COMMENT ON FUNCTION etl.check_range(regclass, text, anycompatible, anycompatible) IS
'Check that a column lies between two bounds, both included, by the order of its own type; NULL for one bound leaves that side open; NULL in the column is not tested, NaN fails. Errors: 22004 for NULL in source or col, 22023 without any bound, otherwise as etl.check';

CREATE FUNCTION etl.check_regex(source regclass, col text, pattern text)
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_regex';
COMMENT ON FUNCTION etl.check_regex(regclass, text, text) IS
'Check that a text column matches a regular expression somewhere; NULL is not tested. Errors: 22004 for NULL arguments, 2201B for the pattern, otherwise as etl.check';

CREATE FUNCTION etl.check_in_set(source regclass, col text, allowed text[])
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_in_set';
COMMENT ON FUNCTION etl.check_in_set(regclass, text, text[]) IS
'Check that a column equals one of the values, read as its own type; NULL in the column is not tested; the empty list allows nothing. Errors: 22004 for NULL arguments and NULL in the list, otherwise as etl.check';

CREATE FUNCTION etl.check_foreign_key(
	source             regclass,
	columns            text[],
	referenced         regclass,
	referenced_columns text[] DEFAULT NULL)
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_foreign_key';
COMMENT ON FUNCTION etl.check_foreign_key(regclass, text[], regclass, text[]) IS
'Check that the values of the columns exist in another relation; referenced_columns NULL means its primary key; rows with a NULL in one of the columns are not tested. Errors: 22004 for other NULL arguments, otherwise as etl.check';

CREATE FUNCTION etl.check_row_count(
	source   regclass,
	min_rows bigint DEFAULT NULL,
	max_rows bigint DEFAULT NULL)
RETURNS SETOF etl.check_result
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_row_count';
COMMENT ON FUNCTION etl.check_row_count(regclass, bigint, bigint) IS
'Check that the number of rows lies between two bounds, both included; NULL leaves a side open. Errors: 22004 for NULL as source, 22023 for negative bounds or bounds out of order, otherwise as etl.check';

CREATE FUNCTION etl.check_tap(
	source              regclass,
	checks              text[],
	row_filter          text    DEFAULT NULL,
	max_failed_fraction numeric DEFAULT NULL)
RETURNS SETOF text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_check_tap';
COMMENT ON FUNCTION etl.check_tap(regclass, text[], text, numeric) IS
'Evaluate checks and return the verdicts as lines of the Test Anything Protocol, beginning with the plan: not ok for what etl.assert would raise, SKIP for checks that had no rows to test. Arguments and errors as etl.check';

CREATE FUNCTION etl.explain_check(
	source     regclass,
	checks     text[],
	row_filter text DEFAULT NULL)
RETURNS TABLE (check_name text, evaluation text, equivalent_sql text)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_explain_check';
COMMENT ON FUNCTION etl.explain_check(regclass, text[], text) IS
'Tell how each check would be answered and an equivalent plain SQL query, which returns tested_rows and failed_rows (and value, for a metric); a text that is no check, or does not fit the relation, has its error as evaluation and NULL as query; where row security hides rows, evaluation says so. Arguments and errors as etl.check; evaluates nothing';
