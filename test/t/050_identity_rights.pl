# As whom step SQL runs: as the owner, always, whatever it tries and whoever
# called; and what one step does to its session does not reach the next.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = start_node('identity', 'max_worker_processes = 16', 'max_prepared_transactions = 5');
add_role($node, 'low');
add_role($node, 'high', rights => 'LOGIN SUPERUSER');
sql_ok($node, 'postgres', 'CREATE ROLE friend LOGIN; GRANT friend TO low');

# note() writes down who it runs as.
sql_ok($node, 'postgres', q{
	CREATE TABLE low.log (place text, who name DEFAULT current_user, session name DEFAULT session_user);
	CREATE FUNCTION low.note(place text) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog AS $$
		BEGIN INSERT INTO low.log (place) VALUES (place); RETURN 1; END $$;
	CREATE TABLE low.target (id integer PRIMARY KEY, x integer DEFAULT low.note('default'));
	CREATE FUNCTION low.trigger() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM low.note(TG_ARGV[0]); RETURN NEW; END $$;
	CREATE TRIGGER t1 BEFORE INSERT ON low.target FOR EACH ROW EXECUTE FUNCTION low.trigger('before trigger');
	CREATE CONSTRAINT TRIGGER t2 AFTER INSERT ON low.target DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION low.trigger('deferred trigger');
	CREATE VIEW low.view AS SELECT low.note('view function') AS id;
	CREATE FUNCTION low.is_positive(integer) RETURNS boolean LANGUAGE plpgsql AS
		$$ BEGIN PERFORM low.note('check function'); RETURN $1 > 0; END $$}, 'low');
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('everywhere', steps => ARRAY[
	etl.call('before', $$SELECT low.note('call before')$$, phase => 'before'),
	etl.extract('e', $$SELECT v.id FROM low.view v, (SELECT low.note('extract')) n$$),
	etl.transform('t', $$SELECT e.id FROM e, (SELECT low.note('transform')) n$$),
	etl.expect('t', ARRAY['low.is_positive(id)']),
	etl.load('t', target => 'low.target', key => '{id}'),
	etl.call('publish', $$SELECT low.note('call publish')$$),
	etl.call('after', $$DO 'BEGIN PERFORM low.note(''call after''); END'$$, phase => 'after')])}, 'low');

# A superuser calls: nothing is lent.
sql_ok($node, 'postgres', q{SELECT etl.run('everywhere')}, 'high');
is(sql_ok($node, 'postgres', 'SELECT DISTINCT who, session FROM low.log'), 'low|low', 'a superuser calls: everything runs as the owner');
is(sql_ok($node, 'postgres', 'SELECT count(DISTINCT place) FROM low.log'), '10', 'in all ten places');

# The same from a session that only took on a role, and through SECURITY DEFINER.
sql_ok($node, 'postgres', 'TRUNCATE low.log; TRUNCATE low.target');
sql_ok($node, 'postgres', q{CREATE FUNCTION public.for_all(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'SELECT etl.run($1)'}, 'high');
sql_ok($node, 'postgres', q{SELECT public.for_all('everywhere')}, 'friend');
is(sql_ok($node, 'postgres', 'SELECT DISTINCT who, session FROM low.log'), 'low|low', 'through a SECURITY DEFINER function of a superuser: as the owner');
is(sql_ok($node, 'postgres', 'SELECT requested_by FROM etl.runs ORDER BY run_id DESC LIMIT 1'), 'high', 'the record names who asked');

# ALTER ROLE ... SET does not change who the owner is.
sql_ok($node, 'postgres', q{TRUNCATE low.log; TRUNCATE low.target;
	ALTER ROLE low SET role = 'friend';
	ALTER ROLE low SET default_transaction_read_only = on;
	ALTER ROLE low SET default_transaction_isolation = 'serializable';
	ALTER ROLE low SET statement_timeout = '1ms';
	ALTER ROLE low SET session_replication_role = 'replica'});
sql_ok($node, 'postgres', q{SELECT etl.run('everywhere')}, 'high');
is(sql_ok($node, 'postgres', 'SELECT DISTINCT who, session FROM low.log'), 'low|low', 'settings of the role (role, read only, serializable) change nothing');
is(sql_ok($node, 'postgres', 'SELECT count(DISTINCT place) FROM low.log'), '10', 'in all ten places, triggers too');
sql_ok($node, 'postgres', 'ALTER ROLE low RESET ALL');

# Step SQL that tries to become somebody else.
my @escapes = (
	q{RESET ROLE}, q{SET ROLE postgres}, q{SET ROLE high}, q{SET SESSION AUTHORIZATION postgres},
	q{RESET SESSION AUTHORIZATION}, q{SET LOCAL ROLE NONE},
	q{DO $d$ BEGIN EXECUTE 'RESET ' || 'ROLE'; EXECUTE 'SET ROLE high'; END $d$},
	q{SELECT set_config('role', 'postgres', false)},
	q{SELECT set_config('session_authorization', 'postgres', false)},
	q{ALTER ROLE low SUPERUSER}, q{ALTER ROLE low CREATEROLE},
	q{UPDATE etl_catalog.pipeline SET owner_oid = 10, owner_name = 'postgres'},
	q{SELECT etl.set_owner('escape', 'high')},
	q{COPY (SELECT 1) TO PROGRAM 'true'}, q{LOAD 'plperl'},);
for my $escape (@escapes)
{
	for my $phase ('before', 'publish', 'after')
	{
		sql_ok($node, 'postgres', 'TRUNCATE low.log');
		sql_ok($node, 'postgres', q{SELECT etl.drop_pipeline('escape', if_exists => true)}, 'low');
		my $error = sql_error($node, 'postgres', sprintf(q{SELECT count(*) FROM etl.define('escape', steps => ARRAY[
			etl.call('try', $q$%s$q$, phase => '%s'), etl.call('who', $q$SELECT low.note('next step')$q$, phase => '%s')])},
			$escape, $phase, $phase), 'low');
		my $refused = $error;
		$error = sql_error($node, 'postgres', q{SELECT etl.run('escape')}, 'high') unless $refused;
		my $who = sql_ok($node, 'postgres', 'SELECT DISTINCT who, session FROM low.log');
		# refused at definition, ended in an error (after the publish: a
		# warning), or without any effect
		ok($who eq 'low|low' || ($who eq '' && ($error =~ /^(42501|42704|42601|0A000|22023|25001|2F003|58P01):/ || $phase eq 'after')),
			"$phase: $escape: " . ($refused ? 'refused at definition' : $error ? 'fails' : 'no effect')) or diag "log: $who, error: $error";
	}
}
is(sql_ok($node, 'postgres', q{SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'low'}), 'f|f', 'the owner is what he was');
is(sql_ok($node, 'postgres', q{SELECT DISTINCT owner FROM etl.pipelines}), 'low', 'so are the pipelines');

# Transactions are not the step's business.
for my $statement (q{PREPARE TRANSACTION 'x'}, 'COMMIT', 'ROLLBACK', 'BEGIN', 'COMMIT AND CHAIN', 'ROLLBACK AND CHAIN',
	'SAVEPOINT s', 'ROLLBACK TO SAVEPOINT s', 'RELEASE SAVEPOINT s')
{
	sql_ok($node, 'postgres', 'TRUNCATE low.log; TRUNCATE low.target');
	my ($defined, $error);
	$defined = $node->psql('postgres', sprintf(q{SELECT count(*) FROM etl.define('tx', steps => ARRAY[
		etl.extract('e', 'SELECT 1 AS id'), etl.load('e', target => 'low.target', key => '{id}'),
		etl.call('tx', $q$%s$q$), etl.call('fail', 'SELECT 1/0')])}, $statement), stderr => \$error, as('low'));
	if ($defined == 0)
	{
		$error = sql_error($node, 'postgres', q{SELECT etl.run('tx')}, 'low');
		like($error, qr/^(?!XX)[0-9A-Z]{5}: /, "$statement in a step: the run fails");
	}
	else
	{
		like($error, qr/ERROR/, "$statement in a step: refused at definition");
	}
	is(sql_ok($node, 'postgres', 'SELECT count(*) FROM low.target'), '0', "$statement in a step: nothing is published before the end");
}
is(sql_ok($node, 'postgres', 'SELECT count(*) FROM pg_prepared_xacts'), '0', 'no prepared transaction is left');
is(sql_ok($node, 'postgres', 'SELECT count(*) FROM etl.runs WHERE finished_at IS NULL'), '0', 'no run is left');

# pg_advisory_unlock_all() does not make a live run look dead.
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('unlocker', steps => ARRAY[
	etl.call('unlock', 'SELECT pg_advisory_unlock_all()', phase => 'before'),
	etl.call('both', 'DO $$BEGIN PERFORM pg_advisory_unlock_all(); PERFORM pg_advisory_xact_lock(7); END$$', phase => 'before'),
	etl.call('end', 'SELECT pg_advisory_unlock_all()')])}, 'low');
my $holder = session($node, 'postgres');
$holder->query('SELECT pg_advisory_lock(7)');
my ($caller) = run_until_held($node, 'postgres', q{SELECT etl.run('unlocker')}, 'low');
is(sql_ok($node, 'postgres', q{SELECT state FROM etl.runs WHERE pipeline = 'unlocker'}), 'running', 'pg_advisory_unlock_all() in a step: the run is seen running');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.health() WHERE object LIKE 'run %'}), '0', 'and healthy');
my $error = sql_error($node, 'postgres', q{SELECT etl.run('unlocker')}, 'low');
like($error, qr/^55006: /, 'a second run is refused');
is(sql_ok($node, 'postgres', q{SELECT state FROM etl.runs WHERE pipeline = 'unlocker'}), 'running', 'and does not mark the first as crashed');
$holder->query('SELECT pg_advisory_unlock(7)');
like($caller->finish, qr/^\d+$/, 'the run ends well');

# What a step leaves in its session: settings, temporary objects, prepared
# statements, cursors. The next one, and the record, do not see it.
sql_ok($node, 'postgres', q{CREATE TABLE low.source (id integer); INSERT INTO low.source VALUES (1)}, 'low');
sql_ok($node, 'postgres', q{CREATE SCHEMA low_evil; CREATE TABLE low_evil.source AS SELECT 666 AS id; TRUNCATE low.target;
	ALTER TABLE low.target DISABLE TRIGGER ALL; GRANT USAGE ON SCHEMA low_evil TO low; GRANT SELECT ON low_evil.source TO low});
sql_ok($node, 'postgres', q{SET search_path = low; SELECT count(*) FROM etl.define('leaks', params => '{"a": "right"}', steps => ARRAY[
	etl.call('s1', $$SET search_path = low_evil$$, phase => 'before'),
	etl.call('s2', $$SET statement_timeout = '1ms'; $$, phase => 'before'),
	etl.call('s3', $$SET DateStyle = 'SQL, DMY'$$, phase => 'before'),
	etl.call('s4', $$SET default_transaction_read_only = on$$, phase => 'before'),
	etl.call('s5', $$SELECT set_config('dq_etl.params', '{"a": "wrong"}', false), set_config('dq_etl.run_id', '666', false),
		set_config('dq_etl.window_end', '1999-01-01', false)$$, phase => 'before'),
	etl.call('s6', $$CREATE TEMPORARY TABLE pg_class (relname name)$$, phase => 'before'),
	etl.call('s7', $$CREATE TEMPORARY TABLE run (run_id bigint)$$, phase => 'before'),
	etl.call('s8', $$CREATE TEMPORARY TABLE source AS SELECT 667 AS id$$, phase => 'before'),
	etl.call('s9', $$PREPARE dq_etl AS SELECT 1$$, phase => 'before'),
	etl.call('s10', $$DECLARE dq_etl CURSOR WITH HOLD FOR SELECT low.note('held cursor')$$, phase => 'before'),
	etl.call('s11', $$SET lock_timeout = '1ms'$$, phase => 'before'),
	etl.extract('e', $$SELECT s.id, current_setting('statement_timeout') AS a, current_setting('DateStyle') AS b,
		etl.param('a') AS c, etl.run_id() AS d, etl.window_end() > '2000-01-01' AS f, current_setting('lock_timeout') AS g FROM source s$$),
	etl.expect('e', ARRAY['id = 1', $$a IN ('0')$$, $$b LIKE 'ISO%'$$, $$c = 'right'$$, $$d <> 666$$, 'f', $$g = '0'$$]),
	etl.transform('t', 'SELECT id FROM e'),
	etl.load('t', target => 'low.target', key => '{id}')])}, 'low');
sql_ok($node, 'postgres', 'TRUNCATE low.log');
$error = sql_error($node, 'postgres', q{SELECT etl.run('leaks')}, 'low');
is($error, '', 'what a step sets does not reach the next');
is(sql_ok($node, 'postgres', 'SELECT id FROM low.target'), '1', 'names mean what they meant at definition, beside temporary tables');
is(sql_ok($node, 'postgres', 'SELECT DISTINCT who FROM low.log'), 'low', 'a held cursor runs as the owner');
is(sql_ok($node, 'postgres', q{SELECT state FROM etl.runs WHERE pipeline = 'leaks'}), 'succeeded', 'the record is right beside temporary tables of its names');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.run_steps WHERE pipeline = 'leaks' AND state = 'succeeded'}), '15', 'every step of it');

# Inline: only as the owner, superusers included.
$error = sql_error($node, 'postgres', q{SELECT etl.run('everywhere', inline => true)}, 'high');
like($error, qr/^42501: .*HINT: +SET ROLE low;/s, 'inline is refused to a superuser');
is(sql_ok($node, 'postgres', q{SET ROLE low; BEGIN; SELECT etl.run('leaks', inline => true) > 0; ROLLBACK}, 'high'), 't', 'and possible after SET ROLE');

# The owner that cannot be: NOLOGIN (before 17), no CONNECT, disabled setting.
if (sql_ok($node, 'postgres', 'SHOW server_version_num') < 170000)
{
	sql_ok($node, 'postgres', 'ALTER ROLE low NOLOGIN');
	like(sql_error($node, 'postgres', q{SELECT etl.run('leaks')}), qr/^28000: .*HINT: +ALTER ROLE low LOGIN PASSWORD NULL;/s, 'an owner without LOGIN is named before anything starts');
	like(sql_ok($node, 'postgres', 'SELECT string_agg(hint, E\'\n\') FROM etl.health()'), qr/ALTER ROLE low LOGIN/, 'etl.health too');
	sql_ok($node, 'postgres', 'ALTER ROLE low LOGIN');
}
sql_ok($node, 'postgres', 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
like(sql_error($node, 'postgres', q{SELECT etl.run('leaks')}), qr/^42501: .*HINT: +GRANT CONNECT ON DATABASE postgres TO low;/s, 'an owner without CONNECT too');
like(sql_ok($node, 'postgres', 'SELECT string_agg(hint, E\'\n\') FROM etl.health()'), qr/GRANT CONNECT/, 'etl.health too');
sql_ok($node, 'postgres', 'GRANT CONNECT ON DATABASE postgres TO PUBLIC');

# The owner is renamed, or gone and his oid somebody else's: refused.
sql_ok($node, 'postgres', 'ALTER ROLE low RENAME TO lower');
like(sql_error($node, 'postgres', q{SELECT etl.run('leaks')}), qr/^42501: .*approved again/, 'a renamed owner must be approved again');
like(sql_ok($node, 'postgres', 'SELECT string_agg(hint, E\'\n\') FROM etl.health()'), qr/set_owner/, 'etl.health too');
sql_ok($node, 'postgres', 'ALTER ROLE lower RENAME TO low');

# A superuser's pipeline only while the setting allows.
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('mighty', steps => ARRAY[etl.extract('e', 'SELECT 9 AS id'),
	etl.load('e', target => 'low.target', key => '{id}')])}, 'high');
like(sql_ok($node, 'postgres', q{SELECT string_agg(message, E'\n') FROM etl.health()}), qr/superuser high and writes low\.target of role low/,
	'etl.health tells of a superuser who writes into a table of another role');
$node->append_conf('postgresql.conf', 'dq_etl.allow_superuser_pipelines = off');
$node->reload;
wait_for($node, 'postgres', 'SHOW dq_etl.allow_superuser_pipelines', 'off', 'superuser pipelines are switched off');
like(sql_error($node, 'postgres', q{SELECT etl.run('mighty')}, 'high'), qr/^42501: /, 'then they are refused');
sql_ok($node, 'postgres', 'ALTER ROLE low SUPERUSER');
like(sql_error($node, 'postgres', q{SELECT etl.run('leaks')}, 'low'), qr/^42501: /, 'also one whose owner became superuser later');
sql_ok($node, 'postgres', 'ALTER ROLE low NOSUPERUSER');
$node->append_conf('postgresql.conf', 'dq_etl.enabled = off');
$node->reload;
wait_for($node, 'postgres', 'SHOW dq_etl.enabled', 'off', 'runs are switched off');
like(sql_error($node, 'postgres', q{SELECT etl.run('leaks')}, 'low'), qr/^55000: .*dq_etl\.enabled/, 'then nothing runs');
like(sql_ok($node, 'postgres', q{SELECT string_agg(object, ' ') FROM etl.health()}, 'low'), qr/dq_etl\.enabled/, 'etl.health says it to everybody');

$node->stop;
done_testing();
