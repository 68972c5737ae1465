-- Views: what people look at. Functions first that compute what the views
-- show from what the views pass.

-- Doors for the superuser and for tests; granted to nobody.
CREATE FUNCTION etl_catalog.window_at(
	period interval, start_at timestamptz, timezone text, instant timestamptz,
	OUT window_start timestamptz, OUT window_end timestamptz, OUT logical_date date)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_catalog_window_at';
COMMENT ON FUNCTION etl_catalog.window_at(interval, timestamptz, text, timestamptz) IS
'Compute the window of a grid that contains an instant; NULL for NULL arguments; error 22023 for a period or time zone that cannot be used, 22008 for times that PostgreSQL cannot represent';

CREATE FUNCTION etl_catalog.ledger_add(
	pipeline_id bigint, window_start timestamptz, window_end timestamptz)
RETURNS boolean
LANGUAGE C VOLATILE STRICT
AS 'MODULE_PATHNAME', 'dq_etl_catalog_ledger_add';
COMMENT ON FUNCTION etl_catalog.ledger_add(bigint, timestamptz, timestamptz) IS
'Mark a range of time as done without running anything; window_start may be -infinity; NULL for NULL arguments; error 22023 when the range is empty or has no end';
