-- Rows and columns that the caller may not see: they are in no verdict, in no
-- sample, in no number, and no short cut tells about them.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA check_visible;
SET search_path = check_visible;
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE ROLE check_visible_reader;
CREATE ROLE check_visible_owner;
SELECT etl.grant_usage('check_visible_reader', 'define') IS NOT NULL AS granted;
GRANT USAGE ON SCHEMA check_visible TO check_visible_reader;
GRANT CREATE, USAGE ON SCHEMA check_visible TO check_visible_owner;
RESET client_min_messages;

-- tenants: what is wrong, rare or extreme belongs to the other one
CREATE TABLE orders (id integer PRIMARY KEY, tenant text NOT NULL, amount integer, code text CHECK (code <> ''), note text);
INSERT INTO orders SELECT i, 'mine', i, 'c' || i, 'n' FROM generate_series(1, 10) AS i;
INSERT INTO orders SELECT 100 + i, 'theirs', -1000 - i, 'secret', NULL FROM generate_series(1, 30) AS i;
CREATE INDEX ON orders (amount);
CREATE INDEX ON orders (tenant);
ANALYZE orders;
CREATE TABLE customers (id integer PRIMARY KEY, tenant text);
INSERT INTO customers SELECT i, CASE WHEN i <= 8 THEN 'mine' ELSE 'theirs' END FROM generate_series(1, 200) AS i;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders USING (tenant = 'mine');
CREATE POLICY mine ON customers USING (tenant = 'mine');
GRANT SELECT ON orders, customers TO check_visible_reader;
CREATE TABLE empty_for_me (id integer PRIMARY KEY, tenant text NOT NULL);
INSERT INTO empty_for_me VALUES (1, 'theirs');
ALTER TABLE empty_for_me ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON empty_for_me USING (tenant = 'mine');
GRANT SELECT ON empty_for_me TO check_visible_reader;
CREATE TABLE open_orders AS SELECT 8 AS id UNION ALL SELECT 9;
GRANT SELECT ON open_orders TO check_visible_reader;

CREATE TEMPORARY TABLE suite AS SELECT ARRAY[
	'PRIMARY KEY (id)', 'UNIQUE (code)', 'UNIQUE (note)', 'tenant IS NOT NULL', 'amount > 0', 'amount > 5', 'code <> ''''', 'id > 0',
	etl.rule('not_null', '{note}'), etl.rule('accepted_values', '{tenant}', allowed => '{mine}'),
	etl.rule('min_between', '{amount}', min_value => 1), etl.rule('max_between', '{amount}', max_value => 10),
	etl.rule('row_count', min_value => 10, max_value => 10), etl.rule('mean_between', '{amount}', min_value => 0),
	etl.rule('distinct_count_between', '{code}', max_value => 10), etl.rule('sequential_values', '{id}'),
	etl.rule('row_count', name => 'groups', max_value => 10, params => '{"group_by": ["tenant"]}'),
	etl.rule('has_primary_key', '{id}'), etl.rule('row_security_on'),
	'FOREIGN KEY (id) REFERENCES customers (id)'] AS checks;
GRANT SELECT ON suite TO check_visible_reader;

SET ROLE check_visible_reader;
SELECT check_name, status, evaluation, tested_rows, null_rows, excluded_rows, failed_rows, left(observed ->> 'value', 8) AS value, proof FROM suite, etl.check('orders', checks);
SELECT DISTINCT evaluation FROM suite, etl.explain_check('orders', checks) ORDER BY 1;
-- forced ways are not taken either
SET client_min_messages = warning;
CREATE TEMPORARY TABLE verdicts (way text, no bigint, status text, tested bigint, failed bigint, sample jsonb);
SELECT set_config('dq_etl.force_evaluation', 'proof', false);
INSERT INTO verdicts SELECT 'proof', v.ordinality, status, tested_rows, failed_rows, sample FROM suite, etl.check('orders', checks) WITH ORDINALITY AS v;
SELECT set_config('dq_etl.force_evaluation', 'probe', false);
INSERT INTO verdicts SELECT 'probe', v.ordinality, status, tested_rows, failed_rows, sample FROM suite, etl.check('orders', checks) WITH ORDINALITY AS v;
SELECT set_config('dq_etl.force_evaluation', 'scan', false);
INSERT INTO verdicts SELECT 'scan', v.ordinality, status, tested_rows, failed_rows, sample FROM suite, etl.check('orders', checks) WITH ORDINALITY AS v;
RESET dq_etl.force_evaluation;
SELECT count(*) AS checks, count(*) FILTER (WHERE n > 1) AS different FROM (SELECT no, count(DISTINCT (status, tested, failed, sample)) AS n FROM verdicts GROUP BY no) AS x;
-- nothing of theirs anywhere
SELECT count(*) AS leaks FROM suite, etl.check('orders', checks) AS v WHERE v::text ~ 'secret|theirs|-10[0-3]|13[01]';
-- that a row is there is told by nothing
SELECT check_name, status, evaluation, tested_rows FROM etl.check('empty_for_me', ARRAY['PRIMARY KEY (id)', 'id > 0', 'tenant IS NOT NULL', etl.rule('min_between', '{id}', min_value => 0)]);
-- nor is a row beyond a row filter, or in a subquery
SELECT check_name, status, tested_rows, excluded_rows FROM etl.check('orders', ARRAY['amount > 0', 'EXISTS (SELECT FROM customers AS c WHERE c.id = orders.id)'], row_filter => 'amount < 5');
RESET client_min_messages;
-- the other relation, too, and a notice about that alone
SELECT check_name, status, failed_rows FROM etl.check('open_orders', ARRAY['FOREIGN KEY (id) REFERENCES customers (id)', 'id > 0']);
SELECT check_name, evaluation FROM etl.explain_check('open_orders', ARRAY['FOREIGN KEY (id) REFERENCES customers (id)', 'id > 0']);
SELECT status FROM etl.check('open_orders', ARRAY['id > 0']);
-- somebody who wants to be sure
SET row_security = off;
SELECT etl.check('orders', ARRAY['amount > 0']);
SELECT etl.profile('orders');
\echo :LAST_ERROR_SQLSTATE
RESET row_security;
-- profiles and suggestions are about the same rows
SELECT column_name, total_rows, distinct_count, min_value, max_value FROM etl.profile('orders') WHERE column_name IN ('amount', 'tenant', 'code');
SELECT check_text FROM etl.suggest_checks('orders') WHERE check_text ~ 'tenant|amount' ORDER BY 1;
SELECT bool_or(s::text ~ 'secret|theirs|-10[0-3]|13[01]') AS leak FROM etl.suggest_checks('orders') AS s;
-- a constraint is about all rows
SELECT etl.suggest_constraints('orders', ARRAY['amount > 0']);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- policies do not bind the owner, nor a superuser
SELECT check_name, status, evaluation, failed_rows FROM etl.check('orders', ARRAY['PRIMARY KEY (id)', 'amount > 0']);
-- unless they are forced
SET client_min_messages = warning;
CREATE TABLE check_visible.forced (id integer PRIMARY KEY, tenant text);
ALTER TABLE forced OWNER TO check_visible_owner;
SELECT etl.grant_usage('check_visible_owner', 'define') IS NOT NULL AS granted;
SET ROLE check_visible_owner;
INSERT INTO forced VALUES (1, 'mine'), (2, 'theirs');
ALTER TABLE forced ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON forced USING (tenant = 'mine');
RESET client_min_messages;
SELECT check_name, status, evaluation, tested_rows FROM etl.check('forced', ARRAY['PRIMARY KEY (id)', 'tenant = ''mine''']);
ALTER TABLE forced FORCE ROW LEVEL SECURITY;
SELECT check_name, status, evaluation, tested_rows FROM etl.check('forced', ARRAY['PRIMARY KEY (id)', 'tenant = ''mine''']);
-- in a pipeline an answer about some of the rows is no answer: 42501
SET client_min_messages = warning;
SELECT etl.define('check_visible_p', ARRAY[etl.expect('check_visible.forced', ARRAY['tenant = ''mine'''])]) IS NOT NULL AS defined;
RESET client_min_messages;
SELECT etl.run('check_visible_p', inline => true);
\echo :LAST_ERROR_SQLSTATE
SET client_min_messages = warning;
SELECT etl.drop_pipeline('check_visible_p') IS NOT NULL AS dropped;
RESET client_min_messages;
RESET ROLE;

-- rights on some of the columns
CREATE TABLE partly (id integer PRIMARY KEY, shown integer, hidden text UNIQUE, digits varchar(5) NOT NULL CHECK (digits <> 'x'));
INSERT INTO partly SELECT i, i, 'hidden ' || i, i FROM generate_series(1, 10) AS i;
CREATE INDEX ON partly (digits);
ANALYZE partly;
GRANT SELECT (id, shown) ON partly TO check_visible_reader;
CREATE TEMPORARY TABLE closed AS SELECT ARRAY[
	'UNIQUE (hidden)', 'UNIQUE (id, hidden)', 'PRIMARY KEY (digits)', 'digits IS NOT NULL', 'digits <> ''x''', 'length(digits) <= 5', 'digits < ''a''',
	etl.rule('not_null', '{hidden}'), etl.rule('min_between', '{digits}', min_value => 'a'::text), etl.rule('max_between', '{hidden}', min_value => 'a'::text),
	etl.rule('distinct_count_between', '{hidden}', min_value => 1), etl.rule('row_count', name => 'groups', min_value => 1, params => '{"group_by": ["hidden"]}'),
	etl.rule('not_null', '{shown}', name => 'filtered', row_filter => 'hidden > ''a'''), etl.rule('value_frequency_between', '{hidden}', min_value => 0, params => '{"value": "x"}'),
	'partly IS NOT NULL', 'ctid IS NOT NULL', 'xmin IS NOT NULL'] AS checks;
GRANT SELECT ON closed TO check_visible_reader;
SET ROLE check_visible_reader;
SELECT check_name, status, evaluation, error_sqlstate FROM closed, etl.check('partly', checks) WHERE error_sqlstate IS DISTINCT FROM '42501';
SET dq_etl.force_evaluation = 'proof';
SELECT count(*) AS told FROM closed, etl.check('partly', checks) WHERE error_sqlstate IS DISTINCT FROM '42501';
SET dq_etl.force_evaluation = 'probe';
SELECT count(*) AS told FROM closed, etl.check('partly', checks) WHERE error_sqlstate IS DISTINCT FROM '42501';
SET dq_etl.force_evaluation = 'scan';
SELECT count(*) AS told FROM closed, etl.check('partly', checks) WHERE error_sqlstate IS DISTINCT FROM '42501';
SET dq_etl.force_evaluation = 'sql';
SELECT count(*) AS told FROM closed, etl.check('partly', checks) WHERE error_sqlstate IS DISTINCT FROM '42501';
RESET dq_etl.force_evaluation;
-- not even how it would be answered
SELECT DISTINCT regexp_replace(evaluation, '^error: .*', 'error') AS evaluation FROM closed, etl.explain_check('partly', checks);
-- what may be read is answered, and only that is shown
SELECT check_name, status, failed_rows, sample, top_failed FROM etl.check('partly', ARRAY['UNIQUE (id)', 'shown > 9', etl.rule('between', '{shown}', min_value => 2)]);
SELECT array_agg(column_name) AS columns FROM etl.profile('partly');
SELECT etl.profile('partly', '{hidden}');
\echo :LAST_ERROR_SQLSTATE
SELECT bool_or(s::text ~ 'hidden|digits') AS leak FROM etl.suggest_checks('partly') AS s;
RESET ROLE;

-- a security barrier: what may leak sees no row that the view hides
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, amount, code FROM orders WHERE tenant = 'mine';
CREATE VIEW plain AS SELECT id, amount, code FROM orders WHERE tenant = 'mine';
GRANT SELECT ON barrier, plain TO check_visible_reader;
CREATE FUNCTION check_visible.seen(integer) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
$$BEGIN IF $1 < 0 THEN RAISE EXCEPTION 'seen: %', $1; END IF; RETURN true; END$$;
SET ROLE check_visible_reader;
SELECT check_name, status, evaluation, tested_rows, failed_rows, error_message
FROM   etl.check('barrier', ARRAY['seen(amount)', 'amount > 0', 'UNIQUE (id)', 'amount > 9', etl.rule('not_null', '{code}', row_filter => 'seen(amount)'),
	etl.rule('min_between', '{amount}', min_value => 1), etl.rule('row_count', name => 'groups', min_value => 1, params => '{"group_by": ["code"], "row_filter": "seen(amount)"}')],
	row_filter => 'seen(amount)');
SELECT column_name, min_value, max_value FROM etl.profile('barrier', row_filter => 'seen(amount)') WHERE column_name = 'amount';
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA check_visible CASCADE;
DROP TABLE suite, closed, verdicts;
SELECT etl.revoke_usage('check_visible_reader', 'define') IS NOT NULL AS revoked;
SELECT etl.revoke_usage('check_visible_owner', 'define') IS NOT NULL AS revoked;
DROP OWNED BY check_visible_reader, check_visible_owner;
DROP ROLE check_visible_reader, check_visible_owner;
