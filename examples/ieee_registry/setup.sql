-- Once, by a superuser, in the warehouse's database: the extension, the role
-- that owns the pipeline, the files and the targets.
--
--   psql -d warehouse -v ieee_dir=/usr/share/ieee-data -f setup.sql

\set ON_ERROR_STOP on
\if :{?ieee_dir}
\else
	\set ieee_dir /usr/share/ieee-data
\endif
\set oui :ieee_dir /oui.csv
\set mam :ieee_dir /mam.csv
\set oui36 :ieee_dir /oui36.csv
\set iab :ieee_dir /iab.csv

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE EXTENSION IF NOT EXISTS file_fdw;

SELECT 'CREATE ROLE etl_owner LOGIN'
WHERE  NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'etl_owner') \gexec
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null

-- Naming a file of the server takes a superuser or pg_read_server_files, at
-- CREATE FOREIGN TABLE; reading the table takes SELECT only. So the files are
-- named here, and the owner of the pipeline gets SELECT and nothing more.
CREATE SERVER ieee_files FOREIGN DATA WRAPPER file_fdw;
CREATE SCHEMA ieee;

CREATE FOREIGN TABLE ieee.oui (
	registry             text,
	assignment           text,
	organization_name    text,
	organization_address text
) SERVER ieee_files OPTIONS (filename :'oui', format 'csv', header 'true', encoding 'UTF8');

CREATE FOREIGN TABLE ieee.mam (
	registry             text,
	assignment           text,
	organization_name    text,
	organization_address text
) SERVER ieee_files OPTIONS (filename :'mam', format 'csv', header 'true', encoding 'UTF8');

CREATE FOREIGN TABLE ieee.oui36 (
	registry             text,
	assignment           text,
	organization_name    text,
	organization_address text
) SERVER ieee_files OPTIONS (filename :'oui36', format 'csv', header 'true', encoding 'UTF8');

CREATE FOREIGN TABLE ieee.iab (
	registry             text,
	assignment           text,
	organization_name    text,
	organization_address text
) SERVER ieee_files OPTIONS (filename :'iab', format 'csv', header 'true', encoding 'UTF8');

GRANT USAGE ON SCHEMA ieee TO etl_owner;
GRANT SELECT ON ieee.oui, ieee.mam, ieee.oui36, ieee.iab TO etl_owner;

CREATE SCHEMA IF NOT EXISTS dwh AUTHORIZATION etl_owner;
SET ROLE etl_owner;

CREATE TABLE dwh.hardware_vendor (
	assignment   text PRIMARY KEY CHECK (assignment ~ '^[0-9A-F]+$'),
	registry     text NOT NULL,
	-- length of the assigned prefix of a 48-bit hardware address
	prefix_bits  integer NOT NULL,
	organization text NOT NULL,
	address      text
);

-- entries that lost against another one of the same assignment
CREATE TABLE dwh.hardware_vendor_surplus (
	assignment   text,
	place        integer CHECK (place > 1),
	registry     text NOT NULL,
	organization text NOT NULL,
	address      text,
	PRIMARY KEY (assignment, place)
);

RESET ROLE;
