-- Laws of windows and of the ledger, for many periods, zones and instants.
BEGIN;
SELECT plan(32);
SET LOCAL TimeZone = 'UTC';

CREATE TEMPORARY TABLE grid AS
SELECT p.period, z.zone, a.anchor
FROM unnest('{1 minute,7 minutes,15 minutes,1 hour,6 hours,24 hours,36 hours,1 day,2 days,7 days,10 days,1 month,3 months,5 months,1 year,10 years}'::interval[]) AS p(period),
     unnest('{UTC,Europe/Berlin,America/New_York,America/Sao_Paulo,Asia/Kolkata,Australia/Lord_Howe,Pacific/Apia}'::text[]) AS z(zone),
     unnest('{2026-01-01 00:00+00,2024-01-31 01:30+00,2024-02-29 23:59:59.999999+00,1900-06-15 12:00+00,2050-12-31 23:00+00}'::timestamptz[]) AS a(anchor);

CREATE TEMPORARY TABLE instant AS
SELECT unnest('{
	2026-03-29 00:30+00,2026-03-29 00:59:59.999999+00,2026-03-29 01:00+00,2026-03-29 01:30+00,
	2026-10-25 00:30+00,2026-10-25 01:00+00,2026-10-25 01:30+00,2026-03-08 07:00+00,2026-11-01 06:00+00,
	2011-12-30 09:59:59+00,2011-12-30 10:00+00,2011-12-31 11:00+00,2018-11-04 03:00+00,2018-02-18 02:30+00,
	2024-02-29 12:00+00,2026-02-28 23:59:59.999999+00,2026-03-01 00:00+00,2026-03-31 12:00+00,
	2000-01-01 00:00+00,1970-01-01 00:00+00,1999-12-31 23:59:59.999999+00,1900-06-15 12:00+00,
	1850-01-01 00:00+00,0001-06-01 00:00+00 BC,2200-07-01 00:00+00,9999-12-31 00:00+00}'::timestamptz[]) AS t;

CREATE TEMPORARY TABLE found AS
SELECT g.*, i.t, w.*, b.window_start AS before_start, b.window_end AS before_end,
       n.window_start AS next_start, n.window_end AS next_end
FROM grid g CROSS JOIN instant i
CROSS JOIN LATERAL etl_catalog.window_at(g.period, g.anchor, g.zone, i.t) w
CROSS JOIN LATERAL etl_catalog.window_at(g.period, g.anchor, g.zone, w.window_start - interval '1 microsecond') b
CROSS JOIN LATERAL etl_catalog.window_at(g.period, g.anchor, g.zone, w.window_end) n;

SELECT cmp_ok(count(*), '>', 14000::bigint, 'there is something to look at') FROM found;

SELECT is_empty($$ SELECT period, zone, anchor, t FROM found WHERE NOT (window_start <= t AND t < window_end) LIMIT 5 $$,
	'a window contains the instant that it was asked for');
SELECT is_empty($$ SELECT period, zone, anchor, t FROM found WHERE before_end <> window_start OR next_start <> window_end LIMIT 5 $$,
	'windows tile the line: no gap, no overlap');
SELECT is_empty($$
	SELECT f.period, f.zone, f.anchor, f.t FROM found f,
	LATERAL etl_catalog.window_at(f.period, f.anchor, f.zone, f.window_start) s,
	LATERAL etl_catalog.window_at(f.period, f.anchor, f.zone, f.window_end - interval '1 microsecond') e
	WHERE (s.window_start, s.window_end) <> (f.window_start, f.window_end)
	   OR (e.window_start, e.window_end) <> (f.window_start, f.window_end) LIMIT 5 $$,
	'every instant of a window has that window');
SELECT is_empty($$
	SELECT * FROM grid g, LATERAL etl_catalog.window_at(g.period, g.anchor, g.zone, g.anchor) w
	WHERE w.window_start <> g.anchor LIMIT 5 $$,
	'the anchor starts a window');
SELECT is_empty($$
	SELECT period, zone, anchor, t FROM found
	WHERE period::text ~ ':'
	AND (window_end - window_start <> period
	     OR mod((extract(epoch FROM window_start) - extract(epoch FROM anchor)), extract(epoch FROM period)) <> 0) LIMIT 5 $$,
	'hours and less are elapsed time from the anchor');
SELECT is_empty($$ SELECT period, zone, anchor, t FROM found WHERE logical_date <> (window_start AT TIME ZONE zone)::date LIMIT 5 $$,
	'the logical date is the local date of the start');
-- the law itself, counted by core: start = (local anchor + k periods) at zone
SELECT is_empty($$
	SELECT f.period, f.zone, f.anchor, f.t FROM found f
	WHERE f.period >= '1 day' AND f.period::text !~ ':'
	AND NOT EXISTS (
		SELECT FROM generate_series(-2, 2) AS d,
		LATERAL (SELECT (extract(epoch FROM (f.window_start AT TIME ZONE f.zone) - (f.anchor AT TIME ZONE f.zone))
		                 / ((extract(year FROM f.period) * 12 + extract(month FROM f.period)) * 2629746
		                    + extract(day FROM f.period) * 86400))::bigint + d AS k) AS k
		WHERE ((f.anchor AT TIME ZONE f.zone) + k.k * f.period) AT TIME ZONE f.zone = f.window_start) LIMIT 5 $$,
	'days and months are counted in local time from the anchor');

-- month ends are not chained
SELECT results_eq($$
	SELECT (window_start AT TIME ZONE 'Europe/Berlin')::date::text
	FROM generate_series(timestamptz '2026-02-10', '2026-06-10', '1 month') AS t,
	LATERAL etl_catalog.window_at('1 month', '2026-01-30 23:00+00', 'Europe/Berlin', t) $$,
	$$ VALUES ('2026-01-31'), ('2026-02-28'), ('2026-03-31'), ('2026-04-30'), ('2026-05-31') $$,
	'a month that began on the 31st begins on the last day');
SELECT results_eq($$
	SELECT extract(epoch FROM window_end - window_start)::int / 3600
	FROM unnest('{2026-03-28 12:00+00,2026-03-29 12:00+00,2026-10-24 12:00+00,2026-10-25 12:00+00}'::timestamptz[]) WITH ORDINALITY AS i(t, n),
	LATERAL etl_catalog.window_at('1 day', '2026-01-01 00:00+01', 'Europe/Berlin', t) ORDER BY n $$,
	$$ VALUES (24), (23), (24), (25) $$, 'days have 23 and 25 hours');
SELECT results_eq($$
	SELECT window_start::text
	FROM unnest('{2026-03-29 12:00+00,2026-10-25 12:00+00}'::timestamptz[]) WITH ORDINALITY AS i(t, n),
	LATERAL etl_catalog.window_at('1 day', '2026-01-01 02:30+01', 'Europe/Berlin', t) ORDER BY n $$,
	$$ VALUES ('2026-03-29 01:30:00+00'), ('2026-10-25 01:30:00+00') $$,
	'02:30 that does not exist is 03:30, an ambiguous one is the second');
SELECT is((SELECT window_end FROM etl_catalog.window_at('1 day', '2011-12-01 00:00-10', 'Pacific/Apia', '2011-12-30 09:00+00')),
	timestamptz '2011-12-30 10:00+00', 'a day that a zone skipped has no window');

-- what cannot be a grid or a time
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 day 1 hour', now(), 'UTC', now()) $$, '22023', 'period must be in months, in days or in time, not in a mixture', 'days and hours');
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 month 1 day', now(), 'UTC', now()) $$, '22023', 'period must be in months, in days or in time, not in a mixture', 'months and days');
SELECT throws_ok($$ SELECT etl_catalog.window_at('0', now(), 'UTC', now()) $$, '22023', 'period must be longer than zero', 'zero');
SELECT throws_ok($$ SELECT etl_catalog.window_at('-1 day', now(), 'UTC', now()) $$, '22023', 'period must be longer than zero', 'negative');
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 month -1 day', now(), 'UTC', now()) $$, '22023', 'period must be longer than zero', 'partly negative');
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 day', now(), 'Mars/Olympus', now()) $$, '22023', 'time zone "Mars/Olympus" not recognized', 'no such zone');
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 day', now(), 'UTC', 'infinity') $$, '22008', 'timestamp out of range', 'infinity');
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 hour', 'infinity', 'UTC', now()) $$, '22008', 'timestamp out of range', 'an anchor at infinity');
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 month', now(), 'UTC', '294276-12-31 23:00+00') $$, '22008', 'timestamp out of range', 'no end within the range of timestamps');
SELECT throws_ok($$ SELECT etl_catalog.window_at('1 microsecond', '4713-01-01 00:00+00 BC', 'UTC', '294276-12-31 23:00+00') $$, '22008', 'timestamp out of range', 'more windows than can be counted');
SELECT throws_ok($$ SELECT etl_catalog.window_at('178000000 years', now(), 'UTC', now()) $$, '22008', NULL, 'a period longer than time');
SELECT is(etl_catalog.next_window('1 day', now(), 'Mars/Olympus', true, '0', '{}', '{}', now())::text, NULL, 'a zone that is gone does not break a view');
SELECT is_empty($$ SELECT etl_catalog.window_list('1 day', now(), 'Mars/Olympus', '{}', '{}', '{}', '{}', '{}', now(), 10) $$, 'nor another');
SELECT throws_ok($$ SELECT etl_catalog.next_window('1 day', now(), 'UTC', true, '0', '{NULL}', '{NULL}', now()) $$, '22004', 'array must not contain nulls', 'nulls');
SELECT throws_ok($$ SELECT etl_catalog.window_list('1 day', now(), 'UTC', '{}', '{}', '{-infinity}', '{infinity}', '{}', now(), 10) $$, '2202E', 'arrays must have the same length', 'lengths');

-- the ledger
INSERT INTO etl_catalog.pipeline (name, owner_oid, owner_name, version)
SELECT 'window_laws_' || g, r.oid, r.rolname, 1 FROM generate_series(1, 20) AS g, pg_roles r WHERE r.rolname = current_user;
DO $$ BEGIN PERFORM setseed(0.42); END $$;
-- the same ranges for each pipeline, each in another order
CREATE TEMPORARY TABLE piece AS
SELECT timestamptz '2026-01-01' + lower * interval '1 hour' AS window_start,
       timestamptz '2026-01-01' + (lower + length) * interval '1 hour' AS window_end
FROM (SELECT (random() * 200)::int AS lower, 1 + (random() * 3)::int AS length FROM generate_series(1, 80)) AS x;
UPDATE piece SET window_start = '-infinity' WHERE window_start = (SELECT min(window_start) FROM piece);
SELECT is(count(etl_catalog.ledger_add(pipeline_id, window_start, window_end)), 1600::bigint, 'ranges are added')
FROM (SELECT p.pipeline_id, piece.* FROM etl_catalog.pipeline p, piece WHERE p.name LIKE 'window\_laws\_%'
      ORDER BY p.pipeline_id, random()) AS x;
SELECT results_eq($$
	SELECT DISTINCT range_agg(l.done) OVER (PARTITION BY l.pipeline_id) FROM etl_catalog.ledger l JOIN etl_catalog.pipeline p USING (pipeline_id)
	WHERE p.name LIKE 'window\_laws\_%' $$,
	$$ SELECT range_agg(tstzrange(nullif(window_start, '-infinity'), window_end)) FROM piece $$,
	'in every order the same multirange');
SELECT results_eq($$
	SELECT DISTINCT count(*) FROM etl_catalog.ledger l JOIN etl_catalog.pipeline p USING (pipeline_id)
	WHERE p.name LIKE 'window\_laws\_%' GROUP BY pipeline_id $$,
	$$ SELECT count(*) FROM (SELECT unnest(range_agg(tstzrange(nullif(window_start, '-infinity'), window_end))) FROM piece) AS x $$,
	'and as few rows as it has ranges');
-- what comes next is the first grid window that is not done
INSERT INTO etl_catalog.pipeline_version (pipeline_id, version, period, start_at, timezone, catchup, depends_on_past, retries, retry_delay, policy, tags, params, settings, definition, defined_by)
SELECT pipeline_id, 1, '1 hour', '2026-01-01', 'UTC', true, false, 0, '0', '{}', '{}', '{}', '{}', '{}', 'window_laws'
FROM etl_catalog.pipeline WHERE name LIKE 'window\_laws\_%';
SELECT results_eq($$ SELECT DISTINCT lower(next_window) FROM etl.pipelines WHERE pipeline LIKE 'window\_laws\_%' $$,
	$$ SELECT min(h) FROM generate_series(timestamptz '2026-01-01', '2026-01-15', '1 hour') AS h
	   WHERE NOT (SELECT range_agg(tstzrange(nullif(window_start, '-infinity'), window_end)) FROM piece) @> tstzrange(h, h + interval '1 hour') $$,
	'the next window is the first that is not done');
-- far from the anchor costs the same as near it: a walk would not come to an end
SET LOCAL statement_timeout = '20s';
SELECT is(count(*), 20000::bigint, 'a minute a century away is found')
FROM generate_series(1, 20000) AS g,
LATERAL etl_catalog.window_at('1 minute', '1900-01-01', 'UTC', timestamptz '2026-01-01' + g * interval '61 seconds') w
WHERE w.window_end - w.window_start = interval '1 minute';

SELECT * FROM finish();
ROLLBACK;
