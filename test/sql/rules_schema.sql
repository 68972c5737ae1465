-- Rules about the relation itself: answered by the catalogue.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA rules_schema;
SET search_path = rules_schema;
\set SHOW_CONTEXT never
\set VERBOSITY terse
RESET client_min_messages;

CREATE DOMAIN email AS text NOT NULL;
CREATE TABLE countries (code char(2) PRIMARY KEY, region int, UNIQUE (region, code));
CREATE TABLE customers (
	id        bigint GENERATED ALWAYS AS IDENTITY,
	gone      integer,
	name      varchar(40) NOT NULL,
	balance   numeric(10,2),
	mail      email,
	tags      text[],
	country   char(2) REFERENCES countries,
	region    integer,
	"Größe; --" real,
	PRIMARY KEY (id),
	CONSTRAINT both_known FOREIGN KEY (region, country) REFERENCES countries (region, code)
);
ALTER TABLE customers DROP COLUMN gone;
CREATE INDEX ON customers (name, balance);
CREATE INDEX ON customers USING gin (tags);
CREATE UNIQUE INDEX ON customers (balance) WHERE balance > 0;
CREATE UNIQUE INDEX ON customers (lower(name));
CREATE UNIQUE INDEX ON customers (name, country) INCLUDE (balance);
COMMENT ON TABLE customers IS 'who buys';
COMMENT ON COLUMN customers.name IS 'as on the bill';
COMMENT ON COLUMN customers.balance IS '  ';

-- A verdict, and what the SQL says that explain_check shows. The two come
-- about in different ways for most rules.
CREATE FUNCTION verdicts(source regclass, checks text[])
RETURNS TABLE (check_name text, status text, severity text, oracle boolean, evaluation text, message text)
LANGUAGE plpgsql AS $$
DECLARE
	sql text;
	explained text;
BEGIN
	FOR check_name, status, severity, evaluation, message IN
		SELECT c.check_name, c.status, c.severity, c.evaluation, coalesce(c.error_sqlstate || ': ', '') || c.message
		FROM etl.check(source, checks) AS c
	LOOP
		SELECT e.equivalent_sql, e.evaluation INTO sql, explained FROM etl.explain_check(source, checks) AS e
		WHERE e.check_name = verdicts.check_name;
		oracle := NULL;
		IF status <> 'error' THEN
			IF explained IS DISTINCT FROM evaluation THEN
				RAISE EXCEPTION 'evaluation % of % is explained as %', evaluation, check_name, explained;
			END IF;
			EXECUTE 'SELECT holds FROM (' || sql || ') AS q' INTO oracle;
			IF oracle <> (status = 'pass') THEN
				RAISE WARNING '% differs from its SQL', check_name;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;

-- columns
SELECT * FROM verdicts('customers', etl.rules('[
	{"type": "column_exists", "column": "name", "name": "exists"},
	{"type": "column_exists", "column": "gone", "name": "dropped"},
	{"type": "column_exists", "column": "Name", "name": "case counts"},
	{"type": "column_exists", "column": "name", "position": 2, "name": "a dropped column has no place"},
	{"type": "column_exists", "column": "name", "position": 3, "name": "other place"},
	{"type": "column_exists", "column": "name", "position": 99, "name": "no such place"},
	{"type": "column_exists", "column": "Größe; --", "position": 8, "name": "quoted"},
	{"type": "column_exists", "column": "gone", "severity": "warn", "name": "mild"},
	{"type": "columns_match_ordered", "columns": ["id", "name", "balance", "mail", "tags", "country", "region", "Größe; --"], "name": "ordered"},
	{"type": "columns_match_ordered", "columns": ["name", "id", "balance", "mail", "tags", "country", "region", "Größe; --"], "name": "other order"},
	{"type": "columns_match_ordered", "columns": ["id", "name"], "name": "too few"},
	{"type": "columns_match_ordered", "columns": null, "name": "ordered, no restriction"},
	{"type": "columns_match_set", "columns": ["name", "id", "balance", "mail", "tags", "country", "region", "Größe; --"], "name": "set"},
	{"type": "columns_match_set", "columns": ["name", "id", "nosuch"], "name": "set differs"},
	{"type": "columns_match_set", "columns": ["name", "id"], "exact": false, "name": "inexact"},
	{"type": "columns_match_set", "columns": ["name", "nosuch"], "exact": false, "name": "inexact, missing"},
	{"type": "columns_match_set", "name": "set, no restriction"},
	{"type": "columns_contain", "columns": ["name", "Größe; --"], "name": "contain"},
	{"type": "columns_contain", "columns": ["name", "gone"], "name": "contain, missing"},
	{"type": "columns_not_contain", "columns": ["gone", "password"], "name": "not contain"},
	{"type": "columns_not_contain", "columns": ["gone", "mail"], "name": "contains one"},
	{"type": "column_count_equals", "value": 8},
	{"type": "column_count_equals", "value": 0, "name": "not 0"},
	{"type": "column_count_between", "min_value": 8, "max_value": 8},
	{"type": "column_count_between", "min_value": 8, "min_inclusive": false, "name": "more than 8"},
	{"type": "column_count_between", "max_value": 7, "name": "at most 7"},
	{"type": "column_count_between", "name": "any number"},
	{"type": "column_names_match", "pattern": "^[a-z_]+$"},
	{"type": "column_names_match", "pattern": ".", "name": "any name"}]'));
SELECT check_name, observed FROM etl.check('customers', etl.rules('[
	{"type": "column_exists", "column": "name", "position": 3, "name": "other place"},
	{"type": "column_exists", "column": "gone", "name": "dropped"},
	{"type": "columns_match_set", "columns": ["name", "id", "nosuch"], "name": "set"},
	{"type": "column_names_match", "pattern": "^[a-z_]+$", "name": "names"}]'));

-- types, as PostgreSQL resolves them
SELECT * FROM verdicts('customers', etl.rules('[
	{"type": "column_type_is", "column": "id", "data_type": "BIGINT", "name": "upper case"},
	{"type": "column_type_is", "column": "id", "data_type": "int8", "name": "int8"},
	{"type": "column_type_is", "column": "id", "data_type": "integer", "name": "no integer"},
	{"type": "column_type_is", "column": "name", "data_type": "varchar", "name": "any length"},
	{"type": "column_type_is", "column": "name", "data_type": "character varying ( 40 )", "name": "this length"},
	{"type": "column_type_is", "column": "name", "data_type": "varchar(41)", "name": "other length"},
	{"type": "column_type_is", "column": "balance", "data_type": "decimal(10,2)", "name": "numeric"},
	{"type": "column_type_is", "column": "mail", "data_type": "email", "name": "domain"},
	{"type": "column_type_is", "column": "mail", "data_type": "text", "name": "below the domain"},
	{"type": "column_type_is", "column": "tags", "data_type": "text[]", "name": "array"},
	{"type": "column_type_is", "columns": ["region", "Größe; --"], "data_type": "real", "name": "each column"},
	{"type": "column_type_is", "column": "region", "data_type": "nosuch", "name": "no type"},
	{"type": "column_type_is", "column": "region", "data_type": "not a type", "name": "no name of a type"},
	{"type": "column_type_is", "column": "gone", "data_type": "int", "name": "no column"},
	{"type": "column_type_in_list", "column": "region", "data_types": ["TEXT", "INTEGER"], "name": "in list"},
	{"type": "column_type_in_list", "column": "region", "data_types": ["TEXT", "IntegerType"], "name": "not in list"},
	{"type": "column_type_in_list", "column": "region", "data_types": null, "name": "no restriction"},
	{"type": "column_nullable_is", "columns": ["id", "name"], "nullable": false, "name": "not null"},
	{"type": "column_nullable_is", "columns": ["id", "region"], "nullable": false, "name": "one is nullable"},
	{"type": "column_nullable_is", "column": "mail", "nullable": true, "name": "a domain does not count"},
	{"type": "column_nullable_is", "columns": ["name", "region"], "nullable": true, "name": "one is not"}]'));

-- keys, indexes
SELECT * FROM verdicts('customers', etl.rules('[
	{"type": "has_primary_key", "name": "pk"},
	{"type": "has_primary_key", "column": "id", "name": "pk of"},
	{"type": "has_primary_key", "columns": ["id", "name"], "name": "no pk of"},
	{"type": "has_unique", "column": "id", "name": "pk is unique"},
	{"type": "has_unique", "columns": ["country", "name"], "name": "any order, INCLUDE does not count"},
	{"type": "has_unique", "column": "name", "name": "not of an expression, nor of a prefix"},
	{"type": "has_unique", "column": "balance", "name": "not of some rows"},
	{"type": "has_foreign_key", "column": "country", "name": "fk"},
	{"type": "has_foreign_key", "column": "country", "references": "countries", "name": "fk to"},
	{"type": "has_foreign_key", "column": "country", "references": "customers", "name": "fk not to"},
	{"type": "has_foreign_key", "column": "country", "references": "nosuch", "name": "fk to nothing"},
	{"type": "has_foreign_key", "columns": ["country", "region"], "references": "countries", "referenced_columns": ["code", "region"], "name": "fk of two"},
	{"type": "has_foreign_key", "columns": ["country", "region"], "references": "countries", "referenced_columns": ["region", "code"], "name": "crossed"},
	{"type": "has_foreign_key", "column": "region", "name": "part of a fk"},
	{"type": "has_index", "column": "name", "name": "index"},
	{"type": "has_index", "columns": ["name", "balance"], "name": "index of two"},
	{"type": "has_index", "column": "balance", "name": "no index begins so"},
	{"type": "has_index", "column": "tags", "method": "gin", "name": "gin"},
	{"type": "has_index", "column": "tags", "method": "btree", "name": "no btree"}]'));
ALTER TABLE customers DROP CONSTRAINT both_known;
ALTER TABLE customers ADD CONSTRAINT both_known FOREIGN KEY (region, country) REFERENCES countries (region, code) NOT VALID;
SELECT check_name, status, observed FROM etl.check('customers', etl.rules('[
	{"type": "has_primary_key", "columns": ["id", "name"]},
	{"type": "has_foreign_key", "columns": ["country", "region"], "name": "not validated"}]'));

-- grants, row security, comments
CREATE ROLE rules_schema_reader;
CREATE ROLE "rules_schema: odd";
GRANT SELECT ON customers TO rules_schema_reader, PUBLIC;
GRANT SELECT, INSERT ON customers TO "rules_schema: odd";
GRANT UPDATE (name) ON customers TO rules_schema_reader;
SELECT * FROM verdicts('customers', etl.rules('[
	{"type": "grants_are", "grants": {"rules_schema_reader": ["SELECT"], "public": ["SELECT"], "rules_schema: odd": ["INSERT", "SELECT"]}, "name": "as granted"},
	{"type": "grants_are", "grants": {"rules_schema_reader": ["SELECT"]}, "name": "more is granted"},
	{"type": "grants_are", "grants": {"rules_schema_reader": ["SELECT"]}, "exact": false, "name": "more may be"},
	{"type": "grants_are", "grants": {"rules_schema_reader": ["SELECT", "DELETE"]}, "exact": false, "name": "less is"},
	{"type": "grants_are", "grants": {"nosuch": ["SELECT"]}, "name": "no role"},
	{"type": "grants_are", "grants": {}, "name": "nobody"},
	{"type": "row_security_on", "name": "rls"},
	{"type": "comment_present", "name": "comment"},
	{"type": "comment_present", "all_columns": true, "name": "comments everywhere"},
	{"type": "comment_present", "column": "name", "name": "comment on one"},
	{"type": "comment_present", "columns": ["name", "balance"], "name": "a blank one is none"},
	{"type": "comment_present", "column": "gone", "name": "no column"}]'));
SELECT check_name, observed FROM etl.check('customers', etl.rules('[
	{"type": "grants_are", "grants": {"rules_schema_reader": ["SELECT", "DELETE"]}, "name": "grants"},
	{"type": "row_security_on", "name": "rls"},
	{"type": "comment_present", "all_columns": true, "name": "comments"}]'));
SELECT * FROM verdicts('countries', etl.rules('[{"type": "grants_are", "grants": {}, "name": "nobody"},
	{"type": "grants_are", "grants": {"public": ["SELECT"]}, "name": "nothing granted"},
	{"type": "comment_present"}]'));
ALTER TABLE countries ENABLE ROW LEVEL SECURITY;
SELECT * FROM verdicts('countries', etl.rules('[{"type": "row_security_on"}, {"type": "row_security_on", "forced": true, "name": "forced"}]'));
ALTER TABLE countries FORCE ROW LEVEL SECURITY;
SELECT * FROM verdicts('countries', etl.rules('[{"type": "row_security_on"}, {"type": "row_security_on", "forced": true, "name": "forced"}]'));

-- the schema as a whole
SELECT * FROM verdicts('customers', etl.rules('[
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "text", "mail": "email", "nosuch": "int"}, "name": "object"},
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "varchar"}, "name": "extra columns"},
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "varchar"}, "severity": "critical", "name": "extra columns, critical"},
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "varchar"}, "extra_columns": "ignore", "name": "ignored"},
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "varchar"}, "extra_columns": "fail", "name": "refused"},
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "nosuch"}, "extra_columns": "fail", "name": "no type"},
	{"type": "schema_matches", "extra_columns": "ignore", "name": "list", "schema": [
		{"name": "id", "type": "bigint", "nullable": false}, {"name": "region", "nullable": true}, {"name": "tags"}]},
	{"type": "schema_matches", "extra_columns": "ignore", "name": "nullable", "schema": [{"name": "id", "nullable": true}, {"name": "region", "nullable": false}]}]'));
SELECT check_name, success, observed FROM etl.check('customers', etl.rules('[
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "varchar(5)", "nosuch": "int"}, "name": "all of it"},
	{"type": "schema_matches", "schema": {"id": "bigint", "name": "varchar"}, "name": "extra only"}]'));

-- a fingerprint changes with what the columns are, with nothing else
CREATE TABLE f (a integer, b text);
CREATE TEMP TABLE fingerprints AS SELECT etl.schema_fingerprint('f') AS f;
CREATE FUNCTION unchanged() RETURNS text LANGUAGE sql AS $$
	SELECT status FROM verdicts('f', ARRAY[(SELECT etl.rule('schema_unchanged', params => jsonb_build_object('fingerprint', f)) FROM pg_temp.fingerprints)]) $$;
SELECT unchanged();
INSERT INTO f VALUES (1); CREATE INDEX ON f (a); ANALYZE f;
SELECT unchanged();
SET search_path = rules_schema, pg_catalog;
SELECT unchanged();
SET search_path = rules_schema;
BEGIN; ALTER TABLE f ADD c integer; SELECT unchanged(); ALTER TABLE f DROP c; SELECT unchanged(); ROLLBACK;
BEGIN; ALTER TABLE f ALTER a SET NOT NULL; SELECT unchanged(); ROLLBACK;
BEGIN; ALTER TABLE f ALTER a TYPE bigint; SELECT unchanged(); ROLLBACK;
BEGIN; ALTER TABLE f RENAME b TO c; SELECT unchanged(); ROLLBACK;
BEGIN; ALTER TABLE f ALTER b TYPE text COLLATE "C"; SELECT unchanged(); ROLLBACK;
BEGIN; DROP TABLE f; CREATE TABLE f (b text, a integer); SELECT unchanged(); ROLLBACK;
BEGIN; DROP TABLE f; CREATE VIEW f AS SELECT 1 AS a, 'x' AS b; SELECT unchanged(); ROLLBACK;
SELECT length(etl.schema_fingerprint('f')), etl.schema_fingerprint(NULL) IS NULL;
SELECT etl.schema_fingerprint(0);
\echo :LAST_ERROR_SQLSTATE
SELECT message ~ '^found "[0-9a-f]{64}", expected what the rule says$' FROM etl.check('f', ARRAY[
	etl.rule('schema_unchanged', params => jsonb_build_object('fingerprint', repeat('0', 64)))]);

-- other kinds of relations; the rights of the caller
CREATE VIEW v AS SELECT id, name FROM customers;
CREATE MATERIALIZED VIEW m AS SELECT id, name FROM customers;
CREATE UNIQUE INDEX ON m (id);
CREATE TEMP TABLE rules_schema_temp (LIKE countries INCLUDING ALL);
CREATE TABLE parted (k int, v text, PRIMARY KEY (k)) PARTITION BY RANGE (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS file_fdw;
RESET client_min_messages;
CREATE SERVER rules_schema_server FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE outside (id bigint NOT NULL, name varchar(3)) SERVER rules_schema_server OPTIONS (program 'true');
SELECT * FROM verdicts('v', etl.rules('[{"type": "columns_match_ordered", "columns": ["id", "name"]}, {"type": "has_primary_key"}, {"type": "column_type_is", "column": "name", "data_type": "varchar(40)"}]'));
SELECT * FROM verdicts('m', etl.rules('[{"type": "columns_match_ordered", "columns": ["id", "name"]}, {"type": "has_unique", "column": "id"}]'));
SELECT * FROM verdicts('rules_schema_temp', etl.rules('[{"type": "has_primary_key", "column": "code"}, {"type": "column_count_equals", "value": 2}]'));
SELECT * FROM verdicts('parted', etl.rules('[{"type": "has_primary_key", "column": "k"}, {"type": "has_index", "column": "k"}, {"type": "schema_matches", "schema": {"k": "int", "v": "text"}}]'));
SELECT * FROM verdicts('pg_catalog.pg_class', etl.rules('[{"type": "has_unique", "column": "oid"}, {"type": "column_exists", "column": "relname"}]'));
SELECT * FROM verdicts('outside', etl.rules('[{"type": "column_type_is", "column": "name", "data_type": "varchar(3)"}, {"type": "column_nullable_is", "column": "id", "nullable": false}]'));

-- the names of operators cannot be hijacked
CREATE FUNCTION always(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR rules_schema.= (LEFTARG = text, RIGHTARG = text, FUNCTION = always);
SET search_path = rules_schema, pg_catalog;
SELECT check_name, status FROM etl.check('customers', etl.rules('[{"type": "column_exists", "column": "gone"}, {"type": "has_unique", "column": "name"}, {"type": "comment_present", "column": "balance"}]'));
SET search_path = rules_schema;
DROP OPERATOR rules_schema.= (text, text);

-- a filter has no meaning for these rules
SELECT tested_rows, excluded_rows, status FROM etl.check('countries', ARRAY['{"type": "column_count_equals", "value": 2}'], row_filter => 'false');
-- levels
SELECT status, severity FROM etl.check('customers', ARRAY['{"type": "column_count_between", "warn": {"max_value": 5}, "error": {"max_value": 10}}']);

-- numbers of rows
INSERT INTO f SELECT i, 'x' FROM generate_series(2, 4) AS i;
SELECT check_name, status, tested_rows, observed, message FROM etl.check('f', etl.rules('[
	{"type": "row_count_equals", "value": 4, "name": "four"}, {"type": "row_count_equals", "value": 3, "name": "three"},
	{"type": "row_count_equals", "value": 3, "row_filter": "b = ''x''", "name": "filter"}, {"type": "row_count_equals", "value": 0, "row_filter": "false", "name": "none"},
	{"type": "row_count_equals", "value": 1, "group_by": ["a"], "name": "groups"}]'));
SELECT etl.rule('row_count_equals', params => '{"value": "hello"}');
SELECT etl.rule('row_count_equals', params => '{"value": -1}');

-- what is refused at definition
SELECT etl.rule('column_exists');
SELECT etl.rule('column_exists', '{a,b}');
SELECT etl.rule('column_exists', '{a}', row_filter => 'true');
SELECT etl.rule('column_exists', '{a}', params => '{"group_by": ["b"]}');
SELECT etl.rule('column_exists', '{a}', max_failed_rows => 1);
SELECT etl.rule('column_exists', '{a}', params => '{"position": 0.5}');
SELECT etl.rule('column_type_is', '{a}');
SELECT etl.rule('column_type_is', '{a}', params => '{"data_typ": "int"}');
SELECT etl.rule('column_count_between', min_value => 3, max_value => 2);
SELECT etl.rule('column_count_equals', params => '{"value": "hello"}');
SELECT etl.rule('column_names_match', pattern => '(');
SELECT etl.rule('schema_matches', params => '{"schema": {}}');
SELECT etl.rule('schema_matches', params => '{"schema": [{"type": "int"}]}');
SELECT etl.rule('schema_matches', params => '{"schema": [{"name": "a", "typ": "int"}]}');
SELECT etl.rule('schema_matches', params => '{"schema": 3}');
SELECT etl.rule('schema_matches', params => '{"schema": {"a": "int"}, "extra_columns": "fial"}');
SELECT etl.rule('schema_unchanged', params => '{"fingerprint": "abc"}');
SELECT etl.rule('grants_are', params => '{"grants": ["a"]}');
SELECT etl.rule('grants_are', params => '{"grants": {"a": ["READ"]}}');
SELECT etl.rule('has_foreign_key', '{a}', params => '{"referenced_columns": ["b", "c"]}');
\echo :LAST_ERROR_SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA rules_schema CASCADE;
DROP TABLE rules_schema_temp;
DROP ROLE rules_schema_reader, "rules_schema: odd";
