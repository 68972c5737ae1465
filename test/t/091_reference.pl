# doc/reference.md is what doc/generate-reference.sh makes of the catalogue.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('reference');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dq_etl');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';
is(system('doc/generate-reference.sh >doc/reference.new'), 0,
	'the generator runs');
my $new = slurp_file('doc/reference.new');
ok($new eq slurp_file('doc/reference.md'), 'doc/reference.md is current')
  or diag 'make it so: cp build/src/doc/reference.new doc/reference.md; '
  . `diff -u doc/reference.md doc/reference.new | head -n 40`;

$node->stop;
done_testing();
