# The script that runs cases of others: on cases of ours, which all pass, and
# on the same cases spoilt, which must all fail.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no python3' if system('python3 -c "" 2>/dev/null') != 0;

my $dir = 'test/conformance';
my $node = PostgreSQL::Test::Cluster->new('conformance');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dq_etl');

# Run a file: (exit status, output).
sub run_cases
{
	my ($file, @options) = @_;
	my $psql = "psql -d '" . $node->connstr('postgres') . "'";
	my ($out, $err) = ('', '');
	my $ok = run_log([ 'python3', "$dir/run.py", $file, '--psql', $psql, @options ],
		'>', \$out, '2>', \$err);
	diag($err) if $err ne '';
	return ($ok ? 0 : 1, $out);
}

# The sample with each case changed by a function: a file. Cases for which
# the function returns false are left out; no difference is waived.
sub spoilt
{
	my ($name, $change) = @_;
	my $json = JSON::PP->new->canonical->utf8;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$name.jsonl";
	my $count = 0;
	open(my $in, '<', "$dir/sample.jsonl") or die $!;
	open(my $out, '>', $file) or die $!;
	while (my $line = <$in>)
	{
		my $case = $json->decode($line);
		delete $case->{waiver};
		next unless $change->($case->{expect}) && $case->{id} !~ /waived/;
		print $out $json->encode($case), "\n";
		$count++;
	}
	close($in);
	close($out);
	return ($file, $count);
}

my ($status, $out) = run_cases("$dir/sample.jsonl");
is($status, 0, 'the sample passes');
like($out, qr/^total\s+16\s+0\s+0\s+1$/m, 'all but the waived one') or diag($out);
like($out, qr/^100\.0 % of 16 cases/m, 'share');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'dq_conformance'}),
	'0', 'nothing is left behind');

my %changes = (
	'another status' => sub { $_[0]{status} = $_[0]{status} eq 'pass' ? 'fail' : 'pass' },
	'a failed row more' => sub { defined $_[0]{failed_rows} && ++$_[0]{failed_rows} },
	'a tested row more' => sub { defined $_[0]{tested_rows} && ++$_[0]{tested_rows} },
	'a null row more' => sub { defined $_[0]{null_rows} && ++$_[0]{null_rows} },
	'a row less' => sub { defined $_[0]{failed_positions} && shift @{ $_[0]{failed_positions} }; },
	'another value' => sub { defined $_[0]{failed_values} && ($_[0]{failed_values}[0] = 'no such value') },
	'another metric' => sub { defined $_[0]{observed} && !ref $_[0]{observed} && ($_[0]{observed} = 77) });
foreach my $what (sort keys %changes)
{
	my ($file, $count) = spoilt($what =~ tr/ /_/r, $changes{$what});
	my ($failed, $told) = run_cases($file);
	is($failed, 1, "$what: told by the exit status");
	like($told, qr/^total\s+0\s+$count\s+0\s+0$/m, "$what: all $count fail") or diag($told);
}

my ($spoilt) = spoilt('some', sub { $_[0]{status} eq 'error' ? ($_[0]{status} = 'pass') : 1 });
($status) = run_cases($spoilt, '--at-least', '90');
is($status, 0, 'a threshold tolerates one of sixteen');

done_testing();
