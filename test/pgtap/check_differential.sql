-- Every type of rule against its own printed SQL (etl.explain_check), on data
-- made to be unpleasant; and the same rule by other ways: SQL, one scan, two
-- processes, a partitioned table, the sum of its partitions, a quarantine.
--
-- A type of rule without an example here fails the first test. Examples stand
-- in "example"; a statement about rows has columns and several on_null added.
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA differential;
SET search_path = differential, public;
SELECT plan(14);

CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- 1. data: h is a hash of the row's number, so all is the same each time
CREATE TABLE whole (
	id bigint, k integer, s smallint, n numeric, f float8, r real, t text, c text COLLATE "C",
	ci text COLLATE any_case, v varchar(20), p char(6), j text, b boolean, d date, ts timestamp,
	tz timestamptz, u uuid, a integer[], part integer, pos integer, lo integer, hi integer, late timestamp)
PARTITION BY LIST (part);
CREATE TABLE whole_0 PARTITION OF whole FOR VALUES IN (0);
CREATE TABLE whole_1 PARTITION OF whole FOR VALUES IN (1);
CREATE TABLE whole_2 PARTITION OF whole FOR VALUES IN (2, NULL);
CREATE TABLE plain (LIKE whole);

INSERT INTO plain
SELECT i,
	(ARRAY[NULL, 0, 1, -1, 2147483647, -2147483648, h % 50, h % 50, i, h % 1000])[h % 10 + 1],
	(ARRAY[NULL, 32767, -32768, 0, h % 9])[h / 3 % 5 + 1],
	(ARRAY[NULL, 'NaN', 'Infinity', '-Infinity', 0, 0.00, 1.0, 1.00, 1e30, -1e-30, h % 100, (h % 10000) / 100.0, -h % 7])[h / 7 % 13 + 1],
	(ARRAY[NULL, 'NaN', 'Infinity', '-Infinity', 0, '-0', 1e308, 1e-308, h % 10, (h % 100) / 10.0, -(h % 10)])[h / 11 % 11 + 1],
	(ARRAY[NULL, 'NaN', 'Infinity', 0, '-0', 0.1, h % 10, -(h % 10) / 3.0])[h / 13 % 8 + 1],
	(ARRAY[NULL, '', ' ', e'\t', 'a', 'A', 'ab', 'user' || h % 50 || '@example.com', 'Ünïcode ' || h % 5, e'two\nlines', 'n/a', '%', 'a_b\c',
		   '2024-02-' || lpad((h % 31 + 1)::text, 2, '0'), (h % 200)::text, ' padded ', 'Title Case', repeat('long ', 2000) || h % 3])[h / 17 % 18 + 1],
	(ARRAY[NULL, '', 'b', 'B', 'z' || h % 30])[h / 19 % 5 + 1],
	(ARRAY[NULL, '', 'one', 'ONE', 'Two', 'two', 'x' || h % 20, 'X' || h % 20])[h / 23 % 8 + 1],
	(ARRAY[NULL, '', 'a', 'a ', 'v' || h % 9])[h / 29 % 5 + 1],
	(ARRAY[NULL, '', 'a', 'a ', 'p' || h % 9])[h / 31 % 5 + 1],
	(ARRAY[NULL, '{}', '{"a": 1}', '{"a": "x", "b": null}', '[1, 2]', '', 'no', '{"a": ' || h % 5 || '}', '"\u0000"', '1e400'])[h / 37 % 10 + 1],
	(ARRAY[NULL, true, false])[h / 41 % 3 + 1],
	(ARRAY[NULL, 'infinity', '-infinity', '4714-11-24 BC', date '2024-01-01' + (h % 60)::integer, '5874897-12-31'])[h / 43 % 6 + 1],
	(ARRAY[NULL, 'infinity', '-infinity', timestamp '2024-01-01' + h % 5000 * interval '1 hour', timestamp '2024-01-01' + h % 60 * interval '1 day'])[h / 47 % 5 + 1],
	(ARRAY[NULL, 'infinity', '-infinity', timestamptz '2024-01-01 00:00+00' + h % 5000 * interval '1 hour'])[h / 53 % 4 + 1],
	(ARRAY[NULL, md5((h % 100)::text)])[h / 59 % 2 + 1]::uuid,
	CASE h / 61 % 5 WHEN 0 THEN NULL WHEN 1 THEN '{}' WHEN 2 THEN '{NULL}' WHEN 3 THEN ARRAY[1, 2, h % 4] ELSE '{{1,2},{3,4}}' END::integer[],
	nullif(h / 67 % 4, 3), i / 3, nullif(h / 71 % 40, 5), nullif(h / 71 % 40, 7) + h / 73 % 3,
	timestamp '2024-01-01' + h % 5000 * interval '1 hour'
FROM (SELECT i::integer, abs(hashint8(i)::bigint)::integer AS h FROM generate_series(1, 1500) AS i) AS g;
-- whole rows twice
INSERT INTO plain SELECT * FROM plain WHERE id % 97 = 0;
UPDATE plain SET v = v WHERE id % 10 = 0;
DELETE FROM plain WHERE id % 131 = 0;
INSERT INTO whole SELECT * FROM plain;
CREATE TABLE other AS SELECT * FROM plain WHERE id % 7 > 0;
UPDATE other SET n = n + 1 WHERE id % 11 = 0;
CREATE TABLE empty (LIKE plain);
ANALYZE plain, other;

-- 2. examples
CREATE TABLE example (n serial, rule jsonb NOT NULL);
CREATE TABLE bound (col text, low jsonb, high jsonb);
INSERT INTO bound VALUES ('k', '0', '40'), ('s', '0', '8'), ('n', '0', '50'), ('f', '0', '5'), ('r', '-1', '1'), ('t', '"A"', '"n"'),
	('c', '"B"', '"z2"'), ('v', '"a"', '"v5"'), ('p', '"a"', '"p3"'), ('d', '"2024-01-05"', '"2024-02-01"'),
	('ts', '"2024-01-05"', '"2024-03-01"'), ('tz', '"2024-01-05"', '"2024-03-01"'), ('u', '"00000000-0000-0000-0000-000000000000"', '"b0000000-0000-0000-0000-000000000000"');

-- of one column of any type
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', attname)
  FROM pg_attribute, unnest('{not_null,is_null,unique,primary_key,distinctness_between,uniqueness_between,distinct_count_between,completeness_between,not_constant}'::text[]) AS t
 WHERE attrelid = 'plain'::regclass AND attnum > 0;
-- of an order
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', col, 'min_value', low, 'max_value', high) || more
  FROM bound, unnest('{between,not_between}'::text[]) AS t, unnest(ARRAY['{}', '{"min_inclusive": false, "on_null": "fail"}', '{"max_inclusive": false, "on_null": "pass"}']::jsonb[]) AS more;
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', col, 'value', low, 'on_null', o)
  FROM bound, unnest('{greater_than,at_least,less_than,at_most,equal_to,not_equal_to}'::text[]) AS t, unnest('{ignore,fail}'::text[]) AS o;
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', col, 'allowed', jsonb_build_array(low, high))
  FROM bound, unnest('{accepted_values,not_accepted_values,distinct_values_in_set,distinct_values_contain_set,distinct_values_equal_set,most_common_value_in_set}'::text[]) AS t;
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', col, 'value', low)
  FROM bound, unnest('{value_frequency_between}'::text[]) AS t;
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', col) FROM bound, unnest('{min_between,max_between,entropy_between}'::text[]) AS t WHERE col NOT IN ('u');
-- of numbers
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', col, 'row_filter', 'k > 1') || more
  FROM unnest('{k,s,n,f,r}'::text[]) AS col,
	(VALUES ('positive', '{}'::jsonb), ('non_negative', '{}'), ('multiple_of', '{"divisor": 3}'), ('multiple_of', '{"divisor": 0.5}'),
		('max_decimal_places', '{"places": 1}'), ('finite', '{}'), ('mean_between', '{}'), ('sum_between', '{}'), ('stddev_between', '{}'),
		('stddev_between', '{"kind": "population"}'), ('variance_between', '{}'), ('skewness_between', '{}'), ('kurtosis_between', '{}'),
		('median_between', '{}'), ('quantile_between', '{"quantile": 0.9}'), ('iqr_between', '{}'), ('range_between', '{}'),
		('zero_fraction_between', '{}'), ('z_score_below', '{"k": 2}'), ('not_outlier_iqr', '{}'), ('not_outlier_mad', '{}'),
		('increasing', '{"order_by": ["id", "pos"]}'), ('decreasing', '{"order_by": ["id"], "strict": true, "partition_by": ["part"]}'),
		('change_between', '{"order_by": ["id"], "min_value": -5, "max_value": 5}')) AS x (t, more)
 WHERE NOT (col IN ('k', 's') AND t = 'finite');
-- of texts
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'column', col) || more
  FROM unnest('{t,c,v,p,j}'::text[]) AS col,
	(VALUES ('not_empty', '{}'::jsonb), ('not_blank', '{}'), ('not_missing', '{}'), ('not_missing', '{"tokens": ["a", "z1"]}'),
		('length_between', '{"min_value": 1, "max_value": 4}'), ('length_equal', '{"value": 1}'), ('match_regex', '{"pattern": "^[a-z]+$"}'),
		('match_regex', '{"pattern": "^[\\w.]+@[\\w.]+\\.com$"}'), ('match_regex', '{"pattern": "o.l|^$"}'), ('not_match_regex', '{"pattern": "[0-9]"}'),
		('match_any_regex', '{"patterns": ["^a", "b$"]}'), ('match_all_regex', '{"patterns": ["a", "b"]}'), ('not_match_any_regex', '{"patterns": ["^$", "\\s"]}'),
		('match_like', '{"pattern": "a%"}'), ('match_like', '{"pattern": "_"}'), ('not_match_like', '{"pattern": "%\\_%"}'), ('match_any_like', '{"patterns": ["a%", "%b"]}'),
		('match_all_like', '{"patterns": ["a%", "%b"]}'), ('not_match_any_like', '{"patterns": ["%%%", "_"]}'),
		('starts_with', '{"value": "a"}'), ('ends_with', '{"value": " "}'), ('contains', '{"value": "_"}'), ('contains', '{"value": ""}'),
		('valid_format', '{"format": "email"}'), ('valid_format', '{"format": "date_time"}'), ('castable_to', '{"type_name": "integer"}'), ('castable_to', '{"type_name": "date"}'),
		('castable_to', '{"type_name": "jsonb"}'), ('valid_json', '{}'), ('json_has_keys', '{"keys": ["a"]}'), ('match_json_schema', '{"schema": {"required": ["a"]}}'),
		('match_datetime_format', '{"format": "YYYY-MM-DD"}'), ('trimmed', '{}'), ('string_case', '{"letter_case": "upper"}'), ('string_case', '{"letter_case": "title"}'),
		('charset', '{"charset": "ascii"}'), ('min_length_between', '{}'), ('max_length_between', '{}'), ('mean_length_between', '{}')) AS x (t, more);
-- of a collation that calls different bytes equal
INSERT INTO example (rule) VALUES ('{"type": "accepted_values", "column": "ci", "allowed": ["one", "TWO"]}'), ('{"type": "equal_to", "column": "ci", "value": "one"}'),
	('{"type": "not_equal_to", "column": "ci", "value": "ONE"}'), ('{"type": "unique", "columns": ["ci", "b"], "nulls": "equal"}'),
	('{"type": "distinct_values_in_set", "column": "ci", "allowed": ["one", "TWO"]}');
-- of keys
INSERT INTO example (rule)
SELECT jsonb_build_object('type', t, 'columns', cols, 'nulls', nulls)
  FROM unnest('{unique,unique_within_row}'::text[]) AS t, unnest(ARRAY['["k", "s"]', '["lo", "hi"]', '["id", "k"]']::jsonb[]) AS cols,
	unnest('{distinct,equal,ignore_all_null,ignore_any_null}'::text[]) AS nulls WHERE NOT (t = 'unique_within_row' AND nulls = 'distinct');
INSERT INTO example (rule) VALUES ('{"type": "unique", "columns": ["n", "f", "t"], "nulls": "equal"}'), ('{"type": "unique", "columns": ["a", "u"], "nulls": "equal"}'),
	('{"type": "unique", "columns": ["p", "v"], "nulls": "equal", "row_filter": "b"}'), ('{"type": "duplicate_rows_at_most", "columns": ["k"], "max_value": 3}'),
	('{"type": "duplicate_rows_at_most", "columns": ["id", "pos"], "max_value": 0, "unit": "surplus_rows"}');
-- of rows, of the clock, of neighbours, of the whole
INSERT INTO example (rule) VALUES
	('{"type": "array_length_between", "column": "a", "min_value": 1, "max_value": 2}'),
	('{"type": "not_in_future", "column": "ts"}'), ('{"type": "not_in_future", "column": "d"}'), ('{"type": "not_older_than", "column": "tz", "max_age": "100 years"}'),
	('{"type": "date_granularity", "column": "ts", "unit": "day"}'), ('{"type": "date_granularity", "column": "tz", "unit": "month"}'), ('{"type": "date_granularity", "column": "d", "unit": "week"}'),
	('{"type": "sequential_values", "column": "id"}'), ('{"type": "sequential_values", "column": "pos", "partition_by": ["b"]}'),
	('{"type": "compare_columns", "columns": ["lo", "hi"], "op": "<="}'), ('{"type": "compare_columns", "columns": ["lo", "hi"], "op": "<", "nulls": "ignore_all_null", "on_null": "fail"}'),
	('{"type": "compare_columns", "columns": ["k", "f"], "op": "<"}'), ('{"type": "compare_columns", "columns": ["f", "r"], "op": "<>"}'), ('{"type": "compare_columns", "columns": ["n", "k"], "op": "=", "tolerance": 0.5}'),
	('{"type": "compare_columns", "columns": ["ts", "late"], "op": "<"}'),
	('{"type": "pair_in_set", "columns": ["k", "b"], "pairs": [[1, true], [0, false]]}'), ('{"type": "dates_apart", "columns": ["ts", "late"], "min_interval": "1 day", "max_interval": "100 days"}'),
	('{"type": "row_sum_equals", "columns": ["lo", "hi"], "value": 20}'), ('{"type": "row_sum_equals", "columns": ["lo", "hi"], "total": "s", "null_is_zero": true, "tolerance": 3}'),
	('{"type": "row_sum_between", "columns": ["n", "lo"], "min_value": 0, "max_value": 40}'),
	('{"type": "at_least_one_not_null", "columns": ["k", "s", "n"]}'), ('{"type": "exactly_one_not_null", "columns": ["k", "s"]}'), ('{"type": "all_or_none_null", "columns": ["lo", "hi"]}'),
	('{"type": "required_if", "columns": ["t"], "condition": "b"}'), ('{"type": "required_if", "columns": ["t", "c"], "condition": "k > 0", "otherwise_null": true}'),
	('{"type": "functional_dependency", "determinant": ["k"], "columns": ["b"]}'), ('{"type": "functional_dependency", "determinant": ["ci"], "columns": ["c"], "nulls": "equal"}'),
	('{"type": "allowed_transitions", "column": "b", "order_by": ["id", "pos"], "partition_by": ["part"], "transitions": [[true, false], [false, true]], "allow_same": true}'),
	('{"type": "non_overlapping_ranges", "columns": ["lo", "hi"], "partition_by": ["b"], "row_filter": "lo <= hi"}'),
	('{"type": "scd2_valid", "columns": ["k"], "valid_from": "ts", "valid_to": "late", "row_filter": "ts <= late"}'),
	('{"type": "correlation_between", "columns": ["lo", "hi"], "min_value": 0.5}'), ('{"type": "true_fraction_between", "column": "b", "min_value": 0.5}'),
	('{"type": "row_count_between", "min_value": 1}'), ('{"type": "row_count_between", "min_value": 1, "row_filter": "f > 0"}'), ('{"type": "row_count_equals", "value": 1500}'),
	('{"type": "expression", "expression": "k > 0 AND n < 10"}'), ('{"type": "expression", "expression": "t <> c", "on_null": "fail"}'), ('{"type": "expression", "expression": "f = ''NaN'' OR r > 0", "on_null": "pass"}'),
	('{"type": "failed_rows_where", "condition": "k < 0"}'), ('{"type": "failed_rows_query", "query": "SELECT * FROM plain WHERE k < 0"}'),
	('{"type": "metric_query", "query": "SELECT count(*) FROM plain", "min_value": 1}'), ('{"type": "metric_expression", "expression": "count(DISTINCT ci)", "min_value": 1}'),
	('{"type": "composite", "all": ["k > 0", {"type": "not_null", "column": "t"}]}'), ('{"type": "composite", "none": ["b", "k < 0"]}'), ('{"type": "composite", "any": ["k > 0", "n < 0"]}'),
	('{"type": "freshness", "column": "late", "max_age": "100 years"}'), ('{"type": "freshness_per_group", "column": "late", "max_age": "100 years", "group_by": ["part"]}'),
	('{"type": "continuity", "column": "late", "every": "day"}'), ('{"type": "rows_per_window_between", "column": "late", "every": "month", "min_value": 1}'),
	('{"type": "event_latency_between", "columns": ["ts", "late"], "min_value": "0", "max_value": "1000 days", "row_filter": "isfinite(ts)"}');
-- of two relations
INSERT INTO example (rule) VALUES
	('{"type": "foreign_key", "columns": ["k"], "references": "differential.other", "referenced_columns": ["k"]}'), ('{"type": "foreign_key", "columns": ["k", "s"], "references": "differential.other", "referenced_columns": ["k", "s"], "match": "full", "reference_filter": "b"}'),
	('{"type": "foreign_key", "columns": ["ci"], "references": "differential.other", "referenced_columns": ["ci"]}'),
	('{"type": "not_in_relation", "columns": ["n"], "relation": "differential.other", "relation_columns": ["n"]}'), ('{"type": "inclusion_fraction_between", "columns": ["id"], "relation": "differential.other", "relation_columns": ["id"], "min_value": 0.5}'),
	('{"type": "row_count_equals_relation", "relation": "differential.other", "max_relative_difference": 0.5}'), ('{"type": "fewer_rows_than", "relation": "differential.other"}'),
	('{"type": "aggregate_equals_relation", "relation": "differential.other", "expression": "sum(lo)"}'), ('{"type": "distinct_count_equals_relation", "columns": ["ci"], "relation": "differential.other"}'),
	('{"type": "dataset_equals", "columns": ["k", "n", "t"], "key": ["id", "pos"], "relation": "differential.other", "row_filter": "id % 97 > 0", "relation_filter": "id % 97 > 0"}'),
	('{"type": "multiset_hash_equals", "columns": ["id", "n"], "relation": "differential.other"}'),
	('{"type": "temporal_order_across", "column": "ts", "key": ["id"], "relation": "differential.other", "relation_columns": ["late"]}');
-- of the catalogue
INSERT INTO example (rule) VALUES
	('{"type": "column_exists", "column": "k"}'), ('{"type": "column_exists", "column": "nothing"}'), ('{"type": "column_type_is", "column": "k", "data_type": "text"}'), ('{"type": "column_type_in_list", "column": "k", "data_types": ["integer", "text"]}'),
	('{"type": "columns_match_ordered", "columns": ["k"]}'), ('{"type": "columns_match_set", "columns": ["k", "id"], "exact": false}'), ('{"type": "columns_contain", "columns": ["k", "id"]}'), ('{"type": "columns_not_contain", "columns": ["k", "x"]}'),
	('{"type": "column_count_between", "min_value": 3}'), ('{"type": "column_count_equals", "value": 3}'), ('{"type": "column_nullable_is", "column": "k", "nullable": true}'), ('{"type": "column_names_match", "pattern": "^[a-z]+$"}'),
	('{"type": "has_primary_key"}'), ('{"type": "has_unique", "columns": ["id"]}'), ('{"type": "has_foreign_key", "columns": ["k"]}'), ('{"type": "has_index", "columns": ["id"]}'),
	('{"type": "schema_matches", "schema": {"id": "bigint", "k": "text"}}'), (('{"type": "schema_unchanged", "fingerprint": "' || repeat('ab', 32) || '"}')::jsonb), ('{"type": "grants_are", "grants": {}}'), ('{"type": "row_security_on"}'), ('{"type": "comment_present"}');
-- of history: what is measured now
INSERT INTO example (rule) VALUES
	('{"type": "row_count_change", "max_value": 0.5}'), ('{"type": "volume_change", "max_value": 0.5}'), ('{"type": "metric_change", "expression": "sum(lo)", "max_value": 0.5}'), ('{"type": "anomaly", "expression": "count(k)"}'),
	('{"type": "kl_divergence_below", "column": "c", "threshold": 0.1, "reference": "differential.other"}'), ('{"type": "psi_below", "column": "lo", "threshold": 0.1, "reference": "differential.other"}'), ('{"type": "js_distance_below", "column": "c", "threshold": 0.1, "reference": "differential.other"}'),
	('{"type": "categorical_drift", "column": "c", "threshold": 0.1, "reference": "differential.other"}'), ('{"type": "chi_square_test", "column": "c", "reference": "differential.other"}'), ('{"type": "ks_test", "column": "lo", "reference": "differential.other"}');

SELECT is_empty($$SELECT rule_type FROM etl.rule_types() EXCEPT SELECT rule ->> 'type' FROM example ORDER BY 1$$,
	'every type of rule has an example');

-- 3. answers
CREATE TABLE answer (way text, n integer, tested bigint, nulls bigint, failed bigint, status text, value jsonb, error text, evaluation text);

-- Keep what etl.check says of all examples about a relation.
CREATE FUNCTION keep(name text, source regclass) RETURNS void LANGUAGE sql AS $$
	INSERT INTO answer
	SELECT name, substring(check_name FROM '^e(\d+)')::integer, tested_rows, null_rows, failed_rows, status, observed -> 'value',
		   error_sqlstate || ': ' || error_message, evaluation
	  FROM etl.check(source, (SELECT array_agg((rule || jsonb_build_object('name', 'e' || n))::text ORDER BY n) FROM example
							  WHERE NOT rule ? 'group_by'), sample_rows => 0);
$$;

-- The metric of a key, of the numbers that its SQL returns.
CREATE FUNCTION metric_of_key(rule jsonb, q jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT to_jsonb(CASE rule ->> 'type'
		WHEN 'distinct_count_between' THEN different
		WHEN 'distinctness_between' THEN different / nullif(tested, 0)
		WHEN 'uniqueness_between' THEN (different - repeated) / nullif(tested, 0)
		WHEN 'duplicate_rows_at_most' THEN CASE rule ->> 'unit' WHEN 'surplus_rows' THEN tested - different ELSE failed END
		END)
	  FROM (SELECT (q ->> 'distinct_values')::numeric, (q ->> 'duplicate_values')::numeric, (q ->> 'tested_rows')::numeric, (q ->> 'failed_rows')::numeric)
		   AS v (different, repeated, tested, failed);
$$;

-- What the printed SQL of each example says.
CREATE FUNCTION keep_printed(source regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	e record;
	q jsonb;
BEGIN
	FOR e IN SELECT x.n, x.rule, p.equivalent_sql FROM example AS x, etl.explain_check(source, ARRAY[x.rule::text]) AS p LOOP
		CONTINUE WHEN e.equivalent_sql IS NULL;
		BEGIN
			EXECUTE 'SELECT to_jsonb(q) FROM (' || e.equivalent_sql || ') AS q' INTO q;
			INSERT INTO answer VALUES ('printed', e.n, (q ->> 'tested_rows')::bigint, NULL, (q ->> 'failed_rows')::bigint,
				q ->> 'holds', coalesce(q -> 'value', metric_of_key(e.rule, q)));
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO answer (way, n, error) VALUES ('printed', e.n, SQLSTATE || ': ' || SQLERRM);
		END;
	END LOOP;
END $$;

SELECT keep_printed('plain');
SET dq_etl.force_evaluation = sql;
SELECT keep('sql', 'plain');
SET dq_etl.force_evaluation = scan;
SET dq_etl.scan_workers = 0;
SELECT keep('scan', 'plain');
SET dq_etl.scan_workers = 2;
SELECT keep('parallel', 'plain');
SET dq_etl.scan_workers = 0;
SELECT keep('whole', 'whole');
SELECT keep('part 0', 'whole_0');
SELECT keep('part 1', 'whole_1');
SELECT keep('part 2', 'whole_2');
RESET dq_etl.force_evaluation;
RESET dq_etl.scan_workers;
SELECT keep('auto', 'plain');

-- Two ways that differ. A metric may differ in the last places.
CREATE FUNCTION near(a jsonb, b jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT a IS NOT DISTINCT FROM b
		OR coalesce(a #>> '{}', 'null') = coalesce(b #>> '{}', 'null')
		OR CASE WHEN jsonb_typeof(a) = 'number' AND jsonb_typeof(b) = 'number'
				THEN abs(a::numeric - b::numeric) <= 1e-9 * greatest(abs(a::numeric), abs(b::numeric)) ELSE false END;
$$;
CREATE FUNCTION differences(one text, two text) RETURNS TABLE (rule text, said text, other text) LANGUAGE sql AS $$
	SELECT e.rule::text, concat_ws(' ', a.tested, a.nulls, a.failed, a.status, a.value, a.error), concat_ws(' ', b.tested, b.nulls, b.failed, b.status, b.value, b.error)
	  FROM answer AS a JOIN answer AS b ON b.n = a.n AND b.way = two JOIN example AS e ON e.n = a.n
	 WHERE a.way = one AND ((a.tested, a.nulls, a.failed, a.status, a.error) IS DISTINCT FROM (b.tested, b.nulls, b.failed, b.status, b.error) OR NOT near(a.value, b.value));
$$;

SELECT cmp_ok((SELECT count(*) FROM answer WHERE way = 'scan' AND evaluation = 'scan'), '>', 500::bigint, 'most examples are answered by the scan');
SELECT cmp_ok((SELECT count(*) FROM answer WHERE way = 'auto' AND failed > 0), '>', 300::bigint, 'many examples find failing rows');
SELECT is_empty($$SELECT rule FROM example WHERE rule ->> 'type' <> 'freshness_per_group' AND n NOT IN (SELECT n FROM answer WHERE way = 'printed')$$,
	'every example has SQL that it prints');
-- an answer that cannot be is none in SQL either, or a value that is not a number
SELECT is_empty($$SELECT e.rule, b.error, a.error FROM answer AS a JOIN answer AS b USING (n) JOIN example AS e USING (n)
	WHERE a.way = 'auto' AND b.way = 'printed' AND b.error IS DISTINCT FROM a.error AND NOT (b.error IS NULL AND (a.error ~ ' is NaN | is infinite |always finite'))$$,
	'errors are those of the printed SQL');
SELECT is_empty($$SELECT e.rule, a.tested, a.failed, a.value, b.tested, b.failed, b.value FROM answer AS a JOIN answer AS b USING (n) JOIN example AS e USING (n)
	WHERE a.way = 'auto' AND b.way = 'printed' AND a.error IS NULL
	-- metrics of keys fail no row
	AND (a.tested IS DISTINCT FROM b.tested OR a.failed IS DISTINCT FROM CASE WHEN e.rule ->> 'type' ~ '^(distinct.*|uniqueness)_between$' THEN 0 ELSE b.failed END OR b.value IS NOT NULL AND NOT near(a.value, b.value))$$,
	'tested rows, failed rows and values are those of the printed SQL');
SELECT is_empty($$SELECT e.rule, a.status, b.status FROM answer AS a JOIN answer AS b USING (n) JOIN example AS e USING (n)
	WHERE a.way = 'auto' AND b.way = 'printed' AND a.error IS NULL AND b.status IS NOT NULL AND a.status <> 'no_data' AND (a.status IN ('pass', 'warn')) <> b.status::boolean$$,
	'verdicts on the relation itself are those of the printed SQL');

SELECT is_empty($$SELECT * FROM differences('auto', 'sql')$$, 'the cheapest way = SQL');
SELECT is_empty($$SELECT * FROM differences('auto', 'scan')$$, 'the cheapest way = one scan');
SELECT is_empty($$SELECT * FROM differences('scan', 'parallel')$$, 'one process = several');
-- of values that a collation calls equal, any may be shown; a table's size is its own
SELECT is_empty($$SELECT * FROM differences('auto', 'whole') AS d (rule, a, b)
	WHERE d.rule::jsonb ->> 'type' <> 'volume_change' AND NOT (d.rule::jsonb ->> 'column' = 'ci' AND d.rule::jsonb ->> 'type' ~ '^distinct_values' AND lower(a) = lower(b))$$,
	'a partitioned table = the same rows in one');
SELECT is_empty($$
	SELECT e.rule, w.tested, w.nulls, w.failed, p.tested, p.nulls, p.failed
	  FROM answer AS w JOIN example AS e USING (n) JOIN etl.rule_types() AS y ON y.rule_type = e.rule ->> 'type',
		   LATERAL (SELECT sum(tested) AS tested, sum(nulls) AS nulls, sum(failed) AS failed FROM answer WHERE way LIKE 'part %' AND n = e.n) AS p
	 WHERE w.way = 'whole' AND w.error IS NULL
	   AND (y.family IN ('column', 'text') OR y.rule_type IN ('not_in_future', 'not_older_than', 'date_granularity', 'compare_columns', 'pair_in_set', 'dates_apart',
			'row_sum_equals', 'row_sum_between', 'at_least_one_not_null', 'exactly_one_not_null', 'all_or_none_null', 'required_if', 'unique_within_row',
			'expression', 'failed_rows_where', 'composite', 'foreign_key', 'not_in_relation'))
	   AND (w.tested, w.nulls, w.failed) IS DISTINCT FROM (p.tested, p.nulls, p.failed)$$,
	'rows of a partitioned table = the sum over its partitions');

-- 4. a quarantine takes the failing rows and leaves the others, each once
CREATE TABLE clean (LIKE plain);
SELECT count(*) FROM etl.define('differential', steps => ARRAY[
	etl.extract('rows', 'SELECT * FROM differential.plain'),
	etl.expect('rows', ARRAY['CONSTRAINT small CHECK (k < 100)', etl.rule('match_regex', '{t}', name => 'words', pattern => '^[a-z ]*$'),
		etl.rule('finite', '{f}', name => 'finite')], on_fail => 'quarantine'),
	etl.load('rows', target => 'differential.clean', mode => 'append')]) \g /dev/null
SELECT etl.run('differential', inline => true) \g /dev/null
SELECT ok((SELECT count(*) FROM clean) > 100 AND (SELECT count(*) FROM etl.quarantine WHERE pipeline = 'differential') > 100, 'both halves have rows');
SELECT results_eq($$SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM (SELECT to_jsonb(whole_row) AS x FROM clean AS whole_row UNION ALL
		SELECT row_data FROM etl.quarantine WHERE pipeline = 'differential') AS q$$,
	$$SELECT md5(string_agg(to_jsonb(whole_row)::text, ',' ORDER BY to_jsonb(whole_row)::text)) FROM plain AS whole_row$$, 'clean rows and those set aside are what came in');

SELECT * FROM finish();
ROLLBACK;
