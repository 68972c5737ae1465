-- Types that the functions and tables share.

CREATE TYPE etl.step AS (
	kind    text,
	name    text,
	options jsonb
);
COMMENT ON TYPE etl.step IS
'One step of a pipeline; made by etl.extract, etl.transform, etl.expect, etl.load and etl.call';

CREATE TYPE etl.check_result AS (
	check_name      text,
	check_type      text,
	columns         text[],
	dimension       text,
	status          text,
	severity        text,
	success         boolean,
	tested_rows     bigint,
	null_rows       bigint,
	excluded_rows   bigint,
	failed_rows     bigint,
	failed_fraction numeric,
	observed        jsonb,
	expected        jsonb,
	sample          jsonb,
	top_failed      jsonb,
	failed_rows_sql text,
	evaluation      text,
	proof           text,
	duration_ms     double precision,
	error_sqlstate  text,
	error_message   text,
	message         text,
	description     text,
	tags            text[]
);
COMMENT ON TYPE etl.check_result IS
'Verdict of one check on one relation at one time; counts are exact, samples are capped';

