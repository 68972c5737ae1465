#!/usr/bin/env perl
# Each header compiles alone, after postgres.h, and no header includes that.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my $config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $include = `$config --includedir-server`);
my (@broken, @including);

for my $header (c_files('h'))
{
	my ($status, @lines) = capture('gcc', '-fsyntax-only', '-Wall', '-Werror', '-Wno-unused', '-D_GNU_SOURCE',
		'-Isrc', "-I$include", '-include', 'postgres.h', '-x', 'c', $header);
	push @broken, @lines ? @lines[0 .. ($#lines < 4 ? $#lines : 4)] : "$header: gcc failed" if $status;
	push @including, find_lines('headers', qr/^\s*#\s*include\s+"postgres\.h"/, $header, code($header, strings => 1));
}
verdict('headers compile alone', @broken);
verdict('no header includes postgres.h', @including);

my @late;
for my $file (c_files('c'))
{
	my ($first) = code($file, strings => 1) =~ /^\s*#\s*include\s+(\S+)/m;
	push @late, $file unless ($first // '') eq '"postgres.h"';
}
verdict('sources include postgres.h first', @late);
