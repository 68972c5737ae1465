# What is left of a run whose process, caller or server is taken away: one
# terminal state, nothing half loaded, and a next run that works.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = start_node('crash', 'restart_after_crash = on', 'max_worker_processes = 16');
add_role($node, 'keeper');

# A pipeline whose second step waits for an advisory lock; it appends, so
# that a window loaded twice would show.
sql_ok($node, 'postgres', q{
	CREATE TABLE keeper.target (id integer, day date);
	SELECT count(*) FROM etl.define('slow', period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
		steps => ARRAY[
		etl.extract('rows', 'SELECT g AS id, etl.logical_date() AS day FROM generate_series(1, 7) g'),
		etl.transform('held', 'SELECT r.* FROM rows r, (SELECT pg_advisory_xact_lock_shared(7)) l'),
		etl.load('held', target => 'keeper.target', mode => 'append')])}, 'keeper');
my $holder = session($node, 'postgres');
$holder->query('SELECT pg_advisory_lock(7)');
my $day = 0;

sub next_run { $day++; return sprintf q{SELECT etl.run('slow', '2024-01-%02d 00:00+00', '2024-01-%02d 00:00+00')}, $day, $day + 1 }
sub rows { return sql_ok($node, 'postgres', sprintf q{SELECT count(*) FROM keeper.target WHERE day = '2024-01-%02d'}, $day) }
my $last = 'SELECT state FROM etl.runs ORDER BY run_id DESC LIMIT 1';
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'dq_etl%'};

# The same window once more, with nothing in its way: loaded once.
sub heals
{
	my $what = shift;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(rows(), '0', "$what: nothing is loaded");
	$holder->query('SELECT pg_advisory_unlock(7)');
	$day--;
	sql_ok($node, 'postgres', next_run(), 'keeper');
	is(rows(), '7', "$what: the next run loads the window once");
	is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.runs WHERE finished_at IS NULL}), '0', "$what: no run is left running");
	$holder->query('SELECT pg_advisory_lock(7)');
	return;
}

# --- pg_cancel_backend and pg_terminate_backend of the worker, etl.cancel
my ($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
my $run_id = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
sql_ok($node, 'postgres', "SELECT pg_cancel_backend($worker)");
$caller->finish;
like($caller->{error}, qr/^57014: /, 'cancelled worker: the caller gets 57014');
is(sql_ok($node, 'postgres', $last), 'cancelled', 'cancelled worker: the run is cancelled');
heals('cancelled worker');

($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
$run_id = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
is(sql_ok($node, 'postgres', "SELECT etl.cancel($run_id)", 'keeper'), 't', 'etl.cancel of a running run');
$caller->finish;
like($caller->{error}, qr/^57014: /, 'etl.cancel: the caller gets 57014');
is(sql_ok($node, 'postgres', "SELECT state FROM etl.runs WHERE run_id = $run_id"), 'cancelled', 'etl.cancel: the run is cancelled');
is(sql_ok($node, 'postgres', "SELECT etl.cancel($run_id)", 'keeper'), 'f', 'etl.cancel of a finished run says false');
is(sql_ok($node, 'postgres', "SELECT sqlstate FROM etl.run_errors WHERE run_id = $run_id"), '57014', 'etl.cancel: recorded as 57014');
heals('etl.cancel');

my $bystander = session($node, 'postgres', 'keeper');
($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
$run_id = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
sql_ok($node, 'postgres', "SELECT pg_terminate_backend($worker)");
$caller->finish;
like($caller->{error}, qr/^(57P01|QE003): /, 'terminated worker: the caller gets an error');
like(sql_ok($node, 'postgres', "SELECT state FROM etl.runs WHERE run_id = $run_id"), qr/^(failed|cancelled)$/, 'terminated worker: a terminal state');
is(sql_ok($node, 'postgres', "SELECT sqlstate FROM etl.run_errors WHERE run_id = $run_id"), '57P01', 'terminated worker: recorded as 57P01');
is($bystander->query('SELECT 1'), '1', 'terminated worker: another session goes on');
is($caller->query('SELECT 1'), '1', 'terminated worker: so does the caller');
heals('terminated worker');

# --- the caller goes away
($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
sql_ok($node, 'postgres', "SELECT pg_cancel_backend($caller->{pid})");
$caller->finish;
like($caller->{error}, qr/^57014: /, 'Ctrl-C: the caller gets 57014');
wait_for($node, 'postgres', $last, 'cancelled', 'Ctrl-C: the run is cancelled');
wait_for($node, 'postgres', $workers, '0', 'Ctrl-C: the worker is gone');
heals('Ctrl-C');

($caller, $worker) = run_until_held($node, 'postgres', q{SET statement_timeout = '1s';} . next_run(), 'keeper');
$caller->finish;
like($caller->{error}, qr/^57014: .*statement timeout/s, 'statement_timeout of the caller fires');
wait_for($node, 'postgres', $last, 'cancelled', 'statement_timeout: the run is cancelled');
heals('statement_timeout');

($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
sql_ok($node, 'postgres', "SELECT pg_terminate_backend($caller->{pid})");
wait_for($node, 'postgres', $last, 'cancelled', 'terminated caller: the run is cancelled');
heals('terminated caller');

($caller, $worker) = run_until_held($node, 'postgres', q{SET client_connection_check_interval = '100ms';} . next_run(), 'keeper');
$caller->kill_client;
wait_for($node, 'postgres', $last, 'cancelled', 'killed psql: the run is cancelled');
heals('killed psql');

# Not waited for: the run does not care about its caller.
$caller = session($node, 'postgres', 'keeper');
$caller->query(next_run() =~ s/\)$/, wait => false)/r);
$caller->quit;
is(sql_ok($node, 'postgres', $last), 'running', 'wait => false: the run outlives the session');
$holder->query('SELECT pg_advisory_unlock(7)');
wait_for($node, 'postgres', $last, 'succeeded', 'wait => false: and succeeds');
is(rows(), '7', 'wait => false: loaded once');
$holder->query('SELECT pg_advisory_lock(7)');

# And it outlives a ROLLBACK.
$caller = session($node, 'postgres', 'keeper');
$caller->query('BEGIN');
$run_id = $caller->query(next_run() =~ s/\)$/, wait => false)/r);
$caller->query('ROLLBACK');
$holder->query('SELECT pg_advisory_unlock(7)');
is($caller->query("SELECT etl.wait($run_id)"), 'succeeded', 'wait => false survives a ROLLBACK; etl.wait tells');
$caller->quit;
$holder->query('SELECT pg_advisory_lock(7)');

# --- SIGKILL of the worker: the server restarts
($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
$run_id = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
kill 'KILL', $worker;
$caller->wait_end;
wait_for($node, 'postgres', q{SELECT 'up'}, 'up', 'SIGKILL: the server is up again');
is(sql_ok($node, 'postgres', "SELECT state FROM etl.runs WHERE run_id = $run_id", 'keeper'), 'crashed', 'SIGKILL: the run is shown as crashed, at once');
like(sql_ok($node, 'postgres', q{SELECT string_agg(object, ' ') FROM etl.health()}), qr/run $run_id/, 'SIGKILL: etl.health tells of it');
$holder = session($node, 'postgres');
$holder->query('SELECT pg_advisory_lock(7)');
heals('SIGKILL');
is(sql_ok($node, 'postgres', "SELECT state FROM etl_catalog.run WHERE run_id = $run_id"), 'crashed', 'SIGKILL: recorded by the next run');

# --- the whole server goes: immediate stop, then kill -9 of the postmaster
for my $how ('immediate stop', 'killed postmaster')
{
	($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
	$run_id = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
	$how eq 'immediate stop' ? $node->stop('immediate') : $node->kill9;
	start_again($node);
	# a worker or caller that notices that the postmaster is gone may still say so
	my $state = sql_ok($node, 'postgres', "SELECT state FROM etl.runs WHERE run_id = $run_id", 'keeper');
	like($state, $how eq 'immediate stop' ? qr/^crashed$/ : qr/^(crashed|failed|cancelled)$/, "$how: the run is in a terminal state");
	is(sql_ok($node, 'postgres', "SELECT etl.cancel($run_id)", 'keeper'), 'f', "$how: etl.cancel has nobody to cancel");
	is(sql_ok($node, 'postgres', "SELECT etl.wait($run_id)", 'keeper'), $state, "$how: etl.wait does not wait for the dead");
	$holder = session($node, 'postgres');
	$holder->query('SELECT pg_advisory_lock(7)');
	heals($how);
}

# A fast restart during a run is an orderly end.
($caller, $worker) = run_until_held($node, 'postgres', next_run(), 'keeper');
$run_id = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
$node->restart;
like(sql_ok($node, 'postgres', "SELECT state FROM etl.runs WHERE run_id = $run_id"), qr/^(failed|cancelled|crashed)$/, 'fast restart: a terminal state');
$holder = session($node, 'postgres');
$holder->query('SELECT pg_advisory_lock(7)');
heals('fast restart');

# The books: each day that was healed is in the ledger, none twice.
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM (SELECT day FROM keeper.target GROUP BY day HAVING count(*) <> 7) x}), '0', 'every window is loaded exactly once');
is(sql_ok($node, 'postgres', q{SELECT count(DISTINCT day) FROM keeper.target}), $day, 'all of them');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM pg_prepared_xacts}), '0', 'no prepared transaction is left');

$node->stop;
done_testing();
