-- Whose rows they are, and for how long.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
DROP ROLE IF EXISTS quarantine_settle_one;
CREATE ROLE quarantine_settle_one;
RESET client_min_messages;
CREATE SCHEMA quarantine_settle;
SET search_path = quarantine_settle;
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- a row on its way back is not deleted, whatever its time, until it has arrived
SELECT count(*) FROM etl.define('quarantine_settle', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 10) AS i'),
	etl.expect('k', '{i > 2}', on_fail => 'quarantine')]);
SELECT etl.run('quarantine_settle') IS NOT NULL AS ran;
SELECT etl.replay_quarantine('quarantine_settle', (SELECT array_agg(quarantine_id) FROM etl.quarantine WHERE pipeline = 'quarantine_settle' AND row_data ->> 'i' = '1'));
UPDATE etl_catalog.quarantine SET keep_until = '2024-01-01' WHERE pipeline = 'quarantine_settle';
SELECT count(*) FROM etl.define('quarantine_settle', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 10) AS i'),
	etl.transform('next', 'SELECT 1 / (i - i) AS x FROM k')]);
SELECT etl.run('quarantine_settle');
SELECT row_data, state FROM etl.quarantine WHERE pipeline = 'quarantine_settle';

-- in a restored database the number of a role may be another's: its name must agree
SELECT etl.grant_usage('quarantine_settle_one', 'define') IS NOT NULL AS granted;
GRANT ALL ON SCHEMA quarantine_settle TO quarantine_settle_one;
SET ROLE quarantine_settle_one;
SELECT count(*) FROM etl.define('quarantine_settle_one', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 10) AS i'),
	etl.expect('k', '{i > 2}', on_fail => 'quarantine')]);
SELECT etl.run('quarantine_settle_one', inline => true) IS NOT NULL AS ran;
SELECT count(row_data) FROM etl.quarantine WHERE pipeline = 'quarantine_settle_one';
RESET ROLE;
UPDATE etl_catalog.quarantine SET owner_name = 'somebody else' WHERE pipeline = 'quarantine_settle_one';
SET ROLE quarantine_settle_one;
SELECT count(*), count(row_data) FROM etl.quarantine WHERE pipeline = 'quarantine_settle_one';
SELECT etl.replay_quarantine('quarantine_settle_one');
SELECT etl.discard_quarantine('quarantine_settle_one');
RESET ROLE;
SELECT DISTINCT state FROM etl.quarantine WHERE pipeline = 'quarantine_settle_one';

-- a stage that is another role's by now is left alone
SELECT count(*) FROM etl.define('quarantine_settle', steps => ARRAY[
	etl.extract('k', 'SELECT i FROM generate_series(1, 10) AS i'),
	etl.call('give', 'ALTER TABLE k OWNER TO quarantine_settle_one', phase => 'publish'),
	etl.expect('k', '{i > 2}', on_fail => 'quarantine', depends_on => '{give}')]);
SELECT etl.run('quarantine_settle', inline => true);
\echo :LAST_ERROR_SQLSTATE

SET client_min_messages = warning;
SELECT count(etl.drop_pipeline(p)) FROM unnest('{quarantine_settle,quarantine_settle_one}'::text[]) AS p;
DELETE FROM etl_catalog.quarantine WHERE pipeline IN ('quarantine_settle', 'quarantine_settle_one');
DROP SCHEMA quarantine_settle CASCADE;
SELECT etl.revoke_usage('quarantine_settle_one', 'view') IS NULL AS revoked;
DROP OWNED BY quarantine_settle_one;
DROP ROLE quarantine_settle_one;
