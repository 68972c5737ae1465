# A check that is cancelled ends, wherever it is: in the scan, in the work on
# keys after it, in a profile, with a worker at its side. It leaves nothing
# behind, and the session goes on.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = start_node('cancel', 'max_worker_processes = 16', 'work_mem = 1MB', 'log_temp_files = 0');

# Each statement is done again and again by one statement, so that it cannot
# have ended when the cancel comes, however slow the machine is.
sql_ok($node, 'postgres', q{
	CREATE TABLE rows AS SELECT i AS id, i % 7 AS k, md5(i::text) AS code FROM generate_series(1, 60000) AS i;
	VACUUM rows;
	CREATE FUNCTION again(statement text) RETURNS void LANGUAGE plpgsql AS
		'BEGIN LOOP EXECUTE statement; END LOOP; END'});

my %statement = (
	'the scan'               => q{SELECT count(*) FROM etl.check('rows', ARRAY['id > 0', 'length(code) = 32', 'md5(code) > '''''], sample_rows => 0)},
	'the work on keys'       => q{SELECT count(*) FROM etl.check('rows', ARRAY[etl.rule('unique', '{code}'), etl.rule('unique', '{k,code}')], sample_rows => 0)},
	'a profile'              => q{SELECT count(*) FROM etl.profile('rows')},
	'failing rows'   => q{SELECT count(*) FROM etl.check('rows', ARRAY['k > 3'], sample_rows => 5)});

for my $name (sort keys %statement)
{
	for my $workers (0, 1)
	{
		my $what    = "$name, workers: $workers";
		my $session = session($node, 'postgres');
		$session->query("SET dq_etl.scan_workers = $workers; SET min_parallel_table_scan_size = 0; SET dq_etl.force_evaluation = 'scan'");
		my $statement = $statement{$name} =~ s/'/''/gr;
		$session->start("SELECT again('$statement')");
		wait_for($node, 'postgres', "SELECT count(*) FROM pg_stat_activity WHERE pid = $session->{pid} AND state = 'active' AND query LIKE 'SELECT again%'", '1', "$what: at work");
		sql_ok($node, 'postgres', "SELECT pg_cancel_backend($session->{pid})");
		$session->finish;
		like($session->{error}, qr/^57014: /, "$what: cancelled");
		is($session->query('SELECT count(*) FROM rows'), '60000', "$what: the session goes on");
		is($session->query("$statement{$name}") > 0 ? 1 : 0, 1, "$what: and checks again");
		wait_for($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'}, '0', "$what: no worker is left");
		$session->quit;
	}
}

# nothing stays in the directory of temporary files, and the log knows of no
# buffer or file that somebody forgot
wait_for($node, 'postgres', 'SELECT count(*) FROM pg_ls_tmpdir()', '0', 'no temporary file is left');
unlike(slurp_file($node->logfile), qr/leak|still referenced|PANIC/, 'nothing leaked');

done_testing();
