#!/usr/bin/env perl
# Functions that have a safer or a managed counterpart in PostgreSQL.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my %instead = (
	'sprintf|vsprintf' => 'psprintf, snprintf or StringInfo',
	'strcpy|strcat|strncpy|strncat' => 'strlcpy or StringInfo',
	'atoi|atol|atoll|atof' => 'pg_strtoint32 or the type\'s input function',
	'malloc|calloc|realloc|free|strdup' => 'palloc, pfree, pstrdup',
	'goto' => 'an early return',);

for my $names (sort keys %instead)
{
	my @hits;
	push @hits, find_lines('banned', $names eq 'goto' ? qr/\bgoto\b/ : qr/(?<![\w.>])($names)\s*\(/, $_, code($_))
		for c_files();
	verdict("no $names: use $instead{$names}", @hits);
}
