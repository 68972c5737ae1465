# Two pipelines into one target, and two into one history, while people update
# and insert the same rows and others read: nothing is lost, nothing doubled,
# and what fails for a moment is done again by itself.
#
# DQ_STRESS_SECONDS=300 makes it last so long; by itself it is some seconds.
# What it asserts holds whatever met whatever.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $seconds = $ENV{DQ_STRESS_SECONDS} // 5;
my $node    = start_node('writers', 'max_worker_processes = 24', 'fsync = off', 'deadlock_timeout = 100ms');
add_role($node, 'keeper');

# Sources say of some keys what holds by a sequence; people count what they did
# to rows of the targets in a column that no load knows.
sql_ok($node, 'postgres', q{
	CREATE SEQUENCE keeper.clock START 100;
	CREATE TABLE keeper.source_a (k integer, v integer, seq bigint);
	CREATE TABLE keeper.source_b (LIKE keeper.source_a);
	INSERT INTO keeper.source_a SELECT i, 0, 1 FROM generate_series(1, 200) i;
	INSERT INTO keeper.source_b SELECT i, -1, 2 FROM generate_series(101, 300) i;
	CREATE TABLE keeper.state (k integer PRIMARY KEY, v integer, seq bigint, hits integer NOT NULL DEFAULT 0);
	CREATE UNIQUE INDEX ON keeper.state ((k + 0));
	CREATE TABLE keeper.history (k integer, v integer, valid_from bigint, valid_to bigint, hits integer NOT NULL DEFAULT (random() * 0)::integer, PRIMARY KEY (k, valid_from));
	CREATE TABLE keeper.hit (what text, k integer, valid_from bigint);
	CREATE FUNCTION keeper.insist(condition boolean) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		IF condition IS NOT TRUE THEN
			RAISE 'a reader saw what must not be';
		END IF;
		RETURN true;
	END $$;
	SELECT count(*) FROM unnest('{a,b}'::text[]) s, LATERAL etl.define('state_' || s, retries => 5, retry_delay => '50 ms', steps => ARRAY[
		etl.extract('s', format('SELECT DISTINCT ON (k) k, v, seq FROM keeper.source_%s ORDER BY k, seq DESC', s)),
		etl.load('s', target => 'keeper.state', key => '{k}', params => '{"sequence_by": "seq"}')]);
	SELECT count(*) FROM unnest('{a,b}'::text[]) s, LATERAL etl.define('history_' || s, retries => 5, retry_delay => '50 ms', steps => ARRAY[
		etl.extract('s', format('SELECT DISTINCT k, v, seq FROM keeper.source_%s', s)),
		etl.load('s', target => 'keeper.history', key => '{k}', mode => 'scd2', params => '{"sequence_by": "seq"}')]);
	SELECT etl.run(pipeline) IS NOT NULL FROM etl.pipelines}, 'keeper');

my %script = (
	# loads of both pipelines into both targets
	(map { ("run_$_" => "SELECT etl.run('$_', if_running => 'skip');\n") } qw(state_a state_b history_a history_b)),
	# the sources go on, one event at a time
	source => q{\set k random(1, 300)
\set a random(0, 1)
WITH e AS (SELECT :k AS k, nextval('keeper.clock') AS seq), a AS (INSERT INTO keeper.source_a SELECT k, seq, seq FROM e WHERE :a = 1)
INSERT INTO keeper.source_b SELECT k, seq, seq FROM e WHERE :a = 0;
},
	# people
	person => q{\set k random(1, 300)
WITH h AS (UPDATE keeper.state SET hits = hits + 1 WHERE k = :k RETURNING k)
INSERT INTO keeper.hit SELECT 'state', k, NULL FROM h;
},
	historian => q{\set k random(1, 300)
WITH h AS (UPDATE keeper.history SET hits = hits + 1 WHERE k = :k AND valid_to IS NULL RETURNING k, valid_from)
INSERT INTO keeper.hit SELECT 'history', k, valid_from FROM h;
},
	# keys that loads insert too, at the same time
	inserter => q{\set k random(301, 600)
INSERT INTO keeper.source_a VALUES (:k, :k, 5);
INSERT INTO keeper.state (k, v, seq) VALUES (:k, :k, 5) ON CONFLICT DO NOTHING;
},
	reader => q{SELECT keeper.insist(count(*) = count(DISTINCT k) AND count(DISTINCT k) >= 200) FROM keeper.state;
SELECT keeper.insist(bool_and(ok)) FROM (SELECT coalesce(valid_to = lead(valid_from) OVER w, lead(valid_from) OVER w IS NULL) AS ok FROM keeper.history WINDOW w AS (PARTITION BY k ORDER BY valid_from)) h;
});
my @weights = (run_state_a => 3, run_state_b => 3, run_history_a => 2, run_history_b => 2, source => 10, person => 10, historian => 6, inserter => 6, reader => 2);
my @command = ($node->installed_command('pgbench'), '-n', '-c', '8', '-j', '2', '-T', $seconds, '-U', 'keeper', '-d', $node->connstr('postgres'));
while (my ($name, $weight) = splice @weights, 0, 2)
{
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, $script{$name});
	push @command, '-f', "$file\@$weight";
}
my ($out, $err) = ('', '');
my $ended = IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);
ok($ended, 'nobody got an error') or diag($err);
unlike($err, qr/(?:ERROR|FATAL|abort)/, 'nor was one passed by');

# What came in after the last runs, and then everything is compared.
sql_ok($node, 'postgres', "SELECT etl.run('$_', if_running => 'wait')", 'keeper') for qw(state_a state_b history_a history_b);
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.runs WHERE state <> 'succeeded'}), '0', 'each run succeeded in the end');

sub differences
{
	my ($have, $want) = @_;
	return sql_ok($node, 'postgres', "SELECT count(*) FROM ((($have) EXCEPT ALL ($want)) UNION ALL (($want) EXCEPT ALL ($have))) d");
}
my $events = '(SELECT * FROM keeper.source_a UNION SELECT * FROM keeper.source_b) e';
is(differences('SELECT k, v, seq FROM keeper.state', "SELECT DISTINCT ON (k) k, v, seq FROM $events ORDER BY k, seq DESC"), '0', 'upsert: the newest of both sources, once');
is(differences('SELECT k, v, valid_from, valid_to FROM keeper.history',
	"SELECT k, v, seq, lead(seq) OVER (PARTITION BY k ORDER BY seq) FROM $events"), '0', 'scd2: all events of both sources, no version lost or overlapping');
is(differences('SELECT k, hits FROM keeper.state WHERE hits > 0', q{SELECT k, count(*)::integer FROM keeper.hit WHERE what = 'state' GROUP BY k}), '0', 'upsert: no update of a person is lost');
is(differences('SELECT k, valid_from, hits FROM keeper.history WHERE hits > 0',
	q{SELECT k, valid_from, count(*)::integer FROM keeper.hit WHERE what = 'history' GROUP BY k, valid_from}), '0', 'scd2: nor one of a version');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM keeper.hit WHERE what = 'state'}) > 0, 1, 'people were there');
note(sql_ok($node, 'postgres', q{SELECT count(*) || ' runs, ' || coalesce(sum(attempt - 1), 0) || ' of them again after an error' FROM etl.runs}));
note(sql_ok($node, 'postgres', q{SELECT count(*) || ' updates by people' FROM keeper.hit}), '; ', sql_ok($node, 'postgres', q{SELECT count(*) || ' versions' FROM keeper.history}));

$node->stop;
done_testing();
