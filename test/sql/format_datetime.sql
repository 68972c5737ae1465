-- templates of dates: read and written again the same
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
SET search_path = pg_catalog;
SET timezone = 'UTC';
\set VERBOSITY terse

SELECT f, v, etl.matches_datetime_format(v, f) FROM (VALUES
	('YYYY-MM-DD', '2024-02-29'), ('YYYY-MM-DD', '2023-02-29'), ('YYYY-MM-DD', '2024-2-29'), ('YYYY-MM-DD', '2024-02-29 '), ('YYYY-MM-DD', ' 2024-02-29'), ('YYYY-MM-DD', '2024/02/29'), ('YYYY-MM-DD', '2024-13-01'), ('YYYY-MM-DD', '2024-02'), ('YYYY-MM-DD', ''), ('YYYY-MM-DD', '2024-02-29x'), ('YYYY-MM-DD', 'x'), ('YYYY-MM-DD', '0000-01-01'),
	('FMYYYY-FMMM-FMDD', '2024-2-9'), ('DD.MM.YYYY', '31.12.2024'), ('MM/DD/YY', '12/31/24'), ('DD Mon YYYY', '05 Jan 2024'), ('DD Mon YYYY', '05 jan 2024'), ('DD Mon YYYY', '05 Foo 2024'), ('FMMonth DD, YYYY', 'January 05, 2024'),
	('YYYY-MM-DD HH24:MI:SS', '2024-02-29 23:59:59'), ('YYYY-MM-DD HH24:MI:SS', '2024-02-29 24:00:00'), ('YYYY-MM-DD HH24:MI:SS', '2024-02-29 23:59:60'), ('YYYY-MM-DD HH24:MI:SS.MS', '2024-02-29 10:20:30.123'), ('YYYY-MM-DD HH24:MI:SS.US', '2024-02-29 10:20:30.123456'),
	('YYYY-MM-DD"T"HH24:MI:SS"Z"', '2024-02-29T10:20:30Z'), ('YYYY-MM-DD"T"HH24:MI:SS"Z"', '2024-02-29 10:20:30Z'), ('YYYYMMDD', '20240229'), ('YYYYMMDD', '20240230'), ('YYYY-DDD', '2024-366'), ('YYYY-DDD', '2023-366'), ('IYYY-IW-ID', '2020-53-7'),
	('HH24:MI', '23:59'), ('HH24:MI', '24:00'), ('HH24:MI', '9:05'), ('HH12:MI AM', '12:05 AM'), ('HH12:MI AM', '13:05 PM'),
	('YYYY-MM-DD HH24:MI:SSTZH:TZM', '2024-02-29 10:20:30+05:30'), ('YYYY-MM-DD HH24:MI:SSTZH', '2024-02-29 10:20:30-08'), ('YYYY-MM-DD HH24:MI:SSTZH', '2024-02-29 10:20:30-8'), ('HH24:MI:SSTZH', '10:20:30+05'), ('HH24:MI:SSTZH', '10:20:30'),
	('YYYY-MM-DD', NULL)) t (f, v);

-- without a time zone in the template the answer is that of to_timestamp in UTC, whatever zone the session has
CREATE TEMP TABLE template AS SELECT f FROM unnest(ARRAY['YYYY-MM-DD', 'DD.MM.YYYY HH24:MI', 'YYYYMMDD', 'DD Mon YYYY', 'HH24:MI:SS', 'YYYY-MM-DD HH12:MI:SS AM', 'YYYY-DDD', 'YYYY-MM-DD"T"HH24:MI:SS.MS', 'FMDD/FMMM/YYYY', 'MM/YY', 'J', 'YYYY-Q', 'Y,YYY-MM']) f;
CREATE TEMP TABLE val AS
SELECT DISTINCT left(w, i) || x AS v FROM template, (VALUES (timestamptz '2024-02-29 13:05:07.25+00'), ('1999-12-31 00:00:00+00'), ('2021-03-28 02:30:00+00')) t (m), to_char(m, f) w, generate_series(greatest(length(w) - 3, 0), length(w)) i, unnest(ARRAY['', '0', '9', ' ', 'x', '-1', ':30']) x;
CREATE FUNCTION pg_temp.oracle(v text, f text) RETURNS boolean LANGUAGE plpgsql SET timezone = 'UTC' AS $$
BEGIN
	RETURN to_char(to_timestamp(v, f), f) = v;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END $$;
SET timezone = 'Europe/Berlin';
SELECT f, v FROM val, template WHERE etl.matches_datetime_format(v, f) IS DISTINCT FROM pg_temp.oracle(v, f) ORDER BY 1, 2;
SELECT f, count(*) FILTER (WHERE etl.matches_datetime_format(v, f)) > 1 AS some, count(*) > 200 AS many FROM val, template GROUP BY f ORDER BY f COLLATE "C";

SELECT etl.matches_datetime_format('x', '');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.matches_datetime_format('2024', 'YYYY-IYYY');
SELECT etl.matches_datetime_format('2024', 'no fields');
SELECT f, etl.matches_datetime_format('2024', f) FROM (VALUES ('YYYY'), ('MM'), ('YYYY')) t (f);
