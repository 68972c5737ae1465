# Patterns compiled to automata in other encodings than UTF-8: the same as the
# server in single-byte ones, nothing in the rest.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = start_node('main');

# All bytes but NUL as strings of one character, and between two others.
my $strings = q{
	SELECT convert_from(set_byte('\x00', 0, i), pg_client_encoding()) AS value FROM generate_series(1, 255) i
	UNION ALL SELECT 'a' || convert_from(set_byte('\x00', 0, i), pg_client_encoding()) || 'b' FROM generate_series(1, 255) i};
my $patterns = q{unnest(ARRAY['^.$', '^..$', '\d', '\w', '^\w+$', '\W', '^[^a]$', '[a-z]', '^\S$', '[[:alpha:]]', '[[:punct:]]', '^a.b$', '^a\wb$', '^a[^b]+b$'])};

for my $encoding ('LATIN1', 'WIN1252', 'SQL_ASCII')
{
	my $name = lc $encoding;
	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0 ENCODING $encoding LC_COLLATE 'C' LC_CTYPE 'C'");
	$node->safe_psql($name, 'CREATE EXTENSION dq_etl');
	my $bytes = $encoding eq 'WIN1252' ? $strings =~ s/generate_series\(1, 255\) i/generate_series(1, 255) i WHERE i NOT IN (129, 141, 143, 144, 157)/gr : $strings;
	is($node->safe_psql($name, qq{
		SET client_encoding = $encoding;
		SELECT count(*) > 5000, count(*) FILTER (WHERE etl_catalog.dfa_matches(value, pattern)) > 1000,
			   count(*) FILTER (WHERE etl_catalog.dfa_matches(value, pattern) IS DISTINCT FROM (value ~ pattern))
		  FROM ($bytes) s, $patterns p(pattern)}), 't|t|0', "$encoding: as the server matches");
	is($node->safe_psql($name, qq{
		SET client_encoding = $encoding;
		SELECT count(*) FILTER (WHERE etl_catalog.dfa_like(value, pattern) IS DISTINCT FROM (value LIKE pattern))
		  FROM ($bytes) s, unnest(ARRAY['_', '%', 'a%', '%b', 'a_b', '__', '%_%b']) p(pattern)}), '0', "$encoding: as LIKE matches");
}

$node->safe_psql('postgres', q{CREATE DATABASE euc_jp TEMPLATE template0 ENCODING EUC_JP LC_COLLATE 'C' LC_CTYPE 'C'});
$node->safe_psql('euc_jp', 'CREATE EXTENSION dq_etl');
is($node->safe_psql('euc_jp', q{SELECT etl_catalog.dfa_matches('a', 'a') IS NULL AND etl_catalog.dfa_like('a', 'a') IS NULL}), 't', 'EUC_JP: left to the server');

$node->stop;
done_testing();
