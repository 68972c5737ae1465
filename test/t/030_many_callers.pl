# Many callers of one pipeline on a server with few worker slots: none of them
# is refused for want of a slot, since only one starts a worker at a time.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('many_callers');
$node->init;
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION dq_etl;
	CREATE TABLE target (id bigint);
	SELECT etl.define('many', steps => ARRAY[
		etl.extract('one', 'SELECT etl.run_id() AS id'),
		etl.load('one', target => 'target', mode => 'append')]);
});

$node->pgbench('-n -c 40 -t 2', 0, [qr{processed: 80/80}], [qr{^$}],
	'all callers that wait run the pipeline',
	{ '030_wait' => q{SELECT etl.run('many', if_running => 'wait');} });
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM target'),
	'80|80', 'each call was a run of its own');

$node->pgbench('-n -c 40 -t 2', 0, [qr{processed: 80/80}], [qr{^$}],
	'all callers that skip return',
	{ '030_skip' => q{SELECT etl.run('many', if_running => 'skip');} });
is($node->safe_psql('postgres', q{SELECT count(*) FROM etl.runs WHERE state <> 'succeeded'}),
	'0', 'every run succeeded');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
	'0', 'no lock is left');

$node->stop;
done_testing();
