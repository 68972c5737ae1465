-- Rules on history and drift: known answers.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA rules_history;
SET search_path = rules_history, pg_catalog;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE TABLE orders (day timestamptz, amount int, kind text, note text);

-- n rows for the day, checked as that day's, recorded
CREATE FUNCTION fill(n int, amount int DEFAULT 10) RETURNS void LANGUAGE sql AS $$
	TRUNCATE rules_history.orders;
	INSERT INTO rules_history.orders SELECT now(), amount, 'a' FROM generate_series(1, n) $$;
CREATE FUNCTION run(n int, rule text, day timestamptz, record boolean DEFAULT true, amount int DEFAULT 10) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r etl.check_result;
BEGIN
	PERFORM rules_history.fill(n, amount);
	SELECT * INTO r FROM etl.check('rules_history.orders', ARRAY[(rule::jsonb || jsonb_build_object('at', day))::text], record => run.record);
	RETURN concat_ws(' ', r.status, r.success, coalesce(r.error_sqlstate, ''), r.message);
END $$;

-- a change against the previous, of ten rows
SELECT day, run(n, '{"type": "row_count_change", "name": "rows", "min_value": -0.1, "max_value": 0.5}', '2024-01-01'::timestamptz + day * interval '1 day')
FROM (VALUES (1, 10), (2, 9), (3, 8), (4, 12), (5, 19), (6, 0)) AS v (day, n) ORDER BY day;
-- what they are: observed
SELECT jsonb_pretty(observed) FROM etl.check('orders', ARRAY[etl.rule('row_count_change', name => 'rows', max_value => 0.5, params => '{"at": "2024-01-06"}')]);
-- bounds moved, name kept: the same history; another name or metric: none
SELECT run(20, '{"type": "row_count_change", "name": "rows", "max_value": 0.05}', '2024-01-06', false) AS same,
       run(20, '{"type": "row_count_change", "name": "other", "max_value": 0.05}', '2024-01-06', false) AS other_name,
       run(20, '{"type": "row_count_change", "name": "rows", "max_value": 0.05, "row_filter": "amount > 0"}', '2024-01-06', false) AS other_filter \gx
-- mean and median of 10, 9, 8, 12, 19: 11.6 and 10; absolute; before a time;
-- the latest three; from nothing to something
SELECT run(12, '{"type": "row_count_change", "name": "rows", "max_value": 0.5, "compare_with": "mean"}', '2024-01-06 12:00', false) AS mean,
       run(12, '{"type": "row_count_change", "name": "rows", "max_value": 2, "unit": "absolute", "compare_with": "median"}', '2024-01-06 12:00', false) AS median,
       run(13, '{"type": "row_count_change", "name": "rows", "max_value": 2, "unit": "absolute", "compare_with": "median"}', '2024-01-06 12:00', false) AS median,
       run(13, '{"type": "row_count_change", "name": "rows", "max_value": 0, "compare_with": "mean", "max_points": 3}', '2024-01-06 12:00', false) AS three,
       run(12, '{"type": "row_count_change", "name": "rows", "max_value": 0.5, "max_inclusive": false}', '2024-01-05', false) AS excluded,
       run(1, '{"type": "row_count_change", "name": "rows", "max_value": 1000}', '2024-01-08', false) AS from_zero,
       run(0, '{"type": "row_count_change", "name": "rows", "max_value": 0}', '2024-01-08', false) AS still_zero,
       run(10, '{"type": "row_count_change", "name": "rows", "max_value": 1, "min_points": 7}', '2024-01-08', false) AS too_few,
       run(10, '{"type": "row_count_change", "name": "rows", "max_value": 1, "min_points": 7, "on_empty": "fail"}', '2024-01-08', false) AS too_few \gx
-- a time like any other, though PostgreSQL counts from it
SELECT run(5, '{"type": "row_count_change", "name": "epoch", "max_value": 1}', '2000-01-01');
SELECT point_at FROM etl.metric_history WHERE check_name = 'epoch';
-- a rerun for the same time replaces its number, and is not its own history
SELECT run(100, '{"type": "row_count_change", "name": "rows", "max_value": 100}', '2024-01-05') AS once_more,
       run(100, '{"type": "row_count_change", "name": "rows", "max_value": 100}', '2024-01-05') AS and_again;
SELECT point_at, value, tested_rows, published, pipeline, step, source, check_name, group_key, role_name = current_user AS mine
FROM etl.metric_history WHERE source = 'rules_history.orders' AND check_name = 'rows' ORDER BY point_at;

-- other metrics: an expression, a rule, a size, groups
SELECT run(3, '{"type": "metric_change", "name": "avg", "max_value": 0.1, "expression": "avg(amount)"}', '2024-01-01', true, 100) AS first,
       run(7, '{"type": "metric_change", "name": "avg", "max_value": 0.1, "expression": "avg(amount)"}', '2024-01-02', true, 110) AS same,
       run(7, '{"type": "metric_change", "name": "avg", "max_value": 0.1, "expression": "avg(amount)"}', '2024-01-03', true, 122) AS more,
       run(0, '{"type": "metric_change", "name": "avg", "max_value": 0.1, "expression": "avg(amount)"}', '2024-01-04', true, 122) AS no_rows,
       run(7, '{"type": "metric_change", "name": "avg", "max_value": 0.1, "expression": "max(kind)"}', '2024-01-04', true, 122) AS no_number,
       run(7, '{"type": "metric_change", "name": "avg", "max_value": 0.1, "expression": "avg(amount) / 0"}', '2024-01-04', true, 122) AS error,
       run(7, '{"type": "metric_change", "name": "avg", "max_value": 0.1, "expression": "''NaN''::float8 + max(amount)"}', '2024-01-04', true, 122) AS nan \gx
SELECT run(4, '{"type": "metric_change", "name": "metric", "max_value": 0.1, "metric": {"type": "row_count_between"}}', '2024-01-01') AS first,
       run(5, '{"type": "metric_change", "name": "metric", "max_value": 0.1, "metric": {"type": "row_count_between"}}', '2024-01-02') AS more,
       run(9, '{"type": "volume_change", "name": "bytes", "max_value": 0.1}', '2024-01-01') ~ '^no_data t  found \d+,' AS first,
       run(9, '{"type": "volume_change", "name": "bytes", "max_value": 0.1}', '2024-01-02') ~ '^pass t  found \d+,' AS same,
       run(90000, '{"type": "volume_change", "name": "bytes", "max_value": 0.1}', '2024-01-03') ~ '^fail f  found \d+,' AS more;
TRUNCATE orders;
INSERT INTO orders SELECT now(), 1, k FROM (VALUES ('a', 10), ('b', 20)) AS v (k, n), generate_series(1, n);
SELECT status, observed -> 'verdicts' FROM etl.check('orders', ARRAY['{"type": "row_count_change", "name": "groups", "max_value": 0.1, "group_by": ["kind"], "at": "2024-01-01"}'], record => true);
INSERT INTO orders SELECT now(), 1, 'b' FROM generate_series(1, 5);
SELECT status, message, observed -> 'verdicts' FROM etl.check('orders', ARRAY['{"type": "row_count_change", "name": "groups", "max_value": 0.1, "group_by": ["kind"], "at": "2024-01-02"}'], record => true);
SELECT group_key, point_at, value FROM etl.metric_history WHERE check_name = 'groups' ORDER BY 1, 2;
-- several levels share one history
SELECT status, severity, message FROM etl.check('orders', ARRAY['{"type": "row_count_change", "name": "rows", "at": "2024-01-07", "warn": {"max_value": -0.1}, "error": {"max_value": 1e9}}']);

-- anomaly: 14 days of about 100, then what is usual, and what is not
SELECT bool_and(run(100 + (day * 7) % 11 - 5, '{"type": "anomaly", "name": "usual"}', '2024-02-01'::timestamptz + day * interval '1 day') ~ '^(no_data|pass) t ') AS quiet
FROM generate_series(0, 13) AS day;
SELECT run(103, '{"type": "anomaly", "name": "usual"}', '2024-02-15', false) AS usual,
       run(10, '{"type": "anomaly", "name": "usual"}', '2024-02-15', false) AS low,
       run(10, '{"type": "anomaly", "name": "usual", "side": "high"}', '2024-02-15', false) AS low_is_good,
       run(500, '{"type": "anomaly", "name": "usual", "severity": "warn"}', '2024-02-15', false) AS high,
       run(500, '{"type": "anomaly", "name": "usual"}', '2024-02-05', false) AS too_few_before,
       run(200, '{"type": "anomaly", "name": "usual", "min_effect": 100}', '2024-02-15', false) AS min_effect \gx
SELECT jsonb_pretty(observed - '{score,interval,scale}'::text[]), round((observed ->> 'score')::numeric, 6) AS score,
       round((observed ->> 'scale')::numeric, 6) AS scale, jsonb_array_length(observed -> 'interval') AS bounds, expected
FROM etl.check('orders', ARRAY['{"type": "anomaly", "name": "usual", "at": "2024-02-15", "method": "zscore"}']);
-- ten points and one 100 sigmas away: it is not in its own baseline
SELECT status, observed -> 'n' AS n FROM etl.check('orders', ARRAY[jsonb_build_object('type', 'anomaly', 'expression', 'max(amount)',
	'baseline_query', 'SELECT * FROM (VALUES (10), (11), (9), (10), (12), (8), (10), (11), (9), (10)) AS v (x)')::text]);
UPDATE orders SET amount = 10 + 115;
SELECT status, observed -> 'n' AS n FROM etl.check('orders', ARRAY[jsonb_build_object('type', 'anomaly', 'expression', 'max(amount)',
	'baseline_query', 'SELECT * FROM (VALUES (10), (11), (9), (10), (12), (8), (10), (11), (9), (10)) AS v (x)')::text]);
-- a baseline with times, a season and missing days
CREATE TABLE history AS SELECT d::date AS day, (CASE WHEN extract(isodow FROM d) < 6 THEN 1000 ELSE 100 END + extract(doy FROM d)::int % 9)::numeric AS n
FROM generate_series('2024-01-01'::timestamp, '2024-03-03', '1 day') AS d WHERE d NOT IN ('2024-02-12', '2024-03-02');
SELECT n, at, run(n, format('{"type": "anomaly", "season": "weekday", "period": "1 day", "baseline_query": "SELECT day, n FROM rules_history.history;"%s}', more), at, false)
FROM (VALUES (102, '2024-03-09'::timestamptz, ''), (1000, '2024-03-09', ''), (102, '2024-03-08', ''), (1002, '2024-03-08', ''), (102, '2024-03-09', ', "season": "none"')) AS v (n, at, more);
-- changes against the same weekday
SELECT run(101, '{"type": "row_count_change", "max_value": 0.1, "season": "weekday", "baseline_query": "SELECT day, n FROM rules_history.history"}', '2024-03-10', false) AS sunday,
       run(101, '{"type": "row_count_change", "max_value": 0.1, "min_value": -0.1, "baseline_query": "SELECT day, n FROM rules_history.history"}', '2024-03-02', false) AS after_friday;

-- drift against partitions
TRUNCATE orders;
INSERT INTO orders SELECT now(), k, chr(96 + k) FROM (VALUES (1, 30), (2, 45), (3, 25), (4, 100)) AS v (k, n), generate_series(1, n);
CREATE TABLE reference AS SELECT amount AS size, kind FROM orders LIMIT 0;
INSERT INTO reference SELECT k, chr(96 + k) FROM (VALUES (1, 40), (2, 40), (3, 20), (4, 100), (5, 50)) AS v (k, n), generate_series(1, n);
INSERT INTO orders (day) SELECT now() FROM generate_series(1, 3);
INSERT INTO reference VALUES (NULL, NULL);
CREATE FUNCTION drift(rule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r etl.check_result;
BEGIN
	SELECT * INTO r FROM etl.check('rules_history.orders', ARRAY[rule]);
	RETURN concat_ws(' ', r.status, r.error_sqlstate, 'tested', r.tested_rows, 'null', r.null_rows, 'reference', r.observed ->> 'reference_n',
		r.observed ->> 'method', 'value', coalesce(round((r.observed ->> 'value')::numeric, 9)::text, CASE WHEN r.observed ? 'infinite' THEN 'infinite' END), 'p', round((r.observed ->> 'p_value')::numeric, 9),
		'df', r.observed ->> 'degrees_of_freedom', 'categories', r.observed ->> 'categories', r.error_message);
END $$;
-- the values that scipy has for 30, 45, 25, 100 and 40, 40, 20, 100
\set by_kind '"columns": ["kind"], "reference": "reference", "reference_filter": "size < 5"'
SELECT t, drift(format('{"type": "%s", "threshold": 0.03, %s}', t, :'by_kind')) FROM unnest('{kl_divergence_below,psi_below,js_distance_below,categorical_drift,chi_square_test}'::text[]) AS t;
SELECT drift('{"type": "categorical_drift", "measure": "cramers_v", "threshold": 0.05, ' || :'by_kind' || '}') AS cramers_v,
       drift('{"type": "chi_square_test", "alpha": 0.6, ' || :'by_kind' || '}') AS fails,
       drift('{"type": "chi_square_test", "alpha": 0.6, "threshold": 3, ' || :'by_kind' || '}') AS small_effect \gx
\set parts '"partition": {"values": ["a", "b", "c", "d"], "weights": [0.2, 0.2, 0.1, 0.5]}, "columns": ["kind"]'
SELECT t, drift(format('{"type": "%s", "threshold": 0.03, %s}', t, :'parts')) FROM unnest('{kl_divergence_below,psi_below,js_distance_below,categorical_drift,chi_square_test}'::text[]) AS t;
-- a value that nobody expected
SELECT drift('{"type": "kl_divergence_below", "threshold": 9, "column": "kind", "partition": {"values": ["a", "b", "c"], "weights": [0.5, 0.25, 0.25]}}') AS kl,
       drift('{"type": "kl_divergence_below", "threshold": 9, "column": "kind", "tail_weight_holdout": 0.2, "partition": {"values": ["a", "b", "c"], "weights": [0.5, 0.25, 0.25]}}') AS held_out,
       drift('{"type": "kl_divergence_below", "column": "kind", "partition": {"values": ["a", "b", "c"], "weights": [0.5, 0.25, 0.25]}}') AS measured,
       drift('{"type": "chi_square_test", "column": "kind", "partition": {"values": ["a", "b", "c"], "weights": [0.5, 0.25, 0.25]}}') AS chi_square \gx
-- numbers: values, bins and quantiles; the last bin has both its edges
SELECT drift('{"type": "kl_divergence_below", "threshold": 0.1, "column": "amount", "partition": {"values": [1, 2, 3, 4], "weights": [0.2, 0.2, 0.1, 0.5]}}') AS numbers,
       drift('{"type": "kl_divergence_below", "threshold": 0.1, "column": "amount", "partition": {"bins": [1, 2, 3, 4], "weights": [0.2, 0.2, 0.6]}}') AS bins,
       drift('{"type": "kl_divergence_below", "threshold": 0.1, "column": "amount", "partition": {"bins": ["-Infinity", 2, 3, 4, "Infinity"], "weights": [0.2, 0.2, 0.1, 0.5]}}') AS open,
       drift('{"type": "kl_divergence_below", "threshold": 0.1, "column": "amount", "partition": {"bins": [2, 3, 4], "weights": [0.2, 0.6], "tail_weights": [0.2, 0]}}') AS tails,
       drift('{"type": "psi_below", "threshold": 0.1, "column": "amount", "reference": "reference", "reference_column": "size", "bins": 4}') AS quantiles,
       drift('{"type": "psi_below", "threshold": 0.1, "column": "amount", "reference": "reference", "reference_column": "size", "binning": "values"}') AS by_value,
       drift('{"type": "js_distance_below", "threshold": 0.1, "column": "day", "reference": "orders", "bins": 4}') AS times \gx
SELECT observed -> 'observed_partition' AS observed, observed -> 'expected_partition' AS expected
FROM etl.check('orders', ARRAY['{"type": "psi_below", "threshold": 0.1, "column": "amount", "reference": "reference", "reference_column": "size", "bins": 4}']);
-- samples: D of 30, 75, 100, 200 of 200 and 40, 80, 100, 200 of 200 is 0.05
SELECT drift('{"type": "ks_test", "column": "amount", "reference": "reference", "reference_column": "size", "reference_filter": "size < 5"}') AS two,
       drift('{"type": "ks_test", "column": "amount", "reference": "reference", "reference_column": "size"}') AS differ,
       drift('{"type": "ks_test", "column": "amount", "reference": "reference", "reference_column": "size", "threshold": 0.3}') AS not_much,
       drift('{"type": "ks_test", "column": "amount", "distribution": "uniform", "min": 0.5, "max": 4.5}') AS uniform,
       drift('{"type": "ks_test", "column": "amount", "distribution": "normal", "mean": 3, "stddev": 1.1}') AS normal,
       drift('{"type": "ks_test", "column": "amount", "distribution": "exponential", "rate": 0.3}') AS exponential \gx
-- rows that are left out; groups; nothing there
SELECT drift('{"type": "psi_below", "threshold": 0.1, "column": "kind", "reference": "reference", "row_filter": "amount < 3", "reference_filter": "size < 3"}') AS filters,
       drift('{"type": "psi_below", "threshold": 0.1, "column": "kind", "reference": "reference", "row_filter": "amount > 7"}') AS no_rows,
       drift('{"type": "psi_below", "threshold": 0.1, "column": "kind", "reference": "reference", "reference_filter": "size > 7"}') AS no_reference,
       drift('{"type": "psi_below", "threshold": 0.1, "column": "amount", "reference": "reference", "reference_column": "size", "reference_filter": "size > 7"}') AS no_reference,
       drift('{"type": "ks_test", "column": "amount", "reference": "reference", "reference_column": "size", "reference_filter": "size > 7"}') AS no_reference \gx
SELECT status, message, observed -> 'verdicts' -> 0 -> 'observed' -> 'value' AS value FROM etl.check('orders',
	ARRAY['{"type": "categorical_drift", "threshold": 0.1, "column": "kind", "reference": "reference", "group_by": ["amount"]}']);
-- numeric values are the same however they are written; NaN has no bin
CREATE TABLE numbers (x numeric, y float8);
INSERT INTO numbers VALUES (1.0, 1), (1.00, 2), (2, 'NaN');
SELECT status, round((observed ->> 'value')::numeric, 9) AS value, error_sqlstate, error_message FROM etl.check('numbers', ARRAY[
	'{"type": "kl_divergence_below", "threshold": 0.1, "column": "x", "partition": {"values": [1, 2.000], "weights": [0.666666, 0.333334]}}',
	'{"type": "kl_divergence_below", "threshold": 0.1, "column": "y", "partition": {"bins": [1, 3], "weights": [1]}}',
	'{"type": "ks_test", "column": "y", "reference": "numbers"}',
	'{"type": "ks_test", "column": "y", "distribution": "uniform", "min": 0, "max": 3}',
	'{"type": "psi_below", "threshold": 1, "column": "y", "reference": "numbers"}',
	'{"type": "kl_divergence_below", "column": "y", "partition": {"values": ["one"], "weights": [1]}}',
	'{"type": "kl_divergence_below", "column": "x", "partition": {"values": [1, "1.0"], "weights": [0.5, 0.5]}}']);
-- names
CREATE TABLE "the ""odd"" one; --" ("a""b" text, "selekt" float8);
INSERT INTO "the ""odd"" one; --" VALUES ('it''s', 1), ('\', 2);
SELECT status, observed -> 'value' AS value, error_message FROM etl.check('"the ""odd"" one; --"', ARRAY[
	'{"type": "categorical_drift", "threshold": 0.1, "column": "a\"b", "reference": "rules_history.\"the \"\"odd\"\" one; --\""}',
	'{"type": "ks_test", "column": "selekt", "reference": "\"the \"\"odd\"\" one; --\"", "reference_filter": "\"a\"\"b\" = ''\\''"}',
	'{"type": "categorical_drift", "threshold": 0.6, "column": "a\"b", "partition": {"values": ["it''s", "\\"], "weights": [0.5, 0.5]}}']);
-- more values than can be counted one by one
INSERT INTO orders SELECT now(), g, 'x' || g FROM generate_series(1, 10001) AS g;
SELECT drift('{"type": "categorical_drift", "threshold": 0.1, "column": "kind", "reference": "reference"}');
SELECT check_name, evaluation, equivalent_sql FROM etl.explain_check('orders', ARRAY['{"type": "anomaly", "name": "usual"}', '{"type": "ks_test", "column": "amount", "reference": "reference"}']);

-- nothing is recorded without record, nor in a read-only transaction
SELECT count(*) AS before FROM etl.metric_history WHERE check_name = 'quiet' \gset
SELECT status FROM etl.check('orders', ARRAY['{"type": "anomaly", "name": "quiet"}']);
SET client_min_messages = notice;
BEGIN READ ONLY;
SELECT status FROM etl.check('orders', ARRAY['{"type": "anomaly", "name": "quiet"}'], record => true);
COMMIT;
SET client_min_messages = warning;
SELECT count(*) AS recorded FROM etl.metric_history WHERE check_name = 'quiet';

-- a series keeps its latest 10,000 numbers
INSERT INTO etl_catalog.metric_point (series, point_at, value, tested_rows, published, role_name, source, check_name)
SELECT series, '1990-01-01'::timestamptz + g * interval '1 hour', 1, 1, true, role_name, source, check_name
FROM etl_catalog.metric_point, generate_series(1, 10001) AS g
WHERE source = 'rules_history.orders' AND check_name = 'bytes' AND point_at = '2024-01-01';
SELECT status FROM etl.check('orders', ARRAY['{"type": "volume_change", "name": "bytes", "max_value": 100000, "at": "2024-01-04"}'], record => true);
SELECT count(*), min(point_at), max(point_at) FROM etl.metric_history WHERE check_name = 'bytes';

-- errors: at definition
CREATE FUNCTION error_of(rule text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM etl.rules(to_jsonb(ARRAY[rule]));
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT error_of(r) AS error FROM unnest(ARRAY[
	'{"type": "row_count_change"}',
	'{"type": "row_count_change", "max_value": "much"}',
	'{"type": "row_count_change", "min_value": 1, "max_value": 0}',
	'{"type": "row_count_change", "max_value": 1, "compare_with": "mode"}',
	'{"type": "row_count_change", "max_value": 1, "unit": "percent"}',
	'{"type": "row_count_change", "max_value": 1, "metric": {}}',
	'{"type": "row_count_change", "max_value": 1, "at": "infinity"}',
	'{"type": "row_count_change", "max_value": 1, "at": "noon-ish"}',
	'{"type": "row_count_change", "max_value": 1, "baseline_query": "DELETE FROM orders"}',
	'{"type": "row_count_change", "max_value": 1, "baseline_query": "SELECT 1; SELECT 2"}',
	'{"type": "row_count_change", "max_value": 1, "baseline_query": "SELECT 1) AS x; DROP TABLE orders; SELECT * FROM (SELECT 2"}',
	'{"type": "volume_change", "max_value": 1, "row_filter": "true"}',
	'{"type": "metric_change", "max_value": 1}',
	'{"type": "metric_change", "max_value": 1, "metric": {"type": "row_count_between"}, "expression": "count(*)"}',
	'{"type": "metric_change", "max_value": 1, "metric": {"type": "not_null", "column": "kind"}}',
	'{"type": "metric_change", "max_value": 1, "metric": {"type": "anomaly"}}',
	'{"type": "metric_change", "max_value": 1, "metric": 7}',
	'{"type": "metric_change", "max_value": 1, "expression": "count(*) FROM orders"}',
	'{"type": "anomaly", "method": "magic"}',
	'{"type": "anomaly", "min_points": 1}',
	'{"type": "anomaly", "max_value": 1}',
	'{"type": "psi_below", "column": "kind", "reference": "reference"}',
	'{"type": "psi_below", "column": "kind", "threshold": 1}',
	'{"type": "psi_below", "column": "kind", "threshold": -1, "reference": "reference"}',
	'{"type": "psi_below", "threshold": 1, "reference": "reference"}',
	'{"type": "psi_below", "column": "kind", "threshold": 1, "reference": "reference", "partition": {"values": ["a"], "weights": [1]}}',
	'{"type": "psi_below", "column": "kind", "threshold": 1, "reference_filter": "true", "partition": {"values": ["a"], "weights": [1]}}',
	'{"type": "psi_below", "column": "kind", "threshold": 1, "reference": "reference", "bins": 1}',
	'{"type": "psi_below", "column": "kind", "threshold": 1, "reference": "reference", "epsilon": 1}',
	'{"type": "categorical_drift", "measure": "cramers_v", "column": "kind", "threshold": 1, "partition": {"values": ["a"], "weights": [1]}}',
	'{"type": "ks_test", "column": "amount"}',
	'{"type": "ks_test", "column": "amount", "distribution": "normal"}',
	'{"type": "ks_test", "column": "amount", "reference": "reference", "alpha": 2}',
	'{"type": "kl_divergence_below", "column": "kind", "partition": {"values": ["a", "b"], "weights": [1]}}',
	'{"type": "kl_divergence_below", "column": "kind", "partition": {"values": ["a", "a"], "weights": [0.5, 0.5]}}',
	'{"type": "kl_divergence_below", "column": "kind", "partition": {"values": ["a", "b"], "weights": [0.5, 0.6]}}',
	'{"type": "kl_divergence_below", "column": "kind", "partition": {"values": ["a", "b"], "weights": [-0.5, 1.5]}}',
	'{"type": "kl_divergence_below", "column": "kind", "partition": {"values": [], "weights": []}}',
	'{"type": "kl_divergence_below", "column": "kind", "partition": {"value": ["a"], "weights": [1]}}',
	'{"type": "kl_divergence_below", "column": "kind", "partition": ["a"]}',
	'{"type": "kl_divergence_below", "column": "kind", "internal_weight_holdout": 0.1, "partition": {"values": ["a"], "weights": [1]}}',
	'{"type": "kl_divergence_below", "column": "amount", "partition": {"bins": [1, 2], "weights": [0.5, 0.5]}}',
	'{"type": "kl_divergence_below", "column": "amount", "partition": {"bins": [2, 1, 3], "weights": [0.5, 0.5]}}',
	'{"type": "kl_divergence_below", "column": "amount", "partition": {"bins": ["-Infinity", "Infinity"], "weights": [1]}}',
	'{"type": "kl_divergence_below", "column": "amount", "partition": {"bins": ["NaN", 1], "weights": [1]}}',
	'{"type": "kl_divergence_below", "column": "amount", "tail_weight_holdout": 0.1, "partition": {"bins": ["-Infinity", 1, "Infinity"], "weights": [0.5, 0.5]}}',
	'{"type": "kl_divergence_below", "column": "amount", "partition": {"bins": ["-Infinity", 1, 2], "weights": [0.5, 0.4], "tail_weights": [0.1, 0]}}',
	'{"type": "kl_divergence_below", "column": "amount", "partition": {"bins": [0, 1, 2], "weights": [0.5, 0.4], "tail_weights": [0.1]}}',
	'{"type": "kl_divergence_below", "column": "amount", "tail_weight_holdout": 0.6, "internal_weight_holdout": 0.6, "partition": {"bins": [0, 1, 2], "weights": [0.5, 0.5]}}']) AS r;
-- and when the check is evaluated
CREATE VIEW a_view AS SELECT * FROM orders;
SELECT check_name, status, error_sqlstate, error_message FROM etl.check('a_view', ARRAY[
	'{"type": "volume_change", "max_value": 1}',
	'{"name": "column", "type": "psi_below", "column": "kin", "threshold": 1, "reference": "reference"}',
	'{"name": "relation", "type": "psi_below", "column": "kind", "threshold": 1, "reference": "referense"}',
	'{"name": "reference column", "type": "psi_below", "column": "kind", "threshold": 1, "reference": "reference", "reference_column": "kid"}',
	'{"name": "text", "type": "ks_test", "column": "kind", "reference": "reference"}',
	'{"name": "text in bins", "type": "psi_below", "column": "kind", "threshold": 1, "partition": {"bins": [1, 2], "weights": [1]}}',
	'{"name": "filter", "type": "psi_below", "column": "kind", "threshold": 1, "row_filter": "amount < 5", "reference": "reference", "reference_filter": "1/(size - size) > 0"}',
	'{"name": "three columns", "type": "anomaly", "baseline_query": "SELECT 1, 2, 3"}',
	'{"name": "no column", "type": "anomaly", "baseline_query": "SELECT"}',
	'{"name": "no numbers", "type": "anomaly", "baseline_query": "SELECT ''x''::text"}',
	'{"name": "no times", "type": "anomaly", "baseline_query": "SELECT 1, 2"}',
	'{"name": "not finite", "type": "anomaly", "baseline_query": "SELECT ''Infinity''::float8"}',
	'{"name": "no season", "type": "anomaly", "season": "hour", "baseline_query": "SELECT 1"}',
	'{"name": "failing", "type": "anomaly", "baseline_query": "SELECT 1/(amount - amount) FROM orders"}',
	'{"name": "too many", "type": "anomaly", "baseline_query": "SELECT * FROM generate_series(1, 100001)"}']);

-- whose history: a role sees its own numbers only, whatever the name
CREATE ROLE rules_history_other;
GRANT USAGE ON SCHEMA rules_history TO rules_history_other;
GRANT SELECT ON orders TO rules_history_other;
SELECT etl.grant_usage('rules_history_other', 'view');
SET ROLE rules_history_other;
SELECT status, observed -> 'n' AS n FROM etl.check('orders', ARRAY['{"type": "anomaly", "name": "usual"}'], record => true);
SELECT DISTINCT check_name, role_name FROM etl.metric_history;
SELECT * FROM etl_catalog.metric_point;
SELECT etl.detect_anomaly(1, '{1}') ->> 'status' AS status;
RESET ROLE;
SELECT DISTINCT role_name = 'rules_history_other' AS others FROM etl.metric_history WHERE check_name = 'usual' ORDER BY 1;

DELETE FROM etl_catalog.metric_point WHERE source LIKE 'rules\_history.%';
SELECT etl.revoke_usage('rules_history_other', 'view');
DROP OWNED BY rules_history_other;
DROP ROLE rules_history_other;
DROP SCHEMA rules_history CASCADE;
