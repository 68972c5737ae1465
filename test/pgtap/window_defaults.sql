-- Where windows begin when nobody said so: with the calendar, and so that a new
-- pipeline has one finished window.
BEGIN;
SELECT plan(12);
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'Asia/Tokyo';

CREATE TEMPORARY TABLE defined AS
SELECT 'window_defaults ' || row_number() OVER () AS pipeline, p.period, z.zone
FROM unnest('{1 minute,7 minutes,1 hour,6 hours,24 hours,36 hours,1 day,3 days,7 days,14 days,1 month,3 months,5 months,1 year,10 years}'::interval[]) AS p(period),
     unnest('{UTC,Europe/Berlin,America/St_Johns,Asia/Kolkata,Pacific/Kiritimati,Pacific/Marquesas}'::text[]) AS z(zone);
SELECT is(count(*), 90::bigint, 'pipelines are defined')
FROM defined d, LATERAL (SELECT action FROM etl.define(d.pipeline, period => d.period, timezone => d.zone,
	steps => ARRAY[etl.call('one', 'SELECT 1')]) LIMIT 1) AS x;
CREATE TEMPORARY TABLE made AS
SELECT d.*, p.start_at, p.start_at AT TIME ZONE d.zone AS local_start
FROM defined d JOIN etl.pipelines p USING (pipeline);

SELECT is_empty($$ SELECT pipeline, period, zone, states FROM
	(SELECT m.pipeline, m.period, m.zone, array_agg(w.state ORDER BY w.window_start) AS states
	 FROM made m LEFT JOIN etl.windows w USING (pipeline) GROUP BY 1, 2, 3) AS x
	WHERE states <> '{due,open}' AND period > '7 minutes' LIMIT 5 $$,
	'one window is due and one is open');
-- the clock may go on by a minute between definition and here
SELECT is_empty($$ SELECT pipeline, period, zone FROM made m
	WHERE period <= '7 minutes' AND (SELECT count(*) FROM etl.windows w WHERE w.pipeline = m.pipeline AND state = 'due') NOT IN (1, 2) LIMIT 5 $$,
	'and so with minutes');
SELECT is_empty($$ SELECT zone, local_start FROM made WHERE period::text ~ '(day|mon|year)' AND local_start <> date_trunc('day', local_start) LIMIT 5 $$,
	'days and months begin at local midnight');
SELECT is_empty($$ SELECT zone, local_start FROM made WHERE period IN ('7 days', '14 days') AND extract(isodow FROM local_start) <> 1 LIMIT 5 $$,
	'weeks begin on Monday');
SELECT is_empty($$ SELECT zone, local_start FROM made WHERE period::text ~ '(mon|year)' AND extract(day FROM local_start) <> 1 LIMIT 5 $$,
	'months begin on the first');
SELECT is_empty($$ SELECT zone, local_start FROM made WHERE period = '3 months' AND local_start <> date_trunc('quarter', local_start) LIMIT 5 $$,
	'quarters begin with the quarter');
SELECT is_empty($$ SELECT zone, local_start FROM made WHERE period IN ('1 year', '10 years') AND local_start <> date_trunc('year', local_start) LIMIT 5 $$,
	'years begin in January');
SELECT is_empty($$ SELECT zone, local_start FROM made WHERE period IN ('1 hour', '6 hours') AND
	mod(extract(epoch FROM local_start - date_trunc('day', local_start)), extract(epoch FROM period)) NOT IN (0, 3600, 18000) LIMIT 5 $$,
	'hours are counted from local midnight (another one when the clock changes)');
SELECT is_empty($$ SELECT zone, local_start FROM made WHERE period = '1 minute' AND extract(second FROM local_start) <> 0 LIMIT 5 $$,
	'minutes begin with the minute');

-- defined again without it, it stays
UPDATE etl_catalog.pipeline_version SET start_at = '2001-02-03 00:00+00'
WHERE pipeline_id = (SELECT pipeline_id FROM etl_catalog.pipeline WHERE name = 'window_defaults 1');
SELECT is(count(*), 1::bigint, 'a new version')
FROM defined d, LATERAL (SELECT action FROM etl.define(d.pipeline, period => d.period, timezone => d.zone,
	steps => ARRAY[etl.call('one', 'SELECT 2')]) LIMIT 1) AS x WHERE d.pipeline = 'window_defaults 1';
SELECT is(start_at, '2001-02-03 00:00+00', 'keeps the start') FROM etl.pipelines WHERE pipeline = 'window_defaults 1';

SELECT * FROM finish();
ROLLBACK;
