# examples/ieee_registry: real files, numbers from plain SQL, and for the
# version of the files in Debian 12 as constants too.
use strict;
use warnings;
use Digest::MD5;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $files = '/usr/share/ieee-data';
plan skip_all => "no $files/oui.csv: install ieee-data"
  unless -e "$files/oui.csv";

my $dir = 'examples/ieee_registry';
my $node = PostgreSQL::Test::Cluster->new('ieee');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;

sub run_file
{
	my ($file, @options) = @_;

	command_ok(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', @options,
			'-d', $node->connstr('warehouse'), '-f', "$dir/$file"
		],
		"$file runs");
	return;
}

sub as_owner
{
	my ($sql) = @_;
	return $node->psql('warehouse', "\\set VERBOSITY verbose\n$sql",
		extra_params => [ '-U', 'etl_owner' ]);
}

sub value { return $node->safe_psql('warehouse', $_[0]); }

sub counts
{
	return value(
		q{SELECT string_agg(concat_ws('/', rows_inserted, rows_updated, rows_unchanged), ' ' ORDER BY step DESC)
		  FROM etl.run_steps WHERE kind = 'load'
		  AND run_id = (SELECT max(run_id) FROM etl.runs)});
}

$node->safe_psql('postgres', 'CREATE DATABASE warehouse');
run_file('setup.sql', '-v', "ieee_dir=$files");
$node->safe_psql('warehouse', <<'SQL');
CREATE VIEW public.entry AS
	TABLE ieee.oui UNION ALL TABLE ieee.mam UNION ALL TABLE ieee.oui36 UNION ALL TABLE ieee.iab;
SQL

# By plain SQL: entries, surplus ones, blank addresses, stray white space.
my $facts = q{SELECT count(*), count(*) - count(DISTINCT assignment),
	count(*) FILTER (WHERE organization_address IS NULL OR organization_address ~ '^\s*$'),
	count(*) FILTER (WHERE organization_name ~ '^\s|\s$') FROM %s};
my ($total, $surplus, $blank, $stray) =
  split /\|/, value(sprintf $facts, 'public.entry');

my $md5 = Digest::MD5->new;
open my $oui, '<:raw', "$files/oui.csv" or die $!;
my $known = $md5->addfile($oui)->hexdigest eq 'a2943482791eef62b283967f3ed8e857';

SKIP:
{
	skip 'other files than those of version 20220827.1', 3 unless $known;
	is(value(sprintf $facts, 'ieee.oui'), '32530|3|90|281', 'the numbers of oui.csv');
	is("$total $surplus $blank $stray", '46524 3 200 497', 'the numbers of all four');
	is( value(q{SELECT string_agg(assignment || ' ' || n, ', ' ORDER BY assignment) FROM
				(SELECT assignment, count(*) AS n FROM public.entry GROUP BY assignment HAVING count(*) > 1) AS d}),
		'0001C8 2, 080030 3', 'the assignments that stand more than once');
}

my ($status, $output, $errors) = as_owner(<<'SQL');
INSERT INTO dwh.hardware_vendor
SELECT assignment, registry, 24, organization_name, organization_address FROM ieee.oui
ON CONFLICT (assignment) DO UPDATE SET organization = excluded.organization
SQL
like($errors, qr/ERROR:  21000: /, 'a plain upsert fails with 21000');

run_file('pipeline.sql', '-U', 'etl_owner');
($status, $output, $errors) = as_owner(q{SELECT etl.run('ieee_registry')});
is($status, 0, 'the pipeline does not') or diag $errors;
is(counts(), sprintf('%d/0/0 %d/0/0', $total - $surplus, $surplus), 'vendors and surplus entries');
is( value(q{SELECT string_agg(concat_ws(' ', check_name, status, failed_rows), ', ' ORDER BY check_name)
			FROM etl.check_results WHERE status <> 'pass'}),
	"address_given warn $blank, no_stray_white_space warn $stray", 'the warnings');
is( value(q{SELECT count(*) FROM (SELECT assignment FROM public.entry EXCEPT SELECT assignment FROM dwh.hardware_vendor) AS missing}),
	0, 'every assignment has its vendor');
is( value(q{SELECT count(*) FROM dwh.hardware_vendor WHERE organization ~ '^\s|\s$|\s\s' OR address ~ '^\s|\s$|\s\s' OR address = ''}),
	0, 'no stray white space is left');
SKIP:
{
	skip 'other files than those of version 20220827.1', 1 unless $known;
	is(value(q{SELECT string_agg(v.organization || ': ' || s.organization, '; ' ORDER BY s.assignment, s.place)
			   FROM dwh.hardware_vendor AS v JOIN dwh.hardware_vendor_surplus AS s USING (assignment)
			   WHERE assignment IN ('080030', '0001C8')}),
		'THOMAS CONRAD CORP.: CONRAD CORP.; CERN: NETWORK RESEARCH CORPORATION; CERN: ROYAL MELBOURNE INST OF TECH',
		'who stays and who is surplus');
}

($status, $output, $errors) = as_owner(q{SELECT etl.run('ieee_registry')});
is($status, 0, 'the pipeline again') or diag $errors;
is(counts(), sprintf('0/0/%d 0/0/%d', $total - $surplus, $surplus), 'changes nothing');

$node->stop;
done_testing();
