-- Does a number fit the numbers before it: known answers, rates of false
-- alarms, and what must be found.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA statistic_anomaly;
SET search_path = statistic_anomaly, pg_catalog;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- the answer in few digits, the same on every machine
CREATE FUNCTION show(answer jsonb) RETURNS text LANGUAGE sql AS $$
SELECT format('%s n=%s centre=%s scale=%s interval=[%s, %s] score=%s %s %s%s', answer ->> 'status', answer ->> 'n',
	round((answer ->> 'centre')::numeric, 5), round((answer ->> 'scale')::numeric, 5),
	round((answer -> 'interval' ->> 0)::numeric, 4), round((answer -> 'interval' ->> 1)::numeric, 4),
	round((answer ->> 'score')::numeric, 4), answer ->> 'method', answer ->> 'season', ' ' || (answer ->> 'season_note')) $$;

-- median 10, median deviation 1: scale 1.482602 * 10/9.2, df 3.675, so
-- 7.2078337 * 1.611524 * sqrt(1.1) = 12.18254
\set h '{10,11,9,10,12,8,10,11,9,10}'
SELECT show(etl.detect_anomaly(10, :'h')), show(etl.detect_anomaly(22, :'h')), show(etl.detect_anomaly(23, :'h')) \gx
-- mean 10, standard deviation 1.154701, df 9: 4.0942553 * 1.154701 * sqrt(1.1)
SELECT show(etl.detect_anomaly(14, :'h', '{"method": "zscore"}')),
       show(etl.detect_anomaly(15, :'h', '{"method": "zscore"}')),
       show(etl.detect_anomaly(15, :'h', '{"method": "zscore", "sigmas": 4}')) \gx
-- one side; a small effect is none; Poisson noise
SELECT show(etl.detect_anomaly(-50, :'h', '{"side": "high"}')) AS high,
       show(etl.detect_anomaly(-50, :'h', '{"side": "low"}')) AS low,
       show(etl.detect_anomaly(15, :'h', '{"method": "zscore", "min_effect": 5}')) AS effect,
       show(etl.detect_anomaly(16, :'h', '{"method": "zscore", "min_effect_fraction": 0.5}')) AS effect_fraction,
       show(etl.detect_anomaly(20, :'h', '{"method": "zscore", "counts": true}')) AS counts \gx
-- the tested number is not in its own baseline: 100 sigmas away it is found
-- with ten points, which a z-score over all eleven could not exceed 3.0151
SELECT show(etl.detect_anomaly(10 + 100 * 1.1547, :'h', '{"method": "zscore"}')) AS zscore,
       show(etl.detect_anomaly(10 + 100 * 1.1547, :'h')) AS mad;
-- half of the points equal: the mean deviation stands in; all: rounding
SELECT show(etl.detect_anomaly(20, '{5,5,5,5,5,5,9}')) AS mostly,
       show(etl.detect_anomaly(5, '{5,5,5,5,5,5,5}')) AS same,
       etl.detect_anomaly(5.1, '{5,5,5,5,5,5,5}') AS other,
       etl.detect_anomaly(5.000000001, '{5,5,5,5,5,5,5}') ->> 'status' AS rounding,
       show(etl.detect_anomaly(2, '{0,0,0,0,0,0,0}', '{"counts": true}')) AS zero_counts,
       show(etl.detect_anomaly(4, '{0,0,0,0,0,0,0}', '{"counts": true}')) AS zero_counts \gx
-- too little history; NULL is a missing number; the latest only
SELECT etl.detect_anomaly(5, '{1,2,3,4,5,6}') AS six, etl.detect_anomaly(5, '{}') AS nothing,
       etl.detect_anomaly(5, '{1,2,3,NULL,4,5,6}') AS missing,
       show(etl.detect_anomaly(5, '{1,2,3}', '{"min_points": 3}')) AS lowered,
       show(etl.detect_anomaly(1000, '{1,2,3,2,1,2,3,1001,1002,1003,1002,1001,1002,1003}', '{"max_points": 7}')) AS latest \gx

-- ewma by hand: S = 10, 10.3, 9.91, 9.937, 10.5559, 9.78913, with errors
-- 1, -1.3, .09, 2.063, -2.5559; the forecast is 9.78913, df 4
SELECT show(etl.detect_anomaly(10, '{10,11,9,10,12,8}', '{"method": "ewma", "min_points": 5}')) AS ewma,
       round(sqrt((1 + 1.3^2 + 0.09^2 + 2.063^2 + 2.5559^2) / 5), 5) AS scale;
-- a line goes on; so does a line with a season, of which the next is 15 + 4
SELECT show(etl.detect_anomaly(11, '{1,2,3,4,5,6,7,8,9,10}', '{"method": "holt_winters"}')) AS line,
       etl.detect_anomaly(10, '{1,2,3,4,5,6,7,8,9,10}', '{"method": "holt_winters"}') ->> 'status' AS bent;
SELECT show(etl.detect_anomaly(28 + 20, h, '{"method": "holt_winters", "season": "weekday"}', '2024-01-29', t)) AS monday,
       show(etl.detect_anomaly(28, h, '{"method": "holt_winters", "season": "weekday"}', '2024-01-29', t)) AS like_a_sunday
FROM (SELECT array_agg(d + CASE d % 7 WHEN 0 THEN 20 ELSE 0 END ORDER BY d) AS h,
             array_agg('2024-01-01'::timestamptz + d * interval '1 day' ORDER BY d) AS t
      FROM generate_series(0, 27) AS d) AS s;

-- seasons: busy weekdays, weekends at a tenth. 2024-03-31 is a Sunday.
CREATE TABLE daily AS
SELECT d::timestamptz AS at, (CASE WHEN extract(isodow FROM d) < 6 THEN 1000 ELSE 100 END + (extract(doy FROM d)::int * 7919) % 21 - 10)::float8 AS v
FROM generate_series('2024-02-01'::timestamp, '2024-03-30', '1 day') AS d;
CREATE FUNCTION on_day(value float8, params jsonb, day timestamptz, skip timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
SELECT show(etl.detect_anomaly(value, array_agg(v), params, day, array_agg(at)))
FROM statistic_anomaly.daily WHERE at IS DISTINCT FROM skip $$;
SELECT on_day(105, '{"season": "weekday"}', '2024-03-31') AS sunday,
       on_day(1000, '{"season": "weekday"}', '2024-03-31') AS too_busy,
       on_day(100, '{"season": "weekday"}', '2024-04-01') AS monday_too_idle,
       on_day(100, '{"season": "none"}', '2024-03-31') AS no_season,
       on_day(100, '{"season": "weekday", "min_season_points": 30}', '2024-03-31') AS too_few \gx
-- the zone decides which day it is: Sunday 23:30 in UTC is Monday in Berlin
SELECT on_day(1000, '{"season": "weekday", "timezone": "Europe/Berlin"}', '2024-03-31 23:30+00') AS berlin;
SELECT etl.detect_anomaly(1, '{1,1,1,1,1,1,1,1}', '{"season": "weekday_hour", "min_season_points": 2}', '2024-01-22 10:20',
	ARRAY['2024-01-01 10:30', '2024-01-08 10:00', '2024-01-08 11:00', '2024-01-15 10:59:59', '2024-01-16 10:00', '2024-01-17 10:00', '2024-01-18 10:00', '2024-01-19 10:00']::timestamptz[]) -> 'season' AS season;
-- a missing day is 0 for counts, and nothing for other numbers
SELECT on_day(105, '{"season": "weekday", "period": "1 day", "counts": true}', '2024-03-31', '2024-03-24') AS counts,
       on_day(105, '{"season": "weekday", "period": "1 day"}', '2024-03-31', '2024-03-24') AS others \gx
-- a gap before the tested day, buckets off by some minutes, calendar months,
-- a day of 23 hours; what is as late as the tested number is no history
SELECT etl.detect_anomaly(1, '{1,1}', '{"period": "1 day", "counts": true, "min_points": 2}', '2024-01-10', '{2024-01-01,2024-01-02}') -> 'n' AS nine,
       etl.detect_anomaly(1, '{1,1,1}', '{"period": "1 day", "counts": true, "min_points": 2}', '2024-01-04 06:00', '{2024-01-01 06:03,2024-01-02 06:01,2024-01-03 06:07}') -> 'n' AS three,
       etl.detect_anomaly(1, '{1,1}', '{"period": "1 month", "counts": true, "min_points": 2}', '2024-06-01', '{2024-01-31,2024-02-29}') -> 'n' AS four,
       etl.detect_anomaly(1, '{1,1}', '{"period": "1 day", "counts": true, "min_points": 2, "timezone": "Europe/Berlin"}', '2024-04-02 00:00+02', '{2024-03-30 00:00+01,2024-03-31 00:00+01}') -> 'n' AS three,
       etl.detect_anomaly(1, '{1,1,1,1,1}', '{"min_points": 2}', '2024-01-03', '{2024-01-01,2024-01-02,2024-01-03,2024-01-04,2024-01-05}') -> 'n' AS two,
       etl.detect_anomaly(1, '{1,1,1,1}', '{"min_points": 2, "period": "1 day"}', '2024-01-03 09:00', '{2024-01-01,2024-01-02,2024-01-03,2024-01-04}') -> 'n' AS two;

-- Rates of false alarms. Lehmer's generator; its numbers by Box and Muller,
-- and Poisson ones by their distribution function.
CREATE TABLE uniform AS
WITH RECURSIVE r (i, x) AS (
	SELECT 0, 20240101::bigint
	UNION ALL
	SELECT i + 1, x * 48271 % 2147483647 FROM r WHERE i < 44000)
SELECT i, x / 2147483647.0::float8 AS u FROM r WHERE i > 0;
CREATE TABLE normal AS
SELECT a.i / 2 AS i, 50 + 5 * sqrt(-2 * ln(a.u)) * cos(2 * pi() * b.u) AS v
FROM uniform AS a JOIN uniform AS b ON b.i = a.i + 1 WHERE a.i % 2 = 1;
CREATE TABLE poisson AS
WITH RECURSIVE p (k, p, below) AS (
	SELECT 0, exp(-6::float8), 0::float8
	UNION ALL
	SELECT k + 1, p * 6 / (k + 1), below + p FROM p WHERE k < 40)
SELECT i, k AS v FROM uniform JOIN p ON u >= below AND u < below + p WHERE i <= 22000;
-- each row of so many numbers is tested by its last
CREATE FUNCTION alarms(source regclass, n int, params jsonb) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE result float8;
BEGIN
	EXECUTE format('SELECT avg((etl.detect_anomaly(a[$1 + 1], a[1:$1], $2) ->> ''status'' = ''anomaly'')::int)
		FROM (SELECT array_agg(v ORDER BY i) AS a FROM %s GROUP BY i / ($1 + 1) HAVING count(*) = $1 + 1) AS s', source)
	INTO result USING n, params;
	RETURN result;
END $$;
-- 4.55 % of normal numbers are beyond two standard deviations: at most that,
-- within the error of some thousand tries, and not so few that nothing is found
SELECT n, alarms('normal', n, '{"sigmas": 2}') BETWEEN 0.015 AND 0.05 AS mad,
       alarms('normal', n, '{"sigmas": 2, "method": "zscore"}') BETWEEN 0.035 AND 0.06 AS zscore,
       alarms('normal', n, '{"sigmas": 2, "method": "ewma"}') BETWEEN 0.02 AND 0.06 AS ewma,
       alarms('normal', n, '{"sigmas": 2, "method": "holt_winters"}') BETWEEN 0.02 AND 0.1 AS holt_winters
FROM unnest('{7,10,20,40}'::int[]) AS n;
SELECT alarms('normal', 10, '{}') <= 0.0035 AS mad, alarms('normal', 10, '{"method": "zscore"}') <= 0.005 AS zscore;
SELECT n, alarms('poisson', n, '{"sigmas": 2, "counts": true}') <= 0.05 AS mad,
       alarms('poisson', n, '{"counts": true}') <= 0.005 AS mad_3
FROM unnest('{7,10,20}'::int[]) AS n;

-- What must be found in sixty normal days of 1000 +- 20: a spike, a shift of
-- the level, a day without rows, a small shift by many points
CREATE TABLE days AS
SELECT i::int AS i, '2024-01-01'::timestamptz + i * interval '1 day' AS at, 1000 + (v - 50) * 4 AS v FROM normal WHERE i BETWEEN 1 AND 60;
SELECT m, count(*) FILTER (WHERE s.found AND i = 60) AS missing_day, count(*) FILTER (WHERE s.found AND i < 60) AS false_alarms
FROM unnest('{mad,zscore,ewma}'::text[]) AS m,
LATERAL (SELECT i, etl.detect_anomaly(CASE i WHEN 60 THEN 0 ELSE v END, (SELECT array_agg(h.v ORDER BY h.i) FROM days AS h WHERE h.i < d.i),
	jsonb_build_object('method', m, 'counts', true)) ->> 'status' = 'anomaly' AS found FROM days AS d WHERE i > 20) AS s
GROUP BY m ORDER BY m;
SELECT m, etl.detect_anomaly(1000 + 160, h, jsonb_build_object('method', m)) ->> 'status' AS spike,
       etl.detect_anomaly(1000 - 160, h, jsonb_build_object('method', m)) ->> 'status' AS dip,
       etl.detect_anomaly(1000 + 20, h, jsonb_build_object('method', m)) ->> 'status' AS nothing,
       etl.detect_anomaly(1150, h || '{1150,1145,1160,1155,1152}'::float8[], jsonb_build_object('method', m)) ->> 'status' AS shifted_for_days,
       etl.detect_anomaly(1000 + 160, h || '{5000,0}'::float8[], jsonb_build_object('method', m)) ->> 'status' AS behind_outliers
FROM unnest('{mad,zscore,ewma}'::text[]) AS m, (SELECT array_agg(v ORDER BY i) AS h FROM days) AS s;
SELECT etl.detect_anomaly(0, array_agg(v), '{"counts": true, "period": "1 day"}', '2024-03-02', array_agg(at)) ->> 'status' AS no_rows_today,
       etl.detect_anomaly(1000, array_agg(v), '{"counts": true, "period": "1 day"}', '2024-03-02', array_agg(at)) ->> 'n' AS points
FROM days;

-- errors
CREATE FUNCTION statistic_anomaly.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT statistic_anomaly.error_of(q) AS error FROM unnest(ARRAY[
	$$SELECT etl.detect_anomaly(NULL, '{1}')$$,
	$$SELECT etl.detect_anomaly(1, NULL)$$,
	$$SELECT etl.detect_anomaly('NaN', '{1,2,3,4,5,6,7}')$$,
	$$SELECT etl.detect_anomaly(1, '{1,Infinity}')$$,
	$$SELECT etl.detect_anomaly(1, '{{1,2}}')$$,
	$$SELECT etl.detect_anomaly(1, '{1e308,-1e308,1e308,-1e308,1e308,-1e308,1e308,1e308}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"methd": "mad"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"method": "median"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"method": "zscores"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"side": "upp"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"sigmas": 0}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"sigmas": "3"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"min_points": 1}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"min_points": 2.5}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"counts": "perhaps"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"min_effect": -1}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"alpha": 2}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"timezone": "Mars/Olympus"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"period": "1 month 1 day"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"period": "-1 day"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"period": "soon"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"season": "weekday"}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{}', '2024-01-01', '{2024-01-01,2024-01-02}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{}', '2024-01-01', '{infinity}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{}', 'infinity', '{2024-01-01}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{}', '2024-01-01')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{}', NULL, '{2024-01-01}')$$,
	$$SELECT etl.detect_anomaly(1, '{1}', '{"period": "1 second"}', '2024-01-01', '{2004-01-01}')$$]) AS q;
DROP SCHEMA statistic_anomaly CASCADE;
