-- The warehouse side, once, by a superuser, in the warehouse's database:
-- the extension, the role that owns the pipeline, the way to the source and
-- the target.
--
--   psql -d warehouse -v crm_host=... -v crm_port=... -f setup.sql
--
-- crm_host and crm_port say where the database "crm" is; without them it is
-- on this server.

\set ON_ERROR_STOP on
\if :{?crm_host}
\else
	\set crm_host :HOST
\endif
\if :{?crm_port}
\else
	\set crm_port :PORT
\endif

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;

-- Pipelines run as their owner, who needs LOGIN but no other power.
SELECT 'CREATE ROLE etl_owner LOGIN'
WHERE  NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'etl_owner') \gexec
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null

CREATE SCHEMA IF NOT EXISTS crm AUTHORIZATION etl_owner;
CREATE SCHEMA IF NOT EXISTS dwh AUTHORIZATION etl_owner;

CREATE SERVER crm FOREIGN DATA WRAPPER postgres_fdw
	OPTIONS (host :'crm_host', port :'crm_port', dbname 'crm');
GRANT USAGE ON FOREIGN SERVER crm TO etl_owner;
-- A server that trusts its socket asks for no password, and postgres_fdw
-- lets only a superuser say that this is meant. In real life: a password.
CREATE USER MAPPING FOR etl_owner SERVER crm
	OPTIONS (user 'crm_reader', password_required 'false');

SET ROLE etl_owner;

CREATE FOREIGN TABLE crm.customers (
	customer_id       integer,
	name              text,
	email             text,
	registration_date date,
	last_activity     timestamptz,
	age               integer
) SERVER crm OPTIONS (schema_name 'public', table_name 'customers');

CREATE TABLE dwh.customer_analytics (
	customer_id    integer,
	processed_date date,
	name           text NOT NULL,
	email          text NOT NULL,
	segment        text NOT NULL CHECK (segment IN ('active', 'moderate', 'inactive')),
	lifetime_value numeric(12,2) NOT NULL,
	risk_score     numeric(4,3) NOT NULL CHECK (risk_score BETWEEN 0 AND 1),
	PRIMARY KEY (customer_id, processed_date)
);

RESET ROLE;
