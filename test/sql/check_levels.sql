-- One check at several levels, and a verdict for each group of rows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_levels;
SET search_path = check_levels;
\set SHOW_CONTEXT never

CREATE TABLE t (g text, h integer, x integer);
INSERT INTO t SELECT CASE WHEN i <= 10 THEN 'a' WHEN i <= 16 THEN 'b' END, i % 2, i
FROM generate_series(1, 20) AS i;

-- levels: the gravest that fails is the verdict
SELECT check_name, status, severity, success, failed_rows, expected
FROM etl.check('t', ARRAY[
	'{"name": "neither", "type": "between", "column": "x", "max_value": 18, "warn": {"max_failed_rows": 2}, "error": {"max_failed_rows": 4}}',
	'{"name": "mild", "type": "between", "column": "x", "max_value": 17, "warn": {"max_failed_rows": 2}, "error": {"max_failed_rows": 4}}',
	'{"name": "grave", "type": "between", "column": "x", "max_value": 15, "warn": {"max_failed_rows": 2}, "error": {"max_failed_rows": 4}}',
	'{"name": "bounds", "type": "row_count", "warn": {"max_value": 10}, "critical": {"max_value": 30}}',
	'{"name": "broken", "type": "between", "column": "y", "warn": {"max_value": 10}, "critical": {"max_value": 30}}']);
SELECT check_name, evaluation FROM etl.explain_check('t', ARRAY[
	'{"name": "bounds", "type": "row_count", "warn": {"max_value": 10}, "critical": {"max_value": 30}}',
	'x > 1']);

-- what a level cannot be: 22023
\set VERBOSITY terse
SELECT etl.rule('row_count', params => '{"warn": {"max_value": 3}, "error": {"max_value": 2}}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('row_count', params => '{"warn": {"min_value": 2}, "error": {"min_value": 3}}');
SELECT etl.rule('between', '{x}', min_value => 1, params => '{"warn": {"max_failed_fraction": 0.5}, "error": {"max_failed_fraction": 0.1}}');
SELECT etl.rule('row_count', severity => 'warn', params => '{"error": {"min_value": 3}}');
SELECT etl.rule('row_count', params => '{"error": {"row_filter": "true"}}');
SELECT etl.rule('row_count', params => '{"error": {"max_valu": 1}}');
SELECT etl.rule('row_count', params => '{"error": 3}');
SELECT etl.rule('between', '{x}', params => '{"error": {"max_failed_rows": 1}}');
\set VERBOSITY default

-- groups: by one statement, and one by one for keys and references
SELECT check_name, status, tested_rows, null_rows, excluded_rows, failed_rows, message, jsonb_pretty(observed)
FROM etl.check('t', ARRAY[
	etl.rule('between', '{x}', name => 'rows', max_value => 12, params => '{"group_by": ["g"]}'),
	etl.rule('between', '{x}', name => 'tolerant', max_value => 12, max_failed_rows => 4, params => '{"group_by": ["g"]}'),
	etl.rule('row_count', name => 'metric', min_value => 6, row_filter => 'x > 1', params => '{"group_by": ["g"]}')],
	row_filter => 'x <> 20');
SELECT check_name, status, tested_rows, failed_rows, excluded_rows, jsonb_path_query_array(observed, '$.verdicts[*].group') AS groups,
	jsonb_path_query_array(observed, '$.verdicts[*].status') AS statuses
FROM etl.check('t', ARRAY[
	etl.rule('unique', '{h}', params => '{"group_by": ["g", "h"]}'),
	etl.rule('unique', '{x}', row_filter => 'x > 1', params => '{"group_by": ["g"]}'),
	etl.rule('between', '{x}', min_value => 0, params => '{"group_by": ["g"], "warn": {"max_failed_rows": 0}, "error": {"max_failed_rows": 1}}')]);
-- a group in error, no group at all, too many of them
SELECT check_name, status, error_sqlstate, error_message FROM etl.check('t', ARRAY[
	etl.rule('expression', name => 'division', params => '{"expression": "1 / (x - 5) < 2", "group_by": ["g"]}'),
	etl.rule('expression', name => 'no group', row_filter => 'false', params => '{"expression": "x > 1", "group_by": ["g"]}'),
	etl.rule('expression', name => 'no column', params => '{"expression": "x > 1", "group_by": ["gg"]}')]);
INSERT INTO t SELECT i::text, 1, 1 FROM generate_series(1, 1001) AS i;
SELECT check_name, status, error_sqlstate, error_message FROM etl.check('t', ARRAY[
	etl.rule('expression', name => 'many', params => '{"expression": "x > 1", "group_by": ["g"]}'),
	etl.rule('unique', '{x}', name => 'many keys', params => '{"group_by": ["g"]}')]);

-- description, tags, dimension, sample_limit
SELECT check_name, dimension, description, tags, jsonb_array_length(sample) AS sampled, expected
FROM etl.check('t', ARRAY[
	etl.rule('between', '{x}', min_value => 2, params => '{"description": "why", "tags": ["a", "b"], "dimension": "accuracy", "sample_limit": 2}'),
	etl.rule('between', '{x}', min_value => 2, params => '{"sample_limit": 0}')]);
SELECT etl.rule('between', '{x}', min_value => 2, params => '{"dimension": "nonsense"}');
SELECT etl.rule('between', '{x}', min_value => 2, params => '{"sample_limit": -1}');
-- bounds that are out
SELECT check_name, failed_rows, failed_rows_sql FROM etl.check('t', ARRAY[
	etl.rule('between', '{x}', min_value => 5, max_value => 7, row_filter => 'h = 1 AND g = ''a''', params => '{"min_inclusive": false, "max_inclusive": false}')]);

SET client_min_messages = warning;
DROP SCHEMA check_levels CASCADE;
