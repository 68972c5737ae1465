#!/usr/bin/env perl
# A function of more than 100 lines or a file of more than 800 is refused;
# from 60 and 500 on they are listed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my (@long, @listed, @files, @listed_files);

for my $file (c_files())
{
	my @lines = split /\n/, text($file);
	my ($start, $name) = (undef, '');
	my $previous = '';
	push @files, "$file: " . @lines . ' lines' if @lines > 800;
	push @listed_files, "$file: " . @lines . ' lines' if @lines > 500 && @lines <= 800;
	for my $i (0 .. $#lines)
	{
		$name = $1 if $lines[$i] =~ /^(\w+)\(/;
		$start = $i if $lines[$i] =~ /^\{/ && $previous !~ /=\s*$/;
		if (defined $start && $lines[$i] =~ /^\}\s*$/)
		{
			my $length = $i - $start - 1;
			push @long, "$file: $name has $length lines" if $length > 100;
			push @listed, "$file: $name has $length lines" if $length > 60 && $length <= 100;
			undef $start;
		}
		undef $start if $lines[$i] =~ /^\}/;
		$previous = $lines[$i] if $lines[$i] =~ /\S/;
	}
}
verdict('no function is longer than 100 lines', @long);
notes(map { "long: $_" } @listed);
verdict('no file is longer than 800 lines', @files);
notes(map { "long: $_" } @listed_files);
