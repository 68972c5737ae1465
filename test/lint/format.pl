#!/usr/bin/env perl
# The source is as clang-format 14 lays it out by .clang-format.  White space
# within a line is not compared, nor the indentation of continued lines, nor
# whether an initializer's closing brace has a line of its own: the author may
# do these as pgindent would.
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
	my @given = split /\n/, text($file);
	my ($wanted, $given) = (normal(@wanted), normal(@given));
	for my $i (0 .. ($#$wanted > $#$given ? $#$wanted : $#$given))
	{
		next if ($wanted->[$i] // '') eq ($given->[$i] // '');
		push @hits, sprintf('%s:%d: clang-format wants: %s', $file, $i + 1, $wanted->[$i] // '(the end)');
		last;
	}
}
verdict('the source is laid out by .clang-format', @hits);

sub normal
{
	my @result;
	my $continued = 0;
	for my $line (@_)
	{
		(my $flat = $line) =~ s/(?<=\S)\s+//g;
		$flat =~ s/^\s+// if $continued || $flat !~ /\S/;
		if ($flat =~ /^\s*\};$/ && @result && $result[-1] =~ /[\w"\}]$/)
		{
			$result[-1] .= '};';
		}
		else
		{
			push @result, $flat;
		}
		$continued = $line =~ /\S/ && $line !~ m{[;\{\}:]\s*(/\*.*\*/\s*)?$|\*/\s*$|^\s*\*|^\#};
	}
	return \@result;
}
