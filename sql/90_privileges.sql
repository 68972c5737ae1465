-- Who may call what. Nothing is for PUBLIC but what tells nothing and does
-- nothing; etl.grant_usage gives the rest to a role. The views show a role only
-- what it may see.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA etl, etl_catalog FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA etl, etl_catalog FROM PUBLIC;


-- A view's functions are executed as who looks, so these are for everybody who
-- may look at a view; they compute from arguments and read no table,
-- except cron_jobs, which shows each caller only what that role may see.
GRANT EXECUTE ON FUNCTION
	etl_catalog.cron_jobs(),
	etl_catalog.has_role(oid, text),
	etl_catalog.may_read(oid[], text[], text[]),
	etl_catalog.next_window(interval, timestamptz, text, boolean, interval, timestamptz[], timestamptz[], timestamptz),
	etl_catalog.shift_time(timestamptz, interval, text),
	etl_catalog.due_times(timestamptz, interval, interval, text),
	etl_catalog.window_list(interval, timestamptz, text, timestamptz[], timestamptz[], timestamptz[], timestamptz[], bigint[], timestamptz, integer),
	etl_catalog.run_statement(text, interval, timestamptz, text, timestamptz, timestamptz, timestamptz),
	etl_catalog.run_is_alive(bigint, integer, timestamptz)
	TO PUBLIC;

-- What looks at one value and nothing else is for everybody.
GRANT EXECUTE ON FUNCTION
	etl.has_format(text, text),
	etl.formats(),
	etl.castable(text, text),
	etl.matches_datetime_format(text, text),
	etl.is_json(text),
	etl.json_has_keys(jsonb, text[]),
	etl.matches_json_schema(jsonb, jsonb),
	etl.text_matches_json_schema(text, jsonb),
	etl.in_charset(text, text)
	TO PUBLIC;
