# examples/customer_pipeline: the story of its README, with exact numbers.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = 'examples/customer_pipeline';
my $node = PostgreSQL::Test::Cluster->new('customer');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;

# Run a file of the example.
sub run_file
{
	my ($file, $db, @options) = @_;

	command_ok(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', @options,
			'-d', $node->connstr($db), '-f', "$dir/$file"
		],
		"$file runs");
	return;
}

# What the pipeline's owner gets: (status, output, errors).
sub as_owner
{
	my ($sql) = @_;
	return $node->psql('warehouse', "\\set VERBOSITY verbose\n$sql",
		extra_params => [ '-U', 'etl_owner' ]);
}

sub value { return $node->safe_psql('warehouse', $_[0]); }

# inserted/updated/unchanged of the newest run
sub counts
{
	return value(
		q{SELECT concat_ws('/', rows_inserted, rows_updated, rows_unchanged)
		  FROM etl.run_steps WHERE kind = 'load'
		  AND run_id = (SELECT max(run_id) FROM etl.runs)});
}

# The target's rows of a day, against the same computed by plain SQL in the
# source: the rows of both that the other has not.
sub differences
{
	my ($day) = @_;
	my $columns =
	  'customer_id, name, email, segment, lifetime_value, risk_score';
	my $expected = $node->safe_psql(
		'crm', qq{
		SELECT customer_id, name, email,
		       CASE WHEN idle <= '7 days' THEN 'active' WHEN idle <= '30 days' THEN 'moderate' ELSE 'inactive' END,
		       round((date '$day' + 1 - registration_date) *
		             CASE WHEN idle <= '7 days' THEN 25 WHEN idle <= '30 days' THEN 10 ELSE 2 END / 30.0, 2),
		       round(least(extract(epoch FROM idle) / 86400 / 90, 1), 3)
		FROM (SELECT *, timestamptz '$day 00:00+00' + interval '1 day' - last_activity AS idle FROM customers) AS c
		WHERE idle > '0' ORDER BY customer_id});
	my $got = value(qq{SELECT $columns FROM dwh.customer_analytics
					   WHERE processed_date = '$day' ORDER BY customer_id});
	return $got eq $expected ? 'none' : "expected:\n$expected\ngot:\n$got";
}

# schemas with stages
sub stages { return value(q{SELECT count(*) FROM pg_namespace WHERE nspname ~ '^etl_r'}); }

sub segments
{
	return value(
		qq{SELECT string_agg(segment || ' ' || n, ', ' ORDER BY segment)
		   FROM (SELECT segment, count(*) AS n FROM dwh.customer_analytics
				 WHERE processed_date = '$_[0]' GROUP BY segment) AS s});
}

$node->safe_psql('postgres', $_)
  foreach ('CREATE ROLE crm_reader LOGIN', 'CREATE DATABASE crm', 'CREATE DATABASE warehouse');
run_file('crm/1_customers.sql', 'crm');
run_file('setup.sql', 'warehouse');
run_file('pipeline.sql', 'warehouse', '-U', 'etl_owner');
my ($status, $output, $errors) = as_owner(slurp_file("$dir/pipeline.sql"));
like($output, qr/^unchanged\|/, 'the same definition again changes nothing');

my $day1 = q{SELECT etl.run('customer_pipeline', window_start => '2024-03-01 00:00+00', window_end => '2024-03-02 00:00+00')};

($status, $output, $errors) = as_owner(q{SELECT etl.run('customer_pipeline')});
is($status, 0, 'a good day') or diag $errors;
is(counts(), '380/0/0', 'everything is new');
is(segments('2024-03-01'), 'active 28, inactive 262, moderate 90', 'the segments');
is(differences('2024-03-01'), 'none', 'the target is what plain SQL says');
is( value(q{SELECT segment FROM dwh.customer_analytics WHERE customer_id IN (7, 30) ORDER BY customer_id}),
	"active\nmoderate", 'exactly 7 days is active, exactly 30 moderate');
is( value(q{SELECT concat_ws(' ', check_name, status, failed_rows, tested_rows) FROM etl.check_results WHERE check_name = 'plausible_age'}),
	'plausible_age pass 3 380', 'three implausible ages are tolerated and counted');

($status) = as_owner($day1);
is($status, 0, 'the same day again');
is(counts(), '0/0/380', 'nothing changes');

run_file('crm/2_late_correction.sql', 'crm');
($status) = as_owner($day1);
is($status, 0, 'the same day with a late correction');
is(counts(), '0/1/379', 'one row changes');
is(differences('2024-03-01'), 'none', 'the right one');

run_file('crm/3_bad_import.sql', 'crm');
($status, $output, $errors) = as_owner(q{SELECT etl.run('customer_pipeline')});
isnt($status, 0, 'a bad day fails');
like($errors, qr/ERROR:  QE001: /, 'with QE001');
like($errors, qr/HINT:  /, 'and a hint');
is( value(q{SELECT string_agg(concat_ws(' ', check_name, status, failed_rows), ', ' ORDER BY position) FROM etl.check_results
			WHERE run_id = (SELECT max(run_id) FROM etl.runs) AND source = 'customers'}),
	'customer_id_primary_key fail 2, email_looks_right fail 12, plausible_age pass 3',
	'the verdicts are kept');
is(value(q{SELECT count(*) FROM dwh.customer_analytics WHERE processed_date > '2024-03-01'}), 0, 'nothing is loaded');
is(value(q{SELECT done FROM etl.pipelines WHERE pipeline = 'customer_pipeline'}),
	'{["2024-03-01 00:00:00+00","2024-03-02 00:00:00+00")}', 'the ledger did not move');
is( value(q{SELECT concat_ws(' ', problem, window_start, run_id) FROM etl.attention}),
	'failed 2024-03-02 00:00:00+00 4', 'somebody should look at it');

is(stages(), 1, 'the stages of the failed run are kept');

run_file('crm/4_repair.sql', 'crm');
($status, $output, $errors) = as_owner(q{SELECT etl.run('customer_pipeline')});
is($status, 0, 'after the repair, the same call') or diag $errors;
is(counts(), '400/0/0', 'takes the same day');
is(differences('2024-03-02'), 'none', 'and loads what plain SQL says');
is(segments('2024-03-02'), 'active 73, inactive 244, moderate 83', 'the segments');
is(value('SELECT count(*) FROM etl.attention'), 0, 'nothing is left to look at');
is( value(q{SELECT string_agg(state, ' ' ORDER BY run_id) FROM etl.runs}),
	'succeeded succeeded succeeded failed succeeded', 'the runs');
is(stages(), 0, 'the stages are gone');

$node->stop;
done_testing();
