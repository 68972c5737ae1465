# pg_cron, really loaded, runs pipelines: one that succeeds, one that fails,
# and one of another database.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

# Without pg_cron in the server the message says how to get it.
my $bare = start_node('bare');
add_role($bare, 'keeper');
my $nothing = q{SELECT count(*) FROM etl.define('p', schedule => '@daily',
	steps => ARRAY[etl.call('nothing', 'SELECT 1', phase => 'after')])};
sql_ok($bare, 'postgres', $nothing, 'keeper');
like(sql_error($bare, 'postgres', "SELECT etl.schedule('p')", 'keeper'),
	qr/^55000: .*not loaded.*HINT: .*shared_preload_libraries.*cron\.database_name = 'postgres'.*CREATE EXTENSION pg_cron/s,
	'no pg_cron in the server: 55000 and how to load it');
is(sql_ok($bare, 'postgres', q{SELECT drift FROM etl.schedules}, 'keeper'), 'pg_cron is not loaded', 'the view says so too');
is(sql_ok($bare, 'postgres', q{SELECT etl.unschedule('p')}, 'keeper'), 'f', 'nothing to unschedule there');
$bare->stop;

my $node = start_node('cron',
	q{shared_preload_libraries = 'pg_cron'},
	q{cron.database_name = 'postgres'},
	q{cron.host = '@SOCKET@'},
	'max_worker_processes = 16');

# Loaded, but the extension is not there yet.
add_role($node, 'keeper');
my ($role, $role_quoted) = (q{O'Hara "x"}, q{"O'Hara ""x"""});
add_role($node, $role_quoted);
sql_ok($node, 'postgres', $nothing, 'keeper');
like(sql_error($node, 'postgres', "SELECT etl.schedule('p')", 'keeper'),
	qr/^55000: .*HINT: +CREATE EXTENSION pg_cron;/s, 'extension missing: 55000 with the statement');
is(sql_ok($node, 'postgres', 'SELECT drift FROM etl.schedules', 'keeper'), 'pg_cron is not installed', 'drift of that');
sql_ok($node, 'postgres', 'CREATE EXTENSION pg_cron');

# The owner needs USAGE on schema cron, and is told the GRANT.
like(sql_error($node, 'postgres', "SELECT etl.schedule('p')", 'keeper'),
	qr/^42501: .*HINT: +GRANT USAGE ON SCHEMA cron TO keeper;/s, 'no USAGE: 42501 with the GRANT');
sql_ok($node, 'postgres', "GRANT USAGE ON SCHEMA cron TO keeper, $role_quoted");

# Pipelines: good and bad in this database, far in another one.
sql_ok($node, 'postgres', q{
	CREATE TABLE keeper.source AS SELECT g AS id FROM generate_series(1, 7) g;
	CREATE TABLE keeper.target (id integer PRIMARY KEY);
	SELECT count(*) FROM etl.define('good', schedule => '* * * * *', steps => ARRAY[
		etl.extract('rows', 'SELECT id FROM keeper.source'),
		etl.load('rows', target => 'keeper.target', key => '{id}')]);
	SELECT count(*) FROM etl.define('it''s "bad"', schedule => '* * * * *', steps => ARRAY[
		etl.extract('rows', 'SELECT 1 / (id - id) AS id FROM keeper.source'),
		etl.load('rows', target => 'keeper.target', key => '{id}')])}, 'keeper');
my $database = q{far's "away"};
$node->safe_psql('postgres', q{CREATE DATABASE "far's ""away"""});
sql_ok($node, $database, 'CREATE EXTENSION dq_etl');
add_role($node, $role_quoted, database => $database, exists => 1);
sql_ok($node, $database, q{
	CREATE TABLE "O'Hara ""x""".target (id integer PRIMARY KEY);
	SELECT count(*) FROM etl.define('f''ar', schedule => '* * * * *', steps => ARRAY[
		etl.extract('rows', 'SELECT 1 AS id'),
		etl.load('rows', target => '"O''Hara ""x""".target', key => '{id}')])}, $role);

# In the database without pg_cron the HINT holds the statement to run.
my $error = sql_error($node, $database, q{SELECT etl.schedule('f''ar')}, $role);
like($error, qr/^55000: .*"postgres"/, 'pg_cron elsewhere: 55000 names the database');
like($error, qr/time zone GMT/, 'and the time zone');
my ($statement) = $error =~ /HINT: .*?(SELECT cron\.schedule_in_database.*;)$/m;
ok($statement, 'the HINT holds a statement');
is(sql_ok($node, $database, q{SELECT next_statement FROM etl.schedules WHERE drift = 'pg_cron is not in this database'}, $role),
	$statement, 'so does the view');
sql_ok($node, 'postgres', $statement);
is(sql_ok($node, 'postgres', q{SELECT database || '|' || username || '|' || schedule FROM cron.job WHERE command LIKE '%f_''ar%'}),
	qq{$database|O'Hara "x"|* * * * *}, 'executed there as printed it makes the job, names with quotes and all');

# Schedule as the owner and, for the other pipeline, as a superuser.
my ($out, $notice);
$node->psql('postgres', q{SELECT etl.schedule('good')}, stdout => \$out, stderr => \$notice, as('keeper'));
like($notice, qr/NOTICE: .*time zone GMT/, 'a NOTICE names the time zone');
my $job = $out;
is(sql_ok($node, 'postgres', q{SELECT etl.schedule('good')}, 'keeper'), $job, 'scheduling again keeps the job');
sql_ok($node, 'postgres', q{SELECT etl.schedule('it''s "bad"')});
is(sql_ok($node, 'postgres', q{SELECT count(*) || ' ' || min(username) || ' ' || max(username) FROM cron.job WHERE database = 'postgres'}),
	'2 keeper keeper', 'both jobs run as the owner, there are no duplicates');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.schedules WHERE pipeline <> 'p' AND drift IS NULL AND job_id IS NOT NULL}),
	'2', 'the view sees the jobs and no drift');

# Within the next minute all three run.
{
	local $PostgreSQL::Test::Utils::timeout_default = 130;
	wait_for($node, 'postgres', 'SELECT count(DISTINCT jobid) FROM cron.job_run_details WHERE end_time IS NOT NULL', '3', 'all three jobs ran');
}
is(sql_ok($node, 'postgres', q{SELECT string_agg(DISTINCT d.status, ',') FROM cron.job_run_details d JOIN cron.job j USING (jobid)
	WHERE j.command = etl.cron_command('good') AND d.end_time IS NOT NULL}), 'succeeded', 'pg_cron says: succeeded');
is(sql_ok($node, 'postgres', 'SELECT count(*) FROM keeper.target'), '7', 'the rows are there');
is(sql_ok($node, 'postgres', q{SELECT DISTINCT state FROM etl.runs WHERE pipeline = 'good'}), 'succeeded', 'our record says: succeeded');
is(sql_ok($node, 'postgres', q{SELECT last_status || ' ' || (last_finished_at IS NOT NULL) FROM etl.schedules WHERE pipeline = 'good'}, 'keeper'),
	'succeeded true', 'etl.schedules shows the last result, to the owner');
is(sql_ok($node, 'postgres', q{SELECT string_agg(DISTINCT d.status, ',') FROM cron.job_run_details d JOIN cron.job j USING (jobid)
	WHERE j.command = etl.cron_command('it''s "bad"') AND d.end_time IS NOT NULL}), 'failed', 'pg_cron says of the bad one: failed');
like(sql_ok($node, 'postgres', q{SELECT last_message FROM etl.schedules WHERE pipeline = 'it''s "bad"'}),
	qr/it's "bad".*division by zero/s, 'with our message');
is(sql_ok($node, 'postgres', q{SELECT DISTINCT r.state || ' ' || e.sqlstate FROM etl.runs r JOIN etl.run_errors e USING (run_id) WHERE r.pipeline = 'it''s "bad"'}),
	'failed 22012', 'our record says: failed, and why');
is(sql_ok($node, $database, q{SELECT DISTINCT state FROM etl.runs}), 'succeeded', 'the job of the other database ran there');

# Drift, each kind, and its mending.
sub drift { return sql_ok($node, 'postgres', q{SELECT drift FROM etl.schedules WHERE pipeline = 'good'}) }
my $mend = sub {
	my $next = sql_ok($node, 'postgres', q{SELECT next_statement FROM etl.schedules WHERE pipeline = 'good'});
	sql_ok($node, 'postgres', $next);
	is(drift(), '', "next_statement mends it: $next");
};
sql_ok($node, 'postgres', q{SELECT etl.schedule('good', '5 4 * * *')}, 'keeper');
is(drift(), 'schedule differs', 'another schedule than the definition');
$mend->();
sql_ok($node, 'postgres', qq{SELECT cron.alter_job($job, active => false)});
is(drift(), 'not active', 'switched off in pg_cron');
$mend->();
$job = sql_ok($node, 'postgres', q{SELECT job_id FROM etl.schedules WHERE pipeline = 'good'});
sql_ok($node, 'postgres', qq{SELECT cron.alter_job($job, command => 'SELECT 1')});
is(drift(), 'command differs', 'command edited in pg_cron');
$mend->();
sql_ok($node, 'postgres', qq{SELECT cron.alter_job($job, username => 'O''Hara "x"')});
is(drift(), 'runs as another role', 'role edited in pg_cron');
$mend->();
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM cron.job WHERE command = etl.cron_command('good')}), '1', 'and leaves one job');
is(sql_ok($node, 'postgres', q{SELECT etl.unschedule('good'), etl.unschedule('good')}, 'keeper'), 't|f', 'unschedule says whether there was a job');
is(drift(), 'not scheduled', 'not scheduled');

# Dropping a pipeline takes its job along, in the same transaction.
sql_ok($node, 'postgres', q{SELECT etl.schedule('good')}, 'keeper');
sql_ok($node, 'postgres', q{BEGIN; SELECT etl.drop_pipeline('good'); ROLLBACK}, 'keeper');
is(drift(), '', 'a drop that is rolled back leaves the job');
sql_ok($node, 'postgres', q{SELECT etl.drop_pipeline('good')}, 'keeper');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM cron.job WHERE command LIKE '%good%'}), '0', 'a drop removes it');

$node->stop;
done_testing();
