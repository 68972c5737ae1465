# A caller that waits for a run which waits for the caller: found in seconds,
# the run does not go on, nothing hangs. And no worker to run in.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use DqTest;

my $node = start_node('waiting', 'max_worker_processes = 16', 'deadlock_timeout = 200ms');
add_role($node, 'keeper');
sql_ok($node, 'postgres', q{
	CREATE TABLE keeper.t (id integer PRIMARY KEY);
	INSERT INTO keeper.t VALUES (1);
	SELECT count(*) FROM etl.define('truncates', retries => 3, retry_delay => '1 min', steps => ARRAY[etl.call('c', 'TRUNCATE keeper.t')]);
	SELECT count(*) FROM etl.define('writes', retries => 3, retry_delay => '1 min', steps => ARRAY[
		etl.extract('e', 'SELECT 2 AS id'), etl.load('e', target => 'keeper.t', key => '{id}')]);
	SELECT count(*) FROM etl.define('harmless', steps => ARRAY[etl.call('c', 'SELECT 1')])}, 'keeper');
my $last    = 'SELECT state FROM etl.runs ORDER BY run_id DESC LIMIT 1';
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'dq_etl%'};

# Do it, and see the deadlock within seconds.
sub deadlocks
{
	my ($caller, $sql, $what) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $start = time;
	$caller->query($sql);
	like($caller->{error}, qr/^40P01: /, "$what: the caller gets 40P01");
	cmp_ok(time - $start, '<', 8, "$what: within seconds");
	$caller->query('ROLLBACK');
	wait_for($node, 'postgres', $workers, '0', "$what: the worker is gone");
	like(sql_ok($node, 'postgres', $last), qr/^(cancelled|failed)$/, "$what: the run has ended, and is not retried");
	is(sql_ok($node, 'postgres', 'SELECT count(*) FROM keeper.t'), '1', "$what: it did nothing");
	return;
}

my $caller = session($node, 'postgres', 'keeper');
$caller->query('BEGIN; SELECT * FROM keeper.t');
deadlocks($caller, q{SELECT etl.run('truncates')}, 'the caller has read the table');

$caller->query('BEGIN; LOCK TABLE keeper.t IN ACCESS SHARE MODE');
deadlocks($caller, q{SELECT etl.run('truncates')}, 'the caller has locked the table');

$caller->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM keeper.t');
deadlocks($caller, q{SELECT etl.run('truncates')}, 'REPEATABLE READ');

$caller->query('BEGIN; SELECT pg_advisory_xact_lock(99)');
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('advisory', steps => ARRAY[etl.call('c', 'SELECT pg_advisory_xact_lock(99)')])}, 'keeper');
deadlocks($caller, q{SELECT etl.run('advisory')}, 'an advisory lock');

# etl.wait is told as well. The run was not started by this wait, and goes on
# when the waiter has let go.
$caller->query('BEGIN; SELECT * FROM keeper.t');
my $run_id = $caller->query(q{SELECT etl.run('truncates', wait => false)});
$caller->query("SELECT etl.wait($run_id)");
like($caller->{error}, qr/^40P01: /, 'etl.wait: 40P01');
$caller->query('ROLLBACK');
is($caller->query("SELECT etl.wait($run_id)"), 'succeeded', 'etl.wait: the run goes on then');
sql_ok($node, 'postgres', 'INSERT INTO keeper.t VALUES (1)');

# Three parties: the caller has only read t; VACUUM FULL queues behind it; the
# load queues behind VACUUM FULL.
my $vacuum = session($node, 'postgres');
for my $pipeline ('writes', 'truncates')
{
	$caller->query('BEGIN; SELECT * FROM keeper.t');
	$vacuum->start('VACUUM FULL keeper.t');
	wait_for($node, 'postgres', "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $vacuum->{pid}", 'Lock', 'VACUUM FULL queues behind the caller');
	deadlocks($caller, qq{SELECT etl.run('$pipeline')}, "three parties, $pipeline");
	$vacuum->finish;
	is($vacuum->{error}, '', 'VACUUM FULL gets through when the caller has ended');
}

# lock_timeout and the like of the caller have no say in its waiting.
my $holder = session($node, 'postgres');
$holder->query('BEGIN; LOCK TABLE keeper.t');
$caller->query(q{SET lock_timeout = '200ms'});
$caller->start(q{SELECT etl.run('writes')});
wait_for($node, 'postgres', "$workers AND wait_event_type = 'Lock'", '1', 'the run waits for a stranger');
$node->poll_query_until('postgres', q{SELECT now() - query_start > interval '1 second' FROM pg_stat_activity WHERE pid = } . $caller->{pid});
$holder->query('COMMIT');
like($caller->finish, qr/^\d+$/, 'waiting for a stranger is no deadlock, whatever lock_timeout says');
$caller->query('RESET lock_timeout');
is(sql_ok($node, 'postgres', $last), 'succeeded', 'the run succeeded');
is(sql_ok($node, 'postgres', 'SELECT count(*) FROM keeper.t'), '2', 'and loaded');

# A caller that has written is refused before anything starts.
my $before = sql_ok($node, 'postgres', 'SELECT count(*) FROM etl.runs');
$caller->query('BEGIN; INSERT INTO keeper.t VALUES (50)');
$caller->query(q{SELECT etl.run('harmless')});
like($caller->{error}, qr/^55000: .*HINT: +COMMIT first/s, 'a caller with an xid: 55000 and what to do');
$caller->query('ROLLBACK');
is(sql_ok($node, 'postgres', 'SELECT count(*) FROM etl.runs'), $before, 'no run was started');

# Several runs in one transaction: the waiting caller writes nothing.
$caller->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
like($caller->query(q{SELECT etl.run('harmless')}), qr/^\d+$/, 'a run in a REPEATABLE READ transaction');
like($caller->query(q{SELECT etl.run('harmless')}), qr/^\d+$/, 'and a second one');
$caller->query('ROLLBACK');
is(sql_ok($node, 'postgres', 'SELECT count(*) FROM etl.runs'), $before + 2, 'both are on record after a ROLLBACK');
$caller->query(q{DO $$ BEGIN FOR i IN 1..3 LOOP PERFORM etl.run('harmless'); END LOOP; END $$});
is($caller->{error}, '', 'three runs from a DO block');
$caller->query(q{DO $$ BEGIN PERFORM etl.run('truncates_not_there'); EXCEPTION WHEN undefined_object THEN PERFORM etl.run('harmless'); END $$});
is($caller->{error}, '', 'a run from an exception block');
$_->quit for $caller, $vacuum, $holder;

# No slot for a worker: 53400, and it names the setting. max_worker_processes
# counts what the server itself starts.
my $full = start_node('full', 'max_worker_processes = 1');
add_role($full, 'keeper');
sql_ok($full, 'postgres', q{
	SELECT count(*) FROM etl.define('held', steps => ARRAY[etl.call('c', 'SELECT pg_advisory_xact_lock(7)')]);
	SELECT count(*) FROM etl.define('other', steps => ARRAY[etl.call('c', 'SELECT 1')])}, 'keeper');
$full->stop;
$full->append_conf('postgresql.conf', 'max_logical_replication_workers = 0');
$full->start;
$holder = session($full, 'postgres');
$holder->query('SELECT pg_advisory_lock(7)');
my ($first) = run_until_held($full, 'postgres', q{SELECT etl.run('held')}, 'keeper');
my $error = sql_error($full, 'postgres', q{SELECT etl.run('other')}, 'keeper');
like($error, qr/^53400: .*max_worker_processes/s, 'no free slot: 53400, the setting is named');
like(sql_error($full, 'postgres', q{SELECT etl.run('other', wait => false)}, 'keeper'), qr/^53400: /, 'wait => false: the same');
like(sql_error($full, 'postgres', q{SELECT etl.run('held')}, 'keeper'), qr/^55006: .*already running.*(PID|pid) \d+.*HINT: .*etl\.wait\(\d+\)/s,
	'running already: 55006 with run, process and what to do');
is(sql_ok($full, 'postgres', q{SELECT etl.run('held', if_running => 'skip') IS NULL}, 'keeper'), 't', 'if_running => skip gives NULL');
is(sql_ok($full, 'postgres', q{SELECT etl.run_pending('held')}, 'keeper'), '0', 'etl.run_pending skips');
like(sql_ok($full, 'postgres', 'SELECT string_agg(object, E\'\n\') FROM etl.health()'), qr/max_worker_processes/, 'etl.health says that there is no slot');
$holder->query('SELECT pg_advisory_unlock(7)');
like($first->finish, qr/^\d+$/, 'the run in the slot goes on undisturbed');
like(sql_ok($full, 'postgres', q{SELECT etl.run('other')}, 'keeper'), qr/^\d+$/, 'and leaves the slot to the next');
is(sql_ok($full, 'postgres', q{SELECT count(*) FROM etl.runs WHERE state <> 'succeeded'}), '0', 'what found no slot left no run');
$_->quit for $holder, $first;

# A cancel ends the run, and the calls of its end follow all the same.
sql_ok($node, 'postgres', q{
	CREATE TABLE keeper.ends (what text, state text);
	SELECT count(*) FROM etl.define('ends', steps => ARRAY[
		etl.call('c', 'LOCK TABLE keeper.t'),
		etl.call('f', $$INSERT INTO keeper.ends SELECT 'failure', state FROM etl.runs WHERE run_id = etl.run_id()$$, phase => 'failure'),
		etl.call('z', $$INSERT INTO keeper.ends SELECT 'finally', state FROM etl.runs WHERE run_id = etl.run_id()$$, phase => 'finally')])}, 'keeper');
my $blocker = session($node, 'postgres');
$blocker->query('BEGIN; LOCK TABLE keeper.t');
my $ends = sql_ok($node, 'postgres', q{SELECT etl.run('ends', wait => false)}, 'keeper');
wait_for($node, 'postgres', q{SELECT count(*) FROM pg_locks WHERE relation = 'keeper.t'::regclass AND NOT granted}, '1', 'the run is held');
sql_ok($node, 'postgres', "SELECT etl.cancel($ends)", 'keeper');
is(sql_ok($node, 'postgres', "SELECT etl.wait($ends)", 'keeper'), 'cancelled', 'a cancelled run');
is(sql_ok($node, 'postgres', q{SELECT string_agg(what || ' ' || state, ', ' ORDER BY what) FROM keeper.ends}), 'failure cancelled, finally cancelled', 'its calls of failure and finally ran');
$blocker->quit;

# A run that is over by its record may still clean up: whoever reads that it is
# over can start the next one, or drop the pipeline, and is not told that it
# runs. Here a reader of the stage holds the cleaning up.
my $reader = session($node, 'postgres');
for my $next (q{SELECT etl.run('writes')}, q{SELECT etl.run('writes', inline => true)}, q{SET lock_timeout = '100ms'; SELECT etl.drop_pipeline('writes')})
{
	$holder = session($node, 'postgres');
	$holder->query('BEGIN; LOCK TABLE keeper.t');
	my $runner = session($node, 'postgres', 'keeper');
	$runner->start(q{SELECT etl.run('writes', wait => false)});
	$runner->finish;
	wait_for($node, 'postgres', q{SELECT count(*) FROM pg_locks WHERE relation = 'keeper.t'::regclass AND NOT granted}, '1', 'the publish waits');
	$reader->query(q{BEGIN; DO $$ BEGIN EXECUTE (SELECT format('LOCK TABLE %s IN ACCESS SHARE MODE', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'etl\_r%' AND c.relkind = 'r' ORDER BY c.oid DESC LIMIT 1); END $$});
	is($reader->{error}, '', 'the stage is read');
	$holder->query('COMMIT');
	wait_for($node, 'postgres', $last, 'succeeded', 'the run is over');
	is(sql_error($node, 'postgres', $next, 'keeper'), '', "at once: $next");
	$reader->query('COMMIT');
	$_->quit for $holder, $runner;
}
$reader->quit;

# A lock_timeout that a step sets fails the step. It is
# not a cancel, which would end the run without another attempt.
sql_ok($node, 'postgres', q{
	SELECT count(*) FROM etl.define('impatient', retries => 1, retry_delay => '10 ms', steps => ARRAY[
		etl.call('c', 'DO $$ BEGIN SET LOCAL lock_timeout = ''50ms''; LOCK TABLE keeper.t; END $$')])}, 'keeper');
$holder = session($node, 'postgres');
$holder->query('BEGIN; LOCK TABLE keeper.t');
like(sql_error($node, 'postgres', q{SELECT etl.run('impatient')}, 'keeper'), qr/^55P03: /, 'lock_timeout of a step: 55P03');
$holder->quit;
is(sql_ok($node, 'postgres', $last), 'failed', 'lock_timeout of a step: the run failed, nobody cancelled it');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.run_errors WHERE sqlstate = '55P03'}), '2', 'lock_timeout of a step: it was tried again');

$node->stop;
$full->stop;
done_testing();
