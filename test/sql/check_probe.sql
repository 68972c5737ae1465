-- Checks that an index answers: where no row fails there is nothing to count.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_probe;
SET search_path = check_probe;
\set SHOW_CONTEXT never

CREATE TABLE t (i integer, b bigint, f double precision, n numeric, s text, v varchar(20), c text COLLATE "C", d date, p integer, x integer, empty integer);
INSERT INTO t SELECT i, i, i, i, 's' || i % 3, 'v' || i % 3, 'c' || i % 3, date '2024-01-01' + i, i, i FROM generate_series(1, 100) AS i;
CREATE INDEX t_i ON t (i DESC NULLS LAST, b);
CREATE INDEX t_b ON t (b);
CREATE INDEX t_f ON t (f);
CREATE INDEX t_n ON t (n);
CREATE INDEX t_s ON t (s);
CREATE INDEX t_v ON t (v);
CREATE INDEX t_c ON t (c);
CREATE INDEX t_d ON t (d);
CREATE INDEX t_p ON t (p) WHERE p > 5;
CREATE INDEX t_x ON t ((x + 1));
CREATE INDEX t_empty ON t (empty);

CREATE FUNCTION probes(source regclass, VARIADIC checks text[]) RETURNS TABLE (check_text text, status text, tested bigint, failed bigint, probed boolean, proof text, message text)
LANGUAGE sql AS $$
	SELECT checks[o], r.status, r.tested_rows, r.failed_rows, r.evaluation = 'probe', r.proof, r.message
	FROM etl.check(source, checks) WITH ORDINALITY AS r (check_name, check_type, columns, dimension, status, severity, success, tested_rows, null_rows, excluded_rows, failed_rows, failed_fraction, observed, expected, sample, top_failed, failed_rows_sql, evaluation, proof, duration_ms, error_sqlstate, error_message, message, description, tags, o)
$$;
SELECT check_text, status, tested, failed, probed, proof FROM probes('t',
	'{"type": "not_null", "column": "i"}',
	'i > 0', 'i >= 1 AND i <= 100', 'i < 101',
	'{"type": "between", "column": "b", "min_value": 1, "max_value": 100}',
	'{"type": "between", "column": "b", "min_value": 0.5, "max_value": 100.5}',
	'{"type": "between", "column": "f", "min_value": 1, "max_value": 100, "on_null": "fail"}',
	'{"type": "between", "column": "f", "min_value": 1}',
	'{"type": "between", "column": "n", "max_value": 100}',
	'{"type": "accepted_values", "column": "s", "allowed": ["s2", "s0", "s1"]}',
	'{"type": "accepted_values", "column": "v", "allowed": ["v2", "v0", "v1", "v1"]}',
	'{"type": "accepted_values", "column": "c", "allowed": ["c2", "c0", "c1"]}',
	$$c >= 'c0'$$,
	$$d > '2024-01-01' AND d < now()$$,
	$$d > '2024-01-01'$$);
SELECT message FROM probes('t', 'i > 0');
-- a failing row, and what an index cannot say
SELECT check_text, status, tested, failed, probed FROM probes('t',
	'i > 1', 'i < 100', 'i <> 5', 'i = 5', 'i > 0 OR i < 0', 'i > b - 1', 'i > 0 AND b > 0', 'p > 0', 'x > 0', 'abs(i) > 0',
	'{"type": "between", "column": "i", "min_value": 1, "row_filter": "b > 0"}',
	'{"type": "not_null", "column": "empty"}', 'empty > 0',
	'{"type": "accepted_values", "column": "s", "allowed": ["s2", "s0"]}',
	'{"type": "accepted_values", "column": "s", "allowed": []}',
	$$s >= 's0' COLLATE "C"$$);
SELECT check_name, evaluation FROM etl.explain_check('t', '{i > 0,i > 1}');
-- NaN is above all numbers, also in an index; NULL is what on_null says
INSERT INTO t (i, f, n) VALUES (NULL, 'NaN', 'NaN');
SELECT check_text, status, tested, failed, probed FROM probes('t',
	'{"type": "between", "column": "f", "min_value": 1}',
	'{"type": "between", "column": "n", "min_value": 1}',
	'f >= 1',
	'{"type": "not_null", "column": "i"}',
	'i > 0',
	'{"type": "between", "column": "i", "min_value": 1, "on_null": "fail"}',
	'{"type": "between", "column": "i", "min_value": 1, "on_null": "pass"}');
-- rows that are gone, too many to step over, are left to the scan
DELETE FROM t WHERE i IS NULL;
SELECT check_text, status, probed FROM probes('t', '{"type": "not_null", "column": "i"}');
INSERT INTO t (i) SELECT -1 FROM generate_series(1, 5000);
BEGIN;
DELETE FROM t WHERE i = -1;
SELECT check_text, status, tested, failed, probed FROM probes('t', 'i > 0');
ROLLBACK;
-- an older snapshot sees what it saw
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT check_text, status, failed, probed FROM probes('t', 'b > 0');
INSERT INTO t (b) VALUES (-1);
SELECT check_text, status, failed, probed FROM probes('t', 'b > 0');
ROLLBACK;
SELECT check_text, status, failed, probed FROM probes('t', 'b > 0');

SET client_min_messages = warning;
DROP SCHEMA check_probe CASCADE;
