-- etl.health: each finding, who may see it, and that mending makes it go away
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE ROLE health_owner LOGIN;
CREATE ROLE health_other LOGIN;
CREATE ROLE health_monitor LOGIN IN ROLE pg_monitor;
CREATE ROLE health_super LOGIN SUPERUSER;
SELECT count(etl.grant_usage(r, 'define')) FROM unnest('{health_owner,health_other,health_monitor}'::regrole[]) r;
CREATE SCHEMA "health, open" AUTHORIZATION health_owner;
CREATE SCHEMA health_closed AUTHORIZATION health_owner;
CREATE VIEW health_shown AS
	SELECT * FROM etl.health() WHERE object ~ '^(pipeline health|schema etl_r99999999)';
GRANT SELECT ON health_shown TO PUBLIC;
SET ROLE health_owner;
CREATE TABLE health_closed.target (id integer PRIMARY KEY);
SET search_path = "health, open", health_closed;
SELECT count(*) FROM etl.define('health p', steps => ARRAY[etl.call('c', 'SELECT 1')]);
RESET search_path;
RESET ROLE;

-- healthy
SELECT * FROM health_shown;

-- a schema of the pinned search_path in which everybody may create
GRANT CREATE ON SCHEMA "health, open" TO PUBLIC;
SELECT * FROM health_shown \gx
REVOKE CREATE ON SCHEMA "health, open" FROM PUBLIC;
SELECT * FROM health_shown;

-- the owner is called otherwise now
ALTER ROLE health_owner RENAME TO health_renamed;
SELECT * FROM health_shown \gx
ALTER ROLE health_renamed RENAME TO health_owner;

-- a superuser's pipeline that writes a table of somebody else
SET ROLE health_super;
SELECT count(*) FROM etl.define('health super', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id'),
	etl.load('e', target => 'health_closed.target', key => '{id}')]);
RESET ROLE;
SELECT * FROM health_shown \gx
SELECT etl.set_owner('health super', 'health_owner');
SELECT * FROM health_shown;

-- stages that no run knows
SET ROLE health_super;
CREATE SCHEMA etl_r99999999;
RESET ROLE;
SELECT * FROM health_shown \gx

-- who sees what: the owner his pipeline, a monitor all, others nothing
GRANT CREATE ON SCHEMA "health, open" TO PUBLIC;
SET ROLE health_owner;
SELECT object FROM etl.health() WHERE object ~ '^(pipeline health|schema etl_r99999999)' ORDER BY 1;
SET ROLE health_monitor;
SELECT object FROM etl.health() WHERE object ~ '^(pipeline health|schema etl_r99999999)' ORDER BY 1;
SET ROLE health_other;
SELECT object FROM etl.health() WHERE object ~ '^(pipeline health|schema etl_r99999999)' ORDER BY 1;
RESET ROLE;
SELECT etl.grant_access('health p', 'health_other', 'view');
SET ROLE health_other;
SELECT object FROM etl.health() WHERE object ~ '^(pipeline health|schema etl_r99999999)' ORDER BY 1;
RESET ROLE;

-- worst first
SELECT bool_and(severity IN ('error', 'warning', 'info')) AS known,
	   array_agg(n ORDER BY array_position('{error,warning,info}', severity), n)
	   = array_agg(n ORDER BY n) AS ordered
  FROM etl.health() WITH ORDINALITY h (severity, object, message, hint, n);

SELECT etl.drop_pipeline('health p');
SELECT etl.drop_pipeline('health super');
DROP VIEW health_shown;
DROP SCHEMA etl_r99999999;
DROP SCHEMA "health, open";
DROP SCHEMA health_closed CASCADE;
SELECT count(etl.revoke_usage(r, 'view')) FROM unnest('{health_owner,health_other,health_monitor}'::regrole[]) r;
DROP ROLE health_owner, health_other, health_monitor, health_super;
