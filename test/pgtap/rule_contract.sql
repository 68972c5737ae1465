-- What every type of rule promises: a truth table (below, a line for each:
-- what holds, what does not, and the numbers of the latter), definitions that
-- refuse what is none, and the options that rules have in common. A type of
-- rule without a line fails the first test.
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA rule_contract;
SET search_path = rule_contract, public;
SELECT plan(24);

-- six rows, the fifth of NULLs
CREATE TABLE o (id integer PRIMARY KEY, k integer);
INSERT INTO o SELECT i, i FROM generate_series(1, 4) AS i;
CREATE TABLE g (id integer PRIMARY KEY, one integer REFERENCES o (id), n integer, k integer, z integer, signed integer, lo integer, hi integer, wide integer, total integer, down integer,
	f float8, inf float8, m numeric, t text, e text, c text, p text, ds text, dg text, j text, js text, a integer[], d date, late date, fut date, b boolean, void integer);
INSERT INTO g VALUES
	(1, 1, 2, 1, 0, -1, 1, 2, 4, 3, 5, 1.5, 1, 1.5, 'ab', '', 'aa', 'xay', '2024-01-01', '2024-01-01', '{"a": 1}', '{"a": 1}', '{1}', '2024-01-01', '2024-01-02', '9999-01-01', true, NULL),
	(2, 1, 4, 1, 0, 0, 3, 4, 4, 7, 4, 2.5, 'NaN', 2.25, 'abc', 'x', 'bb', 'xby', '2024-13-01', '2024-01-01', '{}', '{"a": 1}', '{1,2}', '2024-01-02', '2024-01-04', '2024-01-01', true, NULL),
	(3, 1, 6, 2, 1, 1, 5, 6, 6, 11, 3, 3.5, 'Infinity', 3, 'b', 'x', 'cc', 'xcy', 'x', '2024-01-01', 'x', '{"a": 1}', '{1,2,3}', '2024-01-03', '2024-01-03', '2024-01-01', false, NULL),
	(4, 1, 8, 3, 1, 2, 7, 8, 8, 15, 2, 4.5, 1, 4, 'Ab ', 'x', 'dd', 'xdy', '2024-01-02', '2024-01-01', '[1]', '{"a": 1}', '{}', '2024-01-05', '2024-01-09', '2024-01-01', false, NULL),
	(6, 1, 10, 4, 1, 3, 9, 10, 10, 19, 1, 100, 1, 5, '12', 'x', 'ee', 'xey', '2024-01-03', '2024-01-01', '{"a": 2}', '{"a": 1}', '{1}', '2024-01-06', '2024-01-07', '2024-01-01', true, NULL);
INSERT INTO g VALUES (5);
ALTER TABLE g ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE g IS 'six rows';
CREATE TABLE nothing (LIKE g);

CREATE TABLE line (n integer GENERATED ALWAYS AS IDENTITY, rule_type text, base jsonb, good jsonb, bad jsonb, tested bigint, nulls bigint, failed bigint);
INSERT INTO line (rule_type, base, good, bad, tested, nulls, failed) VALUES
	-- columns
	('not_null', '{}', '{"column": "id"}', '{"column": "n"}', 6, 1, 1),
	('is_null', '{}', '{"column": "void"}', '{"column": "n"}', 6, 0, 5),
	('not_empty', '{}', '{"column": "t"}', '{"column": "e"}', 5, 1, 1),
	('not_blank', '{}', '{"column": "t"}', '{"column": "e"}', 5, 1, 1),
	('not_missing', '{}', '{"column": "id", "tokens": [-1]}', '{"column": "n", "tokens": [2]}', 6, 0, 2),
	('accepted_values', '{"column": "k"}', '{"allowed": [1, 2, 3, 4]}', '{"allowed": [1, 2]}', 5, 1, 2),
	('not_accepted_values', '{"column": "k"}', '{"allowed": [9]}', '{"allowed": [1]}', 5, 1, 2),
	('between', '{"column": "n"}', '{"min_value": 1, "max_value": 10}', '{"min_value": 3, "max_value": 9}', 5, 1, 2),
	('not_between', '{"column": "n"}', '{"min_value": 11, "max_value": 20}', '{"min_value": 3, "max_value": 9}', 5, 1, 3),
	('greater_than', '{"column": "n"}', '{"value": 1}', '{"value": 2}', 5, 1, 1),
	('at_least', '{"column": "n"}', '{"value": 2}', '{"value": 3}', 5, 1, 1),
	('less_than', '{"column": "n"}', '{"value": 11}', '{"value": 10}', 5, 1, 1),
	('at_most', '{"column": "n"}', '{"value": 10}', '{"value": 9}', 5, 1, 1),
	('equal_to', '{}', '{"column": "one", "value": 1}', '{"column": "n", "value": 2}', 5, 1, 4),
	('not_equal_to', '{"column": "n"}', '{"value": 3}', '{"value": 2}', 5, 1, 1),
	('positive', '{}', '{"column": "n"}', '{"column": "signed"}', 5, 1, 2),
	('non_negative', '{}', '{"column": "n"}', '{"column": "signed"}', 5, 1, 1),
	('multiple_of', '{"column": "n"}', '{"divisor": 2}', '{"divisor": 4}', 5, 1, 3),
	('finite', '{}', '{"column": "f"}', '{"column": "inf"}', 5, 1, 2),
	('max_decimal_places', '{"column": "m"}', '{"places": 2}', '{"places": 1}', 5, 1, 1),
	('length_between', '{"column": "t"}', '{"min_value": 1, "max_value": 3}', '{"min_value": 2, "max_value": 3}', 5, 1, 1),
	('length_equal', '{"value": 2}', '{"column": "c"}', '{"column": "t"}', 5, 1, 3),
	('array_length_between', '{"column": "a"}', '{"min_value": 0, "max_value": 3}', '{"min_value": 1, "max_value": 3}', 5, 1, 1),
	-- texts
	('match_regex', '{"column": "t"}', '{"pattern": "."}', '{"pattern": "^[a-z]+$"}', 5, 1, 2),
	('not_match_regex', '{"column": "t"}', '{"pattern": "z"}', '{"pattern": "b"}', 5, 1, 4),
	('match_any_regex', '{"column": "t"}', '{"patterns": ["."]}', '{"patterns": ["^a", "^b"]}', 5, 1, 2),
	('match_all_regex', '{"column": "t"}', '{"patterns": [".", "^"]}', '{"patterns": ["a", "b"]}', 5, 1, 3),
	('not_match_any_regex', '{"column": "t"}', '{"patterns": ["z"]}', '{"patterns": ["c", "1"]}', 5, 1, 2),
	('match_like', '{"column": "t"}', '{"pattern": "%"}', '{"pattern": "a%"}', 5, 1, 3),
	('not_match_like', '{"column": "t"}', '{"pattern": "z%"}', '{"pattern": "a%"}', 5, 1, 2),
	('match_any_like', '{"column": "t"}', '{"patterns": ["%"]}', '{"patterns": ["a%", "b%"]}', 5, 1, 2),
	('match_all_like', '{"column": "t"}', '{"patterns": ["%"]}', '{"patterns": ["a%", "%c"]}', 5, 1, 4),
	('not_match_any_like', '{"column": "t"}', '{"patterns": ["z%"]}', '{"patterns": ["a%", "1%"]}', 5, 1, 3),
	('starts_with', '{}', '{"column": "p", "value": "x"}', '{"column": "t", "value": "a"}', 5, 1, 3),
	('ends_with', '{}', '{"column": "p", "value": "y"}', '{"column": "t", "value": "b"}', 5, 1, 3),
	('contains', '{}', '{"column": "p", "value": "x"}', '{"column": "t", "value": "b"}', 5, 1, 1),
	('trimmed', '{}', '{"column": "c"}', '{"column": "t"}', 5, 1, 1),
	('string_case', '{"letter_case": "lower"}', '{"column": "c"}', '{"column": "t"}', 5, 1, 1),
	('charset', '{"column": "t"}', '{"charset": "ascii"}', '{"charset": "alpha"}', 5, 1, 2),
	('valid_format', '{}', '{"column": "c", "format": "hex"}', '{"column": "t", "format": "email"}', 5, 1, 5),
	('castable_to', '{"type_name": "date"}', '{"column": "dg"}', '{"column": "ds"}', 5, 1, 2),
	('match_datetime_format', '{"format": "YYYY-MM-DD"}', '{"column": "dg"}', '{"column": "ds"}', 5, 1, 2),
	('valid_json', '{}', '{"column": "js"}', '{"column": "j"}', 5, 1, 1),
	('match_json_schema', '{"schema": {"required": ["a"]}}', '{"column": "js"}', '{"column": "j"}', 5, 1, 2),
	('json_has_keys', '{"keys": ["a"]}', '{"column": "js"}', '{"column": "j"}', 5, 1, 3),
	-- order
	('not_in_future', '{}', '{"column": "d"}', '{"column": "fut"}', 5, 1, 1),
	('not_older_than', '{"column": "d"}', '{"max_age": "1000 years"}', '{"max_age": "1 day"}', 5, 1, 5),
	('date_granularity', '{"column": "d"}', '{"unit": "day"}', '{"unit": "month"}', 5, 1, 4),
	('z_score_below', '{"column": "f"}', '{"k": 10}', '{"k": 1}', 5, 1, 1),
	('not_outlier_iqr', '{}', '{"column": "n"}', '{"column": "f"}', 5, 1, 1),
	('not_outlier_mad', '{}', '{"column": "n"}', '{"column": "f"}', 5, 1, 1),
	('increasing', '{"order_by": ["id"]}', '{"column": "n"}', '{"column": "down"}', 5, 1, 4),
	('decreasing', '{"order_by": ["id"]}', '{"column": "down"}', '{"column": "n"}', 5, 1, 4),
	('sequential_values', '{}', '{"column": "id"}', '{"column": "n"}', 5, 1, 4),
	('change_between', '{"column": "n", "order_by": ["id"]}', '{"min_value": 0, "max_value": 2}', '{"min_value": 0, "max_value": 1}', 4, 2, 4),
	-- keys
	('unique', '{}', '{"column": "id"}', '{"column": "k"}', 5, 1, 2),
	('primary_key', '{}', '{"column": "id"}', '{"column": "k"}', 6, 1, 3),
	('duplicate_rows_at_most', '{}', '{"column": "id", "max_value": 0}', '{"column": "k", "max_value": 1}', 5, 1, 2),
	('uniqueness_between', '{"column": "k"}', '{"min_value": 0.6, "max_value": 0.6}', '{"min_value": 0.7}', 5, 1, 0),
	('distinctness_between', '{"column": "k"}', '{"min_value": 0.8, "max_value": 0.8}', '{"min_value": 0.9}', 5, 1, 0),
	('distinct_count_between', '{"column": "k"}', '{"min_value": 4, "max_value": 4}', '{"min_value": 5}', 5, 1, 0),
	-- rows
	('compare_columns', '{"columns": ["lo", "hi"]}', '{"op": "<"}', '{"op": ">"}', 5, 1, 5),
	('pair_in_set', '{"columns": ["b", "z"]}', '{"pairs": [[true, 0], [false, 1], [true, 1]]}', '{"pairs": [[true, 0], [false, 1]]}', 5, 1, 1),
	('dates_apart', '{"columns": ["d", "late"]}', '{"max_interval": "10 days"}', '{"max_interval": "1 day"}', 5, 1, 2),
	('row_sum_equals', '{"columns": ["lo", "hi"]}', '{"total": "total"}', '{"value": 3}', 5, 1, 4),
	('row_sum_between', '{"columns": ["lo", "hi"]}', '{"min_value": 0, "max_value": 20}', '{"max_value": 15}', 5, 1, 1),
	('at_least_one_not_null', '{}', '{"columns": ["id", "n"]}', '{"columns": ["n", "f"]}', 6, 0, 1),
	('exactly_one_not_null', '{}', '{"columns": ["id", "void"]}', '{"columns": ["n", "void"]}', 6, 0, 1),
	('all_or_none_null', '{}', '{"columns": ["n", "f"]}', '{"columns": ["id", "n"]}', 6, 0, 1),
	('required_if', '{"columns": ["n"]}', '{"condition": "id <> 5"}', '{"condition": "id < 9"}', 6, 0, 1),
	('unique_within_row', '{}', '{"columns": ["lo", "hi"]}', '{"columns": ["hi", "wide"]}', 6, 0, 4),
	('functional_dependency', '{"determinant": ["k"]}', '{"columns": ["z"]}', '{"columns": ["n"]}', 5, 1, 2),
	('allowed_transitions', '{"column": "b", "order_by": ["id"], "allow_same": true}', '{"transitions": [[true, false], [false, true]]}', '{"transitions": [[false, true]]}', 4, 2, 1),
	('non_overlapping_ranges', '{"row_filter": "id <> 5"}', '{"columns": ["lo", "hi"]}', '{"columns": ["lo", "wide"]}', 5, 0, 2),
	('scd2_valid', '{"valid_from": "d", "valid_to": "late"}', '{"columns": ["id"], "row_filter": "d <> late", "allow_ended": true}', '{"columns": ["one"], "row_filter": "d <> late", "allow_ended": true}', 4, 0, 2),
	('correlation_between', '{"columns": ["lo", "hi"]}', '{"min_value": 0.9}', '{"max_value": 0}', 5, 1, 0),
	-- aggregates
	('row_count_between', '{}', '{"min_value": 6, "max_value": 6}', '{"min_value": 7}', 6, 0, 0),
	('completeness_between', '{"column": "n"}', '{"min_value": 0.8}', '{"min_value": 0.9}', 6, 0, 0),
	('min_between', '{"column": "n"}', '{"min_value": 2, "max_value": 2}', '{"min_value": 3}', 5, 1, 0),
	('max_between', '{"column": "n"}', '{"min_value": 10, "max_value": 10}', '{"max_value": 9}', 5, 1, 0),
	('range_between', '{"column": "n"}', '{"min_value": 8, "max_value": 8}', '{"max_value": 7}', 5, 1, 0),
	('mean_between', '{"column": "n"}', '{"min_value": 6, "max_value": 6}', '{"max_value": 5}', 5, 1, 0),
	('sum_between', '{"column": "n"}', '{"min_value": 30, "max_value": 30}', '{"max_value": 29}', 5, 1, 0),
	('stddev_between', '{"column": "n"}', '{"min_value": 3.16, "max_value": 3.17}', '{"max_value": 3}', 5, 1, 0),
	('variance_between', '{"column": "n"}', '{"min_value": 10, "max_value": 10}', '{"max_value": 9}', 5, 1, 0),
	('skewness_between', '{"column": "n"}', '{"min_value": 0, "max_value": 0}', '{"min_value": 0.1}', 5, 1, 0),
	('kurtosis_between', '{"column": "n"}', '{"min_value": -1.21, "max_value": -1.19}', '{"min_value": 0}', 5, 1, 0),
	('median_between', '{"column": "n"}', '{"min_value": 6, "max_value": 6}', '{"min_value": 7}', 5, 1, 0),
	('quantile_between', '{"column": "n", "quantile": 0.5}', '{"min_value": 6, "max_value": 6}', '{"min_value": 7}', 5, 1, 0),
	('iqr_between', '{"column": "n"}', '{"min_value": 4, "max_value": 4}', '{"min_value": 5}', 5, 1, 0),
	('zero_fraction_between', '{"column": "z"}', '{"min_value": 0.4, "max_value": 0.4}', '{"min_value": 0.5}', 5, 1, 0),
	('true_fraction_between', '{"column": "b"}', '{"min_value": 0.6, "max_value": 0.6}', '{"max_value": 0.5}', 5, 1, 0),
	('value_frequency_between', '{"column": "k", "value": 1}', '{"min_value": 0.4, "max_value": 0.4}', '{"max_value": 0.3}', 5, 1, 0),
	('most_common_value_in_set', '{"column": "k"}', '{"allowed": [1]}', '{"allowed": [2]}', 5, 1, 0),
	('distinct_values_in_set', '{"column": "k"}', '{"allowed": [1, 2, 3, 4, 5]}', '{"allowed": [1, 2]}', 5, 1, 0),
	('distinct_values_contain_set', '{"column": "k"}', '{"allowed": [1, 2]}', '{"allowed": [1, 9]}', 5, 1, 0),
	('distinct_values_equal_set', '{"column": "k"}', '{"allowed": [1, 2, 3, 4]}', '{"allowed": [1, 2, 3, 4, 5]}', 5, 1, 0),
	('not_constant', '{}', '{"column": "n"}', '{"column": "one"}', 5, 1, 0),
	('entropy_between', '{"column": "k"}', '{"min_value": 1, "max_value": 2}', '{"min_value": 2}', 5, 1, 0),
	('min_length_between', '{"column": "t"}', '{"min_value": 1, "max_value": 1}', '{"min_value": 2}', 5, 1, 0),
	('max_length_between', '{"column": "t"}', '{"min_value": 3, "max_value": 3}', '{"max_value": 2}', 5, 1, 0),
	('mean_length_between', '{"column": "t"}', '{"min_value": 2.2, "max_value": 2.2}', '{"max_value": 2}', 5, 1, 0),
	-- the relation itself
	('row_count_equals', '{}', '{"value": 6}', '{"value": 7}', 6, 0, 0),
	('column_exists', '{}', '{"column": "n"}', '{"column": "nosuch"}', 0, 0, 0),
	('column_type_is', '{"column": "n"}', '{"data_type": "integer"}', '{"data_type": "text"}', 0, 0, 0),
	('column_type_in_list', '{"column": "n"}', '{"data_types": ["text", "integer"]}', '{"data_types": ["text"]}', 0, 0, 0),
	('columns_match_ordered', '{}', (SELECT jsonb_build_object('columns', jsonb_agg(attname ORDER BY attnum)) FROM pg_attribute WHERE attrelid = 'g'::regclass AND attnum > 0), '{"columns": ["n", "id"]}', 0, 0, 0),
	('columns_match_set', '{}', (SELECT jsonb_build_object('columns', jsonb_agg(attname ORDER BY attname)) FROM pg_attribute WHERE attrelid = 'g'::regclass AND attnum > 0), '{"columns": ["n", "id"]}', 0, 0, 0),
	('columns_contain', '{}', '{"columns": ["n", "id"]}', '{"columns": ["n", "nosuch"]}', 0, 0, 0),
	('columns_not_contain', '{}', '{"columns": ["nosuch"]}', '{"columns": ["n", "nosuch"]}', 0, 0, 0),
	('column_count_between', '{}', '{"min_value": 28, "max_value": 28}', '{"max_value": 27}', 0, 0, 0),
	('column_count_equals', '{}', '{"value": 28}', '{"value": 27}', 0, 0, 0),
	('column_nullable_is', '{"column": "n"}', '{"nullable": true}', '{"nullable": false}', 0, 0, 0),
	('column_names_match', '{}', '{"pattern": "^[a-z]+$"}', '{"pattern": "^[a-d]"}', 0, 0, 0),
	('schema_matches', '{"extra_columns": "ignore"}', '{"schema": {"n": "integer"}}', '{"schema": {"n": "text"}}', 0, 0, 0),
	('schema_unchanged', '{}', jsonb_build_object('fingerprint', etl.schema_fingerprint('g')), jsonb_build_object('fingerprint', repeat('ab', 32)), 0, 0, 0),
	('has_primary_key', '{}', '{"columns": ["id"]}', '{"columns": ["n"]}', 0, 0, 0),
	('has_unique', '{}', '{"columns": ["id"]}', '{"columns": ["n"]}', 0, 0, 0),
	('has_foreign_key', '{}', '{"columns": ["one"]}', '{"columns": ["n"]}', 0, 0, 0),
	('has_index', '{}', '{"columns": ["id"]}', '{"columns": ["n"]}', 0, 0, 0),
	('grants_are', '{}', '{"grants": {}}', '{"grants": {"public": ["SELECT"]}}', 0, 0, 0),
	('row_security_on', '{}', '{}', '{"forced": true}', 0, 0, 0),
	('comment_present', '{}', '{}', '{"columns": ["n"]}', 0, 0, 0),
	-- other relations
	('foreign_key', '{"column": "k", "references": "rule_contract.o", "referenced_columns": ["k"]}', '{}', '{"reference_filter": "k < 3"}', 5, 1, 2),
	('not_in_relation', '{"column": "k", "relation": "rule_contract.o", "relation_columns": ["k"]}', '{"relation_filter": "k > 9"}', '{"relation_filter": "k > 1"}', 5, 1, 3),
	('inclusion_fraction_between', '{"column": "k", "relation": "rule_contract.o", "relation_columns": ["k"], "min_value": 0.6}', '{"relation_filter": "k < 3"}', '{"relation_filter": "k > 2"}', 5, 1, 0),
	('row_count_equals_relation', '{}', '{"relation": "rule_contract.g"}', '{"relation": "rule_contract.o"}', 6, 0, 0),
	('fewer_rows_than', '{}', '{"relation": "pg_catalog.pg_type"}', '{"relation": "rule_contract.o"}', 6, 0, 0),
	('aggregate_equals_relation', '{"expression": "sum(k)", "relation": "rule_contract.o"}', '{"relation_expression": "sum(k) + 1"}', '{}', 6, 0, 0),
	('distinct_count_equals_relation', '{"column": "k", "relation": "rule_contract.o", "relation_columns": ["k"]}', '{}', '{"relation_filter": "k > 1"}', 5, 1, 0),
	('multiset_hash_equals', '{"columns": ["id"]}', '{"relation": "rule_contract.g"}', '{"relation": "rule_contract.o"}', 6, 0, 0),
	('dataset_equals', '{"key": ["id"], "columns": ["k"]}', '{"relation": "rule_contract.g"}', '{"relation": "rule_contract.o"}', 6, 0, 5),
	('temporal_order_across', '{"key": ["id"], "relation": "rule_contract.g"}', '{"column": "late", "relation_columns": ["d"]}', '{"column": "d", "relation_columns": ["late"]}', 5, 1, 4),
	-- time
	('freshness', '{"column": "d", "as_of": "2024-01-07 00:00+00", "timezone": "UTC"}', '{"max_age": "1 day"}', '{"max_age": "1 hour"}', 5, 1, 0),
	('freshness_per_group', '{"column": "d", "group_by": ["one"], "as_of": "2024-01-07 00:00+00", "timezone": "UTC", "row_filter": "d IS NOT NULL"}', '{"max_age": "1 day"}', '{"max_age": "1 hour"}', 5, 0, 0),
	('continuity', '{"column": "d", "every": "day"}', '{"max_missing": 1}', '{}', 5, 1, 0),
	('rows_per_window_between', '{"column": "d", "every": "day"}', '{"min_value": 0}', '{"min_value": 1}', 5, 1, 0),
	('event_latency_between', '{"columns": ["d", "late"], "min_value": "0"}', '{"max_value": "10 days"}', '{"max_value": "1 day"}', 5, 1, 2),
	-- history
	('row_count_change', '{"max_value": 0.5}', '{"baseline_query": "SELECT 5"}', '{"baseline_query": "SELECT 2"}', 6, 0, 0),
	('volume_change', '{"max_value": 0.5}', '{"baseline_query": "SELECT 1e9"}', '{"baseline_query": "SELECT 1"}', 6, 0, 0),
	('metric_change', '{"expression": "sum(n)", "max_value": 0.5}', '{"baseline_query": "SELECT 29"}', '{"baseline_query": "SELECT 2"}', 6, 0, 0),
	('anomaly', '{"expression": "sum(n)"}', '{"baseline_query": "SELECT 25 + i FROM generate_series(1, 9) AS i"}', '{"baseline_query": "SELECT i % 3 FROM generate_series(1, 30) AS i"}', 6, 0, 0),
	('kl_divergence_below', '{"column": "k", "binning": "values", "threshold": 0.1}', '{"reference": "rule_contract.g"}', '{"reference": "rule_contract.o", "reference_column": "id", "reference_filter": "id > 2"}', 5, 1, 0),
	('psi_below', '{"column": "k", "binning": "values", "threshold": 0.1}', '{"reference": "rule_contract.g"}', '{"reference": "rule_contract.o", "reference_filter": "id > 2"}', 5, 1, 0),
	('js_distance_below', '{"column": "k", "binning": "values", "threshold": 0.1}', '{"reference": "rule_contract.g"}', '{"reference": "rule_contract.o", "reference_filter": "id > 2"}', 5, 1, 0),
	('categorical_drift', '{"column": "k", "binning": "values", "threshold": 0.1}', '{"reference": "rule_contract.g"}', '{"reference": "rule_contract.o", "reference_filter": "id > 2"}', 5, 1, 0),
	('chi_square_test', '{"column": "k", "binning": "values", "min_expected": 0, "alpha": 0.2}', '{"reference": "rule_contract.g"}', '{"partition": {"values": [1, 2, 3, 4], "weights": [0.01, 0.01, 0.01, 0.97]}}', 5, 1, 0),
	('ks_test', '{"column": "n"}', '{"reference": "rule_contract.g"}', '{"distribution": "uniform", "min": 100, "max": 101}', 5, 1, 0),
	-- of one's own
	('expression', '{}', '{"expression": "n > 0"}', '{"expression": "n > 2"}', 5, 1, 1),
	('failed_rows_where', '{}', '{"condition": "n < 0"}', '{"condition": "n = 2"}', 5, 1, 1),
	('failed_rows_query', '{}', '{"query": "SELECT * FROM g WHERE n < 0"}', '{"query": "SELECT * FROM g WHERE n = 2"}', 6, 0, 1),
	('metric_query', '{"query": "SELECT sum(n) FROM g"}', '{"min_value": 30}', '{"min_value": 31}', 0, 0, 0),
	('metric_expression', '{"expression": "sum(n)"}', '{"min_value": 30}', '{"min_value": 31}', 6, 0, 0),
	('composite', '{}', '{"all": ["n > 0", "k > 0"]}', '{"all": ["n > 2", "k > 0"]}', 5, 1, 1);

SELECT is_empty($$SELECT rule_type FROM etl.rule_types() EXCEPT SELECT rule_type FROM line ORDER BY 1$$, 'every type of rule has a line in the truth table');
SELECT is_empty($$SELECT rule_type FROM line EXCEPT SELECT rule_type FROM etl.rule_types() ORDER BY 1$$, 'every line is of a type of rule');


-- what is said of each line, alone, with something added; only of rules that take an option
CREATE TABLE tried (what text, n integer, rule_type text, status text, severity text, success boolean, tested bigint, nulls bigint, failed bigint,
	sample jsonb, failed_rows_sql text, dimension text, tags text[], error text);
CREATE FUNCTION attempt(name text, source regclass, which text, more jsonb DEFAULT '{}', taken text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO tried
	SELECT name, l.n, l.rule_type, c.status, c.severity, c.success, c.tested_rows, c.null_rows, c.failed_rows, c.sample, c.failed_rows_sql, c.dimension, c.tags, c.error_message
	  FROM line AS l JOIN etl.rule_types() AS r USING (rule_type),
		   etl.check(source, ARRAY[jsonb_build_object('type', l.rule_type) || l.base || CASE which WHEN 'good' THEN l.good ELSE l.bad END || more]::text[]) AS c
	 WHERE (taken IS NULL OR r.options @> jsonb_build_array(jsonb_build_object('name', taken))) AND NOT (l.base || l.good || l.bad) ?| ARRAY(SELECT jsonb_object_keys(more));
$$;
CREATE FUNCTION numbers(t tried) RETURNS text LANGUAGE sql RETURN concat_ws(' ', t.rule_type, t.status, t.severity, t.tested, t.nulls, t.failed, t.error);

SELECT attempt('good', 'g', 'good'), attempt('bad', 'g', 'bad'), attempt('warn', 'g', 'bad', '{"warn": {}}'), attempt('critical', 'g', 'bad', '{"info": {}, "critical": {}}'),
	attempt('rows', 'g', 'bad', '{"max_failed_rows": 6}', 'max_failed_rows'), attempt('no rows', 'g', 'bad', '{"max_failed_rows": 0}', 'max_failed_rows'),
	attempt('fraction', 'g', 'bad', '{"max_failed_fraction": 1}', 'max_failed_fraction'), attempt('on_null fail', 'g', 'bad', '{"on_null": "fail"}', 'on_null'),
	attempt('on_null pass', 'g', 'bad', '{"on_null": "pass"}', 'on_null'), attempt('filter', 'g', 'bad', '{"row_filter": "id < 99"}', 'row_filter'),
	attempt('filtered', 'g', 'bad', '{"row_filter": "id > 99"}', 'row_filter'), attempt('filtered, fail', 'g', 'bad', '{"row_filter": "id > 99", "on_empty": "fail"}', 'row_filter'),
	attempt('filtered, pass', 'g', 'bad', '{"row_filter": "id > 99", "on_empty": "pass"}', 'row_filter'), attempt('empty', 'nothing', 'bad'),
	attempt('groups', 'g', 'bad', '{"group_by": ["void"]}', 'group_by'), attempt('no sample', 'g', 'bad', '{"sample_limit": 0}'),
	attempt('words', 'g', 'good', '{"dimension": "accuracy", "tags": ["a", "b"], "description": "why"}') \g /dev/null

SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what = 'good' AND (status <> 'pass' OR failed <> 0)$$, 'what holds passes');
SELECT is_empty($$SELECT numbers(t), l.tested, l.nulls, l.failed FROM tried AS t JOIN line AS l USING (n)
	WHERE what = 'bad' AND (t.status <> 'fail' OR (t.tested, t.nulls, t.failed) IS DISTINCT FROM (l.tested, l.nulls, l.failed))$$, 'what does not hold fails, with the numbers of the table');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what = 'warn' AND (status <> 'warn' OR severity <> 'warn' OR NOT success)$$, 'a level of severity warn only warns');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what = 'critical' AND (status <> 'fail' OR severity <> 'critical' OR success)$$, 'of several levels the gravest that fails counts');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what IN ('rows', 'fraction') AND status <> 'pass' OR what = 'no rows' AND status <> 'fail'$$, 'tolerances count');
SELECT is_empty($$SELECT numbers(t), t.what, l.tested FROM tried AS t JOIN line AS l USING (n) WHERE what LIKE 'on_null %' AND
	(t.tested, t.failed) IS DISTINCT FROM (l.tested + l.nulls, l.failed + CASE what WHEN 'on_null fail' THEN l.nulls ELSE 0 END)$$, 'rows without a verdict count as on_null says');
SELECT is_empty($$SELECT numbers(t), numbers(b) FROM tried AS t JOIN tried AS b USING (n) WHERE t.what = 'filter' AND b.what = 'bad' AND numbers(t) <> numbers(b)$$, 'a row filter that lets all pass changes nothing');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what LIKE 'filtered%' AND (tested <> 0 OR failed <> 0 OR status = 'error') AND rule_type <> 'dataset_equals'$$, 'no row is tested where the filter lets none pass, but those missing from another relation');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what = 'filtered, fail' AND status = 'no_data' AND success OR what = 'filtered, pass' AND status = 'no_data' AND NOT success$$, 'no data is what on_empty says');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t JOIN etl.rule_types() AS r USING (rule_type) WHERE what = 'filtered' AND status <> 'no_data'
	AND t.rule_type !~ '^(row_count|duplicate_rows|fewer_rows|multiset|dataset|aggregate_equals|distinct_count|metric_change|anomaly|metric_expression)'$$, 'without rows there is no data, but for what counts them');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t JOIN etl.rule_types() AS r USING (rule_type) WHERE what = 'empty' AND family <> 'schema' AND t.rule_type NOT IN ('failed_rows_query', 'dataset_equals') AND (status = 'error' OR tested <> 0)$$, 'an empty relation is no error');
SELECT is_empty($$SELECT numbers(t), numbers(b) FROM tried AS t JOIN tried AS b USING (n) WHERE t.what = 'groups' AND b.what = 'bad' AND numbers(t) <> numbers(b)$$, 'one group is the whole');
SELECT is_empty($$SELECT numbers(t), sample FROM tried AS t WHERE what = 'bad' AND failed > 0 AND failed_rows_sql IS NOT NULL AND (sample IS NULL OR jsonb_array_length(sample) <> least(failed, current_setting('dq_etl.sample_rows')::bigint))$$, 'failing rows are shown');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what = 'no sample' AND sample IS NOT NULL$$, 'none are shown where none are wanted');
SELECT is_empty($$SELECT numbers(t) FROM tried AS t WHERE what = 'words' AND (dimension <> 'accuracy' OR tags <> '{a,b}')$$, 'dimension and tags are those given');

-- definitions
CREATE FUNCTION refusal(rule jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM etl.rules(jsonb_build_array(rule));
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE VIEW option AS
SELECT l.n, l.rule_type, jsonb_build_object('type', l.rule_type) || l.base || l.good AS rule, o ->> 'name' AS name, o ->> 'kind' AS kind, (o ->> 'required')::boolean AS required, o ->> 'help' AS help
  FROM line AS l JOIN etl.rule_types() AS r USING (rule_type), jsonb_array_elements(r.options) AS o;
SELECT is_empty($$SELECT rule_type FROM line WHERE refusal(jsonb_build_object('type', rule_type) || base || good) IS NOT NULL$$, 'what holds can be defined');
SELECT is_empty($$SELECT rule_type FROM line WHERE refusal(jsonb_build_object('type', rule_type) || base || good || '{"nosuch": 1}') IS DISTINCT FROM '22023'$$, 'unknown options are refused');
SELECT is_empty($$SELECT rule_type, name FROM option WHERE required AND rule ? name AND refusal(rule - name) IS DISTINCT FROM '22023'$$, 'required options are required');
SELECT is_empty($$SELECT rule_type, name, kind, refusal(rule || jsonb_build_object(name, '{"a": 1}'::jsonb)) FROM option WHERE kind <> 'json' AND refusal(rule || jsonb_build_object(name, '{"a": 1}'::jsonb)) IS DISTINCT FROM '22023'$$,
	'options of another kind are refused');
SELECT is_empty($$SELECT r.rule_type, r.columns FROM etl.rule_types() AS r JOIN line AS l USING (rule_type) WHERE refusal(CASE r.columns WHEN 'none' THEN jsonb_build_object('type', rule_type) || base || good || '{"column": "n"}'
	WHEN 'two' THEN jsonb_build_object('type', rule_type) || (base || good) - 'columns' || '{"columns": ["n"]}' ELSE (jsonb_build_object('type', rule_type) || base || good) - 'column' - 'columns' END) IS NULL
	AND r.columns NOT IN ('any number', 'any')$$, 'the number of columns is looked at');
SELECT is_empty($$SELECT rule_type, name FROM option WHERE coalesce(help, '') = '' UNION SELECT rule_type, NULL FROM etl.rule_types() WHERE coalesce(description, '') = '' OR coalesce(dimension, '') = ''$$, 'the reference has a word for each');
SELECT is_empty($$SELECT l.rule_type, e.evaluation FROM line AS l, etl.explain_check('g', ARRAY[jsonb_build_object('type', l.rule_type) || base || bad]::text[]) AS e
	WHERE e.evaluation LIKE 'error%' OR e.equivalent_sql IS NULL AND l.rule_type NOT IN ('freshness_per_group')$$, 'each prints the SQL that is equivalent');

SELECT * FROM finish();
ROLLBACK;
