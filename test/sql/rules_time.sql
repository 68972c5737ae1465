-- Rules about time. The clock is fixed by as_of.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA rules_time;
SET search_path = rules_time;
\set SHOW_CONTEXT never
\set VERBOSITY terse
RESET client_min_messages;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';

CREATE FUNCTION verdicts(source regclass, checks text[], row_filter text DEFAULT NULL)
RETURNS TABLE (check_name text, status text, tested bigint, nulls bigint, failed bigint, message text)
LANGUAGE plpgsql AS $$
DECLARE
	sql text;
	r record;
BEGIN
	FOR check_name, status, tested, nulls, failed, message IN
		SELECT c.check_name, c.status, c.tested_rows, c.null_rows, c.failed_rows, coalesce(c.error_sqlstate || ': ', '') || c.message
		FROM etl.check(source, checks, row_filter) AS c
	LOOP
		SELECT e.equivalent_sql INTO sql FROM etl.explain_check(source, checks, row_filter) AS e WHERE e.check_name = verdicts.check_name;
		IF status <> 'error' AND message NOT LIKE '%groups failed' THEN
			EXECUTE 'SELECT tested_rows, failed_rows, to_jsonb(q) ->> ''holds'' AS holds FROM (' || sql || ') AS q' INTO r;
			IF (r.tested_rows, r.failed_rows) IS DISTINCT FROM (tested, failed) OR r.holds <> (status = 'pass')::text THEN
				RAISE WARNING '% differs from its SQL: %', check_name, r;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;

CREATE TABLE events (source text, "At, local" timestamp, at timestamptz, day date, arrived timestamptz, note text);
INSERT INTO events VALUES
	('a', '2024-03-01 10:00', '2024-03-01 10:00+00', '2024-03-01', '2024-03-01 10:05+00'),
	('a', '2024-03-02 10:00', '2024-03-02 10:00+00', '2024-03-02', '2024-03-02 12:00+00'),
	('b', '2024-03-02 11:00', '2024-03-02 11:00+00', '2024-03-02', '2024-03-02 10:59+00'),
	('b', '2024-03-05 11:30', '2024-03-05 11:30+00', '2024-03-05', NULL),
	('c', '2099-01-01 00:00', '2099-01-01 00:00+00', '2099-01-01', '2099-01-01'),
	('c', 'infinity', 'infinity', 'infinity', 'infinity'),
	('c', NULL, NULL, NULL, NULL);

-- freshness: the future and infinity do not count
SELECT * FROM verdicts('events', etl.rules('[
	{"type": "freshness", "column": "at", "max_age": "30 minutes", "as_of": "2024-03-05 12:00+00", "name": "just so"},
	{"type": "freshness", "column": "at", "max_age": "29 minutes", "as_of": "2024-03-05 12:00+00", "name": "too old"},
	{"type": "freshness", "column": "at", "max_age": "1 day", "as_of": "2024-03-03 00:00+00", "name": "as of an earlier day"},
	{"type": "freshness", "column": "At, local", "max_age": "30 minutes", "as_of": "2024-03-05 12:00+00", "name": "without a zone"},
	{"type": "freshness", "column": "At, local", "max_age": "30 minutes", "as_of": "2024-03-05 12:00+00", "timezone": "Asia/Tokyo", "name": "in Tokyo"},
	{"type": "freshness", "column": "day", "max_age": "12 hours", "as_of": "2024-03-05 12:00+00", "name": "days begin at midnight"},
	{"type": "freshness", "column": "at", "max_age": "1 day", "as_of": "2024-03-05 12:00+00", "row_filter": "source = ''a''", "name": "filter"},
	{"type": "freshness", "column": "at", "max_age": "1 day", "as_of": "2024-01-01", "name": "nothing yet"},
	{"type": "freshness", "column": "at", "max_age": "1 day", "as_of": "2024-01-01", "on_empty": "pass", "name": "nothing yet, fine"},
	{"type": "freshness", "column": "at", "max_age": "100 years", "name": "by the clock"},
	{"type": "freshness", "column": "at", "max_age": "1 second", "name": "by the clock, old"},
	{"type": "freshness", "column": "at", "max_age": "100 years", "as_of": "window_end", "name": "by the window"},
	{"type": "freshness", "column": "note", "max_age": "1 day", "name": "no time"},
	{"type": "freshness", "column": "at", "as_of": "2024-03-05 12:00+00", "warn": {"max_age": "10 minutes"}, "error": {"max_age": "1 hour"}, "name": "levels"}]'))
WHERE check_name NOT LIKE 'by the%' OR status <> CASE WHEN check_name LIKE '%old' THEN 'fail' ELSE 'pass' END;
SELECT check_name, success, observed FROM etl.check('events', etl.rules('[
	{"type": "freshness", "column": "at", "max_age": "29 minutes", "as_of": "2024-03-05 12:00+00", "name": "too old"},
	{"type": "freshness", "column": "at", "max_age": "29 minutes", "as_of": "2020-03-05 12:00+00", "name": "nothing"}]'));
SELECT check_name, status, message, jsonb_path_query_array(observed, '$.verdicts[*].status') AS statuses, observed -> 'verdicts' -> 0 AS first FROM etl.check('events', etl.rules('[
	{"type": "freshness_per_group", "column": "at", "max_age": "1 day", "as_of": "2024-03-05 12:00+00", "group_by": ["source"]},
	{"type": "freshness_per_group", "column": "at", "max_age": "7 days", "as_of": "2024-03-05 12:00+00", "group_by": ["source"], "row_filter": "source < ''c''", "name": "fresh enough"}]'));

-- continuity
SELECT * FROM verdicts('events', etl.rules('[
	{"type": "continuity", "column": "day", "row_filter": "at < ''2050-01-01''", "name": "days"},
	{"type": "continuity", "column": "At, local", "row_filter": "at < ''2050-01-01''", "max_missing": 2, "name": "two may be missing"},
	{"type": "continuity", "column": "at", "row_filter": "at < ''2050-01-01''", "every": "week", "name": "weeks"},
	{"type": "continuity", "column": "at", "row_filter": "source = ''a''", "every": "hour", "name": "hours"},
	{"type": "continuity", "column": "at", "row_filter": "source = ''a''", "from": "2024-02-28", "until": "2024-03-03", "name": "bounds"},
	{"type": "continuity", "column": "at", "row_filter": "source = ''a''", "from": "2024-03-01", "until": "2024-03-03", "name": "until is not included"},
	{"type": "continuity", "column": "at", "row_filter": "source = ''a''", "from": "2024-03-02", "until": "2024-03-03", "name": "fewer rows"},
	{"type": "continuity", "column": "at", "row_filter": "false", "name": "nothing"},
	{"type": "continuity", "column": "at", "row_filter": "false", "from": "2024-03-01", "until": "2024-03-03", "name": "nothing within bounds"},
	{"type": "continuity", "column": "at", "every": "year", "name": "years"},
	{"type": "continuity", "column": "at", "every": "month", "row_filter": "source <> ''c''", "group_by": ["source"], "name": "groups"},
	{"type": "continuity", "column": "day", "row_filter": "source <> ''c''", "group_by": ["source"], "name": "groups, days"},
	{"type": "continuity", "column": "note", "name": "no time"}]'));
SELECT check_name, observed FROM etl.check('events', etl.rules('[
	{"type": "continuity", "column": "at", "row_filter": "at < ''2050-01-01''", "name": "days"},
	{"type": "continuity", "column": "at", "row_filter": "source = ''a''", "every": "hour", "from": "2024-03-02 09:00", "until": "2024-03-02 12:30", "name": "hours"},
	{"type": "continuity", "column": "at", "row_filter": "source = ''a''", "every": "month", "from": "2024-01-31", "until": "2024-05-01", "name": "months"},
	{"type": "continuity", "column": "at", "row_filter": "source = ''a''", "every": "quarter", "from": "2023-09-30", "until": "2024-04-02", "name": "quarters"}]'));
SELECT jsonb_array_length(observed -> 'missing') AS shown, observed -> 'value' AS missing, observed -> 'buckets' AS buckets
FROM etl.check('events', ARRAY['{"type": "continuity", "column": "at"}']);

-- local days when the clock changes: 2024-03-31 has 23 hours in Berlin, 2024-10-27 has 25
CREATE TABLE hours AS SELECT h AS at, h AT TIME ZONE 'Europe/Berlin' AS local
FROM generate_series('2024-03-30 23:00+00', '2024-04-01 21:00+00', interval '1 hour') AS h
UNION ALL SELECT h, h AT TIME ZONE 'Europe/Berlin' FROM generate_series('2024-10-26 22:00+00', '2024-10-27 22:00+00', interval '1 hour') AS h;
SELECT * FROM verdicts('hours', etl.rules('[
	{"type": "continuity", "column": "at", "every": "hour", "row_filter": "at < ''2024-05-01''", "timezone": "Europe/Berlin", "name": "no hour is missing"},
	{"type": "continuity", "column": "local", "every": "hour", "row_filter": "at < ''2024-05-01''", "name": "one is on the wall"},
	{"type": "continuity", "column": "at", "every": "hour", "row_filter": "at > ''2024-05-01''", "timezone": "Europe/Berlin", "name": "25 hours"},
	{"type": "rows_per_window_between", "column": "at", "min_value": 23, "max_value": 25, "timezone": "Europe/Berlin", "row_filter": "at < ''2024-05-01''", "name": "local days"},
	{"type": "rows_per_window_between", "column": "at", "min_value": 24, "timezone": "Europe/Berlin", "from": "2024-03-31", "until": "2024-04-02", "name": "short day"}]'));
SELECT check_name, observed FROM etl.check('hours', etl.rules('[
	{"type": "rows_per_window_between", "column": "at", "min_value": 24, "max_value": 24, "timezone": "Europe/Berlin", "from": "2024-10-26", "until": "2024-10-29", "name": "long day"},
	{"type": "rows_per_window_between", "column": "at", "min_value": 24, "timezone": "Europe/Berlin", "from": "2024-03-31", "until": "2024-04-02", "name": "short day"}]'));

-- rows in every bucket
SELECT * FROM verdicts('events', etl.rules('[
	{"type": "rows_per_window_between", "column": "day", "min_value": 1, "max_value": 2, "row_filter": "at < ''2050-01-01''", "name": "empty days"},
	{"type": "rows_per_window_between", "column": "day", "max_value": 2, "row_filter": "at < ''2050-01-01''", "name": "not too many"},
	{"type": "rows_per_window_between", "column": "day", "max_value": 2, "max_inclusive": false, "row_filter": "at < ''2050-01-01''", "name": "fewer than two"},
	{"type": "rows_per_window_between", "column": "day", "max_value": 2, "max_inclusive": false, "max_outside": 1, "row_filter": "at < ''2050-01-01''", "name": "but for one"},
	{"type": "rows_per_window_between", "column": "at", "every": "minute", "max_value": 1, "row_filter": "source = ''b''", "name": "minutes"},
	{"type": "rows_per_window_between", "column": "at", "min_value": 1, "row_filter": "source = ''a''", "group_by": ["source"], "name": "groups"}]'));

-- latency
SELECT * FROM verdicts('events', etl.rules('[
	{"type": "event_latency_between", "columns": ["at", "arrived"], "min_value": "0", "max_value": "1 hour", "name": "within an hour"},
	{"type": "event_latency_between", "columns": ["at", "arrived"], "min_value": "-1 minute", "max_value": "2 hours", "name": "a little early"},
	{"type": "event_latency_between", "columns": ["at", "arrived"], "min_value": "-1 minute", "min_inclusive": false, "name": "not so early"},
	{"type": "event_latency_between", "columns": ["at", "arrived"], "max_value": "2 hours", "max_inclusive": false, "on_null": "fail", "name": "and arrived"},
	{"type": "event_latency_between", "columns": ["day", "At, local"], "min_value": "0", "max_value": "12 hours", "max_failed_rows": 0, "name": "types"},
	{"type": "event_latency_between", "columns": ["At, local", "at"], "min_value": "9 hours", "max_value": "9 hours", "timezone": "Asia/Tokyo", "row_filter": "isfinite(at)", "name": "zone"},
	{"type": "event_latency_between", "columns": ["at", "note"], "max_value": "1 hour", "name": "no time"}]'));

-- definitions: 22023, 22007
SELECT etl.rule('freshness', '{at}');
SELECT etl.rule('freshness', '{at}', params => '{"max_age": "soon"}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.rule('freshness', '{at}', params => '{"max_age": "-1 day"}');
SELECT etl.rule('freshness', '{at}', params => '{"max_age": "1 day", "as_of": "yesterdy"}');
SELECT etl.rule('freshness', '{at}', params => '{"max_age": "1 day", "as_of": "infinity"}');
SELECT etl.rule('freshness', '{at}', params => '{"max_age": "1 day", "timezone": "Mars/Olympus"}');
SELECT etl.rule('freshness', '{at}', params => '{"warn": {"max_age": "2 days"}, "error": {"max_age": "1 day"}}');
SELECT etl.rule('freshness_per_group', '{at}', params => '{"max_age": "1 day"}');
SELECT etl.rule('continuity', '{at}', params => '{"every": "fortnight"}');
SELECT etl.rule('continuity', '{at}', params => '{"from": "once"}');
SELECT etl.rule('rows_per_window_between', '{at}');
SELECT etl.rule('rows_per_window_between', '{at}', min_value => 2, max_value => 1);
SELECT etl.rule('rows_per_window_between', '{at}', min_value => 0.5);
SELECT etl.rule('event_latency_between', '{at}', params => '{"max_value": "1 hour"}');
SELECT etl.rule('event_latency_between', '{at,b}', params => '{"max_value": "an hour"}');
SELECT etl.rule('event_latency_between', '{at,b}', params => '{"min_value": "2 hours", "max_value": "1 hour"}');
\echo :LAST_ERROR_SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA rules_time CASCADE;
