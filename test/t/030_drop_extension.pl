# DROP EXTENSION while a run is on: it waits for what the run does at the
# moment, then the run ends; nothing hangs, crashes or is half loaded.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = start_node('drop', 'max_worker_processes = 16');
my $born = sql_ok($node, 'postgres', 'SELECT pg_postmaster_start_time()');
add_role($node, 'keeper');
sql_ok($node, 'postgres', 'CREATE TABLE keeper.one (id integer); CREATE TABLE keeper.two (id integer)', 'keeper');
my $define = sub {
	my $gate = shift;
	return sprintf q{SELECT count(*) FROM etl.define('p', steps => ARRAY[
		etl.extract('rows', 'SELECT g AS id FROM generate_series(1, 7) g'),
		etl.transform('held', 'SELECT r.id FROM rows r%s'),
		etl.load('held', target => 'keeper.one', mode => 'append'),
		etl.call('between', 'SELECT 1%s'),
		etl.load('rows', name => 'second', target => 'keeper.two', mode => 'append')])},
		$gate eq 'stage'   ? ', (SELECT pg_advisory_xact_lock_shared(7)) l' : '',
		$gate eq 'publish' ? ' FROM (SELECT pg_advisory_xact_lock_shared(7)) l' : '';
};

for my $where ('stage', 'publish')
{
	sql_ok($node, 'postgres', $define->($where), 'keeper');
	my $holder = session($node, 'postgres');
	$holder->query('SELECT pg_advisory_lock(7)');
	my ($caller, $worker) = run_until_held($node, 'postgres', q{SELECT etl.run('p')}, 'keeper');
	my $dropper = session($node, 'postgres');
	$dropper->start('DROP EXTENSION dq_etl CASCADE');
	wait_for($node, 'postgres', "SELECT count(*) FROM pg_stat_activity WHERE pid = $dropper->{pid} AND wait_event_type = 'Lock'",
		'1', "$where: DROP EXTENSION waits for the run's transaction");
	$holder->query('SELECT pg_advisory_unlock(7)');
	$dropper->finish;
	is($dropper->{error}, '', "$where: the drop succeeds");
	my $run_id = $caller->finish;
	my $error  = $caller->{error};
	my $loaded = sql_ok($node, 'postgres', 'SELECT (SELECT count(*) FROM keeper.one), (SELECT count(*) FROM keeper.two)');
	note "caller: $run_id $error; loaded: $loaded";
	if ($error eq '')
	{
		like($run_id, qr/^\d+$/, "$where: the caller got the run id");
		is($loaded, '7|7', "$where: everything was loaded before the drop");
	}
	else
	{
		like($error, qr/^[0-9A-Z]{5}: .*(extension|dq_etl|dropped|run)/s, "$where: the caller gets a clear error");
		unlike($error, qr/^XX000/, "$where: and no internal one");
		like($loaded, qr/^(0\|0|7\|7)$/, "$where: nothing is half loaded");
	}
	wait_for($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'dq_etl%'}, '0', "$where: the worker is gone");
	is($caller->query('SELECT 1'), '1', "$where: the caller's session goes on");

	# A new installation does not stumble over what the old one left behind.
	sql_ok($node, 'postgres', 'TRUNCATE keeper.one, keeper.two; CREATE EXTENSION dq_etl');
	sql_ok($node, 'postgres', q{SELECT etl.grant_usage('keeper', 'define')});
	sql_ok($node, 'postgres', $define->('none'), 'keeper');
	like(sql_ok($node, 'postgres', q{SELECT etl.run('p')}, 'keeper'), qr/^\d+$/, "$where: a new installation runs");
	is(sql_ok($node, 'postgres', 'SELECT (SELECT count(*) FROM keeper.one), (SELECT count(*) FROM keeper.two)'), '7|7', "$where: and loads");
	sql_ok($node, 'postgres', 'TRUNCATE keeper.one, keeper.two');
	$_->quit for $holder, $caller, $dropper;
}

# A database with a run in it: DROP DATABASE ... (FORCE) ends it.
$node->safe_psql('postgres', 'CREATE DATABASE doomed');
sql_ok($node, 'doomed', 'CREATE EXTENSION dq_etl');
add_role($node, 'keeper', database => 'doomed', exists => 1);
sql_ok($node, 'doomed', 'CREATE TABLE keeper.one (id integer); CREATE TABLE keeper.two (id integer)', 'keeper');
sql_ok($node, 'doomed', $define->('stage'), 'keeper');
my $holder = session($node, 'doomed');
$holder->query('SELECT pg_advisory_lock(7)');
my ($caller) = run_until_held($node, 'doomed', q{SELECT etl.run('p')}, 'keeper');
sql_ok($node, 'postgres', 'DROP DATABASE doomed WITH (FORCE)');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM pg_database WHERE datname = 'doomed'}), '0', 'DROP DATABASE WITH (FORCE) ends a run');

is(sql_ok($node, 'postgres', 'SELECT pg_postmaster_start_time()'), $born, 'the server never restarted');
$node->stop;
done_testing();
