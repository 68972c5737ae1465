# Workers are killed at random points while pgbench lets runs follow each
# other. At the end the targets hold what the source says of the windows that
# the ledger names, each once, and the ledger has no gap and no overlap.
#
# DQ_STRESS_SECONDS=300 makes it last so long; by itself it ends with the third
# kill. What it asserts holds whatever is hit, and however slow the machine.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use DqTest;

my $seconds = $ENV{DQ_STRESS_SECONDS} // 0;
my $least   = 3;
my $node    = start_node('kill', 'restart_after_crash = on', 'max_worker_processes = 16', 'fsync = off');
add_role($node, 'keeper');

# Three targets in one publish: one that shows a window loaded twice, one that
# shows the last window, and the history of all of them.
sql_ok($node, 'postgres', q{
	CREATE TABLE keeper.added (hour integer, i integer);
	CREATE TABLE keeper.state (k integer PRIMARY KEY, hour integer);
	CREATE TABLE keeper.history (k integer, v integer, valid_from timestamptz, valid_to timestamptz, PRIMARY KEY (k, valid_from));
	CREATE FUNCTION keeper.hour() RETURNS integer STABLE
	RETURN (extract(epoch FROM etl.window_start() - timestamptz '2000-01-01 00:00+00') / 3600)::integer;
	SELECT count(*) FROM etl.define('hours', period => '1 hour', start_at => '2000-01-01 00:00+00', timezone => 'UTC', catchup => true,
		steps => ARRAY[
		etl.extract('added', 'SELECT keeper.hour() AS hour, i FROM generate_series(1, 200) i'),
		etl.extract('state', 'SELECT i AS k, keeper.hour() AS hour FROM generate_series(1, 100) i'),
		etl.extract('history', 'SELECT i AS k, keeper.hour() / 3 AS v, etl.window_start() AS at FROM generate_series(1, 20) i'),
		etl.expect('added', ARRAY['i > 0']),
		etl.load('added', target => 'keeper.added', mode => 'append'),
		etl.load('state', target => 'keeper.state'),
		etl.load('history', target => 'keeper.history', key => '{k}', mode => 'scd2', params => '{"sequence_by": "at"}')])}, 'keeper');

my $script = $node->basedir . '/run.sql';
append_to_file($script, "SELECT etl.run('hours', if_running => 'skip');\n");
my $pgbench = $node->installed_command('pgbench');
my $alive   = q{SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'dq_etl%' AND backend_type NOT LIKE '%launcher%' ORDER BY random() LIMIT 1};

# Let a moment pass, to hit a random one or to look again.
sub pause { select undef, undef, undef, shift; return }

# A worker that runs now, or nothing. The server may be starting again.
sub worker
{
	my ($out, $err) = ('', '');
	return '' unless ($node->psql('postgres', $alive, stdout => \$out, stderr => \$err) // 1) == 0;
	return $out;
}

my ($kills, $begin) = (0, time);
my $limit = $PostgreSQL::Test::Utils::timeout_default * 3 + $seconds;
while (($kills < $least || time - $begin < $seconds) && time - $begin < $limit)
{
	my ($in, $out, $err) = ('', '', '');
	my $load = IPC::Run::start([ $pgbench, '-n', '-c', '3', '-j', '1', '-T', '600', '-f', $script, '-U', 'keeper', '-d', $node->connstr('postgres') ],
		'<', \$in, '>', \$out, '2>', \$err);
	my $pid = '';
	for (1 .. 2000)
	{
		$load->pump_nb;
		last unless $load->pumpable;
		pause(rand 0.05);
		last if $pid = worker();
	}
	# where in its work it is then is left to chance
	pause(rand 0.1);
	$kills++ if $pid && kill('KILL', $pid);
	# pgbench ends when the server has taken its connections away; a worker
	# that was gone before it was hit leaves it running
	for (1 .. 50)
	{
		$load->pump_nb;
		last unless $load->pumpable;
		pause(0.05);
	}
	$load->kill_kill(grace => 5) if $load->pumpable;
	eval { $load->finish };
	$node->poll_query_until('postgres', q{SELECT 'up'}, 'up') or die "the server does not come back";
}
cmp_ok($kills, '>=', $least, 'workers were killed');

# What is under way ends, and what has died is told by the next run.
wait_for($node, 'postgres', q{SELECT count(*) FROM etl.runs WHERE finished_at IS NULL AND state IN ('running', 'queued')}, '0', 'nothing goes on');
sql_ok($node, 'postgres', q{SELECT etl.run('hours', if_running => 'wait')}, 'keeper');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl_catalog.run WHERE finished_at IS NULL}), '0', 'each run has a terminal state');

my $done = sql_ok($node, 'postgres', q{SELECT (extract(epoch FROM upper(done) - lower(done)) / 3600)::integer FROM etl.pipelines});
cmp_ok($done, '>', 0, 'windows were loaded');
is(sql_ok($node, 'postgres', q{SELECT array_length(array_agg(r), 1) || ' from ' || min(lower(r)) FROM etl.pipelines, unnest(done) r}),
	sql_ok($node, 'postgres', q{SELECT '1 from ' || timestamptz '2000-01-01 00:00+00'}), 'the ledger has no gap');
is(sql_ok($node, 'postgres', q{SELECT count(DISTINCT run_window) - count(*) FROM etl_catalog.run WHERE state = 'succeeded'}), '0', 'and no window succeeded twice');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl_catalog.run WHERE state = 'succeeded'}), $done, 'each window in it has its run');

# differences QUERY QUERY: rows of one that the other has not, counting.
sub differences
{
	my ($have, $want) = @_;
	return sql_ok($node, 'postgres', "SELECT count(*) FROM ((($have) EXCEPT ALL ($want)) UNION ALL (($want) EXCEPT ALL ($have))) d");
}
is(differences('SELECT hour, i FROM keeper.added', "SELECT h, i FROM generate_series(0, $done - 1) h, generate_series(1, 200) i"), '0', 'append: every window once');
is(differences('SELECT k, hour FROM keeper.state', "SELECT i, $done - 1 FROM generate_series(1, 100) i"), '0', 'upsert: the last window');
is(differences('SELECT k, v, valid_from, valid_to FROM keeper.history',
	qq{SELECT i, v, timestamptz '2000-01-01 00:00+00' + v * interval '3 hours',
		CASE WHEN v < ($done - 1) / 3 THEN timestamptz '2000-01-01 00:00+00' + (v + 1) * interval '3 hours' END
	FROM generate_series(1, 20) i, generate_series(0, ($done - 1) / 3) v}), '0', 'scd2: the history of all windows');
my $counts = sql_ok($node, 'postgres', q{SELECT string_agg(state || ' ' || n, ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM etl_catalog.run GROUP BY state) s});
note(sprintf '%d workers killed in %d s; runs: %s; windows in the ledger: %d', $kills, time - $begin, $counts, $done);

$node->stop;
done_testing();
