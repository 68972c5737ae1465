#!/usr/bin/env perl
# Each mechanism has one place in the source.  A row names the place (a pattern
# of paths below src/), what only it may say, and whether strings count.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my @table = (
	['version', qr{^base/compat\.h$}, qr/\bPG_VERSION_NUM\b/],
	['spi', qr{^base/(spi|portal)\.[ch]$}, qr/\b(SPI_\w+|SetUserIdAndSecContext)\b/],
	['quoting', qr{^base/sqltext\.[ch]$}, qr/\b(quote_identifier|quote_literal_cstr|quote_qualified_identifier)\b/],
	['try', qr{^(base/(errctx|spi|portal)|run/worker)\.[ch]$}, qr/\bPG_TRY\b/],
	['settings', qr{^base/guc\.c$}, qr/\bDefineCustom\w+/],
	['tables', qr{^(catalog/.*|base/dq_etl\.h)$}, qr/\betl_catalog\b/, 'strings'],
	['doors', qr{^(api/.*|quality/agg_.*)$}, qr/\b(PG_FUNCTION_INFO_V1|PG_GETARG_\w+)\b/],
	['pg_cron', qr{^api/schedule\.[ch]$}, qr/\bcron\./, 'strings'],);

for my $row (@table)
{
	my ($rule, $place, $pattern, $strings) = @$row;
	my @hits;
	for my $file (c_files())
	{
		(my $path = $file) =~ s{^src/}{};
		next if $path =~ $place;
		push @hits, find_lines($rule, $pattern, $file, code($file, strings => $strings));
	}
	verdict("ownership of $rule", @hits);
}
