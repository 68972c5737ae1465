#!/usr/bin/env perl
# The source is as clang-format 14 lays it out by .clang-format.  White space
# within a line and line breaks within a statement are not compared: the author
# may align declarations and break lines as pgindent would.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my ($status, $version) = capture('clang-format', '--version');
if ($status || $version !~ /version 14\./)
{
	print "ok - layout # SKIP clang-format 14 is the reference\n";
	exit;
}

my @hits;
for my $file (c_files())
{
	my ($failed, @wanted) = capture('clang-format', $file);
	my @given = logical(split /\n/, text($file));
	@wanted = logical(@wanted);
	for my $i (0 .. ($#wanted > $#given ? $#wanted : $#given))
	{
		my ($wanted, $given) = ($wanted[$i] // ['(the end)', 0], $given[$i] // ['(the end)', 0]);
		next if $wanted->[0] eq $given->[0];
		push @hits, sprintf('%s:%d: clang-format wants: %s', $file, $given->[1], $wanted->[0]);
		last;
	}
}
verdict('the source is laid out by .clang-format', @hits);

# Logical lines: a statement, a brace, a comment's line, without white space
# but for the indentation; each with the number of its first line.
sub logical
{
	my @result;
	my ($continued, $n) = (0, 0);
	for my $line (@_)
	{
		$n++;
		my ($indent, $flat) = $line =~ /^(\s*)(.*)$/;
		$flat =~ s/\s+//g;
		if ($continued || $flat =~ /^\};$/ && @result && $result[-1][0] =~ /[\w"\}]$/)
		{
			$result[-1][0] .= $flat;
		}
		else
		{
			push @result, [$flat eq '' ? '' : "$indent$flat", $n];
		}
		$continued = $flat ne '' && $flat !~ m{[;\{\}](/\*.*\*/)?$|^(case\S+|default|\w+):$|\*/$|^/?\*|^\#};
	}
	return @result;
}
