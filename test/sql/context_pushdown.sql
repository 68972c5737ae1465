-- postgres_fdw sends conditions on the run context to the other server.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA context_pushdown;
SET search_path = context_pushdown;
SET timezone = 'UTC';
CREATE TABLE customers (customer_id int PRIMARY KEY, last_activity timestamptz, country text, joined date);
INSERT INTO customers VALUES
	(1, '2026-03-27 12:00+00', 'at', '2026-03-01'), (2, '2026-03-28 12:00+00', 'ch', '2026-03-27'),
	(3, '2026-03-29 12:00+00', 'at', '2026-03-28');
-- the same server once more
DO $$
BEGIN
	EXECUTE format('CREATE SERVER context_pushdown FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
		split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database());
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER context_pushdown;
CREATE FOREIGN TABLE crm_customers (customer_id int, last_activity timestamptz, country text, joined date)
	SERVER context_pushdown OPTIONS (schema_name 'context_pushdown', table_name 'customers');

SET dq_etl.window_start = '2026-03-28 00:00:00+00';
SET dq_etl.window_end = '2026-03-29 00:00:00+00';
SET dq_etl.data_start = '2026-03-28 00:00:00+00';
SET dq_etl.logical_date = '2026-03-28';
SET dq_etl.run_id = '2';
SET dq_etl.params = '{"country": "at"}';

-- ships
EXPLAIN (VERBOSE, COSTS OFF) SELECT customer_id FROM crm_customers WHERE last_activity < etl.window_end();
EXPLAIN (VERBOSE, COSTS OFF) SELECT customer_id FROM crm_customers
WHERE last_activity >= etl.window_start() AND last_activity < etl.window_end() AND joined = etl.logical_date() - 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT customer_id FROM crm_customers
WHERE country = etl.param('country') AND last_activity >= etl.data_start() AND customer_id = etl.run_id();
EXPLAIN (VERBOSE, COSTS OFF) SELECT customer_id FROM crm_customers
WHERE last_activity >= (etl.window_end() AT TIME ZONE 'UTC' - interval '7 days') AT TIME ZONE 'UTC';
-- does not ship: the result of timestamptz - interval depends on the session
EXPLAIN (VERBOSE, COSTS OFF) SELECT customer_id FROM crm_customers WHERE last_activity >= etl.window_end() - interval '7 days';

SELECT customer_id FROM crm_customers WHERE last_activity < etl.window_end() ORDER BY 1;
SELECT customer_id FROM crm_customers WHERE last_activity < etl.window_end() AND country = etl.param('country') ORDER BY 1;

-- outside a run the condition is evaluated here
RESET dq_etl.window_end;
EXPLAIN (VERBOSE, COSTS OFF) SELECT customer_id FROM crm_customers WHERE last_activity < etl.window_end();

DROP SERVER context_pushdown CASCADE;
DROP SCHEMA context_pushdown CASCADE;
DROP EXTENSION postgres_fdw;
