-- Checks that constraints answer, and what proves nothing.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA check_proof;
SET search_path = check_proof;
\set SHOW_CONTEXT never

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN required AS integer NOT NULL;
CREATE FUNCTION positive(integer) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 > 0;
CREATE TABLE t (
	id integer PRIMARY KEY,
	a integer NOT NULL,
	b integer,
	age integer CONSTRAINT adult CHECK (age BETWEEN 18 AND 99),
	status text CHECK (status IN ('new', 'paid')),
	m mood,
	name varchar(10),
	d required,
	f integer CONSTRAINT by_function CHECK (positive(f)),
	n integer CONSTRAINT not_valid CHECK (n > 0),
	u integer UNIQUE,
	v integer,
	w integer,
	x integer UNIQUE DEFERRABLE,
	c text COLLATE "C",
	y integer,
	UNIQUE (v, w),
	UNIQUE (c));
ALTER TABLE t DROP CONSTRAINT not_valid;
CREATE UNIQUE INDEX partial ON t (y) WHERE y > 1;
INSERT INTO t SELECT i, i, i, 20, 'new', 'ok', 'name', i, i, i, i, i, i, i, i, i FROM generate_series(1, 10) AS i;
INSERT INTO t (id, a, d) VALUES (11, 11, 1);
ALTER TABLE t ADD CONSTRAINT not_valid CHECK (n > 0) NOT VALID;

CREATE FUNCTION proofs(source regclass, VARIADIC checks text[]) RETURNS TABLE (check_text text, status text, tested bigint, failed bigint, evaluation text, proof text, message text)
LANGUAGE sql AS $$
	SELECT checks[o], r.status, r.tested_rows, r.failed_rows, r.evaluation, r.proof, r.message
	FROM etl.check(source, checks) WITH ORDINALITY AS r (check_name, check_type, columns, dimension, status, severity, success, tested_rows, null_rows, excluded_rows, failed_rows, failed_fraction, observed, expected, sample, top_failed, failed_rows_sql, evaluation, proof, duration_ms, error_sqlstate, error_message, message, description, tags, o)
$$;
-- proved
SELECT check_text, status, tested, failed, evaluation, proof FROM proofs('t',
	'{"type": "not_null", "column": "a"}',
	'{"type": "not_null", "columns": ["a", "id"]}',
	'age >= 18',
	'age < 100 AND age > 0',
	'age > 0 AND a IS NOT NULL',
	'{"type": "between", "column": "age", "min_value": 18, "max_value": 99}',
	'{"type": "accepted_values", "column": "status", "allowed": ["new", "paid", "other"]}',
	'{"type": "accepted_values", "column": "m", "allowed": ["sad", "ok", "happy"]}',
	'length(name) <= 10',
	'length(name) < 11',
	'PRIMARY KEY (id)',
	'UNIQUE (id)',
	'UNIQUE (id, b)',
	'UNIQUE (u)',
	'UNIQUE (v, w)',
	'UNIQUE (c)');
SELECT message FROM proofs('t', 'age >= 18');

-- not proved
SELECT check_text, status, evaluation <> 'proof' AS looked FROM proofs('t',
	'{"type": "not_null", "column": "b"}',
	'{"type": "not_null", "column": "d"}',
	'age >= 19',
	'age >= 18 AND b > 0',
	'{"type": "between", "column": "age", "min_value": 18, "on_null": "fail"}',
	'{"type": "not_null", "column": "a", "row_filter": "id > 0"}',
	'{"type": "accepted_values", "column": "status", "allowed": ["new"]}',
	'{"type": "accepted_values", "column": "m", "allowed": ["sad", "ok"]}',
	'length(name) <= 9',
	'positive(f)',
	'f > 0',
	'n > 0',
	'PRIMARY KEY (u)',
	'UNIQUE (v)',
	'UNIQUE NULLS NOT DISTINCT (u)',
	'UNIQUE (x)',
	'UNIQUE (y)',
	'{"type": "not_null", "column": "a", "group_by": ["b"]}');
SELECT evaluation FROM etl.explain_check('t', '{age >= 18}');
-- nothing to test is no data, with a proof at hand or not
CREATE TABLE e (LIKE t INCLUDING ALL);
SELECT check_text, status, evaluation <> 'proof' AS looked FROM proofs('e', '{"type": "not_null", "column": "a"}', 'age >= 18', 'UNIQUE (u)');
INSERT INTO e (id, a, d) VALUES (1, 1, 1);
SELECT check_text, status, evaluation = 'proof' AS proved FROM proofs('e', '{"type": "not_null", "column": "a"}', 'age >= 18', 'UNIQUE (u)', 'UNIQUE (id)');

-- children, partitions
CREATE TABLE parent (a integer NOT NULL, b integer UNIQUE);
CREATE TABLE child () INHERITS (parent);
ALTER TABLE child ADD CHECK (a < 5);
INSERT INTO parent VALUES (1, 1);
INSERT INTO child VALUES (2, 1);
SELECT check_text, status, evaluation = 'proof' AS proved FROM proofs('parent', '{"type": "not_null", "column": "a"}', 'UNIQUE (b)');
SELECT check_text, status, evaluation = 'proof' AS proved FROM proofs('child', '{"type": "not_null", "column": "a"}', 'a < 6', 'UNIQUE (b)');
CREATE TABLE p (day date, n integer) PARTITION BY RANGE (day);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
INSERT INTO p VALUES ('2024-01-05', 1);
SELECT check_text, status, evaluation = 'proof' AS proved, proof FROM proofs('p1', $$day >= '2023-01-01'$$, $$day IS NOT NULL$$, $$day < '2024-01-31'$$);

-- views and what cannot be read are looked at as ever
CREATE VIEW view AS SELECT * FROM t;
SELECT check_text, status, evaluation = 'proof' AS proved FROM proofs('view', '{"type": "not_null", "column": "a"}');

-- an older snapshot may see what the constraint never saw
CREATE TABLE late (a integer, b integer);
INSERT INTO late VALUES (1, 1);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM late;
ALTER TABLE late ALTER a SET NOT NULL;
SELECT check_text, status, evaluation = 'proof' AS proved FROM proofs('late', '{"type": "not_null", "column": "a"}');
COMMIT;
SELECT check_text, status, evaluation = 'proof' AS proved FROM proofs('late', '{"type": "not_null", "column": "a"}');

SET client_min_messages = warning;
DROP SCHEMA check_proof CASCADE;
