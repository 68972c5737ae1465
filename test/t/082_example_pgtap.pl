# examples/pgtap: what pg_prove says of it.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = 'examples/pgtap';
my $node = PostgreSQL::Test::Cluster->new('pgtap');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dq_etl');
$node->safe_psql('postgres', slurp_file("$dir/setup.sql"));

# (status, output) of pg_prove
sub prove
{
	my ($file) = @_;
	my $output = '';
	local %ENV = %ENV;
	delete @ENV{grep { /^(HARNESS_|TEST_|PERL_TEST)/ } keys %ENV};

	IPC::Run::run(
		[ 'pg_prove', '-v', '-h', $node->host, '-p', $node->port, '-d', 'postgres', "$dir/$file" ],
		'>', \$output, '2>&1');
	return ($? >> 8, $output);
}

my ($status, $output) = prove('orders_quality.sql');
isnt($status, 0, 'the negative amount makes it fail');
like($output, qr/^1\.\.5$/m, 'a plan');
like($output, qr/^not ok 4 - amount_is_positive$/m, 'the check that fails');
like($output, qr/^# 1 of 1000 rows failed$/m, 'and why');
is(scalar(() = $output =~ /^ok /mg), 4, 'the others pass, one by its tolerance');
like($output, qr/Failed 1\/5 subtests/, 'as pg_prove counts');

$node->safe_psql('postgres', 'UPDATE shop.orders SET amount = 5 WHERE amount < 0');
($status, $output) = prove('orders_quality.sql');
is($status, 0, 'repaired, it passes') or diag $output;

$node->safe_psql('postgres', 'CREATE EXTENSION pgtap');
($status, $output) = prove('orders_with_pgtap.sql');
is($status, 0, 'the one with pgTAP passes') or diag $output;
$node->safe_psql('postgres', 'UPDATE shop.orders SET customer_id = NULL WHERE order_id = 1');
($status, $output) = prove('orders_with_pgtap.sql');
isnt($status, 0, 'and fails when a customer is missing');
like($output, qr/^not ok 4 - every order has a customer$/m, 'by its name');
like($output, qr/^# 1 of 1000 rows failed$/m, 'and why');

$node->stop;
done_testing();
