-- Rules on a value beside the clock, statistics of its column, and the value
-- before it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA rules_column_order;
SET search_path = rules_column_order;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset null ~

-- verdicts by id: + passes, - fails, ? has none; an error is told
CREATE FUNCTION verdicts(source regclass, rule_type text, col text, params jsonb DEFAULT '{}')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	res text;
	failing jsonb[] := '{}';
BEGIN
	FOR r IN SELECT c.* FROM unnest('{ignore,fail}'::text[]) n, etl.check(source, ARRAY[etl.rule(rule_type, ARRAY[col], on_null => n, params => params)], sample_rows => 100) c LOOP
		IF r.error_sqlstate IS NOT NULL THEN
			RETURN r.error_sqlstate || ' ' || r.error_message;
		END IF;
		failing := failing || coalesce((SELECT jsonb_agg(e->'id') FROM jsonb_array_elements(r.sample) e), '[]');
	END LOOP;
	EXECUTE format('SELECT string_agg(CASE WHEN $1[1] @> to_jsonb(id) THEN ''-'' WHEN $1[2] @> to_jsonb(id) THEN ''?'' ELSE ''+'' END, NULL ORDER BY id) FROM %s', source) INTO res USING failing;
	RETURN res;
END $$;

-- the clock: 1 NULL, 2 long ago, 3 an hour ago, 4 in an hour, 5 in two days, 6 infinity, 7 -infinity
CREATE TABLE moment (id int, d date, ts timestamp, tz timestamptz);
INSERT INTO moment SELECT id, t::date, t, t FROM (VALUES (1, NULL), (2, timestamptz '2001-01-01'), (3, now() - interval '1 hour'), (4, now() + interval '1 hour'), (5, now() + interval '2 days'), (6, 'infinity'), (7, '-infinity')) x (id, t);
SELECT rule, params, verdicts('moment', rule, 'ts', params) AS ts, verdicts('moment', rule, 'tz', params) AS tz
FROM (VALUES ('not_in_future', '{}'::jsonb), ('not_in_future', '{"leeway": "90 min"}'), ('not_older_than', '{"max_age": "2 hours"}'), ('not_older_than', '{"max_age": "1 minute"}'), ('not_older_than', '{"max_age": "100 years"}'), ('finite', '{}')) t (rule, params);
-- days: around midnight an hour is another day, so these stand further apart
UPDATE moment SET d = CASE id WHEN 3 THEN current_date WHEN 4 THEN current_date + 3 WHEN 5 THEN current_date + 6 ELSE d END;
SELECT verdicts('moment', 'not_in_future', 'd', '{"leeway": "1 day"}') AS d, verdicts('moment', 'not_in_future', 'd', '{"leeway": "5 days"}') AS leeway, verdicts('moment', 'not_older_than', 'd', '{"max_age": "2 days"}') AS age, verdicts('moment', 'finite', 'd') AS finite;

CREATE TABLE grain (id int, d date, ts timestamp, tz timestamptz);
INSERT INTO grain SELECT id, t::date, t, t FROM (VALUES (1, NULL), (2, timestamptz '2024-01-01 00:00:00+00'), (3, '2024-04-01 00:00:00+00'), (4, '2024-05-01 00:00:00+00'), (5, '2024-05-06 00:00:00+00'), (6, '2024-05-07 00:00:00+00'), (7, '2024-05-07 13:00:00+00'), (8, '2024-05-07 13:10:00+00'), (9, '2024-05-07 13:10:05+00'), (10, '2024-05-07 13:10:05.5+00')) x (id, t);
SELECT u, verdicts('grain', 'date_granularity', 'd', jsonb_build_object('unit', u)) AS d, verdicts('grain', 'date_granularity', 'ts', jsonb_build_object('unit', u)) AS ts, verdicts('grain', 'date_granularity', 'tz', jsonb_build_object('unit', u)) AS tz
FROM unnest('{second,minute,hour,day,week,month,quarter,year}'::text[]) u;

-- outliers: 11 values near 10, one at 100; NaN and infinity are always far
CREATE TABLE stat (id int, n numeric, f float8, i int, same int, keep boolean);
INSERT INTO stat SELECT g, 10 + g % 3, 10 + g % 3, 10 + g % 3, CASE WHEN g > 9 THEN g ELSE 5 END, true FROM generate_series(1, 11) g;
INSERT INTO stat VALUES (12, 100, 100, 100, 5, false), (13, NULL, NULL, NULL, NULL, true), (14, 'NaN', 'NaN', 11, 5, true), (15, 'Infinity', '-Infinity', 10, 5, true);
SELECT rule, params, verdicts('stat', rule, 'n', params) AS n, verdicts('stat', rule, 'f', params) AS f, verdicts('stat', rule, 'i', params) AS i, verdicts('stat', rule, 'same', params) AS same
FROM (VALUES ('z_score_below', '{"k": 3}'::jsonb), ('z_score_below', '{}'), ('z_score_below', '{"k": 0.4}'), ('z_score_below', '{"k": 0.4, "two_sided": false}'), ('z_score_below', '{"k": 5}'), ('not_outlier_iqr', '{}'), ('not_outlier_iqr', '{"k": 100}'), ('not_outlier_mad', '{}'), ('not_outlier_mad', '{"k": 1000}')) t (rule, params);
-- the statistic is of the rows within the filter
SELECT params, verdicts('stat', rule, 'i', params) FROM (VALUES ('z_score_below', '{"k": 1.5}'::jsonb), ('z_score_below', '{"k": 1.5, "row_filter": "keep"}'), ('not_outlier_mad', '{"k": 1, "row_filter": "keep"}')) t (rule, params);
-- against the formulas
SELECT verdicts('stat', 'z_score_below', 'i', '{"k": 0.34}') = (SELECT string_agg(CASE WHEN i IS NULL THEN '?' WHEN abs(i - m) / s < 0.34 THEN '+' ELSE '-' END, NULL ORDER BY id) FROM stat, (SELECT avg(i) m, stddev_samp(i) s FROM stat) x) AS z,
	verdicts('stat', 'not_outlier_iqr', 'i', '{"k": 0.1}') = (SELECT string_agg(CASE WHEN i IS NULL THEN '?' WHEN i BETWEEN q[1] - 0.1 * (q[2] - q[1]) AND q[2] + 0.1 * (q[2] - q[1]) THEN '+' ELSE '-' END, NULL ORDER BY id) FROM stat, (SELECT percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY i) q FROM stat) x) AS iqr,
	verdicts('stat', 'not_outlier_mad', 'i', '{"k": 0.7}') = (SELECT string_agg(CASE WHEN i IS NULL THEN '?' WHEN abs(i - m) <= 0.7 * 1.482602218505602 * (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(i - m)) FROM stat) THEN '+' ELSE '-' END, NULL ORDER BY id) FROM stat, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i) m FROM stat) x) AS mad;
-- no deviation, one row, none
CREATE TABLE few (id int, a int, s text);
INSERT INTO few VALUES (1, 7, 'x'), (2, 7, 'y'), (3, NULL, NULL);
SELECT verdicts('few', 'z_score_below', 'a') AS z, verdicts('few', 'not_outlier_iqr', 'a') AS iqr, verdicts('few', 'not_outlier_mad', 'a') AS mad;
DELETE FROM few WHERE id = 2;
SELECT verdicts('few', 'z_score_below', 'a') AS z, verdicts('few', 'not_outlier_iqr', 'a') AS iqr, verdicts('few', 'not_outlier_mad', 'a') AS mad;
SELECT check_type, status, tested_rows, failed_rows FROM etl.check('few', ARRAY[etl.rule('z_score_below', '{a}', row_filter => 'false'), etl.rule('not_outlier_mad', '{a}', row_filter => 'false')]);
-- a relation called as what our SQL calls its own
CREATE TABLE s (id int, q int, s int);
INSERT INTO s SELECT g, g, g FROM generate_series(1, 5) g;
SELECT verdicts('s', 'not_outlier_iqr', 'q', '{"k": 0.1, "row_filter": "s.s > 0"}') AS iqr, verdicts('s', 'not_outlier_mad', 's', '{"k": 1, "row_filter": "q > 0"}') AS mad, verdicts('s', 'z_score_below', 's', '{"k": 1}') AS z;

-- order: values in the order of "at", with NULLs and repetitions
CREATE TABLE steps (id int, at int, grp text, up int, down numeric, txt text, f float8, day date, ts timestamp, k int, previous_1 int);
INSERT INTO steps VALUES (1, 10, 'a', 1, 9, 'a', 1, '2024-01-01', '2024-01-01 00:00', 3, 0), (2, 20, 'a', 2, 9, 'b', 2.5, '2024-01-02', '2024-01-01 01:00', 1, 0), (3, 30, 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0), (4, 40, 'a', 2, 7, 'b', 'NaN', '2024-01-04', '2024-01-01 03:00', 2, 0),
	(5, 50, 'b', 1, 8, 'aa', 5, '2024-01-03', '2024-01-01 02:00', 5, 0), (6, 60, 'b', 5, 1, 'c', '-Infinity', '2024-01-05', '2024-01-03 00:00', 4, 0), (7, 70, 'b', 6, 0, 'd', 0, '2024-01-05', NULL, 4, 0);
SELECT rule, params, verdicts('steps', rule, 'up', params) AS up, verdicts('steps', rule, 'down', params) AS down, verdicts('steps', rule, 'txt', params) AS txt, verdicts('steps', rule, 'f', params) AS f, verdicts('steps', rule, 'day', params) AS day
FROM (VALUES ('increasing', '{"order_by": ["at"]}'::jsonb), ('increasing', '{"order_by": ["at"], "strict": true}'), ('increasing', '{"order_by": ["at"], "partition_by": ["grp"]}'), ('increasing', '{"order_by": ["grp"]}'), ('decreasing', '{"order_by": ["at"]}'), ('decreasing', '{"order_by": ["at"], "strict": true}'), ('decreasing', '{"order_by": ["grp"], "strict": true}'), ('increasing', '{"order_by": ["at"], "row_filter": "at <> 50"}')) t (rule, params);
SELECT rule, col, params, verdicts('steps', rule, col, params)
FROM (VALUES ('sequential_values', 'k', '{}'::jsonb), ('sequential_values', 'k', '{"partition_by": ["grp"]}'), ('sequential_values', 'day', '{}'), ('sequential_values', 'ts', '{"step": "1 hour"}'), ('sequential_values', 'up', '{"step": 4}'), ('sequential_values', 'at', '{"step": 10}'), ('sequential_values', 'down', '{"step": "1"}'),
	('change_between', 'up', '{"order_by": ["at"], "min_value": 0}'), ('change_between', 'up', '{"order_by": ["at"], "min_value": -1, "max_value": 1}'), ('change_between', 'down', '{"order_by": ["at"], "max_value": -0.5, "relative": true}'), ('change_between', 'down', '{"order_by": ["at"], "min_value": -1, "min_inclusive": false}'), ('change_between', 'f', '{"order_by": ["at"], "min_value": 1}'), ('change_between', 'day', '{"order_by": ["at"], "min_value": 1, "max_value": 2}'), ('change_between', 'ts', '{"order_by": ["at"], "min_value": "0", "max_value": "2 hours"}'), ('change_between', 'up', '{"order_by": ["at"], "partition_by": ["grp"], "max_value": 1}')) t (rule, col, params);
-- group by: groups are kept apart
SELECT status, tested_rows, failed_rows, observed FROM etl.check('steps', ARRAY[etl.rule('increasing', '{up}', params => '{"order_by": ["at"], "group_by": ["grp"]}')]);
-- greatest changes do not overflow
CREATE TABLE wide (id int, b bigint);
INSERT INTO wide VALUES (1, -9223372036854775808), (2, 9223372036854775807);
SELECT verdicts('wide', 'change_between', 'b', '{"order_by": ["id"], "max_value": 18446744073709551615}') AS most, verdicts('wide', 'change_between', 'b', '{"order_by": ["id"], "max_value": 18446744073709551614}') AS less, verdicts('wide', 'sequential_values', 'b') AS sequential;

-- what does not fit
SELECT rule, col, verdicts('steps', rule, col, params)
FROM (VALUES ('not_in_future', 'up', '{}'::jsonb), ('not_older_than', 'txt', '{"max_age": "1 day"}'), ('date_granularity', 'up', '{"unit": "day"}'), ('z_score_below', 'txt', '{}'), ('not_outlier_iqr', 'day', '{}'), ('sequential_values', 'f', '{}'), ('sequential_values', 'txt', '{}'), ('sequential_values', 'day', '{"step": "one"}'), ('sequential_values', 'up', '{"step": "one"}'), ('change_between', 'txt', '{"order_by": ["at"], "max_value": "1"}'), ('change_between', 'day', '{"order_by": ["at"], "max_value": 1, "relative": true}'), ('increasing', 'up', '{"order_by": ["att"]}')) t (rule, col, params);
CREATE FUNCTION refused(rule_type text, params jsonb, cols text[] DEFAULT '{a}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM etl.rule(rule_type, cols, params => params);
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT rule, params, refused(rule, params, cols) FROM (VALUES ('not_older_than', '{}'::jsonb, '{a}'::text[]), ('not_older_than', '{"max_age": "-1 day"}', '{a}'), ('not_older_than', '{"max_age": "soon"}', '{a}'), ('not_in_future', '{"leeway": "-1 s"}', '{a}'), ('date_granularity', '{"unit": "days"}', '{a}'), ('date_granularity', '{}', '{a}'), ('z_score_below', '{"k": 0}', '{a}'), ('not_outlier_iqr', '{"k": -1}', '{a}'), ('not_outlier_mad', '{"k": "x"}', '{a}'), ('z_score_below', '{}', '{a,b}'),
	('increasing', '{}', '{a}'), ('increasing', '{"order_by": []}', '{a}'), ('increasing', '{"order_by": ["b"], "strict": "yes"}', '{a}'), ('increasing', '{"order_by": ["b"]}', '{a,b}'), ('sequential_values', '{"step": 0}', '{a}'), ('change_between', '{"order_by": ["b"]}', '{a}'), ('change_between', '{"max_value": 1}', '{a}')) t (rule, params, cols);

-- the equivalent SQL and the query of failing rows agree
CREATE FUNCTION agrees(source regclass, checks text[]) RETURNS TABLE (agreement text) LANGUAGE plpgsql AS $$
DECLARE
	r record;
	e record;
BEGIN
	FOR r IN SELECT c.check_name AS n, c.tested_rows, c.failed_rows, x.equivalent_sql, c.failed_rows_sql FROM etl.check(source, checks) c JOIN etl.explain_check(source, checks) x USING (check_name) LOOP
		EXECUTE r.equivalent_sql INTO e;
		agreement := CASE WHEN (e.tested_rows, e.failed_rows) IS NOT DISTINCT FROM (r.tested_rows, r.failed_rows) THEN 'same' ELSE format('%s: %s %s, SQL says %s %s', r.n, r.tested_rows, r.failed_rows, e.tested_rows, e.failed_rows) END;
		IF r.failed_rows > 0 THEN
			EXECUTE 'SELECT count(*) FROM (' || r.failed_rows_sql || ') q' INTO e;
			IF e.count <> r.failed_rows THEN
				agreement := format('%s, failed rows: %s', agreement, e.count);
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT agreement, count(*) FROM agrees('stat', (SELECT array_agg(etl.rule(r, ARRAY[c], on_null => n, name => r || n || c, row_filter => 'keep')) FROM unnest('{ignore,fail,pass}'::text[]) n, unnest('{n,f,i,same}'::text[]) c, unnest('{z_score_below,not_outlier_iqr,not_outlier_mad}'::text[]) r)) GROUP BY 1;
SELECT agreement, count(*) FROM agrees('steps', (SELECT array_agg(etl.rule(r, '{up}', on_null => n, name => r || n, params => p::jsonb)) FROM unnest('{ignore,fail,pass}'::text[]) n, (VALUES ('increasing', '{"order_by": ["at"]}'), ('decreasing', '{"order_by": ["at"]}'), ('sequential_values', '{}'), ('change_between', '{"order_by": ["at"], "max_value": 0}')) v (r, p))) GROUP BY 1;

SET client_min_messages = warning;
DROP SCHEMA rules_column_order CASCADE;
