# Where etl.run may not be called from, and says so: read-only transactions,
# transactions that wrote, index expressions, materialised views, a standby.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', 'max_worker_processes = 16');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dq_etl');
add_role($node, 'low');
sql_ok($node, 'postgres', q{
	CREATE TABLE low.target (id integer PRIMARY KEY);
	SELECT count(*) FROM etl.define('p', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id'), etl.load('e', target => 'low.target', key => '{id}')]);
	SELECT etl.run('p');
	CREATE FUNCTION low.runs(integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN etl.run('p'); END $$;
	CREATE FUNCTION low.cancels(integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM etl.drop_pipeline('p'); RETURN 1; END $$}, 'low');
my $runs = 'SELECT count(*) FROM etl.runs';

for my $function ('runs', 'cancels')
{
	like(sql_error($node, 'postgres', "CREATE INDEX ON low.target (low.$function(id))", 'low'),
		qr/^42501: .*security-restricted/s, "low.$function() in an index expression is refused");
	sql_ok($node, 'postgres', "CREATE MATERIALIZED VIEW low.m AS SELECT low.$function(1) WITH NO DATA", 'low');
	like(sql_error($node, 'postgres', 'REFRESH MATERIALIZED VIEW low.m', 'low'),
		qr/^42501: .*security-restricted/s, "low.$function() in a materialised view is refused");
	like(sql_error($node, 'postgres', 'REFRESH MATERIALIZED VIEW low.m'),
		qr/^42501: .*security-restricted/s, 'also when a superuser refreshes it');
	sql_ok($node, 'postgres', 'DROP MATERIALIZED VIEW low.m');
}
for my $call (q{etl.run('p')}, q{etl.run('p', inline => true)}, q{etl.run_pending('p')}, q{etl.schedule('p', '@daily')}, q{etl.unschedule('p')},
	q{etl.drop_pipeline('p')}, q{etl.disable('p', 'x')})
{
	like(sql_error($node, 'postgres', "BEGIN READ ONLY; SELECT $call", 'low'), qr/^25006: /, "$call in a read-only transaction: 25006");
}
like(sql_error($node, 'postgres', q{SET default_transaction_read_only = on; SELECT etl.run('p')}, 'low'), qr/^25006: /, 'default_transaction_read_only: 25006');
for my $call (q{etl.run('p')}, q{etl.run_pending('p')})
{
	like(sql_error($node, 'postgres', "BEGIN; CREATE TABLE low.x (); SELECT $call", 'low'),
		qr/^55000: .*HINT: +COMMIT first.*inline => true/s, "$call in a transaction that has written: 55000 and what to do");
}
is(sql_ok($node, 'postgres', $runs), '1', 'nothing of that started a run');

# Uncommitted definitions: the run has transactions of its own.
like(sql_error($node, 'postgres', q{BEGIN; SELECT count(*) FROM etl.define('q', steps => ARRAY[etl.call('c', 'SELECT 1')]); SELECT etl.run('q')}, 'low'),
	qr/^55000: /, 'a definition that is not committed cannot run in a worker');
is(sql_ok($node, 'postgres', q{BEGIN; SELECT count(*) > 0 FROM etl.define('q', steps => ARRAY[etl.call('c', 'SELECT 1')]);
	SELECT etl.run('q', inline => true) > 0; ROLLBACK; SELECT count(*) FROM etl.pipelines WHERE pipeline = 'q'}, 'low'), "t\nt\n0", 'inline it can');

# Recursion: a step that runs its own pipeline, and a pair.
sql_ok($node, 'postgres', q{
	SELECT count(*) FROM etl.define('self', steps => ARRAY[etl.call('c', $$SELECT etl.run('self')$$, phase => 'before')]);
	SELECT count(*) FROM etl.define('ping', steps => ARRAY[etl.call('c', $$SELECT etl.run('pong')$$, phase => 'before')]);
	SELECT count(*) FROM etl.define('pong', steps => ARRAY[etl.call('c', $$SELECT etl.run('ping')$$, phase => 'before')])}, 'low');
like(sql_error($node, 'postgres', q{SELECT etl.run('self')}, 'low'), qr/^(55006|55000): /, 'a pipeline that runs itself is refused');
like(sql_error($node, 'postgres', q{SELECT etl.run('ping')}, 'low'), qr/^(55006|55000): /, 'so is a circle of two');
is(sql_ok($node, 'postgres', 'SELECT count(*) FROM etl.runs WHERE finished_at IS NULL'), '0', 'and nothing is left running');

# A standby: look, do not touch.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
for my $call (q{etl.run('p')}, q{etl.run('p', wait => false)}, q{etl.run('p', inline => true)}, q{etl.run_pending('p')}, q{etl.schedule('p', '@daily')},
	q{etl.cancel(1)}, q{etl.drop_pipeline('p')}, q{etl.enable('p')})
{
	like(sql_error($standby, 'postgres', "SELECT $call", 'low'), qr/^25006: /, "standby: $call: 25006");
}
like(sql_error($standby, 'postgres', q{SELECT * FROM etl.define('q', steps => ARRAY[etl.call('c', 'SELECT 1')])}, 'low'), qr/^25006: /, 'standby: etl.define: 25006');
is(sql_ok($standby, 'postgres', q{SELECT state FROM etl.runs WHERE run_id = 1}, 'low'), 'succeeded', 'standby: the views work');
is(sql_ok($standby, 'postgres', q{SELECT etl.wait(1)}, 'low'), 'succeeded', 'standby: etl.wait tells of a finished run');
like(sql_ok($standby, 'postgres', 'SELECT string_agg(message, \' \') FROM etl.health()', 'low'), qr/recovery/, 'standby: etl.health says what it is');

# A run of the primary looks dead on a standby only after promotion.
my $holder = session($node, 'postgres');
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('held', steps => ARRAY[etl.call('c', 'SELECT pg_advisory_xact_lock(7)', phase => 'before')])}, 'low');
$holder->query('SELECT pg_advisory_lock(7)');
my ($caller) = run_until_held($node, 'postgres', q{SELECT etl.run('held')}, 'low');
$node->wait_for_catchup($standby);
my $held = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
is(sql_ok($standby, 'postgres', "SELECT state FROM etl.runs WHERE run_id = $held", 'low'), 'running', 'standby: a run of the primary is running');
is(sql_ok($standby, 'postgres', q{SELECT count(*) FROM etl.health() WHERE object LIKE 'run %'}), '0', 'standby: and healthy');
$node->stop('immediate');
$standby->promote;
is(sql_ok($standby, 'postgres', "SELECT state FROM etl.runs WHERE run_id = $held", 'low'), 'crashed', 'promoted: the run of the old primary is shown as crashed');
like(sql_ok($standby, 'postgres', q{SELECT etl.run('p')}, 'low'), qr/^\d+$/, 'promoted: pipelines run');

$standby->stop;
done_testing();
