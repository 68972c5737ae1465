-- What step SQL reads about its run. The support function makes constants of
-- the calls while a query is planned inside a run.

CREATE FUNCTION etl_catalog.context_support(internal) RETURNS internal
LANGUAGE C STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_catalog_context_support';
COMMENT ON FUNCTION etl_catalog.context_support(internal) IS
'Support the planner: the functions of the run context are constants inside a run';

CREATE FUNCTION etl.window_start() RETURNS timestamptz
LANGUAGE C STABLE PARALLEL SAFE SUPPORT etl_catalog.context_support
AS 'MODULE_PATHNAME', 'dq_etl_window_start';
COMMENT ON FUNCTION etl.window_start() IS
'Return the beginning (included) of the window of the run; -infinity for the first run of a pipeline without a period; outside a run one day before etl.window_end()';

CREATE FUNCTION etl.window_end() RETURNS timestamptz
LANGUAGE C STABLE PARALLEL SAFE SUPPORT etl_catalog.context_support
AS 'MODULE_PATHNAME', 'dq_etl_window_end';
COMMENT ON FUNCTION etl.window_end() IS
'Return the end (not included) of the window of the run; outside a run the beginning of the current day in the time zone of the session. Inside a run a constant to the planner; etl.window_end() - interval ''7 days'' is none, since it depends on the time zone: for postgres_fdw write (etl.window_end() AT TIME ZONE ''UTC'' - interval ''7 days'') AT TIME ZONE ''UTC''';

CREATE FUNCTION etl.data_start() RETURNS timestamptz
LANGUAGE C STABLE PARALLEL SAFE SUPPORT etl_catalog.context_support
AS 'MODULE_PATHNAME', 'dq_etl_data_start';
COMMENT ON FUNCTION etl.data_start() IS
'Return from where on (included) the run reads and replaces data: the beginning of its window; outside a run etl.window_start()';

CREATE FUNCTION etl.logical_date() RETURNS date
LANGUAGE C STABLE PARALLEL SAFE SUPPORT etl_catalog.context_support
AS 'MODULE_PATHNAME', 'dq_etl_logical_date';
COMMENT ON FUNCTION etl.logical_date() IS
'Return the date on which the window of the run begins in the time zone of the pipeline (ends, when it begins at -infinity); outside a run the date of etl.window_start()';

CREATE FUNCTION etl.run_id() RETURNS bigint
LANGUAGE C STABLE PARALLEL SAFE SUPPORT etl_catalog.context_support
AS 'MODULE_PATHNAME', 'dq_etl_run_id';
COMMENT ON FUNCTION etl.run_id() IS
'Return the id of the run; NULL outside a run';

CREATE FUNCTION etl.param(name text) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE SUPPORT etl_catalog.context_support
AS 'MODULE_PATHNAME', 'dq_etl_param';
COMMENT ON FUNCTION etl.param(text) IS
'Return a parameter of the run as text (arrays and objects as JSON); NULL outside a run, for a parameter that is null and for a NULL name; error 42704 for an unknown parameter';
