-- Who may define, change, give away, drop and be granted what.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE ROLE access_owner;
CREATE ROLE access_member;
CREATE ROLE access_other;
CREATE ROLE access_runner;
CREATE ROLE access_team;
CREATE ROLE access_super SUPERUSER;
CREATE ROLE access_writer;
CREATE ROLE access_monitor;
CREATE ROLE "access ""quoted' role";
GRANT access_owner TO access_member;
GRANT access_team TO access_runner;
GRANT pg_write_all_data, pg_read_all_data TO access_writer;
GRANT pg_monitor TO access_monitor;
RESET client_min_messages;
CREATE SCHEMA access_define;
GRANT USAGE ON SCHEMA access_define TO PUBLIC;
CREATE VIEW access_define.pipeline AS
SELECT name, owner_name, owner_oid::regrole::text AS owner, version, enabled FROM etl_catalog.pipeline WHERE name LIKE 'access\_define%';

-- nothing without a grant
SET ROLE access_other;
SELECT etl.extract('a', 'SELECT 1');
\echo :SQLSTATE
SELECT etl.grant_usage('access_other', 'define');
\echo :SQLSTATE
RESET ROLE;
SELECT etl.grant_usage(r::regrole, 'define') FROM unnest(ARRAY['access_owner', 'access_member', 'access_other', 'access_runner', 'access_writer', 'access_monitor', '"access ""quoted'' role"']) r;
SET ROLE access_other;
SELECT etl.grant_usage('access_other', 'define');
\echo :SQLSTATE
SELECT etl.revoke_usage('access_owner', 'view');
\echo :SQLSTATE
RESET ROLE;

-- the caller is the owner
SET ROLE access_owner;
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC');
RESET ROLE;
SELECT * FROM access_define.pipeline;

-- others may not touch it, nor learn of it by a misspelt name
SET ROLE access_other;
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 2')], timezone => 'UTC');
\echo :SQLSTATE
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC', dry_run => true);
\echo :SQLSTATE
SELECT etl.drop_pipeline('access_define');
\echo :SQLSTATE
SELECT etl.drop_pipeline('access_define', true);
\echo :SQLSTATE
SELECT etl.rename_pipeline('access_define', 'access_define_mine');
\echo :SQLSTATE
SELECT etl.disable('access_define');
\echo :SQLSTATE
SELECT etl.enable('access_define');
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 'access_other');
\echo :SQLSTATE
SELECT etl.grant_access('access_define', 'access_other', 'run');
\echo :SQLSTATE
SELECT etl.revoke_access('access_define', 'access_owner', 'run');
\echo :SQLSTATE
SELECT etl.drop_pipeline('access_defin');
\echo :SQLSTATE
SELECT count(*) FROM etl_catalog.pipeline;
\echo :SQLSTATE
RESET ROLE;

-- a grant to a group counts for its members: seen and run, never edited
SELECT etl.grant_access('access_define', 'access_team', 'edit');
\echo :SQLSTATE
SELECT etl.grant_access('access_define', 'access_team', 'veiw');
\echo :SQLSTATE
SELECT etl.grant_access('access_define', 0::regrole, 'view');
\echo :SQLSTATE
SELECT etl.grant_access('access_define', 'access_nobody', 'view');
\echo :SQLSTATE
SET ROLE access_owner;
SELECT etl.grant_access('access_define', 'access_team', 'view');
SELECT etl.grant_access('access_define', 'access_team', 'run');
SELECT etl.grant_access('access_define', 'access_team', 'view');
SELECT etl.grant_access('access_define', '"access ""quoted'' role"', 'view');
RESET ROLE;
SELECT role_name, privilege FROM etl_catalog.pipeline_access a JOIN etl_catalog.pipeline p USING (pipeline_id) WHERE p.name = 'access_define' ORDER BY 1;
SET ROLE access_runner;
SELECT etl.drop_pipeline('access_defin');
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC');
\echo :SQLSTATE
SELECT etl.disable('access_define');
\echo :SQLSTATE
SELECT etl.drop_pipeline('access_define');
\echo :SQLSTATE
SELECT etl.grant_access('access_define', 'access_other', 'view');
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 'access_runner');
\echo :SQLSTATE
RESET ROLE;
-- monitors see all names
SET ROLE access_monitor;
SELECT etl.drop_pipeline('access_defin');
SELECT etl.drop_pipeline('access_define');
\echo :SQLSTATE
RESET ROLE;
SET ROLE access_owner;
SELECT etl.revoke_access('access_define', 'access_team', 'run');
SELECT etl.revoke_access('access_define', '"access ""quoted'' role"', 'run');
SELECT etl.revoke_access('access_define', '"access ""quoted'' role"', 'view');
SELECT etl.revoke_access('access_define', 'access_other', 'view');
RESET ROLE;
SET ROLE access_runner;
SELECT etl.drop_pipeline('access_defin');
RESET ROLE;

-- a member has the owner's privileges, and does not become the owner
SET ROLE access_member;
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 2')], timezone => 'UTC');
SELECT etl.disable('access_define'), etl.enable('access_define');
RESET ROLE;
-- nor does a superuser
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 3')], timezone => 'UTC');
SELECT * FROM access_define.pipeline;

-- another owner: one that the caller can become, never a superuser
SET ROLE access_member;
SELECT etl.set_owner('access_define', 'access_other');
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 'access_super');
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 0::regrole);
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 'access_member');
SELECT etl.set_owner('access_define', 'access_member');
RESET ROLE;
SELECT * FROM access_define.pipeline;
-- the former owner is not an owner any more
SET ROLE access_owner;
SELECT etl.set_owner('access_define', 'access_owner');
\echo :SQLSTATE
RESET ROLE;
SELECT etl.set_owner('access_define', 'access_super');
SELECT etl.set_owner('access_define', '"access ""quoted'' role"');
SELECT * FROM access_define.pipeline;
SELECT etl.set_owner('access_define', 'access_owner');

-- after a restore the stored OID is another role: nobody is the owner until
-- a superuser, or the role that has the stored name, says so
UPDATE etl_catalog.pipeline SET owner_oid = 'access_other'::regrole WHERE name = 'access_define';
SET ROLE access_other;
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 4')], timezone => 'UTC');
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 'access_other');
\echo :SQLSTATE
SET ROLE access_member;
SELECT etl.set_owner('access_define', 'access_owner');
\echo :SQLSTATE
SET ROLE access_owner;
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 4')], timezone => 'UTC');
\echo :SQLSTATE
SELECT etl.drop_pipeline('access_define');
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 'access_other');
\echo :SQLSTATE
SELECT etl.set_owner('access_define', 'access_owner');
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 4')], timezone => 'UTC');
RESET ROLE;
UPDATE etl_catalog.pipeline SET owner_name = 'access_gone', owner_oid = 1 WHERE name = 'access_define';
SELECT * FROM etl.define('access_define', ARRAY[etl.extract('a', 'SELECT 5')], timezone => 'UTC');
SELECT etl.set_owner('access_define', 'access_owner');
-- a grant whose role is another one now counts for nothing
INSERT INTO etl_catalog.pipeline_access
SELECT pipeline_id, 'access_other'::regrole, 'access_gone', 'run' FROM etl_catalog.pipeline WHERE name = 'access_define';
SET ROLE access_other;
SELECT etl.drop_pipeline('access_defin');
RESET ROLE;

-- roles that may write all data cannot forge a definition or a grant
SET ROLE access_writer;
SELECT count(*) FROM etl_catalog.pipeline;
INSERT INTO etl_catalog.pipeline (name, owner_oid, owner_name, version) VALUES ('access_forged', 10, 'postgres', 1);
\echo :SQLSTATE
UPDATE etl_catalog.pipeline SET owner_oid = 10;
DELETE FROM etl_catalog.pipeline;
INSERT INTO etl_catalog.pipeline_version SELECT * FROM etl_catalog.pipeline_version;
INSERT INTO etl_catalog.step SELECT 1, 1, 1, 1, 'a', 'call', 'before', '{}', '{}';
\echo :SQLSTATE
INSERT INTO etl_catalog.pipeline_access SELECT 1, 'access_writer'::regrole, 'access_writer', 'run';
\echo :SQLSTATE
UPDATE etl_catalog.step SET options = '{}';
TRUNCATE etl_catalog.pipeline CASCADE;
\echo :SQLSTATE
RESET ROLE;
SELECT * FROM access_define.pipeline;

-- what a SECURITY DEFINER function defines belongs to the function's owner
GRANT CREATE ON SCHEMA access_define TO access_owner;
SET ROLE access_owner;
CREATE FUNCTION access_define.lend() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS
$$ SELECT action FROM etl.define('access_define_lent', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC') $$;
SET ROLE access_other;
SELECT access_define.lend();
RESET ROLE;
SELECT * FROM access_define.pipeline;

-- functions and operators of the caller's schemas are never called by ours
CREATE SCHEMA access_hostile AUTHORIZATION access_owner;
SET ROLE access_owner;
SELECT format('CREATE FUNCTION access_hostile.trap(%1$s, %1$s) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION ''trapped as %%'', current_user; END $$', t),
	format('CREATE OPERATOR access_hostile.= (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = access_hostile.trap)', t)
FROM unnest('{anyelement,text,bigint,integer,oid,jsonb,name}'::text[]) t \gexec
CREATE FUNCTION access_hostile.unnest(anyarray) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'trapped as %', current_user; END $$;
CREATE FUNCTION access_hostile.lower(text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'trapped as %', current_user; END $$;
CREATE TABLE access_hostile.target (id int PRIMARY KEY);
CREATE TABLE access_hostile.pg_class (id int);
CREATE TEMP TABLE pg_depend (id int);
SET search_path = access_hostile, pg_catalog, pg_temp;
SELECT etl.extract('a', 'SELECT 1');
SELECT * FROM etl.define('access_define_hostile', ARRAY[etl.extract('a', 'SELECT 1 AS id'), etl.load('a', 'target'), etl.extract('b', 'SELECT * FROM target')]);
SELECT etl.disable('access_define_hostile'), etl.enable('access_define_hostile');
SELECT etl.grant_access('access_define_hostile', 'access_team', 'run');
SELECT etl.drop_pipeline('access_define_hostil');
SELECT etl.drop_pipeline('access_define_hostile');
RESET search_path;
DROP TABLE pg_temp.pg_depend;
RESET ROLE;

-- usage is taken back step by step
SELECT etl.grant_usage('access_other', 'edit');
\echo :SQLSTATE
SELECT etl.grant_usage(0::regrole, 'view');
\echo :SQLSTATE
CREATE VIEW access_define.usage AS
SELECT has_schema_privilege('access_other', 'etl', 'USAGE') AS schema,
	has_function_privilege('access_other', 'etl.define'::regproc, 'EXECUTE') AS define,
	has_function_privilege('access_other', 'etl.grant_usage(regrole, text)', 'EXECUTE') AS grant_usage;
SELECT * FROM access_define.usage;
SELECT etl.revoke_usage('access_other', 'define');
SELECT * FROM access_define.usage;
SELECT etl.grant_usage('access_other', 'view');
SELECT * FROM access_define.usage;
SELECT etl.revoke_usage('access_other', 'view');
SELECT * FROM access_define.usage;

SET client_min_messages = warning;
SELECT count(etl.drop_pipeline(name)) FROM access_define.pipeline;
DROP SCHEMA access_define, access_hostile CASCADE;
SELECT count(etl.revoke_usage(r::regrole, 'view')) FROM unnest(ARRAY['access_owner', 'access_member', 'access_other', 'access_runner', 'access_writer', 'access_monitor', '"access ""quoted'' role"']) r;
DROP ROLE access_owner, access_member, access_other, access_runner, access_team, access_super, access_writer, access_monitor, "access ""quoted' role";
