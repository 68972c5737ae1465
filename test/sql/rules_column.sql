-- Rules on the values of one column: the verdict of each value.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA rules_column;
SET search_path = rules_column;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset null ~

-- the verdicts on all rows of a table, by their ids: + passes, - fails, ? has none
CREATE FUNCTION verdicts(source regclass, rule_type text, col text, params jsonb DEFAULT '{}')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	strict_ids jsonb;
	loose_ids jsonb;
	r record;
	res text;
BEGIN
	-- with on_null = fail what has no verdict fails too
	SELECT c.sample, c.error_sqlstate, c.error_message, c.null_rows INTO r FROM etl.check(source, ARRAY[etl.rule(rule_type, ARRAY[col], params => params)], sample_rows => 100) c;
	IF r.error_sqlstate IS NOT NULL THEN
		RETURN r.error_sqlstate || ' ' || r.error_message;
	END IF;
	loose_ids := coalesce((SELECT jsonb_agg(e->'id') FROM jsonb_array_elements(r.sample) e), '[]');
	strict_ids := loose_ids;
	IF rule_type NOT IN ('not_null', 'is_null', 'not_missing') THEN
		SELECT c.sample INTO r FROM etl.check(source, ARRAY[etl.rule(rule_type, ARRAY[col], on_null => 'fail', params => params)], sample_rows => 100) c;
		strict_ids := coalesce((SELECT jsonb_agg(e->'id') FROM jsonb_array_elements(r.sample) e), '[]');
	END IF;
	EXECUTE format('SELECT string_agg(CASE WHEN $1 @> to_jsonb(id) THEN ''-'' WHEN $2 @> to_jsonb(id) THEN ''?'' ELSE ''+'' END, '''' ORDER BY id) FROM %s', source)
	INTO res USING loose_ids, strict_ids;
	RETURN res;
END $$;

-- numbers: 1 NULL, 2 zero, 3 -1, 4 1, 5 2.5, 6 10, 7 NaN, 8 inf, 9 -inf
CREATE TABLE num (id int, n numeric, f float8, r real, i int, b bigint, s smallint, v interval);
INSERT INTO num VALUES
	(1, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (2, 0, 0, 0, 0, 0, 0, '0'), (3, -1, -1, -1, -1, -1, -1, '-1 day'), (4, 1.00, 1, 1, 1, 1, 1, '1 day'),
	(5, 2.5, 2.5, 2.5, 2147483647, 9223372036854775807, 32767, '2 days'), (6, 10, 10, 10, 10, 10, 10, '10 days'), (7, 'NaN', 'NaN', 'NaN', -2147483648, -9223372036854775808, -32768, '1 hour'),
	(8, 'Infinity', 'Infinity', 'Infinity', 6, 6, 6, '1 mon'), (9, '-Infinity', '-Infinity', '-Infinity', 3, 3, 3, '-1 mon');
SELECT rule, params, verdicts('num', rule, 'n', params) AS n, verdicts('num', rule, 'f', params) AS f, verdicts('num', rule, 'r', params) AS r, verdicts('num', rule, 'i', params) AS i, verdicts('num', rule, 'b', params) AS b, verdicts('num', rule, 's', params) AS s
FROM (VALUES ('not_null', '{}'::jsonb), ('is_null', '{}'), ('between', '{"min_value": 0, "max_value": 10}'), ('between', '{"min_value": 0}'), ('not_between', '{"min_value": 0, "max_value": 10}'), ('not_between', '{"min_value": 0, "max_value": 10, "max_inclusive": false}'),
	('greater_than', '{"value": 0}'), ('at_least', '{"value": 0}'), ('less_than', '{"value": 10}'), ('at_most', '{"value": 10}'), ('equal_to', '{"value": 10}'), ('equal_to', '{"value": "10.0"}'), ('not_equal_to', '{"value": 1}'), ('equal_to', '{"value": 2.5}'), ('greater_than', '{"value": 3000000000}'),
	('positive', '{}'), ('non_negative', '{}'), ('multiple_of', '{"divisor": 3}'), ('multiple_of', '{"divisor": 0.5}'), ('max_decimal_places', '{"places": 0}'), ('max_decimal_places', '{"places": 1}'), ('finite', '{}'),
	('accepted_values', '{"allowed": [1, 10]}'), ('not_accepted_values', '{"allowed": [1, 10]}'), ('accepted_values', '{"allowed": []}'), ('not_accepted_values', '{"allowed": []}'), ('not_missing', '{"tokens": [-1]}')) t (rule, params);
SELECT rule, verdicts('num', rule, 'v', params) AS v
FROM (VALUES ('positive', '{}'::jsonb), ('non_negative', '{}'), ('finite', '{}'), ('greater_than', '{"value": "1 day"}'), ('at_most', '{"value": "1 day"}')) t (rule, params);
-- decimal places are those that are stored or printed
CREATE TABLE places (id int, n numeric, f float8);
INSERT INTO places VALUES (1, 1.2300, 0.1), (2, 1.234, 0.30000000000000004), (3, 1e20, 1e20), (4, 1e-5, 1e-5), (5, -1.23, -1.23), (6, 0.00, 0);
SELECT k, verdicts('places', 'max_decimal_places', 'n', jsonb_build_object('places', k)) AS n, verdicts('places', 'max_decimal_places', 'f', jsonb_build_object('places', k)) AS f FROM unnest('{0,2,5,100}'::int[]) k;
SELECT verdicts('places', 'multiple_of', 'n', '{"divisor": 0.01}') AS n, verdicts('places', 'multiple_of', 'f', '{"divisor": 0.1}') AS f, verdicts('places', 'multiple_of', 'n', '{"divisor": -0.002}') AS negative;

-- texts: 1 NULL, 2 empty, 3 blanks, 4 no-break space, ...
CREATE TABLE txt (id int, t text, v varchar(40), c char(8));
INSERT INTO txt SELECT id, t, t, left(t, 8) FROM (VALUES (1, NULL), (2, ''), (3, E' \t\r\n'), (4, U&'\00a0\3000'), (5, 'abc'), (6, ' abc'), (7, E'abc\n'), (8, 'ABC'), (9, U&'\00c4bc'), (10, 'a_c'), (11, 'a%c'), (12, 'Hello World'), (13, 'N/A'), (14, ' null '), (15, '12'), (16, E'ab\\c')) x (id, t);
SELECT rule, params, verdicts('txt', rule, 't', params) AS t, verdicts('txt', rule, 'v', params) AS v, verdicts('txt', rule, 'c', params) AS c
FROM (VALUES ('not_null', '{}'::jsonb), ('is_null', '{}'), ('not_empty', '{}'), ('not_blank', '{}'), ('not_missing', '{}'), ('not_missing', '{"tokens": ["ABC"]}'), ('trimmed', '{}'),
	('length_between', '{"min_value": 1, "max_value": 4}'), ('length_between', '{"max_value": 3}'), ('length_equal', '{"value": 3}'),
	('match_regex', '{"pattern": "b"}'), ('not_match_regex', '{"pattern": "b"}'), ('match_any_regex', '{"patterns": ["^a", "^A"]}'), ('match_all_regex', '{"patterns": ["^a", "c$"]}'), ('not_match_any_regex', '{"patterns": ["^a", "^A"]}'),
	('match_like', '{"pattern": "a_c"}'), ('match_like', '{"pattern": "a\\_c"}'), ('not_match_like', '{"pattern": "a_c"}'), ('match_any_like', '{"patterns": ["a%", "A%"]}'), ('match_all_like', '{"patterns": ["a%", "%c"]}'), ('not_match_any_like', '{"patterns": ["a%", "A%"]}'),
	('starts_with', '{"value": "a_"}'), ('ends_with', '{"value": "c"}'), ('contains', '{"value": "%"}'), ('contains', '{"value": "\\"}'), ('contains', '{"value": "b"}'),
	('string_case', '{"letter_case": "upper"}'), ('string_case', '{"letter_case": "lower"}'), ('string_case', '{"letter_case": "title"}'), ('charset', '{"charset": "alpha"}'), ('charset', '{"charset": "ascii"}'), ('charset', '{"charset": "[a-c_]"}'),
	('equal_to', '{"value": "abc"}'), ('greater_than', '{"value": "abc"}'), ('accepted_values', '{"allowed": ["abc", ""]}'), ('not_accepted_values', '{"allowed": ["abc", ""]}')) t (rule, params);

-- formats, casts, JSON
CREATE TABLE doc (id int, t text, j json, b jsonb);
INSERT INTO doc VALUES (1, NULL, NULL, NULL), (2, '', 'null', 'null'), (3, '{"a": 1, "b": null}', '{"a": 1, "b": null}', '{"a": 1, "b": null}'), (4, '{"a": "x"}', '{"a": "x"}', '{"a": "x"}'), (5, '[1]', '[1]', '["a"]'), (6, '{"a": 1', '{"b": 2}', '"a"'), (7, '2024-02-29', '1', '1'), (8, '2024-02-30', '1', '1'), (9, 'a@b.co', '{"b": 1}', '{"b": 1}'), (10, '12', '{"a": 1, "a": 2}', '{}');
SELECT rule, params, verdicts('doc', rule, 't', params) AS t
FROM (VALUES ('valid_format', '{"format": "email"}'::jsonb), ('valid_format', '{"format": "date"}'), ('castable_to', '{"type_name": "date"}'), ('castable_to', '{"type_name": "numeric(1,0)"}'), ('castable_to', '{"type_name": "char(2)"}'), ('match_datetime_format', '{"format": "YYYY-MM-DD"}'), ('valid_json', '{}'), ('match_json_schema', '{"schema": {"properties": {"a": {"type": "integer"}}}}'), ('json_has_keys', '{"keys": ["a"]}')) t (rule, params);
SELECT rule, params, verdicts('doc', rule, 'j', params) AS j, verdicts('doc', rule, 'b', params) AS b
FROM (VALUES ('match_json_schema', '{"schema": {"properties": {"a": {"type": "integer"}}}}'::jsonb), ('match_json_schema', '{"schema": false}'), ('json_has_keys', '{"keys": ["a", "b"]}'), ('json_has_keys', '{"keys": ["a"]}')) t (rule, params);

-- what jsonb cannot hold satisfies no schema
CREATE TABLE beyond (t text, j json);
INSERT INTO beyond VALUES ('"\u0000"', '"\u0000"'), ('1e200000', '1e200000');
SELECT check_type, columns, tested_rows, failed_rows FROM etl.check('beyond', ARRAY[etl.rule('valid_json', '{t}'), etl.rule('match_json_schema', '{t}', params => '{"schema": true}'), etl.rule('match_json_schema', '{j}', params => '{"schema": true}')]);

-- arrays and bytea
CREATE TABLE arr (id int, a int[], y bytea);
INSERT INTO arr VALUES (1, NULL, NULL), (2, '{}', ''), (3, '{1}', '\x00'), (4, '{{1,2},{3,4}}', '\x0001'), (5, '{NULL,NULL}', '\x0102030405');
SELECT verdicts('arr', 'array_length_between', 'a', '{"min_value": 1, "max_value": 2}') AS a, verdicts('arr', 'not_empty', 'a') AS not_empty, verdicts('arr', 'not_empty', 'y') AS bytes_not_empty, verdicts('arr', 'length_between', 'y', '{"min_value": 2, "max_value": 4}') AS length, verdicts('arr', 'accepted_values', 'a', '{"allowed": ["{1}", "{}"]}') AS allowed, verdicts('arr', 'not_accepted_values', 'a', '{"allowed": ["{1}", "{}"]}') AS forbidden;

-- a collation that takes different texts for equal; patterns go by bytes
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE nondeterministic (id int, t text COLLATE loose);
INSERT INTO nondeterministic VALUES (1, 'abc'), (2, 'ABC'), (3, NULL), (4, ' '), (5, '');
SELECT rule, verdicts('nondeterministic', rule, 't', params)
FROM (VALUES ('equal_to', '{"value": "abc"}'::jsonb), ('match_regex', '{"pattern": "b"}'), ('match_like', '{"pattern": "a%"}'), ('contains', '{"value": "B"}'), ('string_case', '{"letter_case": "upper"}'), ('not_blank', '{}'), ('not_empty', '{}'), ('not_missing', '{"tokens": ["Abc"]}'), ('trimmed', '{}'), ('charset', '{"charset": "upper"}')) t (rule, params);

-- domains, citext-like names, odd names
CREATE DOMAIN code AS varchar(5);
CREATE TABLE "Odd ""Names" (id int, "a ""b" code, "Ü" numeric);
INSERT INTO "Odd ""Names" VALUES (1, 'x', 1), (2, 'toolo', -1), (3, NULL, NULL);
SELECT verdicts('"Odd ""Names"', 'length_between', 'a "b', '{"max_value": 3}'), verdicts('"Odd ""Names"', 'positive', 'Ü'), verdicts('"Odd ""Names"', 'starts_with', 'a "b', '{"value": "''x"}');

-- several columns: each must satisfy the rule
SELECT status, tested_rows, failed_rows, null_rows FROM etl.check('num', ARRAY[etl.rule('positive', '{n,i}')]);

-- a rule that does not fit its column
SELECT rule, col, verdicts(source::regclass, rule, col, params)
FROM (VALUES ('num', 'match_like', 'n', '{"pattern": "1"}'::jsonb), ('num', 'length_between', 'n', '{"max_value": 1}'), ('txt', 'positive', 't', '{}'), ('txt', 'multiple_of', 't', '{"divisor": 2}'), ('num', 'finite', 'i', '{}'), ('txt', 'finite', 't', '{}'), ('txt', 'max_decimal_places', 't', '{"places": 1}'), ('txt', 'greater_than', 't', '{"value": 5}'), ('num', 'greater_than', 'n', '{"value": "NaN"}'),
	('num', 'greater_than', 'n', '{"value": "x"}'), ('txt', 'array_length_between', 't', '{"min_value": 1}'), ('num', 'not_missing', 'n', '{}'), ('num', 'not_blank', 'i', '{}'), ('arr', 'valid_format', 'a', '{"format": "email"}'), ('doc', 'json_has_keys', 'id', '{"keys": ["a"]}'), ('doc', 'valid_json', 'b', '{}'), ('doc', 'castable_to', 'b', '{"type_name": "int"}'), ('num', 'string_case', 'i', '{"letter_case": "upper"}'), ('doc', 'greater_than', 'j', '{"value": 1}')) t (source, rule, col, params);

-- what is refused when the rule is written
CREATE FUNCTION refused(rule_type text, params jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	h text;
BEGIN
	PERFORM etl.rule(rule_type, '{a}', params => params);
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
	RETURN sqlstate || ' ' || sqlerrm || coalesce(' / ' || nullif(h, ''), '');
END $$;
SELECT rule, params, refused(rule, params) FROM (VALUES
	('greater_than', '{}'::jsonb), ('greater_than', '{"value": null}'), ('greater_than', '{"value": [1]}'), ('greater_then', '{"value": 1}'), ('multiple_of', '{"divisor": 0}'), ('multiple_of', '{"divisor": "x"}'), ('multiple_of', '{}'),
	('max_decimal_places', '{"places": -1}'), ('max_decimal_places', '{"places": 1.5}'), ('length_equal', '{"value": -1}'), ('length_between', '{}'), ('array_length_between', '{}'), ('not_between', '{}'), ('not_accepted_values', '{}'),
	('not_match_regex', '{"pattern": "("}'), ('match_any_regex', '{"patterns": []}'), ('match_any_regex', '{"patterns": ["a", "["]}'), ('match_any_regex', '{"pattern": "a"}'), ('match_like', '{"pattern": "a\\"}'), ('match_any_like', '{"patterns": ["a", "b\\\\\\"]}'), ('match_like', '{"pattern": "a\\\\"}'),
	('starts_with', '{}'), ('string_case', '{}'), ('string_case', '{"letter_case": "uper"}'), ('charset', '{"charset": "asci"}'), ('charset', '{"charset": "[z-a]"}'), ('valid_format', '{"format": "emial"}'), ('valid_format', '{}'), ('castable_to', '{"type_name": "integre"}'), ('castable_to', '{}'),
	('match_datetime_format', '{"format": "YYYY-IYYY"}'), ('match_json_schema', '{"schema": {"type": "int"}}'), ('match_json_schema', '{}'), ('json_has_keys', '{"keys": []}'), ('json_has_keys', '{"keys": "a"}'), ('is_null', '{"on_null": "fail"}'), ('positive', '{"min_value": 1}')) t (rule, params);

-- the equivalent SQL gives the same numbers
CREATE FUNCTION agrees(source regclass, checks text[]) RETURNS TABLE (check_name text, agreement text) LANGUAGE plpgsql AS $$
DECLARE
	r record;
	e record;
BEGIN
	FOR r IN SELECT c.check_name AS n, c.tested_rows, c.failed_rows, x.equivalent_sql, c.failed_rows_sql FROM etl.check(source, checks) c JOIN etl.explain_check(source, checks) x USING (check_name) LOOP
		EXECUTE r.equivalent_sql INTO e;
		check_name := r.n;
		agreement := CASE WHEN (e.tested_rows, e.failed_rows) IS NOT DISTINCT FROM (r.tested_rows, r.failed_rows) THEN 'same' ELSE format('%s %s, SQL says %s %s', r.tested_rows, r.failed_rows, e.tested_rows, e.failed_rows) END;
		IF r.failed_rows > 0 THEN
			EXECUTE 'SELECT count(*) FROM (' || r.failed_rows_sql || ') q' INTO e;
			IF e.count <> r.failed_rows THEN
				agreement := format('%s, failed rows: %s', agreement, e.count);
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT agreement, count(*) FROM agrees('txt', (SELECT array_agg(etl.rule(r, '{t}', on_null => n, name => r || n, params => p::jsonb)) FROM unnest('{ignore,fail,pass}'::text[]) n, (VALUES
	('not_empty', '{}'), ('not_blank', '{}'), ('trimmed', '{}'), ('length_between', '{"min_value": 2}'), ('match_like', '{"pattern": "a%"}'), ('not_match_regex', '{"pattern": "b"}'), ('match_any_regex', '{"patterns": ["a", "b"]}'), ('contains', '{"value": "b"}'), ('string_case', '{"letter_case": "lower"}'), ('charset', '{"charset": "ascii"}'), ('valid_format', '{"format": "hex"}'), ('castable_to', '{"type_name": "int"}'), ('not_accepted_values', '{"allowed": ["abc"]}')) v (r, p))) GROUP BY 1;
SELECT agreement, count(*) FROM agrees('num', (SELECT array_agg(etl.rule(r, ARRAY[c], on_null => n, name => r || n || c, params => p::jsonb)) FROM unnest('{ignore,fail,pass}'::text[]) n, unnest('{n,f,i,b}'::text[]) c, (VALUES
	('positive', '{}'), ('non_negative', '{}'), ('greater_than', '{"value": 1}'), ('at_most', '{"value": 3}'), ('equal_to', '{"value": 3}'), ('not_equal_to', '{"value": 3}'), ('not_between', '{"min_value": 1, "max_value": 5}'), ('multiple_of', '{"divisor": 2}'), ('max_decimal_places', '{"places": 0}')) v (r, p))) GROUP BY 1;

SET client_min_messages = warning;
DROP SCHEMA rules_column CASCADE;
