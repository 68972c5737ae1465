#!/usr/bin/env perl
# C lines fit 79 columns, except where they end in a literal or a comment.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my @hits;
for my $file (c_files())
{
	my $n = 0;
	for my $line (split /\n/, text($file))
	{
		$n++;
		$line = expand($line);
		next if length($line) <= 79;
		next if $line =~ /"[^"]*"[,;)}]*$/ || $line =~ m{/\* [^*]* \*/$};
		push @hits, "$file:$n: " . length($line) . ' columns';
	}
}
verdict('lines of C fit 79 columns', @hits);

sub expand
{
	my $line = shift;
	1 while $line =~ s/^([^\t]*)\t/$1 . ' ' x (4 - length($1) % 4)/e;
	return $line;
}
