# pg_dump and restore: definitions, what is done, who may do what and the
# numbers given out survive; a restored pipeline runs, or says why not.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = start_node('first', 'max_worker_processes = 16');
add_role($node, 'keeper');
add_role($node, '"Odd ""role"""');
sql_ok($node, 'postgres', q{CREATE ROLE helper LOGIN; SELECT etl.grant_usage('helper', 'run')});
sql_ok($node, 'postgres', q{
	CREATE TABLE keeper.target (id integer, day date);
	SELECT count(*) FROM etl.define('daily', description => 'with ''quotes'' and \back', period => '1 day',
		start_at => '2024-01-01 00:00+00', timezone => 'UTC', schedule => '@daily', tags => '{a,b}',
		params => '{"n": 7}', retries => 2, retry_delay => '3 min',
		steps => ARRAY[
		etl.extract('rows', $$ SELECT g AS id, etl.logical_date() AS day FROM generate_series(1, etl.param('n')::int) g $$),
		etl.expect('rows', ARRAY['id > 0', 'UNIQUE (id)', etl.rule('row_count_change', name => 'rows', max_value => 0.5)]),
		etl.load('rows', target => 'keeper.target', mode => 'append')]);
	SELECT etl.run('daily', '2024-01-01 00:00+00', '2024-01-02 00:00+00');
	SELECT etl.run('daily', '2024-01-02 00:00+00', '2024-01-03 00:00+00');
	SELECT etl.run('daily', '2024-01-05 00:00+00', '2024-01-06 00:00+00');
	SELECT etl.grant_access('daily', 'helper', 'run')}, 'keeper');
sql_ok($node, 'postgres', q{
	CREATE TABLE "Odd ""role""".target (id integer PRIMARY KEY);
	SELECT count(*) FROM etl.define('näme "with" ''all''', steps => ARRAY[
		etl.extract('e', 'SELECT 1 AS id'), etl.load('e', target => '"Odd ""role""".target', key => '{id}')]);
	SELECT count(*) FROM etl.define('näme "with" ''all''', steps => ARRAY[
		etl.extract('e', 'SELECT 2 AS id'), etl.load('e', target => '"Odd ""role""".target', key => '{id}')])}, q{Odd "role"});
# a failed run keeps its stages, which are ordinary tables for pg_dump
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('fails', steps => ARRAY[
	etl.extract('kept', 'SELECT 1 AS id'), etl.expect('kept', ARRAY['id > 1'])])}, 'keeper');
like(sql_error($node, 'postgres', q{SELECT etl.run('fails')}, 'keeper'), qr/^QE001/, 'a run that fails and leaves stages');
sql_ok($node, 'postgres', q{
	SELECT count(*) FROM etl.define('splits', steps => ARRAY[
		etl.extract('rows', 'SELECT g AS id FROM generate_series(1, 3) g'), etl.expect('rows', ARRAY['id > 1'], on_fail => 'quarantine'),
		etl.load('rows', target => 'keeper.split', mode => 'append', params => '{"missing_target": "create"}')]);
	SELECT etl.run('splits')}, 'keeper');
my $max = sql_ok($node, 'postgres', 'SELECT max(run_id) FROM etl.runs');

my @tables = qw(pipeline pipeline_version step ledger pipeline_access metric_point quarantine);
sub contents
{
	my ($server, $database) = @_;
	return join "\n", map {
		$server->safe_psql($database, "SELECT '$_', t::text FROM etl_catalog.$_ t ORDER BY 2")
	} @tables;
}
my $wanted = contents($node, 'postgres');
like($wanted, qr/ledger\|/, 'there is a ledger to keep');
like($wanted, qr/pipeline_access\|/, 'and an access');
like($wanted, qr/quarantine\|/, 'and a row in quarantine');
like($wanted, qr/(metric_point\|.*){3}/s, 'and numbers to compare with');

# --- plain dump into another database of the cluster
my $dump = $node->basedir . '/plain.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE template0');
my ($out, $err) = ('', '');
my $restored = $node->run_log([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('copy') ],
	'>', \$out, '2>', \$err);
ok($restored, 'psql restores the dump');
is($err, '', 'without a word of complaint');
is(contents($node, 'copy'), $wanted, 'definitions, ledger and access are the same');
is($node->safe_psql('copy', q{SELECT count(*) FROM keeper.target}), '21', 'so is the data');

# The same roles, the same cluster: it runs at once, with the next window.
my $id = sql_ok($node, 'copy', q{SELECT etl.run('daily')}, 'helper');
cmp_ok($id, '>', $max, 'run ids go on after the dumped ones');
is($node->safe_psql('copy', q{SELECT string_agg(day || ' ' || n, ', ' ORDER BY day) FROM (SELECT day, count(*) AS n FROM keeper.target GROUP BY day) x}),
	'2024-01-01 7, 2024-01-02 7, 2024-01-03 7, 2024-01-05 7', 'the first gap is filled, nothing is loaded twice');
is($node->safe_psql('copy', q{SELECT string_agg(action, ',') FROM etl.define('fails', steps => ARRAY[
	etl.extract('kept', 'SELECT 1 AS id'), etl.expect('kept', ARRAY['id > 1'])]) WHERE action <> 'unchanged'}, as('keeper')),
	'', 'defining it again changes nothing');
like(sql_error($node, 'copy', q{SELECT etl.run('fails')}, 'keeper'), qr/^QE001/, 'a pipeline with a dumped stage schema runs');

# --- custom dump into another cluster, where the owners' oids belong to others
my $custom = $node->basedir . '/custom.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $custom, '-d', $node->connstr('postgres') ], 'pg_dump -Fc');
my $keeper_oid = $node->safe_psql('postgres', q{SELECT oid FROM pg_roles WHERE rolname = 'keeper'});
my $other = PostgreSQL::Test::Cluster->new('second');
$other->init;
$other->append_conf('postgresql.conf', 'max_worker_processes = 16');
$other->start;
# a stranger gets the very oid that keeper had
$other->safe_psql('postgres', qq{DO \$\$ DECLARE n oid := 0; BEGIN
	WHILE n < $keeper_oid LOOP
		EXECUTE 'DROP ROLE IF EXISTS stranger';
		EXECUTE 'CREATE ROLE stranger LOGIN';
		SELECT oid INTO n FROM pg_roles WHERE rolname = 'stranger';
	END LOOP; END \$\$});
is($other->safe_psql('postgres', q{SELECT oid FROM pg_roles WHERE rolname = 'stranger'}), $keeper_oid, 'a stranger has the oid of the owner');
$other->safe_psql('postgres', q{CREATE ROLE keeper LOGIN; CREATE ROLE helper LOGIN; CREATE ROLE "Odd ""role""" LOGIN});
$other->command_ok([ 'pg_restore', '--exit-on-error', '-d', $other->connstr('postgres'), $custom ], 'pg_restore');
is(contents($other, 'postgres'), $wanted, 'definitions, ledger and access are the same there');

sql_ok($other, 'postgres', q{SELECT etl.grant_usage('stranger', 'define')});
my $error = sql_error($other, 'postgres', q{SELECT etl.run('daily')});
like($error, qr/^42501: .*must be approved again/, 'it does not run as whoever has the oid now');
like($error, qr/HINT: +SELECT etl\.set_owner\('daily'/, 'and the HINT says what to do');
like(sql_error($other, 'postgres', q{SELECT etl.run('daily')}, 'stranger'), qr/^(42501|42704): /, 'the stranger may not run it');
is(sql_ok($other, 'postgres', q{SELECT count(*) FROM etl.pipelines}, 'stranger'), '0', 'the stranger does not see it');
like(sql_error($other, 'postgres', q{SELECT etl.drop_pipeline('daily')}, 'stranger'), qr/^(42501|42704): /, 'the stranger may not drop it');
like(sql_ok($other, 'postgres', q{SELECT string_agg(object || ': ' || hint, ' ') FROM etl.health() WHERE severity = 'error'}),
	qr/daily: SELECT etl\.set_owner/, 'etl.health reports it');
is(sql_ok($other, 'postgres', 'SELECT count(*) FROM keeper.target'), '21', 'nothing was loaded');

is(sql_ok($other, 'postgres', q{SELECT count(*) FROM etl.quarantine}, 'stranger'), '0', 'nor the rows in its quarantine');
like(sql_error($other, 'postgres', q{SELECT etl.repair_quarantine(quarantine_id, '{}') FROM etl_catalog.quarantine}, 'stranger'), qr/^42501: /, 'which nobody reads directly');
like(sql_error($other, 'postgres', q{SELECT etl.repair_quarantine(1, '{}')}, 'stranger'), qr/^42704: /, 'and it does not repair them');
sql_ok($other, 'postgres', q{SELECT etl.set_owner('splits', 'keeper')});
is(sql_ok($other, 'postgres', q{SELECT row_data FROM etl.quarantine}, 'keeper'), '{"id": 1}', 'their owner sees them');
is(sql_ok($other, 'postgres', q{SELECT etl.repair_quarantine(quarantine_id, '{"id": 7}') FROM etl.quarantine; SELECT etl.replay_quarantine('splits')}, 'keeper'), "t\n1", 'and sends them back');
sql_ok($other, 'postgres', q{SELECT etl.run('splits')}, 'keeper');
is(sql_ok($other, 'postgres', q{SELECT string_agg(id::text, ',' ORDER BY id) FROM keeper.split}), '2,2,3,3,7', 'into the next run');
sql_ok($other, 'postgres', q{SELECT etl.set_owner('daily', 'keeper')});
$id = sql_ok($other, 'postgres', q{SELECT etl.run('daily')}, 'keeper');
cmp_ok($id, '>', $max, 'after it the owner runs it; ids go on');
is(sql_ok($other, 'postgres', q{SELECT max(n) || ' ' || count(*) FROM (SELECT count(*) AS n FROM keeper.target GROUP BY day) x}),
	'7 4', 'the first gap is filled, nothing is loaded twice');
sql_ok($other, 'postgres', q{SELECT etl.set_owner(pipeline, 'keeper') FROM etl.pipelines WHERE pipeline = 'fails'});
like(sql_error($other, 'postgres', q{SELECT etl.run('fails')}, 'keeper'), qr/^QE001/, 'the pipeline with a dumped stage schema runs there too');
sql_ok($other, 'postgres', q{SELECT etl.set_owner(pipeline, '"Odd ""role"""') FROM etl.pipelines WHERE pipeline LIKE 'n%me "with"%'});
sql_ok($other, 'postgres', q{SELECT etl.run(pipeline) FROM etl.pipelines WHERE pipeline LIKE 'n%me "with"%'}, q{Odd "role"});
is(sql_ok($other, 'postgres', q{SELECT id FROM "Odd ""role""".target}), '2', 'with the version that was current');

$node->stop;
$other->stop;
done_testing();
