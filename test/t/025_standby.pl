# A streaming standby answers whatever only reads, and refuses the rest.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $primary = PostgreSQL::Test::Cluster->new('standby_primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dq_etl');
add_role($primary, 'keeper');
sql_ok($primary, 'postgres', q{
	CREATE TABLE keeper.orders (id integer PRIMARY KEY, amount integer, code text);
	INSERT INTO keeper.orders SELECT i, i % 500, 'c' || i % 2500 FROM generate_series(1, 5000) AS i;
	CREATE TABLE keeper.target (LIKE keeper.orders INCLUDING ALL);
	SELECT count(*) FROM etl.define('p', steps => ARRAY[
		etl.extract('o', 'SELECT * FROM keeper.orders'),
		etl.expect('o', ARRAY['PRIMARY KEY (id)', 'amount >= 0']),
		etl.load('o', target => 'keeper.target', key => '{id}')]);
	SELECT etl.run('p');
	SELECT count(*) FROM etl.check('keeper.orders', ARRAY[etl.rule('row_count_change', max_value => 1)], record => true)}, 'keeper');
sql_ok($primary, 'postgres', q{SELECT etl.save_profile('keeper.orders', 'then') IS NOT NULL}, 'keeper');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

# --- what reads gives what it gives on the primary
my $suite = q{ARRAY['PRIMARY KEY (id)', 'UNIQUE (code)', 'id > 0', 'amount > 0', etl.rule('match_regex', '{code}', pattern => '^c[0-9]+$'),
	etl.rule('mean_between', '{amount}', min_value => 1), etl.rule('row_count_change', max_value => 1), 'amount >', 'nosuch > 1',
	'FOREIGN KEY (id) REFERENCES keeper.target (id)']};
my %reads = (
	'etl.check' => qq{SELECT check_name, status, tested_rows, failed_rows, evaluation, error_sqlstate, jsonb_array_length(sample) FROM etl.check('keeper.orders', $suite)},
	'etl.explain_check' => qq{SELECT * FROM etl.explain_check('keeper.orders', $suite)},
	'etl.check_tap' => qq{SELECT * FROM etl.check_tap('keeper.orders', ARRAY['amount > 0', 'id > 0'])},
	'etl.assert' => qq{SELECT etl.assert('keeper.orders', ARRAY['id > 0'])},
	'etl.profile' => q{SELECT column_name, total_rows, null_count, distinct_count, min_value, max_value, mean FROM etl.profile('keeper.orders')},
	'etl.profile, exact' => q{SELECT column_name, distinct_count, p25 FROM etl.profile('keeper.orders', exact => true)},
	'etl.suggest_checks' => q{SELECT * FROM etl.suggest_checks('keeper.orders')},
	'etl.suggest_suite' => q{SELECT etl.suggest_suite('keeper.orders')},
	'etl.suggest_constraints' => q{SELECT * FROM etl.suggest_constraints('keeper.orders', ARRAY['PRIMARY KEY (id)', 'amount >= 0'])},
	'saved profiles' => q{SELECT column_name, distinct_count FROM etl.show_profile((SELECT profile_id FROM etl.profiles))},
	'the record' => q{SELECT pipeline, state FROM etl.runs},
	'verdicts' => q{SELECT check_name, status, tested_rows FROM etl.check_results},
	'history' => q{SELECT source, check_name, value FROM etl.metric_history});
for my $what (sort keys %reads)
{
	my $there = sql_ok($primary, 'postgres', $reads{$what}, 'keeper');
	isnt($there, '', "$what: there is something to compare");
	is(sql_ok($standby, 'postgres', $reads{$what}, 'keeper'), $there, "$what: the same on a standby");
}
for my $way (qw(proof probe scan sql))
{
	my $sql = qq{SET dq_etl.force_evaluation = '$way'; SELECT check_name, status, failed_rows FROM etl.check('keeper.orders', $suite)};
	is(sql_ok($standby, 'postgres', $sql, 'keeper'), sql_ok($primary, 'postgres', $sql, 'keeper'), "by $way: the same on a standby");
}
my $several = qq{SET min_parallel_table_scan_size = 0; SET dq_etl.scan_workers = 2; SET work_mem = '64kB';
	SELECT check_name, status, failed_rows FROM etl.check('keeper.orders', $suite)};
is(sql_ok($standby, 'postgres', $several, 'keeper'), sql_ok($primary, 'postgres', $several, 'keeper'), 'by several processes: the same on a standby');

# --- nothing is stored, and that is said
my ($out, $err);
$standby->psql('postgres', q{SELECT count(*) FROM etl.check('keeper.orders', ARRAY[etl.rule('row_count_change', max_value => 1)], record => true)},
	stdout => \$out, stderr => \$err, extra_params => [ '-U', 'keeper' ]);
is($out, '1', 'a check that would be recorded is answered');
like($err, qr/NOTICE:  nothing is recorded in a read-only transaction/, 'a notice tells that nothing is recorded');

# --- what writes is refused at once, and nobody waits for a worker
my %writes = (
	'etl.run' => q{SELECT etl.run('p')},
	'etl.run, not waiting' => q{SELECT etl.run('p', wait => false)},
	'etl.run, inline' => q{SELECT etl.run('p', inline => true)},
	'etl.run_pending' => q{SELECT etl.run_pending('p')},
	'etl.define' => q{SELECT etl.define('q', steps => ARRAY[etl.extract('o', 'SELECT 1 AS a')])},
	'etl.drop_pipeline' => q{SELECT etl.drop_pipeline('p')},
	'etl.disable' => q{SELECT etl.disable('p', 'because')},
	'etl.save_profile' => q{SELECT etl.save_profile('keeper.orders', 'now')});
for my $what (sort keys %writes)
{
	like(sql_error($standby, 'postgres', "SET statement_timeout = '120s'; $writes{$what}", 'keeper'), qr/^25006: cannot execute /, "$what is refused: 25006");
}

# --- after a promotion it is a server like any other
$standby->promote;
is(sql_ok($standby, 'postgres', q{SELECT count(*) FROM etl.check('keeper.orders', ARRAY['id > 0'], record => true)}, 'keeper'), '1', 'promoted: checks');
is(sql_ok($standby, 'postgres', q{SELECT etl.save_profile('keeper.orders', 'now') IS NOT NULL}, 'keeper'), 't', 'promoted: profiles are saved');

$standby->stop;
$primary->stop;
done_testing();
