-- Rules that hold one relation against another.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA rules_relation;
SET search_path = rules_relation;
\set SHOW_CONTEXT never
\set VERBOSITY terse
RESET client_min_messages;

-- A verdict, and what the SQL says that explain_check shows.
CREATE FUNCTION verdicts(source regclass, checks text[], row_filter text DEFAULT NULL)
RETURNS TABLE (check_name text, status text, tested bigint, nulls bigint, failed bigint, message text)
LANGUAGE plpgsql AS $$
DECLARE
	sql text;
	r record;
BEGIN
	FOR check_name, status, tested, nulls, failed, message IN
		SELECT c.check_name, c.status, c.tested_rows, c.null_rows, c.failed_rows, coalesce(c.error_sqlstate || ': ', '') || regexp_replace(c.message, '-?\d{10,}', '…', 'g')
		FROM etl.check(source, checks, row_filter) AS c
	LOOP
		SELECT e.equivalent_sql INTO sql FROM etl.explain_check(source, checks, row_filter) AS e WHERE e.check_name = verdicts.check_name;
		IF status <> 'error' THEN
			EXECUTE 'SELECT tested_rows, failed_rows, to_jsonb(q) ->> ''holds'' AS holds FROM (' || sql || ') AS q' INTO r;
			IF (r.tested_rows, r.failed_rows) IS DISTINCT FROM (tested, failed) OR r.holds <> (status = 'pass')::text THEN
				RAISE WARNING '% differs from its SQL: %', check_name, r;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;

CREATE TABLE countries (code text PRIMARY KEY, region integer, active boolean);
INSERT INTO countries VALUES ('de', 1, true), ('fr', 1, true), ('xx', 2, false), ('zz', NULL, NULL);
CREATE TABLE "odd ""Orders" (id integer, "Ländercode" text, region integer, amount numeric, at timestamptz);
INSERT INTO "odd ""Orders" VALUES
	(1, 'de', 1, 10, '2024-01-01'), (2, 'fr', 1, 20.5, '2024-01-02'), (3, 'xx', 2, 0, '2024-01-03'),
	(4, 'no', 9, 1, '2024-01-04'), (5, NULL, 1, 1, NULL), (6, 'de', NULL, NULL, '2024-01-05'), (7, NULL, NULL, 3, '2024-01-06');

-- foreign_key: filters on both sides, match simple and full
SELECT * FROM verdicts('"odd ""Orders"', etl.rules('[
	{"type": "relationships", "column": "Ländercode", "references": "countries", "name": "simple"},
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "reference_filter": "active", "name": "active ones"},
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "reference_filter": "countries.active AND rules_relation.countries.region = 1 -- so", "row_filter": "id <> 3", "name": "filters on both sides"},
	{"type": "foreign_key", "columns": ["Ländercode", "region"], "references": "countries", "referenced_columns": ["code", "region"], "name": "two, simple"},
	{"type": "foreign_key", "columns": ["Ländercode", "region"], "references": "countries", "referenced_columns": ["code", "region"], "match": "full", "name": "two, full"},
	{"type": "foreign_key", "columns": ["Ländercode", "region"], "references": "countries", "referenced_columns": ["code", "region"], "match": "full", "reference_filter": "active", "max_failed_rows": 4, "name": "two, full, active"},
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "match": "full", "name": "one, full"},
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "group_by": ["region"], "name": "groups"}]'));
SELECT check_name, sample, failed_rows_sql FROM etl.check('"odd ""Orders"', etl.rules('[
	{"type": "foreign_key", "columns": ["Ländercode", "region"], "references": "countries", "referenced_columns": ["code", "region"], "match": "full", "reference_filter": "active"}]'));
-- a filter sees its own relation only
SELECT * FROM verdicts('"odd ""Orders"', etl.rules('[
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "reference_filter": "amount > 0", "name": "column of ours"},
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "reference_filter": "referenced.active", "name": "alias of ours"},
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "reference_filter": "1", "name": "no condition"},
	{"type": "foreign_key", "column": "Ländercode", "references": "countries", "reference_filter": "1/0 = 1", "name": "division"}]'));

-- not_in_relation, inclusion_fraction_between
SELECT * FROM verdicts('"odd ""Orders"', etl.rules('[
	{"type": "not_in_relation", "column": "Ländercode", "relation": "countries", "name": "any"},
	{"type": "not_in_relation", "column": "Ländercode", "relation": "countries", "relation_filter": "NOT active", "name": "inactive"},
	{"type": "not_in_relation", "columns": ["Ländercode", "region"], "relation": "countries", "relation_columns": ["code", "region"], "relation_filter": "region > 1", "row_filter": "id <> 3", "name": "two"},
	{"type": "inclusion_fraction_between", "column": "Ländercode", "relation": "countries", "min_value": 0.8, "name": "four of five"},
	{"type": "inclusion_fraction_between", "column": "Ländercode", "relation": "countries", "min_value": 0.8, "min_inclusive": false, "name": "more than that"},
	{"type": "inclusion_fraction_between", "column": "Ländercode", "relation": "countries", "max_value": 0.79999999999999999999, "name": "less than that"},
	{"type": "inclusion_fraction_between", "column": "Ländercode", "relation": "countries", "relation_filter": "active", "min_value": 0.5, "max_value": 0.7, "name": "active"},
	{"type": "inclusion_fraction_between", "column": "Ländercode", "relation": "countries", "min_value": 1, "row_filter": "false", "name": "nothing"},
	{"type": "inclusion_fraction_between", "column": "Ländercode", "relation": "countries", "min_value": 0, "group_by": ["region"], "name": "groups"}]'));
SELECT check_name, observed FROM etl.check('"odd ""Orders"', etl.rules('[
	{"type": "inclusion_fraction_between", "column": "Ländercode", "relation": "countries", "relation_filter": "active", "min_value": 0.5, "name": "fraction"},
	{"type": "not_in_relation", "column": "Ländercode", "relation": "countries", "name": "any"}]'));

-- numbers of rows
SELECT * FROM verdicts('countries', etl.rules('[
	{"type": "row_count_equals_relation", "relation": "countries", "name": "itself"},
	{"type": "row_count_equals_relation", "relation": "\"odd \"\"Orders\"", "name": "other"},
	{"type": "row_count_equals_relation", "relation": "\"odd \"\"Orders\"", "relation_filter": "amount > 1", "row_filter": "region = 1 OR active IS NULL", "name": "filters"},
	{"type": "row_count_equals_relation", "relation": "\"odd \"\"Orders\"", "max_difference": 3, "name": "close"},
	{"type": "row_count_equals_relation", "relation": "\"odd \"\"Orders\"", "max_difference": 2, "name": "not close"},
	{"type": "row_count_equals_relation", "relation": "\"odd \"\"Orders\"", "max_relative_difference": 0.43, "name": "relatively close"},
	{"type": "row_count_equals_relation", "relation": "\"odd \"\"Orders\"", "max_relative_difference": 0.42, "name": "relatively apart"},
	{"type": "fewer_rows_than", "relation": "\"odd \"\"Orders\"", "name": "fewer"},
	{"type": "fewer_rows_than", "relation": "countries", "name": "not fewer"},
	{"type": "fewer_rows_than", "relation": "countries", "row_filter": "active", "name": "fewer in part"}]'));
SELECT observed FROM etl.check('countries', ARRAY['{"type": "row_count_equals_relation", "relation": "\"odd \"\"Orders\""}']);

-- aggregates, numbers of values
CREATE TABLE ledger (account text, amount double precision);
INSERT INTO ledger VALUES ('a', 10), ('b', 20.5), ('b', 5.04), (NULL, NULL);
CREATE TABLE nothing (LIKE ledger);
SELECT * FROM verdicts('ledger', etl.rules('[
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "\"odd \"\"Orders\"", "name": "apart"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "\"odd \"\"Orders\"", "max_difference": 0.04, "name": "close"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "\"odd \"\"Orders\"", "max_difference": 0.03, "name": "not close"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "\"odd \"\"Orders\"", "max_relative_difference": 0.002, "name": "relatively"},
	{"type": "aggregate_equals_relation", "expression": "max(account)", "relation": "countries", "relation_expression": "max(''b''::text) -- text", "name": "texts"},
	{"type": "aggregate_equals_relation", "expression": "count(*)", "relation": "\"odd \"\"Orders\"", "relation_filter": "amount >= 1 AND region IS NOT NULL", "row_filter": "true", "name": "filters"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "nothing", "name": "nothing there"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "nothing", "row_filter": "false", "name": "nothing at all"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "ledger", "row_filter": "false", "name": "nothing here"},
	{"type": "aggregate_equals_relation", "expression": "amount", "relation": "nothing", "name": "no aggregate"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount) + ''NaN''", "relation": "ledger", "name": "NaN"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount) + ''Infinity''", "relation": "ledger", "max_difference": 1, "max_relative_difference": 1, "name": "infinite"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "ledger", "relation_expression": "sum(amount) + ''Infinity''", "max_difference": 1, "max_relative_difference": 1, "name": "infinite there"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "ledger", "relation_expression": "sum(account)", "name": "no sum"},
	{"type": "aggregate_equals_relation", "expression": "sum(amount)", "relation": "nosuch", "name": "no relation"},
	{"type": "distinct_count_equals_relation", "column": "account", "relation": "countries", "relation_columns": ["region"], "name": "distinct"},
	{"type": "distinct_count_equals_relation", "column": "account", "relation": "countries", "relation_columns": ["code"], "name": "more there"},
	{"type": "distinct_count_equals_relation", "column": "account", "relation": "countries", "relation_columns": ["code"], "max_difference": 2, "name": "close enough"},
	{"type": "distinct_count_equals_relation", "columns": ["account", "amount"], "relation": "countries", "relation_columns": ["code", "region"], "name": "pairs"},
	{"type": "distinct_count_equals_relation", "column": "account", "relation": "nothing", "row_filter": "account > ''x''", "name": "none, none"},
	{"type": "distinct_count_equals_relation", "column": "account", "relation": "countries", "name": "no column there"}]'));

-- the same rows in any order
CREATE TABLE a (k integer, t text, n numeric, f double precision, d date);
INSERT INTO a VALUES (1, 'x', 1.0, 1.5, '2024-01-01'), (2, NULL, 2, NULL, NULL), (3, 'z', 3, 'NaN', '2024-01-03'), (4, '', 4, 0, 'infinity');
CREATE TABLE b AS SELECT * FROM a ORDER BY k DESC;
UPDATE b SET n = 1.00, f = -0.0 + 1.5 WHERE k = 1;
ALTER TABLE b ALTER k TYPE bigint;
CREATE TABLE c AS TABLE b;
UPDATE c SET t = 'X' WHERE k = 1; DELETE FROM c WHERE k = 2; INSERT INTO c VALUES (5, 'new', 5, 5, NULL);
UPDATE c SET f = 0.1 WHERE k = 4;
SELECT * FROM verdicts('a', etl.rules('[
	{"type": "multiset_hash_equals", "relation": "b", "name": "same"},
	{"type": "multiset_hash_equals", "relation": "c", "name": "other"},
	{"type": "multiset_hash_equals", "relation": "c", "column": "d", "name": "same days"},
	{"type": "multiset_hash_equals", "relation": "c", "columns": ["k", "t"], "row_filter": "k = 3", "relation_filter": "k = 3", "name": "filters"},
	{"type": "multiset_hash_equals", "relation": "c", "column": "t", "relation_columns": ["n"], "name": "other types"},
	{"type": "multiset_hash_equals", "relation": "countries", "name": "no such columns"},
	{"type": "dataset_equals", "key": ["k"], "relation": "b", "name": "equal"},
	{"type": "dataset_equals", "key": ["k"], "relation": "c", "name": "differs"},
	{"type": "dataset_equals", "key": ["k"], "relation": "c", "max_failed_rows": 4, "name": "tolerated"},
	{"type": "dataset_equals", "key": ["k"], "relation": "c", "max_difference": 0.1, "name": "float tolerance"},
	{"type": "dataset_equals", "key": ["k"], "relation": "c", "columns": ["d"], "name": "one column"},
	{"type": "dataset_equals", "key": ["k"], "relation": "c", "columns": ["t", "n"], "row_filter": "k IN (3, 4)", "relation_filter": "c.n BETWEEN 3 AND 4", "name": "filters on both sides"},
	{"type": "dataset_equals", "key": ["k", "t"], "relation": "b", "name": "a NULL in the key"},
	{"type": "dataset_equals", "key": ["k"], "relation": "b", "columns": ["t"], "relation_columns": ["n"], "name": "incomparable"},
	{"type": "dataset_equals", "key": ["k"], "relation": "b", "relation_filter": "false", "row_filter": "false", "name": "empty"}]'));
SELECT check_name, observed, sample FROM etl.check('a', ARRAY['{"type": "dataset_equals", "key": ["k"], "relation": "c", "name": "differs"}']);
-- duplicate keys: only where there are partners
INSERT INTO c VALUES (5, 'again', 5, 5, NULL);
SELECT * FROM verdicts('a', ARRAY['{"type": "dataset_equals", "key": ["k"], "relation": "c", "name": "alone"}']);
INSERT INTO c VALUES (1, 'again', 5, 5, NULL);
SELECT * FROM verdicts('a', ARRAY['{"type": "dataset_equals", "key": ["k"], "relation": "c", "name": "there"}']);
SELECT * FROM verdicts('c', ARRAY['{"type": "dataset_equals", "key": ["k"], "relation": "a", "name": "here"}']);
SELECT * FROM verdicts('c', ARRAY['{"type": "multiset_hash_equals", "relation": "c", "relation_filter": "t <> ''again''", "name": "hash counts rows"}']);
-- a hash is the same for any split of the same rows
SELECT count(DISTINCT observed) FROM (SELECT observed ->> 'value' FROM etl.check('a', ARRAY['{"type": "multiset_hash_equals", "relation": "b"}'])
	UNION ALL SELECT observed ->> 'relation_value' FROM etl.check('a', ARRAY['{"type": "multiset_hash_equals", "relation": "b"}'])) AS h (observed);
-- other relations under the names of ours
CREATE TABLE h (k integer, p boolean, c0 text);
CREATE TABLE t (k integer, p boolean, c0 text);
INSERT INTO h VALUES (1, false, 'x'), (2, true, 'y');
INSERT INTO t VALUES (1, false, 'x'), (2, NULL, 'y');
CREATE VIEW referenced AS SELECT k, p, c0 FROM h;
SELECT * FROM verdicts('h', ARRAY['{"type": "dataset_equals", "key": ["k"], "relation": "t", "name": "h and t"}',
	'{"type": "dataset_equals", "key": ["k"], "relation": "h", "row_filter": "h.k > 0", "relation_filter": "h.k > 0", "name": "itself"}']);
SELECT * FROM verdicts('referenced', ARRAY['{"type": "dataset_equals", "key": ["k"], "relation": "t", "name": "view"}',
	'{"type": "foreign_key", "column": "k", "references": "t", "referenced_columns": ["k"], "reference_filter": "t.p IS NULL"}',
	'{"type": "not_in_relation", "column": "k", "relation": "referenced", "relation_columns": ["k"], "relation_filter": "referenced.p"}']);

-- order in time across relations
CREATE TABLE placed (id integer, at timestamptz);
INSERT INTO placed VALUES (1, '2024-01-01 12:00+00'), (2, '2024-01-02 12:00+00'), (2, '2024-01-03 12:00+00'), (3, NULL), (NULL, '2024-01-01');
CREATE TABLE shipped (id bigint, sent timestamp, day date, odd text);
INSERT INTO shipped VALUES (1, '2024-01-01 12:00', '2024-01-02', ''), (2, '2024-01-02 18:00', '2024-01-04', ''), (3, '2024-01-01', NULL, ''), (4, '2024-01-01', '2024-01-01', ''), (NULL, '2024-01-01', NULL, '');
SET TimeZone = 'UTC';
SELECT * FROM verdicts('shipped', etl.rules('[
	{"type": "temporal_order_across", "column": "sent", "key": ["id"], "relation": "placed", "relation_columns": ["at"], "name": "later than all"},
	{"type": "temporal_order_across", "column": "sent", "key": ["id"], "relation": "placed", "relation_columns": ["at"], "strict": true, "name": "strictly"},
	{"type": "temporal_order_across", "column": "sent", "key": ["id"], "relation": "placed", "relation_columns": ["at"], "on_null": "fail", "name": "partners wanted"},
	{"type": "temporal_order_across", "column": "day", "key": ["id"], "relation": "placed", "relation_columns": ["at"], "on_null": "pass", "name": "days"},
	{"type": "temporal_order_across", "column": "sent", "key": ["id"], "relation": "placed", "relation_columns": ["at"], "relation_filter": "at < ''2024-01-03''", "row_filter": "shipped.id > 0", "name": "filters"},
	{"type": "temporal_order_across", "column": "sent", "key": ["id"], "relation": "placed", "relation_columns": ["at"], "group_by": ["id"], "name": "groups"},
	{"type": "temporal_order_across", "column": "odd", "key": ["id"], "relation": "placed", "relation_columns": ["at"], "name": "no time"},
	{"type": "temporal_order_across", "column": "sent", "key": ["id"], "relation": "placed", "name": "no such column"}]'));
SELECT sample, top_failed FROM etl.check('shipped', ARRAY['{"type": "temporal_order_across", "column": "sent", "key": ["id"], "relation": "placed", "relation_columns": ["at"]}']);
RESET TimeZone;

-- the caller's rights on the other relation count, also row security
CREATE ROLE rules_relation_reader;
GRANT USAGE ON SCHEMA rules_relation TO rules_relation_reader;
GRANT USAGE ON SCHEMA etl TO rules_relation_reader;
GRANT SELECT ON a, b, shipped TO rules_relation_reader;
GRANT SELECT (k, t) ON c TO rules_relation_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA etl TO rules_relation_reader;
ALTER TABLE b ENABLE ROW LEVEL SECURITY;
CREATE POLICY later ON b USING (k > 1);
SET ROLE rules_relation_reader;
SELECT check_name, status, error_sqlstate, error_message FROM etl.check('a', ARRAY[
	'{"type": "row_count_equals_relation", "relation": "countries", "name": "no right"}',
	'{"type": "row_count_equals_relation", "relation": "b", "name": "row security"}',
	'{"type": "dataset_equals", "key": ["k"], "relation": "b", "name": "row security, dataset"}',
	'{"type": "foreign_key", "column": "k", "references": "b", "referenced_columns": ["k"], "reference_filter": "true", "name": "row security, foreign key"}',
	'{"type": "dataset_equals", "key": ["k"], "columns": ["t"], "relation": "c", "relation_filter": "k > 3", "name": "these columns may be read"}',
	'{"type": "dataset_equals", "key": ["k"], "relation": "c", "name": "others not"}',
	'{"type": "row_count_equals_relation", "relation": "a", "name": "not disturbed"}']);
RESET ROLE;

-- definitions: 22023, 42601
SELECT etl.rule('foreign_key', '{a}', params => '{"references": "t", "reference_filter": "a >"}');
SELECT etl.rule('foreign_key', '{a}', params => '{"references": "t", "match": "partial"}');
SELECT etl.rule('not_in_relation', '{a}');
SELECT etl.rule('not_in_relation', '{a}', params => '{"relation": "t", "relation_columns": ["a", "b"]}');
SELECT etl.rule('not_in_relation', '{a}', params => '{"references": "t"}');
SELECT etl.rule('inclusion_fraction_between', '{a}', params => '{"relation": "t"}');
SELECT etl.rule('inclusion_fraction_between', '{a}', min_value => 2, params => '{"relation": "t"}');
SELECT etl.rule('inclusion_fraction_between', '{a}', min_value => -0.1, params => '{"relation": "t"}');
SELECT etl.rule('inclusion_fraction_between', '{a}', params => '{"relation": "t", "min_value": "half"}');
SELECT etl.rule('row_count_equals_relation', params => '{"relation": "a.b.c.d"}');
SELECT etl.rule('row_count_equals_relation', params => '{"relation": "odd \"Orders"}');
SELECT etl.rule('row_count_equals_relation', params => '{"relation": "t", "max_difference": -1}');
SELECT etl.rule('row_count_equals_relation', params => '{"relation": "t", "group_by": ["a"]}');
SELECT etl.rule('aggregate_equals_relation', params => '{"relation": "t"}');
SELECT etl.rule('aggregate_equals_relation', params => '{"relation": "t", "expression": "sum(a), 1"}');
SELECT etl.rule('dataset_equals', params => '{"relation": "t"}');
SELECT etl.rule('dataset_equals', params => '{"relation": "t", "key": []}');
SELECT etl.rule('dataset_equals', params => '{"relation": "t", "key": ["a"], "relation_key": ["b", "c"]}');
SELECT etl.rule('dataset_equals', params => '{"relation": "t", "key": ["a"], "relation_columns": ["b", "c"]}');
\echo :LAST_ERROR_SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA rules_relation CASCADE;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA etl FROM rules_relation_reader;
REVOKE ALL ON SCHEMA etl FROM rules_relation_reader;
DROP ROLE rules_relation_reader;
