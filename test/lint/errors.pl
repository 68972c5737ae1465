#!/usr/bin/env perl
# Every ereport(ERROR or above) says its SQLSTATE, and none has the SQLSTATE
# in the place of the level.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my (@without, @misplaced);
for my $file (c_files())
{
	my $code = code($file);
	push @misplaced, find_lines('errors', qr/\bereport\s*\(\s*(ERRCODE_|MAKE_SQLSTATE)/, $file, $code);
	while ($code =~ /\bereport\s*(\(\s*(ERROR|FATAL|PANIC)\b)/g)
	{
		my $start = $-[1];
		my ($call) = substr($code, $start) =~ /^(\((?:[^()]++|(?1))*\))/;
		next if defined $call && $call =~ /\berrcode(_\w+)?\s*\(/;
		my $line = 1 + (substr($code, 0, $start) =~ tr/\n//);
		push @without, "$file:$line";
	}
}
verdict('every ereport(ERROR) has an errcode', @without);
verdict('no errcode in the place of a level', @misplaced);
